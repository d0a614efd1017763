// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the driver has seen since it was created.

use core::cell::Cell;

/// Counters, each wrapping at 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations that were started.
    pub started: u32,
    /// Operations that ended by READY.
    pub completed: u32,
    /// Times the controller became ready to work.
    pub enabled: u32,
    /// Interrupts that found nothing in flight, or no event.
    pub spurious: u32,
    /// Events that came while the peripheral still was busy.
    pub premature: u32,
    /// Clock callbacks that nobody waited for.
    pub late_clock: u32,
    /// Times the hardware was stopped by force.
    pub forced_stops: u32,
    /// Buffers that came back from quarantine.
    pub released: u32,
    /// Events that can't occur in the state they occurred in. Anything but 0 is a
    /// defect of this driver.
    pub impossible: u32,
}

/// The same as it is counted.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) started: Cell<u32>,
    pub(crate) completed: Cell<u32>,
    pub(crate) enabled: Cell<u32>,
    pub(crate) spurious: Cell<u32>,
    pub(crate) premature: Cell<u32>,
    pub(crate) late_clock: Cell<u32>,
    pub(crate) forced_stops: Cell<u32>,
    pub(crate) released: Cell<u32>,
    pub(crate) impossible: Cell<u32>,
}

impl Tally {
    pub(crate) fn counters(&self) -> Counters {
        Counters {
            started: self.started.get(),
            completed: self.completed.get(),
            enabled: self.enabled.get(),
            spurious: self.spurious.get(),
            premature: self.premature.get(),
            late_clock: self.late_clock.get(),
            forced_stops: self.forced_stops.get(),
            released: self.released.get(),
            impossible: self.impossible.get(),
        }
    }
}

/// One more.
pub(crate) fn count(number: &Cell<u32>) {
    number.set(number.get().wrapping_add(1));
}
