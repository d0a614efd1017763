// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Executes a program that needs no peripherals and prints the address of each instruction.
//!
//! What the program itself prints goes to standard error.

use qspi_oracle::{End, trace};
use std::io::Write;
use std::process::ExitCode;

const LIMIT: u64 = 20_000_000;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("core-trace: say which program, an ELF file");
        return ExitCode::from(2);
    };
    let result = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|elf| trace(&elf, LIMIT).map_err(|error| error.to_string()));
    let (addresses, printed, end) = match result {
        Ok(result) => result,
        Err(error) => {
            eprintln!("core-trace: {}: {error}", path.display());
            return ExitCode::from(2);
        }
    };
    let mut text = String::with_capacity(9 * addresses.len());
    for address in addresses {
        text += &format!("{address:08x}\n");
    }
    eprint!("{printed}");
    let written = std::io::stdout().write_all(text.as_bytes());
    match (written, end) {
        (Ok(()), End::Exit(0)) => ExitCode::SUCCESS,
        (_, end) => {
            eprintln!("core-trace: {end:?}");
            ExitCode::from(1)
        }
    }
}
