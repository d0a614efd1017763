// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Upstream's scheduler, made as the other one is.

use capsules_system::scheduler::round_robin::{RoundRobinProcessNode, RoundRobinSched};
use core::num::NonZeroU32;
use kernel::platform::chip::Chip;
use kernel::process::{ProcessSlot, StoppedExecutingReason};
use kernel::scheduler::{Scheduler, SchedulingDecision};

/// Upstream's round robin.
pub struct RoundRobin(RoundRobinSched<'static>);

impl RoundRobin {
    /// Slots in the order of their first turns, with upstream's slice.
    pub fn new(slots: &'static [ProcessSlot]) -> Self {
        Self::over(slots, RoundRobinSched::new())
    }

    /// As [`RoundRobin::new`], with another slice.
    pub fn new_with_time(slots: &'static [ProcessSlot], timeslice_us: NonZeroU32) -> Self {
        Self::over(slots, RoundRobinSched::new_with_time(timeslice_us.get()))
    }

    fn over(slots: &'static [ProcessSlot], scheduler: RoundRobinSched<'static>) -> Self {
        for slot in slots {
            // For as long as the program runs: it has one board.
            let node = Box::leak(Box::new(RoundRobinProcessNode::new(slot)));
            scheduler.processes.push_tail(node);
        }
        RoundRobin(scheduler)
    }
}

impl<C: Chip> Scheduler<C> for RoundRobin {
    fn next(&self) -> SchedulingDecision {
        Scheduler::<C>::next(&self.0)
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        Scheduler::<C>::result(&self.0, result, execution_time_us);
    }
}
