// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls as values, and the border between kernel and process. The calls themselves are
//! specified in TRD104.

use core::fmt;

use crate::errorcode::ErrorCode;
use crate::process;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

pub use crate::syscall_driver::{CommandReturn, SyscallDriver};

/// The classes of system calls, by their number (TRD104, section 4).
#[repr(u8)]
#[derive(Copy, Clone, Debug)]
pub enum SyscallClass {
    /// Give the processor back until an upcall comes.
    Yield = 0,
    /// Register an upcall.
    Subscribe = 1,
    /// Ask a driver for something.
    Command = 2,
    /// Share a buffer the kernel may write.
    ReadWriteAllow = 3,
    /// Share a buffer the kernel may only read.
    ReadOnlyAllow = 4,
    /// Operations on the process's own memory.
    Memop = 5,
    /// End or restart.
    Exit = 6,
    /// Share a buffer that both may touch at any time.
    UserspaceReadableAllow = 7,
}

impl TryFrom<u8> for SyscallClass {
    type Error = u8;

    fn try_from(syscall_class_id: u8) -> Result<SyscallClass, u8> {
        Ok(match syscall_class_id {
            0 => SyscallClass::Yield,
            1 => SyscallClass::Subscribe,
            2 => SyscallClass::Command,
            3 => SyscallClass::ReadWriteAllow,
            4 => SyscallClass::ReadOnlyAllow,
            5 => SyscallClass::Memop,
            6 => SyscallClass::Exit,
            7 => SyscallClass::UserspaceReadableAllow,
            other => return Err(other),
        })
    }
}

/// The kinds of yield.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum YieldVariant {
    /// Return at once if nothing is queued.
    NoWait {
        /// Where to note whether anything was.
        ptr: *mut u8,
    },
    /// Wait for any upcall and run it.
    Wait,
    /// Wait for one upcall and return its values without running it.
    WaitFor {
        /// Its driver.
        driver_number: usize,
        /// Its number.
        subdriver_number: usize,
    },
}

impl fmt::Display for YieldVariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            YieldVariant::NoWait { .. } => "NoWait",
            YieldVariant::Wait => "Wait",
            YieldVariant::WaitFor { .. } => "WaitFor",
        })
    }
}

/// A decoded system call.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Syscall {
    /// Class [`SyscallClass::Yield`].
    Yield {
        /// Which kind.
        yield_type: YieldVariant,
    },
    /// Class [`SyscallClass::Subscribe`].
    Subscribe {
        /// The driver.
        driver_number: usize,
        /// Which of its upcalls.
        subdriver_number: usize,
        /// The function; null to unsubscribe.
        upcall_ptr: CapabilityPtr,
        /// Handed to the function as its fourth argument.
        appdata: MachineRegister,
    },
    /// Class [`SyscallClass::Command`].
    Command {
        /// The driver.
        driver_number: usize,
        /// Which of its commands.
        subdriver_number: usize,
        /// First argument.
        arg0: usize,
        /// Second argument.
        arg1: usize,
    },
    /// Class [`SyscallClass::ReadWriteAllow`].
    ReadWriteAllow {
        /// The driver.
        driver_number: usize,
        /// Which of its buffers.
        subdriver_number: usize,
        /// Start of the buffer.
        allow_address: *mut u8,
        /// Its length in bytes.
        allow_size: usize,
    },
    /// Class [`SyscallClass::UserspaceReadableAllow`].
    UserspaceReadableAllow {
        /// The driver.
        driver_number: usize,
        /// Which of its buffers.
        subdriver_number: usize,
        /// Start of the buffer.
        allow_address: *mut u8,
        /// Its length in bytes.
        allow_size: usize,
    },
    /// Class [`SyscallClass::ReadOnlyAllow`].
    ReadOnlyAllow {
        /// The driver.
        driver_number: usize,
        /// Which of its buffers.
        subdriver_number: usize,
        /// Start of the buffer.
        allow_address: *const u8,
        /// Its length in bytes.
        allow_size: usize,
    },
    /// Class [`SyscallClass::Memop`].
    Memop {
        /// Which operation.
        operand: usize,
        /// Its argument.
        arg0: usize,
    },
    /// Class [`SyscallClass::Exit`].
    Exit {
        /// End or restart.
        which: usize,
        /// The code to leave behind.
        completion_code: usize,
    },
}

impl Syscall {
    /// The driver, for the classes that name one.
    pub fn driver_number(&self) -> Option<usize> {
        self.addressee().map(|(driver, _)| driver)
    }

    /// The number within the driver, for the classes that name a driver.
    pub fn subdriver_number(&self) -> Option<usize> {
        self.addressee().map(|(_, subdriver)| subdriver)
    }

    fn addressee(&self) -> Option<(usize, usize)> {
        match *self {
            Syscall::Subscribe {
                driver_number,
                subdriver_number,
                ..
            }
            | Syscall::Command {
                driver_number,
                subdriver_number,
                ..
            }
            | Syscall::ReadWriteAllow {
                driver_number,
                subdriver_number,
                ..
            }
            | Syscall::UserspaceReadableAllow {
                driver_number,
                subdriver_number,
                ..
            }
            | Syscall::ReadOnlyAllow {
                driver_number,
                subdriver_number,
                ..
            } => Some((driver_number, subdriver_number)),
            Syscall::Yield { .. } | Syscall::Memop { .. } | Syscall::Exit { .. } => None,
        }
    }
}

