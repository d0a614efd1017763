// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One frame from CSN low to CSN high: which phase it is in, and whether the
//! part takes it.

use super::command::{Address, Command, Kind};
use super::faults::Lines;
use super::otp::heard_while_secured;
use super::power::Power;
use super::{FlashFault, Nor};
use crate::noise::noise_byte;
use crate::{Lanes, Observation, Violation};

/// A frame under way.
#[derive(Debug)]
pub(super) struct Frame {
    started: u64,
    sck_hz: u32,
    opcode: Option<u8>,
    /// What the part makes of the opcode; `None` if it does not listen.
    command: Option<Command>,
    address: u32,
    address_left: u32,
    wait_done: u32,
    mode: Option<u8>,
    /// Data bytes sent to the part.
    pub(super) data: Vec<u8>,
    /// Data bytes, either way.
    moved: u32,
    /// Bytes that the part sent.
    sent: u32,
    /// Lines, dummies or clock were wrong: data is noise.
    noisy: bool,
    /// Noise was reported.
    reported: bool,
    id: Option<[u8; 3]>,
}

impl Frame {
    fn in_data(&self) -> bool {
        self.opcode.is_some()
            && match self.command {
                Some(command) => self.address_left == 0 && self.wait_done >= command.wait_clocks,
                None => true,
            }
    }

    pub(super) fn complete(&self) -> bool {
        self.address_left == 0
    }

    pub(super) fn address(&self) -> u32 {
        self.address
    }

    pub(super) fn noisy(&self) -> bool {
        self.noisy
    }
}

impl Nor {
    /// CSN goes low, with a clock of `sck_hz` to come.
    pub fn select(&mut self, now: u64, sck_hz: u32) {
        self.advance(now);
        self.frame = Some(Frame {
            started: now,
            sck_hz,
            opcode: None,
            command: None,
            address: 0,
            address_left: 0,
            wait_done: 0,
            mode: None,
            data: Vec::new(),
            moved: 0,
            sent: 0,
            noisy: false,
            reported: false,
            id: None,
        });
    }

    /// Sends bytes to the part on `lanes`.
    pub fn send(&mut self, bytes: &[u8], lanes: Lanes) {
        let Some(mut frame) = self.frame.take() else {
            return;
        };
        let mut rest = bytes;
        while let Some((&byte, later)) = rest.split_first() {
            if frame.in_data() {
                if frame.command.is_some_and(|c| c.data_lanes != lanes) {
                    self.misframed(&mut frame);
                }
                frame.moved += rest.len() as u32;
                if frame.command.is_some() {
                    frame.data.extend_from_slice(rest);
                }
                break;
            }
            self.head_byte(&mut frame, byte, lanes);
            rest = later;
        }
        self.frame = Some(frame);
    }

    /// Lets `clocks` dummy clocks pass.
    pub fn wait(&mut self, clocks: u32) {
        let Some(mut frame) = self.frame.take() else {
            return;
        };
        if let Some(command) = frame.command {
            let in_wait = frame.address_left == 0 && frame.moved == 0;
            frame.wait_done += clocks;
            if !in_wait || frame.wait_done > command.wait_clocks {
                self.misframed(&mut frame);
            }
        }
        self.frame = Some(frame);
    }

    /// Takes bytes from the part on `lanes`.
    pub fn receive(&mut self, into: &mut [u8], lanes: Lanes) {
        let Some(mut frame) = self.frame.take() else {
            into.fill(0xFF);
            return;
        };
        self.receive_in(&mut frame, into, lanes);
        self.frame = Some(frame);
    }

    /// Sends and takes one byte each on single lines.
    pub fn exchange(&mut self, out: u8) -> u8 {
        let Some(mut frame) = self.frame.take() else {
            return 0xFF;
        };
        let mut answer = [0xFF];
        let answers = frame
            .command
            .is_some_and(|command| sends_data(command.kind));
        if frame.in_data() && answers {
            self.receive_in(&mut frame, &mut answer, Lanes::One);
            self.frame = Some(frame);
        } else {
            self.frame = Some(frame);
            self.send(&[out], Lanes::One);
            if self.faults.lines == Lines::ReadZeroes {
                answer = [0];
            }
        }
        answer[0]
    }

