// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What goes wrong around the driver: processes that die, teardowns at every instant,
//! alarms, clients that misbehave.

mod support;

use kernel::ErrorCode as KernelError;
use kernel::hil::flash::Flash;
use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
use nrf52840_qspi::Divider;
use qspi_models::nor::BusyTime;
use qspi_models::{ReadyFault, Task, Violation};
use spi_nor::error::Error as Fault;
use spi_nor::lifecycle::State;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use support::{Bench, ErrorCode, FLASH, FlashUser, Lab, SECTOR, STORAGE, Trial, ended, refused};
use tock_qspi::board::Board;
use tock_qspi::breach::Breach;
use tock_qspi::chip::Sabotage;
use userland_rt::flash::{self, Operation};
use userland_rt::{alarm, share};

const PART: &str = "MX25R6435F";

/// Two apps, each of whom uses everything once.
fn two_apps() -> Trial {
    Bench::new(PART)
        .idle_us(1_000)
        .undying_app(|lab| {
            let _ = lab.works();
        })
        .undying_app(|lab| {
            let _ = lab.open();
            let _ = lab.works();
            let _ = flash::close();
        })
        .boot()
}

/// How many switches to apps, and how many passes, the two take.
fn extent_of_two_apps() -> (u64, u64) {
    let mut trial = two_apps();
    trial.run_to_end();
    let extent = (trial.board.boundary().switches(), trial.board.steps());
    assert_eq!(trial.lab.take_notes().len(), 3);
    trial.finish_off();
    assert!(extent.0 > 30 && extent.1 > 200, "{extent:?}");
    extent
}

/// What others than the victim noted must be good.
fn nobody_else_suffers(trial: &Trial, at: u64) {
    let notes = trial.lab.take_notes();
    assert!(
        notes.iter().all(|(_, outcome)| outcome.is_ok()),
        "{at}: {notes:?}"
    );
    let done = notes.iter().filter(|(what, _)| *what == "works").count();
    assert!(done >= 1, "{at}: {notes:?}");
}

#[test]
fn dies_at_every_switch() {
    let (switches, _) = extent_of_two_apps();
    for what in [Sabotage::Exit, Sabotage::ExitRestart, Sabotage::Fault] {
        for at in 1..=switches {
            let mut trial = two_apps();
            trial.board.boundary().sabotage(at, what);
            trial.run_to_end();
            assert_eq!(trial.board.leases(), 0);
            nobody_else_suffers(&trial, at);
            if what != Sabotage::Exit {
                // Whoever was restarted did all of it in the new life.
                assert!(trial.board.counts(0).restarts + trial.board.counts(1).restarts == 1);
            }
            trial.finish_off();
        }
    }
}

#[test]
fn terminated_at_every_pass() {
    let (_, passes) = extent_of_two_apps();
    for index in 0..2 {
        for at in 0..passes {
            let mut trial = two_apps();
            for _ in 0..at {
                trial.board.step();
            }
            trial.board.terminate(index);
            trial.run_to_end();
            nobody_else_suffers(&trial, at);
            trial.finish_off();
        }
    }
}

/// A stopped process is not a dead one: it keeps its lease, and nothing of its operation is
/// lost.
#[test]
fn stopped_at_every_pass_and_resumed() {
    let (_, passes) = extent_of_two_apps();
    for index in 0..2 {
        for at in (0..passes).step_by(3) {
            let mut trial = two_apps();
            for _ in 0..at {
                trial.board.step();
            }
            let owed = trial.board.outstanding(index).is_some();
            let leases = trial.board.leases();
            trial.board.stop(index);
            // All that can happen without it.
            let others_over = |board: &Board| !board.apps()[1 - index].alive;
            assert!(trial.board.run_until(20_000, others_over) || at + 50 > passes);
            for _ in 0..200 {
                trial.board.step();
            }
            if owed {
                assert!(trial.board.leases() >= 1, "{at}");
                assert!(leases >= 1);
            }
            trial.board.resume(index);
            trial.run_to_end();
            let notes = trial.lab.take_notes();
            assert_eq!(notes.len(), 3, "{at}: {notes:?}");
            assert!(
                notes.iter().all(|(_, outcome)| outcome.is_ok()),
                "{notes:?}"
            );
            trial.finish_off();
        }
    }
}

#[test]
fn dies_while_stopped() {
    let (_, passes) = extent_of_two_apps();
    for at in (0..passes).step_by(7) {
        let mut trial = two_apps();
        for _ in 0..at {
            trial.board.step();
        }
        trial.board.stop(0);
        for _ in 0..20 {
            trial.board.step();
        }
        trial.board.terminate(0);
        trial.run_to_end();
        nobody_else_suffers(&trial, at);
        trial.finish_off();
    }
}

