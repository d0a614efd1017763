// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Makes a failing schedule as short as it can be.

use super::schedule::Schedule;
use super::search::{Options, rules_of, schedule};
use super::subject::Subject;
use super::workload::Workload;
use super::world::World;
use std::collections::BTreeSet;

/// Runs of one attempt to shrink.
const MOST_RUNS: usize = 5_000;

/// The shortest schedule that was found to break one of the same rules as `choices`, and what it
/// breaks. Every run is on a board of its own, so what comes out can be repeated.
pub fn shrink<B: Subject>(options: &Options, choices: Vec<u8>) -> (Schedule, Vec<String>) {
    shrink_with::<B>(options, Workload::DEFAULT, choices, None)
}

/// The same with other work to do. If there are `rules`, one of them has to be broken.
pub fn shrink_with<B: Subject>(
    options: &Options,
    workload: Workload,
    choices: Vec<u8>,
    rules: Option<BTreeSet<&'static str>>,
) -> (Schedule, Vec<String>) {
    let run = |choices: &[u8]| {
        let mut world = World::<B>::with_workload(options.part, options.bounds, workload);
        world.run(choices, None, None, |_, _| {})
    };
    let first = run(&choices);
    let rules = rules.unwrap_or_else(|| rules_of(&first));
    let mut best = choices;
    let mut what = first;
    let mut runs = 0;
    let mut shorter = true;
    while shorter && runs < MOST_RUNS {
        shorter = false;
        let places: Vec<usize> = (0..best.len()).filter(|index| best[*index] != 0).collect();
        // First without what came last: a breach may not need it.
        for place in places.into_iter().rev() {
            let mut attempts: Vec<Vec<u8>> = Vec::new();
            let mut without = best.clone();
            without[place] = 0;
            attempts.push(without);
            let mut cut = best.clone();
            cut.truncate(place);
            attempts.push(cut);
            for mut attempt in attempts {
                while attempt.last() == Some(&0) {
                    attempt.pop();
                }
                runs += 1;
                let run = run(&attempt);
                if !run.misfit && !rules_of(&run).is_disjoint(&rules) {
                    best = attempt;
                    what = run;
                    shorter = true;
                    break;
                }
            }
            if shorter {
                break;
            }
        }
    }
    let what = what
        .breaches
        .iter()
        .map(|(at_ns, breach)| format!("{breach} at {at_ns} ns"))
        .collect();
    (schedule(options, best), what)
}
