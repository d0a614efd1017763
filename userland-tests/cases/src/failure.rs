// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Why a case failed.

use core::fmt;
use userland_rt::{ErrorCode, console, flash, storage};

/// What was done, where, what should have come of it and what did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// An operation that had to work did not.
    Flash {
        /// What was done.
        what: &'static str,
        /// Where in the region.
        address: u32,
        /// What came of it.
        error: flash::Error,
    },
    /// A call ended in another way than it had to.
    Code {
        /// What was done.
        what: &'static str,
        /// How it had to end.
        expected: Result<(), ErrorCode>,
        /// How it ended.
        found: Result<(), ErrorCode>,
    },
    /// A byte is not what it had to be.
    Byte {
        /// What was done.
        what: &'static str,
        /// Where in the region.
        address: u32,
        /// What had to be there.
        expected: u8,
        /// What is there.
        found: u8,
    },
    /// A number is not what it had to be.
    Value {
        /// What was asked for.
        what: &'static str,
        /// What it had to be.
        expected: u32,
        /// What it is.
        found: u32,
    },
    /// A number is outside of what it may be.
    Range {
        /// What was asked for.
        what: &'static str,
        /// The least that it may be.
        least: u32,
        /// The most that it may be.
        most: u32,
        /// What it is.
        found: u32,
    },
    /// Something that had to be there is missing.
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Which one of it.
        number: u32,
    },
    /// The record store failed.
    Store {
        /// What was done.
        what: &'static str,
        /// With which record or key.
        number: u32,
        /// What came of it.
        error: sequential_storage::Error<storage::Error>,
    },
    /// The region could not be opened as a storage.
    Storage(storage::Error),
    /// The console failed.
    Console(console::Error),
    /// The FAT volume could not be read.
    #[cfg(feature = "fat")]
    Volume {
        /// What was done.
        what: &'static str,
        /// What came of it.
        error: std::io::Error,
    },
}

impl From<console::Error> for Failure {
    fn from(error: console::Error) -> Failure {
        Failure::Console(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Flash {
                what,
                address,
                error,
            } => write!(f, "{what} at {address:#x}: {error}"),
            Failure::Code {
                what,
                expected,
                found,
            } => write!(
                f,
                "{what}: expected {}, found {}",
                Outcome(*expected),
                Outcome(*found)
            ),
            Failure::Byte {
                what,
                address,
                expected,
                found,
            } => write!(
                f,
                "{what}: byte {address:#x}: expected {expected:#04x}, found {found:#04x}"
            ),
            Failure::Value {
                what,
                expected,
                found,
            } => write!(f, "{what}: expected {expected}, found {found}"),
            Failure::Range {
                what,
                least,
                most,
                found,
            } => write!(f, "{what}: expected {least} to {most}, found {found}"),
            Failure::Missing { what, number } => write!(f, "{what} {number}: missing"),
            Failure::Store {
                what,
                number,
                error,
            } => write!(f, "{what} {number}: {error}"),
            Failure::Storage(error) => write!(f, "opening the region: {error}"),
            Failure::Console(error) => write!(f, "{error}"),
            #[cfg(feature = "fat")]
            Failure::Volume { what, error } => write!(f, "{what}: {error}"),
        }
    }
}

impl core::error::Error for Failure {}

struct Outcome(Result<(), ErrorCode>);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(()) => f.write_str("Ok"),
            Err(code) => write!(f, "{code}"),
        }
    }
}
