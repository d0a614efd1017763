// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A run as signals that have one value at each time.
//!
//! What lasts no time is not among them: of several values at one ns the last one counts.

use super::super::world::Move;
use super::commands;
use super::journal::{Entry, Hardware, What};
use super::story::Story;
use crate::arena::{BLOCK_SIZE, RAM_START};
use crate::ledger::Outstanding;
use qspi_models::{Direction, FlashOperation, Observation, PowerState, Task};
use spi_nor::{lifecycle, opcode};

/// What is on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// CSN is high.
    Idle,
    /// CSN is low.
    Frame {
        /// The command, if one was sent.
        opcode: Option<u8>,
        /// Whether it has an address.
        has_address: bool,
    },
    /// The peripheral reads the status register over and over; these frames are not told one
    /// by one.
    Polling,
}

/// Memory that the DMA owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Which way bytes move.
    pub direction: Direction,
    /// First address, as on a board whose buffers are the first thing in RAM.
    pub address: u32,
    /// Bytes.
    pub length: u32,
}

/// What the array works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// With what.
    pub operation: FlashOperation,
    /// First address.
    pub address: u32,
    /// Bytes.
    pub length: u32,
}

/// Whether a process can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It can.
    Alive,
    /// Not until it is resumed.
    Stopped,
    /// Not in this life.
    Dead,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Whether it can run.
    pub life: Life,
    /// Operations that it waits for, oldest first.
    pub waiting: Vec<Outstanding>,
}

/// All signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signals {
    /// The bus.
    pub bus: Bus,
    /// ENABLE.
    pub enabled: bool,
    /// EVENTS_READY.
    pub ready: bool,
    /// The interrupt line.
    pub irq: bool,
    /// The task under way.
    pub task: Option<Task>,
    /// Memory that the DMA owns.
    pub dma: Option<Owed>,
    /// WIP of the part.
    pub wip: bool,
    /// WEL of the part.
    pub wel: bool,
    /// Power state of the part.
    pub power: PowerState,
    /// What the array works on.
    pub array: Option<Array>,
    /// The device's lifecycle.
    pub lifecycle: lifecycle::State,
    /// The device accepts work.
    pub attached: bool,
    /// Leases of the living.
    pub leases: usize,
    /// Processes.
    pub apps: Vec<App>,
    /// Rules broken so far.
    pub breaches: usize,
}

enum Change<'a> {
    Bus(Bus),
    Entry(&'a What),
    /// WREN was heard.
    Latched,
    Breach,
}

