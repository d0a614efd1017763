// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Transfers by DMA.

use crate::bench::{Bench, PROGRAM, READ, at, buffer};
use crate::controller::{Manner, content};
use crate::memory;
use kernel::deferred_call::DeferredCall;
use kernel::hil::time::Alarm;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Error, Operation};

const CE_CTRL: usize = 0x04;
const DMA_CTRL: usize = 0x80;
const DMA_LEN: usize = 0x8C;

fn manners() -> impl Iterator<Item = Manner> {
    [false, true].into_iter().flat_map(|at_once| {
        [false, true].map(|counts_words| Manner {
            at_once,
            counts_words,
        })
    })
}

/// Lets a transfer end that did not at once.
fn finish(bench: &Bench) {
    if bench.fake.is_running() {
        bench.pass();
        assert!(bench.told().is_empty(), "told before the end");
        bench.fake.finish();
    }
    bench.settle();
}

#[test]
fn a_read_ends_with_the_interrupt() {
    for manner in manners() {
        let bench = Bench::on(manner);
        bench
            .start(at(READ, 0x0123_4560), Some(buffer(64)))
            .unwrap();
        assert!(bench.told().is_empty(), "the interrupt tells");
        finish(&bench);
        let (result, data) = bench.done();
        assert_eq!(result, Ok(()));
        let expected: Vec<u8> = (0x0123_4560..).take(64).map(content).collect();
        assert_eq!(data.unwrap().as_slice(), expected);
        assert_eq!(bench.fake.value(DMA_CTRL), 0, "at rest and given back");
        assert!(!bench.fake.interrupts());
    }
}

#[test]
fn a_read_is_described_in_ctrl() {
    let bench = Bench::on(Manner::default());
    bench.start(at(READ, 0), Some(buffer(64))).unwrap();
    // 50 of 200 MHz is code 6; command 0Bh with one dummy byte; read mode.
    assert_eq!(*bench.fake.controls.borrow(), [0x000B_0641]);
    assert_eq!(bench.fake.value(CE_CTRL), 0x11, "four address bytes");
    assert_eq!(bench.fake.value(DMA_LEN), 63);
    finish(&bench);
}

#[test]
fn a_program_writes_its_buffer() {
    for manner in manners() {
        let bench = Bench::on(manner);
        let mut data = buffer(256);
        let bytes: Vec<u8> = (0..256).map(|index| content(index ^ 0x55)).collect();
        data.as_mut_slice().copy_from_slice(&bytes);
        bench.start(at(PROGRAM, 0x1100), Some(data)).unwrap();
        assert_eq!(bench.fake.value(CE_CTRL), 0, "three address bytes");
        finish(&bench);
        let (result, data) = bench.done();
        assert_eq!(result, Ok(()));
        assert_eq!(data.unwrap().as_slice(), bytes, "unchanged");
        assert_eq!(*bench.fake.programmed.borrow(), [(0x1100, bytes)]);
        // Command 02h, program mode.
        assert_eq!(*bench.fake.controls.borrow(), [0x0002_0602]);
    }
}

#[test]
fn only_the_active_range_is_transferred() {
    let bench = Bench::on(Manner::default());
    let mut data = buffer(32);
    data.as_mut_slice().fill(0xA5);
    data.slice(8..16);
    bench.start(at(READ, 0x40), Some(data)).unwrap();
    finish(&bench);
    let mut data = bench.done().1.unwrap();
    assert_eq!(data.len(), 8);
    data.reset();
    assert_eq!(data.as_slice()[..8], [0xA5; 8]);
    assert_eq!(data.as_slice()[16..], [0xA5; 16]);
    assert_eq!(data.as_slice()[8], content(0x40));
}

#[test]
fn a_late_grant_is_looked_for_by_alarm() {
    let bench = Bench::on(Manner::default());
    bench.fake.grant_after.set(3);
    bench.start(at(READ, 0), Some(buffer(4))).unwrap();
    for _ in 0..2 {
        assert!(!DeferredCall::has_tasks(), "others may run meanwhile");
        assert!(bench.alarm.is_armed());
        bench.pass();
        assert!(!bench.fake.is_running());
    }
    bench.pass();
    assert!(bench.fake.is_running());
    assert_eq!(bench.driver.counters().waits_for_grant, 3);
    finish(&bench);
    assert_eq!(bench.done().0, Ok(()));
}

#[test]
fn memory_that_the_dma_does_not_reach_is_refused() {
    let bench = Bench::on(Manner::default());
    let refused = |address: usize, length: usize| {
        let data = SubSliceMut::new(memory::at(address, length));
        let (error, data) = bench.start(at(READ, 0), Some(data)).unwrap_err();
        assert_eq!(data.unwrap().len(), length);
        error
    };
    assert_eq!(refused(0x4_1000, 8), Error::OutOfReach);
    assert_eq!(refused(0x7_FFF0, 16), Error::OutOfReach);
    assert_eq!(refused(0x3_FFF8, 16), Error::OutOfReach);
    assert_eq!(refused(0x8_0002, 8), Error::Misaligned);
}

#[test]
fn an_interrupt_that_nobody_waits_for_does_nothing() {
    let bench = Bench::on(Manner::default());
    bench.driver.handle_interrupt();
    bench.start(at(READ, 0), Some(buffer(4))).unwrap();
    bench.driver.handle_interrupt();
    assert!(bench.told().is_empty());
    assert_eq!(bench.driver.counters().spurious, 2);
    assert!(bench.fake.is_running());
    finish(&bench);
    assert_eq!(bench.done().0, Ok(()));
}

#[test]
fn nothing_at_all_is_refused() {
    let bench = Bench::on(Manner::default());
    let refused = |operation: Operation, length: usize| {
        let mut data = buffer(length.max(4));
        data.slice(..length);
        bench.start(operation, Some(data)).unwrap_err().0
    };
    assert_eq!(refused(at(READ, 0), 0), Error::Empty);
    assert_eq!(refused(at(READ, 2), 4), Error::Misaligned);
    assert_eq!(refused(at(PROGRAM, 0x10F8), 12), Error::TooLong);
    assert_eq!(refused(at(READ, 32 << 20), 4), Error::AddressOverflow);
}

#[test]
fn an_interrupt_that_nobody_enabled_goes_away() {
    let bench = Bench::on(Manner::default());
    // Somebody else's doing, as a boot loader's.
    bench.fake.raise();
    assert!(bench.fake.interrupts());
    bench.settle();
    assert_eq!(bench.driver.counters().spurious, 1);
}
