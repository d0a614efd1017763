// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The shape of the array: its size, its pages, and what can be erased where.

use crate::sfdp::bfpt::ERASE_TYPES;
use crate::sfdp::sector_map::SectorMap;
use crate::sfdp::times::Times;

pub use crate::sfdp::regions::{Region, Regions};

/// One way to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraseType {
    /// Opcode with a 3-byte address, or with the address width of the mode that the
    /// part is in.
    pub opcode: u8,
    /// Opcode that always takes a 4-byte address, if the part has it.
    pub opcode_4b: Option<u8>,
    /// Bytes erased, a power of two; the address is a multiple of it.
    pub size_bytes: u32,
    /// How long it takes.
    pub times: Times,
}

/// Why a range is not inside the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// Address and length together exceed 32 bits.
    Overflow,
    /// It ends after the part does.
    OutOfRange,
}

/// Why sizes do not make an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeometryError {
    /// The page is not a power of two from 1 to 32768 bytes.
    PageSize(u32),
    /// The part is empty, or not a whole number of pages and of erase units.
    Size(u32),
    /// Nothing can be erased.
    NoErase,
    /// An erase type's size is not a power of two.
    EraseSize(u32),
    /// The sector map does not cover the part exactly.
    MapSize {
        /// Bytes that the map covers.
        map_bytes: u64,
        /// Bytes of the part.
        size_bytes: u32,
    },
    /// This region of the map (counted from 0) has no erase type that the part has,
    /// or does not begin and end at a multiple of its smallest one.
    Region(u8),
}

/// The shape of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes.
    pub size_bytes: u32,
    /// Bytes of a page: no program crosses a multiple of it.
    pub page_bytes: u32,
    /// Erase types, smallest first.
    pub erase: [Option<EraseType>; ERASE_TYPES],
    /// Regions, from address 0 up, without gaps.
    pub regions: Regions,
    /// Bit n set: entry n of [`Geometry::erase`] can't be used now, since it has no opcode
    /// for the address width in use.
    pub unavailable: u8,
}

impl Geometry {
    /// Of sizes that may be anything: what is returned is consistent. `erase` is in
    /// the basic table's order, which `map` refers to.
    ///
    /// # Errors
    /// [`GeometryError`].
    pub fn new(
        size_bytes: u32,
        page_bytes: u32,
        erase: [Option<EraseType>; ERASE_TYPES],
        map: Option<&SectorMap>,
    ) -> Result<Geometry, GeometryError> {
        if !page_bytes.is_power_of_two() || page_bytes > 32_768 {
            return Err(GeometryError::PageSize(page_bytes));
        }
        if size_bytes == 0 || !size_bytes.is_multiple_of(page_bytes) {
            return Err(GeometryError::Size(size_bytes));
        }
        // Each type's place is how many come before it: less code than a sort has.
        let mut sorted = [None; ERASE_TYPES];
        let mut places = [0u8; ERASE_TYPES];
        for ((erase_type, bit), number) in erase.iter().zip(&mut places).zip(0u8..) {
            let Some(erase_type) = erase_type else {
                continue;
            };
            let size_bytes = erase_type.size_bytes;
            if !size_bytes.is_power_of_two() {
                return Err(GeometryError::EraseSize(size_bytes));
            }
            let mut place = 0u8;
            for (other, other_number) in erase.iter().zip(0u8..) {
                if let Some(other) = other
                    && (other.size_bytes < size_bytes
                        || other.size_bytes == size_bytes && other_number < number)
                {
                    place += 1;
                }
            }
            *bit = 1 << place;
            if let Some(slot) = sorted.get_mut(usize::from(place)) {
                *slot = Some(*erase_type);
            }
        }
        // What the basic table calls type n is here at the place where n is found.
        let place = |types: u8| {
            let mut mask = 0;
            for (bit, number) in places.iter().zip(0u8..) {
                if types & 1 << number != 0 {
                    mask |= *bit;
                }
            }
            mask
        };
        let all = place(u8::MAX);
        if all == 0 {
            return Err(GeometryError::NoErase);
        }

        let regions = match map {
            None => Regions::uniform(size_bytes, all),
            Some(map) => {
                if map.size_bytes() != u64::from(size_bytes) {
                    return Err(GeometryError::MapSize {
                        map_bytes: map.size_bytes(),
                        size_bytes,
                    });
                }
                let regions = map.regions.iter();
                Regions::new(regions.map(|region| (region.end, place(region.erase_types))))
            }
        };
        let geometry = Geometry {
            size_bytes,
            page_bytes,
            erase: sorted,
            regions,
            unavailable: 0,
        };
        geometry.check_regions(map.is_some())?;
        Ok(geometry)
    }

