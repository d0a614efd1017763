// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that do what a case says, and note when.

use super::case::{Beside, Case, Work};
use crate::machine::{Machine, TICKS_PER_SECOND};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use userland_rt::flash::{self, Ended, Operation};
use userland_rt::share;
use userland_rt::system_call::exit_terminate;
use userland_rt::upcall::Arrivals;

/// What the apps of a board tell.
#[derive(Default)]
pub struct Notes {
    /// The board's clock, once it is up.
    pub clock: RefCell<Option<Rc<Machine>>>,
    /// Begin and end of each operation, by app, in ns.
    pub spans: RefCell<Vec<Vec<(u64, u64)>>>,
    /// Apps that have opened the device.
    pub ready: Cell<u32>,
    /// Apps that have done all.
    pub done: Cell<u32>,
    /// When the operation beside began and ended, in ns.
    pub beside: RefCell<Vec<(u64, u64)>>,
    /// Operations that failed.
    pub failed: Cell<u32>,
}

impl Notes {
    fn now(&self) -> u64 {
        self.clock
            .borrow()
            .as_ref()
            .map_or(0, |clock| clock.now_ns())
    }
}

/// The longest operation that carries data, in bytes.
const LONGEST: usize = 64 * 1024;

fn wait_us(us: u64) {
    let ticks = (us * TICKS_PER_SECOND).div_ceil(1_000_000).max(1);
    let _ = userland_rt::alarm::sleep_ticks(ticks as u32);
}

fn ended_well(arrivals: &Arrivals, bytes: u32) -> bool {
    let ended = Ended::from_values(arrivals.wait());
    ended.status.is_ok() && ended.done == bytes
}

/// App number `index` of those that are measured.
pub fn measured(case: &Case, index: usize, notes: &Rc<Notes>) {
    if flash::open().is_err() {
        notes.failed.set(notes.failed.get() + 1);
        exit_terminate(1);
    }
    notes.ready.set(notes.ready.get() + 1);
    // All begin together.
    while notes.ready.get() < case.processes {
        wait_us(100);
    }
    let operation = match case.work {
        Work::Read => Operation::Read,
        Work::Program => Operation::Program,
        Work::Erase => Operation::Erase,
    };
    // Memory of the process, which its stack is.
    let mut room = [0x5A; LONGEST];
    let source = [0x5A; LONGEST];
    let length = case.bytes as usize;
    let run = || {
        flash::watch_operation(operation, |arrivals| {
            let mut due = notes.now();
            for number in 0..case.operations {
                let address = case.address(number);
                if case.every_us > 0 {
                    due += u64::from(case.every_us) * 1000;
                    let left = due.saturating_sub(notes.now()) / 1000;
                    if left > 0 {
                        wait_us(left);
                    }
                }
                let begun = notes.now();
                let started = match case.work {
                    Work::Read => flash::start_read(address, case.bytes),
                    Work::Program => flash::start_program(address, case.bytes),
                    Work::Erase => flash::start_erase(address, case.bytes),
                };
                if started.is_err() || !ended_well(arrivals, case.bytes) {
                    notes.failed.set(notes.failed.get() + 1);
                    return;
                }
                notes.spans.borrow_mut()[index].push((begun, notes.now()));
            }
        })
    };
    let ran = match case.work {
        Work::Read => share::read_write(
            flash::DRIVER,
            flash::DESTINATION,
            &mut room[..length],
            |_| run(),
        ),
        Work::Program => {
            share::read_only(flash::DRIVER, flash::SOURCE, &source[..length], |_| run())
        }
        Work::Erase => Ok(run()),
    };
    if !matches!(ran, Ok(Ok(()))) {
        notes.failed.set(notes.failed.get() + 1);
    }
    notes.done.set(notes.done.get() + 1);
    exit_terminate(0);
}

/// The app beside.
pub fn beside(case: &Case, notes: &Rc<Notes>) {
    const BLOCK: u32 = 0x1_0000;
    let source = [0xA5; 4096];
    while notes.ready.get() < case.processes {
        wait_us(100);
    }
    let mut round = 0;
    while notes.done.get() < case.processes {
        let begun = notes.now();
        let ended = match case.beside {
            Beside::Nothing => break,
            Beside::Erase => flash::erase(0, BLOCK),
            Beside::Program => flash::program(round % 16 * 4096, &source),
        };
        if ended.is_err() {
            notes.failed.set(notes.failed.get() + 1);
            break;
        }
        notes.beside.borrow_mut().push((begun, notes.now()));
        round += 1;
    }
    exit_terminate(0);
}
