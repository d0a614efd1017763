// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The core: instruction by instruction, with its exceptions and its sleep.

use crate::bus::{Asker, Bus, View};
use crate::decoder::Decoder;
use crate::devices::Devices;
use crate::exceptions::{EXTERNAL, Exceptions, HARD_FAULT, LINES, SV_CALL};
use crate::fault::{Access, Fault};
use crate::image::Image;
use crate::instructions::Sleep;
use crate::memory::Memory;
use crate::mpu::Region;
use crate::profile::Profile;
use crate::system_control::{SystemControl, VTOR};
use armagnac::core::{ArmVersion, Config, Emulator, Irq, Processor, RunError};
use armagnac::registers::{CoreRegisters, RegisterIndex};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// What becomes of calls and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traps {
    /// They go through the vector table, as on a chip.
    Vectored,
    /// They stop the core: whoever drives it is the kernel.
    Reported,
}

/// Why the core stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// As many instructions were executed as were asked for.
    Budget,
    /// BKPT. The core is behind it.
    Breakpoint(u8),
    /// SVC, if calls are reported. The core is behind it.
    Call(u8),
    /// An instruction failed, if faults are reported. The core is before it.
    Fault(Fault),
    /// An instruction failed where no handler can be entered. The core is before it.
    Lockup(Fault),
    /// The program asked for a reset.
    Reset,
    /// The program waits for an interrupt, and none will ever come.
    SleepsForEver,
}

/// An instruction that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its address.
    pub pc: u32,
    /// Why.
    pub fault: Fault,
    /// Whether it had privileges.
    pub privileged: bool,
    /// When.
    pub cycle: u64,
}

/// An instruction that was watched for is the next one to be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its address.
    pub pc: u32,
    /// Instructions executed before it.
    pub instructions: u64,
    /// Its place in the trace, if there is one.
    pub traced: usize,
    /// When.
    pub cycle: u64,
}

/// Failures that are kept until they are asked for.
const FAILURES: usize = 64;
/// Bytes that an exception stacks.
const FRAME: u32 = 32;
/// An address where the emulated core asks the bus, for a frame that is discarded.
const SOMEWHERE: u32 = 0x2000_1000;

/// Bits of an interrupt's priority on the nRF52840.
const PRIORITY_BITS: u32 = 3;

/// A Cortex-M4 with what it is connected to.
pub struct Cpu {
    core: Processor,
    bus: Rc<Bus>,
    traps: Traps,
    instructions: u64,
    interrupts: u64,
    slept: u64,
    trace: Option<Vec<u32>>,
    watched: Vec<u32>,
    passed: Vec<Passed>,
    profile: Option<Profile>,
    failures: Vec<Failure>,
    /// The vector table that the emulated core knows of.
    table: u32,
    /// Where a run ends.
    until: u64,
    /// The exception to come follows one that could not return.
    chained: bool,
}

impl Cpu {
    /// A core in reset, with these memories and peripherals.
    #[must_use]
    pub fn new(memories: Vec<Memory>, devices: Box<dyn Devices>, traps: Traps) -> Self {
        let bus = Bus::new(memories, devices, PRIORITY_BITS);
        // With the smaller architecture's memory map there is room for the protection unit
        // that is here; what it executes is up to the decoder.
        let mut core = Processor::new(Config::v6m().external_exceptions(LINES));
        core.version = ArmVersion::V7EM;
        core.tolerate_pop_stack_unaligned_pc = true;
        core.instruction_decoder = Box::new(Decoder::new(Rc::clone(&bus)));
        let view = Rc::new(RefCell::new(View(Rc::clone(&bus))));
        // Nothing but the system control space is mapped yet, and it begins behind.
        let mapped = core.map_iface(0, view);
        debug_assert!(mapped.is_ok());
        core.registers.psr.set_t(true);
        Self {
            core,
            bus,
            traps,
            instructions: 0,
            interrupts: 0,
            slept: 0,
            trace: None,
            watched: Vec::new(),
            passed: Vec::new(),
            profile: None,
            failures: Vec::new(),
            table: 0,
            until: u64::MAX,
            chained: false,
        }
    }

    /// Starts at the vector table at address 0. False if there is none.
    #[must_use]
    pub fn reset_to_vectors(&mut self) -> bool {
        let mut vectors = [0; 8];
        if !self.bus.peek(0, &mut vectors) {
            return false;
        }
        let [s0, s1, s2, s3, p0, p1, p2, p3] = vectors;
        self.core.registers = CoreRegisters::new();
        self.core.registers.msp = u32::from_le_bytes([s0, s1, s2, s3]) & !3;
        self.core.registers.pc = u32::from_le_bytes([p0, p1, p2, p3]) & !1;
        self.core.registers.lr = u32::MAX;
        self.core.registers.psr.set_t(true);
        true
    }

