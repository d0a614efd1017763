// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The simulated microcontroller: interrupts, sleep, and apps as coroutines.

use crate::machine::Machine;
use kernel::ErrorCode;
use kernel::host::NoMpu;
use kernel::host::coroutine::{AppContext, CoroutineBoundary};
use kernel::platform::chip::{Chip, ThreadIdProvider};
use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::num::NonZeroU32;
use std::rc::Rc;

/// A line into the interrupt controller.
pub trait Interrupt {
    /// Whether it asks for service.
    fn is_pending(&self) -> bool;
    /// Serves it.
    fn handle(&self);
}

/// What a process is made to do at one of its next switches, as if its own code had
/// done it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Exit and stay dead.
    Exit,
    /// Exit and be restarted.
    ExitRestart,
    /// Fault.
    Fault,
}

/// Who listens at the boundary between apps and kernel. A process is known by where its
/// memory starts.
pub trait Probe {
    /// An app makes a system call.
    fn system_call(&self, memory: usize, syscall: &Syscall);
    /// A system call returns.
    fn returns(&self, memory: usize, value: &SyscallReturn);
    /// A function of the app is called.
    fn calls(&self, memory: usize, call: &FunctionCall);
    /// The app faults.
    fn faults(&self, memory: usize);
}

/// The switch to apps, which costs time and can be sabotaged.
pub struct Boundary {
    inner: CoroutineBoundary,
    machine: Rc<Machine>,
    switch_ns: u64,
    switches: Cell<u64>,
    sabotage: Cell<Option<(u64, Sabotage)>>,
    system_calls: Cell<u64>,
    probe: RefCell<Option<Rc<dyn Probe>>>,
}

impl Boundary {
    /// Every switch to an app takes `switch_ns`.
    pub fn new(inner: CoroutineBoundary, machine: &Rc<Machine>, switch_ns: u64) -> Boundary {
        Boundary {
            inner,
            machine: Rc::clone(machine),
            switch_ns,
            switches: Cell::new(0),
            sabotage: Cell::new(None),
            system_calls: Cell::new(0),
            probe: RefCell::new(None),
        }
    }

    /// Switches to apps so far.
    pub fn switches(&self) -> u64 {
        self.switches.get()
    }

    /// System calls so far.
    pub fn system_calls(&self) -> u64 {
        self.system_calls.get()
    }

    /// Has `probe` listen.
    pub fn set_probe(&self, probe: Rc<dyn Probe>) {
        *self.probe.borrow_mut() = Some(probe);
    }

    fn tell(&self, what: impl FnOnce(&dyn Probe)) {
        if let Some(probe) = &*self.probe.borrow() {
            what(&**probe);
        }
    }

    /// Whichever app makes the switch number `at` does this instead of what it wanted.
    pub fn sabotage(&self, at: u64, what: Sabotage) {
        self.sabotage.set(Some((at, what)));
    }
}

impl UserspaceKernelBoundary for Boundary {
    type StoredState = AppContext;

    fn initial_process_app_brk_size(&self) -> usize {
        self.inner.initial_process_app_brk_size()
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut AppContext,
    ) -> Result<(), ()> {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.inner
                .initialize_process(accessible_memory_start, app_brk, state)
        }
    }

    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut AppContext,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        self.tell(|probe| probe.returns(accessible_memory_start.addr(), &return_value));
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.inner.set_syscall_return_value(
                accessible_memory_start,
                app_brk,
                state,
                return_value,
            )
        }
    }

    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut AppContext,
        upcall: FunctionCall,
    ) -> Result<(), ()> {
        self.tell(|probe| probe.calls(accessible_memory_start.addr(), &upcall));
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.inner
                .set_process_function(accessible_memory_start, app_brk, state, upcall)
        }
    }

    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut AppContext,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        let number = self.switches.get() + 1;
        self.switches.set(number);
        self.machine.work(self.switch_ns);
        // SAFETY: the caller's promise, passed on.
        let (reason, stack_pointer) = unsafe {
            self.inner
                .switch_to_process(accessible_memory_start, app_brk, state)
        };
        let reason = match self.sabotage.get() {
            Some((at, what)) if number >= at => {
                self.sabotage.set(None);
                let exit = |which| ContextSwitchReason::SyscallFired {
                    syscall: Syscall::Exit {
                        which,
                        completion_code: 0,
                    },
                };
                match what {
                    Sabotage::Exit => exit(0),
                    Sabotage::ExitRestart => exit(1),
                    Sabotage::Fault => ContextSwitchReason::Fault,
                }
            }
            Some(_) | None => reason,
        };
        if let ContextSwitchReason::SyscallFired { syscall } = &reason {
            self.system_calls.set(self.system_calls.get() + 1);
            self.tell(|probe| probe.system_call(accessible_memory_start.addr(), syscall));
        }
        if matches!(reason, ContextSwitchReason::Fault) {
            self.tell(|probe| probe.faults(accessible_memory_start.addr()));
        }
        (reason, stack_pointer)
    }

    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &AppContext,
        writer: &mut dyn fmt::Write,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.inner
                .print_context(accessible_memory_start, app_brk, state, writer);
        }
    }

    fn store_context(&self, state: &AppContext, out: &mut [u8]) -> Result<usize, ErrorCode> {
        self.inner.store_context(state, out)
    }
}

