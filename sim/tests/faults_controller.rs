// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What goes wrong in the controller, and what its users see of it.
//!
//! Not here, since this board can't do it: *register read that hangs after
//! execute-in-place* (anomaly 215), as nothing on it reads through the window; the chip
//! driver's own tests go the way round it. *Current drawn after disable* (anomaly 122)
//! needs no test of its own: the model reports every disable without the remedy, and
//! every test here ends with no such report.

mod support;

use qspi_models::{DmaStop, OnStop, Qspi, ReadyFault, Task, Violation};
use spi_nor::error::Error as Fault;
use spi_nor::lifecycle::{Fate, State};
use std::rc::Rc;
use support::{Bench, ErrorCode, Lab, Outcome, REGION, SECTOR, Trial, ended, pattern, refused};
use tock_qspi::board::Board;
use tock_qspi::breach::Breach;
use tock_qspi::surroundings::Crystal;
use userland_rt::flash::{self, Operation};
use userland_rt::share;
use userland_rt::upcall::Arrivals;

const PART: &str = "MX25R6435F";
/// The release from deep power-down.
const RELEASE: u8 = 0xAB;
const RDSFDP: u8 = 0x5A;
const PP_4IO: u8 = 0x38;

fn hardware(breach: &Breach) -> Option<Violation> {
    match breach {
        Breach::Hardware(violation) => Some(*violation),
        _ => None,
    }
}

/// What a forced stop is by its nature: hardware that broke its promise is switched off in
/// the middle of whatever it does, and so is the part. A frame that is cut by it is no whole
/// command: here the table reads, which go in chunks with the frame held open between
/// them, and programs. The greeting after it begins with the release from deep
/// power-down, which a part that still is busy ignores.
fn of_a_forced_stop(breach: &Breach) -> bool {
    matches!(
        hardware(breach),
        Some(
            Violation::DeactivateWhileBusy { .. }
                | Violation::DisableWhileBusy { .. }
                | Violation::DisableWhileFlashBusy
                | Violation::LongFrameOpen
                | Violation::MalformedCommand {
                    opcode: RDSFDP | PP_4IO
                }
                | Violation::CommandWhileBusy { opcode: RELEASE }
        )
    )
}

/// One operation of an app.
type Work = fn(&Lab) -> Outcome;

const WORKS: [(Task, Work); 4] = [
    (Task::Read, |lab| lab.read(0)),
    (Task::Write, |lab| lab.program(0x2000)),
    (Task::Erase, |lab| lab.erase(0x2000)),
    // The first command of a program: WREN.
    (Task::CustomInstruction, |lab| lab.program(0x2000)),
];

/// An app that opens, has `fault` injected, does `work`, and shows that all works after it.
fn struck(bench: Bench, fault: impl Fn(&mut Qspi) + 'static, work: Work) -> Trial {
    bench
        .app(move |lab| {
            let _ = lab.open();
            lab.qspi(&fault);
            let _ = work(lab);
            let _ = lab.works();
        })
        .boot()
}

#[test]
fn ready_missing() {
    for (task, work) in WORKS {
        let mut trial = struck(
            Bench::new(PART),
            move |qspi| qspi.faults.ready(Some(task), ReadyFault::Swallow),
            work,
        );
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert_eq!(notes.len(), 3, "{task:?}");
        assert_eq!(notes[0], ("open", Ok(())));
        // One ended in an error; the device recovered by itself.
        assert_eq!(notes[1].1, ended(ErrorCode::NoAck, 0), "{task:?}");
        assert_eq!(notes[2], ("works", Ok(())), "{task:?}");
        let counters = trial.board.device().counters();
        assert_eq!(counters.forced_stops, 1);
        // A transfer's buffer was in quarantine meanwhile.
        let with_dma = matches!(task, Task::Read | Task::Write);
        assert_eq!(counters.released, u32::from(with_dma), "{task:?}");
        assert_eq!(trial.board.device().state(), State::Off);
        trial.finish_but(of_a_forced_stop);
    }
}

