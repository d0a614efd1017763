// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Subscribe and allow, and memory operations. Test names begin with the row they cover.

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::app::address;
use common::board::TestProcess;
use common::driver::Allocate;
use common::{App, Board, Driver, NULL, log, logged};
use kernel::ErrorCode;
use kernel::process::Error;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::CommandReturn;
use tock_host_platform::Flash;
use tock_host_platform::abi::{FAILURE, FAILURE_U32_U32, SUCCESS, SUCCESS_U32, SUCCESS_U32_U32};

// Never inlined, so that it has one address.
#[inline(never)]
extern "C-unwind" fn upcall(_: usize, _: usize, _: usize, _: usize) {}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

fn success(r1: usize, r2: usize) -> [usize; 4] {
    [SUCCESS_U32_U32, r1, r2, 0]
}

fn failure(error: ErrorCode, r2: usize, r3: usize) -> [usize; 4] {
    [FAILURE_U32_U32, usize::from(error), r2, r3]
}

/// Run an app that checks its own results; it must come to its end.
fn check(board: &Board, body: impl Fn(App) + 'static) -> &'static TestProcess {
    let finished = Rc::new(Cell::new(false));
    let process = board.load("app", {
        let finished = finished.clone();
        move |app| {
            body(app);
            finished.set(true);
            wait_for_ever(app);
        }
    });
    board.run();
    assert!(finished.get(), "the app failed one of its checks");
    process
}

/// `len` bytes of app memory, low in the part of the stack that is never used.
fn scratch(app: App) -> usize {
    app.memory_start + 512
}

#[test]
fn h1_k3_first_success_returns_nothing() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        assert_eq!(app.allow_rw(1, 0, scratch(app), 8), success(NULL, 0));
        assert_eq!(app.allow_ro(1, 0, scratch(app), 8), success(NULL, 0));
        assert_eq!(app.subscribe(1, 0, address(upcall), 7), success(NULL, 0));
    });
}

#[test]
fn h1_k3_a_swap_returns_the_previous() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        let at = scratch(app);
        for allow in [App::allow_rw, App::allow_ro] {
            allow(&app, 1, 0, at, 8);
            assert_eq!(allow(&app, 1, 0, at + 16, 4), success(at, 8));
            assert_eq!(allow(&app, 1, 0, 0, 0), success(at + 16, 4));
            assert_eq!(allow(&app, 1, 0, 0, 0), success(NULL, 0));
        }
        app.subscribe(1, 0, address(upcall), 7);
        assert_eq!(
            app.subscribe(1, 0, address(wait), 8),
            success(address(upcall), 7)
        );
        assert_eq!(app.subscribe(1, 0, NULL, 33), success(address(wait), 8));
        assert_eq!(app.subscribe(1, 0, address(upcall), 7), success(NULL, 33));
    });
}

// Never inlined, so that it has one address.
#[inline(never)]
extern "C-unwind" fn wait(_: usize, _: usize, _: usize, _: usize) {
    log("not the same function as `upcall`");
}

#[test]
fn h1_length_zero_with_any_address_is_accepted() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        assert_eq!(app.allow_rw(1, 0, 0xDEAD, 0), success(NULL, 0));
        assert_eq!(app.allow_rw(1, 0, NULL, 0), success(0xDEAD, 0));
        assert_eq!(app.allow_ro(1, 0, usize::MAX, 0), success(NULL, 0));
        assert_eq!(app.allow_ro(1, 0, NULL, 0), success(usize::MAX, 0));
    });
}

#[test]
fn h1_the_same_buffer_may_be_shared_twice() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        let at = scratch(app);
        assert_eq!(app.allow_rw(1, 0, at, 8), success(NULL, 0));
        assert_eq!(app.allow_rw(1, 1, at, 8), success(NULL, 0));
        assert_eq!(app.allow_ro(1, 0, at, 8), success(NULL, 0));
    });
}

