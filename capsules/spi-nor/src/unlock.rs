// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The block protection bits, cleared and put back.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.
//!
//! A write carries the register's other bits along, so nothing is written that was not read twice
//! the same. Parts with a volatile copy of their registers have that written: it costs no wear, and
//! what is stored is back after the next power-up or reset. With the others the change is for good.

use crate::error::Error;
use crate::opcode;
use crate::pace::Pace;
use crate::protection::Scheme;
use crate::script::{Act, Input};
use crate::status_register::{QuadEnable, REGISTER_WRITE_US, RegisterWrite, WEL, WIP};

/// What a write to a volatile register takes, typically, in µs: no longer than one to another at
/// most. Unverified on silicon.
const VOLATILE_US: u32 = 10;

/// How the bits of a part are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Which they are.
    pub scheme: Scheme,
    /// Which registers are written together.
    pub quad_enable: QuadEnable,
    /// 50h, if the part has a volatile copy.
    pub volatile: Option<u8>,
}

impl Bits {
    /// The registers with these protection bits in place of theirs.
    fn wanted(&self, [first, second]: [u8; 2], [to_first, to_second]: [u8; 2]) -> [u8; 2] {
        let [first_mask, second_mask] = self.scheme.masks();
        [
            first & !(first_mask | WIP | WEL) | to_first & first_mask,
            second & !second_mask | to_second & second_mask,
        ]
    }

    /// The writes that lead to these values of status register 1 and 2.
    pub fn writes(&self, [first, second]: [u8; 2]) -> [Option<RegisterWrite>; 2] {
        let enable = self.volatile.unwrap_or(opcode::WREN);
        let write = |opcode, data, length| RegisterWrite::new(enable, opcode, data, length);
        match self.quad_enable {
            QuadEnable::Sr2Bit1LongWrite => {
                [Some(write(opcode::WRSR, [first, second, 0], 2)), None]
            }
            QuadEnable::Sr2Bit1OwnWrite => [
                Some(write(opcode::WRSR, [first, 0, 0], 1)),
                Some(write(opcode::WRSR2, [second, 0, 0], 1)),
            ],
            QuadEnable::Always
            | QuadEnable::Sr1Bit6
            | QuadEnable::Sr2Bit7
            | QuadEnable::Unknown => [Some(write(opcode::WRSR, [first, 0, 0], 1)), None],
        }
    }
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not begun.
    Queued,
    /// Status register 1 is read.
    First,
    /// Status register 2 is read.
    Second,
    /// The write enable is on the wires.
    Enabling,
    /// RDSR: did it set the latch?
    Checking,
    /// The write is on the wires.
    Writing,
    /// The part takes its time.
    Settling,
    /// Looking whether it is done.
    Asking,
    /// Over.
    Over,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is to begin.
    Begin,
    /// Register 1 is read, and register 2 matters.
    More,
    /// That was the first look of two.
    Again,
    /// Both looks say that the bits are as they are to be.
    Right,
    /// Both looks say that they are not.
    Wrong,
    /// The looks differ.
    Differs,
    /// The bits were written, and are as they were.
    Lost,
    /// The command was sent.
    Sent,
    /// The command was sent, and sets no latch.
    SentVolatile,
    /// WEL is set.
    Latched,
    /// WEL is not set.
    Deaf,
    /// The pause is over.
    Elapsed,
    /// WIP is not set.
    Quiet,
    /// WIP is set.
    Busy,
    /// WIP is set for longer than a write may take.
    Overdue,
    /// All ones, or nothing.
    Silent,
    /// The controller did not take the command, or failed it.
    Refused,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read status register 1.
    ReadFirst,
    /// Read status register 2.
    ReadSecond,
    /// Send the write enable.
    Enable,
    /// Look for WEL.
    Look,
    /// Write.
    Write,
    /// Pause.
    Wait,
    /// Look for WIP.
    Ask,
    /// It is done.
    End,
    /// It failed.
    Fail(Failure),
    /// This can't happen here, and changes nothing.
    Impossible,
}