    /// CSN goes high: the command, if there is a whole one, takes effect.
    pub fn deselect(&mut self, now: u64) {
        self.advance(now);
        let Some(frame) = self.frame.take() else {
            return;
        };
        let address = frame
            .command
            .filter(|command| command.address != Address::None)
            .map(|_| frame.address);
        self.log.observe(
            self.now,
            Observation::Bus {
                opcode: frame.opcode,
                address,
                bytes: frame.moved,
                duration_ns: now.saturating_sub(frame.started),
            },
        );
        let (Some(opcode), Some(command)) = (frame.opcode, frame.command) else {
            return;
        };
        if !frame.complete() {
            self.log
                .violation(self.now, Violation::MalformedCommand { opcode });
            return;
        }
        if command.kind == Kind::Read {
            self.end_of_read(&frame, command);
        }
        self.execute(opcode, command, frame);
    }

    /// CSN goes high in the middle of the command: it takes no effect.
    pub(crate) fn abandon(&mut self) {
        if let Some(frame) = &mut self.frame {
            frame.command = None;
        }
    }

    /// What a read of status register 1 would give now.
    pub(crate) fn polled_status(&self) -> u8 {
        let listens =
            self.power == Power::Awake && !self.four_line_commands && !self.continuous_read;
        match self.faults.lines {
            Lines::ReadZeroes => 0x00,
            Lines::Connected if listens => self.status(),
            Lines::Connected | Lines::ReadOnes => 0xFF,
        }
    }

    fn end_of_read(&mut self, frame: &Frame, command: Command) {
        let end = u64::from(frame.address) + u64::from(frame.sent);
        if end > u64::from(self.part.size) {
            self.log.violation(self.now, Violation::BeyondEnd { end });
        }
        let enters = frame
            .mode
            .is_some_and(|mode| command.has_mode && self.is_continuous(mode));
        if enters {
            self.continuous_read = true;
            self.log
                .violation(self.now, Violation::ContinuousReadEntered);
        }
    }

    /// Whether the part takes these mode bits for "more reads without opcode".
    fn is_continuous(&self, mode: u8) -> bool {
        use super::Family;
        match self.part.family {
            Family::Winbond | Family::GigaDevice | Family::Puya => mode & 0x30 == 0x20,
            Family::Macronix | Family::MacronixR => mode >> 4 == !mode & 0x0F,
            Family::Issi | Family::Sst => mode >> 4 == 0xA,
            Family::Micron => false,
        }
    }

    fn head_byte(&mut self, frame: &mut Frame, byte: u8, lanes: Lanes) {
        if frame.opcode.is_none() {
            frame.opcode = Some(byte);
            self.take_opcode(frame, byte, lanes);
            return;
        };
        let Some(command) = frame.command else {
            return;
        };
        if frame.address_left > 0 {
            if lanes != command.address_lanes {
                self.misframed(frame);
            }
            frame.address = (frame.address << 8) | u32::from(byte);
            frame.address_left -= 1;
            if frame.address_left == 0 {
                self.address_complete(frame);
            }
        } else {
            if command.has_mode && frame.mode.is_none() {
                frame.mode = Some(byte);
                if lanes != command.address_lanes {
                    self.misframed(frame);
                }
            }
            frame.wait_done += lanes.clocks_per_byte();
            if frame.wait_done > command.wait_clocks {
                self.misframed(frame);
            }
        }
    }

    fn take_opcode(&mut self, frame: &mut Frame, opcode: u8, lanes: Lanes) {
        let now = self.now;
        match self.listens(opcode, lanes) {
            Ok(command) => {
                frame.command = Some(command);
                frame.address_left = match command.address {
                    Address::None => 0,
                    Address::Three => 3,
                    Address::Four => 4,
                    Address::ByMode if self.four_byte => 4,
                    Address::ByMode => 3,
                };
                let limit_hz = self.max_hz();
                if frame.sck_hz > limit_hz {
                    self.log.violation(
                        now,
                        Violation::ClockTooFast {
                            opcode,
                            sck_hz: frame.sck_hz,
                            limit_hz,
                        },
                    );
                    // The array is what cannot keep up; registers can.
                    frame.noisy = command.kind == Kind::Read;
                    frame.reported = true;
                }
                if command.kind == Kind::ReadId {
                    frame.id = self.faults.take(|fault| match fault {
                        FlashFault::WrongId { id } => Some(id),
                        _ => None,
                    });
                }
            }
            Err(Some(violation)) => self.log.violation(now, violation),
            Err(None) => {}
        }
    }

