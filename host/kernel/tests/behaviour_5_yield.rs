// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Yield. Test names begin with the row they cover.
//!
//! The rows on no-wait with null upcalls, the lost wake-up and stale readiness match what look like
//! defects upstream: do not build on them.

mod common;

use common::app::address;
use common::board::TestProcess;
use common::{App, Board, Driver, log, logged};
use kernel::process::State;
use kernel::syscall::CommandReturn;
use kernel::upcall::UpcallId;

extern "C-unwind" fn upcall(r0: usize, _: usize, _: usize, _: usize) {
    log(format!("upcall {r0}"));
}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

/// A driver whose command n schedules upcall n - 1 with the argument as its first value.
fn scheduling(board: &Board) -> &'static Driver {
    let driver = board.driver(1);
    driver.on_command(|driver, command, value, _, id| {
        driver.schedule(id, command - 1, value).unwrap();
        CommandReturn::success()
    });
    driver
}

#[test]
fn g1_no_wait_with_an_empty_queue_returns_at_once() {
    let board = Board::new();
    board.load("app", |app| {
        log(format!("flag {}", app.poll()));
        app.exit(0, 0);
    });
    board.operation();
    assert_eq!(logged(), ["flag 0"]);
}

#[test]
fn g1_no_wait_runs_one_upcall() {
    let board = Board::new();
    scheduling(&board);
    board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        app.command(1, 1, 5, 0);
        app.command(1, 1, 6, 0);
        log(format!("flag {}", app.poll()));
        log(format!("flag {}", app.poll()));
        log(format!("flag {}", app.poll()));
    });
    board.run();
    assert_eq!(
        logged(),
        ["upcall 5", "flag 1", "upcall 6", "flag 1", "flag 0"]
    );
}

#[test]
fn g1_no_wait_with_a_bad_flag_address_is_otherwise_the_same() {
    let board = Board::new();
    scheduling(&board);
    let outside = Box::new(0xAAu8);
    let address_outside = (&raw const *outside).expose_provenance();
    board.load("app", move |app| {
        app.subscribe(1, 0, address(upcall), 0);
        app.command(1, 1, 5, 0);
        app.yield_no_wait(std::ptr::null_mut());
        app.yield_no_wait(std::ptr::with_exposed_provenance_mut(address_outside));
        log("returned");
    });
    board.run();
    assert_eq!(logged(), ["upcall 5", "returned"]);
    assert_eq!(*outside, 0xAA);
}

#[test]
fn f2_no_wait_with_only_null_upcalls_blocks() {
    let board = Board::new();
    let driver = scheduling(&board);
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        app.command(1, 2, 5, 0);
        log(format!("flag {}", app.poll()));
    });
    board.run();
    assert!(logged().is_empty());
    assert_eq!(process.get_state(), State::Yielded);
    driver.schedule(process.processid(), 0, 6).unwrap();
    board.run();
    assert_eq!(logged(), ["upcall 6", "flag 1"]);
}

#[test]
fn g1_wait_for_a_match_already_queued_returns_its_values() {
    let board = Board::new();
    scheduling(&board);
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        app.subscribe(1, 1, address(upcall), 0);
        app.command(1, 2, 1, 0);
        app.command(1, 1, 5, 0);
        log(format!("{:?}", app.yield_wait_for(1, 0)));
        app.yield_wait_for(1, 2);
    });
    board.run();
    assert_eq!(logged(), ["[5, 6, 7]"], "the function is not run");
    assert_eq!(process.pending_tasks(), 1, "others stay");
}

#[test]
fn g1_wait_for_is_satisfied_by_a_null_upcall() {
    let board = Board::new();
    let driver = scheduling(&board);
    let process = board.load("app", |app| {
        log(format!("{:?}", app.yield_wait_for(1, 0)));
    });
    board.run();
    assert_eq!(
        process.get_state(),
        State::YieldedFor(UpcallId {
            driver_num: 1,
            subscribe_num: 0
        })
    );
    driver.schedule(process.processid(), 0, 5).unwrap();
    board.run();
    assert_eq!(logged(), ["[5, 6, 7]"]);
}

