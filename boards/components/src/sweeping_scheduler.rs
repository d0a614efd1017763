// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The board's scheduler with a look for the dead in each pass of the kernel loop.

use core::mem::MaybeUninit;
use kernel::component::Component;
use spi_nor::driver::Driver;
use spi_nor::features::{Features, Full};
use spi_nor::sweeping_scheduler::SweepingScheduler;

/// Memory for a [`SweepingSchedulerComponent`] around a scheduler of this type.
#[macro_export]
macro_rules! sweeping_scheduler_component_static {
    ($S:ty $(,)?) => {{ kernel::static_buf!(spi_nor::sweeping_scheduler::SweepingScheduler<'static, $S>) }};
    ($S:ty, $F:ty $(,)?) => {{ kernel::static_buf!(spi_nor::sweeping_scheduler::SweepingScheduler<'static, $S, $F>) }};
}

/// What the component makes, and a board names as its `KernelResources::Scheduler`.
pub type SweepingSchedulerType<S, F = Full> = SweepingScheduler<'static, S, F>;

/// Wraps `scheduler`.
pub struct SweepingSchedulerComponent<S: 'static, F: Features + 'static = Full> {
    scheduler: &'static S,
    driver: &'static Driver<'static, F>,
}

impl<S, F: Features> SweepingSchedulerComponent<S, F> {
    /// Leases of `driver` that the dead held are gone within one pass of the kernel loop.
    pub fn new(scheduler: &'static S, driver: &'static Driver<'static, F>) -> Self {
        SweepingSchedulerComponent { scheduler, driver }
    }
}

impl<S: 'static, F: Features> Component for SweepingSchedulerComponent<S, F> {
    type StaticInput = &'static mut MaybeUninit<SweepingScheduler<'static, S, F>>;
    type Output = &'static SweepingSchedulerType<S, F>;

    fn finalize(self, memory: Self::StaticInput) -> Self::Output {
        memory.write(SweepingScheduler::new(self.scheduler, self.driver))
    }
}
