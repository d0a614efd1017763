// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A run as a value change dump (IEEE 1364-2005, 18.2), for a waveform viewer.
//!
//! States are strings, which GTKWave and others show as they are; they are an extension of
//! the standard's four kinds of values.

use super::commands;
use super::signals::{App, Bus, Life, Signals, signals};
use super::story::Story;
use super::words;
use crate::ledger::Outstanding;
use qspi_models::Direction;
use std::io;
use vcd::{IdCode, SimulationCommand, TimescaleUnit, Value, VarType, Writer};

/// What a variable is at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Bit(Value),
    Number { width: u32, value: u64 },
    Text(String),
}

impl Level {
    fn width(&self) -> u32 {
        match self {
            Level::Bit(_) | Level::Text(_) => 1,
            Level::Number { width, .. } => *width,
        }
    }

    fn kind(&self) -> VarType {
        match self {
            Level::Bit(_) | Level::Number { .. } => VarType::Wire,
            Level::Text(_) => VarType::String,
        }
    }

    fn write<W: io::Write>(&self, writer: &mut Writer<W>, id: IdCode) -> io::Result<()> {
        match self {
            Level::Bit(value) => writer.change_scalar(id, *value),
            Level::Number { width, value } => {
                let bits = (0..*width)
                    .rev()
                    .map(|bit| Value::from(value >> bit & 1 == 1));
                writer.change_vector(id, bits)
            }
            Level::Text(text) => writer.change_string(id, text),
        }
    }
}

fn bit(on: bool) -> Level {
    Level::Bit(Value::from(on))
}

fn number(width: u32, value: impl Into<u64>) -> Level {
    Level::Number {
        width,
        value: value.into(),
    }
}

/// A string ends at the first space.
fn text(text: impl Into<String>) -> Level {
    Level::Text(text.into().replace(char::is_whitespace, "_"))
}

const NONE: &str = "none";

fn some_text(words: Option<&'static str>) -> Level {
    text(words.unwrap_or(NONE))
}