/// Works until the test says stop, whatever it is told.
fn stubborn(lab: &Lab) {
    let mut address = 0;
    while lab.tally.get() == 0 {
        let outcome = match address % 3 {
            0 => flash::read(address, &mut [0; 100]),
            1 => flash::program(address, &[0x0F; 70]),
            _ => flash::open(),
        };
        match outcome {
            Ok(())
            | Err(
                flash::Error::Ended {
                    code: ErrorCode::Cancel,
                    ..
                }
                | flash::Error::Refused(ErrorCode::Off),
            ) => {}
            Err(_) => {
                let _ = lab.note("stubborn", outcome);
            }
        }
        if outcome.is_err() {
            let _ = alarm::sleep_ticks(3);
        }
        address = (address + 97) % 0x8000;
    }
    let _ = lab.works();
}

/// A kernel user that writes one page after the other until it is told to stop, and
/// takes what it is told.
fn restless_kernel_user(trial: &Trial) -> &'static FlashUser {
    let (face, user) = FlashUser::on(&trial.board);
    let lab = Rc::clone(&trial.lab);
    *user.inside.borrow_mut() = Some(Box::new(move |user: &FlashUser| {
        let went_well = user
            .ended
            .borrow()
            .last()
            .is_some_and(|(_, result)| result.is_ok());
        // Who tries again at once what fails at once keeps the kernel for ever.
        if lab.tally.get() != 0 || !went_well {
            return;
        }
        if let Some(page) = user.page.take()
            && let Err((error, page)) = face.read_page(1, page)
        {
            assert_eq!(error, KernelError::OFF);
            user.page.set(Some(page));
        }
    }));
    nudge(user);
    user
}

/// Has the kernel user begin again, if it has nothing to do.
fn nudge(user: &'static FlashUser) {
    let face = user.face.get().expect("it has a face");
    if let Some(page) = user.page.take()
        && let Err((_, page)) = face.read_page(1, page)
    {
        user.page.set(Some(page));
    }
}

#[test]
fn detached_and_attached_ten_thousand_times_under_load() {
    let mut trial = Bench::new(PART)
        .with_kernel_users()
        .app(stubborn)
        .app(stubborn)
        .boot();
    let user = restless_kernel_user(&trial);
    let mut busy = 0u32;
    for round in 0..10_000u64 {
        for _ in 0..(round * 7) % 61 {
            trial.board.step();
        }
        busy += u32::from(trial.board.device().state() == State::Busy);
        assert!(trial.board.detach());
        trial.run_until(|board| !board.is_detaching());
        assert_eq!(trial.board.detach_result(), Some(Ok(())), "{round}");
        assert_eq!(trial.board.device().state(), State::Off);
        assert!(trial.board.device().holds_buffer());
        assert!(!trial.board.machine.with_qspi(|qspi| qspi.is_enabled()));
        assert!(trial.board.attach());
        nudge(user);
        if round % 500 == 0 {
            // Kept for tests that ask for them.
            let _ = trial.board.take_transitions();
            user.ended.take();
        }
    }
    assert!(busy > 1_000, "{busy} of them met an operation");
    trial.lab.tally.set(1);
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("works", Ok(())), ("works", Ok(()))]
    );
    let counters = trial.board.device().counters();
    assert_eq!(counters.begun, counters.ended);
    assert_eq!(counters.power_ups, counters.power_downs);
    trial.finish_off();
}

/// Everybody with work outstanding gets a completion or CANCEL, new work gets OFF, and after
/// an attach everything works again; with the detach at every pass.
#[test]
fn detached_at_every_pass() {
    let boot = || {
        Bench::new(PART)
            .idle_us(1_000)
            .app(|lab| {
                while lab.tally.get() == 0 && lab.works().is_ok() {}
                lab.wait_for_signal();
                let _ = lab.works();
            })
            .app(|lab| {
                let _ = lab.erase(0);
                let _ = lab.program(0x100);
                let _ = alarm::sleep_ms(4);
                let _ = lab.read(0);
                lab.wait_for_signal();
                let _ = lab.works();
            })
            .boot()
    };
    for at in 0..500 {
        let mut trial = boot();
        for _ in 0..at {
            trial.board.step();
        }
        trial.lab.tally.set(1);
        assert!(trial.board.detach(), "{at}");
        assert!(!trial.board.detach(), "{at}: one is under way");
        assert!(!trial.board.attach(), "{at}: not before its end");
        trial.run_until(|board| !board.is_detaching());
        assert!(!trial.board.detach(), "{at}: it has ended");
        assert_eq!(trial.board.device().state(), State::Off, "{at}");
        // The apps see it now at the latest.
        for _ in 0..100 {
            trial.board.step();
        }
        assert_eq!(trial.board.device().state(), State::Off, "{at}");
        for (what, outcome) in trial.lab.take_notes() {
            match outcome {
                Ok(()) | Err(flash::Error::Refused(ErrorCode::Off)) => {}
                Err(flash::Error::Ended { code, .. }) => {
                    assert_eq!(code, ErrorCode::Cancel, "{at}: {what}");
                }
                Err(other) => panic!("{at}: {what} {other:?}"),
            }
        }
        trial.lab.signal();
        trial.lab.signal();
        assert!(trial.board.attach(), "{at}");
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        let works = notes
            .iter()
            .filter(|(what, outcome)| *what == "works" && outcome.is_ok())
            .count();
        assert!(works >= 2, "{at}: {notes:?}");
        trial.finish_off();
    }
}

