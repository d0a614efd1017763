// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a whole command does when CSN goes high.

use super::command::{Command, Kind, three_byte_erase};
use super::frame::Frame;
use super::operation::{Change, Effect, Operation};
use super::power::Power;
use super::{Family, FlashFault, Nor, ShortStatusWrite};
use crate::{FlashOperation, Violation};

impl Nor {
    pub(super) fn execute(&mut self, opcode: u8, command: Command, frame: Frame) {
        let takes_data = matches!(
            command.kind,
            Kind::WriteRegisters(_) | Kind::Program | Kind::ProgramOtp
        );
        // A release may be followed by dummies, to read the old one-byte id.
        let extra = !takes_data && command.kind != Kind::Release && !frame.data.is_empty();
        if extra || (takes_data && frame.data.is_empty()) {
            self.violates(Violation::MalformedCommand { opcode });
            return;
        }
        let volatile = std::mem::take(&mut self.volatile_write_enabled);
        match command.kind {
            Kind::WriteEnable => {
                if !self.faults.strikes(FlashFault::WriteEnableIgnored) {
                    self.write_enabled = true;
                }
            }
            Kind::WriteDisable => self.write_enabled = false,
            Kind::VolatileWriteEnable => self.volatile_write_enabled = true,
            Kind::WriteRegisters(first) => self.write_registers(opcode, first, &frame, volatile),
            Kind::Program if self.otp.secured => {
                if self.armed(opcode) {
                    self.program_otp(opcode, frame);
                }
            }
            Kind::Program => self.program(opcode, frame),
            Kind::ProgramOtp => {
                if self.armed(opcode) && self.unhindered(opcode, None) {
                    self.program_otp(opcode, frame);
                }
            }
            Kind::EraseOtp => {
                if self.armed(opcode) && self.unhindered(opcode, None) {
                    self.erase_otp(opcode, frame.address());
                }
            }
            Kind::EnterSecured => {
                if self.unhindered(opcode, None) {
                    self.otp.secured = true;
                }
            }
            Kind::LeaveSecured => self.otp.secured = false,
            Kind::Erase => self.erase(opcode, frame.address()),
            Kind::ChipErase => self.chip_erase(opcode),
            Kind::DeepPowerDown => {
                if let Some(sleep) = self.part.deep_power_down {
                    let until = self.now + sleep.enter_ns;
                    self.set_power(Power::Entering { until });
                }
            }
            Kind::Release => self.release(),
            Kind::ResetEnable => self.reset_enabled = true,
            Kind::Reset => {
                if std::mem::take(&mut self.reset_enabled) {
                    self.reset();
                } else {
                    self.violates(Violation::MalformedCommand { opcode });
                }
            }
            Kind::EnterFourByte | Kind::ExitFourByte => {
                // Micron parts want WREN before either (JESD216F 6.4.19).
                if self.part.family == Family::Micron && !self.write_enabled {
                    self.violates(Violation::NotWriteEnabled { opcode });
                    return;
                }
                self.four_byte = command.kind == Kind::EnterFourByte;
                if self.part.family == Family::Micron {
                    self.write_enabled = false;
                }
            }
            Kind::Suspend => self.suspend(opcode),
            Kind::Resume => self.resume(opcode),
            Kind::ClearFlags => self.failed = super::FailFlags::default(),
            Kind::Unlock => {
                if self.armed(opcode) {
                    self.unlocked = true;
                    self.write_enabled = false;
                }
            }
            Kind::Read
            | Kind::ReadRegisters(_)
            | Kind::ReadSecurity
            | Kind::ReadFlags
            | Kind::ReadVolatileConfiguration
            | Kind::ReadId
            | Kind::ReadUniqueId
            | Kind::ReadOtp
            | Kind::ReadSfdp => {}
        }
    }

    fn violates(&mut self, violation: Violation) {
        self.log.violation(self.now, violation);
    }

    /// Whether WEL is 1; if not, that is a violation.
    fn armed(&mut self, opcode: u8) -> bool {
        if !self.write_enabled {
            self.violates(Violation::NotWriteEnabled { opcode });
        }
        self.write_enabled
    }

    /// Whether nothing stands suspended that would keep the command from
    /// running; if something does, that is a violation.
    fn unhindered(&mut self, opcode: u8, allowed_in: Option<FlashOperation>) -> bool {
        let free = match &self.suspended {
            None => true,
            Some(operation) => Some(operation.kind) == allowed_in,
        };
        if !free {
            self.violates(Violation::CommandWhileSuspended { opcode });
        }
        free
    }

