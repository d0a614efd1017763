// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Forced stops, quarantine and recovery.

use crate::bench::Bench;
use crate::chip::offset::*;
use crate::log::{self, Step, assert_order};
use crate::memory;
use crate::templates::*;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::{ClockClient, Request, State};
use qspi_hil::{Controller, Stopped, Template};

const POWER_DOWN: [Step; 6] = [
    Step::Write(INTENCLR, 1),
    Step::Write(DEACTIVATE, 1),
    Step::Write(ANOMALY_122, 1),
    Step::Write(ENABLE, 0),
    Step::Park,
    Step::ClockRelease,
];

fn start_read(bench: &Bench, length: usize) -> usize {
    let memory = memory::slice(length);
    let address = memory.as_ptr().addr();
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory)))
        .unwrap();
    log::drain();
    address
}

#[test]
fn nothing_to_stop() {
    let bench = Bench::new();
    assert!(bench.qspi.force_stop().is_none(), "off");
    bench.switch_on(bench.qspi.take_off().unwrap());
    log::drain();
    assert!(bench.qspi.force_stop().is_none(), "idle");
    assert_eq!(log::drain(), []);
    assert_eq!(bench.qspi.counters().forced_stops, 0);
    bench.start(at(ERASE_SECTOR, 0), None).unwrap();
    assert!(bench.qspi.force_stop().is_some());
    assert!(bench.qspi.force_stop().is_none(), "stopped already");
}

#[test]
fn a_transfer_that_has_ended_gives_its_buffer_back() {
    let bench = Bench::on();
    let address = start_read(&bench, 32);
    // The interrupt is still waiting behind the alarm.
    bench.chip.event.set(1);
    bench.chip.at_rest.set(true);
    let Stopped {
        buffer,
        quarantined,
        ..
    } = bench.qspi.force_stop().unwrap();
    let steps = log::drain();
    assert_order(&steps, &[Step::Read(STATUS), Step::TakeBack(address, 32)]);
    assert_order(&steps, &POWER_DOWN);
    assert_eq!(buffer.unwrap().len(), 32);
    assert!(!quarantined);
    bench.qspi.handle_interrupt();
    assert_eq!(bench.client.done.get(), 0, "no callback any more");
}

#[test]
fn a_transfer_without_proof_keeps_its_buffer() {
    // Event and STATUS, each alone: neither proves anything.
    for (event, at_rest) in [(0, false), (1, false), (0, true)] {
        let bench = Bench::on();
        let address = start_read(&bench, 32);
        bench.chip.event.set(event);
        bench.chip.at_rest.set(at_rest);
        let stopped = bench.qspi.force_stop().unwrap();
        assert!(stopped.buffer.is_none());
        assert!(stopped.quarantined);
        let steps = log::drain();
        assert_order(&steps, &POWER_DOWN);
        assert!(!steps.contains(&Step::TakeBack(address, 32)));
        assert_eq!(bench.qspi.state(), State::Off);

        // A READY after the deadline frees nothing.
        bench.ready();
        assert!(!log::drain().contains(&Step::TakeBack(address, 32)));
        assert_eq!(bench.client.done.get(), 0);

        // The next ACTIVATE does.
        bench.qspi.enable(stopped.off, u32::MAX).unwrap();
        assert!(bench.client.released.borrow().is_none());
        bench.premature_ready();
        assert!(bench.client.released.borrow().is_none());
        bench.ready();
        assert_order(&log::drain(), &[Step::TakeBack(address, 32), Step::Enabled]);
        let released = bench.client.released.take().unwrap();
        assert_eq!(released.as_ptr().addr(), address);
        assert_eq!(released.len(), 32);
        assert_eq!(bench.qspi.counters().released, 1);

        // And it is a buffer like any other.
        bench.start(at(READ_4IO, 0), Some(released)).unwrap();
        bench.ready();
        assert_eq!(bench.returned().unwrap().as_ptr().addr(), address);
    }
}

#[test]
fn what_is_released_once_is_not_released_again() {
    let bench = Bench::on();
    start_read(&bench, 8);
    let stopped = bench.qspi.force_stop().unwrap();
    bench.switch_on(stopped.off);
    assert!(bench.client.released.take().is_some());
    let off = bench.qspi.disable(bench.idle());
    bench.switch_on(off);
    assert!(bench.client.released.take().is_none());
    assert_eq!(bench.qspi.counters().released, 1);
}

