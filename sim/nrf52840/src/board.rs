// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The board: an image in the chip's flash, a core that executes it, a terminal, and power.

use crate::chip::Chip;
use crate::flash::{PAGE, SIZE, USER, factory_information};
use crate::names;
use emulated_cortex_m::{Access, Cpu, Failure, Fault, Image, Memory, Passed, Profile, Stop, Traps};
use qspi_models::{Nor, Observation, Qspi, Timed, Violation, Wiring};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

const RAM: u32 = 0x2000_0000;
const RAM_SIZE: usize = 256 << 10;
/// How long the supply is away in a power cycle, ns.
const WITHOUT_POWER_NS: u64 = 100_000_000;
/// Faults of the kernel that are kept until they are asked for.
const KERNEL_FAULTS: usize = 16;

/// Why there is no board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardError {
    /// A segment of the image is not in flash.
    OutsideFlash(u32),
    /// There is no vector table.
    NoVectors,
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BoardError::OutsideFlash(address) => {
                write!(f, "there is no flash at {address:#010x}, where it goes")
            }
            BoardError::NoVectors => f.write_str("it has no vector table"),
        }
    }
}

impl std::error::Error for BoardError {}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As many instructions were executed as were asked for.
    Instructions,
    /// It is that late.
    Time,
    /// BKPT.
    Breakpoint(u8),
    /// A fault where no handler can be entered.
    Lockup {
        /// Address of the instruction.
        pc: u32,
        /// What failed.
        fault: Fault,
    },
    /// It sleeps, and nothing will ever wake it.
    Asleep,
}

/// An access to what is not modelled: where it was, and what it was to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodelled {
    /// Address of the instruction; `None` for DMA.
    pub pc: Option<u32>,
    /// What it wanted.
    pub address: u32,
    /// To read, write or execute.
    pub access: Access,
    /// What the address is called.
    pub name: String,
}

impl fmt::Display for Unmodelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            access,
            name,
            ..
        } = self;
        match self.pc {
            Some(pc) => write!(f, "{access} of {address:#010x} ({name}) at {pc:#010x}"),
            None => write!(f, "DMA to or from {address:#010x} ({name})"),
        }
    }
}

/// What was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Instructions.
    pub instructions: u64,
    /// Exceptions entered that are interrupt lines.
    pub interrupts: u64,
    /// Simulated time, ns.
    pub ns: u64,
    /// Cycles asleep.
    pub slept: u64,
    /// Resets that the image asked for.
    pub resets: u32,
    /// Power cycles.
    pub power_cycles: u32,
    /// Calls of apps.
    pub profile: Profile,
}

/// An nRF52840DK with an image.
pub struct Board {
    cpu: Cpu,
    chip: Rc<RefCell<Chip>>,
    memories: Vec<Memory>,
    /// Of cores before this one.
    before: Figures,
    unmodelled: Vec<Unmodelled>,
    kernel_faults: Vec<Failure>,
}

fn core(memories: &[Memory], chip: &Rc<RefCell<Chip>>) -> Option<Cpu> {
    let devices = Box::new(Rc::clone(chip));
    let mut cpu = Cpu::new(memories.to_vec(), devices, Traps::Vectored);
    cpu.set_profiling();
    cpu.reset_to_vectors().then_some(cpu)
}

