// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Observation, Violation};

const LIO: u32 = 3 << 12;
const WIPWAIT: u32 = 1 << 14;
const WREN: u32 = 1 << 15;
const LFEN: u32 = 1 << 16;
const LFSTOP: u32 = 1 << 17;

fn opcodes(rig: &mut Rig) -> Vec<u8> {
    rig.observations()
        .into_iter()
        .filter_map(|o| match o {
            Observation::Bus { opcode, .. } => opcode,
            _ => None,
        })
        .collect()
}

#[test]
fn the_id_comes_back_in_the_data_registers() {
    let mut rig = Rig::active();
    assert_eq!(rig.custom(0x9F, &[0, 0, 0]), [0xC2, 0x28, 0x17]);
    assert_eq!(rig.read(CINSTRDAT0) & 0x00FF_FFFF, 0x0017_28C2);
    rig.no_violations();
}

#[test]
fn bytes_four_to_seven_come_back_in_the_second_register() {
    let mut rig = Rig::active();
    // SFDP from address 0: three address bytes, one dummy, four data bytes.
    let answer = rig.custom(0x5A, &[0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(&answer[4..], b"SFDP");
    assert_eq!(rig.read(CINSTRDAT1), u32::from_le_bytes(*b"SFDP"));
    rig.no_violations();
}

#[test]
fn an_instruction_takes_eight_clocks_a_byte() {
    let mut rig = Rig::active();
    rig.pass(10_000);
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x9F | 4 << 8 | LIO);
    assert_eq!(rig.until_ready(), Some(4 * 8 * 125));
}

#[test]
fn write_enable_is_a_frame_of_its_own() {
    let mut rig = Rig::active();
    rig.observed();
    rig.custom_with(0x05, &[0], LIO | WREN);
    assert_eq!(opcodes(&mut rig), [0x06, 0x05]);
    assert_eq!(rig.custom(0x05, &[0]), [0x02]);
    rig.custom(0x04, &[]);
    assert_eq!(rig.custom(0x05, &[0]), [0x00]);
    rig.no_violations();
}

#[test]
fn wip_wait_holds_an_instruction_back() {
    let mut rig = Rig::active();
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    let before = rig.now;
    assert_eq!(rig.custom(0x05, &[0]), [0x03]);
    assert!(rig.now - before < 10_000);
    assert_eq!(rig.custom_with(0x05, &[0], LIO | WIPWAIT), [0x00]);
    assert!(rig.now - before > 57_000_000);
    rig.no_violations();
}

#[test]
fn a_custom_status_read_leaves_the_status_field_alone() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().set_register(0, 0x40);
    assert_eq!(rig.custom(0x05, &[0]), [0x40]);
    assert_eq!(rig.read(STATUS) >> 24, 0x00);
    rig.qspi.silicon.sreg_follows_flash = true;
    assert_eq!(rig.read(STATUS) >> 24, 0x40);
}

#[test]
fn a_four_kib_erase_by_instruction() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().poke(0x8000, &[0; 0x9000]);
    rig.custom_with(0x52, &[0x00, 0x80, 0x00], LIO | WREN);
    rig.until_idle();
    let mut back = vec![0; 0x9000];
    rig.qspi.flash_mut().peek(0x8000, &mut back);
    assert!(back[..0x8000].iter().all(|&b| b == 0xFF));
    assert!(back[0x8000..].iter().all(|&b| b == 0x00));
    rig.no_violations();
}

/// SFDP in long frame mode, as published drivers do it.
fn long_sfdp(rig: &mut Rig, count: usize) -> Vec<u8> {
    let mut step = |data: [u8; 8], length: u32, flags: u32| {
        let (low, high) = data.split_at(4);
        rig.write(CINSTRDAT0, u32::from_le_bytes(low.try_into().unwrap()));
        rig.write(CINSTRDAT1, u32::from_le_bytes(high.try_into().unwrap()));
        rig.write(EVENTS_READY, 0);
        rig.write(CINSTRCONF, 0x5A | length << 8 | LIO | LFEN | flags);
        rig.until_ready().unwrap();
        let mut answer = rig.read(CINSTRDAT0).to_le_bytes().to_vec();
        answer.extend(rig.read(CINSTRDAT1).to_le_bytes());
        answer
    };
    step([0; 8], 1, 0);
    step([0; 8], 5, 0);
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let part = (count - bytes.len()).min(8);
        let last = bytes.len() + part == count;
        let flags = if last { LFSTOP } else { 0 };
        bytes.extend_from_slice(&step([0; 8], part as u32 + 1, flags)[..part]);
    }
    bytes
}

