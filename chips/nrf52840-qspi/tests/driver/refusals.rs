// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is refused leaves no trace: proof and buffer come back, no register is
//! written, nothing is lent.

use crate::bench::{Bench, pins};
use crate::log;
use crate::memory::{self, RAM};
use crate::templates::*;
use core::ops::Range;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::{Config, PageSize, State};
use qspi_hil::{Controller, Data, Error, Operation, Template};

/// Where a buffer is, and what of it is active.
fn describe(buffer: Option<&SubSliceMut<'static, u8>>) -> Option<(*const u8, Range<usize>)> {
    buffer.map(|buffer| (buffer.as_ptr(), buffer.active_range()))
}

fn refused_with(
    bench: &Bench,
    operation: Operation,
    buffer: Option<SubSliceMut<'static, u8>>,
    error: Error,
) {
    let described = describe(buffer.as_ref());
    let refusal = bench.start(operation, buffer).unwrap_err();
    check_refusal(bench, operation, described, refusal, error);
}

fn check_refusal(
    bench: &Bench,
    operation: Operation,
    described: Option<(*const u8, Range<usize>)>,
    (why, back): (Error, Option<SubSliceMut<'static, u8>>),
    error: Error,
) {
    assert_eq!(why, error, "{operation:x?}");
    assert_eq!(describe(back.as_ref()), described);
    assert_eq!(log::drain(), [], "a refusal touches nothing");
    assert_eq!(bench.qspi.state(), State::Idle);
    assert_eq!(bench.client.done.get(), 0);
    assert!(bench.client.idle.borrow().is_some(), "the proof came back");
}

fn buffer(length: usize) -> Option<SubSliceMut<'static, u8>> {
    Some(SubSliceMut::new(memory::slice(length)))
}

#[test]
fn unsupported() {
    let bench = Bench::on();
    let template = Template {
        dummy_clocks: 10,
        ..READ_4IO
    };
    refused_with(&bench, at(template, 0), buffer(4), Error::Unsupported);
}

#[test]
fn an_engine_after_a_write_enable() {
    let bench = Bench::on();
    for template in [READ_4IO, PROGRAM_4IO] {
        assert!(!bench.qspi.enables_write(&template));
        let buffer = buffer(4);
        let described = describe(buffer.as_ref());
        let operation = at(template, 0);
        let refusal = bench.start_after_write_enable(operation, buffer);
        let refusal = refusal.unwrap_err();
        check_refusal(&bench, operation, described, refusal, Error::Unsupported);
    }
}

#[test]
fn without_data() {
    let bench = Bench::on();
    for template in [
        READ_4IO,
        PROGRAM_4IO,
        Template::register_in(0x05),
        Template::register_out(0x01),
        READ_SFDP,
    ] {
        refused_with(&bench, at(template, 0), None, Error::Empty);
        refused_with(&bench, at(template, 0), buffer(0), Error::Empty);
        let mut empty = SubSliceMut::new(memory::slice(8));
        empty.slice(4..4);
        refused_with(&bench, at(template, 0), Some(empty), Error::Empty);
    }
}

#[test]
fn with_too_much_of_a_buffer() {
    let bench = Bench::on();
    for template in [ERASE_SECTOR, ERASE_BLOCK, ERASE_CHIP, Template::bare(0x06)] {
        refused_with(&bench, at(template, 0), buffer(4), Error::SurplusBuffer);
        refused_with(&bench, at(template, 0), buffer(0), Error::SurplusBuffer);
    }
}

#[test]
fn not_in_words() {
    let bench = Bench::on();
    for template in [READ_4IO, PROGRAM_4IO] {
        for address in 1..4 {
            refused_with(&bench, at(template, address), buffer(8), Error::Misaligned);
        }
        for length in [1, 2, 3, 5] {
            refused_with(&bench, at(template, 0), buffer(length), Error::Misaligned);
        }
        for start in 1..4 {
            let mut shifted = SubSliceMut::new(memory::slice(16));
            shifted.slice(start..start + 8);
            refused_with(&bench, at(template, 0), Some(shifted), Error::Misaligned);
        }
    }
    refused_with(&bench, at(ERASE_SECTOR, 0x1002), None, Error::Misaligned);
}

