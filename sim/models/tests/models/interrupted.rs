// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::nor::{FaultTimes, FlashFault};
use qspi_models::registers::*;
use qspi_models::{FlashOperation, Observation, Outcome, PowerState, Violation};

const MS: u64 = 1_000_000;

fn cut(during: FlashOperation, after_bytes: u32) -> Bare {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.faults.arm(
        FlashFault::PowerCut {
            during,
            after_bytes,
        },
        FaultTimes::Count(1),
    );
    bare
}

/// Waits for the supply to fail.
fn until_off(bare: &mut Bare) {
    while bare.nor.power_state() != PowerState::Off {
        bare.now = bare.nor.next_event().expect("the cut comes");
        bare.nor.advance(bare.now);
    }
}

fn on_again(bare: &mut Bare) {
    bare.nor.power_on(bare.now);
    bare.pass(MS);
}

#[test]
fn power_cut_at_every_byte_of_a_page_program() {
    let old: Vec<u8> = (0..256u32).map(|n| (n * 37) as u8 | 0xA5).collect();
    let new: Vec<u8> = (0..256u32).map(|n| (n * 11) as u8).collect();
    for after in 0..=256u32 {
        let mut bare = cut(FlashOperation::Program, after);
        bare.nor.set_seed(u64::from(after));
        bare.nor.poke(0x100, &old);
        bare.frame(&[0x06], 0);
        bare.addressed(0x02, 0x100, &new);
        let started = bare.now;
        until_off(&mut bare);
        assert_eq!(bare.now - started, 3_113_000 * u64::from(after) / 256);
        assert_eq!(bare.frame(&[0x05], 1), [0xFF]);
        on_again(&mut bare);
        assert_eq!(bare.status(), 0);
        let back = bare.read(0x100, 256);
        for (index, &byte) in back.iter().enumerate() {
            let done = old[index] & new[index];
            match (index as u32).cmp(&after) {
                std::cmp::Ordering::Less => assert_eq!(byte, done, "{after} {index}"),
                std::cmp::Ordering::Equal => {
                    // Between the two: no bit set that was not, none cleared
                    // that was not to be.
                    assert_eq!(byte & !old[index], 0, "{after} {index}");
                    assert_eq!(done & !byte, 0, "{after} {index}");
                }
                std::cmp::Ordering::Greater => assert_eq!(byte, old[index], "{after} {index}"),
            }
        }
        assert_eq!(bare.read(0xFF, 1), [0xFF]);
    }
}

#[test]
fn what_is_left_to_chance_is_left_to_the_seed() {
    let run = |seed: u64| {
        let mut bare = cut(FlashOperation::Erase, 1000);
        bare.nor.set_seed(seed);
        bare.nor.poke(0, &[0; 4096]);
        bare.frame(&[0x06], 0);
        bare.addressed(0x20, 0, &[]);
        until_off(&mut bare);
        on_again(&mut bare);
        bare.read(0, 4096)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn power_cut_in_an_erase_leaves_three_parts() {
    for after in [0, 1, 255, 2048, 4000, 4096] {
        let mut bare = cut(FlashOperation::Erase, after);
        bare.nor.poke(0x1000, &[0x24; 4096]);
        bare.frame(&[0x06], 0);
        bare.addressed(0x20, 0x1000, &[]);
        until_off(&mut bare);
        on_again(&mut bare);
        let back = bare.read(0x1000, 4096);
        let after = after as usize;
        let frontier = (after + 256).min(4096);
        assert!(back[..after].iter().all(|&b| b == 0xFF), "{after}");
        assert!(back[after..frontier].iter().all(|&b| b & 0x24 == 0x24));
        assert!(back[frontier..].iter().all(|&b| b == 0x24), "{after}");
        if after < 4096 {
            assert!(
                back[after..frontier]
                    .iter()
                    .any(|&b| b != 0xFF && b != 0x24)
            );
        }
    }
}

#[test]
fn power_cut_in_a_register_write() {
    for after in 0..=2u32 {
        let mut bare = cut(FlashOperation::StatusWrite, after);
        bare.nor.set_register(0, 0x3C);
        bare.frame(&[0x06], 0);
        bare.frame(&[0x01, 0x40, 0x08], 0);
        until_off(&mut bare);
        on_again(&mut bare);
        let [status, configuration, _] = bare.nor.registers();
        match after {
            0 => {
                assert_eq!(status & !0x7C, 0);
                assert_eq!(configuration, 0);
            }
            1 => assert_eq!((status, configuration & !0x08), (0x40, 0)),
            _ => assert_eq!((status, configuration), (0x40, 0x08)),
        }
    }
}

#[test]
fn power_cut_at_any_time() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0; 4096]);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.nor.set_four_byte(true);
    bare.pass(29 * MS);
    bare.nor.power_cut(bare.now);
    assert_eq!(bare.nor.power_state(), PowerState::Off);
    assert_eq!(bare.nor.next_event(), None);
    let outcome = bare
        .nor
        .take_observations()
        .into_iter()
        .find_map(|o| match o.what {
            Observation::BusyEnded { outcome, .. } => Some(outcome),
            _ => None,
        });
    assert_eq!(outcome, Some(Outcome::Interrupted));
    bare.nor.power_on(bare.now);
    assert_eq!(bare.status(), 0xFF);
    assert_eq!(
        bare.take(),
        [Violation::CommandDuringReset { opcode: 0x05 }]
    );
    bare.pass(MS);
    assert!(!bare.nor.is_four_byte());
    // Half the time, half the sector.
    assert_eq!(bare.read(2047, 1), [0xFF]);
    assert_eq!(bare.read(2048 + 256, 1), [0x00]);
}

