// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! From whatever state the part is in to ready, as a script.
//!
//! After a reset of the processor the part may still be asleep, busy with an erase,
//! or in some mode that an earlier program left it in. So it is woken, waited for,
//! reset, and only then believed: its id, its tables and whatever register is going to be
//! written have to read the same twice.
//!
//! A part that is already known was put to sleep by [`shut_down`](crate::shut_down).
//! It is woken, its id and its registers are checked, and that is all.

use crate::error::Error;
use crate::facts::{Facts, Noted};
use crate::identity::{ByTables, Identity, Kept};
use crate::opcode;
use crate::pace::Pace;
use crate::part::RESET_BUSY_US;
use crate::parts_by_id::{JedecId, Presence};
use crate::profile::{Profile, Wires};
use crate::protection::Protection;
use crate::script::{Act, Input};
use crate::status_register::{
    REGISTER_WRITE_US, RegisterWrite, Step, WEL, WIP, select_performance,
};
use core::hash::{Hash, Hasher};

/// Leaving deep power-down takes the known parts up to 40 µs; this is for parts that
/// were not identified yet.
const WAKE_US: u32 = 100;
/// What RST takes a part at rest: up to 40 µs in the known parts' tables. This is for
/// parts that were not identified yet.
const RESET_US: u32 = 200;
/// The longest a part may still be busy from before: a chip erase, 400 s.
pub const LEFTOVER_US: u32 = 400_000_000;
/// What the polls of such a part are paced by: a program's or a sector erase's rest,
/// most likely.
const LEFTOVER_TYPICAL_US: u32 = 16_000;
/// The longest a part may be busy after a reset: 1 s, far more than the 30 ms that the
/// known parts take.
pub const AFTER_RESET_US: u32 = 1_000_000;
/// How often all ones are read before they are taken for what they are.
const ONES: u8 = 3;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// A reset was sent before, or was not.
    LeftResetting,
    Waking,
    WakingUp,
    /// RDSR until the part is quiet.
    Asking(Before),
    Pausing(Before),
    EnablingReset,
    Resetting,
    ComingUp,
    FirstId,
    SecondId,
    Discovering,
    Status,
    SecondStatus,
    Configuration,
    EnablingWrite(Setting),
    /// RDSR: did WREN set the latch?
    CheckingWrite(Setting),
    Writing(Setting),
    Verifying(Setting),
    EnablingUnlock,
    Unlocking,
    EnablingFourByte,
    EnteringFourByte,
    Protection,
    /// The register is read that says which range the bits mean.
    Range(u8),
    Over,
}

/// What waits for the part to become quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Before {
    Reset,
    Id,
    Verify(Setting),
    /// The last look, which found it busy with nothing of ours.
    End,
}

/// What has to be set in the part's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Setting {
    Performance,
    Quad,
}

/// The script.
#[derive(Clone, Copy, Debug)]
pub struct BringUp<I: Identity = ByTables> {
    stage: Stage,
    /// The part is known since before.
    is_known: bool,
    facts: I::Facts,
    pace: Pace,
    ones: u8,
    /// The part stayed busy for longer than anything takes, and is reset in the middle of it.
    overdue: bool,
    id: JedecId,
    identity: I,
    status: [u8; 2],
    configuration: [u8; 2],
    /// The registers as they were read before; they are read again before any is written.
    seen: Option<([u8; 2], [u8; 2])>,
    write: Option<RegisterWrite>,
    quad_enabled: bool,
    high_performance: bool,
    /// A register that did not keep its bit; the part is used without.
    shortfall: Option<Error>,
    protection: Protection,
    is_up: bool,
}

/// Where it is, without what the part was found to be: that is the same each time.
impl<I: Identity> Hash for BringUp<I> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.stage.hash(hasher);
        self.pace.hash(hasher);
        (self.is_known, self.ones, self.overdue).hash(hasher);
        self.identity.hash(hasher);
        (self.status, self.configuration, self.seen, self.write).hash(hasher);
        (self.quad_enabled, self.high_performance, self.shortfall).hash(hasher);
    }
}

impl Default for BringUp {
    fn default() -> BringUp {
        BringUp::new()
    }
}

