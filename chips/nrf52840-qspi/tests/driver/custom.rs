// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Custom instructions, short and long.

use crate::bench::{Bench, CONNECTED, pins};
use crate::chip::offset::*;
use crate::log::{self, Step};
use crate::templates::*;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::{Config, State};
use qspi_hil::{AddressWidth, Controller, Lines, Template};

/// CINSTRCONF: IO2 and IO3 high, neither WIPWAIT nor WREN.
const LIO: u32 = 1 << 12 | 1 << 13;
const WREN: u32 = 1 << 15;
const LFEN: u32 = 1 << 16;
const LFSTOP: u32 = 1 << 17;

fn instruction(opcode: u32, length: u32) -> u32 {
    opcode | length << 8 | LIO
}

fn owned(bytes: &[u8]) -> SubSliceMut<'static, u8> {
    SubSliceMut::new(Box::leak(bytes.to_vec().into_boxed_slice()))
}

#[test]
fn an_opcode_alone() {
    let bench = Bench::on();
    bench.start(at(Template::bare(0x06), 0), None).unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x06, 1)),
        ]
    );
    assert_eq!(bench.qspi.state(), State::Instructing);
    bench.ready();
    assert_eq!(log::drain().last(), Some(&Step::Done(Ok(()))));
    assert!(bench.returned().is_none());
}

#[test]
fn a_register_is_read_into_the_buffers_active_range() {
    let bench = Bench::on();
    let mut buffer = owned(&[0xEE; 5]);
    buffer.slice(1..4);
    bench
        .start(at(Template::register_in(0x9F), 0), Some(buffer))
        .unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x9F, 4)),
        ]
    );
    bench.chip.data[0].set(0xFF17_28C2);
    bench.ready();
    let steps = log::drain();
    assert!(
        !steps.contains(&Step::Read(CINSTRDAT1)),
        "three bytes are in the first word"
    );
    let mut buffer = bench.returned().unwrap();
    assert_eq!(buffer.as_slice(), [0xC2, 0x28, 0x17]);
    buffer.reset();
    assert_eq!(buffer.as_slice(), [0xEE, 0xC2, 0x28, 0x17, 0xEE]);
}

#[test]
fn all_eight_bytes_have_their_place() {
    let bench = Bench::on();
    bench
        .start(at(Template::register_in(0x9F), 0), Some(owned(&[0; 8])))
        .unwrap();
    assert_eq!(
        log::drain().last(),
        Some(&Step::Write(CINSTRCONF, instruction(0x9F, 9)))
    );
    bench.chip.data[0].set(0x0403_0201);
    bench.chip.data[1].set(0x0807_0605);
    bench.ready();
    assert_eq!(
        bench.returned().unwrap().as_slice(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
}

#[test]
fn a_register_is_written() {
    let bench = Bench::on();
    bench
        .start(
            at(Template::register_out(0x01), 0),
            Some(owned(&[0x40, 0x00, 0x02])),
        )
        .unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0x0002_0040),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x01, 4)),
        ]
    );
    // What comes in meanwhile is nobody's.
    bench.chip.data[0].set(0xFFFF_FFFF);
    bench.ready();
    assert_eq!(bench.returned().unwrap().as_slice(), [0x40, 0x00, 0x02]);
}

#[test]
fn an_erase_that_has_no_engine_sends_its_address() {
    let bench = Bench::on();
    bench.start(at(ERASE_HALF_BLOCK, 0x12_8000), None).unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0x0000_8012),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x52, 4)),
        ]
    );
    bench.ready();
    assert_eq!(bench.client.done.get(), 1);
}

#[test]
fn four_address_bytes_and_data_fit_into_one_instruction() {
    let bench = Bench::on();
    let template = Template {
        address: AddressWidth::Four,
        lines: Lines::Single,
        ..Template::register_out(0x12)
    };
    bench
        .start(at(template, 0x0102_0304), Some(owned(&[5, 6, 7, 8])))
        .unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0x0403_0201),
            Step::Write(CINSTRDAT1, 0x0807_0605),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x12, 9)),
        ]
    );
}

#[test]
fn four_bytes_of_sfdp_fit_into_one_instruction() {
    let bench = Bench::on();
    bench
        .start(at(READ_SFDP, 0x30), Some(owned(&[0; 4])))
        .unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0x0030_0000),
            Step::Write(CINSTRDAT1, 0),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x5A, 9)),
        ]
    );
    bench.chip.data[0].set(0xEEEE_EEEE);
    bench.chip.data[1].set(u32::from_le_bytes(*b"SFDP"));
    bench.ready();
    assert_eq!(bench.returned().unwrap().as_slice(), b"SFDP");
}

