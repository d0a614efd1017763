// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was broken once around callbacks: detaches and retries from inside them, owed upcalls, and
//! a part that becomes busy again before it is sent to sleep.

mod support;
use kernel::hil::flash::Flash;
use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
use qspi_models::nor::{FaultTimes, FlashFault, Lines};
use spi_nor::lifecycle::State;
use spi_nor::storage::StorageFace;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use support::{Bench, FlashUser, SECTOR, settings};
use tock_qspi::board::{Board, Settings};
use userland_rt::flash;

#[derive(Default)]
struct StorageUser {
    ended: RefCell<Vec<usize>>,
}
impl NonvolatileStorageClient for StorageUser {
    fn read_done(&self, _: &'static mut [u8], n: usize) {
        self.ended.borrow_mut().push(n);
    }
    fn write_done(&self, _: &'static mut [u8], n: usize) {
        self.ended.borrow_mut().push(n);
    }
}

/// With a flash user, whose range lies beyond the part.
fn beyond_the_part() -> Settings {
    let settings = settings("MX25R6435F");
    let size = settings.qspi.flash().part().size;
    Settings {
        flash_range: Some((size, 0x4000)),
        ..settings
    }
}

fn stale() -> (Board, &'static StorageUser) {
    let settings = Settings {
        storage_range: Some((0x9_0000, 0x4000)),
        ..beyond_the_part()
    };
    let mut board = Board::new(settings, Vec::new());
    assert!(board.run_until(10_000, Board::is_at_rest_and_known));
    let (face, user) = FlashUser::on(&board);
    let storage = board.storage().unwrap();
    let other: &'static StorageUser = board.keep(StorageUser::default());
    storage.set_client(other);
    let device = board.device();
    *user.inside.borrow_mut() = Some(Box::new(move |_: &FlashUser| {
        assert_eq!(device.detach(), Ok(()));
    }));
    assert_eq!(face.erase_page(0), Ok(()));
    assert_eq!(storage.read(board.keep([0u8; 64]), 0, 64), Ok(()));
    assert!(board.run_until(10_000, |b| !b.device().is_attached() && b.is_at_rest()));
    for _ in 0..20 {
        board.step();
    }
    (board, other)
}

#[test]
fn detach_in_next_request_tells_everybody() {
    let (board, other) = stale();
    assert_eq!(
        *other.ended.borrow(),
        [0],
        "storage's buffer is lost; state {:?}",
        board.device().state()
    );
}

#[test]
fn detach_in_next_request_then_failed_loops_for_ever() {
    let (mut board, _) = stale();
    board
        .machine
        .with_qspi(|q| q.flash_mut().faults.lines = Lines::ReadOnes);
    assert!(board.attach());
    for n in 0..2000 {
        board.step();
        eprintln!("step {n} {:?}", board.device().state());
        if board.device().state() == State::Failed {
            break;
        }
    }
    eprintln!("one more pass");
    board.step();
    eprintln!("came back");
}

fn tries_of_flash(mut trial: support::Trial) -> u32 {
    trial.run_until(Board::is_at_rest_and_known);
    let (face, user) = FlashUser::on(&trial.board);
    let tries: &'static Cell<u32> = trial.board.keep(Cell::new(0));
    *user.inside.borrow_mut() = Some(Box::new(move |u: &FlashUser| {
        tries.set(tries.get() + 1);
        if tries.get() < 100_000 {
            assert_eq!(u.face.get().unwrap().erase_page(0), Ok(()));
        }
    }));
    assert_eq!(face.erase_page(0), Ok(()));
    trial.run_until(|_| tries.get() > 0);
    let before = tries.get();
    trial.board.step();
    eprintln!("{before} {}", tries.get());
    tries.get()
}

#[test]
fn flash_user_retries_on_protected_part() {
    let n = tries_of_flash(
        Bench::new("MX25R6435F")
            .with_kernel_users()
            .nor(|nor| nor.set_register(0, 0x3C))
            .boot(),
    );
    assert!(n < 1000, "{n}");
}

struct Two {
    storage: &'static StorageFace<'static>,
    tries: Cell<u32>,
}
impl NonvolatileStorageClient for Two {
    fn read_done(&self, b: &'static mut [u8], n: usize) {
        if n == 0 {
            self.tries.set(self.tries.get() + 1);
            if self.tries.get() < 100_000 {
                assert_eq!(self.storage.read(b, 0, 8), Ok(()));
            }
        }
    }
    fn write_done(&self, _: &'static mut [u8], _: usize) {}
}

#[test]
fn second_buffer_retries() {
    let mut trial = Bench::new("MX25R6435F")
        .with_kernel_users()
        .app(|lab| {
            let _ = lab.erase(0);
        })
        .boot();
    trial.run_until_state(State::Busy);
    for _ in 0..10 {
        trial.board.step();
    }
    let storage = trial.board.storage().unwrap();
    let user: &'static Two = trial.board.keep(Two {
        storage,
        tries: Cell::new(0),
    });
    storage.set_client(user);
    assert_eq!(storage.read(trial.board.keep([0; 8]), 0, 8), Ok(()));
    assert_eq!(storage.read(trial.board.keep([0; 8]), 0, 8), Ok(()));
    for _ in 0..3 {
        trial.board.step();
    }
    assert!(user.tries.get() < 1000, "{} tries", user.tries.get());
}