#[test]
fn long_frames_read_the_whole_sfdp_area() {
    for name in ["MX25R6435F", "W25Q128JV", "SST26VF064B", "P25Q16H"] {
        let mut rig = Rig::active_with(name, SINGLE, MHZ_8);
        let expected = rig.qspi.flash().part().sfdp_image().bytes().to_vec();
        rig.observed();
        assert_eq!(long_sfdp(&mut rig, expected.len()), expected, "{name}");
        // All of it was one frame.
        assert_eq!(opcodes(&mut rig), [0x5A], "{name}");
        // The next instruction is a frame again.
        assert_eq!(rig.custom(0x9F, &[0])[0], rig.qspi.flash().part().id[0]);
        rig.no_violations();
    }
}

#[test]
fn a_long_frame_can_be_stopped_with_no_more_data() {
    let mut rig = Rig::active();
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x5A | 1 << 8 | LIO | LFEN);
    rig.until_ready().unwrap();
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x5A | 1 << 8 | LIO | LFEN | LFSTOP);
    assert!(rig.until_ready().is_some());
    assert_eq!(rig.take(), [Violation::MalformedCommand { opcode: 0x5A }]);
    assert_eq!(rig.custom(0x9F, &[0]), [0xC2]);
    rig.no_violations();
}

#[test]
fn an_open_long_frame_is_in_the_way() {
    let open = |rig: &mut Rig| {
        rig.write(EVENTS_READY, 0);
        rig.write(CINSTRCONF, 0x9F | 1 << 8 | LIO | LFEN);
        rig.until_ready().unwrap();
    };
    let mut rig = Rig::active();
    open(&mut rig);
    rig.set_up_read(0, RAM, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.take(), [Violation::LongFrameOpen]);
    open(&mut rig);
    assert_eq!(rig.custom(0x05, &[0]), [0]);
    assert_eq!(rig.take(), [Violation::LongFrameOpen]);
    open(&mut rig);
    rig.write(TASKS_DEACTIVATE, 1);
    assert_eq!(rig.take(), [Violation::LongFrameOpen]);
}

#[test]
fn lengths_outside_the_field_start_nothing() {
    let mut rig = Rig::active();
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x05 | LIO);
    rig.write(CINSTRCONF, 0x05 | 10 << 8 | LIO);
    assert!(!rig.qspi.is_busy());
    assert_eq!(
        rig.take(),
        [
            Violation::CustomLength { length: 0 },
            Violation::CustomLength { length: 10 }
        ]
    );
}

#[test]
fn io3_low_is_reported() {
    let mut rig = Rig::active();
    rig.custom_with(0x05, &[0], 1 << 12);
    assert_eq!(rig.take(), [Violation::Lio3Low]);
}

#[test]
fn status_reads_go_on_in_a_long_frame() {
    let mut rig = Rig::active();
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    rig.write(EVENTS_READY, 0);
    rig.write(CINSTRCONF, 0x05 | 1 << 8 | LIO | LFEN);
    rig.until_ready().unwrap();
    let mut answers = Vec::new();
    for _ in 0..2 {
        rig.write(EVENTS_READY, 0);
        rig.write(CINSTRCONF, 0x05 | 2 << 8 | LIO | LFEN);
        rig.until_ready().unwrap();
        answers.push(rig.read(CINSTRDAT0) as u8);
        rig.pass(60_000_000);
    }
    assert_eq!(answers, [0x03, 0x00]);
}
