// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What happened, in order, for people and for programs.

use crate::text::Ms;
use serde::Serialize;
use std::io::{self, Write};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// An act of the tour begins.
    Act,
    /// An app did something, or something was done to it.
    App,
    /// An app printed a line.
    Console,
    /// The driver's leases.
    Lease,
    /// The device's lifecycle.
    Lifecycle,
    /// The controller's registers.
    Controller,
    /// The flash.
    Flash,
    /// Operations since the last entry, added up.
    Traffic,
    /// Somebody outside asked for something.
    Board,
    /// Something that had to happen has, or has not.
    Check,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Simulated time, in ns.
    pub at_ns: u64,
    /// What it is about.
    pub topic: Topic,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
}

/// Widest name.
const WHO: usize = 15;

/// All entries, printed as they come if there is where to.
#[derive(Default)]
pub struct Timeline {
    entries: Vec<Entry>,
    to: Option<Box<dyn Write>>,
}

impl Timeline {
    /// Only kept.
    pub fn quiet() -> Timeline {
        Timeline::default()
    }

    /// Kept, and printed to `to`.
    pub fn printed(to: Box<dyn Write>) -> Timeline {
        Timeline {
            entries: Vec::new(),
            to: Some(to),
        }
    }

    /// One more.
    pub fn add(
        &mut self,
        at_ns: u64,
        topic: Topic,
        who: impl Into<String>,
        what: impl Into<String>,
    ) {
        let entry = Entry {
            at_ns,
            topic,
            who: who.into(),
            what: what.into(),
        };
        if let Some(to) = &mut self.to {
            // Whoever reads may have seen enough: the run goes on to its verdict.
            if print(to, &entry).is_err() {
                self.to = None;
            }
        }
        self.entries.push(entry);
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

fn print(to: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    match entry.topic {
        Topic::Act => writeln!(to, "\n{:>18}  {}", Ms(entry.at_ns), entry.what),
        _ => writeln!(
            to,
            "{:>18}  {:<WHO$} {}",
            Ms(entry.at_ns),
            entry.who,
            entry.what
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Kept(Rc<RefCell<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn columns_line_up() {
        let kept = Kept::default();
        let mut timeline = Timeline::printed(Box::new(kept.clone()));
        timeline.add(1_500, Topic::App, "log-writer", "exits");
        timeline.add(12_000_000_001, Topic::Flash, "flash", "erases");
        let text = String::from_utf8(kept.0.borrow().clone()).unwrap();
        let starts: Vec<usize> = text
            .lines()
            .zip(["log-writer", "flash"])
            .map(|(line, who)| line.find(who).unwrap())
            .collect();
        assert_eq!(starts[0], starts[1], "{text}");
        assert!(text.contains("12000.000 001 ms"), "{text}");
    }

    #[test]
    fn a_reader_that_has_gone_loses_no_entry() {
        let mut timeline = Timeline::printed(Box::new(Closed));
        timeline.add(1, Topic::Board, "board", "one");
        timeline.add(2, Topic::Board, "board", "two");
        assert_eq!(timeline.entries().len(), 2);
    }
}
