// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Long mixed runs in random orders.

use super::crew::work_together;
use super::schedule::Schedule;
use super::search::{Options, lock, rules_of};
use super::shrink::shrink_with;
use super::subject::Subject;
use super::workload::Workload;
use super::world::Worlds;
use fastrand::Rng;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What everything was drawn from.
    pub seed: u64,
    /// The bounds of each run.
    pub bounds: String,
    /// Runs.
    pub runs: u64,
    /// Operations that were accepted.
    pub operations: u64,
    /// Operations whose owner died before their end.
    pub orphaned: u64,
    /// Simulated time of all runs, in ms.
    pub simulated_ms: u64,
    /// Longest simulated time from revoked to off, in ns.
    pub longest_off_ns: u64,
    /// Faults that were armed, by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Runs with a breach, by rule.
    pub breaches: BTreeMap<&'static str, u64>,
    /// A schedule with a breach, as short as could be made.
    pub failing: Option<String>,
    /// What went wrong in it.
    pub what: Vec<String>,
    /// Wall-clock time, in ms.
    pub elapsed_ms: u64,
}

#[derive(Default)]
struct Shared {
    next: AtomicU64,
    operations: AtomicU64,
    stop: AtomicBool,
    report: Mutex<Report>,
    failing: Mutex<Option<(u64, Vec<u8>)>>,
}

/// Runs until `operations` were accepted. `progress` is told how many so far.
pub fn random<B: Subject>(
    options: &Options,
    seed: u64,
    operations: u64,
    progress: impl Fn(u64),
) -> Report {
    random_with::<B>(options, Workload::DEFAULT, seed, operations, progress)
}

/// The same with other work to do.
///
/// # Panics
/// With what a thread panicked with. In which schedule is told on standard error.
pub fn random_with<B: Subject>(
    options: &Options,
    workload: Workload,
    seed: u64,
    operations: u64,
    progress: impl Fn(u64),
) -> Report {
    let begun = Instant::now();
    let shared = Shared::default();
    work_together(
        options.jobs,
        &shared.stop,
        || work::<B>(options, workload, seed, operations, &shared),
        || progress(shared.operations.load(Ordering::Relaxed)),
    );
    let unpoisoned = |poison: std::sync::PoisonError<_>| poison.into_inner();
    let mut report = shared.report.into_inner().unwrap_or_else(unpoisoned);
    report.seed = seed;
    report.bounds = options.bounds.to_string();
    report.operations = shared.operations.into_inner();
    let failing = shared.failing.into_inner();
    if let Some((_, choices)) = failing.unwrap_or_else(|poison| poison.into_inner()) {
        let (schedule, what): (Schedule, _) = shrink_with::<B>(options, workload, choices, None);
        report.failing = Some(schedule.to_string());
        report.what = what;
    }
    report.elapsed_ms = begun.elapsed().as_millis() as u64;
    report
}

/// What run `number` is drawn from. Every run is a function of seed and number, whoever makes it.
pub fn rng_of(seed: u64, number: u64) -> Rng {
    Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number)
}

fn work<B: Subject>(
    options: &Options,
    workload: Workload,
    seed: u64,
    operations: u64,
    shared: &Shared,
) {
    let mut worlds = Worlds::<B>::with_workload(options.part, options.bounds, workload);
    while !shared.stop.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let rng = rng_of(seed, number);
        let world = worlds.sound();
        let _told = world.told_on_panic(options.part);
        let run = world.run(&[], None, Some(rng), |_, _| {});
        let before = shared
            .operations
            .fetch_add(run.operations, Ordering::Relaxed);
        if before + run.operations >= operations {
            shared.stop.store(true, Ordering::Relaxed);
        }
        let mut report = lock(&shared.report);
        report.runs += 1;
        report.orphaned += run.orphaned;
        report.simulated_ms += run.time_ns / 1_000_000;
        report.longest_off_ns = report.longest_off_ns.max(run.longest_off_ns);
        for fault in &run.faults {
            *report.faults.entry(fault.name()).or_default() += 1;
        }
        if run.breaches.is_empty() {
            continue;
        }
        for rule in rules_of(&run) {
            *report.breaches.entry(rule).or_default() += 1;
        }
        drop(report);
        if !options.keep_going {
            shared.stop.store(true, Ordering::Relaxed);
        }
        let mut failing = lock(&shared.failing);
        if failing.as_ref().is_none_or(|(known, _)| number < *known) {
            let choices = run.throws.iter().map(|throw| throw.taken).collect();
            *failing = Some((number, choices));
        }
    }
}
