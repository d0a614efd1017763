// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What stands for an app's flash.

use std::sync::OnceLock;

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

    /// Code and constants of the running program, for apps that are part of it.
    ///
    /// # Panics
    ///
    /// On systems other than Linux, where nobody has written this yet.
    pub fn program_image() -> Self {
        static IMAGE: OnceLock<Flash> = OnceLock::new();
        *IMAGE.get_or_init(read_only_image)
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

/// From the first to the last segment of the main program that cannot be written.
#[cfg(target_os = "linux")]
fn read_only_image() -> Flash {
    extern "C" fn first_object(
        info: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        range: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid object, and `range` is the one given below.
        let (info, range) = unsafe { (&*info, &mut *range.cast::<Option<(usize, usize)>>()) };
        // SAFETY: the loader's own table.
        let headers =
            unsafe { core::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        for header in headers {
            if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
                continue;
            }
            let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
            let end = start + header.p_memsz as usize;
            *range = Some(match *range {
                Some((lowest, highest)) => (lowest.min(start), highest.max(end)),
                None => (start, end),
            });
        }
        // The main program comes first; anything but zero ends the walk.
        1
    }

    let mut range: Option<(usize, usize)> = None;
    // SAFETY: the callback matches the signature and `range` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(first_object), (&raw mut range).cast()) };
    let (start, end) = range.expect("a running program has code");
    Flash {
        start,
        protected_len: 0,
        len: end - start,
    }
}

#[cfg(not(target_os = "linux"))]
fn read_only_image() -> Flash {
    panic!("the program's own image is only known on Linux: pass the range to Flash::new instead")
}
