// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One kernel operation. Test names begin with the row they cover.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::app::address;
use common::{App, Board, log, logged};
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::process::State;
use kernel::syscall::CommandReturn;
use tock_host_platform::abi::{SUCCESS, SUCCESS_U32};
use tock_host_platform::coroutine::interruption_point;

extern "C-unwind" fn upcall(r0: usize, _: usize, _: usize, _: usize) {
    log(format!("upcall {r0}"));
}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

/// A deferred call that logs its name and then does something.
struct Deferred {
    call: DeferredCall,
    name: &'static str,
    then: RefCell<Option<Box<dyn Fn()>>>,
}

impl Deferred {
    fn new(board: &Board, name: &'static str) -> &'static Self {
        let deferred = &*board.arena.alloc(Deferred {
            call: DeferredCall::new(),
            name,
            then: RefCell::new(None),
        });
        deferred.register();
        deferred
    }

    fn then(&self, action: impl Fn() + 'static) {
        *self.then.borrow_mut() = Some(Box::new(action));
    }
}

impl DeferredCallClient for Deferred {
    fn handle_deferred_call(&self) {
        log(self.name);
        assert!(!self.call.is_pending(), "cleared before the handler runs");
        if let Some(action) = &*self.then.borrow() {
            action();
        }
    }

    fn register(&'static self) {
        self.call.register(self);
    }
}

fn log_interrupts(board: &Board) {
    *board.chip.handler.borrow_mut() = Some(Box::new(|_| log("interrupt")));
}

#[test]
fn j1_an_operation_does_one_thing() {
    let board = Board::new();
    log_interrupts(&board);
    board.load("app", |app| {
        log("app");
        wait_for_ever(app);
    });
    let deferred = Deferred::new(&board, "deferred");
    board.chip.raise_interrupt();
    deferred.call.set();
    board.operation();
    assert_eq!(logged(), ["interrupt", "deferred"], "kernel work first");
    assert_eq!(board.chip.sleeps.get(), 0);
    board.operation();
    assert_eq!(logged(), ["app"], "then one process");
    assert_eq!(board.chip.sleeps.get(), 0);
    board.operation();
    assert!(logged().is_empty());
    assert_eq!(board.chip.sleeps.get(), 1, "then sleep");
}

#[test]
fn j1_only_one_process_per_operation() {
    let board = Board::new();
    for name in ["one", "two"] {
        board.load(name, move |app| {
            log(name);
            wait_for_ever(app);
        });
    }
    board.operation();
    assert_eq!(logged(), ["one"]);
    board.operation();
    assert_eq!(logged(), ["two"]);
}

#[test]
fn j1_interrupts_first_then_deferred_calls_lowest_index_first() {
    let board = Board::new();
    log_interrupts(&board);
    let [low, middle, high] = ["low", "middle", "high"].map(|name| Deferred::new(&board, name));
    high.call.set();
    low.call.set();
    middle.call.set();
    board.chip.raise_interrupt();
    board.chip.raise_interrupt();
    board.operation();
    assert_eq!(
        logged(),
        ["interrupt", "interrupt", "low", "middle", "high"]
    );
}

#[test]
fn j1_a_deferred_call_that_raises_an_interrupt_stops_the_loop() {
    let board = Board::new();
    log_interrupts(&board);
    let [low, high] = ["low", "high"].map(|name| Deferred::new(&board, name));
    let chip = board.chip;
    low.then(move || chip.raise_interrupt());
    low.call.set();
    high.call.set();
    board.operation();
    assert_eq!(logged(), ["low"]);
    board.operation();
    assert_eq!(logged(), ["interrupt", "high"]);
}

#[test]
fn j1_set_twice_runs_once() {
    let board = Board::new();
    let deferred = Deferred::new(&board, "deferred");
    deferred.call.set();
    deferred.call.set();
    board.run();
    assert_eq!(logged(), ["deferred"]);
}

#[test]
fn j1_j4_a_deferred_call_that_sets_itself_or_a_lower_one_runs_again_at_once() {
    let board = Board::new();
    let [low, high] = ["low", "high"].map(|name| Deferred::new(&board, name));
    let rounds = Rc::new(Cell::new(0));
    low.then({
        let rounds = rounds.clone();
        move || {
            rounds.set(rounds.get() + 1);
            if rounds.get() < 3 {
                low.call.set();
            }
        }
    });
    let once = Cell::new(true);
    high.then(move || {
        if once.replace(false) {
            low.call.set();
        }
    });
    low.call.set();
    high.call.set();
    board.operation();
    assert_eq!(logged(), ["low", "low", "low", "high", "low"]);
}

#[test]
fn j2_a_deferred_call_set_by_a_command_comes_before_its_return_is_delivered() {
    let (board, driver) = Board::with_driver();
    let deferred = Deferred::new(&board, "deferred");
    driver.on_command(move |_, _, _, _, _| {
        deferred.call.set();
        log("command");
        CommandReturn::success_u32(3)
    });
    let process = board.load("first", |app| {
        let returned = app.command(1, 1, 0, 0);
        log(format!("returned {}", returned == [SUCCESS_U32, 3, 0, 0]));
        wait_for_ever(app);
    });
    board.load("second", |app| {
        log("second");
        wait_for_ever(app);
    });
    board.operation();
    assert_eq!(logged(), ["command"]);
    assert_eq!(process.get_state(), State::Running);
    board.operation();
    assert_eq!(logged(), ["deferred"]);
    board.operation();
    assert_eq!(
        logged(),
        ["returned true"],
        "the same process, before others"
    );
    board.operation();
    assert_eq!(logged(), ["second"]);
}

#[test]
fn j3_a_turn_goes_on_through_system_calls_and_upcalls() {
    let (board, driver) = Board::with_driver();
    driver.on_command(|driver, _, value, _, id| {
        driver.schedule(id, 0, value).unwrap();
        CommandReturn::success()
    });
    board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        for value in 0..20 {
            app.command(1, 1, value, 0);
            app.yield_wait();
        }
        log("done");
        wait_for_ever(app);
    });
    board.operation();
    let log = logged();
    assert_eq!(log.len(), 21);
    assert_eq!(log[20], "done");
}

