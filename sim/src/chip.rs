// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The simulated microcontroller: interrupts, sleep, and apps as coroutines.

use crate::chance::Chance;
use crate::machine::Machine;
use crate::tab::boundary::{MixedBoundary, MixedContext};
use foldhash::fast::FixedState;
use kernel::ErrorCode;
use kernel::platform::chip::Chip;
use kernel::platform::scheduler_timer::SchedulerTimer;
use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn, UserspaceKernelBoundary};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_host_platform::coroutine::CoroutineBoundary;
use tock_host_platform::{NoMpu, Threads, abi, trace_line};

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
    inner: MixedBoundary,
    machine: Rc<Machine>,
    switch_ns: u64,
    switches: Cell<u64>,
    sabotage: Cell<Option<(u64, Sabotage)>>,
    system_calls: Cell<u64>,
    probe: RefCell<Option<Rc<dyn Probe>>>,
    /// Who listens beside that.
    tracer: RefCell<Option<Rc<dyn Probe>>>,
    chance: RefCell<Option<Rc<dyn Chance>>>,
    progress: RefCell<Vec<(usize, u64)>>,
}

impl Boundary {
    /// Every switch to an app takes `switch_ns`.
    pub fn new(inner: CoroutineBoundary, machine: &Rc<Machine>, switch_ns: u64) -> Boundary {
        Boundary {
            inner: MixedBoundary::new(inner, machine),
            machine: Rc::clone(machine),
            switch_ns,
            switches: Cell::new(0),
            sabotage: Cell::new(None),
            system_calls: Cell::new(0),
            probe: RefCell::new(None),
            tracer: RefCell::new(None),
            chance: RefCell::new(None),
            progress: RefCell::new(Vec::new()),
        }
    }

    /// Has `chance` decide who dies.
    pub fn set_chance(&self, chance: Rc<dyn Chance>) {
        *self.chance.borrow_mut() = Some(chance);
    }

    /// A digest of all that the kernel told the process in this life. Apps depend on nothing
    /// else, so it says where the app is.
    pub fn progress(&self, memory: usize) -> u64 {
        let progress = self.progress.borrow();
        progress
            .iter()
            .find(|(whose, _)| *whose == memory)
            .map_or(0, |(_, digest)| *digest)
    }

    /// One more thing that the process was told; `None` begins a life.
    fn told(&self, memory: usize, what: Option<u64>) {
        let mut progress = self.progress.borrow_mut();
        let index = progress.iter().position(|(whose, _)| *whose == memory);
        let index = index.unwrap_or_else(|| {
            progress.push((memory, 0));
            progress.len() - 1
        });
        let digest = &mut progress[index].1;
        *digest = what.map_or(1, |what| FixedState::default().hash_one((*digest, what)));
    }

    /// Switches to apps so far.
    pub fn switches(&self) -> u64 {
        self.switches.get()
    }

    /// System calls so far.
    pub fn system_calls(&self) -> u64 {
        self.system_calls.get()
    }

    /// Apps of either kind.
    pub fn apps(&self) -> &MixedBoundary {
        &self.inner
    }

    /// Has `probe` listen.
    pub fn set_probe(&self, probe: Rc<dyn Probe>) {
        *self.probe.borrow_mut() = Some(probe);
    }

    /// Has `tracer` listen beside whoever else does.
    pub fn set_tracer(&self, tracer: Rc<dyn Probe>) {
        *self.tracer.borrow_mut() = Some(tracer);
    }

    fn tell(&self, what: impl Fn(&dyn Probe)) {
        for probe in [&self.probe, &self.tracer] {
            if let Some(probe) = &*probe.borrow() {
                what(&**probe);
            }
        }
    }

    /// Whichever app makes the switch number `at` does this instead of what it wanted.
    pub fn sabotage(&self, at: u64, what: Sabotage) {
        self.sabotage.set(Some((at, what)));
    }
}

impl UserspaceKernelBoundary for Boundary {
    type StoredState = MixedContext;

