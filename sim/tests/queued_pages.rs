// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Pages that the controller is given while the one before is programmed: how short the array rests,
//! and that no byte is lost if the controller, or the part, is not what it was taken for.

mod support;

use nrf52840_qspi::Divider;
use qspi_models::nor::{BusyTime, FaultTimes, FlashFault};
use qspi_models::{FlashOperation, Observation, Qspi, ReadyOfWrite, Task};
use std::cell::RefCell;
use std::rc::Rc;
use support::{app, are_unheard_pages, known, shipped};
use tock_qspi::board::{Board, Settings};
use userland_rt::flash;

const PAGES: usize = 32;
const BYTES: usize = PAGES * 256;

fn pattern() -> [u8; BYTES] {
    std::array::from_fn(|index| (index * 7 + index / 256) as u8)
}

/// What was seen of a row of pages.
struct Seen {
    told: Vec<Result<(), flash::Error>>,
    /// From the end of each page but the last one to the begin of the next one, in ns.
    rests: Vec<u64>,
    /// How long the controller worked for each page, in ns.
    worked: Vec<u64>,
    board: Board,
}

/// An app programs a row of pages, on hardware that was changed by `change` when the part was known.
fn row(name: &str, change: impl FnOnce(&mut Qspi)) -> Seen {
    row_with(shipped(name), change)
}

/// The same on this board.
fn row_with(settings: Settings, change: impl FnOnce(&mut Qspi)) -> Seen {
    let mut change = Some(change);
    row_while(settings, |board| {
        if let Some(change) = change.take() {
            board.machine.with_qspi(change);
        }
    })
}

/// The same with `watch` again and again, from when the part is known.
fn row_while(settings: Settings, mut watch: impl FnMut(&Board)) -> Seen {
    let told: Rc<RefCell<Vec<_>>> = Rc::default();
    let notes = Rc::clone(&told);
    let main = move || {
        let ended = flash::program(0, &pattern());
        notes.borrow_mut().push(ended);
    };
    let mut board = Board::new(settings, vec![app(0, (0, 0x10000), main)]);
    assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
    board.machine.with_qspi(|qspi| qspi.set_observing(true));
    let ended = board.run_until(10_000_000, |board| {
        watch(board);
        board.is_over()
    });
    assert!(ended);
    board.settle();
    let (mut rests, mut worked) = (Vec::new(), Vec::new());
    let (mut ended, mut begun) = (None, None);
    for seen in board.machine.with_qspi(|qspi| qspi.take_observations()) {
        match seen.what {
            Observation::BusyEnded {
                operation: FlashOperation::Program,
                ..
            } => ended = Some(seen.at),
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                ..
            } => rests.extend(ended.take().map(|at| seen.at - at)),
            Observation::TaskTriggered { task, .. } => {
                begun = (task == Task::Write).then_some(seen.at);
            }
            Observation::ReadySet { .. } => worked.extend(begun.take().map(|at| seen.at - at)),
            _ => {}
        }
    }
    let told = told.take();
    Seen {
        told,
        rests,
        worked,
        board,
    }
}

/// Calls `each` when the array begins with a page, with its number.
fn at_page(mut each: impl FnMut(&Board, usize)) -> impl FnMut(&Board) {
    let (mut begun, mut was_busy) = (0, false);
    move |board| {
        let is_busy = board.machine.with_qspi(|qspi| qspi.flash().is_busy());
        if is_busy && !was_busy {
            begun += 1;
            each(board, begun);
        }
        was_busy = is_busy;
    }
}

impl Seen {
    /// All bytes are there, and whoever wanted them was told so, once.
    fn assert_whole(&self, name: &str) {
        assert_eq!(self.told, [Ok(())], "{name}");
        assert_eq!(self.board.array(0, BYTES), pattern(), "{name}");
    }
}