/// What a system call returns, before it is put into registers.
#[derive(Copy, Clone, Debug)]
pub enum SyscallReturn {
    /// Refused.
    Failure(ErrorCode),
    /// Refused, with a value.
    FailureU32(ErrorCode, u32),
    /// Refused, with two values.
    FailureU32U32(ErrorCode, u32, u32),
    /// Refused, with a wide value.
    FailureU64(ErrorCode, u64),
    /// Done.
    Success,
    /// Done, with a value.
    SuccessU32(u32),
    /// Done, with two values.
    SuccessU32U32(u32, u32),
    /// Done, with three values.
    SuccessU32U32U32(u32, u32, u32),
    /// Done, with a wide value.
    SuccessU64(u64),
    /// Done, with a value and a wide value.
    SuccessU32U64(u32, u64),
    /// Done, with an address that gives no right to access it.
    SuccessAddr(usize),
    /// Done, with a pointer the process may use.
    SuccessPtr(CapabilityPtr),
    /// Shared; the buffer shared before comes back.
    AllowReadWriteSuccess(*mut u8, usize),
    /// Not shared; the buffer just passed comes back.
    AllowReadWriteFailure(ErrorCode, *mut u8, usize),
    /// Shared; the buffer shared before comes back.
    UserspaceReadableAllowSuccess(*mut u8, usize),
    /// Not shared; the buffer just passed comes back.
    UserspaceReadableAllowFailure(ErrorCode, *mut u8, usize),
    /// Shared; the buffer shared before comes back.
    AllowReadOnlySuccess(*const u8, usize),
    /// Not shared; the buffer just passed comes back.
    AllowReadOnlyFailure(ErrorCode, *const u8, usize),
    /// Subscribed; the function and data subscribed before come back.
    SubscribeSuccess(*const (), usize),
    /// Not subscribed; the function and data just passed come back.
    SubscribeFailure(ErrorCode, *const (), usize),
    /// The values of the upcall waited for. Whether they mean success is the driver's affair.
    YieldWaitFor(usize, usize, usize),
}

impl SyscallReturn {
    pub(crate) fn from_command_return(result: CommandReturn) -> Self {
        result.into_inner()
    }
}

/// Why a process came back to the kernel.
#[derive(PartialEq, Copy, Clone)]
pub enum ContextSwitchReason {
    /// It made a system call.
    SyscallFired {
        /// The call.
        syscall: Syscall,
    },
    /// It did something it must not.
    Fault,
    /// Something wants the processor; the process knows nothing of it.
    Interrupted,
}

/// How an architecture enters and leaves processes.
///
/// The kernel calls it with the bounds of the memory the process may touch:
/// `accessible_memory_start` is the first byte, `app_brk` the one after the last.
pub trait UserspaceKernelBoundary {
    /// What must be kept of a process that is not running. Its default is no valid context:
    /// [`UserspaceKernelBoundary::initialize_process`] makes one.
    type StoredState: Default;

    /// How many bytes of process memory the architecture needs below the first break.
    fn initial_process_app_brk_size(&self) -> usize;

    /// Make a fresh context; at load and at every restart.
    ///
    /// # Errors
    ///
    /// The memory does not suffice.
    ///
    /// # Safety
    ///
    /// The bounds must be those of the process whose state this is.
    #[allow(clippy::result_unit_err)]
    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> Result<(), ()>;

    /// Store what the system call the process has made returns.
    ///
    /// # Errors
    ///
    /// The context does not take it.
    ///
    /// # Safety
    ///
    /// The bounds must be those of the process whose state this is.
    #[allow(clippy::result_unit_err)]
    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        return_value: SyscallReturn,
    ) -> Result<(), ()>;

    /// Make the process run a function when it is next switched to: its first function, or an
    /// upcall inside a yield.
    ///
    /// # Errors
    ///
    /// The context does not take it.
    ///
    /// # Safety
    ///
    /// The bounds must be those of the process whose state this is.
    #[allow(clippy::result_unit_err)]
    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
        upcall: process::FunctionCall,
    ) -> Result<(), ()>;

    /// Run the process until it comes back. Returns why, and its stack pointer if known.
    ///
    /// # Safety
    ///
    /// The bounds must be those of the process whose state this is.
    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut Self::StoredState,
    ) -> (ContextSwitchReason, Option<*const u8>);

    /// Print the context.
    ///
    /// # Safety
    ///
    /// The bounds must be those of the process whose state this is.
    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &Self::StoredState,
        writer: &mut dyn fmt::Write,
    );

    /// Write the context out as bytes; returns how many.
    ///
    /// # Errors
    ///
    /// `SIZE` if it does not fit, or the architecture's own code.
    fn store_context(&self, state: &Self::StoredState, out: &mut [u8]) -> Result<usize, ErrorCode>;
}
