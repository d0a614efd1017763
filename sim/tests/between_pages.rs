// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What comes between two pages in a row: noise, failures, deaths, others who wait.

mod support;

use qspi_models::nor::{FaultTimes, FlashFault};
use std::cell::RefCell;
use std::rc::Rc;
use support::{app, are_unheard_pages, known, shipped};
use tock_qspi::board::{AppSpec, Board};
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

const BYTES: usize = 1500;

type Result = std::result::Result<(), flash::Error>;

fn board_with(name: &str, apps: Vec<AppSpec>) -> Board {
    Board::new(shipped(name), apps)
}

fn board(name: &str, told: &Rc<RefCell<Vec<Result>>>) -> Board {
    board_of(name, told, false)
}

/// With another app, if `beside`, that does nothing but hold a lease.
fn board_of(name: &str, told: &Rc<RefCell<Vec<Result>>>, beside: bool) -> Board {
    let told = Rc::clone(told);
    let writer = app(0, (0, 0x10000), move || {
        let ended = flash::program(0, &[0x5A; BYTES]);
        told.borrow_mut().push(ended);
        exit_terminate(0);
    });
    let holder = app(1, (0x10000, 0x10000), || {
        flash::open().expect("it opens");
        let _ = userland_rt::alarm::sleep_ms(40);
        exit_terminate(0);
    });
    let apps = [Some(writer), beside.then_some(holder)];
    board_with(name, apps.into_iter().flatten().collect())
}

/// Runs to the end. `fault` comes while the array works for the `count`-th time since now, or at once
/// if that is 0.
fn run_with(board: &mut Board, fault: FlashFault, times: FaultTimes, count: u32) {
    let (mut begun, mut was_busy, mut is_armed) = (0, false, false);
    assert!(board.run_until(1_000_000, |board| {
        board.machine.with_qspi(|qspi| {
            let is_busy = qspi.flash().is_busy();
            begun += u32::from(is_busy && !was_busy);
            was_busy = is_busy;
            if begun == count && !is_armed {
                is_armed = true;
                let faults = &mut qspi.flash_mut().faults;
                faults.arm(fault, times);
            }
        });
        Board::is_over(board)
    }));
    board.settle();
}

/// WIP reads 1 for a while after the part was quiet: at the second look as well, which the next
/// page's WREN, heard, has come before. Page and request go on; nothing is told as not executed.
#[test]
fn a_wip_that_returns_behind_the_next_wren() {
    let mut failed = Vec::new();
    for name in known(["MX25R6435F", "W25Q128JV", "MT25QU256A"]) {
        for step in 0..240 {
            let after_ns = step * 500;
            let told = Rc::default();
            let mut board = board(name, &told);
            assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
            board.machine.with_qspi(|qspi| {
                let fault = FlashFault::WipReturns {
                    after_ns,
                    for_ns: 200_000,
                };
                qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1));
            });
            assert!(board.run_until(1_000_000, Board::is_over));
            board.settle();
            // What is told is what is: later noise may keep the part from hearing a program.
            let done = match told.borrow()[..] {
                [Ok(())] => BYTES,
                [Err(flash::Error::Ended { done, .. })] => done as usize,
                _ => panic!("told once: {:?}", told.borrow()),
            };
            if board
                .array(done as u32, 2048)
                .iter()
                .any(|byte| *byte != 0xFF)
            {
                failed.push((name, after_ns, told.borrow().clone()));
            }
        }
    }
    assert_eq!(failed, []);
}

/// Whenever the owner dies or the device is detached: no latch is left set in the part, no byte of
/// a page is programmed that was begun after the death, and the part sleeps.
#[test]
fn no_latch_is_left_set() {
    for name in known(["MX25R6435F", "W25Q128JV", "MT25QU256A"]) {
        for detaches in [false, true] {
            for pass in 0.. {
                let told = Rc::default();
                let mut board = board(name, &told);
                let mut passes = 0;
                board.run_until(1_000_000, |_| {
                    passes += 1;
                    passes > pass
                });
                let was_over = !told.borrow().is_empty();
                if detaches {
                    board.detach();
                } else {
                    board.terminate(0);
                }
                assert!(board.run_until(1_000_000, Board::is_over));
                board.settle();
                let status = board.machine.with_qspi(|qspi| qspi.flash().status());
                assert_eq!(status & 0x03, 0, "{name} {pass} {detaches}");
                assert_eq!(board.breaches.all(), [], "{name} {pass} {detaches}");
                if was_over {
                    break;
                }
            }
        }
    }
}

