// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reads that run into what was read ahead, and reads beside programs and erases: what is read is
//! right, and nobody is forgotten.

mod support;

use qspi_models::DmaStop;
use qspi_models::nor::{FaultTimes, FlashFault};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use support::{app, shipped};
use tock_qspi::board::{AppSpec, Board};
use userland_rt::flash;

fn board(apps: Vec<AppSpec>) -> Board {
    board_with("MX25R6435F", apps)
}

fn board_with(name: &str, apps: Vec<AppSpec>) -> Board {
    Board::new(shipped(name), apps)
}

/// A read of two bites whose first one ends inside what was read ahead.
#[test]
fn a_read_that_ends_in_the_middle_of_what_was_read_ahead_goes_on() {
    let seen = Rc::new(Cell::new(0));
    let told = Rc::clone(&seen);
    let mut board = board(vec![app(0, (0, 0x10000), move || {
        let mut small = [0; 4096];
        flash::read(0, &mut small).expect("reads work");
        flash::read(4096, &mut small).expect("reads work");
        told.set(1);
        let _ = userland_rt::alarm::sleep_ms(5);
        let mut large = [0; 8192];
        flash::read(6000, &mut large).expect("reads work");
        told.set(2);
    })]);
    let over = board.run_until(1_000_000, Board::is_over);
    assert_eq!(
        seen.get(),
        2,
        "it never ended: {over} {:?}",
        board.device().counters()
    );
    board.settle();
    assert_eq!(board.breaches.all(), []);
}

const BIG: u32 = 0x20000;

struct Dice(u64);
impl Dice {
    fn roll(&mut self, below: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as u32) % below
    }
}

/// Random requests of an app, with its own idea of what must be there.
fn fuzzer(
    number: u32,
    seed: u64,
    times: u32,
    writes: u32,
    wrong: &Rc<RefCell<Vec<String>>>,
) -> AppSpec {
    let wrong = Rc::clone(wrong);
    // Not the app's own memory: it is the test's.
    let mirror = Rc::new(RefCell::new(vec![0xFFu8; BIG as usize]));
    app(number, (number * BIG, BIG), move || {
        let mut dice = Dice(seed.wrapping_mul(77) + u64::from(number) * 1001 + 5);
        let mut place = 0u32;
        for _ in 0..times {
            let what = dice.roll(100);
            if what < writes {
                if dice.roll(2) == 0 {
                    let start = dice.roll(16) * 4096;
                    let length = (1 + dice.roll(4)) * 4096;
                    let ended = flash::erase(start, length);
                    if ended.is_err() {
                        wrong.borrow_mut().push(format!("{number} erase {ended:?}"));
                    }
                    mirror.borrow_mut()[start as usize..(start + length) as usize].fill(0xFF);
                } else {
                    let start = dice.roll(0x10000);
                    let mut data = [0u8; 700];
                    let length = 1 + dice.roll(699);
                    for byte in &mut data {
                        *byte = dice.roll(256) as u8;
                    }
                    let ended = flash::program(start, &data[..length as usize]);
                    if ended.is_err() {
                        wrong
                            .borrow_mut()
                            .push(format!("{number} program {ended:?}"));
                    }
                    let mut mirror = mirror.borrow_mut();
                    for (to, from) in mirror[start as usize..]
                        .iter_mut()
                        .zip(&data[..length as usize])
                    {
                        *to &= *from;
                    }
                }
            } else {
                let mut data = [0u8; 9000];
                let length = match dice.roll(4) {
                    0 => 1 + dice.roll(8),
                    1 => 1 + dice.roll(2000),
                    2 => 4096,
                    _ => 1 + dice.roll(8999),
                };
                let start = match dice.roll(4) {
                    0 => dice.roll(0x10000),
                    1 => place.saturating_sub(dice.roll(3000)),
                    _ => place,
                };
                let start = if start + length > BIG { 0 } else { start };
                let ended = flash::read(start, &mut data[..length as usize]);
                if ended.is_err() {
                    wrong.borrow_mut().push(format!("{number} read {ended:?}"));
                }
                if data[..length as usize]
                    != mirror.borrow()[start as usize..(start + length) as usize]
                {
                    wrong
                        .borrow_mut()
                        .push(format!("{number} read {start:#x}+{length}: wrong content"));
                }
                place = start + length;
                if place > 0x10000 {
                    place = 0;
                }
                if dice.roll(3) == 0 {
                    let _ = userland_rt::alarm::sleep_ticks(dice.roll(40));
                }
            }
        }
    })
}

