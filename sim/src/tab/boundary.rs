// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The switch to apps of either kind: part of this program, or machine code.

use super::bundle::Binary;
use super::place::Place;
use crate::machine::Machine;
use emulated_cortex_m::{Cpu, Fault, Memory, NoDevices, Stop, Traps};
use kernel::ErrorCode;
use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, SyscallReturn, UserspaceKernelBoundary};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use tock_host_platform::abi;
use tock_host_platform::coroutine::{AppContext, CoroutineBoundary};

/// Instructions that are executed before the kernel may look at its timer again.
const LONGEST_STRETCH: u64 = 16_384;

/// The program status of one that has just begun: EPSR.T.
const THUMB: u32 = 1 << 24;

/// Time of so many instructions at 64 MHz, in ns.
fn ns_of(instructions: u64) -> u64 {
    (instructions * 125).div_ceil(8)
}

/// An app that is machine code, as its board knows it.
pub struct Emulated {
    flash: Memory,
    ram: Memory,
    initial_break: usize,
    instructions: Cell<u64>,
    fault: Cell<Option<(u32, Fault)>>,
}

impl Emulated {
    /// The app in this place.
    #[must_use]
    pub fn new(place: &Place, binary: &Binary) -> Self {
        let minimum = binary
            .header
            .program
            .map_or(0, |program| program.minimum_ram as usize);
        Self {
            flash: Memory::lent(place.flash().start, place.flash_cells(), false),
            ram: Memory::lent(place.ram(), place.ram_cells(), true).without_execution(),
            initial_break: minimum.next_multiple_of(8),
            instructions: Cell::new(0),
            fault: Cell::new(None),
        }
    }

    /// Instructions that it executed, in all its lives.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.instructions.get()
    }

    fn fails(&self, cpu: &Cpu, fault: Fault) -> ContextSwitchReason {
        self.fault.set(Some((cpu.registers().pc, fault)));
        ContextSwitchReason::Fault
    }

    /// Where it faulted last, and why.
    #[must_use]
    pub fn fault(&self) -> Option<(u32, Fault)> {
        self.fault.get()
    }
}

/// What is kept of a process that is not running.
#[derive(Default)]
pub struct MixedContext {
    native: AppContext,
    emulated: Option<(Box<Cpu>, Rc<Emulated>)>,
}

/// A boundary between the kernel and apps of either kind.
pub struct MixedBoundary {
    native: CoroutineBoundary,
    machine: Rc<Machine>,
    emulated: RefCell<HashMap<usize, Rc<Emulated>>>,
    /// Where the memory of the process starts that is being loaded, or ran last: what the kernel
    /// asks without saying of whom is asked of that one.
    subject: Cell<usize>,
}

impl MixedBoundary {
    /// Native apps are switched to by `native`.
    pub fn new(native: CoroutineBoundary, machine: &Rc<Machine>) -> Self {
        Self {
            native,
            machine: Rc::clone(machine),
            emulated: RefCell::new(HashMap::new()),
            subject: Cell::new(0),
        }
    }

    /// The process that is loaded next is this app.
    pub fn expect(&self, app: Rc<Emulated>) {
        let memory = app.ram.base() as usize;
        self.subject.set(memory);
        self.emulated.borrow_mut().insert(memory, app);
    }

    /// The process that is loaded next is a native one.
    pub fn expect_native(&self) {
        self.subject.set(0);
    }

    /// The app whose memory starts there, if it is machine code.
    pub fn emulated(&self, memory: usize) -> Option<Rc<Emulated>> {
        self.emulated.borrow().get(&memory).cloned()
    }

    fn run(&self, cpu: &mut Cpu, app: &Emulated) -> ContextSwitchReason {
        // An interrupt comes between the instructions where it comes on a chip.
        let now = self.machine.now_ns();
        let until = self.machine.next_event().unwrap_or(u64::MAX);
        let stretch = (until.saturating_sub(now) / 16).clamp(1, LONGEST_STRETCH);
        let before = cpu.instructions();
        let stop = cpu.run(stretch);
        let mut executed = cpu.instructions() - before;
        if stop == Stop::SleepsForEver {
            // Without privileges nothing can be waited for but interrupts that the kernel has.
            cpu.wake();
            executed = stretch;
        }
        app.instructions.set(app.instructions.get() + executed);
        self.machine.work(ns_of(executed));
        match stop {
            Stop::Budget | Stop::SleepsForEver => ContextSwitchReason::Interrupted,
            Stop::Call(class) => {
                let registers = [0, 1, 2, 3].map(|n| cpu.register(n) as usize);
                match abi::decode(class, registers) {
                    Some(syscall) => ContextSwitchReason::SyscallFired { syscall },
                    None => {
                        let instruction = 0xDF00 | u32::from(class);
                        app.fails(cpu, Fault::Undefined { instruction })
                    }
                }
            }
            Stop::Fault(fault) | Stop::Lockup(fault) => app.fails(cpu, fault),
            Stop::Breakpoint(number) => {
                let instruction = 0xBE00 | u32::from(number);
                app.fails(cpu, Fault::Undefined { instruction })
            }
            Stop::Reset => ContextSwitchReason::Fault,
        }
    }
}

