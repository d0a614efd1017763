// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Acting on a process from inside kernel code. Test names begin with the row they cover.
//!
//! The rows `b3_...` match what look like defects upstream: do not build on them.

mod common;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use common::app::address;
use common::board::Caps;
use common::{App, Board, Driver, NULL, log, logged};
use kernel::process::{Error, FunctionCallSource, State, Task};
use kernel::syscall::CommandReturn;
use kernel::upcall::UpcallError;
use tock_host_platform::abi::{SUCCESS_U32, SUCCESS_U32_U32};

// Never inlined, so that it has one address.
#[inline(never)]
extern "C-unwind" fn upcall(value: usize, _: usize, _: usize, _: usize) {
    log(format!("upcall {value}"));
}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

fn subscribe_and_wait(app: App) {
    app.subscribe(1, 0, address(upcall), 0);
    wait_for_ever(app);
}

#[test]
fn b2_terminate_inside_its_own_grant_closure() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", subscribe_and_wait);
    board.run();
    driver
        .grant
        .enter(process.processid(), |data, kernel_data| {
            data.value = 17;
            process.terminate(None);
            assert_eq!(data.value, 17);
            assert!(matches!(
                kernel_data.schedule_upcall(0, (1, 2, 3)),
                Err(UpcallError::KernelError)
            ));
            assert!(matches!(
                kernel_data.schedule_upcall(99, (1, 2, 3)),
                Err(UpcallError::InvalidSubscribeNum)
            ));
            data.value = 18;
            assert_eq!(data.value, 18);
        })
        .unwrap();
    assert_eq!(process.debug_dropped_upcall_count(), 0);
    assert_eq!(process.pending_tasks(), 0);
    assert_eq!(process.get_state(), State::Terminated);
}

#[test]
fn b2_restart_inside_the_closure_queues_the_old_upcall_in_the_new_incarnation() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", subscribe_and_wait);
    board.run();
    driver
        .grant
        .enter(process.processid(), |_, kernel_data| {
            process.try_restart(None);
            assert!(kernel_data.schedule_upcall(0, (1, 2, 3)).is_ok());
        })
        .unwrap();
    let queue = common::board::queue(process);
    let [Task::FunctionCall(init), Task::FunctionCall(old)] = queue[..] else {
        panic!("{} tasks, or others", queue.len());
    };
    assert!(matches!(init.source, FunctionCallSource::Kernel));
    assert_eq!(old.pc.addr(), address(upcall));
    assert_eq!(old.argument0, 1);
}

/// Run `act` on the caller inside its first command and note what the app sees of it.
fn act_on_the_caller(
    act: impl Fn(&'static common::board::TestProcess) + 'static,
) -> (Board, &'static common::board::TestProcess) {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 5);
        let returned = app.command(1, 1, 0, 0);
        log(format!("returned {}", returned == [SUCCESS_U32, 77, 0, 0]));
        // What was subscribed before is gone.
        let before = app.subscribe(1, 0, address(upcall), 6);
        log(format!("gone {}", before == [SUCCESS_U32_U32, NULL, 0, 0]));
        wait_for_ever(app);
    });
    driver.on_command(move |driver, _, _, _, id| {
        driver.schedule(id, 0, 1).unwrap();
        act(process);
        CommandReturn::success_u32(77)
    });
    (board, process)
}

#[test]
fn b3_terminating_the_caller_inside_command_is_undone() {
    let (board, process) = act_on_the_caller(|process| process.terminate(Some(3)));
    let id = process.processid();
    board.run();
    assert_eq!(logged(), ["returned true", "gone true"]);
    assert!(process.processid() == id);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.get_completion_code(), Some(Some(3)));
    assert_eq!(process.pending_tasks(), 0);
    assert_eq!(process.grant_allocated_count(), Some(1), "allocated anew");
}

#[test]
fn b3_stopping_the_caller_inside_command_is_undone() {
    let (board, process) = act_on_the_caller(|process| process.stop());
    let id = process.processid();
    board.run();
    // Nothing but the stop is undone: subscription and queue are untouched.
    assert_eq!(logged(), ["returned true", "gone false"]);
    assert!(process.processid() == id);
    assert_eq!(process.get_state(), State::Yielded);
}

#[test]
fn b3_a_stop_policy_fault_of_the_caller_inside_command_is_undone() {
    let (board, process) = act_on_the_caller(|process| process.set_fault_state());
    let id = process.processid();
    board.run();
    assert_eq!(logged(), ["returned true", "gone true"]);
    assert!(process.processid() == id);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.get_completion_code(), Some(None));
    assert_eq!(process.pending_tasks(), 0);
}