#[test]
fn h2_a_buffer_must_lie_wholly_in_app_memory() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        let (start, end) = (app.memory_start, app.app_break);
        for allow in [App::allow_rw, App::allow_ro] {
            allow(&app, 1, 0, start, 4);
            let refused = [
                (start - 1, 2),
                (end - 1, 2),
                (end, 1),
                (end + 64, 1),
                (start, usize::MAX),
                (start, end - start + 1),
                (8, 8),
                (usize::MAX, 1),
            ];
            for (address, len) in refused {
                assert_eq!(
                    allow(&app, 1, 0, address, len),
                    failure(ErrorCode::INVAL, address, len)
                );
            }
            // The old buffer stays; one that ends at the break is fine.
            assert_eq!(allow(&app, 1, 0, end - 8, 8), success(start, 4));
            assert_eq!(allow(&app, 1, 0, start, end - start), success(end - 8, 8));
        }
    });
}

#[test]
fn h2_read_only_may_lie_in_flash_after_the_header() {
    let board = Board::new();
    board.driver(1);
    let flash = Flash::empty(128, 320);
    let start = flash.start() + 64;
    board.set_flash(flash);
    check(&board, move |app| {
        assert_eq!(app.flash_start, start + 64);
        assert_eq!(app.allow_ro(1, 0, start + 64, 192), success(NULL, 0));
        assert_eq!(app.allow_ro(1, 0, start + 255, 1), success(start + 64, 192));
        for (address, len) in [(start + 63, 2), (start, 8), (start + 255, 2)] {
            assert_eq!(
                app.allow_ro(1, 0, address, len),
                failure(ErrorCode::INVAL, address, len)
            );
        }
        assert_eq!(
            app.allow_rw(1, 0, start + 64, 8),
            failure(ErrorCode::INVAL, start + 64, 8)
        );
        // Functions, too: one word must fit.
        assert_eq!(app.subscribe(1, 0, start + 248, 0), success(NULL, 0));
        for function in [start + 249, start + 56] {
            assert_eq!(
                app.subscribe(1, 0, function, 0),
                failure(ErrorCode::INVAL, function, 0)
            );
        }
    });
}

#[test]
fn h2_an_absent_driver() {
    let board = Board::new();
    check(&board, |app| {
        let nodevice = |r2, r3| failure(ErrorCode::NODEVICE, r2, r3);
        assert_eq!(
            app.command(9, 0, 0, 0),
            [FAILURE, usize::from(ErrorCode::NODEVICE), 0, 0]
        );
        assert_eq!(
            app.allow_rw(9, 0, scratch(app), 8),
            nodevice(scratch(app), 8)
        );
        // Before the buffer is looked at.
        assert_eq!(app.allow_rw(9, 0, 8, 8), nodevice(8, 8));
        assert_eq!(app.allow_ro(9, 0, 8, 8), nodevice(8, 8));
        assert_eq!(app.allow_readable(9, 0, 8, 8), nodevice(8, 8));
        // After the function is looked at.
        assert_eq!(app.subscribe(9, 0, NULL, 5), nodevice(NULL, 5));
        assert_eq!(
            app.subscribe(9, 0, address(upcall), 5),
            nodevice(address(upcall), 5)
        );
        assert_eq!(app.subscribe(9, 0, 8, 5), failure(ErrorCode::INVAL, 8, 5));
    });
}

#[test]
fn h2_a_function_must_lie_in_memory_or_flash() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        // Before driver and number.
        assert_eq!(app.subscribe(9, 99, 8, 1), failure(ErrorCode::INVAL, 8, 1));
        let last = app.app_break - 8;
        assert_eq!(app.subscribe(1, 0, last, 1), success(NULL, 0));
        assert_eq!(
            app.subscribe(1, 0, last + 1, 1),
            failure(ErrorCode::INVAL, last + 1, 1)
        );
    });
}

#[test]
fn h2_a_number_out_of_range() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        let at = scratch(app);
        let nosupport = |r2, r3| failure(ErrorCode::NOSUPPORT, r2, r3);
        assert_eq!(app.allow_rw(1, 2, at, 8), nosupport(at, 8));
        assert_eq!(app.allow_ro(1, 1, at, 8), nosupport(at, 8));
        assert_eq!(app.allow_rw(1, usize::MAX, at, 8), nosupport(at, 8));
        assert_eq!(
            app.subscribe(1, 3, address(upcall), 5),
            nosupport(address(upcall), 5)
        );
        // A bad buffer comes first.
        assert_eq!(app.allow_rw(1, 2, 8, 8), failure(ErrorCode::INVAL, 8, 8));
    });
}

