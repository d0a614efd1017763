// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Events and interrupts as most peripherals of the chip have them: event n at 0x100 + 4n, bit n of
//! INTEN.

/// The events of one peripheral.
pub(crate) struct Events {
    /// Those that there are, a bit for each.
    known: u32,
    raised: u32,
    enabled: u32,
    /// Whether INTEN itself is there, beside INTENSET and INTENCLR.
    has_inten: bool,
}

impl Events {
    pub(crate) const fn new(known: u32, has_inten: bool) -> Self {
        Self {
            known,
            raised: 0,
            enabled: 0,
            has_inten,
        }
    }

    pub(crate) fn raise(&mut self, event: u32) {
        self.raised |= 1 << event & self.known;
    }

    pub(crate) fn is_enabled(&self, event: u32) -> bool {
        self.enabled >> event & 1 == 1
    }

    /// Level of the interrupt line.
    pub(crate) fn line(&self) -> bool {
        self.raised & self.enabled != 0
    }

    fn event(&self, offset: u32) -> Option<u32> {
        let event = offset.checked_sub(0x100)? / 4;
        (event < 32 && self.known >> event & 1 == 1).then_some(event)
    }

    /// `None` if the register is none of these.
    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        match offset {
            0x100..0x180 => self.event(offset).map(|event| self.raised >> event & 1),
            0x300 if self.has_inten => Some(self.enabled),
            0x304 | 0x308 => Some(self.enabled),
            _ => None,
        }
    }

    /// `None` if the register is none of these.
    pub(crate) fn store(&mut self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x100..0x180 => {
                let bit = 1 << self.event(offset)?;
                self.raised = if value & 1 == 1 {
                    self.raised | bit
                } else {
                    self.raised & !bit
                };
            }
            0x300 if self.has_inten => self.enabled = value & self.known,
            0x304 => self.enabled |= value & self.known,
            0x308 => self.enabled &= !value,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stays_until_it_is_cleared() {
        let mut events = Events::new(1 << 4 | 1 << 8, true);
        events.store(0x304, 1 << 8).unwrap();
        events.raise(4);
        assert!(!events.line());
        events.raise(8);
        assert!(events.line());
        assert_eq!(events.load(0x120), Some(1));
        events.store(0x120, 0).unwrap();
        assert_eq!((events.load(0x120), events.line()), (Some(0), false));
        assert_eq!(events.load(0x110), Some(1));
    }

    #[test]
    fn what_there_is_not_does_not_answer() {
        let mut events = Events::new(1, false);
        assert_eq!(events.load(0x104), None);
        assert_eq!(events.load(0x300), None);
        assert_eq!(events.store(0x104, 0), None);
        assert_eq!(events.load(0x304), Some(0));
    }
}
