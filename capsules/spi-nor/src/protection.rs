// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which range of the array the block protection bits cover.
//!
//! BP0 to BP2 are bits 2 to 4 of status register 1 with all makers. The levels that they count
//! double the range from one to the next, and the highest covers all. From which end, in which
//! unit, and whether it is the rest instead, is told by bits that differ from maker to maker.
//!
//! Sources: flashrom's tables of parts and Linux' `drivers/mtd/spi-nor`. A part that is in neither
//! has the bits, but its ranges are unknown: with any bit set all of it is taken for protected.
//! Locks of single blocks (WPS of some Winbond parts) are not looked at. Unverified on silicon.

use crate::opcode;
use crate::parts_by_id::JedecId;
use crate::status_register::QuadEnable;

/// BP0 to BP2.
const LEVELS: u8 = 0b0001_1100;
const BIT_5: u8 = 1 << 5;
const BIT_6: u8 = 1 << 6;
/// Top/bottom in Macronix' configuration register.
const CONFIGURATION_TOP_BOTTOM: u8 = 1 << 3;
/// The unit of the lowest level, unless the part has so few levels that half of it could not be covered.
const BLOCK: u32 = 64 * 1024;
/// The same with the sector bit set, and the most that is covered then.
const SECTOR: u32 = 4096;
const MOST_SECTORS: u32 = 32 * 1024;

/// What is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Nothing.
    #[default]
    None,
    /// These bytes.
    Range {
        /// First one.
        start: u32,
        /// How many.
        length: u32,
    },
    /// Some, but it is not known which.
    Unknown,
}

impl Protection {
    /// Whether any byte of this range is protected, or may be.
    pub const fn touches(self, address: u32, length: u32) -> bool {
        match self {
            Protection::None => false,
            Protection::Unknown => true,
            Protection::Range {
                start,
                length: covered,
            } => {
                (address as u64) < start as u64 + covered as u64
                    && (start as u64) < address as u64 + length as u64
            }
        }
    }
}

/// The bits that say how the levels are meant. 0: the part has no such bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ranges {
    /// From the bottom instead of the top: in status register 1, and in the other register.
    bottom: [u8; 2],
    /// Sectors instead of blocks, in status register 1.
    sectors: u8,
    /// The rest instead, in the other register.
    rest: u8,
    /// Opcode that reads the other register.
    other: Option<u8>,
}

/// The bits of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// BP3 in status register 1, or 0.
    bp3: u8,
    ranges: Option<Ranges>,
}

const WINBOND: Scheme = Scheme {
    bp3: 0,
    ranges: Some(Ranges {
        bottom: [BIT_5, 0],
        sectors: BIT_6,
        rest: BIT_6,
        other: Some(opcode::RDSR2),
    }),
};

const MACRONIX: Scheme = Scheme {
    bp3: BIT_5,
    ranges: Some(Ranges {
        bottom: [0, CONFIGURATION_TOP_BOTTOM],
        sectors: 0,
        rest: 0,
        other: Some(opcode::RDCR),
    }),
};

const MICRON: Scheme = Scheme {
    bp3: BIT_6,
    ranges: Some(Ranges {
        bottom: [BIT_5, 0],
        sectors: 0,
        rest: 0,
        other: None,
    }),
};

impl Scheme {
    /// Of the part with this id, whose four lines are enabled in this way.
    pub const fn of(id: JedecId, quad_enable: QuadEnable) -> Scheme {
        match id.0 {
            [0xEF, 0x40 | 0x70, 0x15..=0x18] | [0xC8, 0x40, 0x15..=0x17] => WINBOND,
            [0xC2, 0x28, _] | [0xC2, 0x20, 0x18] => MACRONIX,
            [0x20, 0xBA | 0xBB, _] => MICRON,
            _ => Scheme {
                // Where bit 6 is quad enable, bit 5 is one level more.
                bp3: match quad_enable {
                    QuadEnable::Sr1Bit6 => BIT_5,
                    QuadEnable::Always
                    | QuadEnable::Sr2Bit1LongWrite
                    | QuadEnable::Sr2Bit1OwnWrite
                    | QuadEnable::Sr2Bit7
                    | QuadEnable::Unknown => 0,
                },
                ranges: None,
            },
        }
    }

