// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The tour: a board, five apps, four deaths, and the device pulled from under them.
//!
//! Each act waits until the board is in the very state that it is about, does what it
//! is about, and then looks for what has to come of it. An act whose state never came
//! is a failure as much as one that went wrong.

mod apps;

use crate::board::Board;
use crate::breach::Breach;
use crate::ledger::Kind;
use crate::lines::Lines;
use crate::setup::{Pace, settings};
use crate::summary::{End, Summary};
use crate::text::{Bytes, Ms};
use crate::timeline::{Entry, Timeline, Topic};
use crate::watcher::Watcher;
use apps::{Cue, Eyes, Flaw, app};
use crc::{CRC_32_ISO_HDLC, Crc};
use qspi_hil::Template;
use qspi_models::FlashOperation;
use qspi_models::nor::{InMemory, PartSpec};
use serde::Serialize;
use spi_nor::lifecycle::State;
use spi_nor::region::Access;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use userland_cases::pattern;
use userland_cases::tour::bulk_reader::BulkReader;
use userland_cases::tour::bulk_verifier::BulkVerifier;
use userland_cases::tour::log_writer::LogWriter;
use userland_rt::ErrorCode;

const KIB: u32 = 1024;
const LOG: Range<u32> = 0..64 * KIB;
const BULK: Range<u32> = 64 * KIB..320 * KIB;
const SCRATCH: Range<u32> = 320 * KIB..384 * KIB;
const SCRATCH_2: Range<u32> = 384 * KIB..448 * KIB;

const LOG_WRITER: usize = 0;
const BULK_READER: usize = 1;
const BULK_VERIFIER: usize = 2;
const READER_2: usize = 3;
const VERIFIER_2: usize = 4;

/// No act waits for longer than this, in simulated ms: the slowest is an erase of
/// 64 KiB, seconds at its maximum, with others in between.
const PATIENCE_MS: u64 = 60_000;
/// Time from off to attach, in ms.
const PAUSE_MS: u64 = 40;

/// What the tour is of.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The part on the board.
    pub part: &'static PartSpec,
    /// What busy times and contents are drawn from.
    pub seed: u64,
}

/// Something that had to happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// Whether it did.
    pub held: bool,
    /// When that was known, in simulated ns.
    pub at_ns: u64,
}

/// A breach, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreachReport {
    /// When, in simulated ns.
    pub at_ns: u64,
    /// The rule of the contract.
    pub rule: &'static str,
    /// What happened.
    pub what: String,
}

impl fmt::Display for BreachReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule, Ms(self.at_ns), self.what)
    }
}

/// All breaches of `board`, the same one only once.
pub fn breaches(board: &Board) -> Vec<BreachReport> {
    let mut all: Vec<(u64, Breach)> = Vec::new();
    for (at_ns, breach) in board.breaches.all() {
        if !all.iter().any(|(_, known)| *known == breach) {
            all.push((at_ns, breach));
        }
    }
    all.into_iter()
        .map(|(at_ns, breach)| BreachReport {
            at_ns,
            rule: breach.rule(),
            what: format!("{breach:?}"),
        })
        .collect()
}

/// What came of the tour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The part's name.
    pub part: &'static str,
    /// The seed.
    pub seed: u64,
    /// Whether all checks held and the contract was kept.
    pub ok: bool,
    /// What had to happen.
    pub checks: Vec<Check>,
    /// Breaches of the contract.
    pub breaches: Vec<BreachReport>,
    /// Numbers.
    pub summary: Summary,
    /// Everything in order.
    pub timeline: Vec<Entry>,
}

/// The tour has come to a state in which it can't go on.
struct Lost;

/// The stage and everything on it.
struct Stage<'t> {
    board: Board,
    watcher: Watcher,
    timeline: &'t mut Timeline,
    lines: Rc<Lines>,
    cues: Vec<Rc<Cue>>,
    rounds: Vec<u32>,
    checks: Vec<Check>,
}

