// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Enable and disable.

use crate::bench::{Bench, CONNECTED, pins};
use crate::chip::offset::*;
use crate::log::{self, Step, assert_order};
use nrf52840_qspi::{
    AddressMode, ClockClient, Config, Divider, Mode, PageSize, Request, RxDelay, State,
};
use qspi_hil::{Controller, Error};

fn psel_writes(steps: &[Step]) -> Vec<(usize, u32)> {
    let mut writes: Vec<(usize, u32)> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Write(offset, value) if PSEL.contains(offset) => Some((*offset, *value)),
            _ => None,
        })
        .collect();
    writes.sort();
    writes
}

#[test]
fn enable_configures_then_enables_then_activates() {
    let bench = Bench::new();
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    let steps = log::drain_effects();
    assert_order(
        &steps,
        &[
            Step::ClockRequest,
            Step::Configure,
            Step::Write(IFCONFIG0, 0),
            // Bits 8 to 23 as they were; SCKDELAY 1.
            Step::Write(IFCONFIG1, 0x0004_0401),
            Step::Write(ENABLE, 1),
            Step::Write(INTENSET, 1),
            Step::Write(ACTIVATE, 1),
        ],
    );
    let task = log::only(&steps, Step::Write(ACTIVATE, 1));
    assert_eq!(
        steps[task - 1],
        Step::Write(EVENTS_READY, 0),
        "cleared right before the task"
    );
    let interrupt = log::only(&steps, Step::Write(INTENSET, 1));
    assert!(steps[..interrupt].contains(&Step::Write(EVENTS_READY, 0)));
    assert_eq!(steps.len() - 1, task, "nothing after the task");
    assert_eq!(bench.qspi.state(), State::Activating);
}

#[test]
fn the_clock_is_limited_by_whoever_enables() {
    for (limit_hz, sckfreq, hz) in [
        (u32::MAX, 0, 32_000_000),
        (8_000_000, 3, 8_000_000),
        (7_000_000, 4, 6_400_000),
        (1, 15, 2_000_000),
    ] {
        let bench = Bench::new();
        bench
            .qspi
            .enable(bench.qspi.take_off().unwrap(), limit_hz)
            .unwrap();
        let steps = log::drain_effects();
        log::only(&steps, Step::Write(IFCONFIG1, 0x0004_0401 | sckfreq << 28));
        assert_eq!(bench.qspi.clock_hz(), hz);
        assert_eq!(bench.qspi.fastest_clock_hz(), 32_000_000);
    }
}

#[test]
fn no_pin_is_connected_while_activate_runs() {
    let bench = Bench::new();
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    let steps = log::drain_effects();
    assert_eq!(
        psel_writes(&steps),
        PSEL.map(|offset| (offset, 0xFFFF_FFFF))
    );
    let on = log::only(&steps, Step::Write(ENABLE, 1));
    assert_eq!(psel_writes(&steps[..on]).len(), 6, "before ENABLE");

    bench.ready();
    let steps = log::drain_effects();
    assert_eq!(psel_writes(&steps), CONNECTED);
    assert_eq!(
        steps.last(),
        Some(&Step::Enabled),
        "connected before the client is told"
    );
    assert_eq!(steps[0], Step::Write(EVENTS_READY, 0));
    assert_eq!(bench.qspi.counters().enabled, 1);
}

#[test]
fn the_event_is_read_back_after_it_is_cleared() {
    let bench = Bench::new();
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    bench.ready();
    let steps = log::drain();
    for (place, step) in steps.iter().enumerate() {
        if *step == Step::Write(EVENTS_READY, 0) {
            assert_eq!(steps[place + 1], Step::Read(EVENTS_READY));
        }
    }
    assert_eq!(
        steps
            .iter()
            .filter(|step| **step == Step::Write(EVENTS_READY, 0))
            .count(),
        3
    );
}

#[test]
fn all_settings_reach_their_registers() {
    let bench = Bench::with(Config {
        divider: Divider::MHZ_8,
        mode: Mode::Three,
        sck_delay: 0x23,
        rx_delay: RxDelay::new(5),
        page_size: PageSize::Bytes512,
        address_mode: AddressMode::Four,
        ..Config::new(pins())
    });
    bench.chip.ifconfig1.set(0x00AB_CD80);
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    assert_eq!(bench.chip.ifconfig0.get(), 1 << 12 | 1 << 6);
    assert_eq!(
        bench.chip.ifconfig1.get(),
        3 << 28 | 1 << 25 | 0x00AB_CD00 | 0x23
    );
    assert_eq!(bench.chip.iftiming.get(), 5 << 8);
    assert_eq!(bench.qspi.clock_hz(), 8_000_000);
}

