// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::nor::{FaultTimes, FlashFault, Lines};
use qspi_models::registers::*;
use qspi_models::{Observation, Outcome, Violation};

const MS: u64 = 1_000_000;

fn armed(fault: FlashFault) -> Bare {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.faults.arm(fault, FaultTimes::Count(1));
    bare
}

#[test]
fn wren_ignored() {
    let mut bare = armed(FlashFault::WriteEnableIgnored);
    bare.modify(0x02, 0, &[0]);
    assert_eq!(bare.status(), 0);
    assert_eq!(bare.read(0, 1), [0xFF]);
    assert_eq!(bare.take(), [Violation::NotWriteEnabled { opcode: 0x02 }]);
    bare.modify(0x02, 0, &[0]);
    assert_eq!(bare.read(0, 1), [0]);
}

#[test]
fn program_ignored() {
    let mut bare = armed(FlashFault::ProgramIgnored);
    assert_eq!(bare.modify(0x02, 0, &[0; 256]), 3_113_000);
    assert_eq!(bare.read(0, 256), [0xFF; 256]);
    assert_eq!(bare.frame(&[0x2B], 1), [0]);
    assert_eq!(bare.take(), []);
}

#[test]
fn program_fails_half_way_and_says_so() {
    let mut bare = armed(FlashFault::ProgramFails);
    bare.modify(0x02, 0, &[0; 256]);
    assert_eq!(bare.read(0, 128), [0; 128]);
    assert_eq!(bare.read(128, 128), [0xFF; 128]);
    assert_eq!(bare.frame(&[0x2B], 1), [0x20]);
    bare.modify(0x02, 0, &[0; 256]);
    assert_eq!(bare.frame(&[0x2B], 1), [0x00]);
    assert_eq!(bare.read(128, 128), [0; 128]);
}

#[test]
fn erase_ignored() {
    let mut bare = armed(FlashFault::EraseIgnored);
    bare.nor.poke(0, &[0x12; 16]);
    assert_eq!(bare.modify(0x20, 0, &[]), 58 * MS);
    assert_eq!(bare.read(0, 16), [0x12; 16]);
    assert_eq!(bare.nor.wear(0), 0);
    let failed = bare.nor.take_observations().into_iter().any(|o| {
        matches!(
            o.what,
            Observation::BusyEnded {
                outcome: Outcome::Failed,
                ..
            }
        )
    });
    assert!(failed);
}

#[test]
fn erase_fails_half_way_and_says_so() {
    let mut bare = armed(FlashFault::EraseFails);
    bare.nor.poke(0, &[0; 4096]);
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.read(2047, 2), [0xFF, 0x00]);
    assert_eq!(bare.frame(&[0x2B], 1), [0x40]);
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.frame(&[0x2B], 1), [0x00]);
}

#[test]
fn wip_stuck_for_a_while() {
    let mut bare = armed(FlashFault::WipStuck {
        for_ns: Some(5 * MS),
    });
    assert_eq!(bare.modify(0x20, 0, &[]), 63 * MS);
    assert_eq!(bare.status(), 0);
}

#[test]
fn wip_stuck_for_ever() {
    let mut bare = armed(FlashFault::WipStuck { for_ns: None });
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.pass(1_000_000 * MS);
    assert_eq!(bare.status() & 1, 1);
    assert_eq!(bare.nor.next_event(), None);
    // A reset mends it.
    bare.frame(&[0x66], 0);
    bare.frame(&[0x99], 0);
    bare.pass(20 * MS);
    assert_eq!(bare.status(), 0);
}

#[test]
fn wip_clears_and_returns() {
    let mut bare = armed(FlashFault::WipReturns {
        after_ns: 3 * MS,
        for_ns: 2 * MS,
    });
    bare.modify(0x20, 0, &[]);
    assert_eq!(bare.status(), 0);
    bare.pass(3 * MS);
    assert_eq!(bare.status(), 1);
    bare.frame(&[0x06], 0);
    assert_eq!(bare.take(), [Violation::CommandWhileBusy { opcode: 0x06 }]);
    bare.pass(2 * MS);
    assert_eq!(bare.status(), 0);
}

#[test]
fn a_page_is_lost_when_wip_returns_after_the_poll() {
    let mut lost = 0;
    for after_ns in (0..6_000).step_by(250) {
        let mut rig = Rig::active();
        let fault = FlashFault::WipReturns {
            after_ns,
            for_ns: MS,
        };
        rig.qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1));
        rig.set_up_write(0, RAM, 1024);
        rig.run(TASKS_WRITESTART);
        rig.until_idle();
        let mut back = [0xFF; 1024];
        rig.qspi.flash_mut().peek(0, &mut back);
        assert_eq!(back[..256], [0; 256]);
        assert_eq!(back[512..], [0; 512]);
        let second = &back[256..512];
        if rig.take().is_empty() {
            assert_eq!(second, [0; 256]);
        } else {
            // WREN or the program itself was sent into the busy time.
            assert_eq!(second, [0xFF; 256]);
            lost += 1;
        }
    }
    assert!((1..24).contains(&lost), "{lost}");
}

