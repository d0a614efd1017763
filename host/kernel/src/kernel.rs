// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The kernel object: the table of processes and the main loop.

use core::cell::Cell;

use crate::capabilities;
use crate::deferred_call::DeferredCall;
use crate::grant::{AllowRoSize, AllowRwSize, Grant, UpcallSize};
use crate::ipc;
use crate::platform::chip::Chip;
use crate::platform::platform::KernelResources;
use crate::platform::watchdog::WatchDog;
use crate::process::{Process, ProcessId, ProcessSlot, ShortId};
use crate::scheduler::{Scheduler, SchedulingDecision};

mod dispatch;
mod turn;

/// The kernel of one board.
pub struct Kernel {
    processes: &'static [ProcessSlot],
    /// The number of the next incarnation of any process.
    next_identifier: Cell<usize>,
    grant_count: Cell<usize>,
    /// Set when the first process is loaded, for its table of grants has a fixed length.
    grants_finalized: Cell<bool>,
}

impl Kernel {
    /// A kernel over this table of processes.
    pub const fn new(processes: &'static [ProcessSlot]) -> Kernel {
        Kernel {
            processes,
            next_identifier: Cell::new(0),
            grant_count: Cell::new(0),
            grants_finalized: Cell::new(false),
        }
    }

    pub(crate) fn slots(&self) -> &'static [ProcessSlot] {
        self.processes
    }

    /// The process, if this very incarnation is still in its slot; dead or alive.
    pub(crate) fn get_process(&self, processid: ProcessId) -> Option<&'static dyn Process> {
        self.processes
            .get(processid.index)?
            .get()
            .filter(|process| process.processid() == processid)
    }

    pub(crate) fn process_map_or<F, R>(&self, default: R, processid: ProcessId, closure: F) -> R
    where
        F: FnOnce(&dyn Process) -> R,
    {
        self.get_process(processid).map_or(default, closure)
    }

    /// Call `closure` with the process, dead or alive, or return `default` if that incarnation is
    /// gone.
    pub fn process_map_or_external<F, R>(
        &self,
        default: R,
        processid: ProcessId,
        closure: F,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> R
    where
        F: FnOnce(&dyn Process) -> R,
    {
        self.process_map_or(default, processid, closure)
    }

    fn process_iter(&self) -> impl Iterator<Item = &'static dyn Process> + use<> {
        self.processes.iter().filter_map(ProcessSlot::get)
    }

    /// All processes, dead or alive, in slot order.
    pub fn process_iter_capability(
        &self,
        _capability: &dyn capabilities::ProcessManagementCapability,
    ) -> impl Iterator<Item = &dyn Process> {
        self.process_iter()
            .map(|process| -> &dyn Process { process })
    }

    /// Call `closure` with every process, dead or alive, in slot order.
    pub fn process_each_capability<F>(
        &'static self,
        _capability: &dyn capabilities::ProcessManagementCapability,
        closure: F,
    ) where
        F: FnMut(&dyn Process),
    {
        self.process_iter().for_each(closure);
    }

    /// Give a driver its grant. All grants must be made before the first process is loaded.
    ///
    /// # Panics
    ///
    /// If a process was loaded already.
    pub fn create_grant<
        T: Default,
        Upcalls: UpcallSize,
        AllowROs: AllowRoSize,
        AllowRWs: AllowRwSize,
    >(
        &'static self,
        driver_num: usize,
        _capability: &dyn capabilities::MemoryAllocationCapability,
    ) -> Grant<T, Upcalls, AllowROs, AllowRWs> {
        assert!(
            !self.grants_finalized.get(),
            "Grants finalized. Cannot create a new grant."
        );
        let grant_num = self.grant_count.get();
        self.grant_count.set(grant_num + 1);
        Grant::new(self, driver_num, grant_num)
    }

    pub(crate) fn get_grant_count_and_finalize(&self) -> usize {
        self.grants_finalized.set(true);
        self.grant_count.get()
    }

    /// The final number of grants, for an implementation of [`Process`] outside this crate. No
    /// grant can be made afterwards.
    pub fn get_grant_count_and_finalize_external(
        &self,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) -> usize {
        self.get_grant_count_and_finalize()
    }

    pub(crate) fn create_process_identifier(&self) -> usize {
        let identifier = self.next_identifier.get();
        self.next_identifier.set(identifier + 1);
        identifier
    }

    pub(crate) fn next_available_process_slot(&self) -> Option<(usize, &'static ProcessSlot)> {
        self.processes
            .iter()
            .enumerate()
            .find(|(_, slot)| slot.get().is_none())
    }

    /// Terminate the first process with that application id and empty its slot.
    pub(crate) fn remove_process(&self, short_id: ShortId) -> Option<&'static dyn Process> {
        let slot = self.processes.iter().find(|slot| {
            slot.get()
                .is_some_and(|process| process.short_app_id() == short_id)
        })?;
        let process = slot.get()?;
        process.terminate(None);
        slot.proc.set(None);
        Some(process)
    }

    /// Treat every process as if it had just faulted.
    pub fn hardfault_all_apps<C: capabilities::ProcessManagementCapability>(&self, _c: &C) {
        for process in self.process_iter() {
            process.set_fault_state();
        }
    }

    /// One round of the main loop: kernel work, or one process's turn, or sleep.
    ///
    /// With `no_sleep` the chip is never put to sleep.
    pub fn kernel_loop_operation<KR: KernelResources<C>, C: Chip, const NUM_PROCS: u8>(
        &self,
        resources: &KR,
        chip: &C,
        ipc: Option<&ipc::IPC<NUM_PROCS>>,
        no_sleep: bool,
        _capability: &dyn capabilities::MainLoopCapability,
    ) {
        let scheduler = resources.scheduler();
        resources.watchdog().tickle();

        if scheduler.do_kernel_work_now(chip) {
            scheduler.execute_kernel_work(chip);
            return;
        }
        match scheduler.next() {
            SchedulingDecision::RunProcess((processid, timeslice_us)) => {
                if let Some(process) = self.get_process(processid) {
                    let (reason, time_executed_us) =
                        self.do_process(resources, chip, process, ipc, timeslice_us);
                    scheduler.result(reason, time_executed_us);
                }
            }
            SchedulingDecision::TrySleep if no_sleep => {}
            SchedulingDecision::TrySleep => chip.with_interrupts_disabled(|| {
                // An interrupt may have come in since the scheduler looked.
                if !chip.has_pending_interrupts() && !DeferredCall::has_tasks() {
                    resources.watchdog().suspend();
                    chip.sleep();
                    resources.watchdog().resume();
                }
            }),
        }
    }

    /// The main loop.
    pub fn kernel_loop<KR: KernelResources<C>, C: Chip, const NUM_PROCS: u8>(
        &self,
        resources: &KR,
        chip: &C,
        ipc: Option<&ipc::IPC<NUM_PROCS>>,
        capability: &dyn capabilities::MainLoopCapability,
    ) -> ! {
        resources.watchdog().setup();
        DeferredCall::verify_setup();
        loop {
            self.kernel_loop_operation(resources, chip, ipc, false, capability);
        }
    }
}
