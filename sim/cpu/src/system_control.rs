// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The registers of the system control space (DDI 0403E B3.2), those that are modelled.

use crate::exceptions::{
    BUS_FAULT, EXTERNAL, Exceptions, LINES, MEM_MANAGE, PEND_SV, SV_CALL, SYS_TICK, USAGE_FAULT,
};
use crate::fault::{Access, Fault};
use crate::mpu::Mpu;
use crate::sys_tick::SysTick;
use std::cell::Cell;

/// Cortex-M4 r0p1.
const CPUID: u32 = 0x410F_C241;
const VECTOR_KEY: u32 = 0x05FA;

pub(crate) const VTOR: u32 = 0xE000_ED08;

pub(crate) struct SystemControl {
    pub(crate) exceptions: Exceptions,
    pub(crate) mpu: Mpu,
    pub(crate) timer: SysTick,
    vector_table: Cell<u32>,
    priority_group: Cell<u32>,
    sleep_control: Cell<u32>,
    configuration: Cell<u32>,
    fault_status: Cell<u32>,
    hard_fault_status: Cell<u32>,
    fault_address: Cell<u32>,
    coprocessors: Cell<u32>,
    reset_asked: Cell<bool>,
}

impl SystemControl {
    pub(crate) fn new(priority_bits: u32) -> Self {
        Self {
            exceptions: Exceptions::new(priority_bits),
            mpu: Mpu::default(),
            timer: SysTick::default(),
            vector_table: Cell::new(0),
            priority_group: Cell::new(0),
            sleep_control: Cell::new(0),
            configuration: Cell::new(1 << 9),
            fault_status: Cell::new(0),
            hard_fault_status: Cell::new(0),
            fault_address: Cell::new(0),
            coprocessors: Cell::new(0),
            reset_asked: Cell::new(false),
        }
    }

    pub(crate) fn take_reset(&self) -> bool {
        self.reset_asked.take()
    }

    pub(crate) fn traps_unaligned(&self) -> bool {
        self.configuration.get() >> 3 & 1 == 1
    }

    pub(crate) fn traps_division(&self) -> bool {
        self.configuration.get() >> 4 & 1 == 1
    }

    /// SCR.SEVONPEND.
    pub(crate) fn pending_is_event(&self) -> bool {
        self.sleep_control.get() >> 4 & 1 == 1
    }

    /// Notes a fault for whoever looks into the status registers, and says whose it is.
    pub(crate) fn note(&self, fault: Fault) -> u16 {
        let (bits, address, number) = match fault {
            Fault::Protection {
                access: Access::Fetch,
                ..
            } => (1, None, MEM_MANAGE),
            Fault::Protection { address, .. } => (1 << 1 | 1 << 7, Some(address), MEM_MANAGE),
            Fault::Bus {
                access: Access::Fetch,
                ..
            } => (1 << 8, None, BUS_FAULT),
            Fault::Bus { address, .. } => (1 << 9 | 1 << 15, Some(address), BUS_FAULT),
            Fault::Undefined { .. } => (1 << 16, None, USAGE_FAULT),
            Fault::InvalidState => (1 << 17, None, USAGE_FAULT),
            Fault::Unaligned { .. } => (1 << 24, None, USAGE_FAULT),
            Fault::DivideByZero => (1 << 25, None, USAGE_FAULT),
        };
        self.fault_status.set(self.fault_status.get() | bits);
        if let Some(address) = address {
            self.fault_address.set(address);
        }
        number
    }

    /// Registers could not be stacked (MSTKERR, STKERR). Says whose that is.
    pub(crate) fn note_stacking(&self, fault: Fault) -> u16 {
        let (bit, number) = match fault {
            Fault::Protection { .. } => (4, MEM_MANAGE),
            _ => (12, BUS_FAULT),
        };
        self.fault_status.set(self.fault_status.get() | 1 << bit);
        number
    }

    /// Registers could not be taken back (MUNSTKERR, UNSTKERR, INVPC). Says whose that is.
    pub(crate) fn note_unstacking(&self, fault: Fault) -> u16 {
        let (bit, number) = match fault {
            Fault::Protection { .. } => (3, MEM_MANAGE),
            Fault::InvalidState => (18, USAGE_FAULT),
            _ => (11, BUS_FAULT),
        };
        self.fault_status.set(self.fault_status.get() | 1 << bit);
        number
    }

    /// A fault was escalated to HardFault.
    pub(crate) fn note_escalation(&self) {
        self.hard_fault_status
            .set(self.hard_fault_status.get() | 1 << 30);
    }