impl<I: Identity> BringUp<I> {
    /// Nothing to do yet.
    pub const fn new() -> BringUp<I> {
        BringUp {
            stage: Stage::Over,
            is_known: false,
            facts: I::Facts::NOTHING,
            pace: Pace::new(0, 0),
            ones: 0,
            overdue: false,
            id: JedecId([0; 3]),
            identity: I::NEW,
            status: [0; 2],
            configuration: [0; 2],
            seen: None,
            write: None,
            quad_enabled: false,
            high_performance: false,
            shortfall: None,
            protection: Protection::None,
            is_up: false,
        }
    }

    /// Begins anew, with a part that is already known, or not. It may be busy for
    /// `patience_us`, and hears nothing yet if it `may_come_up` from a reset.
    pub fn restart(&mut self, known: Option<&Profile>, patience_us: u32, may_come_up: bool) {
        self.stage = if may_come_up {
            Stage::LeftResetting
        } else {
            Stage::Waking
        };
        self.pace = Pace::new(LEFTOVER_TYPICAL_US, patience_us);
        self.ones = 0;
        // A part that stands suspended in mid-erase is as quiet as one at rest, but takes as long
        // to come up from its reset as one that is busy.
        self.overdue = known.is_none();
        self.identity.restart();
        self.seen = None;
        self.write = None;
        self.quad_enabled = false;
        self.high_performance = false;
        self.shortfall = None;
        self.is_up = false;
        self.is_known = known.is_some();
        if let Some(known) = known {
            self.facts.know(known);
        }
    }

    /// How the part is to be used, if the script ended well: it goes to `kept`, unless it is there
    /// since the script was begun.
    ///
    /// # Errors
    /// [`Error::UnknownPart`] if it did not end well.
    pub fn settle(&self, kept: &I::Kept, wires: &dyn Wires) -> Result<(), Error> {
        if !self.is_up {
            return Err(Error::UnknownPart);
        }
        if !kept.is_some() {
            self.tell(wires, |profile| kept.put(profile))?;
        }
        kept.protect(self.protection);
        Ok(())
    }

    /// What had to be done without: four lines, or the fast mode.
    pub fn shortfall(&self) -> Option<Error> {
        self.shortfall
    }

