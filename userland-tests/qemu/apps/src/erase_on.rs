// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Erases its region on and on, and says so while an erase is outstanding.

use crate::say;
use crate::say::give_up;
use userland_cases::check::SECTOR;
use userland_rt::flash::{self, Ended, Operation};

/// What is erased at a time: 64 KiB four times, a tenth of a second each.
const LENGTH: u32 = 64 * SECTOR;

/// Does it.
pub fn run() {
    say!("TEST start erase-on");
    for round in 1_u32.. {
        let ended = flash::watch_operation(Operation::Erase, |arrivals| {
            flash::start_erase(0, LENGTH).map(|()| {
                say!("ERASING {round}");
                Ended::from_values(arrivals.wait())
            })
        });
        match ended {
            Ok(Ok(Ended {
                status: Ok(()),
                done: LENGTH,
                ..
            })) => {}
            other => give_up(format_args!("erase-on: {other:?}")),
        }
    }
}
