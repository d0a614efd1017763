// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::nor::{BusyTime, FaultTimes, FlashFault, InFile, Nor, part, parts};
use qspi_models::{FlashOperation, Violation};

const MS: u64 = 1_000_000;

#[test]
fn a_program_clears_bits_and_takes_its_time() {
    let mut bare = Bare::new("W25Q128JV");
    let page: Vec<u8> = (0..=255).collect();
    assert_eq!(bare.modify(0x02, 0x1_0000, &page), 704_000);
    assert_eq!(bare.read(0x1_0000, 256), page);
    assert_eq!(bare.take(), []);
    bare.modify(0x02, 0x1_0000, &[0x0F; 2]);
    assert_eq!(bare.read(0x1_0000, 3), [0x00, 0x01, 0x02]);
    assert_eq!(
        bare.take(),
        [Violation::ProgramSetsBits { address: 0x1_0000 }]
    );
}

#[test]
fn partial_programs_are_cheaper() {
    let mut bare = Bare::new("W25Q128JV");
    let one = bare.modify(0x02, 0, &[0]);
    let two = bare.modify(0x02, 0x100, &[0, 0]);
    let hundred = bare.modify(0x02, 0x200, &[0; 100]);
    // First byte 32 µs, then evenly up to 704 µs for the page.
    assert!((32_000..33_000).contains(&one), "{one}");
    assert!(two > one && hundred > 50 * (two - one));
    assert!((290_000..300_000).contains(&hundred), "{hundred}");
}

#[test]
fn a_program_wraps_within_its_page() {
    let mut bare = Bare::new("MX25R6435F");
    bare.modify(0x02, 0x1FE, &[1, 2, 3, 4]);
    assert_eq!(bare.read(0x1FE, 3), [1, 2, 0xFF]);
    assert_eq!(bare.read(0x100, 3), [3, 4, 0xFF]);
    assert_eq!(
        bare.take(),
        [Violation::ProgramWrapsInPage { address: 0x1FE }]
    );
}

#[test]
fn of_too_many_bytes_the_last_page_is_kept() {
    let mut bare = Bare::new("MX25R6435F");
    let mut data = vec![0xEE; 10];
    data.extend(0..=255u8);
    bare.modify(0x02, 0, &data);
    let back = bare.read(0, 256);
    // The first ten of the kept bytes start where the surplus ended.
    assert_eq!(back[10..], (0..=245u8).collect::<Vec<_>>());
    assert_eq!(back[..10], (246..=255u8).collect::<Vec<_>>());
}

#[test]
fn every_erase_command_of_every_part_erases_its_block() {
    for spec in parts().iter().filter(|p| p.name != "SST26VF064B") {
        let slow = spec.low_power.map(|low| (low.timing)());
        let timing = slow.unwrap_or_else(|| spec.timing());
        for erase in &timing.erases {
            let mut bare = Bare::new(spec.name);
            let base = 0x4_0000;
            let before = base - 1;
            bare.nor.poke(before, &vec![0; erase.bytes as usize + 2]);
            let took = bare.modify(erase.opcode, base + 7, &[]);
            let name = spec.name;
            assert_eq!(took, erase.time.typical_ns, "{name} {:#x}", erase.opcode);
            let mut back = vec![0; erase.bytes as usize + 2];
            bare.nor.peek(before, &mut back);
            assert_eq!(back[0], 0, "{name} {:#x}", erase.opcode);
            assert_eq!(back[back.len() - 1], 0, "{name} {:#x}", erase.opcode);
            assert!(back[1..back.len() - 1].iter().all(|&b| b == 0xFF));
            assert_eq!(bare.nor.wear(base), 1);
            assert_eq!(bare.take(), [], "{name}");
        }
    }
}

#[test]
fn a_chip_erase_erases_and_wears_everything() {
    let mut bare = Bare::new("MX25R8035F");
    bare.nor.poke(0, &[0]);
    bare.nor.poke(0xF_FFFF, &[0]);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x60], 0);
    assert_eq!(bare.until_idle(), 14_750 * MS);
    assert_eq!(bare.read(0, 1), [0xFF]);
    assert_eq!(bare.read(0xF_FFFF, 1), [0xFF]);
    assert_eq!((bare.nor.wear(0), bare.nor.wear(0xF_FFFF)), (1, 1));
}