#[test]
fn outside_of_the_ram() {
    let bench = Bench::on();
    let below = memory::at(RAM.start - 8, 8);
    refused_with(
        &bench,
        at(READ_4IO, 0),
        Some(SubSliceMut::new(below)),
        Error::OutOfReach,
    );
    let beyond = memory::at(RAM.end + 16, 8);
    refused_with(
        &bench,
        at(READ_4IO, 0),
        Some(SubSliceMut::new(beyond)),
        Error::OutOfReach,
    );
    // One word inside, one outside.
    let across = memory::at(RAM.end - 4, 8);
    refused_with(
        &bench,
        at(PROGRAM, 0),
        Some(SubSliceMut::new(across)),
        Error::OutOfReach,
    );
    // What this process calls memory is far away from the chip's RAM, and 4 GiB on it
    // may even look like it.
    let heap: &'static mut [u32] = Box::leak(Box::new([0; 4]));
    // SAFETY: any initialised memory is valid as bytes.
    let heap = unsafe { std::slice::from_raw_parts_mut(heap.as_mut_ptr().cast::<u8>(), 16) };
    refused_with(
        &bench,
        at(READ_4IO, 0),
        Some(SubSliceMut::new(heap)),
        Error::OutOfReach,
    );
}

#[test]
fn up_to_the_last_word_of_the_ram_is_in_reach() {
    let bench = Bench::on();
    let last = memory::at(RAM.end - 8, 4);
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(last)))
        .unwrap();
    assert_eq!(bench.qspi.state(), State::Reading);
}

#[test]
fn custom_instructions_take_any_memory() {
    let bench = Bench::on();
    let heap: &'static mut [u8] = Box::leak(Box::new([0; 3]));
    bench
        .start(
            at(Template::register_in(0x9F), 0),
            Some(SubSliceMut::new(heap)),
        )
        .unwrap();
    bench.ready();
    assert_eq!(bench.returned().unwrap().len(), 3);
}

#[test]
fn too_long() {
    let bench = Bench::on();
    // A slice of this length does not fit into the RAM; where it is does not matter
    // before its length does.
    let long: &'static mut [u32] = Box::leak(vec![0; 0x1_0000].into_boxed_slice());
    // SAFETY: any initialised memory is valid as bytes.
    let long = unsafe { std::slice::from_raw_parts_mut(long.as_mut_ptr().cast::<u8>(), 0x4_0000) };
    refused_with(
        &bench,
        at(READ_4IO, 0),
        Some(SubSliceMut::new(long)),
        Error::TooLong,
    );
    let long: &'static mut [u8] = Box::leak(Box::new([0; 4097]));
    refused_with(
        &bench,
        at(READ_SFDP, 0),
        Some(SubSliceMut::new(long)),
        Error::TooLong,
    );
}

#[test]
fn a_program_that_crosses_a_page() {
    let bench = Bench::on();
    refused_with(&bench, at(PROGRAM_4IO, 0), buffer(260), Error::TooLong);
    refused_with(&bench, at(PROGRAM_4IO, 0x1FC), buffer(8), Error::TooLong);
    bench.start(at(PROGRAM_4IO, 0x1FC), buffer(4)).unwrap();
    assert_eq!(bench.qspi.state(), State::Programming);

    let bench = Bench::on_with(Config {
        page_size: PageSize::Bytes512,
        ..Config::new(pins())
    });
    refused_with(&bench, at(PROGRAM_4IO, 0x2FC), buffer(264), Error::TooLong);
    bench.start(at(PROGRAM_4IO, 0x200), buffer(512)).unwrap();
    assert_eq!(bench.qspi.state(), State::Programming);
}

#[test]
fn addresses_that_do_not_fit() {
    let bench = Bench::on();
    refused_with(
        &bench,
        at(READ_4IO, 0xFF_FFFC),
        buffer(8),
        Error::AddressOverflow,
    );
    refused_with(
        &bench,
        at(READ_4IO, 0x100_0000),
        buffer(4),
        Error::AddressOverflow,
    );
    refused_with(
        &bench,
        at(READ_4IO, 0xFFFF_FFFC),
        buffer(8),
        Error::AddressOverflow,
    );
    refused_with(
        &bench,
        at(ERASE_SECTOR, 0x100_1000),
        None,
        Error::AddressOverflow,
    );
    refused_with(
        &bench,
        at(Template::bare(0x06), 4),
        None,
        Error::AddressOverflow,
    );
    let odd = Template {
        data: Data::In,
        ..READ_SFDP
    };
    refused_with(
        &bench,
        at(odd, 0xFF_FFFF),
        buffer(2),
        Error::AddressOverflow,
    );
}

#[test]
fn after_a_refusal_the_next_operation_runs() {
    let bench = Bench::on();
    let (_, back) = bench.start(at(READ_4IO, 2), buffer(8)).unwrap_err();
    bench.start(at(READ_4IO, 4), back).unwrap();
    bench.ready();
    assert_eq!(bench.returned().unwrap().len(), 8);
    assert_eq!(bench.qspi.counters().impossible, 0);
}