    /// The next act.
    pub fn next(&mut self, input: Input<'_>, wires: &dyn Wires) -> Act {
        if let Input::Refused(error) = input {
            return self.end(Err(Error::Controller(error)));
        }
        match self.stage {
            Stage::LeftResetting => self.go(Stage::Waking, Act::Pause(RESET_BUSY_US)),
            // It has no deep power-down to be woken from.
            Stage::Waking if self.is_known && self.facts.wake().is_none() => self.ask(Before::Id),
            Stage::Waking => {
                let (exit, _) = self.wake();
                self.send(Stage::WakingUp, exit)
            }
            Stage::WakingUp => {
                let (_, pause_us) = self.wake();
                let next = if self.is_known {
                    Before::Id
                } else {
                    Before::Reset
                };
                self.go(Stage::Pausing(next), Act::Pause(pause_us.max(1)))
            }
            Stage::Pausing(before) => self.ask(before),
            Stage::Asking(before) => self.answered(before, input.first()),
            Stage::EnablingReset => self.send(Stage::Resetting, opcode::RSTEN),
            Stage::Resetting => self.send(Stage::ComingUp, opcode::RST),
            Stage::ComingUp => {
                self.ones = 0;
                self.pace = Pace::new(LEFTOVER_TYPICAL_US, AFTER_RESET_US);
                let pause_us = if self.overdue {
                    RESET_BUSY_US
                } else {
                    RESET_US
                };
                self.go(Stage::Pausing(Before::Id), Act::Pause(pause_us))
            }
            Stage::FirstId => match id_of(&input) {
                Some(id) => {
                    self.id = id;
                    self.read(Stage::SecondId, opcode::RDID, 3)
                }
                None => self.end(Err(Error::NotFound)),
            },
            Stage::SecondId => self.identified(id_of(&input), wires),
            Stage::Discovering => self.discover(input, wires),
            Stage::Status => {
                let Some(status) = input.status() else {
                    return self.end(Err(Error::NotFound));
                };
                self.status = [status, 0];
                match self.facts.needs().quad_enable.sr2_opcode() {
                    Some(opcode) => self.read(Stage::SecondStatus, opcode, 1),
                    None => self.read_configuration(wires),
                }
            }
            Stage::SecondStatus if self.facts.needs().quad_enable.sr2_opcode().is_some() => {
                let [first, _] = self.status;
                self.status = [first, input.first().unwrap_or(0)];
                self.read_configuration(wires)
            }
            Stage::Configuration if self.facts.needs().wants_performance => {
                self.configuration = match input {
                    Input::Done([first, second, ..]) => [*first, *second],
                    Input::Done(_) | Input::Begin | Input::Elapsed | Input::Refused(_) => [0; 2],
                };
                self.set(Setting::Performance, wires)
            }
            Stage::EnablingWrite(setting) => {
                self.read(Stage::CheckingWrite(setting), opcode::RDSR, 1)
            }
            Stage::CheckingWrite(setting) => match (self.write, input.status()) {
                (Some(write), Some(status)) if status & (WEL | WIP) == WEL => {
                    self.go(Stage::Writing(setting), Act::write_register(&write))
                }
                (Some(_), _) => self.not_kept(setting, wires),
                (None, _) => self.end(Err(Error::UnknownPart)),
            },
            Stage::Writing(setting) => {
                let (typical_us, maximum_us) = REGISTER_WRITE_US;
                self.pace = Pace::new(typical_us, maximum_us);
                self.ones = 0;
                self.pause(Before::Verify(setting))
            }
            Stage::Verifying(setting) => self.verified(setting, &input, wires),
            Stage::EnablingUnlock => match self.facts.needs().global_unlock {
                Some(opcode) => self.send(Stage::Unlocking, opcode),
                None => self.enter_four_byte(),
            },
            Stage::Unlocking => self.enter_four_byte(),
            Stage::EnablingFourByte => match self.facts.noted().four_byte_mode {
                Some(mode) => self.send(Stage::EnteringFourByte, mode.enter),
                None => self.end(Err(Error::Failed)),
            },
            Stage::EnteringFourByte => self.read(Stage::Protection, opcode::RDSR, 1),
            Stage::Protection => {
                let Some(status) = input.status() else {
                    return self.end(Err(Error::NotFound));
                };
                if status & WIP != 0 {
                    return self.pause(Before::End);
                }
                self.protection(status)
            }
            Stage::Range(status) if self.facts.noted().scheme.other().is_some() => {
                let Some(other) = input.first() else {
                    return self.end(Err(Error::NotFound));
                };
                self.protected([status, other])
            }
            // What this part has no use for is nowhere to be got at.
            Stage::SecondStatus | Stage::Configuration | Stage::Range(_) | Stage::Over => {
                self.end(Err(Error::Failed))
            }
        }
    }

    fn go(&mut self, stage: Stage, act: Act) -> Act {
        self.stage = stage;
        act
    }

    #[inline(never)]
    fn send(&mut self, stage: Stage, opcode: u8) -> Act {
        self.go(stage, Act::bare(opcode))
    }

    #[inline(never)]
    fn read(&mut self, stage: Stage, opcode: u8, length: usize) -> Act {
        self.go(stage, Act::register(opcode, length))
    }

    #[inline(never)]
    fn end(&mut self, result: Result<(), Error>) -> Act {
        self.is_up = result.is_ok();
        self.go(Stage::Over, Act::Finished(result))
    }

    /// How deep power-down is left, and the µs that takes.
    fn wake(&self) -> (u8, u32) {
        let known = self.facts.wake().filter(|_| self.is_known);
        known.unwrap_or((opcode::RDPD, WAKE_US))
    }

