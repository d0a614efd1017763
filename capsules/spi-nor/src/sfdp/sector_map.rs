// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The sector map, FF81h: which erase types hold where.
//!
//! A part whose layout can be configured has commands that tell the configuration,
//! and a map for each of them. [`Detection::decode`] gives the commands; the driver
//! sends them and hands the answers to [`Detection::configuration`], and that to
//! [`SectorMap::decode`].

use crate::sfdp::bfpt::ERASE_TYPES;
use crate::sfdp::dwords::{Dwords, bit, bits, byte};
use crate::sfdp::regions::Regions;

/// Most regions of a map.
pub const MAX_REGIONS: usize = 16;

/// Most detection commands. The configuration has 8 bits; parts use up to three.
pub const MAX_COMMANDS: usize = 8;

/// Why there is no usable map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectorMapError {
    /// It ends in the middle of a descriptor.
    Truncated,
    /// More detection commands than [`MAX_COMMANDS`].
    TooManyCommands,
    /// More regions than [`MAX_REGIONS`].
    TooManyRegions,
    /// No map is for this configuration.
    NoSuchConfiguration(u8),
    /// The region (counted from 0) has no erase type, or ends beyond 32 bits.
    BadRegion(u8),
}

/// A command that tells a bit of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectionCommand {
    /// Opcode; one data byte is read.
    pub opcode: u8,
    /// How many address bytes it takes. `None`: as many as the part now uses.
    pub address_bytes: Option<u8>,
    /// Address.
    pub address: u32,
    /// Dummy clocks. `None`: as many as the part is now set to.
    pub dummy_clocks: Option<u8>,
    /// Which bit of the byte read is the one.
    pub mask: u8,
}

/// The commands that tell the configuration, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// Each of them.
    pub commands: [Option<DetectionCommand>; MAX_COMMANDS],
}

/// Where the map descriptors begin, and the commands before them.
fn commands(
    table: Dwords<'_>,
    mut each: impl FnMut(DetectionCommand) -> Result<(), SectorMapError>,
) -> Result<usize, SectorMapError> {
    let mut number = 1;
    loop {
        let dword = table.get(number).ok_or(SectorMapError::Truncated)?;
        if bit(dword, 1) {
            return Ok(number);
        }
        let address = table.get(number + 1).ok_or(SectorMapError::Truncated)?;
        each(DetectionCommand {
            opcode: byte(dword, 1),
            address_bytes: match bits(dword, 23, 22) {
                0 => Some(0),
                1 => Some(3),
                2 => Some(4),
                _ => None,
            },
            address,
            dummy_clocks: match bits(dword, 19, 16) {
                15 => None,
                clocks => Some(clocks as u8),
            },
            mask: byte(dword, 3),
        })?;
        number += 2;
        if bit(dword, 0) {
            return Ok(number);
        }
    }
}

impl Detection {
    /// From the bytes of the table.
    ///
    /// # Errors
    /// [`SectorMapError::Truncated`], [`SectorMapError::TooManyCommands`].
    pub fn decode(bytes: &[u8]) -> Result<Detection, SectorMapError> {
        let mut detection = Detection {
            commands: [None; MAX_COMMANDS],
        };
        commands(Dwords::new(bytes), |command| {
            match detection.commands.iter_mut().find(|slot| slot.is_none()) {
                Some(slot) => {
                    *slot = Some(command);
                    Ok(())
                }
                None => Err(SectorMapError::TooManyCommands),
            }
        })?;
        Ok(detection)
    }

    /// Whether the layout is fixed.
    pub fn is_empty(&self) -> bool {
        self.commands.iter().all(Option::is_none)
    }

    /// The configuration that `answers`, the byte read by each command, stand for.
    /// The first answer gives its highest bit.
    pub fn configuration(&self, answers: &[u8]) -> u8 {
        self.commands
            .iter()
            .flatten()
            .zip(answers)
            .fold(0, |id, (command, answer)| {
                id << 1 | u8::from(answer & command.mask != 0)
            })
    }
}

/// The map of one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectorMap {
    /// The configuration it is for.
    pub configuration: u8,
    /// Its regions, from address 0 up, without gaps.
    pub regions: Regions,
}

impl SectorMap {
    /// From the bytes of the table, for the configuration that the detection
    /// commands told; 0 for a part that has none.
    ///
    /// # Errors
    /// [`SectorMapError`], but not [`SectorMapError::TooManyCommands`].
    pub fn decode(bytes: &[u8], configuration: u8) -> Result<SectorMap, SectorMapError> {
        let table = Dwords::new(bytes);
        let mut number = commands(table, |_| Ok(()))?;
        loop {
            let Some(head) = table.get(number) else {
                return Err(SectorMapError::Truncated);
            };
            let count = bits(head, 23, 16) as usize + 1;
            if bit(head, 1) && byte(head, 1) == configuration {
                return SectorMap::regions(table, number + 1, count, configuration);
            }
            // Bit 0 is set in the last map; a descriptor that is no map ends them, too.
            if bit(head, 0) || !bit(head, 1) {
                return Err(SectorMapError::NoSuchConfiguration(configuration));
            }
            number += 1 + count;
        }
    }

