// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Looks at a board after every pass of its kernel loop and tells the timeline.
//!
//! It only looks from outside: at the lifecycle's transitions, at what the models say
//! that they did, and at the processes.

use crate::board::Board;
use crate::ledger::{Counts, Outstanding};
use crate::text::{Bytes, Counted, Ms};
use crate::timeline::{Timeline, Topic};
use crate::transitions;
use kernel::process::ProcessId;
use qspi_models::{Direction, FlashOperation, Observation, PowerState};
use std::cell::Cell;
use std::rc::Rc;

/// What the flash's array works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// With what.
    pub operation: FlashOperation,
    /// First address in the part.
    pub address: u32,
    /// Bytes.
    pub length: u32,
    /// Since when, in ns.
    pub since_ns: u64,
}

/// What was seen of the hardware, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Times that memory was handed to the DMA.
    pub lent: u64,
    /// Times that it came back.
    pub returned: u64,
    /// Page programs.
    pub programs: u64,
    /// Erases.
    pub erases: u64,
    /// Reads by DMA.
    pub reads: u64,
    /// Bytes read by DMA.
    pub read_bytes: u64,
    /// Time that the array was busy, in ns.
    pub busy_ns: u64,
}

impl Totals {
    fn since(self, before: Totals) -> Totals {
        Totals {
            lent: self.lent - before.lent,
            returned: self.returned - before.returned,
            programs: self.programs - before.programs,
            erases: self.erases - before.erases,
            reads: self.reads - before.reads,
            read_bytes: self.read_bytes - before.read_bytes,
            busy_ns: self.busy_ns - before.busy_ns,
        }
    }

    fn text(self) -> Option<String> {
        let mut parts = Vec::new();
        if self.reads > 0 {
            parts.push(format!(
                "{} ({})",
                Counted(self.reads, "read"),
                Bytes(self.read_bytes)
            ));
        }
        if self.programs > 0 {
            parts.push(Counted(self.programs, "page program").to_string());
        }
        if self.erases > 0 {
            parts.push(Counted(self.erases, "erase").to_string());
        }
        if parts.is_empty() {
            return None;
        }
        if self.busy_ns > 0 {
            parts.push(format!("array busy for {}", Ms(self.busy_ns)));
        }
        Some(parts.join(", "))
    }
}

/// One app as it was seen last.
struct Seen {
    name: String,
    id: ProcessId,
    alive: bool,
    outstanding: Option<Outstanding>,
    counts: Counts,
}

/// A death that left an operation behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Which app.
    pub index: usize,
    /// When, in ns.
    pub at_ns: u64,
    /// What was outstanding.
    pub outstanding: Option<Outstanding>,
    /// What the array worked on.
    pub array: Option<Busy>,
    /// Whether another life follows.
    pub restarts: bool,
}

/// The watcher.
pub struct Watcher {
    seen: Vec<Seen>,
    leases: usize,
    orphaned: u32,
    totals: Totals,
    told: Totals,
    array: Rc<Cell<Option<Busy>>>,
    enabled: bool,
    power: Option<PowerState>,
    deaths: Vec<Death>,
    drained_at_ns: Option<u64>,
    disabled_at_ns: Option<u64>,
}

impl Watcher {
    /// Watching `board`, that has not run yet.
    pub fn new(board: &Board) -> Watcher {
        let seen = board
            .apps()
            .into_iter()
            .map(|app| Seen {
                name: app.name,
                id: app.id,
                alive: app.alive,
                outstanding: None,
                counts: Counts::default(),
            })
            .collect();
        Watcher {
            seen,
            leases: 0,
            orphaned: 0,
            totals: Totals::default(),
            told: Totals::default(),
            array: Rc::new(Cell::new(None)),
            enabled: false,
            power: None,
            deaths: Vec::new(),
            drained_at_ns: None,
            disabled_at_ns: None,
        }
    }

    /// What the array works on, kept up to date for whoever holds it.
    pub fn array(&self) -> Rc<Cell<Option<Busy>>> {
        Rc::clone(&self.array)
    }

    /// What was seen so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Deaths so far.
    pub fn deaths(&self) -> &[Death] {
        &self.deaths
    }

    /// When the last operation that a dead process left ended, in ns.
    pub fn drained_at_ns(&self) -> Option<u64> {
        self.drained_at_ns
    }

    /// When the controller was last disabled, in ns.
    pub fn disabled_at_ns(&self) -> Option<u64> {
        self.disabled_at_ns
    }

    /// Whether the part sleeps in deep power-down.
    pub fn is_part_asleep(&self) -> bool {
        self.power == Some(PowerState::DeepPowerDown)
    }