#[test]
fn h2_userspace_readable_is_refused_by_default() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        let at = scratch(app);
        assert_eq!(
            app.allow_readable(1, 0, at, 8),
            failure(ErrorCode::NOSUPPORT, at, 8)
        );
        assert_eq!(
            app.allow_readable(1, 0, 8, 8),
            failure(ErrorCode::INVAL, 8, 8)
        );
    });
}

#[test]
fn l3_the_filter_refuses_calls_to_drivers_only() {
    let (board, _) = Board::with_driver();
    board.resources.filter.set(Some(ErrorCode::NODEVICE));
    check(&board, |app| {
        let refused = [FAILURE, usize::from(ErrorCode::NODEVICE), 0, 0];
        assert_eq!(app.command(1, 0, 0, 0), refused);
        assert_eq!(app.subscribe(1, 0, 8, 5), refused);
        assert_eq!(app.allow_rw(1, 0, 8, 8), refused);
        assert_eq!(app.allow_ro(1, 0, 8, 8), refused);
        assert_eq!(app.poll(), 0);
        assert_eq!(app.memop(1, 0)[0], SUCCESS_U32);
        assert_eq!(
            app.exit(2, 0),
            [FAILURE, usize::from(ErrorCode::NOSUPPORT), 0, 0]
        );
    });
}

/// How many grants the process has after these system calls.
fn grants_after(body: impl Fn(App) + 'static) -> usize {
    let (board, _) = Board::with_driver();
    let process = check(&board, body);
    process.grant_allocated_count().unwrap()
}

#[test]
fn n2_what_allocates_the_grant() {
    assert_eq!(
        grants_after(|app| {
            app.command(1, 0, 0, 0);
        }),
        0
    );
    assert_eq!(
        grants_after(|app| {
            app.subscribe(1, 0, address(upcall), 0);
        }),
        1
    );
    assert_eq!(
        grants_after(|app| {
            app.subscribe(1, 0, NULL, 0);
        }),
        1
    );
    assert_eq!(
        grants_after(|app| {
            app.allow_rw(1, 0, scratch(app), 1);
        }),
        1
    );
    assert_eq!(
        grants_after(|app| {
            app.allow_ro(1, 0, NULL, 0);
        }),
        1
    );
    // Refused for the number: allocated all the same.
    assert_eq!(
        grants_after(|app| {
            app.allow_rw(1, 99, NULL, 0);
        }),
        1
    );
    assert_eq!(
        grants_after(|app| {
            app.subscribe(1, 99, NULL, 0);
        }),
        1
    );
    // Refused for the pointer: not.
    assert_eq!(
        grants_after(|app| {
            app.allow_rw(1, 0, 8, 8);
        }),
        0
    );
    assert_eq!(
        grants_after(|app| {
            app.subscribe(1, 0, 8, 8);
        }),
        0
    );
}

#[test]
fn h4_the_break_stays_above_every_buffer_ever_shared() {
    let (board, _) = Board::with_driver();
    check(&board, |app| {
        // On the heap: bytes the app gains are zeroed, and the stack is in use.
        let at = app.app_break;
        let top = at + 4096;
        let nomem = [FAILURE, usize::from(ErrorCode::NOMEM), 0, 0];
        let done = [SUCCESS, 0, 0, 0];
        assert_eq!(app.memop(0, top), done);
        app.allow_rw(1, 0, at, 8);
        // Un-allow does not lower the mark.
        app.allow_rw(1, 0, 0, 0);
        assert_eq!(app.memop(0, at + 7), nomem);
        assert_eq!(app.memop(0, at + 8), done);
        assert_eq!(app.memop(0, top), done);
        // Raised although the number is refused; not by a bad buffer.
        app.allow_ro(1, 99, at, 16);
        assert_eq!(app.allow_rw(1, 0, at, 5000)[0], FAILURE_U32_U32);
        assert_eq!(app.memop(0, at + 15), nomem);
        assert_eq!(app.memop(0, at + 16), done);
    });
}

