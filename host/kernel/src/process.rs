// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel knows of a process: its names, its states, and the [`Process`] interface.

use core::fmt;
use core::num::NonZeroU32;
use core::ptr::NonNull;

use crate::capabilities;
use crate::errorcode::ErrorCode;
use crate::ipc;
use crate::kernel::Kernel;
use crate::platform::mpu;
use crate::processbuffer::{ReadOnlyProcessBuffer, ReadWriteProcessBuffer};
use crate::storage_permissions::StoragePermissions;
use crate::syscall::{ContextSwitchReason, Syscall, SyscallReturn};
use crate::upcall::UpcallId;
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

mod array;

pub use crate::process_policies::{ProcessFaultPolicy, ProcessStandardStoragePermissionsPolicy};
pub use crate::process_standard::{
    ProcessStandard, ProcessStandardDebug, ProcessStandardDebugFull,
};
pub use array::{ProcessArray, ProcessSlot};

/// The name of one incarnation of a process.
///
/// It is copied freely and may outlive what it names: every use looks the process up again, and a
/// restarted process carries a new number.
#[derive(Clone, Copy)]
pub struct ProcessId {
    /// The kernel that handed the number out.
    pub(crate) kernel: &'static Kernel,
    /// The slot the process was loaded into.
    pub(crate) index: usize,
    /// A number this kernel never hands out twice.
    identifier: usize,
}

/// Only the number counts: ids of two kernels that happen to share it compare equal.
impl PartialEq for ProcessId {
    fn eq(&self, other: &ProcessId) -> bool {
        self.identifier == other.identifier
    }
}

impl Eq for ProcessId {}

impl fmt::Debug for ProcessId {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(&self.identifier, formatter)
    }
}

impl ProcessId {
    pub(crate) fn new(kernel: &'static Kernel, identifier: usize, index: usize) -> ProcessId {
        ProcessId {
            kernel,
            index,
            identifier,
        }
    }

    /// An id made outside this crate, for an implementation of [`Process`] that lives elsewhere.
    pub fn new_external(
        kernel: &'static Kernel,
        identifier: usize,
        index: usize,
        _capability: &dyn capabilities::ExternalProcessCapability,
    ) -> ProcessId {
        ProcessId::new(kernel, identifier, index)
    }

    /// The bare number.
    pub fn id(&self) -> usize {
        self.identifier
    }

    /// The short application id of the process; [`ShortId::LocallyUnique`] if it is gone.
    pub fn short_app_id(&self) -> ShortId {
        self.kernel
            .process_map_or(ShortId::LocallyUnique, *self, |process| {
                process.short_app_id()
            })
    }

    /// First address of the flash the process may edit and the address after it; zeros if the
    /// process is gone.
    pub fn get_editable_flash_range(&self) -> (usize, usize) {
        self.kernel.process_map_or((0, 0), *self, |process| {
            let addresses = process.get_addresses();
            (addresses.flash_non_protected_start, addresses.flash_end)
        })
    }

    /// What the process may do with persistent storage; `None` if it is gone.
    pub fn get_storage_permissions(&self) -> Option<StoragePermissions> {
        self.kernel.process_map_or(None, *self, |process| {
            Some(process.get_storage_permissions())
        })
    }
}

/// A 32-bit application identifier that survives restarts and updates, if the application has one.
#[derive(Clone, Copy)]
pub enum ShortId {
    /// No fixed identifier: different from every other application's, itself included.
    LocallyUnique,
    /// The application's own identifier.
    Fixed(NonZeroU32),
}

impl PartialEq for ShortId {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (ShortId::Fixed(a), ShortId::Fixed(b)) if a == b)
    }
}

impl Eq for ShortId {}

impl From<Option<NonZeroU32>> for ShortId {
    fn from(id: Option<NonZeroU32>) -> ShortId {
        id.map_or(ShortId::LocallyUnique, ShortId::Fixed)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            ShortId::LocallyUnique => formatter.write_str("Unique"),
            ShortId::Fixed(id) => write!(formatter, "0x{id:<8x} "),
        }
    }
}

/// Why a process gave the processor back at the end of its turn.
#[derive(PartialEq, Eq)]
pub enum StoppedExecutingReason {
    /// It waits for something.
    NoWorkLeft,
    /// It faulted and was not restarted.
    StoppedFaulted,
    /// It was stopped.
    Stopped,
    /// Its time slice is used up.
    TimesliceExpired,
    /// The scheduler asked for the processor.
    KernelPreemption,
}

