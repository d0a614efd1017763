// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One schedule, told.

use super::cases::Case;
use crate::explore::schedule::Schedule;
use crate::explore::subject::Subject;
use crate::explore::world::{Move, Run, World};
use crate::text::Ms;
use qspi_models::nor::PartSpec;
use std::fmt::Write;

/// What happened.
#[derive(Clone, Debug)]
pub struct Story {
    /// What came of it.
    pub run: Run,
    /// One line for each change.
    pub lines: Vec<String>,
}

/// Runs `schedule` on a board of its own.
pub fn tell<B: Subject>(part: &'static PartSpec, case: &Case, schedule: &Schedule) -> Story {
    let mut world = World::<B>::with_workload(part, schedule.bounds, case.workload);
    let mut start_ns = None;
    let mut before = String::new();
    let mut lines = Vec::new();
    let run = world.run(&schedule.choices, None, None, |board, what| {
        let now = board.machine().now_ns();
        let start = *start_ns.get_or_insert(now);
        let Some(what) = what else { return };
        let state = state(board);
        if state == before && what == Move::Pass {
            return;
        }
        let what = match what {
            Move::Pass => String::new(),
            Move::Wait => "waits for an interrupt".to_owned(),
            Move::Fault(fault) => format!("FAULT: {}", fault.name()),
            other => format!("{other:?}"),
        };
        let at = Ms(now - start).to_string();
        lines.push(format!("{at:>16}  {state}  {what}").trim_end().to_owned());
        before = state;
    });
    Story { run, lines }
}

/// How things are, in a line.
fn state<B: Subject>(board: &B) -> String {
    let flag = |on: bool, name: &'static str| if on { name } else { "" };
    let (enabled, dma, wip) = board.machine().with_qspi(|qspi| {
        (
            qspi.is_enabled(),
            qspi.owed_memory().is_some(),
            qspi.flash().is_busy(),
        )
    });
    let dead: Vec<char> = ('a'..)
        .zip(board.alive())
        .filter(|(_, alive)| !alive)
        .map(|(name, _)| name)
        .collect();
    let mut state = format!(
        "{:<3}{:<4}{:<4}{:<9} leases {}  {:<40}",
        flag(enabled, "on"),
        flag(dma, "DMA"),
        flag(wip, "WIP"),
        flag(!board.is_attached(), "detached"),
        board.leases(),
        board.state(),
    );
    if !dead.is_empty() {
        let _ = write!(state, " dead: {}", String::from_iter(dead));
    }
    state
}

impl Story {
    /// What went wrong, in words.
    pub fn breaches(&self) -> Vec<String> {
        self.run
            .breaches
            .iter()
            .map(|(at_ns, breach)| format!("{breach} at {}", Ms(*at_ns)))
            .collect()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        for breach in self.breaches() {
            let _ = writeln!(text, "BREACH of {breach}");
        }
        let _ = write!(
            text,
            "{} breaches in {} passes of the kernel loop, {}",
            self.run.breaches.len(),
            self.run.passes,
            Ms(self.run.time_ns)
        );
        text
    }
}
