// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The numbers of TRD104 section 4.

/// A system call class, the number that the `svc` instruction carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Class {
    /// Take upcalls, waiting for them or not.
    Yield = 0,
    /// Say which function an upcall calls.
    Subscribe = 1,
    /// Ask a driver for something.
    Command = 2,
    /// Share a buffer that the kernel may write.
    ReadWriteAllow = 3,
    /// Share a buffer that the kernel may only read.
    ReadOnlyAllow = 4,
    /// Ask about or move the process's own memory.
    Memop = 5,
    /// End the process.
    Exit = 6,
}

/// A class that TRD104 gives to no system call. A process that uses it has
/// faulted: there is no register to return an error in that it would know.
pub const NO_CLASS: usize = 0xff;

/// Yield number of yield-no-wait.
pub const YIELD_NO_WAIT: usize = 0;
/// Yield number of yield-wait.
pub const YIELD_WAIT: usize = 1;
/// Yield number of yield-wait-for.
pub const YIELD_WAIT_FOR: usize = 2;

/// Exit number of exit-terminate.
pub const EXIT_TERMINATE: usize = 0;
/// Exit number of exit-restart.
pub const EXIT_RESTART: usize = 1;

/// r0 of a failure that carries nothing but its code.
pub const FAILURE: usize = 0;
/// r0 of the last failure variant, a failure with a u64.
pub const FAILURE_LAST: usize = 3;
/// r0 of a success that carries nothing.
pub const SUCCESS: usize = 128;
/// r0 of a success with one u32.
pub const SUCCESS_U32: usize = 129;
/// r0 of a success with two u32.
pub const SUCCESS_2_U32: usize = 130;
/// r0 of a success with three u32.
pub const SUCCESS_3_U32: usize = 132;
