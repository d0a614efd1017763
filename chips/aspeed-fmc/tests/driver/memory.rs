// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory at the addresses that the chip's DMA reaches, on the host.

use std::ops::Range;
use std::sync::{Mutex, OnceLock};

/// The RAM of the chip, without its first pages, which a host does not give away.
pub const RAM: Range<usize> = 0x2_0000..0xC_0000;
const MARGIN: usize = 4096;

fn map() {
    static MAPPED: OnceLock<()> = OnceLock::new();
    MAPPED.get_or_init(|| {
        let start = RAM.start - MARGIN;
        let length = RAM.len() + 2 * MARGIN;
        // SAFETY: MAP_FIXED_NOREPLACE refuses to replace memory that is in use, and
        // nothing else is asked of the call.
        let got = unsafe {
            libc::mmap(
                start as *mut libc::c_void,
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        assert_eq!(got as usize, start, "the chip's RAM can't be mapped");
    });
}

/// A slice at exactly this address. Each byte is given out once.
pub fn at(address: usize, length: usize) -> &'static mut [u8] {
    static GIVEN: Mutex<Vec<Range<usize>>> = Mutex::new(Vec::new());
    map();
    let range = address..address + length;
    assert!(RAM.start - MARGIN <= range.start && range.end <= RAM.end + MARGIN);
    let overlaps = {
        let mut given = GIVEN.lock().unwrap();
        let overlaps = given
            .iter()
            .any(|other| other.start < range.end && range.start < other.end);
        given.push(range);
        overlaps
    };
    assert!(!overlaps, "given out twice");
    // SAFETY: the range is mapped for good, and no other slice of it exists.
    unsafe { std::slice::from_raw_parts_mut(address as *mut u8, length) }
}

/// A slice somewhere in the RAM, 4-byte aligned.
pub fn slice(length: usize) -> &'static mut [u8] {
    // The last quarter; tests that want certain addresses take them from elsewhere.
    static NEXT: Mutex<usize> = Mutex::new(0x9_0000);
    let address = {
        let mut next = NEXT.lock().unwrap();
        let address = *next;
        *next += length.next_multiple_of(4);
        assert!(*next <= RAM.end);
        address
    };
    at(address, length)
}