#[test]
fn torn_down_from_inside_a_callback() {
    let mut trial = Bench::new(PART).with_kernel_users().boot();
    trial.run_until(Board::is_at_rest_and_known);
    let (face, user) = FlashUser::on(&trial.board);
    let device = trial.board.device();
    let told = trial.board.keep(RefCell::new(Vec::new()));
    let told: &'static RefCell<Vec<Result<(), KernelError>>> = told;
    *user.inside.borrow_mut() = Some(Box::new(move |_| {
        told.borrow_mut().extend([
            device.detach(),
            // Twice, and from inside the same callback.
            device.detach(),
            // Not before its end.
            device.attach(),
            // From the revoke on, work is refused at once.
            face.erase_page(2),
        ]);
    }));
    assert_eq!(face.erase_page(1), Ok(()));
    trial.board.step();
    trial.run_until(|board| board.detach_result().is_some());
    assert_eq!(user.ended.take(), [("erase", Ok(()))]);
    assert_eq!(
        told.take(),
        [
            Ok(()),
            Err(KernelError::ALREADY),
            Err(KernelError::BUSY),
            Err(KernelError::OFF),
        ]
    );
    assert_eq!(trial.board.detach_result(), Some(Ok(())));
    assert_eq!(trial.board.device().state(), State::Off);
    assert!(trial.board.attach());
    user.inside.borrow_mut().take();
    assert_eq!(face.erase_page(2), Ok(()));
    trial.board.step();
    trial.run_until(Board::is_at_rest);
    assert_eq!(user.ended.take(), [("erase", Ok(()))]);
    trial.finish_off();
}

/// Detached from inside the callback that says that the operation was cancelled by a detach
/// of the same device, and attached from inside the next.
#[test]
fn torn_down_and_set_up_from_inside_callbacks_again_and_again() {
    let mut trial = Bench::new(PART)
        .with_kernel_users()
        .app(|lab| {
            lab.wait_for_signal();
            for _ in 0..3000 {
                let _ = flash::read(0, &mut [0; 256]);
                let _ = alarm::sleep_ticks(5);
            }
            lab.tally.set(1);
        })
        .boot();
    trial.run_until(Board::is_at_rest_and_known);
    let (face, user) = FlashUser::on(&trial.board);
    let device = trial.board.device();
    let detaches = Rc::new(Cell::new(0u32));
    let counted = Rc::clone(&detaches);
    *user.inside.borrow_mut() = Some(Box::new(move |_| {
        if device.detach().is_ok() {
            counted.set(counted.get() + 1);
        }
    }));
    trial.lab.signal();
    for _ in 0..20_000 {
        if !trial.board.apps()[0].alive {
            break;
        }
        let _ = face.erase_page(0);
        trial.board.step();
        if !device.is_attached() {
            let _ = trial.board.attach();
        }
    }
    user.inside.borrow_mut().take();
    trial.board.step();
    trial.run_until(|board| board.is_at_rest());
    let _ = trial.board.attach();
    trial.run_to_end();
    assert!(detaches.get() > 3, "{}", detaches.get());
    assert_eq!(trial.lab.tally.get(), 1);
    assert!(
        user.ended
            .take()
            .iter()
            .all(|(what, result)| *what == "erase"
                && matches!(result, Ok(()) | Err(kernel::hil::flash::Error::FlashError)))
    );
    trial.finish_off();
}

/// Reads and takes no upcall until the queue is full and one is owed; then waits for the
/// test, and takes them all. The count of accepted ones goes to `tally`.
fn hoarder(lab: &Lab) {
    let mut buffer = [0; 16];
    let _ = flash::open();
    let shared = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
        let watched = flash::watch_operation(Operation::Read, |arrivals| {
            let mut accepted = 0;
            let mut refused_in_a_row = 0;
            while refused_in_a_row < 2_000 {
                match flash::start_read(0, 16) {
                    Ok(()) => {
                        accepted += 1;
                        refused_in_a_row = 0;
                    }
                    Err(ErrorCode::Busy) => refused_in_a_row += 1,
                    Err(_) => break,
                }
            }
            lab.tally.set(accepted);
            // Spins: a yield would take an upcall.
            while lab.noted() == 0 {
                let _ = flash::exists();
            }
            for _ in 0..accepted {
                arrivals.wait();
            }
            // Whatever else comes would be one too many.
            let _ = alarm::sleep_ms(5);
            accepted == arrivals.count()
        });
        let exact = watched.unwrap_or(false);
        let _ = lab.note(
            "hoarder",
            if exact {
                Ok(())
            } else {
                ended(ErrorCode::Fail, 0)
            },
        );
    });
    let _ = lab.note("shared", shared.map_err(flash::Error::Setup));
    let _ = lab.works();
}

