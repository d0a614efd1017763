// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What stands for an app's flash.
//!
//! An app that is part of this program has the program's image as its flash. Upstream's kernel wants
//! an application header at the start of an app's flash: such headers lie right below the image.

use core::ptr::NonNull;
use std::sync::{Mutex, OnceLock};

/// The addresses an app's code and constants may have: upcall functions and read-only buffers may
/// lie there.
#[derive(Clone, Copy, Debug)]
pub struct Flash {
    start: usize,
    protected_len: usize,
    len: usize,
    /// Whether it begins with room for a header, or is the program's image.
    has_room: bool,
}

/// Room below the program's image, in bytes: for headers of apps that are part of the program, and
/// for flash that is not.
const ROOM: usize = 64 * 1024;

/// Longest header of an app that is part of the program, in bytes.
pub(crate) const HEADER_SIZE: usize = 128;

impl Flash {
    /// A flash of `len` bytes, of which the kernel keeps the first `protected_len` to itself: an
    /// application header may lie there. The rest is zero.
    ///
    /// It lies where a header can say how far away the program's functions are, which are no part of
    /// it. There is room for a few, and none is ever given back.
    ///
    /// # Panics
    ///
    /// If there is no more room.
    pub fn empty(protected_len: usize, len: usize) -> Self {
        let start = room_for(len).expect("there is room below the program's image");
        Flash {
            start: start.expose_provenance().get(),
            protected_len: protected_len.min(len),
            len,
            has_room: true,
        }
    }

    /// Flash that begins at an address of the caller's choice, for apps that are machine code linked for
    /// it. The kernel keeps the first `protected_len` bytes to itself.
    ///
    /// # Safety
    ///
    /// All of it has to stay readable as long as processes use it, and the first `protected_len` bytes
    /// writable until they are loaded. Their provenance has to be exposed.
    pub unsafe fn at(start: usize, protected_len: usize, len: usize) -> Self {
        Flash {
            start,
            protected_len: protected_len.min(len),
            len,
            has_room: true,
        }
    }

    /// Where a header of at most [`HEADER_SIZE`] bytes can be written. Nothing else lies there, and from there
    /// to the end of the flash all is readable.
    #[cfg_attr(not(feature = "upstream"), expect(dead_code))]
    pub(crate) fn header_place(&self) -> Option<NonNull<u8>> {
        if !self.has_room {
            // What lies between is other headers.
            return room_for(HEADER_SIZE);
        }
        let start = core::ptr::with_exposed_provenance_mut(self.start);
        NonNull::new(start).filter(|_| HEADER_SIZE <= self.protected_len)
    }

    /// Whether an app of this flash may have its header there.
    pub(crate) fn header_may_be_at(&self, address: usize) -> bool {
        (self.visible_start().saturating_sub(ROOM)..self.visible_start()).contains(&address)
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
        // No header lies there unless the loader writes one, and nobody may read it.
        start: start - HEADER_SIZE,
        protected_len: HEADER_SIZE,
        len: end - start + HEADER_SIZE,
        has_room: false,
    }
}

/// So many bytes below the program's image, from the lowest address upwards.
fn room_for(len: usize) -> Option<NonNull<u8>> {
    /// What is left: from where, to where.
    static LEFT: Mutex<Option<(usize, usize)>> = Mutex::new(None);
    let mut left = LEFT.lock().unwrap_or_else(|poison| poison.into_inner());
    let (start, end) = match *left {
        Some(left) => left,
        None => map_below(Flash::program_image().visible_start())?,
    };
    let next = start.checked_add(len.next_multiple_of(align_of::<u128>()))?;
    let fits = next <= end;
    *left = Some((if fits { next } else { start }, end));
    NonNull::new(core::ptr::with_exposed_provenance_mut(start)).filter(|_| fits)
}

/// Maps room right below `image`.
fn map_below(image: usize) -> Option<(usize, usize)> {
    let start = image.checked_sub(ROOM)?;
    // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping, and the result is checked.
    let mapped = unsafe {
        libc::mmap(
            core::ptr::with_exposed_provenance_mut(start),
            ROOM,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
    };
    (mapped.addr() == start).then_some((mapped.expose_provenance(), image))
}

#[cfg(not(target_os = "linux"))]
fn read_only_image() -> Flash {
    panic!("the program's own image is only known on Linux: Flash::empty may do")
}
