// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `run --firmware`: a whole image on the emulated chip.

use super::arguments;
use super::exit::Failure;
use super::output::{self, print_json};
use super::{find_part, image};
use crate::allowed::is_allowed;
use crate::tab::bundle::Tab;
use crate::tab::flash_image;
use crate::tab::place::FLASH_START;
use crate::tab::room::Room;
use emulated_cortex_m::{Calls, Image};
use emulated_nrf52840::{Board, End, Figures};
use qspi_models::nor::{Backing, InMemory};
use qspi_models::{Nor, Timed, Violation};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Simulated seconds that an image runs if nothing is said.
const LIMIT: u64 = 10;
/// The terminal is looked at this often, ns.
const LOOK_NS: u64 = 10_000_000;
/// A line is typed when nothing was printed for so long, ns.
const QUIET_NS: u64 = 100_000_000;
/// What it takes an image to say that it does not get on, ns.
const LAST_WORDS_NS: u64 = 1_000_000_000;

#[derive(Serialize)]
struct Outcome {
    ok: bool,
    part: &'static str,
    apps: Vec<String>,
    end: &'static str,
    until_was_printed: Option<bool>,
    instructions: u64,
    app_instructions: u64,
    interrupts: u64,
    simulated_ns: u64,
    asleep_ns: u64,
    resets: u32,
    power_cycles: u32,
    system_calls: Vec<SystemCalls>,
    unmodelled: Vec<String>,
    violations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<String>,
}

#[derive(Serialize)]
struct SystemCalls {
    class: &'static str,
    count: u64,
    least: u64,
    median: u64,
    most: u64,
}

/// Classes of system calls (TRD104), by the number in the SVC.
fn class(number: u8) -> &'static str {
    match number {
        0 => "yield",
        1 => "subscribe",
        2 => "command",
        3 => "allow-read-write",
        4 => "allow-read-only",
        5 => "memop",
        6 => "exit",
        7 => "allow-userspace-readable",
        _ => "unknown",
    }
}

impl SystemCalls {
    fn of((&number, calls): (&u8, &Calls)) -> Self {
        Self {
            class: class(number),
            count: calls.count(),
            least: calls.least(),
            median: calls.median(),
            most: calls.most(),
        }
    }
}

fn cannot(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::input(format!("cannot run {}: {why}", path.display()))
}

/// Puts apps where the kernel looks for them. Their names.
fn install(arguments: &arguments::Run, board: &mut Board) -> Result<Vec<String>, Failure> {
    let mut room = Room::new();
    let mut names = Vec::new();
    if let Some(path) = &arguments.board_flash {
        let bytes = fs::read(path).map_err(|error| cannot(path, error))?;
        for binary in flash_image::apps(&bytes).map_err(|why| cannot(path, why))? {
            names.push(binary.header.name.clone().unwrap_or_default());
            if !room.take(&binary) {
                return Err(cannot(path, "its apps are in each other's way"));
            }
        }
    }
    for path in &arguments.tabs {
        let file = File::open(path).map_err(|error| cannot(path, error))?;
        let tab = Tab::read(file).map_err(|why| cannot(path, why))?;
        if !tab.binaries.iter().any(|binary| room.take(binary)) {
            return Err(cannot(
                path,
                "there is no place left that it was linked for",
            ));
        }
        names.push(tab.name);
    }
    for (address, bytes) in room.laid_out() {
        if !board.install(address, &bytes) {
            return Err(Failure::input(format!(
                "there is no flash at {address:#x}, where an app goes"
            )));
        }
    }
    Ok(names)
}

/// What is printed, and what is waited for in it.
struct Terminal {
    shown: bool,
    printed: Vec<u8>,
    /// What is waited for is not looked for before this.
    from: usize,
    error: Option<io::Error>,
}

impl Terminal {
    fn take(&mut self, bytes: &[u8]) {
        self.printed.extend_from_slice(bytes);
        if self.shown && self.error.is_none() && !bytes.is_empty() {
            let mut out = io::stdout().lock();
            self.error = out.write_all(bytes).and_then(|()| out.flush()).err();
        }
    }

    fn has(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.printed[self.from..]
            .windows(text.len())
            .any(|window| window == text)
    }
}

/// How a run ended, beside its figures.
struct Ran {
    end: &'static str,
    failures: Vec<String>,
    unmodelled: Vec<String>,
    until_was_printed: Option<bool>,
}

