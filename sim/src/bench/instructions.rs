// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Instructions of one operation, from the command to the upcall.
//!
//! The very program runs under Valgrind with few operations and with many. What the
//! difference has more instructions of, by the difference in operations, is what one costs;
//! the beginning and the end cancel out.

use super::callgrind::{Instructions, sum};
use super::case::Case;
use serde::Serialize;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

const FEW: u32 = 8;
const MANY: u32 = 40;

/// What one operation of a case costs.
#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    /// The case.
    pub case: &'static str,
    /// For each operation of each process.
    pub each: Instructions,
}

fn run(program: &Path, case: &Case, operations: u32) -> io::Result<Instructions> {
    let file = std::env::temp_dir().join(format!("tock-qspi-callgrind.{}", std::process::id()));
    let status = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(program)
        .args(["bench", "--json", "--case", case.name])
        .args(["--operations", &operations.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let report = std::fs::read_to_string(&file);
    let _ = std::fs::remove_file(&file);
    if !status.success() {
        return Err(io::Error::other(format!("valgrind ended with {status}")));
    }
    Ok(sum(&report?))
}

/// Counts. `program` is this one.
///
/// # Errors
/// Valgrind is not there, or failed.
pub fn count(program: &Path, case: &Case) -> io::Result<Counted> {
    let few = run(program, case, FEW)?;
    let many = run(program, case, MANY)?;
    let operations = f64::from((MANY - FEW) * case.processes);
    let each = |of: fn(&Instructions) -> f64| (of(&many) - of(&few)) / operations;
    Ok(Counted {
        case: case.name,
        each: Instructions {
            chip: each(|sum| sum.chip),
            capsule: each(|sum| sum.capsule),
            copy: each(|sum| sum.copy),
            kernel: each(|sum| sum.kernel),
        },
    })
}
