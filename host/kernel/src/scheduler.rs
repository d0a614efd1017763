// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Who runs next.

use core::num::NonZeroU32;

use crate::deferred_call::DeferredCall;
use crate::platform::chip::Chip;
use crate::process::{ProcessId, StoppedExecutingReason};

/// Decides, once per kernel operation, between kernel work, a process and sleep.
pub trait Scheduler<C: Chip> {
    /// Choose a process or sleep.
    fn next(&self) -> SchedulingDecision;

    /// Learn why the chosen process came back, and after how many microseconds if it had a slice.
    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>);

    /// Do the kernel's work: all interrupts, then deferred calls for as long as no interrupt is
    /// pending.
    fn execute_kernel_work(&self, chip: &C) {
        chip.service_pending_interrupts();
        while !chip.has_pending_interrupts() && DeferredCall::has_tasks() {
            DeferredCall::service_next_pending();
        }
    }

    /// Whether the kernel's work comes before any process now.
    fn do_kernel_work_now(&self, chip: &C) -> bool {
        chip.has_pending_interrupts() || DeferredCall::has_tasks()
    }

    /// Whether the running process may go on.
    fn continue_process(&self, _id: ProcessId, chip: &C) -> bool {
        !(chip.has_pending_interrupts() || DeferredCall::has_tasks())
    }
}

/// What [`Scheduler::next`] decided.
#[derive(Copy, Clone)]
pub enum SchedulingDecision {
    /// Run this process, for at most so many microseconds if a number is given.
    RunProcess((ProcessId, Option<NonZeroU32>)),
    /// Sleep, if nothing came up meanwhile.
    TrySleep,
}
