// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What may go wrong in the controller, as the caller programs it.

use crate::Task;
use std::collections::VecDeque;

/// What happens to the READY event of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadyFault {
    /// The task ends and READY does not come.
    Swallow,
    /// READY comes this much after the task ended.
    Delay {
        /// Delay, ns.
        by_ns: u64,
        /// Whether it still comes if ENABLE went to 0 meanwhile.
        survives_disable: bool,
    },
    /// READY comes this much after the trigger, whether or not the task has
    /// ended by then; at the task's own end it comes again if `and_at_end`.
    Early {
        /// Time after the trigger, ns.
        after_ns: u64,
        /// Whether the genuine one comes as well.
        and_at_end: bool,
    },
    /// READY comes as it should and again this much later.
    Duplicate {
        /// Time from the first to the second, ns.
        after_ns: u64,
    },
}

/// DMA that stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DmaStop {
    /// Bytes that are moved before it stops, rounded down to a multiple of 4.
    pub after_bytes: u32,
    /// Whether the task then ends, with READY, as if all had been moved; else
    /// the peripheral stays busy until it is disabled.
    pub task_ends: bool,
}

/// Faults of the controller, each used up by the next task that it fits.
#[derive(Debug, Default)]
pub struct Faults {
    ready: VecDeque<(Option<Task>, ReadyFault)>,
    activate_hangs: u32,
    dma_stops: VecDeque<DmaStop>,
}

impl Faults {
    /// Arms a fault of READY for the next task, or the next one of a kind.
    ///
    /// Faults for one kind are used up in the order in which they were armed.
    pub fn ready(&mut self, task: Option<Task>, fault: ReadyFault) {
        self.ready.push_back((task, fault));
    }

    /// Lets the next `times` ACTIVATE tasks never end.
    pub fn activate_hangs(&mut self, times: u32) {
        self.activate_hangs = times;
    }

    /// Stops the DMA of the next READSTART or WRITESTART part-way.
    pub fn dma_stops(&mut self, stop: DmaStop) {
        self.dma_stops.push_back(stop);
    }

    /// Whether everything armed was used up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.activate_hangs == 0 && self.dma_stops.is_empty()
    }

    /// Disarms everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn take_ready(&mut self, task: Task) -> Option<ReadyFault> {
        let fits = |(wanted, _): &(Option<Task>, ReadyFault)| wanted.is_none_or(|w| w == task);
        let index = self.ready.iter().position(fits)?;
        self.ready.remove(index).map(|(_, fault)| fault)
    }

    pub(crate) fn take_activate_hang(&mut self) -> bool {
        let hangs = self.activate_hangs > 0;
        self.activate_hangs = self.activate_hangs.saturating_sub(1);
        hangs
    }

    pub(crate) fn take_dma_stop(&mut self) -> Option<DmaStop> {
        self.dma_stops.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_the_task_it_names() {
        let mut faults = Faults::default();
        faults.ready(Some(Task::Erase), ReadyFault::Swallow);
        faults.ready(None, ReadyFault::Duplicate { after_ns: 5 });
        assert_eq!(
            faults.take_ready(Task::Read),
            Some(ReadyFault::Duplicate { after_ns: 5 })
        );
        assert_eq!(faults.take_ready(Task::Read), None);
        assert!(!faults.is_empty());
        assert_eq!(faults.take_ready(Task::Erase), Some(ReadyFault::Swallow));
        assert!(faults.is_empty());
    }

    #[test]
    fn clear_disarms_everything() {
        let mut faults = Faults::default();
        faults.activate_hangs(2);
        faults.dma_stops(DmaStop {
            after_bytes: 4,
            task_ends: true,
        });
        faults.clear();
        assert!(faults.is_empty());
        assert!(!faults.take_activate_hang());
    }
}
