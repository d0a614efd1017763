// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Puts kernel, chip, drivers and apps together, and takes them apart.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use kernel::capabilities::{
    MainLoopCapability, MemoryAllocationCapability, ProcessManagementCapability,
    ProcessStartCapability,
};
use kernel::deferred_call::initialize_deferred_call_state;
use kernel::ipc::IPC;
use kernel::process::{ProcessFaultPolicy, ProcessSlot, ProcessStandardDebugFull, ShortId, Task};
use kernel::{Kernel, ProcessId};
use tock_host_platform::coroutine::{AppFunction, CoroutineBoundary, Teardown, silence_app_panics};
use tock_host_platform::policies::StopFaultPolicy;
use tock_host_platform::round_robin::RoundRobin;
use tock_host_platform::{
    Arena, Flash, LoadError, Loaded, ProcessMemory, ProcessSpec, Threads, load_process,
    process_slots, reset_thread, trace,
};

use super::app::{self, App};
use super::chip::TestChip;
use super::driver::{Driver, DriverGrant};
use super::log::logged;
use super::resources::Resources;

pub struct Caps;
// SAFETY: tests may do anything.
unsafe impl MainLoopCapability for Caps {}
// SAFETY: tests may do anything.
unsafe impl MemoryAllocationCapability for Caps {}
// SAFETY: tests may do anything.
unsafe impl ProcessManagementCapability for Caps {}
// SAFETY: tests may do anything.
unsafe impl ProcessStartCapability for Caps {}

pub type TestProcess = Loaded<TestChip, ProcessStandardDebugFull>;

pub const STACK: usize = 32 * 1024;
pub const MEMORY: usize = 64 * 1024;

const SLOTS: usize = 4;

/// More operations than any test needs.
const OPERATION_LIMIT: usize = 1000;

type Bodies = Vec<Box<Box<dyn Fn(App)>>>;

pub struct Board {
    pub kernel: &'static Kernel,
    pub chip: &'static TestChip,
    pub resources: &'static Resources,
    pub slots: &'static [ProcessSlot],
    /// Before what its processes refer to, so that it is dropped first.
    pub arena: Arena,
    memories: RefCell<Vec<Pooled>>,
    bodies: RefCell<Bodies>,
    memory_len: Cell<usize>,
    flash: Cell<Option<Flash>>,
    short_id: Cell<ShortId>,
    init_fn: Cell<AppFunction>,
}

thread_local! {
    /// Memories of boards that are gone.
    static POOL: RefCell<Vec<ProcessMemory>> = const { RefCell::new(Vec::new()) };
}

/// Zeroed memory.
fn process_memory() -> ProcessMemory {
    match POOL.with_borrow_mut(Vec::pop) {
        Some(mut memory) => {
            // SAFETY: its board is gone.
            unsafe { memory.clear() };
            memory
        }
        None => ProcessMemory::new(MEMORY).expect("memory is available"),
    }
}

/// Goes back to the pool when dropped.
struct Pooled(Option<ProcessMemory>);

impl Drop for Pooled {
    fn drop(&mut self) {
        POOL.with_borrow_mut(|pool| pool.extend(self.0.take()));
    }
}

impl Board {
    pub fn new() -> Self {
        // Tests capture reference counters, so destructors run.
        Self::with_teardown(Teardown::Unwind)
    }

    pub fn with_teardown(teardown: Teardown) -> Self {
        reset_thread();
        initialize_deferred_call_state::<Threads>();
        silence_app_panics();
        trace::begin_as_told();
        logged();
        // SAFETY: nothing but the board keeps references, and `drop` ends them in order.
        let arena = unsafe { Arena::new() };
        let slots = process_slots(&arena, SLOTS);
        let kernel = arena.alloc(Kernel::new(slots));
        let chip = arena.alloc(TestChip::new(CoroutineBoundary::new(STACK, teardown)));
        let resources = arena.alloc(Resources {
            drivers: RefCell::default(),
            filter: Cell::new(None),
            repairs: Cell::new(0),
            timer: Default::default(),
            scheduler: RoundRobin::new_with_time(slots, NonZeroU32::new(10_000).unwrap()),
        });
        Board {
            kernel,
            chip,
            resources,
            slots,
            arena,
            memories: RefCell::default(),
            bodies: RefCell::default(),
            memory_len: Cell::new(MEMORY),
            flash: Cell::new(None),
            short_id: Cell::new(ShortId::LocallyUnique),
            init_fn: Cell::new(app::entry),
        }
    }

