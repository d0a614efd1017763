// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Status and configuration registers: what is stored, and what is in force.

use super::otp::keep_locks;
use super::part::{Family, PartSpec, QuadEnable};

/// Write in progress.
pub const WIP: u8 = 1 << 0;
/// Write enable latch.
pub const WEL: u8 = 1 << 1;
const QE_STATUS_1: u8 = 1 << 6;
const QE_STATUS_2: u8 = 1 << 1;
const HIGH_PERFORMANCE: u8 = 1 << 1;
const TOP_BOTTOM_CONFIG: u8 = 1 << 3;
const SECTORS: u8 = 1 << 6;
const COMPLEMENT: u8 = 1 << 6;

/// The writable registers: status 1 to 3, or on Macronix the status and two
/// configuration registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registers {
    stored: [u8; 3],
    live: [u8; 3],
}

fn writable(family: Family) -> [u8; 3] {
    match family {
        Family::Macronix => [0xFC, 0x4F, 0x00],
        Family::MacronixR => [0xFC, 0x48, 0x02],
        Family::Winbond | Family::Puya => [0xFC, 0x7B, 0xFC],
        Family::GigaDevice => [0xFC, 0x7B, 0x00],
        Family::Issi | Family::Micron => [0xFC, 0x00, 0x00],
        Family::Sst => [0x00, 0x82, 0x00],
    }
}

impl Registers {
    pub(crate) fn new(part: &PartSpec) -> Self {
        Self {
            stored: part.delivered,
            live: part.delivered,
        }
    }

    pub(crate) fn live(&self) -> [u8; 3] {
        self.live
    }

    /// Puts `value` into register `index`, in force and stored, past every mask.
    pub(crate) fn force(&mut self, index: usize, value: u8) {
        self.stored[index] = value;
        self.live[index] = value;
    }

    /// What a write of `bytes` from register `first` on leads to.
    pub(crate) fn after_write(&self, part: &PartSpec, first: usize, bytes: &[u8]) -> [u8; 3] {
        let masks = writable(part.family);
        let mut values = self.live;
        for (index, &byte) in bytes.iter().enumerate() {
            if let (Some(value), Some(mask)) =
                (values.get_mut(first + index), masks.get(first + index))
            {
                *value = (*value & !mask) | (byte & mask);
            }
        }
        keep_locks(part.family, self.live, values)
    }

    pub(crate) fn write_volatile(&mut self, values: [u8; 3]) {
        self.live = values;
    }

    pub(crate) fn write(&mut self, part: &PartSpec, values: [u8; 3]) {
        self.live = values;
        self.stored = values;
        if part.family == Family::MacronixR {
            // The power mode does not survive (data sheet digest).
            self.stored[2] &= !HIGH_PERFORMANCE;
        }
    }

    /// As a reset or power-up leaves them.
    pub(crate) fn restore(&mut self) {
        self.live = self.stored;
    }

    pub(crate) fn quad_enabled(&self, part: &PartSpec) -> bool {
        match part.quad_enable {
            QuadEnable::AlwaysOn => true,
            QuadEnable::Status1Bit6 => self.live[0] & QE_STATUS_1 != 0,
            QuadEnable::Status2Bit1 => self.live[1] & QE_STATUS_2 != 0,
        }
    }

    /// `values` with the quad enable bit of the registers in force.
    pub(crate) fn keep_quad_enable(&self, part: &PartSpec, mut values: [u8; 3]) -> [u8; 3] {
        let (index, bit) = match part.quad_enable {
            QuadEnable::AlwaysOn => return values,
            QuadEnable::Status1Bit6 => (0, QE_STATUS_1),
            QuadEnable::Status2Bit1 => (1, QE_STATUS_2),
        };
        values[index] = (values[index] & !bit) | (self.live[index] & bit);
        values
    }

    pub(crate) fn low_power(&self, part: &PartSpec) -> bool {
        part.low_power.is_some() && self.live[2] & HIGH_PERFORMANCE == 0
    }

