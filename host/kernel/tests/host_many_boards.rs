// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whole boards with processes, built and torn down in one thread, leave no memory behind.
//!
//! One test, in a program of its own, since it counts what the whole program has allocated.

mod common;

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

use common::app::address;
use common::{App, Board};
use kernel::syscall::CommandReturn;
use tock_host_platform::coroutine::Teardown;

struct Counting;

thread_local! {
    /// Of this thread only: the test harness allocates in its own.
    static IN_USE: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.set(IN_USE.get() + layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.set(IN_USE.get() - layout.size() as isize);
        // SAFETY: as for this function.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

extern "C-unwind" fn upcall(_: usize, _: usize, _: usize, _: usize) {}

fn app(app: App) {
    let mut buffer = [0u8; 16];
    app.subscribe(1, 0, address(upcall), 0);
    app.allow_rw(1, 0, (&raw mut buffer).expose_provenance(), buffer.len());
    app.command(1, 1, 0, 0);
    loop {
        app.yield_wait();
    }
}

fn run_one_board(teardown: Teardown) {
    let board = Board::with_teardown(teardown);
    let driver = board.driver(1);
    driver.on_command(|driver, _, _, _, id| {
        driver.schedule(id, 0, 0).unwrap();
        CommandReturn::success()
    });
    let processes = ["waits", "dies", "restarts"].map(|name| board.load(name, app));
    board.run();
    processes[1].terminate(None);
    processes[2].try_restart(None);
    board.run();
    assert_eq!(
        processes.map(|process| process.get_restart_count()),
        [0, 0, 1]
    );
}

#[test]
fn many_boards_leave_no_memory_behind() {
    for teardown in [Teardown::Forget, Teardown::Unwind] {
        for _ in 0..10 {
            run_one_board(teardown);
        }
        let before = IN_USE.get();
        for _ in 0..5_000 {
            run_one_board(teardown);
        }
        assert_eq!(IN_USE.get(), before);
    }
}