#[test]
fn b3_restarting_the_caller_inside_command_ends_in_a_fault() {
    let seen = Rc::new(RefCell::new(None));
    let (board, process) = act_on_the_caller({
        let seen = seen.clone();
        move |process| {
            process.try_restart(None);
            *seen.borrow_mut() = Some((process.processid().id(), process.pending_tasks()));
        }
    });
    let id = process.processid();
    board.run();
    assert_eq!(*seen.borrow(), Some((1, 1)));
    assert!(process.processid() != id);
    assert_eq!(process.get_state(), State::Faulted);
    assert!(logged().is_empty(), "the app never ran again");
}

fn two() -> (
    Board,
    &'static Driver,
    [&'static common::board::TestProcess; 2],
) {
    let (board, driver) = Board::with_driver();
    let first = board.load("first", subscribe_and_wait);
    let second = board.load("second", subscribe_and_wait);
    board.run();
    (board, driver, [first, second])
}

#[test]
fn i4_another_process_may_be_entered_inside() {
    let (_board, driver, [first, second]) = two();
    let entered = driver
        .grant
        .enter(first.processid(), |outer, _| {
            driver.grant.enter(second.processid(), |inner, _| {
                outer.value = 1;
                inner.value = 2;
                outer.value + inner.value
            })
        })
        .unwrap();
    assert_eq!(entered, Ok(3));
}

#[test]
fn i4_the_same_process_may_not() {
    let (_board, driver, [first, _]) = two();
    let id = first.processid();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        driver
            .grant
            .enter(id, |_, _| driver.grant.enter(id, |_, _| {}))
    }))
    .unwrap_err();
    assert_eq!(
        panic.downcast_ref::<&str>().unwrap(),
        &"Attempted to re-enter a grant region."
    );
    // The unwinding left it.
    assert_eq!(driver.grant.enter(id, |_, _| 5), Ok(5));
}

#[test]
fn i4_iter_with_try_enter_skips_the_entered_one() {
    let (_board, driver, [first, _]) = two();
    let entered: Vec<Option<usize>> = driver
        .grant
        .enter(first.processid(), |_, _| {
            driver
                .grant
                .iter()
                .map(|grant| {
                    let id = grant.processid().id();
                    grant.try_enter(|_, _| id)
                })
                .collect()
        })
        .unwrap();
    assert_eq!(entered, [None, Some(1)]);
}

#[test]
fn i4_each_inside_panics() {
    let (_board, driver, [first, _]) = two();
    let result = catch_unwind(AssertUnwindSafe(|| {
        driver.grant.enter(first.processid(), |_, _| {
            driver.grant.each(|_, _, _| {});
        })
    }));
    assert!(result.is_err());
}

#[test]
fn k1_each_visits_live_processes_with_a_grant_in_slot_order() {
    let (board, driver) = Board::with_driver();
    let names = ["terminated", "stopped", "without grant", "faulted"];
    let [terminated, stopped, without, faulted] = names.map(|name| board.load(name, wait_for_ever));
    for process in [faulted, stopped, terminated] {
        driver.grant.enter(process.processid(), |_, _| {}).unwrap();
    }
    let visited = || {
        let mut ids = Vec::new();
        driver.grant.each(|id, _, _| ids.push(id.id()));
        ids
    };
    assert_eq!(visited(), [0, 1, 3]);
    stopped.stop();
    terminated.terminate(None);
    faulted.set_fault_state();
    assert_eq!(visited(), [1]);
    assert_eq!(without.grant_allocated_count(), Some(0));
}

#[test]
fn k1_a_process_killed_while_an_earlier_one_is_visited_is_skipped() {
    let (_board, driver, [first, second]) = two();
    let mut visited = Vec::new();
    driver.grant.each(|id, _, _| {
        visited.push(id);
        second.terminate(None);
    });
    assert!(visited == [first.processid()]);
}

#[test]
fn c1_entering_a_live_process_allocates() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    // Before it ever ran.
    assert_eq!(
        driver
            .grant
            .enter(process.processid(), |data, _| data.value),
        Ok(0)
    );
    assert_eq!(process.grant_allocated_count(), Some(1));
    let ran = Cell::new(false);
    process.terminate(None);
    assert_eq!(
        driver
            .grant
            .enter(process.processid(), |_, _| ran.set(true)),
        Err(Error::InactiveApp)
    );
    assert!(!ran.get());
}

#[test]
fn ids_look_up_the_short_id_each_time() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let id = process.processid();
    assert!(matches!(
        id.short_app_id(),
        kernel::process::ShortId::LocallyUnique
    ));
    assert_eq!(
        id.get_editable_flash_range().1,
        process.get_addresses().flash_end
    );
    process.try_restart(None);
    assert_eq!(id.get_editable_flash_range(), (0, 0));
    assert!(id.get_storage_permissions().is_none());
    let names = board
        .kernel
        .process_iter_capability(&Caps)
        .map(|process| process.get_process_name())
        .collect::<Vec<_>>();
    assert_eq!(names, ["app"]);
}
