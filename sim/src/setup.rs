// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The board as the program builds it: the nRF52840DK's pins and clock.

use crate::board::{BUFFER_SIZE, Settings};
use crate::console::Sink;
use nrf52840_qspi::Divider;
use qspi_models::nor::{Backing, BusyTime, PartSpec};
use qspi_models::{Nor, Qspi};
use std::rc::Rc;
use tock_host_platform::coroutine::Teardown;

/// The part on the nRF52840DK.
pub const DEFAULT_PART: &str = "MX25R6435F";

/// How long the part stays powered with nothing to do, in µs.
pub const IDLE_US: u32 = 20_000;

/// What a switch to an app and back costs, in ns. An estimate of the order of a
/// hundred instructions at 64 MHz; unverified on silicon.
pub const SWITCH_NS: u64 = 2_000;

/// What the part's busy times are drawn from, besides the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Always the typical time.
    Typical,
    /// From typical to maximum, drawn from a seed.
    Seeded(u64),
}

/// A board with `part` on it, its content in `backing`, 32 MHz on four lines.
pub fn settings(
    part: &PartSpec,
    backing: Box<dyn Backing>,
    pace: Pace,
    sink: Rc<dyn Sink>,
) -> Settings {
    let mut flash = Nor::with_backing(part, backing);
    match pace {
        Pace::Typical => flash.set_busy_time(BusyTime::Typical),
        Pace::Seeded(seed) => {
            flash.set_busy_time(BusyTime::Uniform { seed });
            flash.set_seed(seed);
        }
    }
    Settings {
        qspi: Qspi::new(flash),
        divider: Divider::MHZ_32,
        idle_us: IDLE_US,
        buffer_bytes: BUFFER_SIZE,
        switch_ns: SWITCH_NS,
        sink,
        app_teardown: Teardown::Unwind,
        flash_range: None,
        storage_range: None,
    }
}