#[test]
fn bit_flips() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0x11; 64]);
    bare.nor.faults.arm(
        FlashFault::FlipReadBits {
            address: 0x21,
            mask: 0x81,
        },
        FaultTimes::Count(1),
    );
    let mut expected = [0x11; 64];
    assert_eq!(bare.read(0, 0x21), expected[..0x21]);
    expected[0x21] = 0x90;
    assert_eq!(bare.read(0, 64), expected);
    assert_eq!(bare.read(0, 64), [0x11; 64]);
    assert!(bare.nor.faults.is_empty());
    bare.nor.faults.arm(
        FlashFault::FlipReadBits {
            address: 3,
            mask: 0x01,
        },
        FaultTimes::Always,
    );
    for _ in 0..3 {
        assert_eq!(bare.read(0, 5), [0x11, 0x11, 0x11, 0x10, 0x11]);
    }
}

#[test]
fn absent() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.faults.lines = Lines::ReadOnes;
    assert_eq!(bare.status(), 0xFF);
    assert_eq!(bare.frame(&[0x9F], 3), [0xFF; 3]);
    bare.modify(0x02, 0, &[0]);
    bare.nor.faults.clear();
    assert_eq!(bare.read(0, 1), [0xFF]);
}

#[test]
fn shorted() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.faults.lines = Lines::ReadZeroes;
    assert_eq!(bare.status(), 0x00);
    assert_eq!(bare.frame(&[0x9F], 3), [0x00; 3]);
    assert_eq!(bare.frame(&[0x5A, 0, 0, 0, 0], 4), [0x00; 4]);
    // The part hears all the same.
    bare.modify(0x02, 0, &[0x5A]);
    bare.nor.faults.clear();
    assert_eq!(bare.read(0, 1), [0x5A]);
}

#[test]
fn a_shorted_flash_lets_activate_end() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.qspi.flash_mut().faults.lines = Lines::ReadZeroes;
    rig.activate(SINGLE, MHZ_8);
    assert_eq!(rig.custom(0x9F, &[1, 2, 3]), [0, 0, 0]);
    rig.no_violations();
}

#[test]
fn a_flash_that_comes_back_ends_the_polling() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.qspi.flash_mut().faults.lines = Lines::ReadOnes;
    rig.connect();
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.until_ready(), None);
    rig.pass(MS);
    rig.qspi.flash_mut().faults.clear();
    rig.pass(0);
    assert!(rig.until_ready().is_some_and(|ns| ns < 20_000));
}

#[test]
fn wrong_and_changing_ids() {
    let id = [0xEF, 0x40, 0x16];
    let mut bare = armed(FlashFault::WrongId { id });
    assert_eq!(bare.frame(&[0x9F], 3), id);
    assert_eq!(bare.frame(&[0x9F], 3), [0xC2, 0x28, 0x17]);
    bare.nor
        .faults
        .arm(FlashFault::WrongId { id }, FaultTimes::Always);
    assert_eq!(bare.frame(&[0x9F], 3), id);
    assert_eq!(bare.frame(&[0x9F], 4), [0xEF, 0x40, 0x16, 0x00]);
}

#[test]
fn quad_enable_that_does_not_stick() {
    let mut bare = armed(FlashFault::QuadEnableDoesNotStick);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x01, 0x44], 0);
    bare.until_idle();
    assert_eq!(bare.status(), 0x04);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x01, 0x44], 0);
    bare.until_idle();
    assert_eq!(bare.status(), 0x44);
}

#[test]
fn suspend_refused() {
    let mut bare = armed(FlashFault::SuspendRefused);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.frame(&[0xB0], 0);
    bare.pass(MS);
    assert!(bare.nor.is_busy());
    assert!(!bare.nor.is_suspended());
    assert_eq!(bare.take(), []);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    assert!(bare.nor.is_suspended());
}

#[test]
fn faults_strike_through_the_peripheral() {
    let mut rig = Rig::active();
    rig.qspi
        .flash_mut()
        .faults
        .arm(FlashFault::ProgramIgnored, FaultTimes::Count(1));
    rig.set_up_write(0, RAM, 512);
    rig.run(TASKS_WRITESTART);
    rig.until_idle();
    let mut back = [0xFF; 512];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert_eq!(back[..256], [0xFF; 256]);
    assert_eq!(back[256..], [0x00; 256]);
}