/// Version of an application binary.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BinaryVersion(NonZeroU32);

impl BinaryVersion {
    /// A version; zero means "none" and cannot be expressed.
    pub fn new(value: NonZeroU32) -> Self {
        Self(value)
    }
}

/// What the kernel may ask of a process, whatever implements it.
///
/// Left out against upstream, because no application header (TBF) exists on the host:
/// `get_credential` and `get_command_permissions`.
pub trait Process {
    /// The id of the present incarnation.
    fn processid(&self) -> ProcessId;

    /// The short application id.
    fn short_app_id(&self) -> ShortId;

    /// Version of the binary, if it carries one.
    fn binary_version(&self) -> Option<BinaryVersion>;

    /// How often the process was restarted since it was loaded.
    fn get_restart_count(&self) -> usize;

    /// The name given at load.
    fn get_process_name(&self) -> &'static str;

    /// Whether anything is queued.
    fn has_tasks(&self) -> bool;

    /// How many tasks are queued.
    fn pending_tasks(&self) -> usize;

    /// Queue a task.
    ///
    /// # Errors
    ///
    /// `NODEVICE` if the process is dead, `NOMEM` if the queue is full.
    fn enqueue_task(&self, task: Task) -> Result<(), ErrorCode>;

    /// Take the oldest task.
    fn dequeue_task(&self) -> Option<Task>;

    /// Take the oldest task of one upcall, function or none.
    fn remove_upcall(&self, upcall_id: UpcallId) -> Option<Task>;

    /// Drop the queued calls of one upcall that have a function; the number dropped is returned.
    fn remove_pending_upcalls(&self, upcall_id: UpcallId) -> usize;

    /// The present state.
    fn get_state(&self) -> State;

    /// Whether a scheduler should pick this process.
    fn ready(&self) -> bool;

    /// Whether the process is alive: running, yielded or stopped.
    fn is_running(&self) -> bool;

    /// Running becomes yielded; any other state stays.
    fn set_yielded_state(&self);

    /// Running becomes "waiting for this upcall"; so does stopped in that very wait.
    fn set_yielded_for_state(&self, upcall_id: UpcallId);

    /// Pause a live process.
    fn stop(&self);

    /// Undo [`Process::stop`].
    fn resume(&self);

    /// Apply the fault policy.
    fn set_fault_state(&self);

    /// Start a terminated process again; nothing happens in any other state.
    fn start(&self, cap: &dyn capabilities::ProcessStartCapability);

    /// Terminate and start afresh under a new id; nothing happens if it is already terminated.
    fn try_restart(&self, completion_code: Option<u32>);

    /// End the process: queue and grants go, the slot stays.
    fn terminate(&self, completion_code: Option<u32>);

    /// `None` if it never ended, else the code it ended with, if it gave one.
    fn get_completion_code(&self) -> Option<Option<u32>>;

    /// Move the end of the app-owned memory.
    ///
    /// # Errors
    ///
    /// [`Error::InactiveApp`], [`Error::AddressOutOfBounds`] or [`Error::OutOfMemory`].
    fn brk(&self, new_break: *const u8) -> Result<CapabilityPtr, Error>;

    /// As [`Process::brk`], by a distance in bytes. Returns the old break.
    ///
    /// # Errors
    ///
    /// As [`Process::brk`].
    fn sbrk(&self, increment: isize) -> Result<CapabilityPtr, Error>;

    /// How many flash regions of the app are its own to write.
    fn number_writeable_flash_regions(&self) -> usize;

    /// Offset and size in bytes of one of them; zeros if there is none.
    fn get_writeable_flash_region(&self, region_index: usize) -> (usize, usize);

    /// Note where the app put its stack.
    fn update_stack_start_pointer(&self, stack_pointer: *const u8);

    /// Note where the app put its heap.
    fn update_heap_start_pointer(&self, heap_pointer: *const u8);

    /// Check a buffer and make it shareable.
    ///
    /// # Errors
    ///
    /// `FAIL` if the process is dead, `INVAL` if the buffer is not wholly the app's.
    fn build_readwrite_process_buffer(
        &self,
        buf_start_addr: *mut u8,
        size: usize,
    ) -> Result<ReadWriteProcessBuffer, ErrorCode>;

    /// As [`Process::build_readwrite_process_buffer`]; the app's flash is allowed, too.
    ///
    /// # Errors
    ///
    /// As [`Process::build_readwrite_process_buffer`].
    fn build_readonly_process_buffer(
        &self,
        buf_start_addr: *const u8,
        size: usize,
    ) -> Result<ReadOnlyProcessBuffer, ErrorCode>;

