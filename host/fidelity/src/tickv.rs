// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Upstream's key-value store on our flash, executed on upstream's kernel: `fidelity/tests/tickv.rs`.

use crate::build::Programs;
use crate::report::{Report, Store};
use std::process::Command;

/// The program, among the tests that were built with upstream's kernel.
pub const NAME: &str = "tickv";

/// What begins a line of its.
const MARK: &str = "tickv: ";
/// What ends the line that counts.
const COUNT: &str = " lives of a board";

/// Executes it.
///
/// # Errors
/// If it can't be run.
pub fn execute(programs: &Programs, report: &mut Report) -> Result<(), String> {
    eprintln!("fidelity: upstream's TicKV");
    let program = programs
        .upstream
        .tests
        .get(NAME)
        .ok_or_else(|| format!("{NAME} was not built"))?;
    let output = Command::new(program)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix(MARK))
        .map(str::to_owned)
        .collect();
    let lives = told
        .last()
        .and_then(|line| line.strip_suffix(COUNT)?.parse().ok());
    let failure = (!output.status.success() || lives.is_none_or(|lives| lives == 0)).then(|| {
        let why = String::from_utf8_lossy(&output.stderr);
        let why: Vec<&str> = why.lines().take(SHOWN).collect();
        format!("{}\n  {}", output.status, why.join("\n  "))
    });
    report.store = Store {
        lives: lives.unwrap_or(0),
        told,
        failure,
    };
    Ok(())
}

/// Lines that are shown of what it complains of.
const SHOWN: usize = 12;
