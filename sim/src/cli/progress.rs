// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A line on a terminal that says how far long work is.

use crate::board::Board;
use crate::ledger::Counts;
use crate::text::Ms;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Passes of the kernel loop from one look to the next.
const EVERY: u64 = 4096;

/// The line. There is none if standard error is no terminal.
pub struct Progress {
    bar: ProgressBar,
    next: u64,
}

impl Progress {
    /// Of work that reads `total` bytes, if that is known. `shown` is false if the
    /// terminal is needed for something else.
    pub fn new(total: Option<u64>, shown: bool) -> Progress {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{bar:32} {bytes} of {total_bytes} {msg}",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !shown {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Progress { bar, next: EVERY }
    }

    /// How far `board` is.
    pub fn look(&mut self, board: &Board) {
        if board.steps() < self.next {
            return;
        }
        self.next = board.steps() + EVERY;
        if self.bar.is_hidden() {
            return;
        }
        let sum = |field: fn(&Counts) -> u64| -> u64 {
            (0..board.apps().len())
                .map(|index| field(&board.counts(index)))
                .sum()
        };
        let read = sum(|counts| counts.read);
        self.bar.set_message(format!(
            "{} simulated, {read} B read, {} B programmed, {} B erased",
            Ms(board.machine.now_ns()),
            sum(|counts| counts.programmed),
            sum(|counts| counts.erased),
        ));
        if self.bar.length().is_some() {
            self.bar.set_position(read);
        } else {
            self.bar.tick();
        }
    }

    /// The work is done.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
