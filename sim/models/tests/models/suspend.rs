// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::Violation;

const US: u64 = 1_000;
const MS: u64 = 1_000_000;

fn erasing(name: &str) -> Bare {
    let mut bare = Bare::new(name);
    bare.nor.poke(0, &[0x11; 0x3000]);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0x1000, &[]);
    bare
}

#[test]
fn an_erase_stands_still_and_goes_on() {
    let mut bare = erasing("MX25R6435F");
    let started = bare.now;
    bare.pass(20 * MS);
    bare.frame(&[0xB0], 0);
    let stopped = bare.now;
    assert_eq!(bare.status() & 1, 1);
    assert_eq!(bare.until_idle(), 60 * US - US);
    assert_eq!(bare.status() & 3, 0);
    assert!(bare.nor.is_suspended());
    // Security register: erase suspended.
    assert_eq!(bare.frame(&[0x2B], 1), [0x08]);
    assert_eq!(bare.read(0, 4), [0x11; 4]);
    bare.pass(500 * MS);
    bare.frame(&[0x30], 0);
    let resumed = bare.now;
    bare.until_idle();
    let ran = (stopped - started) + (bare.now - resumed);
    assert_eq!(ran, 58 * MS);
    assert_eq!(bare.read(0x1000, 4), [0xFF; 4]);
    assert_eq!(bare.frame(&[0x2B], 1), [0x00]);
    assert_eq!(bare.take(), []);
}

#[test]
fn both_opcode_pairs_work_where_both_are_listed() {
    for (suspend, resume) in [(0x75, 0x7A), (0xB0, 0x30)] {
        let mut bare = erasing("MX25R6435F");
        bare.frame(&[suspend], 0);
        bare.until_idle();
        assert!(bare.nor.is_suspended());
        bare.frame(&[resume], 0);
        assert!(bare.nor.is_busy());
    }
    let mut bare = erasing("W25Q128JV");
    bare.frame(&[0xB0], 0);
    assert_eq!(bare.take(), [Violation::UnknownOpcode { opcode: 0xB0 }]);
}

#[test]
fn the_suspended_range_reads_as_noise() {
    let mut bare = erasing("MX25R6435F");
    bare.pass(MS);
    bare.frame(&[0x75], 0);
    bare.until_idle();
    let back = bare.read(0x1000, 64);
    assert_ne!(back, [0x11; 64]);
    assert_ne!(back, [0xFF; 64]);
    assert_eq!(
        bare.take(),
        [Violation::ReadOfSuspendedRange { address: 0x1000 }]
    );
    // A read that runs into it from below.
    let back = bare.read(0xFFE, 64);
    assert_eq!(back[..2], [0x11; 2]);
    assert_ne!(back[2..], [0x11; 62]);
}

#[test]
fn a_program_fits_into_a_suspended_erase() {
    let mut bare = erasing("W25Q128JV");
    bare.pass(MS);
    bare.frame(&[0x75], 0);
    bare.until_idle();
    assert_eq!(bare.frame(&[0x35], 1), [0x80]);
    bare.modify(0x02, 0x5000, &[0x42]);
    assert_eq!(bare.read(0x5000, 1), [0x42]);
    assert!(bare.nor.is_suspended());
    assert_eq!(bare.take(), []);
    // Not into the sector itself, and no second erase, and no register write.
    bare.modify(0x02, 0x1000, &[0x42]);
    bare.modify(0x20, 0x8000, &[]);
    bare.frame(&[0x31, 0x02], 0);
    assert_eq!(
        bare.take(),
        [0x02, 0x20, 0x31].map(|opcode| Violation::CommandWhileSuspended { opcode })
    );
    bare.frame(&[0x7A], 0);
    bare.until_idle();
    assert_eq!(bare.read(0x1000, 1), [0xFF]);
}

#[test]
fn too_short_runs_make_no_progress() {
    let mut bare = erasing("MX25R6435F");
    bare.pass(10 * MS);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    for _ in 0..100 {
        bare.frame(&[0x30], 0);
        bare.pass(200 * US);
        bare.frame(&[0xB0], 0);
        bare.until_idle();
        assert!(bare.nor.is_suspended());
    }
    bare.frame(&[0x30], 0);
    // 10 ms and the frame were done before all this.
    assert_eq!(bare.until_idle(), 58 * MS - 10 * MS - US);
}

#[test]
fn an_operation_may_end_before_it_stops() {
    let mut bare = erasing("MX25R6435F");
    bare.pass(58 * MS - 30 * US);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    assert!(!bare.nor.is_suspended());
    assert_eq!(bare.read(0x1000, 1), [0xFF]);
    bare.frame(&[0x30], 0);
    assert_eq!(bare.take(), [Violation::NothingToSuspend { opcode: 0x30 }]);
}

#[test]
fn chip_erases_and_register_writes_run_on() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0x06], 0);
    bare.frame(&[0xC7], 0);
    bare.frame(&[0xB0], 0);
    bare.pass(MS);
    assert!(bare.nor.is_busy());
    assert_eq!(bare.take(), [Violation::NothingToSuspend { opcode: 0xB0 }]);
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0xB0], 0);
    assert_eq!(bare.take(), [Violation::NothingToSuspend { opcode: 0xB0 }]);
}

#[test]
fn a_program_can_be_suspended() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0x06], 0);
    bare.addressed(0x02, 0x100, &[0x77; 256]);
    bare.pass(MS);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    assert_eq!(bare.frame(&[0x2B], 1), [0x04]);
    bare.frame(&[0x30], 0);
    bare.until_idle();
    assert_eq!(bare.read(0x100, 256), [0x77; 256]);
    assert_eq!(bare.take(), []);
}