#[test]
fn a_client_that_never_collects_is_owed_one_and_gets_it_later() {
    let mut trial = Bench::new(PART)
        .app(hoarder)
        .app(|lab| {
            while lab.tally.get() == 0 {
                let _ = alarm::sleep_ms(1);
            }
            // The other one's full queue is not this one's trouble.
            let _ = lab.works();
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() > 0);
    let counters = trial.board.driver().counters();
    // Nine fit into the queue, and the tenth is owed.
    assert_eq!(lab.tally.get(), 10);
    assert_eq!(counters.deferred, 1);
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("hoarder", Ok(())),
            ("shared", Ok(())),
            ("works", Ok(())),
        ]
    );
    let counters = trial.board.driver().counters();
    assert_eq!(counters.accepted, counters.delivered);
    trial.finish_off();
}

#[test]
fn torn_down_with_the_upcall_queue_full() {
    let mut trial = Bench::new(PART).app(hoarder).boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() > 0);
    assert!(trial.board.detach());
    // It ends without waiting for the app.
    trial.run_until(|board| !board.is_detaching());
    assert_eq!(trial.board.detach_result(), Some(Ok(())));
    assert!(trial.board.attach());
    let _ = lab.note("go on", Ok(()));
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("go on", Ok(())),
            ("hoarder", Ok(())),
            ("shared", Ok(())),
            ("works", Ok(())),
        ]
    );
    trial.finish_off();
}

#[test]
fn dies_with_the_upcall_queue_full() {
    let mut trial = Bench::new(PART).app(hoarder).boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() > 0);
    trial.board.terminate(0);
    trial.run_to_end();
    assert!(!trial.board.driver().needs_sweep(), "nothing is owed now");
    trial.finish_off();
}

#[test]
fn apps_that_never_wait_again_starve_nobody() {
    for name in ["die-never-collect", "die-spin-read"] {
        let mut trial = Bench::new(PART)
            .switch_ns(20_000)
            .case("basic")
            .case(name)
            .boot();
        trial.limit = 3_000_000;
        trial.run_until(|board| !board.apps()[0].alive);
        let printed = String::from_utf8_lossy(&trial.recorder.all()).into_owned();
        assert!(printed.contains("TEST PASS"), "{name}: {printed}");
        trial.board.terminate(1);
        trial.run_to_end();
        trial.finish_off();
    }
}

/// A reader of single bytes among users of bulk waits for at most one bite of each other
/// app and as many of each kernel user as there are apps.
#[test]
fn nobody_waits_for_more_than_a_round() {
    const BULK: u32 = 5;
    let mut bench = Bench::new(PART).with_kernel_users();
    for number in 0..BULK {
        bench = bench.app(move |lab| {
            let mut buffer = [0; 32 * 1024];
            while lab.tally.get() & 0x8000_0000 == 0 {
                let outcome = match number % 3 {
                    0 => flash::program(0, &buffer),
                    1 => flash::erase(0, 8 * SECTOR),
                    _ => flash::read(0, &mut buffer),
                };
                if outcome.is_err() {
                    let _ = lab.note("bulk", outcome);
                }
            }
        });
    }
    let mut trial = bench
        .app(|lab| {
            let _ = lab.open();
            let mut worst = 0;
            for _ in 0..400 {
                let before = lab.device().counters().begun;
                let _ = lab.note("byte", flash::read(7, &mut [0]));
                worst = worst.max(lab.device().counters().begun - before);
            }
            lab.tally.set(0x8000_0000 | worst);
        })
        .boot();
    let user = restless_flash_eraser(&trial);
    let storage = restless_storage_reader(&trial);
    trial.run_until(|board| !board.apps()[BULK as usize].alive);
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert_eq!(notes.len(), 401, "{notes:?}");
    assert!(notes.iter().all(|(_, outcome)| outcome.is_ok()));
    let worst = trial.lab.tally.get() & 0x7FFF_FFFF;
    // Three seats: the apps', and two kernel users'.
    assert!(worst <= 3 * (BULK + 1), "{worst} bites");
    // Reads don't wait for the end of programs and erases.
    assert!(worst > 2, "{worst} bites: there was no load");
    // They wait for each other's erases, which the reader does not, and get on all the same: each
    // has its turn in each round, of at most two erases and what stands in between.
    let (erased, read) = (user.ended.borrow().len(), storage.done.get());
    assert!(erased >= 5 && read >= 5, "{erased} erased, {read} read");
    trial.finish_off();
}

fn restless_flash_eraser(trial: &Trial) -> &'static FlashUser {
    let (face, user) = FlashUser::on(&trial.board);
    let lab = Rc::clone(&trial.lab);
    *user.inside.borrow_mut() = Some(Box::new(move |_| {
        if lab.tally.get() & 0x8000_0000 == 0 {
            assert_eq!(face.erase_page(1), Ok(()));
        }
    }));
    assert_eq!(face.erase_page(1), Ok(()));
    user
}

/// A kernel user of the storage face that reads until it is told to stop.
struct StorageReader {
    storage: &'static spi_nor::storage::StorageFace<'static>,
    lab: Rc<Lab>,
    done: Cell<u32>,
}

impl NonvolatileStorageClient for StorageReader {
    fn read_done(&self, buffer: &'static mut [u8], length: usize) {
        assert_eq!(length, buffer.len());
        self.done.set(self.done.get() + 1);
        if self.lab.tally.get() & 0x8000_0000 == 0 {
            assert_eq!(self.storage.read(buffer, 5, length), Ok(()));
        }
    }