/// WREN, opcode, address and 256 bytes on four lines at 32 MHz take 17.3 µs, and the controller's own
/// look 0.5 µs.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn the_array_rests_for_one_transfer() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let mut seen = row(name, |_| {});
        seen.assert_whole(name);
        assert_eq!(seen.board.breaches.all(), [], "{name}");
        assert_eq!(seen.rests.len(), PAGES - 1);
        // All but the first page, which tells how long one takes.
        seen.rests.sort_unstable();
        let longest = seen.rests[PAGES - 3];
        assert!((17_000..22_000).contains(&longest), "{name}: {longest} ns");
    }
}

/// Where the part takes another time than its tables say, the controller is not kept from reads until
/// that is known.
#[test]
fn the_controller_never_waits_for_long() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        for percent in [40, 100, 150, 350] {
            let scaled = BusyTime::Scaled { percent };
            let seen = row(name, |qspi| qspi.flash_mut().set_busy_time(scaled));
            seen.assert_whole(name);
            assert_eq!(seen.board.breaches.all(), [], "{name} {percent}");
            let longest = seen.worked.iter().max().expect("pages were programmed");
            assert!(*longest < 250_000, "{name} {percent}: {longest} ns");
        }
    }
}

/// A controller that sends what it is given at once, to a part that does not hear it: it takes too little
/// time. The page comes again, and after three of these none is given early any more.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn a_controller_that_does_not_wait_is_found_out() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        // Where a page's transfer takes 17 µs, and where it takes as long as a controller that waits.
        for divider in [Divider::MHZ_32, Divider::MHZ_4] {
            let settings = Settings {
                divider,
                ..shipped(name)
            };
            let seen = row_with(settings, |qspi| qspi.silicon.first_page_waits = false);
            seen.assert_whole(name);
            let pages = seen.worked.len();
            assert_eq!(pages, PAGES + 3, "{name}: some pages come twice");
            let counters = seen.board.device().counters();
            assert_eq!((counters.queued, counters.repeated), (3, 3), "{name}");
        }
    }
}

/// The same where one page takes much longer than those before, or each another time: what keeps the part
/// busy then is not taken for a page that it has not heard.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn a_controller_that_does_not_wait_loses_nothing_to_a_slow_page() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        for slow in [2, 3, 4, 8] {
            for percent in [120, 150, 200, 300] {
                let watch = |board: &Board, begun| {
                    let percent = if begun + 1 == slow { percent } else { 100 };
                    let time = BusyTime::Scaled { percent };
                    board
                        .machine
                        .with_qspi(|qspi| qspi.flash_mut().set_busy_time(time));
                };
                let mut watch = at_page(watch);
                let seen = row_while(shipped(name), |board| {
                    board
                        .machine
                        .with_qspi(|qspi| qspi.silicon.first_page_waits = false);
                    watch(board);
                });
                seen.assert_whole(&format!("{name} {slow} {percent}"));
            }
        }
        for seed in 0..20 {
            let seen = row(name, |qspi| {
                qspi.silicon.first_page_waits = false;
                qspi.flash_mut().set_busy_time(BusyTime::Uniform { seed });
            });
            seen.assert_whole(&format!("{name} {seed}"));
        }
    }
}

/// A controller that says READY only when the page is programmed: no look finds the part busy, so no page
/// is given to it early.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn a_controller_that_is_late_anyway_is_given_nothing_early() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let seen = row(name, |qspi| {
            qspi.silicon.ready_of_write = ReadyOfWrite::AfterLastProgram;
        });
        seen.assert_whole(name);
        assert_eq!(seen.board.breaches.all(), [], "{name}");
        assert_eq!(seen.worked.len(), PAGES, "{name}");
    }
}