#[test]
fn g3_several_matches_are_returned_oldest_first() {
    let board = Board::new();
    scheduling(&board);
    board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        for value in [5, 15, 25] {
            app.command(1, 1, value, 0);
        }
        for _ in 0..3 {
            log(format!("{:?}", app.yield_wait_for(1, 0)));
        }
    });
    board.run();
    assert_eq!(logged(), ["[5, 6, 7]", "[15, 16, 17]", "[25, 26, 27]"]);
}

#[test]
fn g1_wait_for_on_an_absent_driver_blocks_for_ever() {
    let board = Board::new();
    let process = board.load("app", |app| {
        app.yield_wait_for(0x99, 0);
        log("returned");
    });
    board.run();
    board.run();
    assert!(logged().is_empty());
    assert!(!process.ready());
    assert!(process.is_running());
}

/// A process that has subscribed upcalls 0 and 1 and waits for 0, then logs what it got.
fn waiting() -> (Board, &'static Driver, &'static TestProcess) {
    let board = Board::new();
    let driver = scheduling(&board);
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        app.subscribe(1, 1, address(upcall), 0);
        log(format!("{:?}", app.yield_wait_for(1, 0)));
        wait_for_ever(app);
    });
    board.run();
    (board, driver, process)
}

#[test]
fn g2_wait_for_another_upcall_first_then_the_match() {
    let (board, driver, process) = waiting();
    let id = process.processid();
    driver.schedule(id, 1, 1).unwrap();
    assert!(!process.ready());
    assert_eq!(board.run(), 0);
    driver.schedule(id, 0, 5).unwrap();
    board.operation();
    assert_eq!(logged()[0], "[5, 6, 7]");
}

/// The match, then another upcall: the process sleeps on with the match queued.
fn lost(other: usize) -> (Board, &'static Driver, &'static TestProcess) {
    let (board, driver, process) = waiting();
    let id = process.processid();
    driver.schedule(id, 0, 5).unwrap();
    assert!(process.ready());
    driver.schedule(id, other, 1).unwrap();
    assert!(!process.ready());
    assert_eq!(board.run(), 0, "the chip sleeps");
    assert!(logged().is_empty());
    assert_eq!(process.pending_tasks(), 2);
    (board, driver, process)
}

#[test]
fn g2_n5_lost_wake_up_freed_by_another_match() {
    // 1 has a function, 2 is null.
    for other in [1, 2] {
        let (board, driver, process) = lost(other);
        driver.schedule(process.processid(), 0, 100).unwrap();
        board.operation();
        assert_eq!(logged()[0], "[5, 6, 7]", "the oldest match");
    }
}

#[test]
fn g2_n5_lost_wake_up_freed_by_stop_and_resume() {
    let (board, _, process) = lost(1);
    process.stop();
    process.resume();
    assert!(process.ready());
    board.operation();
    assert_eq!(logged()[0], "[5, 6, 7]");
}

#[test]
fn n1_a_match_removed_before_it_is_collected_leaves_stale_readiness() {
    let (board, driver, process) = waiting();
    let id = process.processid();
    driver.schedule(id, 0, 5).unwrap();
    assert_eq!(driver.remove_pending(id, 0), 1);
    let sleeps = board.chip.sleeps.get();
    for _ in 0..10 {
        assert!(process.ready());
        board.operation();
    }
    assert_eq!(board.chip.sleeps.get(), sleeps, "the chip never sleeps");
    assert!(logged().is_empty());
    driver.schedule(id, 0, 8).unwrap();
    board.run();
    assert_eq!(logged(), ["[8, 9, 10]"]);
}

#[test]
fn n4_a_restart_while_ready_leaves_no_stale_readiness() {
    let (board, driver, process) = waiting();
    driver.schedule(process.processid(), 0, 5).unwrap();
    assert!(process.ready());
    process.try_restart(None);
    board.run();
    assert!(logged().is_empty());
    assert!(!process.ready());
    assert!(matches!(process.get_state(), State::YieldedFor(_)));
    driver.schedule(process.processid(), 0, 8).unwrap();
    board.run();
    assert_eq!(logged(), ["[8, 9, 10]"]);
}
