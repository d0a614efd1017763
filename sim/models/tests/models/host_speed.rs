// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;

/// Register and memory accesses stay few, so that simulated hours are cheap.
#[test]
fn a_read_is_a_handful_of_events() {
    let mut rig = Rig::quad("MX25R6435F", QUAD_MACRONIX, MHZ_32);
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    let mut events = 0;
    while let Some(at) = rig.qspi.next_event() {
        rig.qspi.advance(at, &mut rig.ram);
        events += 1;
    }
    // The status read, the gap, the data.
    assert_eq!(events, 3);
    assert_eq!(rig.ram.writes, 1);
}

/// Waiting costs the same however long it is.
#[test]
fn a_chip_erase_is_a_handful_of_events() {
    let mut rig = Rig::active();
    rig.set_up_erase(0, 2);
    rig.run(TASKS_ERASESTART);
    rig.set_up_read(0, RAM, 4);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    let mut events = 0;
    while let Some(at) = rig.qspi.next_event() {
        rig.qspi.advance(at, &mut rig.ram);
        events += 1;
    }
    assert!(events < 12, "{events}");
}

#[test]
fn the_same_calls_give_the_same_stream() {
    let run = || {
        let mut rig = Rig::active();
        let uniform = qspi_models::nor::BusyTime::Uniform { seed: 9 };
        rig.qspi.flash_mut().set_busy_time(uniform);
        for n in 0..20 {
            rig.set_up_write(n * 256, RAM, 256);
            rig.run(TASKS_WRITESTART);
            rig.set_up_erase(n * 4096, 0);
            rig.run(TASKS_ERASESTART);
        }
        rig.until_idle();
        (rig.observed(), rig.now, rig.qspi.bus_use())
    };
    assert_eq!(run(), run());
}
