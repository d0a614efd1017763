// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `run`.

use super::arguments;
use super::exit::Failure;
use super::firmware;
use super::output::{self, print_json};
use super::progress::Progress;
use super::regions::{self, Region};
use super::{find_part, image};
use crate::board::{AfterFault, AppSpec, Board, TabSpec};
use crate::breach::Breach;
use crate::console::Sink;
use crate::lines::index_of;
use crate::setup::{Pace, settings};
use crate::summary::{End, Summary};
use crate::tab::bundle::{Binary, Tab};
use crate::tab::flash_image;
use crate::tab::place::{NoPlace, Place};
use crate::timeline::{Entry, Timeline};
use crate::tour::{BreachReport, breaches};
use crate::watcher::Watcher;
use kernel::ProcessId;
use qspi_models::Violation;
use qspi_models::nor::{Backing, InMemory};
use serde::Serialize;
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use userland_cases::app::{APPS, App, find};

/// Simulated seconds that apps run if nothing is said.
const LIMIT: u64 = 300;

#[derive(Serialize)]
struct Outcome {
    part: &'static str,
    ok: bool,
    apps: Vec<AppOutcome>,
    breaches: Vec<BreachReport>,
    summary: Summary,
    timeline: Vec<Entry>,
}

#[derive(Serialize)]
struct AppOutcome {
    name: String,
    region: Option<Region>,
    end: End,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    console_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<String>,
}

/// Where what apps print goes.
enum To {
    /// There, as it comes.
    Writer(Box<dyn Write>),
    /// Nowhere but into the JSON.
    Memory,
}

/// What the apps printed.
struct Printed {
    /// Names before each line, if there are several.
    names: Option<Vec<String>>,
    to: RefCell<To>,
    kept: RefCell<Vec<Vec<u8>>>,
    lengths: RefCell<Vec<usize>>,
    unfinished: RefCell<Vec<Vec<u8>>>,
    error: RefCell<Option<io::Error>>,
}

impl Printed {
    fn new(names: &[String], to: To) -> Printed {
        Printed {
            names: (names.len() > 1).then(|| names.to_vec()),
            to: RefCell::new(to),
            kept: RefCell::new(vec![Vec::new(); names.len()]),
            lengths: RefCell::new(vec![0; names.len()]),
            unfinished: RefCell::new(vec![Vec::new(); names.len()]),
            error: RefCell::new(None),
        }
    }

    fn write(&self, bytes: &[u8]) {
        let To::Writer(to) = &mut *self.to.borrow_mut() else {
            return;
        };
        let mut first = self.error.borrow_mut();
        if first.is_none()
            && let Err(error) = to.write_all(bytes)
        {
            *first = Some(error);
        }
    }

    fn line(&self, name: &str, line: &[u8]) {
        let mut text = format!("{name}: ").into_bytes();
        text.extend_from_slice(line);
        text.push(b'\n');
        self.write(&text);
    }

    /// Nothing more comes.
    fn end(&self) -> io::Result<()> {
        if let Some(names) = &self.names {
            for (name, rest) in names.iter().zip(self.unfinished.take()) {
                if !rest.is_empty() {
                    self.line(name, &rest);
                }
            }
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        match &mut *self.to.borrow_mut() {
            To::Writer(to) => to.flush(),
            To::Memory => Ok(()),
        }
    }
}

impl Sink for Printed {
    fn print(&self, process: ProcessId, bytes: &[u8]) {
        let Some(index) = index_of(process) else {
            return;
        };
        self.lengths.borrow_mut()[index] += bytes.len();
        if matches!(*self.to.borrow(), To::Memory) {
            self.kept.borrow_mut()[index].extend_from_slice(bytes);
        }
        let Some(names) = &self.names else {
            self.write(bytes);
            return;
        };
        let mut unfinished = self.unfinished.borrow_mut();
        let rest = &mut unfinished[index];
        rest.extend_from_slice(bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            self.line(&names[index], &line[..end]);
        }
    }
}

fn find_app(name: &str) -> Result<&'static App, Failure> {
    find(name).ok_or_else(|| {
        let known: Vec<&str> = APPS.iter().map(|app| app.name).collect();
        Failure::input(format!(
            "no app is called {name:?}; there are {}",
            known.join(", ")
        ))
    })
}

/// Names that differ: the second `dump` is `dump.2`.
fn instances(names: &[String]) -> Vec<String> {
    names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let before = names[..index].iter().filter(|other| *other == name).count();
            match before {
                0 => name.clone(),
                _ => format!("{name}.{}", before + 1),
            }
        })
        .collect()
}

