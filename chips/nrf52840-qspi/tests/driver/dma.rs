// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Read, program and erase.

use crate::bench::Bench;
use crate::chip::offset::*;
use crate::log::{self, Step, assert_order};
use crate::memory;
use crate::templates::*;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::State;
use qspi_hil::{AddressWidth, Controller, Operation, Template};
use std::rc::Rc;

#[test]
fn a_read_lends_points_clears_and_triggers() {
    let bench = Bench::on();
    let memory = memory::slice(64);
    let address = memory.as_ptr().addr();
    let mut buffer = SubSliceMut::new(memory);
    buffer.slice(8..40);
    bench.start(at(READ_4IO, 0x1234), Some(buffer)).unwrap();

    let steps = log::drain_effects();
    assert_order(
        &steps,
        &[
            Step::Lend(address + 8, 32),
            Step::Write(READ_SRC, 0x1234),
            Step::Write(READ_DST, address as u32 + 8),
            Step::Write(READ_CNT, 32),
            Step::Write(EVENTS_READY, 0),
            Step::Write(READSTART, 1),
        ],
    );
    assert_eq!(steps.last(), Some(&Step::Write(READSTART, 1)));
    let task = steps.len() - 1;
    assert_eq!(steps[task - 1], Step::Write(EVENTS_READY, 0));
    assert_eq!(
        log::only(&steps, Step::Write(IFCONFIG0, 4)),
        1,
        "READOC for 0xEB"
    );
    assert_eq!(bench.qspi.state(), State::Reading);

    bench.ready();
    assert_eq!(
        log::drain(),
        [
            Step::Read(EVENTS_READY),
            Step::Write(EVENTS_READY, 0),
            Step::Read(EVENTS_READY),
            Step::Read(STATUS),
            Step::TakeBack(address + 8, 32),
            Step::Done(Ok(())),
        ]
    );
    let buffer = bench.returned().unwrap();
    assert_eq!(buffer.active_range(), 8..40);
    assert_eq!(buffer.as_ptr().addr(), address + 8);
    assert_eq!(bench.qspi.state(), State::Idle);
}

#[test]
fn a_program_lends_points_clears_and_triggers() {
    let bench = Bench::on();
    let memory = memory::slice(256);
    let address = memory.as_ptr().addr();
    bench
        .start(at(PROGRAM_4IO, 0x7F00), Some(SubSliceMut::new(memory)))
        .unwrap();
    assert_order(
        &log::drain_effects(),
        &[
            Step::Lend(address, 256),
            // WRITEOC for 0x38.
            Step::Write(IFCONFIG0, 3 << 3),
            Step::Write(WRITE_DST, 0x7F00),
            Step::Write(WRITE_SRC, address as u32),
            Step::Write(WRITE_CNT, 256),
            Step::Write(EVENTS_READY, 0),
            Step::Write(WRITESTART, 1),
        ],
    );
    assert_eq!(bench.qspi.state(), State::Programming);
    bench.ready();
    assert_order(
        &log::drain(),
        &[
            Step::Read(STATUS),
            Step::TakeBack(address, 256),
            Step::Done(Ok(())),
        ],
    );
    assert_eq!(bench.returned().unwrap().len(), 256);
}

#[test]
fn an_erase_points_clears_and_triggers() {
    for (opcode, length) in [(0x20, 0), (0xD8, 1)] {
        let bench = Bench::on();
        let template = Template::addressed(opcode, AddressWidth::Three);
        bench.start(at(template, 0x12_0000), None).unwrap();
        assert_eq!(
            log::drain_effects(),
            [
                Step::Write(ERASE_PTR, 0x12_0000),
                Step::Write(ERASE_LEN, length),
                Step::Write(EVENTS_READY, 0),
                Step::Write(ERASESTART, 1),
            ]
        );
        assert_eq!(bench.qspi.state(), State::Erasing);
        bench.ready();
        assert_eq!(log::drain().last(), Some(&Step::Done(Ok(()))));
        assert!(bench.returned().is_none());
    }
}

#[test]
fn the_opcode_is_written_only_when_it_changes() {
    let bench = Bench::on();
    let mut writes = Vec::new();
    for template in [READ_4IO, READ_4IO, FAST_READ, FAST_READ, READ_4IO] {
        let buffer = SubSliceMut::new(memory::slice(4));
        bench.start(at(template, 0), Some(buffer)).unwrap();
        bench.ready();
        for step in log::drain() {
            if let Step::Write(IFCONFIG0, value) = step {
                writes.push(value);
            }
        }
    }
    assert_eq!(writes, [4, 0, 4]);
}