#[test]
fn sst_is_locked_at_power_up_and_erases_by_address() {
    let mut bare = Bare::new("SST26VF064B");
    bare.modify(0x20, 0, &[]);
    assert_eq!(
        bare.take(),
        [Violation::Protected {
            opcode: 0x20,
            address: 0
        }]
    );
    bare.frame(&[0x06], 0);
    bare.frame(&[0x98], 0);
    bare.nor.poke(0, &[0; 0x3000]);
    bare.modify(0xD8, 0x0100, &[]);
    assert_eq!(bare.read(0x1FFF, 2), [0xFF, 0x00]);
    bare.nor.poke(0x8000, &[0; 0x8001]);
    bare.modify(0xD8, 0x8000, &[]);
    assert_eq!(bare.read(0xFFFF, 2), [0xFF, 0x00]);
    assert_eq!(bare.take(), []);
    bare.nor.power_cut(bare.now);
    bare.nor.power_on(bare.now);
    bare.pass(10 * MS);
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.take().len(), 1);
}

#[test]
fn wel_and_wip_go_their_way() {
    let mut bare = Bare::new("W25Q128JV");
    assert_eq!(bare.status(), 0x00);
    bare.frame(&[0x06], 0);
    assert_eq!(bare.status(), 0x02);
    bare.addressed(0x20, 0, &[]);
    assert_eq!(bare.status(), 0x03);
    bare.until_idle();
    assert_eq!(bare.status(), 0x00);
    assert_eq!(bare.take(), []);
}

#[test]
fn nothing_changes_without_write_enable() {
    let mut bare = Bare::new("W25Q128JV");
    bare.nor.poke(0, &[0]);
    for (opcode, data) in [(0x02, &[0x55][..]), (0x20, &[]), (0xD8, &[])] {
        bare.addressed(opcode, 0, data);
        assert!(!bare.nor.is_busy());
        assert_eq!(bare.take(), [Violation::NotWriteEnabled { opcode }]);
    }
    bare.frame(&[0xC7], 0);
    bare.frame(&[0x01, 0x02], 0);
    assert_eq!(bare.take().len(), 2);
    assert_eq!(bare.read(0, 1), [0]);
    assert_eq!(bare.nor.registers(), [0, 0, 0]);
}

#[test]
fn a_busy_part_hears_little() {
    let mut bare = Bare::new("W25Q128JV");
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    assert_eq!(bare.read(0, 2), [0xFF, 0xFF]);
    bare.frame(&[0x9F], 3);
    bare.frame(&[0x06], 0);
    bare.addressed(0x02, 0x5000, &[0]);
    assert_eq!(bare.status() & 1, 1);
    assert_eq!(
        bare.take(),
        [0x03, 0x9F, 0x06, 0x02].map(|opcode| Violation::CommandWhileBusy { opcode })
    );
    bare.until_idle();
    assert_eq!(bare.read(0x5000, 1), [0xFF]);
}

#[test]
fn busy_times_follow_the_setting() {
    let erase = |setting| {
        let mut bare = Bare::new("W25Q128JV");
        bare.nor.set_busy_time(setting);
        bare.modify(0x20, 0, &[])
    };
    assert_eq!(erase(BusyTime::Typical), 64 * MS);
    assert_eq!(erase(BusyTime::Maximum), 896 * MS);
    assert_eq!(erase(BusyTime::Scaled { percent: 2000 }), 1280 * MS);
    let some = erase(BusyTime::Uniform { seed: 3 });
    assert!((64 * MS..=896 * MS).contains(&some));
    assert_eq!(some, erase(BusyTime::Uniform { seed: 3 }));
    assert_ne!(some, erase(BusyTime::Uniform { seed: 4 }));
}

#[test]
fn each_operation_draws_its_own_time() {
    let mut bare = Bare::new("W25Q128JV");
    bare.nor.set_busy_time(BusyTime::Uniform { seed: 3 });
    let times: Vec<u64> = (0..8).map(|n| bare.modify(0x20, n << 12, &[])).collect();
    let mut distinct = times.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), times.len());
}

#[test]
fn the_fast_mode_of_mx25r_is_fast() {
    let mut bare = Bare::new("MX25R6435F");
    assert_eq!(bare.modify(0x02, 0, &[0; 256]), 3_113_000);
    assert_eq!(bare.modify(0x20, 0, &[]), 58 * MS);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x01, 0x00, 0x00, 0x02], 0);
    bare.until_idle();
    assert_eq!(bare.frame(&[0x15], 3), [0x00, 0x02, 0x00]);
    assert_eq!(bare.modify(0x02, 0, &[0; 256]), 896_000);
    assert_eq!(bare.modify(0x20, 0, &[]), 48 * MS);
    bare.hz = 32_000_000;
    bare.read(0, 4);
    assert_eq!(bare.take(), []);
}

