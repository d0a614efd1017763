// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A run as a picture.

use super::super::world::Move;
use super::axis::{Axis, BREAK_NS, Row, label};
use super::journal::What;
use super::signals::{Life, Signals, signals, stretches};
use super::story::Story;
use super::words;
use crate::ledger::{Kind, Outstanding};
use crate::text::{Bytes, Ms};
use crate::transitions;
use qspi_models::{Direction, FlashOperation, Observation, PowerState, Task};
use spi_nor::lifecycle::State;
use svg::Document;
use svg::node::element::{Group, Line, Path, Rectangle, Text, Title};

/// Width of the whole picture.
const WIDTH: f64 = 1200.0;
/// Where rows begin, right of the names of lanes.
const LEFT: f64 = 112.0;
const LANE: f64 = 24.0;
const BAR: f64 = 17.0;
/// Height of a line of labels above the lanes.
const LABELS: f64 = 14.0;
/// Height of the time axis below them.
const AXIS: f64 = 30.0;
/// Width of a letter, about.
const LETTER: f64 = 5.8;
/// Letters in a line across the picture.
const LINE: usize = 190;

const INK: &str = "#1b1f24";
const PALE_INK: &str = "#57606a";
const GRID: &str = "#d8dee4";
const GROUND: &str = "#f6f8fa";
const DEATH: &str = "#8a3b00";
const BREACH: &str = "#cf222e";
const PLAIN: &str = "#0b5394";

/// A part of a lane.
struct Bar {
    from_ns: u64,
    to_ns: u64,
    colour: &'static str,
    /// What is written into it, if it fits; the shorter one if only that does.
    names: [String; 2],
    /// What a viewer tells of it.
    full: String,
    /// Thin, below what else is there.
    thin: bool,
    /// One of many, and all alike: it gets no place of its own.
    narrow: bool,
}

struct Lane {
    name: String,
    bars: Vec<Bar>,
    /// Where something ended for good.
    crosses: Vec<(u64, String)>,
}

/// Something that happened at one time.
struct Mark {
    at_ns: u64,
    name: String,
    full: String,
    colour: &'static str,
}

fn bars<T: PartialEq>(
    signals: &[(u64, Signals)],
    end_ns: u64,
    of: impl Fn(&Signals) -> Option<T>,
    look: impl Fn(&T) -> (&'static str, String, String),
) -> Vec<Bar> {
    stretches(signals, end_ns, of)
        .into_iter()
        .map(|(from_ns, to_ns, value)| {
            let (colour, name, full) = look(&value);
            let short = name.chars().take(1).collect();
            Bar {
                from_ns,
                to_ns,
                colour,
                names: [name, short],
                full,
                thin: false,
                narrow: false,
            }
        })
        .collect()
}

fn operation_colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Open => "#d0d7de",
        Kind::Read => "#9ecae1",
        Kind::Program => "#fdd08a",
        Kind::Erase => "#f4a88f",
    }
}

fn app_lane(story: &Story, signals: &[(u64, Signals)], index: usize) -> Lane {
    let end_ns = story.run.time_ns;
    let name = &story.names[index];
    let of = |now: &Signals| {
        let app = now.apps.get(index)?;
        (app.life != Life::Dead).then(|| (app.life, app.waiting.clone()))
    };
    let bars = bars(signals, end_ns, of, |(life, waiting)| {
        let all: Vec<String> = waiting.iter().map(Outstanding::to_string).collect();
        let stopped = if *life == Life::Stopped {
            "stopped"
        } else {
            ""
        };
        match (waiting.first(), *life) {
            (Some(first), Life::Stopped) => (
                "#c8ccd0",
                format!("stopped, {}", first.kind),
                format!("{name} is stopped, and waits for {}", all.join(" and ")),
            ),
            (Some(first), _) => (
                operation_colour(first.kind),
                first.kind.to_string(),
                format!("{name} waits for {}", all.join(" and ")),
            ),
            (None, Life::Stopped) => ("#c8ccd0", stopped.to_owned(), format!("{name} is stopped")),
            (None, _) => (
                "#e3ecf5",
                String::new(),
                format!("{name} waits for nothing"),
            ),
        }
    });
    let crosses = story
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Died(who, how, left) if *who == index => Some((
                entry.at_ns,
                format!("{name} {}{}", words::death(*how), words::left(left)),
            )),
            _ => None,
        })
        .collect();
    Lane {
        name: name.clone(),
        bars,
        crosses,
    }
}