    /// The command if the part takes it now, or why not.
    fn listens(&mut self, opcode: u8, lanes: Lanes) -> Result<Command, Option<Violation>> {
        if self.faults.lines == Lines::ReadOnes {
            return Err(None);
        }
        match self.power {
            Power::Off => return Err(None),
            Power::PoweringUp { .. } | Power::Resetting { .. } => {
                return Err(Some(Violation::CommandDuringReset { opcode }));
            }
            Power::Asleep if opcode == 0xAB => {}
            Power::Entering { .. } | Power::Asleep | Power::Leaving { .. } => {
                return Err(Some(Violation::CommandInDeepPowerDown { opcode }));
            }
            Power::Awake => {}
        }
        if self.four_line_commands {
            if opcode == 0xFF {
                self.four_line_commands = false;
                return Err(None);
            }
            return Err(Some(Violation::WrongFraming { opcode }));
        }
        if self.continuous_read {
            if opcode == 0xFF {
                self.continuous_read = false;
                return Err(None);
            }
            return Err(Some(Violation::CommandInContinuousRead { opcode }));
        }
        if opcode != 0x99 {
            self.reset_enabled = false;
        }
        let Some(command) = self.commands.get(opcode) else {
            return Err(Some(Violation::UnknownOpcode { opcode }));
        };
        if self.otp.secured && !heard_while_secured(command.kind) {
            return Err(Some(Violation::CommandInSecuredMode { opcode }));
        }
        if self.is_busy() && !heard_while_busy(command.kind) {
            return Err(Some(Violation::CommandWhileBusy { opcode }));
        }
        let four_lines = command.address_lanes == Lanes::Four || command.data_lanes == Lanes::Four;
        if four_lines && !self.registers.quad_enabled(&self.part) {
            return Err(Some(Violation::QuadWithoutQuadEnable { opcode }));
        }
        if lanes != Lanes::One {
            return Err(Some(Violation::WrongFraming { opcode }));
        }
        Ok(command)
    }

    fn max_hz(&self) -> u32 {
        match self.part.low_power {
            Some(low) if self.registers.low_power(&self.part) => low.max_hz,
            _ => self.part.max_hz,
        }
    }

    fn address_complete(&mut self, frame: &mut Frame) {
        if self.otp.secured {
            // A program looks for itself.
            return;
        }
        let reads = frame.command.is_some_and(|c| c.kind == Kind::Read);
        let suspended = self
            .suspended
            .as_ref()
            .is_some_and(|operation| operation.overlaps(frame.address, 1));
        if reads && suspended {
            self.log.violation(
                self.now,
                Violation::ReadOfSuspendedRange {
                    address: frame.address,
                },
            );
            frame.noisy = true;
            frame.reported = true;
        }
        let array = frame
            .command
            .is_some_and(|c| matches!(c.kind, Kind::Program | Kind::Erase));
        if array && frame.address >= self.part.size {
            let end = u64::from(frame.address) + 1;
            self.log.violation(self.now, Violation::BeyondEnd { end });
            frame.address &= self.part.size - 1;
        }
    }

    fn misframed(&mut self, frame: &mut Frame) {
        frame.noisy = true;
        if !frame.reported {
            frame.reported = true;
            let opcode = frame.opcode.unwrap_or(0);
            self.log
                .violation(self.now, Violation::WrongFraming { opcode });
        }
    }

    fn receive_in(&mut self, frame: &mut Frame, into: &mut [u8], lanes: Lanes) {
        frame.moved += into.len() as u32;
        let Some(command) = frame.command else {
            into.fill(self.idle_level());
            return;
        };
        let right = frame.address_left == 0
            && frame.wait_done == command.wait_clocks
            && lanes == command.data_lanes;
        if !right && sends_data(command.kind) {
            self.misframed(frame);
        }
        if !sends_data(command.kind) || frame.address_left > 0 {
            into.fill(self.idle_level());
            return;
        }
        self.answer(frame, command.kind, into);
        if frame.noisy {
            for (index, byte) in into.iter_mut().enumerate() {
                *byte = noise_byte(self.seed, u64::from(frame.sent) + index as u64);
            }
        }
        frame.sent += into.len() as u32;
        if self.faults.lines == Lines::ReadZeroes {
            into.fill(0);
        }
    }

