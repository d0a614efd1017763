// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Stretches of the array with different erase types.

use crate::sfdp::sector_map::MAX_REGIONS;

/// A stretch of the array with the same erase types throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub start: u32,
    /// After the last byte.
    pub end: u32,
    /// Bit n set: entry n of a list of erase types holds here: of the basic table's in a
    /// [map](crate::sfdp::sector_map::SectorMap), of [`erase`](crate::geometry::Geometry::erase) in a
    /// [geometry](crate::geometry::Geometry).
    pub erase_types: u8,
}

/// Regions from address 0 up, without gaps, in as little memory as they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regions {
    /// Where each one ends; 0 after the last one.
    ends: [u32; MAX_REGIONS],
    erase_types: [u8; MAX_REGIONS],
}

impl Regions {
    /// None at all.
    pub const NONE: Regions = Regions {
        ends: [0; MAX_REGIONS],
        erase_types: [0; MAX_REGIONS],
    };

    /// These, each given by its end and its erase types. An empty one, and what comes after it, is
    /// left out, and so is what there is no room for.
    pub fn new(regions: impl IntoIterator<Item = (u32, u8)>) -> Regions {
        let mut all = Regions::NONE;
        for (index, (end, erase_types)) in regions.into_iter().enumerate() {
            all.set(index, end, erase_types);
        }
        all
    }

    /// Sets one of them, if there is room for so many.
    pub(super) fn set(&mut self, index: usize, end: u32, erase_types: u8) {
        if let (Some(slot), Some(types)) =
            (self.ends.get_mut(index), self.erase_types.get_mut(index))
        {
            (*slot, *types) = (end, erase_types);
        }
    }

    /// All of the array, with the same erase types throughout.
    pub const fn uniform(size_bytes: u32, erase_types: u8) -> Regions {
        let mut all = Regions::NONE;
        all.ends[0] = size_bytes;
        all.erase_types[0] = erase_types;
        all
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Region> + '_ {
        let mut start = 0;
        let all = self.ends.iter().zip(&self.erase_types);
        all.take_while(|(end, _)| **end != 0)
            .map(move |(end, erase_types)| {
                let region = Region {
                    start,
                    end: *end,
                    erase_types: *erase_types,
                };
                start = *end;
                region
            })
    }

    /// Cuts off what is at `size_bytes` and behind.
    pub fn clip(&mut self, size_bytes: u32) {
        let mut is_over = false;
        for end in &mut self.ends {
            if is_over {
                *end = 0;
            }
            is_over |= *end >= size_bytes;
            *end = (*end).min(size_bytes);
        }
    }
}
