// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The parts that the model can be.
//!
//! SFDP bytes are dumps of real parts unless their file says otherwise. Data
//! sheets were not at hand: what is neither in SFDP nor measured is marked
//! "unverified" in the part's `source`.

use super::part::{
    DeepPowerDown, Family, FourByte, LowPower, PartSpec, QuadEnable, Sfdp, ShortStatusWrite,
    Suspend, Times,
};
use super::timing::{Erase, Span, Timing};

const MIB: u32 = 1 << 20;
const US: u64 = 1_000;
const MS: u64 = 1_000_000;

const fn erase(opcode: u8, bytes: u32, typical_ms: u64, maximum_ms: u64) -> Erase {
    Erase {
        opcode,
        bytes,
        time: Span::ms(typical_ms, maximum_ms),
    }
}

/// Ultra-low power: measured on a development kit (page 3.1 ms at 12.16 µs a
/// byte, 64 KiB 1.06 to 1.11 s, chip 118 s) and data sheet digest (sector
/// 58 ms, 32 KiB 1.0 s); no maximum is published, so SFDP's are used.
fn mx25r6435f_low_power() -> Timing {
    Timing {
        erases: vec![
            erase(0x20, 4096, 58, 384),
            erase(0x52, 32768, 1_000, 1_920),
            erase(0xD8, 65536, 1_080, 3_840),
        ],
        chip_erase: Span::ms(118_000, 312_000),
        page_program: Span::us(3_113, 5_376),
        // 256 bytes at 12.16 µs are the whole measured time.
        program_base_ns: 0,
    }
}

/// As the larger part, with the chip erase scaled by size.
fn mx25r8035f_low_power() -> Timing {
    Timing {
        chip_erase: Span::ms(14_750, 36_864),
        ..mx25r6435f_low_power()
    }
}

fn gd25q16c() -> Timing {
    Timing {
        erases: vec![
            erase(0x20, 4096, 50, 400),
            erase(0x52, 32768, 150, 800),
            erase(0xD8, 65536, 250, 1_200),
        ],
        chip_erase: Span::ms(7_000, 20_000),
        page_program: Span::us(600, 2_400),
        program_base_ns: 30 * US,
    }
}

fn mx25l3233f() -> Timing {
    Timing {
        erases: vec![
            erase(0x20, 4096, 25, 200),
            erase(0x52, 32768, 140, 600),
            erase(0xD8, 65536, 250, 1_000),
        ],
        chip_erase: Span::ms(10_000, 30_000),
        page_program: Span::us(330, 1_200),
        program_base_ns: 10 * US,
    }
}

fn p25q16h() -> Timing {
    Timing {
        erases: vec![
            erase(0x81, 256, 8, 20),
            erase(0x20, 4096, 8, 20),
            erase(0x52, 32768, 8, 20),
            erase(0xD8, 65536, 8, 20),
        ],
        chip_erase: Span::ms(8, 20),
        page_program: Span::us(1_500, 3_000),
        program_base_ns: 500 * US,
    }
}

const MACRONIX_SUSPEND: Suspend = Suspend {
    suspend: &[0x75, 0xB0],
    resume: &[0x7A, 0x30],
    latency_ns: 60 * US,
    run_ns: 280 * US,
};

const WINBOND_SUSPEND: Suspend = Suspend {
    suspend: &[0x75],
    resume: &[0x7A],
    latency_ns: 20 * US,
    run_ns: 512 * US,
};

const MX25R6435F: PartSpec = PartSpec {
    name: "MX25R6435F",
    id: &[0xC2, 0x28, 0x17],
    size: 8 * MIB,
    page: 256,
    family: Family::MacronixR,
    sfdp: Sfdp::Dump(include_str!("../../sfdp/MX25R6435F_c22817.hex")),
    times: Times::Sfdp,
    low_power: Some(LowPower {
        timing: mx25r6435f_low_power,
        max_hz: 8_000_000,
    }),
    quad_enable: QuadEnable::Status1Bit6,
    delivered: [0, 0, 0],
    short_status_write: ShortStatusWrite::KeepsSecond,
    four_byte: FourByte::None,
    status_write: Span::ms(10, 40),
    deep_power_down: Some(DeepPowerDown {
        enter_ns: 10 * US,
        exit_ns: 35 * US,
    }),
    reset_idle_ns: 40 * US,
    reset_busy_ns: 12 * MS,
    power_up_ns: 800 * US,
    suspend: Some(MACRONIX_SUSPEND),
    protect_unit: 65536,
    protect_bits: 4,
    max_hz: 80_000_000,
    source: "SFDP dump (fast mode); public measurement on a development kit and a data sheet \
             digest (low-power mode, suspend); Zephyr devicetree (deep power-down); \
             register write, reset and power-up times are family figures, unverified",
};