/// Why it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// [`Error::NotFound`].
    NotFound,
    /// [`Error::UnstableId`].
    Unstable,
    /// [`Error::RegisterNotKept`].
    NotKept,
    /// [`Error::WriteEnableIgnored`].
    Ignored,
    /// [`Error::NoAnswer`].
    NoAnswer,
    /// [`Error::Controller`].
    Controller,
}

/// Every stage and every event.
pub const fn transition(stage: Stage, event: Event) -> (Stage, Action) {
    use Action::{Ask, Enable, End, Fail, Impossible, Look, ReadFirst, ReadSecond, Wait, Write};
    use Stage::{Asking, Checking, Enabling, First, Over, Queued, Second, Settling, Writing};
    match (stage, event) {
        (Queued, Event::Begin) => (First, ReadFirst),
        (First, Event::More) => (Second, ReadSecond),
        (First | Second, Event::Again) => (First, ReadFirst),
        (First | Second, Event::Right) => (Over, End),
        (First | Second, Event::Wrong) => (Enabling, Enable),
        (First | Second, Event::Differs) => (Over, Fail(Failure::Unstable)),
        (First | Second, Event::Lost) => (Over, Fail(Failure::NotKept)),
        // Nothing of ours keeps it busy, so nothing tells when it would end.
        (First, Event::Busy) => (Over, Fail(Failure::NoAnswer)),
        (Enabling, Event::Sent) => (Checking, Look),
        (Enabling, Event::SentVolatile) => (Writing, Write),
        (Checking, Event::Latched) => (Writing, Write),
        (Checking, Event::Deaf) => (Over, Fail(Failure::Ignored)),
        (Writing, Event::Sent) => (Settling, Wait),
        (Settling, Event::Elapsed) => (Asking, Ask),
        (Asking, Event::Busy) => (Settling, Wait),
        (Asking, Event::Quiet) => (First, ReadFirst),
        (Asking, Event::Overdue) => (Over, Fail(Failure::NoAnswer)),
        (First | Second | Checking | Asking, Event::Silent) => (Over, Fail(Failure::NotFound)),
        // Once something was written, not to be able to ask is not to know.
        (Asking, Event::Refused) => (Over, Fail(Failure::NoAnswer)),
        (First | Second | Enabling | Checking | Writing, Event::Refused) => {
            (Over, Fail(Failure::Controller))
        }
        (
            Queued,
            Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Silent
            | Event::Refused,
        )
        | (
            First,
            Event::Begin
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed
            | Event::Quiet
            | Event::Overdue,
        )
        | (
            Second,
            Event::Begin
            | Event::More
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue,
        )
        | (
            Enabling | Writing,
            Event::Begin
            | Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Silent,
        )
        | (Writing, Event::SentVolatile)
        | (
            Checking,
            Event::Begin
            | Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Sent
            | Event::SentVolatile
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue,
        )
        | (
            Settling,
            Event::Begin
            | Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Silent
            | Event::Refused,
        )
        | (
            Asking,
            Event::Begin
            | Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed,
        )
        | (
            Over,
            Event::Begin
            | Event::More
            | Event::Again
            | Event::Right
            | Event::Wrong
            | Event::Differs
            | Event::Lost
            | Event::Sent
            | Event::SentVolatile
            | Event::Latched
            | Event::Deaf
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Silent
            | Event::Refused,
        ) => (stage, Impossible),
    }
}

/// All stages, for tests that go through them.
pub const STAGES: [Stage; 9] = [
    Stage::Queued,
    Stage::First,
    Stage::Second,
    Stage::Enabling,
    Stage::Checking,
    Stage::Writing,
    Stage::Settling,
    Stage::Asking,
    Stage::Over,
];

/// All events, for tests that go through them.
pub const EVENTS: [Event; 17] = [
    Event::Begin,
    Event::More,
    Event::Again,
    Event::Right,
    Event::Wrong,
    Event::Differs,
    Event::Lost,
    Event::Sent,
    Event::SentVolatile,
    Event::Latched,
    Event::Deaf,
    Event::Elapsed,
    Event::Quiet,
    Event::Busy,
    Event::Overdue,
    Event::Silent,
    Event::Refused,
];

