// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Programs of several pages, of which the next one is ready before the present one ends: what
//! happens at any moment of that costs nobody a byte.

mod support;

use qspi_models::nor::{FaultTimes, FlashFault};
use qspi_models::{FlashOperation, Observation, Task};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use support::{app, known, shipped};
use tock_qspi::board::{AppSpec, Board};
use userland_rt::flash;

const BYTES: usize = 1500;
/// Not at a page's begin, nor at a multiple of four.
const START: u32 = 77;

type Result = std::result::Result<(), flash::Error>;

fn pattern() -> [u8; BYTES] {
    std::array::from_fn(|index| (index * 7 + index / 256) as u8)
}

fn board_with(name: &str, apps: Vec<AppSpec>) -> Board {
    Board::new(shipped(name), apps)
}

/// Programs six pages, and notes how that ended.
fn writer(told: &Rc<RefCell<Vec<Result>>>) -> AppSpec {
    let told = Rc::clone(told);
    app(0, (0, 0x10000), move || {
        let ended = flash::program(START, &pattern());
        told.borrow_mut().push(ended);
    })
}

/// One app programs six pages, another one programs and reads one now and then.
fn board(name: &str, told: &Rc<RefCell<Vec<Result>>>, others: &Rc<Cell<u32>>) -> Board {
    let others = Rc::clone(others);
    let second = app(1, (0x10000, 0x10000), move || {
        for round in 0..3u32 {
            let _ = userland_rt::alarm::sleep_ticks(30 + round * 37);
            flash::program(round * 256, &[round as u8; 256]).expect("programs work");
            let mut back = [0xEE; 256];
            flash::read(round * 256, &mut back).expect("reads work");
            assert_eq!(back, [round as u8; 256]);
            others.set(others.get() + 1);
        }
    });
    board_with(name, vec![writer(told), second])
}

/// What is in the array is a beginning of what was to be programmed, which ends where a page does.
fn programmed(board: &Board) -> usize {
    let length = BYTES + START as usize;
    let array = board.array(0, length + 512);
    let data = pattern();
    let (before, rest) = array.split_at(START as usize);
    assert!(before.iter().all(|byte| *byte == 0xFF));
    let ends = (1..=length / 256)
        .map(|page| page * 256 - START as usize)
        .chain([0, BYTES]);
    let done = ends.filter(|end| {
        rest[..*end] == data[..*end] && rest[*end..].iter().all(|byte| *byte == 0xFF)
    });
    done.max().expect("whole pages, from the first one on")
}

#[test]
fn its_owner_dies_at_every_pass() {
    for name in known(["MX25R6435F", "W25Q128JV", "MT25QU256A"]) {
        let mut lengths = std::collections::BTreeSet::new();
        for pass in 0.. {
            let told = Rc::default();
            let others = Rc::default();
            let mut board = board(name, &told, &others);
            let mut passes = 0;
            board.run_until(1_000_000, |_| {
                passes += 1;
                passes > pass
            });
            let was_over = !told.borrow().is_empty();
            board.terminate(0);
            assert!(board.run_until(1_000_000, Board::is_over), "{name} {pass}");
            board.settle();
            assert_eq!(board.breaches.all(), [], "{name} {pass}");
            assert_eq!(others.get(), 3, "{name} {pass}");
            lengths.insert(programmed(&board));
            if was_over {
                assert_eq!(programmed(&board), BYTES);
                break;
            }
        }
        // Nothing, each number of pages, and all.
        assert_eq!(lengths.len(), 8, "{name}: {lengths:?}");
    }
}

#[test]
fn it_is_detached_at_every_pass() {
    for pass in 0.. {
        let told: Rc<RefCell<Vec<Result>>> = Rc::default();
        let mut board = board_with("MX25R6435F", vec![writer(&told)]);
        let mut passes = 0;
        board.run_until(1_000_000, |_| {
            passes += 1;
            passes > pass
        });
        let was_over = !told.borrow().is_empty();
        board.machine.with_qspi(|qspi| {
            qspi.set_observing(true);
            qspi.take_observations()
        });
        let before = programmed(&board);
        board.detach();
        assert!(board.run_until(1_000_000, Board::is_over), "{pass}");
        board.settle();
        assert_eq!(board.breaches.all(), [], "{pass}");
        let done = match told.borrow()[..] {
            [Ok(())] => BYTES,
            [Err(flash::Error::Ended { done, .. })] => done as usize,
            [Err(flash::Error::Refused(_))] => 0,
            _ => panic!("told once: {:?}", told.borrow()),
        };
        assert_eq!(done, programmed(&board), "{pass}");
        let observations = board.machine.with_qspi(|qspi| qspi.take_observations());
        let is_write = |what: &Observation| {
            let write = Task::Write;
            matches!(what, Observation::TaskTriggered { task, .. } if *task == write)
        };
        let begun = observations.iter().filter(|it| is_write(&it.what));
        // Of the first page the WREN, or the look behind it, may have been in flight. Where no next
        // page lies ready, each is a first one.
        let may_begin = usize::from(before == 0 || cfg!(feature = "minimal"));
        assert!(
            begun.count() <= may_begin,
            "{pass}: a page after the detach"
        );
        if was_over {
            break;
        }
    }
}

/// WIP reads 0 for a moment, then 1 again: the next page's WREN is sent to a busy part, and its
/// second look says so.
#[test]
#[cfg_attr(
    feature = "minimal",
    ignore = "no next page lies ready: a part that is busy again is reset"
)]
fn a_wip_that_returns_loses_no_page() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        for after_us in [1, 5, 10, 15, 20, 25, 30, 40, 60, 90] {
            let told: Rc<RefCell<Vec<Result>>> = Rc::default();
            let others = Rc::default();
            let mut board = board(name, &told, &others);
            assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
            board.machine.with_qspi(|qspi| {
                qspi.flash_mut().faults.arm(
                    FlashFault::WipReturns {
                        after_ns: after_us * 1000,
                        for_ns: 200_000,
                    },
                    FaultTimes::Always,
                );
            });
            assert!(board.run_until(1_000_000, Board::is_over));
            board.settle();
            assert_eq!(told.borrow()[..], [Ok(())], "{name} {after_us}");
            assert_eq!(programmed(&board), BYTES, "{name} {after_us}");
        }
    }
}

/// Where the controller does not wait for the end of a page, which is how a row begins: between that and
/// the transfer of the next one are a look and a WREN with its own look, and nothing else.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn the_array_rests_for_two_commands() {
    let (mut waited, mut pages, mut short) = (0, 0, 0);
    let only = app(0, (0, 0x10000), || {
        flash::program(0, &[0x5A; 16 * 256]).expect("programs work");
    });
    let mut board = board_with("MX25R6435F", vec![only]);
    board.machine.with_qspi(|qspi| qspi.set_observing(true));
    assert!(board.run_until(100_000, Board::is_over));
    let observations = board.machine.with_qspi(|qspi| qspi.take_observations());
    let mut commands: Option<u32> = None;
    for observation in observations {
        match observation.what {
            Observation::BusyEnded {
                operation: FlashOperation::Program,
                ..
            } => commands = Some(0),
            Observation::TaskTriggered {
                task: Task::CustomInstruction,
                ..
            } => commands = commands.map(|count| count + 1),
            Observation::TaskTriggered {
                task: Task::Write, ..
            } => match commands.take() {
                Some(count) => {
                    pages += 1;
                    short += u32::from(count <= 2);
                }
                None => waited += 1,
            },
            Observation::BusyStarted { .. } => commands = None,
            _ => {}
        }
    }
    assert_eq!((waited, pages, short), (15, 1, 1));
}