impl Board {
    /// A board in reset, with `image` in its flash and `external` on the DK's QSPI pins.
    ///
    /// # Errors
    /// The image is none for this chip.
    pub fn new(image: &Image, external: Nor) -> Result<Self, BoardError> {
        let flash = Memory::rom(0, vec![0xFF; SIZE]);
        let user = Memory::rom(USER, vec![0xFF; PAGE]);
        for segment in &image.segments {
            if !flash.poke(segment.address, &segment.bytes) {
                return Err(BoardError::OutsideFlash(segment.address));
            }
        }
        let ram = Memory::ram(RAM, RAM_SIZE);
        forget(&ram);
        let mut qspi = Qspi::new(external);
        qspi.set_wiring(Wiring::NRF52840DK);
        qspi.set_observing(false);
        let chip = Chip::new(qspi, ram.clone(), flash.clone(), user.clone());
        let chip = Rc::new(RefCell::new(chip));
        let memories = vec![ram, flash, factory_information(), user];
        let mut vectors = [0; 8];
        let there = memories[1].peek(0, &mut vectors) && vectors != [0xFF; 8];
        let cpu = core(&memories, &chip).filter(|_| there);
        Ok(Self {
            cpu: cpu.ok_or(BoardError::NoVectors)?,
            chip,
            memories,
            before: Figures::default(),
            unmodelled: Vec::new(),
            kernel_faults: Vec::new(),
        })
    }

    /// Puts bytes into the chip's flash. False if they don't fit.
    #[must_use]
    pub fn install(&mut self, address: u32, bytes: &[u8]) -> bool {
        self.memories
            .iter()
            .any(|memory| memory.base() == 0 && memory.poke(address, bytes))
    }

    /// Bytes of the chip's memories. False if they are not all there.
    #[must_use]
    pub fn peek(&self, address: u32, into: &mut [u8]) -> bool {
        self.memories
            .iter()
            .any(|memory| memory.peek(address, into))
    }

    /// Somebody types this on the terminal.
    pub fn type_in(&mut self, bytes: &[u8]) {
        let mut chip = self.chip.borrow_mut();
        let now = chip.ns_at(self.cpu.cycles());
        chip.uarte.type_in(now, bytes);
        drop(chip);
        self.cpu.devices_changed();
    }

    /// What was printed since the last time.
    pub fn take_printed(&mut self) -> Vec<u8> {
        self.chip.borrow_mut().uarte.take_printed()
    }

    /// When the last byte was printed, ns; `None` while there is more to print or type.
    #[must_use]
    pub fn quiet_since_ns(&self) -> Option<u64> {
        let chip = self.chip.borrow();
        let uarte = &chip.uarte;
        uarte.is_quiet().then(|| uarte.printed_at())
    }

    /// Accesses to what is not modelled since the last time, the first few of them.
    pub fn take_unmodelled(&mut self) -> Vec<Unmodelled> {
        std::mem::take(&mut self.unmodelled)
    }

    /// Instructions with privileges that failed since the last time, the first few of them. Those
    /// that touched what does not answer are among [`Board::take_unmodelled`] instead.
    pub fn take_kernel_faults(&mut self) -> Vec<Failure> {
        std::mem::take(&mut self.kernel_faults)
    }

    /// What broke the rules of the QSPI peripheral or its flash so far.
    #[must_use]
    pub fn violations(&self) -> Vec<Timed<Violation>> {
        self.chip.borrow().qspi.violations().to_vec()
    }

    /// Keeps the address of each instruction from here on, up to the next reset.
    pub fn set_tracing(&mut self) {
        self.cpu.set_tracing();
    }

    /// Takes the addresses out, and ends that.
    pub fn take_trace(&mut self) -> Vec<u32> {
        self.cpu.take_trace()
    }

    /// Takes note each time that an instruction at one of these addresses is executed, up to the
    /// next reset.
    pub fn watch(&mut self, addresses: &[u32]) {
        self.cpu.watch(addresses);
    }

    /// Takes out what was noted since the last time.
    pub fn take_passed(&mut self) -> Vec<Passed> {
        self.cpu.take_passed()
    }

    /// Simulated time at a cycle of the present core, ns.
    #[must_use]
    pub fn ns_at(&self, cycle: u64) -> u64 {
        self.chip.borrow().ns_at(cycle)
    }

    /// Has the QSPI peripheral and its flash tell what they do, or not. They don't at first.
    pub fn set_observing(&mut self, observing: bool) {
        self.chip.borrow_mut().qspi.set_observing(observing);
    }

