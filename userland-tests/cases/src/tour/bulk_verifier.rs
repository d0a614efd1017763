// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Erases, programs and reads back a range, in pieces of every length at every
//! alignment.

use crate::check::{ERASED, SECTOR, bytes, content, erase, open, program, read};
use crate::failure::Failure;
use crate::pattern;
use core::fmt;

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct BulkVerifier {
    /// Where to begin, in bytes of the region: a sector's start.
    pub start: u32,
    /// How many sectors.
    pub sectors: u32,
    /// How many times.
    pub rounds: u32,
    /// What the content comes from. Each round has its own.
    pub seed: u32,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many times.
    pub rounds: u32,
    /// Bytes programmed and read back, of all rounds together.
    pub bytes: u64,
    /// Program operations.
    pub programs: u32,
    /// Read operations that were compared with what was programmed.
    pub reads: u32,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rounds, {} bytes in {} programs and {} reads",
            self.rounds, self.bytes, self.programs, self.reads
        )
    }
}

/// Longest piece in bytes: over two pages.
const LONGEST: u32 = 600;
/// Room for a piece at any of 4 alignments.
const ROOM: usize = LONGEST as usize + 4;
const GUARD: u8 = 0xa5;

impl BulkVerifier {
    /// Does it.
    ///
    /// # Errors
    ///
    /// An operation that failed, or the first byte that differs.
    pub fn run(&self) -> Result<Summary, Failure> {
        open("open")?;
        let mut summary = Summary {
            rounds: self.rounds,
            bytes: 0,
            programs: 0,
            reads: 0,
        };
        let length = self.sectors * SECTOR;
        for round in 0..self.rounds {
            let seed = self.seed.wrapping_add(round);
            erase("bulk erase", self.start, length)?;
            content("bulk erase", self.start, length, |_| ERASED)?;
            summary.programs += self.program_all(seed)?;
            summary.reads += self.compare_all(seed)?;
            summary.bytes += u64::from(length);
        }
        Ok(summary)
    }

    fn program_all(&self, seed: u32) -> Result<u32, Failure> {
        let mut buffer = [0; ROOM];
        self.pieces(seed, |step, address, length| {
            let piece = &mut buffer[skewed(step, length)];
            pattern::fill(seed, address, piece);
            program("bulk program", address, piece)
        })
    }

    fn compare_all(&self, seed: u32) -> Result<u32, Failure> {
        let mut buffer = [0; ROOM];
        // Another sequence of pieces than that of programming.
        self.pieces(!seed, |step, address, length| {
            let taken = skewed(step, length);
            buffer.fill(GUARD);
            read("bulk read", address, &mut buffer[taken.clone()])?;
            bytes("bulk read", address, &buffer[taken.clone()], |address| {
                pattern::byte(seed, address)
            })?;
            bytes(
                "memory before a read's buffer",
                0,
                &buffer[..taken.start],
                |_| GUARD,
            )?;
            bytes(
                "memory after a read's buffer",
                0,
                &buffer[taken.end..],
                |_| GUARD,
            )
        })
    }

    fn pieces(
        &self,
        seed: u32,
        mut each: impl FnMut(u32, u32, u32) -> Result<(), Failure>,
    ) -> Result<u32, Failure> {
        let mut address = self.start;
        let mut left = self.sectors * SECTOR;
        let mut step = 0;
        while left > 0 {
            let length = pattern::length(seed, step, LONGEST).min(left);
            each(step, address, length)?;
            address += length;
            left -= length;
            step += 1;
        }
        Ok(step)
    }
}

/// Where in memory the `step`th piece is.
fn skewed(step: u32, length: u32) -> core::ops::Range<usize> {
    let start = (step % 4) as usize;
    start..start + length as usize
}