    /// Write one byte of app memory; `false` if the address is not the app's.
    ///
    /// # Safety
    ///
    /// No reference to that byte may exist.
    unsafe fn set_byte(&self, addr: *mut u8, value: u8) -> bool;

    /// What the process may do with persistent storage.
    fn get_storage_permissions(&self) -> StoragePermissions;

    /// Load this process's memory protection.
    fn setup_mpu(&self);

    /// Open one more region to the process.
    fn add_mpu_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
    ) -> Option<mpu::Region>;

    /// Close a region opened by [`Process::add_mpu_region`].
    ///
    /// # Errors
    ///
    /// `INVAL` if it was not opened, `FAIL` if the hardware refuses.
    fn remove_mpu_region(&self, region: mpu::Region) -> Result<(), ErrorCode>;

    /// Set memory of the process aside for a grant.
    ///
    /// # Errors
    ///
    /// The process is dead, the grant exists already, its driver has another one, or there is no
    /// room.
    #[allow(clippy::result_unit_err)]
    fn allocate_grant(
        &self,
        grant_num: usize,
        driver_num: usize,
        size: usize,
        align: usize,
    ) -> Result<(), ()>;

    /// Whether the grant has memory; `None` if the process is dead or there is no such grant.
    fn grant_is_allocated(&self, grant_num: usize) -> Option<bool>;

    /// Set memory aside that belongs to no numbered grant.
    ///
    /// # Errors
    ///
    /// The process is dead or there is no room.
    #[allow(clippy::result_unit_err)]
    fn allocate_custom_grant(
        &self,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), ()>;

    /// Mark a grant as in use and hand out its memory.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyInUse`] if it is in use, [`Error::OutOfMemory`] if it has no memory,
    /// [`Error::InactiveApp`], [`Error::AddressOutOfBounds`].
    fn enter_grant(&self, grant_num: usize) -> Result<NonNull<u8>, Error>;

    /// Find the memory of a custom grant.
    ///
    /// # Errors
    ///
    /// [`Error::InactiveApp`].
    fn enter_custom_grant(
        &self,
        identifier: ProcessCustomGrantIdentifier,
    ) -> Result<*mut u8, Error>;

    /// Undo [`Process::enter_grant`].
    ///
    /// # Safety
    ///
    /// No reference into the grant may be left.
    unsafe fn leave_grant(&self, grant_num: usize);

    /// How many grants have memory; `None` if the process is dead.
    fn grant_allocated_count(&self) -> Option<usize>;

    /// The grant a driver allocated.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if it has allocated none.
    fn lookup_grant_from_driver_num(&self, driver_num: usize) -> Result<usize, Error>;

    /// Whether a function may lie there.
    fn is_valid_upcall_function_pointer(&self, upcall_fn: *const ()) -> bool;

    /// Store what the system call returns. The process runs again.
    fn set_syscall_return_value(&self, return_value: SyscallReturn);

    /// Make the process run a function when it is switched to.
    fn set_process_function(&self, callback: FunctionCall);

    /// Run the process until it comes back; `None` if it is dead.
    fn switch_to(&self) -> Option<ContextSwitchReason>;

    /// Where its memory lies.
    fn get_addresses(&self) -> ProcessAddresses;

    /// What the kernel takes of its memory.
    fn get_sizes(&self) -> ProcessSizes;

    /// The architecture's stored context, as bytes; returns how many were written.
    ///
    /// # Errors
    ///
    /// `FAIL` while the process runs, or the architecture's own error.
    fn get_stored_state(&self, out: &mut [u8]) -> Result<usize, ErrorCode>;

    /// Print everything worth knowing after a fault.
    fn print_full_process(&self, writer: &mut dyn fmt::Write);

    /// System calls made by this incarnation.
    fn debug_syscall_count(&self) -> usize;

    /// Upcalls lost by this incarnation because the queue was full.
    fn debug_dropped_upcall_count(&self) -> usize;

    /// Time slices this incarnation used up.
    fn debug_timeslice_expiration_count(&self) -> usize;

    /// Count one used-up time slice.
    fn debug_timeslice_expired(&self);

    /// Count one system call.
    fn debug_syscall_called(&self, last_syscall: Syscall);

    /// The last system call of this incarnation.
    fn debug_syscall_last(&self) -> Option<Syscall>;
}

/// Finds a custom grant within the process it was made for.
#[derive(Copy, Clone)]
pub struct ProcessCustomGrantIdentifier {
    /// Distance of its start from the end of the process's memory, in bytes.
    pub(crate) offset: usize,
}

