// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the apps are to do, and how fast the hardware is at it.

use super::apps::{REGION, Task};
use nrf52840_qspi::Divider;
use qspi_models::nor::BusyTime;
use spi_nor::region::Grants;

/// A workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What an app does, over and over. Each begins with another one.
    pub tasks: &'static [Task],
    /// Whether apps close the device before they exit.
    pub closes: bool,
    /// Bytes of an app's region.
    pub region: u32,
    /// The part's busy times.
    pub busy_time: BusyTime,
    /// SCK.
    pub divider: Divider,
    /// What the apps may do beside their regions.
    pub grants: Grants,
    /// The part's first status register at the start of each run: what is write-protected.
    pub status: u8,
}

/// The distance of two regions, in bytes, unless they are larger.
const STRIDE: u32 = 0x1_0000;

impl Workload {
    /// Small programs, reads and erases on a part that is typical, at 32 MHz.
    pub const DEFAULT: Workload = Workload {
        tasks: &[Task::Program, Task::Read, Task::Erase],
        closes: false,
        region: REGION,
        busy_time: BusyTime::Typical,
        divider: Divider::MHZ_32,
        grants: Grants::NONE,
        status: 0,
    };

    /// Where the region of process `index` begins, in bytes.
    pub fn region_start(&self, index: usize) -> u32 {
        index as u32 * self.region.next_multiple_of(STRIDE)
    }
}
