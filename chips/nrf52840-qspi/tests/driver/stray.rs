// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! READY events that mean nothing, or not yet.

use crate::bench::Bench;
use crate::chip::offset::*;
use crate::log::{self, Step};
use crate::memory;
use crate::templates::*;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::State;
use qspi_hil::{Controller, Template};

#[test]
fn nothing_in_flight() {
    let bench = Bench::on();
    bench.ready();
    assert_eq!(bench.qspi.counters().spurious, 1);
    assert_eq!(bench.client.done.get(), 0);
    assert_eq!(bench.client.enabled.get(), 1);
    assert_eq!(
        bench.chip.event.get(),
        0,
        "cleared, or the interrupt would stay up"
    );
    assert_eq!(bench.qspi.state(), State::Idle);
}

#[test]
fn twice() {
    let bench = Bench::on();
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(4))))
        .unwrap();
    bench.ready();
    bench.ready();
    assert_eq!(bench.client.done.get(), 1);
    assert_eq!(bench.qspi.counters().spurious, 1);
}

#[test]
fn an_interrupt_without_an_event() {
    let bench = Bench::on();
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(4))))
        .unwrap();
    bench.chip.at_rest.set(true);
    bench.qspi.handle_interrupt();
    assert_eq!(bench.client.done.get(), 0, "STATUS alone is no proof");
    assert_eq!(bench.qspi.counters().spurious, 1);
    bench.ready();
    assert_eq!(bench.client.done.get(), 1);
}

#[test]
fn too_early() {
    let mut premature = 0;
    for template in [READ_4IO, PROGRAM_4IO] {
        let bench = Bench::on();
        bench
            .start(at(template, 0), Some(SubSliceMut::new(memory::slice(4))))
            .unwrap();
        log::drain();
        bench.premature_ready();
        assert_eq!(bench.client.done.get(), 0);
        assert!(
            !log::drain()
                .iter()
                .any(|step| matches!(step, Step::TakeBack(..)))
        );
        premature += bench.qspi.counters().premature;
        bench.ready();
        assert_eq!(bench.client.done.get(), 1);
    }
    assert_eq!(premature, 2);
}

#[test]
fn too_early_for_what_has_no_dma() {
    let bench = Bench::on();
    for template in [ERASE_SECTOR, Template::bare(0x06)] {
        bench.start(at(template, 0), None).unwrap();
        let before = bench.client.done.get();
        bench.premature_ready();
        assert_eq!(bench.client.done.get(), before);
        bench.ready();
        assert_eq!(bench.client.done.get(), before + 1);
    }
}

#[test]
fn too_early_while_activating() {
    let bench = Bench::new();
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    bench.premature_ready();
    assert_eq!(bench.client.enabled.get(), 0);
    assert_eq!(bench.qspi.state(), State::Activating);
    bench.ready();
    assert_eq!(bench.client.enabled.get(), 1);
}

#[test]
fn a_stale_one_at_start_is_cleared_before_the_task() {
    let bench = Bench::on();
    bench.chip.event.set(1);
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(4))))
        .unwrap();
    bench.chip.at_rest.set(true);
    bench.qspi.handle_interrupt();
    assert_eq!(bench.client.done.get(), 0);
}

#[test]
fn after_disable() {
    let bench = Bench::on();
    bench.qspi.disable(bench.idle());
    log::drain();
    bench.ready();
    assert_eq!(bench.client.done.get(), 0);
    assert_eq!(bench.client.enabled.get(), 1);
    assert_eq!(bench.qspi.counters().spurious, 1);
    assert!(
        !log::drain().contains(&Step::Read(STATUS)),
        "the peripheral is off"
    );
    assert_eq!(bench.qspi.state(), State::Off);
}

#[test]
fn a_long_rain_of_them() {
    let bench = Bench::on();
    for _ in 0..10_000 {
        bench.ready();
    }
    bench
        .start(at(READ_4IO, 0), Some(SubSliceMut::new(memory::slice(4))))
        .unwrap();
    for _ in 0..10_000 {
        bench.premature_ready();
    }
    bench.ready();
    assert_eq!(bench.client.done.get(), 1);
    let counters = bench.qspi.counters();
    assert_eq!((counters.spurious, counters.premature), (10_000, 10_000));
    assert_eq!(counters.impossible, 0);
}
