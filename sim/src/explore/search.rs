// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs one schedule after the other, until none is left that was not tried.

use super::bounds::Bounds;
use super::crew::work_together;
use super::schedule::Schedule;
use super::seen::Seen;
use super::subject::Subject;
use super::workload::Workload;
use super::world::{Run, Worlds};
use crate::breach::Breach;
use qspi_models::nor::PartSpec;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// What to search, and how.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The part on the board.
    pub part: &'static PartSpec,
    /// How much may happen.
    pub bounds: Bounds,
    /// Threads.
    pub jobs: usize,
    /// Whether states that were seen before are looked at again.
    pub prune: bool,
    /// Binary logarithm of the number of states that there is room for.
    pub seen_bits: u32,
    /// No more schedules than this, 0 for all.
    pub limit: u64,
    /// Whether to go on after the first breach.
    pub keep_going: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The bounds.
    pub bounds: String,
    /// Schedules that were run.
    pub schedules: u64,
    /// Distinct states, as far as there was room for them.
    pub states: u64,
    /// States that there was no room for.
    pub states_left_out: u64,
    /// Runs in which a state was met that was seen before.
    pub pruned: u64,
    /// The most choices of one run.
    pub deepest: usize,
    /// The most passes of the kernel loop in one run.
    pub most_passes: u32,
    /// Longest simulated time from revoked to off, in ns.
    pub longest_off_ns: u64,
    /// Whether every schedule within the bounds was tried.
    pub exhaustive: bool,
    /// Runs with a breach, by rule.
    pub breaches: BTreeMap<&'static str, u64>,
    /// A schedule with a breach, the shortest one found.
    pub failing: Option<String>,
    /// What went wrong in it.
    pub what: Vec<String>,
    /// Wall-clock time, in ms.
    pub elapsed_ms: u64,
}

/// What threads share.
struct Shared<W> {
    options: Options,
    workload: Workload,
    /// Is shown each schedule that was run, and what came of it.
    watch: W,
    work: Mutex<Work>,
    more: Condvar,
    seen: Seen,
    stop: AtomicBool,
    schedules: AtomicU64,
    result: Mutex<Found>,
}

/// Schedules to be run.
struct Work {
    /// The newest is run first, so that there are never many.
    schedules: Vec<Box<[u8]>>,
    running: usize,
}

#[derive(Default)]
struct Found {
    report: Report,
    failing: Option<Vec<u8>>,
}

/// Searches. `progress` is told the number of schedules and of states now and then.
pub fn search<B: Subject>(options: Options, progress: impl Fn(u64, u64)) -> Report {
    let begun = Instant::now();
    let workload = Workload::DEFAULT;
    let (mut report, failing) = search_with::<B>(options, workload, |_, _| {}, progress);
    if let Some(choices) = failing {
        let (schedule, what) = super::shrink::shrink::<B>(&options, choices);
        report.failing = Some(schedule.to_string());
        report.what = what;
    }
    report.elapsed_ms = begun.elapsed().as_millis() as u64;
    report
}

/// Searches with other work to do, and shows `watch` each schedule with what came of it. Besides
/// the report the choices of the shortest failing schedule are told, as they were found.
///
/// # Panics
/// With what a thread panicked with. In which schedule is told on standard error.
pub fn search_with<B: Subject>(
    options: Options,
    workload: Workload,
    watch: impl Fn(&[u8], &Run) + Sync,
    progress: impl Fn(u64, u64),
) -> (Report, Option<Vec<u8>>) {
    let begun = Instant::now();
    let shared = Shared {
        options,
        workload,
        watch,
        work: Mutex::new(Work {
            schedules: vec![Box::default()],
            running: 0,
        }),
        more: Condvar::new(),
        seen: Seen::new(options.seen_bits),
        stop: AtomicBool::new(false),
        schedules: AtomicU64::new(0),
        result: Mutex::default(),
    };
    let progress = || {
        progress(
            shared.schedules.load(Ordering::Relaxed),
            shared.seen.count(),
        );
    };
    work_together(
        options.jobs,
        &shared.stop,
        || work::<B, _>(&shared),
        progress,
    );
    let left = shared
        .work
        .into_inner()
        .map_or(1, |work| work.schedules.len());
    let found = shared
        .result
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    let mut report = found.report;
    report.bounds = options.bounds.to_string();
    report.schedules = shared.schedules.load(Ordering::Relaxed);
    report.states = shared.seen.count();
    report.states_left_out = shared.seen.left_out();
    report.exhaustive = left == 0 && !shared.stop.load(Ordering::Relaxed);
    report.elapsed_ms = begun.elapsed().as_millis() as u64;
    (report, found.failing)
}

