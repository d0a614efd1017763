// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the documents say of a state machine, for the tests that compare it with the code.
//!
//! A machine has a section of its own, with one table and one Mermaid diagram. Tests include this
//! file as a module. It is included in crates without `std`, too, so it names what it needs.

extern crate std;

use std::borrow::ToOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::string::{String, ToString};
use std::vec::Vec;

/// An arrow of a diagram.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub event: String,
}

/// What the code calls it.
#[allow(dead_code, reason = "not every machine's test uses it")]
pub fn debug(what: impl Debug) -> String {
    std::format!("{what:?}")
}

/// The arrows of all events that change the state.
#[allow(dead_code, reason = "not every machine's test uses it")]
pub fn edges<S: Copy + PartialEq, E: Copy, A>(
    states: &[S],
    events: &[E],
    transition: impl Fn(S, E) -> (S, A),
    state_name: impl Fn(S) -> String,
    event_name: impl Fn(E) -> String,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for from in states {
        for event in events {
            let (to, _) = transition(*from, *event);
            if to != *from {
                edges.push(Edge {
                    from: state_name(*from),
                    to: state_name(to),
                    event: event_name(*event),
                });
            }
        }
    }
    edges
}

/// A table with a row for each of `rows` and a column for each of `columns`, under a corner that says
/// what the rows are.
#[allow(dead_code, reason = "not every machine's test uses it")]
pub fn matrix<R: Copy, C: Copy>(
    corner: &str,
    rows: &[R],
    columns: &[C],
    row_name: impl Fn(R) -> String,
    column_name: impl Fn(C) -> String,
    cell: impl Fn(R, C) -> String,
) -> Vec<Vec<String>> {
    let mut heading = std::vec![corner.to_owned()];
    heading.extend(columns.iter().map(|column| column_name(*column)));
    let mut table = std::vec![heading];
    for row in rows {
        let mut cells = std::vec![row_name(*row)];
        cells.extend(columns.iter().map(|column| cell(*row, *column)));
        table.push(cells);
    }
    table
}