/// A flash at the far end of the port: answers a long frame byte by byte.
fn serve(bench: &Bench, stream: &[u8]) -> (Vec<u32>, Vec<u8>) {
    let mut instructions = Vec::new();
    let mut sent = Vec::new();
    let mut answered = 0;
    let mut data = [0u32; 2];
    let mut held = Vec::new();
    loop {
        held.extend(log::drain_effects());
        let mut started = None;
        for step in held.drain(..) {
            match step {
                Step::Write(CINSTRDAT0, value) => data[0] = value,
                Step::Write(CINSTRDAT1, value) => data[1] = value,
                Step::Write(CINSTRCONF, value) => {
                    assert!(started.replace(value).is_none(), "two at once");
                }
                Step::Write(EVENTS_READY, 0) | Step::Done(Ok(())) => {}
                other => panic!("{other:?} in a custom instruction"),
            }
        }
        let Some(value) = started else {
            return (instructions, sent);
        };
        instructions.push(value);
        let count = (value >> 8 & 0xF) as usize - 1;
        let bytes: Vec<u8> = data.iter().flat_map(|word| word.to_le_bytes()).collect();
        sent.extend(&bytes[..count]);
        let mut answer = [0xEE; 8];
        answer[..count].copy_from_slice(&stream[answered..answered + count]);
        answered += count;
        let [low, high] = [0, 4].map(|i| u32::from_le_bytes(answer[i..i + 4].try_into().unwrap()));
        bench.chip.data[0].set(low);
        bench.chip.data[1].set(high);
        bench.ready();
    }
}

#[test]
fn a_long_sfdp_read_is_one_long_frame() {
    let bench = Bench::on();
    bench
        .start(at(READ_SFDP, 0x12_3456), Some(owned(&[0; 256])))
        .unwrap();
    let table: Vec<u8> = (0..=255).map(|i: u8| i.wrapping_mul(37)).collect();
    let stream = [&[0xEE; 4], table.as_slice()].concat();
    let (instructions, sent) = serve(&bench, &stream);

    // The opcode alone, 32 chunks of 8, and 4 bytes that end it: 4 + 256 in all.
    let mut expected = vec![instruction(0x5A, 1) | LFEN];
    expected.extend([instruction(0x5A, 9) | LFEN; 32]);
    expected.push(instruction(0x5A, 5) | LFEN | LFSTOP);
    assert_eq!(instructions, expected);
    assert_eq!(sent[..4], [0x12, 0x34, 0x56, 0x00]);
    assert!(sent[4..].iter().all(|byte| *byte == 0));
    assert_eq!(bench.client.done.get(), 1);
    assert_eq!(bench.returned().unwrap().as_slice(), table);
    assert_eq!(bench.qspi.state(), State::Idle);
}

#[test]
fn only_pages_wait_for_the_flash_and_only_where_the_board_believes_it() {
    for queues_pages in [false, true] {
        let bench = Bench::with(Config {
            queues_pages,
            ..Config::new(pins())
        });
        let waits = |template| bench.qspi.waits_for_quiet(&template);
        assert_eq!(waits(PROGRAM_4IO), queues_pages);
        for template in [READ_4IO, ERASE_SECTOR, Template::register_in(0x05)] {
            assert!(!waits(template));
        }
        // No engine has this one.
        assert!(!waits(Template::addressed(0x12, AddressWidth::Four)));
    }
}

#[test]
fn a_write_enable_goes_before_a_short_instruction() {
    let bench = Bench::on();
    let look = Template::register_in(0x05);
    assert!(bench.qspi.enables_write(&look));
    bench
        .start_after_write_enable(at(look, 0), Some(owned(&[0])))
        .unwrap();
    assert_eq!(
        log::drain_effects(),
        [
            Step::Write(CINSTRDAT0, 0),
            Step::Write(EVENTS_READY, 0),
            Step::Write(CINSTRCONF, instruction(0x05, 2) | WREN),
        ]
    );
    bench.chip.data[0].set(0x02);
    bench.ready();
    assert_eq!(bench.returned().unwrap().as_slice(), [0x02]);
    // The next one is without.
    bench.start(at(look, 0), Some(owned(&[0]))).unwrap();
    let last = log::drain_effects().pop();
    assert_eq!(last, Some(Step::Write(CINSTRCONF, instruction(0x05, 2))));
}

