// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The watchdog as the kernel loop drives it.

/// A timer that resets the board unless the kernel keeps calling.
pub trait WatchDog {
    /// Starts the watchdog, before the first round of the kernel loop.
    fn setup(&self) {}

    /// Shows that the kernel is alive, and ends a suspension.
    fn tickle(&self) {}

    /// Keeps the watchdog quiet until the next
    /// [`tickle`](WatchDog::tickle), since the chip is about to sleep.
    fn suspend(&self) {}

    /// Ends a suspension, when the chip has slept.
    fn resume(&self) {
        self.tickle();
    }
}

/// A board without a watchdog.
impl WatchDog for () {}
