// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The error numbers the kernel and its drivers share with processes (TRD 104,
//! section 3.3).

/// Why a request failed.
///
/// The discriminants are part of the system call interface. Zero is left out,
/// since it stands for success in a status code.
#[allow(clippy::upper_case_acronyms)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum ErrorCode {
    /// Failed for a reason no other code names.
    FAIL = 1,
    /// Something else is in progress; the same request may succeed later.
    BUSY = 2,
    /// What was asked for is the case already.
    ALREADY = 3,
    /// The component has no power.
    OFF = 4,
    /// The resource must be reserved before it is used.
    RESERVE = 5,
    /// An argument is not valid.
    INVAL = 6,
    /// An argument is too large, or a buffer too small.
    SIZE = 7,
    /// The request was cancelled.
    CANCEL = 8,
    /// Not enough memory.
    NOMEM = 9,
    /// The request is not one this component knows.
    NOSUPPORT = 10,
    /// There is no such device in this kernel.
    NODEVICE = 11,
    /// The device is known but not physically there.
    UNINSTALLED = 12,
    /// The other end of a transmission did not acknowledge it.
    NOACK = 13,
}

impl From<ErrorCode> for usize {
    fn from(err: ErrorCode) -> usize {
        err as usize
    }
}

impl TryFrom<Result<(), ErrorCode>> for ErrorCode {
    type Error = ();

    /// Takes the error out of a result; a success has none, which is `Err(())`.
    fn try_from(rc: Result<(), ErrorCode>) -> Result<Self, Self::Error> {
        rc.err().ok_or(())
    }
}

impl From<ErrorCode> for Result<(), ErrorCode> {
    fn from(ec: ErrorCode) -> Self {
        Err(ec)
    }
}

/// The number an upcall reports for `r`: 0 for success, else the error's number.
pub fn into_statuscode(r: Result<(), ErrorCode>) -> usize {
    r.map_or_else(usize::from, |()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [ErrorCode; 13] = [
        ErrorCode::FAIL,
        ErrorCode::BUSY,
        ErrorCode::ALREADY,
        ErrorCode::OFF,
        ErrorCode::RESERVE,
        ErrorCode::INVAL,
        ErrorCode::SIZE,
        ErrorCode::CANCEL,
        ErrorCode::NOMEM,
        ErrorCode::NOSUPPORT,
        ErrorCode::NODEVICE,
        ErrorCode::UNINSTALLED,
        ErrorCode::NOACK,
    ];

    #[test]
    fn numbers_follow_trd_104() {
        for (code, number) in ALL.into_iter().zip(1usize..) {
            assert_eq!(usize::from(code), number);
            assert_eq!(into_statuscode(Err(code)), number);
        }
        assert_eq!(into_statuscode(Ok(())), 0);
    }

    #[test]
    fn conversion_to_and_from_a_result() {
        for code in ALL {
            let result: Result<(), ErrorCode> = code.into();
            assert_eq!(result, Err(code));
            assert_eq!(ErrorCode::try_from(result), Ok(code));
        }
        assert_eq!(ErrorCode::try_from(Ok(())), Err(()));
    }
}
