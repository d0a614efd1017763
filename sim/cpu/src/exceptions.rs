// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which exceptions are pending, enabled and active, and which one is next
//! (DDI 0403E B1.5.4, B3.4).

use std::cell::{Cell, RefCell};

pub(crate) const HARD_FAULT: u16 = 3;
pub(crate) const MEM_MANAGE: u16 = 4;
pub(crate) const BUS_FAULT: u16 = 5;
pub(crate) const USAGE_FAULT: u16 = 6;
pub(crate) const SV_CALL: u16 = 11;
pub(crate) const PEND_SV: u16 = 14;
pub(crate) const SYS_TICK: u16 = 15;
/// The first exception that is an interrupt line.
pub(crate) const EXTERNAL: u16 = 16;
/// Lines that are modelled.
pub(crate) const LINES: usize = 64;

/// Lower than any exception's.
const THREAD: i16 = 256;

pub(crate) struct Exceptions {
    lines_pending: Cell<u64>,
    lines_enabled: Cell<u64>,
    line_priorities: [Cell<u8>; LINES],
    /// By exception number, below 16.
    system_pending: Cell<u16>,
    system_enabled: Cell<u16>,
    system_priorities: [Cell<u8>; 16],
    active: RefCell<Vec<u16>>,
    base_priority: Cell<u8>,
    /// Bits of a priority that exist.
    mask: u8,
}