#[test]
fn a_quarantine_outlives_failed_recoveries() {
    let bench = Bench::on();
    let address = start_read(&bench, 8);
    let mut stopped = bench.qspi.force_stop().unwrap();
    for _ in 0..5 {
        bench.qspi.enable(stopped.off, u32::MAX).unwrap();
        stopped = bench.qspi.force_stop().unwrap();
        assert!(stopped.buffer.is_none());
        assert!(stopped.quarantined, "still there");
    }
    // Once the clock does not even start.
    bench.board.answer.set(Request::Starting);
    bench.qspi.enable(stopped.off, u32::MAX).unwrap();
    stopped = bench.qspi.force_stop().unwrap();
    assert!(stopped.buffer.is_none() && stopped.quarantined);
    bench.board.answer.set(Request::Running);
    bench.switch_on(stopped.off);
    assert_eq!(
        bench.client.released.take().unwrap().as_ptr().addr(),
        address
    );
    assert_eq!(bench.qspi.counters().forced_stops, 7);
}

#[test]
fn an_activate_that_ended_unheard_frees_the_quarantine() {
    let bench = Bench::on();
    start_read(&bench, 8);
    let stopped = bench.qspi.force_stop().unwrap();
    bench.qspi.enable(stopped.off, u32::MAX).unwrap();
    bench.chip.event.set(1);
    bench.chip.at_rest.set(true);
    let stopped = bench.qspi.force_stop().unwrap();
    assert_eq!(stopped.buffer.unwrap().len(), 8);
    assert!(!stopped.quarantined);
}

#[test]
fn an_erase_has_no_buffer_to_keep() {
    let bench = Bench::on();
    bench.start(at(ERASE_BLOCK, 0), None).unwrap();
    let stopped = bench.qspi.force_stop().unwrap();
    assert!(stopped.buffer.is_none());
    assert!(!stopped.quarantined);
}

#[test]
fn a_custom_instructions_buffer_never_was_the_hardwares() {
    let bench = Bench::on();
    let buffer = SubSliceMut::new(Box::leak(Box::new([0; 64])));
    bench.start(at(READ_SFDP, 0), Some(buffer)).unwrap();
    bench.ready();
    log::drain();
    let stopped = bench.qspi.force_stop().unwrap();
    assert_eq!(stopped.buffer.unwrap().len(), 64);
    assert!(!stopped.quarantined);
    assert_order(&log::drain_effects(), &POWER_DOWN);

    // Nothing of it is left in the next one.
    bench.switch_on(stopped.off);
    log::drain();
    bench.start(at(Template::bare(0x06), 0), None).unwrap();
    let steps = log::drain_effects();
    assert_eq!(steps.last(), Some(&Step::Write(CINSTRCONF, 0x3106)));
    bench.ready();
    assert!(bench.returned().is_none());
}

#[test]
fn an_activate_that_never_ends() {
    let bench = Bench::new();
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    log::drain();
    let stopped = bench.qspi.force_stop().unwrap();
    assert!(stopped.buffer.is_none() && !stopped.quarantined);
    assert_order(&log::drain_effects(), &POWER_DOWN);
    bench.ready();
    assert_eq!(bench.client.enabled.get(), 0, "no callback any more");
    bench.switch_on(stopped.off);
}

#[test]
fn a_clock_that_never_starts() {
    let bench = Bench::new();
    bench.board.answer.set(Request::Starting);
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    log::drain();
    let stopped = bench.qspi.force_stop().unwrap();
    assert_eq!(
        log::drain(),
        [Step::ClockRelease],
        "the peripheral is not even on"
    );
    assert!(!stopped.quarantined);
    bench.qspi.clock_runs();
    assert_eq!(bench.qspi.state(), State::Off, "too late");
    assert_eq!(log::drain(), []);
    bench.board.answer.set(Request::Running);
    bench.switch_on(stopped.off);
}

#[test]
fn a_thousand_hangs_lose_no_buffer() {
    let bench = Bench::on();
    let mut buffer = Some(SubSliceMut::new(memory::slice(16)));
    for _ in 0..1000 {
        bench.start(at(READ_4IO, 0), buffer.take()).unwrap();
        bench.chip.event.set(0);
        let stopped = bench.qspi.force_stop().unwrap();
        assert!(stopped.quarantined);
        bench.switch_on(stopped.off);
        buffer = bench.client.released.take();
        assert_eq!(buffer.as_ref().map(SubSliceMut::len), Some(16));
    }
    let counters = bench.qspi.counters();
    assert_eq!((counters.forced_stops, counters.released), (1000, 1000));
    assert_eq!((counters.completed, counters.impossible), (0, 0));
}