    /// What to clear in status register 1, and in the other one.
    pub const fn masks(&self) -> [u8; 2] {
        let rest = match self.ranges {
            Some(ranges) => ranges.rest,
            None => 0,
        };
        [LEVELS | self.bp3, rest]
    }

    /// Whether a bit is set that protects something.
    pub const fn protects(&self, registers: [u8; 2]) -> bool {
        let ([first, other], [first_mask, other_mask]) = (registers, self.masks());
        first & first_mask != 0 || other & other_mask != 0
    }

    /// Opcode that reads the other register, which has to be known to tell the range.
    pub const fn other(&self) -> Option<u8> {
        match self.ranges {
            Some(ranges) => ranges.other,
            None => None,
        }
    }

    /// What is protected of a part of `size` bytes. `None`: the size is not certain.
    pub fn covered(&self, [first, other]: [u8; 2], size: Option<u32>) -> Protection {
        if !self.protects([first, other]) {
            return Protection::None;
        }
        let (Some(ranges), Some(size)) = (self.ranges, size) else {
            return Protection::Unknown;
        };
        let highest = if self.bp3 == 0 { 7 } else { 15 };
        let level = (first & LEVELS) >> 2 | if first & self.bp3 == 0 { 0 } else { 8 };
        let doubled = |unit: u32| u64::from(unit) << level.saturating_sub(1);
        let sectors = first & ranges.sectors != 0;
        if sectors && level != highest && doubled(BLOCK) >= u64::from(size) {
            // A level to spare: small parts' tables say all of it, others' say sectors.
            return Protection::Unknown;
        }
        let length = if level == 0 {
            0
        } else if level == highest {
            u64::from(size)
        } else if sectors {
            doubled(SECTOR).min(MOST_SECTORS.into())
        } else {
            doubled(BLOCK.max(size >> (highest - 1)))
        };
        let length = u32::try_from(length).unwrap_or(size).min(size);
        let [bottom_first, bottom_other] = ranges.bottom;
        let from_bottom = first & bottom_first != 0 || other & bottom_other != 0;
        let is_rest = other & ranges.rest != 0;
        let (length, from_bottom) = if is_rest {
            (size.saturating_sub(length), !from_bottom)
        } else {
            (length, from_bottom)
        };
        match (length, from_bottom) {
            (0, _) => Protection::None,
            (_, true) => Protection::Range { start: 0, length },
            (_, false) => Protection::Range {
                start: size.saturating_sub(length),
                length,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u32 = 1 << 10;
    const MIB: u32 = 1 << 20;

    fn scheme(id: u32, quad_enable: QuadEnable) -> Scheme {
        Scheme::of(JedecId::new(id), quad_enable)
    }

    fn range(start: u32, length: u32) -> Protection {
        Protection::Range { start, length }
    }

    #[test]
    fn winbond_as_its_tables_say() {
        let scheme = scheme(0xEF_4018, QuadEnable::Sr2Bit1LongWrite);
        let covered = |sr1, sr2| scheme.covered([sr1, sr2], Some(16 * MIB));
        assert_eq!(covered(0x60, 0x02), Protection::None);
        // 1/64 from the top and from the bottom, half, all.
        assert_eq!(covered(0x04, 0), range(16 * MIB - 256 * KIB, 256 * KIB));
        assert_eq!(covered(0x24, 0), range(0, 256 * KIB));
        assert_eq!(covered(0x18, 0), range(8 * MIB, 8 * MIB));
        assert_eq!(covered(0x1C, 0), range(0, 16 * MIB));
        // Sectors, with an end at 32 KiB.
        assert_eq!(covered(0x44, 0), range(16 * MIB - 4 * KIB, 4 * KIB));
        assert_eq!(covered(0x70, 0), range(0, 32 * KIB));
        assert_eq!(covered(0x74, 0), range(0, 32 * KIB));
        // The rest.
        assert_eq!(covered(0x00, 0x40), range(0, 16 * MIB));
        assert_eq!(covered(0x04, 0x40), range(0, 16 * MIB - 256 * KIB));
        assert_eq!(covered(0x24, 0x40), range(256 * KIB, 16 * MIB - 256 * KIB));
        assert_eq!(covered(0x1C, 0x40), Protection::None);
    }

    #[test]
    fn small_parts_have_levels_to_spare() {
        let scheme = scheme(0xC8_4015, QuadEnable::Sr2Bit1LongWrite);
        let covered = |sr1| scheme.covered([sr1, 0], Some(2 * MIB));
        assert_eq!(covered(0x04), range(2 * MIB - 64 * KIB, 64 * KIB));
        assert_eq!(covered(0x14), range(MIB, MIB));
        assert_eq!(covered(0x18), range(0, 2 * MIB));
        // With the sector bit that is all of it with these, and not 32 KiB.
        assert_eq!(covered(0x58), Protection::Unknown);
        assert_eq!(covered(0x54), range(2 * MIB - 32 * KIB, 32 * KIB));
    }

    #[test]
    fn macronix_as_its_tables_say() {
        let scheme = scheme(0xC2_2817, QuadEnable::Sr1Bit6);
        let covered =
            |status, configuration| scheme.covered([status, configuration], Some(8 * MIB));
        assert_eq!(covered(0x40, 0x08), Protection::None);
        assert_eq!(covered(0x04, 0), range(8 * MIB - 64 * KIB, 64 * KIB));
        assert_eq!(covered(0x1C, 0), range(4 * MIB, 4 * MIB));
        assert_eq!(covered(0x18, 0x08), range(0, 2 * MIB));
        assert_eq!(covered(0x20, 0), range(0, 8 * MIB));
        assert_eq!(covered(0x3C, 0), range(0, 8 * MIB));
    }

    #[test]
    fn micron_has_its_fourth_level_apart() {
        let scheme = scheme(0x20_BA17, QuadEnable::Always);
        let covered = |status| scheme.covered([status, 0], Some(8 * MIB));
        assert_eq!(covered(0x20), Protection::None);
        assert_eq!(covered(0x04), range(8 * MIB - 64 * KIB, 64 * KIB));
        assert_eq!(covered(0x24), range(0, 64 * KIB));
        assert_eq!(covered(0x40), range(0, 8 * MIB));
        assert_eq!(scheme.other(), None);
    }

    #[test]
    fn what_is_not_known_is_all() {
        let scheme = scheme(0x9D_7019, QuadEnable::Sr1Bit6);
        assert_eq!(scheme.covered([0x40, 0], Some(32 * MIB)), Protection::None);
        assert_eq!(
            scheme.covered([0x20, 0], Some(32 * MIB)),
            Protection::Unknown
        );
        assert_eq!(scheme.masks(), [0x3C, 0]);
        let clone = Scheme::of(JedecId::new(0xEF_4018), QuadEnable::Sr2Bit1LongWrite);
        assert_eq!(clone.covered([0x04, 0], None), Protection::Unknown);
    }

    #[test]
    fn ranges_touch_or_do_not() {
        let protection = range(0x1000, 0x1000);
        assert!(!protection.touches(0, 0x1000));
        assert!(protection.touches(0, 0x1001));
        assert!(protection.touches(0x1FFF, 1));
        assert!(!protection.touches(0x2000, u32::MAX));
        assert!(Protection::Unknown.touches(0, 1));
        assert!(!Protection::None.touches(0, u32::MAX));
    }
}
