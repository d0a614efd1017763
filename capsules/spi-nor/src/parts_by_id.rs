// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What only the JEDEC id tells.
//!
//! Tables of nine dwords say nothing of times, quad enable, deep power-down and
//! reset, and no basic table says with which opcode four lines program. What the
//! tables say goes first; what is here fills the gaps.
//!
//! Sources: Zephyr device trees, Linux `drivers/mtd/spi-nor`, Adafruit's SPIFlash
//! device table, public measurements. Data sheets were not at hand: unverified on
//! silicon.

use crate::opcode;
use crate::sfdp::mode::Mode;
use crate::sfdp::times::{Times, TimesMs};
use crate::status_register::{Poll, QuadEnable};

/// The three bytes that 9Fh reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JedecId(pub [u8; 3]);

/// What an id says of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A part answers.
    Answers,
    /// All ones: nothing drives the line.
    AllOnes,
    /// All zeros: nothing pulls the line up, or it is shorted.
    AllZeros,
}

impl JedecId {
    /// Of numbers as data sheets write them: C22817h.
    pub const fn new(id: u32) -> JedecId {
        let [_, manufacturer, kind, capacity] = id.to_be_bytes();
        JedecId([manufacturer, kind, capacity])
    }

    /// Whether a part answered at all.
    pub const fn presence(self) -> Presence {
        match self.0 {
            [0xFF, 0xFF, 0xFF] => Presence::AllOnes,
            [0, 0, 0] => Presence::AllZeros,
            _ => Presence::Answers,
        }
    }

    /// The size in bytes that the third byte stands for. Only of makers that are
    /// known to put it there. Clones carry others' ids: this is a second opinion,
    /// not the size.
    pub const fn size_bytes(self) -> Option<u32> {
        if let Some(known) = known(self) {
            return Some(known.size_bytes);
        }
        let [manufacturer, _, capacity] = self.0;
        let exponent = match (manufacturer, capacity) {
            // Macronix: the third bit from the left marks 1.8 V.
            (MACRONIX, 0x10..=0x1C) => capacity,
            (MACRONIX, 0x30..=0x3C) => capacity - 0x20,
            // The count goes on in decimal from 512 Mbit on.
            (WINBOND | GIGADEVICE | MICRON, 0x20..=0x22) => capacity - 6,
            (
                WINBOND | GIGADEVICE | MICRON | ISSI | PUYA | BOYA | XMC | XTX | ZBIT | EON | FUDAN,
                0x10..=0x1B,
            ) => capacity,
            _ => return None,
        };
        Some(1 << exponent)
    }
}

const BOYA: u8 = 0x68;
const EON: u8 = 0x1C;
const FUDAN: u8 = 0xA1;
const GIGADEVICE: u8 = 0xC8;
const ISSI: u8 = 0x9D;
const MACRONIX: u8 = 0xC2;
/// Micron, and ST before; XMC's newer parts share it.
const MICRON: u8 = 0x20;
const PUYA: u8 = 0x85;
const SST: u8 = 0xBF;
const WINBOND: u8 = 0xEF;
const XMC: u8 = 0x46;
const XTX: u8 = 0x0B;
const ZBIT: u8 = 0x5E;

/// A part that is known by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPart {
    /// The id. Other parts may have the same one.
    pub id: JedecId,
    /// Names of parts with this id.
    pub name: &'static str,
    /// Size in bytes.
    pub size_bytes: u32,
    /// It has SFDP tables.
    pub has_sfdp: bool,
    /// It has four-line modes.
    pub has_quad: bool,
    /// It erases 32 KiB with 52h.
    pub has_32k_erase: bool,
}

const fn part(id: u32, name: &'static str, size_bytes: u32) -> KnownPart {
    KnownPart {
        id: JedecId::new(id),
        name,
        size_bytes,
        has_sfdp: true,
        has_quad: true,
        has_32k_erase: true,
    }
}

const KIB: u32 = 1 << 10;
const MIB: u32 = 1 << 20;

