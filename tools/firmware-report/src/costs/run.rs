// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs a case on an emulated nRF52840DK.

use super::app::{self, App};
use super::case::{Case, Operation, WARM_UP};
use super::share::{Counts, Shares};
use crate::Problem;
use emulated_cortex_m::{Failure, Image, Passed};
use emulated_nrf52840::{Board, End, Unmodelled};
use qspi_models::nor::{InMemory, part};
use qspi_models::{Nor, Observation, Task, Timed};
use std::fmt;

/// The part that the board has.
const PART: &str = "MX25R6435F";
/// Simulated time after which a case is given up, in ns.
const LIMIT_NS: u64 = 60_000_000_000;
/// Instructions after which it is given up as well: a kernel that panicked executes for ever, and the
/// address of each instruction is kept. The longest case takes less than half of it.
const MOST: u64 = 64_000_000;
/// How often it is looked at what has happened, in ns.
const LOOK_NS: u64 = 1_000_000;
/// Of the CPU: an instruction is a cycle.
const CYCLES_PER_US: f64 = 64.0;
/// What four lines carry at 32 MHz, in bytes per µs.
const BUS: f64 = 16.0;

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// What was executed from the first measured operation's call to the last one's upcall, by
    /// operation.
    pub counts: Counts,
    /// The fewest and the most instructions of an operation.
    pub extremes: (u64, u64),
    /// Operations in it.
    pub operations: u64,
    /// Time that one takes, in µs.
    pub us_each: f64,
    /// Of reads the share of what the bus can carry, of programs and erases the share of the time in
    /// which the array works, in percent.
    pub limit_percent: f64,
    /// Time from a transfer's end to the next one's begin, in µs: the median, if there were two.
    pub gap_us: f64,
    /// Time from the call to the first task, in µs: the median, if tasks are what ends it.
    pub start_us: f64,
    /// Time from the last task's end to the upcall, in µs: the same.
    pub end_us: f64,
}

/// From one operation's call to its upcall.
struct Span {
    from: Passed,
    to: Passed,
}

/// The spans of an app, in their order.
fn spans(app: &App, passed: &[Passed]) -> Vec<Span> {
    let mut begun = None;
    let mut spans = Vec::new();
    for at in passed {
        if at.pc == app.begins {
            begun = Some(*at);
        } else if at.pc == app.ended
            && let Some(from) = begun.take()
        {
            spans.push(Span { from, to: *at });
        }
    }
    spans
}

fn boot(image: &Image, apps: &[App]) -> Result<Board, Problem> {
    let part = part(PART).ok_or("the part is gone")?;
    let mut board = Board::new(image, Nor::with_backing(part, Box::new(InMemory)))?;
    for app in apps {
        if !board.install(app.address, &app.bytes) {
            return Err("there is no flash for the app".into());
        }
    }
    Ok(board)
}

/// Why the apps of a case did not come to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stuck {
    /// It stopped.
    Ended(End),
    /// So much was executed.
    Instructions(u64),
    /// So late it is, in ns.
    Time(u64),
    /// An instruction of the kernel failed.
    KernelFault(Failure),
    /// The kernel wanted something that is not there.
    NotModelled(Unmodelled),
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stuck::Ended(end) => write!(f, "it stopped ({end:?})"),
            Stuck::Instructions(count) => write!(f, "no end after {count} instructions"),
            Stuck::Time(ns) => write!(f, "no end after {} s of its time", ns / 1_000_000_000),
            Stuck::KernelFault(Failure { pc, fault, .. }) => {
                write!(f, "the kernel faulted at {pc:#010x}: {fault}")
            }
            Stuck::NotModelled(access) => write!(f, "not modelled: {access}"),
        }
    }
}

/// Runs until all apps have passed their end. What they passed is told in any case.
fn drive(
    board: &mut Board,
    apps: &[App],
    watched: &[u32],
    most: u64,
) -> (Vec<Passed>, Result<(), Stuck>) {
    let mut passed = Vec::new();
    let mut resets = board.figures().resets;
    board.watch(watched);
    board.set_tracing();
    loop {
        let end = board.run(most, board.now_ns() + LOOK_NS);
        let now = board.figures().resets;
        if resets != now {
            // The first start ends in a reset, after which the core is another.
            resets = now;
            board.watch(watched);
            board.set_tracing();
            passed.clear();
        }
        passed.extend(board.take_passed());
        if apps
            .iter()
            .all(|app| passed.iter().any(|at| at.pc == app.is_done))
        {
            return (passed, Ok(()));
        }
        let unmodelled = board.take_unmodelled().into_iter().map(Stuck::NotModelled);
        let faults = board
            .take_kernel_faults()
            .into_iter()
            .map(Stuck::KernelFault);
        let ended = match end {
            End::Instructions => Some(Stuck::Instructions(most)),
            End::Time if board.now_ns() > LIMIT_NS => Some(Stuck::Time(LIMIT_NS)),
            End::Time => None,
            end => Some(Stuck::Ended(end)),
        };
        if let Some(why) = unmodelled.chain(faults).chain(ended).next() {
            return (passed, Err(why));
        }
    }
}

