// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reads a range over and over, in large requests.

use crate::check::{SECTOR, open, read, value};
use crate::failure::Failure;
use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc};

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct BulkReader {
    /// Where to begin, in bytes of the region.
    pub start: u32,
    /// How many bytes.
    pub length: u32,
    /// How many times.
    pub rounds: u32,
    /// What the range's checksum is, if it is known. Otherwise the first round
    /// finds it out for the others.
    pub expected: Option<u32>,
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many times.
    pub rounds: u32,
    /// Bytes of all rounds together.
    pub bytes: u64,
    /// CRC-32 (that of zip and Ethernet) of the range.
    pub checksum: u32,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rounds, {} bytes, crc32 {:08x}",
            self.rounds, self.bytes, self.checksum
        )
    }
}

impl BulkReader {
    /// Reads.
    ///
    /// # Errors
    ///
    /// A read that failed, or a round with another checksum.
    pub fn run(&self) -> Result<Summary, Failure> {
        open("open")?;
        let mut checksum = self.expected;
        let mut bytes = 0;
        for _ in 0..self.rounds {
            let found = self.round()?;
            value("checksum of a round", checksum.unwrap_or(found), found)?;
            checksum = Some(found);
            bytes += u64::from(self.length);
        }
        Ok(Summary {
            rounds: self.rounds,
            bytes,
            checksum: checksum.unwrap_or(0),
        })
    }

    fn round(&self) -> Result<u32, Failure> {
        let algorithm = Crc::<u32>::new(&CRC_32_ISO_HDLC);
        let mut digest = algorithm.digest();
        let mut buffer = [0; SECTOR as usize];
        let mut address = self.start;
        let mut left = self.length;
        while left > 0 {
            let count = left.min(SECTOR);
            let piece = &mut buffer[..count as usize];
            read("bulk read", address, piece)?;
            digest.update(piece);
            address += count;
            left -= count;
        }
        Ok(digest.finalize())
    }
}