/// The parts known by id.
pub const KNOWN_PARTS: &[KnownPart] = &[
    KnownPart {
        has_sfdp: false,
        has_quad: false,
        has_32k_erase: false,
        ..part(0xC2_2010, "MX25L512", 64 * KIB)
    },
    KnownPart {
        has_quad: false,
        has_32k_erase: false,
        ..part(0xC2_2015, "MX25L1606E", 2 * MIB)
    },
    part(0xC2_2016, "MX25L3233F", 4 * MIB),
    part(0xC2_2018, "MX25L12835F", 16 * MIB),
    part(0xC2_201A, "MX66L51235F, MX25L51245G", 64 * MIB),
    part(0xC2_201B, "MX66L1G45G", 128 * MIB),
    part(0xC2_2535, "MX25U1635F", 2 * MIB),
    part(0xC2_2537, "MX25U6432F, MX25U6435F", 8 * MIB),
    part(0xC2_2539, "MX25U25645G, MX25U25635F", 32 * MIB),
    part(0xC2_2814, "MX25R8035F", MIB),
    part(0xC2_2815, "MX25R1635F", 2 * MIB),
    part(0xC2_2816, "MX25R3235F", 4 * MIB),
    part(0xC2_2817, "MX25R6435F", 8 * MIB),
    KnownPart {
        has_quad: false,
        has_32k_erase: false,
        ..part(0xC2_813A, "MX66UM51345G", 64 * MIB)
    },
    KnownPart {
        has_quad: false,
        has_32k_erase: false,
        ..part(0xC2_8437, "MX25UW6345G", 8 * MIB)
    },
    part(0xC2_9E16, "MX25L3255E", 4 * MIB),
    part(GD25Q16C, "GD25Q16C", 2 * MIB),
    part(GD25Q32C, "GD25Q32C", 4 * MIB),
    part(GD25Q64C, "GD25Q64C", 8 * MIB),
    KnownPart {
        has_32k_erase: false,
        ..part(0x20_BA17, "N25Q064A", 8 * MIB)
    },
    KnownPart {
        has_32k_erase: false,
        ..part(0x20_BA18, "N25Q128A, MT25QL128A", 16 * MIB)
    },
    part(0x20_BB19, "MT25QU256A", 32 * MIB),
    KnownPart {
        has_quad: false,
        has_32k_erase: false,
        ..part(M95P32, "M95P32", 4 * MIB)
    },
    part(0xEF_4015, "W25Q16JV", 2 * MIB),
    part(0xEF_4016, "W25Q32JV-IQ", 4 * MIB),
    part(0xEF_7016, "W25Q32JV-IM", 4 * MIB),
    part(0xEF_4017, "W25Q64JV-IQ", 8 * MIB),
    part(0xEF_4018, "W25Q128JV-IQ, W25Q128FV", 16 * MIB),
    part(0xEF_7018, "W25Q128JV-IM", 16 * MIB),
    part(0xEF_4021, "W25Q01JV-IQ", 128 * MIB),
    part(0x9D_6017, "IS25LP064", 8 * MIB),
    part(0x9D_7019, "IS25WP256", 32 * MIB),
    part(0x85_6015, "P25Q16H", 2 * MIB),
    part(0x85_2017, "PY25Q64HA", 8 * MIB),
    part(0x85_2018, "PY25Q128HA", 16 * MIB),
    part(0x46_4016, "XM25QH32 (in ESP32-C3 packages)", 4 * MIB),
    part(0x68_4016, "BY25Q32ES", 4 * MIB),
    part(0xBF_2643, "SST26VF064B", 8 * MIB),
];

const GD25Q16C: u32 = 0xC8_4015;
const GD25Q32C: u32 = 0xC8_4016;
const GD25Q64C: u32 = 0xC8_4017;
const M95P32: u32 = 0x20_0016;

/// The known part with this id.
pub const fn known(id: JedecId) -> Option<&'static KnownPart> {
    let mut rest = KNOWN_PARTS;
    while let [first, others @ ..] = rest {
        let ([a0, a1, a2], [b0, b1, b2]) = (first.id.0, id.0);
        if a0 == b0 && a1 == b1 && a2 == b2 {
            return Some(first);
        }
        rest = others;
    }
    None
}