#[test]
fn a_buffer_in_quarantine_is_not_the_devices_until_it_is_released() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.open();
            // The next enable hangs as well: nothing proves that the DMA is done.
            lab.qspi(|qspi| {
                qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow);
                qspi.faults.activate_hangs(1);
            });
            let _ = lab.read(0);
            let _ = lab.read(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_state(State::Failed);
    trial.run_until_noted(3);
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("read", ended(ErrorCode::NoAck, 0)),
            // Accepted while the device tried to recover, or refused after it had failed.
            ("read", ended(ErrorCode::NoAck, 0)),
        ]
    );
    assert!(!trial.board.device().holds_buffer(), "still in quarantine");
    assert_eq!(trial.board.device().last_fault(), Some(Fault::NoAnswer));
    trial.recover();
    trial.run_to_end();
    assert!(trial.board.device().holds_buffer());
    assert_eq!(trial.board.device().counters().released, 1);
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    trial.finish_but(of_a_forced_stop);
}

#[test]
fn a_detach_with_the_buffer_in_quarantine_ends_and_an_attach_brings_it_back() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.open();
            lab.qspi(|qspi| qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow));
            let _ = lab.read(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_state(State::Busy);
    assert!(trial.board.detach());
    trial.run_until(|board| !board.is_detaching());
    assert_eq!(trial.board.detach_result(), Some(Err(Fault::NoAnswer)));
    assert_eq!(trial.board.device().state(), State::Off);
    assert!(!trial.board.device().holds_buffer());
    assert!(trial.board.qspi().has_quarantine());
    trial.recover();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("read", ended(ErrorCode::NoAck, 0)),
            ("works", Ok(())),
        ]
    );
    trial.finish_but(of_a_forced_stop);
}

#[test]
fn ready_missing_during_revoke() {
    for task in [Task::Read, Task::Write, Task::Erase] {
        let mut trial = Bench::new(PART)
            .app(move |lab| {
                let _ = lab.open();
                lab.qspi(|qspi| qspi.faults.ready(Some(task), ReadyFault::Swallow));
                let mut buffer = [0x3C; 64];
                let operation = match task {
                    Task::Read => Operation::Read,
                    Task::Write => Operation::Program,
                    _ => Operation::Erase,
                };
                let close = |started: Result<(), ErrorCode>, arrivals: &Arrivals| {
                    let _ = lab.note("start", started.map_err(flash::Error::Refused));
                    let _ = lab.note("close", flash::close().map_err(flash::Error::Refused));
                    let again = flash::start_open().map_err(flash::Error::Refused);
                    let _ = lab.note("open again", again);
                    let [status, done, _] = arrivals.wait();
                    let outcome = ErrorCode::from_status(status)
                        .map_err(|code| flash::Error::Ended { code, done });
                    let _ = lab.note("end", outcome);
                };
                let _ = flash::watch_operation(operation, |arrivals| match operation {
                    Operation::Read => {
                        let _ = share::read_write(
                            flash::DRIVER,
                            flash::DESTINATION,
                            &mut buffer,
                            |_| close(flash::start_read(0, 64), arrivals),
                        );
                    }
                    Operation::Program => {
                        let _ = share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |_| {
                            close(flash::start_program(0x2000, 64), arrivals);
                        });
                    }
                    Operation::Open | Operation::Erase => {
                        close(flash::start_erase(0x2000, SECTOR), arrivals);
                    }
                });
                let _ = lab.note("close", flash::close().map_err(flash::Error::Refused));
                lab.wait_for_signal();
                let _ = lab.works();
            })
            .boot();
        trial.run_until_noted(6);
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("start", Ok(())),
                ("close", Ok(())),
                ("open again", refused(ErrorCode::Reserve)),
                ("end", ended(ErrorCode::NoAck, 0)),
                // The lease ended with the operation.
                ("close", refused(ErrorCode::Already)),
            ]
        );
        trial.run_until(Board::is_at_rest);
        assert_eq!(trial.board.leases(), 0);
        // It recovered, the buffer with it, and then found that nobody wants it.
        assert_eq!(trial.board.device().state(), State::Off, "{task:?}");
        assert!(trial.board.device().holds_buffer());
        trial.lab.signal();
        trial.run_to_end();
        assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
        trial.finish_but(of_a_forced_stop);
    }
}

