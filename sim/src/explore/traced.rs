// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Random runs with a digest of each one's trace, for comparing kernels.

use super::random::rng_of;
use super::search::Options;
use super::subject::Subject;
use super::world::Worlds;
use serde::Serialize;
use tock_host_platform::trace::{self, Digest, Sink};
use tock_host_platform::trace_line;

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Traced {
    /// Its number.
    pub number: u64,
    /// Lines of its trace.
    pub lines: u64,
    /// The digest of its trace.
    pub digest: String,
    /// Breaches of the contract.
    pub breaches: usize,
    /// All of the trace, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Runs of one board.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The bounds of each run.
    pub bounds: String,
    /// The runs. The trace of the first has the board's making in it.
    pub runs: Vec<Traced>,
    /// The first run that was not made.
    pub next: u64,
}

/// Makes the runs from `first` on, at most `count` of them, on one board: fewer if the board can't be
/// used any more. The whole trace of run `text_of` is kept.
pub fn traced<B: Subject>(
    options: &Options,
    seed: u64,
    first: u64,
    count: u64,
    text_of: Option<u64>,
) -> Report {
    let mut worlds = Worlds::<B>::new(options.part, options.bounds);
    let mut report = Report {
        bounds: options.bounds.to_string(),
        runs: Vec::new(),
        next: first,
    };
    for number in first..first.saturating_add(count) {
        if number != first && !worlds.is_sound() {
            break;
        }
        let is_shown = text_of == Some(number);
        trace::begin(if is_shown {
            Sink::Text(String::new())
        } else {
            Sink::Digest(Digest::default())
        });
        let rng = rng_of(seed, number);
        let run = worlds.sound().run(&[], None, Some(rng), |_, chosen| {
            if let Some(chosen) = chosen {
                trace_line!("chosen: {chosen:?}");
            }
        });
        for (at_ns, breach) in &run.breaches {
            trace_line!("breach at {at_ns} ns: {breach:?}");
        }
        let (digest, text) = match trace::end() {
            Some(Sink::Text(text)) => (Digest::of(&text), Some(text)),
            Some(Sink::Digest(digest)) => (digest, None),
            Some(Sink::File(_)) | None => (Digest::default(), None),
        };
        report.runs.push(Traced {
            number,
            lines: digest.lines(),
            digest: format!("{:016x}", digest.value()),
            breaches: run.breaches.len(),
            text,
        });
        report.next = number + 1;
    }
    report
}
