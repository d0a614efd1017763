// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whose turn it is: round robin, unless somebody else decides.

use crate::chance::Chance;
use crate::chip::SimChip;
use kernel::deferred_call::DeferredCall;
use kernel::platform::chip::Chip;
use kernel::process::ProcessSlot;
use kernel::process::StoppedExecutingReason;
use kernel::scheduler::{Scheduler, SchedulingDecision};
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_host_platform::round_robin::RoundRobin;

/// Longer than anything that an app does without a system call.
const SLICE_US: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// The scheduler.
pub struct Turns {
    round_robin: RoundRobin,
    slots: &'static [ProcessSlot],
    chance: RefCell<Option<Rc<dyn Chance>>>,
}

impl Turns {
    /// Round robin over these slots.
    pub fn new(slots: &'static [ProcessSlot]) -> Turns {
        Turns {
            round_robin: RoundRobin::new(slots),
            slots,
            chance: RefCell::new(None),
        }
    }

    /// The slots.
    pub fn slots(&self) -> &'static [ProcessSlot] {
        self.slots
    }

    /// Has `chance` decide.
    pub fn set_chance(&self, chance: Rc<dyn Chance>) {
        *self.chance.borrow_mut() = Some(chance);
    }
}

impl Scheduler<SimChip> for Turns {
    fn next(&self) -> SchedulingDecision {
        let chance = self.chance.borrow();
        let Some(chance) = &*chance else {
            return Scheduler::<SimChip>::next(&self.round_robin);
        };
        let ready = || {
            self.slots
                .iter()
                .filter_map(ProcessSlot::get)
                .filter(|process| process.ready())
        };
        let index = match ready().count() {
            0 => return SchedulingDecision::TrySleep,
            1 => 0,
            several => chance.process(several),
        };
        match ready().nth(index) {
            Some(process) => SchedulingDecision::RunProcess((process.processid(), Some(SLICE_US))),
            None => SchedulingDecision::TrySleep,
        }
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        if self.chance.borrow().is_none() {
            Scheduler::<SimChip>::result(&self.round_robin, result, execution_time_us);
        }
    }

    /// As the trait says, and a pass is paid for.
    fn do_kernel_work_now(&self, chip: &SimChip) -> bool {
        chip.machine().pay(|cost| cost.pass);
        chip.has_pending_interrupts() || DeferredCall::has_tasks()
    }

    /// As the trait says, and deferred calls are paid for.
    fn execute_kernel_work(&self, chip: &SimChip) {
        chip.service_pending_interrupts();
        while !chip.has_pending_interrupts() && DeferredCall::has_tasks() {
            chip.machine().pay(|cost| cost.deferred_call);
            DeferredCall::service_next_pending();
            chip.machine().pay_copies();
        }
    }
}