/// The script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlock {
    stage: Stage,
    bits: Bits,
    /// What the protection bits are to be.
    goal: [u8; 2],
    registers: [u8; 2],
    /// As they were at the first of two looks.
    seen: Option<[u8; 2]>,
    /// As they were before anything was written.
    before: Option<[u8; 2]>,
    writes_left: u8,
    pace: Pace,
}

/// Where it is; what it is about follows from the part.
impl core::hash::Hash for Unlock {
    fn hash<H: core::hash::Hasher>(&self, hasher: &mut H) {
        (self.stage, self.goal, self.registers).hash(hasher);
        (self.seen, self.before, self.writes_left).hash(hasher);
        self.pace.hash(hasher);
    }
}

impl Unlock {
    /// Gives the protection bits these values: 0 to clear them.
    pub fn new(bits: Bits, goal: [u8; 2]) -> Unlock {
        let writes = bits.writes([0; 2]).iter().flatten().count();
        let (stored_us, maximum_us) = REGISTER_WRITE_US;
        let typical_us = match bits.volatile {
            Some(_) => VOLATILE_US,
            None => stored_us,
        };
        Unlock {
            stage: Stage::Queued,
            bits,
            goal,
            registers: [0; 2],
            seen: None,
            before: None,
            writes_left: writes as u8,
            pace: Pace::new(typical_us, maximum_us),
        }
    }

    /// The registers before anything was written, if something was.
    pub const fn before(&self) -> Option<[u8; 2]> {
        self.before
    }

    /// Whether the registers, as they were read last, are as they were before anything was written.
    pub fn is_as_before(&self) -> bool {
        self.before == Some(self.registers)
    }

    /// The next act.
    pub fn next(&mut self, input: Input<'_>) -> Act {
        let event = self.event(&input);
        let (stage, action) = transition(self.stage, event);
        let (stage, action) = match action {
            // How long it pauses is part of the state, and that it is too long an event.
            Action::Wait => match self.pace.next_us() {
                Some(pause_us) => {
                    self.stage = stage;
                    return Act::Pause(pause_us);
                }
                None => transition(Stage::Asking, Event::Overdue),
            },
            Action::ReadFirst
            | Action::ReadSecond
            | Action::Enable
            | Action::Look
            | Action::Write
            | Action::Ask
            | Action::End
            | Action::Fail(_)
            | Action::Impossible => (stage, action),
        };
        self.stage = stage;
        match action {
            Action::ReadFirst | Action::Look | Action::Ask => Act::register(opcode::RDSR, 1),
            Action::ReadSecond => Act::register(self.second_opcode().unwrap_or(opcode::RDSR2), 1),
            Action::Enable => Act::bare(self.bits.volatile.unwrap_or(opcode::WREN)),
            Action::Write => self.write(),
            Action::End => Act::Finished(Ok(())),
            Action::Fail(failure) => Act::Finished(Err(match failure {
                Failure::NotFound => Error::NotFound,
                Failure::Unstable => Error::UnstableId,
                Failure::NotKept => Error::RegisterNotKept,
                Failure::Ignored => Error::WriteEnableIgnored,
                Failure::NoAnswer => Error::NoAnswer,
                Failure::Controller => match input {
                    Input::Refused(error) => Error::Controller(error),
                    Input::Begin | Input::Done(_) | Input::Elapsed => Error::Failed,
                },
            })),
            Action::Wait | Action::Impossible => Act::Finished(Err(Error::Failed)),
        }
    }

    /// Status register 2 is read where it is written, or has a bit that protects.
    fn second_opcode(&self) -> Option<u8> {
        self.bits.quad_enable.sr2_opcode()
    }