fn drive(arguments: &arguments::Run, board: &mut Board, terminal: &mut Terminal) -> Ran {
    let mut kills = arguments.kill_at.clone();
    kills.sort_unstable();
    let mut kills = kills.into_iter();
    let mut kill = kills.next();
    let mut lines = arguments.typed.iter();
    let mut line = lines.next();
    let mut limit = match arguments.limit.unwrap_or(LIMIT) {
        0 => u64::MAX,
        seconds => seconds.saturating_mul(1_000_000_000),
    };
    let mut ran = Ran {
        end: "limit",
        failures: Vec::new(),
        unmodelled: Vec::new(),
        until_was_printed: (!arguments.until.is_empty()).then_some(false),
    };
    loop {
        let look = (board.now_ns() + LOOK_NS).min(limit);
        let end = board.run(kill.unwrap_or(u64::MAX), look);
        terminal.take(&board.take_printed());
        for access in board.take_unmodelled() {
            // The image may still say what it thinks of that.
            if ran.unmodelled.is_empty() {
                limit = limit.min(board.now_ns() + LAST_WORDS_NS);
            }
            let text = access.to_string();
            if !ran.unmodelled.contains(&text) {
                eprintln!("tock-qspi: NOT MODELLED: {text}");
                ran.unmodelled.push(text);
            }
        }
        match end {
            End::Instructions => {
                eprintln!(
                    "tock-qspi: power cycle after {} instructions",
                    board.figures().instructions
                );
                board.power_cycle();
                terminal.from = terminal.printed.len();
                kill = kills.next();
            }
            End::Time => {}
            End::Breakpoint(number) => {
                ran.end = "breakpoint";
                ran.failures.push(format!("it stopped at BKPT {number}"));
                break;
            }
            End::Lockup { pc, fault } => {
                ran.end = "lockup";
                ran.failures
                    .push(format!("it locked up at {pc:#010x}: {fault}"));
                break;
            }
            End::Asleep => {
                ran.end = "asleep";
                break;
            }
        }
        let now = board.now_ns();
        let quiet = board
            .quiet_since_ns()
            .is_some_and(|since| since != 0 && now >= since + QUIET_NS);
        if let Some(text) = line.filter(|_| quiet && kill.is_none()) {
            terminal.from = terminal.printed.len();
            board.type_in(format!("{text}\r").as_bytes());
            line = lines.next();
            continue;
        }
        if !arguments.until.is_empty()
            && kill.is_none()
            && line.is_none()
            && arguments.until.iter().all(|text| terminal.has(text))
        {
            ran.end = "until";
            ran.until_was_printed = Some(true);
            break;
        }
        if now >= limit || terminal.error.is_some() {
            break;
        }
    }
    if ran.until_was_printed == Some(false) {
        let missing = arguments.until.iter().filter(|text| !terminal.has(text));
        ran.failures
            .extend(missing.map(|text| format!("it did not print {text:?}")));
    }
    if let Some(kill) = kill {
        ran.failures
            .push(format!("it did not come to instruction {kill}"));
    }
    if line.is_some() {
        ran.failures
            .push("it was never quiet enough to type".to_owned());
    }
    if !ran.unmodelled.is_empty() {
        let count = ran.unmodelled.len();
        ran.failures
            .push(format!("it needs what is not modelled ({count})"));
    }
    ran
}

fn summary(figures: &Figures, calls: &[SystemCalls]) -> String {
    let mut text = format!(
        "{} instructions, {} of apps; {} interrupts; {} ms simulated; {} resets, {} power cycles",
        figures.instructions,
        figures.profile.unprivileged(),
        figures.interrupts,
        figures.ns / 1_000_000,
        figures.resets,
        figures.power_cycles,
    );
    for call in calls {
        text += &format!(
            "\ntock-qspi: {:6} x {:24} {:6} to {:6} instructions of the kernel, median {}",
            call.count, call.class, call.least, call.most, call.median
        );
    }
    text
}

fn violation(what: &Timed<Violation>) -> String {
    format!("{} ns: {:?}", what.at, what.what)
}

/// Boots an image and lets it run.
///
/// # Errors
/// Input of no use; what is not modelled, a violation, or an end before it was expected.
pub fn run(arguments: &arguments::Run, path: &Path) -> Result<(), Failure> {
    let part = find_part(&arguments.part)?;
    let elf = fs::read(path).map_err(|error| cannot(path, error))?;
    let firmware = Image::from_elf(&elf).map_err(|error| cannot(path, error))?;
    let backing: Box<dyn Backing> = match &arguments.flash {
        Some(flash) => image::open(flash, part, arguments.write)?,
        None if arguments.write => {
            return Err(Failure::input("--write keeps changes in --flash FILE"));
        }
        None => Box::new(InMemory),
    };
    let mut board = Board::new(&firmware, Nor::with_backing(part, backing))
        .map_err(|error| cannot(path, error))?;
    let reaches = firmware
        .segments
        .iter()
        .any(|segment| segment.address as usize + segment.bytes.len() > FLASH_START as usize);
    if reaches && !(arguments.tabs.is_empty() && arguments.board_flash.is_none()) {
        return Err(cannot(path, "it reaches to where apps go"));
    }
    let apps = install(arguments, &mut board)?;

    let mut terminal = Terminal {
        shown: !arguments.json,
        printed: Vec::new(),
        from: 0,
        error: None,
    };
    let mut ran = drive(arguments, &mut board, &mut terminal);
    if let Some(error) = terminal.error.take() {
        return output::checked(Err(error));
    }
    // What the image believes to be outstanding is not to be seen from here.
    let violations: Vec<String> = board
        .violations()
        .iter()
        .filter(|violation| !is_allowed(&violation.what, true))
        .map(violation)
        .collect();
    for what in &violations {
        eprintln!("tock-qspi: violation at {what}");
    }
    if !violations.is_empty() {
        ran.failures
            .push(format!("{} violations", violations.len()));
    }
    let figures = board.figures();
    let calls: Vec<SystemCalls> = figures
        .profile
        .calls()
        .iter()
        .map(SystemCalls::of)
        .collect();
    if arguments.json {
        print_json(&Outcome {
            ok: ran.failures.is_empty(),
            part: part.name,
            apps,
            end: ran.end,
            until_was_printed: ran.until_was_printed,
            instructions: figures.instructions,
            app_instructions: figures.profile.unprivileged(),
            interrupts: figures.interrupts,
            simulated_ns: figures.ns,
            asleep_ns: figures.slept * 125 / 8,
            resets: figures.resets,
            power_cycles: figures.power_cycles,
            system_calls: calls,
            unmodelled: ran.unmodelled,
            violations,
            console: String::from_utf8(terminal.printed).ok(),
        })?;
    } else {
        eprintln!("tock-qspi: {}", summary(&figures, &calls));
    }
    if ran.failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::run(ran.failures.join("; ")))
    }
}