/// A table with a row for each event that is possible: what follows it, and what is done.
#[allow(dead_code, reason = "not every machine's test uses it")]
pub fn possible_rows<S: Copy + Debug, E: Copy + Debug>(
    heading: [&str; 4],
    states: &[S],
    events: &[E],
    transition: impl Fn(S, E) -> Option<(S, &'static str)>,
) -> Vec<Vec<String>> {
    let mut table = std::vec![heading.map(ToOwned::to_owned).to_vec()];
    for state in states {
        for event in events {
            if let Some((next, action)) = transition(*state, *event) {
                let row = [debug(state), debug(event), debug(next), action.to_owned()];
                table.push(row.to_vec());
            }
        }
    }
    table
}

/// A table of these rows. Those that differ in their first cell only share one.
#[allow(dead_code, reason = "not every machine's test uses it")]
pub fn shared_rows(
    heading: [&str; 4],
    rows: impl IntoIterator<Item = [String; 4]>,
) -> Vec<Vec<String>> {
    let mut table = std::vec![heading.map(ToOwned::to_owned).to_vec()];
    for row in rows {
        match table[1..].iter_mut().find(|known| known[1..] == row[1..]) {
            Some(known) => known[0] += &std::format!(", {}", row[0]),
            None => table.push(row.to_vec()),
        }
    }
    table
}

/// The lines between a heading and the next of the same rank.
pub struct Section {
    name: String,
    lines: Vec<String>,
}

impl Section {
    /// The section of `doc/{document}` under the line `heading`.
    pub fn of(document: &str, heading: &str) -> Section {
        let path = std::format!("{}/../../doc/{document}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("doc/{document} can't be read: {error}"));
        let rank = heading.split(' ').next().unwrap_or_default();
        let lines: Vec<String> = text
            .lines()
            .skip_while(|line| *line != heading)
            .skip(1)
            .take_while(|line| line.split(' ').next() != Some(rank))
            .map(ToOwned::to_owned)
            .collect();
        let name = std::format!("doc/{document}, {heading}");
        assert!(!lines.is_empty(), "{name}: there is no such section");
        Section { name, lines }
    }

    /// Panics, and prints the right one, if the section's table is not `expected`, whose first
    /// row is the heading.
    pub fn assert_table(&self, expected: &[Vec<String>]) {
        if let Some(problem) = self.table_problem(expected) {
            panic!("{problem}");
        }
    }

    /// Panics, and prints the right one, if the section's diagram does not begin in `first`, or
    /// has other arrows than `expected`.
    pub fn assert_diagram(&self, first: &str, expected: &[Edge]) {
        if let Some(problem) = self.diagram_problem(first, expected) {
            panic!("{problem}");
        }
    }

    /// What is wrong with the table.
    pub fn table_problem(&self, expected: &[Vec<String>]) -> Option<String> {
        let rows: Vec<Vec<String>> = self
            .lines
            .iter()
            .filter(|line| line.starts_with('|'))
            .map(|line| {
                let line = line.strip_prefix('|').unwrap_or(line);
                let line = line.strip_suffix('|').unwrap_or(line);
                line.split('|').map(|cell| cell.trim().to_owned()).collect()
            })
            .collect();
        let mut right = expected.to_vec();
        let columns = expected.first().map_or(0, Vec::len);
        right.insert(1, std::vec!["---".to_owned(); columns]);
        (rows != right).then(|| {
            let mut text = std::format!(
                "{}: the table is not what the code does. It should be\n\n",
                self.name
            );
            for row in &right {
                text += &std::format!("| {} |\n", row.join(" | "));
            }
            text
        })
    }

    /// What is wrong with the diagram.
    pub fn diagram_problem(&self, first: &str, expected: &[Edge]) -> Option<String> {
        let mut expected = expected.to_vec();
        expected.sort();
        let wrong = match self.diagram() {
            Err(why) => why,
            Ok((begins, _)) if begins != first => std::format!("it begins in {begins}"),
            Ok((_, drawn)) if drawn == expected => return None,
            Ok((_, drawn)) => {
                let mut text = String::new();
                for edge in drawn.iter().filter(|edge| !expected.contains(edge)) {
                    text += &std::format!("\n  not in the code: {edge:?}");
                }
                for edge in expected.iter().filter(|edge| !drawn.contains(edge)) {
                    text += &std::format!("\n  not in the diagram: {edge:?}");
                }
                if text.is_empty() {
                    text += "an arrow is drawn twice";
                }
                text
            }
        };
        Some(std::format!(
            "{}: the diagram is not what the code does: {wrong}\nIt should have\n\n{}",
            self.name,
            mermaid(first, &expected)
        ))
    }

    /// Where the diagram begins, and its arrows in order.
    fn diagram(&self) -> Result<(String, Vec<Edge>), String> {
        let mut lines = self.lines.iter().map(|line| line.trim());
        if !lines.any(|line| line == "```mermaid") || lines.next() != Some("stateDiagram-v2") {
            return Err("there is none".to_owned());
        }
        let mut begin = None;
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        let mut edges = Vec::new();
        for line in lines.by_ref().take_while(|line| *line != "```") {
            if let Some((name, id)) = line
                .strip_prefix("state \"")
                .and_then(|rest| rest.split_once("\" as "))
            {
                names.insert(id, name);
            } else if let Some(id) = line.strip_prefix("[*] --> ") {
                if begin.replace(id).is_some() {
                    return Err("it begins twice".to_owned());
                }
            } else if let Some((from, (to, events))) = line
                .split_once(" --> ")
                .and_then(|(from, rest)| Some((from, rest.split_once(": ")?)))
            {
                edges.extend(events.split(", ").map(|event| (from, to, event)));
            } else if !line.starts_with("direction ") {
                return Err(std::format!("{line:?} is no arrow"));
            }
        }
        if lines.any(|line| line == "```mermaid") {
            return Err("there are two".to_owned());
        }
        let name = |id: &str| (*names.get(id).unwrap_or(&id)).to_owned();
        let mut edges: Vec<Edge> = edges
            .into_iter()
            .map(|(from, to, event)| Edge {
                from: name(from),
                to: name(to),
                event: event.to_owned(),
            })
            .collect();
        edges.sort();
        Ok((name(begin.unwrap_or("nothing")), edges))
    }
}

/// A diagram as a document has it.
fn mermaid(first: &str, edges: &[Edge]) -> String {
    fn id(name: &str) -> String {
        name.chars().filter(|c| c.is_alphanumeric()).collect()
    }
    let mut arrows: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let mut names: Vec<&str> = Vec::new();
    for edge in edges {
        arrows
            .entry((&edge.from, &edge.to))
            .or_default()
            .push(&edge.event);
        names.extend([edge.from.as_str(), edge.to.as_str()]);
    }
    names.sort_unstable();
    names.dedup();
    let mut text = "```mermaid\nstateDiagram-v2\n".to_string();
    for name in names.into_iter().filter(|name| id(name) != *name) {
        text += &std::format!("    state \"{name}\" as {}\n", id(name));
    }
    text += &std::format!("    [*] --> {}\n", id(first));
    for ((from, to), events) in arrows {
        text += &std::format!("    {} --> {}: {}\n", id(from), id(to), events.join(", "));
    }
    text + "```\n"
}