    fn event(&mut self, input: &Input<'_>) -> Event {
        match (input, self.stage) {
            (Input::Begin, _) => Event::Begin,
            (Input::Refused(_), _) => Event::Refused,
            (Input::Elapsed, _) => Event::Elapsed,
            (Input::Done(_), Stage::First) => match input.status() {
                None => Event::Silent,
                Some(status) if status & WIP != 0 => Event::Busy,
                Some(status) => {
                    self.registers = [status & !WEL, 0];
                    match self.second_opcode() {
                        Some(_) => Event::More,
                        None => self.looked(),
                    }
                }
            },
            (Input::Done(_), Stage::Second) => match input.first() {
                None => Event::Silent,
                Some(second) => {
                    let [first, _] = self.registers;
                    self.registers = [first, second];
                    self.looked()
                }
            },
            (Input::Done(_), Stage::Checking) => match input.status() {
                None => Event::Silent,
                Some(status) if status & (WEL | WIP) == WEL => Event::Latched,
                Some(_) => Event::Deaf,
            },
            (Input::Done(_), Stage::Asking) => match input.status() {
                None => Event::Silent,
                Some(status) if status & WIP != 0 => Event::Busy,
                Some(_) => Event::Quiet,
            },
            (Input::Done(_), Stage::Enabling) if self.bits.volatile.is_some() => {
                Event::SentVolatile
            }
            (
                Input::Done(_),
                Stage::Queued | Stage::Enabling | Stage::Writing | Stage::Settling | Stage::Over,
            ) => Event::Sent,
        }
    }

    fn looked(&mut self) -> Event {
        let registers = self.registers;
        match self.seen.take() {
            None => {
                self.seen = Some(registers);
                Event::Again
            }
            Some(seen) if seen != registers => Event::Differs,
            Some(_) if self.bits.wanted(registers, self.goal) == registers => Event::Right,
            Some(_) if self.writes_left == 0 => Event::Lost,
            Some(_) => Event::Wrong,
        }
    }

