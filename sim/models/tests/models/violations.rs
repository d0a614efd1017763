// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Observation, Task, Violation, Wiring};

#[test]
fn tasks_while_disabled_do_nothing() {
    let mut rig = Rig::fresh("MX25R6435F");
    for (offset, task) in [
        (TASKS_ACTIVATE, Task::Activate),
        (TASKS_READSTART, Task::Read),
        (TASKS_WRITESTART, Task::Write),
        (TASKS_ERASESTART, Task::Erase),
        (TASKS_DEACTIVATE, Task::Deactivate),
    ] {
        rig.write(offset, 1);
        assert_eq!(rig.take(), [Violation::TaskWhileDisabled { task }]);
    }
    rig.write(CINSTRCONF, 0x9F | 1 << 8 | 3 << 12);
    let task = Task::CustomInstruction;
    assert_eq!(rig.take(), [Violation::TaskWhileDisabled { task }]);
    assert_eq!(rig.until_ready(), None);
}

#[test]
fn tasks_before_activation_do_nothing() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.write(ENABLE, 1);
    rig.set_up_read(0, RAM, 4);
    rig.write(TASKS_READSTART, 1);
    rig.write(CINSTRCONF, 0x9F | 1 << 8 | 3 << 12);
    assert_eq!(
        rig.take(),
        [
            Violation::TaskBeforeActive { task: Task::Read },
            Violation::TaskBeforeActive {
                task: Task::CustomInstruction
            }
        ]
    );
    // Nor while it runs, or after DEACTIVATE.
    rig.write(TASKS_ACTIVATE, 1);
    rig.write(TASKS_READSTART, 1);
    assert_eq!(
        rig.take(),
        [Violation::TaskWhileBusy {
            task: Task::Read,
            running: Task::Activate
        },]
    );
    rig.until_ready().unwrap();
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    assert_eq!(
        rig.take(),
        [Violation::TaskBeforeActive { task: Task::Read }]
    );
    assert_eq!(rig.until_ready(), None);
}

#[test]
fn a_stale_ready_is_reported() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM, 4);
    rig.write(TASKS_READSTART, 1);
    assert_eq!(
        rig.take(),
        [Violation::TaskWithReadyPending { task: Task::Read }]
    );
}

#[test]
fn nothing_to_move_never_ends() {
    let mut rig = Rig::active();
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.write(TASKS_WRITESTART, 1);
    assert_eq!(rig.until_ready(), None);
    assert_eq!(
        rig.take(),
        [
            Violation::ZeroCount { task: Task::Read },
            Violation::ZeroCount { task: Task::Write }
        ]
    );
}

#[test]
fn unaligned_pointers() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM + 6, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(
        rig.take(),
        [Violation::UnalignedPointer {
            task: Task::Read,
            address: RAM + 6
        }]
    );
    assert_eq!(
        rig.ram.at(RAM, 12),
        [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]
    );
    rig.set_up_write(0, RAM + 1, 4);
    rig.run(TASKS_WRITESTART);
    assert_eq!(
        rig.take(),
        [Violation::UnalignedPointer {
            task: Task::Write,
            address: RAM + 1
        }]
    );
}

#[test]
fn dma_outside_ram() {
    let mut rig = Rig::active();
    rig.set_up_read(0, 0x0001_0000, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(
        rig.take(),
        [Violation::DmaOutsideRam {
            address: 0x0001_0000
        }]
    );
    // Once for each transfer, even if it has several parts.
    rig.set_up_write(0, RAM + RAM_SIZE - 4, 1024);
    rig.run(TASKS_WRITESTART);
    assert_eq!(rig.take().len(), 1);
}

#[test]
fn four_lines_want_quad_enable() {
    let mut rig = Rig::active_with("MX25R6435F", QUAD_MACRONIX, MHZ_8);
    rig.qspi.flash_mut().poke(0, &[0x11; 64]);
    rig.set_up_read(0, RAM, 64);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.ram.at(RAM, 64), [0xFF; 64]);
    assert_eq!(
        rig.take(),
        [Violation::QuadWithoutQuadEnable { opcode: 0xEB }]
    );
    rig.set_up_write(0x100, RAM, 64);
    rig.run(TASKS_WRITESTART);
    assert!(!rig.qspi.flash().is_busy());
    assert_eq!(
        rig.take(),
        [Violation::QuadWithoutQuadEnable { opcode: 0x38 }]
    );
}

#[test]
fn a_program_opcode_that_the_part_lacks() {
    let mut rig = Rig::quad("MX25R6435F", QUAD_WINBOND, MHZ_8);
    rig.set_up_write(0, RAM, 64);
    rig.run(TASKS_WRITESTART);
    assert!(!rig.qspi.flash().is_busy());
    assert_eq!(rig.take(), [Violation::UnknownOpcode { opcode: 0x32 }]);
    // And one whose address it takes on other lines.
    let mut rig = Rig::quad("SST26VF064B", QUAD_WINBOND, MHZ_8);
    rig.custom(0x06, &[]);
    rig.custom(0x98, &[]);
    rig.set_up_write(0, RAM, 64);
    rig.run(TASKS_WRITESTART);
    assert_eq!(rig.take(), [Violation::WrongFraming { opcode: 0x32 }]);
}