    fn regions(
        table: Dwords<'_>,
        first: usize,
        count: usize,
        configuration: u8,
    ) -> Result<SectorMap, SectorMapError> {
        if count > MAX_REGIONS {
            return Err(SectorMapError::TooManyRegions);
        }
        let mut regions = Regions::NONE;
        let mut end = 0u32;
        for index in 0..count {
            let dword = table.get(first + index).ok_or(SectorMapError::Truncated)?;
            let bad = SectorMapError::BadRegion(index as u8);
            let erase_types = bits(dword, ERASE_TYPES as u32 - 1, 0) as u8;
            let size_bytes = (bits(dword, 31, 8) + 1).checked_mul(256).ok_or(bad)?;
            end = end.checked_add(size_bytes).ok_or(bad)?;
            if erase_types == 0 {
                return Err(bad);
            }
            regions.set(index, end, erase_types);
        }
        Ok(SectorMap {
            configuration,
            regions,
        })
    }

    /// The map of the first `size_bytes` only.
    pub fn clipped(mut self, size_bytes: u32) -> SectorMap {
        self.regions.clip(size_bytes);
        self
    }

    /// Bytes of all regions together.
    pub fn size_bytes(&self) -> u64 {
        u64::from(self.regions.iter().last().map_or(0, |last| last.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SST26VF064B.
    const SST26: [u8; 24] = [
        0xFF, 0x00, 0x04, 0xFF, 0xF3, 0x7F, 0x00, 0x00, 0xF5, 0x7F, 0x00, 0x00, 0xF9, 0xFF, 0x7D,
        0x00, 0xF5, 0x7F, 0x00, 0x00, 0xF3, 0x7F, 0x00, 0x00,
    ];

    #[test]
    fn a_fixed_layout() {
        assert!(Detection::decode(&SST26).unwrap().is_empty());
        let map = SectorMap::decode(&SST26, 0).unwrap();
        assert_eq!(map.size_bytes(), 8 << 20);
        let mut found = map.regions.iter();
        let regions: [_; 5] = core::array::from_fn(|_| found.next().unwrap());
        assert_eq!(regions.map(|r| r.erase_types), [3, 5, 9, 5, 3]);
        assert_eq!(
            regions.map(|r| (r.end - r.start) / 1024),
            [32, 32, 8192 - 128, 32, 32]
        );
        let half = map.clipped(48 << 10);
        assert_eq!(half.size_bytes(), 48 << 10);
        assert_eq!(half.regions.iter().count(), 2);
        assert_eq!(
            SectorMap::decode(&SST26, 1),
            Err(SectorMapError::NoSuchConfiguration(1))
        );
        assert_eq!(
            SectorMap::decode(&SST26[..20], 0),
            Err(SectorMapError::Truncated)
        );
    }

    /// Two commands and three maps, in the form of the S25FS family.
    fn configurable() -> [u8; 36] {
        let dwords: [u32; 9] = [
            0x0895_6500, // bit 3 of 65h, current address width, 5 dummy clocks, not the last
            0x0000_0004,
            0x0280_6501, // bit 1 of 65h, 4 address bytes, 0 dummy clocks, the last
            0x0000_0003,
            0x0000_0002, // configuration 0, one region
            0x0003_FF01,
            0x0001_0303, // configuration 3, two regions, the last map
            0x0000_7F01,
            0x0003_7F02,
        ];
        let mut bytes = [0; 36];
        for (to, dword) in bytes.chunks_mut(4).zip(dwords) {
            to.copy_from_slice(&dword.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_layout_that_has_to_be_asked_for() {
        let bytes = configurable();
        let detection = Detection::decode(&bytes).unwrap();
        let [Some(first), Some(second), None, ..] = detection.commands else {
            panic!("two commands expected");
        };
        assert_eq!((first.opcode, first.mask, first.address), (0x65, 0x08, 4));
        assert_eq!(first.dummy_clocks, Some(5));
        assert_eq!(first.address_bytes, Some(4));
        assert_eq!(
            (second.address_bytes, second.dummy_clocks),
            (Some(4), Some(0))
        );
        assert_eq!(detection.configuration(&[0x08, 0x02]), 3);
        assert_eq!(detection.configuration(&[0xF7, 0x02]), 1);
        assert_eq!(SectorMap::decode(&bytes, 3).unwrap().size_bytes(), 0x40000);
        assert_eq!(SectorMap::decode(&bytes, 0).unwrap().size_bytes(), 0x40000);
        assert_eq!(
            SectorMap::decode(&bytes, 1),
            Err(SectorMapError::NoSuchConfiguration(1))
        );
    }

    #[test]
    fn what_is_no_map() {
        assert_eq!(Detection::decode(&[]), Err(SectorMapError::Truncated));
        // Commands without end.
        assert_eq!(Detection::decode(&[0; 16]), Err(SectorMapError::Truncated));
        assert_eq!(
            Detection::decode(&[0; 80]),
            Err(SectorMapError::TooManyCommands)
        );
        assert_eq!(
            SectorMap::decode(&[0xFF; 256], 0xFF),
            Err(SectorMapError::TooManyRegions)
        );
        let no_erase_type = [0x03, 0, 0, 0, 0xF0, 0xFF, 0, 0];
        assert_eq!(
            SectorMap::decode(&no_erase_type, 0),
            Err(SectorMapError::BadRegion(0))
        );
        let four_gib = [0x03, 0, 0, 0, 0xF1, 0xFF, 0xFF, 0xFF];
        assert_eq!(
            SectorMap::decode(&four_gib, 0),
            Err(SectorMapError::BadRegion(0))
        );
    }
}