#[test]
fn the_slow_mode_of_mx25r_takes_8_mhz() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0x42; 32]);
    bare.hz = 8_000_000;
    assert_eq!(bare.read(0, 32), [0x42; 32]);
    assert_eq!(bare.take(), []);
    bare.hz = 16_000_000;
    assert_ne!(bare.read(0, 32), [0x42; 32]);
    assert_eq!(
        bare.take(),
        [Violation::ClockTooFast {
            opcode: 0x03,
            sck_hz: 16_000_000,
            limit_hz: 8_000_000
        }]
    );
}

#[test]
fn protected_ranges_do_not_change() {
    let mut bare = Bare::new("MX25R6435F");
    // The top 64 KiB.
    bare.nor.set_register(0, 1 << 2);
    let top = 0x7F_0000;
    bare.modify(0x02, top, &[0]);
    bare.modify(0x20, top + 0x5000, &[]);
    bare.frame(&[0x06], 0);
    bare.frame(&[0xC7], 0);
    assert_eq!(
        bare.take(),
        [
            Violation::Protected {
                opcode: 0x02,
                address: top
            },
            Violation::Protected {
                opcode: 0x20,
                address: top + 0x5000
            },
            Violation::Protected {
                opcode: 0xC7,
                address: 0
            },
        ]
    );
    assert!(!bare.nor.is_busy());
    assert_eq!(bare.status(), 0x04);
    assert_eq!(bare.read(top, 1), [0xFF]);
    bare.modify(0x02, top - 1, &[0]);
    assert_eq!(bare.read(top - 1, 1), [0]);
    assert_eq!(bare.take(), []);
}

#[test]
fn micron_reports_in_its_flag_register() {
    let mut bare = Bare::new("MT25QU256A");
    assert_eq!(bare.frame(&[0x70], 1), [0x80]);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    assert_eq!(bare.frame(&[0x70], 1), [0x00]);
    bare.until_idle();
    bare.nor
        .faults
        .arm(FlashFault::EraseFails, FaultTimes::Count(1));
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.frame(&[0x70], 1), [0xA0]);
    bare.nor
        .faults
        .arm(FlashFault::ProgramFails, FaultTimes::Count(1));
    bare.modify(0x02, 0, &[0; 4]);
    assert_eq!(bare.frame(&[0x70], 1), [0xB0]);
    bare.frame(&[0x50], 0);
    assert_eq!(bare.frame(&[0x70], 1), [0x80]);
    bare.nor.set_register(0, 0x1C);
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.frame(&[0x70], 1), [0x82]);
    assert_eq!(bare.status() & 2, 2);
}

#[test]
fn four_byte_mode_and_opcodes() {
    let mut bare = Bare::new("IS25WP256");
    bare.nor.poke(0x100_0000, &[0xAB]);
    assert_eq!(bare.frame(&[0x13, 1, 0, 0, 0], 1), [0xAB]);
    bare.frame(&[0xB7], 0);
    assert_eq!(bare.frame(&[0x03, 1, 0, 0, 0], 1), [0xAB]);
    bare.frame(&[0xE9], 0);
    assert_eq!(bare.frame(&[0x03, 0, 0, 0], 1), [0xFF]);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x21, 1, 0, 0, 0], 0);
    bare.until_idle();
    assert_eq!(bare.frame(&[0x13, 1, 0, 0, 0], 1), [0xFF]);
    assert_eq!(bare.take(), []);
    // Micron wants WREN first.
    let mut bare = Bare::new("MT25QU256A");
    bare.frame(&[0xB7], 0);
    assert!(!bare.nor.is_four_byte());
    assert_eq!(bare.take(), [Violation::NotWriteEnabled { opcode: 0xB7 }]);
    bare.frame(&[0x06], 0);
    bare.frame(&[0xB7], 0);
    assert!(bare.nor.is_four_byte());
    assert_eq!(bare.status(), 0);
}

