// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One process's turn: everything from being picked to giving the processor back.

use core::num::NonZeroU32;

use crate::ipc;
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::platform::mpu::MPU;
use crate::platform::platform::{ContextSwitchCallback, KernelResources, ProcessFault};
use crate::platform::scheduler_timer::SchedulerTimer;
use crate::process::{Process, State, StoppedExecutingReason, Task};
use crate::scheduler::Scheduler;
use crate::syscall::{ContextSwitchReason, SyscallReturn};
use crate::upcall::UpcallId;

/// A slice with no more than this left is over: another switch would not pay.
const MIN_QUANTA_THRESHOLD_US: u32 = 500;

/// Whether the turn goes on after one step.
enum Step {
    Continue,
    End(StoppedExecutingReason),
}

impl Kernel {
    /// Run a process until it has nothing to do, its slice is over or the scheduler objects.
    /// Returns why, and how long it took if it had a slice.
    pub(super) fn do_process<KR: KernelResources<C>, C: Chip, const NUM_PROCS: u8>(
        &self,
        resources: &KR,
        chip: &C,
        process: &dyn Process,
        ipc: Option<&ipc::IPC<NUM_PROCS>>,
        timeslice_us: Option<NonZeroU32>,
    ) -> (StoppedExecutingReason, Option<u32>) {
        let timer: &dyn SchedulerTimer = match timeslice_us {
            Some(_) => resources.scheduler_timer(),
            None => &(),
        };
        timer.reset();
        if let Some(timeslice_us) = timeslice_us {
            timer.start(timeslice_us);
        }

        let reason = loop {
            if timer
                .get_remaining_us()
                .is_none_or(|remaining_us| remaining_us.get() <= MIN_QUANTA_THRESHOLD_US)
            {
                process.debug_timeslice_expired();
                break StoppedExecutingReason::TimesliceExpired;
            }
            if !resources
                .scheduler()
                .continue_process(process.processid(), chip)
            {
                break StoppedExecutingReason::KernelPreemption;
            }
            if !process.ready() {
                break StoppedExecutingReason::NoWorkLeft;
            }
            let step = match process.get_state() {
                State::Running => self.run(resources, chip, process, timer),
                State::Yielded => wake(process, ipc),
                State::YieldedFor(upcall_id) => answer_wait(process, upcall_id),
                State::Stopped(_) => Step::End(StoppedExecutingReason::Stopped),
                State::Faulted | State::Terminated => {
                    panic!("a dead process said it was ready to run")
                }
            };
            if let Step::End(reason) = step {
                break reason;
            }
        };

        let time_executed_us = timeslice_us.map(|timeslice_us| {
            // A timer that said "over" once must not be asked again.
            let remaining_us = match reason {
                StoppedExecutingReason::TimesliceExpired => None,
                _ => timer.get_remaining_us(),
            };
            timeslice_us.get() - remaining_us.map_or(0, NonZeroU32::get)
        });
        // It must not go off while the chip sleeps.
        timer.reset();
        (reason, time_executed_us)
    }

    /// Switch to the process and deal with why it came back.
    fn run<KR: KernelResources<C>, C: Chip>(
        &self,
        resources: &KR,
        chip: &C,
        process: &dyn Process,
        timer: &dyn SchedulerTimer,
    ) -> Step {
        resources
            .context_switch_callback()
            .context_switch_hook(process);
        process.setup_mpu();
        chip.mpu().enable_app_mpu();
        timer.arm();
        let switch_reason = process.switch_to();
        timer.disarm();
        // SAFETY: the process is not running, and the protection is enabled again before it does.
        unsafe { chip.mpu().disable_app_mpu() };

        match switch_reason {
            Some(ContextSwitchReason::SyscallFired { syscall }) => {
                self.handle_syscall(resources, process, syscall);
                Step::Continue
            }
            Some(ContextSwitchReason::Fault) => {
                if resources
                    .process_fault()
                    .process_fault_hook(process)
                    .is_err()
                {
                    process.set_fault_state();
                }
                Step::Continue
            }
            Some(ContextSwitchReason::Interrupted) => {
                if timer.get_remaining_us().is_none() {
                    process.debug_timeslice_expired();
                    Step::End(StoppedExecutingReason::TimesliceExpired)
                } else {
                    Step::Continue
                }
            }
            None => {
                process.set_fault_state();
                Step::Continue
            }
        }
    }
}

/// Give a yielded process the oldest thing in its queue.
fn wake<const NUM_PROCS: u8>(process: &dyn Process, ipc: Option<&ipc::IPC<NUM_PROCS>>) -> Step {
    match process.dequeue_task() {
        Some(Task::FunctionCall(call)) => {
            process.set_process_function(call);
            Step::Continue
        }
        // A null upcall wakes nobody (TRD104, 4.2.1). It is thrown away and costs the turn.
        Some(Task::ReturnValue(_)) | None => Step::End(StoppedExecutingReason::NoWorkLeft),
        Some(Task::IPC(_)) => match ipc {
            Some(ipc) => ipc.never(),
            None => panic!("an IPC task is queued on a kernel without IPC"),
        },
    }
}

/// Return the oldest match to a process that waits for one upcall; its function is not run.
fn answer_wait(process: &dyn Process, upcall_id: UpcallId) -> Step {
    let (value0, value1, value2) = match process.remove_upcall(upcall_id) {
        Some(Task::FunctionCall(call)) => (call.argument0, call.argument1, call.argument2),
        Some(Task::ReturnValue(values)) => (values.argument0, values.argument1, values.argument2),
        Some(Task::IPC(_)) => panic!("an IPC task was returned for a driver's upcall"),
        None => return Step::End(StoppedExecutingReason::NoWorkLeft),
    };
    process.set_syscall_return_value(SyscallReturn::YieldWaitFor(value0, value1, value2));
    Step::Continue
}
