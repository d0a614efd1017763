// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `tour`.

use super::arguments;
use super::exit::Failure;
use super::find_part;
use super::output::{print, print_json};
use crate::text::Ms;
use crate::timeline::Timeline;
use crate::tour::{self, Options};
use std::io;

/// Gives the tour.
///
/// # Errors
/// An unknown part; a breach, or a step that was missed.
pub fn tour(arguments: &arguments::Tour) -> Result<(), Failure> {
    let options = Options {
        part: find_part(&arguments.part)?,
        seed: arguments.seed,
    };
    let mut timeline = if arguments.json {
        Timeline::quiet()
    } else {
        Timeline::printed(Box::new(io::stdout()))
    };
    let outcome = tour::run(&options, &mut timeline);
    let missed: Vec<&str> = outcome
        .checks
        .iter()
        .filter(|check| !check.held)
        .map(|check| check.what.as_str())
        .collect();
    if arguments.json {
        print_json(&outcome)?;
    } else {
        print(&format!("\n{}", outcome.summary.tables()))?;
        for breach in &outcome.breaches {
            print(&format!("BREACH of {breach}"))?;
        }
        let verdict = if outcome.ok { "kept" } else { "NOT kept" };
        print(&format!(
            "{} of {} checks held, {} breaches in {}: the contract was {verdict}",
            outcome.checks.len() - missed.len(),
            outcome.checks.len(),
            outcome.breaches.len(),
            Ms(outcome.summary.simulated_ns),
        ))?;
    }
    if outcome.ok {
        Ok(())
    } else {
        Err(Failure::run(format!(
            "breach of the contract: {} breaches; missed: {} (repeat with: tock-qspi tour \
             --part {} --seed {})",
            outcome.breaches.len(),
            if missed.is_empty() {
                "nothing".to_owned()
            } else {
                missed.join("; ")
            },
            outcome.part,
            outcome.seed
        )))
    }
}
