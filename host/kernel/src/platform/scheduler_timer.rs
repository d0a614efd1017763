// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The timer that ends a process's slice of time.

use core::num::NonZeroU32;

/// Measures one slice of time.
pub trait SchedulerTimer {
    /// Starts a slice of `us` microseconds.
    fn start(&self, us: NonZeroU32);

    /// Ends the slice. Only [`start`](SchedulerTimer::start) may follow.
    fn reset(&self);

    /// From now on an interrupt is to occur when the slice is over.
    fn arm(&self);

    /// No interrupt is needed any more; the slice goes on.
    fn disarm(&self);

    /// How many microseconds are left, or `None` when the slice is over. Once
    /// it has returned `None`, only [`start`](SchedulerTimer::start) makes its
    /// answer mean anything again.
    fn get_remaining_us(&self) -> Option<NonZeroU32>;
}

/// Never ends a slice.
impl SchedulerTimer for () {
    fn start(&self, _us: NonZeroU32) {}

    fn reset(&self) {}

    fn arm(&self) {}

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(10_000)
    }
}
