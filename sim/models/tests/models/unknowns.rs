// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{
    OnStop, ReadyOfWrite, Silicon, StartWhileBusy, Task, UnalignedAddress, Violation,
};

#[test]
fn ready_of_a_write_may_wait_for_the_last_page() {
    let run = |when| {
        let mut rig = Rig::active();
        rig.qspi.silicon.ready_of_write = when;
        rig.pass(1_000);
        rig.set_up_write(0, RAM, 256);
        let took = rig.run(TASKS_WRITESTART);
        (took, rig.qspi.flash().is_busy())
    };
    let (before, busy) = run(ReadyOfWrite::BeforeLastProgram);
    assert!(busy);
    let (after, busy) = run(ReadyOfWrite::AfterLastProgram);
    assert!(!busy);
    assert!(after - before > 3_113_000 && after - before < 3_120_000);
}

#[test]
fn a_second_start_is_ignored_or_replaces_the_first() {
    for (setting, running) in [
        (StartWhileBusy::Ignored, Task::Read),
        (StartWhileBusy::Replaces, Task::Erase),
    ] {
        let mut rig = Rig::active();
        rig.qspi.silicon.start_while_busy = setting;
        rig.set_up_read(0, RAM, 4096);
        rig.set_up_erase(0, 0);
        rig.write(EVENTS_READY, 0);
        rig.write(TASKS_READSTART, 1);
        rig.pass(10_000);
        rig.write(TASKS_ERASESTART, 1);
        assert_eq!(rig.qspi.running(), Some(running));
        assert_eq!(
            rig.take(),
            [Violation::TaskWhileBusy {
                task: Task::Erase,
                running: Task::Read
            }]
        );
    }
}

#[test]
fn unaligned_flash_addresses_are_passed_or_masked() {
    for (setting, first) in [
        (UnalignedAddress::PassedThrough, 2),
        (UnalignedAddress::Masked, 0),
    ] {
        let mut rig = Rig::active();
        rig.qspi.silicon.unaligned_flash_address = setting;
        rig.qspi.flash_mut().poke(0, &(0..16).collect::<Vec<u8>>());
        rig.set_up_read(2, RAM, 4);
        rig.run(TASKS_READSTART);
        assert_eq!(rig.ram.at(RAM, 1), [first]);
        assert_eq!(
            rig.take(),
            [Violation::UnalignedFlashAddress {
                task: Task::Read,
                address: 2
            }]
        );
    }
}

#[test]
fn deactivate_may_give_ready() {
    for ready in [false, true] {
        let mut rig = Rig::active();
        rig.qspi.silicon.ready_on_deactivate = ready;
        rig.write(EVENTS_READY, 0);
        rig.write(TASKS_DEACTIVATE, 1);
        assert_eq!(rig.read(EVENTS_READY), u32::from(ready));
    }
}

#[test]
fn entering_deep_power_down_may_give_ready() {
    for ready in [false, true] {
        let mut rig = Rig::active_with("MX25R6435F", 1 << 7, MHZ_8);
        rig.qspi.silicon.ready_on_deep_power_down_enter = ready;
        rig.write(DPMDUR, 3 << 16 | 1);
        rig.write(EVENTS_READY, 0);
        rig.write(IFCONFIG1, 0x3104_0401);
        rig.pass(100_000);
        assert_eq!(rig.read(EVENTS_READY), u32::from(ready));
    }
}

#[test]
fn tasks_may_have_a_latency() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM, 4);
    rig.pass(1_000);
    let without = rig.run(TASKS_READSTART);
    rig.qspi.silicon.task_ns = 700;
    rig.pass(1_000);
    assert_eq!(rig.run(TASKS_READSTART), without + 700);
}

#[test]
fn mode_bits_may_be_unlucky() {
    let mut rig = Rig::quad("W25Q128JV", QUAD_WINBOND, MHZ_32);
    rig.qspi.silicon.mode_byte = 0xA0;
    rig.set_up_read(0, RAM, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.take(), [Violation::ContinuousReadEntered]);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    // The status register no longer answers.
    assert_eq!(rig.until_ready(), None);
}

#[test]
fn the_defaults_are_those_documented() {
    let silicon = Silicon::default();
    assert_eq!(silicon.ready_of_write, ReadyOfWrite::BeforeLastProgram);
    assert_eq!(silicon.start_while_busy, StartWhileBusy::Ignored);
    assert!(!silicon.ready_on_deactivate);
    assert!(!silicon.sreg_follows_flash);
}

#[test]
fn a_task_that_runs_on_is_not_replaced() {
    let mut rig = Rig::active();
    rig.qspi.silicon.start_while_busy = StartWhileBusy::Replaces;
    rig.qspi.silicon.on_stop = OnStop::RunsOn;
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.pass(100_000);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.qspi.running(), Some(Task::Read));
    assert_eq!(rig.qspi.owed_memory(), Some((RAM, 4096)));
}
