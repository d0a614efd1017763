// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel loop asks the board for.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use kernel::ErrorCode;
use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::platform::{KernelResources, ProcessFault, SyscallDriverLookup, SyscallFilter};
use kernel::process::Process;
use kernel::syscall::{Syscall, SyscallDriver};
use tock_host_platform::round_robin::RoundRobin;

use super::chip::TestChip;
use super::driver::Driver;

/// A time slice that only passes when a test says so.
#[derive(Default)]
pub struct Timer {
    remaining_us: Cell<u32>,
}

impl Timer {
    pub fn pass(&self, us: u32) {
        self.remaining_us
            .set(self.remaining_us.get().saturating_sub(us));
    }
}

impl SchedulerTimer for Timer {
    fn start(&self, us: NonZeroU32) {
        self.remaining_us.set(us.get());
    }

    fn reset(&self) {
        self.remaining_us.set(0);
    }

    fn arm(&self) {}

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.remaining_us.get())
    }
}

pub struct Resources {
    pub drivers: RefCell<Vec<&'static Driver>>,
    pub filter: Cell<Option<ErrorCode>>,
    /// Faults the hook repairs before it lets the policy have one.
    pub repairs: Cell<usize>,
    pub timer: Timer,
    pub scheduler: RoundRobin,
}

impl SyscallDriverLookup for Resources {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        let driver = self
            .drivers
            .borrow()
            .iter()
            .copied()
            .find(|driver| driver.number == driver_num);
        f(driver.map(|driver| driver as &dyn SyscallDriver))
    }
}

impl SyscallFilter for Resources {
    fn filter_syscall(&self, _process: &dyn Process, _syscall: &Syscall) -> Result<(), ErrorCode> {
        self.filter.get().map_or(Ok(()), Err)
    }
}

impl ProcessFault for Resources {
    fn process_fault_hook(&self, _process: &dyn Process) -> Result<(), ()> {
        let left = self.repairs.get().checked_sub(1).ok_or(())?;
        self.repairs.set(left);
        Ok(())
    }
}

impl KernelResources<TestChip> for Resources {
    type SyscallDriverLookup = Self;
    type SyscallFilter = Self;
    type ProcessFault = Self;
    type ContextSwitchCallback = ();
    type Scheduler = RoundRobin;
    type SchedulerTimer = Timer;
    type WatchDog = ();

    fn syscall_driver_lookup(&self) -> &Self {
        self
    }
    fn syscall_filter(&self) -> &Self {
        self
    }
    fn process_fault(&self) -> &Self {
        self
    }
    fn context_switch_callback(&self) -> &() {
        &()
    }
    fn scheduler(&self) -> &RoundRobin {
        &self.scheduler
    }
    fn scheduler_timer(&self) -> &Timer {
        &self.timer
    }
    fn watchdog(&self) -> &() {
        &()
    }
}