#[test]
fn the_sampling_point_is_left_alone_unless_given() {
    let bench = Bench::new();
    bench.switch_on(bench.qspi.take_off().unwrap());
    let touched = log::drain()
        .iter()
        .any(|step| matches!(step, Step::Read(IFTIMING) | Step::Write(IFTIMING, _)));
    assert!(!touched);
}

#[test]
fn disable_heeds_anomaly_122() {
    let bench = Bench::on();
    bench.qspi.disable(bench.idle());
    let steps = log::drain_effects();
    assert_eq!(
        steps,
        [
            Step::Write(INTENCLR, 1),
            Step::Write(DEACTIVATE, 1),
            Step::Write(ANOMALY_122, 1),
            Step::Write(ENABLE, 0),
            Step::Write(EVENTS_READY, 0),
            Step::Park,
            Step::ClockRelease,
        ]
    );
    assert_eq!(bench.qspi.state(), State::Off);
}

#[test]
fn a_hundred_rounds() {
    let bench = Bench::new();
    let mut off = bench.qspi.take_off().unwrap();
    for _ in 0..100 {
        bench.switch_on(off);
        off = bench.qspi.disable(bench.idle());
    }
    assert_eq!(bench.qspi.state(), State::Off);
    let steps = log::drain();
    for step in [
        Step::ClockRequest,
        Step::ClockRelease,
        Step::Configure,
        Step::Park,
    ] {
        assert_eq!(steps.iter().filter(|other| **other == step).count(), 100);
    }
    assert_eq!(bench.qspi.counters().enabled, 100);
    assert_eq!(bench.qspi.counters().impossible, 0);
}

#[test]
fn there_is_one_off() {
    let bench = Bench::new();
    assert!(bench.qspi.take_off().is_some());
    assert!(bench.qspi.take_off().is_none());
}

#[test]
fn a_refused_clock_refuses_the_enable() {
    let bench = Bench::new();
    bench.board.answer.set(Request::Unavailable);
    let off = bench.qspi.take_off().unwrap();
    let (error, off) = bench.qspi.enable(off, u32::MAX).unwrap_err();
    assert_eq!(error, Error::ClockUnavailable);
    assert_eq!(
        log::drain(),
        [Step::ClockRequest],
        "nothing else was touched or released"
    );
    assert_eq!(bench.qspi.state(), State::Off);

    bench.board.answer.set(Request::Running);
    bench.switch_on(off);
}

#[test]
fn a_clock_that_starts_late_is_waited_for() {
    let bench = Bench::new();
    bench.board.answer.set(Request::Starting);
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    assert_eq!(
        log::drain(),
        [Step::ClockRequest],
        "no register before the clock"
    );
    assert_eq!(bench.qspi.state(), State::WaitingForClock);

    bench.qspi.clock_runs();
    let steps = log::drain_effects();
    assert_order(
        &steps,
        &[
            Step::Configure,
            Step::Write(ENABLE, 1),
            Step::Write(ACTIVATE, 1),
        ],
    );
    bench.ready();
    assert_eq!(bench.client.enabled.get(), 1);
}

#[test]
fn a_clock_callback_that_nobody_waits_for_is_counted() {
    let bench = Bench::on();
    bench.qspi.clock_runs();
    bench.qspi.disable(bench.idle());
    log::drain();
    bench.qspi.clock_runs();
    assert_eq!(log::drain(), []);
    assert_eq!(bench.qspi.counters().late_clock, 2);
    assert_eq!(bench.qspi.state(), State::Off);
}

#[test]
fn an_interrupt_that_was_pending_at_enable_is_not_taken_for_activate() {
    let bench = Bench::new();
    bench.chip.event.set(1);
    bench.chip.at_rest.set(true);
    bench
        .qspi
        .enable(bench.qspi.take_off().unwrap(), u32::MAX)
        .unwrap();
    bench.qspi.handle_interrupt();
    assert_eq!(bench.client.enabled.get(), 0);
    assert_eq!(bench.qspi.counters().spurious, 1);
    bench.ready();
    assert_eq!(bench.client.enabled.get(), 1);
}

#[test]
fn enable_time_includes_the_clocks() {
    let bench = Bench::new();
    assert!(bench.qspi.longest_enable_us() > 1500);
}
