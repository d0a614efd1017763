// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Process identity and life cycle. Test names begin with the row they cover.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::app::address;
use common::board::{MEMORY, STACK, queue};
use common::{App, Board, NULL, log, logged};
use kernel::ErrorCode;
use kernel::process::{Error, FunctionCallSource, State, StoppedState, Task};
use kernel::processbuffer::ReadableProcessBuffer;
use tock_host_platform::LoadError;
use tock_host_platform::abi::{FAILURE, SUCCESS_U32_U32};
use tock_host_platform::policies::StopFaultPolicy;

extern "C-unwind" fn upcall(_: usize, _: usize, _: usize, _: usize) {}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

#[test]
fn a_after_load() {
    let board = Board::new();
    let first = board.load("first", wait_for_ever);
    let second = board.load("second", wait_for_ever);
    for (process, id) in [(first, 0), (second, 1)] {
        assert_eq!(process.get_state(), State::Yielded);
        assert_eq!(process.pending_tasks(), 1);
        assert!(process.ready());
        assert_eq!(process.get_restart_count(), 0);
        assert_eq!(process.get_completion_code(), None);
        assert_eq!(process.grant_allocated_count(), Some(0));
        assert_eq!(process.processid().id(), id);
    }
    assert!(matches!(
        queue(first)[..],
        [Task::FunctionCall(call)] if matches!(call.source, FunctionCallSource::Kernel)
    ));
}

#[test]
fn b1_terminate_empties_the_queue_and_forgets_the_grants() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", move |app| {
        app.subscribe(1, 0, address(upcall), 0);
        wait_for_ever(app);
    });
    board.run();
    let id = process.processid();
    process.stop();
    driver.schedule(id, 0, 1).unwrap();
    driver.schedule(id, 0, 2).unwrap();
    assert_eq!(process.pending_tasks(), 2);
    process.terminate(None);
    assert_eq!(process.get_state(), State::Terminated);
    assert_eq!(process.pending_tasks(), 0);
    assert!(process.processid() == id);
    assert_eq!(process.get_completion_code(), Some(None));
    assert_eq!(process.grant_allocated_count(), None);
    assert!(!process.ready());
    assert!(board.slots[0].get().is_some());
    assert!(board.finds(id));
}

/// Enter with a closure that captures something that tells when it is dropped.
fn enter_captures(
    driver: &common::Driver,
    id: kernel::ProcessId,
) -> (Result<(), Error>, bool, bool) {
    let ran = Cell::new(false);
    let captured = Rc::new(());
    let moved = captured.clone();
    let result = driver.grant.enter(id, |_, _| {
        let _moved = moved;
        ran.set(true);
    });
    (result, ran.get(), Rc::strong_count(&captured) == 1)
}

#[test]
fn b1_l2_enter_on_terminated_is_inactive_app() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    board.run();
    process.terminate(None);
    assert_eq!(
        enter_captures(driver, process.processid()),
        (Err(Error::InactiveApp), false, true)
    );
    assert_eq!(ErrorCode::from(Error::InactiveApp), ErrorCode::FAIL);
    assert_eq!(process.grant_allocated_count(), None);
}

#[test]
fn b1_l2_enter_on_faulted_is_inactive_app() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |_| tock_host_platform::coroutine::fault());
    board.run();
    assert_eq!(process.get_state(), State::Faulted);
    assert_eq!(
        enter_captures(driver, process.processid()),
        (Err(Error::InactiveApp), false, true)
    );
    assert_eq!(process.grant_allocated_count(), None);
}

#[test]
fn c1_l2_enter_with_the_old_id_is_no_such_app() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    board.run();
    let old = process.processid();
    process.try_restart(None);
    assert_eq!(
        enter_captures(driver, old),
        (Err(Error::NoSuchApp), false, true)
    );
    assert_eq!(ErrorCode::from(Error::NoSuchApp), ErrorCode::INVAL);
    assert!(!board.finds(old));
    assert!(board.finds(process.processid()));
    process.terminate(None);
    board.start(process);
    assert_eq!(
        enter_captures(driver, old),
        (Err(Error::NoSuchApp), false, true)
    );
}

#[test]
fn b1_second_terminate_has_no_effect() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    process.terminate(None);
    process.terminate(Some(5));
    assert_eq!(process.get_completion_code(), Some(None));
    assert_eq!(process.get_state(), State::Terminated);
}

#[test]
fn b1_try_restart_on_terminated_has_no_effect() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let id = process.processid();
    process.terminate(Some(4));
    process.try_restart(Some(6));
    assert_eq!(process.get_state(), State::Terminated);
    assert!(process.processid() == id);
    assert_eq!(process.get_restart_count(), 0);
    assert_eq!(process.get_completion_code(), Some(Some(4)));
    assert_eq!(process.pending_tasks(), 0);
}

