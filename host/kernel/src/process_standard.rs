// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The process every board uses.
//!
//! Against upstream it is loaded by the embedder (`kernel::host`) instead of from an application
//! header, and the process object, its queue and its table of grants lie outside the process's
//! memory; what they would take there is charged all the same.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::mem::{align_of, size_of};
use core::ptr::NonNull;
use std::collections::VecDeque;

use crate::capabilities;
use crate::errorcode::ErrorCode;
use crate::host::{LoadError, ProcessSpec};
use crate::kernel::Kernel;
use crate::platform::chip::Chip;
use crate::platform::mpu::{self, MPU};
use crate::process::{
    BinaryVersion, Error, FaultAction, FunctionCall, FunctionCallSource, Process, ProcessAddresses,
    ProcessCustomGrantIdentifier, ProcessFaultPolicy, ProcessId, ProcessSizes, ReturnArguments,
    ShortId, State, StoppedState, Task,
};
use crate::processbuffer::{ReadOnlyProcessBuffer, ReadWriteProcessBuffer};
use crate::storage_permissions::StoragePermissions;
use crate::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use crate::upcall::UpcallId;
use crate::utilities::capability_ptr::{CapabilityPtr, CapabilityPtrPermissions};

mod debug;
mod memory;

pub use debug::{ProcessStandardDebug, ProcessStandardDebugFull};
use memory::Memory;

/// Length of the queue. Upstream's ring of ten keeps one place free.
pub(crate) const QUEUE_CAPACITY: usize = 9;

/// Places in upstream's ring.
const RING_LEN: usize = QUEUE_CAPACITY + 1;

/// One grant of the process.
#[derive(Clone, Copy, Default)]
struct GrantEntry {
    driver_num: usize,
    memory: Option<NonNull<u8>>,
    entered: bool,
}

/// What an entry of the table of grants takes upstream: a driver number and a pointer.
const GRANT_ENTRY_SIZE: usize = 2 * size_of::<usize>();

type ContextOf<C> = <<C as Chip>::UserspaceKernelBoundary as UserspaceKernelBoundary>::StoredState;
type MpuConfigOf<C> = <<C as Chip>::MPU as MPU>::MpuConfig;

/// A process on a given chip, with a given place for debug records.
pub struct ProcessStandard<'a, C: 'static + Chip, D: 'static + ProcessStandardDebug + Default> {
    process_id: Cell<ProcessId>,
    app_id: ShortId,
    name: &'static str,
    kernel: &'static Kernel,
    chip: &'static C,
    init_fn: CapabilityPtr,
    memory: Memory,
    grants: RefCell<Box<[GrantEntry]>>,
    context: RefCell<ContextOf<C>>,
    tasks: RefCell<VecDeque<Task>>,
    state: Cell<State>,
    /// Whether the upcall a process in [`State::YieldedFor`] waits for is queued, as far as the
    /// last thing that happened to the queue tells.
    is_yield_wait_for_ready: Cell<bool>,
    restart_count: Cell<usize>,
    completion_code: Cell<Option<Option<u32>>>,
    fault_policy: &'a dyn ProcessFaultPolicy,
    storage_permissions: Cell<StoragePermissions>,
    mpu_config: RefCell<MpuConfigOf<C>>,
    mpu_regions: [Cell<Option<mpu::Region>>; 6],
    debug: D,
}

impl<'a, C: Chip, D: ProcessStandardDebug> ProcessStandard<'a, C, D> {
    /// Bytes of process memory the kernel takes at load.
    fn kernel_len_at_load(grant_count: usize) -> usize {
        let end = grant_count * GRANT_ENTRY_SIZE
            + RING_LEN * size_of::<Task>()
            + size_of::<ProcessStandard<'static, C, D>>();
        end.next_multiple_of(align_of::<usize>())
    }

    /// Bytes of process memory the kernel takes after a restart: upstream then charges the largest
    /// possible gap before each of table, queue and process.
    fn kernel_len_at_restart(grant_count: usize) -> usize {
        Self::kernel_len_at_load(grant_count)
            + align_of::<usize>()
            + align_of::<Task>()
            + align_of::<ProcessStandard<'static, C, D>>()
    }