fn work<B: Subject, W: Fn(&[u8], &Run) + Sync>(shared: &Shared<W>) {
    let Options {
        part,
        bounds,
        prune,
        limit,
        ..
    } = shared.options;
    let mut worlds = Worlds::<B>::with_workload(part, bounds, shared.workload);
    while let Some(schedule) = next(shared) {
        let seen = Some((&shared.seen, prune));
        let world = worlds.sound();
        let _told = world.told_on_panic(part);
        let run = world.run(&schedule, seen, None, |_, _| {});
        let number = shared.schedules.fetch_add(1, Ordering::Relaxed) + 1;
        let others = alternatives(&schedule, &run);
        account(shared, &run, &schedule);
        (shared.watch)(&schedule, &run);
        if limit != 0 && number >= limit {
            shared.stop.store(true, Ordering::Relaxed);
        }
        let mut work = lock(&shared.work);
        work.schedules.extend(others);
        work.running -= 1;
        drop(work);
        shared.more.notify_all();
    }
}

/// What the mutex holds, even if a thread has panicked with it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

/// The next schedule. `None` if there will be none.
fn next<W>(shared: &Shared<W>) -> Option<Box<[u8]>> {
    let mut work = lock(&shared.work);
    loop {
        if shared.stop.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(schedule) = work.schedules.pop() {
            work.running += 1;
            return Some(schedule);
        }
        if work.running == 0 {
            return None;
        }
        // With a time-out, for nobody who stops the others, by a panic perhaps, wakes them.
        work = shared
            .more
            .wait_timeout(work, Duration::from_millis(50))
            .map_or_else(|poison| poison.into_inner().0, |(work, _)| work);
    }
}

/// The schedules that this run passed by.
fn alternatives(schedule: &[u8], run: &Run) -> Vec<Box<[u8]>> {
    let mut all = Vec::new();
    for (index, throw) in run.throws.iter().enumerate().skip(schedule.len()) {
        if !throw.is_open {
            continue;
        }
        for other in 1..throw.alternatives {
            let choices = run.throws[..index].iter().map(|throw| throw.taken);
            all.push(choices.chain([other]).collect());
        }
    }
    all
}

fn account<W>(shared: &Shared<W>, run: &Run, schedule: &[u8]) {
    let mut found = lock(&shared.result);
    let report = &mut found.report;
    report.pruned += u64::from(run.pruned);
    report.deepest = report.deepest.max(run.throws.len());
    report.most_passes = report.most_passes.max(run.passes);
    report.longest_off_ns = report.longest_off_ns.max(run.longest_off_ns);
    if run.breaches.is_empty() {
        return;
    }
    for rule in rules_of(run) {
        *report.breaches.entry(rule).or_default() += 1;
    }
    let weight = |choices: &[u8]| (choices.iter().filter(|c| **c != 0).count(), choices.len());
    if found
        .failing
        .as_ref()
        .is_none_or(|known| weight(schedule) < weight(known))
    {
        found.failing = Some(schedule.to_vec());
    }
    if !shared.options.keep_going {
        shared.stop.store(true, Ordering::Relaxed);
    }
}

/// The rules that a run broke, each once.
pub fn rules_of(run: &Run) -> BTreeSet<&'static str> {
    let rule = |(_, breach): &(u64, Breach)| breach.rule();
    run.breaches.iter().map(rule).collect()
}

/// The schedule of these choices.
pub fn schedule(options: &Options, choices: Vec<u8>) -> Schedule {
    Schedule {
        bounds: options.bounds,
        choices,
    }
}