#[test]
fn h4_a_restart_forgets_the_mark() {
    let (board, _) = Board::with_driver();
    let runs = Cell::new(0);
    check(&board, move |app| {
        let heap = app.app_break;
        app.memop(0, heap + 64);
        let shrunk = app.memop(0, heap)[0];
        runs.set(runs.get() + 1);
        if runs.get() == 1 {
            assert_eq!(shrunk, SUCCESS);
            app.memop(0, heap + 64);
            app.allow_rw(1, 0, heap, 64);
            assert_eq!(app.memop(0, heap)[0], FAILURE);
            app.exit(1, 0);
        }
        assert_eq!(shrunk, SUCCESS);
    });
}

#[test]
fn h4_why_a_break_is_refused() {
    let board = Board::new();
    let process = check(&board, |_| {});
    let addresses = process.get_addresses();
    let refused = |address: usize| process.brk(address as *const u8).err();
    assert_eq!(refused(addresses.sram_end), Some(Error::AddressOutOfBounds));
    assert_eq!(refused(addresses.sram_end - 1), Some(Error::OutOfMemory));
    assert_eq!(
        refused(addresses.sram_grant_start + 1),
        Some(Error::OutOfMemory)
    );
    assert_eq!(
        refused(addresses.sram_start - 1),
        Some(Error::AddressOutOfBounds)
    );
    assert_eq!(refused(addresses.sram_grant_start), None);
    process.terminate(None);
    assert_eq!(refused(addresses.sram_app_brk), Some(Error::InactiveApp));
    assert_eq!(process.sbrk(0).err(), Some(Error::InactiveApp));
}

#[test]
fn h4_brk_and_sbrk() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        let nomem = [FAILURE, usize::from(ErrorCode::NOMEM), 0, 0];
        let done = [SUCCESS, 0, 0, 0];
        let [_, grants, ..] = app.memop(6, 0);
        let end = app.memory_start + app.memory_len;
        assert_eq!(app.memop(1, 64), [SUCCESS_U32, app.app_break, 0, 0]);
        assert_eq!(app.memop(1, 0), [SUCCESS_U32, app.app_break + 64, 0, 0]);
        assert_eq!(
            app.memop(1, 64usize.wrapping_neg()),
            [SUCCESS_U32, app.app_break + 64, 0, 0]
        );
        assert_eq!(app.memop(0, grants + 1), nomem);
        assert_eq!(app.memop(0, grants), done);
        assert_eq!(app.memop(0, end), nomem);
        assert_eq!(app.memop(0, app.memory_start - 1), nomem);
        assert_eq!(app.memop(2, 0), [SUCCESS_U32, app.memory_start, 0, 0]);
        assert_eq!(app.memop(3, 0), [SUCCESS_U32, end, 0, 0]);
        // Before the header, of which the app is told the end.
        assert!(app.memop(4, 0)[1] < app.flash_start);
        assert_eq!(app.memop(7, 0), [SUCCESS_U32, 0, 0, 0]);
        assert_eq!(
            app.memop(8, 0)[..2],
            [FAILURE, usize::from(ErrorCode::FAIL)]
        );
        assert_eq!(app.memop(10, app.app_break - 16), done);
        assert_eq!(app.memop(11, app.app_break), done);
        let unknown = [FAILURE, usize::from(ErrorCode::NOSUPPORT), 0, 0];
        assert_eq!(app.memop(12, 0), unknown);
        assert_eq!(app.memop(usize::MAX, 0), unknown);
        log("finished");
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["finished"]);
    let addresses = process.get_addresses();
    assert_eq!(addresses.sram_app_brk, addresses.sram_grant_start);
    assert_eq!(
        addresses.sram_heap_start,
        Some(addresses.sram_start + common::board::STACK)
    );
    assert!(addresses.sram_stack_bottom.is_some_and(|lowest| {
        (addresses.sram_start..addresses.sram_start + common::board::STACK).contains(&lowest)
    }));
    // No room left for a grant.
    assert_eq!(
        driver.grant.enter(process.processid(), |_, _| {}),
        Err(Error::OutOfMemory)
    );
}

/// A process that shares eight bytes for reading and writing, each its own index.
fn sharing() -> (Board, &'static Driver, &'static TestProcess) {
    let (board, driver) = Board::with_driver();
    let process = check(&board, |app| {
        let at = scratch(app);
        for index in 0..8 {
            // SAFETY: app memory that is used for nothing else.
            unsafe {
                std::ptr::with_exposed_provenance_mut::<u8>(at + index).write(index as u8);
            }
        }
        app.allow_rw(1, 0, at, 8);
        app.allow_ro(1, 0, at, 4);
    });
    (board, driver, process)
}