/// Why the kernel could not do something with a process.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum Error {
    /// This incarnation is gone.
    NoSuchApp,
    /// No room in the process's memory.
    OutOfMemory,
    /// Outside the process's memory, or a number out of range.
    AddressOutOfBounds,
    /// It is there, but terminated or faulted.
    InactiveApp,
    /// The kernel contradicts itself.
    KernelError,
    /// In use further up the call chain.
    AlreadyInUse,
}

impl From<Error> for ErrorCode {
    fn from(error: Error) -> ErrorCode {
        match error {
            Error::OutOfMemory => ErrorCode::NOMEM,
            Error::AddressOutOfBounds | Error::NoSuchApp => ErrorCode::INVAL,
            Error::InactiveApp | Error::KernelError | Error::AlreadyInUse => ErrorCode::FAIL,
        }
    }
}

impl<T> From<Error> for Result<T, ErrorCode> {
    fn from(error: Error) -> Result<T, ErrorCode> {
        Err(error.into())
    }
}

/// What a process is doing.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// It wants the processor.
    Running,
    /// It waits for any upcall with a function, its first call included.
    Yielded,
    /// It waits for this upcall.
    YieldedFor(UpcallId),
    /// It was paused while doing this.
    Stopped(StoppedState),
    /// It faulted; its policy left it dead.
    Faulted,
    /// It ended.
    Terminated,
}

/// What a paused process goes back to.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum StoppedState {
    /// It ran.
    Running,
    /// It waited for any upcall.
    Yielded,
    /// It waited for this upcall.
    YieldedFor(UpcallId),
}

/// What to do about a fault.
#[derive(Copy, Clone)]
pub enum FaultAction {
    /// Panic the kernel.
    Panic,
    /// Start the process afresh.
    Restart,
    /// Leave it dead.
    Stop,
}

/// What may stand in a process's queue.
#[derive(Copy, Clone)]
pub enum Task {
    /// Call this function.
    FunctionCall(FunctionCall),
    /// An upcall without a function: only a wait for it collects its values.
    ReturnValue(ReturnArguments),
    /// Inter-process communication; never queued on the host.
    IPC((ProcessId, ipc::IPCUpcallType)),
}

/// Who asked for a function call.
#[derive(Copy, Clone, Debug)]
pub enum FunctionCallSource {
    /// The kernel: the first call of an incarnation.
    Kernel,
    /// A driver's upcall.
    Driver(UpcallId),
}

/// A call the process is to make.
#[derive(Copy, Clone, Debug)]
pub struct FunctionCall {
    /// Who asked for it.
    pub source: FunctionCallSource,
    /// First argument.
    pub argument0: usize,
    /// Second argument.
    pub argument1: usize,
    /// Third argument.
    pub argument2: usize,
    /// Fourth argument: an upcall's application data.
    pub argument3: MachineRegister,
    /// The function.
    pub pc: CapabilityPtr,
}

/// The values of an upcall without a function.
#[derive(Copy, Clone, Debug)]
pub struct ReturnArguments {
    /// Which upcall.
    pub upcall_id: UpcallId,
    /// First value.
    pub argument0: usize,
    /// Second value.
    pub argument1: usize,
    /// Third value.
    pub argument2: usize,
}

/// Where a process's memory lies. "End" is the address after the last byte.
pub struct ProcessAddresses {
    /// Start of its flash.
    pub flash_start: usize,
    /// Start of the flash it may see, after what the kernel keeps there.
    pub flash_non_protected_start: usize,
    /// End of the flash a signature would cover.
    pub flash_integrity_end: *const u8,
    /// End of its flash.
    pub flash_end: usize,
    /// Start of its memory.
    pub sram_start: usize,
    /// End of the app-owned part.
    pub sram_app_brk: usize,
    /// Start of the grants.
    pub sram_grant_start: usize,
    /// End of its memory.
    pub sram_end: usize,
    /// Start of the heap, if the app told.
    pub sram_heap_start: Option<usize>,
    /// Top of the stack, if the app told.
    pub sram_stack_top: Option<usize>,
    /// Lowest stack pointer seen.
    pub sram_stack_bottom: Option<usize>,
}

/// What the kernel takes of a process's memory, in bytes.
pub struct ProcessSizes {
    /// The table of grants.
    pub grant_pointers: usize,
    /// The queue.
    pub upcall_list: usize,
    /// The process itself.
    pub process_control_block: usize,
}
