// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board gives the kernel loop.

use crate::errorcode;
use crate::platform::chip::Chip;
use crate::platform::scheduler_timer;
use crate::platform::watchdog;
use crate::process;
use crate::scheduler::Scheduler;
use crate::syscall;
use crate::syscall_driver::SyscallDriver;

/// The parts of a board that the kernel loop uses.
pub trait KernelResources<C: Chip> {
    /// Finds the driver a system call is for.
    type SyscallDriverLookup: SyscallDriverLookup;

    /// Refuses system calls.
    type SyscallFilter: SyscallFilter;

    /// Looks at faults before the fault policy does.
    type ProcessFault: ProcessFault;

    /// Is told before a process runs.
    type ContextSwitchCallback: ContextSwitchCallback;

    /// Decides which process runs.
    type Scheduler: Scheduler<C>;

    /// Measures how long a process runs.
    type SchedulerTimer: scheduler_timer::SchedulerTimer;

    /// Watches that the kernel loop goes on.
    type WatchDog: watchdog::WatchDog;

    /// The driver lookup.
    fn syscall_driver_lookup(&self) -> &Self::SyscallDriverLookup;

    /// The system call filter.
    fn syscall_filter(&self) -> &Self::SyscallFilter;

    /// The fault hook.
    fn process_fault(&self) -> &Self::ProcessFault;

    /// The context switch hook.
    fn context_switch_callback(&self) -> &Self::ContextSwitchCallback;

    /// The scheduler.
    fn scheduler(&self) -> &Self::Scheduler;

    /// The timer of time slices.
    fn scheduler_timer(&self) -> &Self::SchedulerTimer;

    /// The watchdog.
    fn watchdog(&self) -> &Self::WatchDog;
}

/// Finds drivers by number.
pub trait SyscallDriverLookup {
    /// Runs `f` on the driver with number `driver_num`, or on `None` if the
    /// board has no such driver.
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R;
}

/// Refuses system calls of a process.
pub trait SyscallFilter {
    /// Asked about every system call but yield, exit and memop. An error is
    /// what the process gets, and the call goes no further.
    fn filter_syscall(
        &self,
        _process: &dyn process::Process,
        _syscall: &syscall::Syscall,
    ) -> Result<(), errorcode::ErrorCode> {
        Ok(())
    }
}

/// Refuses nothing.
impl SyscallFilter for () {}

/// Looks at faults before the fault policy does.
pub trait ProcessFault {
    /// `Ok` means that the cause is dealt with: the process goes on where it
    /// was. `Err` leaves the matter to the process's fault policy.
    #[allow(clippy::result_unit_err)]
    fn process_fault_hook(&self, _process: &dyn process::Process) -> Result<(), ()> {
        Err(())
    }
}

/// Leaves every fault to the fault policy.
impl ProcessFault for () {}

/// Is told before a process runs.
pub trait ContextSwitchCallback {
    /// `process` is about to run.
    fn context_switch_hook(&self, process: &dyn process::Process);
}

/// Takes no notice.
impl ContextSwitchCallback for () {
    fn context_switch_hook(&self, _process: &dyn process::Process) {}
}