#[test]
fn h3_the_kernel_reads_and_writes_shared_buffers() {
    let (_board, driver, process) = sharing();
    driver
        .grant
        .enter(process.processid(), |_, kernel_data| {
            let shared = kernel_data.get_readwrite_processbuffer(0).unwrap();
            assert_eq!(shared.len(), 8);
            shared
                .mut_enter(|slice| {
                    let mut copy = [0; 8];
                    slice.copy_to_slice(&mut copy);
                    assert_eq!(copy, [0, 1, 2, 3, 4, 5, 6, 7]);
                    slice[2..4].copy_from_slice(&[20, 30]);
                })
                .unwrap();
            let read = kernel_data.get_readonly_processbuffer(0).unwrap();
            let bytes: Vec<u8> = read
                .enter(|slice| slice.iter().map(|byte| byte.get()).collect())
                .unwrap();
            assert_eq!(bytes, [0, 1, 20, 30]);
        })
        .unwrap();
}

#[test]
fn h3_a_buffer_never_shared_is_empty() {
    let (_board, driver, process) = sharing();
    driver
        .grant
        .enter(process.processid(), |_, kernel_data| {
            let never = kernel_data.get_readwrite_processbuffer(1).unwrap();
            assert_eq!(never.len(), 0);
            assert!(never.ptr().is_null());
            assert_eq!(never.enter(|slice| slice.len()), Ok(0));
            assert_eq!(never.mut_enter(|slice| slice.len()), Ok(0));
            assert!(matches!(
                kernel_data.get_readwrite_processbuffer(2),
                Err(Error::AddressOutOfBounds)
            ));
            assert!(matches!(
                kernel_data.get_readonly_processbuffer(1),
                Err(Error::AddressOutOfBounds)
            ));
        })
        .unwrap();
}

#[test]
fn h3_a_buffer_is_readable_while_stopped_and_after_terminate_but_not_after_restart() {
    let (_board, driver, process) = sharing();
    process.stop();
    driver
        .grant
        .enter(process.processid(), |_, kernel_data| {
            let shared = kernel_data.get_readwrite_processbuffer(0).unwrap();
            let read = kernel_data.get_readonly_processbuffer(0).unwrap();
            assert_eq!(shared.enter(|slice| slice[7].get()), Ok(7));
            process.terminate(None);
            assert_eq!(shared.len(), 8);
            assert_eq!(shared.enter(|slice| slice[7].get()), Ok(7));
            assert_eq!(read.enter(|slice| slice[3].get()), Ok(3));
            // Back to life under another id.
            process.set_fault_state();
            process.try_restart(None);
            assert_eq!(shared.len(), 0);
            assert_eq!(read.len(), 0);
            assert_eq!(shared.enter(|_| ()), Err(Error::NoSuchApp));
            assert_eq!(shared.mut_enter(|_| ()), Err(Error::NoSuchApp));
            assert_eq!(read.enter(|_| ()), Err(Error::NoSuchApp));
        })
        .unwrap();
}

#[test]
fn i3_a_driver_that_does_not_allocate_its_grant() {
    for behaviour in [Allocate::Refuse, Allocate::Lie] {
        let (board, driver) = Board::with_driver();
        driver.allocate.set(behaviour);
        driver.on_command(|_, _, _, _, _| CommandReturn::success());
        let process = check(&board, |app| {
            let at = scratch(app);
            let nomem = |r2, r3| failure(ErrorCode::NOMEM, r2, r3);
            assert_eq!(app.allow_rw(1, 0, at, 8), nomem(at, 8));
            assert_eq!(app.allow_ro(1, 0, at, 8), nomem(at, 8));
            assert_eq!(
                app.subscribe(1, 0, address(upcall), 5),
                nomem(address(upcall), 5)
            );
            assert_eq!(app.command(1, 1, 0, 0), [SUCCESS, 0, 0, 0]);
        });
        assert_eq!(process.grant_allocated_count(), Some(0));
    }
}