#[test]
fn read_and_program_opcodes_do_not_disturb_each_other_or_the_settings() {
    let bench = Bench::on();
    bench.chip.ifconfig0.set(1 << 12 | 1 << 6);
    for template in [READ_4O, PROGRAM_4O, READ_4O] {
        let buffer = SubSliceMut::new(memory::slice(4));
        bench.start(at(template, 0), Some(buffer)).unwrap();
        bench.ready();
    }
    assert_eq!(bench.chip.ifconfig0.get(), 1 << 12 | 1 << 6 | 2 << 3 | 3);
}

#[test]
fn every_engine_opcode_has_its_code() {
    let reads = [FAST_READ, READ_2O, READ_2IO, READ_4O, READ_4IO];
    for (code, template) in (0..).zip(reads) {
        let bench = Bench::on();
        let buffer = SubSliceMut::new(memory::slice(4));
        bench.start(at(template, 0), Some(buffer)).unwrap();
        assert_eq!(bench.chip.ifconfig0.get() & 7, code, "{template:x?}");
        assert_eq!(bench.qspi.state(), State::Reading);
    }
    let programs = [PROGRAM, PROGRAM_2O, PROGRAM_4O, PROGRAM_4IO];
    for (code, template) in (0..).zip(programs) {
        let bench = Bench::on();
        let buffer = SubSliceMut::new(memory::slice(4));
        bench.start(at(template, 0), Some(buffer)).unwrap();
        assert_eq!(bench.chip.ifconfig0.get() >> 3 & 7, code, "{template:x?}");
        assert_eq!(bench.qspi.state(), State::Programming);
    }
}

#[test]
fn the_last_word_of_the_largest_part_is_read() {
    let bench = Bench::on();
    let buffer = SubSliceMut::new(memory::slice(4));
    bench.start(at(READ_4IO, 0xFF_FFFC), Some(buffer)).unwrap();
    bench.ready();
    assert_eq!(bench.qspi.counters().completed, 1);
}

#[test]
fn the_next_operation_may_be_started_from_inside_done() {
    let bench = Rc::new(Bench::on());
    let again = Rc::clone(&bench);
    *bench.client.follow.borrow_mut() = Some(Box::new(move |idle| {
        let buffer = again.returned();
        again.qspi.start(idle, at(READ_4IO, 0x100), buffer).unwrap();
    }));
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(16))))
        .unwrap();
    bench.ready();
    assert_eq!(bench.qspi.state(), State::Reading);
    assert_eq!(bench.client.done.get(), 1);
    bench.ready();
    assert_eq!(bench.client.done.get(), 2);
    assert_eq!(bench.returned().unwrap().len(), 16);
    let counters = bench.qspi.counters();
    assert_eq!((counters.started, counters.completed), (2, 2));
}

#[test]
fn disable_may_follow_from_inside_done() {
    let bench = Rc::new(Bench::on());
    let again = Rc::clone(&bench);
    *bench.client.follow.borrow_mut() = Some(Box::new(move |idle| {
        again.qspi.disable(idle);
    }));
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(16))))
        .unwrap();
    bench.ready();
    assert_eq!(bench.qspi.state(), State::Off);
    assert_eq!(bench.returned().unwrap().len(), 16);
}

#[test]
fn times_are_those_of_the_bus_and_more() {
    let bench = Bench::on();
    // 20 clocks of command and 2 of each byte, at 32 MHz.
    let bus_us = (20 + 2 * 262_140) / 32;
    assert!(bench.qspi.longest_us(&READ_4IO, 262_140) > bus_us);
    assert!(bench.qspi.longest_us(&READ_4IO, 262_140) < bus_us + 1000);
    // Silicon that raises READY after the page program is no hung one.
    assert!(bench.qspi.longest_us(&PROGRAM_4IO, 256) > 5400);
    // An interrupt for each 8 bytes.
    let sfdp = bench.qspi.longest_us(&READ_SFDP, 256);
    assert!(sfdp > 34 * 50);
    assert!(sfdp < 10_000);
}

#[test]
fn operations_are_counted() {
    let bench = Bench::on();
    let _ = bench.start(Operation::plain(READ_4IO), None);
    assert_eq!(bench.qspi.counters().started, 0, "a refused one is none");
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(4))))
        .unwrap();
    assert_eq!(bench.qspi.counters().started, 1);
    assert_eq!(bench.qspi.counters().completed, 0);
    bench.ready();
    assert_eq!(bench.qspi.counters().completed, 1);
}
