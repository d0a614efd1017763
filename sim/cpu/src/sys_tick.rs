// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The SysTick timer (DDI 0403E B3.3). Its clock is the core's: the nRF52840 has no other for it.

use std::cell::Cell;

const ENABLE: u32 = 1;
const TICKINT: u32 = 1 << 1;
const CLKSOURCE: u32 = 1 << 2;
const COUNTFLAG: u32 = 1 << 16;
const MASK: u32 = 0x00FF_FFFF;
/// SYST_CALIB: no reference clock, and nothing known of 10 ms.
const CALIBRATION: u32 = 1 << 31;

#[derive(Default)]
pub(crate) struct SysTick {
    control: Cell<u32>,
    reload: Cell<u32>,
    /// The value at `since`.
    value: Cell<u32>,
    since: Cell<u64>,
    flag: Cell<bool>,
}

impl SysTick {
    fn counts(&self) -> bool {
        self.control.get() & (ENABLE | CLKSOURCE) == ENABLE | CLKSOURCE
    }

    /// Counts up to `cycle`. True if it reached 0 on the way and that is an exception.
    pub(crate) fn advance(&self, cycle: u64) -> bool {
        let passed = cycle.saturating_sub(self.since.get());
        self.since.set(cycle);
        if !self.counts() || passed == 0 {
            return false;
        }
        let (value, reload) = (u64::from(self.value.get()), u64::from(self.reload.get()));
        // From 0 it goes to the reload value, which at 0 stops it.
        let period = reload + 1;
        let reached = value != 0 && passed >= value || reload != 0 && passed >= value + period;
        let left = if passed <= value {
            value - passed
        } else if reload == 0 {
            0
        } else {
            (period - (passed - value) % period) % period
        };
        self.value.set(left as u32);
        if reached {
            self.flag.set(true);
        }
        reached && self.control.get() & TICKINT != 0
    }

    /// The first cycle at which it reaches 0, if that is an exception.
    pub(crate) fn next_event(&self) -> Option<u64> {
        if !self.counts() || self.control.get() & TICKINT == 0 {
            return None;
        }
        match (self.value.get(), self.reload.get()) {
            (0, 0) => None,
            (0, reload) => Some(self.since.get() + u64::from(reload) + 1),
            (value, _) => Some(self.since.get() + u64::from(value)),
        }
    }

    /// `offset` from 0xE000E010.
    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x0 => self.control.get() | if self.flag.take() { COUNTFLAG } else { 0 },
            0x4 => self.reload.get(),
            0x8 => self.value.get(),
            0xC => CALIBRATION,
            _ => return None,
        })
    }

    pub(crate) fn store(&self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x0 => self.control.set(value & (ENABLE | TICKINT | CLKSOURCE)),
            0x4 => self.reload.set(value & MASK),
            // Any value clears it, and the flag.
            0x8 => {
                self.value.set(0);
                self.flag.set(false);
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(reload: u32, control: u32) -> SysTick {
        let timer = SysTick::default();
        timer.store(0x4, reload).unwrap();
        timer.store(0x8, 7).unwrap();
        timer.store(0x0, control).unwrap();
        timer
    }

    #[test]
    fn it_comes_every_reload_plus_one_cycles() {
        let timer = started(99, 7);
        assert_eq!(timer.next_event(), Some(100));
        assert!(!timer.advance(99));
        assert_eq!(timer.load(0x8), Some(1));
        assert!(timer.advance(100));
        assert_eq!(timer.load(0x8), Some(0));
        assert_eq!(timer.next_event(), Some(200));
        assert!(!timer.advance(199));
        assert!(timer.advance(200));
        assert!(timer.advance(1000));
        assert_eq!(timer.load(0x8), Some(0));
    }

    #[test]
    fn the_flag_is_read_once() {
        let timer = started(9, 5);
        assert!(!timer.advance(15), "no exception is wanted");
        assert_eq!(timer.next_event(), None);
        assert_eq!(timer.load(0x8), Some(5));
        assert_eq!(timer.load(0x0), Some(COUNTFLAG | 5));
        assert_eq!(timer.load(0x0), Some(5));
    }

    #[test]
    fn without_a_reload_value_or_off_it_stands() {
        assert!(!started(0, 7).advance(1000));
        assert!(!started(9, 6).advance(1000));
        assert!(!started(9, 3).advance(1000), "no other clock");
    }
}
