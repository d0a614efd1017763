// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What can go wrong between the stack and the controller.

use kernel::ErrorCode;

/// Why a controller refused an operation or failed it.
///
/// No variant speaks about the flash's array: a controller can't see whether a
/// program or an erase worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The controller can't put this template on the wires.
    /// Ask [`supports`](crate::Controller::supports) first.
    Unsupported,
    /// Address, length or buffer is not a multiple of what
    /// [`granularity`](crate::Controller::granularity) demands.
    Misaligned,
    /// No data where the template has a data phase, or a length of zero. The
    /// nRF52840 would never answer a transfer of zero bytes, so none is started.
    Empty,
    /// More bytes than one operation can carry, see
    /// [`longest_data`](crate::Controller::longest_data).
    TooLong,
    /// The controller's DMA can't reach the buffer, for example because it lies in
    /// flash instead of RAM.
    OutOfReach,
    /// Address and length don't fit into the template's address width.
    AddressOverflow,
    /// The operation was given a buffer that its template has no use for.
    SurplusBuffer,
    /// The clock source that the transfer relies on could not be had.
    ClockUnavailable,
    /// The hardware contradicts the driver, for example by an error flag. The
    /// controller has to be disabled and enabled before it is used again.
    Hardware,
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> ErrorCode {
        match error {
            Error::Unsupported => ErrorCode::NOSUPPORT,
            Error::Misaligned | Error::SurplusBuffer | Error::AddressOverflow => ErrorCode::INVAL,
            Error::Empty | Error::TooLong => ErrorCode::SIZE,
            Error::OutOfReach => ErrorCode::NOMEM,
            Error::ClockUnavailable => ErrorCode::OFF,
            Error::Hardware => ErrorCode::FAIL,
        }
    }
}