/// The CPU comes late once, or a page takes less time, as one of nothing but ones does in many parts:
/// that page comes twice, and those after it as before.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn one_hiccup_is_no_reason_to_distrust_the_controller() {
    let late = |board: &Board, begun| {
        if begun == 6 {
            board.machine.work(1_000_000);
        }
    };
    let quick = |board: &Board, begun| {
        let percent = if begun == 5 { 50 } else { 100 };
        let time = BusyTime::Scaled { percent };
        board
            .machine
            .with_qspi(|qspi| qspi.flash_mut().set_busy_time(time));
    };
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        for seen in [
            row_while(shipped(name), at_page(late)),
            row_while(shipped(name), at_page(quick)),
        ] {
            seen.assert_whole(name);
            let counters = seen.board.device().counters();
            assert_eq!(counters.repeated, 1, "{name}");
            assert!(counters.queued > 25, "{name}: {}", counters.queued);
        }
    }
}

/// A WREN that is not heard, at each page.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn a_page_that_is_not_heard_comes_again() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let mut repeated = 0;
        for page in 1..PAGES {
            let seen = row_while(
                shipped(name),
                at_page(|board, begun| {
                    if begun == page {
                        board.machine.with_qspi(|qspi| {
                            let faults = &mut qspi.flash_mut().faults;
                            faults.arm(FlashFault::WriteEnableIgnored, FaultTimes::Count(1));
                        });
                    }
                }),
            );
            let breaches = seen.board.breaches.all();
            assert!(are_unheard_pages(&breaches), "{name} {page}: {breaches:?}");
            match seen.told[..] {
                [Ok(())] => {
                    seen.assert_whole(name);
                    assert_eq!(seen.worked.len(), PAGES + 1, "{name} {page}");
                    repeated += 1;
                }
                // One that the controller was not given before.
                [Err(flash::Error::Ended { done, .. })] => {
                    let (array, done) = (seen.board.array(0, BYTES), done as usize);
                    assert_eq!(done, page * 256, "{name}");
                    assert_eq!(array[..done], pattern()[..done], "{name} {page}");
                    assert!(array[done..].iter().all(|byte| *byte == 0xFF));
                }
                _ => panic!("{name} {page}: {:?}", seen.told),
            }
        }
        assert_eq!(repeated, PAGES - 2, "{name}: all but the first two");
    }
}

/// The part never gets quiet while the controller waits: that is a fault, told once; the controller is
/// stopped by force, and its buffer comes back with the next power-up.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no next page lies ready")]
fn a_part_that_never_ends_is_a_fault_and_no_lost_buffer() {
    for name in known(["MX25R6435F", "W25Q128JV"]) {
        let told: Rc<RefCell<Vec<_>>> = Rc::default();
        let notes = Rc::clone(&told);
        let main = move || {
            let ended = flash::program(0, &pattern());
            notes.borrow_mut().push(ended);
            // What comes after the recovery.
            let ended = flash::program(0x8000, &pattern());
            notes.borrow_mut().push(ended);
        };
        let mut board = Board::new(shipped(name), vec![app(0, (0, 0x10000), main)]);
        assert!(board.run_until(1_000_000, |board| board.machine.transfers() >= 6));
        board.machine.with_qspi(|qspi| {
            let stuck = FlashFault::WipStuck { for_ns: None };
            qspi.flash_mut().faults.arm(stuck, FaultTimes::Count(1));
        });
        assert!(board.run_until(10_000_000, Board::is_over), "{name}");
        board.settle();
        let done = match told.borrow()[..] {
            [Err(flash::Error::Ended { done, .. }), Ok(())] => done as usize,
            _ => panic!("{name}: {:?}", told.borrow()),
        };
        let array = board.array(0, 0x8000 + BYTES);
        assert_eq!(array[..done], pattern()[..done], "{name}");
        // The page that never ended is programmed as well, for all that is known, and none after it.
        assert!(array[done + 256..0x8000].iter().all(|byte| *byte == 0xFF));
        assert_eq!(array[0x8000..], pattern(), "{name}");
        let counters = board.device().counters();
        assert_eq!((counters.forced_stops, counters.released), (1, 1), "{name}");
        assert_eq!(counters.begun, counters.ended, "{name}");
    }
}
