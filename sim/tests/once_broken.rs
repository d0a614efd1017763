// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was broken once, each with what showed it.

mod support;

mod four_byte {
    //! A part that was put into 4-byte address mode resets by itself (brown-out, reset pin)
    //! while the device is Ready. It is in 3-byte mode then, and the device does not know.

    use super::support::{Bench, SECTOR};
    use spi_nor::lifecycle::State;
    use userland_rt::flash;

    /// One app's program must not land in another app's region.
    #[test]
    #[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
    fn a_part_that_fell_out_of_four_byte_mode_does_not_program_elsewhere() {
        let mut trial = Bench::new("MT25QU256A")
            .idle_us(10_000_000)
            .app(|lab| {
                let _ = lab.note("erase", flash::erase(0, 2 * SECTOR));
                let _ = lab.note("program", flash::program(0, &[0xF0; 1024]));
            })
            .app(|lab| {
                let _ = lab.open();
                lab.wait_for_signal();
                let _ = lab.note("program", flash::program(0x100, &[0x55; 64]));
                lab.tally.set(1);
            })
            .boot();
        trial.run_until_noted(3);
        let before = trial.region(0, 0, 2 * SECTOR as usize);
        let now = trial.board.machine.now_ns();
        trial.lab.nor(|nor| nor.hardware_reset(now));
        for _ in 0..50 {
            trial.board.step();
        }
        trial.lab.signal();
        let lab = std::rc::Rc::clone(&trial.lab);
        trial.run_until(|_| lab.tally.get() == 1);
        let after = trial.region(0, 0, 2 * SECTOR as usize);
        let changed: Vec<usize> = (0..after.len())
            .filter(|&i| after[i] != before[i])
            .collect();
        assert_eq!(
            changed,
            Vec::<usize>::new(),
            "another app's region was programmed"
        );
    }

    /// The same between two pages of one program, of which the second one would be ready.
    #[test]
    #[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
    fn nor_does_it_between_two_pages() {
        let mut programmed = 0;
        for pass in 0.. {
            let mut trial = Bench::new("MT25QU256A")
                .idle_us(10_000_000)
                .app(|lab| {
                    let _ = lab.note("erase", flash::erase(0, SECTOR));
                    let _ = lab.note("program", flash::program(0, &[0xF0; 1024]));
                })
                .app(|lab| {
                    let _ = lab.open();
                    lab.wait_for_signal();
                    let _ = lab.note("program", flash::program(0x100, &[0x55; 512]));
                })
                .boot();
            trial.run_until_noted(3);
            let before = trial.region(0, 0, SECTOR as usize);
            trial.lab.signal();
            trial.run_until(|board| board.device().state() == State::Busy);
            for _ in 0..pass {
                trial.board.step();
            }
            let was_over = trial.lab.noted() == 4;
            let now = trial.board.machine.now_ns();
            trial.lab.nor(|nor| nor.hardware_reset(now));
            trial.run_until_noted(4);
            assert_eq!(trial.region(0, 0, SECTOR as usize), before, "{pass}");
            let page = trial.region(1, 0x200, 256);
            programmed += u32::from(page.iter().all(|byte| *byte == 0x55));
            if was_over {
                break;
            }
        }
        assert!(programmed > 0, "the second page is never reached");
    }
}

mod deaths {
    //! C7: a dead process costs no other process anything.

    use super::support::{Bench, Lab};
    use qspi_models::nor::{FaultTimes, FlashFault};
    use qspi_models::{ReadyFault, Task};
    use spi_nor::lifecycle::State;
    use tock_qspi::board::Board;

