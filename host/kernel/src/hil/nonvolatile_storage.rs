// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Storage that keeps its contents without power, a byte at a time.
//!
//! A refused call does not hand the buffer back: the interface has no place for
//! it. Whoever implements it keeps the buffer only if it reports success.

use crate::errorcode::ErrorCode;

/// Reads and writes at any address.
pub trait NonvolatileStorage<'a> {
    /// Makes `client` the one that is called when an operation ends.
    fn set_client(&self, client: &'a dyn NonvolatileStorageClient);

    /// Reads `length` bytes from `address` on into the front of `buffer`.
    fn read(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode>;

    /// Writes the first `length` bytes of `buffer` from `address` on.
    fn write(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode>;
}

/// Is called when an operation ends.
pub trait NonvolatileStorageClient {
    /// A read has ended, with `length` bytes read.
    fn read_done(&self, buffer: &'static mut [u8], length: usize);

    /// A write has ended, with `length` bytes written.
    fn write_done(&self, buffer: &'static mut [u8], length: usize);
}