impl Exceptions {
    pub(crate) fn new(priority_bits: u32) -> Self {
        Self {
            lines_pending: Cell::new(0),
            lines_enabled: Cell::new(0),
            line_priorities: std::array::from_fn(|_| Cell::new(0)),
            system_pending: Cell::new(0),
            // HardFault, SVCall, PendSV and SysTick can't be switched off.
            system_enabled: Cell::new(
                1 << HARD_FAULT | 1 << SV_CALL | 1 << PEND_SV | 1 << SYS_TICK,
            ),
            system_priorities: std::array::from_fn(|_| Cell::new(0)),
            active: RefCell::new(Vec::new()),
            base_priority: Cell::new(0),
            mask: !(0xFF_u16 >> priority_bits) as u8,
        }
    }

    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.lines_pending.get() & self.lines_enabled.get() != 0 || self.system_pending.get() != 0
    }

    pub(crate) fn lines_pending(&self) -> u64 {
        self.lines_pending.get()
    }

    pub(crate) fn lines_enabled(&self) -> u64 {
        self.lines_enabled.get()
    }

    pub(crate) fn set_lines_pending(&self, lines: u64) {
        self.lines_pending.set(lines);
    }

    pub(crate) fn set_lines_enabled(&self, lines: u64) {
        self.lines_enabled.set(lines);
    }

    pub(crate) fn lines_active(&self) -> u64 {
        let active = self.active.borrow();
        active
            .iter()
            .filter(|&&number| number >= EXTERNAL)
            .fold(0, |lines, number| lines | 1 << (number - EXTERNAL))
    }

    /// A line that is high makes its interrupt pending, unless its handler runs.
    pub(crate) fn see_lines(&self, high: u64) {
        if high != 0 {
            let pending = high & !self.lines_active();
            self.lines_pending.set(self.lines_pending.get() | pending);
        }
    }

    pub(crate) fn pend(&self, number: u16) {
        if number < EXTERNAL {
            self.system_pending
                .set(self.system_pending.get() | 1 << number);
        } else {
            let bit = 1 << (number - EXTERNAL);
            self.lines_pending.set(self.lines_pending.get() | bit);
        }
    }

    pub(crate) fn unpend(&self, number: u16) {
        if number < EXTERNAL {
            self.system_pending
                .set(self.system_pending.get() & !(1 << number));
        } else {
            let bit: u64 = 1 << (number - EXTERNAL);
            self.lines_pending.set(self.lines_pending.get() & !bit);
        }
    }

    pub(crate) fn is_pending(&self, number: u16) -> bool {
        self.system_pending.get() >> number & 1 == 1
    }

    pub(crate) fn enable_system(&self, number: u16, on: bool) {
        let bit = 1 << number;
        let enabled = self.system_enabled.get();
        self.system_enabled
            .set(if on { enabled | bit } else { enabled & !bit });
    }

    pub(crate) fn is_system_enabled(&self, number: u16) -> bool {
        self.system_enabled.get() >> number & 1 == 1
    }

    pub(crate) fn line_priority(&self, line: usize) -> u8 {
        self.line_priorities.get(line).map_or(0, Cell::get)
    }

    pub(crate) fn set_line_priority(&self, line: usize, priority: u8) {
        if let Some(slot) = self.line_priorities.get(line) {
            slot.set(priority & self.mask);
        }
    }

    pub(crate) fn system_priority(&self, number: usize) -> u8 {
        self.system_priorities.get(number).map_or(0, Cell::get)
    }

    pub(crate) fn set_system_priority(&self, number: usize, priority: u8) {
        if let Some(slot) = self.system_priorities.get(number) {
            slot.set(priority & self.mask);
        }
    }

    pub(crate) fn base_priority(&self) -> u8 {
        self.base_priority.get()
    }

    pub(crate) fn set_base_priority(&self, priority: u8) {
        self.base_priority.set(priority & self.mask);
    }

    fn priority_of(&self, number: u16) -> i16 {
        match number {
            0..=1 => -3,
            2 => -2,
            HARD_FAULT => -1,
            4..EXTERNAL => i16::from(self.system_priorities[usize::from(number)].get()),
            _ => i16::from(self.line_priority(usize::from(number - EXTERNAL))),
        }
    }

    /// What an exception's priority must be above (that is, less than) to be taken now.
    pub(crate) fn execution_priority(&self, primask: bool, faultmask: bool) -> i16 {
        let active = self.active.borrow();
        let running = active
            .iter()
            .map(|&number| self.priority_of(number))
            .min()
            .unwrap_or(THREAD);
        let mut masked = THREAD;
        if self.base_priority.get() != 0 {
            masked = i16::from(self.base_priority.get());
        }
        if primask {
            masked = 0;
        }
        if faultmask {
            masked = -1;
        }
        running.min(masked)
    }

    /// The pending exception of the highest priority, with that.
    pub(crate) fn first(&self) -> Option<(u16, i16)> {
        let system = self.system_pending.get() & self.system_enabled.get();
        let lines = self.lines_pending.get() & self.lines_enabled.get();
        let system = (0..EXTERNAL).filter(|&number| system >> number & 1 == 1);
        let lines = (0..LINES as u16)
            .filter(|&line| lines >> line & 1 == 1)
            .map(|line| EXTERNAL + line);
        system
            .chain(lines)
            .map(|number| (number, self.priority_of(number)))
            .min_by_key(|&(number, priority)| (priority, number))
    }

    pub(crate) fn takes(&self, number: u16, primask: bool, faultmask: bool) -> bool {
        self.is_system_enabled(number)
            && self.priority_of(number) < self.execution_priority(primask, faultmask)
    }

    pub(crate) fn entered(&self, number: u16) {
        self.unpend(number);
        self.active.borrow_mut().push(number);
    }

    /// The core is now in the handler of `number`, or in none if that is 0.
    pub(crate) fn returned_to(&self, number: u16) {
        let mut active = self.active.borrow_mut();
        while active.last().is_some_and(|&last| last != number) {
            active.pop();
        }
    }

    /// Exceptions that are active.
    pub(crate) fn depth(&self) -> usize {
        self.active.borrow().len()
    }

    pub(crate) fn running(&self) -> u16 {
        self.active.borrow().last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(priorities: &[u8]) -> Exceptions {
        let exceptions = Exceptions::new(3);
        for (line, &priority) in priorities.iter().enumerate() {
            exceptions.set_line_priority(line, priority);
        }
        exceptions.set_lines_enabled(u64::MAX);
        exceptions
    }

    #[test]
    fn the_more_urgent_comes_first_then_the_lower_number() {
        let exceptions = lines(&[0x40, 0x20, 0x20]);
        exceptions.set_lines_pending(0b111);
        assert_eq!(exceptions.first(), Some((17, 0x20)));
        exceptions.entered(17);
        assert_eq!(exceptions.first(), Some((18, 0x20)));
        assert_eq!(exceptions.execution_priority(false, false), 0x20);
    }

    #[test]
    fn masks_hold_back_what_they_say() {
        let exceptions = lines(&[0x40]);
        assert_eq!(exceptions.execution_priority(false, false), THREAD);
        assert_eq!(exceptions.execution_priority(true, false), 0);
        assert_eq!(exceptions.execution_priority(false, true), -1);
        exceptions.set_base_priority(0x5F);
        assert_eq!(exceptions.execution_priority(false, false), 0x40);
    }

    #[test]
    fn a_high_line_is_pending_once_until_its_handler_ends() {
        let exceptions = lines(&[0]);
        exceptions.see_lines(1);
        exceptions.entered(16);
        exceptions.see_lines(1);
        assert_eq!(exceptions.lines_pending(), 0);
        exceptions.returned_to(0);
        exceptions.see_lines(1);
        assert_eq!(exceptions.lines_pending(), 1);
    }

    #[test]
    fn a_line_that_is_not_enabled_waits() {
        let exceptions = lines(&[0]);
        exceptions.set_lines_enabled(0);
        exceptions.see_lines(1);
        assert!(!exceptions.any());
        assert_eq!(exceptions.first(), None);
    }
}
