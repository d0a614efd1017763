// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Forced stops, and memory in quarantine.

use crate::bench::{Bench, READ, Told, at, buffer};
use crate::controller::{Manner, content};
use aspeed_fmc::State;
use kernel::hil::time::{Alarm, AlarmClient};
use qspi_hil::{Operation, Template};

#[test]
fn who_has_a_proof_has_nothing_to_stop() {
    let mut bench = Bench::new(Manner::default());
    assert!(bench.force_stop().is_none());
    let mut bench = Bench::on(Manner::default());
    assert!(bench.force_stop().is_none());
}

/// A DMA that hangs, given up.
fn given_up() -> Bench {
    let mut bench = Bench::on(Manner::default());
    bench.start(at(READ, 0x80), Some(buffer(16))).unwrap();
    let before = bench.fake.values();
    let (kept, quarantined) = bench.force_stop().unwrap();
    assert!(kept.is_none() && quarantined && bench.driver.has_quarantine());
    assert!(bench.fake.is_running(), "its end is the only proof");
    assert_eq!(bench.fake.values(), before, "nothing is done to it");
    bench
}

/// The buffer is there again, and the controller works.
fn works_again(bench: &Bench) {
    let mut told = bench.told();
    let Some(Told::Enabled(Some(memory))) = told.pop() else {
        panic!("{told:?}");
    };
    assert_eq!(memory.as_slice()[0], content(0x80));
    assert!(!bench.driver.has_quarantine());
    assert_eq!(bench.driver.counters().released, 1);
    assert_eq!(bench.fake.value(0x00) & 1 << 16, 1 << 16);

    bench.start(at(READ, 0x100), Some(memory)).unwrap();
    bench.fake.finish();
    bench.settle();
    assert_eq!(bench.done().1.unwrap().as_slice()[0], content(0x100));
}

#[test]
fn memory_of_a_dma_that_hangs_comes_back_when_it_ends() {
    let mut bench = given_up();
    // It still hangs: the enable is silent, and the client gives up.
    bench.enable();
    bench.settle();
    assert!(bench.told().is_empty());
    assert_eq!(bench.driver.state(), State::AwaitingOld);
    let (kept, quarantined) = bench.force_stop().unwrap();
    assert!(kept.is_none() && quarantined);

    // It ends while somebody waits for it.
    bench.enable();
    bench.fake.finish();
    bench.settle();
    works_again(&bench);
}

#[test]
fn memory_of_a_dma_that_ends_while_the_driver_is_off_is_there_at_the_next_enable() {
    let mut bench = given_up();
    bench.fake.finish();
    bench.settle();
    assert!(bench.told().is_empty(), "no callback of what was stopped");
    assert!(!bench.driver.has_quarantine());
    assert_eq!(bench.driver.state(), State::Off);
    assert_eq!(bench.fake.value(0x00) & 1 << 16, 0, "write protected");
    assert_eq!(bench.driver.read_back()[1..], [0; 2], "off");
    bench.enable();
    bench.settle();
    works_again(&bench);
}

#[test]
fn memory_of_a_dma_that_has_ended_comes_back_at_once() {
    let mut bench = Bench::on(Manner::default());
    bench.start(at(READ, 0), Some(buffer(16))).unwrap();
    bench.fake.finish();
    let (memory, quarantined) = bench.force_stop().unwrap();
    assert_eq!(memory.unwrap().len(), 16);
    assert!(!quarantined);
    bench.settle();
    assert!(bench.told().is_empty());
}

#[test]
fn memory_that_the_dma_never_had_comes_back_at_once() {
    let mut bench = Bench::on(Manner::default());
    bench.fake.grant_after.set(1000);
    bench.start(at(READ, 0), Some(buffer(16))).unwrap();
    bench.settle();
    let (memory, quarantined) = bench.force_stop().unwrap();
    assert_eq!(memory.unwrap().len(), 16);
    assert!(!quarantined);
    assert_eq!(bench.fake.value(0x80), 0, "not asked for any more");
    assert!(!bench.alarm.is_armed(), "nor looked for");
    bench.driver.alarm();
    bench.settle();
    assert!(bench.told().is_empty());
}

#[test]
fn a_command_that_was_exchanged_is_stopped_before_it_is_told() {
    let mut bench = Bench::on(Manner::default());
    let id = Operation::plain(Template::register_in(0x9F));
    bench.start(id, Some(buffer(3))).unwrap();
    let (memory, quarantined) = bench.force_stop().unwrap();
    assert_eq!(memory.unwrap().len(), 3);
    assert!(!quarantined);
    bench.settle();
    assert!(bench.told().is_empty());
    assert_eq!(bench.driver.counters().late, 1);
}

#[test]
fn an_enable_is_stopped_before_it_is_told() {
    let mut bench = Bench::new(Manner::default());
    bench.enable();
    assert!(bench.force_stop().is_some());
    bench.settle();
    assert!(bench.told().is_empty());
    bench.enable();
    bench.settle();
    assert!(matches!(bench.told()[..], [Told::Enabled(None)]));
}
