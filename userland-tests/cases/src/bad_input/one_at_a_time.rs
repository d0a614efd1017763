// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! More than one operation at once.

use super::ground::{Ground, MINE};
use crate::cases;
use crate::check::{ERASED, SECTOR, bytes, code, content, granted, program, value};
use crate::failure::Failure;
use crate::report::Case;
use core::cell::Cell;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Ended, Operation};
use userland_rt::share;
use userland_rt::system_call::yield_no_wait;
use userland_rt::upcall::watch_and_run;

/// All of them.
pub const CASES: &[Case] = cases![second_operation_is_busy, operation_from_inside_an_upcall];

fn second_operation_is_busy() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    program("something to erase", MINE, &[0; 16])?;
    let mut destination = [0x66; 16];
    let source = [0; 16];
    let seen = granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut destination, |_| {
            share::read_only(flash::DRIVER, flash::SOURCE, &source, |_| {
                submit_during_an_erase()
            })
        }),
    )?;
    let seen = granted("sharing a buffer", seen)?;
    let seen = granted("subscribing", seen)?;

    granted("erase", seen.erase)?;
    let names = [
        "open during an erase",
        "read during an erase",
        "program during an erase",
        "erase during an erase",
    ];
    for (name, found) in names.into_iter().zip(seen.others) {
        code(name, Err(ErrorCode::Busy), found)?;
    }
    code("the erase itself", Ok(()), seen.ended.status)?;
    value("bytes erased", SECTOR, seen.ended.done)?;
    value("upcalls of erase", 1, seen.upcalls[0])?;
    for upcalls in &seen.upcalls[1..] {
        value("upcalls of refused operations", 0, *upcalls)?;
    }
    bytes("buffer of a refused read", 0, &destination, |_| 0x66)?;
    content("erased sector", MINE, 16, |_| ERASED)?;
    ground.still_works()
}

struct Seen {
    erase: Result<(), ErrorCode>,
    others: [Result<(), ErrorCode>; 4],
    ended: Ended,
    /// Of erase, open, read and program.
    upcalls: [u32; 4],
}

/// Checks nothing before the erase has ended, or a failure would leave it
/// outstanding to the next case.
fn submit_during_an_erase() -> Result<Seen, ErrorCode> {
    flash::watch_operation(Operation::Erase, |erases| {
        flash::watch_operation(Operation::Open, |opens| {
            flash::watch_operation(Operation::Read, |reads| {
                flash::watch_operation(Operation::Program, |programs| {
                    let erase = flash::start_erase(MINE, SECTOR);
                    let others = [
                        flash::start_open(),
                        flash::start_read(0, 16),
                        flash::start_program(0, 16),
                        flash::start_erase(0, SECTOR),
                    ];
                    let ended = Ended::from_values(erases.wait());
                    while yield_no_wait() {}
                    Seen {
                        erase,
                        others,
                        ended,
                        upcalls: [
                            erases.count(),
                            opens.count(),
                            reads.count(),
                            programs.count(),
                        ],
                    }
                })
            })?
        })?
    })?
}

fn operation_from_inside_an_upcall() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    program("something to erase", MINE, &[0; 16])?;
    program("something to erase", MINE + SECTOR, &[0; 16])?;
    // Inside the first upcall one more operation is started, and one too many.
    let inside = Cell::new(None);
    let (outer, second) = granted(
        "subscribing",
        watch_and_run(
            flash::DRIVER,
            Operation::Erase.upcall(),
            |_| {
                if inside.get().is_none() {
                    inside.set(Some((
                        flash::start_erase(MINE + SECTOR, SECTOR),
                        flash::start_erase(0, SECTOR),
                    )));
                }
            },
            |arrivals| {
                let outer = flash::start_erase(MINE, SECTOR);
                let second = outer.map(|()| {
                    arrivals.wait();
                    Ended::from_values(arrivals.wait())
                });
                (outer, second)
            },
        ),
    )?;
    granted("erase", outer)?;
    let (inner, one_too_many) = inside.get().ok_or(Failure::Missing {
        what: "upcall",
        number: Operation::Erase.upcall(),
    })?;
    granted("erase from inside an upcall", inner)?;
    code(
        "second erase from inside an upcall",
        Err(ErrorCode::Busy),
        one_too_many,
    )?;
    let second = granted("second erase", second)?;
    code("end of the second erase", Ok(()), second.status)?;
    content("both erased", MINE, 2 * SECTOR, |_| ERASED)?;
    ground.still_works()
}