    fn initial_process_app_brk_size(&self) -> usize {
        self.inner.initial_process_app_brk_size()
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut MixedContext,
    ) -> Result<(), ()> {
        self.told(accessible_memory_start.addr(), None);
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
        state: &mut MixedContext,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        self.tell(|probe| probe.returns(accessible_memory_start.addr(), &return_value));
        let start = accessible_memory_start.addr();
        let registers = abi::encode(return_value).map(|register| relative(register, start));
        self.told(start, Some(FixedState::default().hash_one(registers)));
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
        state: &mut MixedContext,
        upcall: FunctionCall,
    ) -> Result<(), ()> {
        self.tell(|probe| probe.calls(accessible_memory_start.addr(), &upcall));
        let start = accessible_memory_start.addr();
        let arguments = [upcall.argument0, upcall.argument1, upcall.argument2]
            .map(|argument| relative(argument, start));
        self.told(start, Some(FixedState::default().hash_one(arguments)));
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
        state: &mut MixedContext,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        let number = self.switches.get() + 1;
        self.switches.set(number);
        self.machine.work(self.switch_ns);
        // SAFETY: the caller's promise, passed on.
        let (reason, stack_pointer) = unsafe {
            self.inner
                .switch_to_process(accessible_memory_start, app_brk, state)
        };
        let chance = self.chance.borrow().clone();
        let chosen = chance.and_then(|chance| chance.sabotage(accessible_memory_start.addr()));
        let planned = self.sabotage.get().filter(|(at, _)| number >= *at);
        let reason = match chosen.or(planned.map(|(_, what)| what)) {
            Some(what) => {
                trace_line!("instead: {what:?}");
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
            None => reason,
        };
        self.told(accessible_memory_start.addr(), Some(0));
        if let ContextSwitchReason::SyscallFired { syscall } = &reason {
            self.system_calls.set(self.system_calls.get() + 1);
            self.machine.pay(|cost| match syscall {
                Syscall::Command { .. } => cost.command,
                _ => cost.other_call,
            });
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
        state: &MixedContext,
        writer: &mut dyn fmt::Write,
    ) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.inner
                .print_context(accessible_memory_start, app_brk, state, writer);
        }
    }

    fn store_context(&self, state: &MixedContext, out: &mut [u8]) -> Result<usize, ErrorCode> {
        self.inner.store_context(state, out)
    }
}

/// An address in an app's memory as seen from its start, since where that is differs from
/// board to board. Other values as they are.
fn relative(value: usize, start: usize) -> usize {
    const LARGEST_APP: usize = 1 << 20;
    match value.checked_sub(start) {
        Some(offset) if offset < LARGEST_APP => offset,
        Some(_) | None => value,
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
    chance: RefCell<Option<Rc<dyn Chance>>>,
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
            chance: RefCell::new(None),
        }
    }

    /// Has `chance` decide which line is served first.
    pub fn set_chance(&self, chance: Rc<dyn Chance>) {
        *self.chance.borrow_mut() = Some(chance);
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

    /// What it is part of.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    fn pending(&self) -> Option<Rc<dyn Interrupt>> {
        let interrupts = self.interrupts.borrow();
        let mut pending = interrupts.iter().filter(|line| line.is_pending());
        if let Some(chance) = &*self.chance.borrow() {
            let index = match pending.clone().count() {
                0 | 1 => 0,
                several => chance.interrupt(several),
            };
            return pending.nth(index).map(Rc::clone);
        }
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
    type ThreadIdProvider = Threads;
    type UserspaceKernelBoundary = Boundary;

    fn init() {}

    fn service_pending_interrupts(&self) {
        while let Some(line) = self.pending() {
            trace_line!(
                "{} ns: interrupt {:?}",
                self.machine.now_ns(),
                self.interrupts
                    .borrow()
                    .iter()
                    .position(|known| Rc::ptr_eq(known, &line))
            );
            self.machine.pay(|cost| cost.interrupt);
            line.handle();
            self.machine.pay(|cost| cost.after_interrupt);
            self.machine.pay_copies();
        }
    }

    fn has_pending_interrupts(&self) -> bool {
        self.interrupts
            .borrow()
            .iter()
            .any(|line| line.is_pending())
    }

    fn mpu(&self) -> &NoMpu {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &Boundary {
        &self.boundary
    }

    fn sleep(&self) {
        let mut wakes = self.machine.sleep();
        // Where chance decides, what the CPU does not see is no event.
        while wakes && self.chance.borrow().is_some() && !self.has_pending_interrupts() {
            wakes = self.machine.sleep();
        }
        self.stuck.set(!wakes);
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