#[test]
fn a_clock_above_the_limit_corrupts_reads() {
    let mut rig = Rig::active_with("MX25R6435F", SINGLE, MHZ_8);
    rig.write(IFCONFIG1, 0x0004_0401);
    rig.qspi.flash_mut().poke(0, &[0x11; 64]);
    rig.set_up_read(0, RAM, 64);
    rig.run(TASKS_READSTART);
    let limits = rig.take();
    assert_eq!(limits.len(), 2);
    assert_eq!(
        limits[1],
        Violation::ClockTooFast {
            opcode: 0x0B,
            sck_hz: 32_000_000,
            limit_hz: 8_000_000
        }
    );
    assert_ne!(rig.ram.at(RAM, 64), [0x11; 64]);
}

#[test]
fn pins_that_are_not_connected() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    rig.no_violations();
    rig.set_up_read(0, RAM, 8);
    rig.run(TASKS_READSTART);
    assert_eq!(
        rig.take(),
        [Violation::PinsDisconnected { task: Task::Read }]
    );
    assert_eq!(rig.ram.at(RAM, 8), [0xFF; 8]);
    assert_eq!(rig.custom(0x9F, &[1, 2, 3]), [0, 0, 0]);
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    assert!(!rig.qspi.flash().is_busy());
}

#[test]
fn pins_connected_in_part() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(PSEL_IO1, 21);
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.take(), [Violation::PinsPartlyConnected]);
    assert_eq!(rig.until_ready(), None);
}

#[test]
fn the_wrong_pins_find_no_flash() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(PSEL_CSN, 16);
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.until_ready(), None);
    rig.qspi.set_wiring(Wiring {
        csn: 16,
        ..Wiring::NRF52840DK
    });
    rig.write(TASKS_DEACTIVATE, 1);
    rig.run(TASKS_ACTIVATE);
}

#[test]
fn configuration_under_a_running_task() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM, 4096);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    for offset in [IFCONFIG0, PSEL_CSN, CINSTRDAT0, ADDRCONF] {
        let value = rig.read(offset);
        rig.write(offset, value);
        assert_eq!(rig.take(), [Violation::ConfigurationWhileBusy { offset }]);
    }
    // Setting up the next transfer is fine.
    rig.write(READ_SRC, 0);
    rig.no_violations();
}

#[test]
fn transfers_want_the_crystal_oscillator() {
    let mut rig = Rig::active();
    rig.qspi.set_hfxo_stable(rig.now, false, &mut rig.ram);
    rig.set_up_read(0, RAM, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.take(), [Violation::HfxoNotRunning { task: Task::Read }]);
    assert_eq!(rig.ram.at(RAM, 4), [0xFF; 4]);
    rig.qspi.set_hfxo_stable(rig.now, true, &mut rig.ram);
    rig.run(TASKS_READSTART);
    rig.no_violations();
    let switches = rig
        .observations()
        .into_iter()
        .filter(|o| matches!(o, Observation::HfxoStable { .. }))
        .count();
    assert_eq!(switches, 2);
}

#[test]
fn a_clock_switch_corrupts_what_follows() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    rig.pass(2_063 + 40 * 125 + 64 * 1_000);
    rig.qspi.set_hfxo_stable(rig.now, false, &mut rig.ram);
    rig.until_ready().unwrap();
    assert_eq!(rig.ram.at(RAM, 64), [0xFF; 64]);
    assert!(rig.ram.at(RAM + 64, 192).iter().all(|&b| b != 0xFF));
    assert_eq!(
        rig.take(),
        [Violation::ClockSwitchedDuringTransfer { task: Task::Read }]
    );
    // The same the other way round, into the array.
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_write(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_WRITESTART, 1);
    rig.pass(2_063 + 1_063 + 32 * 125 + 64 * 1_000);
    rig.qspi.set_hfxo_stable(rig.now, false, &mut rig.ram);
    rig.until_ready().unwrap();
    rig.until_idle();
    let mut back = [0; 256];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert_eq!(back[..64], [0; 64]);
    assert!(back[64..].iter().all(|&b| b != 0));
}

#[test]
fn execute_in_place_brings_two_anomalies() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().poke(0x100, &[1, 2, 3, 4]);
    rig.write(XIPOFFSET, 0x80);
    let mut word = [0; 4];
    let took = rig.qspi.read_xip(rig.now, 0x80, &mut word, &mut rig.ram);
    assert_eq!(word, [1, 2, 3, 4]);
    assert_eq!(took, (40 + 32) * 125);
    rig.read(STATUS);
    rig.write(TASKS_DEACTIVATE, 1);
    assert_eq!(
        rig.take(),
        [
            Violation::RegisterAfterXip { offset: STATUS },
            Violation::DeactivateAfterXip
        ]
    );
    rig.qspi.read_xip(rig.now, 0x80, &mut word, &mut rig.ram);
    assert_eq!(word, [0xFF; 4]);
    assert_eq!(rig.take(), [Violation::XipWhileInactive { address: 0x80 }]);
    // ACTIVATE mends the one, an instruction the other.
    rig.write(EVENTS_READY, 0);
    rig.run(TASKS_ACTIVATE);
    rig.qspi.read_xip(rig.now, 0, &mut word, &mut rig.ram);
    rig.run(TASKS_ACTIVATE);
    rig.custom(0x05, &[0]);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.no_violations();
}

#[test]
fn violations_carry_their_time() {
    let mut rig = Rig::active();
    rig.pass(12_345);
    rig.read(0x52C);
    let violation = rig.qspi.violations()[0];
    assert_eq!(violation.at, rig.now);
    assert_eq!(rig.qspi.take_violations().len(), 1);
    assert!(rig.qspi.violations().is_empty());
}