    /// What they did since the last time.
    pub fn take_observations(&mut self) -> Vec<Timed<Observation>> {
        self.chip.borrow_mut().qspi.take_observations()
    }

    /// Simulated time, ns.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.chip.borrow().ns_at(self.cpu.cycles())
    }

    /// What was executed so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = self.before.clone();
        figures.instructions += self.cpu.instructions();
        figures.interrupts += self.cpu.interrupts();
        figures.slept += self.cpu.slept();
        figures.ns = self.now_ns();
        if let Some(profile) = self.cpu.profile() {
            figures.profile.add(profile);
        }
        figures
    }

    /// Runs until so many instructions were executed since the board was made, it is this late, or
    /// something happens.
    pub fn run(&mut self, instructions: u64, until_ns: u64) -> End {
        loop {
            let left = (instructions - self.before.instructions.min(instructions))
                .saturating_sub(self.cpu.instructions());
            let until = self.chip.borrow().cycle_at(until_ns);
            if left == 0 {
                return End::Instructions;
            }
            if self.cpu.cycles() >= until {
                return End::Time;
            }
            let mut stop = self.cpu.run_until(left, until);
            if let Stop::Breakpoint(number) = stop
                && !self.cpu.is_privileged()
            {
                // An app's; there is no debugger that it could be for.
                stop = self.cpu.refuse_breakpoint(number).unwrap_or(Stop::Budget);
            }
            self.look_at_failures();
            match stop {
                Stop::Budget => {}
                Stop::Reset => self.restart(true),
                Stop::Breakpoint(number) => return End::Breakpoint(number),
                Stop::SleepsForEver => return End::Asleep,
                Stop::Fault(fault) | Stop::Lockup(fault) => {
                    let pc = self.cpu.registers().pc;
                    return End::Lockup { pc, fault };
                }
                // Calls go through the vector table.
                Stop::Call(_) => {}
            }
        }
    }

    fn look_at_failures(&mut self) {
        for failure in self.cpu.take_failures() {
            // What an app does is between it and its kernel.
            if !failure.privileged {
                continue;
            }
            if let Fault::Bus { address, access } = failure.fault {
                self.unmodelled.push(Unmodelled {
                    pc: Some(failure.pc),
                    address,
                    access,
                    name: names::name(address),
                });
            } else if self.kernel_faults.len() < KERNEL_FAULTS {
                self.kernel_faults.push(failure);
            }
        }
        for address in self.chip.borrow_mut().take_strays() {
            self.unmodelled.push(Unmodelled {
                pc: None,
                address,
                access: Access::Read,
                name: names::name(address),
            });
        }
    }

    /// The supply goes away and comes back. RAM is forgotten, both flashes are not.
    pub fn power_cycle(&mut self) {
        let now = self.now_ns();
        {
            let mut chip = self.chip.borrow_mut();
            chip.wait_until(now);
            chip.qspi.flash_mut().power_cut(now);
            chip.wait_until(now + WITHOUT_POWER_NS);
            chip.qspi.flash_mut().power_on(now + WITHOUT_POWER_NS);
        }
        for memory in &self.memories {
            if memory.base() == RAM {
                forget(memory);
            }
        }
        self.before.power_cycles += 1;
        self.restart(false);
    }

    fn restart(&mut self, keeps_power: bool) {
        let figures = self.figures();
        {
            let mut chip = self.chip.borrow_mut();
            if keeps_power {
                let now = chip.ns_at(self.cpu.cycles());
                chip.wait_until(now);
            }
            chip.reset(keeps_power);
        }
        self.before = figures;
        if keeps_power {
            self.before.resets += 1;
        }
        // It had vectors before; a program that erased its own has none, and faults.
        if let Some(cpu) = core(&self.memories, &self.chip) {
            self.cpu = cpu;
        }
    }
}