/// The signals at each time at which one of them changes, from 0 on.
pub fn signals(story: &Story) -> Vec<(u64, Signals)> {
    let mut changes: Vec<(u64, Change<'_>)> = buses(&story.entries)
        .into_iter()
        .map(|(at, bus)| (at, Change::Bus(bus)))
        .collect();
    for (index, entry) in story.entries.iter().enumerate() {
        changes.push((entry.at_ns, Change::Entry(&entry.what)));
        let is_wren = matches!(
            entry.what,
            What::Model(Observation::Bus {
                opcode: Some(opcode::WREN),
                ..
            })
        );
        if is_wren && is_heard(&story.entries[index + 1..]) {
            changes.push((entry.at_ns, Change::Latched));
        }
    }
    let breaches = story.run.breaches.iter();
    changes.extend(breaches.map(|(at, _)| (*at, Change::Breach)));
    changes.sort_by_key(|(at, _)| *at);

    let mut signals = at_start(story);
    let mut kept: Vec<(u64, Signals)> = vec![(0, signals.clone())];
    let mut changes = changes.into_iter().peekable();
    while let Some((at, change)) = changes.next() {
        signals.apply(&change);
        if changes.peek().is_some_and(|(next, _)| *next == at) {
            continue;
        }
        match kept.last_mut() {
            Some((last, value)) if *last == at => *value = signals.clone(),
            Some((_, value)) if *value == signals => {}
            _ => kept.push((at, signals.clone())),
        }
    }
    kept
}

fn at_start(story: &Story) -> Signals {
    let Hardware {
        enabled,
        irq,
        task,
        wip,
        wel,
        power,
    } = story.before;
    let alive = App {
        life: Life::Alive,
        waiting: Vec::new(),
    };
    Signals {
        bus: Bus::Idle,
        enabled,
        ready: irq,
        irq,
        task,
        dma: None,
        wip,
        wel,
        power,
        array: None,
        // Every run begins with a device that is off, attached and wanted by nobody.
        lifecycle: lifecycle::State::Off,
        attached: true,
        leases: 0,
        apps: vec![alive; story.names.len()],
        breaches: 0,
    }
}

/// After WREN: whether the part set its latch.
fn is_heard(after: &[Entry]) -> bool {
    after
        .iter()
        .find_map(|entry| match &entry.what {
            What::Model(Observation::BusyStarted { .. }) => Some(true),
            What::Hardware(hardware) => Some(hardware.wel),
            _ => None,
        })
        .unwrap_or(false)
}

/// Frames are told at their ends: here they are from their beginnings on.
fn buses(entries: &[Entry]) -> Vec<(u64, Bus)> {
    let mut buses = Vec::new();
    // Polling, which lasts until there or until the next frame begins.
    let mut polling: Option<u64> = None;
    let mut last_end = 0;
    for entry in entries {
        match entry.what {
            What::Model(Observation::Bus {
                opcode,
                address,
                duration_ns,
                ..
            }) => {
                let begins = entry.at_ns.saturating_sub(duration_ns);
                if let Some(ends) = polling.take() {
                    buses.push((ends.min(begins), Bus::Idle));
                }
                let has_address = address.is_some();
                let frame = Bus::Frame {
                    opcode,
                    has_address,
                };
                buses.push((begins, frame));
                buses.push((entry.at_ns, Bus::Idle));
                last_end = entry.at_ns;
            }
            What::Model(Observation::Polled { duration_ns, .. }) => {
                buses.push((last_end, Bus::Polling));
                polling = Some(entry.at_ns.max(last_end + duration_ns));
            }
            _ => {}
        }
    }
    buses.extend(polling.map(|ends| (ends, Bus::Idle)));
    buses
}

/// Which of the boards in this program has the block of RAM is of no interest.
fn address_in_ram(address: u32) -> u32 {
    let start = RAM_START as u32;
    match address.checked_sub(start) {
        Some(offset) => start + offset % BLOCK_SIZE as u32,
        None => address,
    }
}

impl Signals {
    fn apply(&mut self, change: &Change<'_>) {
        match change {
            Change::Bus(bus) => self.bus = *bus,
            Change::Latched => self.wel = true,
            Change::Breach => self.breaches += 1,
            Change::Entry(what) => self.happen(what),
        }
    }

    fn happen(&mut self, what: &What) {
        match what {
            What::Model(observation) => self.observe(*observation),
            What::Hardware(hardware) => {
                self.enabled = hardware.enabled;
                self.irq = hardware.irq;
                self.task = hardware.task;
                self.wip = hardware.wip;
                self.wel = hardware.wel;
                self.power = hardware.power;
                if !hardware.wip {
                    self.array = None;
                }
            }
            What::Software(software) => {
                self.attached = software.attached;
                self.leases = software.leases;
                for (app, alive) in self.apps.iter_mut().zip(&software.alive) {
                    match (*alive, app.life) {
                        (false, _) => app.life = Life::Dead,
                        (true, Life::Dead) => app.life = Life::Alive,
                        (true, Life::Alive | Life::Stopped) => {}
                    }
                }
            }
            What::Lifecycle(_, _, to) => self.lifecycle = *to,
            What::Move(Move::Stop(who)) => self.set_life(*who, Life::Stopped),
            What::Move(Move::Resume(who)) => self.set_life(*who, Life::Alive),
            What::Move(Move::Detach) => self.attached = false,
            What::Move(_) | What::Refused(..) => {}
            What::Begun(who) => self.set_life(*who, Life::Alive),
            What::Accepted(who, operation) => {
                if let Some(app) = self.apps.get_mut(*who) {
                    app.waiting.push(*operation);
                }
            }
            What::Answered(who, operation, _, _) => {
                if let Some(app) = self.apps.get_mut(*who)
                    && let Some(index) = app.waiting.iter().position(|of| of == operation)
                {
                    app.waiting.remove(index);
                }
            }
            What::Died(who, _, _) => {
                self.set_life(*who, Life::Dead);
                if let Some(app) = self.apps.get_mut(*who) {
                    app.waiting.clear();
                }
            }
        }
    }

    fn set_life(&mut self, who: usize, life: Life) {
        if let Some(app) = self.apps.get_mut(who) {
            app.life = life;
        }
    }

    fn observe(&mut self, observation: Observation) {
        match observation {
            // Deactivation stops what there is, at once.
            Observation::TaskTriggered { task, accepted } => match (accepted, task) {
                (true, Task::Deactivate) => self.task = None,
                (true, task) => self.task = Some(task),
                (false, _) => {}
            },
            Observation::DmaStarted {
                direction,
                address,
                length,
            } => {
                self.dma = Some(Owed {
                    direction,
                    address: address_in_ram(address),
                    length,
                });
            }
            Observation::DmaEnded { .. } => {
                self.dma = None;
                self.task = None;
            }
            Observation::ReadySet { injected } => {
                self.ready = true;
                if !injected {
                    self.task = None;
                }
            }
            Observation::ReadyCleared => self.ready = false,
            Observation::IrqLine { high } => self.irq = high,
            Observation::Enable { on } => self.enabled = on,
            Observation::BusyStarted {
                operation,
                address,
                length,
            } => {
                self.wip = true;
                self.array = Some(Array {
                    operation,
                    address,
                    length,
                });
            }
            Observation::BusyEnded { operation, .. } => {
                self.wip = false;
                self.array = None;
                // Done or not, the latch is used up.
                self.wel &= operation == FlashOperation::Phantom;
            }
            Observation::Power { state } => self.power = state,
            Observation::Bus {
                opcode: Some(opcode::WRDI),
                ..
            } => self.wel = false,
            Observation::Bus { .. }
            | Observation::Polled { .. }
            | Observation::Active { .. }
            | Observation::HfxoStable { .. } => {}
        }
    }

    /// The opcode on the bus and whether an address follows it.
    pub fn command(&self) -> Option<(u8, bool)> {
        match self.bus {
            Bus::Idle => None,
            Bus::Polling => Some((opcode::RDSR, false)),
            Bus::Frame {
                opcode,
                has_address,
            } => opcode.map(|opcode| (opcode, has_address)),
        }
    }

    /// Most data lines in use at a time.
    pub fn lines(&self) -> u8 {
        match self.bus {
            Bus::Idle => 0,
            Bus::Polling | Bus::Frame { .. } => {
                self.command().map_or(1, |(opcode, has_address)| {
                    commands::lines(opcode, has_address)
                })
            }
        }
    }
}

/// Stretches of time with one value of `of`, without those that have none.
pub fn stretches<T: PartialEq>(
    signals: &[(u64, Signals)],
    end_ns: u64,
    of: impl Fn(&Signals) -> Option<T>,
) -> Vec<(u64, u64, T)> {
    let mut stretches: Vec<(u64, u64, T)> = Vec::new();
    for (index, (at, signals_now)) in signals.iter().enumerate() {
        let until = signals.get(index + 1).map_or(end_ns, |(next, _)| *next);
        let Some(value) = of(signals_now) else {
            continue;
        };
        match stretches.last_mut() {
            Some((_, to, last)) if *to == *at && *last == value => *to = until,
            _ => stretches.push((*at, until, value)),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(at_ns: u64, observation: Observation) -> Entry {
        Entry {
            at_ns,
            what: What::Model(observation),
        }
    }

    fn frame(ends: u64, opcode: u8, duration_ns: u64) -> Entry {
        model(
            ends,
            Observation::Bus {
                opcode: Some(opcode),
                address: None,
                bytes: 1,
                duration_ns,
            },
        )
    }

    const fn command(opcode: u8) -> Bus {
        Bus::Frame {
            opcode: Some(opcode),
            has_address: false,
        }
    }

    #[test]
    fn a_frame_begins_before_it_is_told() {
        let entries = [
            frame(1_500, opcode::WREN, 250),
            frame(2_000, opcode::DPD, 250),
        ];
        let expected = [
            (1_250, command(opcode::WREN)),
            (1_500, Bus::Idle),
            (1_750, command(opcode::DPD)),
            (2_000, Bus::Idle),
        ];
        assert_eq!(buses(&entries), expected);
    }

    #[test]
    fn polling_lasts_from_one_frame_to_the_next() {
        let polled = |at, duration_ns| {
            let polls = 10;
            model(at, Observation::Polled { polls, duration_ns })
        };
        // Told at its end or a little before.
        for told_at in [6_000, 6_500] {
            let entries = [
                frame(1_500, opcode::RDSR, 500),
                polled(told_at, 5_000),
                frame(7_000, opcode::RDSR, 500),
            ];
            let expected = [
                (1_000, command(opcode::RDSR)),
                (1_500, Bus::Idle),
                (1_500, Bus::Polling),
                (6_500, Bus::Idle),
                (6_500, command(opcode::RDSR)),
                (7_000, Bus::Idle),
            ];
            assert_eq!(buses(&entries), expected);
        }
        // The peripheral was stopped while it polled.
        let entries = [frame(1_500, opcode::RDSR, 500), polled(6_500, 5_000)];
        assert_eq!(
            buses(&entries)[2..],
            [(1_500, Bus::Polling), (6_500, Bus::Idle)]
        );
    }

    #[test]
    fn write_enable_counts_if_it_was_heard() {
        let looked = |wel| Entry {
            at_ns: 5,
            what: What::Hardware(Hardware {
                enabled: true,
                irq: false,
                task: None,
                wip: false,
                wel,
                power: PowerState::Standby,
            }),
        };
        let busy = model(
            3,
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                address: 0,
                length: 4,
            },
        );
        assert!(is_heard(&[looked(true)]));
        assert!(!is_heard(&[looked(false)]));
        assert!(is_heard(&[busy, looked(false)]));
        assert!(!is_heard(&[]));
    }

    #[test]
    fn addresses_do_not_tell_one_board_from_another() {
        let start = RAM_START as u32;
        assert_eq!(address_in_ram(start + 12), start + 12);
        assert_eq!(
            address_in_ram(start + 3 * BLOCK_SIZE as u32 + 12),
            start + 12
        );
        assert_eq!(address_in_ram(0x100), 0x100);
    }
}