#[test]
fn contents_outlive_the_model_in_a_file() {
    let path = std::env::temp_dir().join(format!("qspi-models-image-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let part = part("MX25R6435F").unwrap();
    let open = |writable: bool| {
        let file = if writable {
            InFile::open_writable(&path)
        } else {
            InFile::open_read_only(&path)
        };
        Bare {
            nor: Nor::with_backing(part, Box::new(file.unwrap())),
            now: 0,
            hz: 8_000_000,
        }
    };
    open(true).modify(0x02, 0x1005, &[1, 2, 3]);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0x2000);
    let mut second = open(true);
    assert_eq!(second.read(0x1004, 5), [0xFF, 1, 2, 3, 0xFF]);
    second.modify(0x20, 0x1000, &[]);
    drop(second);
    let mut third = open(false);
    assert_eq!(third.read(0x1004, 5), [0xFF; 5]);
    third.modify(0x02, 0, &[0]);
    assert_eq!(third.read(0, 1), [0]);
    drop(third);
    assert_eq!(open(false).read(0, 1), [0xFF]);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_backing_that_fails_is_reported() {
    use qspi_models::nor::{Backing, Sector};
    struct Full;
    impl Backing for Full {
        fn load(&mut self, _: u32, _: &mut Sector) -> std::io::Result<bool> {
            Ok(false)
        }
        fn store(&mut self, _: u32, _: &Sector) -> std::io::Result<()> {
            Err(std::io::Error::other("full"))
        }
    }
    let mut nor = Nor::with_backing(part("MX25R6435F").unwrap(), Box::new(Full));
    nor.poke(0, &[0]);
    assert_eq!(nor.take_violations()[0].what, Violation::Backing);
}

#[test]
fn malformed_commands_do_nothing() {
    let mut bare = Bare::new("W25Q128JV");
    // WREN with a byte too many, an erase with too few or too many, a program without data.
    bare.frame(&[0x06, 0x00], 0);
    assert_eq!(bare.status(), 0);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x20, 0, 0], 0);
    bare.frame(&[0x20, 0, 0, 0, 0], 0);
    bare.frame(&[0x02, 0, 0, 0], 0);
    assert!(!bare.nor.is_busy());
    assert_eq!(
        bare.take(),
        [0x06, 0x20, 0x20, 0x02].map(|opcode| Violation::MalformedCommand { opcode })
    );
    assert_eq!(bare.status(), 0x02);
}

#[test]
fn addresses_beyond_the_part_wrap() {
    let mut bare = Bare::new("MX25R6435F");
    bare.modify(0x02, 0x80_0010, &[0]);
    assert_eq!(bare.read(0x10, 1), [0]);
    assert_eq!(bare.take(), [Violation::BeyondEnd { end: 0x80_0011 }]);
}

#[test]
fn continuous_read_is_entered_by_mistake_and_left_with_ones() {
    use qspi_models::Lanes;
    for (name, bits, harmless) in [
        ("W25Q128JV", 0xA0, 0xFF),
        ("MX25R6435F", 0xA5, 0xAA),
        ("IS25WP256", 0xA0, 0x00),
    ] {
        let mut bare = Bare::new(name);
        bare.nor.set_register(0, 0x40);
        bare.nor.set_register(1, 0x02);
        let read = |bare: &mut Bare, mode: u8| {
            bare.nor.select(bare.now, bare.hz);
            bare.nor.send(&[0xEB], Lanes::One);
            bare.nor.send(&[0, 0, 0, mode], Lanes::Four);
            bare.nor.wait(4);
            bare.nor.receive(&mut [0; 4], Lanes::Four);
            bare.now += 1_000;
            bare.nor.deselect(bare.now);
        };
        read(&mut bare, harmless);
        assert_eq!(bare.take(), [], "{name}");
        read(&mut bare, bits);
        assert!(bare.nor.is_continuous_read(), "{name}");
        assert_eq!(bare.take(), [Violation::ContinuousReadEntered]);
        bare.frame(&[0x9F], 3);
        assert_eq!(
            bare.take(),
            [Violation::CommandInContinuousRead { opcode: 0x9F }]
        );
        bare.frame(&[0xFF], 0);
        assert_eq!(bare.frame(&[0x9F], 3), bare.nor.part().id[..3]);
        assert_eq!(bare.take(), []);
    }
}

#[test]
fn four_line_commands_are_left_with_ones() {
    let mut bare = Bare::new("W25Q128JV");
    bare.nor.set_four_line_commands(true);
    assert_eq!(bare.frame(&[0x9F], 1), [0xFF]);
    assert_eq!(bare.take(), [Violation::WrongFraming { opcode: 0x9F }]);
    bare.frame(&[0xFF], 0);
    assert!(!bare.nor.takes_commands_on_four_lines());
    assert_eq!(bare.frame(&[0x9F], 1), [0xEF]);
}

#[test]
fn a_phantom_busy_time_ends_by_itself_or_by_hand() {
    let mut bare = Bare::new("W25Q128JV");
    bare.nor.set_busy(0, Some(5 * MS));
    assert_eq!(bare.status(), 1);
    assert_eq!(bare.until_idle(), 5 * MS - 1_000);
    bare.nor.set_busy(bare.now, None);
    assert_eq!(bare.nor.next_event(), None);
    bare.nor.clear_busy(bare.now);
    assert_eq!(bare.status(), 0);
    let phantom = bare.nor.take_observations().iter().any(|o| {
        matches!(
            o.what,
            qspi_models::Observation::BusyStarted {
                operation: FlashOperation::Phantom,
                ..
            }
        )
    });
    assert!(phantom);
}
