// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory beside the array: security registers, and secured OTP.
//!
//! Sources: flashrom's tables of parts and Macronix' application note AN0218; what a part does with
//! commands in secured mode that make no sense there, and with programs of what is locked, is
//! unverified: they are violations, and do nothing.

use super::array::Array;
use super::backing::InMemory;
use super::command::Kind;
use super::frame::Frame;
use super::operation::Change;
use super::{Family, Nor, PartSpec, SECTOR, Span};
use crate::{FlashOperation, Violation};

/// Bytes of a security register.
const REGISTER: u32 = 256;
/// Locks of the registers, in status register 2 from here up.
pub(crate) const FIRST_LOCK: u8 = 1 << 3;

/// What a part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// Three registers at 1000h, 2000h and 3000h.
    Registers,
    /// So many bytes in place of the array.
    Mode(u32),
}

impl Area {
    pub(crate) fn of(part: &PartSpec) -> Option<Self> {
        match part.name {
            "W25Q128JV" | "GD25Q16C" | "GD25Q32C" => Some(Self::Registers),
            "MX25R6435F" | "MX25R8035F" => Some(Self::Mode(1024)),
            "MX25L3233F" => Some(Self::Mode(512)),
            _ => None,
        }
    }

    /// Where in the area a command's address is.
    fn place(self, address: u32) -> Option<u32> {
        match self {
            Self::Registers => {
                let (register, offset) = (address >> 12, address & 0xFFF);
                let exists = (1..=3).contains(&register) && offset < REGISTER;
                exists.then(|| (register - 1) * REGISTER + offset)
            }
            Self::Mode(size) => (address < size).then_some(address),
        }
    }
}

/// The area's state.
pub(crate) struct Otp {
    area: Option<Area>,
    bytes: Array,
    /// The area is in the array's place.
    pub(crate) secured: bool,
    /// Secured OTP is locked.
    locked: bool,
}

impl Otp {
    pub(crate) fn new(part: &PartSpec) -> Self {
        Self {
            area: Area::of(part),
            bytes: Array::new(SECTOR as u32, Box::new(InMemory)),
            secured: false,
            locked: false,
        }
    }

    pub(crate) fn array(&mut self) -> &mut Array {
        &mut self.bytes
    }

    /// Lock bits of the security register.
    pub(crate) fn lock_bits(&self) -> u8 {
        u8::from(self.locked) << 1
    }
}

/// Whether a part in secured mode takes this.
pub(crate) fn heard_while_secured(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ReadRegisters(_)
            | Kind::ReadSecurity
            | Kind::WriteEnable
            | Kind::WriteDisable
            | Kind::Read
            | Kind::Program
            | Kind::LeaveSecured
            // It is awake already.
            | Kind::Release
            | Kind::ResetEnable
            | Kind::Reset
    )
}

impl Nor {
    /// Bytes of the area beside the array, past the bus.
    pub fn peek_otp(&mut self, address: u32, into: &mut [u8]) {
        self.otp.bytes.read(address, into);
    }

    /// Replaces bytes of the area beside the array, past the bus.
    pub fn poke_otp(&mut self, address: u32, bytes: &[u8]) {
        self.otp.bytes.replace(address, bytes);
    }

    /// Locks security register `number` (1 to 3), or secured OTP.
    pub fn lock_otp(&mut self, number: u8) {
        if let Some(Area::Registers) = self.otp.area {
            let [_, second, _] = self.registers.live();
            self.registers
                .force(1, second | FIRST_LOCK << (number.clamp(1, 3) - 1));
        } else {
            self.otp.locked = true;
        }
    }