#[test]
fn idle_with_an_upcall_owed_to_a_stopped_process() {
    use userland_rt::{flash::Operation, share};
    let mut trial = Bench::new("MX25R6435F")
        .app(|lab| {
            let mut buffer = [0; 16];
            let _ = flash::open();
            let _ = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
                let _ = flash::watch_operation(Operation::Read, |_arrivals| {
                    let mut busy = 0;
                    while busy < 2_000 {
                        match flash::start_read(0, 16) {
                            Ok(()) => busy = 0,
                            Err(_) => busy += 1,
                        }
                    }
                    lab.tally.set(1);
                    loop {
                        let _ = flash::exists();
                    }
                });
            });
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() > 0);
    trial.board.stop(0);
    let start = trial.board.machine.now_ns();
    let steps = trial.board.steps();
    let mut off = None;
    while trial.board.machine.now_ns() < start + 1_000_000_000 && !trial.board.is_stuck() {
        trial.board.step();
        if trial.board.device().state() == State::Off {
            off = Some(trial.board.machine.now_ns() - start);
            break;
        }
    }
    assert!(
        off.is_some(),
        "1 s idle with idle_us = 10 ms: still {:?}, {} passes",
        trial.board.device().state(),
        trial.board.steps() - steps
    );
}

#[test]
fn late_wip_at_shut_down() {
    let mut trial = Bench::new("MX25R6435F")
        .idle_us(1_000_000)
        .app(|lab| {
            let _ = lab.open();
            lab.nor(|nor| {
                nor.faults.arm(
                    FlashFault::WipReturns {
                        after_ns: 10_000_000,
                        for_ns: 3_000_000,
                    },
                    FaultTimes::Count(1),
                )
            });
            let _ = lab.erase(0);
            while !lab.nor(|nor| nor.is_busy()) {
                let _ = flash::exists();
            }
            let _ = flash::close();
        })
        .boot();
    trial.run_until(Board::is_over);
    let power = trial.lab.nor(|nor| format!("{:?}", nor.power_state()));
    eprintln!(
        "{power} {:?} known {} fault {:?} breaches {:?}",
        trial.board.device().state(),
        trial.board.device().profile().is_some(),
        trial.board.device().last_fault(),
        trial.board.breaches.all()
    );
    assert!(power.contains("Deep"), "off, but the part is {power}");
    let _ = SECTOR;
}

#[test]
fn control_idle_of_a_stopped_process_that_is_owed_nothing() {
    let mut trial = Bench::new("MX25R6435F")
        .app(|lab| {
            let _ = lab.open();
            let _ = lab.read(0);
            lab.tally.set(1);
            loop {
                let _ = flash::exists();
            }
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() > 0);
    trial.board.stop(0);
    trial.run_until_state(State::Off);
    trial.idle_along();
    assert!(trial.board.is_stuck(), "sleeps for ever");
}

/// App's operation queued behind the callback that detaches: is the app told?
#[test]
fn app_is_told_too() {
    let done: Rc<Cell<u32>> = Rc::default();
    let seen = Rc::clone(&done);
    let mut board = Board::new(
        Settings {
            idle_us: 1_000_000,
            ..beyond_the_part()
        },
        vec![tock_qspi::board::AppSpec {
            name: "a".into(),
            id: std::num::NonZeroU32::MIN,
            main: Box::new(move || {
                for _ in 0..2 {
                    let _ = flash::read(0, &mut [0; 64]);
                    seen.set(seen.get() + 1);
                }
            }),
            region: Some((0, 0x10000, spi_nor::region::Access::ReadWrite)),
            after_fault: tock_qspi::board::AfterFault::Stop,
        }],
    );
    // Known, first read done; the second is accepted but not begun.
    assert!(board.run_until(20_000, |b| b.driver().counters().accepted == 2));
    let (face, user) = FlashUser::on(&board);
    let device = board.device();
    *user.inside.borrow_mut() = Some(Box::new(move |_: &FlashUser| {
        assert_eq!(device.detach(), Ok(()));
    }));
    let _ = face.erase_page(0);
    let ok = board.run_until(20_000, |b| !b.device().is_attached() && b.is_at_rest());
    for _ in 0..50 {
        board.step();
    }
    assert_eq!(
        done.get(),
        2,
        "at rest {ok}, {:?}, apps {:?}, waiting {:?}",
        device.state(),
        board.apps(),
        board.ledger.waiting()
    );
}