fn lifecycle_lane(signals: &[(u64, Signals)], end_ns: u64) -> Lane {
    let of = |now: &Signals| Some((now.lifecycle, now.attached));
    let bars = bars(signals, end_ns, of, |(state, attached)| {
        let colour = match state {
            State::Off => "#e6e9ec",
            State::Starting => "#cfe8c6",
            State::Ready => "#b4dcae",
            State::Busy => "#8ccb96",
            State::Draining => "#f6d06f",
            State::Stopping(_) => "#dcc6ea",
            State::Failed => "#f1a3a3",
        };
        let name = words::state(*state).to_owned();
        let detached = if *attached { "" } else { ", detached" };
        let full = format!("the device is in {state:?}{detached}");
        (colour, name, full)
    });
    Lane {
        name: "lifecycle".to_owned(),
        bars,
        crosses: Vec::new(),
    }
}

fn controller_lane(signals: &[(u64, Signals)], end_ns: u64) -> Lane {
    let on = |now: &Signals| now.enabled.then_some(());
    let mut all = bars(signals, end_ns, on, |()| {
        ("#d6e4f0", String::new(), "ENABLE = 1".to_owned())
    });
    let task = |now: &Signals| now.task.filter(|_| now.enabled);
    let of_kind = |instructions: bool| {
        let of = move |now: &Signals| {
            task(now).filter(|task| (*task == Task::CustomInstruction) == instructions)
        };
        bars(signals, end_ns, of, |task| {
            let name = words::task(*task).to_owned();
            let full = format!("task: {name}");
            ("#8fb8de", name, full)
        })
    };
    all.extend(of_kind(true).into_iter().map(|bar| Bar {
        narrow: true,
        names: [String::new(), String::new()],
        ..bar
    }));
    all.extend(of_kind(false));
    Lane {
        name: "controller".to_owned(),
        bars: all,
        crosses: Vec::new(),
    }
}

fn array_lane(signals: &[(u64, Signals)], end_ns: u64) -> Lane {
    let power = |now: &Signals| (!now.wip).then_some(now.power);
    let mut all = bars(signals, end_ns, power, |power| {
        let colour = match power {
            PowerState::Standby | PowerState::Active => "#e8f3e6",
            _ => "#e6e9ec",
        };
        let name = words::power(*power).to_owned();
        let full = format!("WIP = 0, {name}");
        let shown = match power {
            PowerState::Standby | PowerState::Active => String::new(),
            _ => name,
        };
        (colour, shown, full)
    });
    for bar in &mut all {
        bar.thin = true;
        // A letter alone says nothing here.
        bar.names[1].clear();
    }
    let busy = |now: &Signals| now.wip.then_some(now.array);
    all.extend(bars(signals, end_ns, busy, |array| {
        let Some(array) = array else {
            return ("#f1a3a3", "WIP".to_owned(), "WIP = 1".to_owned());
        };
        let colour = match array.operation {
            FlashOperation::Program => "#fdb863",
            FlashOperation::Erase | FlashOperation::ChipErase => "#ec8a6a",
            FlashOperation::StatusWrite => "#cbb7e4",
            FlashOperation::Phantom => "#f1a3a3",
        };
        let name = words::operation(array.operation).to_owned();
        let full = format!(
            "WIP = 1: {name} of {} at {:#x}",
            Bytes(u64::from(array.length)),
            array.address
        );
        (colour, name, full)
    }));
    Lane {
        name: "array (WIP)".to_owned(),
        bars: all,
        crosses: Vec::new(),
    }
}

fn dma_lane(signals: &[(u64, Signals)], end_ns: u64) -> Lane {
    let bars = bars(
        signals,
        end_ns,
        |now| now.dma,
        |dma| {
            let name = match dma.direction {
                Direction::ToMemory => "in",
                Direction::FromMemory => "out",
            };
            let full = format!(
                "the DMA owns {} at {:#010x}, {}",
                Bytes(u64::from(dma.length)),
                dma.address,
                match dma.direction {
                    Direction::ToMemory => "to write",
                    Direction::FromMemory => "to read",
                }
            );
            ("#b3a6dc", name.to_owned(), full)
        },
    );
    Lane {
        name: "DMA owns".to_owned(),
        bars,
        crosses: Vec::new(),
    }
}