    /// Looks, after a pass in which apps printed `lines`.
    pub fn look(&mut self, board: &Board, lines: Vec<(usize, String)>, timeline: &mut Timeline) {
        // Whether a process that is gone left something in the array is to be seen
        // before what the array did since.
        let array = self.array.get();
        let observed = board
            .machine
            .with_qspi(qspi_models::Qspi::take_observations);
        for observation in observed {
            self.observe(observation.at, observation.what, timeline);
        }
        let now = board.machine.now_ns();
        for (from, event, to) in board.take_transitions() {
            if let Some(text) = transitions::words(from, event, to) {
                self.tell(timeline, now, Topic::Lifecycle, "device", text);
            }
        }
        // What an app printed, it printed before it ended.
        for (index, line) in lines {
            let name = self.seen[index].name.clone();
            let text = format!("\"{line}\"");
            self.tell(timeline, now, Topic::Console, &name, text);
        }
        self.look_at_processes(board, array, now, timeline);
        let orphaned = board.driver().counters().orphaned;
        if orphaned != self.orphaned {
            self.orphaned = orphaned;
            self.drained_at_ns = Some(now);
            let text = "drained: what the dead process left has ended, and nobody is called";
            self.tell(timeline, now, Topic::Lifecycle, "device", text);
        }
        let leases = board.leases();
        if leases != self.leases {
            let verb = if leases > self.leases {
                "taken"
            } else {
                "gone"
            };
            self.leases = leases;
            let text = format!("lease {verb}, {} held", Counted(leases as u64, "lease"));
            self.tell(timeline, now, Topic::Lease, "driver", text);
        }
    }

    /// Tells what was done since the last entry.
    pub fn flush(&mut self, at_ns: u64, timeline: &mut Timeline) {
        if let Some(text) = self.totals.since(self.told).text() {
            timeline.add(at_ns, Topic::Traffic, "flash", format!("... {text}"));
        }
        self.told = self.totals;
    }

    /// An entry, after what was done up to it.
    pub fn tell(
        &mut self,
        timeline: &mut Timeline,
        at_ns: u64,
        topic: Topic,
        who: &str,
        what: impl Into<String>,
    ) {
        self.flush(at_ns, timeline);
        timeline.add(at_ns, topic, who, what);
    }

    fn observe(&mut self, at: u64, what: Observation, timeline: &mut Timeline) {
        match what {
            Observation::DmaStarted { .. } => self.totals.lent += 1,
            Observation::DmaEnded {
                direction, moved, ..
            } => {
                self.totals.returned += 1;
                if direction == Direction::ToMemory {
                    self.totals.reads += 1;
                    self.totals.read_bytes += u64::from(moved);
                }
            }
            Observation::BusyStarted {
                operation,
                address,
                length,
            } => self.array.set(Some(Busy {
                operation,
                address,
                length,
                since_ns: at,
            })),
            Observation::BusyEnded { operation, .. } => {
                if let Some(busy) = self.array.take() {
                    self.totals.busy_ns += at.saturating_sub(busy.since_ns);
                }
                match operation {
                    FlashOperation::Program => self.totals.programs += 1,
                    FlashOperation::Erase | FlashOperation::ChipErase => self.totals.erases += 1,
                    FlashOperation::StatusWrite | FlashOperation::Phantom => {}
                }
            }
            Observation::Enable { on } => {
                self.enabled = on;
                if !on {
                    self.disabled_at_ns = Some(at);
                }
                let text = if on {
                    "enabled (ENABLE = 1)"
                } else {
                    "disabled (ENABLE = 0)"
                };
                self.tell(timeline, at, Topic::Controller, "controller", text);
            }
            Observation::Power { state } => {
                let text = match state {
                    PowerState::DeepPowerDown => Some("asleep in deep power-down"),
                    PowerState::LeavingDeepPowerDown => Some("wakes up"),
                    PowerState::Resetting => Some("is reset"),
                    PowerState::Off => Some("has lost its supply"),
                    PowerState::PoweringUp
                    | PowerState::Standby
                    | PowerState::Active
                    | PowerState::EnteringDeepPowerDown => None,
                };
                if let Some(text) = text.filter(|_| self.power != Some(state)) {
                    self.tell(timeline, at, Topic::Flash, "flash", text);
                }
                self.power = Some(state);
            }
            Observation::TaskTriggered { .. }
            | Observation::ReadySet { .. }
            | Observation::ReadyCleared
            | Observation::IrqLine { .. }
            | Observation::Active { .. }
            | Observation::Bus { .. }
            | Observation::Polled { .. }
            | Observation::HfxoStable { .. } => {}
        }
    }

    fn look_at_processes(
        &mut self,
        board: &Board,
        array: Option<Busy>,
        now: u64,
        timeline: &mut Timeline,
    ) {
        for (index, app) in board.apps().into_iter().enumerate() {
            let counts = board.counts(index);
            let outstanding = board.outstanding(index);
            let seen = &mut self.seen[index];
            let before = seen.outstanding;
            let left_work = counts.died > seen.counts.died;
            let died = app.id != seen.id || (!app.alive && seen.alive);
            let restarts = app.id != seen.id;
            let old_id = seen.id.id();
            seen.id = app.id;
            seen.alive = app.alive;
            seen.counts = counts;
            seen.outstanding = outstanding;
            if !died {
                continue;
            }
            let name = seen.name.clone();
            let mut text = match (restarts, app.faulted, app.completion) {
                (true, _, _) => "dies".to_owned(),
                (false, true, _) => "faults".to_owned(),
                (false, false, Some(Some(code))) => format!("exits with {code}"),
                (false, false, Some(None) | None) => "is terminated".to_owned(),
            };
            if left_work {
                match before {
                    Some(outstanding) => text += &format!(", its {outstanding} in flight"),
                    None => text += ", an operation in flight",
                }
                self.deaths.push(Death {
                    index,
                    at_ns: now,
                    outstanding: before,
                    array,
                    restarts,
                });
            }
            self.tell(timeline, now, Topic::App, &name, text);
            if restarts {
                let text = format!("lives again, as process {} (was {old_id})", app.id.id());
                self.tell(timeline, now, Topic::App, &name, text);
            }
        }
    }
}