/// What is known of a case that got stuck, in words.
fn what_stuck(
    board: &mut Board,
    shares: &Shares,
    case: &Case,
    ended: usize,
    why: &Stuck,
) -> String {
    let wanted = case.operations() * case.apps;
    let at = board.take_trace().pop().unwrap_or(0);
    let function = shares.function(at);
    let printed = board.take_printed();
    let printed = String::from_utf8_lossy(&printed);
    let printed = printed.trim();
    let name = case.name;
    format!(
        "{name}: {why}; {ended} of {wanted} operations ended; executed last: {at:#010x} ({function}); \
         printed: {printed}"
    )
}

/// In µs, of times in ns; 0 of none.
fn median_us(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0) as f64 / 1e3
}

/// Times from a transfer's end to the next one's begin between two moments, in ns.
fn gaps(seen: &[Timed<Observation>], from_ns: u64, to_ns: u64) -> Vec<u64> {
    let mut ended = None;
    let mut gaps = Vec::new();
    for seen in seen {
        if !(from_ns..=to_ns).contains(&seen.at) {
            continue;
        }
        match seen.what {
            Observation::ReadySet { .. } => ended = Some(seen.at),
            Observation::TaskTriggered {
                task: Task::Read | Task::Write,
                accepted: true,
            } => gaps.extend(ended.take().map(|ended| seen.at - ended)),
            _ => {}
        }
    }
    gaps
}

/// For how long the array worked between two moments, in µs.
fn array_us(seen: &[Timed<Observation>], from_ns: u64, to_ns: u64) -> f64 {
    let mut since = None;
    let mut worked_ns = 0;
    for seen in seen {
        let at = seen.at.clamp(from_ns, to_ns);
        match seen.what {
            Observation::BusyStarted { .. } => since = Some(at),
            Observation::BusyEnded { .. } => worked_ns += at - since.take().unwrap_or(at),
            _ => {}
        }
    }
    worked_ns as f64 / 1e3
}

/// From a call to the first task, and from the last task's end to the upcall, in ns, of an operation
/// between these moments.
fn edges(seen: &[Timed<Observation>], from_ns: u64, to_ns: u64) -> Option<(u64, u64)> {
    let mut inside = seen
        .iter()
        .filter(|seen| (from_ns..=to_ns).contains(&seen.at));
    let is_task = |seen: &&Timed<Observation>| {
        matches!(seen.what, Observation::TaskTriggered { accepted: true, .. })
    };
    let is_end = |seen: &&Timed<Observation>| matches!(seen.what, Observation::ReadySet { .. });
    let first = inside.clone().find(is_task)?;
    let last = inside.rfind(is_end)?;
    Some((first.at - from_ns, to_ns - last.at))
}