fn marks(story: &Story) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut was_enabled = story.before.enabled;
    for entry in &story.entries {
        let mut mark = |name: &str, full: String, colour| {
            marks.push(Mark {
                at_ns: entry.at_ns,
                name: name.to_owned(),
                full,
                colour,
            });
        };
        let app = |who: usize| story.names.get(who).map_or("", String::as_str);
        match &entry.what {
            What::Died(who, how, left) => {
                let name = format!("{} {}", app(*who), words::death(*how));
                let full = format!("{name}{}", words::left(left));
                mark(&name, full, DEATH);
            }
            What::Lifecycle(from, event, to) => {
                if let Some(name) = words::mark(*from, *event) {
                    let text = transitions::words(*from, *event, *to).unwrap_or_default();
                    mark(name, text, PLAIN);
                }
            }
            What::Model(Observation::Enable { on }) => {
                if was_enabled && !on {
                    mark("disabled", "ENABLE = 0".to_owned(), PLAIN);
                }
                was_enabled = *on;
            }
            What::Move(Move::Detach) => mark("detach", "the device is detached".into(), DEATH),
            What::Move(Move::Attach) => mark("attach", "the device is attached".into(), PLAIN),
            What::Move(Move::Stop(who)) => {
                mark(&format!("{} stopped", app(*who)), String::new(), PLAIN);
            }
            What::Move(Move::Resume(who)) => {
                mark(&format!("{} resumed", app(*who)), String::new(), PLAIN);
            }
            What::Move(Move::Fault(fault)) => {
                let full = "a fault of the hardware".to_owned();
                mark(&format!("FAULT: {}", fault.name()), full, DEATH);
            }
            _ => {}
        }
    }
    for (at_ns, breach) in &story.run.breaches {
        marks.push(Mark {
            at_ns: *at_ns,
            name: format!("BREACH {}", breach.rule()),
            full: breach.to_string(),
            colour: BREACH,
        });
    }
    marks.sort_by_key(|mark| mark.at_ns);
    marks
}

/// Numbers with one decimal: more can't be seen.
fn n(number: f64) -> String {
    format!("{number:.1}")
}

fn line(x1: f64, y1: f64, x2: f64, y2: f64, colour: &str) -> Line {
    Line::new()
        .set("x1", n(x1))
        .set("y1", n(y1))
        .set("x2", n(x2))
        .set("y2", n(y2))
        .set("stroke", colour)
}

fn words_at(x: f64, y: f64, text: &str, colour: &str) -> Text {
    Text::new(text)
        .set("x", n(x))
        .set("y", n(y))
        .set("fill", colour)
}

/// Draws a bar, unless it has no name and would be one with the last of them, which ended at
/// `crowded`.
fn draw_bar(group: Group, axis: &Axis, row: &Row, bar: &Bar, top: f64, crowded: &mut f64) -> Group {
    // What lasts no time has no width; what touches the row only at its edge is in another one.
    if bar.to_ns <= row.from_ns || bar.from_ns >= row.to_ns {
        return group;
    }
    let left = LEFT + axis.place(row, bar.from_ns);
    let width = LEFT + axis.place(row, bar.to_ns) - left;
    if bar.narrow {
        if left + width < *crowded + 1.0 {
            return group;
        }
        *crowded = left + width;
    }
    let (y, height) = if bar.thin {
        (top + BAR - 5.0, 5.0)
    } else {
        (top, BAR)
    };
    let full = format!(
        "{}: {} to {} ({})",
        bar.full,
        Ms(bar.from_ns),
        Ms(bar.to_ns),
        label(bar.to_ns - bar.from_ns)
    );
    let rectangle = Rectangle::new()
        .set("x", n(left))
        .set("y", n(y))
        .set("width", n(width.max(0.8)))
        .set("height", n(height))
        .set("fill", bar.colour)
        .add(Title::new(full));
    let group = group.add(rectangle);
    let fits = |name: &&String| !name.is_empty() && name.len() as f64 * LETTER + 4.0 <= width;
    match bar.names.iter().find(fits) {
        Some(name) => {
            // A thin bar's name is above it.
            let y = if bar.thin { top + 10.0 } else { top + 12.5 };
            let colour = if bar.thin { PALE_INK } else { INK };
            group.add(words_at(left + 3.0, y, name, colour))
        }
        None => group,
    }
}

fn draw_cross(group: Group, x: f64, top: f64, full: &str) -> Group {
    let (left, right) = (n(x - 5.0), n(x + 5.0));
    let (y1, y2) = (n(top + 3.5), n(top + BAR - 3.5));
    let path = Path::new()
        .set(
            "d",
            format!("M{left} {y1}L{right} {y2}M{left} {y2}L{right} {y1}"),
        )
        .set("stroke", DEATH)
        .set("stroke-width", 2.5)
        .set("fill", "none")
        .add(Title::new(full));
    group.add(path)
}

/// Whether something at that time is drawn in the row. What is where two rows meet is in
/// the earlier one.
fn is_in(row: &Row, at_ns: u64) -> bool {
    at_ns <= row.to_ns && (at_ns > row.from_ns || row.from_ns == 0)
}

