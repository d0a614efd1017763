// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Boards built and torn down in one thread leave no memory behind.
//!
//! One test, in a program of its own, since it counts what the whole program
//! has allocated.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kernel::debug;
use kernel::deferred_call::{
    DeferredCall, DeferredCallClient, initialize_deferred_call_state, reset_deferred_call_state,
};
use kernel::platform::chip::ThreadIdProvider;
use kernel::static_init;
use kernel::utilities::static_init::reset_static_memory;

struct Counting;

thread_local! {
    /// Of this thread only: the test harness allocates in its own.
    static IN_USE: Cell<isize> = const { Cell::new(0) };
}

fn count(size: usize, sign: isize) {
    let size = isize::try_from(size).expect("layouts fit isize");
    IN_USE.set(IN_USE.get() + sign * size);
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as for this function.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

enum OneThread {}

// SAFETY: this program's boards run in one thread.
unsafe impl ThreadIdProvider for OneThread {
    fn running_thread_id() -> usize {
        0
    }
}

struct Driver {
    call: DeferredCall,
    buffer: Cell<[u8; 256]>,
    calls: Cell<u32>,
}

impl DeferredCallClient for Driver {
    fn handle_deferred_call(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    fn register(&'static self) {
        self.call.register(self);
    }
}

fn run_one_board() {
    initialize_deferred_call_state::<OneThread>();
    debug::initialize_debug_writer_wrapper::<OneThread>();
    // SAFETY: neither is used after the reset below.
    let drivers = unsafe {
        [
            &*static_init!(Driver, driver()),
            &*static_init!(Driver, driver()),
        ]
    };
    for driver in drivers {
        driver.register();
        driver.call.set();
        driver.buffer.set([0xFF; 256]);
    }
    DeferredCall::verify_setup();
    while DeferredCall::has_tasks() {
        DeferredCall::service_next_pending();
    }
    assert_eq!(drivers.map(|driver| driver.calls.get()), [1, 1]);

    debug::reset_debug_writer();
    reset_deferred_call_state();
    // SAFETY: the drivers are not used below.
    unsafe { reset_static_memory() };
}

fn driver() -> Driver {
    Driver {
        call: DeferredCall::new(),
        buffer: Cell::new([0; 256]),
        calls: Cell::new(0),
    }
}

#[test]
fn many_boards_leave_no_memory_behind() {
    // The first ones make the tables that stay.
    for _ in 0..10 {
        run_one_board();
    }
    let before = IN_USE.get();
    for _ in 0..100_000 {
        run_one_board();
    }
    assert_eq!(IN_USE.get(), before);
}
