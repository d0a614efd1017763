// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The upcall queue. Test names begin with the row they cover.

mod common;

use common::app::address;
use common::board::{TestProcess, queue};
use common::{App, Board, Driver, NULL, log, logged};
use kernel::process::{State, Task};
use kernel::upcall::UpcallError;

const CAPACITY: usize = 9;

extern "C-unwind" fn upcall(r0: usize, r1: usize, r2: usize, data: usize) {
    log(format!("a({r0},{r1},{r2},{data})"));
}

extern "C-unwind" fn other_upcall(r0: usize, _: usize, _: usize, data: usize) {
    log(format!("b({r0},{data})"));
}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

/// Drivers 1 and 2; upcalls (1, 0), (1, 1) and (2, 0) have functions, (1, 2) has none.
fn subscribed() -> (Board, [&'static Driver; 2], &'static TestProcess) {
    let board = Board::new();
    let drivers = [board.driver(1), board.driver(2)];
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 10);
        app.subscribe(1, 1, address(other_upcall), 11);
        app.subscribe(2, 0, address(other_upcall), 20);
        wait_for_ever(app);
    });
    board.run();
    (board, drivers, process)
}

#[test]
fn f_nine_fit_and_the_tenth_is_refused() {
    let (board, [driver, _], process) = subscribed();
    let id = process.processid();
    for value in 0..CAPACITY {
        driver.schedule(id, 0, value).unwrap();
    }
    assert_eq!(process.debug_dropped_upcall_count(), 0);
    assert!(matches!(
        driver.schedule(id, 0, 100),
        Err(UpcallError::QueueFull)
    ));
    assert_eq!(process.debug_dropped_upcall_count(), 1);
    assert_eq!(process.pending_tasks(), CAPACITY);
    board.run();
    let expected: Vec<_> = (0..CAPACITY)
        .map(|value| format!("a({value},{},{},10)", value + 1, value + 2))
        .collect();
    assert_eq!(logged(), expected, "nothing queued was displaced");
}

#[test]
fn f_before_the_init_call_only_eight_fit() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    for value in 0..CAPACITY - 1 {
        driver.schedule(process.processid(), 0, value).unwrap();
    }
    assert!(matches!(
        driver.schedule(process.processid(), 0, 100),
        Err(UpcallError::QueueFull)
    ));
}

#[test]
fn f_order_is_that_of_scheduling_over_all_drivers() {
    let (board, [first, second], process) = subscribed();
    let id = process.processid();
    second.schedule(id, 0, 1).unwrap();
    first.schedule(id, 1, 2).unwrap();
    first.schedule(id, 0, 3).unwrap();
    second.schedule(id, 0, 4).unwrap();
    board.run();
    assert_eq!(logged(), ["b(1,20)", "b(2,11)", "a(3,4,5,10)", "b(4,20)"]);
}

#[test]
fn f_a_bad_number_is_found_before_the_queue_is() {
    let (_board, [driver, _], process) = subscribed();
    let id = process.processid();
    for _ in 0..2 {
        assert!(matches!(
            driver.schedule(id, 3, 0),
            Err(UpcallError::InvalidSubscribeNum)
        ));
        assert_eq!(process.debug_dropped_upcall_count(), 0);
        // Again when the queue is full.
        while process.pending_tasks() < CAPACITY {
            driver.schedule(id, 0, 0).unwrap();
        }
    }
}

#[test]
fn f2_without_a_function_a_null_upcall_takes_a_place() {
    let (_board, [driver, _], process) = subscribed();
    let id = process.processid();
    for count in 1..=CAPACITY {
        driver.schedule(id, 2, 0).unwrap();
        assert_eq!(process.pending_tasks(), count);
    }
    assert!(matches!(
        queue(process)[0],
        Task::ReturnValue(values) if values.upcall_id.subscribe_num == 2
    ));
    assert!(matches!(
        driver.schedule(id, 0, 0),
        Err(UpcallError::QueueFull)
    ));
}

#[test]
fn e_a_stopped_process_gets_its_upcalls_after_resume() {
    let (board, [driver, _], process) = subscribed();
    process.stop();
    driver.schedule(process.processid(), 0, 1).unwrap();
    board.run();
    assert!(logged().is_empty());
    process.resume();
    board.run();
    assert_eq!(logged(), ["a(1,2,3,10)"]);
}

#[test]
fn g4_each_null_upcall_met_in_yielded_ends_the_operation() {
    let (board, [driver, _], process) = subscribed();
    let id = process.processid();
    for _ in 0..3 {
        driver.schedule(id, 2, 0).unwrap();
    }
    driver.schedule(id, 0, 1).unwrap();
    for left in [3, 2, 1] {
        board.operation();
        assert_eq!(process.pending_tasks(), left);
        assert!(logged().is_empty(), "nobody is woken");
        assert_eq!(process.get_state(), State::Yielded);
    }
    board.operation();
    assert_eq!(logged(), ["a(1,2,3,10)"]);
}

#[test]
fn g4_a_null_upcall_stays_null_and_survives_a_subscribe() {
    let (board, driver) = Board::with_driver();
    driver.on_command(|driver, _, _, _, id| {
        driver.schedule(id, 0, 7).unwrap();
        kernel::syscall::CommandReturn::success()
    });
    board.load("app", |app| {
        // The grant, but not this upcall.
        app.subscribe(1, 1, address(other_upcall), 0);
        app.command(1, 1, 0, 0);
        app.subscribe(1, 0, address(upcall), 0);
        let values = app.yield_wait_for(1, 0);
        log(format!("collected {values:?}"));
        wait_for_ever(app);
    });
    board.run();
    assert_eq!(logged(), ["collected [7, 8, 9]"]);
}