    fn write_done(&self, _: &'static mut [u8], _: usize) {
        panic!("nothing was written");
    }
}

fn restless_storage_reader(trial: &Trial) -> &'static StorageReader {
    let storage = trial.board.storage().expect("it has a range");
    let reader: &'static StorageReader = trial.board.keep(StorageReader {
        storage,
        lab: Rc::clone(&trial.lab),
        done: Cell::new(0),
    });
    storage.set_client(reader);
    assert_eq!(storage.read(trial.board.keep([0; 100]), 5, 100), Ok(()));
    reader
}

/// What everybody wrote is there in the end, and nothing of it anywhere else.
#[test]
fn kernel_users_and_apps_together() {
    let mut trial = Bench::new(PART)
        .with_kernel_users()
        .case("basic")
        .case("bulk-verifier")
        .app(|lab| {
            for _ in 0..10 {
                let _ = lab.works();
            }
        })
        .boot();
    let (face, user) = FlashUser::on(&trial.board);
    for round in 0..4u8 {
        let page = user.page.take().expect("it is the user's");
        page.0.fill(round ^ 0x35);
        assert!(face.write_page(usize::from(round), page).is_ok());
        trial.run_until(|_| user.ended.borrow().len() > usize::from(round));
    }
    trial.run_to_end();
    assert_eq!(user.ended.take(), [("write", Ok(())); 4]);
    for round in 0..4u8 {
        let start = FLASH.0 + u32::from(round) * SECTOR;
        assert_eq!(trial.board.array(start, 4096), vec![round ^ 0x35; 4096]);
    }
    assert_eq!(
        trial.board.array(STORAGE.0, STORAGE.1 as usize),
        vec![0xFF; STORAGE.1 as usize]
    );
    let printed = String::from_utf8_lossy(&trial.recorder.all()).into_owned();
    assert_eq!(printed.matches("TEST PASS").count(), 2, "{printed}");
    assert_eq!(trial.lab.take_notes(), [("works", Ok(())); 10]);
    trial.finish_off();
}

/// An alarm may come late by any amount: it only adds time.
#[test]
fn alarms_come_late() {
    for latency_us in [1, 30, 500, 5_000, 100_000, 3_000_000] {
        let mut trial = Bench::new(PART)
            .app(|lab| {
                let _ = lab.works();
                let _ = alarm::sleep_ms(20);
                let _ = lab.works();
            })
            .boot();
        trial.board.alarm().set_latency_ns(latency_us * 1_000);
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("works", Ok(())), ("works", Ok(()))],
            "{latency_us}"
        );
        assert_eq!(trial.board.device().counters().forced_stops, 0);
        trial.finish_off();
    }
}

#[test]
fn late_alarms_bound_a_hang_all_the_same() {
    for latency_us in [30, 5_000, 3_000_000] {
        let mut trial = Bench::new(PART)
            .app(|lab| {
                let _ = lab.open();
                lab.qspi(|qspi| qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow));
                let _ = lab.read(0);
                let _ = lab.works();
            })
            .boot();
        trial.board.alarm().set_latency_ns(latency_us * 1_000);
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("read", ended(ErrorCode::NoAck, 0)),
                ("works", Ok(())),
            ],
            "{latency_us}"
        );
        trial.finish_off();
    }
}

/// The alarm's counter has 24 bits, and 512 s after boot it starts again.
#[test]
fn alarms_wrap() {
    const WRAPS_NS: u64 = 512_000_000_000;
    for before_ms in (0..200).step_by(3) {
        let mut trial = Bench::new(PART)
            .app(|lab| {
                let _ = lab.works();
                let _ = alarm::sleep_ms(15);
                let _ = lab.works();
            })
            .boot();
        trial
            .board
            .machine
            .advance_to(WRAPS_NS - before_ms * 1_000_000);
        let start = trial.board.machine.now_ns();
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("works", Ok(())), ("works", Ok(()))]
        );
        let took_ms = (trial.board.machine.now_ns() - start) / 1_000_000;
        assert!(took_ms < 400, "{took_ms} ms");
        trial.finish_off();
    }
}

#[test]
fn a_wait_of_minutes_outlives_the_wrap() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
        })
        .boot();
    let start = 300_000_000_000;
    trial.board.machine.advance_to(start);
    trial
        .lab
        .nor(|nor| nor.set_busy(start, Some(390_000_000_000)));
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    assert!(trial.board.machine.now_ns() > start + 390_000_000_000);
    // The release from deep power-down that a busy part ignores.
    let caused = trial.finish_but(|breach| {
        *breach == Breach::Hardware(Violation::CommandWhileBusy { opcode: 0xAB })
    });
    assert_eq!(caused.len(), 1);
}

/// A device that is detached before it ever came up, and one that was never wanted.
#[test]
fn detached_before_it_was_up() {
    for passes in 0..60 {
        let mut trial = Bench::new(PART).boot();
        for _ in 0..passes {
            trial.board.step();
        }
        assert!(trial.board.detach());
        trial.run_until(|board| !board.is_detaching());
        assert_eq!(trial.board.detach_result(), Some(Ok(())));
        assert_eq!(trial.board.device().state(), State::Off);
        trial.finish_off();
    }
}

