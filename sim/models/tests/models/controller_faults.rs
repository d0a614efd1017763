// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Direction, DmaStop, Observation, ReadyFault, Task};

fn reading() -> Rig {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.observed();
    rig
}

/// Time of the read that `reading` sets up: poll, gap, head, data.
const READ: u64 = 16 * 125 + 63 + 40 * 125 + 256 * 8 * 125;

#[test]
fn a_swallowed_ready_leaves_an_ended_task() {
    let mut rig = reading();
    rig.qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow);
    rig.write(TASKS_READSTART, 1);
    assert_eq!(rig.until_ready(), None);
    assert!(!rig.qspi.is_busy());
    assert_eq!(rig.read(STATUS) & 8, 8);
    assert_eq!(rig.ram.at(RAM, 256), [0xFF; 256]);
    // The next one is fine.
    assert!(rig.qspi.faults.is_empty());
    rig.pass(1_000);
    assert_eq!(rig.run(TASKS_READSTART), READ);
    rig.no_violations();
}

#[test]
fn a_delayed_ready_comes_later_than_the_dma() {
    let mut rig = reading();
    rig.qspi.faults.ready(
        None,
        ReadyFault::Delay {
            by_ns: 7_000,
            survives_disable: false,
        },
    );
    let start = rig.now;
    rig.write(TASKS_READSTART, 1);
    assert_eq!(rig.until_ready(), Some(READ + 7_000));
    let ended = rig
        .observed()
        .into_iter()
        .find(|o| matches!(o.what, Observation::DmaEnded { .. }));
    assert_eq!(ended.unwrap().at, start + READ);
}

#[test]
fn a_delayed_ready_may_or_may_not_survive_a_disable() {
    for survives_disable in [false, true] {
        let mut rig = reading();
        rig.qspi.faults.ready(
            None,
            ReadyFault::Delay {
                by_ns: 1_000_000,
                survives_disable,
            },
        );
        rig.write(TASKS_READSTART, 1);
        rig.pass(READ + 10_000);
        rig.write(TASKS_DEACTIVATE, 1);
        rig.write(ANOMALY_122, 1);
        rig.write(ENABLE, 0);
        // It would come into the next time that it is enabled.
        rig.write(ENABLE, 1);
        rig.pass(2_000_000);
        assert_eq!(rig.read(EVENTS_READY), u32::from(survives_disable));
        rig.no_violations();
    }
}

#[test]
fn an_early_ready_comes_while_dma_still_writes() {
    for and_at_end in [false, true] {
        let mut rig = reading();
        rig.qspi.faults.ready(
            Some(Task::Read),
            ReadyFault::Early {
                after_ns: 20_000,
                and_at_end,
            },
        );
        rig.write(TASKS_READSTART, 1);
        assert_eq!(rig.until_ready(), Some(20_000));
        assert_eq!(rig.qspi.owed_memory(), Some((RAM, 256)));
        let filled = rig.ram.at(RAM, 256).iter().filter(|&&b| b == 0xFF).count();
        assert!(filled > 0 && filled < 256, "{filled}");
        rig.write(EVENTS_READY, 0);
        rig.pass(READ);
        assert_eq!(rig.read(EVENTS_READY), u32::from(and_at_end));
        assert_eq!(rig.ram.at(RAM, 256), [0xFF; 256]);
    }
}

#[test]
fn a_duplicate_ready_comes_twice() {
    let mut rig = reading();
    rig.qspi
        .faults
        .ready(None, ReadyFault::Duplicate { after_ns: 5_000 });
    assert_eq!(rig.run(TASKS_READSTART), READ);
    rig.write(EVENTS_READY, 0);
    assert_eq!(rig.until_ready(), Some(5_000));
    rig.write(EVENTS_READY, 0);
    assert_eq!(rig.until_ready(), None);
}

#[test]
fn a_spurious_ready_raises_the_line() {
    let mut rig = Rig::active();
    rig.write(EVENTS_READY, 0);
    rig.write(INTENSET, 1);
    rig.qspi.schedule_ready(rig.now + 1_000);
    rig.pass(999);
    assert!(!rig.qspi.irq());
    rig.pass(1);
    assert!(rig.qspi.irq());
    let last = rig.observations();
    assert!(last.contains(&Observation::ReadySet { injected: true }));
    assert!(last.contains(&Observation::IrqLine { high: true }));
}

#[test]
fn ready_while_disabled() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(INTENSET, 1);
    rig.qspi.schedule_ready(500);
    rig.pass(1_000);
    assert!(rig.qspi.irq());
    assert_eq!(rig.read(EVENTS_READY), 1);
    // It is still there at enable.
    rig.write(ENABLE, 1);
    assert!(rig.qspi.irq());
}

#[test]
fn activate_may_hang_and_a_disable_mends_it() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.qspi.faults.activate_hangs(1);
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.until_ready(), None);
    assert_eq!(rig.qspi.running(), Some(Task::Activate));
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
    rig.take();
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    rig.no_violations();
}

#[test]
fn dma_may_stop_half_way() {
    for task_ends in [false, true] {
        let mut rig = reading();
        rig.qspi.faults.dma_stops(DmaStop {
            after_bytes: 102,
            task_ends,
        });
        rig.write(TASKS_READSTART, 1);
        assert_eq!(rig.until_ready(), task_ends.then_some(READ));
        rig.pass(READ);
        let filled = rig.ram.at(RAM, 256).iter().filter(|&&b| b == 0xFF).count();
        assert_eq!(filled, 100);
        assert_eq!(rig.qspi.is_busy(), !task_ends);
        rig.write(TASKS_DEACTIVATE, 1);
        let ended = rig.observations().into_iter().find_map(|o| match o {
            Observation::DmaEnded {
                direction: Direction::ToMemory,
                length,
                moved,
                ..
            } => Some((length, moved)),
            _ => None,
        });
        assert_eq!(ended, Some((256, 100)));
    }
}

#[test]
fn dma_may_stop_half_way_through_a_write() {
    for task_ends in [false, true] {
        let mut rig = Rig::active();
        rig.ram.at(RAM, 512).fill(0);
        rig.qspi.faults.dma_stops(DmaStop {
            after_bytes: 300,
            task_ends,
        });
        rig.set_up_write(0, RAM, 512);
        rig.write(EVENTS_READY, 0);
        rig.write(TASKS_WRITESTART, 1);
        assert_eq!(rig.until_ready().is_some(), task_ends);
        rig.until_idle();
        let mut back = [0xAA; 512];
        rig.qspi.flash_mut().peek(0, &mut back);
        assert_eq!(back[..300], [0; 300]);
        assert_eq!(back[300..], [0xFF; 212]);
        assert_eq!(rig.qspi.is_busy(), !task_ends);
    }
}

#[test]
fn dma_that_never_starts() {
    let mut rig = reading();
    rig.qspi.faults.dma_stops(DmaStop {
        after_bytes: 0,
        task_ends: false,
    });
    rig.write(TASKS_READSTART, 1);
    assert_eq!(rig.until_ready(), None);
    assert_eq!(rig.ram.writes, 0);
    assert_eq!(rig.qspi.owed_memory(), Some((RAM, 256)));
}
