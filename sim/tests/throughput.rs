// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How close a bulk read comes to what the bus can carry.

mod support;

use spi_nor::region::Access;
use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use support::shipped;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::machine::Machine;
use userland_cases::tour::bulk_reader::BulkReader;
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

/// Bytes per second that four lines at 32 MHz carry.
const BUS_LIMIT: f64 = 16e6;
const LENGTH: u32 = 1 << 20;

/// Simulated time from before the first read command to after the last upcall, in ns.
fn read_a_mebibyte(part_name: &str) -> u64 {
    let machine: Rc<Cell<Option<Rc<Machine>>>> = Rc::default();
    let times = Rc::new(Cell::new((0, 0)));
    let (eyes, taken) = (Rc::clone(&machine), Rc::clone(&times));
    let main = move || {
        let clock = eyes.take().expect("the board is up");
        // The part is awake and identified, as it is for any read but the first.
        flash::open().expect("the part answers");
        let before = clock.now_ns();
        let summary = BulkReader {
            start: 0,
            length: LENGTH,
            rounds: 1,
            expected: None,
        }
        .run()
        .expect("reads work");
        taken.set((before, clock.now_ns()));
        exit_terminate(u32::from(summary.bytes != u64::from(LENGTH)))
    };
    let app = AppSpec {
        name: "bulk-reader".to_owned(),
        id: NonZeroU32::MIN,
        main: Box::new(main),
        region: Some((0, LENGTH, Access::ReadOnly)),
        after_fault: AfterFault::Stop,
    };
    let mut settings = shipped(part_name);
    settings.qspi.set_observing(false);
    let mut board = Board::new(settings, vec![app]);
    machine.set(Some(Rc::clone(&board.machine)));
    assert!(board.run_until(10_000_000, Board::is_over));
    board.settle();
    assert_eq!(board.breaches.all(), []);
    assert_eq!(board.apps()[0].completion, Some(Some(0)));
    assert_eq!(board.counts(0).read, u64::from(LENGTH));
    let (before, after) = times.get();
    after - before
}

fn reaches_nine_tenths(part_name: &str) {
    let ns = read_a_mebibyte(part_name);
    let rate = f64::from(LENGTH) / ns as f64 * 1e9;
    println!(
        "{part_name}: {LENGTH} bytes in {ns} ns of simulated time: {:.2} MB/s, {:.1} % of the limit",
        rate / 1e6,
        rate / BUS_LIMIT * 100.0
    );
    assert!(rate >= 0.9 * BUS_LIMIT);
    assert!(rate <= BUS_LIMIT, "faster than the wires");
}

#[test]
fn bulk_reads_of_w25q128jv() {
    reaches_nine_tenths("W25Q128JV");
}

#[test]
fn bulk_reads_of_mx25r6435f() {
    reaches_nine_tenths("MX25R6435F");
}