/// An app can ask how its operations ended. What it was refused is none of them, and who comes
/// after it begins anew.
#[test]
#[cfg_attr(feature = "minimal", ignore = "no records are kept")]
fn the_record_of_an_app_tells_of_its_last_error() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let told = |ended, failed, last_error| {
                let record = flash::Record {
                    ended,
                    failed,
                    last_error,
                };
                assert_eq!(flash::record(), Ok(record));
            };
            told(0, 0, 0);
            let _ = lab.open();
            let _ = lab.note("outside", flash::read(REGION, &mut [0; 4]));
            told(1, 0, 0);
            lab.qspi(|qspi| {
                qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow);
            });
            let _ = lab.note("read", flash::read(0, &mut [0; 4]));
            // NOACK.
            told(2, 1, 13);
            let _ = lab.works();
            assert!(flash::record().is_ok_and(|record| record.failed == 1 && record.ended > 2));
            lab.signal();
        })
        .app(|lab| {
            lab.wait_for_signal();
            assert_eq!(flash::record().map(|record| record.ended), Ok(0));
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("outside", refused(ErrorCode::Invalid)),
            ("read", ended(ErrorCode::NoAck, 0)),
            ("works", Ok(())),
            ("works", Ok(())),
        ]
    );
    trial.finish_but(of_a_forced_stop);
}

/// The owner dies before the deadline of its operation that hangs.
#[test]
fn ready_missing_and_the_owner_dies() {
    for (task, _) in WORKS {
        for passes in 0..6 {
            let mut trial = Bench::new(PART)
                .app(move |lab| {
                    let _ = lab.open();
                    lab.wait_for_signal();
                    lab.qspi(|qspi| qspi.faults.ready(Some(task), ReadyFault::Swallow));
                    lab.tally.set(1);
                    let _ = match task {
                        Task::Read => lab.read(0),
                        Task::Write => lab.program(0),
                        _ => lab.erase(0),
                    };
                })
                .app(|lab| {
                    let _ = lab.open();
                    let _ = userland_rt::alarm::sleep_ms(2);
                    lab.signal();
                    let _ = userland_rt::alarm::sleep_ms(2);
                    let _ = lab.works();
                })
                .boot();
            // Armed, and come true: perhaps in one pass.
            let lab = Rc::clone(&trial.lab);
            trial.run_until(|board| {
                lab.tally.get() == 1 && board.machine.with_qspi(|qspi| qspi.faults.is_empty())
            });
            for _ in 0..passes {
                trial.board.step();
            }
            trial.board.terminate(0);
            trial.run_to_end();
            assert_eq!(
                trial.lab.take_notes().last(),
                Some(&("works", Ok(()))),
                "{task:?} {passes}"
            );
            assert_eq!(trial.board.leases(), 0);
            trial.finish_but(of_a_forced_stop);
        }
    }
}

/// The CPU is kept from the driver for a second, at any pass: READY and the deadline are
/// both due when it comes back, in either order. Nothing has gone wrong, so nothing must be
/// stopped.
#[test]
fn interrupts_are_served_late() {
    for alarm_first in [false, true] {
        for at in (0..400).step_by(2) {
            let mut trial = Bench::new(PART)
                .app(|lab| {
                    let _ = lab.works();
                })
                .boot();
            trial.board.chip().serve_last_line_first(alarm_first);
            for _ in 0..at {
                trial.board.step();
            }
            trial.board.machine.work(1_000_000_000);
            trial.run_to_end();
            assert_eq!(trial.lab.take_notes(), [("works", Ok(()))], "pass {at}");
            assert_eq!(trial.board.device().counters().forced_stops, 0);
            trial.finish_off();
        }
    }
}

#[test]
fn ready_early_is_not_believed() {
    for (task, work) in WORKS {
        for after_ns in [0, 1, 100, 500, 2_000] {
            let mut trial = struck(
                Bench::new(PART),
                move |qspi| {
                    let early = ReadyFault::Early {
                        after_ns,
                        and_at_end: true,
                    };
                    qspi.faults.ready(Some(task), early);
                },
                work,
            );
            trial.run_to_end();
            let notes = trial.lab.take_notes();
            assert!(
                notes.iter().all(|(_, outcome)| outcome.is_ok()),
                "{task:?} {after_ns}: {notes:?}"
            );
            assert_eq!(trial.board.device().counters().forced_stops, 0);
            trial.finish_off();
        }
    }
}