/// Deep power-down as far as the tables do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerDownHabit {
    /// Opcode that enters it.
    pub enter: u8,
    /// Opcode that leaves it.
    pub exit: u8,
    /// µs from the exit to the next command.
    pub exit_delay_us: u32,
}

/// What parts of one maker do, unless their tables say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// How four lines are enabled.
    pub quad_enable: QuadEnable,
    /// Lines and opcode with which four lines program, with its 4-byte twin.
    pub quad_program: Option<(Mode, u8, u8)>,
    /// How to poll.
    pub poll: Poll,
    /// Deep power-down.
    pub power_down: Option<PowerDownHabit>,
    /// 66h, 99h resets.
    pub soft_reset: bool,
    /// 06h has to come before B7h.
    pub wren_before_b7: bool,
    /// Mode clocks and dummy clocks of EBh and of 6Bh.
    pub quad_read_clocks: [(u8, u8); 2],
    /// Opcode that has to clear a write protection that is set at power-up.
    pub global_unlock: Option<u8>,
}

const PP_32: Option<(Mode, u8, u8)> = Some((Mode::M114, opcode::PP_1_1_4, opcode::PP_1_1_4_4B));
/// 32h with four lines for the address, too.
const PP_32_QUAD_ADDRESS: Option<(Mode, u8, u8)> =
    Some((Mode::M144, opcode::PP_1_1_4, opcode::PP_1_1_4_4B));
const PP_38: Option<(Mode, u8, u8)> = Some((Mode::M144, opcode::PP_1_4_4, opcode::PP_1_4_4_4B));

/// The longest exit delay in any table known here is 40 µs; Macronix' older parts
/// are said to take 100 µs.
const POWER_DOWN: Option<PowerDownHabit> = Some(PowerDownHabit {
    enter: opcode::DPD,
    exit: opcode::RDPD,
    exit_delay_us: 100,
});

/// Of a part that nothing is known of: one line, no deep power-down, no reset.
const UNKNOWN: Habits = Habits {
    quad_enable: QuadEnable::Unknown,
    quad_program: None,
    poll: Poll::StatusRegister,
    power_down: None,
    soft_reset: false,
    wren_before_b7: false,
    quad_read_clocks: [(2, 4), (0, 8)],
    global_unlock: None,
};

/// Quad enable in status register 2, 32h programs.
const LIKE_WINBOND: Habits = Habits {
    quad_enable: QuadEnable::Sr2Bit1LongWrite,
    quad_program: PP_32,
    power_down: POWER_DOWN,
    soft_reset: true,
    ..UNKNOWN
};

/// What is known of the maker, and of single parts that differ.
pub const fn habits(id: JedecId) -> Habits {
    let [manufacturer, kind, _] = id.0;
    match manufacturer {
        // No quad enable bit; the flag status register of these must be read. The
        // 3 V parts before MT25Q have no deep power-down.
        MICRON if kind == 0xBA || kind == 0xBB => Habits {
            quad_enable: QuadEnable::Always,
            quad_program: PP_32,
            poll: Poll::FlagStatusRegister,
            soft_reset: true,
            wren_before_b7: true,
            quad_read_clocks: [(1, 9), (1, 7)],
            ..UNKNOWN
        },
        MACRONIX => Habits {
            quad_enable: QuadEnable::Sr1Bit6,
            quad_program: PP_38,
            power_down: POWER_DOWN,
            // Parts from the F generation on; those before have no tables either
            // that would say so.
            soft_reset: !matches!(id.0, [MACRONIX, 0x20, 0x10 | 0x15]),
            ..UNKNOWN
        },
        ISSI => Habits {
            quad_enable: QuadEnable::Sr1Bit6,
            ..LIKE_WINBOND
        },
        GIGADEVICE => match id {
            // The larger ones of the C generation have the two halves of the status
            // register written apart; the GD25Q16C takes both at once.
            JedecId([GIGADEVICE, 0x40, 0x16 | 0x17]) => Habits {
                quad_enable: QuadEnable::Sr2Bit1OwnWrite,
                ..LIKE_WINBOND
            },
            _ => LIKE_WINBOND,
        },
        SST => Habits {
            quad_program: PP_32_QUAD_ADDRESS,
            power_down: None,
            global_unlock: Some(opcode::GLOBAL_UNLOCK),
            ..LIKE_WINBOND
        },
        WINBOND | PUYA | BOYA | XMC | ZBIT | XTX => LIKE_WINBOND,
        _ => UNKNOWN,
    }
}