/// Where labels go that may not overlap: level, left edge and text.
fn levels(marks: &[(f64, String)]) -> (Vec<(usize, f64)>, usize) {
    let mut ends: Vec<f64> = Vec::new();
    let places = marks
        .iter()
        .map(|(x, name)| {
            let width = name.chars().count() as f64 * LETTER + 8.0;
            let left = if x + 3.0 + width < WIDTH {
                x + 3.0
            } else {
                x - width - 3.0
            };
            let level = ends.iter().position(|end| *end <= left);
            let level = level.unwrap_or_else(|| {
                ends.push(0.0);
                ends.len() - 1
            });
            ends[level] = left + width;
            (level, left)
        })
        .collect();
    (places, ends.len())
}

fn draw_axis(mut group: Group, axis: &Axis, row: &Row, top: f64, bottom: f64) -> Group {
    let mut free_from = LEFT;
    let times: Vec<u64> = axis
        .times()
        .iter()
        .copied()
        .filter(|at| (row.from_ns..=row.to_ns).contains(at))
        .collect();
    for (index, at) in times.iter().enumerate() {
        let x = LEFT + axis.place(row, *at);
        let text = label(*at);
        let width = text.chars().count() as f64 * LETTER + 8.0;
        let left = x.min(WIDTH - width);
        if left >= free_from {
            free_from = left + width + 4.0;
            group = group.add(line(x, top, x, bottom + 4.0, GRID)).add(words_at(
                left,
                bottom + 14.0,
                &text,
                PALE_INK,
            ));
        }
        let next = times.get(index + 1).copied().unwrap_or(*at);
        if next - at >= BREAK_NS {
            // Two strokes through the axis, and how long nothing happens.
            let middle = (x + LEFT + axis.place(row, next)) / 2.0;
            for stroke in [middle - 2.0, middle + 2.0] {
                group = group.add(line(
                    stroke - 3.0,
                    bottom + 4.0,
                    stroke + 3.0,
                    bottom - 4.0,
                    PALE_INK,
                ));
            }
            let text = format!("{:.1} ms", (next - at) as f64 / 1e6);
            let text = words_at(middle, bottom + 26.0, &text, PALE_INK)
                .set("text-anchor", "middle")
                .set("font-style", "italic");
            group = group.add(text);
        }
    }
    group.add(line(
        LEFT,
        bottom,
        LEFT + axis.place(row, row.to_ns),
        bottom,
        PALE_INK,
    ))
}

/// One row, from `top` down. Gives its height too.
fn draw_row(axis: &Axis, row: &Row, lanes: &[Lane], marks: &[Mark], top: f64) -> (Group, f64) {
    let here: Vec<&Mark> = marks.iter().filter(|mark| is_in(row, mark.at_ns)).collect();
    let labels: Vec<(f64, String)> = here
        .iter()
        .map(|mark| (LEFT + axis.place(row, mark.at_ns), mark.name.clone()))
        .collect();
    let (places, count) = levels(&labels);
    let first = top + count as f64 * LABELS + 4.0;
    let bottom = first + lanes.len() as f64 * LANE;
    let right = LEFT + axis.place(row, row.to_ns);
    let mut group = Group::new();
    for (index, lane) in lanes.iter().enumerate() {
        let y = first + index as f64 * LANE;
        let ground = Rectangle::new()
            .set("x", n(LEFT))
            .set("y", n(y))
            .set("width", n(right - LEFT))
            .set("height", n(BAR))
            .set("fill", GROUND);
        let name = words_at(LEFT - 8.0, y + 12.5, &lane.name, INK).set("text-anchor", "end");
        group = group.add(ground).add(name);
    }
    group = draw_axis(group, axis, row, first, bottom);
    for (index, lane) in lanes.iter().enumerate() {
        let y = first + index as f64 * LANE;
        let mut crowded = 0.0;
        for bar in &lane.bars {
            group = draw_bar(group, axis, row, bar, y, &mut crowded);
        }
        for (at, full) in lane.crosses.iter().filter(|(at, _)| is_in(row, *at)) {
            group = draw_cross(group, LEFT + axis.place(row, *at), y, full);
        }
    }
    let level_at = |level: usize| top + (level + 1) as f64 * LABELS - 3.0;
    for ((mark, (x, _)), (level, _)) in here.iter().zip(&labels).zip(&places) {
        let stroke = if mark.colour == BREACH { 2.0 } else { 1.0 };
        let dash = line(*x, level_at(*level) - 8.0, *x, bottom, mark.colour)
            .set("stroke-width", stroke)
            .set("stroke-dasharray", "3 2");
        group = group.add(dash);
    }
    for ((mark, (_, name)), (level, left)) in here.iter().zip(&labels).zip(&places) {
        let y = level_at(*level);
        // Lines of others do not run through it.
        let ground = Rectangle::new()
            .set("x", n(left - 1.0))
            .set("y", n(y - 9.0))
            .set("width", n(name.chars().count() as f64 * LETTER + 2.0))
            .set("height", 12)
            .set("fill", "#ffffff");
        let weight = if mark.colour == BREACH {
            "bold"
        } else {
            "normal"
        };
        let full = format!("{name} at {}: {}", Ms(mark.at_ns), mark.full);
        let text = words_at(*left, y, name, mark.colour)
            .set("font-weight", weight)
            .add(Title::new(full));
        group = group.add(ground).add(text);
    }
    (group, bottom + AXIS - top)
}

