// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where a trace goes.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufWriter, Write};

/// Where a trace goes.
pub enum Sink {
    /// Into a file.
    File(BufWriter<File>),
    /// Into memory.
    Text(String),
    /// Nowhere: only its digest is kept.
    Digest(Digest),
}

/// The digest of a trace. The same program built by the same compiler gives the same.
#[derive(Default)]
pub struct Digest {
    lines: u64,
    hasher: DefaultHasher,
}

impl Digest {
    /// The digest of a trace that was kept.
    pub fn of(text: &str) -> Digest {
        let mut sink = Sink::Digest(Digest::default());
        text.lines().for_each(|line| sink.write(line));
        match sink {
            Sink::Digest(digest) => digest,
            Sink::File(_) | Sink::Text(_) => Digest::default(),
        }
    }

    /// Lines.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The digest.
    pub fn value(&self) -> u64 {
        self.hasher.finish()
    }
}

impl Sink {
    /// # Panics
    ///
    /// If a file can't be written.
    pub(super) fn write(&mut self, line: &str) {
        match self {
            Sink::File(file) => writeln!(file, "{line}").expect("the trace can be written"),
            Sink::Text(text) => {
                text.push_str(line);
                text.push('\n');
            }
            Sink::Digest(digest) => {
                digest.lines += 1;
                digest.hasher.write(line.as_bytes());
                digest.hasher.write_u8(b'\n');
            }
        }
    }
}
