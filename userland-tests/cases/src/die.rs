// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that end, or go on, in ways that a kernel must survive.
//!
//! They can't tell whether it did: whoever runs them checks that the operation
//! ends, that the lease is gone and that others go on. Each gets as far as having
//! an operation outstanding, or ends with [`NOT_REACHED`].
//!
//! They need a region that they may change, of [`LEAST_SECTORS`] sectors.

use crate::check::SECTOR;
use userland_rt::ErrorCode;
use userland_rt::alarm;
use userland_rt::flash::{self, Operation};
use userland_rt::share;
use userland_rt::system_call::{exit_restart, exit_terminate, fault};

/// What they need.
pub const LEAST_SECTORS: u32 = 2;
/// Completion code of one that exits as it should.
pub const AS_MEANT: u32 = 0;
/// Completion code of one that had no operation outstanding when it should have.
pub const NOT_REACHED: u32 = 3;
/// Completion code of one that found something of a predecessor.
pub const NOT_A_STRANGER: u32 = 4;

/// Exits while an *open* is outstanding.
pub fn exit_during_open() {
    let _ = flash::watch_operation(Operation::Open, |_| {
        if flash::start_open().is_ok() {
            exit_terminate(AS_MEANT);
        }
    });
    exit_terminate(NOT_REACHED)
}

/// Exits while a *read* is outstanding, its buffer shared.
pub fn exit_during_read() {
    during_read(|| exit_terminate(AS_MEANT))
}

/// Exits while a *program* is outstanding, its buffer shared.
pub fn exit_during_program() {
    during_program(|| exit_terminate(AS_MEANT))
}

/// Exits while an *erase* is outstanding that was closed on.
pub fn exit_while_closing() {
    during_erase(|| match flash::close() {
        Ok(()) => exit_terminate(AS_MEANT),
        Err(_) => exit_terminate(NOT_REACHED),
    })
}

/// Restarts while a *program* is outstanding, every time that it runs: whoever
/// runs it ends that. Each run first makes sure that it inherits nothing.
pub fn restart_during_program() {
    if flash::close() != Err(ErrorCode::Already) {
        exit_terminate(NOT_A_STRANGER);
    }
    during_program(|| exit_restart(AS_MEANT))
}

/// Faults while an *erase* is outstanding.
pub fn fault_during_erase() {
    during_erase(|| fault())
}

/// Faults while a *read* is outstanding.
pub fn fault_during_read() {
    during_read(|| fault())
}

/// Never waits again with a *read* outstanding. It makes system calls, as an app
/// that only counts could not be stopped by a kernel without a timer.
pub fn spin_during_read() {
    during_read(|| {
        loop {
            let _ = flash::exists();
        }
    })
}

/// Reads on and on and never takes an upcall, until no more of them fit.
pub fn never_collect() {
    during_read(|| {
        loop {
            // BUSY until the one before has ended.
            let _ = flash::start_read(0, SECTOR);
            let _ = alarm::now_ticks();
        }
    })
}

/// Waits until the part is up: what an app leaves before that never gets as far as
/// the hardware, and only *open* is about that. It also lets time pass from one run to
/// the next.
fn get_ready() {
    if flash::open().is_err() {
        exit_terminate(NOT_REACHED);
    }
}

fn during_read(then: impl FnOnce()) {
    get_ready();
    let mut buffer = [0; SECTOR as usize];
    let _ = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
        let _ = flash::watch_operation(Operation::Read, |_| {
            if flash::start_read(0, SECTOR).is_ok() {
                then();
            }
        });
    });
    exit_terminate(NOT_REACHED)
}

fn during_program(then: impl FnOnce()) {
    get_ready();
    let buffer = [0x5a; SECTOR as usize];
    let _ = share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |_| {
        let _ = flash::watch_operation(Operation::Program, |_| {
            if flash::start_program(0, SECTOR).is_ok() {
                then();
            }
        });
    });
    exit_terminate(NOT_REACHED)
}

fn during_erase(then: impl FnOnce()) {
    get_ready();
    let _ = flash::watch_operation(Operation::Erase, |_| {
        if flash::start_erase(0, LEAST_SECTORS * SECTOR).is_ok() {
            then();
        }
    });
    exit_terminate(NOT_REACHED)
}
