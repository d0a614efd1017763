// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Observation, OnStop, Task, Violation};

const MS: u64 = 1_000_000;

fn disable(rig: &mut Rig) {
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
}

#[test]
fn the_right_order_is_clean() {
    let mut rig = Rig::active();
    rig.observed();
    rig.write(EVENTS_READY, 0);
    disable(&mut rig);
    rig.pass(MS);
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert!(!rig.qspi.is_enabled());
    rig.no_violations();
    let seen = rig.observations();
    assert!(seen.contains(&Observation::Active { active: false }));
    assert!(seen.contains(&Observation::Enable { on: false }));
}

#[test]
fn enable_after_disable_works_again() {
    let mut rig = Rig::active();
    for _ in 0..100 {
        disable(&mut rig);
        rig.write(ENABLE, 1);
        rig.run(TASKS_ACTIVATE);
        assert_eq!(rig.custom(0x9F, &[0]), [0xC2]);
    }
    rig.no_violations();
}

#[test]
fn the_anomaly_needs_its_write_between_deactivate_and_disable() {
    let mut rig = Rig::active();
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ENABLE, 0);
    assert_eq!(rig.take(), [Violation::DisableWithoutAnomaly122]);
    let mut rig = Rig::active();
    rig.write(ANOMALY_122, 1);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ENABLE, 0);
    assert_eq!(rig.take(), [Violation::DisableWithoutAnomaly122]);
    let mut rig = Rig::active();
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
    assert_eq!(rig.take(), [Violation::DisableWithoutDeactivate]);
    // A task in between asks for both again.
    let mut rig = Rig::active();
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ANOMALY_122, 1);
    rig.run(TASKS_ACTIVATE);
    rig.write(ENABLE, 0);
    assert_eq!(
        rig.take(),
        [
            Violation::DisableWithoutDeactivate,
            Violation::DisableWithoutAnomaly122
        ]
    );
    // One from an earlier disable does not count.
    let mut rig = Rig::active();
    disable(&mut rig);
    rig.write(ENABLE, 1);
    rig.write(ENABLE, 0);
    assert_eq!(
        rig.take(),
        [
            Violation::DisableWithoutDeactivate,
            Violation::DisableWithoutAnomaly122
        ]
    );
}

#[test]
fn disable_under_a_read_stops_dma_at_a_word() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.observed();
    rig.write(TASKS_READSTART, 1);
    // Poll and gap, head, 102.5 bytes.
    rig.pass(2_063 + 40 * 125 + 102 * 1_000 + 500);
    disable(&mut rig);
    let filled = rig.ram.at(RAM, 4096).iter().filter(|&&b| b == 0xFF).count();
    assert_eq!(filled, 100);
    let ended = rig.observations().into_iter().find_map(|o| match o {
        Observation::DmaEnded { moved, .. } => Some(moved),
        _ => None,
    });
    assert_eq!(ended, Some(100));
    rig.pass(100 * MS);
    let filled = rig.ram.at(RAM, 4096).iter().filter(|&&b| b == 0xFF).count();
    assert_eq!(filled, 100);
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert_eq!(
        rig.take(),
        [Violation::DeactivateWhileBusy {
            running: Task::Read
        }]
    );
}

#[test]
fn disable_alone_under_a_read() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.pass(100_000);
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
    assert_eq!(
        rig.take(),
        [
            Violation::DisableWhileBusy {
                running: Task::Read
            },
            Violation::DisableWithoutDeactivate
        ]
    );
    assert_eq!(rig.qspi.owed_memory(), None);
}

#[test]
fn in_the_worst_case_dma_runs_on_after_a_disable() {
    let mut rig = Rig::active();
    rig.qspi.silicon.on_stop = OnStop::RunsOn;
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.pass(100_000);
    disable(&mut rig);
    assert_eq!(rig.qspi.owed_memory(), Some((RAM, 4096)));
    rig.pass(10 * MS);
    assert!(rig.ram.at(RAM, 4096).iter().all(|&b| b == 0xFF));
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert_eq!(rig.qspi.owed_memory(), None);
    // A task in the meantime meets the one that runs on.
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.pass(100_000);
    disable(&mut rig);
    rig.take();
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(
        rig.take(),
        [Violation::TaskWhileBusy {
            task: Task::Activate,
            running: Task::Read
        }]
    );
}

