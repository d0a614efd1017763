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
use std::string::{String, ToString};
use std::vec::Vec;

/// An arrow of a diagram.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub event: String,
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