/// A scope's name, and names and levels of what is in it.
type Scope = (String, Vec<(&'static str, Level)>);

/// All variables, always in the same order.
fn scopes(story: &Story, now: &Signals) -> Vec<Scope> {
    let mut scopes = vec![
        ("pins".to_owned(), pins(now)),
        ("qspi".to_owned(), qspi(now)),
        ("flash".to_owned(), flash(now)),
        (
            "device".to_owned(),
            vec![
                ("lifecycle", text(words::state(now.lifecycle))),
                ("attached", bit(now.attached)),
                ("leases", number(4, now.leases as u64)),
            ],
        ),
    ];
    let apps = story.names.iter().zip(&now.apps);
    scopes.extend(apps.map(|(name, of)| (name.clone(), app(of))));
    let breaches = number(8, now.breaches.min(255) as u64);
    scopes.push(("checks".to_owned(), vec![("breaches", breaches)]));
    scopes
}

fn pins(now: &Signals) -> Vec<(&'static str, Level)> {
    let (csn, sck) = match now.bus {
        Bus::Idle => (Value::V1, Value::V0),
        // Within a long frame there may be time with no clock.
        Bus::Frame { .. } => (Value::V0, Value::from(now.task.is_some())),
        Bus::Polling => (Value::X, Value::X),
    };
    let command = now.command();
    let name = command.map_or(NONE, |(opcode, has_address)| {
        commands::name(opcode, has_address).unwrap_or("unknown")
    });
    vec![
        ("csn", Level::Bit(csn)),
        ("sck_active", Level::Bit(sck)),
        ("lines", number(3, now.lines())),
        ("opcode", number(8, command.map_or(0, |(opcode, _)| opcode))),
        ("command", text(name)),
        ("polling", bit(now.bus == Bus::Polling)),
    ]
}

fn qspi(now: &Signals) -> Vec<(&'static str, Level)> {
    let direction = now.dma.map(|dma| match dma.direction {
        Direction::ToMemory => "to-memory",
        Direction::FromMemory => "from-memory",
    });
    vec![
        ("enable", bit(now.enabled)),
        ("ready", bit(now.ready)),
        ("irq", bit(now.irq)),
        ("task", some_text(now.task.map(words::task))),
        (
            "dma_address",
            number(32, now.dma.map_or(0, |dma| dma.address)),
        ),
        (
            "dma_length",
            number(32, now.dma.map_or(0, |dma| dma.length)),
        ),
        ("dma", some_text(direction)),
    ]
}

fn flash(now: &Signals) -> Vec<(&'static str, Level)> {
    let array = now.array;
    vec![
        ("wip", bit(now.wip)),
        ("wel", bit(now.wel)),
        ("power", text(words::power(now.power))),
        (
            "operation",
            some_text(array.map(|array| words::operation(array.operation))),
        ),
        (
            "operation_address",
            number(32, array.map_or(0, |array| array.address)),
        ),
        (
            "operation_length",
            number(32, array.map_or(0, |array| array.length)),
        ),
    ]
}

fn app(app: &App) -> Vec<(&'static str, Level)> {
    let life = match app.life {
        Life::Alive => "alive",
        Life::Stopped => "stopped",
        Life::Dead => "dead",
    };
    let waiting: Vec<String> = app.waiting.iter().map(Outstanding::to_string).collect();
    let waiting = if waiting.is_empty() {
        NONE.to_owned()
    } else {
        waiting.join("+")
    };
    vec![("state", text(life)), ("waits_for", text(waiting))]
}

/// The levels alone.
fn levels(story: &Story, now: &Signals) -> Vec<Level> {
    scopes(story, now)
        .into_iter()
        .flat_map(|(_, vars)| vars.into_iter().map(|(_, level)| level))
        .collect()
}

/// What there is to know about the dump, in the dump.
fn comment(story: &Story) -> String {
    format!(
        "schedule {}, part {}. Times are simulated ns since the start of the run. \
         pins: csn and sck_active are x while polling = 1: the peripheral reads the status \
         register over and over, and these frames are not listed one by one; lines is the \
         most data lines that the command uses. qspi: dma_address and dma_length are the \
         memory that the DMA owns, 0 if none. app: waits_for is kind, length and address of \
         the operations that were accepted and have not ended for the process.",
        story.schedule, story.part
    )
}

fn write<W: io::Write>(story: &Story, writer: &mut Writer<W>) -> io::Result<()> {
    // No date: the same schedule gives the same bytes.
    writer.version(concat!("tock-qspi ", env!("CARGO_PKG_VERSION")))?;
    writer.comment(&comment(story))?;
    writer.timescale(1, TimescaleUnit::NS)?;
    let signals = signals(story);
    let mut ids = Vec::new();
    let mut before: Option<Vec<Level>> = None;
    let mut last = 0;
    for (at, now) in &signals {
        let levels = levels(story, now);
        match &before {
            None => {
                for (scope, vars) in scopes(story, now) {
                    writer.add_module(&scope)?;
                    for (name, level) in vars {
                        ids.push(writer.add_var(level.kind(), level.width(), name, None)?);
                    }
                    writer.upscope()?;
                }
                writer.enddefinitions()?;
                writer.timestamp(*at)?;
                writer.begin(SimulationCommand::Dumpvars)?;
                for (id, level) in ids.iter().zip(&levels) {
                    level.write(writer, *id)?;
                }
                writer.end()?;
            }
            Some(before) => {
                let changed = before.iter().zip(&levels).zip(&ids);
                let changed: Vec<_> = changed.filter(|((was, is), _)| was != is).collect();
                if !changed.is_empty() {
                    writer.timestamp(*at)?;
                }
                for ((_, level), id) in changed {
                    level.write(writer, *id)?;
                }
            }
        }
        before = Some(levels);
        last = *at;
    }
    // So that the last values can be seen.
    if story.run.time_ns > last {
        writer.timestamp(story.run.time_ns)?;
    }
    Ok(())
}

/// Pins, registers, DMA ownership, flash, lifecycle and processes as a value change dump.
pub fn vcd(story: &Story) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(story, &mut Writer::new(&mut bytes)).expect("memory takes whatever is written");
    bytes
}