    /// What the bits protect, if another register need not be read for that.
    fn protection(&mut self, status: u8) -> Act {
        let scheme = self.facts.noted().scheme;
        let second = self.facts.needs().quad_enable.sr2_opcode();
        let [_, before] = self.status;
        let other = if second.is_some() { before } else { 0 };
        match scheme.other() {
            Some(opcode) if Some(opcode) != second && scheme.protects([status, 0]) => {
                self.read(Stage::Range(status), opcode, 1)
            }
            Some(_) | None => self.protected([status, other]),
        }
    }

    fn protected(&mut self, registers: [u8; 2]) -> Act {
        // Where a command unlocks all, these bits mean something else.
        self.protection = if I::global_unlock(self.id).is_some() {
            Protection::None
        } else {
            let noted = self.facts.noted();
            noted.scheme.covered(registers, noted.certain_size)
        };
        self.end(Ok(()))
    }

    // --- waiting ---

    fn ask(&mut self, before: Before) -> Act {
        self.read(Stage::Asking(before), opcode::RDSR, 1)
    }

    fn pause(&mut self, before: Before) -> Act {
        match (self.pace.next_us(), before) {
            (Some(pause_us), _) => self.go(Stage::Pausing(before), Act::Pause(pause_us)),
            // There is nothing left that the reset could break off.
            (None, Before::Reset) => {
                self.overdue = true;
                self.send(Stage::Resetting, opcode::RSTEN)
            }
            (None, Before::Id | Before::Verify(_) | Before::End) => self.end(Err(Error::NoAnswer)),
        }
    }

    fn answered(&mut self, before: Before, status: Option<u8>) -> Act {
        match status {
            Some(0xFF) => {
                self.ones = self.ones.saturating_add(1);
                match before {
                    Before::Id if self.ones >= ONES => self.end(Err(Error::NotFound)),
                    // Absent, or in a mode where it does not know the command.
                    Before::Reset if self.ones >= ONES => self.leave_modes(),
                    Before::Id | Before::Reset | Before::Verify(_) | Before::End => {
                        self.pause(before)
                    }
                }
            }
            Some(status) if status & WIP != 0 => {
                self.ones = 0;
                self.pause(before)
            }
            Some(_) => match before {
                Before::Reset => self.send(Stage::Resetting, opcode::RSTEN),
                Before::Id => self.read(Stage::FirstId, opcode::RDID, 3),
                Before::End => self.read(Stage::Protection, opcode::RDSR, 1),
                Before::Verify(setting) => match self.write {
                    Some(write) => {
                        let length = write.verify.length();
                        self.read(Stage::Verifying(setting), write.verify.opcode, length)
                    }
                    None => self.end(Err(Error::UnknownPart)),
                },
            },
            None => self.end(Err(Error::NotFound)),
        }
    }

    /// All ones on the data line end QPI and continuous-read modes (JESD216, 4.4.4);
    /// then the reset.
    fn leave_modes(&mut self) -> Act {
        self.send(Stage::EnablingReset, opcode::QPI_EXIT_FF)
    }

    // --- who is it? ---

    fn identified(&mut self, second: Option<JedecId>, wires: &dyn Wires) -> Act {
        if second != Some(self.id) {
            return self.end(Err(Error::UnstableId));
        }
        match self.id.presence() {
            Presence::AllOnes | Presence::AllZeros => return self.end(Err(Error::NotFound)),
            Presence::Answers => {}
        }
        if !self.is_known {
            self.discover(Input::Begin, wires)
        } else if self.facts.id() == self.id {
            self.read_status()
        } else {
            // Another part than before. The device will have to start anew.
            self.end(Err(Error::UnstableId))
        }
    }

    fn discover(&mut self, input: Input<'_>, wires: &dyn Wires) -> Act {
        match self.identity.next(input) {
            Ok(Some(act)) => return self.go(Stage::Discovering, act),
            Ok(None) => {}
            Err(error) => return self.end(Err(error)),
        }
        match self.identity.needs(self.id, wires) {
            Ok(needs) => {
                self.facts.need(needs);
                self.read_status()
            }
            Err(error) => self.end(Err(error)),
        }
    }

    // --- its registers ---

    fn read_status(&mut self) -> Act {
        self.read(Stage::Status, opcode::RDSR, 1)
    }

