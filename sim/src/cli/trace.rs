// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `trace`.

use super::arguments;
use super::exit::Failure;
use super::explore::bounds_of_random;
use super::find_part;
use super::output::{print, print_json};
use crate::board::Board;
use crate::explore::search::Options;
use crate::explore::traced::traced;

/// `trace`.
///
/// # Errors
/// An unknown part, or a run for `--text` that is not made.
pub fn trace(arguments: &arguments::Trace) -> Result<(), Failure> {
    let options = Options {
        part: find_part(&arguments.part)?,
        bounds: bounds_of_random(!arguments.no_faults),
        jobs: 1,
        prune: false,
        seen_bits: 0,
        limit: 0,
        keep_going: true,
    };
    let report = traced::<Board>(
        &options,
        arguments.seed,
        arguments.first,
        arguments.count,
        arguments.text,
    );
    if let Some(wanted) = arguments.text
        && report.runs.iter().all(|run| run.number != wanted)
    {
        return Err(Failure::input(format!(
            "--text {wanted}: that run was not made, the next would be {}",
            report.next
        )));
    }
    if arguments.json {
        return print_json(&report);
    }
    for run in &report.runs {
        if let Some(text) = &run.text {
            print(text.trim_end())?;
        }
        print(&format!(
            "run {}: {} lines, digest {}, {} breaches",
            run.number, run.lines, run.digest, run.breaches
        ))?;
    }
    Ok(())
}
