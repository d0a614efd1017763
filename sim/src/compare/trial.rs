// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tries a policy out.

use super::board::NaiveBoard;
use super::cases::Case;
use super::policy::{AtOnce, CountAndWait, FlagAndSleep, Lazy, Policy};
use super::story::{Story, tell};
use crate::board::Board;
use crate::breach::Breach;
use crate::explore::bounds::Bounds;
use crate::explore::schedule::Schedule;
use crate::explore::search::{Options, rules_of, search_with};
use crate::explore::shrink::shrink_with;
use crate::explore::subject::Subject;
use crate::explore::world::Run;
use qspi_models::nor::PartSpec;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Binary logarithm of the number of states that there is room for.
const SEEN_BITS: u32 = 22;

/// Which rule a failing schedule is shown for, if several are broken: what the hardware and
/// what memory see before what follows from it.
const RULES: [&str; 8] = ["C4", "C2", "C1", "C12", "C9", "C10", "C7", "C3"];

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// The policy's letter.
    pub policy: char,
    /// And what it is.
    pub name: &'static str,
    /// The case.
    pub workload: &'static str,
    /// How much may happen.
    pub bounds: String,
    /// Schedules that were tried.
    pub schedules: u64,
    /// Whether these were all within the bounds.
    pub exhaustive: bool,
    /// Runs with a breach.
    pub failed: u64,
    /// Runs with a breach, by rule.
    pub breaches: BTreeMap<&'static str, u64>,
    /// The shortest failing schedule that was found.
    pub failing: Option<String>,
    /// What goes wrong in it.
    pub what: Vec<String>,
    /// Longest simulated time from revoked to off, in ns, of those that came to off.
    pub longest_off_ns: u64,
    /// Runs in which the controller stayed on for ever.
    pub never_off: u64,
    /// Operations that never ended, although their owner lived.
    pub lost_operations: u64,
    /// Runs after which the buffer was gone until the next reboot.
    pub lost_buffers: u64,
}

/// How to try.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The part on the board.
    pub part: &'static PartSpec,
    /// Threads.
    pub jobs: usize,
    /// No more schedules than this for each policy and case, 0 for all.
    pub limit: u64,
}

#[derive(Default)]
struct Tally {
    failed: u64,
    longest_off_ns: u64,
    never_off: u64,
    lost_operations: u64,
    lost_buffers: u64,
    /// The shortest failing schedule of each rule.
    failing: BTreeMap<&'static str, Vec<u8>>,
}

impl Tally {
    fn add(&mut self, schedule: &[u8], run: &Run) {
        let has = |breach: &Breach| run.breaches.iter().any(|(_, other)| other == breach);
        let stays_on = has(&Breach::StillOn);
        if stays_on {
            self.never_off += 1;
        } else {
            self.longest_off_ns = self.longest_off_ns.max(run.longest_off_ns);
        }
        self.failed += u64::from(!run.breaches.is_empty());
        self.lost_buffers += u64::from(has(&Breach::LostBuffer));
        for (_, breach) in &run.breaches {
            self.lost_operations += u64::from(matches!(breach, Breach::LostCallback { .. }));
        }
        let weight = |choices: &[u8]| (choices.iter().filter(|c| **c != 0).count(), choices.len());
        for rule in rules_of(run) {
            let known = self.failing.get(rule);
            if known.is_none_or(|known| weight(schedule) < weight(known)) {
                self.failing.insert(rule, schedule.to_vec());
            }
        }
    }
}

fn try_subject<B: Subject>(policy: Policy, case: &Case, bounds: Bounds, effort: Effort) -> Trial {
    let options = Options {
        part: effort.part,
        bounds,
        jobs: effort.jobs,
        prune: true,
        seen_bits: SEEN_BITS,
        limit: effort.limit,
        keep_going: true,
    };
    let tally = Mutex::new(Tally::default());
    let watch = |schedule: &[u8], run: &Run| {
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.add(schedule, run);
    };
    let (report, _) = search_with::<B>(options, case.workload, watch, |_, _| {});
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let first = |rule: &&'static str| Some((*rule, tally.failing.get(*rule)?.clone()));
    // What is special about (d) is the buffer.
    let own = (policy == Policy::Lazy).then_some("C2");
    let shown = own.iter().chain(&RULES).find_map(first);
    let shown = shown.map(|(rule, choices)| {
        let rules = Some(BTreeSet::from([rule]));
        shrink_with::<B>(&options, case.workload, choices, rules)
    });
    let (failing, what) = shown.map_or((None, Vec::new()), |(schedule, what)| {
        (Some(schedule.to_string()), merge(what))
    });
    Trial {
        policy: policy.letter(),
        name: policy.name(),
        workload: case.name,
        bounds: report.bounds,
        schedules: report.schedules,
        exhaustive: report.exhaustive,
        failed: tally.failed,
        breaches: report.breaches,
        failing,
        what,
        longest_off_ns: tally.longest_off_ns,
        never_off: tally.never_off,
        lost_operations: tally.lost_operations,
        lost_buffers: tally.lost_buffers,
    }
}

/// Lines of which neighbours differ in the time only as one.
fn merge(lines: Vec<String>) -> Vec<String> {
    let mut merged: Vec<(String, u32)> = Vec::new();
    for line in lines {
        let what = |line: &str| line.rsplit_once(" at ").map(|(what, _)| what.to_owned());
        match merged.last_mut() {
            Some((first, more)) if what(first) == what(&line) => *more += 1,
            _ => merged.push((line, 0)),
        }
    }
    let told = |(line, more): (String, u32)| match more {
        0 => line,
        more => format!("{line}, and {more} more"),
    };
    merged.into_iter().map(told).collect()
}

/// Tries every schedule within `bounds`, or as many as the effort allows.
pub fn trial(policy: Policy, case: &Case, bounds: Bounds, effort: Effort) -> Trial {
    let try_it = match policy {
        Policy::AtOnce => try_subject::<NaiveBoard<AtOnce>>,
        Policy::FlagAndSleep => try_subject::<NaiveBoard<FlagAndSleep>>,
        Policy::CountAndWait => try_subject::<NaiveBoard<CountAndWait>>,
        Policy::Lazy => try_subject::<NaiveBoard<Lazy>>,
        Policy::Ours => try_subject::<Board>,
    };
    try_it(policy, case, bounds, effort)
}

/// Runs one schedule again.
pub fn replay(policy: Policy, part: &'static PartSpec, case: &Case, schedule: &Schedule) -> Story {
    let tell_it = match policy {
        Policy::AtOnce => tell::<NaiveBoard<AtOnce>>,
        Policy::FlagAndSleep => tell::<NaiveBoard<FlagAndSleep>>,
        Policy::CountAndWait => tell::<NaiveBoard<CountAndWait>>,
        Policy::Lazy => tell::<NaiveBoard<Lazy>>,
        Policy::Ours => tell::<Board>,
    };
    tell_it(part, case, schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_merged() {
        let lines = ["x at 1 ns", "x at 2 ns", "y at 3 ns", "x at 4 ns"];
        let merged = merge(lines.map(str::to_owned).to_vec());
        assert_eq!(merged, ["x at 1 ns, and 1 more", "y at 3 ns", "x at 4 ns"]);
    }
}
