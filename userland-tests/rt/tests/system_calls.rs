// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The typed system calls, the scopes and the drivers' functions, run on a fake
//! kernel.

mod mock;

use mock::{Board, Command, Flaw, Outcome, run};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Access, Ended, Error, Operation, Why};
use userland_rt::returned::Returned;
use userland_rt::{alarm, console, share, system_call, upcall};

/// Runs `app` on `board` and returns what it returned.
fn result_of<R: 'static>(board: Board, app: impl FnOnce() -> R + 'static) -> (R, mock::Left) {
    let slot = Rc::new(RefCell::new(None));
    let inside = Rc::clone(&slot);
    let left = run(board, move || {
        let result = app();
        *inside.borrow_mut() = Some(result);
    });
    assert_eq!(left.outcome, Outcome::Returned);
    let result = slot.borrow_mut().take();
    (result.expect("the app returned"), left)
}

#[test]
fn every_error_code_survives_both_ways() {
    for code in (0..20).chain(1020..1030) {
        assert_eq!(ErrorCode::from_code(code).code(), code);
    }
    assert_eq!(ErrorCode::from_code(7), ErrorCode::Size);
    assert_eq!(ErrorCode::from_code(13), ErrorCode::NoAck);
    assert_eq!(ErrorCode::from_code(99), ErrorCode::Unknown(99));
    assert_eq!(ErrorCode::from_status(0), Ok(()));
    assert_eq!(ErrorCode::from_status(8), Err(ErrorCode::Cancel));
    assert_eq!(ErrorCode::Invalid.to_string(), "INVAL");
    assert_eq!(ErrorCode::Unknown(99).to_string(), "code 99");
}

#[test]
fn only_the_expected_variant_is_a_success() {
    assert_eq!(Returned::new([128, 1, 2, 3]).success(), Ok(()));
    assert_eq!(Returned::new([129, 7, 2, 3]).success_u32(), Ok(7));
    assert_eq!(Returned::new([130, 7, 8, 3]).success_2_u32(), Ok((7, 8)));
    assert_eq!(Returned::new([132, 7, 8, 9]).success_3_u32(), Ok((7, 8, 9)));
    for variant in [4, 127, 129, 130, 131, 132, 133, 0xdead] {
        let returned = Returned::new([variant, 2, 0, 0]);
        assert_eq!(returned.success(), Err(ErrorCode::BadReturn), "{variant}");
    }
    for variant in 0..=3 {
        let returned = Returned::new([variant, 2, 0, 0]);
        assert_eq!(returned.success(), Err(ErrorCode::Busy));
        assert_eq!(returned.success_2_u32(), Err(ErrorCode::Busy));
        assert_eq!(returned.success_2_words(), Err(ErrorCode::Busy));
    }
    let wide = Returned::new([129, 1 << 32, 0, 0]);
    assert_eq!(wide.success_word(), Ok(1 << 32));
    assert_eq!(wide.success_u32(), Err(ErrorCode::BadReturn));
}

#[test]
fn a_second_system_call_function_is_refused() {
    fn other(_: usize, _: [usize; 4]) -> [usize; 4] {
        [0; 4]
    }
    // The fake installs itself here, if no other test was first.
    let ((), _) = result_of(Board::default(), || ());
    assert_eq!(
        userland_rt::host::install(other),
        Err(userland_rt::host::AlreadyInstalled)
    );
}