/// Work that comes while the device stops makes it start again, and is not lost; with the
/// request at every instant of the way down.
#[test]
fn a_request_on_the_way_down_is_served() {
    for after_us in (0..1_500).step_by(20) {
        let mut trial = Bench::new(PART)
            .idle_us(200)
            .app(|lab| {
                let _ = lab.open();
                let _ = flash::close();
                let _ = alarm::sleep_ticks(lab.tally.get());
                let _ = lab.read(0);
                let _ = flash::close();
                let _ = lab.open();
            })
            .boot();
        trial.lab.tally.set(1 + after_us * 32_768 / 1_000_000);
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("open", Ok(())), ("read", Ok(())), ("open", Ok(()))]
        );
        trial.finish_off();
    }
}

/// The crystal is gone just when a power-up is due, and detach and attach come in between.
#[test]
fn power_management_fails_at_every_turn() {
    use tock_qspi::surroundings::Crystal;
    for crystal in [Crystal::NeverStarts, Crystal::Unavailable] {
        let mut trial = Bench::new(PART)
            .app(|lab| {
                let _ = lab.works();
                lab.wait_for_signal();
                let _ = lab.read(0);
                lab.wait_for_signal();
                let _ = lab.works();
            })
            .boot();
        trial.run_until_noted(1);
        trial.run_until_state(State::Off);
        trial.board.hfxo().set_crystal(crystal);
        trial.lab.signal();
        trial.run_until(|board| matches!(board.device().state(), State::Starting | State::Failed));
        // A detach of a device that can't start ends, and says so.
        assert!(trial.board.detach());
        trial.run_until(|board| !board.is_detaching());
        let result = trial.board.detach_result().expect("it has ended");
        assert!(matches!(
            result,
            Err(Fault::NoAnswer | Fault::Controller(qspi_hil::Error::ClockUnavailable))
        ));
        trial.run_until_noted(2);
        trial.board.hfxo().set_crystal(Crystal::Starts);
        trial.recover();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert_eq!(notes[0], ("works", Ok(())));
        assert!(
            [
                ended(ErrorCode::NoAck, 0),
                ended(ErrorCode::Off, 0),
                ended(ErrorCode::Cancel, 0),
                refused(ErrorCode::Off),
            ]
            .contains(&notes[1].1),
            "{notes:?}"
        );
        assert_eq!(notes[2], ("works", Ok(())));
        trial.finish_off();
    }
}

/// Every part that the model knows, at both clocks; MX25R is in its fast mode at the one and in
/// its slow mode at the other.
#[test]
fn every_part_works_at_every_clock() {
    for part in support::all_known() {
        for (divider, hz) in [(Divider::MHZ_32, 32_000_000), (Divider::MHZ_8, 8_000_000)] {
            let mut trial = Bench::new(part.name).divider(divider).case("basic").boot();
            trial.limit = 5_000_000;
            trial.run_to_end();
            let printed = String::from_utf8_lossy(&trial.recorder.all()).into_owned();
            assert!(
                printed.contains("TEST PASS"),
                "{} at {hz} Hz: {printed}",
                part.name
            );
            let profile = trial.board.device().profile().expect("it was identified");
            // The profile that a board fixes is that of the fast mode, whatever the clock.
            let is_fast = hz > 8_000_000 || cfg!(feature = "minimal");
            assert_eq!(
                profile.high_performance,
                part.low_power.is_some() && is_fast,
                "{}",
                part.name
            );
            trial.finish();
        }
    }
}

/// A part may take as long as its table allows, and no deadline may be shorter than that.
#[test]
fn every_part_may_take_its_longest() {
    for part in support::all_known() {
        for divider in [Divider::MHZ_32, Divider::MHZ_8] {
            for busy_time in [BusyTime::Maximum, BusyTime::Uniform { seed: 3 }] {
                let mut trial = Bench::new(part.name)
                    .nor(|nor| nor.set_busy_time(busy_time))
                    .divider(divider)
                    .app(|lab| {
                        let _ = lab.works();
                        let _ = lab.note("block", flash::erase(0, support::REGION));
                        let _ = lab.works();
                    })
                    .boot();
                trial.run_to_end();
                assert_eq!(
                    trial.lab.take_notes(),
                    [("works", Ok(())), ("block", Ok(())), ("works", Ok(()))],
                    "{} {busy_time:?}",
                    part.name
                );
                assert_eq!(trial.board.device().last_fault(), None);
                trial.finish();
            }
        }
    }
}

/// A kernel user of the storage face that notes what it was told.
#[derive(Default)]
struct StorageUser {
    buffer: Cell<Option<&'static mut [u8]>>,
    told: RefCell<Vec<(&'static str, usize)>>,
}

impl NonvolatileStorageClient for StorageUser {
    fn read_done(&self, buffer: &'static mut [u8], length: usize) {
        self.buffer.set(Some(buffer));
        self.told.borrow_mut().push(("read", length));
    }

