// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What can go wrong with the part.

use kernel::ErrorCode;
use kernel::hil::flash;

/// Why an operation, or bringing the part up, did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The status register and the id read all ones or all zeros: nothing is
    /// soldered there, or a line is open or shorted.
    NotFound,
    /// The id, the tables or a register differed between two reads: the bus is not to be trusted.
    UnstableId,
    /// Neither the SFDP tables nor the id say enough about the part.
    UnknownPart,
    /// The part stayed busy for longer than its maximum, or the controller did not
    /// answer.
    NoAnswer,
    /// The part did not set its write enable latch on WREN.
    WriteEnableIgnored,
    /// The part accepted the command but never started on it.
    NotExecuted,
    /// The part reported that a program or an erase failed.
    ArrayFailure,
    /// The range, or a byte of it, is write-protected.
    BlockProtected,
    /// What was read back is not what was programmed, or is not blank.
    Mismatch,
    /// The part has no such thing, or the controller can't ask for it.
    Unsupported,
    /// A register did not keep what was written to it.
    RegisterNotKept,
    /// The device was detached.
    Detached,
    /// The client did not want it any more.
    Cancelled,
    /// The device failed earlier and was not recovered.
    Failed,
    /// The address range is not inside the part.
    OutOfRange,
    /// The range is not a whole number of erase units.
    Misaligned,
    /// The device's buffer is in quarantine: the controller never showed that it is
    /// done with it.
    BufferQuarantined,
    /// The controller refused or failed.
    Controller(qspi_hil::Error),
}

impl Error {
    /// Whether the part has to be brought up anew after this. The other errors leave
    /// it quiet and usable.
    pub const fn is_fault(self) -> bool {
        match self {
            Error::NotFound
            | Error::UnstableId
            | Error::NoAnswer
            | Error::BufferQuarantined
            | Error::Controller(qspi_hil::Error::Hardware)
            | Error::Controller(qspi_hil::Error::ClockUnavailable) => true,
            Error::UnknownPart
            | Error::WriteEnableIgnored
            | Error::NotExecuted
            | Error::ArrayFailure
            | Error::BlockProtected
            | Error::Mismatch
            | Error::Unsupported
            | Error::RegisterNotKept
            | Error::Detached
            | Error::Cancelled
            | Error::Failed
            | Error::OutOfRange
            | Error::Misaligned
            | Error::Controller(_) => false,
        }
    }
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> ErrorCode {
        match error {
            Error::NotFound | Error::UnknownPart => ErrorCode::OFF,
            Error::UnstableId | Error::NoAnswer => ErrorCode::NOACK,
            Error::WriteEnableIgnored
            | Error::NotExecuted
            | Error::ArrayFailure
            | Error::BlockProtected
            | Error::Mismatch
            | Error::RegisterNotKept => ErrorCode::FAIL,
            Error::Unsupported => ErrorCode::NOSUPPORT,
            Error::Detached | Error::Cancelled => ErrorCode::CANCEL,
            Error::Failed | Error::BufferQuarantined => ErrorCode::OFF,
            Error::OutOfRange | Error::Misaligned => ErrorCode::INVAL,
            Error::Controller(error) => error.into(),
        }
    }
}

/// What an app is told of a failure beyond its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Nothing.
    Unsaid = 0,
    /// [`Error::BlockProtected`].
    Protected = 1,
    /// [`Error::Mismatch`].
    Mismatch = 2,
}

/// A failure as apps are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppError {
    /// Its code.
    pub code: ErrorCode,
    /// What is said beyond it.
    pub why: Why,
}

impl From<ErrorCode> for AppError {
    fn from(code: ErrorCode) -> AppError {
        AppError {
            code,
            why: Why::Unsaid,
        }
    }
}

impl From<Error> for AppError {
    fn from(error: Error) -> AppError {
        AppError {
            code: error.into(),
            why: match error {
                Error::BlockProtected => Why::Protected,
                Error::Mismatch => Why::Mismatch,
                Error::NotFound
                | Error::UnstableId
                | Error::UnknownPart
                | Error::NoAnswer
                | Error::WriteEnableIgnored
                | Error::NotExecuted
                | Error::ArrayFailure
                | Error::Unsupported
                | Error::RegisterNotKept
                | Error::Detached
                | Error::Cancelled
                | Error::Failed
                | Error::OutOfRange
                | Error::Misaligned
                | Error::BufferQuarantined
                | Error::Controller(_) => Why::Unsaid,
            },
        }
    }
}

impl From<Error> for flash::Error {
    fn from(error: Error) -> flash::Error {
        match error {
            Error::BlockProtected | Error::WriteEnableIgnored => {
                flash::Error::FlashMemoryProtectionError
            }
            Error::NotFound
            | Error::UnstableId
            | Error::UnknownPart
            | Error::NoAnswer
            | Error::NotExecuted
            | Error::ArrayFailure
            | Error::Mismatch
            | Error::Unsupported
            | Error::RegisterNotKept
            | Error::Detached
            | Error::Cancelled
            | Error::Failed
            | Error::OutOfRange
            | Error::Misaligned
            | Error::BufferQuarantined
            | Error::Controller(_) => flash::Error::FlashError,
        }
    }
}