#[test]
fn a_page_cut_short_is_programmed_short() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_write(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_WRITESTART, 1);
    rig.pass(2_063 + 1_063 + 32 * 125 + 10 * 1_000 + 500);
    rig.write(TASKS_DEACTIVATE, 1);
    assert!(rig.qspi.flash().is_busy());
    rig.until_idle();
    let mut back = [0xAA; 256];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert_eq!(back[..8], [0; 8]);
    assert_eq!(back[8..], [0xFF; 248]);
}

#[test]
fn a_frame_cut_within_its_head_does_nothing() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_write(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_WRITESTART, 1);
    rig.pass(2_063 + 1_063 + 20 * 125);
    rig.write(TASKS_DEACTIVATE, 1);
    assert!(!rig.qspi.flash().is_busy());
    // WREN went out before.
    assert_eq!(rig.qspi.flash().status(), 0x02);
}

#[test]
fn an_instruction_cut_short_does_nothing() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x06 | 1 << 8 | 3 << 12);
    rig.pass(7 * 125);
    rig.write(TASKS_DEACTIVATE, 1);
    assert_eq!(rig.qspi.flash().status(), 0x00);
    assert_eq!(
        rig.take(),
        [Violation::DeactivateWhileBusy {
            running: Task::CustomInstruction
        }]
    );
}

#[test]
fn the_flash_carries_on_when_the_peripheral_goes() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().poke(0, &[0; 4096]);
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    disable(&mut rig);
    assert_eq!(rig.take(), [Violation::DisableWhileFlashBusy]);
    rig.pass(10 * MS);
    rig.write(ENABLE, 1);
    let took = rig.run(TASKS_ACTIVATE);
    assert!(took > 47 * MS, "{took}");
    assert_eq!(rig.qspi.flash().wear(0), 1);
    rig.no_violations();
}

#[test]
fn waiting_tasks_end_without_a_transfer() {
    // A read that waits for an erase moves nothing when it is stopped.
    for on_stop in [OnStop::Stops, OnStop::RunsOn] {
        let mut rig = Rig::active();
        rig.qspi.silicon.on_stop = on_stop;
        rig.set_up_erase(0, 0);
        rig.run(TASKS_ERASESTART);
        rig.set_up_read(0, RAM, 64);
        rig.write(EVENTS_READY, 0);
        rig.write(TASKS_READSTART, 1);
        rig.pass(MS);
        rig.write(TASKS_DEACTIVATE, 1);
        assert!(!rig.qspi.is_busy());
        rig.pass(100 * MS);
        assert_eq!(rig.ram.writes, 0);
    }
}

#[test]
fn a_second_disable_is_nothing() {
    let mut rig = Rig::active();
    disable(&mut rig);
    rig.write(ENABLE, 0);
    rig.no_violations();
}

#[test]
fn a_reset_of_the_chip_breaks_a_read_off_and_leaves_the_flash_alone() {
    let mut rig = Rig::active();
    rig.set_up_erase(0x1000, 0);
    rig.run(TASKS_ERASESTART);
    assert!(rig.qspi.flash().is_busy());
    rig.write(EVENTS_READY, 0);
    rig.set_up_read(0, RAM, 4096);
    rig.write(INTENSET, 1);
    rig.write(TASKS_READSTART, 1);
    rig.qspi.reset(rig.now, &mut rig.ram);
    assert!(!rig.qspi.is_enabled() && !rig.qspi.is_busy() && !rig.qspi.irq());
    assert_eq!((rig.read(ENABLE), rig.read(READ_CNT)), (0, 0));
    assert!(rig.qspi.flash().is_busy(), "the erase goes on");
    rig.until_idle();
    assert_eq!(rig.read(EVENTS_READY), 0);
    assert!(rig.ram.at(RAM, 4096).iter().all(|&byte| byte != 0xFF));
    // And it can be used again.
    rig.connect();
    rig.activate(SINGLE, MHZ_8);
    assert_eq!(rig.custom(0x9F, &[0]), [0xC2]);
    rig.no_violations();
}