/// Times that get a place of their own.
fn events(story: &Story, lanes: &[Lane], marks: &[Mark]) -> Vec<u64> {
    let bars = lanes.iter().flat_map(|lane| &lane.bars);
    let mut times: Vec<u64> = bars
        .filter(|bar| !bar.narrow)
        .flat_map(|bar| [bar.from_ns, bar.to_ns])
        .collect();
    times.extend(marks.iter().map(|mark| mark.at_ns));
    times.retain(|at| *at <= story.run.time_ns);
    times
}

/// Text in lines that fit into the picture.
fn wrapped(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(LINE)
        .map(|line| line.iter().collect())
        .collect()
}

/// Processes, lifecycle, controller, array and DMA ownership as a picture.
pub fn svg(story: &Story) -> Vec<u8> {
    let signals = signals(story);
    let end_ns = story.run.time_ns;
    let mut lanes: Vec<Lane> = (0..story.names.len())
        .map(|index| app_lane(story, &signals, index))
        .collect();
    lanes.extend([
        lifecycle_lane(&signals, end_ns),
        controller_lane(&signals, end_ns),
        array_lane(&signals, end_ns),
        dma_lane(&signals, end_ns),
    ]);
    let marks = marks(story);
    let axis = Axis::new(events(story, &lanes, &marks), end_ns);

    let mut body = Group::new()
        .set("font-family", "sans-serif")
        .set("font-size", 10);
    let mut y = 24.0;
    for part in wrapped(&format!("Schedule {}", story.schedule)) {
        let title = words_at(12.0, y, &part, INK)
            .set("font-size", 12)
            .set("font-weight", "bold");
        body = body.add(title);
        y += 15.0;
    }
    let result = match story.run.breaches.len() {
        0 => "no breach".to_owned(),
        1 => "1 breach".to_owned(),
        count => format!("{count} breaches"),
    };
    let sub = format!(
        "{}, {result}, {} passes of the kernel loop, {}. Time is not to scale: each stretch between two \
         events grows with the logarithm of its length; a break is at least 1 ms.",
        story.part,
        story.run.passes,
        Ms(end_ns)
    );
    body = body.add(words_at(12.0, y, &sub, PALE_INK));
    y += 15.0;
    for breach in story.breaches() {
        for part in wrapped(&format!("BREACH of {breach}")) {
            body = body.add(words_at(12.0, y, &part, BREACH).set("font-weight", "bold"));
            y += 14.0;
        }
    }
    y += 6.0;
    for row in axis.rows() {
        let (group, height) = draw_row(&axis, row, &lanes, &marks, y);
        body = body.add(group);
        y += height + 10.0;
    }
    // The cross is explained where it is looked for.
    let key = draw_cross(Group::new(), 18.0, y - 9.0, "a process dies");
    body = body.add(key).add(words_at(
        30.0,
        y + 3.0,
        "a process dies. Bars of processes: what they wait for; pale: nothing. Narrow bars of the controller: single \
         instructions. Bars tell more when pointed at.",
        PALE_INK,
    ));
    y += 16.0;

    let ground = Rectangle::new()
        .set("width", n(WIDTH))
        .set("height", n(y))
        .set("fill", "#ffffff");
    let document = Document::new()
        .set("width", n(WIDTH))
        .set("height", n(y))
        .set("viewBox", format!("0 0 {} {}", n(WIDTH), n(y)))
        .add(Title::new(format!("Schedule {}", story.schedule)))
        .add(ground)
        .add(body);
    let mut bytes = Vec::new();
    svg::write(&mut bytes, &document).expect("memory takes whatever is written");
    bytes.push(b'\n');
    bytes
}
