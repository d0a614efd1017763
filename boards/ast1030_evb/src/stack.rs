// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How much of the kernel's stack was never used: it is painted at the start, and looked at in the
//! end.

use core::ptr::addr_of_mut;

/// No address of this chip, and hardly a number.
const PAINT: u32 = 0xDEAD_57AC;
/// What is left unpainted below the frame of whoever paints, in words.
const MARGIN: usize = 64;

// Made by the linker, see tock_kernel_layout.ld.
unsafe extern "C" {
    static mut _sstack: u32;
}

/// Paints what lies below the caller's frame.
///
/// # Safety
/// To be called in the main thread, whose stack is the kernel's.
#[inline(never)]
pub unsafe fn paint() {
    let here = 0_u32;
    let bottom = addr_of_mut!(_sstack);
    let top = (&raw const here).addr();
    let words = top.saturating_sub(bottom.addr()) / 4;
    for index in 0..words.saturating_sub(MARGIN) {
        // SAFETY: from the stack's bottom to some way below the frame that we are in there is
        // nothing yet: the core's exceptions push at the top, and no interrupt is enabled.
        unsafe { bottom.add(index).write_volatile(PAINT) };
    }
}

/// Bytes that nobody ever wrote to.
pub fn never_used() -> usize {
    let here = 0_u32;
    let bottom = addr_of_mut!(_sstack);
    let words = (&raw const here).addr().saturating_sub(bottom.addr()) / 4;
    (0..words)
        // SAFETY: the stack is memory from its bottom to the frame that we are in.
        .take_while(|index| unsafe { bottom.add(*index).read_volatile() } == PAINT)
        .count()
        * 4
}
