// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a refused request must leave alone, and what must work after it.

use crate::check::{
    ERASED, PAGE, SECTOR, code, content, erase, granted, program, region_length, value,
};
use crate::failure::Failure;
use crate::pattern;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Operation};
use userland_rt::system_call::yield_no_wait;

/// Sectors that the cases need.
pub const LEAST_SECTORS: u32 = 4;
/// The sector that cases may do as they like with.
pub const MINE: u32 = SECTOR;

const SEED: u32 = 0xbad;
const MARK: u32 = 32;

/// A region with marks in its first and its last sector.
pub struct Ground {
    /// Its length in bytes.
    pub length: u32,
}

impl Ground {
    /// Erases both sectors and programs the marks.
    ///
    /// # Errors
    ///
    /// What of it did not work.
    pub fn lay() -> Result<Ground, Failure> {
        let ground = Ground {
            length: region_length(LEAST_SECTORS)?,
        };
        for mark in ground.marks() {
            erase("erasing for a mark", mark - mark % SECTOR, SECTOR)?;
            let mut data = [0; MARK as usize];
            pattern::fill(SEED, mark, &mut data);
            program("programming a mark", mark, &data)?;
        }
        Ok(ground)
    }

    /// The marks are unharmed, and erase, program and read work.
    ///
    /// # Errors
    ///
    /// What of it does not hold.
    pub fn still_works(&self) -> Result<(), Failure> {
        for mark in self.marks() {
            content("mark after a refusal", mark, MARK, |address| {
                pattern::byte(SEED, address)
            })?;
        }
        let start = MINE + PAGE - 9;
        let mut data = [0; 30];
        pattern::fill(SEED, start, &mut data);
        erase("erase after a refusal", MINE, SECTOR)?;
        program("program after a refusal", start, &data)?;
        content("content after a refusal", start - 4, 38, |address| {
            if (start..start + 30).contains(&address) {
                pattern::byte(SEED, address)
            } else {
                ERASED
            }
        })
    }

    fn marks(&self) -> [u32; 2] {
        [0, self.length - MARK]
    }
}

/// `start` must be refused with `expected`, and no upcall may come of it.
///
/// # Errors
///
/// It was accepted, refused with another error, or sent an upcall.
pub fn refused(
    what: &'static str,
    operation: Operation,
    expected: ErrorCode,
    start: impl FnOnce() -> Result<(), ErrorCode>,
) -> Result<(), Failure> {
    granted(
        "subscribing",
        flash::watch_operation(operation, |arrivals| {
            let found = start();
            if found.is_ok() {
                // It runs now. Not to wait for its end would blame the next one.
                arrivals.wait();
            }
            code(what, Err(expected), found)?;
            while yield_no_wait() {}
            value("upcalls of a refused operation", 0, arrivals.count())
        }),
    )?
}