    pub(crate) fn new(
        kernel: &'static Kernel,
        chip: &'static C,
        index: usize,
        spec: &ProcessSpec<'a, C, D>,
    ) -> Result<Self, LoadError> {
        let grant_count = kernel.get_grant_count_and_finalize();
        let boundary = chip.userspace_kernel_boundary();
        let app_len = boundary.initial_process_app_brk_size();
        let needed = app_len
            .max(spec.minimum_ram)
            .saturating_add(Self::kernel_len_at_restart(grant_count));
        if spec.memory.len() < needed {
            return Err(LoadError::NotEnoughMemory { needed });
        }
        let start = spec.memory.cast::<u8>().as_ptr();
        if !start.addr().is_multiple_of(align_of::<u128>())
            || !spec.memory.len().is_multiple_of(align_of::<u128>())
        {
            return Err(LoadError::Misaligned);
        }

        let mut mpu_config = chip.mpu().new_config().ok_or(LoadError::Mpu)?;
        Self::configure_mpu(chip, spec, grant_count, &mut mpu_config)?;

        let mut context = ContextOf::<C>::default();
        // SAFETY: `ProcessSpec` promises that the region is the process's own.
        unsafe { boundary.initialize_process(start, start.wrapping_add(app_len), &mut context) }
            .or(Err(LoadError::Context))?;

        let process = ProcessStandard {
            process_id: Cell::new(ProcessId::new(
                kernel,
                kernel.create_process_identifier(),
                index,
            )),
            app_id: spec.short_id,
            name: spec.name,
            kernel,
            chip,
            // SAFETY: the flash is the process's own, and only it runs the function.
            init_fn: unsafe {
                CapabilityPtr::new_with_authority(
                    spec.init_fn,
                    spec.flash.start(),
                    spec.flash.len(),
                    CapabilityPtrPermissions::Execute,
                )
            },
            memory: Memory::new(
                spec.memory,
                spec.flash,
                app_len,
                Self::kernel_len_at_load(grant_count),
            ),
            grants: RefCell::new(vec![GrantEntry::default(); grant_count].into_boxed_slice()),
            context: RefCell::new(context),
            tasks: RefCell::new(VecDeque::with_capacity(QUEUE_CAPACITY)),
            state: Cell::new(State::Yielded),
            is_yield_wait_for_ready: Cell::new(false),
            restart_count: Cell::new(0),
            completion_code: Cell::new(None),
            fault_policy: spec.fault_policy,
            storage_permissions: Cell::new(StoragePermissions::new_null()),
            mpu_config: RefCell::new(mpu_config),
            mpu_regions: Default::default(),
            debug: D::default(),
        };
        process
            .storage_permissions
            .set(spec.storage_permissions.get_permissions(&process));
        // The queue is empty: there is room.
        let _ = process.enqueue_task(process.init_task());
        Ok(process)
    }

    /// Open flash and memory to the app.
    fn configure_mpu(
        chip: &C,
        spec: &ProcessSpec<'a, C, D>,
        grant_count: usize,
        config: &mut MpuConfigOf<C>,
    ) -> Result<(), LoadError> {
        let flash_len = spec.flash.len();
        chip.mpu()
            .allocate_region(
                spec.flash.start() as *const u8,
                flash_len,
                flash_len,
                mpu::Permissions::ReadExecuteOnly,
                config,
            )
            .ok_or(LoadError::Mpu)?;
        Self::open_memory(
            chip,
            spec.memory.cast::<u8>().as_ptr(),
            spec.memory.len(),
            grant_count,
            config,
        )
        .ok_or(LoadError::Mpu)
    }

    /// Open the first part of exactly this memory to the app; `None` if the hardware cannot.
    fn open_memory(
        chip: &C,
        start: *const u8,
        len: usize,
        grant_count: usize,
        config: &mut MpuConfigOf<C>,
    ) -> Option<()> {
        let opened = chip.mpu().allocate_app_memory_region(
            start,
            len,
            len,
            chip.userspace_kernel_boundary()
                .initial_process_app_brk_size(),
            Self::kernel_len_at_restart(grant_count),
            mpu::Permissions::ReadWriteOnly,
            config,
        )?;
        (opened == (start, len)).then_some(())
    }

