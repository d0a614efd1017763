// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The back end on a host: the registers go to a function that whoever runs the
//! apps has installed.
//!
//! The function is called on the app's own stack, so it can suspend the app's
//! coroutine, and it calls the upcalls there too, before it returns from the
//! yield that they were taken by. It doesn't return from an exit. An app that has
//! ended may be left as it is, which is what a kernel does, or be unwound to free
//! what it had from the host; its system calls may fail then. An app that ends
//! inside an upcall can't be unwound: upcalls are `extern "C"`.

extern crate std;

use core::fmt;
use std::sync::OnceLock;

/// The kernel's side of a system call: the class, r0 to r3 in, r0 to r3 out
/// (TRD104 sections 3.1 and 3.3). Pointers and lengths are of the host's width.
pub type SystemCall = fn(class: usize, arguments: [usize; 4]) -> [usize; 4];

static INSTALLED: OnceLock<SystemCall> = OnceLock::new();

/// [`install`] was called with another function before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlreadyInstalled;

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another system call function is installed")
    }
}

impl core::error::Error for AlreadyInstalled {}

/// Makes `function` the one that every system call of this program goes to.
/// Installing it again is allowed.
///
/// # Errors
///
/// [`AlreadyInstalled`] if another function was installed: apps that run may be
/// in the middle of a call to it.
pub fn install(function: SystemCall) -> Result<(), AlreadyInstalled> {
    let installed = INSTALLED.get_or_init(|| function);
    if core::ptr::fn_addr_eq(*installed, function) {
        Ok(())
    } else {
        Err(AlreadyInstalled)
    }
}

/// Whether this process is dead and whoever runs it unwinds what its stack held,
/// destructors included. Its system calls reach no kernel then, and need not: a
/// kernel forgets the buffers and subscriptions of a dead process by itself.
pub(crate) fn is_unwound() -> bool {
    std::thread::panicking()
}

/// Makes one system call.
///
/// # Safety
///
/// What `arguments` share or subscribe must be valid for as long as TRD104 has
/// the kernel use it.
///
/// # Panics
///
/// If nothing was installed: a program that runs an app outside of a simulator.
pub(crate) unsafe fn call(class: usize, arguments: [usize; 4]) -> [usize; 4] {
    match INSTALLED.get() {
        Some(function) => function(class, arguments),
        None => panic!("a system call, and userland_rt::host::install was never called"),
    }
}