    /// First address and length of the range that the block-protect bits cover.
    ///
    /// One level doubles the range of the one below; the highest covers all. Winbond
    /// and GigaDevice have bits for sectors in place of blocks (32 KiB at most), and for
    /// the rest instead (flashrom's tables of parts).
    pub(crate) fn protected(&self, part: &PartSpec) -> (u32, u32) {
        if part.family == Family::Sst {
            return (0, 0);
        }
        let highest = (1u8 << part.protect_bits) - 1;
        let level = (self.live[0] >> 2) & highest;
        let has_more = matches!(part.family, Family::Winbond | Family::GigaDevice);
        let rest = has_more && self.live[1] & COMPLEMENT != 0;
        if level == 0 {
            return (0, if rest { part.size } else { 0 });
        }
        let length = if level == highest {
            part.size
        } else if has_more && self.live[0] & SECTORS != 0 {
            (4096 << (level - 1)).min(32 * 1024)
        } else {
            part.protect_unit
                .checked_shl(u32::from(level - 1))
                .filter(|&l| l != 0)
                .map_or(part.size, |l| l.min(part.size))
        };
        let bottom = match part.family {
            Family::Macronix | Family::MacronixR => self.live[1] & TOP_BOTTOM_CONFIG != 0,
            _ => self.live[0] & 0x20 != 0 && part.protect_bits == 3,
        };
        let (bottom, length) = if rest {
            (!bottom, part.size - length)
        } else {
            (bottom, length)
        };
        (if bottom { 0 } else { part.size - length }, length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::part;
    use super::*;

    #[test]
    fn macronix_quad_enable_is_bit_6_and_outlives_a_reset() {
        let part = part("MX25R6435F").unwrap();
        let mut registers = Registers::new(part);
        assert!(!registers.quad_enabled(part));
        let values = registers.after_write(part, 0, &[0x43, 0x00, 0x02]);
        assert_eq!(values, [0x40, 0x00, 0x02]);
        registers.write(part, values);
        assert!(registers.quad_enabled(part));
        assert!(!registers.low_power(part));
        registers.restore();
        assert!(registers.quad_enabled(part));
        assert!(registers.low_power(part));
    }

    #[test]
    fn volatile_writes_end_with_a_reset() {
        let part = part("W25Q128JV").unwrap();
        let mut registers = Registers::new(part);
        registers.write_volatile(registers.after_write(part, 1, &[0x02]));
        assert!(registers.quad_enabled(part));
        registers.restore();
        assert!(!registers.quad_enabled(part));
    }

    #[test]
    fn block_protection_doubles_with_each_level() {
        let part = part("MX25R6435F").unwrap();
        let mut registers = Registers::new(part);
        assert_eq!(registers.protected(part).1, 0);
        registers.force(0, 1 << 2);
        assert_eq!(registers.protected(part), ((8 << 20) - 65536, 65536));
        registers.force(0, 3 << 2);
        assert_eq!(
            registers.protected(part),
            ((8 << 20) - 4 * 65536, 4 * 65536)
        );
        registers.force(1, TOP_BOTTOM_CONFIG);
        assert_eq!(registers.protected(part), (0, 4 * 65536));
        registers.force(0, 15 << 2);
        assert_eq!(registers.protected(part), (0, 8 << 20));
    }

    #[test]
    fn sectors_and_the_rest_are_protected() {
        let part = part("W25Q128JV").unwrap();
        let mut registers = Registers::new(part);
        let mut protected = |status, second| {
            registers.force(0, status);
            registers.force(1, second);
            registers.protected(part)
        };
        assert_eq!(protected(0x44, 0), ((16 << 20) - 4096, 4096));
        assert_eq!(protected(0x74, 0), (0, 32 * 1024));
        assert_eq!(protected(0, 0x40), (0, 16 << 20));
        assert_eq!(protected(0x24, 0x40), (256 << 10, (16 << 20) - (256 << 10)));
        assert_eq!(protected(0x1C, 0x40).1, 0);
    }

    #[test]
    fn quad_enable_can_be_kept_from_changing() {
        let part = part("W25Q128JV").unwrap();
        let registers = Registers::new(part);
        assert_eq!(registers.keep_quad_enable(part, [4, 0x03, 0]), [4, 0x01, 0]);
    }
}
