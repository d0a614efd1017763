// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Regions for the apps of `userland-tests/`.

use crate::short_id;
use spi_nor::region::{Access, Region};

/// Bytes of each region.
pub const LENGTH: u32 = 64 * 1024;

/// Which app gets which access. One that is not here has no region: `bad-input-none` wants that.
const APPS: [(&str, Access); 16] = [
    ("basic", Access::ReadWrite),
    ("bad-input-rw", Access::ReadWrite),
    ("bad-input-ro", Access::ReadOnly),
    ("log-writer", Access::ReadWrite),
    ("bulk-reader", Access::ReadOnly),
    ("bulk-verifier", Access::ReadWrite),
    ("dump", Access::ReadOnly),
    ("die-exit-open", Access::ReadWrite),
    ("die-exit-read", Access::ReadWrite),
    ("die-exit-program", Access::ReadWrite),
    ("die-exit-closing", Access::ReadWrite),
    ("die-restart-program", Access::ReadWrite),
    ("die-fault-erase", Access::ReadWrite),
    ("die-fault-read", Access::ReadWrite),
    ("die-spin-read", Access::ReadWrite),
    ("die-never-collect", Access::ReadWrite),
];

/// How many apps have a region.
pub const COUNT: usize = APPS.len();

/// One region after the other, from `start` on: [`COUNT`] times [`LENGTH`] bytes of the part.
pub const fn from(start: u32) -> [Region; COUNT] {
    let mut regions = [Region {
        app: short_id::of_name(""),
        start,
        length: 0,
        access: Access::ReadOnly,
    }; COUNT];
    let mut index = 0;
    while index < COUNT {
        let (name, access) = APPS[index];
        regions[index] = Region {
            app: short_id::of_name(name),
            start: start + index as u32 * LENGTH,
            length: LENGTH,
            access,
        };
        index += 1;
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::{COUNT, LENGTH, from};

    #[test]
    fn regions_follow_each_other_and_have_one_owner_each() {
        let regions = from(0x10_0000);
        for (index, region) in regions.iter().enumerate() {
            assert_eq!(region.start, 0x10_0000 + index as u32 * LENGTH);
            assert_eq!(region.length, LENGTH);
            let owned = regions.iter().filter(|other| other.app == region.app);
            assert_eq!(owned.count(), 1);
        }
        assert_eq!(regions.len(), COUNT);
    }
}
