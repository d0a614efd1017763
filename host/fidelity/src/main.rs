// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Has the same boards run on the host kernel and on upstream's, and compares what happens, line by
//! line: `make fidelity`, doc/fidelity.md.

mod build;
mod cases;
mod compare;
mod report;
mod rows;
mod schedules;
mod tickv;
mod work;

use clap::Parser;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// The commit of upstream that this project is written against.
const COMMIT: &str = "65608d717a1da9945deffec37fb3afa6fda03d29";

/// Runs the rows of kernel behaviour, the userland cases and random schedules on the host kernel and
/// on upstream's, and compares the traces line by line.
///
/// Exit codes: 0 if all are equal, 1 if not, 2 if they could not be made.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// The upstream checkout
    #[arg(long, value_name = "DIRECTORY")]
    pub tock: PathBuf,
    /// Random schedules of the whole stack, 1 or more
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub schedules: u64,
    /// What the schedules are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => {
            report.print(arguments.json);
            ExitCode::from(u8::from(!report.is_equal()))
        }
        Err(error) => {
            eprintln!("fidelity: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report, String> {
    let programs = build::build(&arguments.tock)?;
    let scratch = tempfile::tempdir().map_err(|error| format!("no place for traces: {error}"))?;
    let mut report = Report::new(arguments.seed);
    rows::compare(&programs, scratch.path(), &mut report)?;
    cases::compare(&programs, scratch.path(), &mut report)?;
    tickv::execute(&programs, &mut report)?;
    schedules::compare(&programs, arguments.seed, arguments.schedules, &mut report)?;
    Ok(report)
}