#[test]
fn b1_stop_policy_fault_on_terminated_makes_it_faulted() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    process.terminate(Some(4));
    process.set_fault_state();
    assert_eq!(process.get_state(), State::Faulted);
    assert_eq!(process.get_completion_code(), Some(Some(4)));
}

#[test]
fn b1_try_restart_on_faulted_makes_a_new_incarnation() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let id = process.processid();
    process.set_fault_state();
    process.try_restart(Some(6));
    assert!(process.processid() != id);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.pending_tasks(), 1);
    assert_eq!(process.get_restart_count(), 1);
    assert_eq!(process.get_completion_code(), Some(Some(6)));
}

#[test]
fn c2_start_on_terminated_makes_a_new_incarnation() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    board.run();
    let id = process.processid();
    driver.grant.enter(id, |_, _| {}).unwrap();
    process.terminate(Some(9));
    board.start(process);
    assert!(process.processid() != id);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.pending_tasks(), 1);
    assert_eq!(process.get_restart_count(), 1);
    assert_eq!(process.get_completion_code(), Some(Some(9)));
    assert_eq!(process.grant_allocated_count(), Some(0));
}

#[test]
fn c2_d2_start_on_anything_else_has_no_effect() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let id = process.processid();
    board.start(process);
    assert!(process.processid() == id, "yielded");
    process.stop();
    board.start(process);
    assert_eq!(process.get_state(), State::Stopped(StoppedState::Yielded));
    process.set_fault_state();
    board.start(process);
    assert_eq!(process.get_state(), State::Faulted);
    assert!(process.processid() == id, "faulted");
}

#[test]
fn c2_d2_stop_and_resume_on_the_dead_have_no_effect() {
    let board = Board::new();
    let terminated = board.load("terminated", wait_for_ever);
    let faulted = board.load("faulted", wait_for_ever);
    terminated.terminate(None);
    faulted.set_fault_state();
    for process in [terminated, faulted] {
        let state = process.get_state();
        process.stop();
        assert_eq!(process.get_state(), state);
        process.resume();
        assert_eq!(process.get_state(), state);
    }
}

#[test]
fn d2_terminate_on_faulted_then_start_works() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let id = process.processid();
    process.set_fault_state();
    process.terminate(Some(3));
    assert_eq!(process.get_state(), State::Terminated);
    assert_eq!(process.get_completion_code(), Some(Some(3)));
    board.start(process);
    assert_eq!(process.get_state(), State::Yielded);
    assert!(process.processid() != id);
}

#[test]
fn c2_exit_terminate() {
    let board = Board::new();
    let process = board.load("app", |app| {
        app.exit(0, 0xFFFF_FFFF);
        log("ran on");
    });
    let id = process.processid();
    board.run();
    assert_eq!(process.get_state(), State::Terminated);
    assert!(process.processid() == id);
    assert_eq!(process.get_completion_code(), Some(Some(0xFFFF_FFFF)));
    assert!(logged().is_empty());
}

#[test]
fn c1_exit_restart_makes_a_stranger() {
    let (board, driver) = Board::with_driver();
    let returned = Rc::new(RefCell::new(Vec::new()));
    let runs = Rc::new(Cell::new(0));
    let process = board.load("app", {
        let returned = returned.clone();
        let runs = runs.clone();
        move |app| {
            runs.set(runs.get() + 1);
            let mut buffer = [0u8; 8];
            let subscribed = app.subscribe(1, 0, address(upcall), 7);
            let allowed = app.allow_rw(1, 0, buffer.as_mut_ptr().expose_provenance(), 8);
            returned.borrow_mut().push((subscribed, allowed));
            app.command(1, 1, 0, 0);
            if runs.get() == 1 {
                app.exit(1, 42);
            }
            wait_for_ever(app);
        }
    });
    board.load("other", wait_for_ever);
    let old = process.processid();
    let values = Rc::new(RefCell::new(Vec::new()));
    driver.on_command({
        let values = values.clone();
        move |driver, _, _, _, id| {
            driver
                .grant
                .enter(id, |data, kernel_data| {
                    values.borrow_mut().push(data.value);
                    data.value = 5;
                    kernel_data.schedule_upcall(0, (0, 0, 0)).unwrap();
                })
                .map_err(ErrorCode::from)
                .into()
        }
    });
    board.run();
    assert_eq!(old.id(), 0);
    assert_eq!(process.processid().id(), 2);
    assert_eq!(process.get_restart_count(), 1);
    assert_eq!(process.get_completion_code(), Some(Some(42)));
    // Subscription, buffer and data of the first run are unknown to the second.
    let expected = ([SUCCESS_U32_U32, NULL, 0, 0], [SUCCESS_U32_U32, NULL, 0, 0]);
    assert_eq!(*returned.borrow(), [expected, expected]);
    assert_eq!(*values.borrow(), [0, 0]);
}