#[test]
fn ready_early_and_never_again() {
    for (task, work) in WORKS {
        let mut trial = struck(
            Bench::new(PART),
            move |qspi| {
                let early = ReadyFault::Early {
                    after_ns: 50,
                    and_at_end: false,
                };
                qspi.faults.ready(Some(task), early);
            },
            work,
        );
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert_eq!(notes[1].1, ended(ErrorCode::NoAck, 0), "{task:?}");
        assert_eq!(notes[2], ("works", Ok(())), "{task:?}");
        assert_eq!(trial.board.qspi().counters().premature, 1, "{task:?}");
        trial.finish_but(of_a_forced_stop);
    }
}

/// READY is late by every amount up to and beyond the deadline, which so races it, with
/// the interrupts served in either order. It ends well or in NOACK, and once.
#[test]
fn ready_late_before_and_after_the_deadline() {
    for (task, work) in WORKS {
        for alarm_first in [false, true] {
            let mut seen = [0u32; 2];
            // The deadlines lie between 2 and 24 ms.
            for by_us in (0..25_000).step_by(251) {
                for survives_disable in [false, true] {
                    let mut trial = struck(
                        Bench::new(PART),
                        move |qspi| {
                            let delay = ReadyFault::Delay {
                                by_ns: by_us * 1_000,
                                survives_disable,
                            };
                            qspi.faults.ready(Some(task), delay);
                        },
                        work,
                    );
                    trial.board.chip().serve_last_line_first(alarm_first);
                    trial.run_to_end();
                    let notes = trial.lab.take_notes();
                    let well = notes[1].1.is_ok();
                    assert!(
                        well || notes[1].1 == ended(ErrorCode::NoAck, 0),
                        "{task:?} {by_us} us: {notes:?}"
                    );
                    assert_eq!(notes[2], ("works", Ok(())), "{task:?} {by_us} us");
                    assert_eq!(
                        trial.board.device().counters().forced_stops,
                        u32::from(!well)
                    );
                    seen[usize::from(well)] += 1;
                    trial.finish_but(|breach| !well && of_a_forced_stop(breach));
                    if !survives_disable && well {
                        // The same again would be the same.
                        break;
                    }
                }
            }
            assert!(seen.iter().all(|count| *count > 5), "{task:?} {seen:?}");
        }
    }
}

/// Exactly around the deadline: the alarm's tick and READY in the same instant.
#[test]
fn alarm_races_ready() {
    // Where the deadline of a 64-byte read ends for good, found by a READY that is missing.
    let deadline_ns = {
        let mut trial = struck(
            Bench::new(PART),
            |qspi| qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow),
            |lab| {
                let before = lab.now_ns();
                let outcome = lab.read(0);
                lab.tally.set((lab.now_ns() - before) as u32);
                outcome
            },
        );
        trial.run_until_noted(2);
        u64::from(trial.lab.tally.get())
    };
    let mut seen = [0u32; 2];
    let around = deadline_ns.saturating_sub(60_000)..deadline_ns + 20_000;
    for by_ns in around.step_by(250) {
        for alarm_first in [false, true] {
            let mut trial = struck(
                Bench::new(PART),
                move |qspi| {
                    let delay = ReadyFault::Delay {
                        by_ns,
                        survives_disable: true,
                    };
                    qspi.faults.ready(Some(Task::Read), delay);
                },
                |lab| lab.read(0),
            );
            trial.board.chip().serve_last_line_first(alarm_first);
            trial.run_to_end();
            let notes = trial.lab.take_notes();
            let well = notes[1].1.is_ok();
            assert!(well || notes[1].1 == ended(ErrorCode::NoAck, 0));
            assert_eq!(notes[2], ("works", Ok(())));
            seen[usize::from(well)] += 1;
            trial.finish_but(|breach| !well && of_a_forced_stop(breach));
        }
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
}