#[test]
fn exits_and_faults_end_the_app_at_once() {
    let ends: [(fn(), Outcome); 3] = [
        (|| system_call::exit_terminate(3), Outcome::Terminated(3)),
        (|| system_call::exit_restart(4), Outcome::Restarted(4)),
        (|| system_call::fault(), Outcome::Faulted),
    ];
    for (end, outcome) in ends {
        let destructor_ran = Rc::new(Cell::new(false));
        let seen = Rc::clone(&destructor_ran);
        struct OnDrop(Rc<Cell<bool>>);
        impl Drop for OnDrop {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let left = run(Board::default(), move || {
            let guard = OnDrop(seen);
            end();
            drop(guard);
        });
        assert_eq!(left.outcome, outcome);
        assert!(!destructor_ran.get());
    }
}

#[test]
fn an_app_can_be_unwound_after_its_end() {
    struct OnDrop(Rc<Cell<bool>>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let ends: [fn(); 2] = [|| system_call::exit_terminate(3), || system_call::fault()];
    for end in ends {
        let destructor_ran = Rc::new(Cell::new(false));
        let seen = Rc::clone(&destructor_ran);
        let board = Board {
            unwinds: true,
            ..Board::default()
        };
        // The destructors of all three scopes make system calls, which fail.
        let left = run(board, move || {
            let guard = OnDrop(seen);
            let _ = share::read_write(flash::DRIVER, flash::DESTINATION, &mut [0; 9], |_| {
                let _ = share::read_only(flash::DRIVER, flash::SOURCE, &[0; 9], |_| {
                    let _ = flash::watch_operation(Operation::Read, |_| {
                        flash::start_read(0, 9).unwrap();
                        end();
                    });
                });
            });
            drop(guard);
        });
        assert!(matches!(
            left.outcome,
            Outcome::Terminated(3) | Outcome::Faulted
        ));
        assert!(destructor_ran.get());
        assert!(left.sharing && left.subscribed);
    }
}

#[test]
fn flash_round_trip() {
    let (read, left) = result_of(Board::default(), || {
        flash::exists().unwrap();
        assert_eq!(flash::geometry(), Err(ErrorCode::Reserve));
        flash::open().unwrap();
        let geometry = flash::geometry().unwrap();
        assert_eq!((geometry.sector, geometry.page), (4096, 256));
        let region = flash::region().unwrap();
        assert_eq!(region.access, Access::ReadProgramErase);
        assert_eq!(region.length as usize, 24 * mock::SECTOR);
        flash::erase(4096, 8192).unwrap();
        flash::program(5000, &[0xf0; 700]).unwrap();
        flash::program(5001, &[0x3c]).unwrap();
        let mut buffer = [0; 702];
        flash::read(4999, &mut buffer).unwrap();
        flash::close().unwrap();
        assert_eq!(flash::close(), Err(ErrorCode::Already));
        buffer
    });
    let mut expected = [0xf0; 702];
    expected[0] = 0xff;
    expected[2] = 0x30;
    expected[701] = 0xff;
    assert_eq!(read, expected);
    assert_eq!(left.region[5001], 0x30);
    assert_eq!(left.region[4095], 79);
    assert_eq!(left.region[4096 + 8192], 240);
    assert!(!left.leased);
}

#[test]
fn nothing_stays_shared_or_subscribed() {
    let ((), left) = result_of(Board::default(), || {
        let mut buffer = [0; 10];
        flash::read(0, &mut buffer).unwrap();
        flash::program(0, &buffer).unwrap();
        flash::erase(0, 4096).unwrap();
        assert_eq!(
            flash::read(1 << 30, &mut buffer),
            Err(Error::Refused(ErrorCode::Invalid))
        );
        console::write_all(b"x").unwrap();
        alarm::sleep_ms(1).unwrap();
    });
    assert!(!left.sharing);
    assert!(!left.subscribed);
    assert_eq!(left.queued, 0);
}

#[test]
fn nothing_stays_shared_when_a_body_panics() {
    let (ended, left) = result_of(Board::default(), || {
        let mut buffer = [0; 10];
        std::panic::catch_unwind(move || {
            let _ = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
                let _ = flash::watch_operation(Operation::Read, |_| {
                    std::panic::resume_unwind(Box::new("gone"))
                });
            });
        })
    });
    assert!(ended.is_err());
    assert!(!left.sharing);
    assert!(!left.subscribed);
}

