// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A call from a driver into a process.

use core::fmt;

use crate::ErrorCode;
use crate::process::{FunctionCall, FunctionCallSource, Process, ProcessId, ReturnArguments, Task};
use crate::syscall::SyscallReturn;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

/// Names one upcall among all of all drivers.
#[derive(Copy, Clone, Eq, PartialEq)]
pub struct UpcallId {
    /// The driver.
    pub driver_num: usize,
    /// Which of its upcalls, from zero.
    pub subscribe_num: usize,
}

impl fmt::Debug for UpcallId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("UpcallId")
            .field("driver_num", &format_args!("{:#x}", self.driver_num))
            .field("subscribe_num", &self.subscribe_num)
            .finish()
    }
}

/// Why an upcall could not be queued.
///
/// That no function is subscribed is no error: the values are queued for a process that waits for
/// them.
#[derive(Copy, Clone, Debug)]
pub enum UpcallError {
    /// The grant has no upcall of that number. Nothing happened.
    InvalidSubscribeNum,
    /// The process's queue is full. Nothing was queued and nothing displaced.
    QueueFull,
    /// The process is dead, although its grant is entered.
    KernelError,
}

/// An upcall as subscribed, or as a process passes it to be subscribed.
pub(crate) struct Upcall {
    pub(crate) process_id: ProcessId,
    pub(crate) upcall_id: UpcallId,
    pub(crate) appdata: MachineRegister,
    /// The function; null for none.
    pub(crate) fn_ptr: CapabilityPtr,
}

impl Upcall {
    pub(crate) fn new(
        process_id: ProcessId,
        upcall_id: UpcallId,
        appdata: MachineRegister,
        fn_ptr: CapabilityPtr,
    ) -> Upcall {
        Upcall {
            process_id,
            upcall_id,
            appdata,
            fn_ptr,
        }
    }

    /// Queue a call with these values.
    pub(crate) fn schedule(
        &self,
        process: &dyn Process,
        r0: usize,
        r1: usize,
        r2: usize,
    ) -> Result<(), UpcallError> {
        debug_assert!(
            self.process_id == process.processid(),
            "an upcall is scheduled for the process it was built for"
        );
        let task = self.fn_ptr.map_or_else(
            || {
                Task::ReturnValue(ReturnArguments {
                    upcall_id: self.upcall_id,
                    argument0: r0,
                    argument1: r1,
                    argument2: r2,
                })
            },
            |function| {
                Task::FunctionCall(FunctionCall {
                    source: FunctionCallSource::Driver(self.upcall_id),
                    argument0: r0,
                    argument1: r1,
                    argument2: r2,
                    argument3: self.appdata,
                    pc: *function,
                })
            },
        );
        process.enqueue_task(task).map_err(|error| match error {
            ErrorCode::NOMEM => UpcallError::QueueFull,
            _ => UpcallError::KernelError,
        })
    }

    fn function(&self) -> *const () {
        self.fn_ptr.as_ptr()
    }

    /// For the upcall that was replaced.
    pub(crate) fn into_subscribe_success(self) -> SyscallReturn {
        SyscallReturn::SubscribeSuccess(self.function(), self.appdata.as_usize())
    }

    /// For the upcall that was refused.
    pub(crate) fn into_subscribe_failure(self, error: ErrorCode) -> SyscallReturn {
        SyscallReturn::SubscribeFailure(error, self.function(), self.appdata.as_usize())
    }
}