#[test]
fn ready_twice() {
    for (task, work) in WORKS {
        for after_ns in [0, 50, 300, 1_000, 3_000, 10_000, 100_000, 1_000_000] {
            let mut trial = struck(
                Bench::new(PART),
                move |qspi| {
                    // Each of the next hundred tasks, so that a second one falls into
                    // every stage of the next.
                    for _ in 0..100 {
                        qspi.faults
                            .ready(Some(task), ReadyFault::Duplicate { after_ns });
                    }
                },
                work,
            );
            trial.run_to_end();
            let notes = trial.lab.take_notes();
            assert!(
                notes.iter().all(|(_, outcome)| outcome.is_ok()),
                "{task:?} {after_ns}: {notes:?}"
            );
            trial.finish_off();
        }
    }
}

/// A READY that nobody asked for, at every instant of a workload and of the time around it:
/// stale, pending at enable, after disable.
#[test]
fn ready_out_of_nowhere() {
    let boot = || {
        Bench::new(PART)
            .idle_us(500)
            .app(|lab| {
                let _ = lab.works();
                let _ = userland_rt::alarm::sleep_ms(2);
                let _ = lab.works();
            })
            .boot()
    };
    let end_ns = {
        let mut trial = boot();
        trial.run_to_end();
        trial.board.machine.now_ns() + 2_000_000
    };
    // Eight at a time, and each trial with others.
    let step_ns = 200_000;
    for trial_number in 0..40u64 {
        let mut trial = boot();
        for number in 0..end_ns / step_ns {
            let at = number * step_ns + trial_number * 5_003;
            trial
                .board
                .machine
                .with_qspi(|qspi| qspi.schedule_ready(at));
        }
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("works", Ok(())), ("works", Ok(()))]
        );
        assert_eq!(trial.board.device().counters().forced_stops, 0);
        trial.finish_off();
    }
}

#[test]
fn ready_pending_at_enable_is_not_taken_for_the_enables() {
    let mut trial = Bench::new(PART)
        .qspi(|qspi| qspi.schedule_ready(10))
        .app(|lab| {
            let _ = lab.works();
        })
        .boot();
    // Nothing is on yet, and nothing must come of it.
    trial.board.machine.advance_to(1_000);
    assert!(trial.board.machine.read_register(0x100) == 1, "it is set");
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    trial.finish_off();
}

#[test]
fn ready_after_disable_wakes_nobody() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            let _ = flash::close();
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_noted(1);
    trial.run_until_state(State::Off);
    let now = trial.board.machine.now_ns();
    let before = trial.board.qspi().counters();
    trial
        .board
        .machine
        .with_qspi(|qspi| qspi.schedule_ready(now + 1_000));
    trial.board.machine.advance_to(now + 2_000);
    assert!(!trial.board.machine.qspi_irq(), "the line is masked");
    trial.idle_along();
    assert_eq!(trial.board.qspi().counters(), before);
    assert_eq!(trial.board.device().state(), State::Off);
    trial.lab.signal();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("works", Ok(())), ("works", Ok(()))]
    );
    trial.finish_off();
}

/// The same on silicon whose DEACTIVATE raises READY, about which the documents disagree,
/// and with transfers that run on after a disable.
#[test]
fn silicon_may_differ() {
    for (task, work) in WORKS {
        for on_stop in [OnStop::Stops, OnStop::RunsOn] {
            let mut trial = struck(
                Bench::new(PART).qspi(|qspi| {
                    qspi.silicon.ready_on_deactivate = true;
                    qspi.silicon.on_stop = on_stop;
                    qspi.silicon.task_ns = 700;
                }),
                move |qspi| qspi.faults.ready(Some(task), ReadyFault::Swallow),
                work,
            );
            trial.run_to_end();
            let notes = trial.lab.take_notes();
            assert_eq!(notes[1].1, ended(ErrorCode::NoAck, 0), "{task:?}");
            assert_eq!(notes[2], ("works", Ok(())), "{task:?}");
            trial.finish_but(of_a_forced_stop);
        }
    }
}

