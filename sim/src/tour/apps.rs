// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The apps of the tour.
//!
//! They do the work that userland's own cases do, over and over until the tour lets
//! them end. Two of them have a fault of their own: a timer whose handler, at the
//! moment that the tour waits for, exits or crashes.

use crate::board::AppSpec;
use crate::machine::Machine;
use crate::watcher::Busy;
use qspi_models::{FlashOperation, Task, registers};
use spi_nor::region::Access;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Display;
use std::ops::Range;
use std::rc::Rc;
use userland_cases::failure::Failure;
use userland_cases::report::FAILED;
use userland_rt::system_call::{exit_terminate, fault};
use userland_rt::{ErrorCode, alarm, flash, println, storage, upcall};

/// Completion code of an app that found something of a life before.
pub const NOT_A_STRANGER: u32 = 4;

/// What a handler can see of the hardware, to find its moment.
pub struct Eyes {
    /// The machine, once there is one.
    pub machine: OnceCell<Rc<Machine>>,
    /// What the array works on, once there is an array.
    pub array: OnceCell<Rc<Cell<Option<Busy>>>>,
}

/// How the handler ends its app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It exits while a read of its is on the wires.
    ExitsMidRead,
    /// It crashes while a program of its is in the array.
    FaultsMidProgram,
}

/// What the tour and one of its apps know of each other.
pub struct Cue {
    /// The app may begin.
    pub begin: Cell<bool>,
    /// The app may end when it is done with what it does.
    pub end: Cell<bool>,
    /// The app may rest when it is done with what it does, and keep its lease.
    pub linger: Cell<bool>,
    /// It does.
    pub lingers: Cell<bool>,
    /// The flaw may show.
    pub strike: Cell<bool>,
    /// The flaw has shown.
    pub struck: Cell<bool>,
    /// Rounds of work done.
    pub rounds: Cell<u32>,
    /// What the app's operation ended in when the device was detached.
    pub cancelled: RefCell<Vec<ErrorCode>>,
    /// New work that was refused while the device was detached.
    pub refused: Cell<u32>,
    /// Lives begun.
    pub lives: Cell<u32>,
    flaw: Option<Flaw>,
    region: Range<u32>,
    eyes: Rc<Eyes>,
}

/// Ticks between two looks while nothing is to happen: about 1 ms.
const SLOW_TICKS: u32 = 33;
/// Ticks between two looks for the moment: 31 µs.
const FAST_TICKS: u32 = 1;
/// Time between two tries while the device is detached, in ms.
const RETRY_MS: u32 = 5;

impl Cue {
    /// For an app with a region at `region`.
    pub fn new(region: Range<u32>, flaw: Option<Flaw>, eyes: &Rc<Eyes>) -> Rc<Cue> {
        Rc::new(Cue {
            begin: Cell::new(false),
            end: Cell::new(false),
            linger: Cell::new(false),
            lingers: Cell::new(false),
            strike: Cell::new(false),
            struck: Cell::new(false),
            rounds: Cell::new(0),
            cancelled: RefCell::new(Vec::new()),
            refused: Cell::new(0),
            lives: Cell::new(0),
            flaw,
            region,
            eyes: Rc::clone(eyes),
        })
    }

    /// Whether this is the flaw's moment.
    fn is_now(&self, flaw: Flaw) -> bool {
        let Some(machine) = self.eyes.machine.get() else {
            return false;
        };
        match flaw {
            Flaw::ExitsMidRead => {
                let reads = machine.with_qspi(|qspi| qspi.running()) == Some(Task::Read);
                let from = machine.read_register(registers::READ_SRC as usize);
                reads && self.region.contains(&from)
            }
            Flaw::FaultsMidProgram => {
                // What was seen in the array can only have ended since: nothing new
                // begins while apps run.
                let busy = machine.with_qspi(|qspi| qspi.flash().is_busy());
                let array = self.eyes.array.get().and_then(|array| array.get());
                busy && array.is_some_and(|array| {
                    array.operation == FlashOperation::Program
                        && self.region.contains(&array.address)
                })
            }
        }
    }

