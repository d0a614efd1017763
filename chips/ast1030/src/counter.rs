// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The third timer as a counter at the peripherals' clock: finer than the alarm's µs.

use crate::timers::{CONTROL, NEVER, TimerRegisters};
use kernel::utilities::StaticRef;
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The counter. It wraps.
pub struct Counter {
    registers: StaticRef<TimerRegisters>,
}

impl Counter {
    /// The counter. [`start`](Self::start) makes it run.
    pub fn new(registers: StaticRef<TimerRegisters>) -> Counter {
        Counter { registers }
    }

    /// Starts it.
    pub fn start(&self) {
        let [_, _, timer] = &self.registers.timers;
        self.registers.control_clear.write(CONTROL::ENABLE3::SET);
        timer.first_match.set(NEVER);
        timer.second_match.set(NEVER);
        timer.reload.set(u32::MAX);
        timer.count.set(u32::MAX);
        self.registers
            .control
            .modify(CONTROL::EXTERNAL_CLOCK3::CLEAR + CONTROL::OVERFLOW_INTERRUPT3::CLEAR);
        self.registers.control.modify(CONTROL::ENABLE3::SET);
    }

    /// What it has counted.
    pub fn now(&self) -> u32 {
        let [_, _, timer] = &self.registers.timers;
        !timer.count.get()
    }
}
