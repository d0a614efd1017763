// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Round-robin scheduling, as upstream's `capsules_system::scheduler::round_robin` does it.

use core::cell::{Cell, RefCell};
use core::num::NonZeroU32;
use std::collections::VecDeque;

use kernel::platform::chip::Chip;
use kernel::process::{ProcessSlot, StoppedExecutingReason};
use kernel::scheduler::{Scheduler, SchedulingDecision};

const DEFAULT_TIMESLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// A queue of slots: the first ready one runs, and goes to the tail unless the kernel took the
/// processor away from it in the middle of its slice.
pub struct RoundRobin {
    order: RefCell<VecDeque<&'static ProcessSlot>>,
    timeslice_us: NonZeroU32,
    /// What is left to the head of the slice it was interrupted in.
    unused_us: Cell<Option<NonZeroU32>>,
}

impl RoundRobin {
    /// Slots in the order of their first turns, with a slice of 10 ms.
    pub fn new(slots: &'static [ProcessSlot]) -> Self {
        Self::new_with_time(slots, DEFAULT_TIMESLICE_US)
    }

    /// As [`RoundRobin::new`], with another slice.
    pub fn new_with_time(slots: &'static [ProcessSlot], timeslice_us: NonZeroU32) -> Self {
        RoundRobin {
            order: RefCell::new(slots.iter().collect()),
            timeslice_us,
            unused_us: Cell::new(None),
        }
    }
}

impl<C: Chip> Scheduler<C> for RoundRobin {
    fn next(&self) -> SchedulingDecision {
        let mut order = self.order.borrow_mut();
        for _ in 0..order.len() {
            let ready = order
                .front()
                .and_then(|slot| slot.get())
                .filter(|process| process.ready());
            if let Some(process) = ready {
                let timeslice_us = self.unused_us.get().unwrap_or(self.timeslice_us);
                return SchedulingDecision::RunProcess((process.processid(), Some(timeslice_us)));
            }
            order.rotate_left(1);
        }
        SchedulingDecision::TrySleep
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        let unused_us = match result {
            StoppedExecutingReason::KernelPreemption => {
                let slice_us = self.unused_us.get().unwrap_or(self.timeslice_us);
                execution_time_us
                    .and_then(|used_us| slice_us.get().checked_sub(used_us))
                    .and_then(NonZeroU32::new)
            }
            StoppedExecutingReason::NoWorkLeft
            | StoppedExecutingReason::StoppedFaulted
            | StoppedExecutingReason::Stopped
            | StoppedExecutingReason::TimesliceExpired => None,
        };
        self.unused_us.set(unused_us);
        if unused_us.is_none() {
            let mut order = self.order.borrow_mut();
            if !order.is_empty() {
                order.rotate_left(1);
            }
        }
    }
}
