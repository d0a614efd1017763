// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The back end on a Cortex-M: the `svc` instruction.

use crate::class::Class;
use core::arch::asm;

/// A kernel ends a process without a word to it.
pub(crate) const fn is_unwound() -> bool {
    false
}

// The class is the instruction's immediate, which has to be a literal, so there
// is one instruction for each.
macro_rules! svc {
    ($class:literal, $arguments:ident) => {{
        let [mut r0, mut r1, mut r2, mut r3] = $arguments;
        // SAFETY: the kernel changes r0 to r3 only, and the memory that the
        // caller answers for. In a yield it runs an upcall on this stack, below
        // what is in use, as the C ABI allows any function to: its registers are
        // the clobbered ones.
        unsafe {
            asm!(
                concat!("svc ", $class),
                inlateout("r0") r0,
                inlateout("r1") r1,
                inlateout("r2") r2,
                inlateout("r3") r3,
                clobber_abi("C"),
            );
        }
        [r0, r1, r2, r3]
    }};
}

/// Makes one system call. A class that TRD104 does not have faults the process.
///
/// # Safety
///
/// What `arguments` share or subscribe must be valid for as long as TRD104 has
/// the kernel use it.
#[inline(always)]
pub(crate) unsafe fn call(class: usize, arguments: [usize; 4]) -> [usize; 4] {
    const YIELD: usize = Class::Yield as usize;
    const SUBSCRIBE: usize = Class::Subscribe as usize;
    const COMMAND: usize = Class::Command as usize;
    const READ_WRITE_ALLOW: usize = Class::ReadWriteAllow as usize;
    const READ_ONLY_ALLOW: usize = Class::ReadOnlyAllow as usize;
    const MEMOP: usize = Class::Memop as usize;
    const EXIT: usize = Class::Exit as usize;
    match class {
        YIELD => svc!(0, arguments),
        SUBSCRIBE => svc!(1, arguments),
        COMMAND => svc!(2, arguments),
        READ_WRITE_ALLOW => svc!(3, arguments),
        READ_ONLY_ALLOW => svc!(4, arguments),
        MEMOP => svc!(5, arguments),
        EXIT => svc!(6, arguments),
        // `NO_CLASS`.
        _ => svc!(255, arguments),
    }
}