/// An app that is to run.
enum Runnable {
    /// Part of this program.
    Native(&'static App),
    /// Machine code, and where it lies.
    Emulated(Place, Binary),
}

/// The apps of all kinds that are asked for, with the names that they have by themselves.
fn runnables(arguments: &arguments::Run) -> Result<(Vec<String>, Vec<Runnable>), Failure> {
    let mut names = Vec::new();
    let mut apps = Vec::new();
    for name in &arguments.apps {
        apps.push(Runnable::Native(find_app(name)?));
        names.push(name.clone());
    }
    let cannot = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::input(format!("cannot run {}: {why}", path.display()))
    };
    let no_place = |path: &Path, error: NoPlace| match error {
        NoPlace::Taken => cannot(path, &"other apps are where it was linked for"),
        NoPlace::NotOnThisBoard => {
            cannot(path, &"it was linked for addresses that this board has not")
        }
    };
    // Where apps in an image lie is fixed; TABs take what they leave.
    let mut in_image = Vec::new();
    if let Some(path) = &arguments.board_flash {
        let image = fs::read(path).map_err(|error| cannot(path, &error))?;
        for binary in flash_image::apps(&image).map_err(|why| cannot(path, &why))? {
            let place = Place::take(&binary).map_err(|error| no_place(path, error))?;
            let name = binary.header.name.clone();
            in_image.push((name.unwrap_or_else(|| "app".to_owned()), place, binary));
        }
    }
    for path in &arguments.tabs {
        let file = File::open(path).map_err(|error| cannot(path, &error))?;
        let tab = Tab::read(file).map_err(|why| cannot(path, &why))?;
        let (place, binary) = Place::take_any(&tab).map_err(|error| no_place(path, error))?;
        apps.push(Runnable::Emulated(place, binary));
        names.push(tab.name);
    }
    for (name, place, binary) in in_image {
        apps.push(Runnable::Emulated(place, binary));
        names.push(name);
    }
    Ok((names, apps))
}

fn create(path: &Path, image: Option<&Path>) -> Result<Box<dyn Write>, Failure> {
    let cannot = |error| Failure::input(format!("cannot create {}: {error}", path.display()));
    // The file behind the names counts: a link to the image is the image.
    let same = match (fs::metadata(path), image.map(fs::metadata)) {
        (Ok(path), Some(Ok(image))) => (path.dev(), path.ino()) == (image.dev(), image.ino()),
        _ => false,
    };
    if same {
        return Err(Failure::input("--out is the image itself"));
    }
    let file = File::create(path).map_err(cannot)?;
    Ok(Box::new(BufWriter::new(file)))
}

