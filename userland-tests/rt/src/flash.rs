// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The SPI-NOR flash driver (`doc/syscalls/50005_spi_nor.md`).
//!
//! [`open`], [`read`], [`program`] and [`erase`] are whole operations: they
//! share, command, wait and take back. What they are made of is public as well,
//! for an app that does something else while an operation runs.

use crate::ErrorCode;
use crate::share;
use crate::system_call::command;
use crate::upcall::{Arrivals, watch};
use core::fmt;

/// The driver's number.
pub const DRIVER: u32 = 0x50005;
/// The read-write buffer that *read* fills.
pub const DESTINATION: u32 = 0;
/// The read-only buffer that *program* programs.
pub const SOURCE: u32 = 0;

const EXISTS: u32 = 0;
const REGION: u32 = 1;
const GEOMETRY: u32 = 2;
const OPEN: u32 = 3;
const CLOSE: u32 = 4;
const READ: u32 = 5;
const PROGRAM: u32 = 6;
const ERASE: u32 = 7;
const RECORD: u32 = 8;
const OPTIONS: u32 = 9;
const PROTECTION: u32 = 10;
const UNLOCK: u32 = 11;
const RELOCK: u32 = 12;
const SECURITY_AREA: u32 = 13;
const READ_SECURITY: u32 = 14;
const PROGRAM_SECURITY: u32 = 15;
const ERASE_SECURITY: u32 = 16;
const UNIQUE_ID: u32 = 17;

/// Option: what was programmed or erased is read back.
pub const VERIFY: u32 = 1 << 0;
/// Option: what is blank is not erased.
pub const SKIP_BLANK: u32 = 1 << 1;

/// What ends in an upcall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Operation {
    /// Take a lease and wait until the part is there.
    Open = 0,
    /// Read into the read-write buffer.
    Read = 1,
    /// Program from the read-only buffer.
    Program = 2,
    /// Set whole sectors to ones.
    Erase = 3,
}

impl Operation {
    /// The number of the upcall that ends this operation.
    pub const fn upcall(self) -> u32 {
        self as u32
    }
}

/// What an app may do with its region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// The app has no region.
    None,
    /// It may read.
    ReadOnly,
    /// It may read, program and erase.
    ReadProgramErase,
}

/// The part of the flash that the board gave to this app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// Its length in bytes.
    pub length: u32,
    /// What the app may do with it.
    pub access: Access,
}

/// The flash part that was found. All in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Geometry {
    /// Smallest unit of erase.
    pub sector: u32,
    /// Largest unit of program.
    pub page: u32,
    /// The whole part.
    pub size: u32,
}

/// How an operation ended: the values of its upcall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Whether all of it was done.
    pub status: Result<(), ErrorCode>,
    /// Bytes done from the start.
    pub done: u32,
    /// What is said of an error beyond its code.
    pub why: Why,
}

/// What is said of an error beyond its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Why {
    /// Nothing.
    #[default]
    Unsaid,
    /// The range is write-protected.
    Protected,
    /// What was read back differs.
    Differs,
}

impl Why {
    const fn of(value: u32) -> Why {
        match value {
            1 => Why::Protected,
            2 => Why::Differs,
            _ => Why::Unsaid,
        }
    }
}

/// What of the region is write-protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// Nothing.
    None,
    /// These bytes.
    Range {
        /// The first one.
        start: u32,
        /// How many.
        length: u32,
    },
    /// Some, but it is not known which.
    Unknown,
}

/// What the part has beside its array. All in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecurityArea {
    /// The area; 0 if there is none.
    pub size: u32,
    /// Unit of its erase; 0 if it can't be erased.
    pub erase_unit: u32,
    /// The unique id; 0 if there is none.
    pub unique_id: u32,
}

impl Ended {
    /// What the values of an upcall say.
    pub const fn from_values(values: [u32; 3]) -> Ended {
        Ended {
            status: ErrorCode::from_status(values[0]),
            done: values[1],
            why: Why::of(values[2]),
        }
    }

    fn all_of(self, length: u32) -> Result<(), Error> {
        let done = self.done;
        match self.status {
            Err(_) if self.why == Why::Protected => Err(Error::Protected { done }),
            Err(_) if self.why == Why::Differs => Err(Error::Differs { done }),
            Err(code) => Err(Error::Ended {
                code,
                done: self.done,
            }),
            Ok(()) if self.done != length => Err(Error::Count { done: self.done }),
            Ok(()) => Ok(()),
        }
    }
}

/// Why a whole operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// The kernel refused the subscription or the buffer.
    Setup(ErrorCode),
    /// The driver refused the operation.
    Refused(ErrorCode),
    /// The operation ended in an error.
    Ended {
        /// Which one.
        code: ErrorCode,
        /// Bytes done from the start before it.
        done: u32,
    },
    /// The range, or a byte of it, is write-protected.
    Protected {
        /// Bytes done from the start.
        done: u32,
    },
    /// What was read back is not what was programmed, or not blank.
    Differs {
        /// Bytes that are right, from the start.
        done: u32,
    },
    /// The operation ended well, yet says that it did something else than all of
    /// the bytes.
    Count {
        /// Bytes it says are done.
        done: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Setup(code) => write!(f, "{code} on subscribe or allow"),
            Error::Refused(code) => write!(f, "refused with {code}"),
            Error::Ended { code, done } => write!(f, "ended in {code} after {done} bytes"),
            Error::Protected { done } => write!(f, "write-protected after {done} bytes"),
            Error::Differs { done } => write!(f, "differs after {done} bytes"),
            Error::Count { done } => write!(f, "ended well with {done} bytes done"),
        }
    }
}

