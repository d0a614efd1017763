// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Sharing buffers with the kernel, safely: a share that ends with a scope.
//!
//! Sharing hands out no guard that could be forgotten. The buffer is shared
//! while a closure runs and taken back before the borrow of it ends, so the
//! kernel can never write into memory that has found another use.

use crate::ErrorCode;
use crate::backend::is_unwound;
use crate::system_call::{
    allow_read_only, allow_read_write, fault, unallow_read_only, unallow_read_write,
};
use core::marker::PhantomData;

/// A read-write buffer that the kernel has.
pub struct SharedReadWrite<'b> {
    driver: u32,
    number: u32,
    // Not a reference: the kernel writes the bytes while this exists.
    address: *mut u8,
    length: usize,
    borrowed: PhantomData<&'b mut [u8]>,
}

impl SharedReadWrite<'_> {
    /// Takes the buffer back early, and lends it to see what is in it.
    pub fn revoke(&mut self) -> &mut [u8] {
        self.take_back();
        // SAFETY: address and length are of the slice that this value borrows
        // for longer than `self`. The kernel has returned it, and nothing here
        // shares it again.
        unsafe { core::slice::from_raw_parts_mut(self.address, self.length) }
    }

    fn take_back(&self) {
        if unallow_read_write(self.driver, self.number).is_err() && !is_unwound() {
            // The kernel keeps memory that this process is about to use.
            fault();
        }
    }
}

impl Drop for SharedReadWrite<'_> {
    fn drop(&mut self) {
        self.take_back();
    }
}

/// Runs `body` while `buffer` is the read-write buffer `number` of `driver`.
///
/// A share of the same number inside `body` replaces this one for good.
///
/// # Errors
///
/// Why the kernel refused the buffer; `body` did not run.
pub fn read_write<R>(
    driver: u32,
    number: u32,
    buffer: &mut [u8],
    body: impl FnOnce(&mut SharedReadWrite<'_>) -> R,
) -> Result<R, ErrorCode> {
    let length = buffer.len();
    let address = buffer.as_mut_ptr();
    // SAFETY: the bytes are borrowed for the whole of this function and not used
    // in it. `shared` takes them back before it is left, whichever way, since
    // `body` gets a mere reference to it.
    unsafe { allow_read_write(driver, number, address, length) }?;
    let mut shared = SharedReadWrite {
        driver,
        number,
        address,
        length,
        borrowed: PhantomData,
    };
    Ok(body(&mut shared))
}

/// A read-only buffer that the kernel has.
pub struct SharedReadOnly<'b> {
    driver: u32,
    number: u32,
    borrowed: PhantomData<&'b [u8]>,
}

impl SharedReadOnly<'_> {
    /// Takes the buffer back early.
    pub fn revoke(&mut self) {
        if unallow_read_only(self.driver, self.number).is_err() && !is_unwound() {
            // The kernel keeps memory that this process is about to use.
            fault();
        }
    }
}

impl Drop for SharedReadOnly<'_> {
    fn drop(&mut self) {
        self.revoke();
    }
}

/// Runs `body` while `buffer` is the read-only buffer `number` of `driver`.
///
/// A share of the same number inside `body` replaces this one for good.
///
/// # Errors
///
/// Why the kernel refused the buffer; `body` did not run.
pub fn read_only<R>(
    driver: u32,
    number: u32,
    buffer: &[u8],
    body: impl FnOnce(&mut SharedReadOnly<'_>) -> R,
) -> Result<R, ErrorCode> {
    // SAFETY: the bytes are borrowed, so written by nobody, for the whole of
    // this function. `shared` takes them back before it is left, whichever way,
    // since `body` gets a mere reference to it.
    unsafe { allow_read_only(driver, number, buffer.as_ptr(), buffer.len()) }?;
    let mut shared = SharedReadOnly {
        driver,
        number,
        borrowed: PhantomData,
    };
    Ok(body(&mut shared))
}
