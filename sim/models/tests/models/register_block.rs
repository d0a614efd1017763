// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::Violation;
use qspi_models::registers::*;

#[test]
fn registers_reset_to_their_documented_values() {
    let mut rig = Rig::fresh("MX25R6435F");
    for (offset, value) in [
        (EVENTS_READY, 0),
        (INTEN, 0),
        (INTENSET, 0),
        (INTENCLR, 0),
        (ENABLE, 0),
        (READ_SRC, 0),
        (READ_DST, 0),
        (READ_CNT, 0),
        (WRITE_DST, 0),
        (WRITE_SRC, 0),
        (WRITE_CNT, 0),
        (ERASE_PTR, 0),
        (ERASE_LEN, 0),
        (PSEL_SCK, 0xFFFF_FFFF),
        (PSEL_CSN, 0xFFFF_FFFF),
        (PSEL_IO0, 0xFFFF_FFFF),
        (PSEL_IO1, 0xFFFF_FFFF),
        (PSEL_IO2, 0xFFFF_FFFF),
        (PSEL_IO3, 0xFFFF_FFFF),
        (XIPOFFSET, 0),
        (IFCONFIG0, 0),
        (IFCONFIG1, 0x0004_0480),
        (STATUS, 0),
        (DPMDUR, 0xFFFF_FFFF),
        (ADDRCONF, 0xB7),
        (CINSTRCONF, 0x2000),
        (CINSTRDAT0, 0),
        (CINSTRDAT1, 0),
        (IFTIMING, 0x200),
        (TASKS_ACTIVATE, 0),
    ] {
        assert_eq!(rig.read(offset), value, "{offset:#x}");
    }
    rig.no_violations();
}

#[test]
fn counts_keep_only_what_the_hardware_counts() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(READ_CNT, 6);
    assert_eq!(rig.read(READ_CNT), 4);
    rig.write(WRITE_CNT, 0xFFFF_FFFF);
    assert_eq!(rig.read(WRITE_CNT), 0x3_FFFC);
    assert_eq!(
        rig.take(),
        [
            Violation::UnalignedCount { value: 6 },
            Violation::UnalignedCount { value: 0xFFFF_FFFF },
        ]
    );
}

#[test]
fn reserved_bits_of_ifconfig1_are_kept() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(IFCONFIG1, 0x3004_0401);
    assert_eq!(rig.read(IFCONFIG1), 0x3004_0401);
    rig.no_violations();
}

#[test]
fn undefined_values_are_reported() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(ERASE_LEN, 3);
    rig.write(IFCONFIG0, 7);
    rig.write(EVENTS_READY, 1);
    let reported = rig.take();
    assert_eq!(reported.len(), 3);
    assert_eq!(
        reported[0],
        Violation::ReservedValue {
            offset: ERASE_LEN,
            value: 3
        }
    );
    assert_eq!(rig.read(EVENTS_READY), 0);
}

#[test]
fn holes_read_as_zero_and_are_reported() {
    let mut rig = Rig::fresh("MX25R6435F");
    assert_eq!(rig.read(0x618), 0);
    rig.write(0x52C, 1);
    assert_eq!(
        rig.take(),
        [
            Violation::RegisterHole {
                offset: 0x618,
                write: false
            },
            Violation::RegisterHole {
                offset: 0x52C,
                write: true
            },
        ]
    );
}

#[test]
fn status_is_read_only() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.write(STATUS, 8);
    assert_eq!(rig.take(), [Violation::ReadOnlyRegister { offset: STATUS }]);
    assert_eq!(rig.read(STATUS), 0);
}

#[test]
fn the_interrupt_line_is_a_level() {
    let mut rig = Rig::active();
    assert!(!rig.qspi.irq());
    assert_eq!(rig.read(EVENTS_READY), 1);
    rig.write(INTENSET, 1);
    assert!(rig.qspi.irq());
    assert_eq!((rig.read(INTEN), rig.read(INTENCLR)), (1, 1));
    rig.write(INTENSET, 0);
    assert!(rig.qspi.irq());
    rig.write(INTENCLR, 1);
    assert!(!rig.qspi.irq());
    rig.write(INTEN, 1);
    assert!(rig.qspi.irq());
    rig.write(EVENTS_READY, 0);
    assert!(!rig.qspi.irq());
    rig.no_violations();
}

#[test]
fn the_status_bit_follows_the_task() {
    let mut rig = Rig::active();
    assert_eq!(rig.read(STATUS) & 8, 8);
    rig.set_up_read(0, RAM, 64);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    assert_eq!(rig.read(STATUS) & 8, 0);
    rig.until_ready().unwrap();
    assert_eq!(rig.read(STATUS) & 8, 8);
    rig.no_violations();
}

#[test]
fn a_task_register_acts_on_bit_0_only() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM, 64);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 0xFFFF_FFFE);
    assert!(!rig.qspi.is_busy());
    assert_eq!(rig.until_ready(), None);
    rig.no_violations();
}

#[test]
fn registers_survive_a_disable() {
    let mut rig = Rig::active();
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
    assert_eq!(rig.read(IFCONFIG1), 0x3004_0401);
    assert_eq!(rig.read(PSEL_CSN), 17);
    assert_eq!(rig.read(EVENTS_READY), 1);
    assert_eq!(rig.read(STATUS) & 8, 0);
    rig.no_violations();
}