    /// A word. `None` if there is no such register here.
    pub(crate) fn load(&self, address: u32) -> Option<u32> {
        let exceptions = &self.exceptions;
        let half = |lines: u64, at: u32| (lines >> (32 * (at & 4) / 4)) as u32;
        Some(match address {
            // ICTR: groups of 32 lines, less one.
            0xE000_E004 => (LINES as u32).div_ceil(32) - 1,
            0xE000_E010..0xE000_E020 => self.timer.load(address - 0xE000_E010)?,
            0xE000_E100..0xE000_E108 | 0xE000_E180..0xE000_E188 => {
                half(exceptions.lines_enabled(), address)
            }
            0xE000_E200..0xE000_E208 | 0xE000_E280..0xE000_E288 => {
                half(exceptions.lines_pending(), address)
            }
            0xE000_E300..0xE000_E308 => half(exceptions.lines_active(), address),
            0xE000_E400..0xE000_E440 => self.priorities(address - 0xE000_E400, |n| {
                exceptions.line_priority(n as usize)
            }),
            0xE000_ED00 => CPUID,
            0xE000_ED04 => self.interrupt_state(),
            // Lines that are not there (DDI 0403E B3.4.3).
            0xE000_E108..0xE000_E140
            | 0xE000_E188..0xE000_E1C0
            | 0xE000_E208..0xE000_E240
            | 0xE000_E288..0xE000_E2C0
            | 0xE000_E308..0xE000_E340
            | 0xE000_E440..0xE000_E5F0 => 0,
            VTOR => self.vector_table.get(),
            0xE000_ED0C => 0xFA05_0000 | self.priority_group.get(),
            0xE000_ED10 => self.sleep_control.get(),
            0xE000_ED14 => self.configuration.get(),
            0xE000_ED18..0xE000_ED24 => self.priorities(address - 0xE000_ED18, |n| {
                exceptions.system_priority(n as usize + 4)
            }),
            0xE000_ED24 => self.handler_state(),
            0xE000_ED28 => self.fault_status.get(),
            0xE000_ED2C => self.hard_fault_status.get(),
            0xE000_ED34 | 0xE000_ED38 => self.fault_address.get(),
            0xE000_ED88 => self.coprocessors.get(),
            0xE000_ED90..0xE000_EDBC => self.mpu.load(address - 0xE000_ED90)?,
            _ => return None,
        })
    }