fn share(part: &str, seed: u64, apps: u32, times: u32, writes: u32, fault: Option<FlashFault>) {
    let wrong = Rc::new(RefCell::new(Vec::new()));
    let specs = (0..apps)
        .map(|number| {
            fuzzer(
                number,
                seed,
                times,
                if number == 0 { 0 } else { writes },
                &wrong,
            )
        })
        .collect();
    let mut board = board_with(part, specs);
    if let Some(fault) = fault {
        board
            .machine
            .with_qspi(|qspi| qspi.flash_mut().faults.arm(fault, FaultTimes::Always));
    }
    let over = board.run_until(3_000_000, Board::is_over);
    assert_eq!(wrong.take(), Vec::<String>::new());
    assert!(
        over,
        "{part} {seed}: never ended {:?} {:?}",
        board.device().state(),
        board.device().counters()
    );
    board.settle();
    if fault.is_none() {
        assert_eq!(board.breaches.all(), []);
    }
}

#[test]
fn one_reads_and_two_share() {
    for seed in 0..10 {
        share("MX25R6435F", seed, 1, 150, 0, None);
        share("W25Q128JV", seed, 1, 150, 5, None);
        share("MX25R6435F", seed, 2, 100, 1, None);
    }
}
#[test]
fn three_share_a_macronix() {
    for seed in 0..3 {
        share("MX25R6435F", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_a_winbond() {
    for seed in 0..3 {
        share("W25Q128JV", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_a_micron() {
    for seed in 0..3 {
        share("MT25QU256A", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_an_issi() {
    for seed in 0..3 {
        share("IS25WP256", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_an_sst26() {
    for seed in 0..3 {
        share("SST26VF064B", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_a_stack_of_dies() {
    for seed in 0..3 {
        share("W25Q01JVQ", seed, 3, 60, 25, None);
    }
}
#[test]
fn three_share_a_part_that_refuses_to_suspend() {
    for seed in 0..2 {
        share(
            "W25Q128JV",
            seed,
            3,
            60,
            25,
            Some(FlashFault::SuspendRefused),
        );
    }
}
/// A part whose WIP reads 0 for a moment at the erase's end (`WipReturns`): a single quiet look lets a
/// read in, which gets what a busy part sends, and is told as good.
#[test]
fn what_is_read_beside_an_erase_is_right_or_an_error() {
    for (seed, after_us) in (0..12u64).flat_map(|seed| [30, 100, 200, 400].map(|us| (seed, us))) {
        let wrong = Rc::new(Cell::new(0));
        let good = Rc::new(Cell::new(0));
        let (counted, fine, ready) = (
            Rc::clone(&wrong),
            Rc::clone(&good),
            Rc::new(Cell::new(false)),
        );
        let (told, seen) = (Rc::clone(&ready), Rc::clone(&ready));
        let mut board = board(vec![
            app(0, (0, BIG), move || {
                flash::program(0, &[0x5A; 64]).expect("programs work");
                told.set(true);
                let mut dice = Dice(seed * 99 + 7);
                for _ in 0..300 {
                    let _ = userland_rt::alarm::sleep_ticks(dice.roll(60));
                    let mut data = [0; 64];
                    if flash::read(0, &mut data).is_ok() {
                        if data == [0x5A; 64] {
                            fine.set(fine.get() + 1)
                        } else {
                            counted.set(counted.get() + 1)
                        }
                    }
                }
            }),
            app(1, (BIG, BIG), move || {
                let _ = userland_rt::alarm::sleep_ms(10);
                for _ in 0..12 {
                    let _ = flash::erase(0, 4096);
                    let _ = flash::program(0, &[0; 256]);
                }
            }),
        ]);
        assert!(board.run_until(1_000_000, |_| seen.get()));
        board.machine.with_qspi(|qspi| {
            qspi.flash_mut().faults.arm(
                FlashFault::WipReturns {
                    after_ns: after_us * 1000,
                    for_ns: 3_000_000,
                },
                FaultTimes::Always,
            )
        });
        assert!(board.run_until(1_000_000, Board::is_over));
        assert_eq!(wrong.get(), 0, "after {after_us} us, seed {seed}");
    }
}

/// A read beside a suspended erase hangs.
#[test]
fn a_hang_beside_a_suspended_erase_is_recovered_from() {
    for part in ["MX25R6435F", "W25Q128JV", "MT25QU256A"] {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let (first, second) = (Rc::clone(&notes), Rc::clone(&notes));
        let mut board = board_with(
            part,
            vec![
                app(0, (0, BIG), move || {
                    for _ in 0..3 {
                        let ended = flash::erase(0, 4096);
                        first.borrow_mut().push(format!("erase {ended:?}"));
                    }
                }),
                app(1, (BIG, BIG), move || {
                    let _ = userland_rt::alarm::sleep_ms(4);
                    for _ in 0..40 {
                        let ended = flash::read(0, &mut [0; 64]);
                        second.borrow_mut().push(format!("read {ended:?}"));
                    }
                }),
            ],
        );
        assert!(board.run_until(1_000_000, |board| {
            board.machine.with_qspi(|qspi| qspi.flash().is_suspended())
        }));
        board.machine.with_qspi(|qspi| {
            qspi.faults.dma_stops(DmaStop {
                after_bytes: 0,
                task_ends: false,
            })
        });
        let over = board.run_until(1_000_000, Board::is_over);
        let notes = notes.take();
        assert!(over);
        assert!(
            notes.iter().filter(|note| note.ends_with("Ok(())")).count() >= 41,
            "{notes:?}"
        );
    }
}

/// Detached while it stands suspended.
#[test]
fn detached_while_an_erase_stands_suspended() {
    for part in ["MX25R6435F", "W25Q128JV", "MT25QU256A", "SST26VF064B"] {
        let mut board = board_with(
            part,
            vec![
                app(0, (0, BIG), move || {
                    let _ = flash::program(0, &[0; 8]);
                    let _ = flash::erase(0, 4096);
                    let _ = flash::read(0, &mut [0; 8]);
                }),
                app(1, (BIG, BIG), move || {
                    for _ in 0..400 {
                        if flash::read(0, &mut [0; 64]).is_err() {
                            let _ = userland_rt::alarm::sleep_ms(1);
                        }
                    }
                }),
            ],
        );
        assert!(board.run_until(1_000_000, |board| {
            board.machine.with_qspi(|qspi| qspi.flash().is_suspended())
        }));
        assert!(board.detach());
        assert!(board.run_until(1_000_000, |board| !board.is_detaching()));
        board
            .machine
            .with_qspi(|qspi| assert!(!qspi.flash().is_suspended()));
        assert_eq!(board.detach_result(), Some(Ok(())));
        assert!(board.attach());
        assert!(board.run_until(1_000_000, Board::is_over));
        board.settle();
        assert_eq!(board.breaches.all(), []);
    }
}

/// A part that is stuck busy, and somebody who wants to read at some time: when the erase's end is told.
#[test]
fn a_stuck_erase_is_told_no_later_because_somebody_wants_to_read() {
    let told_after = |read_after_ms: Option<u32>| {
        let end = Rc::new(Cell::new(0u64));
        let ended = Rc::clone(&end);
        let mut apps = vec![app(0, (0, BIG), move || {
            let _ = flash::program(0, &[0; 4]);
            ended.set(1);
            let _ = userland_rt::alarm::sleep_ms(5);
            ended.set(2);
            let _ = flash::erase(0, 4096);
            ended.set(3);
        })];
        let begun = Rc::clone(&end);
        if let Some(ms) = read_after_ms {
            apps.push(app(1, (BIG, BIG), move || {
                while begun.get() < 2 {
                    let _ = userland_rt::alarm::sleep_ms(1);
                }
                let _ = userland_rt::alarm::sleep_ms(ms);
                let _ = flash::read(0, &mut [0; 4]);
            }));
        }
        let mut board = board(apps);
        let ready = Rc::clone(&end);
        assert!(board.run_until(1_000_000, |_| ready.get() == 1));
        let start = board.machine.now_ns() / 1_000_000;
        board.machine.with_qspi(|qspi| {
            qspi.flash_mut()
                .faults
                .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1))
        });
        let seen = Rc::clone(&end);
        assert!(board.run_until(1_000_000, |_| seen.get() == 3));
        board.machine.now_ns() / 1_000_000 - start
    };
    let alone = told_after(None);
    let delays: Vec<_> = [10, 30, 60, 100, 200, 300, 370]
        .map(|ms| (ms, told_after(Some(ms))))
        .into();
    assert!(
        delays.iter().all(|(_, told)| *told <= alone * 5 / 4),
        "alone {alone} ms, with a reader {delays:?}"
    );
}

/// A part that ignores the suspend: its erase has ended when it is found quiet, but what was left of the
/// pause is waited for all over.
#[test]
fn a_refused_suspend_does_not_double_the_erase() {
    let took = |reads: bool| {
        let end = Rc::new(Cell::new(0u64));
        let ended = Rc::clone(&end);
        let mut apps = vec![app(0, (0, BIG), move || {
            let _ = flash::program(0, &[0; 4]);
            ended.set(1);
            let _ = flash::erase(0, 4096);
            ended.set(2);
        })];
        let begun = Rc::clone(&end);
        if reads {
            apps.push(app(1, (BIG, BIG), move || {
                while begun.get() < 1 {
                    let _ = userland_rt::alarm::sleep_ms(1);
                }
                let _ = userland_rt::alarm::sleep_ms(2);
                let _ = flash::read(0, &mut [0; 4]);
            }));
        }
        let mut board = board(apps);
        board.machine.with_qspi(|qspi| {
            qspi.flash_mut()
                .faults
                .arm(FlashFault::SuspendRefused, FaultTimes::Always)
        });
        let seen = Rc::clone(&end);
        assert!(board.run_until(1_000_000, |_| seen.get() == 1));
        let start = board.machine.now_ns();
        assert!(board.run_until(1_000_000, |_| seen.get() == 2));
        (board.machine.now_ns() - start) / 1000
    };
    let (alone, read) = (took(false), took(true));
    assert!(
        read <= alone * 5 / 4,
        "alone {alone} us, with one read {read} us"
    );
}

/// Who asks for what is on the wires already gets that, and more comes behind it without a pause.
#[test]
fn reads_in_a_row_are_given_what_is_being_read_ahead() {
    const PIECES: u32 = 16;
    let right = Rc::new(Cell::new(0));
    let counted = Rc::clone(&right);
    let mut board = board(vec![app(0, (0, BIG), move || {
        for piece in 0..PIECES {
            // A pattern that tells each piece and each page of it apart.
            let page: [u8; 256] = core::array::from_fn(|at| (at as u32 * 7 + piece) as u8);
            flash::program(piece * 4096 + 512, &page).expect("programs work");
        }
        for piece in 0..PIECES {
            let mut data = [0; 4096];
            flash::read(piece * 4096, &mut data).expect("reads work");
            let page: [u8; 256] = core::array::from_fn(|at| (at as u32 * 7 + piece) as u8);
            let blank = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0xFF);
            let is_right = data[512..768] == page && blank(&data[..512]) && blank(&data[768..]);
            counted.set(counted.get() + u32::from(is_right));
        }
    })]);
    assert!(board.run_until(3_000_000, Board::is_over));
    assert_eq!(right.get(), PIECES);
    let counters = board.device().counters();
    // The third is the first that was read ahead; one more than was asked for may be.
    assert_eq!(counters.hits, PIECES - 2, "{counters:?}");
    assert_eq!(counters.ahead, PIECES - 1, "{counters:?}");
    board.settle();
    assert_eq!(board.breaches.all(), []);
}

/// Who asks for less than what is being read ahead gets that, and no byte more; what is left is
/// for those who come next.
#[test]
fn a_shorter_read_is_not_given_all_that_is_being_read_ahead() {
    let right = Rc::new(Cell::new(0));
    let counted = Rc::clone(&right);
    let mut board = board(vec![app(0, (0, BIG), move || {
        let mut data = [0; 256];
        for page in 0..64u32 {
            data.fill(page as u8);
            flash::program(page * 256, &data).expect("programs work");
        }
        let mut next = 0;
        for length in [4096, 4096, 1000, 24, 3072, 1024, 1024, 1, 1023, 1024] {
            let mut data = [0xEE; 4096];
            let (asked, rest) = data.split_at_mut(length);
            flash::read(next, asked).expect("reads work");
            let expected = (next..).map(|at| (at / 256) as u8);
            let is_right = asked.iter().copied().eq(expected.take(length));
            counted.set(counted.get() + u32::from(is_right && rest.iter().all(|it| *it == 0xEE)));
            next += length as u32;
        }
    })]);
    assert!(board.run_until(3_000_000, Board::is_over));
    assert_eq!(right.get(), 10);
    let counters = board.device().counters();
    assert!(counters.hits >= 6, "{counters:?}");
    board.settle();
    assert_eq!(board.breaches.all(), []);
}

/// How often what comes next was prepared in the course of reads in a row, of so many pieces.
fn prepared_in_a_row<const PIECE: usize>(pieces: u32) -> u32 {
    let mut board = board(vec![app(0, (0, 8 * BIG), move || {
        for piece in 0..pieces {
            flash::read(piece * PIECE as u32, &mut [0; PIECE]).expect("reads work");
        }
    })]);
    let (mut times, mut was_prepared) = (0, false);
    assert!(board.run_until(3_000_000, |board| {
        let is_prepared = board.device().has_prepared();
        times += u32::from(is_prepared && !was_prepared);
        was_prepared = is_prepared;
        board.is_over()
    }));
    board.settle();
    assert_eq!(board.breaches.all(), []);
    times
}

/// What is read ahead has nothing prepared behind it, until somebody asks for it.
#[test]
fn what_comes_after_a_read_that_is_taken_over_is_prepared() {
    let times = [
        prepared_in_a_row::<1024>(20),
        prepared_in_a_row::<4096>(20),
        prepared_in_a_row::<12_000>(20),
    ];
    // The first two are no row yet.
    assert!(times[0] >= 18 && times[1] >= 18, "{times:?}");
    // Pieces of one request follow each other.
    assert!(times[2] <= 21, "{times:?}");
}