    /// A board with one driver, number 1.
    pub fn with_driver() -> (Self, &'static Driver) {
        let board = Self::new();
        let driver = board.driver(1);
        (board, driver)
    }

    /// Only part of the memory is given to processes loaded from now on.
    pub fn set_memory_len(&self, len: usize) {
        self.memory_len.set(len);
    }

    /// Processes loaded from now on have this flash instead of the program's image.
    pub fn set_flash(&self, flash: Flash) {
        self.flash.set(Some(flash));
    }

    /// Processes loaded from now on have this application id.
    pub fn set_short_id(&self, short_id: ShortId) {
        self.short_id.set(short_id);
    }

    /// Processes loaded from now on begin with this function instead of their closure.
    pub fn set_init_fn(&self, init_fn: AppFunction) {
        self.init_fn.set(init_fn);
    }

    pub fn grant(&self, number: usize) -> DriverGrant {
        self.kernel.create_grant(number, &Caps)
    }

    pub fn driver(&self, number: usize) -> &'static Driver {
        let driver = &*self.arena.alloc(Driver::new(number, self.grant(number)));
        self.resources.drivers.borrow_mut().push(driver);
        driver
    }

    /// Load an app whose faults stop it.
    pub fn load(&self, name: &'static str, body: impl Fn(App) + 'static) -> &'static TestProcess {
        self.load_with(name, &StopFaultPolicy {}, body)
    }

    pub fn load_with(
        &self,
        name: &'static str,
        fault_policy: &'static dyn ProcessFaultPolicy,
        body: impl Fn(App) + 'static,
    ) -> &'static TestProcess {
        self.try_load(name, fault_policy, body)
            .expect("the process can be loaded")
    }

    pub fn try_load(
        &self,
        name: &'static str,
        fault_policy: &'static dyn ProcessFaultPolicy,
        body: impl Fn(App) + 'static,
    ) -> Result<&'static TestProcess, LoadError> {
        let memory = process_memory();
        let region = memory.region();
        let start = region.cast::<u8>();
        let region =
            std::ptr::NonNull::slice_from_raw_parts(start, self.memory_len.get().min(region.len()));
        let body: Box<Box<dyn Fn(App)>> = Box::new(Box::new(body));
        // SAFETY: the board keeps the closure and drops the arena first.
        unsafe { app::install(start.addr().get(), &raw const *body) };
        self.bodies.borrow_mut().push(body);
        self.memories.borrow_mut().push(Pooled(Some(memory)));
        let spec: ProcessSpec<_, ProcessStandardDebugFull> = ProcessSpec {
            name,
            short_id: self.short_id.get(),
            memory: region,
            flash: self.flash.get().unwrap_or_else(Flash::program_image),
            init_fn: self.init_fn.get() as *const (),
            minimum_ram: 0,
            fault_policy,
            storage_permissions: &(),
        };
        // SAFETY: the memory is fresh, has a guard page and outlives the arena; `entry` has the
        // right type.
        let loaded =
            unsafe { load_process(&self.arena, self.kernel, self.slots, self.chip, &spec) };
        loaded.map(|process| &*self.arena.alloc(process))
    }

    /// One kernel operation.
    pub fn operation(&self) {
        self.kernel
            .kernel_loop_operation(self.resources, self.chip, None::<&IPC<0>>, false, &Caps);
        for slot in self.slots {
            slot.get().into_iter().for_each(trace::look);
        }
    }

    /// Operations until the chip sleeps; the last one is not counted.
    pub fn run(&self) -> usize {
        let sleeps = self.chip.sleeps.get();
        for operations in 0..OPERATION_LIMIT {
            self.operation();
            if self.chip.sleeps.get() > sleeps {
                return operations;
            }
        }
        panic!("the board never sleeps");
    }

    /// Whether the kernel finds a process of that id.
    pub fn finds(&self, id: ProcessId) -> bool {
        self.kernel
            .process_map_or_external(false, id, |_| true, &Caps)
    }

    pub fn start(&self, process: &TestProcess) {
        process.start(&Caps);
    }
}

/// What is queued, oldest first. It is taken out and put back, for want of another way.
pub fn queue(process: &TestProcess) -> Vec<Task> {
    let tasks: Vec<Task> = std::iter::from_fn(|| process.dequeue_task()).collect();
    for task in &tasks {
        process.enqueue_task(*task).expect("there was room for it");
    }
    tasks
}

impl Drop for Board {
    fn drop(&mut self) {
        reset_thread();
    }
}