impl core::error::Error for Error {}

/// Whether the driver exists.
///
/// # Errors
///
/// NODEVICE if it does not.
pub fn exists() -> Result<(), ErrorCode> {
    command(DRIVER, EXISTS, 0, 0).success()
}

/// This app's region.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn region() -> Result<Region, ErrorCode> {
    let (length, access) = command(DRIVER, REGION, 0, 0).success_2_u32()?;
    let access = match access {
        0 => Access::None,
        1 => Access::ReadOnly,
        2 => Access::ReadProgramErase,
        _ => return Err(ErrorCode::BadReturn),
    };
    Ok(Region { length, access })
}

/// The geometry of the part.
///
/// # Errors
///
/// RESERVE until the part has been identified, which [`open`] waits for.
pub fn geometry() -> Result<Geometry, ErrorCode> {
    let (sector, page, size) = command(DRIVER, GEOMETRY, 0, 0).success_3_u32()?;
    Ok(Geometry { sector, page, size })
}

/// How this app's operations ended since it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Operations that ended, well or not.
    pub ended: u32,
    /// Those that ended in an error.
    pub failed: u32,
    /// The number of the last one's error, 0 if there was none.
    pub last_error: u32,
}

/// How this app's operations ended.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn record() -> Result<Record, ErrorCode> {
    let (ended, failed, last_error) = command(DRIVER, RECORD, 0, 0).success_3_u32()?;
    Ok(Record {
        ended,
        failed,
        last_error,
    })
}

/// Bytes that were done for this app since it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Read.
    pub read: u32,
    /// Programmed.
    pub programmed: u32,
    /// Erased.
    pub erased: u32,
}

/// How many bytes were done for this app.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn traffic() -> Result<Traffic, ErrorCode> {
    let (read, programmed, erased) = command(DRIVER, RECORD, 1, 0).success_3_u32()?;
    Ok(Traffic {
        read,
        programmed,
        erased,
    })
}

/// The last operation of this app that ended in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// The number of its upcall.
    pub upcall: u32,
    /// The address of the first byte that was not done.
    pub address: u32,
    /// When, in ticks.
    pub at: u32,
}

/// Where and when this app's last error was. All are 0 if there was none.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn last_failure() -> Result<LastFailure, ErrorCode> {
    let (upcall, address, at) = command(DRIVER, RECORD, 2, 0).success_3_u32()?;
    Ok(LastFailure {
        upcall,
        address,
        at,
    })
}

/// How many operations of this app's earlier lives ended when it was dead already.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn orphans() -> Result<u32, ErrorCode> {
    command(DRIVER, RECORD, 3, 0).success_u32()
}

/// Sets the options of the operations to come: [`VERIFY`], [`SKIP_BLANK`], or both.
///
/// # Errors
///
/// INVAL for what is no option, BUSY while an operation is outstanding.
pub fn set_options(options: u32) -> Result<(), ErrorCode> {
    command(DRIVER, OPTIONS, options, 0).success()
}

/// What of this app's region is write-protected.
///
/// # Errors
///
/// RESERVE until the part has been identified.
pub fn protection() -> Result<Protection, ErrorCode> {
    let (known, start, length) = command(DRIVER, PROTECTION, 0, 0).success_3_u32()?;
    match known {
        0 => Ok(Protection::None),
        1 => Ok(Protection::Range { start, length }),
        2 => Ok(Protection::Unknown),
        _ => Err(ErrorCode::BadReturn),
    }
}

/// What the part has beside its array.
///
/// # Errors
///
/// RESERVE until the part has been identified.
pub fn security_area() -> Result<SecurityArea, ErrorCode> {
    let answer = command(DRIVER, SECURITY_AREA, 0, 0).success_3_u32();
    let (size, erase_unit, unique_id) = answer?;
    Ok(SecurityArea {
        size,
        erase_unit,
        unique_id,
    })
}

/// Starts to clear the write protection of the whole part. Ends as an *open* does.
///
/// # Errors
///
/// The driver's refusal.
pub fn start_unlock() -> Result<(), ErrorCode> {
    command(DRIVER, UNLOCK, 0, 0).success()
}

/// Starts to put the write protection back. Ends as an *open* does.
///
/// # Errors
///
/// The driver's refusal.
pub fn start_relock() -> Result<(), ErrorCode> {
    command(DRIVER, RELOCK, 0, 0).success()
}

/// Starts an *open*.
///
/// # Errors
///
/// The driver's refusal.
pub fn start_open() -> Result<(), ErrorCode> {
    command(DRIVER, OPEN, 0, 0).success()
}

