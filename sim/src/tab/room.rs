// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps in the chip's own flash, one behind the other, as a kernel that is executed finds them.

use super::bundle::Binary;
use super::place::{FLASH_END, FLASH_START};
use crate::arena::{RAM_SIZE, RAM_START};
use std::collections::BTreeMap;
use std::ops::Range;

/// Shorter gaps can't be filled.
const HEADER: u32 = 16;

/// The flash for apps.
#[derive(Default)]
pub struct Room {
    /// By address; the RAM that each was linked for beside its bytes.
    taken: BTreeMap<u32, (Range<u32>, Vec<u8>)>,
}

impl Room {
    /// All of it is free.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a binary where it was linked for. False if it can't be there, or others are.
    ///
    /// A kernel gives out RAM in the order of flash, so one that lies behind in flash has to lie
    /// behind in RAM.
    pub fn take(&mut self, binary: &Binary) -> bool {
        let Some((place, start)) = binary.place() else {
            return false;
        };
        let length = binary.header.total_size;
        let Some(end) = start.checked_add(length) else {
            return false;
        };
        let minimum = binary.header.program.map_or(0, |it| it.minimum_ram);
        let ram = place.ram..place.ram.saturating_add(minimum);
        let ram_end = (RAM_START + RAM_SIZE) as u32;
        if start < FLASH_START
            || end > FLASH_END
            || ram.start < RAM_START as u32
            || ram.end > ram_end
        {
            return false;
        }
        let fits = self.taken.iter().all(|(&other, (other_ram, bytes))| {
            let other_end = other + bytes.len() as u32;
            if other < start {
                other_end <= start && other_ram.end <= ram.start
            } else {
                end <= other && ram.end <= other_ram.start
            }
        });
        if fits {
            self.taken.insert(start, (ram, binary.bytes.clone()));
        }
        fits
    }

    /// What goes where: the apps, and padding between them.
    #[must_use]
    pub fn laid_out(&self) -> Vec<(u32, Vec<u8>)> {
        let mut parts = Vec::new();
        let mut end = FLASH_START;
        for (&start, (_, bytes)) in &self.taken {
            if start - end >= HEADER {
                parts.push((end, padding(start - end)));
            }
            parts.push((start, bytes.clone()));
            end = start + bytes.len() as u32;
        }
        parts
    }
}

/// A header of an app that is none: version 2, nothing but its length.
fn padding(length: u32) -> Vec<u8> {
    let words = [2 | HEADER << 16, length, 0];
    let checksum = words.iter().fold(0, |sum, word| sum ^ word);
    words
        .into_iter()
        .chain([checksum])
        .flat_map(u32::to_le_bytes)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::header::Header;
    use super::*;

    #[test]
    fn padding_is_a_header_that_is_no_app() {
        let header = Header::parse(&padding(0x8000)).unwrap();
        assert_eq!((header.total_size, header.program), (0x8000, None));
    }

    #[test]
    fn nothing_is_laid_out_as_nothing() {
        assert!(Room::new().laid_out().is_empty());
    }
}
