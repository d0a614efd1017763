// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A part that is slower than its tables say is asked less and less often, also where each page
//! follows the one before without a pause, and after a page that has stood still.

use qspi_models::nor::{BusyTime, InMemory, part};
use qspi_models::{FlashOperation, Observation};
use spi_nor::region::Access;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::console::Recorder;
use tock_qspi::setup::{Pace, settings};
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

const PAGES: usize = 32;
const RDSR: u8 = 0x05;

fn app(number: u32, main: impl FnMut() + 'static) -> AppSpec {
    let main = RefCell::new(main);
    AppSpec {
        name: format!("app-{number}"),
        id: NonZeroU32::MIN.saturating_add(number),
        main: Box::new(move || {
            (main.borrow_mut())();
            exit_terminate(0);
        }),
        region: Some((number * 0x10000, 0x10000, Access::ReadWrite)),
        after_fault: AfterFault::Stop,
    }
}

/// How often a part is asked in each page of a row, if it takes half as long again as its tables say.
fn looks(others: Vec<AppSpec>) -> Vec<usize> {
    let part = part("MX25R6435F").expect("a known part");
    let sink = Rc::new(Recorder::default());
    let settings = settings(part, Box::new(InMemory), Pace::Typical, sink);
    let row = app(0, || {
        flash::program(0, &[0x5A; PAGES * 256]).expect("programs work");
    });
    let apps = std::iter::once(row).chain(others).collect();
    let mut board = Board::new(settings, apps);
    board.machine.with_qspi(|qspi| {
        qspi.set_observing(true);
        let slow = BusyTime::Scaled { percent: 150 };
        qspi.flash_mut().set_busy_time(slow);
    });
    assert!(board.run_until(1_000_000, Board::is_over));
    board.settle();
    assert_eq!(board.breaches.all(), []);
    let mut pages = Vec::new();
    let observations = board.machine.with_qspi(|qspi| qspi.take_observations());
    for observation in observations {
        match observation.what {
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                ..
            } => pages.push(0),
            Observation::Bus {
                opcode: Some(RDSR), ..
            } => {
                if let Some(looks) = pages.last_mut() {
                    *looks += 1;
                }
            }
            _ => {}
        }
    }
    pages
}

/// Once it is known how long a page takes: the looks that find it ended, and the one behind WREN.
fn check(pages: &[usize]) {
    let (first, last) = (&pages[..4], &pages[pages.len() - 8..]);
    let sum = |pages: &[usize]| pages.iter().sum::<usize>();
    assert!(sum(first) > 4 * 5, "nothing to be learned: {pages:?}");
    assert!(sum(last) <= 8 * 5, "nothing was learned: {pages:?}");
}

#[test]
fn from_page_to_page() {
    let pages = looks(Vec::new());
    assert_eq!(pages.len(), PAGES);
    check(&pages);
}

#[test]
fn after_a_page_that_has_stood_still() {
    let reader = app(1, || {
        let _ = userland_rt::alarm::sleep_ms(1);
        let mut bytes = [0; 16];
        flash::read(0, &mut bytes).expect("reads work");
        assert_eq!(bytes, [0xFF; 16]);
    });
    let pages = looks(vec![reader]);
    assert!(pages.len() >= PAGES);
    check(&pages);
}
