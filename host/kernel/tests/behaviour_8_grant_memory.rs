// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Grant memory. Test names begin with the row they cover.

mod common;

use std::cell::Cell;
use std::mem::size_of;
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::board::{Caps, TestProcess};
use common::{App, Board, NULL, log, logged};
use kernel::ErrorCode;
use kernel::grant::{AllowRoCount, AllowRwCount, CustomGrant, Grant, UpcallCount};
use kernel::process::{Error, Task};
use tock_host_platform::abi::{FAILURE_U32_U32, SUCCESS};

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

/// Take all the memory for the app, then follow `commands` of the log.
fn hoarder(app: App) {
    let [_, grants, ..] = app.memop(6, 0);
    app.memop(0, grants);
    wait_for_ever(app);
}

fn room(process: &TestProcess) -> usize {
    let addresses = process.get_addresses();
    addresses.sram_grant_start - addresses.sram_app_brk
}

#[test]
fn i1_without_room_enter_is_out_of_memory() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", hoarder);
    board.run();
    assert_eq!(room(process), 0);
    let ran = Cell::new(false);
    let result = driver
        .grant
        .enter(process.processid(), |_, _| ran.set(true));
    assert_eq!(result, Err(Error::OutOfMemory));
    assert_eq!(ErrorCode::from(Error::OutOfMemory), ErrorCode::NOMEM);
    assert!(!ran.get());
}