fn set_registers(cpu: &mut Cpu, values: [usize; 4]) {
    let registers = cpu.registers_mut();
    [registers.r0, registers.r1, registers.r2, registers.r3] = values.map(|value| value as u32);
}

impl UserspaceKernelBoundary for MixedBoundary {
    type StoredState = MixedContext;

    fn initial_process_app_brk_size(&self) -> usize {
        match self.emulated(self.subject.get()) {
            Some(app) => app.initial_break,
            None => self.native.initial_process_app_brk_size(),
        }
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut MixedContext,
    ) -> Result<(), ()> {
        let Some(app) = self.emulated(accessible_memory_start.addr()) else {
            // SAFETY: the caller's promise, passed on.
            return unsafe {
                self.native
                    .initialize_process(accessible_memory_start, app_brk, &mut state.native)
            };
        };
        let room = app_brk.addr().checked_sub(accessible_memory_start.addr());
        if room != Some(app.initial_break) {
            return Err(());
        }
        let memories = vec![app.flash.clone(), app.ram.clone()];
        let mut cpu = Box::new(Cpu::new(memories, Box::new(NoDevices), Traps::Reported));
        let registers = cpu.registers_mut();
        registers.control.set_privileged_bit(true);
        registers.control.set_spsel(true);
        registers.psp = app_brk.addr() as u32;
        state.emulated = Some((cpu, app));
        Ok(())
    }

    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut MixedContext,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        if let Some((cpu, _)) = &mut state.emulated {
            set_registers(cpu, abi::encode(return_value));
            return Ok(());
        }
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.native.set_syscall_return_value(
                accessible_memory_start,
                app_brk,
                &mut state.native,
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
        if let Some((cpu, _)) = &mut state.emulated {
            let arguments = [
                upcall.argument0,
                upcall.argument1,
                upcall.argument2,
                upcall.argument3.as_usize(),
            ];
            set_registers(cpu, arguments);
            let registers = cpu.registers_mut();
            // It returns to behind the call that it interrupts.
            registers.lr = registers.pc | 1;
            registers.pc = upcall.pc.addr() as u32 & !1;
            // No flags, and no IT block that the call was in.
            registers.psr.set(THUMB);
            return Ok(());
        }
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.native.set_process_function(
                accessible_memory_start,
                app_brk,
                &mut state.native,
                upcall,
            )
        }
    }

    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut MixedContext,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        self.subject.set(accessible_memory_start.addr());
        let Some((cpu, app)) = &mut state.emulated else {
            // SAFETY: the caller's promise, passed on.
            return unsafe {
                self.native
                    .switch_to_process(accessible_memory_start, app_brk, &mut state.native)
            };
        };
        let reach = app_brk
            .addr()
            .saturating_sub(accessible_memory_start.addr());
        if !cpu.bus().confine(app.ram.base(), reach) {
            return (ContextSwitchReason::Fault, None);
        }
        let reason = self.run(cpu, app);
        let stack = std::ptr::with_exposed_provenance(cpu.register(13) as usize);
        (reason, Some(stack))
    }

    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &MixedContext,
        writer: &mut dyn fmt::Write,
    ) {
        if let Some((cpu, _)) = &state.emulated {
            // A writer that fails is its owner's affair.
            let _ = (0..16).try_for_each(|n| writeln!(writer, "r{n}: {:#010x}", cpu.register(n)));
            return;
        }
        // SAFETY: the caller's promise, passed on.
        unsafe {
            self.native
                .print_context(accessible_memory_start, app_brk, &state.native, writer);
        }
    }

    fn store_context(&self, state: &MixedContext, out: &mut [u8]) -> Result<usize, ErrorCode> {
        let Some((cpu, _)) = &state.emulated else {
            return self.native.store_context(&state.native, out);
        };
        let bytes = out.get_mut(..64).ok_or(ErrorCode::SIZE)?;
        for (n, word) in (0..).zip(bytes.chunks_exact_mut(4)) {
            word.copy_from_slice(&cpu.register(n).to_le_bytes());
        }
        Ok(64)
    }
}