    fn write(&mut self) -> Act {
        self.writes_left = self.writes_left.saturating_sub(1);
        self.before = self.before.or(Some(self.registers));
        let wanted = self.bits.wanted(self.registers, self.goal);
        let ([first, _], [wanted_first, _]) = (self.registers, wanted);
        let [one, other] = self.bits.writes(wanted);
        let write = if first == wanted_first {
            other.or(one)
        } else {
            one
        };
        match write {
            Some(write) => Act::write_register(&write),
            None => Act::Finished(Err(Error::Failed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts_by_id::JedecId;

    /// A part with two registers and a write enable latch, and what it was sent.
    struct Part {
        registers: [u8; 2],
        latch: bool,
        keeps: bool,
        sent: Vec<u8>,
    }

    extern crate std;
    use std::vec::Vec;

    impl Part {
        fn new(registers: [u8; 2]) -> Part {
            Part {
                registers,
                latch: false,
                keeps: true,
                sent: Vec::new(),
            }
        }

        fn run(&mut self, script: &mut Unlock) -> Result<(), Error> {
            let mut act = script.next(Input::Begin);
            for _ in 0..40 {
                let mut answer = [0];
                let input = match act {
                    Act::Finished(result) => return result,
                    Act::Pause(_) => Input::Elapsed,
                    Act::Receive(operation, 1) => {
                        answer[0] = match operation.template.opcode {
                            0x05 => self.registers[0] | if self.latch { WEL } else { 0 },
                            0x35 => self.registers[1],
                            other => panic!("{other:02x}"),
                        };
                        Input::Done(&answer)
                    }
                    Act::Command(operation) => {
                        self.sent.push(operation.template.opcode);
                        self.latch = operation.template.opcode == 0x06;
                        Input::Done(&[])
                    }
                    Act::Send(operation, data) => {
                        self.sent.push(operation.template.opcode);
                        self.latch = false;
                        if self.keeps {
                            match (operation.template.opcode, data.as_slice()) {
                                (0x01, [first]) => self.registers[0] = *first,
                                (0x01, both) => self.registers.copy_from_slice(both),
                                (_, [second]) => self.registers[1] = *second,
                                (other, data) => panic!("{other:02x} {data:?}"),
                            }
                        }
                        Input::Done(&[])
                    }
                    act => panic!("{act:?}"),
                };
                act = script.next(input);
            }
            panic!("it does not end");
        }
    }

    fn bits(id: u32, quad_enable: QuadEnable, volatile: Option<u8>) -> Bits {
        Bits {
            scheme: Scheme::of(JedecId::new(id), quad_enable),
            quad_enable,
            volatile,
        }
    }

    #[test]
    fn volatile_bits_are_cleared_and_put_back() {
        let bits = bits(0xEF_4018, QuadEnable::Sr2Bit1LongWrite, Some(0x50));
        let mut part = Part::new([0x24, 0x42]);
        let mut script = Unlock::new(bits, [0; 2]);
        assert_eq!(part.run(&mut script), Ok(()));
        // Top/bottom and quad enable are nobody's business here.
        assert_eq!(part.registers, [0x20, 0x02]);
        assert_eq!(part.sent, [0x50, 0x01]);
        let before = script.before().unwrap();
        let mut script = Unlock::new(bits, before);
        assert_eq!(part.run(&mut script), Ok(()));
        assert_eq!(part.registers, [0x24, 0x42]);
    }

    #[test]
    fn registers_that_are_written_apart_take_two_writes() {
        let bits = bits(0xC8_4016, QuadEnable::Sr2Bit1OwnWrite, Some(0x50));
        let mut part = Part::new([0x04, 0x40]);
        assert_eq!(part.run(&mut Unlock::new(bits, [0; 2])), Ok(()));
        assert_eq!(part.registers, [0, 0]);
        assert_eq!(part.sent, [0x50, 0x01, 0x50, 0x31]);
    }

    #[test]
    fn stored_bits_want_the_latch() {
        let bits = bits(0xC2_2817, QuadEnable::Sr1Bit6, None);
        let mut part = Part::new([0x7C, 0]);
        assert_eq!(part.run(&mut Unlock::new(bits, [0; 2])), Ok(()));
        assert_eq!(part.registers, [0x40, 0]);
        assert_eq!(part.sent, [0x06, 0x01]);
    }

    #[test]
    fn bits_that_are_right_are_not_written() {
        let bits = bits(0xC2_2817, QuadEnable::Sr1Bit6, None);
        let mut part = Part::new([0x40, 0]);
        let mut script = Unlock::new(bits, [0; 2]);
        assert_eq!(part.run(&mut script), Ok(()));
        assert_eq!((part.sent, script.before()), (Vec::new(), None));
    }

    #[test]
    fn bits_that_do_not_stick_are_told_of() {
        let bits = bits(0xEF_4018, QuadEnable::Sr2Bit1LongWrite, None);
        let mut part = Part::new([0x04, 0x02]);
        part.keeps = false;
        let mut script = Unlock::new(bits, [0; 2]);
        assert_eq!(part.run(&mut script), Err(Error::RegisterNotKept));
        assert_eq!(part.sent, [0x06, 0x01]);
    }

    #[test]
    fn two_looks_that_differ_write_nothing() {
        let bits = bits(0xC2_2817, QuadEnable::Sr1Bit6, None);
        let mut script = Unlock::new(bits, [0; 2]);
        script.next(Input::Begin);
        script.next(Input::Done(&[0x04]));
        let act = script.next(Input::Done(&[0x08]));
        assert_eq!(act, Act::Finished(Err(Error::UnstableId)));
    }

    #[test]
    fn a_part_that_stays_busy_is_a_fault() {
        let bits = bits(0xC2_2817, QuadEnable::Sr1Bit6, None);
        let mut script = Unlock::new(bits, [0; 2]);
        let mut act = script.next(Input::Begin);
        let mut waited_us = 0;
        let result = loop {
            act = match (act, script.stage) {
                (Act::Finished(result), _) => break result,
                (Act::Pause(pause_us), _) => {
                    waited_us += pause_us;
                    script.next(Input::Elapsed)
                }
                (Act::Receive(_, _), Stage::Checking) => script.next(Input::Done(&[0x02])),
                (Act::Receive(_, _), Stage::Asking) => script.next(Input::Done(&[0x01])),
                (Act::Receive(_, _), _) => script.next(Input::Done(&[0x04])),
                (_, _) => script.next(Input::Done(&[])),
            };
        };
        assert_eq!(result, Err(Error::NoAnswer));
        assert!(waited_us >= 500_000);
    }
}