    /// Whether no byte of the range is protected; if one is, that is a violation.
    fn unprotected(&mut self, opcode: u8, address: u32, length: u32) -> bool {
        let (start, size) = self.registers.protected(&self.part);
        let hit = u64::from(address) < u64::from(start) + u64::from(size)
            && u64::from(start) < u64::from(address) + u64::from(length);
        let locked = self.part.family == Family::Sst && !self.unlocked;
        if hit || locked {
            self.violates(Violation::Protected { opcode, address });
            self.failed.protection = true;
            // Only Micron keeps WEL, until its flags are cleared.
            self.write_enabled = self.part.family == Family::Micron;
            return false;
        }
        true
    }

    fn timing(&self) -> &super::Timing {
        match &self.low_power_timing {
            Some(low) if self.registers.low_power(&self.part) => low,
            _ => &self.timing,
        }
    }

    fn write_registers(&mut self, opcode: u8, first: usize, frame: &Frame, volatile: bool) {
        let most = match (self.part.family, first) {
            (Family::MacronixR, _) => 3,
            (Family::Issi | Family::Micron, _) => 1,
            (_, 0) => 2,
            _ => 1,
        };
        if frame.data.len() > most || frame.noisy() {
            self.violates(Violation::MalformedCommand { opcode });
            return;
        }
        if !volatile && !self.armed(opcode) {
            return;
        }
        if !self.unhindered(opcode, None) {
            return;
        }
        let mut bytes = frame.data.clone();
        let clears = self.part.short_status_write == ShortStatusWrite::ClearsSecond;
        if first == 0 && bytes.len() == 1 && clears {
            bytes.push(0);
        }
        let mut values = self.registers.after_write(&self.part, first, &bytes);
        if self.faults.strikes(FlashFault::QuadEnableDoesNotStick) {
            values = self.registers.keep_quad_enable(&self.part, values);
        }
        if volatile {
            self.registers.write_volatile(values);
            return;
        }
        let count = bytes.len();
        let change = Change::Registers {
            values,
            first,
            count,
        };
        let span = self.part.status_write;
        self.start(FlashOperation::StatusWrite, 0, count as u32, change, span);
    }

    fn program(&mut self, opcode: u8, mut frame: Frame) {
        let address = frame.address();
        let page = self.part.page;
        let start = address & !(page - 1);
        let allowed = self.armed(opcode)
            && self.unhindered(opcode, Some(FlashOperation::Erase))
            && self.unprotected(opcode, address, 1);
        if !allowed {
            return;
        }
        if self
            .suspended
            .as_ref()
            .is_some_and(|s| s.overlaps(start, page))
        {
            self.violates(Violation::CommandWhileSuspended { opcode });
            return;
        }
        let mut data = std::mem::take(&mut frame.data);
        let mut address = address;
        if frame.noisy() {
            for (index, byte) in data.iter_mut().enumerate() {
                *byte ^= crate::noise::noise_byte(self.seed, index as u64);
            }
        }
        if u64::from(address) + data.len() as u64 > u64::from(start) + u64::from(page) {
            self.violates(Violation::ProgramWrapsInPage { address });
            // Only the last page's worth of bytes is kept.
            let surplus = data.len().saturating_sub(page as usize);
            data.drain(..surplus);
            address = start + (address - start + surplus as u32) % page;
        }
        self.look_for_set_bits(address, start, &data);
        let length = data.len() as u32;
        let span = self.timing().program(length, page);
        let change = Change::Program { page, data };
        self.start(FlashOperation::Program, address, length, change, span);
    }

    fn look_for_set_bits(&mut self, address: u32, start: u32, data: &[u8]) {
        let page = self.part.page;
        let mut old = vec![0; page as usize];
        self.array.read(start, &mut old);
        let offset = (address - start) as usize;
        let wanted = data.iter().enumerate().find_map(|(index, &byte)| {
            let at = (offset + index) % page as usize;
            (byte & !old[at] != 0).then_some(start + at as u32)
        });
        if let Some(address) = wanted {
            self.violates(Violation::ProgramSetsBits { address });
        }
    }

    fn erase(&mut self, opcode: u8, address: u32) {
        let wanted = three_byte_erase(opcode);
        let timing = self.timing();
        let Some(erase) = timing.erases.iter().find(|e| e.opcode == wanted).copied() else {
            return;
        };
        let bytes = if self.part.family == Family::Sst && wanted == 0xD8 {
            sst_block(address, self.part.size)
        } else {
            erase.bytes
        };
        let start = address & !(bytes - 1);
        let allowed = self.armed(opcode)
            && self.unhindered(opcode, None)
            && self.unprotected(opcode, start, bytes);
        if allowed {
            self.start(
                FlashOperation::Erase,
                start,
                bytes,
                Change::Erase,
                erase.time,
            );
        }
    }