/// Queue (1,0) with a function, (1,0) null, (1,1) and (2,0) with functions, then subscribe (1,0) as
/// told. Returns which upcalls are left: driver, number, whether with a function.
fn left_after_subscribe(function: usize, number: usize) -> Vec<(usize, usize, bool)> {
    let board = Board::new();
    let drivers = [board.driver(1), board.driver(2)];
    let process = board.load("app", move |app| {
        app.subscribe(1, 1, address(other_upcall), 0);
        app.subscribe(2, 0, address(other_upcall), 0);
        app.command(1, 1, 0, 0);
        app.subscribe(1, 0, address(upcall), 0);
        app.command(1, 2, 0, 0);
        app.subscribe(1, number, function, 1);
        // Stop here with everything queued.
        app.command(1, 3, 0, 0);
        log("not yet");
    });
    let chip = board.chip;
    drivers[0].on_command(move |driver, command, _, _, id| {
        match command {
            1 => driver.schedule(id, 0, 0).unwrap(),
            2 => {
                driver.schedule(id, 0, 0).unwrap();
                driver.schedule(id, 1, 0).unwrap();
                drivers[1].schedule(id, 0, 0).unwrap();
            }
            // The kernel takes the processor back as soon as the command is done.
            _ => chip.raise_interrupt(),
        }
        kernel::syscall::CommandReturn::success()
    });
    board.operation();
    assert!(logged().is_empty());
    queue(process)
        .iter()
        .map(|task| match task {
            Task::FunctionCall(call) => match call.source {
                kernel::process::FunctionCallSource::Driver(id) => {
                    (id.driver_num, id.subscribe_num, true)
                }
                kernel::process::FunctionCallSource::Kernel => panic!("a first call"),
            },
            Task::ReturnValue(values) => (
                values.upcall_id.driver_num,
                values.upcall_id.subscribe_num,
                false,
            ),
            Task::IPC(_) => panic!("an IPC upcall"),
        })
        .collect()
}

#[test]
fn k3_a_successful_subscribe_removes_calls_of_that_number() {
    let others = vec![(1, 0, false), (1, 1, true), (2, 0, true)];
    for function in [address(upcall), address(other_upcall), NULL] {
        assert_eq!(left_after_subscribe(function, 0), others);
    }
}

#[test]
fn g1_a_failing_subscribe_removes_nothing() {
    let all = vec![(1, 0, false), (1, 0, true), (1, 1, true), (2, 0, true)];
    // Outside app memory and flash.
    assert_eq!(left_after_subscribe(8, 0), all);
    // No such number.
    assert_eq!(left_after_subscribe(address(upcall), 3), all);
}

#[test]
fn f_remove_pending_upcalls_counts_those_with_a_function() {
    let (_board, [driver, _], process) = subscribed();
    let id = process.processid();
    driver.schedule(id, 0, 0).unwrap();
    driver.schedule(id, 1, 0).unwrap();
    driver.schedule(id, 0, 0).unwrap();
    driver.schedule(id, 2, 0).unwrap();
    assert_eq!(driver.remove_pending(id, 0), 2);
    assert_eq!(driver.remove_pending(id, 0), 0);
    assert_eq!(driver.remove_pending(id, 2), 0, "null upcalls remain");
    assert_eq!(process.pending_tasks(), 2);
}

#[test]
fn f_remove_upcall_takes_the_oldest_of_either_kind() {
    let (_board, [driver, _], process) = subscribed();
    let id = process.processid();
    driver.schedule(id, 2, 1).unwrap();
    driver.schedule(id, 2, 2).unwrap();
    let taken = driver
        .grant
        .enter(id, |_, kernel_data| {
            (
                kernel_data.remove_upcall(2),
                kernel_data.remove_upcall(0).is_none(),
            )
        })
        .unwrap();
    assert!(matches!(taken, (Some(Task::ReturnValue(values)), true) if values.argument0 == 1));
    assert_eq!(process.pending_tasks(), 1);
}

#[test]
fn f_g3_data_is_that_subscribed_when_scheduled() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 1);
        app.yield_wait();
        app.subscribe(1, 0, address(upcall), 2);
        wait_for_ever(app);
    });
    board.run();
    driver.schedule(process.processid(), 0, 5).unwrap();
    board.run();
    driver.schedule(process.processid(), 0, 6).unwrap();
    board.run();
    assert_eq!(logged(), ["a(5,6,7,1)", "a(6,7,8,2)"]);
}

/// An upcall that yields.
extern "C-unwind" fn nesting(r0: usize, _: usize, _: usize, _: usize) {
    let app = App {
        flash_start: 0,
        memory_start: 0,
        memory_len: 0,
        app_break: 0,
    };
    log(format!("in {r0}"));
    if r0 == 1 {
        app.yield_wait();
    } else {
        log(format!("waited {:?}", app.yield_wait_for(1, 1)));
    }
    log(format!("out {r0}"));
}

#[test]
fn k2_a_yield_inside_an_upcall_nests() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(nesting), 0);
        app.yield_wait();
        log("done");
        wait_for_ever(app);
    });
    board.run();
    let id = process.processid();
    driver.schedule(id, 0, 1).unwrap();
    board.run();
    driver.schedule(id, 0, 2).unwrap();
    board.run();
    driver.schedule(id, 1, 3).unwrap();
    board.run();
    assert_eq!(
        logged(),
        ["in 1", "in 2", "waited [3, 4, 5]", "out 2", "out 1", "done"]
    );
}
