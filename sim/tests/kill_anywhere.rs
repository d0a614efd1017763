// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Kills a process at random moments of a mixed workload and looks at what is left.
//!
//! `KILLS` says how many times, `KILL_SEED` what the moments are drawn from, and
//! `KILL_CASE` picks one case to repeat. Every case is a function of seed and number.

mod support;

use fastrand::Rng;
use qspi_models::nor::{InMemory, part};
use spi_nor::region::Access;
use std::env;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::chip::Sabotage;
use tock_qspi::console::Recorder;
use tock_qspi::setup::{Pace, settings};
use userland_cases::failure::Failure;
use userland_cases::pattern;
use userland_cases::report::{FAILED, finish, job};
use userland_cases::tour::bulk_reader::BulkReader;
use userland_cases::tour::bulk_verifier::BulkVerifier;
use userland_cases::tour::log_writer::LogWriter;
use userland_rt::system_call::exit_terminate;
use userland_rt::{alarm, upcall};

const PARTS: [&str; 3] = ["MX25R6435F", "W25Q128JV", "GD25Q16C"];
const PACES: usize = 3;
const NAMES: [&str; 3] = ["log-writer", "bulk-reader", "bulk-verifier"];
const SECTOR: u32 = 4096;
const LOG: (u32, u32) = (0, 8 * SECTOR);
const BULK: (u32, u32) = (0x10_000, 16 * SECTOR);
const SCRATCH: (u32, u32) = (0x20_000, 3 * SECTOR);
/// More passes than any run takes, with room for a few more lives.
const LONGEST: u64 = 5_000_000;

/// How a victim is chosen and dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Terminated from outside, before this pass of the kernel loop.
    Terminate { victim: usize, pass: u64 },
    /// Whoever makes this switch does this.
    Sabotage { what: Sabotage, switch: u64 },
    /// Stopped before this pass, and resumed so many passes later. A stopped process is
    /// not a dead one: it is the control.
    Stop {
        victim: usize,
        pass: u64,
        passes: u64,
    },
}

/// One run.
#[derive(Clone, Copy, Debug)]
struct Case {
    part: &'static str,
    pace: u64,
    after_fault: AfterFault,
    way: Way,
}

/// How long a run is that nobody disturbs.
#[derive(Clone, Copy, Debug)]
struct Length {
    passes: u64,
    switches: u64,
}

/// What a run hit.
#[derive(Clone, Copy, Debug, Default)]
struct Hits {
    /// Killed with an operation outstanding.
    outstanding: bool,
    /// Killed with a piece of it on the hardware.
    on_hardware: bool,
}

fn app(
    index: usize,
    (start, length): (u32, u32),
    access: Access,
    after_fault: AfterFault,
    main: impl Fn() + 'static,
) -> AppSpec {
    AppSpec {
        name: NAMES[index].to_owned(),
        id: NonZeroU32::new(index as u32 + 1).expect("not 0"),
        main: Box::new(main),
        region: Some((start, length, access)),
        after_fault,
    }
}

/// Ticks of the timer that each app has besides its work: about 400 µs. It wakes the app
/// while its operations are outstanding, as timers do, so that it can die there.
const TIMER_TICKS: u32 = 13;

fn end<S: std::fmt::Display>(name: &str, work: impl FnOnce() -> Result<S, Failure>) -> ! {
    let rearm = || {
        if alarm::set_relative(TIMER_TICKS).is_err() {
            exit_terminate(FAILED);
        }
    };
    let ended = upcall::watch_and_run(
        alarm::DRIVER,
        0,
        |_| rearm(),
        |_| {
            rearm();
            job(name, work)
        },
    );
    match ended {
        Ok(result) => finish(result),
        Err(_) => exit_terminate(FAILED),
    }
}

fn boot(part_name: &str, pace: u64, after_fault: AfterFault) -> (Board, Rc<Recorder>) {
    let recorder = Rc::new(Recorder::default());
    let part = part(part_name).expect("a known part");
    let mut settings = settings(
        part,
        Box::new(InMemory),
        Pace::Seeded(pace),
        recorder.clone(),
    );
    let mut content = vec![0; BULK.1 as usize];
    pattern::fill(7, 0, &mut content);
    settings.qspi.flash_mut().poke(BULK.0, &content);
    settings.qspi.set_observing(false);
    let apps = vec![
        app(0, LOG, Access::ReadWrite, after_fault, || {
            end(NAMES[0], || {
                LogWriter {
                    rounds: 2,
                    records: 8,
                    kept: 3,
                    seed: 0x10c,
                }
                .run()
            })
        }),
        app(1, BULK, Access::ReadOnly, after_fault, || {
            end(NAMES[1], || {
                BulkReader {
                    start: 0,
                    length: BULK.1,
                    rounds: 40,
                    expected: None,
                }
                .run()
            })
        }),
        app(2, SCRATCH, Access::ReadWrite, after_fault, || {
            end(NAMES[2], || {
                BulkVerifier {
                    start: 0,
                    sectors: SCRATCH.1 / SECTOR,
                    rounds: 3,
                    seed: 0xb01c,
                }
                .run()
            })
        }),
    ];
    (Board::new(settings, apps), recorder)
}

fn measure(part_name: &str, pace: u64) -> Length {
    let (mut board, _) = boot(part_name, pace, AfterFault::Stop);
    assert!(board.run_until(LONGEST, Board::is_over), "{part_name}");
    for app in board.apps() {
        assert_eq!(app.completion, Some(Some(0)), "{part_name} {}", app.name);
    }
    Length {
        passes: board.steps(),
        switches: board.boundary().switches(),
    }
}

