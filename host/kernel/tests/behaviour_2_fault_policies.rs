// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Fault policies. Test names begin with the row they cover.

mod common;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use common::app::address;
use common::board::Caps;
use common::{App, Board, log, logged};
use kernel::ErrorCode;
use kernel::process::{FaultAction, Process, ProcessFaultPolicy, State};
use tock_host_platform::coroutine::fault;
use tock_host_platform::policies::{
    PanicFaultPolicy, RestartFaultPolicy, StopFaultPolicy, ThresholdRestartFaultPolicy,
    ThresholdRestartThenPanicFaultPolicy,
};

extern "C-unwind" fn upcall(_: usize, _: usize, _: usize, _: usize) {}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

/// Notes what a policy sees and restarts.
struct Watching;

impl ProcessFaultPolicy for Watching {
    fn action(&self, process: &dyn Process) -> FaultAction {
        log(format!(
            "{:?} id {} pending {} grants {:?} completion {:?}",
            process.get_state(),
            process.processid().id(),
            process.pending_tasks(),
            process.grant_allocated_count(),
            process.get_completion_code(),
        ));
        FaultAction::Restart
    }
}

#[test]
fn d4_a_repaired_fault_is_not_shown_to_the_policy() {
    let board = Board::new();
    board.resources.repairs.set(1);
    let process = board.load_with("app", &Watching, |app| {
        fault();
        log("resumed");
        wait_for_ever(app);
    });
    board.operation();
    assert_eq!(logged(), ["resumed"]);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.get_restart_count(), 0);
}

#[test]
fn d1_the_policy_sees_the_process_as_it_faulted() {
    let (board, driver) = Board::with_driver();
    driver.on_command(|driver, _, _, _, id| {
        driver.schedule(id, 0, 1).unwrap();
        driver.schedule(id, 0, 2).unwrap();
        kernel::syscall::CommandReturn::success()
    });
    let runs = Rc::new(Cell::new(0));
    let process = board.load_with("app", &Watching, {
        let runs = runs.clone();
        move |app| {
            runs.set(runs.get() + 1);
            if runs.get() == 1 {
                app.subscribe(1, 0, address(upcall), 0);
                app.command(1, 1, 0, 0);
                fault();
            }
            wait_for_ever(app);
        }
    });
    board.operation();
    assert_eq!(
        logged(),
        ["Running id 0 pending 2 grants Some(1) completion None"]
    );
    // It runs on in the same operation.
    assert_eq!(runs.get(), 2);
    assert_eq!(process.get_state(), State::Yielded);
    assert_eq!(process.get_completion_code(), Some(None));
    assert_eq!(process.processid().id(), 1);
}

#[test]
fn d1_restart_has_no_limit() {
    let board = Board::new();
    let runs = Rc::new(Cell::new(0));
    let process = board.load_with("app", &RestartFaultPolicy {}, {
        let runs = runs.clone();
        move |app| {
            runs.set(runs.get() + 1);
            if runs.get() <= 50 {
                panic!("a bug in the app");
            }
            wait_for_ever(app);
        }
    });
    board.operation();
    assert_eq!(runs.get(), 51);
    assert_eq!(process.get_restart_count(), 50);
}

#[test]
fn d2_stop_leaves_it_faulted() {
    let (board, driver) = Board::with_driver();
    let process = board.load_with("app", &StopFaultPolicy {}, |app| {
        app.subscribe(1, 0, address(upcall), 0);
        wait_for_ever(app);
    });
    board.run();
    let id = process.processid();
    process.stop();
    driver.schedule(id, 0, 1).unwrap();
    process.set_fault_state();
    assert_eq!(process.get_state(), State::Faulted);
    assert!(process.processid() == id);
    assert_eq!(process.pending_tasks(), 0);
    assert_eq!(process.grant_allocated_count(), None);
    assert_eq!(process.get_completion_code(), Some(None));
    assert_eq!(process.get_restart_count(), 0);
    // Whatever the fault, the kernel goes on.
    assert_eq!(board.run(), 0);
}

#[test]
fn d3_panic_panics_the_kernel() {
    let board = Board::new();
    let process = board.load_with("broken", &PanicFaultPolicy {}, |_| fault());
    let panic = catch_unwind(AssertUnwindSafe(|| board.operation())).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "Process broken had a fault"
    );
    assert_eq!(process.get_state(), State::Faulted);
    assert_eq!(process.get_completion_code(), None);
}

#[test]
fn k4_hardfault_all_apps_applies_each_policy() {
    let board = Board::new();
    let stopped = board.load_with("stopped", &StopFaultPolicy {}, wait_for_ever);
    let restarted = board.load_with("restarted", &RestartFaultPolicy {}, wait_for_ever);
    board.run();
    board.kernel.hardfault_all_apps(&Caps);
    assert_eq!(stopped.get_state(), State::Faulted);
    assert_eq!(restarted.get_state(), State::Yielded);
    assert_eq!(restarted.get_restart_count(), 1);
}

#[test]
fn d2_an_unknown_class_of_system_call_is_a_fault() {
    let board = Board::new();
    let process = board.load("app", |app| {
        tock_host_platform::coroutine::syscall(99, [0; 4]);
        log("ran on");
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(process.get_state(), State::Faulted);
    assert!(logged().is_empty());
}

#[test]
fn threshold_policies_count_every_restart() {
    let board = Board::new();
    let process = board.load_with(
        "app",
        &const { ThresholdRestartFaultPolicy::new(2) },
        |_| fault(),
    );
    board.run();
    assert_eq!(process.get_state(), State::Faulted);
    assert_eq!(process.get_restart_count(), 3);

    let board = Board::new();
    let process = board.load_with(
        "app",
        &const { ThresholdRestartThenPanicFaultPolicy::new(0) },
        |_| fault(),
    );
    assert!(catch_unwind(AssertUnwindSafe(|| board.operation())).is_err());
    assert_eq!(process.get_restart_count(), 1);
}

#[test]
fn errors_of_a_dead_process_have_their_codes() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |_| fault());
    board.run();
    let result: Result<(), ErrorCode> = driver
        .grant
        .enter(process.processid(), |_, _| {})
        .map_err(ErrorCode::from);
    assert_eq!(result, Err(ErrorCode::FAIL));
}
