// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs a case on the simulated board.

use super::app::{Notes, beside, measured};
use super::case::{Beside, Case};
use super::meter::Meter;
use super::result::{Latency, Outcome, jain};
use crate::arena::BLOCK_SIZE;
use crate::board::{AfterFault, AppSpec, Board};
use crate::console::Recorder;
use crate::cost::Cost;
use crate::setup::{Pace, settings};
use nrf52840_qspi::Divider;
use qspi_models::nor::{InMemory, part};
use spi_nor::region::Access;
use std::num::NonZeroU32;
use std::rc::Rc;

const BLOCK: u32 = 0x1_0000;

fn divider(clock_hz: u32) -> Divider {
    Divider::MHZ_32.limited_to(clock_hz)
}

fn apps(case: &Case, notes: &Rc<Notes>) -> Vec<AppSpec> {
    let spec = |number: u32, start: u32, length: u32, main: Box<dyn Fn()>| AppSpec {
        name: format!("app-{number}"),
        id: NonZeroU32::MIN.saturating_add(number),
        main,
        region: Some((start, length, Access::ReadWrite)),
        after_fault: AfterFault::Stop,
    };
    let mut apps = Vec::new();
    let mut start = 0;
    if case.beside != Beside::Nothing {
        let (case, notes) = (*case, Rc::clone(notes));
        let main = Box::new(move || beside(&case, &notes));
        apps.push(spec(0, start, BLOCK, main));
        start += BLOCK;
    }
    for index in 0..case.processes {
        let (case, notes) = (*case, Rc::clone(notes));
        let length = case.region();
        let main = Box::new(move || measured(&case, index as usize, &notes));
        apps.push(spec(index + 1, start, length, main));
        start += length;
    }
    apps
}

/// Runs `case` with a kernel whose work costs as much as `cost` says.
///
/// # Panics
/// If the case names a part that there is not, or never ends.
pub fn measure(case: &Case, cost: Cost) -> Outcome {
    let notes = Rc::<Notes>::default();
    notes
        .spans
        .borrow_mut()
        .resize(case.processes as usize, Vec::new());
    let part = part(case.part).expect("a known part");
    let mut settings = settings(
        part,
        Box::new(InMemory),
        Pace::Typical,
        Rc::new(Recorder::default()),
    );
    // Room for a head and a tail, unless that is more than the DMA can be given at once.
    settings.buffer_bytes = (case.buffer + 8).min(BLOCK_SIZE);
    settings.divider = divider(case.clock_hz);
    let mut board = Board::new(settings, apps(case, &notes));
    *notes.clock.borrow_mut() = Some(Rc::clone(&board.machine));
    let driver = board.driver();
    board
        .machine
        .set_cost(cost, move || u64::from(driver.counters().copied));

    let mut meter = Meter::default();
    let mut paid_before = 0;
    let mut enabled_before = 0;
    let mut paid = 0;
    let mut enabled = 0;
    let mut enabled_at_end = 0;
    let mut is_over = false;
    let ended = board.run_until(u64::MAX, |board| {
        let seen = board.machine.with_qspi(|qspi| qspi.take_observations());
        let enabled_ns = board.machine.with_qspi(|qspi| qspi.bus_use().enabled_ns);
        let running = notes.ready.get() >= case.processes;
        if !running {
            paid_before = board.machine.busy_ns();
            enabled_before = enabled_ns;
        } else if !is_over {
            // All of it may come to pass in one step.
            is_over = notes.done.get() >= case.processes;
            paid = board.machine.busy_ns();
            enabled = enabled_ns;
            seen.iter().for_each(|seen| meter.see(seen));
        }
        enabled_at_end = enabled_ns;
        board.is_over()
    });
    assert!(ended, "{}: never ends", case.name);
    board.settle();

    let spans = notes.spans.borrow();
    let all = || spans.iter().flatten();
    let begun = all().map(|(begun, _)| *begun).min().unwrap_or(0);
    let last = all().map(|(_, ended)| *ended).max().unwrap_or(0);
    let elapsed_ns = last - begun;
    let count = all().count() as f64;
    let bytes = count * f64::from(case.bytes);
    let seconds = elapsed_ns as f64 / 1e9;
    // While all want something: afterwards whoever is left has more.
    let first_done = spans.iter().filter_map(|own| Some(own.last()?.1)).min();
    let shares: Vec<f64> = spans
        .iter()
        .map(|own| {
            let served = own.iter().filter(|(_, ended)| Some(*ended) <= first_done);
            served.count() as f64
        })
        .collect();
    let bytes_per_second = bytes / seconds;
    let beside = notes.beside.borrow();
    Outcome {
        case: *case,
        elapsed_ns,
        bytes_per_second,
        bus_percent: bytes_per_second / (f64::from(case.clock_hz) / 2.0) * 100.0,
        array_percent: meter.array_ns as f64 / elapsed_ns as f64 * 100.0,
        latency: Latency::of(all().map(|(begun, ended)| ended - begun).collect()),
        transfers_each: meter.transfers as f64 / count,
        instructions_each: meter.instructions as f64 / count,
        polls_each: meter.polls as f64 / count,
        polling_bus_percent: {
            // Opcode and answer, on one line.
            let look_ns = 16.0 * 1e9 / f64::from(case.clock_hz);
            meter.polls as f64 * look_ns / elapsed_ns as f64 * 100.0
        },
        polling_cpu_percent: {
            let look_ns = cost.ns(cost.instruction + cost.interrupt + cost.after_interrupt);
            (meter.polls * look_ns) as f64 / elapsed_ns as f64 * 100.0
        },
        cpu_percent: (paid - paid_before) as f64 / elapsed_ns as f64 * 100.0,
        enabled_us_each: (enabled - enabled_before) as f64 / count / 1e3,
        awake_after_us: (enabled_at_end - enabled) as f64 / 1e3,
        jain: jain(&shares),
        beside_max_us: beside
            .iter()
            .map(|(begun, ended)| ended - begun)
            .max()
            .unwrap_or(0) as f64
            / 1e3,
        failures: board.breaches.all().len() + notes.failed.get() as usize,
    }
}
