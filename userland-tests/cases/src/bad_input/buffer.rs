// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Buffers that are missing, too short, or taken away.

use super::ground::{Ground, MINE, refused};
use crate::cases;
use crate::check::{ERASED, SECTOR, bytes, code, content, erase, granted, range};
use crate::failure::Failure;
use crate::pattern;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Ended, Operation};
use userland_rt::share;

/// All of them.
pub const CASES: &[Case] = cases![
    read_without_a_buffer,
    program_without_a_buffer,
    read_into_too_short_a_buffer,
    program_from_too_short_a_buffer,
    read_buffer_taken_away,
    program_buffer_taken_away,
    read_buffer_made_shorter,
    program_buffer_made_shorter,
];

const SEED: u32 = 0xb0f;
/// A length of many pages, so that the end of an operation is still to come when
/// its buffer goes.
const LONG: u32 = SECTOR;

fn read_without_a_buffer() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for length in [1, 256, SECTOR] {
        refused(
            "read without a buffer",
            Operation::Read,
            ErrorCode::Size,
            || flash::start_read(0, length),
        )?;
    }
    ground.still_works()
}

fn program_without_a_buffer() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for length in [1, 256, SECTOR] {
        refused(
            "program without a buffer",
            Operation::Program,
            ErrorCode::Size,
            || flash::start_program(0, length),
        )?;
    }
    ground.still_works()
}

fn read_into_too_short_a_buffer() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let mut buffer = [0x66; 63];
    for (shared, length) in [(63, 64), (1, 2), (0, 1), (63, SECTOR)] {
        granted(
            "sharing a buffer",
            share::read_write(
                flash::DRIVER,
                flash::DESTINATION,
                &mut buffer[..shared],
                |_| {
                    refused(
                        "read into too short a buffer",
                        Operation::Read,
                        ErrorCode::Size,
                        || flash::start_read(0, length),
                    )
                },
            ),
        )??;
    }
    bytes("buffer of a refused read", 0, &buffer, |_| 0x66)?;
    ground.still_works()
}

fn program_from_too_short_a_buffer() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let buffer = [0; 63];
    for (shared, length) in [(63, 64), (1, 2), (0, 1), (63, SECTOR)] {
        granted(
            "sharing a buffer",
            share::read_only(flash::DRIVER, flash::SOURCE, &buffer[..shared], |_| {
                refused(
                    "program from too short a buffer",
                    Operation::Program,
                    ErrorCode::Size,
                    || flash::start_program(0, length),
                )
            }),
        )??;
    }
    ground.still_works()
}

fn read_buffer_taken_away() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    lay_pattern()?;
    let mut buffer = [0x66; LONG as usize];
    let ended = granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |shared| {
            run(
                Operation::Read,
                || flash::start_read(MINE, LONG),
                |wait| {
                    let taken_back = shared.revoke();
                    // From here on no one but this app may write it.
                    let there = pattern_done(taken_back);
                    taken_back.fill(0x77);
                    let ended = wait();
                    bytes("buffer after it was taken back", 0, taken_back, |_| 0x77)?;
                    Ok((ended, there))
                },
            )
        }),
    )??;
    let (ended, there) = ended;
    code(
        "read whose buffer was taken away",
        Err(ErrorCode::Size),
        ended.status,
    )?;
    range("bytes read before", 0, LONG - 1, ended.done)?;
    range("bytes in the buffer before", ended.done, LONG, there)?;
    ground.still_works()
}

fn program_buffer_taken_away() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    erase("erase", MINE, SECTOR)?;
    let mut buffer = [0; LONG as usize];
    pattern::fill(SEED, MINE, &mut buffer);
    let ended = granted(
        "sharing a buffer",
        share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |shared| {
            run(
                Operation::Program,
                || flash::start_program(MINE, LONG),
                |wait| {
                    shared.revoke();
                    Ok(wait())
                },
            )
        }),
    )??;
    stopped_program("program whose buffer was taken away", ended)?;
    ground.still_works()
}

fn read_buffer_made_shorter() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    lay_pattern()?;
    let mut buffer = [0; LONG as usize];
    let mut short = [0x66; 100];
    let ended = granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
            run(
                Operation::Read,
                || flash::start_read(MINE, LONG),
                |wait| {
                    granted(
                        "sharing another buffer",
                        share::read_write(flash::DRIVER, flash::DESTINATION, &mut short, |_| {
                            wait()
                        }),
                    )
                },
            )
        }),
    )??;
    code(
        "read whose buffer was made shorter",
        Err(ErrorCode::Size),
        ended.status,
    )?;
    range("bytes read before", 0, LONG - 1, ended.done)?;
    ground.still_works()
}

fn program_buffer_made_shorter() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    erase("erase", MINE, SECTOR)?;
    let mut buffer = [0; LONG as usize];
    pattern::fill(SEED, MINE, &mut buffer);
    let ended = granted(
        "sharing a buffer",
        share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |_| {
            run(
                Operation::Program,
                || flash::start_program(MINE, LONG),
                |wait| {
                    granted(
                        "sharing another buffer",
                        share::read_only(flash::DRIVER, flash::SOURCE, &buffer[..100], |_| wait()),
                    )
                },
            )
        }),
    )??;
    stopped_program("program whose buffer was made shorter", ended)?;
    ground.still_works()
}

fn lay_pattern() -> Result<(), Failure> {
    let mut sector = [0; SECTOR as usize];
    pattern::fill(SEED, MINE, &mut sector);
    erase("erase", MINE, SECTOR)?;
    crate::check::program("program of a sector", MINE, &sector)
}

/// Bytes from the start that are those of the pattern.
fn pattern_done(found: &[u8]) -> u32 {
    let same = (MINE..)
        .zip(found)
        .take_while(|(address, byte)| pattern::byte(SEED, *address) == **byte);
    same.count() as u32
}

/// The program ended in SIZE, and did exactly the bytes that it says.
fn stopped_program(what: &'static str, ended: Ended) -> Result<(), Failure> {
    code(what, Err(ErrorCode::Size), ended.status)?;
    range("bytes programmed before", 0, LONG - 1, ended.done)?;
    content("programmed before", MINE, ended.done, |address| {
        pattern::byte(SEED, address)
    })?;
    content(
        "not programmed any more",
        MINE + ended.done,
        LONG - ended.done,
        |_| ERASED,
    )
}

/// Starts an operation and hands `meanwhile` the means to wait for its end.
fn run<R>(
    operation: Operation,
    start: impl FnOnce() -> Result<(), ErrorCode>,
    meanwhile: impl FnOnce(&mut dyn FnMut() -> Ended) -> Result<R, Failure>,
) -> Result<R, Failure> {
    granted(
        "subscribing",
        flash::watch_operation(operation, |arrivals| {
            granted("starting an operation", start())?;
            meanwhile(&mut || Ended::from_values(arrivals.wait()))
        }),
    )?
}
