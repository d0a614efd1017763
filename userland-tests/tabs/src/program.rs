// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Running programs.

use crate::error::{Doing, Error};
use std::process::Command;

/// Runs `command` and returns what it wrote to its standard output.
///
/// # Errors
///
/// It can't be run, or failed: with what it wrote.
pub fn output_of(command: &mut Command) -> Result<String, Error> {
    let what = command.get_program().to_string_lossy().into_owned();
    let output = command.output().doing(format!("running {what}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!(
        "{what} ended with {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// Whether a program of that name can be found.
pub fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return std::path::Path::new(program).is_file();
    }
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
