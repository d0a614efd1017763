// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls as an app makes them, and the function every app starts in.

use std::cell::RefCell;
use std::collections::HashMap;

use tock_host_platform::coroutine::{AppFunction, syscall};

/// No function, no buffer.
pub const NULL: usize = 0;

/// What an app is told when it starts.
#[derive(Clone, Copy)]
pub struct App {
    pub flash_start: usize,
    pub memory_start: usize,
    pub memory_len: usize,
    pub app_break: usize,
}

type Body = Box<dyn Fn(App)>;

thread_local! {
    /// The apps of this thread's board, by the start of their memory.
    static BODIES: RefCell<HashMap<usize, *const Body>> = RefCell::default();
}

/// Make `body` the app that starts in the memory at that address.
///
/// # Safety
///
/// `body` must stay valid until the process is gone.
pub unsafe fn install(memory_start: usize, body: *const Body) {
    BODIES.with_borrow_mut(|bodies| bodies.insert(memory_start, body));
}

/// The first function of every app.
pub extern "C-unwind" fn entry(
    flash_start: usize,
    memory_start: usize,
    memory_len: usize,
    app_break: usize,
) {
    let body = BODIES.with_borrow(|bodies| bodies[&memory_start]);
    let app = App {
        flash_start,
        memory_start,
        memory_len,
        app_break,
    };
    // SAFETY: `install`'s caller promised it. Only a borrow: what is on an app's stack when it dies
    // is forgotten.
    unsafe { (*body)(app) };
    app.exit(0, 0);
}

pub fn address(function: AppFunction) -> usize {
    function as *const () as usize
}

impl App {
    pub fn yield_no_wait(&self, flag: *mut u8) {
        syscall(0, [0, flag.expose_provenance(), 0, 0]);
    }

    /// No-wait with a good flag, which is returned.
    pub fn poll(&self) -> u8 {
        let mut flag = 0xAA;
        self.yield_no_wait(&raw mut flag);
        // SAFETY: our own variable; volatile because the kernel wrote it behind our back.
        unsafe { (&raw const flag).read_volatile() }
    }

    pub fn yield_wait(&self) {
        syscall(0, [1, 0, 0, 0]);
    }

    pub fn yield_wait_for(&self, driver: usize, number: usize) -> [usize; 3] {
        let [r0, r1, r2, _] = syscall(0, [2, driver, number, 0]);
        [r0, r1, r2]
    }

    pub fn subscribe(
        &self,
        driver: usize,
        number: usize,
        function: usize,
        data: usize,
    ) -> [usize; 4] {
        syscall(1, [driver, number, function, data])
    }

    pub fn command(&self, driver: usize, number: usize, arg0: usize, arg1: usize) -> [usize; 4] {
        syscall(2, [driver, number, arg0, arg1])
    }

    pub fn allow_rw(&self, driver: usize, number: usize, address: usize, len: usize) -> [usize; 4] {
        syscall(3, [driver, number, address, len])
    }

    pub fn allow_ro(&self, driver: usize, number: usize, address: usize, len: usize) -> [usize; 4] {
        syscall(4, [driver, number, address, len])
    }

    pub fn allow_readable(
        &self,
        driver: usize,
        number: usize,
        address: usize,
        len: usize,
    ) -> [usize; 4] {
        syscall(7, [driver, number, address, len])
    }

    pub fn memop(&self, operand: usize, argument: usize) -> [usize; 4] {
        syscall(5, [operand, argument, 0, 0])
    }

    pub fn exit(&self, which: usize, code: usize) -> [usize; 4] {
        syscall(6, [which, code, 0, 0])
    }
}
