// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the driver has seen since it was created.

/// Counters, each wrapping at 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations that were started.
    pub started: u32,
    /// Operations that ended.
    pub completed: u32,
    /// Of them, those by DMA.
    pub by_dma: u32,
    /// Looks for a grant that was not given yet.
    pub waits_for_grant: u32,
    /// Times the controller became ready to work.
    pub enabled: u32,
    /// Interrupts that found nothing in flight, or nothing done.
    pub spurious: u32,
    /// Deferred calls that found nothing to do.
    pub late: u32,
    /// Times the hardware was stopped by force.
    pub forced_stops: u32,
    /// Buffers that came back from quarantine.
    pub released: u32,
    /// Events that can't occur in the state they occurred in. Anything but 0 is a
    /// defect of this driver.
    pub impossible: u32,
}
