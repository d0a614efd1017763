// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::nor::parts;
use qspi_models::registers::*;
use qspi_models::{Observation, PowerState, Violation};

#[test]
fn entering_and_leaving_take_their_time() {
    for spec in parts() {
        let Some(times) = spec.deep_power_down else {
            continue;
        };
        let mut bare = Bare::new(spec.name);
        bare.frame(&[0xB9], 0);
        assert_eq!(bare.nor.power_state(), PowerState::EnteringDeepPowerDown);
        bare.pass(times.enter_ns - 1);
        assert_eq!(bare.nor.power_state(), PowerState::EnteringDeepPowerDown);
        bare.pass(1);
        assert_eq!(bare.nor.power_state(), PowerState::DeepPowerDown);
        assert_eq!(bare.take(), [], "{}", spec.name);
        assert_eq!(bare.status(), 0xFF);
        assert_eq!(bare.frame(&[0x9F], 2), [0xFF, 0xFF]);
        bare.frame(&[0x66], 0);
        assert_eq!(
            bare.take(),
            [0x05, 0x9F, 0x66].map(|opcode| Violation::CommandInDeepPowerDown { opcode })
        );
        bare.frame(&[0xAB], 0);
        assert_eq!(bare.nor.power_state(), PowerState::LeavingDeepPowerDown);
        bare.pass(times.exit_ns - 1_001);
        bare.frame(&[0x05], 1);
        assert_eq!(
            bare.take(),
            [Violation::CommandInDeepPowerDown { opcode: 0x05 }]
        );
        assert_eq!(bare.nor.power_state(), PowerState::LeavingDeepPowerDown);
        bare.pass(1);
        assert_eq!(bare.nor.power_state(), PowerState::Standby);
        assert_eq!(bare.status(), 0x00);
        assert_eq!(bare.take(), [], "{}", spec.name);
    }
}

#[test]
fn a_release_on_the_way_in_is_lost() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0xB9], 0);
    bare.frame(&[0xAB], 0);
    assert_eq!(
        bare.take(),
        [Violation::CommandInDeepPowerDown { opcode: 0xAB }]
    );
    bare.pass(1_000_000);
    assert_eq!(bare.nor.power_state(), PowerState::DeepPowerDown);
}

#[test]
fn a_release_of_a_waking_part_does_no_harm() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0xAB], 0);
    assert_eq!(bare.nor.power_state(), PowerState::Standby);
    // Three dummy bytes may follow.
    bare.frame(&[0xAB, 0, 0, 0], 0);
    assert_eq!(bare.take(), []);
}

#[test]
fn activate_hangs_on_a_sleeping_flash() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.qspi.flash_mut().put_to_sleep(0);
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.until_ready(), None);
    rig.pass(10_000_000_000);
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert_eq!(
        rig.take(),
        [Violation::CommandInDeepPowerDown { opcode: 0x05 }]
    );
    // The bus clocks all the while.
    assert_eq!(rig.read(STATUS) >> 24, 0xFF);
    rig.write(TASKS_DEACTIVATE, 1);
    assert!(rig.qspi.bus_use().clocking_ns > 9_000_000_000);
}

#[test]
fn the_way_around_it_is_to_activate_without_pins() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.qspi.flash_mut().put_to_sleep(0);
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    rig.connect();
    rig.custom(0xAB, &[]);
    rig.pass(40_000);
    assert_eq!(rig.custom(0x9F, &[0, 0, 0]), [0xC2, 0x28, 0x17]);
    rig.no_violations();
}

