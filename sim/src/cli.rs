// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The command line.

mod arguments;
mod bench;
mod compare;
mod exit;
mod explore;
mod firmware;
mod identify;
mod image;
mod kernels;
mod output;
mod parts;
mod progress;
mod regions;
mod run;
mod tour;
mod trace;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::Failure;
use std::process::ExitCode;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tock_host_platform::trace::begin_as_told();
    let result = kernels::check(arguments.kernel).and_then(|()| obey(&arguments));
    // What is not written by now is lost: the thread ends with the program.
    drop(tock_host_platform::trace::end());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn obey(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        None => tour::tour(&arguments.tour),
        Some(Command::Tour(tour)) => tour::tour(tour),
        Some(Command::Run(run)) => run::run(run),
        Some(Command::Explore(arguments)) => explore::explore(arguments),
        Some(Command::Random(arguments)) => explore::random(arguments),
        Some(Command::Replay(arguments)) => explore::replay(arguments),
        Some(Command::Compare(arguments)) => compare::compare(arguments),
        Some(Command::Bench(arguments)) => bench::bench(arguments),
        Some(Command::Trace(arguments)) => trace::trace(arguments),
        Some(Command::Parts(parts)) => parts::parts(parts),
        Some(Command::Identify(identify)) => identify::identify(identify),
    }
}

/// A part by its name.
fn find_part(name: &str) -> Result<&'static qspi_models::nor::PartSpec, Failure> {
    qspi_models::nor::part(name).ok_or_else(|| {
        let known: Vec<&str> = qspi_models::nor::parts()
            .iter()
            .map(|part| part.name)
            .collect();
        Failure::input(format!(
            "no part is called {name:?}; there are {}",
            known.join(", ")
        ))
    })
}