#[test]
fn activate_never_ready() {
    let mut trial = Bench::new(PART)
        .qspi(|qspi| qspi.faults.activate_hangs(1))
        .app(|lab| {
            let _ = lab.open();
            let _ = lab.read(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_state(State::Failed);
    assert_eq!(trial.board.device().last_fault(), Some(Fault::NoAnswer));
    trial.run_until_noted(2);
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", ended(ErrorCode::NoAck, 0)),
            ("read", refused(ErrorCode::Off)),
        ]
    );
    assert!(trial.board.device().holds_buffer());
    trial.recover();
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    trial.finish_but(of_a_forced_stop);
}

#[test]
fn activate_never_ready_on_the_way_back() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            lab.qspi(|qspi| qspi.faults.activate_hangs(1));
            let _ = userland_rt::alarm::sleep_ms(30);
            // The device was off meanwhile. The next who wants it finds it mended.
            let _ = lab.read(0);
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("read", ended(ErrorCode::NoAck, 0)),
            ("works", Ok(())),
        ]
    );
    trial.finish_but(of_a_forced_stop);
}

#[test]
fn dma_stops_half_way_and_hangs() {
    for (task, work) in [WORKS[0], WORKS[1]] {
        for after_bytes in [0, 4, 32, 60] {
            for on_stop in [OnStop::Stops, OnStop::RunsOn] {
                let mut trial = struck(
                    Bench::new(PART).qspi(|qspi| qspi.silicon.on_stop = on_stop),
                    move |qspi| {
                        qspi.faults.dma_stops(DmaStop {
                            after_bytes,
                            task_ends: false,
                        });
                    },
                    work,
                );
                trial.run_to_end();
                let notes = trial.lab.take_notes();
                assert_eq!(notes[1].1, ended(ErrorCode::NoAck, 0), "{task:?}");
                assert_eq!(notes[2], ("works", Ok(())), "{task:?}");
                assert_eq!(trial.board.device().counters().released, 1);
                trial.finish_but(of_a_forced_stop);
            }
        }
    }
}

/// A controller that says READY with only a part moved can't be caught at it: it has no
/// register that counts. Who must know reads back; here the ledger does. The rest of the
/// operations must not suffer.
#[test]
fn dma_stops_half_way_in_silence() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.program(0x3000);
            lab.qspi(|qspi| {
                qspi.faults.dma_stops(DmaStop {
                    after_bytes: 32,
                    task_ends: true,
                });
            });
            let _ = lab.program(0x2000);
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert!(
        notes.iter().all(|(_, outcome)| outcome.is_ok()),
        "{notes:?}"
    );
    assert_eq!(trial.region(0, 0x2000, 32), pattern(0x2000, 32));
    let caused = trial.finish_but(|breach| {
        matches!(breach, Breach::WrongContent { address, .. } if (0x2020..0x2100).contains(address))
    });
    assert_eq!(caused.len(), 1);
}

#[test]
fn the_crystal_never_starts() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            let _ = userland_rt::alarm::sleep_ms(30);
            lab.tally.set(1);
            lab.wait_for_signal();
            // A part that was known, and one that is to be identified anew.
            let _ = lab.read(0);
            let _ = lab.read(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|board| lab.tally.get() == 1 && board.is_at_rest());
    trial.board.hfxo().set_crystal(Crystal::NeverStarts);
    trial.lab.signal();
    trial.run_until_state(State::Failed);
    assert_eq!(trial.board.device().last_fault(), Some(Fault::NoAnswer));
    trial.run_until_noted(3);
    trial.board.hfxo().set_crystal(Crystal::Starts);
    trial.recover();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("read", ended(ErrorCode::NoAck, 0)),
            ("read", ended(ErrorCode::NoAck, 0)),
            ("works", Ok(())),
        ]
    );
    assert_eq!(trial.board.qspi().counters().late_clock, 0);
    // Nothing was on when it was stopped: there is nothing to object to.
    trial.finish_off();
}

/// A layer below that refuses at once.
#[test]
fn the_crystal_is_refused() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            let _ = userland_rt::alarm::sleep_ms(30);
            lab.tally.set(1);
            lab.wait_for_signal();
            let _ = lab.read(0);
            let _ = lab.read(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|board| lab.tally.get() == 1 && board.is_at_rest());
    trial.board.hfxo().set_crystal(Crystal::Unavailable);
    trial.lab.signal();
    trial.run_until_noted(3);
    assert_eq!(
        trial.board.device().last_fault(),
        Some(Fault::Controller(qspi_hil::Error::ClockUnavailable))
    );
    trial.board.hfxo().set_crystal(Crystal::Starts);
    trial.recover();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("read", ended(ErrorCode::Off, 0)),
            ("read", refused(ErrorCode::Off)),
            ("works", Ok(())),
        ]
    );
    trial.finish_off();
}