/// Runs apps on an image.
///
/// # Errors
/// Input of no use; an app that failed or did not end; a breach.
pub fn run(arguments: &arguments::Run) -> Result<(), Failure> {
    if let Some(path) = &arguments.firmware {
        return firmware::run(arguments, path);
    }
    // All that can be wrong with the input is found before anything is written.
    let part = find_part(&arguments.part)?;
    let (names, apps) = runnables(arguments)?;
    let names = instances(&names);
    // What is not kept may be changed.
    let write = arguments.write || arguments.flash.is_none();
    let regions = regions::share(&names, &arguments.regions, part.size, write)?;
    let backing: Box<dyn Backing> = match &arguments.flash {
        Some(path) => image::open(path, part, arguments.write)?,
        None if arguments.write => {
            return Err(Failure::input("--write keeps changes in --flash FILE"));
        }
        None => Box::new(InMemory),
    };
    let to = match (&arguments.out, arguments.json) {
        (Some(path), _) => To::Writer(create(path, arguments.flash.as_deref())?),
        (None, true) => To::Memory,
        (None, false) => To::Writer(Box::new(BufWriter::new(io::stdout()))),
    };

    let printed = Rc::new(Printed::new(&names, to));
    let only_dump = matches!(apps.as_slice(), [Runnable::Native(app)] if app.name == "dump");
    let (mut specs, mut tabs) = (Vec::new(), Vec::new());
    for ((id, name), (app, region)) in (1..).zip(&names).zip(apps.into_iter().zip(&regions)) {
        let name = name.clone();
        let id = NonZeroU32::new(id).unwrap_or(NonZeroU32::MIN);
        let region = region.map(|region| (region.start, region.length, region.access()));
        let after_fault = AfterFault::Stop;
        match app {
            Runnable::Native(app) => specs.push(AppSpec {
                name,
                id,
                main: Box::new(app.main),
                region,
                after_fault,
            }),
            Runnable::Emulated(place, binary) => tabs.push(TabSpec {
                name,
                id,
                binary,
                place,
                region,
                after_fault,
            }),
        }
    }
    let sink = Rc::clone(&printed) as Rc<dyn Sink>;
    let settings = settings(part, backing, Pace::Typical, sink);
    let mut board = Board::with_tabs(settings, specs, tabs)
        .map_err(|error| Failure::input(format!("an app can't be loaded: {error}")))?;
    if arguments.strace {
        board.trace_system_calls(Box::new(io::stderr()));
    }
    let mut watcher = Watcher::new(&board);
    let mut timeline = if arguments.timeline {
        Timeline::printed(Box::new(io::stderr()))
    } else {
        Timeline::quiet()
    };
    // Apps' lines and the bar would get in each other's way.
    let shown = arguments.out.is_some() || arguments.json || !io::stdout().is_terminal();
    let total = regions[0]
        .filter(|_| only_dump)
        .map(|region| u64::from(region.length));
    let mut progress = Progress::new(total, shown && !arguments.timeline);
    let limit = arguments.limit.unwrap_or(LIMIT);
    let limit_ns = match limit {
        0 => u64::MAX,
        seconds => seconds.saturating_mul(1_000_000_000),
    };
    let ended = |board: &Board| board.apps().iter().all(|app| !app.alive);
    board.run_until(u64::MAX, |board| {
        watcher.look(board, Vec::new(), &mut timeline);
        progress.look(board);
        ended(board) || board.machine.now_ns() >= limit_ns
    });
    let late: Vec<String> = board
        .apps()
        .into_iter()
        .filter(|app| app.alive)
        .map(|app| app.name)
        .collect();
    for (index, app) in board.apps().iter().enumerate() {
        if app.alive {
            board.terminate(index);
        }
    }
    // The drain ends in its own time, which every part bounds.
    board.run_until(u64::MAX, |board| {
        watcher.look(board, Vec::new(), &mut timeline);
        board.is_over()
    });
    watcher.look(&board, Vec::new(), &mut timeline);
    watcher.flush(board.machine.now_ns(), &mut timeline);
    board.settle();
    progress.end();

    match printed.end() {
        Err(error) if arguments.out.is_some() => {
            return Err(Failure::input(format!("cannot write the output: {error}")));
        }
        result => output::checked(result)?,
    }
    let backing = Breach::Hardware(Violation::Backing);
    if board
        .breaches
        .all()
        .iter()
        .any(|(_, breach)| *breach == backing)
    {
        return Err(Failure::input(format!(
            "cannot read or write {} any more",
            arguments
                .flash
                .as_deref()
                .unwrap_or(Path::new("the flash"))
                .display()
        )));
    }
    let emulated: Vec<_> = (0..names.len())
        .map(|index| board.emulated(index))
        .collect();
    if arguments.strace {
        for (name, app) in names.iter().zip(&emulated) {
            if let Some(app) = app {
                eprintln!("{name}: {} instructions", app.instructions());
            }
        }
    }
    let fault_of = |index: usize| {
        let (pc, fault) = emulated.get(index)?.as_ref()?.fault()?;
        Some(format!("{fault}, at {pc:#010x}"))
    };
    let breaches = breaches(&board);
    let summary = Summary::of(&board, watcher.totals());
    let failed: Vec<String> = summary
        .apps
        .iter()
        .enumerate()
        .filter(|(_, app)| app.end != End::Exited { code: 0 } && !late.contains(&app.name))
        .map(|(index, app)| match fault_of(index) {
            Some(why) if app.end == End::Faulted => {
                format!("{} {}: {why}", app.name, app.end)
            }
            _ => format!("{} {}", app.name, app.end),
        })
        .chain(
            late.iter()
                .map(|name| format!("{name} had not ended after {limit} s")),
        )
        .collect();
    let ok = breaches.is_empty() && failed.is_empty();
    let lines: Vec<String> = breaches
        .iter()
        .map(|breach| format!("breach of {breach}"))
        .collect();
    if arguments.json {
        let kept = printed.kept.take();
        let lengths = printed.lengths.take();
        let outcomes = summary
            .apps
            .iter()
            .zip(&regions)
            .zip(kept.into_iter().zip(lengths))
            .enumerate()
            .map(
                |(index, ((app, region), (kept, console_bytes)))| AppOutcome {
                    name: app.name.clone(),
                    region: *region,
                    end: app.end,
                    instructions: emulated[index].as_ref().map(|app| app.instructions()),
                    fault: fault_of(index),
                    console_bytes,
                    console: String::from_utf8(kept)
                        .ok()
                        .filter(|_| arguments.out.is_none()),
                },
            )
            .collect();
        print_json(&Outcome {
            part: part.name,
            ok,
            apps: outcomes,
            breaches,
            summary,
            timeline: timeline.entries().to_vec(),
        })?;
    }
    if !lines.is_empty() {
        return Err(Failure::run(lines.join("; ")));
    }
    if !failed.is_empty() {
        return Err(Failure::run(failed.join("; ")));
    }
    Ok(())
}