    fn idle_level(&self) -> u8 {
        match self.faults.lines {
            Lines::ReadZeroes => 0x00,
            Lines::Connected | Lines::ReadOnes => 0xFF,
        }
    }

    fn answer(&mut self, frame: &Frame, kind: Kind, into: &mut [u8]) {
        let from = frame.sent;
        let each = |into: &mut [u8], byte: &dyn Fn(u32) -> u8| {
            for (index, slot) in (from..).zip(into.iter_mut()) {
                *slot = byte(index);
            }
        };
        match kind {
            Kind::Read if self.otp.secured => self.answer_otp(frame, 0x03, into),
            Kind::ReadOtp => self.answer_otp(frame, 0x48, into),
            Kind::Read => {
                let start = frame.address.wrapping_add(from) & (self.part.size - 1);
                self.array.read(start, into);
                self.report_backing();
                self.faults.flip(start, into);
                self.noise_from_suspended(start, into);
            }
            Kind::ReadSfdp => {
                let sfdp = &self.sfdp;
                each(into, &|n| sfdp.byte(frame.address.wrapping_add(n)));
            }
            Kind::ReadId => {
                let id: &[u8] = match &frame.id {
                    Some(wrong) => wrong,
                    None => self.part.id,
                };
                each(into, &|n| id.get(n as usize).copied().unwrap_or(0));
            }
            Kind::ReadUniqueId => {
                let seed = self.seed;
                each(into, &|n| noise_byte(seed, u64::from(n % 8)));
            }
            Kind::ReadRegisters(index) => {
                let pair = self.part.family == super::Family::MacronixR && index == 1;
                each(into, &|n| {
                    self.status_register(if pair { 1 + (n as usize & 1) } else { index })
                });
            }
            Kind::ReadSecurity => into.fill(self.security_register()),
            Kind::ReadFlags => into.fill(self.flag_register()),
            Kind::ReadVolatileConfiguration => into.fill(0xFB),
            _ => into.fill(0xFF),
        }
    }

    fn answer_otp(&mut self, frame: &Frame, opcode: u8, into: &mut [u8]) {
        match self.otp_place(opcode, frame.address) {
            Some(place) => self.read_otp(place, frame.sent, into),
            None => into.fill(0xFF),
        }
    }

    /// Bytes of a suspended range are neither old nor new.
    fn noise_from_suspended(&mut self, start: u32, into: &mut [u8]) {
        let Some(operation) = &self.suspended else {
            return;
        };
        if !operation.overlaps(start, into.len() as u32) {
            return;
        }
        for (address, byte) in (start..).zip(into.iter_mut()) {
            if operation.overlaps(address, 1) {
                *byte = noise_byte(self.seed, u64::from(address));
            }
        }
    }
}

fn sends_data(kind: Kind) -> bool {
    match kind {
        Kind::ReadRegisters(_)
        | Kind::ReadSecurity
        | Kind::ReadFlags
        | Kind::ReadVolatileConfiguration
        | Kind::Read
        | Kind::ReadId
        | Kind::ReadUniqueId
        | Kind::ReadOtp
        | Kind::ReadSfdp => true,
        Kind::WriteEnable
        | Kind::WriteDisable
        | Kind::VolatileWriteEnable
        | Kind::ClearFlags
        | Kind::WriteRegisters(_)
        | Kind::Program
        | Kind::Erase
        | Kind::ChipErase
        | Kind::DeepPowerDown
        | Kind::Release
        | Kind::ResetEnable
        | Kind::Reset
        | Kind::EnterFourByte
        | Kind::ExitFourByte
        | Kind::Suspend
        | Kind::Resume
        | Kind::ProgramOtp
        | Kind::EraseOtp
        | Kind::EnterSecured
        | Kind::LeaveSecured
        | Kind::Unlock => false,
    }
}

fn heard_while_busy(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ReadRegisters(_)
            | Kind::ReadSecurity
            | Kind::ReadFlags
            | Kind::Suspend
            | Kind::ResetEnable
            | Kind::Reset
    )
}