    fn chip_erase(&mut self, opcode: u8) {
        let size = self.part.size;
        let allowed = self.armed(opcode)
            && self.unhindered(opcode, None)
            && self.unprotected(opcode, 0, size);
        if allowed {
            let span = self.timing().chip_erase;
            self.start(FlashOperation::ChipErase, 0, size, Change::Erase, span);
        }
    }

    pub(super) fn program_span(&self, length: u32) -> super::Span {
        self.timing().program(length, self.part.page)
    }

    pub(super) fn shortest_erase(&self) -> super::Span {
        let times = self.timing().erases.iter().map(|erase| erase.time);
        times
            .min_by_key(|time| time.typical_ns)
            .expect("every part erases")
    }

    pub(super) fn start(
        &mut self,
        kind: FlashOperation,
        address: u32,
        length: u32,
        change: Change,
        span: super::Span,
    ) {
        self.operations += 1;
        let total_ns = self.busy_time.draw(span, self.operations);
        let mut operation = Operation::new(kind, address, length, change, self.now, total_ns);
        operation.effect = self.drawn_effect(kind);
        let cut = self.faults.take(|fault| match fault {
            FlashFault::PowerCut {
                during,
                after_bytes,
            } if during == kind => Some(after_bytes),
            _ => None,
        });
        if let Some(bytes) = cut {
            operation.cut_after(bytes);
        }
        self.operation = Some(operation);
        self.busy_started(kind, address, length);
    }

    fn drawn_effect(&mut self, kind: FlashOperation) -> Effect {
        let (ignored, fails) = match kind {
            FlashOperation::Program => (FlashFault::ProgramIgnored, FlashFault::ProgramFails),
            FlashOperation::Erase | FlashOperation::ChipErase => {
                (FlashFault::EraseIgnored, FlashFault::EraseFails)
            }
            FlashOperation::StatusWrite | FlashOperation::Phantom => return Effect::Whole,
        };
        if self.faults.strikes(ignored) {
            Effect::None
        } else if self.faults.strikes(fails) {
            Effect::Half
        } else {
            Effect::Whole
        }
    }

    fn release(&mut self) {
        if let (Power::Asleep, Some(sleep)) = (self.power, self.part.deep_power_down) {
            let until = self.now + sleep.exit_ns;
            self.set_power(Power::Leaving { until });
        }
    }

    fn suspend(&mut self, opcode: u8) {
        if self.faults.strikes(FlashFault::SuspendRefused) {
            return;
        }
        let Some(times) = self.part.suspend else {
            return;
        };
        let now = self.now;
        let second = self.suspended.is_some();
        match &mut self.operation {
            // Register writes and chip erases run on; so does what is already stopping.
            Some(operation)
                if !second
                    && !operation.beside
                    && operation.suspends_at.is_none()
                    && matches!(
                        operation.kind,
                        FlashOperation::Program | FlashOperation::Erase
                    ) =>
            {
                operation.suspend(now, times.latency_ns, times.run_ns);
            }
            _ => self.violates(Violation::NothingToSuspend { opcode }),
        }
    }

    fn resume(&mut self, opcode: u8) {
        match self.suspended.take() {
            Some(mut operation) => {
                operation.resume(self.now);
                let (kind, address, length) = (operation.kind, operation.address, operation.length);
                self.operation = Some(operation);
                self.busy_started(kind, address, length);
            }
            None => self.violates(Violation::NothingToSuspend { opcode }),
        }
    }
}

/// Bytes that D8 erases on an SST26 by address: four blocks of 8 KiB and one of
/// 32 KiB at either end, 64 KiB in between (its SFDP sector map).
fn sst_block(address: u32, size: u32) -> u32 {
    let from_edge = address.min(size - 1 - address);
    match from_edge {
        0..0x8000 => 8 * 1024,
        0x8000..0x1_0000 => 32 * 1024,
        _ => 64 * 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sst_blocks_shrink_towards_both_ends() {
        let size = 8 << 20;
        assert_eq!(sst_block(0, size), 8192);
        assert_eq!(sst_block(0x7FFF, size), 8192);
        assert_eq!(sst_block(0x8000, size), 32768);
        assert_eq!(sst_block(0x1_0000, size), 65536);
        assert_eq!(sst_block(0x7E_FFFF, size), 65536);
        assert_eq!(sst_block(0x7F_0000, size), 32768);
        assert_eq!(sst_block(0x7F_8000, size), 8192);
        assert_eq!(sst_block(0x7F_FFFF, size), 8192);
    }
}
