// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part as kernel clients see it: bytes that are read, programmed and erased.
//!
//! This says more than [`kernel::hil::flash`] can, which knows pages that are read and written
//! whole: any range of bytes, a program without the erase before it, an erase that tells how far it
//! has got, what the part is, and errors that say what was wrong.
//!
//! # What both sides can rely on
//!
//! * An accepted operation ends in exactly one `..._done`, which brings its buffer back, whatever
//!   becomes of the part, and whether the device is detached meanwhile. A refused one ends in none,
//!   and its buffer comes back with the error.
//! * One operation at a time: a second one is refused with BUSY.
//! * No callback comes from inside a call. From inside a callback the next operation may be begun.
//! * Addresses count from the start of the client's own region, which it can't leave.
//! * Clients take turns, a bite each: a buffer full of reading, a page, an erase unit.

use crate::error::Error;
use crate::record::Record;
use crate::region::Access;
use kernel::ErrorCode;
use kernel::utilities::leasable_buffer::SubSliceMut;

/// What a client's region is like. Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionGeometry {
    /// The region.
    pub size: u32,
    /// What the client may do there.
    pub access: Access,
    /// The unit of [`SpiNor::erase`], 4 KiB or more.
    pub sector: u32,
    /// What is programmed at a time. A longer program is split.
    pub page: u32,
    /// What is erased at a time, all over the region: with bit *n* set, 2^*n* bytes that begin at a
    /// multiple of that in the part. An erase takes the largest ones that fit.
    pub erase_sizes: u32,
}

/// A region of a SPI-NOR part.
pub trait SpiNor<'a> {
    /// Whom to tell of the end of operations.
    fn set_client(&self, client: &'a dyn SpiNorClient);

    /// What the region is like.
    ///
    /// # Errors
    /// RESERVE while the part is not identified.
    fn geometry(&self) -> Result<RegionGeometry, ErrorCode>;

    /// Reads as many bytes as the window of `buffer` has, from `address` on. Any address and length
    /// will do; one of nothing ends without touching the hardware.
    ///
    /// # Errors
    /// BUSY while another operation has not ended, INVAL if it is not inside the region, OFF while
    /// the device is detached or has failed, RESERVE without a client.
    fn read(
        &self,
        address: u32,
        buffer: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)>;

    /// Programs the bytes of the window of `data`, from `address` on, page by page. Bits go from 1 to
    /// 0 only: what is there afterwards is what was there AND `data`.
    ///
    /// # Errors
    /// As [`read`](SpiNor::read), and NOSUPPORT in a region that is read only.
    fn program(
        &self,
        address: u32,
        data: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)>;

    /// Erases whole sectors.
    ///
    /// # Errors
    /// As [`program`](SpiNor::program), and INVAL if address or length is no multiple of the sector.
    /// While the part is not identified that is taken to be 4 KiB; if it turns out to be larger, the
    /// operation ends in [`Error::Misaligned`].
    fn erase(&self, address: u32, length: u32) -> Result<(), ErrorCode>;

    /// Ends the operation before its time, with [`Error::Cancelled`] unless it comes to its end by
    /// itself. What the hardware is at is waited for.
    ///
    /// # Errors
    /// ALREADY if nothing is outstanding, or it was cancelled before.
    fn cancel(&self) -> Result<(), ErrorCode>;

    /// What was done for this client so far.
    fn record(&self) -> Record<Error>;
}

/// Is told of the end of operations. `done` is always how many bytes were done, from the operation's
/// start: all of them on success.
pub trait SpiNorClient {
    /// A read has ended, and `buffer` comes back with the window that it had.
    fn read_done(&self, buffer: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>);

    /// A program has ended, and `data` comes back with the window that it had.
    fn program_done(&self, data: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>);

    /// So many bytes of an erase's `total` are done, and it goes on.
    fn erase_progress(&self, _done: u32, _total: u32) {}

    /// An erase has ended.
    fn erase_done(&self, done: u32, result: Result<(), Error>);
}