    /// The first call of an incarnation.
    fn init_task(&self) -> Task {
        Task::FunctionCall(FunctionCall {
            source: FunctionCallSource::Kernel,
            pc: self.init_fn,
            argument0: self.memory.flash().visible_start(),
            argument1: self.memory.start().addr(),
            argument2: self.memory.len(),
            argument3: self.memory.app_break().addr().into(),
        })
    }

    /// Make a fresh incarnation of a terminated process.
    fn reset(&self) -> Result<(), ErrorCode> {
        let index = self.process_id.get().index;
        self.process_id.set(ProcessId::new(
            self.kernel,
            self.kernel.create_process_identifier(),
            index,
        ));
        self.debug.reset_last_syscall();
        self.debug.reset_syscall_count();
        self.debug.reset_dropped_upcall_count();
        self.debug.reset_timeslice_expiration_count();

        let grant_count = self.kernel.get_grant_count_and_finalize();
        let boundary = self.chip.userspace_kernel_boundary();
        {
            let mut config = self.mpu_config.try_borrow_mut().or(Err(ErrorCode::FAIL))?;
            let mpu = self.chip.mpu();
            mpu.reset_config(&mut config);
            let flash = self.memory.flash();
            mpu.allocate_region(
                flash.start() as *const u8,
                flash.len(),
                flash.len(),
                mpu::Permissions::ReadExecuteOnly,
                &mut config,
            )
            .ok_or(ErrorCode::FAIL)?;
            Self::open_memory(
                self.chip,
                self.memory.start(),
                self.memory.len(),
                grant_count,
                &mut config,
            )
            .ok_or(ErrorCode::NOMEM)?;
        }
        self.memory.reset(
            boundary.initial_process_app_brk_size(),
            Self::kernel_len_at_restart(grant_count),
        );
        {
            let mut context = self.context.try_borrow_mut().or(Err(ErrorCode::RESERVE))?;
            // SAFETY: the bounds are this process's own.
            unsafe {
                boundary.initialize_process(
                    self.memory.start(),
                    self.memory.app_break(),
                    &mut context,
                )
            }
            .or(Err(ErrorCode::RESERVE))?;
        }
        self.restart_count.set(self.restart_count.get() + 1);
        self.state.set(State::Yielded);
        self.enqueue_task(self.init_task())
    }

    fn tasks<R>(&self, default: R, work: impl FnOnce(&mut VecDeque<Task>) -> R) -> R {
        match self.tasks.try_borrow_mut() {
            Ok(mut tasks) => work(&mut tasks),
            Err(_) => default,
        }
    }

    /// Set memory of the process aside.
    fn allocate_in_grant_region(&self, size: usize, align: usize) -> Option<NonNull<u8>> {
        let memory = self.memory.next_grant_start(size, align)?;
        let mut config = self.mpu_config.try_borrow_mut().ok()?;
        self.chip
            .mpu()
            .update_app_memory_region(
                self.memory.app_break(),
                memory.as_ptr(),
                mpu::Permissions::ReadWriteOnly,
                &mut config,
            )
            .ok()?;
        self.memory.set_grant_start(memory);
        Some(memory)
    }

    /// **Host only**: what is in the queue, as a digest for those who enumerate states.
    pub fn queue_fingerprint(&self, hasher: &mut impl Hasher) {
        self.tasks((), |tasks| {
            for task in tasks.iter() {
                match task {
                    Task::FunctionCall(call) => {
                        (0u8, call.pc.as_ptr::<()>().addr()).hash(hasher);
                        // The first call gets addresses, which differ from process to process.
                        if let FunctionCallSource::Driver(id) = call.source {
                            id.subscribe_num.hash(hasher);
                            (call.argument0, call.argument1, call.argument2).hash(hasher);
                        }
                    }
                    Task::ReturnValue(values) => {
                        (1u8, values.upcall_id.subscribe_num).hash(hasher);
                        (values.argument0, values.argument1, values.argument2).hash(hasher);
                    }
                    Task::IPC(_) => 2u8.hash(hasher),
                }
            }
        });
    }

