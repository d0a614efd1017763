// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a simulated board gives its kernel.

use crate::chip::{SimChip, SliceTimer};
use kernel::platform::{KernelResources, SyscallDriverLookup};
use kernel::scheduler::Scheduler;

/// System-call drivers, a scheduler and a timer; everything else is as good as absent.
pub struct Resources<L, S: 'static> {
    /// The system-call drivers.
    pub drivers: L,
    /// Who runs next.
    pub scheduler: &'static S,
    /// Time slices.
    pub timer: SliceTimer,
}

impl<L: SyscallDriverLookup, S: Scheduler<SimChip>> KernelResources<SimChip> for Resources<L, S> {
    type SyscallDriverLookup = L;
    type SyscallFilter = ();
    type ProcessFault = ();
    type ContextSwitchCallback = ();
    type Scheduler = S;
    type SchedulerTimer = SliceTimer;
    type WatchDog = ();

    fn syscall_driver_lookup(&self) -> &L {
        &self.drivers
    }

    fn syscall_filter(&self) -> &() {
        &()
    }

    fn process_fault(&self) -> &() {
        &()
    }

    fn context_switch_callback(&self) -> &() {
        &()
    }

    fn scheduler(&self) -> &S {
        self.scheduler
    }

    fn scheduler_timer(&self) -> &SliceTimer {
        &self.timer
    }

    fn watchdog(&self) -> &() {
        &()
    }
}