    /// One app whose operation meets `strike`; another that begins to use the flash long after.
    /// The first is killed in mid-operation, or left alive. What does the second see?
    fn the_other_one_sees(
        kill: bool,
        strike: fn(&Lab),
    ) -> (Vec<(&'static str, super::support::Outcome)>, State) {
        let mut trial = Bench::new("MX25R6435F")
            .app(move |lab| {
                let _ = lab.open();
                strike(lab);
                lab.tally.set(1);
                let _ = lab.erase(0x2000);
                let _ = userland_rt::flash::close();
            })
            .app(|lab| {
                lab.wait_for_signal();
                let _ = lab.works();
            })
            .boot();
        let lab = std::rc::Rc::clone(&trial.lab);
        trial.run_until(|_| lab.tally.get() == 1);
        trial.run_until(|board| board.device().state() == State::Busy);
        for _ in 0..6 {
            trial.board.step();
        }
        if kill {
            trial.board.terminate(0);
        }
        trial.run_until(Board::is_at_rest);
        let state = trial.board.device().state();
        trial.lab.signal();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        (notes, state)
    }

    fn same_for_the_others(strike: fn(&Lab)) {
        let (alive, _) = the_other_one_sees(false, strike);
        let (dead, state_dead) = the_other_one_sees(true, strike);
        assert_eq!(alive.last(), Some(&("works", Ok(()))));
        assert_eq!(dead.last(), Some(&("works", Ok(()))), "{state_dead:?}");
    }

    #[test]
    fn a_lost_ready_costs_the_others_no_more_if_its_owner_dies() {
        same_for_the_others(|lab| {
            lab.qspi(|qspi| qspi.faults.ready(Some(Task::Erase), ReadyFault::Swallow));
        });
    }

    #[test]
    fn a_stuck_wip_costs_the_others_no_more_if_its_owner_dies() {
        same_for_the_others(|lab| {
            lab.nor(|nor| {
                nor.faults
                    .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
            });
        });
    }
}

mod wip {
    //! C4, C6: a WIP that returns and stays is the part not answering.

    use super::support::{Bench, ErrorCode, ended};
    use qspi_models::nor::{FaultTimes, FlashFault};
    use tock_qspi::board::Board;
    use userland_rt::flash;

    /// WIP returns after an erase has ended well, and stays (a brown-out, a part gone wrong).
    /// Each program is then refused with FAIL, the device believes that all is quiet, never
    /// resets the part, and on close sends it "deep power-down" and disables the controller
    /// while WIP = 1.
    #[test]
    fn a_wip_that_returns_and_stays_is_recovered_from() {
        let mut trial = Bench::new("MX25R6435F")
            .idle_us(1_000_000)
            .app(|lab| {
                let _ = lab.open();
                lab.nor(|nor| {
                    nor.faults.arm(
                        FlashFault::WipReturns {
                            after_ns: 3_000_000,
                            for_ns: 3_600_000_000_000,
                        },
                        FaultTimes::Count(1),
                    );
                });
                let _ = lab.erase(0);
                let _ = userland_rt::alarm::sleep_ms(10);
                for _ in 0..5 {
                    let _ = lab.program(0);
                }
                let _ = lab.works();
                let _ = flash::close();
            })
            .boot();
        trial.run_until(Board::is_over);
        let notes = trial.lab.take_notes();
        // One of them may fail; then the part has to be recovered, as it is from a WIP that
        // never clears in the operation itself.
        assert_eq!(notes.last(), Some(&("works", Ok(()))));
        let failed = notes.iter().filter(|(_, outcome)| outcome.is_err()).count();
        assert_eq!(failed, 1);
        assert!(notes.contains(&("program", ended(ErrorCode::NoAck, 0))));
    }
}

mod wake {
    //! Waking a part that is known, was put to sleep in order, and now goes wrong.

    use super::support::Bench;
    use qspi_models::nor::Lines;
    use spi_nor::lifecycle::State;
    use tock_qspi::board::Board;

    /// How long does an app wait for the end of its operation if the part, known and put to
    /// sleep in order, is busy for ever from just after its release from power-down on?
    #[test]
    fn a_known_part_that_wakes_up_busy_is_told_of_soon() {
        let mut trial = Bench::new("MX25R6435F")
            .app(|lab| {
                let _ = lab.works();
                let _ = userland_rt::alarm::sleep_ms(50);
                lab.signal();
                let before = lab.now_ns();
                let _ = lab.read(0);
                lab.tally.set(((lab.now_ns() - before) / 1_000_000) as u32);
            })
            .boot();
        trial.limit = 10_000_000;
        trial.run_until_noted(1);
        trial.run_until_state(State::Off);
        trial.run_until_state(State::Starting);
        let was = trial.board.qspi().counters().completed;
        // The release has gone out.
        trial.run_until(|board| board.qspi().counters().completed > was);
        let now = trial.board.machine.now_ns();
        trial.lab.nor(|nor| nor.set_busy(now + 60_000, None));
        trial.run_until(|board| board.apps().iter().all(|app| !app.alive));
        assert!(
            trial.lab.tally.get() < 10_000,
            "{} ms",
            trial.lab.tally.get()
        );
    }