const W25Q128JV: PartSpec = PartSpec {
    name: "W25Q128JV",
    id: &[0xEF, 0x40, 0x18],
    size: 16 * MIB,
    page: 256,
    family: Family::Winbond,
    sfdp: Sfdp::Dump(include_str!("../../sfdp/W25Q128JV_ef4018.hex")),
    times: Times::Sfdp,
    low_power: None,
    quad_enable: QuadEnable::Status2Bit1,
    // The plain ordering code ships with quad enable set; 0 is the harder case.
    delivered: [0, 0, 0],
    short_status_write: ShortStatusWrite::KeepsSecond,
    four_byte: FourByte::None,
    status_write: Span::ms(10, 15),
    deep_power_down: Some(DeepPowerDown {
        enter_ns: 3 * US,
        exit_ns: 3 * US,
    }),
    reset_idle_ns: 30 * US,
    reset_busy_ns: 30 * US,
    power_up_ns: 5 * MS,
    suspend: Some(WINBOND_SUSPEND),
    protect_unit: 256 * 1024,
    protect_bits: 3,
    max_hz: 133_000_000,
    source: "SFDP dump; register write, reset and power-up times are family figures, unverified",
};

static PARTS: [PartSpec; 11] = [
    MX25R6435F,
    PartSpec {
        name: "MX25R8035F",
        id: &[0xC2, 0x28, 0x14],
        size: MIB,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/MX25R8035F_c22814.hex")),
        low_power: Some(LowPower {
            timing: mx25r8035f_low_power,
            max_hz: 8_000_000,
        }),
        source: "SFDP dump (fast mode); low-power times by analogy with MX25R6435F, unverified",
        ..MX25R6435F
    },
    PartSpec {
        name: "GD25Q16C",
        id: &[0xC8, 0x40, 0x15],
        size: 2 * MIB,
        family: Family::GigaDevice,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/GD25Q16C_c84015_DERIVED.hex")),
        times: Times::Given(gd25q16c),
        short_status_write: ShortStatusWrite::ClearsSecond,
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 20 * US,
            exit_ns: 20 * US,
        }),
        reset_idle_ns: 20 * US,
        reset_busy_ns: 12 * MS,
        protect_unit: 65536,
        max_hz: 104_000_000,
        source: "SFDP derived from the GD25Q32C dump; 104 MHz and 5 ms power-up from the \
                 Adafruit device table; all other times are family figures, unverified",
        ..W25Q128JV
    },
    W25Q128JV,
    PartSpec {
        name: "MX25L3233F",
        id: &[0xC2, 0x20, 0x16],
        size: 4 * MIB,
        family: Family::Macronix,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/MX25L3233F_c22016.hex")),
        times: Times::Given(mx25l3233f),
        low_power: None,
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 10 * US,
            exit_ns: 30 * US,
        }),
        suspend: Some(Suspend {
            latency_ns: 20 * US,
            ..MACRONIX_SUSPEND
        }),
        max_hz: 104_000_000,
        source: "SFDP dump, which has no times; all times are family figures, unverified",
        ..MX25R6435F
    },
    PartSpec {
        name: "P25Q16H",
        id: &[0x85, 0x60, 0x15],
        size: 2 * MIB,
        family: Family::Puya,
        sfdp: Sfdp::Tables(include_str!("../../sfdp/P25Q16H_856015.tables.hex")),
        times: Times::Given(p25q16h),
        short_status_write: ShortStatusWrite::ClearsSecond,
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 3 * US,
            exit_ns: 8 * US,
        }),
        protect_unit: 65536,
        max_hz: 104_000_000,
        source: "SFDP tables from a board file; all times are family figures, unverified",
        ..W25Q128JV
    },
    PartSpec {
        name: "IS25WP256",
        id: &[0x9D, 0x70, 0x19],
        size: 32 * MIB,
        family: Family::Issi,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/IS25WP256_9d7019.hex")),
        quad_enable: QuadEnable::Status1Bit6,
        four_byte: FourByte::ModeAndOpcodes,
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 3 * US,
            exit_ns: 15 * US,
        }),
        reset_idle_ns: 35 * US,
        reset_busy_ns: 100 * US,
        suspend: Some(Suspend {
            latency_ns: 100 * US,
            run_ns: 448 * US,
            ..WINBOND_SUSPEND
        }),
        protect_unit: 65536,
        protect_bits: 4,
        max_hz: 104_000_000,
        source: "SFDP dump; register write, reset and power-up times are family figures, unverified",
        ..W25Q128JV
    },
    PartSpec {
        name: "MT25QU256A",
        id: &[0x20, 0xBB, 0x19, 0x10, 0x44],
        size: 32 * MIB,
        family: Family::Micron,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/MT25QU256A_20bb19_1044.hex")),
        quad_enable: QuadEnable::AlwaysOn,
        four_byte: FourByte::ModeAndOpcodes,
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 3 * US,
            exit_ns: 30 * US,
        }),
        reset_idle_ns: 50 * US,
        reset_busy_ns: 30 * US,
        suspend: Some(Suspend {
            latency_ns: 25 * US,
            run_ns: 192 * US,
            ..WINBOND_SUSPEND
        }),
        protect_unit: 65536,
        protect_bits: 3,
        max_hz: 108_000_000,
        source: "SFDP dump; register write, reset and power-up times are family figures, unverified",
        ..W25Q128JV
    },
    PartSpec {
        name: "SST26VF064B",
        id: &[0xBF, 0x26, 0x43],
        size: 8 * MIB,
        family: Family::Sst,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/SST26VF064B_bf2643.hex")),
        deep_power_down: None,
        reset_idle_ns: 20 * US,
        reset_busy_ns: 100 * US,
        power_up_ns: 100 * US,
        suspend: Some(Suspend {
            suspend: &[0xB0],
            resume: &[0x30],
            latency_ns: 25 * US,
            run_ns: 512 * US,
        }),
        status_write: Span::ms(15, 25),
        max_hz: 104_000_000,
        source: "SFDP dump; register write, reset and power-up times are family figures, unverified",
        ..W25Q128JV
    },
    PartSpec {
        name: "W25Q01JVQ",
        id: &[0xEF, 0x40, 0x21],
        size: 128 * MIB,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/W25Q01JVQ_ef4021.hex")),
        four_byte: FourByte::ModeAndOpcodes,
        // The -Q ordering code ships with quad enable set.
        delivered: [0, 0x02, 0],
        protect_unit: 65536,
        protect_bits: 4,
        ..W25Q128JV
    },
    PartSpec {
        name: "GD25Q32C",
        id: &[0xC8, 0x40, 0x16],
        size: 4 * MIB,
        family: Family::Winbond,
        sfdp: Sfdp::Dump(include_str!("../../sfdp/GD25Q32C_c84016.hex")),
        times: Times::Given(gd25q16c),
        deep_power_down: Some(DeepPowerDown {
            enter_ns: 20 * US,
            exit_ns: 20 * US,
        }),
        reset_busy_ns: 12 * MS,
        protect_unit: 65536,
        max_hz: 104_000_000,
        source: "SFDP dump, which has no times; second register written alone with 31 as the \
                 Adafruit device table says; all times are family figures, unverified",
        ..W25Q128JV
    },
];