/// The board breaks its promise and stops the crystal in mid-transfer (anomaly 244). No
/// register tells, so the data is wrong, and that is all that may be.
#[test]
fn the_clock_source_switches_in_a_transfer() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            lab.tally.set(1);
            let mut data = [0; SECTOR as usize];
            let _ = lab.note("read", flash::read(SECTOR, &mut data));
            let _ = lab.works();
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|board| {
        lab.tally.get() == 1
            && board
                .machine
                .with_qspi(|qspi| qspi.running() == Some(Task::Read))
    });
    // The CPU sleeps until READY, so the switch has to be placed by hand.
    let machine = Rc::clone(&trial.board.machine);
    machine.advance_to(machine.now_ns() + 20_000);
    machine.set_hfxo_stable(false);
    machine.set_hfxo_stable(true);
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("works", Ok(())), ("read", Ok(())), ("works", Ok(()))]
    );
    let caused = trial.finish_but(|breach| {
        matches!(
            breach,
            Breach::WrongContent { .. }
                | Breach::Hardware(Violation::ClockSwitchedDuringTransfer { .. })
        )
    });
    // Twice switched, once read.
    assert_eq!(caused.len(), 3);
}

/// READY is swallowed at every single task of a workload, whatever it is: of the power-up,
/// the identification, an operation, a poll, the way to sleep.
#[test]
fn ready_missing_anywhere() {
    at_every_pass(|board| {
        board
            .machine
            .with_qspi(|qspi| qspi.faults.ready(None, ReadyFault::Swallow));
    });
}

/// The same with one that is so late that it comes into what follows.
#[test]
fn ready_late_anywhere() {
    for by_ns in [1_500_000, 2_500_000, 40_000_000] {
        at_every_pass(|board| {
            let delay = ReadyFault::Delay {
                by_ns,
                survives_disable: true,
            };
            board
                .machine
                .with_qspi(|qspi| qspi.faults.ready(None, delay));
        });
    }
}

/// The same with one before its time.
#[test]
fn ready_early_anywhere() {
    for after_ns in [0, 60, 400, 3_000] {
        at_every_pass(|board| {
            let early = ReadyFault::Early {
                after_ns,
                and_at_end: false,
            };
            board
                .machine
                .with_qspi(|qspi| qspi.faults.ready(None, early));
        });
    }
}

/// A short workload, with the fault injected before pass 0, 1, 2 and so on until there is
/// no pass left. Who sees an error tries again, and the board attaches what has failed.
fn at_every_pass(inject: impl Fn(&Board)) {
    let mut at = 0;
    loop {
        let mut trial = Bench::new(PART)
            .idle_us(1_000)
            .app(|lab| {
                let mut left = 20;
                while left > 0 && lab.works().is_err() {
                    left -= 1;
                    let _ = userland_rt::alarm::sleep_ms(5);
                }
                let _ = userland_rt::alarm::sleep_ms(3);
                left = 20;
                while left > 0 && lab.read(0).is_err() {
                    left -= 1;
                    let _ = userland_rt::alarm::sleep_ms(5);
                }
            })
            .boot();
        let mut over = false;
        for _ in 0..at {
            over = trial.board.is_over();
            if over {
                break;
            }
            trial.board.step();
        }
        inject(&trial.board);
        for _ in 0..10_000 {
            if trial.board.is_over() {
                break;
            }
            if trial.board.device().state() == State::Failed {
                assert!(trial.board.attach());
            }
            trial.board.step();
        }
        assert!(trial.board.is_over(), "pass {at}");
        let notes = trial.lab.take_notes();
        let errors = notes.iter().filter(|(_, outcome)| outcome.is_err()).count();
        assert!(errors <= 4, "pass {at}: {notes:?}");
        for (what, outcome) in &notes {
            assert!(
                matches!(
                    outcome,
                    Ok(())
                        | Err(flash::Error::Ended {
                            code: ErrorCode::NoAck | ErrorCode::Off,
                            ..
                        })
                        | Err(flash::Error::Refused(ErrorCode::Off))
                ),
                "pass {at}: {what} {outcome:?}"
            );
        }
        assert_eq!(
            notes.iter().filter(|(_, outcome)| outcome.is_ok()).count(),
            2,
            "pass {at}: {notes:?}"
        );
        assert!(trial.board.device().counters().forced_stops <= 1);
        let stopped = trial.board.device().counters().forced_stops > 0;
        trial.finish_but(|breach| stopped && of_a_forced_stop(breach));
        if over {
            break;
        }
        at += 1;
    }
    assert!(at > 200, "the workload has more passes than {at}");
}

