// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A scheduler that looks for the dead.
//!
//! Tock tells no capsule that a process has died. A board that wraps its scheduler in
//! [`SweepingScheduler`] has the leases of the dead swept once in each pass of the kernel
//! loop, before anything else of that pass. While no process holds a lease it costs
//! one comparison.

use crate::driver::Driver;
use crate::features::{Features, Full};
use kernel::ProcessId;
use kernel::platform::chip::Chip;
use kernel::process::StoppedExecutingReason;
use kernel::scheduler::{Scheduler, SchedulingDecision};

/// Delegates everything to `inner`, and sweeps.
pub struct SweepingScheduler<'a, S, F: Features = Full> {
    inner: &'a S,
    driver: &'a Driver<'a, F>,
}

impl<'a, S, F: Features> SweepingScheduler<'a, S, F> {
    /// Wraps the board's scheduler.
    pub const fn new(inner: &'a S, driver: &'a Driver<'a, F>) -> SweepingScheduler<'a, S, F> {
        SweepingScheduler { inner, driver }
    }
}

impl<C: Chip, S: Scheduler<C>, F: Features> Scheduler<C> for SweepingScheduler<'_, S, F> {
    fn next(&self) -> SchedulingDecision {
        self.inner.next()
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        self.inner.result(result, execution_time_us);
    }

    fn execute_kernel_work(&self, chip: &C) {
        self.inner.execute_kernel_work(chip);
    }

    fn do_kernel_work_now(&self, chip: &C) -> bool {
        // Here and not in `next`: what the sweep finds is kernel work of this pass.
        if self.driver.needs_sweep() {
            self.driver.sweep();
        }
        self.inner.do_kernel_work_now(chip)
    }

    fn continue_process(&self, id: ProcessId, chip: &C) -> bool {
        self.inner.continue_process(id, chip)
    }
}
