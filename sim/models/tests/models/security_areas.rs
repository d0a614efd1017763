// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::Violation;

const READ: u8 = 0x48;
const PROGRAM: u8 = 0x42;
const ERASE: u8 = 0x44;

fn write(bare: &mut Bare, bytes: &[u8]) {
    bare.frame(&[0x06], 0);
    bare.frame(bytes, 0);
    bare.until_idle();
}

#[test]
fn registers_are_programmed_read_and_erased_beside_the_array() {
    let mut bare = Bare::new("W25Q128JV");
    write(&mut bare, &[PROGRAM, 0, 0x20, 0xFE, 0x12, 0x34]);
    assert_eq!(bare.frame(&[READ, 0, 0x20, 0xFE, 0], 2), [0x12, 0x34]);
    assert_eq!(bare.frame(&[0x03, 0, 0x20, 0xFE], 2), [0xFF, 0xFF]);
    // A read goes round in its register.
    assert_eq!(bare.frame(&[READ, 0, 0x20, 0xFF, 0], 2), [0x34, 0xFF]);
    write(&mut bare, &[ERASE, 0, 0x30, 0]);
    assert_eq!(bare.frame(&[READ, 0, 0x20, 0xFE, 0], 1), [0x12]);
    write(&mut bare, &[ERASE, 0, 0x20, 0]);
    assert_eq!(bare.frame(&[READ, 0, 0x20, 0xFE, 0], 1), [0xFF]);
    assert_eq!(bare.take(), []);
}

#[test]
fn there_is_nothing_between_the_registers() {
    let mut bare = Bare::new("GD25Q16C");
    assert_eq!(bare.frame(&[READ, 0, 0, 0, 0], 1), [0xFF]);
    write(&mut bare, &[PROGRAM, 0, 0x11, 0, 0x12]);
    let outside = |opcode, address| Violation::OutsideSecurityArea { opcode, address };
    assert_eq!(bare.take(), [outside(READ, 0), outside(PROGRAM, 0x1100)]);
}

#[test]
fn a_locked_register_stays_as_it_is() {
    let mut bare = Bare::new("W25Q128JV");
    write(&mut bare, &[PROGRAM, 0, 0x10, 0, 0x12]);
    write(&mut bare, &[0x31, 0x08]);
    // The lock can't be taken back.
    write(&mut bare, &[0x31, 0x00]);
    assert_eq!(bare.frame(&[0x35], 1), [0x08]);
    assert_eq!(bare.take(), []);
    for opcode in [PROGRAM, ERASE] {
        bare.frame(&[0x06], 0);
        let data: &[u8] = if opcode == PROGRAM { &[0] } else { &[] };
        bare.frame(&[&[opcode, 0, 0x10, 0], data].concat(), 0);
        assert!(!bare.nor.is_busy());
        assert_eq!(bare.take(), [Violation::SecurityAreaLocked { opcode }]);
    }
    assert_eq!(bare.frame(&[READ, 0, 0x10, 0, 0], 1), [0x12]);
    write(&mut bare, &[PROGRAM, 0, 0x20, 0, 0x12]);
    assert_eq!(bare.take(), []);
}

#[test]
fn registers_want_a_write_enable() {
    let mut bare = Bare::new("W25Q128JV");
    bare.frame(&[PROGRAM, 0, 0x10, 0, 0x12], 0);
    bare.frame(&[ERASE, 0, 0x10, 0], 0);
    let opcodes = [PROGRAM, ERASE];
    assert_eq!(
        bare.take(),
        opcodes.map(|opcode| Violation::NotWriteEnabled { opcode })
    );
}

#[test]
fn secured_otp_takes_the_arrays_place() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0xAA]);
    bare.frame(&[0xB1], 0);
    assert!(bare.nor.is_secured());
    assert_eq!(bare.frame(&[0x03, 0, 0, 0], 1), [0xFF]);
    write(&mut bare, &[0x02, 0, 0x03, 0xFF, 0x55]);
    assert_eq!(bare.frame(&[0x03, 0, 0x03, 0xFF], 1), [0x55]);
    bare.frame(&[0xC1], 0);
    assert_eq!(bare.frame(&[0x03, 0, 0, 0], 1), [0xAA]);
    assert_eq!(bare.take(), []);
    let mut found = [0];
    bare.nor.peek_otp(0x3FF, &mut found);
    assert_eq!(found, [0x55]);
}

#[test]
fn what_makes_no_sense_in_secured_mode_does_nothing() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.poke(0, &[0xAA]);
    bare.frame(&[0xB1], 0);
    for bytes in [&[0x20, 0, 0, 0][..], &[0xB9], &[0xC7], &[0xB1]] {
        bare.frame(&[0x06], 0);
        bare.frame(bytes, 0);
        let opcode = bytes[0];
        assert_eq!(bare.take(), [Violation::CommandInSecuredMode { opcode }]);
    }
    bare.frame(&[0x03, 0, 0x04, 0], 1);
    let outside = Violation::OutsideSecurityArea {
        opcode: 0x03,
        address: 0x400,
    };
    assert_eq!(bare.take(), [outside]);
    // A reset leaves the mode.
    bare.frame(&[0x66], 0);
    bare.frame(&[0x99], 0);
    assert!(!bare.nor.is_secured());
    bare.pass(1_000_000);
    assert_eq!(bare.frame(&[0x03, 0, 0, 0], 1), [0xAA]);
}

#[test]
fn locked_otp_says_so() {
    let mut bare = Bare::new("MX25R6435F");
    bare.nor.lock_otp(1);
    assert_eq!(bare.frame(&[0x2B], 1)[0] & 3, 2);
    bare.frame(&[0xB1], 0);
    write(&mut bare, &[0x02, 0, 0, 0, 0]);
    assert_eq!(
        bare.take(),
        [Violation::SecurityAreaLocked { opcode: 0x02 }]
    );
}

#[test]
fn parts_without_an_area_do_not_know_the_commands() {
    let mut bare = Bare::new("IS25WP256");
    for opcode in [READ, PROGRAM, ERASE, 0xB1] {
        bare.frame(&[opcode], 0);
        assert_eq!(bare.take(), [Violation::UnknownOpcode { opcode }]);
    }
}
