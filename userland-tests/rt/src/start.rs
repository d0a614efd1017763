// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How an app begins on a Cortex-M, and how it ends if it panics.
//!
//! The app is linked for one place in flash and one in RAM. Its linker script
//! says where: `_flash_origin` is where the code begins, `_sram_origin` where the
//! memory does, `_stack_top` and `_break` are ends of the stack and of the memory
//! that the app wants, and `userland_main` is what to run. There is nothing to
//! initialise: the script refuses writable statics, of which a restarted process
//! would find what its predecessor left, as a kernel does not clear them.

use crate::println;
use crate::system_call::exit_terminate;
use core::arch::naked_asm;
use core::panic::PanicInfo;

/// Completion code of an app that runs where it was not linked.
pub const WRONG_PLACE: u32 = 101;
/// Completion code of an app that did not get the memory that it wants.
pub const NO_MEMORY: u32 = 102;
/// Completion code of an app that panicked.
pub const PANICKED: u32 = 103;

/// Where the kernel enters: r0 to r3 are where the code begins, where the memory
/// begins, how long that is, and where the break is (TRD104 has no section on
/// it; it is what kernels of version 2 do). The stack has room for one exception
/// frame, which is what a system call takes.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".start")]
extern "C" fn _start() -> ! {
    naked_asm!(
        "movw r4, #:lower16:_flash_origin",
        "movt r4, #:upper16:_flash_origin",
        "cmp  r0, r4",
        "bne  1f",
        "movw r4, #:lower16:_sram_origin",
        "movt r4, #:upper16:_sram_origin",
        "cmp  r1, r4",
        "bne  1f",
        // memop 0, brk.
        "movs r0, #0",
        "movw r1, #:lower16:_break",
        "movt r1, #:upper16:_break",
        "svc  5",
        "cmp  r0, #128",
        "bne  2f",
        "movw r0, #:lower16:_stack_top",
        "movt r0, #:upper16:_stack_top",
        "mov  sp, r0",
        "bl   userland_main",
        "udf  #0",
        // Command 1 of LowLevelDebug (8), alert code 2: not where it was linked.
        // A board without that driver has the completion code.
        "1:",
        "movs r0, #8",
        "movs r1, #1",
        "movs r2, #2",
        "movs r3, #0",
        "svc  2",
        "movs r1, #{wrong_place}",
        "b    3f",
        "2:",
        "movs r1, #{no_memory}",
        // exit-terminate.
        "3:",
        "movs r0, #0",
        "svc  6",
        "udf  #1",
        wrong_place = const WRONG_PLACE,
        no_memory = const NO_MEMORY,
    )
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    // Without a console the completion code has to do.
    let _ = println!("PANIC: {info}");
    exit_terminate(PANICKED)
}
