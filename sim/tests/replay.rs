// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A schedule run again: what is told of it as text, as a value change dump and as a picture
//! can be read by others, is in order, and is what happened.

mod cli_support;

use cli_support::{Folder, answer, assert_refused, stdout};
use fastrand::Rng;
use qspi_models::nor::{WEL, WIP, part};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tock_qspi::arena::Block;
use tock_qspi::board::Board;
use tock_qspi::breach::Breach;
use tock_qspi::explore::bounds::Bounds;
use tock_qspi::explore::replay::{Story, replay, svg, vcd};
use tock_qspi::explore::schedule::Schedule;
use tock_qspi::explore::world::World;
use vcd::{Command, IdCode, Parser, ScopeItem, TimescaleUnit};

const PART: &str = tock_qspi::setup::DEFAULT_PART;

/// Nothing happens that does not have to.
const PLAIN: &str = "p2o3d1t1s0l0f0@";
/// The second process is terminated in the middle of an erase, and the device detached.
const TORN_DOWN: &str = "p2o2d1t1s0l0f0@67.1,70.1";
/// More than a row of the picture.
const LONG: &str = "p3o9d1t1s1l1f0@";

fn story(schedule: &str) -> Story {
    let schedule: Schedule = schedule.parse().expect("it is a schedule");
    replay(part(PART).expect("the part is known"), &schedule)
}

/// Schedules with all that can happen, drawn at random.
fn drawn(bounds: &str, count: u64) -> Vec<String> {
    let bounds: Bounds = bounds.parse().expect("these are bounds");
    (0..count)
        .map(|seed| {
            let mut world: World<Board> = World::new(part(PART).expect("it is known"), bounds);
            let rng = Rng::with_seed(seed);
            let run = world.run(&[], None, Some(rng), |_, _| {});
            let choices = run.throws.iter().map(|throw| throw.taken).collect();
            Schedule { bounds, choices }.to_string()
        })
        .collect()
}

fn schedules() -> Vec<String> {
    let mut all: Vec<String> = [PLAIN, TORN_DOWN, LONG].map(String::from).into();
    all.extend(drawn("p2o3d1t1s0l0f0", 6));
    all.extend(drawn("p3o5d2t1s1l2f0", 6));
    all.extend(drawn("p2o4d1t1s1l1f2", 6));
    all
}

/// A dump, as the parser of others reads it.
struct Dump {
    /// By `scope.name`: all values with their times.
    values: BTreeMap<String, Vec<(u64, String)>>,
    times: Vec<u64>,
}

impl Dump {
    fn read(bytes: &[u8]) -> Dump {
        let mut parser = Parser::new(bytes);
        let header = parser.parse_header().expect("the header is in order");
        assert_eq!(header.timescale, Some((1, TimescaleUnit::NS)));
        assert_eq!(header.date, None, "it would differ from run to run");
        let mut names: BTreeMap<IdCode, String> = BTreeMap::new();
        for item in &header.items {
            let ScopeItem::Scope(scope) = item else {
                continue;
            };
            for item in &scope.items {
                let ScopeItem::Var(var) = item else {
                    panic!("a scope has variables only: {item:?}");
                };
                let name = format!("{}.{}", scope.identifier, var.reference);
                let before = names.insert(var.code, name);
                assert_eq!(before, None, "each variable has its own id");
            }
        }
        let mut values: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
        let mut times: Vec<u64> = Vec::new();
        for command in parser {
            let (id, value) = match command.expect("every line can be read") {
                Command::Timestamp(at) => {
                    times.push(at);
                    continue;
                }
                Command::ChangeScalar(id, value) => (id, value.to_string()),
                Command::ChangeVector(id, value) => {
                    let bits = value.to_string();
                    let number = u64::from_str_radix(&bits, 2).expect("it has a value");
                    (id, number.to_string())
                }
                Command::ChangeString(id, value) => (id, value),
                Command::Begin(_) | Command::End(_) => continue,
                other => panic!("{other:?} has no business there"),
            };
            let at = *times.last().expect("a time comes first");
            let name = names.get(&id).expect("it was declared").clone();
            values.entry(name).or_default().push((at, value));
        }
        assert_eq!(values.len(), names.len(), "each variable has a value");
        Dump { values, times }
    }

