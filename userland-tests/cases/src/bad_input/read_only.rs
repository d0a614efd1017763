// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! An app that may only read its region, and tries to change it.

use super::ground::refused;
use crate::cases;
use crate::check::{SECTOR, bytes, granted, open, read, region_length, value};
use crate::failure::Failure;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Access, Operation};
use userland_rt::share;

/// All of them.
pub const CASES: &[Case] = cases![
    region_is_read_only,
    open_and_read_work,
    program_is_refused,
    erase_is_refused,
    reads_past_the_end_are_refused,
];

const PIECE: usize = 64;

fn region_is_read_only() -> Result<(), Failure> {
    region_length(1)?;
    let region = granted("region", flash::region())?;
    value("access", Access::ReadOnly as u32, region.access as u32)
}

fn open_and_read_work() -> Result<(), Failure> {
    open("open")?;
    Untouched::remember()?.check()?;
    granted("close", flash::close())
}

fn program_is_refused() -> Result<(), Failure> {
    let untouched = Untouched::remember()?;
    let last = untouched.length - 16;
    let source = [0; 16];
    for address in [0, 1, last] {
        granted(
            "sharing a buffer",
            share::read_only(flash::DRIVER, flash::SOURCE, &source, |_| {
                refused(
                    "program of a read-only region",
                    Operation::Program,
                    ErrorCode::NoSupport,
                    || flash::start_program(address, 16),
                )
            }),
        )??;
    }
    untouched.check()
}

fn erase_is_refused() -> Result<(), Failure> {
    let untouched = Untouched::remember()?;
    for address in [0, untouched.length - SECTOR] {
        refused(
            "erase of a read-only region",
            Operation::Erase,
            ErrorCode::NoSupport,
            || flash::start_erase(address, SECTOR),
        )?;
    }
    untouched.check()
}

fn reads_past_the_end_are_refused() -> Result<(), Failure> {
    let untouched = Untouched::remember()?;
    let mut buffer = [0x66; 16];
    for address in [untouched.length, untouched.length - 15, u32::MAX] {
        granted(
            "sharing a buffer",
            share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
                refused(
                    "read past the end of a read-only region",
                    Operation::Read,
                    ErrorCode::Invalid,
                    || flash::start_read(address, 16),
                )
            }),
        )??;
    }
    bytes("buffer of a refused read", 0, &buffer, |_| 0x66)?;
    untouched.check()
}

/// Both ends of the region as they were found: it can't be prepared.
struct Untouched {
    length: u32,
    first: [u8; PIECE],
    last: [u8; PIECE],
}

impl Untouched {
    fn remember() -> Result<Untouched, Failure> {
        let length = region_length(1)?;
        let mut first = [0; PIECE];
        let mut last = [0; PIECE];
        read("read of the region's start", 0, &mut first)?;
        read("read of the region's end", length - PIECE as u32, &mut last)?;
        Ok(Untouched {
            length,
            first,
            last,
        })
    }

    fn check(&self) -> Result<(), Failure> {
        let mut found = [0; PIECE];
        for (address, expected) in [(0, &self.first), (self.length - PIECE as u32, &self.last)] {
            for (there, expected) in found.iter_mut().zip(expected) {
                *there = !expected;
            }
            read("read again", address, &mut found)?;
            bytes("unchanged region", address, &found, |at| {
                expected[(at - address) as usize]
            })?;
        }
        Ok(())
    }
}