/// Starts a *read* of `length` bytes from `address` into the buffer shared as
/// [`DESTINATION`].
///
/// # Errors
///
/// The driver's refusal.
pub fn start_read(address: u32, length: u32) -> Result<(), ErrorCode> {
    command(DRIVER, READ, address, length).success()
}

/// Starts a *program* of `length` bytes at `address` from the buffer shared as
/// [`SOURCE`].
///
/// # Errors
///
/// The driver's refusal.
pub fn start_program(address: u32, length: u32) -> Result<(), ErrorCode> {
    command(DRIVER, PROGRAM, address, length).success()
}

/// Starts an *erase* of `length` bytes from `address`.
///
/// # Errors
///
/// The driver's refusal.
pub fn start_erase(address: u32, length: u32) -> Result<(), ErrorCode> {
    command(DRIVER, ERASE, address, length).success()
}

/// Runs `body` while the upcalls of `operation` are watched.
///
/// # Errors
///
/// Why the kernel refused the subscription.
pub fn watch_operation<R>(
    operation: Operation,
    body: impl FnOnce(&Arrivals) -> R,
) -> Result<R, ErrorCode> {
    watch(DRIVER, operation.upcall(), body)
}

/// Takes a lease and waits until the part is powered and identified.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn open() -> Result<(), Error> {
    run(Operation::Open, 0, start_open)
}

/// Gives the lease back.
///
/// # Errors
///
/// ALREADY if there is none, or it was given back before.
pub fn close() -> Result<(), ErrorCode> {
    command(DRIVER, CLOSE, 0, 0).success()
}

/// Reads from `address` on until `buffer` is full.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn read(address: u32, buffer: &mut [u8]) -> Result<(), Error> {
    let length = length_of(buffer)?;
    share::read_write(DRIVER, DESTINATION, buffer, |_| {
        run(Operation::Read, length, || start_read(address, length))
    })
    .map_err(Error::Setup)?
}

/// Programs all of `buffer` at `address`: the result is the old content AND the
/// buffer.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn program(address: u32, buffer: &[u8]) -> Result<(), Error> {
    let length = length_of(buffer)?;
    share::read_only(DRIVER, SOURCE, buffer, |_| {
        run(Operation::Program, length, || {
            start_program(address, length)
        })
    })
    .map_err(Error::Setup)?
}

/// Erases `length` bytes from `address`, both multiples of the sector.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn erase(address: u32, length: u32) -> Result<(), Error> {
    run(Operation::Erase, length, || start_erase(address, length))
}

/// Clears the write protection of the whole part.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn unlock() -> Result<(), Error> {
    run(Operation::Open, 0, start_unlock)
}

/// Puts the write protection back as it was before [`unlock`].
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn relock() -> Result<(), Error> {
    run(Operation::Open, 0, start_relock)
}

/// Reads from the area beside the array.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn read_security(address: u32, buffer: &mut [u8]) -> Result<(), Error> {
    read_by(READ_SECURITY, address, buffer)
}

/// Reads the unique id, or as much of it as `buffer` holds.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn unique_id(buffer: &mut [u8]) -> Result<(), Error> {
    let length = length_of(buffer)?;
    share::read_write(DRIVER, DESTINATION, buffer, |_| {
        run(Operation::Read, length, || {
            command(DRIVER, UNIQUE_ID, length, 0).success()
        })
    })
    .map_err(Error::Setup)?
}

/// Programs to the area beside the array.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn program_security(address: u32, buffer: &[u8]) -> Result<(), Error> {
    let length = length_of(buffer)?;
    share::read_only(DRIVER, SOURCE, buffer, |_| {
        run(Operation::Program, length, || {
            command(DRIVER, PROGRAM_SECURITY, address, length).success()
        })
    })
    .map_err(Error::Setup)?
}

/// Erases `length` bytes of the area beside the array, both multiples of its unit.
///
/// # Errors
///
/// Refused, or ended in an error.
pub fn erase_security(address: u32, length: u32) -> Result<(), Error> {
    run(Operation::Erase, length, || {
        command(DRIVER, ERASE_SECURITY, address, length).success()
    })
}

fn read_by(number: u32, address: u32, buffer: &mut [u8]) -> Result<(), Error> {
    let length = length_of(buffer)?;
    share::read_write(DRIVER, DESTINATION, buffer, |_| {
        run(Operation::Read, length, || {
            command(DRIVER, number, address, length).success()
        })
    })
    .map_err(Error::Setup)?
}

fn length_of(buffer: &[u8]) -> Result<u32, Error> {
    u32::try_from(buffer.len()).map_err(|_| Error::Setup(ErrorCode::Size))
}

fn run(
    operation: Operation,
    length: u32,
    start: impl FnOnce() -> Result<(), ErrorCode>,
) -> Result<(), Error> {
    watch_operation(operation, |arrivals| {
        start().map_err(Error::Refused)?;
        Ended::from_values(arrivals.wait()).all_of(length)
    })
    .map_err(Error::Setup)?
}