#[test]
fn c1_after_restart_only_init_is_queued_and_buffers_are_empty() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        let mut buffer = [0u8; 8];
        app.subscribe(1, 0, address(upcall), 7);
        app.allow_rw(1, 0, buffer.as_mut_ptr().expose_provenance(), 8);
        wait_for_ever(app);
    });
    board.run();
    process.stop();
    driver.schedule(process.processid(), 0, 1).unwrap();
    process.try_restart(Some(1));
    assert_eq!(process.grant_allocated_count(), Some(0));
    assert!(matches!(
        queue(process)[..],
        [Task::FunctionCall(call)] if matches!(call.source, FunctionCallSource::Kernel)
    ));
    driver
        .grant
        .enter(process.processid(), |_, kernel_data| {
            assert_eq!(kernel_data.get_readwrite_processbuffer(0).unwrap().len(), 0);
        })
        .unwrap();
}

#[test]
fn c1_exit_with_an_unknown_number_is_refused() {
    let board = Board::new();
    let process = board.load("app", |app| {
        for which in [2, 3, usize::MAX] {
            let [r0, r1, ..] = app.exit(which, 1);
            log(format!(
                "{}",
                r0 == FAILURE && r1 == usize::from(ErrorCode::NOSUPPORT)
            ));
        }
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["true", "true", "true"]);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.get_completion_code(), None);
}

#[test]
fn l6_a_hundred_restarts_are_one_operation() {
    let board = Board::new();
    let runs = Rc::new(Cell::new(0));
    let process = board.load("app", {
        let runs = runs.clone();
        move |app| {
            runs.set(runs.get() + 1);
            if runs.get() <= 100 {
                app.exit(1, 0);
            }
            wait_for_ever(app);
        }
    });
    board.operation();
    assert_eq!(runs.get(), 101);
    assert_eq!(process.get_restart_count(), 100);
}

#[test]
fn l1_ram_below_the_first_break_survives_a_restart() {
    let board = Board::new();
    let runs = Rc::new(Cell::new(0));
    let process = board.load("app", {
        let runs = runs.clone();
        move |app: App| {
            runs.set(runs.get() + 1);
            let low = std::ptr::with_exposed_provenance_mut::<u8>(app.memory_start + 64);
            let first_break = app.app_break;
            app.memop(1, 16);
            let heap = std::ptr::with_exposed_provenance_mut::<u8>(first_break);
            // SAFETY: both lie in the app's memory; the stack does not grow down to the first.
            unsafe {
                log(format!("{:#x} {:#x}", low.read(), heap.read()));
                low.write(0x5A);
                heap.write(0xA5);
            }
            // The break goes down and up again: zeroed each time.
            app.memop(0, first_break);
            app.memop(0, first_break + 16);
            // SAFETY: as above.
            log(format!("{:#x}", unsafe { heap.read() }));
            // SAFETY: as above.
            unsafe { heap.write(0xA5) };
            if runs.get() == 1 {
                app.exit(1, 0);
            }
            wait_for_ever(app);
        }
    });
    let first_break = process.get_addresses().sram_app_brk;
    board.run();
    assert_eq!(logged(), ["0x0 0x0", "0x0", "0x5a 0x0", "0x0"]);
    process.try_restart(None);
    assert_eq!(process.get_addresses().sram_app_brk, first_break);
    assert_eq!(first_break, process.get_addresses().sram_start + STACK);
}

#[test]
fn l7_room_for_grants_shrinks_once() {
    let board = Board::new();
    let process = board.load("app", wait_for_ever);
    let room = || process.get_addresses().sram_grant_start;
    let at_load = room();
    process.try_restart(None);
    let restarted = room();
    assert_eq!(at_load - restarted, 24);
    process.try_restart(None);
    assert_eq!(room(), restarted);
}

#[test]
fn process_ids_of_two_kernels_compare_equal() {
    let one = Board::new();
    let id = one.load("app", wait_for_ever).processid();
    let other = Board::new();
    let process = other.load("app", wait_for_ever);
    assert!(id == process.processid());
    assert_eq!(format!("{id:?}"), "0");
}

#[test]
fn n3_a_process_that_does_not_fit_is_refused_and_the_next_is_loaded() {
    // Upstream skips it silently while it reads applications from flash; here the embedder loads
    // one by one and is told. No id and no slot is used up in either case.
    let board = Board::new();
    board.set_memory_len(STACK);
    let refused = board.try_load("large", &StopFaultPolicy {}, wait_for_ever);
    assert!(matches!(refused, Err(LoadError::NotEnoughMemory)));
    board.set_memory_len(MEMORY);
    let process = board.load("next", wait_for_ever);
    assert_eq!(process.processid().id(), 0);
    assert!(board.slots[0].get().is_some());
    assert!(board.slots[1].get().is_none());
}
