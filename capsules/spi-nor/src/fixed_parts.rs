// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Parts that are soldered to boards, for boards that need no other one.
//!
//! Each is what its [tables](crate::identity::ByTables) say over a controller with four lines and up
//! to 32 MHz, which a test compares. Unverified on silicon, as the tables are.

use crate::identity::FixedPart;
use crate::opcode;
use crate::part::{DeepPowerDown, PartProgram};
use crate::parts_by_id::JedecId;
use crate::profile::Profile;
use crate::sfdp::bfpt::{Suspend, SuspendResume};
use crate::sfdp::times::{Times, TimesMs};
use crate::status_register::QuadEnable;
use qspi_hil::{AddressWidth, Data, Lines, Template};

const fn reads(opcode: u8, lines: Lines, dummy_clocks: u8) -> Template {
    Template {
        opcode,
        address: AddressWidth::Three,
        lines,
        dummy_clocks,
        data: Data::In,
    }
}

const fn programs(opcode: u8, lines: Lines) -> Template {
    Template {
        opcode,
        address: AddressWidth::Three,
        lines,
        dummy_clocks: 0,
        data: Data::Out,
    }
}

const fn sleeps(exit_delay_us: u32) -> Option<DeepPowerDown> {
    Some(DeepPowerDown {
        enter: opcode::DPD,
        exit: opcode::RDPD,
        enter_delay_us: crate::part::POWER_DOWN_ENTER_US,
        exit_delay_us,
    })
}

const fn times(typ_us: u32, max_us: u32) -> Times {
    Times { typ_us, max_us }
}

/// MX25R6435F in its fast mode, as on the nRF52840DK.
pub struct Mx25r6435f;

impl FixedPart for Mx25r6435f {
    const NAME: &'static str = "MX25R6435F";
    const PROFILE: Profile = Profile {
        read: reads(opcode::READ_1_4_4, Lines::QuadIo, 6),
        program: programs(opcode::PP_1_4_4, Lines::QuadIo),
        program_times: PartProgram {
            page: times(896, 5_376),
            bytes: Some((times(32, 192), times(1, 6))),
        },
        chip_erase: TimesMs {
            typ_ms: 52_000,
            max_ms: 312_000,
        },
        quad_enable: Some(QuadEnable::Sr1Bit6),
        registers: QuadEnable::Sr1Bit6,
        high_performance: true,
        power_down: sleeps(40),
        suspend: Some(Suspend {
            program: SuspendResume {
                suspend: 0xB0,
                resume: 0x30,
                latency_us: 40,
                interval_us: 128,
                prohibited: 4,
            },
            erase: SuspendResume {
                suspend: 0xB0,
                resume: 0x30,
                latency_us: 40,
                interval_us: 320,
                prohibited: 4,
            },
        }),
        ..Profile::uniform(
            JedecId::new(0xC2_2817),
            8 << 20,
            [
                times(48_000, 384_000),
                times(240_000, 1_920_000),
                times(480_000, 3_840_000),
            ],
        )
    };
}

/// MX25L3233F, as on the Particle Boron.
pub struct Mx25l3233f;

impl FixedPart for Mx25l3233f {
    const NAME: &'static str = "MX25L3233F";
    const PROFILE: Profile = Profile {
        read: reads(opcode::READ_1_4_4, Lines::QuadIo, 6),
        program: programs(opcode::PP_1_4_4, Lines::QuadIo),
        quad_enable: Some(QuadEnable::Sr1Bit6),
        registers: QuadEnable::Sr1Bit6,
        power_down: sleeps(100),
        ..Profile::uniform(JedecId::new(0xC2_2016), 4 << 20, Profile::ASSUMED_ERASES)
    };
}

/// GD25Q16C, as on the CLUE.
pub struct Gd25q16c;

impl FixedPart for Gd25q16c {
    const NAME: &'static str = "GD25Q16C";
    const PROFILE: Profile = Profile {
        read: reads(opcode::READ_1_4_4, Lines::QuadIo, 6),
        program: programs(opcode::PP_1_1_4, Lines::QuadOutput),
        quad_enable: Some(QuadEnable::Sr2Bit1LongWrite),
        registers: QuadEnable::Sr2Bit1LongWrite,
        power_down: sleeps(100),
        ..Profile::uniform(JedecId::new(0xC8_4015), 2 << 20, Profile::ASSUMED_ERASES)
    };
}
