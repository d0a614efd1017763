// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Error codes, TRD104 section 3.4.

use core::fmt;

/// Why a system call or an operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorCode {
    /// 1, FAIL.
    Fail,
    /// 2, BUSY.
    Busy,
    /// 3, ALREADY.
    Already,
    /// 4, OFF.
    Off,
    /// 5, RESERVE.
    Reserve,
    /// 6, INVAL.
    Invalid,
    /// 7, SIZE.
    Size,
    /// 8, CANCEL.
    Cancel,
    /// 9, NOMEM.
    NoMemory,
    /// 10, NOSUPPORT.
    NoSupport,
    /// 11, NODEVICE.
    NoDevice,
    /// 12, UNINSTALLED.
    Uninstalled,
    /// 13, NOACK.
    NoAck,
    /// 1024, BADRVAL: the call returned a variant that it never may return.
    BadReturn,
    /// A code that TRD104 does not name.
    Unknown(u32),
}

impl ErrorCode {
    /// The number that stands for this error in a register.
    pub const fn code(self) -> u32 {
        match self {
            ErrorCode::Fail => 1,
            ErrorCode::Busy => 2,
            ErrorCode::Already => 3,
            ErrorCode::Off => 4,
            ErrorCode::Reserve => 5,
            ErrorCode::Invalid => 6,
            ErrorCode::Size => 7,
            ErrorCode::Cancel => 8,
            ErrorCode::NoMemory => 9,
            ErrorCode::NoSupport => 10,
            ErrorCode::NoDevice => 11,
            ErrorCode::Uninstalled => 12,
            ErrorCode::NoAck => 13,
            ErrorCode::BadReturn => 1024,
            ErrorCode::Unknown(code) => code,
        }
    }

    /// The error that `code` stands for.
    pub const fn from_code(code: u32) -> ErrorCode {
        match code {
            1 => ErrorCode::Fail,
            2 => ErrorCode::Busy,
            3 => ErrorCode::Already,
            4 => ErrorCode::Off,
            5 => ErrorCode::Reserve,
            6 => ErrorCode::Invalid,
            7 => ErrorCode::Size,
            8 => ErrorCode::Cancel,
            9 => ErrorCode::NoMemory,
            10 => ErrorCode::NoSupport,
            11 => ErrorCode::NoDevice,
            12 => ErrorCode::Uninstalled,
            13 => ErrorCode::NoAck,
            1024 => ErrorCode::BadReturn,
            code => ErrorCode::Unknown(code),
        }
    }

    /// What the first value of an upcall says: 0 for success, otherwise a code.
    pub const fn from_status(status: u32) -> Result<(), ErrorCode> {
        match status {
            0 => Ok(()),
            code => Err(ErrorCode::from_code(code)),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorCode::Fail => "FAIL",
            ErrorCode::Busy => "BUSY",
            ErrorCode::Already => "ALREADY",
            ErrorCode::Off => "OFF",
            ErrorCode::Reserve => "RESERVE",
            ErrorCode::Invalid => "INVAL",
            ErrorCode::Size => "SIZE",
            ErrorCode::Cancel => "CANCEL",
            ErrorCode::NoMemory => "NOMEM",
            ErrorCode::NoSupport => "NOSUPPORT",
            ErrorCode::NoDevice => "NODEVICE",
            ErrorCode::Uninstalled => "UNINSTALLED",
            ErrorCode::NoAck => "NOACK",
            ErrorCode::BadReturn => "BADRVAL",
            ErrorCode::Unknown(code) => return write!(f, "code {code}"),
        })
    }
}

impl core::error::Error for ErrorCode {}