    fn check_regions(&self, mapped: bool) -> Result<(), GeometryError> {
        for (region, number) in self.regions.iter().zip(0u8..) {
            let whole = self.smallest_in(&region).is_some_and(|smallest| {
                region.start.is_multiple_of(smallest.size_bytes)
                    && region.end.is_multiple_of(smallest.size_bytes)
            });
            if !whole && mapped {
                return Err(GeometryError::Region(number));
            }
            if !whole {
                return Err(GeometryError::Size(self.size_bytes));
            }
        }
        Ok(())
    }

    /// Whether `length` bytes from `address` on are inside the part. An empty range
    /// may begin at its very end.
    ///
    /// # Errors
    /// [`RangeError`].
    pub const fn check_range(&self, address: u32, length: u32) -> Result<(), RangeError> {
        match address.checked_add(length) {
            None => Err(RangeError::Overflow),
            Some(end) if end > self.size_bytes => Err(RangeError::OutOfRange),
            Some(_) => Ok(()),
        }
    }

    /// The region that `address` is in.
    pub fn region_at(&self, address: u32) -> Option<Region> {
        self.regions.iter().find(|region| address < region.end)
    }

    /// The erase types that can be used in `region`, smallest first.
    pub fn erase_types_in(&self, region: &Region) -> impl Iterator<Item = EraseType> + '_ {
        let usable = region.erase_types & !self.unavailable;
        self.erase
            .iter()
            .zip(0u8..)
            .filter_map(move |(slot, place)| slot.filter(|_| usable & 1 << place != 0))
    }

    /// The smallest erase type that can be used in `region`.
    pub fn smallest_in(&self, region: &Region) -> Option<EraseType> {
        self.erase_types_in(region).next()
    }

    /// All erase types that can be used somewhere, smallest first.
    pub fn erase_types(&self) -> impl Iterator<Item = EraseType> + '_ {
        let usable = self
            .regions
            .iter()
            .fold(0, |mask, region| mask | region.erase_types);
        self.erase
            .iter()
            .zip(0u8..)
            .filter_map(move |(slot, place)| {
                slot.filter(|_| usable & !self.unavailable & 1 << place != 0)
            })
    }

    /// The unit in which any stretch of the part can be erased, wherever it lies:
    /// the largest of the regions' smallest erase types.
    pub fn erase_unit_bytes(&self) -> Option<u32> {
        self.regions
            .iter()
            .map(|region| Some(self.smallest_in(&region)?.size_bytes))
            .try_fold(0, |unit, size| Some(size?.max(unit)))
    }

    /// What can be erased at a time all over these `length` bytes from `start` on: with bit *n* set,
    /// 2^*n* bytes at a multiple of that. 0 if they are not inside the part.
    pub fn erase_sizes(&self, start: u32, length: u32) -> u32 {
        if self.check_range(start, length).is_err() {
            return 0;
        }
        let end = start.saturating_add(length);
        let sizes = |region: &Region| {
            self.erase_types_in(region)
                .fold(0, |sizes, erase_type| sizes | erase_type.size_bytes)
        };
        self.regions
            .iter()
            .filter(|region| region.start < end && start < region.end)
            .map(|region| sizes(&region))
            .reduce(|all, sizes| all & sizes)
            .unwrap_or(0)
    }

    /// Whether the same erase types hold everywhere.
    pub fn is_uniform(&self) -> bool {
        let mut regions = self.regions.iter();
        match regions.next() {
            Some(first) => regions.all(|region| region.erase_types == first.erase_types),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        typ_us: 1,
        max_us: 2,
    };

    const fn erase(opcode: u8, size_bytes: u32) -> Option<EraseType> {
        Some(EraseType {
            opcode,
            opcode_4b: None,
            size_bytes,
            times: TIMES,
        })
    }

    fn map(sizes: &[(u32, u8)]) -> SectorMap {
        let mut end = 0;
        SectorMap {
            configuration: 0,
            regions: Regions::new(sizes.iter().map(|(size_bytes, erase_types)| {
                end += size_bytes;
                (end, *erase_types)
            })),
        }
    }

    #[test]
    fn the_map_refers_to_types_in_the_tables_order() {
        // MT25Q lists 64 KiB before 32 KiB.
        let types = [
            erase(0x20, 4096),
            erase(0xD8, 65536),
            erase(0x52, 32768),
            None,
        ];
        let geometry = Geometry::new(
            1 << 18,
            256,
            types,
            Some(&map(&[(1 << 17, 0b011), (1 << 17, 0b101)])),
        )
        .unwrap();
        let opcodes = |address| {
            let region = geometry.region_at(address).unwrap();
            let mut list = [0; 4];
            for (slot, erase_type) in list.iter_mut().zip(geometry.erase_types_in(&region)) {
                *slot = erase_type.opcode;
            }
            list
        };
        assert_eq!(opcodes(0), [0x20, 0xD8, 0, 0]);
        assert_eq!(opcodes(1 << 17), [0x20, 0x52, 0, 0]);
        assert_eq!(geometry.region_at(1 << 18), None);
        assert!(!geometry.is_uniform());
        assert_eq!(geometry.erase_unit_bytes(), Some(4096));
        assert_eq!(geometry.erase_sizes(0, 4096), 0x1_1000);
        assert_eq!(geometry.erase_sizes(1 << 17, 1 << 17), 0x9000);
        assert_eq!(geometry.erase_sizes((1 << 17) - 4096, 8192), 0x1000);
        assert_eq!(geometry.erase_sizes(1 << 18, 4096), 0);
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let types = [erase(0x20, 4096), None, None, None];
        let new = |size, page| Geometry::new(size, page, types, None).map(|_| ());
        assert_eq!(new(1 << 20, 256), Ok(()));
        assert_eq!(new(0, 256), Err(GeometryError::Size(0)));
        assert_eq!(new(1 << 20, 0), Err(GeometryError::PageSize(0)));
        assert_eq!(new(1 << 20, 264), Err(GeometryError::PageSize(264)));
        assert_eq!(new(4096 + 256, 256), Err(GeometryError::Size(4096 + 256)));
        assert_eq!(
            Geometry::new(1 << 20, 256, [None; 4], None),
            Err(GeometryError::NoErase)
        );
        let odd = [erase(0x20, 3000), None, None, None];
        assert_eq!(
            Geometry::new(1 << 20, 256, odd, None),
            Err(GeometryError::EraseSize(3000))
        );
        let mapped = |sizes: &[(u32, u8)]| Geometry::new(1 << 20, 256, types, Some(&map(sizes)));
        assert_eq!(
            mapped(&[(1 << 19, 1)]),
            Err(GeometryError::MapSize {
                map_bytes: 1 << 19,
                size_bytes: 1 << 20
            })
        );
        assert_eq!(
            mapped(&[(1 << 19, 1), (1 << 19, 2)]),
            Err(GeometryError::Region(1))
        );
        assert_eq!(
            mapped(&[(512, 1), ((1 << 20) - 512, 1)]),
            Err(GeometryError::Region(0))
        );
    }

    #[test]
    fn ranges() {
        let types = [erase(0x20, 4096), None, None, None];
        let geometry = Geometry::new(1 << 24, 256, types, None).unwrap();
        assert_eq!(geometry.check_range(0, 1 << 24), Ok(()));
        assert_eq!(geometry.check_range(1 << 24, 0), Ok(()));
        assert_eq!(
            geometry.check_range(0xFF_FFFF, 2),
            Err(RangeError::OutOfRange)
        );
        assert_eq!(geometry.check_range(u32::MAX, 1), Err(RangeError::Overflow));
        assert_eq!(geometry.check_range(1, u32::MAX), Err(RangeError::Overflow));
    }
}
