// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The kernel's table of processes.

use core::cell::Cell;
use core::ops::Index;

use crate::capabilities;
use crate::process::Process;

/// A place for one process.
#[derive(Clone)]
pub struct ProcessSlot {
    pub(crate) proc: Cell<Option<&'static dyn Process>>,
}

impl ProcessSlot {
    pub(crate) fn set(&self, process: &'static dyn Process) {
        self.proc.set(Some(process));
    }

    /// Put a process here from outside this crate.
    pub fn set_external(
        &self,
        process: &'static dyn Process,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) {
        self.set(process);
    }

    /// The process here, if any.
    pub fn get(&self) -> Option<&'static dyn Process> {
        self.proc.get()
    }

    /// Whether the process here bears that number.
    pub fn contains_process_with_id(&self, identifier: usize) -> bool {
        self.get()
            .is_some_and(|process| process.processid().id() == identifier)
    }
}

/// Room for a fixed number of processes.
pub struct ProcessArray<const NUM_PROCS: usize> {
    processes: [ProcessSlot; NUM_PROCS],
}

impl<const NUM_PROCS: usize> ProcessArray<NUM_PROCS> {
    /// All slots empty.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            processes: [const {
                ProcessSlot {
                    proc: Cell::new(None),
                }
            }; NUM_PROCS],
        }
    }

    /// The slots, for [`Kernel::new`](crate::Kernel::new).
    pub fn as_slice(&self) -> &[ProcessSlot] {
        &self.processes
    }
}

impl<const NUM_PROCS: usize> Index<usize> for ProcessArray<NUM_PROCS> {
    type Output = ProcessSlot;

    fn index(&self, slot: usize) -> &ProcessSlot {
        &self.processes[slot]
    }
}
