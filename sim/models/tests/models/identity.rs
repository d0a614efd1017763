// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::nor::parts;
use qspi_models::{DmaMemory, Lanes, Violation};

#[test]
fn every_part_answers_with_its_id_and_its_sfdp() {
    for spec in parts() {
        let mut bare = Bare::new(spec.name);
        assert_eq!(bare.frame(&[0x9F], spec.id.len()), spec.id, "{}", spec.name);
        let sfdp = bare.frame(&[0x5A, 0, 0, 0, 0], 4);
        assert_eq!(sfdp, b"SFDP", "{}", spec.name);
        assert_eq!(bare.take(), [], "{}", spec.name);
    }
}

#[test]
fn sfdp_reads_take_their_address() {
    let mut bare = Bare::new("MX25R6435F");
    let image = bare.nor.part().sfdp_image();
    let table = bare.frame(&[0x5A, 0, 0, 0x30, 0], 64);
    assert_eq!(table, image.bytes()[0x30..0x70]);
    assert_eq!(bare.frame(&[0x5A, 0, 1, 0, 0], 2), [0xFF, 0xFF]);
}

#[test]
fn sfdp_can_be_replaced() {
    let mut bare = Bare::new("MX25R6435F");
    let wrong = qspi_models::nor::SfdpImage::from_dump("00 11 22 33");
    bare.nor.set_sfdp(wrong);
    assert_eq!(
        bare.frame(&[0x5A, 0, 0, 0, 0], 5),
        [0, 0x11, 0x22, 0x33, 0xFF]
    );
}

#[test]
fn winbond_has_a_unique_id() {
    let mut bare = Bare::new("W25Q128JV");
    let id = bare.frame(&[0x4B, 0, 0, 0, 0], 8);
    assert_eq!(bare.frame(&[0x4B, 0, 0, 0, 0], 8), id);
    bare.nor.set_seed(1);
    assert_ne!(bare.frame(&[0x4B, 0, 0, 0, 0], 8), id);
    assert_eq!(bare.take(), []);
}

#[test]
fn unknown_opcodes_are_not_answered() {
    let mut bare = Bare::new("MX25R6435F");
    assert_eq!(bare.frame(&[0x32, 0, 0, 0], 2), [0xFF, 0xFF]);
    assert_eq!(bare.take(), [Violation::UnknownOpcode { opcode: 0x32 }]);
}

#[test]
fn every_listed_read_mode_reads() {
    for spec in parts() {
        let image = spec.sfdp_image();
        for (address, data) in [
            (Lanes::One, Lanes::Two),
            (Lanes::Two, Lanes::Two),
            (Lanes::One, Lanes::Four),
            (Lanes::Four, Lanes::Four),
        ] {
            let Some((opcode, wait)) = image.read_mode(address, data) else {
                continue;
            };
            let mut bare = Bare::new(spec.name);
            bare.nor.set_register(0, 0x40);
            bare.nor.set_register(1, 0x02);
            bare.nor.poke(0x1234, &[0xDE, 0xAD]);
            bare.nor.select(0, 8_000_000);
            bare.nor.send(&[opcode], Lanes::One);
            bare.nor.send(&[0x00, 0x12, 0x34], address);
            bare.nor.wait(wait);
            let mut back = [0; 2];
            bare.nor.receive(&mut back, data);
            bare.nor.deselect(1_000);
            assert_eq!(back, [0xDE, 0xAD], "{} {opcode:#x}", spec.name);
            assert_eq!(bare.take(), [], "{} {opcode:#x}", spec.name);
        }
    }
}

#[test]
fn micron_dummies_are_not_those_of_the_peripheral() {
    // Ten dummy clocks where the peripheral sends six.
    let mut rig = Rig::active_with("MT25QU256A", 4, MHZ_8);
    rig.qspi.flash_mut().poke(0, &[0x5A; 64]);
    rig.set_up_read(0, RAM, 64);
    rig.run(qspi_models::registers::TASKS_READSTART);
    assert_eq!(rig.take(), [Violation::WrongFraming { opcode: 0xEB }]);
    let mut back = [0; 64];
    rig.ram.read(RAM, &mut back).unwrap();
    assert_ne!(back, [0x5A; 64]);
    // 1-1-4 works.
    let mut rig = Rig::active_with("MT25QU256A", 3, MHZ_8);
    rig.qspi.flash_mut().poke(0, &[0x5A; 64]);
    rig.set_up_read(0, RAM, 64);
    rig.run(qspi_models::registers::TASKS_READSTART);
    rig.ram.read(RAM, &mut back).unwrap();
    assert_eq!(back, [0x5A; 64]);
    rig.no_violations();
}