    /// Host only: a copy of the queue, oldest first.
    pub(crate) fn queued_tasks(&self) -> Vec<Task> {
        self.tasks(Vec::new(), |tasks| tasks.iter().copied().collect())
    }

    /// Host only: number, driver and memory of every allocated grant.
    pub(crate) fn allocated_grants(&self) -> Vec<(usize, usize, NonNull<u8>)> {
        self.grants
            .borrow()
            .iter()
            .enumerate()
            .filter_map(|(number, entry)| Some((number, entry.driver_num, entry.memory?)))
            .collect()
    }
}

/// The upcall a task is for, if it is for one.
fn upcall_of(task: &Task) -> Option<UpcallId> {
    match task {
        Task::FunctionCall(FunctionCall {
            source: FunctionCallSource::Driver(upcall_id),
            ..
        })
        | Task::ReturnValue(ReturnArguments { upcall_id, .. }) => Some(*upcall_id),
        Task::FunctionCall(_) | Task::IPC(_) => None,
    }
}

impl<C: Chip, D: 'static + ProcessStandardDebug> Process for ProcessStandard<'_, C, D> {
    fn processid(&self) -> ProcessId {
        self.process_id.get()
    }

    fn short_app_id(&self) -> ShortId {
        self.app_id
    }

    fn binary_version(&self) -> Option<BinaryVersion> {
        None
    }

    fn get_restart_count(&self) -> usize {
        self.restart_count.get()
    }

