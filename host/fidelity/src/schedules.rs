// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Random schedules of the whole stack. Their traces are compared by digest; that of the first one
//! that differs is made again and compared line by line.

use crate::build::{Built, Programs};
use crate::compare::{Compared, lines};
use crate::report::Report;
use crate::work::for_each;
use serde::Deserialize;
use std::ops::Range;
use std::process::Command;

/// Schedules that one thread is given at a time.
const SHARE: u64 = 250;

/// What `trace --json` prints.
#[derive(Deserialize, PartialEq, Eq)]
struct Batch {
    runs: Vec<Traced>,
    next: u64,
}

#[derive(Deserialize, PartialEq, Eq)]
struct Traced {
    number: u64,
    lines: u64,
    digest: String,
    #[serde(default)]
    text: String,
}

/// What came of one share.
#[derive(Default)]
struct Outcome {
    compared: u64,
    lines: u64,
    boards: u64,
    difference: Option<String>,
}

/// Compares `count` schedules.
///
/// # Errors
/// If they can't be run.
pub fn compare(
    programs: &Programs,
    seed: u64,
    count: u64,
    report: &mut Report,
) -> Result<(), String> {
    eprintln!("fidelity: {count} random schedules");
    let shares: Vec<Range<u64>> = (0..count.div_ceil(SHARE))
        .map(|share| share * SHARE..((share + 1) * SHARE).min(count))
        .collect();
    for outcome in for_each(&shares, |share| one_share(programs, seed, share.clone())) {
        let outcome = outcome?;
        report.schedules.compared += outcome.compared;
        report.schedules.lines += outcome.lines;
        report.boards += outcome.boards;
        if let Some(difference) = outcome.difference {
            report.schedules.differ(difference);
        }
    }
    Ok(())
}

fn one_share(programs: &Programs, seed: u64, share: Range<u64>) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let mut first = share.start;
    while first < share.end {
        let batch = |built: &Built| trace(built, seed, first, share.end - first, None);
        let (host, upstream) = (batch(&programs.host)?, batch(&programs.upstream)?);
        outcome.boards += 1;
        let equal = host
            .runs
            .iter()
            .zip(&upstream.runs)
            .take_while(|(host, upstream)| host == upstream);
        for (run, _) in equal {
            if run.lines == 0 || run.digest.is_empty() {
                return Err(format!("nothing happened in schedule {}", run.number));
            }
            outcome.compared += 1;
            outcome.lines += run.lines;
        }
        if host != upstream {
            let number = first + outcome_in(&host, &upstream);
            outcome.difference = Some(difference(programs, seed, first, number)?);
            return Ok(outcome);
        }
        if host.next <= first {
            return Err(format!("schedule {first} was not run"));
        }
        first = host.next;
    }
    Ok(outcome)
}

/// How many runs of two batches are equal before the first one that is not.
fn outcome_in(host: &Batch, upstream: &Batch) -> u64 {
    let pairs = host.runs.iter().zip(&upstream.runs);
    pairs
        .take_while(|(host, upstream)| host == upstream)
        .count() as u64
}

fn difference(programs: &Programs, seed: u64, first: u64, number: u64) -> Result<String, String> {
    let text = |built: &Built| -> Result<String, String> {
        let batch = trace(built, seed, first, number - first + 1, Some(number))?;
        let run = batch.runs.into_iter().find(|run| run.number == number);
        Ok(run.map_or(String::new(), |run| run.text))
    };
    let (host, upstream) = (text(&programs.host)?, text(&programs.upstream)?);
    let Compared { difference, .. } =
        lines(host.as_bytes(), upstream.as_bytes()).map_err(|error| error.to_string())?;
    Ok(format!(
        "seed {seed}, schedule {number} (trace --seed {seed} --first {first} --count {} --text \
         {number}):\n{}",
        number - first + 1,
        difference.unwrap_or_else(|| "  only the number of runs that a board can make".to_owned())
    ))
}

fn trace(
    built: &Built,
    seed: u64,
    first: u64,
    count: u64,
    text: Option<u64>,
) -> Result<Batch, String> {
    let mut command = Command::new(&built.board);
    command.args(["trace", "--json"]);
    for (name, value) in [("--seed", seed), ("--first", first), ("--count", count)] {
        command.arg(name).arg(value.to_string());
    }
    if let Some(number) = text {
        command.arg("--text").arg(number.to_string());
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!(
            "schedules from {first} on, {}: {}\n{}",
            built.board.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}