#[test]
fn errors_say_at_which_step() {
    let no_flash = Board {
        has_flash: false,
        ..Board::default()
    };
    let (result, _) = result_of(no_flash, || (flash::exists(), flash::read(0, &mut [0; 4])));
    assert_eq!(result.0, Err(ErrorCode::NoDevice));
    assert_eq!(result.1, Err(Error::Setup(ErrorCode::NoDevice)));

    let with = |flaw| Board {
        flaws: vec![flaw],
        ..Board::default()
    };
    let (result, _) = result_of(with(Flaw::EndsWith(Command::Erase, 1)), || {
        flash::erase(0, 8192)
    });
    let failed = Error::Ended {
        code: ErrorCode::Fail,
        done: 8192,
    };
    assert_eq!(result, Err(failed));
    let (result, _) = result_of(with(Flaw::SaysOneLess(Command::Program)), || {
        flash::program(0, &[1; 9])
    });
    assert_eq!(result, Err(Error::Count { done: 8 }));
    let (result, _) = result_of(with(Flaw::RegionAccess(3)), flash::region);
    assert_eq!(result, Err(ErrorCode::BadReturn));
}

#[test]
fn a_missing_upcall_blocks_and_a_second_one_is_counted() {
    let board = Board {
        flaws: vec![Flaw::UpcallNever(Command::Read)],
        ..Board::default()
    };
    let left = run(board, || {
        let _ = flash::read(0, &mut [0; 4]);
    });
    assert_eq!(left.outcome, Outcome::Blocked);

    let board = Board {
        flaws: vec![Flaw::UpcallTwice(Command::Erase)],
        ..Board::default()
    };
    let (counts, _) = result_of(board, || {
        flash::watch_operation(Operation::Erase, |arrivals| {
            flash::start_erase(0, 4096).unwrap();
            let ended = Ended::from_values(arrivals.wait());
            let first = arrivals.count();
            while system_call::yield_no_wait() {}
            (ended, first, arrivals.count())
        })
        .unwrap()
    });
    let ended = Ended {
        status: Ok(()),
        done: 4096,
        why: Why::Unsaid,
    };
    assert_eq!(counts, (ended, 1, 2));
}

#[test]
fn a_wait_ignores_the_upcalls_of_others() {
    let ((), left) = result_of(Board::default(), || {
        upcall::watch(alarm::DRIVER, 0, |alarms| {
            alarm::set_relative(1).unwrap();
            let mut buffer = [0; 4096];
            flash::read(0, &mut buffer).unwrap();
            assert_eq!(buffer[300], 49);
            assert_eq!(alarms.count(), 1);
            alarms.wait();
        })
        .unwrap();
    });
    assert_eq!(left.queued, 0);
}

#[test]
fn wait_for_returns_the_values_and_runs_nothing() {
    let (values, _) = result_of(Board::default(), || {
        upcall::watch_and_run(
            flash::DRIVER,
            Operation::Erase.upcall(),
            |_| panic!("wait-for runs no function"),
            |arrivals| {
                flash::start_erase(0, 4096).unwrap();
                let values = system_call::yield_wait_for(flash::DRIVER, Operation::Erase.upcall());
                (values, arrivals.count())
            },
        )
        .unwrap()
    });
    assert_eq!(values, ([0, 4096, 0], 0));
}

#[test]
fn yield_no_wait_says_whether_an_upcall_ran() {
    let (ran, _) = result_of(Board::default(), || {
        flash::watch_operation(Operation::Open, |arrivals| {
            let before = system_call::yield_no_wait();
            flash::start_open().unwrap();
            let mut polls = 0;
            while arrivals.count() == 0 && polls < 10 {
                system_call::yield_no_wait();
                polls += 1;
            }
            (before, arrivals.count(), system_call::yield_no_wait())
        })
        .unwrap()
    });
    assert_eq!(ran, (false, 1, false));
}

