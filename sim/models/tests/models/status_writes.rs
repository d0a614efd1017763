// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::Violation;

const MS: u64 = 1_000_000;

fn write(bare: &mut Bare, bytes: &[u8]) -> u64 {
    bare.frame(&[0x06], 0);
    bare.frame(bytes, 0);
    bare.until_idle()
}

#[test]
fn winbond_keeps_the_second_register_on_a_short_write() {
    let mut bare = Bare::new("W25Q128JV");
    assert_eq!(write(&mut bare, &[0x01, 0x00, 0x02]), 10 * MS);
    assert_eq!(bare.frame(&[0x35], 1), [0x02]);
    write(&mut bare, &[0x01, 0x04]);
    assert_eq!(bare.nor.registers(), [0x04, 0x02, 0]);
    write(&mut bare, &[0x31, 0x00]);
    assert_eq!(bare.nor.registers(), [0x04, 0x00, 0]);
    write(&mut bare, &[0x11, 0x60]);
    assert_eq!(bare.frame(&[0x15], 1), [0x60]);
    assert_eq!(bare.status(), 0x04);
    assert_eq!(bare.take(), []);
}

#[test]
fn gigadevice_loses_it() {
    let mut bare = Bare::new("GD25Q16C");
    write(&mut bare, &[0x01, 0x00, 0x02]);
    assert_eq!(bare.frame(&[0x35], 1), [0x02]);
    write(&mut bare, &[0x01, 0x00]);
    assert_eq!(bare.frame(&[0x35], 1), [0x00]);
    assert_eq!(bare.take(), []);
    write(&mut bare, &[0x31, 0x02]);
    assert_eq!(bare.take(), [Violation::UnknownOpcode { opcode: 0x31 }]);
}

#[test]
fn macronix_takes_one_to_three_bytes() {
    let mut bare = Bare::new("MX25R6435F");
    write(&mut bare, &[0x01, 0x40]);
    assert_eq!(bare.status(), 0x40);
    write(&mut bare, &[0x01, 0x40, 0x08]);
    assert_eq!(bare.frame(&[0x15], 2), [0x08, 0x00]);
    write(&mut bare, &[0x01, 0x40, 0x00, 0x02]);
    assert_eq!(bare.frame(&[0x15], 2), [0x00, 0x02]);
    assert_eq!(bare.take(), []);
    write(&mut bare, &[0x01, 0, 0, 0, 0]);
    assert_eq!(bare.take(), [Violation::MalformedCommand { opcode: 0x01 }]);
    assert_eq!(bare.status() & !2, 0x40);
}

#[test]
fn the_write_enable_latch_falls_at_the_end() {
    let mut bare = Bare::new("MX25R6435F");
    bare.frame(&[0x06], 0);
    bare.frame(&[0x01, 0x40], 0);
    assert_eq!(bare.status(), 0x03);
    bare.until_idle();
    assert_eq!(bare.status(), 0x40);
}

#[test]
fn volatile_writes_are_instant_and_lost() {
    let mut bare = Bare::new("W25Q128JV");
    bare.frame(&[0x50], 0);
    bare.frame(&[0x31, 0x02], 0);
    assert!(!bare.nor.is_busy());
    assert_eq!(bare.frame(&[0x35], 1), [0x02]);
    bare.nor.power_cut(bare.now);
    bare.nor.power_on(bare.now);
    bare.pass(10 * MS);
    assert_eq!(bare.frame(&[0x35], 1), [0x00]);
    // The enable is good for the next command only.
    bare.frame(&[0x50], 0);
    bare.frame(&[0x9F], 1);
    bare.frame(&[0x31, 0x02], 0);
    assert_eq!(bare.take(), [Violation::NotWriteEnabled { opcode: 0x31 }]);
}

#[test]
fn stored_writes_outlive_the_supply() {
    let mut bare = Bare::new("MX25R6435F");
    write(&mut bare, &[0x01, 0x40, 0x00, 0x02]);
    bare.nor.power_cut(bare.now);
    bare.nor.power_on(bare.now);
    bare.pass(10 * MS);
    // Quad enable stays, the power mode falls back.
    assert_eq!(bare.nor.registers(), [0x40, 0x00, 0x00]);
}

#[test]
fn wip_and_wel_cannot_be_written() {
    let mut bare = Bare::new("MX25R6435F");
    write(&mut bare, &[0x01, 0x03]);
    assert_eq!(bare.status(), 0x00);
}

#[test]
fn sst_configuration_holds_quad_enable() {
    let mut bare = Bare::new("SST26VF064B");
    write(&mut bare, &[0x01, 0x00, 0x02]);
    assert_eq!(bare.frame(&[0x35], 1), [0x02]);
    bare.frame(&[0x06], 0);
    bare.frame(&[0x98], 0);
    bare.frame(&[0x06], 0);
    bare.addressed(0x20, 0, &[]);
    assert_eq!(bare.status(), 0x83);
}