/// READY is missing during the command that puts the part to sleep: the teardown ends all
/// the same, reports it, and the next power-up finds the part wherever it is.
#[test]
fn ready_missing_during_the_deep_power_down_command() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = lab.works();
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_noted(1);
    trial.lab.qspi(|qspi| {
        qspi.faults
            .ready(Some(Task::CustomInstruction), ReadyFault::Swallow);
    });
    assert!(trial.board.detach());
    trial.run_until_state(State::Stopping(Fate::Off));
    trial.run_until(|board| !board.is_detaching());
    assert_eq!(trial.board.detach_result(), Some(Err(Fault::NoAnswer)));
    assert_eq!(trial.board.device().state(), State::Off);
    assert_eq!(trial.board.device().last_fault(), Some(Fault::NoAnswer));
    trial.recover();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("works", Ok(())), ("works", Ok(()))]
    );
    trial.finish_off();
}

#[test]
fn a_kernel_user_gets_its_page_back_from_hardware_that_hangs() {
    use support::{FLASH, FlashUser};
    for task in [Task::Write, Task::Erase, Task::CustomInstruction] {
        let mut trial = Bench::new(PART).with_kernel_users().boot();
        trial.run_until(Board::is_at_rest_and_known);
        let (face, user) = FlashUser::on(&trial.board);
        trial
            .lab
            .qspi(|qspi| qspi.faults.ready(Some(task), ReadyFault::Swallow));
        // So that there is something to be erased, and something to be programmed.
        trial.lab.nor(|nor| nor.poke(FLASH.0, &[0xC3; 4096]));
        let page = user.page.take().expect("it is the user's");
        page.0.fill(0x3C);
        use kernel::hil::flash::Flash;
        if task == Task::CustomInstruction {
            // The first one is of the power-up.
            assert!(face.write_page(0, page).is_ok());
            trial.run_until_state(State::Starting);
            trial.run_until(Board::is_at_rest);
        } else {
            assert!(face.write_page(0, page).is_ok());
            trial.board.step();
            trial.run_until(Board::is_at_rest);
        }
        trial.idle_along();
        assert_eq!(
            user.ended.take(),
            [("write", Err(kernel::hil::flash::Error::FlashError))],
            "{task:?}"
        );
        let page = user.page.take().expect("it came back");
        assert!(trial.board.attach());
        page.0.fill(0x3C);
        assert!(face.write_page(0, page).is_ok());
        trial.board.step();
        trial.run_until(Board::is_at_rest);
        assert_eq!(user.ended.take(), [("write", Ok(()))]);
        assert_eq!(trial.board.array(FLASH.0, 4096), vec![0x3C; 4096]);
        trial.finish_but(of_a_forced_stop);
    }
}

#[test]
fn the_others_regions_are_left_alone_by_all_this() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            for _ in 0..6 {
                lab.qspi(|qspi| qspi.faults.ready(Some(Task::Write), ReadyFault::Swallow));
                let _ = lab.program(0x2000);
            }
        })
        .case("basic")
        .boot();
    let before = trial.board.array(2 * REGION, 0x1000);
    trial.run_to_end();
    assert_eq!(trial.board.array(2 * REGION, 0x1000), before);
    let printed = String::from_utf8_lossy(&trial.recorder.all()).into_owned();
    // The other app's operations wait for the recoveries, and none is lost.
    assert!(printed.contains("TEST PASS"), "{printed}");
    trial.finish_but(of_a_forced_stop);
}