    fn of(&self, name: &str) -> &[(u64, String)] {
        self.values.get(name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// The value from `at` on.
    fn at(&self, name: &str, at: u64) -> &str {
        let values = self.of(name);
        &values[values.partition_point(|(time, _)| *time <= at) - 1].1
    }

    /// The value until just before `at`.
    fn until(&self, name: &str, at: u64) -> &str {
        self.at(name, at.saturating_sub(1))
    }

    /// When `name` becomes `value`.
    fn becomes(&self, name: &str, value: &str) -> Vec<u64> {
        let changes = self.of(name).windows(2);
        changes
            .filter(|pair| pair[1].1 == value)
            .map(|pair| pair[1].0)
            .collect()
    }
}

#[test]
fn a_dump_is_in_order_and_has_nothing_but_changes() {
    for schedule in schedules() {
        let story = story(&schedule);
        let dump = Dump::read(&vcd(&story));
        assert_eq!(dump.times.first(), Some(&0), "{schedule}");
        assert_eq!(dump.times.last(), Some(&story.run.time_ns), "{schedule}");
        assert!(
            dump.times.windows(2).all(|pair| pair[0] < pair[1]),
            "{schedule}: times go on"
        );
        for (name, values) in &dump.values {
            for pair in values.windows(2) {
                assert!(pair[0].0 < pair[1].0, "{schedule}: {name} {pair:?}");
                assert_ne!(pair[0].1, pair[1].1, "{schedule}: {name} at {}", pair[1].0);
            }
        }
        if story.run.faults.is_empty() {
            for name in ["pins.csn", "qspi.enable", "qspi.irq", "device.lifecycle"] {
                assert!(dump.of(name).len() > 2, "{schedule}: {name} changes");
            }
        }
    }
}

#[test]
fn a_dump_has_what_the_board_shows() {
    let names = [
        "qspi.enable",
        "qspi.irq",
        "flash.wip",
        "flash.wel",
        "qspi.dma_length",
    ];
    for schedule in schedules() {
        let parsed: Schedule = schedule.parse().expect("it is a schedule");
        let mut world: World<Board> = World::new(part(PART).expect("known"), parsed.bounds);
        let mut seen = Vec::new();
        let run = world.run(&parsed.choices, None, None, |board, _| {
            let values = board.machine.with_qspi(|qspi| {
                [
                    u64::from(qspi.is_enabled()),
                    u64::from(qspi.irq()),
                    u64::from(qspi.flash().status() & WIP != 0),
                    u64::from(qspi.flash().status() & WEL != 0),
                    qspi.owed_memory()
                        .map_or(0, |(_, length)| u64::from(length)),
                ]
            });
            seen.push((board.machine.now_ns(), values));
        });
        let end = seen.last().expect("there was something to look at").0;
        let start = end - run.time_ns;
        let story = story(&schedule);
        assert_eq!(story.run, run, "{schedule}: it is the same run");
        let dump = Dump::read(&vcd(&story));
        for (now, values) in seen {
            let at = now - start;
            for (name, value) in names.iter().zip(values) {
                // It may have changed at that very time, before or after the look.
                let value = value.to_string();
                let told = [dump.until(name, at), dump.at(name, at)];
                assert!(
                    told.contains(&value.as_str()),
                    "{schedule}: {name} at {at} ns is {value}, and not {told:?}"
                );
            }
        }
    }
}

/// C4 in the dump: ENABLE falls with the array quiet, and with no memory lent.
#[track_caller]
fn assert_drained_before_disabled(schedule: &str, dump: &Dump) {
    let disabled = dump.becomes("qspi.enable", "0");
    assert!(!disabled.is_empty(), "{schedule}: it is switched off");
    for at in &disabled {
        for (name, quiet) in [
            ("flash.wip", "0"),
            ("flash.operation", "none"),
            ("qspi.dma_length", "0"),
            ("qspi.dma", "none"),
            ("qspi.task", "none"),
            ("pins.csn", "1"),
        ] {
            let (until, then) = (dump.until(name, *at), dump.at(name, *at));
            assert_eq!(
                [until, then],
                [quiet, quiet],
                "{schedule}: {name} as ENABLE falls at {at} ns"
            );
        }
    }
    let last = disabled.last().expect("there is one");
    for (name, quiet) in [("flash.wip", "0"), ("qspi.dma_length", "0")] {
        for at in dump.becomes(name, quiet) {
            assert!(at < *last, "{schedule}: {name} at {at} ns");
        }
    }
}

#[test]
fn enable_falls_after_wip_and_after_the_last_dma() {
    for schedule in schedules() {
        let story = story(&schedule);
        if story.run.faults.is_empty() {
            assert_drained_before_disabled(&schedule, &Dump::read(&vcd(&story)));
        }
    }
}

#[test]
fn a_death_and_a_detach_are_told_in_order() {
    let story = story(TORN_DOWN);
    assert_eq!(story.run.breaches, []);
    let dump = Dump::read(&vcd(&story));
    assert_drained_before_disabled(TORN_DOWN, &dump);
    let one = |name: &str, value: &str| match dump.becomes(name, value)[..] {
        [at] => at,
        ref others => panic!("{name} becomes {value} at {others:?}"),
    };
    let dead = one("app-b.state", "dead");
    let draining = one("device.lifecycle", "Draining");
    let detached = one("device.attached", "0");
    let erases = one("flash.operation", "erase");
    let stopping = one("device.lifecycle", "Stopping");
    let off = one("device.lifecycle", "Off");
    assert!(dump.until("app-b.waits_for", dead).starts_with("erase"));
    assert_eq!(dump.at("app-b.waits_for", dead), "none");
    assert_eq!(dump.at("device.leases", dead), "0");
    assert_eq!(dead, draining, "nobody is left");
    assert!(draining < erases && erases < detached && detached < stopping && stopping < off);
    let quiet = *dump.becomes("flash.wip", "0").last().expect("there is one");
    let disabled = one("qspi.enable", "0");
    assert!(erases < quiet && quiet < stopping && stopping < disabled);
    assert_eq!(off, disabled);
    assert_eq!(dump.at("flash.power", off), "dpd");

    let text = story.text();
    let mut rest = text.as_str();
    for words in [
        "app-b           is terminated, its erase of 4 KiB at 0x0 outstanding",
        "device          revoked",
        "flash           busy (WIP = 1): erase of 4 KiB",
        "board           detaches the device",
        "flash           quiet (WIP = 0): erase done",
        "device          drained",
        "bus             RDSR, DPD",
        "controller      disabled (ENABLE = 0)",
        "device          off",
        "0 breaches in",
    ] {
        let at = rest.find(words);
        let at = at.unwrap_or_else(|| panic!("{words:?} is not there, or not in order: {text}"));
        rest = &rest[at + words.len()..];
    }
}

#[test]
fn a_dump_has_the_bus() {
    let dump = Dump::read(&vcd(&story(PLAIN)));
    for (command, opcode, lines) in [
        ("WREN", 0x06, 1),
        ("PP-1-4-4", 0x38, 4),
        ("READ-1-4-4", 0xEB, 4),
        ("SE", 0x20, 1),
        ("DPD", 0xB9, 1),
    ] {
        let at = dump.becomes("pins.command", command);
        assert!(!at.is_empty(), "{command} is sent");
        for at in at {
            assert_eq!(dump.at("pins.csn", at), "0", "{command}");
            assert_eq!(dump.at("pins.sck_active", at), "1", "{command}");
            assert_eq!(dump.at("pins.opcode", at), opcode.to_string());
            assert_eq!(dump.at("pins.lines", at), lines.to_string(), "{command}");
            assert_eq!(dump.at("qspi.enable", at), "1", "{command}");
        }
    }
    // Every frame ends.
    let low = dump.becomes("pins.csn", "0").len();
    assert_eq!(dump.becomes("pins.csn", "1").len(), low);
    assert!(low > 20);
    // A program sets the latch, and its end clears it.
    for at in dump.becomes("flash.wip", "1") {
        assert_eq!(dump.at("flash.wel", at), "1");
    }
    for at in dump.becomes("flash.wip", "0") {
        assert_eq!(dump.at("flash.wel", at), "0");
    }
}

/// What is in a picture.
struct Picture {
    /// Names of elements.
    elements: BTreeSet<String>,
    /// Text that is seen.
    words: Vec<String>,
    /// Text that is told when something is pointed at.
    titles: Vec<String>,
    colours: BTreeSet<String>,
    width: f64,
}

impl Picture {
    fn read(bytes: &[u8]) -> Picture {
        let source = std::str::from_utf8(bytes).expect("it is UTF-8");
        let mut reader = Reader::from_str(source);
        reader.config_mut().check_end_names = true;
        let mut picture = Picture {
            elements: BTreeSet::new(),
            words: Vec::new(),
            titles: Vec::new(),
            colours: BTreeSet::new(),
            width: 0.0,
        };
        let mut open: Vec<String> = Vec::new();
        let mut roots = 0;
        loop {
            let event = reader.read_event().expect("it is XML");
            let is_start = matches!(event, Event::Start(_));
            match event {
                Event::Start(element) | Event::Empty(element) => {
                    let name = element.name().as_ref().to_owned();
                    roots += u32::from(open.is_empty());
                    for attribute in element.attributes() {
                        let attribute = attribute.expect("attributes are in order");
                        let value = attribute.value.into_owned();
                        match attribute.key.as_ref() {
                            "fill" | "stroke" => {
                                picture.colours.insert(value);
                            }
                            "width" if name == "svg" => {
                                picture.width = value.parse().expect("it is a number");
                            }
                            "href" | "xlink:href" => panic!("{value} is outside"),
                            _ => {}
                        }
                    }
                    picture.elements.insert(name.clone());
                    if is_start {
                        open.push(name);
                    }
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(text) => {
                    let text = text.trim().to_owned();
                    match open.last().map(String::as_str) {
                        _ if text.is_empty() => {}
                        Some("text") => picture.words.push(text),
                        Some("title") => picture.titles.push(text),
                        other => panic!("{text:?} in {other:?}"),
                    }
                }
                Event::GeneralRef(_) => {}
                Event::Eof => break,
                other => panic!("{other:?} has no business there"),
            }
        }
        assert_eq!(open, Vec::<String>::new(), "every element ends");
        assert_eq!(roots, 1);
        picture
    }

    fn shows(&self, what: &str) -> bool {
        self.words.iter().any(|words| words == what)
    }
}

const RED: &str = "#cf222e";

#[test]
fn a_picture_is_xml_and_names_every_process() {
    for schedule in schedules() {
        let story = story(&schedule);
        let picture = Picture::read(&svg(&story));
        let bounds: Bounds = schedule[..schedule.find('@').expect("it is there")]
            .parse()
            .expect("these are bounds");
        for name in ["app-a", "app-b", "app-c", "app-d"]
            .iter()
            .take(bounds.processes.into())
        {
            assert!(picture.shows(name), "{schedule}: {name}");
        }
        for lane in ["lifecycle", "controller", "array (WIP)", "DMA owns"] {
            assert!(picture.shows(lane), "{schedule}: {lane}");
        }
        assert!(picture.titles[0].contains(&schedule), "it has a title");
        assert_eq!(picture.width, 1200.0);
        let known = ["svg", "title", "g", "rect", "line", "path", "text"];
        for element in &picture.elements {
            assert!(known.contains(&element.as_str()), "{schedule}: {element}");
        }
        let is_broken = !story.run.breaches.is_empty();
        assert_eq!(picture.colours.contains(RED), is_broken, "{schedule}");
    }
}

#[test]
fn a_picture_marks_a_teardown() {
    let picture = Picture::read(&svg(&story(TORN_DOWN)));
    for mark in [
        "app-b is terminated",
        "revoked",
        "detach",
        "drained",
        "disabled",
        "Draining",
        "48.0 ms",
    ] {
        assert!(picture.shows(mark), "{mark}: {:?}", picture.words);
    }
    assert!(
        picture
            .titles
            .iter()
            .any(|title| title.starts_with("WIP = 1: erase of 4 KiB at 0x10000: 1.008 957 ms to"))
    );
}

#[test]
fn a_long_run_goes_on_in_the_next_row() {
    let picture = Picture::read(&svg(&story(LONG)));
    let rows = picture.words.iter().filter(|words| *words == "app-c");
    assert!(rows.count() > 1);
}

#[test]
fn breaches_stand_out() {
    let mut story = story(TORN_DOWN);
    let what = "a <process> & its \"buffer\"".to_owned();
    story
        .run
        .breaches
        .push((1_008_500, Breach::Stuck { what: what.clone() }));
    let bytes = svg(&story);
    let picture = Picture::read(&bytes);
    assert!(picture.colours.contains(RED));
    assert!(picture.shows("BREACH C12"));
    let source = String::from_utf8(bytes).expect("UTF-8");
    assert!(source.contains("a &lt;process&gt; &amp; its"), "{source}");

    let dump = Dump::read(&vcd(&story));
    assert_eq!(dump.becomes("checks.breaches", "1"), [1_008_500]);

    let text = story.text();
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("check "));
    let at = at.expect("it is told where it happened");
    assert!(
        lines[at].contains("1.008 500 ms") && lines[at].contains("BREACH of C12"),
        "{}",
        lines[at]
    );
    assert!(lines[at - 1].ends_with("RDSR, WREN"), "{text}");
    assert!(lines[at + 1].ends_with("SE at 0x10000"), "{text}");
    let end = lines
        .iter()
        .filter(|line| line.starts_with("BREACH of C12"));
    assert_eq!(end.count(), 1, "{text}");
    assert!(text.contains("1 breaches in"), "{text}");
}

#[test]
fn the_same_schedule_gives_the_same_bytes() {
    for schedule in schedules() {
        let first = story(&schedule);
        // The second board has other buffers.
        let taken = Block::take();
        let second = story(&schedule);
        drop(taken);
        assert!(vcd(&first) == vcd(&second), "{schedule}");
        assert!(svg(&first) == svg(&second), "{schedule}");
        assert_eq!(first.text(), second.text(), "{schedule}");
    }
}

#[test]
fn the_text_is_in_order_and_has_every_process() {
    for schedule in schedules() {
        let story = story(&schedule);
        let text = story.text();
        let times: Vec<u64> = text
            .lines()
            .filter(|line| line.starts_with(' '))
            .map(|line| {
                let digits: String = line
                    .split(" ms ")
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .filter(char::is_ascii_digit)
                    .collect();
                digits.parse().expect("each line begins with its time")
            })
            .collect();
        assert!(times.len() > 5, "{text}");
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{text}");
        let processes = schedule[1..2].parse().expect("a digit");
        for name in ["app-a ", "app-b ", "app-c "].iter().take(processes) {
            assert!(text.contains(name), "{schedule}: {name}: {text}");
        }
        let tally = format!(
            "{} breaches in {} passes of the kernel loop",
            story.run.breaches.len(),
            story.run.passes
        );
        assert!(text.contains(&tally), "{text}");
    }
}

// --- the program ----------------------------------------------------------------------

#[test]
fn the_program_writes_both_files() {
    let folder = Folder::new();
    let (dump, picture) = (folder.name("run.vcd"), folder.name("run.svg"));
    let said = answer(&["replay", TORN_DOWN, "--vcd", &dump, "--svg", &picture]);
    assert_eq!(said.status.code(), Some(0));
    let story = story(TORN_DOWN);
    assert_eq!(stdout(&said), story.text());
    assert!(fs::read(&dump).expect("it was written") == vcd(&story));
    assert!(fs::read(&picture).expect("it was written") == svg(&story));
}

#[test]
fn a_schedule_that_does_not_fit_is_refused() {
    let folder = Folder::new();
    let dump = folder.name("run.vcd");
    // An alternative that there is not, a choice that is not in the bounds, and one after the end.
    for schedule in [
        "p2o3d1t1s0l0f0@3.9",
        "p1o1d0t0s0l0f0@2.200",
        "p2o3d1t1s0l0f0@90000.1",
    ] {
        let said = answer(&["replay", schedule, "--vcd", &dump]);
        assert_refused(&said, &[schedule, "can't happen there", PART]);
        assert!(!fs::exists(&dump).expect("the folder is ours"));
    }
}

#[test]
fn what_is_no_schedule_is_refused() {
    for schedule in [
        "",
        "p2o3",
        "@",
        "p2o3d1t1s0l0f0",
        "p2o3d1t1s0l0f0@x",
        "p2o3d1t1s0l0f0@5.1,4.1",
        "p9o3d1t1s0l0f0@",
        "p2o3d1t1s0l0f0@1.999",
    ] {
        assert_refused(&answer(&["replay", schedule]), &[]);
    }
}

#[test]
fn a_file_that_can_not_be_written_is_told() {
    let folder = Folder::new();
    let missing = folder.name("missing/run.vcd");
    for option in ["--vcd", "--svg"] {
        let said = answer(&["replay", PLAIN, option, &missing]);
        assert_refused(&said, &["cannot write", &missing]);
    }
}
