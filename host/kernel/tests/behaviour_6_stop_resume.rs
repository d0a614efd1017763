// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Stop and resume: a stopped process is not a dead one. Test names begin with the row they cover.

mod common;

use common::app::address;
use common::{App, Board, log, logged};
use kernel::process::{State, StoppedState};
use kernel::syscall::CommandReturn;
use kernel::upcall::UpcallId;

const AWAITED: UpcallId = UpcallId {
    driver_num: 1,
    subscribe_num: 0,
};

extern "C-unwind" fn upcall(r0: usize, _: usize, _: usize, _: usize) {
    log(format!("upcall {r0}"));
}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

#[test]
fn e_stop_remembers_what_the_process_did() {
    let (board, driver) = Board::with_driver();
    let yielded = board.load("yielded", wait_for_ever);
    let waiting = board.load("waiting", |app| {
        app.yield_wait_for(1, 0);
    });
    board.run();
    yielded.stop();
    waiting.stop();
    assert_eq!(yielded.get_state(), State::Stopped(StoppedState::Yielded));
    assert_eq!(
        waiting.get_state(),
        State::Stopped(StoppedState::YieldedFor(AWAITED))
    );
    for process in [yielded, waiting] {
        driver.schedule(process.processid(), 0, 1).unwrap();
        assert!(!process.ready());
        // Grants stay enterable.
        assert_eq!(
            driver
                .grant
                .enter(process.processid(), |data, _| data.value),
            Ok(0)
        );
    }
    assert_eq!(board.run(), 0, "never scheduled");
}

#[test]
fn e_stop_twice_resume_once_runs_on() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.command(1, 1, 0, 0);
        log("ran on");
        wait_for_ever(app);
    });
    let chip = board.chip;
    // Interrupted after the command: the process is left running.
    driver.on_command(move |_, _, _, _, _| {
        chip.raise_interrupt();
        CommandReturn::success()
    });
    board.operation();
    assert_eq!(process.get_state(), State::Running);
    process.stop();
    process.stop();
    assert_eq!(process.get_state(), State::Stopped(StoppedState::Running));
    board.run();
    assert!(logged().is_empty());
    process.resume();
    assert_eq!(process.get_state(), State::Running);
    process.resume();
    assert_eq!(process.get_state(), State::Running, "nothing to resume");
    board.run();
    assert_eq!(logged(), ["ran on"]);
}

#[test]
fn e_resume_from_a_wait_looks_into_the_queue() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        log(format!("{:?}", app.yield_wait_for(1, 0)));
    });
    board.run();
    process.stop();
    driver.schedule(process.processid(), 0, 4).unwrap();
    process.resume();
    assert_eq!(process.get_state(), State::YieldedFor(AWAITED));
    assert!(process.ready());
    board.run();
    assert_eq!(logged(), ["[4, 5, 6]"]);
}

#[test]
fn e_terminate_and_restart_while_stopped_are_as_usual() {
    let board = Board::new();
    let terminated = board.load("terminated", wait_for_ever);
    let restarted = board.load("restarted", wait_for_ever);
    board.run();
    let id = restarted.processid();
    terminated.stop();
    restarted.stop();
    terminated.terminate(None);
    restarted.try_restart(None);
    assert_eq!(terminated.get_state(), State::Terminated);
    assert_eq!(restarted.get_state(), State::Yielded);
    assert!(restarted.ready());
    assert!(restarted.processid() != id);
}

#[test]
fn e_stop_before_the_first_run_keeps_init_queued() {
    let board = Board::new();
    let process = board.load("app", |_| log("started"));
    process.stop();
    assert_eq!(process.get_state(), State::Stopped(StoppedState::Yielded));
    assert_eq!(process.pending_tasks(), 1);
    board.run();
    assert!(logged().is_empty());
    process.resume();
    board.run();
    assert_eq!(logged(), ["started"]);
}

#[test]
fn e_upcalls_queued_while_stopped_run_in_order() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(upcall), 0);
        wait_for_ever(app);
    });
    board.run();
    process.stop();
    for value in 1..=3 {
        driver.schedule(process.processid(), 0, value).unwrap();
    }
    process.resume();
    board.run();
    assert_eq!(logged(), ["upcall 1", "upcall 2", "upcall 3"]);
}