#[test]
fn an_upcall_can_start_the_next_operation() {
    let (counts, left) = result_of(Board::default(), || {
        let started = Cell::new(0);
        upcall::watch_and_run(
            flash::DRIVER,
            Operation::Erase.upcall(),
            |_| {
                if started.get() < 3 {
                    started.set(started.get() + 1);
                    flash::start_erase(started.get() * 4096, 4096).unwrap();
                }
            },
            |arrivals| {
                flash::start_erase(0, 4096).unwrap();
                for _ in 0..4 {
                    arrivals.wait();
                }
                arrivals.count()
            },
        )
        .unwrap()
    });
    assert_eq!(counts, 4);
    assert!(left.region[..4 * 4096].iter().all(|byte| *byte == 0xff));
    assert_ne!(left.region[4 * 4096], 0xff);
}

#[test]
fn a_revoked_buffer_is_the_apps_again() {
    let (result, left) = result_of(Board::default(), || {
        let mut buffer = [0xee; 4096];
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |shared| {
            flash::watch_operation(Operation::Read, |arrivals| {
                flash::start_read(0, 4096).unwrap();
                let bytes = shared.revoke();
                let before = bytes.to_vec();
                let ended = Ended::from_values(arrivals.wait());
                (ended, before == bytes)
            })
            .unwrap()
        })
        .unwrap()
    });
    assert_eq!(result.0.status, Err(ErrorCode::Size));
    assert!(result.1);
    assert!(!left.sharing);
}

#[test]
fn console_writes_all_of_it_in_any_burst() {
    for burst in [1, 2, 63, 64, 65, usize::MAX] {
        let board = Board {
            console_burst: burst,
            ..Board::default()
        };
        let text = "0123456789".repeat(20);
        let printed = text.clone();
        let ((), left) = result_of(board, move || {
            console::write_all(b"").unwrap();
            console::write_all(b"raw\xff").unwrap();
            userland_rt::print!("{printed} {}", 7).unwrap();
            userland_rt::println!().unwrap();
            userland_rt::println!("{:#x} {printed}", 255).unwrap();
        });
        let mut expected = b"raw\xff".to_vec();
        expected.extend(format!("{text} 7\n0xff {text}\n").bytes());
        assert_eq!(left.console, expected, "burst {burst}");
    }
}

#[test]
fn a_console_that_writes_nothing_is_an_error() {
    let board = Board {
        console_burst: 0,
        ..Board::default()
    };
    let (result, _) = result_of(board, || {
        (console::write_all(b"x"), userland_rt::print!("y"))
    });
    assert_eq!(result.0, Err(console::Error::Count { written: 0 }));
    assert_eq!(result.1, Err(console::Error::Count { written: 0 }));
}

#[test]
fn sleep_lasts_at_least_as_long_as_asked() {
    for duration_ms in [0, 1, 3, 1000, 200_000_000] {
        let (ticks, _) = result_of(Board::default(), move || {
            let before = alarm::now_ticks().unwrap();
            alarm::sleep_ms(duration_ms).unwrap();
            alarm::now_ticks().unwrap().wrapping_sub(before)
        });
        // The counter wraps: the longest one goes round once and a half.
        let asked = (u64::from(duration_ms) * 32_768).div_ceil(1000);
        let slept = u64::from(ticks) + (asked >> 32 << 32);
        assert!(slept >= asked, "{duration_ms} ms: {slept} of {asked}");
        assert!(slept <= asked + 100, "{duration_ms} ms: {slept} of {asked}");
    }
    let (result, _) = result_of(Board::default(), alarm::stop);
    assert_eq!(result, Err(ErrorCode::Already));
}

#[test]
fn memop_reaches_the_kernel() {
    let (result, _) = result_of(Board::default(), || {
        // SAFETY: operation 2 only asks where memory starts; 99 does not exist.
        unsafe {
            (
                system_call::memop(2, 0).success_word(),
                system_call::memop(99, 0).success(),
            )
        }
    });
    assert_eq!(result, (Ok(0x2000_0000), Err(ErrorCode::NoSupport)));
}