    fn write_done(&self, buffer: &'static mut [u8], length: usize) {
        self.buffer.set(Some(buffer));
        self.told.borrow_mut().push(("write", length));
    }
}

/// The HIL's callbacks carry no error: what was not done is not in the length.
#[test]
fn a_storage_user_is_told_how_far_it_came() {
    use qspi_models::nor::{FaultTimes, FlashFault};
    let mut trial = Bench::new(PART).with_kernel_users().boot();
    trial.run_until(Board::is_at_rest_and_known);
    let storage = trial.board.storage().expect("it has a range");
    let user: &'static StorageUser = trial.board.keep(StorageUser::default());
    storage.set_client(user);
    let buffer: &'static mut [u8] = trial.board.keep([0x11; 6000]);
    // The first sector is patched, and its eleventh page is where the part gets stuck.
    trial.lab.nor(|nor| {
        nor.faults
            .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
    });
    assert_eq!(storage.write(buffer, 0, 6000), Ok(()));
    trial.board.step();
    trial.run_until(Board::is_at_rest);
    assert_eq!(user.told.take(), [("write", 0)]);
    // A second time, with nothing in the way; the sector holds a page of it already.
    let buffer = user.buffer.take().expect("it came back");
    assert_eq!(storage.write(buffer, 0, 6000), Ok(()));
    trial.board.step();
    trial.run_until(Board::is_at_rest);
    assert_eq!(user.told.take(), [("write", 6000)]);
    assert_eq!(trial.board.array(STORAGE.0, 6000), vec![0x11; 6000]);
    trial.finish_off();
}

/// Whatever can go wrong does, at random and all at once; then all is mended. What the data is
/// worth after that is another matter, and so is what the part has to object to, but of what
/// is promised about operations, buffers, leases and teardown nothing may be broken.
#[test]
fn storm() {
    let mut seen = [0u32; 4];
    for seed in 0..150 {
        let of_this = storm_of(seed);
        for (sum, count) in seen.iter_mut().zip(of_this) {
            *sum += count;
        }
    }
    // It was one: forced stops, buffers out of quarantine, failures, and operations that ended
    // well in between.
    // With as little as there can be, 17 buffers come out of quarantine; with all there is, 159.
    let released = if cfg!(feature = "minimal") { 10 } else { 100 };
    let floors = [100, released, 100, 100];
    let mut counts = seen.iter().zip(floors);
    assert!(counts.all(|(count, floor)| *count > floor), "{seen:?}");
}

fn storm_of(seed: u64) -> [u32; 4] {
    let mut random = fastrand::Rng::with_seed(seed);
    let stubborn = |lab: &Lab| {
        while lab.tally.get() == 0 {
            let outcome = match lab.now_ns() % 4 {
                0 => flash::read(3, &mut [0; 700]),
                1 => flash::program(0x2001, &[0x0F; 300]),
                2 => flash::erase(0x2000, SECTOR),
                _ => flash::open(),
            };
            if outcome.is_err() {
                let _ = alarm::sleep_ticks(9);
            } else if lab.now_ns().is_multiple_of(3) {
                let _ = flash::close();
            }
        }
        // The device may have failed or be detached, until the test attaches it.
        let mut left = 100;
        while left > 0 && lab.works().is_err() {
            left -= 1;
            let _ = alarm::sleep_ms(20);
        }
    };
    let mut trial = Bench::new(PART)
        .with_kernel_users()
        .idle_us(700)
        .undying_app(stubborn)
        .undying_app(stubborn)
        .boot();
    let user = restless_kernel_user(&trial);
    let mut failures = 0;
    for _ in 0..3_000 {
        trial.board.step();
        if random.u32(0..25) == 0 {
            strike(&mut trial, &mut random);
        }
        if user.ended.borrow().len() > 100 {
            user.ended.take();
        }
        nudge(user);
        if trial.board.device().state() == State::Failed && random.bool() {
            failures += u32::from(trial.board.attach());
        }
    }
    mend(&mut trial);
    trial.run_until(|board| !board.is_detaching());
    let _ = trial.board.attach();
    trial.lab.tally.set(1);
    for _ in 0..200_000 {
        if trial.board.is_over() {
            break;
        }
        if trial.board.device().state() == State::Failed || !trial.board.device().is_attached() {
            let _ = trial.board.attach();
        }
        trial.board.step();
    }
    assert!(trial.board.is_over(), "seed {seed}");
    let page = user.page.take();
    assert!(page.is_some(), "seed {seed}: the kernel user's page");
    let notes = trial.lab.take_notes();
    let good = notes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    assert_eq!(good, 2, "seed {seed}: {notes:?}");
    let counters = trial.board.device().counters();
    let well = (0..2).map(|index| trial.board.counts(index));
    let well: u64 = well.map(|counts| counts.delivered - counts.failed).sum();
    trial.finish_but(|breach| matches!(breach, Breach::Hardware(_) | Breach::WrongContent { .. }));
    [
        counters.forced_stops,
        counters.released,
        failures,
        well as u32,
    ]
}

fn strike(trial: &mut Trial, random: &mut fastrand::Rng) {
    use qspi_models::DmaStop;
    use qspi_models::nor::{FaultTimes, FlashFault, Lines};
    let now = trial.board.machine.now_ns();
    let by_ns = 1 << random.u32(4..25);
    let lab = Rc::clone(&trial.lab);
    let ready = |fault| lab.qspi(|qspi| qspi.faults.ready(None, fault));
    let flash = |fault| lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
    match random.u32(0..22) {
        0 => ready(ReadyFault::Swallow),
        1 => ready(ReadyFault::Delay {
            by_ns,
            survives_disable: random.bool(),
        }),
        2 => ready(ReadyFault::Early {
            after_ns: by_ns,
            and_at_end: random.bool(),
        }),
        3 => ready(ReadyFault::Duplicate { after_ns: by_ns }),
        4 => lab.qspi(|qspi| qspi.schedule_ready(now + by_ns)),
        5 => lab.qspi(|qspi| qspi.faults.activate_hangs(1)),
        6 => {
            let stop = DmaStop {
                after_bytes: random.u32(0..64),
                task_ends: random.bool(),
            };
            lab.qspi(|qspi| qspi.faults.dma_stops(stop));
        }
        7 => flash(FlashFault::WipStuck { for_ns: None }),
        8 => flash(FlashFault::WipStuck {
            for_ns: Some(by_ns),
        }),
        9 => flash(FlashFault::WipReturns {
            after_ns: by_ns,
            for_ns: by_ns,
        }),
        10 => flash(FlashFault::WriteEnableIgnored),
        11 => flash(FlashFault::WrongId { id: [1, 2, 3] }),
        12 => lab.nor(|nor| nor.faults.lines = Lines::ReadOnes),
        13 => lab.nor(|nor| nor.faults.lines = Lines::ReadZeroes),
        14 | 15 => lab.nor(|nor| nor.faults.lines = Lines::Connected),
        16 => lab.nor(|nor| nor.hardware_reset(now)),
        17 => {
            let _ = trial.board.detach();
        }
        18 => {
            let _ = trial.board.attach();
        }
        19 => {
            let at = trial.board.boundary().switches() + 1;
            let what = if random.bool() {
                Sabotage::Fault
            } else {
                Sabotage::ExitRestart
            };
            trial.board.boundary().sabotage(at, what);
        }
        20 => trial.board.stop(random.usize(0..2)),
        _ => {
            trial.board.resume(0);
            trial.board.resume(1);
            let latency_ns = if random.bool() { by_ns } else { 0 };
            trial.board.alarm().set_latency_ns(latency_ns);
        }
    }
}

fn mend(trial: &mut Trial) {
    trial.lab.qspi(|qspi| qspi.faults.clear());
    let now = trial.board.machine.now_ns();
    trial.lab.nor(|nor| {
        nor.faults.clear();
        nor.clear_busy(now);
    });
    trial.board.alarm().set_latency_ns(0);
    trial.board.resume(0);
    trial.board.resume(1);
}

/// An interrupt that becomes pending at some time.
struct Bell {
    machine: Rc<tock_qspi::machine::Machine>,
    at_ns: u64,
    served: Cell<bool>,
}

impl tock_qspi::chip::Interrupt for Bell {
    fn is_pending(&self) -> bool {
        !self.served.get() && self.machine.now_ns() >= self.at_ns
    }