/// Gives the tour.
pub fn run(options: &Options, timeline: &mut Timeline) -> Outcome {
    let mut stage = Stage::new(options, timeline);
    let whole = stage.acts(options).is_ok();
    stage.check("the tour came to its end", whole);
    if !whole {
        stage.abandon();
    }
    stage.end();
    let breaches = breaches(&stage.board);
    stage.check("no rule of the contract was broken", breaches.is_empty());
    let summary = Summary::of(&stage.board, stage.watcher.totals());
    let Stage {
        checks, timeline, ..
    } = stage;
    Outcome {
        part: options.part.name,
        seed: options.seed,
        ok: breaches.is_empty() && checks.iter().all(|check| check.held),
        checks,
        breaches,
        summary,
        timeline: timeline.entries().to_vec(),
    }
}

impl Stage<'_> {
    fn new<'t>(options: &Options, timeline: &'t mut Timeline) -> Stage<'t> {
        let lines = Rc::new(Lines::default());
        let mut settings = settings(
            options.part,
            Box::new(InMemory),
            Pace::Seeded(options.seed),
            Rc::clone(&lines) as Rc<dyn crate::console::Sink>,
        );
        let seed = options.seed as u32 ^ (options.seed >> 32) as u32;
        let mut content = vec![0; (BULK.end - BULK.start) as usize];
        pattern::fill(seed, BULK.start, &mut content);
        settings.qspi.flash_mut().poke(BULK.start, &content);
        let checksum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&content);

        let eyes = Rc::new(Eyes {
            machine: OnceCell::new(),
            array: OnceCell::new(),
        });
        let cues = vec![
            Cue::new(LOG, Some(Flaw::FaultsMidProgram), &eyes),
            Cue::new(BULK, Some(Flaw::ExitsMidRead), &eyes),
            Cue::new(SCRATCH, None, &eyes),
            Cue::new(BULK, None, &eyes),
            Cue::new(SCRATCH_2, None, &eyes),
        ];
        let log = LogWriter {
            rounds: 1,
            records: 40,
            kept: 5,
            seed,
        };
        let reader = BulkReader {
            start: 0,
            length: BULK.end - BULK.start,
            rounds: 1,
            expected: Some(checksum),
        };
        let verifier = BulkVerifier {
            start: 0,
            sectors: (SCRATCH.end - SCRATCH.start) / (4 * KIB),
            rounds: 1,
            seed,
        };
        let read_write = Access::ReadWrite;
        let apps = vec![
            app("log-writer", 1, read_write, &cues[LOG_WRITER], move || {
                log.run()
            }),
            app(
                "bulk-reader",
                2,
                Access::ReadOnly,
                &cues[BULK_READER],
                move || reader.run(),
            ),
            app(
                "bulk-verifier",
                3,
                read_write,
                &cues[BULK_VERIFIER],
                move || verifier.run(),
            ),
            app(
                "reader-2",
                4,
                Access::ReadOnly,
                &cues[READER_2],
                move || reader.run(),
            ),
            app("verifier-2", 5, read_write, &cues[VERIFIER_2], move || {
                verifier.run()
            }),
        ];
        let board = Board::new(settings, apps);
        let watcher = Watcher::new(&board);
        // Both are set here only.
        let _ = eyes.machine.set(Rc::clone(&board.machine));
        let _ = eyes.array.set(watcher.array());
        Stage {
            board,
            watcher,
            timeline,
            lines,
            rounds: vec![0; cues.len()],
            cues,
            checks: Vec::new(),
        }
    }

    fn now(&self) -> u64 {
        self.board.machine.now_ns()
    }

    fn name(&self, index: usize) -> String {
        self.board.apps()[index].name.clone()
    }

    fn act(&mut self, title: &str) {
        let now = self.now();
        self.watcher.flush(now, self.timeline);
        self.timeline.add(now, Topic::Act, "tour", title);
    }

    fn tell(&mut self, who: &str, what: impl Into<String>) {
        let now = self.now();
        self.watcher
            .tell(self.timeline, now, Topic::Board, who, what);
    }

    fn check(&mut self, what: impl Into<String>, held: bool) {
        let at_ns = self.now();
        let what = what.into();
        let mark = if held { "ok" } else { "MISSED" };
        self.timeline.add(at_ns, Topic::Check, mark, what.clone());
        self.checks.push(Check { what, held, at_ns });
    }

    /// A check without which there is no going on.
    fn need(&mut self, what: impl Into<String>, held: bool) -> Result<(), Lost> {
        self.check(what, held);
        if held { Ok(()) } else { Err(Lost) }
    }

    fn step(&mut self) {
        self.board.step();
        let now = self.now();
        let lines = self.lines.take();
        self.watcher.look(&self.board, lines, self.timeline);
        for index in 0..self.cues.len() {
            if self.rounds[index] == 0 && self.cues[index].rounds.get() > 0 {
                self.rounds[index] = self.cues[index].rounds.get();
                let name = self.name(index);
                let text = "has done its work once, and begins anew";
                self.watcher
                    .tell(self.timeline, now, Topic::App, &name, text);
            }
        }
    }

    /// Runs until `done`, or for `ms` of simulated time. Says whether it is done.
    fn run(&mut self, ms: u64, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now() + ms * 1_000_000;
        while !done(self) {
            if self.now() >= end || self.board.is_stuck() {
                return false;
            }
            self.step();
        }
        true
    }

    fn operations(&self, index: usize) -> u64 {
        self.board.counts(index).delivered
    }

    /// Whether an erase of the app's is in the array, and it still waits for it.
    fn erases(&self, index: usize, region: &Range<u32>) -> bool {
        let waits = self.board.outstanding(index);
        waits.is_some_and(|outstanding| outstanding.kind == Kind::Erase)
            && self.watcher.array().get().is_some_and(|busy| {
                busy.operation == FlashOperation::Erase && region.contains(&busy.address)
            })
    }

    fn acts(&mut self, options: &Options) -> Result<(), Lost> {
        self.boot(options)?;
        self.three_at_once()?;
        self.exit_mid_read()?;
        self.fault_mid_program()?;
        self.terminate_mid_erase()?;
        self.detach_under_load()?;
        self.attach_again()?;
        self.die_idle()?;
        self.all_gone()
    }

    fn boot(&mut self, options: &Options) -> Result<(), Lost> {
        let PartSpec { name, size, .. } = options.part;
        self.act("boot, and find out what the part is");
        self.tell(
            "board",
            format!("boots with a fresh {name} of {}", Bytes(u64::from(*size))),
        );
        self.run(PATIENCE_MS, |stage| {
            stage.board.device().profile().is_some()
        });
        let profile = self.board.device().profile();
        let found = profile.is_some_and(|profile| {
            options.part.id.starts_with(&profile.id.0) && profile.dimensions.size == *size
        });
        if let Some(profile) = profile {
            self.tell(
                "device",
                format!(
                    "id {}, {}; reads with {}, programs with {}{}",
                    profile.id.0.map(|byte| format!("{byte:02x}")).join(" "),
                    Bytes(u64::from(profile.dimensions.size)),
                    template(&profile.read),
                    template(&profile.program),
                    limit(profile.clock_limit_hz),
                ),
            );
        }
        self.need(format!("the part was found to be a {name}"), found)?;
        let off = self.run(PATIENCE_MS, |stage| {
            stage.board.device().state() == State::Off
        });
        self.need("with no lease, the controller was switched off", off)
    }

    fn three_at_once(&mut self) -> Result<(), Lost> {
        self.act("three apps at once: a log, a bulk read, a bulk program and compare");
        for index in [LOG_WRITER, BULK_READER, BULK_VERIFIER] {
            self.cues[index].begin.set(true);
        }
        let all = self.run(PATIENCE_MS, |stage| stage.board.leases() == 3);
        self.need("three apps hold a lease at once", all)?;
        let busy = self.run(PATIENCE_MS, |stage| {
            [LOG_WRITER, BULK_READER, BULK_VERIFIER]
                .iter()
                .all(|index| stage.cues[*index].rounds.get() > 0)
        });
        self.need(
            "each of the three got its work done, compared byte by byte",
            busy,
        )
    }

    /// What has to come of every death: others go on, the operation is drained, the
    /// lease is gone, the buffer is back.
    fn after_death(&mut self, index: usize, kind: Kind, leases: usize) -> Result<(), Lost> {
        let name = self.name(index);
        let orphaned = self.board.driver().counters().orphaned;
        let death = self.watcher.deaths().last().cloned();
        let Some(death) = death.filter(|death| death.index == index) else {
            return self.need(format!("{name} died with an operation in flight"), false);
        };
        let mid = death
            .outstanding
            .is_some_and(|outstanding| outstanding.kind == kind);
        self.need(format!("{name} died in the middle of its {kind}"), mid)?;
        // The drain may have come in the very pass in which the death was seen.
        let drained_before = self.watcher.drained_at_ns() >= Some(death.at_ns);
        let drained = drained_before
            || self.run(PATIENCE_MS, |stage| {
                stage.board.driver().counters().orphaned > orphaned
            });
        self.need(format!("the {kind} that it left was drained"), drained)?;
        let on_meanwhile = self.watcher.disabled_at_ns() < Some(death.at_ns);
        self.check("the controller stayed on until then", on_meanwhile);
        if !death.restarts {
            let gone = self.board.leases() == leases;
            self.check(format!("the lease of {name} is gone"), gone);
        }
        let living: Vec<usize> = [LOG_WRITER, BULK_READER, BULK_VERIFIER]
            .into_iter()
            .filter(|other| *other != index && self.board.apps()[*other].alive)
            .collect();
        let before: Vec<u64> = living.iter().map(|other| self.operations(*other)).collect();
        let go_on = self.run(PATIENCE_MS, |stage| {
            living
                .iter()
                .zip(&before)
                .all(|(other, before)| stage.operations(*other) > *before)
        });
        self.need("the others go on", go_on)
    }

    fn exit_mid_read(&mut self) -> Result<(), Lost> {
        self.act("bulk-reader exits with its read on the wires");
        self.cues[BULK_READER].strike.set(true);
        let struck = self.run(PATIENCE_MS, |stage| !stage.board.apps()[BULK_READER].alive);
        self.need("bulk-reader exits while the DMA of its read runs", struck)?;
        self.after_death(BULK_READER, Kind::Read, 2)
    }

    fn fault_mid_program(&mut self) -> Result<(), Lost> {
        self.act("log-writer faults with its program in the array, and is restarted");
        self.cues[LOG_WRITER].strike.set(true);
        let id = self.board.apps()[LOG_WRITER].id;
        let struck = self.run(PATIENCE_MS, |stage| stage.board.apps()[LOG_WRITER].id != id);
        self.need("log-writer faults while the part programs for it", struck)?;
        let rounds = self.cues[LOG_WRITER].rounds.get();
        self.after_death(LOG_WRITER, Kind::Program, 2)?;
        let lives = self.run(PATIENCE_MS, |stage| {
            let cue = &stage.cues[LOG_WRITER];
            cue.lives.get() == 2 && cue.rounds.get() > rounds
        });
        self.need(
            "its next life inherits nothing, finds its log whole and goes on",
            lives,
        )
    }

    fn terminate_mid_erase(&mut self) -> Result<(), Lost> {
        self.act("bulk-verifier is terminated with its erase in the array");
        let found = self.run(PATIENCE_MS, |stage| stage.erases(BULK_VERIFIER, &SCRATCH));
        self.need("bulk-verifier has an erase in the array", found)?;
        self.tell("board", "terminates bulk-verifier");
        self.board.terminate(BULK_VERIFIER);
        self.watcher.look(&self.board, Vec::new(), self.timeline);
        let wip = self.board.machine.with_qspi(|qspi| qspi.flash().is_busy());
        self.check("the array still erases (WIP = 1)", wip);
        self.after_death(BULK_VERIFIER, Kind::Erase, 1)
    }

    fn detach_under_load(&mut self) -> Result<(), Lost> {
        self.act("detach under load");
        for index in [READER_2, VERIFIER_2] {
            self.cues[index].begin.set(true);
        }
        self.tell("board", "starts reader-2 and verifier-2");
        let users = [LOG_WRITER, READER_2, VERIFIER_2];
        let loaded = self.run(PATIENCE_MS, |stage| {
            stage.board.device().state() == State::Busy
                && stage.watcher.array().get().is_some()
                && stage.board.leases() == users.len()
                && users.iter().all(|index| {
                    stage.operations(*index) > 1 && stage.board.outstanding(*index).is_some()
                })
        });
        self.need(
            "the array is busy, and three apps wait for operations",
            loaded,
        )?;
        let failed: Vec<u64> = users
            .iter()
            .map(|index| self.board.counts(*index).failed)
            .collect();
        let waiting: Vec<String> = users
            .iter()
            .filter_map(|index| {
                let outstanding = self.board.outstanding(*index)?;
                Some(format!("{}: {outstanding}", self.name(*index)))
            })
            .collect();
        self.tell(
            "board",
            format!("detaches the flash ({})", waiting.join("; ")),
        );
        let accepted = self.board.detach();
        self.need("the detach was accepted", accepted)?;
        let again = self.board.detach();
        self.check("a second detach was refused, and changes nothing", !again);
        let ended = self.run(PATIENCE_MS, |stage| {
            !stage.board.is_detaching() && stage.board.device().state() == State::Off
        });
        self.need("the detach came to its end, with the device off", ended)?;
        let off = !self.board.machine.with_qspi(|qspi| qspi.is_enabled());
        self.check("the controller is disabled", off);
        if self
            .board
            .device()
            .profile()
            .is_some_and(|profile| profile.power_down.is_some())
        {
            self.check("the part sleeps", self.watcher.is_part_asleep());
        }
        let answered = self.run(PATIENCE_MS, |stage| {
            users
                .iter()
                .all(|index| stage.board.outstanding(*index).is_none())
        });
        self.need("everybody who waited got an answer", answered)?;
        let cancelled = users
            .iter()
            .zip(&failed)
            .filter(|(index, failed)| self.board.counts(**index).failed > **failed)
            .count();
        self.check(
            "at least two got CANCEL, as what they waited for was not begun",
            cancelled >= 2,
        );
        let refused = self.run(PATIENCE_MS, |stage| {
            users
                .iter()
                .all(|index| stage.cues[*index].refused.get() > 0)
        });
        let codes = users.iter().all(|index| {
            let codes = self.cues[*index].cancelled.borrow();
            codes.len() == 1
                && codes
                    .iter()
                    .all(|code| matches!(code, ErrorCode::Cancel | ErrorCode::Off))
        });
        self.need("new work is refused with OFF", refused && codes)
    }

    fn attach_again(&mut self) -> Result<(), Lost> {
        self.act("attach again");
        let pause_end = self.now() + PAUSE_MS * 1_000_000;
        self.run(PATIENCE_MS, |stage| stage.now() >= pause_end);
        let off = !self.board.machine.with_qspi(|qspi| qspi.is_enabled());
        self.check("nothing was switched on meanwhile", off);
        let rounds: Vec<u32> = self.cues.iter().map(|cue| cue.rounds.get()).collect();
        self.tell("board", "attaches the flash");
        let attached = self.board.attach();
        self.need("the attach was accepted", attached)?;
        let users = [LOG_WRITER, READER_2, VERIFIER_2];
        let go_on = self.run(PATIENCE_MS, |stage| {
            users
                .iter()
                .all(|index| stage.cues[*index].rounds.get() > rounds[*index])
        });
        self.need("the three go on where they were", go_on)
    }

    /// The driver is told of no death. With an operation outstanding its end tells; here
    /// there is none.
    fn die_idle(&mut self) -> Result<(), Lost> {
        self.act("all go but reader-2, which is terminated between two operations");
        for index in [LOG_WRITER, VERIFIER_2] {
            self.cues[index].end.set(true);
        }
        let alone = self.run(PATIENCE_MS, |stage| {
            let apps = stage.board.apps();
            !apps[LOG_WRITER].alive && !apps[VERIFIER_2].alive
        });
        self.need("log-writer and verifier-2 ended", alone)?;
        self.cues[READER_2].linger.set(true);
        let idle = self.run(PATIENCE_MS, |stage| {
            stage.cues[READER_2].lingers.get()
                && stage.board.outstanding(READER_2).is_none()
                && stage.board.device().state() == State::Ready
                && stage.board.leases() == 1
        });
        self.need(
            "reader-2 holds the last lease, with nothing outstanding",
            idle,
        )?;
        self.tell("board", "terminates reader-2");
        self.board.terminate(READER_2);
        let passes = self.board.steps();
        let going_off = self.run(PATIENCE_MS, |stage| {
            stage.board.device().state() != State::Ready
        });
        let prompt = going_off && self.board.steps() == passes + 1;
        self.check("the next pass of the kernel loop shuts down", prompt);
        Ok(())
    }

    fn all_gone(&mut self) -> Result<(), Lost> {
        self.act("everybody is gone");
        let over = self.run(PATIENCE_MS, |stage| stage.board.is_over());
        self.need("all apps ended, and the device is at rest", over)?;
        let summary = Summary::of(&self.board, self.watcher.totals());
        let well = [LOG_WRITER, VERIFIER_2]
            .iter()
            .all(|index| summary.apps[*index].end == End::Exited { code: 0 });
        self.check("those that were left to themselves ended well", well);
        let none = self.board.leases() == 0;
        self.check("no lease is left", none);
        let off = !self.board.machine.with_qspi(|qspi| qspi.is_enabled());
        self.check("the controller is disabled", off);
        let owed = summary
            .apps
            .iter()
            .all(|app| app.callbacks_owed == app.callbacks_delivered);
        self.check("every callback that was owed came, and no other", owed);
        let back = summary.buffers_lent == summary.buffers_returned
            && summary.pieces_begun == summary.pieces_ended;
        self.check("every buffer that was lent to the DMA is back", back);
        Ok(())
    }

    /// Ends everything, so that what is looked over is not what still ran.
    fn abandon(&mut self) {
        self.act("the tour is broken off");
        for (index, app) in self.board.apps().iter().enumerate() {
            if app.alive {
                self.board.terminate(index);
            }
        }
        if !self.run(PATIENCE_MS, |stage| stage.board.is_over()) {
            self.check("the device came to rest", false);
        }
    }

    /// Looks over everything once more.
    fn end(&mut self) {
        self.act("the end");
        for (index, line) in self.lines.take_rest() {
            let name = self.name(index);
            let now = self.now();
            self.watcher.tell(
                self.timeline,
                now,
                Topic::Console,
                &name,
                format!("\"{line}\""),
            );
        }
        self.board.settle();
    }
}

/// The part's own limit of the clock, if it has one.
fn limit(clock_limit_hz: u32) -> String {
    match clock_limit_hz {
        u32::MAX => String::new(),
        hz => format!(", at most {} MHz", hz / 1_000_000),
    }
}

fn template(template: &Template) -> String {
    format!(
        "{:02X}h (1-{}-{})",
        template.opcode,
        template.lines.address(),
        template.lines.data()
    )
}
