// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The console driver (`doc/syscalls/00001_console.md` of Tock).

use crate::ErrorCode;
use crate::share;
use crate::system_call::command;
use crate::upcall::watch;
use core::fmt;

/// The driver's number.
pub const DRIVER: u32 = 0x1;

const WRITE_BUFFER: u32 = 1;
const WRITE_COMMAND: u32 = 1;
const WRITE_DONE: u32 = 1;

// Longer than any line of a test: a console serves its apps in turns, and what comes
// in two writes is torn apart by what others write.
const LINE: usize = 128;

/// Why something was not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// The kernel or the driver refused it.
    Refused(ErrorCode),
    /// The driver accepted a write and wrote nothing of it, or more than it has.
    Count {
        /// Bytes it says it wrote.
        written: u32,
    },
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Error {
        Error::Refused(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(code) => write!(f, "console: {code}"),
            Error::Count { written } => write!(f, "console: {written} bytes written"),
        }
    }
}

impl core::error::Error for Error {}

/// Writes all of `bytes`, waiting until the driver has.
///
/// # Errors
///
/// What was refused. Part of `bytes` may have been written.
pub fn write_all(bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = write_some(rest)?;
        let count = usize::try_from(written).map_err(|_| Error::Count { written })?;
        match rest.get(count..) {
            Some(left) if count != 0 => rest = left,
            _ => return Err(Error::Count { written }),
        }
    }
    Ok(())
}

fn write_some(bytes: &[u8]) -> Result<u32, Error> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    share::read_only(DRIVER, WRITE_BUFFER, bytes, |_| {
        watch(DRIVER, WRITE_DONE, |arrivals| {
            command(DRIVER, WRITE_COMMAND, length, 0).success()?;
            let [written, _, _] = arrivals.wait();
            Ok(written)
        })
    })??
}

/// Formats `arguments` and writes them: what [`crate::print!`] does.
///
/// # Errors
///
/// As [`write_all`]. An error of a formatting trait itself ends the output
/// silently, as it does for the standard library.
pub fn print(arguments: fmt::Arguments<'_>) -> Result<(), Error> {
    let mut line = Buffered {
        bytes: [0; LINE],
        used: 0,
        failed: None,
    };
    let _ = fmt::Write::write_fmt(&mut line, arguments);
    if line.failed.is_none() {
        line.flush();
    }
    match line.failed {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// Gathers what is formatted, since each piece of it is only a few bytes and
/// each write is a round trip through the kernel.
struct Buffered {
    bytes: [u8; LINE],
    used: usize,
    failed: Option<Error>,
}

impl Buffered {
    fn flush(&mut self) {
        if let Err(error) = write_all(&self.bytes[..self.used]) {
            self.failed = Some(error);
        }
        self.used = 0;
    }
}

impl fmt::Write for Buffered {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.used == self.bytes.len() {
                self.flush();
                if self.failed.is_some() {
                    return Err(fmt::Error);
                }
            }
            let count = rest.len().min(self.bytes.len() - self.used);
            let (now, later) = rest.split_at(count);
            self.bytes[self.used..self.used + count].copy_from_slice(now);
            self.used += count;
            rest = later;
        }
        Ok(())
    }
}

/// Formats to the console. Evaluates to what [`console::print`](print) returns.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => {
        $crate::console::print(::core::format_args!($($argument)*))
    };
}

/// As [`print!`](crate::print!), and ends the line.
#[macro_export]
macro_rules! println {
    () => {
        $crate::console::write_all(b"\n")
    };
    ($format:literal $($argument:tt)*) => {
        $crate::console::print(::core::format_args!(
            "{}\n",
            ::core::format_args!($format $($argument)*)
        ))
    };
}