#[test]
fn j3_round_robin_order() {
    let (board, driver) = Board::with_driver();
    let names = ["0", "1", "2"];
    let processes = names.map(|name| {
        board.load(name, move |app| {
            app.subscribe(1, 0, address(upcall), 0);
            wait_for_ever(app);
        })
    });
    board.run();
    let schedule = |index: usize| {
        driver
            .schedule(processes[index].processid(), 0, index)
            .unwrap();
    };
    // The order of scheduling is irrelevant.
    schedule(2);
    schedule(0);
    board.run();
    assert_eq!(logged(), ["upcall 0", "upcall 2"]);
    // A process that ran stands behind the one that was passed over.
    schedule(1);
    board.operation();
    schedule(1);
    schedule(2);
    board.run();
    assert_eq!(logged(), ["upcall 1", "upcall 2", "upcall 1"]);
}

#[test]
fn l4_slice_over() {
    let (board, driver) = Board::with_driver();
    let resources = board.resources;
    driver.on_command(move |_, _, _, _, _| {
        resources.timer.pass(9_500);
        CommandReturn::success_u32(5)
    });
    let process = board.load("first", |app| {
        let returned = app.command(1, 1, 0, 0);
        log(format!("returned {}", returned == [SUCCESS_U32, 5, 0, 0]));
        wait_for_ever(app);
    });
    board.load("second", |app| {
        log("second");
        wait_for_ever(app);
    });
    board.operation();
    // 500 microseconds are left of 10 000: not enough for another switch.
    assert_eq!(process.get_state(), State::Running);
    assert_eq!(process.debug_timeslice_expiration_count(), 1);
    assert!(logged().is_empty());
    board.run();
    assert_eq!(logged(), ["second", "returned true"], "it went to the tail");
    assert_eq!(process.debug_timeslice_expiration_count(), 1);
}

#[test]
fn l4_slice_over_between_system_calls() {
    let board = Board::new();
    let resources = board.resources;
    let process = board.load("first", move |app| {
        log("one");
        interruption_point();
        log("two");
        resources.timer.pass(10_000);
        interruption_point();
        log("three");
        wait_for_ever(app);
    });
    board.load("second", |app| {
        log("second");
        wait_for_ever(app);
    });
    board.operation();
    // The first interruption was none of the timer's.
    assert_eq!(logged(), ["one", "two"]);
    assert_eq!(process.get_state(), State::Running);
    assert_eq!(process.debug_timeslice_expiration_count(), 1);
    board.run();
    assert_eq!(logged(), ["second", "three"]);
}

#[test]
fn j2_an_interrupted_process_keeps_the_rest_of_its_slice() {
    let (board, driver) = Board::with_driver();
    let (chip, resources) = (board.chip, board.resources);
    driver.on_command(move |_, _, _, _, _| {
        resources.timer.pass(4_000);
        chip.raise_interrupt();
        CommandReturn::success()
    });
    let process = board.load("first", |app| {
        for _ in 0..3 {
            assert_eq!(app.command(1, 1, 0, 0), [SUCCESS, 0, 0, 0]);
        }
        log("first");
        wait_for_ever(app);
    });
    board.load("second", |app| {
        log("second");
        wait_for_ever(app);
    });
    board.run();
    // 4 000 and 4 000 of 10 000 are gone when the third command takes the rest: the second process
    // gets its turn before the first is done.
    assert_eq!(process.debug_timeslice_expiration_count(), 1);
    assert_eq!(logged(), ["second", "first"]);
}

#[test]
fn j4_an_interrupt_raised_in_a_handler_is_serviced_in_the_same_pass() {
    // (host) This chip loops until none is pending.
    let board = Board::new();
    let again = Cell::new(true);
    *board.chip.handler.borrow_mut() = Some(Box::new(move |chip| {
        log("interrupt");
        if again.replace(false) {
            chip.raise_interrupt();
        }
    }));
    board.chip.raise_interrupt();
    board.operation();
    assert_eq!(logged(), ["interrupt", "interrupt"]);
}
