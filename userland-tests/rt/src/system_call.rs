// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The system calls of TRD104 section 4 as functions.

use crate::ErrorCode;
use crate::backend;
use crate::class::{
    Class, EXIT_RESTART, EXIT_TERMINATE, NO_CLASS, YIELD_NO_WAIT, YIELD_WAIT, YIELD_WAIT_FOR,
};
use crate::returned::Returned;
use core::cell::Cell;

/// A function that the kernel calls: the three values of the upcall, then the
/// data that was subscribed with it.
pub type Upcall = extern "C-unwind" fn(usize, usize, usize, usize);

/// Waits for nothing: runs one upcall if one is queued.
///
/// Returns whether one ran. The kernel that this was written against blocks here
/// if all it has queued are upcalls that nobody had subscribed to.
pub fn yield_no_wait() -> bool {
    let ran = Cell::new(0_u8);
    let address = ran.as_ptr().expose_provenance();
    // SAFETY: the kernel writes one byte at `address` before this call returns,
    // and `ran` is a byte that may be written through a shared reference.
    let _ = unsafe { backend::call(Class::Yield as usize, [YIELD_NO_WAIT, address, 0, 0]) };
    ran.get() != 0
}

/// Waits until an upcall has run.
pub fn yield_wait() {
    // SAFETY: no memory is shared. The upcall that runs was made sound by who
    // subscribed it.
    let _ = unsafe { backend::call(Class::Yield as usize, [YIELD_WAIT, 0, 0, 0]) };
}

/// Waits for upcall `number` of `driver`, runs no function, and returns its
/// values.
///
/// The kernel that this was written against loses the wake-up if another upcall
/// is queued between the arrival of this one and the process's turn: the process
/// then sleeps with its upcall queued, until the next one of the same number.
/// Nothing in this crate uses it for that reason; [`crate::upcall::watch`] with
/// [`yield_wait`] does the same job.
pub fn yield_wait_for(driver: u32, number: u32) -> [usize; 3] {
    // SAFETY: no memory is shared and no function runs.
    let [r0, r1, r2, _] = unsafe {
        backend::call(
            Class::Yield as usize,
            [YIELD_WAIT_FOR, driver as usize, number as usize, 0],
        )
    };
    [r0, r1, r2]
}

/// Makes `function` what upcall `number` of `driver` calls, with `data` as its
/// fourth value. Upcalls that were queued for the function before are dropped.
///
/// Returns the address of the function before and its data.
///
/// # Safety
///
/// `function` must be sound to call with `data` until the next subscription of
/// this number.
///
/// # Errors
///
/// NODEVICE without such a driver, NOSUPPORT if it has no such number, NOMEM.
pub unsafe fn subscribe(
    driver: u32,
    number: u32,
    function: Upcall,
    data: usize,
) -> Result<(usize, usize), ErrorCode> {
    let address = (function as *const ()).expose_provenance();
    // SAFETY: the caller answers for function and data.
    Returned::new(unsafe {
        backend::call(
            Class::Subscribe as usize,
            [driver as usize, number as usize, address, data],
        )
    })
    .success_2_words()
}

/// Makes upcall `number` of `driver` call nothing. Queued ones are dropped.
///
/// # Errors
///
/// As [`subscribe`].
pub fn unsubscribe(driver: u32, number: u32) -> Result<(usize, usize), ErrorCode> {
    // SAFETY: address 0 is the null upcall, which is never called.
    Returned::new(unsafe {
        backend::call(
            Class::Subscribe as usize,
            [driver as usize, number as usize, 0, 0],
        )
    })
    .success_2_words()
}

/// Gives command `number` to `driver`.
pub fn command(driver: u32, number: u32, argument_1: u32, argument_2: u32) -> Returned {
    // SAFETY: a command names no memory, and what an earlier allow or subscribe
    // did name was made sound then.
    Returned::new(unsafe {
        backend::call(
            Class::Command as usize,
            [
                driver as usize,
                number as usize,
                argument_1 as usize,
                argument_2 as usize,
            ],
        )
    })
}

/// Shares `length` bytes at `address` with `driver` as its read-write buffer
/// `number`. Returns address and length of the buffer before.
///
/// # Safety
///
/// The kernel reads and writes the bytes until the next such call for this
/// number: they must be valid for both, and nothing else may use them.
///
/// # Errors
///
/// NODEVICE without such a driver, NOSUPPORT if it has no such number, INVAL if
/// the bytes are not the process's, NOMEM.
pub unsafe fn allow_read_write(
    driver: u32,
    number: u32,
    address: *mut u8,
    length: usize,
) -> Result<(usize, usize), ErrorCode> {
    // SAFETY: the caller answers for the bytes.
    Returned::new(unsafe {
        backend::call(
            Class::ReadWriteAllow as usize,
            [
                driver as usize,
                number as usize,
                address.expose_provenance(),
                length,
            ],
        )
    })
    .success_2_words()
}

/// Takes read-write buffer `number` back from `driver`.
///
/// # Errors
///
/// As [`allow_read_write`].
pub fn unallow_read_write(driver: u32, number: u32) -> Result<(usize, usize), ErrorCode> {
    // SAFETY: no bytes are shared.
    unsafe { allow_read_write(driver, number, core::ptr::null_mut(), 0) }
}

/// Shares `length` bytes at `address` with `driver` as its read-only buffer
/// `number`. Returns address and length of the buffer before.
///
/// # Safety
///
/// The kernel reads the bytes until the next such call for this number: they
/// must be valid for it and nothing may write them.
///
/// # Errors
///
/// As [`allow_read_write`].
pub unsafe fn allow_read_only(
    driver: u32,
    number: u32,
    address: *const u8,
    length: usize,
) -> Result<(usize, usize), ErrorCode> {
    // SAFETY: the caller answers for the bytes.
    Returned::new(unsafe {
        backend::call(
            Class::ReadOnlyAllow as usize,
            [
                driver as usize,
                number as usize,
                address.expose_provenance(),
                length,
            ],
        )
    })
    .success_2_words()
}

/// Takes read-only buffer `number` back from `driver`.
///
/// # Errors
///
/// As [`allow_read_write`].
pub fn unallow_read_only(driver: u32, number: u32) -> Result<(usize, usize), ErrorCode> {
    // SAFETY: no bytes are shared.
    unsafe { allow_read_only(driver, number, core::ptr::null(), 0) }
}

/// Memory operation `operation` with `argument` (TRD104 section 4.6).
///
/// # Safety
///
/// An operation that moves the break must not take memory away that is in use.
pub unsafe fn memop(operation: u32, argument: usize) -> Returned {
    // SAFETY: the caller answers for what moves.
    Returned::new(unsafe {
        backend::call(Class::Memop as usize, [operation as usize, argument, 0, 0])
    })
}

/// Ends this process. `code` is kept by the kernel.
pub fn exit_terminate(code: u32) -> ! {
    exit(EXIT_TERMINATE, code)
}

/// Ends this process and asks for another run of its app.
pub fn exit_restart(code: u32) -> ! {
    exit(EXIT_RESTART, code)
}

fn exit(number: usize, code: u32) -> ! {
    // SAFETY: no memory is shared, and no code of this process runs after it.
    let _ = unsafe { backend::call(Class::Exit as usize, [number, code as usize, 0, 0]) };
    panic!("the kernel returned from an exit")
}

/// Faults, as a process does that touches memory it does not own.
pub fn fault() -> ! {
    // SAFETY: no memory is shared, and no code of this process runs after it.
    let _ = unsafe { backend::call(NO_CLASS, [0; 4]) };
    panic!("the kernel returned from a fault")
}
