// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Detach and attach under load.

use super::{Lab, TO_THE_END, Verdict, same};
use crate::figures;
use crate::image::Options;

/// Detaches the part `rounds` times while two apps use it.
///
/// # Errors
///
/// A detach fails or leaves the controller on, or an app loses something.
pub fn under_load(lab: &Lab, rounds: u32, seed: u32) -> Verdict {
    let options = Options {
        storm: Some((rounds, seed)),
        ..TO_THE_END
    };
    let run = lab.bench()?.run(&["churn-a", "churn-b"], options)?;
    run.passed("churn-a")?;
    run.passed("churn-b")?;
    run.all_told_but(0)?;
    let ended = run.report.number("detaches.ended")?;
    same("detaches", ended, u64::from(rounds))?;
    for name in ["detaches.failed", "detaches.left_on", "detaches.refused"] {
        same(name, run.report.number(name)?, 0)?;
    }
    figures::add(|sums| sums.detaches += ended);
    // There was a load: most detaches interrupted somebody.
    let interruptions: u32 = run
        .said
        .lines()
        .filter_map(|line| {
            line.split_once(" sectors, ")?
                .1
                .split_once(" interruptions")
        })
        .filter_map(|(number, _)| number.parse::<u32>().ok())
        .sum();
    if interruptions < rounds {
        return Err(format!("{interruptions} interruptions by {rounds} detaches").into());
    }
    Ok(())
}