#[test]
fn the_peripheral_can_do_it_itself() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
    rig.write(DPMDUR, 3 << 16 | 1);
    rig.pass(1_000);
    rig.write(EVENTS_READY, 0);
    rig.write(IFCONFIG1, 0x3104_0401);
    assert_eq!(rig.read(STATUS) & 0xC, 0);
    rig.pass(8 * 125 + 16_000);
    // No READY on the way in.
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert_eq!(rig.read(STATUS) & 0xC, 0xC);
    assert_eq!(rig.qspi.flash().power_state(), PowerState::DeepPowerDown);
    rig.write(IFCONFIG1, 0x3004_0401);
    assert_eq!(rig.until_ready(), Some(8 * 125 + 48_000));
    assert_eq!(rig.read(STATUS) & 0xC, 8);
    assert_eq!(rig.qspi.flash().power_state(), PowerState::Standby);
    rig.no_violations();
}

/// As embassy-nrf does it when it is dropped and made again.
#[test]
fn activate_wakes_what_the_peripheral_has_put_to_sleep() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
    rig.write(DPMDUR, 3 << 16 | 3);
    rig.pass(1_000);
    // READY of ACTIVATE is still there: going to sleep gives none, so nothing is mistaken.
    assert_eq!(rig.read(EVENTS_READY), 1);
    rig.write(IFCONFIG1, 0x3104_0401);
    rig.pass(100_000);
    assert_eq!(rig.read(STATUS) & 4, 4);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(0x54, 1);
    rig.write(ENABLE, 0);
    rig.write(IFCONFIG1, 0x3004_0401);
    assert_eq!(rig.qspi.flash().power_state(), PowerState::DeepPowerDown);
    rig.write(ENABLE, 1);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_ACTIVATE, 1);
    assert!(rig.until_ready().is_some_and(|ns| ns > 48_000));
    assert_eq!(rig.read(STATUS) & 4, 0);
    assert_eq!(rig.custom(0x9F, &[0, 0, 0]), [0xC2, 0x28, 0x17]);
    rig.no_violations();
}

#[test]
fn the_reset_value_of_dpmdur_is_a_second() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
    rig.write(EVENTS_READY, 0);
    rig.write(IFCONFIG1, 0x3104_0401);
    rig.pass(1_000_000_000);
    assert_eq!(rig.read(STATUS) & 4, 0);
    rig.pass(100_000_000);
    assert_eq!(rig.read(STATUS) & 4, 4);
}

#[test]
fn too_short_an_exit_time_shows() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
    rig.write(DPMDUR, 1 << 16 | 1);
    rig.write(EVENTS_READY, 0);
    rig.write(IFCONFIG1, 0x3104_0401);
    rig.pass(100_000);
    rig.write(EVENTS_READY, 0);
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.until_ready().unwrap();
    assert_eq!(rig.custom(0x05, &[0]), [0xFF]);
    assert_eq!(
        rig.take(),
        [Violation::CommandInDeepPowerDown { opcode: 0x05 }]
    );
}

#[test]
fn toggling_without_dpmenable_is_reported() {
    let mut rig = Rig::active();
    rig.write(IFCONFIG1, 0x3104_0401);
    assert!(!rig.qspi.is_busy());
    assert_eq!(rig.take(), [Violation::DeepPowerDownNotEnabled]);
}

#[test]
fn power_states_are_observed() {
    let mut bare = Bare::new("MX25R6435F");
    bare.modify(0x20, 0, &[]);
    bare.frame(&[0xB9], 0);
    bare.pass(100_000);
    bare.frame(&[0xAB], 0);
    bare.pass(100_000);
    let states: Vec<_> = bare
        .nor
        .take_observations()
        .into_iter()
        .filter_map(|o| match o.what {
            Observation::Power { state } => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [
            PowerState::Active,
            PowerState::Standby,
            PowerState::EnteringDeepPowerDown,
            PowerState::DeepPowerDown,
            PowerState::LeavingDeepPowerDown,
            PowerState::Standby,
        ]
    );
}

#[test]
fn sst_has_none() {
    let mut bare = Bare::new("SST26VF064B");
    bare.frame(&[0xB9], 0);
    assert_eq!(bare.take(), [Violation::UnknownOpcode { opcode: 0xB9 }]);
}
