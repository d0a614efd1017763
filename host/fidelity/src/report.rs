// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was compared, and what differs.

use crate::compare::Compared;
use serde::Serialize;

/// Differences that are shown of each kind; all are counted.
const SHOWN: usize = 5;

/// One kind of boards.
#[derive(Debug, Default, Serialize)]
pub struct Section {
    /// Boards that were compared.
    pub compared: u64,
    /// Lines that are equal.
    pub lines: u64,
    /// Boards that differ.
    pub different: u64,
    /// The first of them: which one, and where.
    pub differences: Vec<String>,
}

impl Section {
    /// One board was compared.
    pub fn add(&mut self, name: &str, compared: Compared) {
        self.compared += 1;
        self.lines += compared.lines;
        if let Some(difference) = compared.difference {
            self.differ(format!("{name}:\n{difference}"));
        }
    }

    /// One board differs.
    pub fn differ(&mut self, what: String) {
        self.different += 1;
        if self.differences.len() < SHOWN {
            self.differences.push(what);
        }
    }
}

/// What was executed on upstream's kernel alone.
#[derive(Debug, Default, Serialize)]
pub struct Store {
    /// Lives of a board, each from power-up to its end or to a power cut.
    pub lives: u64,
    /// What was said of them.
    pub told: Vec<String>,
    /// What went wrong.
    pub failure: Option<String>,
}

/// Everything.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What the schedules are drawn from.
    pub seed: u64,
    /// Tests of kernel behaviour.
    pub rows: Section,
    /// Apps.
    pub cases: Section,
    /// Upstream's key-value store on our flash.
    pub store: Store,
    /// Random schedules.
    pub schedules: Section,
    /// Boards that the schedules were run on.
    pub boards: u64,
}

impl Report {
    /// Nothing was compared yet.
    pub fn new(seed: u64) -> Report {
        Report {
            seed,
            rows: Section::default(),
            cases: Section::default(),
            store: Store::default(),
            schedules: Section::default(),
            boards: 0,
        }
    }

    fn sections(&self) -> [(&'static str, &Section); 3] {
        [
            ("rows of kernel behaviour", &self.rows),
            ("userland cases", &self.cases),
            ("random schedules", &self.schedules),
        ]
    }

    /// Whether there is no difference.
    pub fn is_equal(&self) -> bool {
        let is_equal = |(_, section): &(_, &Section)| section.different == 0;
        self.sections().iter().all(is_equal) && self.store.failure.is_none()
    }

    /// To standard output.
    pub fn print(&self, json: bool) {
        if json {
            match serde_json::to_string_pretty(self) {
                Ok(text) => println!("{text}"),
                Err(error) => eprintln!("fidelity: cannot write JSON: {error}"),
            }
            return;
        }
        for (name, section) in self.sections() {
            for difference in &section.differences {
                println!("DIFFERENT: {difference}\n");
            }
            println!(
                "{name:<26} {:>8} compared {:>12} lines equal {:>6} different",
                section.compared, section.lines, section.different
            );
        }
        match &self.store.failure {
            None => println!(
                "{:<26} {:>8} lives of a board",
                "upstream's TicKV", self.store.lives
            ),
            Some(failure) => println!("TicKV FAILED: {failure}\n"),
        }
        println!(
            "seed {}, {} boards for the schedules: the kernels {}",
            self.seed,
            self.boards,
            if self.is_equal() {
                "do the same"
            } else {
                "DIFFER, or what runs on one of them fails"
            }
        );
    }
}
