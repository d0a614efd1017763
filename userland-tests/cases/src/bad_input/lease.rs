// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Closing too often, too early, and using what was closed.

use super::ground::{Ground, MINE};
use crate::cases;
use crate::check::{ERASED, SECTOR, code, content, granted, no_lease, open, program, read, value};
use crate::failure::Failure;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Ended, Operation};
use userland_rt::share;
use userland_rt::system_call::yield_no_wait;

/// All of them.
pub const CASES: &[Case] = cases![
    close_without_a_lease,
    use_after_close_takes_a_new_lease,
    close_during_an_operation,
];

fn close_without_a_lease() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    no_lease()?;
    for _ in 0..3 {
        code(
            "close without a lease",
            Err(ErrorCode::Already),
            flash::close(),
        )?;
    }
    ground.still_works()
}

fn use_after_close_takes_a_new_lease() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    no_lease()?;
    for _ in 0..3 {
        open("open")?;
        granted("close", flash::close())?;
        read("read after close", 0, &mut [0; 8])?;
        granted("close of the lease that the read took", flash::close())?;
        code(
            "one close too many",
            Err(ErrorCode::Already),
            flash::close(),
        )?;
    }
    ground.still_works()
}

fn close_during_an_operation() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    program("something to erase", MINE, &[0; 16])?;
    let mut destination = [0x66; 16];
    let source = [0; 16];
    let seen = granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut destination, |_| {
            share::read_only(flash::DRIVER, flash::SOURCE, &source, |_| {
                close_during_an_erase()
            })
        }),
    )?;
    let seen = granted("sharing a buffer", seen)?;
    let seen = granted("subscribing", seen)?;

    granted("erase", seen.erase)?;
    granted("close during an erase", seen.close)?;
    code(
        "second close during an erase",
        Err(ErrorCode::Already),
        seen.second_close,
    )?;
    let names = [
        "open while closing",
        "read while closing",
        "program while closing",
        "erase while closing",
    ];
    for (name, found) in names.into_iter().zip(seen.others) {
        code(name, Err(ErrorCode::Reserve), found)?;
    }
    code("the erase that was closed on", Ok(()), seen.ended.status)?;
    value("bytes erased", SECTOR, seen.ended.done)?;
    value("upcalls of erase", 1, seen.upcalls)?;
    code(
        "close after the erase, which ended the lease",
        Err(ErrorCode::Already),
        flash::close(),
    )?;
    content("erased sector", MINE, 16, |_| ERASED)?;
    granted("close of the lease that the read took", flash::close())?;
    ground.still_works()
}

struct Seen {
    erase: Result<(), ErrorCode>,
    close: Result<(), ErrorCode>,
    others: [Result<(), ErrorCode>; 4],
    second_close: Result<(), ErrorCode>,
    ended: Ended,
    upcalls: u32,
}

/// Checks nothing before the erase has ended, or a failure would leave it
/// outstanding to the next case.
fn close_during_an_erase() -> Result<Seen, ErrorCode> {
    flash::watch_operation(Operation::Erase, |arrivals| {
        let erase = flash::start_erase(MINE, SECTOR);
        let close = flash::close();
        let others = [
            flash::start_open(),
            flash::start_read(0, 16),
            flash::start_program(0, 16),
            flash::start_erase(0, SECTOR),
        ];
        let second_close = flash::close();
        let ended = Ended::from_values(arrivals.wait());
        while yield_no_wait() {}
        Seen {
            erase,
            close,
            others,
            second_close,
            ended,
            upcalls: arrivals.count(),
        }
    })
}