/// A program fails in the part, which says so: the page that fails is the one that is told, and
/// none after it is programmed.
#[test]
#[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
fn the_page_that_fails_is_the_one_that_is_told() {
    for failing in 0..6u32 {
        let told: Rc<RefCell<Vec<Result>>> = Rc::default();
        let mut board = board("MT25QU256A", &told);
        assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
        run_with(
            &mut board,
            FlashFault::ProgramFails,
            FaultTimes::Count(1),
            failing,
        );
        let done = match told.borrow()[..] {
            [Err(flash::Error::Ended { done, .. })] => done,
            _ => panic!("{failing}: {:?}", told.borrow()),
        };
        assert_eq!(done, failing * 256);
        let array = board.array(0, 2048);
        let (good, rest) = array.split_at(done as usize);
        assert!(good.iter().all(|byte| *byte == 0x5A), "{failing}");
        assert!(rest.iter().skip(256).all(|byte| *byte == 0xFF), "{failing}");
    }
}

/// The same where the part says it by its latch alone: it never began, since no WREN for it was
/// heard.
#[test]
fn a_latch_that_is_not_set_stops_before_the_next_page() {
    for name in known(["MX25R6435F", "W25Q128JV", "MT25QU256A"]) {
        for failing in 1..6u32 {
            let told: Rc<RefCell<Vec<Result>>> = Rc::default();
            let mut board = board(name, &told);
            assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
            // A page that the controller sends to a part that has not heard its WREN is tried once more.
            let times = FaultTimes::Count(if name == "MT25QU256A" { 1 } else { 2 });
            run_with(&mut board, FlashFault::WriteEnableIgnored, times, failing);
            let done = match told.borrow()[..] {
                [Err(flash::Error::Ended { done, .. })] => done,
                _ => panic!("{name} {failing}: {:?}", told.borrow()),
            };
            assert_eq!(done, failing * 256, "{name}");
            let array = board.array(0, 2048);
            let (good, rest) = array.split_at(done as usize);
            assert!(good.iter().all(|byte| *byte == 0x5A), "{name} {failing}");
            assert!(rest.iter().all(|byte| *byte == 0xFF), "{name} {failing}");
            let breaches = board.breaches.take();
            assert!(breaches.len() <= 1, "{name} {failing}: {breaches:?}");
            assert!(
                are_unheard_pages(&breaches),
                "{name} {failing}: {breaches:?}"
            );
        }
    }
}

/// The owner dies while the array programs a page: that page is the last one.
#[test]
fn no_page_is_begun_after_its_owners_death() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let mut deaths = 0;
        for pass in 0.. {
            let told = Rc::default();
            let mut board = board_of(name, &told, true);
            let mut passes = 0;
            board.run_until(1_000_000, |_| {
                passes += 1;
                passes > pass
            });
            let was_over = !told.borrow().is_empty();
            let in_page = board.machine.with_qspi(|qspi| qspi.flash().is_busy())
                && board.device().state() == spi_nor::lifecycle::State::Busy;
            let transfers = board.machine.transfers();
            board.terminate(0);
            assert!(board.run_until(1_000_000, Board::is_over));
            board.settle();
            if in_page {
                deaths += 1;
                assert_eq!(board.machine.transfers(), transfers, "{name} {pass}");
            }
            if was_over {
                break;
            }
        }
        assert!(deaths >= 6, "{name}");
    }
}

