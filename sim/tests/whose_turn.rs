// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whoever has waited longest is next, and a long request lets others in between.

use qspi_models::nor::{InMemory, part};
use spi_nor::region::Access;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::console::Recorder;
use tock_qspi::setup::{Pace, settings};
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

/// Bytes of a request that takes many turns.
const LONG: usize = 64 * 1024;

type Ends = Rc<RefCell<Vec<char>>>;

/// Reads so many bytes so often, and tells each end.
fn reader<const LENGTH: usize>(name: char, times: usize, ends: &Ends) -> AppSpec {
    let ends = Rc::clone(ends);
    let number = name as u32 - 'a' as u32;
    AppSpec {
        name: format!("app-{name}"),
        id: NonZeroU32::MIN.saturating_add(number),
        main: Box::new(move || {
            // On the stack, as all that an app has.
            let mut buffer = [0; LENGTH];
            for _ in 0..times {
                flash::read(0, &mut buffer).expect("reads work");
                ends.borrow_mut().push(name);
            }
            exit_terminate(0);
        }),
        region: Some((number * LONG as u32, LONG as u32, Access::ReadOnly)),
        after_fault: AfterFault::Stop,
    }
}

fn order_of_ends(apps: impl FnOnce(&Ends) -> Vec<AppSpec>) -> String {
    let ends = Ends::default();
    let part = part("MX25R6435F").expect("a known part");
    let settings = settings(
        part,
        Box::new(InMemory),
        Pace::Typical,
        Rc::new(Recorder::default()),
    );
    let mut board = Board::new(settings, apps(&ends));
    assert!(board.run_until(1_000_000, Board::is_over));
    board.settle();
    assert_eq!(board.breaches.all(), []);
    drop(board);
    ends.take().into_iter().collect()
}

#[test]
fn a_long_request_lets_short_ones_in_between() {
    let order = order_of_ends(|ends| {
        vec![
            reader::<LONG>('a', 1, ends),
            reader::<4>('b', 3, ends),
            reader::<4>('c', 3, ends),
        ]
    });
    assert_eq!(order, "bcbcbca");
}

#[test]
fn it_makes_no_difference_who_was_loaded_first() {
    let order = order_of_ends(|ends| {
        vec![
            reader::<4>('a', 3, ends),
            reader::<4>('b', 3, ends),
            reader::<LONG>('c', 1, ends),
        ]
    });
    assert_eq!(order, "abababc");
}