    fn read_configuration(&mut self, wires: &dyn Wires) -> Act {
        if self.facts.needs().wants_performance {
            self.read(Stage::Configuration, opcode::RDCR, 2)
        } else {
            self.set(Setting::Quad, wires)
        }
    }

    fn set(&mut self, setting: Setting, wires: &dyn Wires) -> Act {
        let [first, second] = self.status;
        let needs = self.facts.needs();
        let step = match setting {
            Setting::Performance if needs.wants_performance => {
                select_performance(true, first, self.configuration)
            }
            Setting::Quad if needs.wants_quad => {
                needs.quad_enable.enable(first, second, opcode::WREN)
            }
            Setting::Performance | Setting::Quad => Step::Impossible,
        };
        match step {
            Step::NothingToDo => self.is_set(setting, true, wires),
            Step::Impossible => self.is_set(setting, false, wires),
            Step::Write(write) => {
                let seen = (self.status, self.configuration);
                match self.seen {
                    // A write carries the register's other bits along, most of them are
                    // non-volatile, and a single answer may be noise.
                    None => {
                        self.seen = Some(seen);
                        self.read_status()
                    }
                    Some(before) if before != seen => self.end(Err(Error::UnstableId)),
                    Some(_) => {
                        self.write = Some(write);
                        self.send(Stage::EnablingWrite(setting), write.write_enable)
                    }
                }
            }
        }
    }

    fn verified(&mut self, setting: Setting, input: &Input<'_>, wires: &dyn Wires) -> Act {
        let holds = match (input, self.write) {
            (Input::Done(answer), Some(write)) => write.verify.holds(answer),
            (Input::Done(_) | Input::Begin | Input::Refused(_) | Input::Elapsed, _) => false,
        };
        if !holds {
            return self.not_kept(setting, wires);
        }
        if setting == Setting::Performance {
            // The quad enable bit is in the register that was just written.
            self.high_performance = true;
        }
        self.is_set(setting, true, wires)
    }

    /// It is done without.
    fn not_kept(&mut self, setting: Setting, wires: &dyn Wires) -> Act {
        self.shortfall = Some(Error::RegisterNotKept);
        self.is_set(setting, false, wires)
    }

    fn is_set(&mut self, setting: Setting, holds: bool, wires: &dyn Wires) -> Act {
        match setting {
            Setting::Performance => {
                self.high_performance = holds;
                self.set(Setting::Quad, wires)
            }
            Setting::Quad => {
                self.quad_enabled = holds;
                self.choose(wires)
            }
        }
    }

    /// All is known: how is the part used?
    fn choose(&mut self, wires: &dyn Wires) -> Act {
        if self.is_known {
            // It has to be as it was.
            return match self
                .facts
                .needs()
                .met(self.quad_enabled, self.high_performance)
            {
                Ok(()) => self.enter_four_byte(),
                Err(error) => self.end(Err(error)),
            };
        }
        let mut facts = self.facts;
        if let Err(error) = self.tell(wires, |profile| facts.note(Noted::of(profile))) {
            return self.end(Err(error));
        }
        self.facts = facts;
        if self.facts.needs().global_unlock.is_some() {
            return self.send(Stage::EnablingUnlock, opcode::WREN);
        }
        self.enter_four_byte()
    }

    fn tell(&self, wires: &dyn Wires, tell: impl FnOnce(&Profile)) -> Result<(), Error> {
        let (quad, performance) = (self.quad_enabled, self.high_performance);
        self.identity
            .profile(self.id, wires, quad, performance, tell)
    }

    fn enter_four_byte(&mut self) -> Act {
        match self.facts.noted().four_byte_mode {
            Some(mode) if mode.write_enable => self.send(Stage::EnablingFourByte, opcode::WREN),
            Some(mode) => self.send(Stage::EnteringFourByte, mode.enter),
            None => self.read(Stage::Protection, opcode::RDSR, 1),
        }
    }
}

fn id_of(input: &Input<'_>) -> Option<JedecId> {
    match input {
        Input::Done([maker, kind, size, ..]) => Some(JedecId([*maker, *kind, *size])),
        Input::Done(_) | Input::Begin | Input::Refused(_) | Input::Elapsed => None,
    }
}
