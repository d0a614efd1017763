// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Flash memory, a page at a time.
//!
//! A page is whatever [`Flash::Page`] says, and need not be a page in the words
//! of a flash part's manual: it is the unit of reading, writing and erasing.
//! Each accepted call ends in one callback, which carries the buffer; a refused
//! call hands the buffer back with the error.

use crate::ErrorCode;

/// Why an accepted operation failed.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// The operation failed.
    FlashError,

    /// The flash is protected against it.
    FlashMemoryProtectionError,
}

/// A flash that reports to a client of type `C`.
pub trait HasClient<'a, C> {
    /// Makes `client` the one that is called when an operation ends.
    fn set_client(&'a self, client: &'a C);
}

/// Reads, writes and erases pages.
pub trait Flash {
    /// One page's worth of bytes.
    type Page: AsMut<[u8]> + Default;

    /// Reads page `page_number` into `buf`.
    fn read_page(
        &self,
        page_number: usize,
        buf: &'static mut Self::Page,
    ) -> Result<(), (ErrorCode, &'static mut Self::Page)>;

    /// Makes page `page_number` hold what is in `buf`.
    fn write_page(
        &self,
        page_number: usize,
        buf: &'static mut Self::Page,
    ) -> Result<(), (ErrorCode, &'static mut Self::Page)>;

    /// Makes every byte of page `page_number` 0xFF.
    fn erase_page(&self, page_number: usize) -> Result<(), ErrorCode>;
}

/// Is called when an operation ends.
pub trait Client<F: Flash> {
    /// A read has ended.
    fn read_complete(&self, read_buffer: &'static mut F::Page, result: Result<(), Error>);

    /// A write has ended.
    fn write_complete(&self, write_buffer: &'static mut F::Page, result: Result<(), Error>);

    /// An erase has ended.
    fn erase_complete(&self, result: Result<(), Error>);
}