    /// The timer's handler.
    fn tick(&self) {
        let Some(flaw) = self.flaw.filter(|_| !self.struck.get()) else {
            return;
        };
        let mut next = SLOW_TICKS;
        if self.strike.get() {
            next = FAST_TICKS;
            if self.is_now(flaw) {
                self.struck.set(true);
                match flaw {
                    Flaw::ExitsMidRead => exit_terminate(0),
                    Flaw::FaultsMidProgram => fault(),
                }
            }
        }
        // Without its timer the flaw never shows, which the tour finds out.
        let _ = alarm::set_relative(next);
    }

    /// One life of the app: `job` again and again.
    fn live<S: Display>(&self, name: &str, job: &dyn Fn() -> Result<S, Failure>) -> ! {
        self.lives.set(self.lives.get() + 1);
        if flash::close() != Err(ErrorCode::Already) {
            exit_terminate(NOT_A_STRANGER);
        }
        while !self.begin.get() {
            pause();
        }
        if self.flaw.is_none() || self.struck.get() {
            self.work(name, job)
        }
        let worked = upcall::watch_and_run(
            alarm::DRIVER,
            0,
            |_| self.tick(),
            |_| {
                self.tick();
                self.work(name, job)
            },
        );
        match worked {
            Ok(never) => never,
            Err(_) => exit_terminate(FAILED),
        }
    }

    fn work<S: Display>(&self, name: &str, job: &dyn Fn() -> Result<S, Failure>) -> ! {
        loop {
            match job() {
                Ok(summary) => {
                    self.rounds.set(self.rounds.get() + 1);
                    if self.end.get() {
                        say(&format!("{name}: {summary}"));
                        exit_terminate(0);
                    }
                    while self.linger.get() {
                        self.lingers.set(true);
                        pause();
                    }
                }
                Err(failure) => match code_of(&failure) {
                    Some(code @ (ErrorCode::Cancel | ErrorCode::Off)) => {
                        self.cancelled.borrow_mut().push(code);
                        say(&format!("{failure}; waits until the flash is back"));
                        self.wait_for_attach();
                    }
                    Some(_) | None => {
                        say(&format!("FAIL: {failure}"));
                        exit_terminate(FAILED);
                    }
                },
            }
        }
    }

    fn wait_for_attach(&self) {
        while flash::open() == Err(flash::Error::Refused(ErrorCode::Off)) {
            self.refused.set(self.refused.get() + 1);
            pause();
        }
    }
}

fn pause() {
    if alarm::sleep_ms(RETRY_MS).is_err() {
        exit_terminate(FAILED);
    }
}

fn say(text: &str) {
    if println!("{text}").is_err() {
        exit_terminate(FAILED);
    }
}

/// What an operation ended in, or was refused with.
fn code_of(failure: &Failure) -> Option<ErrorCode> {
    let of_flash = |error: &flash::Error| match error {
        flash::Error::Setup(code)
        | flash::Error::Refused(code)
        | flash::Error::Ended { code, .. } => Some(*code),
        flash::Error::Protected { .. } | flash::Error::Differs { .. } => Some(ErrorCode::Fail),
        flash::Error::Count { .. } => None,
    };
    let of_storage = |error: &storage::Error| match error {
        storage::Error::Flash(error) => of_flash(error),
        storage::Error::Refused(code) => Some(*code),
        storage::Error::Arguments(_) | storage::Error::Access(_) | storage::Error::Sector(_) => {
            None
        }
    };
    match failure {
        Failure::Flash { error, .. } => of_flash(error),
        Failure::Storage(error) => of_storage(error),
        Failure::Store {
            error: sequential_storage::Error::Storage { value, .. },
            ..
        } => of_storage(value),
        _ => None,
    }
}

/// An app that does `job` as `cue` says.
pub fn app<S: Display + 'static>(
    name: &'static str,
    id: u32,
    access: Access,
    cue: &Rc<Cue>,
    job: impl Fn() -> Result<S, Failure> + 'static,
) -> AppSpec {
    let cue = Rc::clone(cue);
    let region = cue.region.clone();
    let after_fault = match cue.flaw {
        Some(Flaw::FaultsMidProgram) => crate::board::AfterFault::Restart,
        Some(Flaw::ExitsMidRead) | None => crate::board::AfterFault::Stop,
    };
    AppSpec {
        name: name.to_owned(),
        id: std::num::NonZeroU32::new(id).unwrap_or(std::num::NonZeroU32::MIN),
        main: Box::new(move || cue.live(name, &job)),
        region: Some((region.start, region.end - region.start, access)),
        after_fault,
    }
}