/// A part that comes up in a slow mode that its tables do not describe.
///
/// Macronix MX25R: the tables give the times of the high-performance mode. Typical
/// times of the ultra-low-power mode as measured on a development kit and as its
/// data sheet is quoted; the maxima are four times these, or the tables', whichever
/// is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UltraLowPower {
    /// Highest bus clock in this mode.
    pub max_clock_hz: u32,
    /// Typical times of 4, 32 and 64 KiB erases in µs.
    pub erase_us: [(u32, u32); 3],
    /// Typical time of a page program in µs.
    pub page_program_us: u32,
    /// Typical time of a chip erase in ms, for each MiB.
    pub chip_erase_ms_per_mib: u32,
    /// Time in µs until a suspended part can be read.
    pub suspend_latency_us: u32,
}

const MX25R: UltraLowPower = UltraLowPower {
    max_clock_hz: 8_000_000,
    // The larger of data sheet and measurement: 64 KiB was measured at 1.06 to 1.11 s.
    erase_us: [
        (4 * KIB, 58_000),
        (32 * KIB, 1_000_000),
        (64 * KIB, 1_110_000),
    ],
    page_program_us: 3_200,
    chip_erase_ms_per_mib: 15_000,
    suspend_latency_us: 60,
};

impl UltraLowPower {
    /// The mode that a part with this id comes up in, if it is such a one.
    pub const fn of(id: JedecId) -> Option<&'static UltraLowPower> {
        match id.0 {
            [MACRONIX, 0x28, _] => Some(&MX25R),
            _ => None,
        }
    }

    const fn longer(typ_us: u32, table: Times) -> Times {
        let max_us = typ_us.saturating_mul(4);
        Times {
            typ_us: if typ_us > table.typ_us {
                typ_us
            } else {
                table.typ_us
            },
            max_us: if max_us > table.max_us {
                max_us
            } else {
                table.max_us
            },
        }
    }

    /// Times of an erase in this mode. A size that is not listed keeps its own.
    pub fn erase(&self, size_bytes: u32, table: Times) -> Times {
        self.erase_us
            .iter()
            .find(|(size, _)| *size == size_bytes)
            .map_or(table, |(_, typ_us)| UltraLowPower::longer(*typ_us, table))
    }

    /// Times of a page program in this mode.
    pub const fn page_program(&self, table: Times) -> Times {
        UltraLowPower::longer(self.page_program_us, table)
    }

    /// Times of a chip erase in this mode.
    pub fn chip_erase(&self, size_bytes: u32, table: TimesMs) -> TimesMs {
        let typ_ms = self
            .chip_erase_ms_per_mib
            .saturating_mul(size_bytes.div_ceil(MIB));
        TimesMs {
            typ_ms: typ_ms.max(table.typ_ms),
            max_ms: typ_ms.saturating_mul(4).max(table.max_ms),
        }
    }
}

/// Times of an erase of a part whose tables have none. The typical ones only pace
/// polling; the maxima are above those of every table known here.
pub const fn assumed_erase(size_bytes: u32) -> Times {
    const fn ms(typ_ms: u32, max_ms: u32) -> Times {
        Times {
            typ_us: typ_ms * 1_000,
            max_us: max_ms * 1_000,
        }
    }
    match size_bytes {
        0..=0x1000 => ms(45, 1_000),
        0x1001..=0x8000 => ms(120, 4_000),
        0x8001..=0x1_0000 => ms(150, 8_000),
        0x1_0001..=0x4_0000 => ms(500, 30_000),
        _ => ms(1_000, 120_000),
    }
}