/// All that a case is drawn from.
struct Cases {
    seed: u64,
    lengths: Vec<(&'static str, u64, Length)>,
}

impl Cases {
    fn new(seed: u64) -> Cases {
        let mut lengths = Vec::new();
        for part_name in support::known(PARTS) {
            for pace in 0..PACES as u64 {
                lengths.push((part_name, pace, measure(part_name, pace)));
            }
        }
        Cases { seed, lengths }
    }

    fn case(&self, number: u64) -> Case {
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (part, pace, length) = self.lengths[rng.usize(..self.lengths.len())];
        let victim = rng.usize(..NAMES.len());
        let pass = rng.u64(..length.passes);
        let switch = rng.u64(1..=length.switches);
        let sabotage = |what| Way::Sabotage { what, switch };
        let way = match rng.u32(..6) {
            0 | 1 => Way::Terminate { victim, pass },
            2 => sabotage(Sabotage::Exit),
            3 => sabotage(Sabotage::ExitRestart),
            4 => sabotage(Sabotage::Fault),
            _ => Way::Stop {
                victim,
                pass,
                passes: rng.u64(1..5_000),
            },
        };
        Case {
            part,
            pace,
            after_fault: if rng.bool() {
                AfterFault::Restart
            } else {
                AfterFault::Stop
            },
            way,
        }
    }
}

/// Runs a case. `Err` says everything that is wrong.
fn run(case: Case) -> Result<Hits, String> {
    let (mut board, recorder) = boot(case.part, case.pace, case.after_fault);
    // Who may end in another way than well.
    let mut exempt = None;
    let mut any_one = false;
    match case.way {
        Way::Terminate { victim, pass } => {
            board.run_until(pass, |_| false);
            if board.apps()[victim].alive {
                exempt = Some(victim);
                board.terminate(victim);
            }
        }
        Way::Sabotage { what, switch } => {
            board.boundary().sabotage(switch, what);
            any_one = what == Sabotage::Fault && case.after_fault == AfterFault::Stop;
        }
        Way::Stop {
            victim,
            pass,
            passes,
        } => {
            board.run_until(pass, |_| false);
            let lives = board.apps()[victim].id;
            board.stop(victim);
            // With nobody else left the machine sleeps for ever: that is no defect.
            board.run_until(passes, |_| false);
            let after = &board.apps()[victim];
            if after.id != lives {
                return Err("a stopped process was restarted".to_owned());
            }
            board.resume(victim);
        }
    }
    let over = board.run_until(LONGEST, Board::is_over);
    board.settle();
    let mut wrong: Vec<String> = board
        .breaches
        .all()
        .into_iter()
        .map(|(at_ns, breach)| format!("{breach} at {at_ns} ns"))
        .collect();
    if !over {
        wrong.push(format!(
            "not over after {} passes: {:?}, {:?}",
            board.steps(),
            board.device().state(),
            board.ledger.waiting(),
        ));
    }
    let mut others = 0;
    for (index, app) in board.apps().iter().enumerate() {
        if app.completion != Some(Some(0)) && exempt != Some(index) {
            others += 1;
            if !any_one || others > 1 {
                wrong.push(format!("{} ended with {:?}", app.name, app.completion));
            }
        }
    }
    if board.machine.with_qspi(|qspi| qspi.is_enabled()) {
        wrong.push("the controller is on".to_owned());
    }
    if !wrong.is_empty() {
        let printed = recorder.all();
        wrong.push(format!("printed: {:?}", String::from_utf8_lossy(&printed)));
        return Err(wrong.join("; "));
    }
    let died: u64 = (0..NAMES.len()).map(|app| board.counts(app).died).sum();
    Ok(Hits {
        outstanding: died > 0,
        on_hardware: board.driver().counters().orphaned > 0,
    })
}

fn from_env(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name}={text} is no number"),
    }
}

fn kill(times: u64) {
    let seed = from_env("KILL_SEED").unwrap_or(1);
    let cases = Cases::new(seed);
    let numbers = match from_env("KILL_CASE") {
        Some(number) => number..number + 1,
        None => 0..u64::MAX,
    };
    let (mut kills, mut outstanding, mut on_hardware, mut stops) = (0, 0, 0, 0);
    let mut failures = 0;
    for number in numbers {
        if kills == times {
            break;
        }
        let case = cases.case(number);
        match case.way {
            Way::Stop { .. } => stops += 1,
            Way::Terminate { .. } | Way::Sabotage { .. } => kills += 1,
        }
        match run(case) {
            Ok(hits) => {
                outstanding += u64::from(hits.outstanding);
                on_hardware += u64::from(hits.on_hardware);
            }
            Err(wrong) => {
                failures += 1;
                println!(
                    "KILL_SEED={seed} KILL_CASE={number} cargo test --release -p tock-qspi \
                     --test kill_anywhere -- --nocapture # {case:?}: {wrong}"
                );
            }
        }
    }
    println!(
        "{kills} kills and {stops} stops: {outstanding} hit a process with an operation \
         outstanding, {on_hardware} of these on the hardware; {failures} failures"
    );
    assert_eq!(failures, 0, "the lines above replay them");
    if kills >= 60 {
        // Kills that hit nothing would show nothing.
        assert!(outstanding * 4 >= kills, "too few kills hit an operation");
        assert!(on_hardware > 0, "no kill hit an operation on the hardware");
    }
}

#[test]
fn a_process_killed_anywhere_costs_nobody_else_anything() {
    kill(from_env("KILLS").unwrap_or(60));
}