#[test]
fn a_reset_breaks_an_erase_off() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0; 4096]);
    bare.nor.set_register(2, 0x02);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.pass(24 * MS);
    bare.frame(&[0x66], 0);
    bare.frame(&[0x99], 0);
    assert_eq!(bare.nor.power_state(), PowerState::Resetting);
    bare.frame(&[0x9F], 1);
    assert_eq!(
        bare.take(),
        [Violation::CommandDuringReset { opcode: 0x9F }]
    );
    // A busy part takes longer to recover than an idle one.
    bare.pass(11 * MS);
    assert_eq!(bare.nor.power_state(), PowerState::Resetting);
    bare.pass(MS);
    assert_eq!(bare.nor.power_state(), PowerState::Standby);
    assert_eq!(bare.read(2000, 1), [0xFF]);
    assert_eq!(bare.read(2500, 1), [0x00]);
}

#[test]
fn a_reset_puts_volatile_state_back() {
    let mut bare = Bare::new("IS25WP256");
    bare.frame(&[0xB7], 0);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x66], 0);
    bare.frame(&[0x99], 0);
    bare.pass(34_999);
    assert_eq!(bare.nor.power_state(), PowerState::Resetting);
    bare.pass(1);
    assert_eq!(bare.nor.power_state(), PowerState::Standby);
    assert!(!bare.nor.is_four_byte());
    assert_eq!(bare.status(), 0);
    assert_eq!(bare.take(), []);
}

#[test]
fn a_reset_wants_both_commands_in_a_row() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0x99], 0);
    bare.frame(&[0x66], 0);
    bare.frame(&[0x05], 1);
    bare.frame(&[0x99], 0);
    assert_eq!(bare.nor.power_state(), PowerState::Standby);
    assert_eq!(
        bare.take(),
        [Violation::MalformedCommand { opcode: 0x99 }; 2]
    );
}

#[test]
fn a_hardware_reset_does_the_same() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.set_register(0, 0x40);
    bare.nor.set_continuous_read(true);
    bare.nor.hardware_reset(0);
    bare.pass(40_000);
    assert_eq!(bare.status(), 0x40);
}

#[test]
fn a_suspended_erase_dies_with_the_supply() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0; 4096]);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.pass(29 * MS);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    bare.pass(1_000 * MS);
    bare.nor.power_cut(bare.now);
    on_again(&mut bare);
    assert!(!bare.nor.is_suspended());
    assert_eq!(bare.read(2000, 1), [0xFF]);
    assert_eq!(bare.read(2500, 1), [0x00]);
    assert_eq!(bare.take(), []);
}

#[test]
fn the_peripheral_waits_for_a_part_without_supply() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().faults.arm(
        FlashFault::PowerCut {
            during: FlashOperation::Program,
            after_bytes: 10,
        },
        FaultTimes::Count(1),
    );
    rig.set_up_write(0, RAM, 512);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_WRITESTART, 1);
    assert_eq!(rig.until_ready(), None);
    rig.pass(1_000 * MS);
    let now = rig.now;
    rig.qspi.flash_mut().power_on(now);
    // The second page goes through once the part answers again.
    assert!(rig.until_ready().is_some());
    rig.until_idle();
    let mut back = [0; 512];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert_eq!(back[..10], [0; 10]);
    assert_eq!(back[11..256], [0xFF; 245]);
    assert_eq!(back[256..], [0; 256]);
}
