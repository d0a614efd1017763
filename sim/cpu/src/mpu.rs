// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The memory protection unit (DDI 0403E B3.5, PMSAv7), with eight regions.

use crate::Access;
use std::cell::Cell;

const REGIONS: usize = 8;
const ENABLE: u32 = 1;
const BACKGROUND: u32 = 1 << 2;

/// What code without privileges may do in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read.
    Read,
    /// Read and execute.
    ReadExecute,
    /// Read and write.
    ReadWrite,
}

/// A region as its registers have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Region {
    rbar: u32,
    rasr: u32,
}

impl Region {
    /// A region of `size` bytes at `base` for code with and without privileges. `None` unless
    /// the size is a power of two of at least 32 and the base a multiple of it.
    #[must_use]
    pub fn new(base: u32, size: u32, permission: Permission) -> Option<Self> {
        if size < 32 || !size.is_power_of_two() || !base.is_multiple_of(size) {
            return None;
        }
        let (access, never_executes) = match permission {
            Permission::Read => (6, 1),
            Permission::ReadExecute => (6, 0),
            Permission::ReadWrite => (3, 1),
        };
        Some(Self {
            rbar: base,
            rasr: never_executes << 28 | access << 24 | (size.trailing_zeros() - 1) << 1 | ENABLE,
        })
    }

    fn bits(self) -> u32 {
        (self.rasr >> 1 & 0x1F) + 1
    }

    fn covers(self, address: u32) -> bool {
        let bits = self.bits();
        if self.rasr & ENABLE == 0 || bits < 5 {
            return false;
        }
        if bits < 32 && (address ^ self.rbar) >> bits != 0 {
            return false;
        }
        // Regions of 256 bytes and more have eight parts, each of which can be off.
        bits < 8 || self.rasr >> (8 + (address >> (bits - 3) & 7)) & 1 == 0
    }

    fn allows(self, access: Access, privileged: bool) -> bool {
        let (read, write) = match self.rasr >> 24 & 7 {
            1 => (privileged, privileged),
            2 => (true, privileged),
            3 => (true, true),
            5 => (privileged, false),
            6 | 7 => (true, false),
            _ => (false, false),
        };
        match access {
            Access::Read => read,
            Access::Write => write,
            Access::Fetch => read && self.rasr >> 28 & 1 == 0,
        }
    }
}

#[derive(Default)]
pub(crate) struct Mpu {
    control: Cell<u32>,
    number: Cell<usize>,
    regions: [Cell<Region>; REGIONS],
}

impl Mpu {
    pub(crate) fn enabled(&self) -> bool {
        self.control.get() & ENABLE != 0
    }

    /// Sets the regions, switches the unit on, and leaves the default map to privileged code.
    pub(crate) fn set_regions(&self, regions: &[Region]) {
        for (n, slot) in self.regions.iter().enumerate() {
            slot.set(regions.get(n).copied().unwrap_or_default());
        }
        self.control.set(ENABLE | BACKGROUND);
    }

    pub(crate) fn allows(&self, address: u32, access: Access, privileged: bool) -> bool {
        if !self.enabled() {
            return true;
        }
        let region = self.regions.iter().rev().find(|r| r.get().covers(address));
        match region {
            Some(region) => region.get().allows(access, privileged),
            None => privileged && self.control.get() & BACKGROUND != 0,
        }
    }

    /// `offset` from 0xE000ED90. `None` if there is no such register.
    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        let region = self.regions[self.number.get()].get();
        Some(match offset {
            0x00 => (REGIONS as u32) << 8,
            0x04 => self.control.get(),
            0x08 => self.number.get() as u32,
            0x0C | 0x14 | 0x1C | 0x24 => region.rbar | self.number.get() as u32,
            0x10 | 0x18 | 0x20 | 0x28 => region.rasr,
            _ => return None,
        })
    }

    pub(crate) fn store(&self, offset: u32, value: u32) -> Option<()> {
        const VALID: u32 = 1 << 4;
        match offset {
            0x04 => self.control.set(value & 7),
            0x08 => self.number.set(value as usize % REGIONS),
            0x0C | 0x14 | 0x1C | 0x24 => {
                if value & VALID != 0 {
                    self.number.set(value as usize & 0xF & (REGIONS - 1));
                }
                let slot = &self.regions[self.number.get()];
                slot.set(Region {
                    rbar: value & !0x1F,
                    ..slot.get()
                });
            }
            0x10 | 0x18 | 0x20 | 0x28 => {
                let slot = &self.regions[self.number.get()];
                slot.set(Region {
                    rasr: value,
                    ..slot.get()
                });
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switched_off_it_forbids_nothing() {
        assert!(Mpu::default().allows(0, Access::Write, false));
    }

    #[test]
    fn code_without_privileges_has_its_regions_only() {
        let mpu = Mpu::default();
        mpu.set_regions(&[
            Region::new(0x4_0000, 0x1_0000, Permission::ReadExecute).unwrap(),
            Region::new(0x2000_0000, 0x400, Permission::ReadWrite).unwrap(),
        ]);
        assert!(mpu.allows(0x4_0000, Access::Fetch, false));
        assert!(mpu.allows(0x4_FFFF, Access::Read, false));
        assert!(!mpu.allows(0x4_FFFF, Access::Write, false));
        assert!(!mpu.allows(0x5_0000, Access::Read, false));
        assert!(mpu.allows(0x2000_03FF, Access::Write, false));
        assert!(!mpu.allows(0x2000_0400, Access::Write, false));
        assert!(!mpu.allows(0x2000_0000, Access::Fetch, false));
        assert!(mpu.allows(0x5_0000, Access::Write, true), "background map");
    }

    #[test]
    fn a_part_of_a_region_can_be_off() {
        let mpu = Mpu::default();
        // 256 bytes, the last 32 of them off.
        mpu.store(0x0C, 0x2000_0000 | 1 << 4 | 3).unwrap();
        mpu.store(0x10, 3 << 24 | 0x80 << 8 | 7 << 1 | 1).unwrap();
        mpu.store(0x04, 1).unwrap();
        assert!(mpu.allows(0x2000_00DF, Access::Write, false));
        assert!(!mpu.allows(0x2000_00E0, Access::Write, false));
        assert!(
            !mpu.allows(0x2000_0100, Access::Write, true),
            "no background"
        );
        assert_eq!(mpu.load(0x08), Some(3));
    }

    #[test]
    fn the_region_with_the_highest_number_counts() {
        let mpu = Mpu::default();
        mpu.set_regions(&[
            Region::new(0, 0x1000, Permission::ReadWrite).unwrap(),
            Region::new(0, 0x100, Permission::Read).unwrap(),
        ]);
        assert!(!mpu.allows(0x80, Access::Write, false));
        assert!(mpu.allows(0x180, Access::Write, false));
    }

    #[test]
    fn regions_are_aligned_powers_of_two() {
        assert_eq!(Region::new(0x100, 0x200, Permission::Read), None);
        assert_eq!(Region::new(0, 48, Permission::Read), None);
        assert_eq!(Region::new(0, 16, Permission::Read), None);
    }
}