    fn priorities(&self, first: u32, of: impl Fn(u32) -> u8) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|n| of(first + n as u32)))
    }

    fn interrupt_state(&self) -> u32 {
        let exceptions = &self.exceptions;
        let first = exceptions
            .first()
            .map_or(0, |(number, _)| u32::from(number));
        u32::from(exceptions.running())
            | u32::from(exceptions.running() == 0) << 11
            | first << 12
            | u32::from(exceptions.lines_pending() & exceptions.lines_enabled() != 0) << 22
            | u32::from(exceptions.is_pending(SYS_TICK)) << 26
            | u32::from(exceptions.is_pending(PEND_SV)) << 28
    }

    fn handler_state(&self) -> u32 {
        let exceptions = &self.exceptions;
        let running = exceptions.running();
        u32::from(running == MEM_MANAGE)
            | u32::from(running == BUS_FAULT) << 1
            | u32::from(running == USAGE_FAULT) << 3
            | u32::from(running == SV_CALL) << 7
            | u32::from(running == PEND_SV) << 10
            | u32::from(running == SYS_TICK) << 11
            | u32::from(exceptions.is_pending(SV_CALL)) << 15
            | u32::from(exceptions.is_system_enabled(MEM_MANAGE)) << 16
            | u32::from(exceptions.is_system_enabled(BUS_FAULT)) << 17
            | u32::from(exceptions.is_system_enabled(USAGE_FAULT)) << 18
    }

    pub(crate) fn store(&self, address: u32, value: u32) -> Option<()> {
        let exceptions = &self.exceptions;
        let lines = u64::from(value) << (32 * (address & 4) / 4);
        match address {
            0xE000_E010..0xE000_E020 => self.timer.store(address - 0xE000_E010, value)?,
            // Lines that are not there.
            0xE000_E108..0xE000_E140
            | 0xE000_E188..0xE000_E1C0
            | 0xE000_E208..0xE000_E240
            | 0xE000_E288..0xE000_E2C0
            | 0xE000_E440..0xE000_E5F0 => {}
            0xE000_E100..0xE000_E108 => {
                exceptions.set_lines_enabled(exceptions.lines_enabled() | lines);
            }
            0xE000_E180..0xE000_E188 => {
                exceptions.set_lines_enabled(exceptions.lines_enabled() & !lines);
            }
            0xE000_E200..0xE000_E208 => {
                exceptions.set_lines_pending(exceptions.lines_pending() | lines);
            }
            0xE000_E280..0xE000_E288 => {
                exceptions.set_lines_pending(exceptions.lines_pending() & !lines);
            }
            0xE000_E400..0xE000_E440 | 0xE000_ED18..0xE000_ED24 => {
                for (n, byte) in value.to_le_bytes().into_iter().enumerate() {
                    self.store_byte(address + n as u32, byte)?;
                }
            }
            0xE000_ED04 => {
                if value >> 28 & 1 == 1 {
                    exceptions.pend(PEND_SV);
                }
                if value >> 27 & 1 == 1 {
                    exceptions.unpend(PEND_SV);
                }
                if value >> 26 & 1 == 1 {
                    exceptions.pend(SYS_TICK);
                }
                if value >> 25 & 1 == 1 {
                    exceptions.unpend(SYS_TICK);
                }
            }
            VTOR => self.vector_table.set(value & !0x7F),
            0xE000_ED0C => {
                if value >> 16 == VECTOR_KEY {
                    self.priority_group.set(value & 0x700);
                    if value >> 2 & 1 == 1 {
                        self.reset_asked.set(true);
                    }
                }
            }
            0xE000_ED10 => self.sleep_control.set(value & 0x16),
            0xE000_ED14 => self.configuration.set(value & 0x31B),
            0xE000_ED24 => {
                exceptions.enable_system(MEM_MANAGE, value >> 16 & 1 == 1);
                exceptions.enable_system(BUS_FAULT, value >> 17 & 1 == 1);
                exceptions.enable_system(USAGE_FAULT, value >> 18 & 1 == 1);
            }
            // Written ones clear.
            0xE000_ED28 => self.fault_status.set(self.fault_status.get() & !value),
            0xE000_ED2C => self
                .hard_fault_status
                .set(self.hard_fault_status.get() & !value),
            0xE000_ED34 | 0xE000_ED38 => self.fault_address.set(value),
            0xE000_ED88 => self.coprocessors.set(value & 0x00F0_FFFF),
            0xE000_ED90..0xE000_EDBC => self.mpu.store(address - 0xE000_ED90, value)?,
            _ => return None,
        }
        Some(())
    }

    /// A byte: priorities only, as the architecture allows.
    pub(crate) fn store_byte(&self, address: u32, value: u8) -> Option<()> {
        match address {
            0xE000_E400..0xE000_E440 => self
                .exceptions
                .set_line_priority((address - 0xE000_E400) as usize, value),
            0xE000_ED18..0xE000_ED24 => self
                .exceptions
                .set_system_priority((address - 0xE000_ED18) as usize + 4, value),
            _ => return None,
        }
        Some(())
    }

    pub(crate) fn is_line(number: u16) -> bool {
        number >= EXTERNAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enables_are_set_and_cleared_by_ones() {
        let control = SystemControl::new(3);
        control.store(0xE000_E104, 1 << 9).unwrap();
        assert_eq!(control.exceptions.lines_enabled(), 1 << 41);
        assert_eq!(control.load(0xE000_E184), Some(1 << 9));
        control.store(0xE000_E184, 1 << 9).unwrap();
        assert_eq!(control.exceptions.lines_enabled(), 0);
    }

    #[test]
    fn priorities_have_the_bits_that_exist() {
        let control = SystemControl::new(3);
        control.store_byte(0xE000_E429, 0xFF).unwrap();
        assert_eq!(control.exceptions.line_priority(41), 0xE0);
        assert_eq!(control.load(0xE000_E428), Some(0xE000));
        control.store(0xE000_ED20, 0xFF00_0000).unwrap();
        assert_eq!(control.exceptions.system_priority(15), 0xE0);
    }

    #[test]
    fn a_reset_wants_the_key() {
        let control = SystemControl::new(3);
        control.store(0xE000_ED0C, 1 << 2).unwrap();
        assert!(!control.take_reset());
        control.store(0xE000_ED0C, 0x05FA_0004).unwrap();
        assert!(control.take_reset());
    }

    #[test]
    fn what_is_not_modelled_does_not_answer() {
        let control = SystemControl::new(3);
        assert_eq!(control.load(0xE000_E008), None);
        assert_eq!(control.store(0xE000_EF00, 0), None);
    }
}
