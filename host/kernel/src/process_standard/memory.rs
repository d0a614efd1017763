// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The bounds within one process's memory.
//!
//! ```text
//! start            app break           grant start            end
//! | stack and heap |   nobody's yet    | grants | the kernel's |
//! ```

use core::cell::Cell;
use core::ptr::NonNull;

use crate::host::Flash;
use crate::process::Error;

/// One process's memory and flash, and how far app and kernel have taken it.
pub(crate) struct Memory {
    start: *mut u8,
    len: usize,
    flash: Flash,
    app_break: Cell<*mut u8>,
    grant_start: Cell<*mut u8>,
    /// End of the highest buffer the app ever shared: the break does not go below.
    high_water_mark: Cell<*const u8>,
}

impl Memory {
    /// The first `app_len` bytes belong to the app, the last `kernel_len` to the kernel.
    pub(crate) fn new(
        region: NonNull<[u8]>,
        flash: Flash,
        app_len: usize,
        kernel_len: usize,
    ) -> Self {
        let start = region.cast::<u8>().as_ptr();
        let memory = Memory {
            start,
            len: region.len(),
            flash,
            app_break: Cell::new(start),
            grant_start: Cell::new(start),
            high_water_mark: Cell::new(start),
        };
        memory.reset(app_len, kernel_len);
        memory
    }

    /// Back to the bounds of a fresh process. No byte is changed.
    pub(crate) fn reset(&self, app_len: usize, kernel_len: usize) {
        self.app_break.set(self.start.wrapping_add(app_len));
        self.grant_start.set(self.end().wrapping_sub(kernel_len));
        self.high_water_mark.set(self.start);
    }

    pub(crate) fn start(&self) -> *mut u8 {
        self.start
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn end(&self) -> *mut u8 {
        self.start.wrapping_add(self.len)
    }

    pub(crate) fn flash(&self) -> &Flash {
        &self.flash
    }

    pub(crate) fn app_break(&self) -> *mut u8 {
        self.app_break.get()
    }

    pub(crate) fn grant_start(&self) -> *mut u8 {
        self.grant_start.get()
    }

    /// Whether the bytes lie wholly between start and break.
    pub(crate) fn is_app_ram(&self, address: *const u8, size: usize) -> bool {
        within(
            address,
            size,
            self.start.addr(),
            self.app_break.get().addr(),
        )
    }

    /// Whether the bytes lie wholly in the flash the app may see.
    pub(crate) fn is_app_flash(&self, address: *const u8, size: usize) -> bool {
        within(address, size, self.flash.visible_start(), self.flash.end())
    }

    /// Note that the app shares memory up to there.
    pub(crate) fn raise_high_water_mark(&self, end: *const u8) {
        if end > self.high_water_mark.get() {
            self.high_water_mark.set(end);
        }
    }

    /// Check a new break against the bounds.
    pub(crate) fn check_break(&self, new_break: *const u8) -> Result<(), Error> {
        if new_break < self.high_water_mark.get() || new_break >= self.end().cast_const() {
            Err(Error::AddressOutOfBounds)
        } else if new_break > self.grant_start.get().cast_const() {
            Err(Error::OutOfMemory)
        } else {
            Ok(())
        }
    }

    /// Move the break to a place that was checked. Bytes the app gains are zeroed. Returns the old
    /// break.
    pub(crate) fn set_break(&self, new_break: *const u8) -> *mut u8 {
        let old_break = self.app_break.get();
        let new_break = self.start.with_addr(new_break.addr());
        self.app_break.set(new_break);
        if let Some(gained) = new_break.addr().checked_sub(old_break.addr()) {
            // SAFETY: the bytes lie between the old break and the grants, in the region the
            // embedder handed over; nobody has references there.
            unsafe { core::ptr::write_bytes(old_break, 0, gained) };
        }
        old_break
    }

    /// Where the grants would begin with one more of that size and alignment; `None` if that is
    /// below the break.
    pub(crate) fn next_grant_start(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        // An entered grant is marked in its lowest address bit upstream, so none is odd.
        let mask = !(align.max(2) - 1);
        let address = self.grant_start.get().addr().checked_sub(size)? & mask;
        if address < self.app_break.get().addr() {
            return None;
        }
        NonNull::new(self.start.with_addr(address))
    }

    pub(crate) fn set_grant_start(&self, grant_start: NonNull<u8>) {
        self.grant_start.set(grant_start.as_ptr());
    }
}

fn within(address: *const u8, size: usize, start: usize, end: usize) -> bool {
    address
        .addr()
        .checked_add(size)
        .is_some_and(|buffer_end| address.addr() >= start && buffer_end <= end)
}
