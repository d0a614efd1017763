// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What stands for an app's flash.

/// The addresses an app's code and constants may have: upcall functions and read-only buffers may
/// lie there.
#[derive(Clone, Copy, Debug)]
pub struct Flash {
    start: usize,
    protected_len: usize,
    len: usize,
}

impl Flash {
    /// `len` bytes from `start`, of which the kernel keeps the first `protected_len` to itself, as
    /// it keeps an application header.
    ///
    /// The bytes must stay readable, and unwritten, while a process uses them as its flash.
    pub fn new(start: *const u8, protected_len: usize, len: usize) -> Self {
        Flash {
            start: start.expose_provenance(),
            protected_len: protected_len.min(len),
            len,
        }
    }

    /// The first address.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The first address the app may use.
    pub fn visible_start(&self) -> usize {
        self.start + self.protected_len
    }

    /// The address after the last.
    pub fn end(&self) -> usize {
        self.start + self.len
    }

    /// Length in bytes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }
}
