// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the driver has seen since it was created.

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
