// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory for one process.

use core::ptr::NonNull;
use std::io;

/// A zeroed region with an inaccessible page below it, where an app's stack would overflow to.
///
/// Making one takes two calls to the operating system: a program that builds many boards keeps it
/// and calls [`ProcessMemory::clear`] in between.
pub struct ProcessMemory {
    mapping: NonNull<u8>,
    mapping_len: usize,
    guard_len: usize,
    len: usize,
}

impl ProcessMemory {
    /// At least `len` bytes; rounded up to whole pages.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn new(len: usize) -> io::Result<Self> {
        // SAFETY: asks for a constant.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) })
            .or(Err(io::ErrorKind::Unsupported))?;
        let len = len.max(1).next_multiple_of(page);
        let mapping_len = len + page;
        // SAFETY: a new mapping wherever there is room.
        let mapping = unsafe {
            libc::mmap(
                core::ptr::null_mut(),
                mapping_len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if mapping == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = ProcessMemory {
            mapping: NonNull::new(mapping.cast()).ok_or(io::ErrorKind::OutOfMemory)?,
            mapping_len,
            guard_len: page,
            len,
        };
        // SAFETY: the first page of the mapping just made.
        if unsafe { libc::mprotect(mapping, page, libc::PROT_NONE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(memory)
    }

    /// The region, for [`ProcessSpec`](super::ProcessSpec).
    pub fn region(&self) -> NonNull<[u8]> {
        // SAFETY: the guard page lies within the mapping.
        let start = unsafe { self.mapping.add(self.guard_len) };
        NonNull::slice_from_raw_parts(start, self.len)
    }

    /// Zero the region, for the next board.
    ///
    /// # Safety
    ///
    /// No process may be using it, not even to be dropped.
    pub unsafe fn clear(&mut self) {
        // SAFETY: the caller's promise.
        unsafe { self.region().cast::<u8>().write_bytes(0, self.len) };
    }
}

impl Drop for ProcessMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`, whole.
        unsafe { libc::munmap(self.mapping.as_ptr().cast(), self.mapping_len) };
    }
}
