// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A run, and all that happened in it.

use super::super::schedule::Schedule;
use super::super::world::{Move, Run, World};
use super::journal::{Death, Entry, Hardware, Journal, Software, What};
use crate::board::Board;
use crate::breach::Breach;
use crate::text::Ms;
use qspi_models::nor::PartSpec;
use serde::Serialize;

/// A run, entry by entry.
#[derive(Clone, Debug)]
pub struct Story {
    /// The schedule.
    pub schedule: String,
    /// The part.
    pub part: &'static str,
    /// What came of it.
    pub run: Run,
    /// Names of the processes.
    pub(super) names: Vec<String>,
    /// The hardware before the run.
    pub(super) before: Hardware,
    /// What happened, with times in ns since the start of the run, in order.
    pub(super) entries: Vec<Entry>,
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

/// For what happened before anybody knew when the run began.
const AT_START: u64 = 0;

fn software(board: &Board) -> Software {
    Software {
        attached: board.device().is_attached(),
        detaching: board.is_detaching(),
        leases: board.leases(),
        orphaned: board.driver().counters().orphaned,
        alive: Board::alive(board).collect(),
    }
}

/// Runs `schedule` on a board of its own.
pub fn replay(part: &'static PartSpec, schedule: &Schedule) -> Story {
    let mut world: World<Board> = World::new(part, schedule.bounds);
    let board = world.board();
    let names = board.apps().into_iter().map(|app| app.name).collect();
    let orphaned_before = board.driver().counters().orphaned;
    let journal = Journal::listening(board);
    let before = journal.hardware();
    // Where the next move's entries begin, and when it does.
    let mut mark = None;
    let mut since_ns = AT_START;
    let mut run = world.run(&schedule.choices, None, None, |board, what| {
        journal.catch_up();
        let now = board.machine.now_ns();
        // What comes before the first move is of no interest, apart from the beginning of the
        // processes' first lives, which is at the very start of the run.
        if let Some(what) = what {
            let mark = mark.unwrap_or(0);
            journal.insert(mark, since_ns, What::Move(what));
            if let Move::Terminate(who) = what {
                let died = What::Died(who, Death::Terminated, journal.bury(who));
                journal.insert(mark + 1, since_ns, died);
            }
        }
        // In a pass time passes only at its end, when the CPU sleeps: what the software did
        // it did before.
        let mut software = software(board);
        software.orphaned -= orphaned_before;
        journal.add(since_ns, What::Software(software));
        mark = Some(journal.len());
        since_ns = now;
    });
    journal.close(world.board());
    // A choice that there was not is as much of a misfit as an alternative that there was not.
    let beyond = schedule.choices.iter().skip(run.throws.len());
    run.misfit |= beyond.copied().any(|choice| choice != 0);
    let start_ns = since_ns - run.time_ns;
    // What came after a run with faults is only of interest if it shows that nothing recovered.
    let is_aftermath = |(_, breach): &(u64, Breach)| matches!(breach, Breach::NotRecovered { .. });
    let end_ns = match run.breaches.iter().any(is_aftermath) {
        true => u64::MAX,
        false => since_ns,
    };
    let mut entries: Vec<Entry> = journal
        .take()
        .into_iter()
        .filter(|entry| entry.at_ns == AT_START || (start_ns..=end_ns).contains(&entry.at_ns))
        .map(|entry| Entry {
            at_ns: entry.at_ns.saturating_sub(start_ns),
            what: entry.what,
        })
        .collect();
    entries.sort_by_key(|entry| entry.at_ns);
    Story {
        schedule: schedule.to_string(),
        part: part.name,
        run,
        names,
        before,
        entries,
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

    /// Breaches, in words.
    pub(super) fn breaches(&self) -> Vec<String> {
        self.run
            .breaches
            .iter()
            .map(|(at_ns, breach)| format!("{breach} at {}", Ms(*at_ns)))
            .collect()
    }
}