/// What RAM holds when it gets power is anything; this is never what a program hopes for.
fn forget(ram: &Memory) {
    let junk: Vec<u8> = (0..ram.size() as u32)
        .map(|n| (n.wrapping_mul(0x9E37_79B1) >> 24) as u8)
        .collect();
    let fits = ram.poke(ram.base(), &junk);
    debug_assert!(fits, "it is as long as that");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine_code::kernel;
    use emulated_cortex_m::Segment;
    use qspi_models::nor::part;
    use std::collections::BTreeMap;

    fn board(code: &[u16]) -> Board {
        Board::new(&kernel(code), Nor::new(part("MX25R6435F").unwrap())).unwrap()
    }

    #[test]
    fn what_is_not_modelled_is_named() {
        // r0 = 0x4000D000; ldr r1, [r0]; b .
        let mut board = board(&[0xF24D, 0x0000, 0xF2C4, 0x0000, 0x6801, 0xE7FE]);
        board.run(10, u64::MAX);
        let unmodelled = board.take_unmodelled();
        assert_eq!(
            unmodelled[0].to_string(),
            "read of 0x4000d000 (RNG+0x000) at 0x00000048"
        );
        assert!(board.take_unmodelled().iter().all(|it| it.pc != Some(0x48)));
    }

    #[test]
    fn a_fault_of_the_kernel_is_kept() {
        // udf #0
        let mut board = board(&[0xDE00]);
        board.run(10, u64::MAX);
        let faults = board.take_kernel_faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].pc, 0x40);
        let instruction = 0xDE00;
        assert_eq!(faults[0].fault, Fault::Undefined { instruction });
        assert!(board.take_kernel_faults().is_empty());
    }

    #[test]
    fn a_stack_that_overflows_is_named() {
        // r0 = 0x20000008; mov sp, r0; push {r0, r1, r2}; b .
        let mut board = board(&[0xF04F, 0x5000, 0x3008, 0x4685, 0xB407, 0xE7FE]);
        board.run(10, u64::MAX);
        let unmodelled = board.take_unmodelled();
        assert_eq!(
            unmodelled[0].to_string(),
            "write of 0x1ffffffc (below RAM, where a stack overflows to) at 0x00000048"
        );
    }

    #[test]
    fn an_image_without_vectors_is_none() {
        let image = Image {
            segments: Vec::new(),
            symbols: BTreeMap::new(),
        };
        let flash = || Nor::new(part("MX25R6435F").unwrap());
        assert_eq!(
            Board::new(&image, flash()).err(),
            Some(BoardError::NoVectors)
        );
        let image = Image {
            segments: vec![Segment {
                address: RAM,
                bytes: vec![0],
            }],
            symbols: BTreeMap::new(),
        };
        assert_eq!(
            Board::new(&image, flash()).err(),
            Some(BoardError::OutsideFlash(RAM))
        );
    }

    #[test]
    fn a_power_cycle_forgets_ram_and_starts_again() {
        // r0 = 0x20000000; r1 = [r0]; r1 += 1; [r0] = r1; b .
        let mut board = board(&[0xF04F, 0x5000, 0x6801, 0x3101, 0x6001, 0xE7FE]);
        let value = |board: &Board| {
            let mut bytes = [0; 4];
            assert!(board.peek(RAM, &mut bytes));
            u32::from_le_bytes(bytes)
        };
        let junk = value(&board);
        assert_eq!(board.run(20, u64::MAX), End::Instructions);
        assert_eq!(value(&board), junk + 1);
        board.power_cycle();
        assert_eq!(value(&board), junk);
        board.run(40, u64::MAX);
        assert_eq!(value(&board), junk + 1);
        let figures = board.figures();
        assert_eq!((figures.instructions, figures.power_cycles), (40, 1));
        assert!(figures.ns > WITHOUT_POWER_NS);
    }
}
