// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Standard output that takes nothing. The image is the program itself.

use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_firmware-report");

fn report(what: &str, into: impl Into<Stdio>) -> Output {
    Command::new(PROGRAM)
        .args([what, PROGRAM])
        .stdout(into)
        .output()
        .expect("the program is there")
}

/// `make size | head -1`.
#[test]
fn a_reader_who_has_gone_is_no_failure() {
    for what in ["sizes", "panics"] {
        let whole = report(what, Stdio::piped());
        assert!(whole.status.success() && !whole.stdout.is_empty(), "{what}");
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        drop(reader);
        let output = report(what, writer);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what}: {told}");
        assert_eq!(told, "", "{what}");
    }
}

#[test]
fn a_full_disk_is_one() {
    for what in ["sizes", "panics"] {
        let full = OpenOptions::new().write(true).open("/dev/full");
        let output = report(what, full.expect("Linux has it"));
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{what}: {told}");
        let start = "firmware-report: cannot write to standard output: ";
        assert!(told.starts_with(start), "{what}: {told}");
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
    }
}