/// One simulated thread: this one.
pub struct OneThread;

// SAFETY: a board lives in one thread and never leaves it.
unsafe impl ThreadIdProvider for OneThread {
    fn running_thread_id() -> usize {
        0
    }
}

/// The chip.
pub struct SimChip {
    machine: Rc<Machine>,
    boundary: Boundary,
    mpu: NoMpu,
    interrupts: RefCell<Vec<Rc<dyn Interrupt>>>,
    stuck: Cell<bool>,
    last_first: Cell<bool>,
}

impl SimChip {
    /// Without interrupts yet.
    pub fn new(machine: &Rc<Machine>, boundary: Boundary) -> SimChip {
        SimChip {
            machine: Rc::clone(machine),
            boundary,
            mpu: NoMpu,
            interrupts: RefCell::new(Vec::new()),
            stuck: Cell::new(false),
            last_first: Cell::new(false),
        }
    }

    /// Serves pending lines in the opposite order.
    pub fn serve_last_line_first(&self, last_first: bool) {
        self.last_first.set(last_first);
    }

    /// Lines are served in the order in which they were added.
    pub fn add_interrupt(&self, line: Rc<dyn Interrupt>) {
        self.interrupts.borrow_mut().push(line);
    }

    /// True if the CPU sleeps and nothing will ever wake it.
    pub fn is_stuck(&self) -> bool {
        self.stuck.get()
    }

    /// Something from outside may have given the CPU a reason to wake.
    pub fn nudge(&self) {
        self.stuck.set(false);
    }

    fn pending(&self) -> Option<Rc<dyn Interrupt>> {
        let interrupts = self.interrupts.borrow();
        let mut pending = interrupts.iter().filter(|line| line.is_pending());
        let line = if self.last_first.get() {
            pending.next_back()
        } else {
            pending.next()
        };
        line.map(Rc::clone)
    }
}

impl Chip for SimChip {
    type MPU = NoMpu;
    type ThreadIdProvider = OneThread;
    type UserspaceKernelBoundary = Boundary;

    fn init() {}

    fn service_pending_interrupts(&self) {
        while let Some(line) = self.pending() {
            line.handle();
        }
    }

    fn has_pending_interrupts(&self) -> bool {
        self.pending().is_some()
    }

    fn mpu(&self) -> &NoMpu {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &Boundary {
        &self.boundary
    }

    fn sleep(&self) {
        self.stuck.set(!self.machine.sleep());
    }

    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        f()
    }

    unsafe fn print_state(_this: Option<&Self>, _writer: &mut dyn fmt::Write) {}
}

/// Time slices on the machine's clock.
pub struct SliceTimer {
    machine: Rc<Machine>,
    ends_ns: Cell<Option<u64>>,
}

impl SliceTimer {
    /// On this machine.
    pub fn new(machine: &Rc<Machine>) -> SliceTimer {
        SliceTimer {
            machine: Rc::clone(machine),
            ends_ns: Cell::new(None),
        }
    }
}

impl SchedulerTimer for SliceTimer {
    fn start(&self, us: NonZeroU32) {
        self.ends_ns
            .set(Some(self.machine.now_ns() + u64::from(us.get()) * 1000));
    }

    fn reset(&self) {
        self.ends_ns.set(None);
    }

    fn arm(&self) {}

    fn disarm(&self) {}

    fn get_remaining_us(&self) -> Option<NonZeroU32> {
        let left = self.ends_ns.get()?.checked_sub(self.machine.now_ns())?;
        NonZeroU32::new((left / 1000) as u32)
    }
}