    /// The lines fail for one wake-up and are mended. All apps get OFF from then on, until
    /// somebody attaches the device again, though a reset and one more try is what the same
    /// glitch gets in mid-operation.
    #[test]
    fn a_glitch_in_one_wake_up_is_recovered_from() {
        let mut trial = Bench::new("MX25R6435F")
            .app(|lab| {
                let _ = lab.works();
                let _ = userland_rt::alarm::sleep_ms(50);
                lab.nor(|nor| nor.faults.lines = Lines::ReadOnes);
                let _ = lab.read(0);
                lab.nor(|nor| nor.faults.lines = Lines::Connected);
                let _ = lab.read(0);
            })
            .boot();
        trial.run_until(|board| board.apps().iter().all(|app| !app.alive));
        trial.run_until(Board::is_at_rest);
        let notes = trial.lab.take_notes();
        assert_ne!(trial.board.device().state(), State::Failed);
        assert_eq!(notes.last(), Some(&("read", Ok(()))));
    }
}

mod idle {
    //! The idle time, at lengths that the alarm's 24 bits do not hold.

    use super::support::Bench;

    fn power_ups(idle_us: u32) -> u32 {
        let mut trial = Bench::new("MX25R6435F")
            .idle_us(idle_us)
            .app(|lab| {
                let _ = lab.open();
                for _ in 0..20 {
                    let _ = userland_rt::alarm::sleep_ms(20);
                    let _ = lab.read(0);
                }
                lab.tally.set(1);
                lab.wait_for_signal();
            })
            .boot();
        let lab = std::rc::Rc::clone(&trial.lab);
        trial.run_until(|_| lab.tally.get() == 1);
        trial.board.device().counters().power_ups
    }

    /// RTC at 32,768 Hz, 24 bits: 512 s.
    #[test]
    fn a_longer_idle_time_is_not_a_shorter_one() {
        let fine = power_ups(500_000_000);
        let longer = power_ups(600_000_000);
        let for_ever = power_ups(u32::MAX);
        assert_eq!([longer, for_ever], [fine, fine]);
    }
}

mod storage_retry {
    //! A storage user that tries again in its callback, on a detached device: how long does one
    //! pass of the kernel loop last?

    use super::support::Bench;
    use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
    use spi_nor::storage::StorageFace;
    use std::cell::Cell;
    use tock_qspi::board::Board;

    struct Retrying {
        storage: &'static StorageFace<'static>,
        tries: Cell<u32>,
    }

    impl NonvolatileStorageClient for Retrying {
        fn read_done(&self, buffer: &'static mut [u8], length: usize) {
            assert_eq!(length, 0);
            self.tries.set(self.tries.get() + 1);
            // A bound for the test's sake only.
            if self.tries.get() < 100_000 {
                assert_eq!(self.storage.read(buffer, 0, 8), Ok(()));
            }
        }

        fn write_done(&self, _: &'static mut [u8], _: usize) {}
    }

    #[test]
    fn apps_run_while_a_storage_user_tries_again() {
        let mut trial = Bench::new("MX25R6435F")
            .with_kernel_users()
            .app(|lab| {
                lab.wait_for_signal();
                lab.tally.set(1);
            })
            .boot();
        trial.run_until(Board::is_at_rest_and_known);
        assert!(trial.board.detach());
        trial.run_until(|board| !board.is_detaching());
        let storage = trial.board.storage().expect("it has a range");
        let user: &'static Retrying = trial.board.keep(Retrying {
            storage,
            tries: Cell::new(0),
        });
        storage.set_client(user);
        assert_eq!(storage.read(trial.board.keep([0; 8]), 0, 8), Ok(()));
        for _ in 0..3 {
            trial.board.step();
        }
        assert!(
            user.tries.get() < 1_000,
            "{} tries in three passes",
            user.tries.get()
        );
    }
}

mod detach {
    //! C3, C10: after a revoke nothing new is started, and the end of a detach is told after
    //! everybody got theirs.

    use super::support::{Bench, FlashUser, settings};
    use kernel::hil::flash::{Flash, HasClient};
    use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
    use spi_nor::device::RestClient;
    use spi_nor::error::Error;
    use spi_nor::flash::{PAGE_SIZE, Page};
    use spi_nor::lifecycle::{Fate, State};
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use tock_qspi::board::{Board, Settings};

    #[derive(Default)]
    struct StorageUser {
        ended: RefCell<Vec<usize>>,
    }

    impl NonvolatileStorageClient for StorageUser {
        fn read_done(&self, _: &'static mut [u8], length: usize) {
            self.ended.borrow_mut().push(length);
        }

        fn write_done(&self, _: &'static mut [u8], length: usize) {
            self.ended.borrow_mut().push(length);
        }
    }