/// Measures.
pub fn measure(image: &Image, shares: &mut Shares, case: &Case) -> Result<Ran, Problem> {
    let apps: Vec<App> = (0..case.apps)
        .map(|number| app::build(case, number))
        .collect();
    let watched: Vec<u32> = apps
        .iter()
        .flat_map(|app| [app.begins, app.ended, app.is_done])
        .collect();
    let mut board = boot(image, &apps)?;
    board.set_observing(true);
    let (passed, end) = drive(&mut board, &apps, &watched, MOST);
    if let Err(why) = end {
        let ended = apps.iter().map(|app| spans(app, &passed).len()).sum();
        return Err(what_stuck(&mut board, shares, case, ended, &why).into());
    }
    let trace = board.take_trace();

    let mut measured = Vec::new();
    for app in &apps {
        let spans = spans(app, &passed);
        if spans.len() != case.operations() as usize {
            return Err(format!("{}: {} operations", case.name, spans.len()).into());
        }
        measured.push(spans);
    }
    let first = |spans: &[Span]| spans[WARM_UP as usize].from;
    let last = |spans: &[Span]| spans[spans.len() - 1].to;
    // With several apps, from the first one's beginning to the last one's end: each has a slice of
    // the CPU's time, which may be as long as all of its operations.
    let from = measured
        .iter()
        .map(|spans| first(spans))
        .min_by_key(|at| at.instructions)
        .ok_or("no app")?;
    let to = measured
        .iter()
        .map(|spans| last(spans))
        .max_by_key(|at| at.instructions)
        .ok_or("no app")?;
    let inside: Vec<&Span> = measured
        .iter()
        .flatten()
        .filter(|span| {
            span.from.instructions >= from.instructions && span.to.instructions <= to.instructions
        })
        .collect();
    let operations = inside.len() as u64;
    let counts = if case.apps == 1 {
        let mut counts = Counts::default();
        for span in &inside {
            let piece = trace.get(span.from.traced..span.to.traced);
            let piece = piece.ok_or("the trace is too short")?;
            let more = shares.count(piece)?;
            for (share, count) in more.by_share {
                *counts.by_share.entry(share).or_default() += count;
            }
            for (place, count) in more.by_place {
                *counts.by_place.entry(place).or_default() += count;
            }
        }
        counts
    } else {
        let piece = trace.get(from.traced..to.traced);
        shares.count(piece.ok_or("the trace is too short")?)?
    };
    let lengths = inside
        .iter()
        .map(|span| span.to.instructions - span.from.instructions);
    let extremes = (
        lengths.clone().min().unwrap_or(0),
        lengths.max().unwrap_or(0),
    );
    let elapsed_us = (to.cycle - from.cycle) as f64 / CYCLES_PER_US;
    let bytes = operations as f64 * f64::from(case.length());
    let (from_ns, to_ns) = (board.ns_at(from.cycle), board.ns_at(to.cycle));
    let seen = board.take_observations();
    let gaps = gaps(&seen, from_ns, to_ns);
    let (starts, ends) = inside
        .iter()
        .filter_map(|span| {
            let (from_ns, to_ns) = (board.ns_at(span.from.cycle), board.ns_at(span.to.cycle));
            edges(&seen, from_ns, to_ns)
        })
        .unzip();
    Ok(Ran {
        counts,
        extremes,
        operations,
        us_each: elapsed_us / operations as f64,
        limit_percent: match case.operation {
            Operation::Program | Operation::Erase => array_us(&seen, from_ns, to_ns) / elapsed_us,
            Operation::Nothing | Operation::Alarm | Operation::Read => bytes / elapsed_us / BUS,
        } * 100.0,
        gap_us: median_us(gaps),
        start_us: median_us(starts),
        end_us: median_us(ends),
    })
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;
    use emulated_cortex_m::Fault;
    use emulated_nrf52840::machine_code::kernel;

    /// What becomes of an app on a kernel that is these instructions.
    fn stuck_in(code: &[u16]) -> Stuck {
        let apps = [app::build(&CASES[0], 0)];
        let mut board = boot(&kernel(code), &apps).expect("it fits");
        let (passed, end) = drive(&mut board, &apps, &[apps[0].is_done], 10_000);
        assert!(passed.is_empty());
        assert!(board.take_trace().len() <= 10_000);
        end.expect_err("the app is never entered")
    }

    #[test]
    fn a_kernel_that_never_gets_on_is_given_up() {
        // b .
        assert_eq!(stuck_in(&[0xE7FE]), Stuck::Instructions(10_000));
        // wfi
        assert_eq!(stuck_in(&[0xBF30]), Stuck::Time(LIMIT_NS));
    }

    #[test]
    fn a_kernel_that_faults_is_given_up_with_the_fault() {
        // movs r0, #0x20; bx r0
        let why = stuck_in(&[0x2020, 0x4700]);
        let Stuck::KernelFault(failure) = &why else {
            panic!("{why:?}");
        };
        assert_eq!((failure.pc, failure.fault), (0x20, Fault::InvalidState));
        let said = "the kernel faulted at 0x00000020: jump to an even address";
        assert_eq!(why.to_string(), said);
    }

    #[test]
    fn a_kernel_that_wants_what_is_not_there_is_given_up_with_its_name() {
        // r0 = 0x4000D000; ldr r1, [r0]
        let why = stuck_in(&[0xF24D, 0x0000, 0xF2C4, 0x0000, 0x6801, 0xE7FE]);
        let said = "not modelled: read of 0x4000d000 (RNG+0x000) at 0x00000048";
        assert_eq!(why.to_string(), said);
    }
}
