// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Rows of the table of panics that are about nothing. The image is the program itself.

use std::fs::write;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_firmware-report");

/// What `panics` says of two images with this row: whether all is well, and standard error.
fn told(name: &str, row: &str) -> (bool, String) {
    let list = std::env::temp_dir().join(format!("gone-rows-{}-{name}", std::process::id()));
    write(&list, format!("| file | through | called | why |\n{row}\n")).expect("there is room");
    let output = Command::new(PROGRAM)
        .args(["panics", PROGRAM, PROGRAM, "--argued"])
        .arg(&list)
        .output()
        .expect("the program is there");
    std::fs::remove_file(&list).expect("it was there");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), told)
}

#[test]
fn a_row_about_code_that_nobody_looked_at_is_a_failure() {
    let row = "| `nowhere.rs` | | `core::panicking::panic` | it is never 0 |";
    let (well, told) = told("code", row);
    assert!(!well);
    // Once for all images.
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("GONE   nowhere.rs"), "{told}");
    assert!(
        told.contains("nothing of nowhere.rs was looked at"),
        "{told}"
    );
}

#[test]
fn a_row_about_a_call_that_is_gone_is_told_and_no_more() {
    let (well, told) = told("call", "| any | | `never::called` | it is never 0 |");
    assert!(well, "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("GONE   any  -> never::called"), "{told}");
    assert!(told.contains("warning"), "{told}");
}
