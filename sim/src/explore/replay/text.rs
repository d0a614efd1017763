// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A run as lines that a person can follow.

use super::super::world::Move;
use super::commands;
use super::journal::{Software, What};
use super::story::Story;
use super::words;
use crate::text::{Bytes, Counted, Grouped, Ms};
use crate::timeline::{Timeline, Topic};
use crate::transitions;
use qspi_models::{FlashOperation, Observation, Outcome, PowerState};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

/// Where the timeline prints to.
#[derive(Clone, Default)]
struct Page(Rc<RefCell<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Teller<'a> {
    story: &'a Story,
    timeline: Timeline,
    /// Commands that were not told yet: since when, and each with how often in a row.
    commands: Vec<(String, u64)>,
    since_ns: u64,
    software: Software,
    power: PowerState,
    died: Vec<bool>,
}

impl Teller<'_> {
    fn tell(&mut self, at_ns: u64, topic: Topic, who: &str, what: impl Into<String>) {
        self.flush();
        self.timeline.add(at_ns, topic, who, what);
    }

    fn app(&mut self, at_ns: u64, who: usize, what: impl Into<String>) {
        let name = self.story.names.get(who).cloned().unwrap_or_default();
        self.tell(at_ns, Topic::App, &name, what);
    }

    fn flush(&mut self) {
        if self.commands.is_empty() {
            return;
        }
        let commands: Vec<String> = std::mem::take(&mut self.commands)
            .into_iter()
            .map(|(command, times)| match times {
                1 => command,
                times => format!("{command} x{}", Grouped(times)),
            })
            .collect();
        self.timeline
            .add(self.since_ns, Topic::Flash, "bus", commands.join(", "));
    }

    fn command(&mut self, at_ns: u64, command: String, times: u64) {
        if self.commands.is_empty() {
            self.since_ns = at_ns;
        }
        match self.commands.last_mut() {
            Some((last, count)) if *last == command => *count += times,
            _ => self.commands.push((command, times)),
        }
    }

    fn happens(&mut self, at: u64, what: &What) {
        match what {
            What::Move(what) => self.moves(at, *what),
            What::Model(observation) => self.observe(at, *observation),
            What::Hardware(_) => {}
            What::Software(software) => self.look(at, software),
            What::Lifecycle(from, event, to) => {
                if let Some(text) = transitions::words(*from, *event, *to) {
                    self.tell(at, Topic::Lifecycle, "device", text);
                }
            }
            What::Begun(who) => {
                if self.died.get(*who).copied().unwrap_or(false) {
                    self.app(at, *who, "lives again");
                }
            }
            What::Accepted(who, operation) => {
                self.app(at, *who, format!("{operation} accepted"));
            }
            What::Refused(who, operation, error) => {
                self.app(at, *who, format!("{operation} refused: {error:?}"));
            }
            What::Answered(who, operation, status, done) => {
                let text = match status {
                    0 => format!("upcall: {operation} is done"),
                    status => format!(
                        "upcall: {operation} failed with {} after {}",
                        words::status(*status),
                        Bytes(u64::from(*done))
                    ),
                };
                self.app(at, *who, text);
            }
            What::Died(who, how, left) => {
                if let Some(died) = self.died.get_mut(*who) {
                    *died = true;
                }
                let text = format!("{}{}", words::death(*how), words::left(left));
                self.app(at, *who, text);
            }
        }
    }

    fn moves(&mut self, at: u64, what: Move) {
        let text = match what {
            // What a pass does, others tell. A termination is told as a death.
            Move::Pass | Move::Terminate(_) => return,
            Move::Wait => "the CPU is kept until the next interrupt".to_owned(),
            Move::Stop(who) => return self.app(at, who, "is stopped"),
            Move::Resume(who) => return self.app(at, who, "is resumed"),
            Move::Detach => "detaches the device".to_owned(),
            Move::Attach => "attaches the device".to_owned(),
            Move::Fault(fault) => format!("FAULT of the hardware: {}", fault.name()),
        };
        self.tell(at, Topic::Board, "board", text);
    }

    fn look(&mut self, at: u64, software: &Software) {
        let before = std::mem::replace(&mut self.software, software.clone());
        if software.orphaned != before.orphaned {
            let text = "what a dead process left has ended, and nobody is called";
            self.tell(at, Topic::Lifecycle, "device", text);
        }
        if software.leases != before.leases {
            let verb = if software.leases > before.leases {
                "taken"
            } else {
                "gone"
            };
            let held = Counted(software.leases as u64, "lease");
            let text = format!("lease {verb}, {held} held");
            self.tell(at, Topic::Lease, "driver", text);
        }
        if before.detaching && !software.detaching {
            self.tell(at, Topic::Lifecycle, "device", "detached, and tells so");
        }
    }

    fn observe(&mut self, at: u64, observation: Observation) {
        match observation {
            Observation::Bus {
                opcode,
                address,
                bytes,
                ..
            } => self.command(at, commands::text(opcode, address, bytes), 1),
            Observation::Polled { polls, .. } => self.command(at, "RDSR".to_owned(), polls),
            Observation::Enable { on } => {
                let text = if on {
                    "enabled (ENABLE = 1)"
                } else {
                    "disabled (ENABLE = 0)"
                };
                self.tell(at, Topic::Controller, "controller", text);
            }
            Observation::BusyStarted {
                operation,
                address,
                length,
            } => {
                let text = match operation {
                    FlashOperation::Program | FlashOperation::Erase => format!(
                        "busy (WIP = 1): {} of {} at {address:#x}",
                        words::operation(operation),
                        Bytes(u64::from(length))
                    ),
                    FlashOperation::ChipErase
                    | FlashOperation::StatusWrite
                    | FlashOperation::Phantom => {
                        format!("busy (WIP = 1): {}", words::operation(operation))
                    }
                };
                self.tell(at, Topic::Flash, "flash", text);
            }
            Observation::BusyEnded { operation, outcome } => {
                let wip = if outcome == Outcome::Suspended {
                    "suspended"
                } else {
                    "quiet"
                };
                let text = format!(
                    "{wip} (WIP = 0): {} {}",
                    words::operation(operation),
                    words::outcome(outcome)
                );
                self.tell(at, Topic::Flash, "flash", text);
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
                let before = std::mem::replace(&mut self.power, state);
                if let Some(text) = text.filter(|_| before != state) {
                    self.tell(at, Topic::Flash, "flash", text);
                }
            }
            Observation::TaskTriggered { .. }
            | Observation::DmaStarted { .. }
            | Observation::DmaEnded { .. }
            | Observation::ReadySet { .. }
            | Observation::ReadyCleared
            | Observation::IrqLine { .. }
            | Observation::Active { .. }
            | Observation::HfxoStable { .. } => {}
        }
    }
}

impl Story {
    /// For people.
    pub fn text(&self) -> String {
        let page = Page::default();
        let mut teller = Teller {
            story: self,
            timeline: Timeline::printed(Box::new(page.clone())),
            commands: Vec::new(),
            since_ns: 0,
            software: Software {
                attached: true,
                detaching: false,
                leases: 0,
                orphaned: 0,
                alive: vec![true; self.names.len()],
            },
            power: self.before.power,
            died: vec![false; self.names.len()],
        };
        let mut breaches = self.run.breaches.iter().peekable();
        for entry in &self.entries {
            while let Some((at, breach)) = breaches.next_if(|(at, _)| *at < entry.at_ns) {
                teller.tell(*at, Topic::Check, "check", format!("BREACH of {breach}"));
            }
            teller.happens(entry.at_ns, &entry.what);
        }
        for (at, breach) in breaches {
            teller.tell(*at, Topic::Check, "check", format!("BREACH of {breach}"));
        }
        teller.flush();
        let mut text = String::from_utf8_lossy(&page.0.borrow()).into_owned();
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