    fn handle(&self) {
        self.served.set(true);
    }
}

/// What fails at once is asked for again from inside the callback that tells so. Each try comes
/// after a pause, in which others run.
#[test]
fn a_client_that_tries_again_at_once_keeps_no_interrupt_out() {
    let mut trial = Bench::new(PART)
        .nor(|nor| nor.set_register(0, 0x3C))
        .with_kernel_users()
        .boot();
    trial.run_until(Board::is_at_rest_and_known);
    let (face, user) = FlashUser::on(&trial.board);
    let machine = Rc::clone(&trial.board.machine);
    let bell = Rc::new(Bell {
        at_ns: machine.now_ns() + 50_000_000,
        machine: Rc::clone(&machine),
        served: Cell::new(false),
    });
    trial
        .board
        .chip()
        .add_interrupt(Rc::clone(&bell) as Rc<dyn tock_qspi::chip::Interrupt>);
    let tries = Rc::new(Cell::new(0u32));
    let (counted, heard) = (Rc::clone(&tries), Rc::clone(&bell));
    *user.inside.borrow_mut() = Some(Box::new(move |_| {
        counted.set(counted.get() + 1);
        if !heard.served.get() && counted.get() < 10_000 {
            machine.work(100_000);
            assert_eq!(face.erase_page(0), Ok(()));
        }
    }));
    assert_eq!(face.erase_page(0), Ok(()));
    trial.board.step();
    trial.run_until(Board::is_at_rest);
    assert!(bell.served.get());
    assert!((10..100).contains(&tries.get()), "{} tries", tries.get());
    let refused = Err(kernel::hil::flash::Error::FlashMemoryProtectionError);
    assert!(
        user.ended
            .take()
            .iter()
            .all(|ended| *ended == ("erase", refused))
    );
    trial.finish_off();
}