    fn get_process_name(&self) -> &'static str {
        self.name
    }

    fn has_tasks(&self) -> bool {
        self.pending_tasks() > 0
    }

    fn pending_tasks(&self) -> usize {
        self.tasks(0, |tasks| tasks.len())
    }

    fn enqueue_task(&self, task: Task) -> Result<(), ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::NODEVICE);
        }
        let result = self.tasks(Err(ErrorCode::FAIL), |tasks| {
            if tasks.len() >= QUEUE_CAPACITY {
                return Err(ErrorCode::NOMEM);
            }
            tasks.push_back(task);
            Ok(())
        });
        if result.is_err() {
            self.debug.increment_dropped_upcall_count();
        } else if let State::YieldedFor(awaited) = self.state.get()
            && let Some(upcall_id) = upcall_of(&task)
        {
            // As upstream: the latest upcall alone decides, so another one arriving after the
            // match loses the wake-up (rows G2, N5).
            self.is_yield_wait_for_ready.set(upcall_id == awaited);
        }
        result
    }

    fn dequeue_task(&self) -> Option<Task> {
        self.tasks(None, VecDeque::pop_front)
    }

    fn remove_upcall(&self, upcall_id: UpcallId) -> Option<Task> {
        self.tasks(None, |tasks| {
            let position = tasks
                .iter()
                .position(|task| upcall_of(task) == Some(upcall_id))?;
            tasks.remove(position)
        })
    }

    fn remove_pending_upcalls(&self, upcall_id: UpcallId) -> usize {
        self.tasks(0, |tasks| {
            let before = tasks.len();
            tasks.retain(|task| {
                !matches!(task, Task::FunctionCall(_)) || upcall_of(task) != Some(upcall_id)
            });
            before - tasks.len()
        })
    }

    fn get_state(&self) -> State {
        self.state.get()
    }

    fn ready(&self) -> bool {
        match self.state.get() {
            State::Running => true,
            State::Yielded => self.has_tasks(),
            State::YieldedFor(_) => self.is_yield_wait_for_ready.get(),
            State::Stopped(_) | State::Faulted | State::Terminated => false,
        }
    }

    fn is_running(&self) -> bool {
        match self.state.get() {
            State::Running | State::Yielded | State::YieldedFor(_) | State::Stopped(_) => true,
            State::Faulted | State::Terminated => false,
        }
    }

    fn set_yielded_state(&self) {
        if self.state.get() == State::Running {
            self.state.set(State::Yielded);
        }
    }

    fn set_yielded_for_state(&self, upcall_id: UpcallId) {
        let state = self.state.get();
        if state == State::Running || state == State::Stopped(StoppedState::YieldedFor(upcall_id)) {
            self.state.set(State::YieldedFor(upcall_id));
            let is_queued = self.tasks(false, |tasks| {
                tasks.iter().any(|task| upcall_of(task) == Some(upcall_id))
            });
            self.is_yield_wait_for_ready.set(is_queued);
        }
    }

    fn stop(&self) {
        let stopped = match self.state.get() {
            State::Running => StoppedState::Running,
            State::Yielded => StoppedState::Yielded,
            State::YieldedFor(upcall_id) => StoppedState::YieldedFor(upcall_id),
            State::Stopped(_) | State::Faulted | State::Terminated => return,
        };
        self.state.set(State::Stopped(stopped));
    }

    fn resume(&self) {
        let State::Stopped(stopped) = self.state.get() else {
            return;
        };
        match stopped {
            StoppedState::Running => self.state.set(State::Running),
            StoppedState::Yielded => self.state.set(State::Yielded),
            StoppedState::YieldedFor(upcall_id) => self.set_yielded_for_state(upcall_id),
        }
    }

    fn set_fault_state(&self) {
        match self.fault_policy.action(self) {
            FaultAction::Panic => {
                self.state.set(State::Faulted);
                panic!("Process {} had a fault", self.get_process_name());
            }
            FaultAction::Restart => self.try_restart(None),
            FaultAction::Stop => {
                self.terminate(None);
                self.state.set(State::Faulted);
            }
        }
    }

    fn start(&self, _cap: &dyn capabilities::ProcessStartCapability) {
        if self.state.get() == State::Terminated {
            // A process that cannot be made afresh stays terminated.
            let _ = self.reset();
        }
    }

    fn try_restart(&self, completion_code: Option<u32>) {
        if self.state.get() != State::Terminated {
            self.terminate(completion_code);
            // A process that cannot be made afresh stays terminated.
            let _ = self.reset();
        }
    }

    fn terminate(&self, completion_code: Option<u32>) {
        if self.state.get() == State::Terminated {
            return;
        }
        self.tasks((), VecDeque::clear);
        // No destructor runs and no driver is told: the grants are just not there any more.
        if let Ok(mut grants) = self.grants.try_borrow_mut() {
            grants.fill(GrantEntry::default());
        }
        self.completion_code.set(Some(completion_code));
        self.state.set(State::Terminated);
    }

    fn get_completion_code(&self) -> Option<Option<u32>> {
        self.completion_code.get()
    }

    fn brk(&self, new_break: *const u8) -> Result<CapabilityPtr, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        let mut config = self
            .mpu_config
            .try_borrow_mut()
            .or(Err(Error::KernelError))?;
        self.memory.check_break(new_break)?;
        self.chip
            .mpu()
            .update_app_memory_region(
                new_break,
                self.memory.grant_start(),
                mpu::Permissions::ReadWriteOnly,
                &mut config,
            )
            .or(Err(Error::OutOfMemory))?;
        let old_break = self.memory.set_break(new_break);
        // SAFETY: the configuration is this process's, and it is the one that runs.
        unsafe { self.chip.mpu().configure_mpu(&config) };
        let base = self.memory.start().addr();
        // SAFETY: the bounds are this process's own, and only it gets the pointer.
        Ok(unsafe {
            CapabilityPtr::new_with_authority(
                old_break.cast::<()>(),
                base,
                new_break.addr() - base,
                CapabilityPtrPermissions::ReadWrite,
            )
        })
    }

    fn sbrk(&self, increment: isize) -> Result<CapabilityPtr, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        self.brk(self.memory.app_break().wrapping_offset(increment))
    }

    fn number_writeable_flash_regions(&self) -> usize {
        0
    }

    fn get_writeable_flash_region(&self, _region_index: usize) -> (usize, usize) {
        (0, 0)
    }

    fn update_stack_start_pointer(&self, stack_pointer: *const u8) {
        if stack_pointer >= self.memory.start() && stack_pointer < self.memory.end() {
            self.debug.set_app_stack_start_pointer(stack_pointer);
            self.debug.set_app_stack_min_pointer(stack_pointer);
        }
    }

    fn update_heap_start_pointer(&self, heap_pointer: *const u8) {
        if heap_pointer >= self.memory.start() && heap_pointer < self.memory.end() {
            self.debug.set_app_heap_start_pointer(heap_pointer);
        }
    }

    // Nothing here dereferences the address: it is checked and stored.
    #[allow(clippy::not_unsafe_ptr_arg_deref)]
    fn build_readwrite_process_buffer(
        &self,
        buf_start_addr: *mut u8,
        size: usize,
    ) -> Result<ReadWriteProcessBuffer, ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::FAIL);
        }
        if size > 0 {
            if !self.memory.is_app_ram(buf_start_addr, size) {
                return Err(ErrorCode::INVAL);
            }
            self.memory
                .raise_high_water_mark(buf_start_addr.wrapping_add(size));
        }
        // SAFETY: empty, or app memory as long as this incarnation exists: the break never goes
        // below it again.
        Ok(unsafe { ReadWriteProcessBuffer::new(buf_start_addr, size, self.processid()) })
    }

    #[allow(clippy::not_unsafe_ptr_arg_deref)]
    fn build_readonly_process_buffer(
        &self,
        buf_start_addr: *const u8,
        size: usize,
    ) -> Result<ReadOnlyProcessBuffer, ErrorCode> {
        if !self.is_running() {
            return Err(ErrorCode::FAIL);
        }
        if size > 0 {
            if self.memory.is_app_ram(buf_start_addr, size) {
                self.memory
                    .raise_high_water_mark(buf_start_addr.wrapping_add(size));
            } else if !self.memory.is_app_flash(buf_start_addr, size) {
                return Err(ErrorCode::INVAL);
            }
        }
        // SAFETY: empty, or flash, or app memory as long as this incarnation exists: the break
        // never goes below it again.
        Ok(unsafe { ReadOnlyProcessBuffer::new(buf_start_addr, size, self.processid()) })
    }

    unsafe fn set_byte(&self, addr: *mut u8, value: u8) -> bool {
        if !self.memory.is_app_ram(addr, 1) {
            return false;
        }
        // SAFETY: an app-owned byte to which, as the caller promises, no reference exists.
        unsafe { addr.write(value) };
        true
    }

    fn get_storage_permissions(&self) -> StoragePermissions {
        self.storage_permissions.get()
    }

    fn setup_mpu(&self) {
        if let Ok(config) = self.mpu_config.try_borrow() {
            // SAFETY: the configuration is this process's, and it is about to run.
            unsafe { self.chip.mpu().configure_mpu(&config) };
        }
    }

    fn add_mpu_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
    ) -> Option<mpu::Region> {
        let mut config = self.mpu_config.try_borrow_mut().ok()?;
        let region = self.chip.mpu().allocate_region(
            unallocated_memory_start,
            unallocated_memory_size,
            min_region_size,
            mpu::Permissions::ReadWriteOnly,
            &mut config,
        )?;
        let free = self.mpu_regions.iter().find(|slot| slot.get().is_none())?;
        free.set(Some(region));
        Some(region)
    }

    fn remove_mpu_region(&self, region: mpu::Region) -> Result<(), ErrorCode> {
        let mut config = self.mpu_config.try_borrow_mut().or(Err(ErrorCode::INVAL))?;
        let slot = self
            .mpu_regions
            .iter()
            .find(|slot| slot.get() == Some(region))
            .ok_or(ErrorCode::INVAL)?;
        self.chip
            .mpu()
            .remove_memory_region(region, &mut config)
            .or(Err(ErrorCode::FAIL))?;
        slot.set(None);
        Ok(())
    }

    fn allocate_grant(
        &self,
        grant_num: usize,
        driver_num: usize,
        size: usize,
        align: usize,
    ) -> Result<(), ()> {
        // `None` also covers a dead process and a number out of range.
        if self.grant_is_allocated(grant_num) != Some(false)
            || self.lookup_grant_from_driver_num(driver_num).is_ok()
        {
            return Err(());
        }
        let memory = self.allocate_in_grant_region(size, align).ok_or(())?;
        let mut grants = self.grants.try_borrow_mut().or(Err(()))?;
        let entry = grants.get_mut(grant_num).ok_or(())?;
        *entry = GrantEntry {
            driver_num,
            memory: Some(memory),
            entered: false,
        };
        Ok(())
    }

    fn grant_is_allocated(&self, grant_num: usize) -> Option<bool> {
        if !self.is_running() {
            return None;
        }
        let grants = self.grants.try_borrow().ok()?;
        Some(grants.get(grant_num)?.memory.is_some())
    }

    fn allocate_custom_grant(
        &self,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), ()> {
        if !self.is_running() {
            return Err(());
        }
        let memory = self.allocate_in_grant_region(size, align).ok_or(())?;
        let identifier = ProcessCustomGrantIdentifier {
            offset: self.memory.end().addr() - memory.addr().get(),
        };
        Ok((identifier, memory))
    }

    fn enter_grant(&self, grant_num: usize) -> Result<NonNull<u8>, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        let mut grants = self.grants.try_borrow_mut().or(Err(Error::KernelError))?;
        let entry = grants.get_mut(grant_num).ok_or(Error::AddressOutOfBounds)?;
        let memory = entry.memory.ok_or(Error::OutOfMemory)?;
        if entry.entered {
            return Err(Error::AlreadyInUse);
        }
        entry.entered = true;
        Ok(memory)
    }

    fn enter_custom_grant(
        &self,
        identifier: ProcessCustomGrantIdentifier,
    ) -> Result<*mut u8, Error> {
        if !self.is_running() {
            return Err(Error::InactiveApp);
        }
        Ok(self.memory.end().wrapping_sub(identifier.offset))
    }

    unsafe fn leave_grant(&self, grant_num: usize) {
        if !self.is_running() {
            return;
        }
        if let Ok(mut grants) = self.grants.try_borrow_mut()
            && let Some(entry) = grants.get_mut(grant_num)
        {
            entry.entered = false;
        }
    }

    fn grant_allocated_count(&self) -> Option<usize> {
        if !self.is_running() {
            return None;
        }
        let grants = self.grants.try_borrow().ok()?;
        Some(grants.iter().filter(|entry| entry.memory.is_some()).count())
    }

    fn lookup_grant_from_driver_num(&self, driver_num: usize) -> Result<usize, Error> {
        let grants = self.grants.try_borrow().or(Err(Error::KernelError))?;
        grants
            .iter()
            .position(|entry| entry.memory.is_some() && entry.driver_num == driver_num)
            .ok_or(Error::OutOfMemory)
    }

    fn is_valid_upcall_function_pointer(&self, upcall_fn: *const ()) -> bool {
        let address = upcall_fn.cast::<u8>();
        // How long the function is nobody knows; one word must fit.
        let size = size_of::<usize>();
        self.memory.is_app_flash(address, size) || self.memory.is_app_ram(address, size)
    }

    fn set_syscall_return_value(&self, return_value: SyscallReturn) {
        let stored = self
            .context
            .try_borrow_mut()
            .or(Err(()))
            .and_then(|mut context| {
                // SAFETY: the bounds are this process's own.
                unsafe {
                    self.chip
                        .userspace_kernel_boundary()
                        .set_syscall_return_value(
                            self.memory.start(),
                            self.memory.app_break(),
                            &mut context,
                            return_value,
                        )
                }
            });
        match stored {
            Ok(()) => {
                // As upstream, whatever state it was in: what the driver did to its caller is
                // undone here (row B3).
                self.state.set(State::Running);
                self.is_yield_wait_for_ready.set(false);
            }
            Err(()) => self.set_fault_state(),
        }
    }

    fn set_process_function(&self, callback: FunctionCall) {
        let stored = self
            .context
            .try_borrow_mut()
            .or(Err(()))
            .and_then(|mut context| {
                // SAFETY: the bounds are this process's own.
                unsafe {
                    self.chip.userspace_kernel_boundary().set_process_function(
                        self.memory.start(),
                        self.memory.app_break(),
                        &mut context,
                        callback,
                    )
                }
            });
        match stored {
            Ok(()) => self.state.set(State::Running),
            Err(()) => self.set_fault_state(),
        }
    }

    fn switch_to(&self) -> Option<ContextSwitchReason> {
        if !self.is_running() {
            return None;
        }
        let mut context = self.context.try_borrow_mut().ok()?;
        // SAFETY: the bounds are this process's own.
        let (reason, stack_pointer) = unsafe {
            self.chip.userspace_kernel_boundary().switch_to_process(
                self.memory.start(),
                self.memory.app_break(),
                &mut context,
            )
        };
        if let Some(stack_pointer) = stack_pointer {
            self.debug.set_new_app_stack_min_pointer(stack_pointer);
        }
        Some(reason)
    }

    fn get_addresses(&self) -> ProcessAddresses {
        let flash = self.memory.flash();
        let address = |pointer: *const u8| pointer.addr();
        ProcessAddresses {
            flash_start: flash.start(),
            flash_non_protected_start: flash.visible_start(),
            flash_integrity_end: flash.end() as *const u8,
            flash_end: flash.end(),
            sram_start: self.memory.start().addr(),
            sram_app_brk: self.memory.app_break().addr(),
            sram_grant_start: self.memory.grant_start().addr(),
            sram_end: self.memory.end().addr(),
            sram_heap_start: self.debug.get_app_heap_start_pointer().map(address),
            sram_stack_top: self.debug.get_app_stack_start_pointer().map(address),
            sram_stack_bottom: self.debug.get_app_stack_min_pointer().map(address),
        }
    }

    fn get_sizes(&self) -> ProcessSizes {
        ProcessSizes {
            grant_pointers: self.kernel.get_grant_count_and_finalize() * GRANT_ENTRY_SIZE,
            upcall_list: RING_LEN * size_of::<Task>(),
            process_control_block: size_of::<ProcessStandard<'static, C, D>>(),
        }
    }

    fn get_stored_state(&self, out: &mut [u8]) -> Result<usize, ErrorCode> {
        let context = self.context.try_borrow().or(Err(ErrorCode::FAIL))?;
        self.chip
            .userspace_kernel_boundary()
            .store_context(&context, out)
    }

    fn print_full_process(&self, writer: &mut dyn fmt::Write) {
        // A writer that fails has nowhere to report it.
        let _ = writeln!(
            writer,
            "process {} (id {:?}): {:?}, {} restarts, {} tasks queued\r",
            self.name,
            self.processid(),
            self.state.get(),
            self.restart_count.get(),
            self.pending_tasks(),
        );
        let _ = writeln!(
            writer,
            "memory {:p} break {:p} grants {:p} end {:p}\r",
            self.memory.start(),
            self.memory.app_break(),
            self.memory.grant_start(),
            self.memory.end(),
        );
        for (number, driver_num, memory) in self.allocated_grants() {
            let _ = writeln!(
                writer,
                "grant {number} of driver {driver_num:#x} at {memory:p}\r"
            );
        }
        if let Ok(config) = self.mpu_config.try_borrow() {
            let _ = write!(writer, "{}", *config);
        }
        if let Ok(context) = self.context.try_borrow() {
            // SAFETY: the bounds are this process's own.
            unsafe {
                self.chip.userspace_kernel_boundary().print_context(
                    self.memory.start(),
                    self.memory.app_break(),
                    &context,
                    writer,
                );
            }
        }
    }

    fn debug_syscall_count(&self) -> usize {
        self.debug.get_syscall_count()
    }

    fn debug_dropped_upcall_count(&self) -> usize {
        self.debug.get_dropped_upcall_count()
    }

    fn debug_timeslice_expiration_count(&self) -> usize {
        self.debug.get_timeslice_expiration_count()
    }

    fn debug_timeslice_expired(&self) {
        self.debug.increment_timeslice_expiration_count();
    }

    fn debug_syscall_called(&self, last_syscall: Syscall) {
        self.debug.increment_syscall_count();
        self.debug.set_last_syscall(last_syscall);
    }

    fn debug_syscall_last(&self) -> Option<Syscall> {
        self.debug.get_last_syscall()
    }
}
