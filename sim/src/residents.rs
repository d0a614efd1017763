// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The apps of a board, loaded as processes.

use crate::board::{AfterFault, AppSpec, TabSpec};
use crate::chip::{Boundary, SimChip};
use crate::ledger::Owned;
use crate::tab::boundary::Emulated;
use kernel::Kernel;
use kernel::deferred_call::initialize_deferred_call_state;
use kernel::process::{ProcessFaultPolicy, ProcessSlot, ShortId, State};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use tock_host_platform::coroutine;
use tock_host_platform::policies::{RestartFaultPolicy, StopFaultPolicy};
use tock_host_platform::{
    Arena, BOARDS_CAN_FOLLOW, Flash, LoadError, Loaded, ProcessMemory, ProcessSpec, Threads,
    load_process, reset_thread,
};

/// Memory of one app: stack, heap, grants.
const APP_MEMORY: usize = 512 * 1024;
/// An app's stack.
pub const APP_STACK: usize = 384 * 1024;

/// A process as boards have it.
pub type SimProcess = Loaded<SimChip, ()>;

thread_local! {
    /// What runs in which process, by where its memory starts.
    static MAINS: RefCell<HashMap<usize, &'static dyn Fn()>> = RefCell::new(HashMap::new());
}

/// The first function of every app.
extern "C-unwind" fn entry(_flash: usize, memory: usize, _length: usize, _brk: usize) {
    let main = MAINS.with_borrow(|mains| mains.get(&memory).copied());
    if let Some(main) = main {
        main();
    }
    userland_rt::system_call::exit_terminate(0);
}

fn system_call(class: usize, arguments: [usize; 4]) -> [usize; 4] {
    coroutine::syscall(class as u8, arguments)
}

/// Makes this thread ready for a new board. There can be only one at a time.
///
/// # Panics
/// If there was one before, and the kernel can't have another.
pub fn prepare() {
    static HAS_BEEN_ONE: AtomicBool = AtomicBool::new(false);
    let has_been_one = HAS_BEEN_ONE.swap(true, Ordering::Relaxed);
    assert!(
        BOARDS_CAN_FOLLOW || !has_been_one,
        "a program with upstream's kernel has one board"
    );
    // Installed once in the life of the program, by whichever board is first.
    let _ = userland_rt::host::install(system_call);
    coroutine::silence_app_panics();
    reset_thread();
    initialize_deferred_call_state::<Threads>();
}

/// One app as its board knows it.
pub struct Resident {
    /// Its name.
    pub name: String,
    /// Its process.
    pub process: SimProcess,
    /// Where its memory starts.
    pub memory: usize,
    /// Its region.
    pub region: Option<Owned>,
}

impl Resident {
    /// Loads `app`. The memory has to be kept until the arena is gone.
    ///
    /// # Panics
    /// If the host can't give the memory.
    pub fn load(
        arena: &Arena,
        kernel: &'static Kernel,
        slots: &'static [ProcessSlot],
        chip: &'static SimChip,
        app: AppSpec,
    ) -> (Resident, ProcessMemory) {
        let memory = ProcessMemory::new(APP_MEMORY).expect("the host has memory for an app");
        let start = memory.region().cast::<u8>().as_ptr().addr();
        let main: &'static dyn Fn() = &**arena.alloc(app.main);
        MAINS.with_borrow_mut(|mains| mains.insert(start, main));
        let policy: &'static dyn ProcessFaultPolicy = match app.after_fault {
            AfterFault::Stop => &StopFaultPolicy {},
            AfterFault::Restart => &RestartFaultPolicy {},
        };
        let name: &'static String = arena.alloc(app.name.clone());
        let spec: ProcessSpec<SimChip, ()> = ProcessSpec {
            name: name.as_str(),
            short_id: ShortId::Fixed(app.id),
            memory: memory.region(),
            flash: Flash::program_image(),
            init_fn: entry as *const (),
            minimum_ram: 0,
            fault_policy: policy,
            storage_permissions: &(),
        };
        // SAFETY: the memory lives as long as the board, has its guard page, and is this
        // process's alone; `entry` is of the type that the boundary calls.
        let process = unsafe { load_process(arena, kernel, slots, chip, &spec) }
            .expect("an app fits into its memory");
        let resident = Resident {
            name: app.name,
            process,
            memory: start,
            region: app.region.map(|(start, length, _)| Owned { start, length }),
        };
        (resident, memory)
    }

    /// Loads an app that is machine code. Its place has to be kept until the arena is gone.
    ///
    /// # Errors
    /// The kernel has no room for what it keeps of the app.
    pub fn load_tab(
        arena: &Arena,
        kernel: &'static Kernel,
        slots: &'static [ProcessSlot],
        chip: &'static SimChip,
        tab: &TabSpec,
    ) -> Result<Resident, LoadError> {
        use kernel::platform::chip::Chip;
        let place = &tab.place;
        let emulated = Rc::new(Emulated::new(place, &tab.binary));
        let program = tab.binary.header.program;
        let (entry, protected) = program.map_or((0, 0), |it| (it.entry, it.protected));
        let flash = place.flash();
        let policy: &'static dyn ProcessFaultPolicy = match tab.after_fault {
            AfterFault::Stop => &StopFaultPolicy {},
            AfterFault::Restart => &RestartFaultPolicy {},
        };
        let name: &'static String = arena.alloc(tab.name.clone());
        let spec: ProcessSpec<SimChip, ()> = ProcessSpec {
            name: name.as_str(),
            short_id: ShortId::Fixed(tab.id),
            memory: place.ram_region(),
            // SAFETY: the place is mapped for the life of this program, and exposed.
            flash: unsafe { Flash::at(flash.start as usize, protected as usize, flash.len()) },
            init_fn: std::ptr::with_exposed_provenance(flash.start as usize + entry as usize),
            minimum_ram: program.map_or(0, |it| it.minimum_ram as usize),
            fault_policy: policy,
            storage_permissions: &(),
        };
        let boundary = chip.userspace_kernel_boundary().apps();
        boundary.expect(emulated);
        // SAFETY: the memory is this place's, which the board keeps; what runs there runs on an
        // emulated core, and needs no guard page.
        let process = unsafe { load_process(arena, kernel, slots, chip, &spec) };
        boundary.expect_native();
        Ok(Resident {
            name: tab.name.clone(),
            process: process?,
            memory: place.ram() as usize,
            region: tab.region.map(|(start, length, _)| Owned { start, length }),
        })
    }

    /// Whether it can still run.
    pub fn is_alive(&self) -> bool {
        !matches!(self.process.get_state(), State::Terminated | State::Faulted)
    }

    /// All that decides what the process does next.
    pub fn fingerprint(&self, boundary: &Boundary, hasher: &mut impl Hasher) {
        let process = &self.process;
        let state = match process.get_state() {
            State::Running => 0u8,
            State::Yielded => 1,
            State::YieldedFor(_) => 2,
            State::Stopped(_) => 3,
            // Neither ever runs again.
            State::Faulted | State::Terminated => {
                4u8.hash(hasher);
                return;
            }
        };
        (state, process.ready()).hash(hasher);
        boundary.progress(self.memory).hash(hasher);
        process.queue_fingerprint(hasher);
    }
}

/// The board of these apps is going: nobody will call them any more.
pub fn leave(residents: &[Resident]) {
    MAINS.with_borrow_mut(|mains| {
        for resident in residents {
            mains.remove(&resident.memory);
        }
    });
    reset_thread();
}
