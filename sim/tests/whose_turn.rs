// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whoever has waited longest is next, and a long request lets others in between.

mod support;

use spi_nor::region::Access;
use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::rc::Rc;
use support::shipped;
use tock_qspi::board::{AfterFault, AppSpec, Board};
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
    let mut board = Board::new(shipped("MX25R6435F"), apps(&ends));
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

/// One who reads on, right behind where another one has just read, may be given what was read ahead for
/// that one. It overtakes whoever waits then, and is not to overtake him once more.
#[test]
#[cfg_attr(feature = "minimal", ignore = "nothing is read ahead")]
fn what_was_read_ahead_lets_nobody_overtake_another_one_twice() {
    const PIECE: u32 = 4096;
    const END: u32 = LONG as u32;
    let mut given = 0;
    for ticks in 0..60 {
        let begun = Rc::new(Cell::new(false));
        let asked = Rc::new(Cell::new(false));
        let ended = Rc::new(Cell::new(false));
        let overtaken = Rc::new(Cell::new(0));
        let spec = |name: char, start: u32, main: Box<dyn Fn()>| AppSpec {
            name: format!("app-{name}"),
            id: NonZeroU32::MIN.saturating_add(name as u32 - 'a' as u32),
            main: Box::new(move || {
                main();
                exit_terminate(0);
            }),
            region: Some((start, END, Access::ReadOnly)),
            after_fault: AfterFault::Stop,
        };
        let read = |address: u32| {
            flash::read(address, &mut [0; PIECE as usize]).expect("reads work");
        };
        let soon = |begun: &Rc<Cell<bool>>| {
            let begun = Rc::clone(begun);
            move || {
                while !begun.get() {
                    let _ = userland_rt::alarm::sleep_ticks(1);
                }
                let _ = userland_rt::alarm::sleep_ticks(ticks);
            }
        };
        let (first_soon, second_soon) = (soon(&begun), soon(&begun));
        let (asks, ends) = (Rc::clone(&asked), Rc::clone(&ended));
        let waits = move || {
            read(END - 4 * PIECE);
            begun.set(true);
            (1..=3).rev().for_each(|piece| read(END - piece * PIECE));
            asks.set(true);
            read(0);
            ends.set(true);
        };
        let comes = move || {
            first_soon();
            read(0);
        };
        let (asks, ends, count) = (asked, ended, Rc::clone(&overtaken));
        let reads_on = move || {
            second_soon();
            for address in [0, 2 * PIECE] {
                let is_later = asks.get();
                read(address);
                count.set(count.get() + u32::from(is_later && !ends.get()));
            }
        };
        let apps = vec![
            spec('a', 0, Box::new(waits)),
            spec('b', 2 * END, Box::new(comes)),
            spec('c', END, Box::new(reads_on)),
        ];
        let mut board = Board::new(shipped("MX25R6435F"), apps);
        assert!(board.run_until(1_000_000, Board::is_over));
        given += board.device().counters().hits;
        board.settle();
        assert_eq!(board.breaches.all(), []);
        assert!(overtaken.get() <= 1, "asked after {ticks} ticks");
    }
    assert!(given > 0, "nobody asked in time");
}