/// Every part in the table.
#[must_use]
pub fn parts() -> &'static [PartSpec] {
    &PARTS
}

/// The part called `name`, in any case.
#[must_use]
pub fn part(name: &str) -> Option<&'static PartSpec> {
    PARTS.iter().find(|p| p.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_in_any_case() {
        for spec in parts() {
            let same = parts().iter().filter(|p| p.name == spec.name).count();
            assert_eq!(same, 1, "{}", spec.name);
            assert_eq!(part(&spec.name.to_lowercase()).unwrap().id, spec.id);
        }
        assert!(part("nothing").is_none());
    }

    #[test]
    fn sfdp_agrees_with_the_table() {
        for spec in parts() {
            let image = spec.sfdp_image();
            assert_eq!(image.size(), Some(u64::from(spec.size)), "{}", spec.name);
            if let Some(page) = image.page() {
                assert_eq!(page, spec.page, "{}", spec.name);
            }
        }
    }

    #[test]
    fn every_part_has_plausible_times() {
        for spec in parts() {
            let timing = spec.timing();
            assert!(!timing.erases.is_empty(), "{}", spec.name);
            for erase in &timing.erases {
                assert!(erase.time.typical_ns >= MS, "{}", spec.name);
                assert!(
                    erase.time.typical_ns <= erase.time.maximum_ns,
                    "{}",
                    spec.name
                );
            }
            let page = timing.program(spec.page, spec.page);
            assert!(
                (100 * US..5 * MS).contains(&page.typical_ns),
                "{}",
                spec.name
            );
            assert!(!spec.source.is_empty());
        }
    }

    #[test]
    fn published_times_are_met() {
        let timing = |name: &str| part(name).unwrap().timing();
        let w25q = timing("W25Q128JV");
        assert_eq!(w25q.erases[0].time, Span::ms(64, 896));
        assert_eq!(w25q.erases[2].time, Span::ms(160, 2_240));
        assert_eq!(w25q.chip_erase, Span::ms(40_000, 240_000));
        let issi = timing("IS25WP256");
        assert_eq!(issi.page_program, Span::us(200, 1_200));
        let mt25 = timing("MT25QU256A");
        assert_eq!(
            mt25.erases.iter().find(|e| e.opcode == 0x52).unwrap().time,
            Span::ms(112, 1_120)
        );
        let slow = (part("MX25R6435F").unwrap().low_power.unwrap().timing)();
        assert_eq!(slow.program(256, 256).typical_ns, 3_113_000);
        assert_eq!(slow.program(64, 256).typical_ns, 3_113_000 / 4);
    }
}