/// Whoever asks while another one programs many pages waits for no more than the page in flight
/// and, if the next one's WREN was seen to already, one more.
#[test]
fn whoever_asks_between_pages_is_served_after_the_page_in_flight() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        for delay in 0..40 {
            let writer = Rc::new(RefCell::new(false));
            let over = Rc::clone(&writer);
            let asked = Rc::new(std::cell::Cell::new((0, 0)));
            let noted = Rc::clone(&asked);
            let first = app(0, (0, 0x10000), move || {
                let ended = flash::program(0, &[0x5A; 16 * 256]);
                ended.expect("programs work");
                *over.borrow_mut() = true;
                exit_terminate(0);
            });
            let second = app(1, (0x10000, 0x10000), move || {
                let _ = userland_rt::alarm::sleep_ticks(60 + delay * 3);
                noted.set((1, 0));
                flash::program(0, &[1; 16]).expect("programs work");
                noted.set((2, 0));
                exit_terminate(0);
            });
            let mut board = board_with(name, vec![first, second]);
            let mut at = None;
            let mut waited = None;
            assert!(board.run_until(5_000_000, |board| {
                let transfers = board.machine.transfers();
                match asked.get() {
                    (1, _) if at.is_none() && !*writer.borrow() => at = Some(transfers),
                    (2, _) if waited.is_none() => waited = at.map(|at| transfers - at),
                    _ => {}
                }
                board.is_over()
            }));
            if let Some(waited) = waited {
                // Its own, the writer's present one, and the writer's next one behind its own.
                assert!(waited <= 4, "{name} {delay}: {waited}");
            }
        }
    }
}

/// A kernel user's erase comes behind the page in flight, too.
#[test]
fn a_kernel_user_is_served_after_the_page_in_flight() {
    for part in known(["MX25R6435F", "W25Q128JV"]) {
        for after in 1..6 {
            let bench = support::Bench::new(part).with_kernel_users().app(|lab| {
                let ended = flash::program(0, &[0x5A; 16 * 256]);
                let _ = lab.note("program", ended);
            });
            let mut trial = bench.boot();
            let (face, user) = support::FlashUser::on(&trial.board);
            let begun = trial.board.machine.transfers();
            trial.run_until(|board| board.machine.transfers() >= begun + after);
            use kernel::hil::flash::Flash;
            face.erase_page(1).expect("it is accepted");
            let asked = trial.board.machine.transfers();
            trial.run_until(|_| !user.ended.borrow().is_empty());
            let waited = trial.board.machine.transfers() - asked;
            assert!(waited <= 2, "{part} {after}: {waited}");
            trial.run_to_end();
            assert_eq!(trial.lab.take_notes(), [("program", Ok(()))]);
            trial.finish();
        }
    }
}

/// An app takes its buffer back while its pages are programmed: one upcall, which says how many
/// bytes were programmed; those are, and no others.
#[test]
fn a_buffer_that_is_taken_back_costs_no_upcall_and_no_byte() {
    use userland_rt::flash::{DRIVER, Ended, Operation, SOURCE, start_program, watch_operation};
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let mut lengths = std::collections::BTreeSet::new();
        for delay in 0..120 {
            let told: Rc<RefCell<Vec<(Ended, u32)>>> = Rc::default();
            let notes = Rc::clone(&told);
            let main = move || {
                flash::open().expect("it opens");
                let ended = watch_operation(Operation::Program, |arrivals| {
                    let data = [0x5A; BYTES];
                    userland_rt::share::read_only(DRIVER, SOURCE, &data, |shared| {
                        start_program(0, BYTES as u32).expect("it is accepted");
                        let _ = userland_rt::alarm::sleep_ticks(delay * 2);
                        shared.revoke();
                    })
                    .expect("it is shared");
                    let ended = Ended::from_values(arrivals.wait());
                    let _ = userland_rt::alarm::sleep_ms(20);
                    (ended, arrivals.count())
                });
                notes.borrow_mut().push(ended.expect("it is watched"));
                exit_terminate(0);
            };
            let mut board = board_with(name, vec![app(0, (0, 0x10000), main)]);
            assert!(board.run_until(1_000_000, Board::is_over), "{name} {delay}");
            board.settle();
            assert_eq!(board.breaches.all(), [], "{name} {delay}");
            let (ended, count) = told.borrow()[0];
            assert_eq!(count, 1, "{name} {delay}");
            let expected = if ended.done as usize == BYTES {
                Ok(())
            } else {
                Err(userland_rt::ErrorCode::Size)
            };
            assert_eq!(ended.status, expected, "{name} {delay}");
            let array = board.array(0, 2048);
            let (good, rest) = array.split_at(ended.done as usize);
            assert!(good.iter().all(|byte| *byte == 0x5A), "{name} {delay}");
            assert!(rest.iter().all(|byte| *byte == 0xFF), "{name} {delay}");
            let counters = board.device().counters();
            assert_eq!(counters.begun, counters.ended, "{name} {delay}");
            lengths.insert(ended.done);
        }
        assert!(lengths.len() >= 5, "{name}: {lengths:?}");
    }
}