    /// The flash user's range lies beyond the part, so its operation ends inside
    /// `next_request`. It detaches in that callback. The storage user's request, still queued,
    /// is then begun all the same.
    #[test]
    fn nothing_is_begun_after_a_detach_inside_a_callback() {
        let settings = settings("MX25R6435F");
        let size = settings.qspi.flash().part().size;
        let settings = Settings {
            flash_range: Some((size, 0x4000)),
            storage_range: Some((0x9_0000, 0x4000)),
            ..settings
        };
        let mut board = Board::new(settings, Vec::new());
        assert!(board.run_until(10_000, Board::is_at_rest_and_known));
        let (face, user) = FlashUser::on(&board);
        let storage = board.storage().expect("it has a range");
        let other: &'static StorageUser = board.keep(StorageUser::default());
        storage.set_client(other);
        let device = board.device();
        let begun = Rc::new(Cell::new(None));
        let seen = Rc::clone(&begun);
        *user.inside.borrow_mut() = Some(Box::new(move |_: &FlashUser| {
            assert_eq!(device.detach(), Ok(()));
            seen.set(Some(device.counters().begun));
        }));
        assert_eq!(face.erase_page(0), Ok(()));
        assert_eq!(storage.read(board.keep([0u8; 64]), 0, 64), Ok(()));
        assert!(board.run_until(10_000, |board| begun.get().is_some() && board.is_at_rest()));
        assert_eq!(
            *user.ended.borrow(),
            [("erase", Err(kernel::hil::flash::Error::FlashError))]
        );
        assert_eq!(
            Some(device.counters().begun),
            begun.get(),
            "an operation was begun after the detach"
        );
    }

    /// Notes how much the flash user had been told when the detach ended.
    struct Rest {
        user: &'static FlashUser,
        told: Cell<Option<usize>>,
    }

    impl RestClient for Rest {
        fn detached(&self, _: Result<(), Error>) {
            self.told.set(Some(self.user.ended.borrow().len()));
        }
    }

    /// Idle power-down is under way; a request comes, then a detach. If the last alarm of the
    /// power-down is already pending, `detached` comes first and the request's end after it.
    #[test]
    fn the_end_of_a_detach_is_told_last() {
        let mut late = Vec::new();
        for passes in 0..30 {
            let mut trial = Bench::new("MX25R6435F")
                .with_kernel_users()
                .idle_us(1_000)
                .boot();
            trial.run_until(Board::is_at_rest_and_known);
            let (face, user) = FlashUser::on(&trial.board);
            let rest: &'static Rest = trial.board.keep(Rest {
                user,
                told: Cell::new(None),
            });
            trial.board.device().set_rest_client(rest);
            face.hold(true);
            let page = user.page.take().expect("set before");
            assert!(face.read_page(0, page).is_ok());
            trial.board.step();
            trial.run_until_state(State::Stopping(Fate::Off));
            for _ in 0..passes {
                trial.board.step();
            }
            if trial.board.device().state() == State::Off {
                break;
            }
            assert_eq!(user.ended.borrow().len(), 1);
            let page = user.page.take().expect("it came back");
            assert!(face.read_page(0, page).is_ok());
            assert!(trial.board.detach());
            let mut limit = 1_000;
            while rest.told.get().is_none() && limit > 0 {
                trial.board.step();
                limit -= 1;
            }
            trial.idle_along();
            assert_eq!(user.ended.borrow().len(), 2, "it was told sooner or later");
            if rest.told.get() != Some(2) {
                late.push(passes);
            }
        }
        assert_eq!(
            late,
            Vec::<u32>::new(),
            "detached() came before the request's end"
        );
    }

    /// A page that is accepted without a client is never seen again.
    #[test]
    fn a_page_is_not_lost_for_want_of_a_client() {
        let mut trial = Bench::new("MX25R6435F").with_kernel_users().boot();
        trial.run_until(Board::is_at_rest_and_known);
        let face = trial.board.flash().expect("it has a range");
        let page: &'static mut Page = trial.board.keep(Page([0; PAGE_SIZE]));
        let accepted = face.read_page(0, page).is_ok();
        trial.board.step();
        trial.run_until(Board::is_at_rest);
        let user: &'static FlashUser = trial.board.keep(FlashUser::default());
        face.set_client(user);
        trial.idle_along();
        trial.idle_along();
        assert!(
            !accepted || user.page.take().is_some(),
            "accepted, and neither told nor given back"
        );
        let _ = user as &dyn kernel::hil::flash::Client<_>;
    }
}
