// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! An app without a region, and everything that it is refused.

use super::ground::refused;
use crate::cases;
use crate::check::{SECTOR, bytes, code, granted, value};
use crate::failure::Failure;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Access, Operation};
use userland_rt::share;

/// All of them.
pub const CASES: &[Case] = cases![
    driver_exists_all_the_same,
    region_is_empty,
    open_is_refused,
    read_is_refused,
    program_is_refused,
    erase_is_refused,
    there_is_nothing_to_close,
];

fn driver_exists_all_the_same() -> Result<(), Failure> {
    granted("exists", flash::exists())
}

fn region_is_empty() -> Result<(), Failure> {
    let region = granted("region", flash::region())?;
    value("region length", 0, region.length)?;
    value("access", Access::None as u32, region.access as u32)
}

fn open_is_refused() -> Result<(), Failure> {
    refused(
        "open without a region",
        Operation::Open,
        ErrorCode::NoDevice,
        flash::start_open,
    )?;
    still_answers()
}

fn read_is_refused() -> Result<(), Failure> {
    let mut buffer = [0x66; 16];
    for (address, length) in [(0, 16), (0, 0), (SECTOR, 16)] {
        granted(
            "sharing a buffer",
            share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
                refused(
                    "read without a region",
                    Operation::Read,
                    ErrorCode::NoDevice,
                    || flash::start_read(address, length),
                )
            }),
        )??;
    }
    bytes("buffer of a refused read", 0, &buffer, |_| 0x66)?;
    still_answers()
}

fn program_is_refused() -> Result<(), Failure> {
    for (address, length) in [(0, 16), (0, 0), (SECTOR, 16)] {
        granted(
            "sharing a buffer",
            share::read_only(flash::DRIVER, flash::SOURCE, &[0; 16], |_| {
                refused(
                    "program without a region",
                    Operation::Program,
                    ErrorCode::NoDevice,
                    || flash::start_program(address, length),
                )
            }),
        )??;
    }
    still_answers()
}

fn erase_is_refused() -> Result<(), Failure> {
    for (address, length) in [(0, SECTOR), (0, 0), (SECTOR, SECTOR)] {
        refused(
            "erase without a region",
            Operation::Erase,
            ErrorCode::NoDevice,
            || flash::start_erase(address, length),
        )?;
    }
    still_answers()
}

fn there_is_nothing_to_close() -> Result<(), Failure> {
    code(
        "close without a region",
        Err(ErrorCode::Already),
        flash::close(),
    )?;
    still_answers()
}

/// What an app without a region can go on to do.
fn still_answers() -> Result<(), Failure> {
    driver_exists_all_the_same()?;
    region_is_empty()
}
