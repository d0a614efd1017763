// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Direction, FlashOperation, Observation, Outcome, PowerState, Task};

#[test]
fn a_write_is_told_from_its_trigger_to_its_last_page() {
    let mut rig = Rig::active();
    rig.set_up_write(0x100, RAM + 8, 8);
    rig.write(INTENSET, 1);
    rig.write(EVENTS_READY, 0);
    rig.observed();
    rig.write(TASKS_WRITESTART, 1);
    rig.until_ready().unwrap();
    rig.write(EVENTS_READY, 0);
    rig.until_idle();
    let direction = Direction::FromMemory;
    let (address, length) = (RAM + 8, 8);
    let frame = |opcode, address, bytes, clocks: u64| Observation::Bus {
        opcode: Some(opcode),
        address,
        bytes,
        duration_ns: clocks * 125,
    };
    assert_eq!(
        rig.observations(),
        [
            Observation::TaskTriggered {
                task: Task::Write,
                accepted: true
            },
            Observation::DmaStarted {
                direction,
                address,
                length
            },
            frame(0x05, None, 1, 16),
            frame(0x06, None, 0, 8),
            frame(0x02, Some(0x100), 8, 96),
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                address: 0x100,
                length: 8
            },
            Observation::Power {
                state: PowerState::Active
            },
            Observation::DmaEnded {
                direction,
                address,
                length,
                moved: 8
            },
            Observation::ReadySet { injected: false },
            Observation::IrqLine { high: true },
            Observation::ReadyCleared,
            Observation::IrqLine { high: false },
            Observation::BusyEnded {
                operation: FlashOperation::Program,
                outcome: Outcome::Done
            },
            Observation::Power {
                state: PowerState::Standby
            },
        ]
    );
}

#[test]
fn the_power_tasks_are_told() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
    rig.write(DPMDUR, 3 << 16 | 1);
    rig.observed();
    rig.write(IFCONFIG1, 0x3104_0401);
    rig.pass(100_000);
    rig.write(IFCONFIG1, 0x3004_0401);
    let tasks: Vec<_> = rig
        .observations()
        .into_iter()
        .filter_map(|o| match o {
            Observation::TaskTriggered { task, accepted } => Some((task, accepted)),
            _ => None,
        })
        .collect();
    assert_eq!(
        tasks,
        [
            (Task::DeepPowerDownEnter, true),
            (Task::DeepPowerDownExit, true)
        ]
    );
}

#[test]
fn a_suspend_and_a_chip_erase_are_told() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    bare.frame(&[0xB0], 0);
    bare.until_idle();
    bare.frame(&[0x30], 0);
    bare.until_idle();
    bare.frame(&[0x06], 0);
    bare.frame(&[0xC7], 0);
    bare.nor.power_cut(bare.now);
    bare.nor.power_on(bare.now);
    bare.pass(1_000_000);
    let told: Vec<_> = bare
        .nor
        .take_observations()
        .into_iter()
        .filter_map(|o| match o.what {
            Observation::BusyEnded { operation, outcome } => Some((operation, outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            (FlashOperation::Erase, Outcome::Suspended),
            (FlashOperation::Erase, Outcome::Done),
            (FlashOperation::ChipErase, Outcome::Interrupted),
        ]
    );
}

#[test]
fn a_power_cycle_is_told() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.power_cut(5);
    bare.nor.power_on(10);
    bare.nor.power_on(11);
    bare.nor.advance(10_000_000);
    let told: Vec<_> = bare
        .nor
        .take_observations()
        .into_iter()
        .map(|o| (o.at, o.what))
        .collect();
    let power = |state| Observation::Power { state };
    assert_eq!(
        told,
        [
            (5, power(PowerState::Off)),
            (10, power(PowerState::PoweringUp)),
            (800_010, power(PowerState::Standby)),
        ]
    );
}