#[test]
fn i1_without_room_system_calls_return_nomem_and_commands_still_arrive() {
    let board = Board::new();
    let early = board.driver(1);
    let late = board.driver(2);
    let arrived = std::rc::Rc::new(Cell::new(0));
    late.on_command({
        let arrived = arrived.clone();
        move |_, _, _, _, _| {
            arrived.set(arrived.get() + 1);
            kernel::syscall::CommandReturn::success()
        }
    });
    let process = board.load("app", |app| {
        app.allow_rw(1, 0, NULL, 0);
        let [_, grants, ..] = app.memop(6, 0);
        app.memop(0, grants);
        let nomem = |r2, r3| [FAILURE_U32_U32, usize::from(ErrorCode::NOMEM), r2, r3];
        let at = app.memory_start;
        assert_eq!(app.allow_rw(2, 0, at, 8), nomem(at, 8));
        assert_eq!(app.allow_rw(2, 0, NULL, 0), nomem(NULL, 0));
        assert_eq!(app.allow_ro(2, 99, at, 8), nomem(at, 8));
        assert_eq!(app.subscribe(2, 0, NULL, 5), nomem(NULL, 5));
        assert_eq!(app.command(2, 1, 0, 0), [SUCCESS, 0, 0, 0]);
        log("finished");
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["finished"]);
    assert_eq!(arrived.get(), 1);
    // The other grant goes on.
    assert_eq!(
        early.grant.enter(process.processid(), |data, _| data.value),
        Ok(0)
    );
}

#[test]
fn i1_a_lowered_break_makes_room_and_the_grant_then_blocks_growing() {
    let (board, driver) = Board::with_driver();
    driver.on_command(|driver, _, _, _, id| {
        driver
            .grant
            .enter(id, |_, _| ())
            .map_err(ErrorCode::from)
            .into()
    });
    board.load("app", |app| {
        let [_, grants, ..] = app.memop(6, 0);
        app.memop(0, grants);
        log(format!("{:?}", app.command(1, 1, 0, 0)[0] == SUCCESS));
        app.memop(0, grants - 4096);
        log(format!("{:?}", app.command(1, 1, 0, 0)[0] == SUCCESS));
        log(format!("{:?}", app.memop(0, grants)[0] == SUCCESS));
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["false", "true", "false"]);
}

#[test]
fn i1_a_second_grant_of_one_driver_number_is_out_of_memory() {
    let (board, driver) = Board::with_driver();
    let second = board.grant(1);
    let process = board.load("app", wait_for_ever);
    let other = board.load("other", wait_for_ever);
    driver.grant.enter(process.processid(), |_, _| {}).unwrap();
    assert_eq!(
        second.enter(process.processid(), |_, _| {}),
        Err(Error::OutOfMemory)
    );
    // Only in this process.
    assert_eq!(second.enter(other.processid(), |_, _| {}), Ok(()));
    assert_eq!(
        driver.grant.enter(other.processid(), |_, _| {}),
        Err(Error::OutOfMemory)
    );
}

#[test]
fn i1_an_app_with_too_little_memory_for_grants_runs() {
    let (board, driver) = Board::with_driver();
    // Just enough for the kernel's own: with the slack of row L7, yet less than a grant takes.
    let sizes = board.load("probe", wait_for_ever).get_sizes();
    let own = sizes.grant_pointers + sizes.upcall_list + sizes.process_control_block;
    let needed = common::board::STACK + own + 24;
    board.set_memory_len(needed.next_multiple_of(16));
    let process = board.load("app", |app| {
        log("runs");
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["runs"]);
    assert_eq!(
        driver.grant.enter(process.processid(), |_, _| {}),
        Err(Error::OutOfMemory)
    );
}

#[test]
fn i1_no_grant_can_be_created_after_a_process_was_loaded() {
    let board = Board::new();
    board.load("app", wait_for_ever);
    let panic = catch_unwind(AssertUnwindSafe(|| board.grant(1)))
        .err()
        .unwrap();
    assert_eq!(
        panic.downcast_ref::<&str>().unwrap(),
        &"Grants finalized. Cannot create a new grant."
    );
}

#[test]
fn i2_custom_grants() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    board.run();
    let id = process.processid();
    driver.grant.enter(id, |_, _| {}).unwrap();
    let before = room(process);
    let array: CustomGrant<[u16; 3]> = driver
        .grant
        .enter_with_allocator(id, |_, _, allocator| {
            allocator.alloc_n_with(|index| index as u16 * 10).unwrap()
        })
        .unwrap();
    assert_eq!(array.enter(|values| *values), Ok([0, 10, 20]));
    let with_array = room(process);
    assert!(before - with_array >= 6);
    {
        let number: CustomGrant<u64> = driver
            .grant
            .enter_with_allocator(id, |_, _, allocator| allocator.alloc_with(|| 7).unwrap())
            .unwrap();
        assert!(number.processid() == id);
        let incremented = number.enter(|mut value| {
            *value += 1;
            *value
        });
        assert_eq!(incremented, Ok(8));
        assert_eq!(number.enter(|value| *value), Ok(8));
    }
    // Never freed singly: the number is gone, its room is not back.
    assert!(with_array - room(process) >= 8);
    // No room: not initialized, an error.
    let ran = Cell::new(false);
    let refused = driver
        .grant
        .enter_with_allocator(id, |_, _, allocator| {
            allocator
                .alloc_with(|| {
                    ran.set(true);
                    [0u8; common::board::MEMORY]
                })
                .err()
        })
        .unwrap();
    assert_eq!(refused, Some(Error::OutOfMemory));
    assert!(!ran.get());

    process.terminate(None);
    assert_eq!(array.enter(|_| ()), Err(Error::InactiveApp));
    board.start(process);
    assert_eq!(array.enter(|_| ()), Err(Error::NoSuchApp));
    driver.grant.enter(process.processid(), |_, _| {}).unwrap();
    // All of it is back, less the slack of row L7.
    assert_eq!(room(process), before - 24);
}

#[test]
fn i1_sizes_on_this_host() {
    assert_eq!(size_of::<Task>(), 64);
    let board = Board::new();
    let grant: Grant<u32, UpcallCount<3>, AllowRoCount<1>, AllowRwCount<2>> =
        board.kernel.create_grant(1, &Caps);
    let process = board.load("app", wait_for_ever);
    let before = room(process);
    grant.enter(process.processid(), |_, _| {}).unwrap();
    assert_eq!(before - room(process), 112);
}

/// Tells when it is dropped.
#[derive(Default)]
struct Dropping(u8);

thread_local!(static DROPS: Cell<usize> = const { Cell::new(0) });

impl Drop for Dropping {
    fn drop(&mut self) {
        DROPS.set(DROPS.get() + usize::from(self.0));
    }
}

#[test]
fn b1_no_destructor_runs_when_a_process_dies() {
    let board = Board::new();
    let grant: Grant<Dropping, UpcallCount<0>, AllowRoCount<0>, AllowRwCount<0>> =
        board.kernel.create_grant(1, &Caps);
    let process = board.load("app", wait_for_ever);
    grant
        .enter(process.processid(), |data, _| data.0 = 1)
        .unwrap();
    process.terminate(None);
    board.start(process);
    drop(board);
    assert_eq!(DROPS.get(), 0);
}

#[test]
fn grants_of_strict_alignment_lie_right() {
    #[derive(Default)]
    #[repr(align(64))]
    struct Aligned([u8; 3]);

    let board = Board::new();
    let grant: Grant<Aligned, UpcallCount<1>, AllowRoCount<0>, AllowRwCount<1>> =
        board.kernel.create_grant(1, &Caps);
    let process = board.load("app", wait_for_ever);
    grant
        .enter(process.processid(), |data, kernel_data| {
            assert!((&raw const data.0).addr().is_multiple_of(64));
            data.0 = [1, 2, 3];
            assert!(kernel_data.schedule_upcall(0, (0, 0, 0)).is_ok());
        })
        .unwrap();
    assert_eq!(
        grant.enter(process.processid(), |data, _| data.0),
        Ok([1, 2, 3])
    );
}
