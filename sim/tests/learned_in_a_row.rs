// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A part that is slower than its tables say is asked less and less often, also where each page
//! follows the one before without a pause, and after a page that has stood still.

mod support;

use qspi_models::nor::BusyTime;
use qspi_models::{FlashOperation, Observation, Task};
use support::{app, shipped};
use tock_qspi::board::{AppSpec, Board};
use userland_rt::flash;

const PAGES: usize = 32;
const RDSR: u8 = 0x05;

/// How often a part is asked in each page of a row, if it takes half as long again as its tables say.
fn looks(others: Vec<AppSpec>) -> Vec<usize> {
    let row = app(0, (0, 0x10000), || {
        flash::program(0, &[0x5A; PAGES * 256]).expect("programs work");
    });
    let apps = std::iter::once(row).chain(others).collect();
    let mut board = Board::new(shipped("MX25R6435F"), apps);
    board.machine.with_qspi(|qspi| {
        qspi.set_observing(true);
        let slow = BusyTime::Scaled { percent: 150 };
        qspi.flash_mut().set_busy_time(slow);
    });
    assert!(board.run_until(1_000_000, Board::is_over));
    board.settle();
    assert_eq!(board.breaches.all(), []);
    let (mut pages, mut is_ours) = (Vec::new(), false);
    let observations = board.machine.with_qspi(|qspi| qspi.take_observations());
    for observation in observations {
        match observation.what {
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                ..
            } => pages.push(0),
            Observation::TaskTriggered { task, .. } => {
                is_ours = task == Task::CustomInstruction;
            }
            Observation::Bus {
                opcode: Some(RDSR), ..
            } if is_ours => {
                if let Some(looks) = pages.last_mut() {
                    *looks += 1;
                }
            }
            _ => {}
        }
    }
    pages
}

/// Once it is known how long a page takes: one look that finds it busy near its end. The last page is
/// looked at to its end.
fn check(pages: &[usize]) {
    let (first, last) = (&pages[..4], &pages[pages.len() - 10..pages.len() - 2]);
    let sum = |pages: &[usize]| pages.iter().sum::<usize>();
    assert!(sum(first) > 4 * 5, "nothing to be learned: {pages:?}");
    assert!(sum(last) <= 8 * 2, "nothing was learned: {pages:?}");
}

#[test]
fn from_page_to_page() {
    let pages = looks(Vec::new());
    assert_eq!(pages.len(), PAGES);
    check(&pages);
}

#[test]
fn after_a_page_that_has_stood_still() {
    let reader = app(1, (0x10000, 0x10000), || {
        let _ = userland_rt::alarm::sleep_ms(1);
        let mut bytes = [0; 16];
        flash::read(0, &mut bytes).expect("reads work");
        assert_eq!(bytes, [0xFF; 16]);
    });
    let pages = looks(vec![reader]);
    assert!(pages.len() >= PAGES);
    check(&pages);
}