    /// Whether the area beside the array is in its place.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.otp.secured
    }

    /// Where in the area an address is; if it is nowhere, that is a violation.
    pub(super) fn otp_place(&mut self, opcode: u8, address: u32) -> Option<u32> {
        let place = self.otp.area.and_then(|area| area.place(address));
        if place.is_none() {
            let what = Violation::OutsideSecurityArea { opcode, address };
            self.log.violation(self.now, what);
        }
        place
    }

    /// Bytes of the area from `place` on. A read goes round in its register.
    pub(super) fn read_otp(&mut self, place: u32, from: u32, into: &mut [u8]) {
        let length = match self.otp.area {
            Some(Area::Mode(size)) => size,
            Some(Area::Registers) | None => REGISTER,
        };
        let start = place / length * length;
        for (index, byte) in (from..).zip(into.iter_mut()) {
            let at = start + (place - start + index) % length;
            self.otp.bytes.read(at, std::slice::from_mut(byte));
        }
    }

    /// Whether the bytes can be changed; if not, that is a violation.
    fn otp_unlocked(&mut self, opcode: u8, place: u32) -> bool {
        let [_, second, _] = self.registers.live();
        let locked = match self.otp.area {
            Some(Area::Registers) => second & FIRST_LOCK << (place / REGISTER) != 0,
            Some(Area::Mode(_)) | None => self.otp.locked,
        };
        if locked {
            self.write_enabled = false;
            let what = Violation::SecurityAreaLocked { opcode };
            self.log.violation(self.now, what);
        }
        !locked
    }

    pub(super) fn program_otp(&mut self, opcode: u8, mut frame: Frame) {
        let Some(place) = self.otp_place(opcode, frame.address()) else {
            return;
        };
        if !self.otp_unlocked(opcode, place) {
            return;
        }
        let data = std::mem::take(&mut frame.data);
        let length = data.len() as u32;
        if place % REGISTER + length > REGISTER {
            self.log
                .violation(self.now, Violation::ProgramWrapsInPage { address: place });
        }
        let mut old = vec![0; data.len()];
        self.otp.bytes.read(place, &mut old);
        if data.iter().zip(&old).any(|(new, old)| new & !old != 0) {
            self.log
                .violation(self.now, Violation::ProgramSetsBits { address: place });
        }
        let span = self.program_span(length);
        let change = Change::Program {
            page: REGISTER,
            data,
        };
        self.start_beside(FlashOperation::Program, place, length, change, span);
    }

    pub(super) fn erase_otp(&mut self, opcode: u8, address: u32) {
        let Some(place) = self.otp_place(opcode, address) else {
            return;
        };
        if !self.otp_unlocked(opcode, place) {
            return;
        }
        let span = self.shortest_erase();
        let start = place / REGISTER * REGISTER;
        self.start_beside(FlashOperation::Erase, start, REGISTER, Change::Erase, span);
    }

    fn start_beside(
        &mut self,
        kind: FlashOperation,
        place: u32,
        length: u32,
        change: Change,
        span: Span,
    ) {
        self.start(kind, place, length, change, span);
        if let Some(operation) = &mut self.operation {
            operation.beside = true;
        }
    }
}

/// Locks that are set stay so.
pub(crate) fn keep_locks(family: Family, old: [u8; 3], mut new: [u8; 3]) -> [u8; 3] {
    if matches!(family, Family::Winbond | Family::GigaDevice) {
        new[1] |= old[1] & (FIRST_LOCK | FIRST_LOCK << 1 | FIRST_LOCK << 2);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::super::parts::{part, parts};
    use super::*;

    #[test]
    fn registers_have_gaps_between_them() {
        let area = Area::of(part("W25Q128JV").unwrap()).unwrap();
        assert_eq!(area.place(0x1000), Some(0));
        assert_eq!(area.place(0x30FF), Some(767));
        for address in [0, 0xFFF, 0x1100, 0x4000, 0x10_1000] {
            assert_eq!(area.place(address), None, "{address:x}");
        }
        assert_eq!(Area::Mode(512).place(512), None);
    }

    #[test]
    fn some_parts_have_none() {
        let without = parts().iter().filter(|part| Area::of(part).is_none());
        assert_eq!(without.count(), 5);
    }

    #[test]
    fn a_lock_is_for_good() {
        let kept = keep_locks(Family::Winbond, [0, 0x08, 0], [0x04, 0x42, 0]);
        assert_eq!(kept, [0x04, 0x4A, 0]);
        assert_eq!(keep_locks(Family::Macronix, [0, 0x08, 0], [0; 3]), [0; 3]);
    }
}
