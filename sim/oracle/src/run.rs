// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One run of a firmware.

use crate::chip::{Chip, RAM, RAM_SIZE, ns_at_cycle};
use crate::claims::Claim;
use crate::semihosting::{self, BREAKPOINT, Request};
use emulated_cortex_m::{Cpu, Image, ImageError, Memory, NoDevices, Stop, Traps};
use qspi_models::{Timed, Violation};
use std::cell::RefCell;
use std::rc::Rc;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The firmware said so, with this code.
    Exit(u32),
    /// It took too many instructions: it hangs.
    TooLong,
    /// It stopped otherwise.
    Stopped(Stop),
    /// It asked its host for something that does not exist.
    UnknownRequest(u32),
}

/// What a run showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// Claims of the firmware, and whether each was true.
    pub claims: Vec<(Claim, bool)>,
    /// What no correct driver does, without what the firmware does on purpose.
    pub violations: Vec<Timed<Violation>>,
    /// Violations on purpose.
    pub expected_violations: usize,
    /// Instructions executed.
    pub instructions: u64,
    /// Interrupts taken.
    pub interrupts: u64,
    /// Simulated time, ns.
    pub time_ns: u64,
    /// Of that, asleep.
    pub slept_ns: u64,
    /// Where the core was at the end.
    pub at: u32,
}

impl Report {
    /// Whether every check held, and nothing was done that no correct driver does.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.end == End::Exit(0)
            && self.claims.iter().all(|(_, holds)| *holds)
            && self.violations.is_empty()
            && self.expected_violations == 1
    }

    /// Checks that held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.claims.iter().filter(|(_, holds)| *holds).count()
    }

    /// The first thing that was wrong.
    #[must_use]
    pub fn first_wrong(&self) -> Option<String> {
        let claim = self.claims.iter().find(|(_, holds)| !holds);
        if let Some((claim, _)) = claim {
            return Some(match claim {
                Claim::Failed(name) => format!("check {name} failed"),
                Claim::Other(text) => text.clone(),
                claim => format!("not so: {claim:?}"),
            });
        }
        if let Some(violation) = self.violations.first() {
            return Some(format!("{:?} at {} ns", violation.what, violation.at));
        }
        match &self.end {
            End::Exit(0) if self.expected_violations == 1 => None,
            End::Exit(0) => Some("the part did not notice a program that sets bits".to_owned()),
            End::TooLong => Some(format!("it hangs at {:#x}", self.at)),
            end => Some(format!("{end:?} at {:#x}", self.at)),
        }
    }
}

/// Runs a program that needs no peripherals, and gives the address of each instruction and
/// what the program printed.
pub fn trace(elf: &[u8], instructions: u64) -> Result<(Vec<u32>, String, End), ImageError> {
    let image = Image::from_elf(elf)?;
    let misfit = || ImageError::from_text("the program does not fit the chip");
    let program: Vec<(u32, Vec<u8>)> = image
        .segments
        .into_iter()
        .map(|segment| (segment.address, segment.bytes))
        .collect();
    let ram = Memory::ram(RAM, RAM_SIZE);
    let memories = Chip::memories(&program, &ram).ok_or_else(misfit)?;
    let mut cpu = Cpu::new(memories, Box::new(NoDevices), Traps::Vectored);
    if !cpu.reset_to_vectors() {
        return Err(misfit());
    }
    cpu.set_tracing();
    let mut printed = String::new();
    let end = loop {
        match cpu.run(instructions.saturating_sub(cpu.instructions())) {
            Stop::Budget => break End::TooLong,
            Stop::Breakpoint(BREAKPOINT) => match semihosting::request(&cpu) {
                Request::Print(text) => printed += &text,
                Request::Exit(code) => break End::Exit(code),
                Request::Unknown(operation) => break End::UnknownRequest(operation),
            },
            stop => break End::Stopped(stop),
        }
    };
    Ok((cpu.take_trace(), printed, end))
}

/// Runs a firmware for at most so many instructions.
pub fn run(elf: &[u8], instructions: u64) -> Result<Report, ImageError> {
    let image = Image::from_elf(elf)?;
    let program: Vec<(u32, Vec<u8>)> = image
        .segments
        .iter()
        .map(|segment| (segment.address, segment.bytes.clone()))
        .collect();
    let ram = Memory::ram(RAM, RAM_SIZE);
    let misfit = || ImageError::from_text("the firmware does not fit the chip");
    let memories = Chip::memories(&program, &ram).ok_or_else(misfit)?;
    let chip = Rc::new(RefCell::new(Chip::new(ram).ok_or_else(misfit)?));
    let mut cpu = Cpu::new(memories, Box::new(Rc::clone(&chip)), Traps::Vectored);
    if !cpu.reset_to_vectors() {
        return Err(misfit());
    }
    let mut claims = Vec::new();
    let end = loop {
        let left = instructions.saturating_sub(cpu.instructions());
        match cpu.run(left) {
            Stop::Budget => break End::TooLong,
            Stop::Breakpoint(BREAKPOINT) => match semihosting::request(&cpu) {
                Request::Print(text) => {
                    for line in text.lines() {
                        let claim = Claim::parse(line);
                        let holds = claim.holds(chip.borrow_mut().qspi.flash_mut());
                        claims.push((claim, holds));
                    }
                }
                Request::Exit(code) => break End::Exit(code),
                Request::Unknown(operation) => break End::UnknownRequest(operation),
            },
            stop => break End::Stopped(stop),
        }
    };
    // What was programmed must have stayed.
    for (claim, holds) in &mut claims {
        if matches!(claim, Claim::Array { .. } | Claim::Erased { .. }) {
            *holds &= claim.holds(chip.borrow_mut().qspi.flash_mut());
        }
    }
    let (expected, violations): (Vec<_>, Vec<_>) = chip
        .borrow_mut()
        .qspi
        .take_violations()
        .into_iter()
        .partition(|violation| matches!(violation.what, Violation::ProgramSetsBits { .. }));
    Ok(Report {
        end,
        claims,
        violations,
        expected_violations: expected.len(),
        instructions: cpu.instructions(),
        interrupts: cpu.interrupts(),
        time_ns: ns_at_cycle(cpu.cycles()),
        slept_ns: ns_at_cycle(cpu.slept()),
        at: cpu.registers().pc,
    })
}