    /// Registers, as the emulator has them.
    #[must_use]
    pub fn registers(&self) -> &CoreRegisters {
        &self.core.registers
    }

    /// Registers, to be changed between two instructions.
    pub fn registers_mut(&mut self) -> &mut CoreRegisters {
        &mut self.core.registers
    }

    /// Register `n` of r0 to r15.
    ///
    /// # Panics
    /// If `n` is above 15.
    #[must_use]
    pub fn register(&self, n: u32) -> u32 {
        assert!(n < 16, "there is no register {n}");
        self.core[RegisterIndex::new_main(n)]
    }

    /// Memory and peripherals.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Instructions executed.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Exceptions entered that are interrupt lines.
    #[must_use]
    pub fn interrupts(&self) -> u64 {
        self.interrupts
    }

    /// Cycles, those asleep included.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        self.core.cycles
    }

    /// Cycles asleep.
    #[must_use]
    pub fn slept(&self) -> u64 {
        self.slept
    }

    /// Keeps the address of each instruction from here on.
    pub fn set_tracing(&mut self) {
        self.trace = Some(Vec::new());
    }

    /// Takes the addresses out.
    pub fn take_trace(&mut self) -> Vec<u32> {
        self.trace.take().unwrap_or_default()
    }

    /// Takes note each time that an instruction at one of these addresses is executed.
    pub fn watch(&mut self, addresses: &[u32]) {
        self.watched = addresses.to_vec();
    }

    /// Takes out what was noted since the last time.
    pub fn take_passed(&mut self) -> Vec<Passed> {
        std::mem::take(&mut self.passed)
    }

    /// Counts what is executed for each call from here on.
    pub fn set_profiling(&mut self) {
        self.profile = Some(Profile::default());
    }

    /// What was executed for each call.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// Takes out what failed since the last time, the first few of it.
    pub fn take_failures(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.failures)
    }

    /// Ends a sleep, as an interrupt does that the program knows nothing of.
    pub fn wake(&mut self) {
        self.bus.sleep.set(Sleep::Awake);
    }

    /// Confines code without privileges to these regions, at most eight.
    pub fn protect(&mut self, regions: &[Region]) {
        self.bus.system.mpu.set_regions(regions);
    }

    /// Somebody has changed the peripherals from outside.
    pub fn devices_changed(&mut self) {
        self.bus.look_at_devices(self.core.cycles);
    }

    /// Runs until something happens or `instructions` more are executed.
    pub fn run(&mut self, instructions: u64) -> Stop {
        self.run_until(instructions, u64::MAX)
    }

    /// The same, but no further than to this cycle.
    pub fn run_until(&mut self, instructions: u64, cycle: u64) -> Stop {
        self.until = cycle;
        let last = self.instructions.saturating_add(instructions);
        while self.instructions < last && self.core.cycles < cycle {
            if let Some(stop) = self.step() {
                return stop;
            }
        }
        Stop::Budget
    }

    fn step(&mut self) -> Option<Stop> {
        if self.core.cycles >= self.bus.due() {
            self.bus.look_at_devices(self.core.cycles);
        }
        if self.bus.sleep.get() != Sleep::Awake && !self.wakes() {
            return self.sleep();
        }
        if !self.core.registers.psr.t() {
            let before = self.core.registers;
            let stop = self.failed(Fault::InvalidState, &before, None);
            // Handlers are Thumb code, and the emulated core takes the bit along. So the frame of
            // this fault has it, which on a chip it has not.
            self.core.registers.psr.set_t(true);
            return stop;
        }
        let mut entered = None;
        if self.bus.system.exceptions.any() {
            entered = self.enter_exception();
        }
        let before = self.core.registers;
        let wild = self.wild_process_stack(entered);
        if wild.is_some() {
            self.core.registers.psp = SOMEWHERE;
        }
        let privileged = entered.is_some() || self.core.is_privileged();
        if !privileged && let Some(profile) = &mut self.profile {
            profile.program_runs(self.instructions);
        }
        if self.trace.is_some() {
            let first = entered.map_or(before.pc, |number| self.handler_of(number));
            self.trace.get_or_insert_default().push(first);
        }
        if entered.is_none() && self.watched.contains(&before.pc) {
            self.passed.push(Passed {
                pc: before.pc,
                instructions: self.instructions,
                traced: self.trace.as_ref().map_or(0, |trace| trace.len() - 1),
                cycle: self.core.cycles,
            });
        }
        self.bus.fault.set(None);
        self.bus.entering.set(entered.is_some());
        // It has places that it does not know how to go on from, which a hostile program can reach.
        let result = catch_unwind(AssertUnwindSafe(|| self.core.next_event()));
        self.bus.entering.set(false);
        self.bus.discards.set(false);
        if let Some(stack) = wild {
            self.core.registers.psp = stack.wrapping_sub(FRAME) & !7;
        }
        match result {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let fault = self.what_failed(error, before.pc);
                return self.failed(fault, &before, entered);
            }
            Err(_) => {
                let instruction = self.code_at(before.pc);
                return Some(Stop::Lockup(Fault::Undefined { instruction }));
            }
        }
        self.instructions += 1;
        if let Some(number) = self.bus.call.take() {
            if self.traps == Traps::Reported {
                return Some(Stop::Call(number));
            }
            if !privileged && let Some(profile) = &mut self.profile {
                profile.called(number, self.instructions);
            }
            self.bus.system.exceptions.pend(SV_CALL);
        }
        let running = self.core.registers.psr.exception_number();
        if running != self.bus.system.exceptions.running() {
            self.bus.system.exceptions.returned_to(running);
            self.bus.exclusive.set(None);
            // A line that is still high is pending again.
            self.bus.look_at_devices(self.core.cycles);
        }
        if let Some(fault) = self.bus.unstacking.take() {
            self.keep(fault);
            self.chained = true;
            let number = self.bus.system.note_unstacking(fault);
            return self.raise(number, fault);
        }
        if self.bus.system.take_reset() {
            return Some(Stop::Reset);
        }
        self.bus.breakpoint.take().map(Stop::Breakpoint)
    }

    /// First address of an exception's handler.
    fn handler_of(&self, number: u16) -> u32 {
        let table = self.bus.system.load(VTOR).unwrap_or(0);
        let mut handler = [0; 4];
        let there = self
            .bus
            .peek(table.wrapping_add(4 * u32::from(number)), &mut handler);
        if there {
            u32::from_le_bytes(handler) & !1
        } else {
            0
        }
    }

    fn masks(&self) -> (bool, bool) {
        let registers = &self.core.registers;
        (registers.primask.pm(), registers.faultmask.pm())
    }

    /// Has the core enter the handler of what is pending, with its next instruction.
    fn enter_exception(&mut self) -> Option<u16> {
        let (primask, faultmask) = self.masks();
        let bus = Rc::clone(&self.bus);
        let exceptions = &bus.system.exceptions;
        let urgent = |exceptions: &Exceptions| {
            exceptions.first().filter(|&(_, priority)| {
                priority < exceptions.execution_priority(primask, faultmask)
            })
        };
        let (mut number, _) = urgent(exceptions)?;
        if std::mem::take(&mut self.chained) {
            // The frame that could not be taken back stays where it is.
            self.bus.discards.set(true);
        } else if let Err(fault) = self.room_to_stack() {
            // The exception that this is comes first if it is the more urgent one
            // (DDI 0403E B1.5.12). Nothing is stacked.
            self.bus.discards.set(true);
            self.keep(fault);
            let derived = self.bus.system.note_stacking(fault);
            if exceptions.takes(derived, primask, faultmask) {
                exceptions.pend(derived);
            } else if exceptions.takes(HARD_FAULT, primask, faultmask) {
                self.bus.system.note_escalation();
                exceptions.pend(HARD_FAULT);
            }
            number = urgent(exceptions)?.0;
        }
        exceptions.entered(number);
        self.bus.exclusive.set(None);
        if SystemControl::is_line(number) {
            self.interrupts += 1;
        }
        self.follow_vector_table();
        self.core.request_interrupt(irq(number));
        Some(number)
    }

    /// The process stack, if an exception is entered from it and nothing can be stacked there. The
    /// emulated core stacks all the same, and does not ask the bus everywhere.
    fn wild_process_stack(&self, entered: Option<u16>) -> Option<u32> {
        let registers = &self.core.registers;
        let is_process = registers.psr.exception_number() == 0 && registers.control.spsel();
        let discards = entered.is_some() && self.bus.discards.get();
        (discards && is_process).then_some(registers.psp)
    }

    /// The emulated core has a register of its own for where vectors are.
    fn follow_vector_table(&mut self) {
        let table = self.bus.system.load(VTOR).unwrap_or(0);
        if table != self.table && self.core.write_u32le_iface(VTOR, table).is_ok() {
            self.table = table;
        }
    }

    fn room_to_stack(&self) -> Result<(), Fault> {
        let stack = self.core[RegisterIndex::new_main(13)].wrapping_sub(FRAME);
        let asker = Asker {
            privileged: self.core.is_privileged(),
            cycle: self.core.cycles,
        };
        self.bus.takes_stacked(stack & !7, asker)
    }

    fn keep(&mut self, fault: Fault) {
        if self.failures.len() < FAILURES {
            self.failures.push(Failure {
                pc: self.core.registers.pc,
                fault,
                privileged: self.core.is_privileged(),
                cycle: self.core.cycles,
            });
        }
    }

    /// Whether a sleeping core goes on: if an interrupt would be taken, masked by PRIMASK or
    /// not (DDI 0403E B1.5.17, B1.5.19).
    fn wakes(&mut self) -> bool {
        let exceptions = &self.bus.system.exceptions;
        let (_, faultmask) = self.masks();
        let interrupt = exceptions.first().is_some_and(|(_, priority)| {
            priority < exceptions.execution_priority(false, faultmask)
        });
        let event = self.bus.sleep.get() == Sleep::UntilEvent
            && (self.core.registers.event
                || self.bus.system.pending_is_event() && exceptions.lines_pending() != 0);
        if interrupt || event {
            if event {
                self.core.registers.event = false;
            }
            self.bus.sleep.set(Sleep::Awake);
            return true;
        }
        false
    }

    fn sleep(&mut self) -> Option<Stop> {
        let due = self.bus.due().min(self.until);
        if due == u64::MAX {
            return Some(Stop::SleepsForEver);
        }
        let wake = due.max(self.core.cycles + 1);
        self.slept += wake - self.core.cycles;
        self.core.cycles = wake;
        None
    }

    fn what_failed(&self, error: RunError, pc: u32) -> Fault {
        if let Some(fault) = self.bus.fault.take() {
            return fault;
        }
        match error {
            RunError::MemRead { address, .. } => Fault::Bus {
                address,
                access: if address & !3 == pc & !3 {
                    Access::Fetch
                } else {
                    Access::Read
                },
            },
            RunError::MemWrite { address, .. } => Fault::Bus {
                address,
                access: Access::Write,
            },
            _ => Fault::Undefined {
                instruction: self.code_at(pc),
            },
        }
    }

    fn code_at(&self, pc: u32) -> u32 {
        let mut first = [0; 2];
        let mut second = [0; 2];
        if !self.bus.peek(pc, &mut first) {
            return 0;
        }
        let first = u32::from(u16::from_le_bytes(first));
        if first >> 11 < 0b11101 || !self.bus.peek(pc.wrapping_add(2), &mut second) {
            return first;
        }
        first << 16 | u32::from(u16::from_le_bytes(second))
    }

    fn failed(
        &mut self,
        fault: Fault,
        before: &CoreRegisters,
        entered: Option<u16>,
    ) -> Option<Stop> {
        let number = self.bus.system.note(fault);
        if entered.is_some() {
            // Between stacking and the first instruction of a handler there is no state to
            // go back to.
            return Some(Stop::Lockup(fault));
        }
        self.core.registers = *before;
        self.keep(fault);
        if self.traps == Traps::Reported {
            return Some(Stop::Fault(fault));
        }
        self.raise(number, fault)
    }

    /// After [`Stop::Breakpoint`], where there is no debugger: the instruction is a HardFault
    /// (DDI 0403E C1.6.2).
    pub fn refuse_breakpoint(&mut self, number: u8) -> Option<Stop> {
        let registers = &mut self.core.registers;
        registers.pc = registers.pc.wrapping_sub(2);
        let fault = Fault::Undefined {
            instruction: 0xBE00 | u32::from(number),
        };
        self.keep(fault);
        self.raise(HARD_FAULT, fault)
    }

    /// Whether the program runs with privileges now.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        self.core.is_privileged()
    }

    /// Pends the exception of a fault, or the one that it becomes.
    fn raise(&mut self, number: u16, fault: Fault) -> Option<Stop> {
        let (primask, faultmask) = self.masks();
        let exceptions = &self.bus.system.exceptions;
        if exceptions.takes(number, primask, faultmask) {
            exceptions.pend(number);
        } else if exceptions.takes(HARD_FAULT, primask, faultmask) {
            self.bus.system.note_escalation();
            exceptions.pend(HARD_FAULT);
        } else {
            return Some(Stop::Lockup(fault));
        }
        None
    }

    /// Puts an image's segments where they say. False if one does not fit.
    #[must_use]
    pub fn load(&self, image: &Image, memories: &[Memory]) -> bool {
        image.segments.iter().all(|segment| {
            memories
                .iter()
                .any(|memory| memory.poke(segment.address, &segment.bytes))
        })
    }
}

fn irq(number: u16) -> Irq {
    match number {
        2 => Irq::Nmi,
        3 => Irq::HardFault,
        4 => Irq::MemManage,
        5 => Irq::BusFault,
        6 => Irq::UsageFault,
        11 => Irq::SVCall,
        12 => Irq::DebugMonitor,
        14 => Irq::PendSV,
        15 => Irq::SysTick,
        _ => Irq::External(number.saturating_sub(EXTERNAL)),
    }
}
