// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What operations cost on the nRF52840DK's image, which is not part of the project:
//! `tools/run-firmware` says where it is with KERNEL.

use std::process::Command;

fn costs(only: &str) -> String {
    let kernel = std::env::var_os("KERNEL").expect("KERNEL: see tools/run-firmware");
    let output = Command::new(env!("CARGO_BIN_EXE_firmware-report"))
        .arg("costs")
        .arg(kernel)
        .args(["--only", only, "--top", "3", "--json"])
        .output()
        .expect("the program is there");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("JSON is text")
}

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn two_runs_count_the_same() {
    let first = costs("read 256 B");
    assert_eq!(first, costs("read 256 B"));
    // Names and counts of all shares that an operation must have.
    for wanted in [
        "\"chip\"",
        "\"capsule\"",
        "\"copy\"",
        "\"kernel\"",
        "\"arch\"",
    ] {
        assert!(first.matches(wanted).count() >= 3, "{wanted}: {first}");
    }
}
