// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the cases are made of: operations that must work, and comparisons.

use crate::failure::Failure;
use userland_rt::ErrorCode;
use userland_rt::flash;

/// Smallest unit of erase, in bytes.
pub const SECTOR: u32 = 4096;
/// Largest unit of program of the parts in question, in bytes. Cases cross its
/// boundaries on purpose; a part with another page only makes them cross others.
pub const PAGE: u32 = 256;
/// Content of erased flash.
pub const ERASED: u8 = 0xff;

/// Reads, and it must work.
///
/// # Errors
///
/// It did not.
pub fn read(what: &'static str, address: u32, buffer: &mut [u8]) -> Result<(), Failure> {
    flash::read(address, buffer).map_err(|error| Failure::Flash {
        what,
        address,
        error,
    })
}

/// Programs, and it must work.
///
/// # Errors
///
/// It did not.
pub fn program(what: &'static str, address: u32, buffer: &[u8]) -> Result<(), Failure> {
    flash::program(address, buffer).map_err(|error| Failure::Flash {
        what,
        address,
        error,
    })
}

/// Erases, and it must work.
///
/// # Errors
///
/// It did not.
pub fn erase(what: &'static str, address: u32, length: u32) -> Result<(), Failure> {
    flash::erase(address, length).map_err(|error| Failure::Flash {
        what,
        address,
        error,
    })
}

/// Opens, and it must work.
///
/// # Errors
///
/// It did not.
pub fn open(what: &'static str) -> Result<(), Failure> {
    flash::open().map_err(|error| Failure::Flash {
        what,
        address: 0,
        error,
    })
}

/// A call that had to work.
///
/// # Errors
///
/// It did not.
pub fn granted<T>(what: &'static str, found: Result<T, ErrorCode>) -> Result<T, Failure> {
    found.map_err(|error| Failure::Code {
        what,
        expected: Ok(()),
        found: Err(error),
    })
}

/// A call that had to end in `expected`.
///
/// # Errors
///
/// It ended in something else.
pub fn code(
    what: &'static str,
    expected: Result<(), ErrorCode>,
    found: Result<(), ErrorCode>,
) -> Result<(), Failure> {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::Code {
            what,
            expected,
            found,
        })
    }
}

/// A number that had to be `expected`.
///
/// # Errors
///
/// It is another one.
pub fn value(what: &'static str, expected: u32, found: u32) -> Result<(), Failure> {
    if found == expected {
        Ok(())
    } else {
        Err(Failure::Value {
            what,
            expected,
            found,
        })
    }
}

/// A number that had to be from `least` to `most`.
///
/// # Errors
///
/// It is outside.
pub fn range(what: &'static str, least: u32, most: u32, found: u32) -> Result<(), Failure> {
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        Err(Failure::Range {
            what,
            least,
            most,
            found,
        })
    }
}

/// Bytes that had to be what `expected` says of their addresses, from `address`.
///
/// # Errors
///
/// The first that is not.
pub fn bytes(
    what: &'static str,
    address: u32,
    found: &[u8],
    expected: impl Fn(u32) -> u8,
) -> Result<(), Failure> {
    for (address, found) in (address..).zip(found) {
        let expected = expected(address);
        if *found != expected {
            return Err(Failure::Byte {
                what,
                address,
                expected,
                found: *found,
            });
        }
    }
    Ok(())
}

/// Reads `length` bytes from `address`, which have to be what `expected` says.
///
/// # Errors
///
/// A read that did not work, or the first byte that is not.
pub fn content(
    what: &'static str,
    address: u32,
    length: u32,
    expected: impl Fn(u32) -> u8,
) -> Result<(), Failure> {
    let mut buffer = [0; PAGE as usize];
    let mut at = address;
    let mut left = length;
    while left > 0 {
        let count = left.min(PAGE);
        let piece = &mut buffer[..count as usize];
        // A read that leaves a byte of the buffer alone must not pass by luck.
        for (address, byte) in (at..).zip(piece.iter_mut()) {
            *byte = !expected(address);
        }
        read(what, at, piece)?;
        bytes(what, at, piece, &expected)?;
        at += count;
        left -= count;
    }
    Ok(())
}

/// Makes sure that no lease is held, whatever was before.
///
/// # Errors
///
/// A close that is neither accepted nor without anything to close.
pub fn no_lease() -> Result<(), Failure> {
    match flash::close() {
        Ok(()) | Err(ErrorCode::Already) => Ok(()),
        found => code("giving back what lease there may be", Ok(()), found),
    }
}

/// Length of this app's region in bytes, at least `least_sectors` sectors.
///
/// # Errors
///
/// It is shorter, or no whole number of sectors.
pub fn region_length(least_sectors: u32) -> Result<u32, Failure> {
    let region = granted("region", flash::region())?;
    range(
        "region length",
        least_sectors * SECTOR,
        u32::MAX,
        region.length,
    )?;
    value(
        "region length after the last sector",
        0,
        region.length % SECTOR,
    )?;
    Ok(region.length)
}
