// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Exits with a lease held and nothing outstanding: no operation ends after it, by which anybody
//! would notice that it is gone.

use crate::say;
use crate::say::give_up;
use userland_cases::check::SECTOR;
use userland_rt::flash::{self, Ended, Operation};
use userland_rt::share;

/// Does it.
pub fn run() {
    say!("TEST start holder");
    if flash::open().is_err() {
        give_up(format_args!("holder: not opened"));
    }
    let mut buffer = [0; SECTOR as usize];
    let ended = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
        flash::watch_operation(Operation::Read, |arrivals| {
            flash::start_read(0, SECTOR).map(|()| Ended::from_values(arrivals.wait()))
        })
    });
    match ended {
        Ok(Ok(Ok(Ended {
            status: Ok(()),
            done: SECTOR,
            ..
        }))) => say!("TEST PASS holder"),
        other => give_up(format_args!("holder: {other:?}")),
    }
}
