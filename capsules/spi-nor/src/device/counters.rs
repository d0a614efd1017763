// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the device has seen.

use core::cell::Cell;

/// What the device has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Times the controller was enabled.
    pub power_ups: u32,
    /// Times the controller was disabled in order.
    pub power_downs: u32,
    /// Bites begun in the hardware, read-ahead included.
    pub begun: u32,
    /// Bites ended, well or not.
    pub ended: u32,
    /// Times the controller was stopped by force.
    pub forced_stops: u32,
    /// Buffers that came back from quarantine.
    pub released: u32,
    /// Events that can't happen in the state they came in.
    pub impossible: u32,
    /// Reads begun that nobody had asked for yet.
    pub ahead: u32,
    /// Bites that had been read ahead.
    pub hits: u32,
    /// Times that a program or an erase was suspended.
    pub suspended: u32,
    /// Pages that the controller was given before the one before had ended.
    pub queued: u32,
    /// Pages of these that had to be programmed once more.
    pub repeated: u32,
}

/// The same as it is counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) power_ups: Cell<u32>,
    pub(super) power_downs: Cell<u32>,
    pub(super) begun: Cell<u32>,
    pub(super) ended: Cell<u32>,
    pub(super) forced_stops: Cell<u32>,
    pub(super) released: Cell<u32>,
    pub(super) impossible: Cell<u32>,
    pub(super) ahead: Cell<u32>,
    pub(super) hits: Cell<u32>,
    pub(super) suspended: Cell<u32>,
    pub(super) queued: Cell<u32>,
    pub(super) repeated: Cell<u32>,
}

pub(super) fn count(number: &Cell<u32>) {
    number.set(number.get().wrapping_add(1));
}

impl Tally {
    pub(super) fn counters(&self) -> Counters {
        Counters {
            power_ups: self.power_ups.get(),
            power_downs: self.power_downs.get(),
            begun: self.begun.get(),
            ended: self.ended.get(),
            forced_stops: self.forced_stops.get(),
            released: self.released.get(),
            impossible: self.impossible.get(),
            ahead: self.ahead.get(),
            hits: self.hits.get(),
            suspended: self.suspended.get(),
            queued: self.queued.get(),
            repeated: self.repeated.get(),
        }
    }
}