/// Times of a page program of a part whose tables have none.
pub const fn assumed_page_program() -> Times {
    Times {
        typ_us: 700,
        max_us: 10_000,
    }
}

/// Times of a chip erase of a part whose tables have none: at most those of all its
/// 64 KiB blocks.
pub const fn assumed_chip_erase(size_bytes: u32) -> TimesMs {
    let blocks = size_bytes.div_ceil(64 * KIB);
    TimesMs {
        typ_ms: blocks.saturating_mul(150),
        max_ms: blocks.saturating_mul(8_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_listed_once() {
        for (index, part) in KNOWN_PARTS.iter().enumerate() {
            assert_eq!(
                KNOWN_PARTS.iter().position(|other| other.id == part.id),
                Some(index),
                "{}",
                part.name
            );
            assert!(part.size_bytes.is_power_of_two());
        }
    }

    #[test]
    fn capacity_bytes() {
        let size = |id| JedecId::new(id).size_bytes();
        assert_eq!(size(0xEF_4018), Some(16 * MIB));
        assert_eq!(size(0xEF_4020), Some(64 * MIB));
        assert_eq!(size(0xEF_7022), Some(256 * MIB));
        assert_eq!(size(0xC2_2010), Some(64 * KIB));
        assert_eq!(size(0xC2_2539), Some(32 * MIB));
        assert_eq!(size(0x20_BA20), Some(64 * MIB));
        assert_eq!(size(0xBF_2643), Some(8 * MIB));
        assert_eq!(size(0xBF_2642), None);
        assert_eq!(size(0x01_0219), None);
        assert_eq!(size(0xEF_40FF), None);
        assert_eq!(size(0xC2_2000), None);
        assert_eq!(size(0xFF_FFFF), None);
    }

    #[test]
    fn known_parts_have_the_size_that_their_id_says() {
        for part in KNOWN_PARTS {
            let [manufacturer, kind, capacity] = part.id.0;
            if manufacturer == SST {
                continue;
            }
            // The same maker and capacity, but a kind that no known part has.
            let stranger = JedecId([manufacturer, !kind, capacity]);
            assert_eq!(known(stranger), None);
            assert_eq!(
                stranger.size_bytes(),
                Some(part.size_bytes),
                "{}",
                part.name
            );
        }
    }

    #[test]
    fn presence() {
        assert_eq!(JedecId::new(0xFF_FFFF).presence(), Presence::AllOnes);
        assert_eq!(JedecId::new(0).presence(), Presence::AllZeros);
        assert_eq!(JedecId::new(0xC2_2817).presence(), Presence::Answers);
    }

    #[test]
    fn ultra_low_power_is_never_shorter_than_the_table() {
        let mode = UltraLowPower::of(JedecId::new(0xC2_2817)).unwrap();
        let table = Times {
            typ_us: 480_000,
            max_us: 3_840_000,
        };
        let times = mode.erase(64 * KIB, table);
        assert_eq!((times.typ_us, times.max_us), (1_110_000, 4_440_000));
        assert_eq!(mode.erase(128 * KIB, table), table);
        let chip = mode.chip_erase(
            8 * MIB,
            TimesMs {
                typ_ms: 52_000,
                max_ms: 312_000,
            },
        );
        assert_eq!((chip.typ_ms, chip.max_ms), (120_000, 480_000));
        assert_eq!(UltraLowPower::of(JedecId::new(0xC2_2017)), None);
    }

    #[test]
    fn assumed_maxima_exceed_every_tables() {
        // The slowest of the tables in testdata/: MX66UM51345G and MX25R6435F.
        assert!(assumed_erase(4096).max_us > 896_000);
        assert!(assumed_erase(32_768).max_us > 2_560_000);
        assert!(assumed_erase(65_536).max_us > 6_144_000);
        assert!(assumed_page_program().max_us > 5_376);
        assert!(assumed_chip_erase(64 * MIB).max_ms > 6_144_000);
    }
}