#[test]
fn a_write_enable_goes_before_a_long_frame_and_not_into_it() {
    let bench = Bench::on();
    bench
        .start_after_write_enable(at(READ_SFDP, 0), Some(owned(&[0; 12])))
        .unwrap();
    let (instructions, _) = serve(&bench, &[0; 16]);
    assert_eq!(
        instructions,
        [
            instruction(0x5A, 1) | LFEN | WREN,
            instruction(0x5A, 9) | LFEN,
            instruction(0x5A, 9) | LFEN | LFSTOP,
        ]
    );
}

#[test]
fn every_length_arrives_whole() {
    let bench = Bench::on();
    for length in 1..=40 {
        for template in [READ, READ_SFDP, Template::register_in(0x9F)] {
            let header = match template.opcode {
                0x03 => 3,
                0x5A => 4,
                _ => 0,
            };
            let data: Vec<u8> = (1..=length as u8).collect();
            let stream = [vec![0xEE; header], data.clone()].concat();
            bench
                .start(at(template, 0), Some(owned(&vec![0; length])))
                .unwrap();
            let (instructions, _) = serve(&bench, &stream);
            assert_eq!(bench.returned().unwrap().as_slice(), data);
            let stops = instructions
                .iter()
                .filter(|value| *value & LFSTOP != 0)
                .count();
            if header + length <= 8 {
                assert_eq!(instructions.len(), 1);
                assert_eq!(instructions[0] & (LFEN | LFSTOP), 0);
            } else {
                assert_eq!(instructions.len(), 1 + (header + length).div_ceil(8));
                assert!(instructions.iter().all(|value| value & LFEN != 0));
                assert_eq!(stops, 1);
                assert!(
                    instructions.last().unwrap() & LFSTOP != 0,
                    "the last one ends it"
                );
            }
        }
    }
}

#[test]
fn long_data_goes_out_whole() {
    let bench = Bench::on();
    let template = Template {
        address: AddressWidth::Three,
        ..Template::register_out(0x42)
    };
    let data: Vec<u8> = (0..100).collect();
    bench
        .start(at(template, 0x1000), Some(owned(&data)))
        .unwrap();
    let (_, sent) = serve(&bench, &[0xFF; 103]);
    assert_eq!(sent, [&[0x00, 0x10, 0x00], data.as_slice()].concat());
    assert_eq!(
        bench.returned().unwrap().as_slice(),
        data,
        "what came in is nobody's"
    );
}

#[test]
fn a_premature_ready_within_a_long_frame_is_waited_out() {
    let bench = Bench::on();
    bench
        .start(at(READ_SFDP, 0), Some(owned(&[0; 12])))
        .unwrap();
    log::drain();
    bench.premature_ready();
    assert!(
        !log::drain()
            .iter()
            .any(|step| matches!(step, Step::Write(CINSTRCONF, _)))
    );
    bench.ready();
    assert!(
        log::drain()
            .iter()
            .any(|step| matches!(step, Step::Write(CINSTRCONF, _)))
    );
}

#[test]
fn anomaly_215_goes_round_before_each_custom_instruction_if_xip_is_used() {
    let bench = Bench::on_with(Config {
        xip_used: true,
        ..Config::new(pins())
    });
    bench
        .start(at(Template::register_in(0x05), 0), Some(owned(&[0])))
        .unwrap();
    let steps = log::drain();
    assert_eq!(bench.qspi.state(), State::Detouring);
    let disconnects = steps
        .iter()
        .filter(|step| matches!(step, Step::Write(offset, 0xFFFF_FFFF) if PSEL.contains(offset)))
        .count();
    assert_eq!(disconnects, 6);
    assert_eq!(steps.len() - 1, log::only(&steps, Step::Write(ACTIVATE, 1)));
    let above = |step: &Step| matches!(step, Step::Read(offset) | Step::Write(offset, _) if *offset >= 0x600);
    assert!(
        !steps.iter().any(above),
        "no register above 0x600 before the way round"
    );

    bench.ready();
    let steps = log::drain_effects();
    let sent = log::only(&steps, Step::Write(CINSTRCONF, instruction(0x05, 2)));
    for (offset, value) in CONNECTED {
        assert!(
            log::only(&steps, Step::Write(offset, value)) < sent,
            "connected again"
        );
    }
    assert_eq!(bench.client.done.get(), 0);
    bench.chip.data[0].set(0x40);
    bench.ready();
    assert_eq!(bench.returned().unwrap().as_slice(), [0x40]);
    assert_eq!(bench.client.done.get(), 1);
}

#[test]
fn the_way_round_has_its_time() {
    let template = Template::register_in(0x05);
    let straight = Bench::new().qspi.longest_us(&template, 1);
    let round = Bench::with(Config {
        xip_used: true,
        ..Config::new(pins())
    })
    .qspi
    .longest_us(&template, 1);
    assert!(round >= straight + 1000);
}
