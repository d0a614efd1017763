// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The real-time counters: 24 bits at 32 768 Hz, with compare registers.

use crate::events::Events;

const TICK: u32 = 0;
const OVRFLW: u32 = 1;
const COMPARE0: u32 = 16;
const MASK: u64 = 0x00FF_FFFF;
const HZ: u64 = 32_768;
const NS: u64 = 1_000_000_000;

pub(crate) struct Rtc {
    events: Events,
    /// EVTEN: events that are made without being interrupts.
    made: u32,
    prescaler: u64,
    compare: [u32; 4],
    /// Ticks from which a compare register is heard: those that it was written just before pass.
    heard_from: [u64; 4],
    compares: usize,
    running: bool,
    clocked: bool,
    /// Where ticks are counted from, and the count there.
    since_ns: u64,
    base: u64,
    /// Ticks that events were made for.
    seen: u64,
}

impl Rtc {
    pub(crate) fn new(compares: usize) -> Self {
        let known = (0..compares as u32).fold(1 << TICK | 1 << OVRFLW, |known, n| {
            known | 1 << (COMPARE0 + n)
        });
        Self {
            events: Events::new(known, false),
            made: 0,
            prescaler: 0,
            compare: [0; 4],
            heard_from: [0; 4],
            compares,
            running: false,
            clocked: false,
            since_ns: 0,
            base: 0,
            seen: 0,
        }
    }

    fn counts(&self) -> bool {
        self.running && self.clocked
    }

    /// Ticks at `now`, not cut to 24 bits.
    fn ticks(&self, now: u64) -> u64 {
        if !self.counts() {
            return self.base;
        }
        let passed = u128::from(now - self.since_ns) * u128::from(HZ);
        self.base + (passed / u128::from(NS * (self.prescaler + 1))) as u64
    }

    /// The first ns at which `ticks` is reached.
    fn time_of(&self, ticks: u64) -> u64 {
        let passed = u128::from(ticks - self.base) * u128::from(NS * (self.prescaler + 1));
        self.since_ns + passed.div_ceil(u128::from(HZ)) as u64
    }

    /// Counts from here on as it is now set up.
    fn rebase(&mut self, now: u64, base: u64) {
        self.base = base;
        self.seen = base;
        self.since_ns = now;
        self.heard_from = [base + 1; 4];
    }

    pub(crate) fn set_clocked(&mut self, now: u64, clocked: bool) {
        if self.clocked != clocked {
            self.advance(now);
            let ticks = self.ticks(now);
            self.clocked = clocked;
            self.rebase(now, ticks);
        }
    }

    pub(crate) fn line(&self) -> bool {
        self.events.line()
    }

    fn wanted(&self, event: u32) -> bool {
        self.made >> event & 1 == 1 || self.events.is_enabled(event)
    }

    /// The next tick at which compare register `n` says something.
    fn next_match(&self, n: usize) -> u64 {
        let from = self.heard_from[n].max(self.seen + 1);
        from + (u64::from(self.compare[n]).wrapping_sub(from) & MASK)
    }

    pub(crate) fn next_event(&self) -> Option<u64> {
        if !self.counts() {
            return None;
        }
        let matches = (0..self.compares)
            .filter(|&n| self.wanted(COMPARE0 + n as u32))
            .map(|n| self.next_match(n));
        let overflow = self.wanted(OVRFLW).then_some((self.seen | MASK) + 1);
        let tick = self.wanted(TICK).then_some(self.seen + 1);
        matches
            .chain(overflow)
            .chain(tick)
            .min()
            .map(|ticks| self.time_of(ticks))
    }

    pub(crate) fn advance(&mut self, now: u64) {
        if !self.counts() {
            return;
        }
        let ticks = self.ticks(now);
        if ticks == self.seen {
            return;
        }
        for n in 0..self.compares {
            if self.wanted(COMPARE0 + n as u32) && self.next_match(n) <= ticks {
                self.events.raise(COMPARE0 + n as u32);
            }
        }
        if self.wanted(OVRFLW) && ticks & !MASK != self.seen & !MASK {
            self.events.raise(OVRFLW);
        }
        if self.wanted(TICK) {
            self.events.raise(TICK);
        }
        self.seen = ticks;
    }

    pub(crate) fn load(&self, now: u64, offset: u32) -> Option<u32> {
        Some(match offset {
            0x340..=0x348 => self.made,
            0x504 => (self.ticks(now) & MASK) as u32,
            0x508 => self.prescaler as u32,
            0x540..0x550 => self.compare[self.index(offset)?],
            _ => return self.events.load(offset),
        })
    }

    fn index(&self, offset: u32) -> Option<usize> {
        let n = (offset - 0x540) as usize / 4;
        (n < self.compares).then_some(n)
    }

    pub(crate) fn store(&mut self, now: u64, offset: u32, value: u32) -> Option<()> {
        let ticks = self.ticks(now);
        match offset {
            0x000..0x010 if value & 1 == 0 => {}
            0x000 | 0x004 => {
                self.running = offset == 0x000;
                self.rebase(now, ticks);
            }
            0x008 => self.rebase(now, 0),
            // Shortly before it overflows.
            0x00C => self.rebase(now, 0x00FF_FFF0),
            0x340 => self.made = value,
            0x344 => self.made |= value,
            0x348 => self.made &= !value,
            0x508 => {
                self.prescaler = u64::from(value & 0xFFF);
                self.rebase(now, ticks);
            }
            0x540..0x550 => {
                let n = self.index(offset)?;
                self.compare[n] = value & MASK as u32;
                // Only what is two ticks away or more is sure to be heard.
                self.heard_from[n] = ticks + 2;
            }
            _ => self.events.store(offset, value)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first ns of a tick.
    fn at(tick: u64) -> u64 {
        (tick * NS).div_ceil(HZ)
    }

    fn running() -> Rtc {
        let mut rtc = Rtc::new(4);
        rtc.set_clocked(0, true);
        rtc.store(0, 0x000, 1).unwrap();
        rtc
    }

    #[test]
    fn it_counts_where_there_is_a_clock() {
        let mut rtc = running();
        assert_eq!(rtc.load(at(5) - 1, 0x504), Some(4));
        assert_eq!(rtc.load(at(5), 0x504), Some(5));
        rtc.set_clocked(at(5), false);
        assert_eq!(rtc.load(at(50), 0x504), Some(5));
        rtc.set_clocked(at(50), true);
        assert_eq!(rtc.load(at(53), 0x504), Some(8));
    }

    #[test]
    fn a_compare_comes_once_at_its_tick() {
        let mut rtc = running();
        rtc.store(at(1), 0x540, 10).unwrap();
        assert_eq!(rtc.next_event(), None, "nobody wants it");
        rtc.store(at(1), 0x304, 1 << COMPARE0).unwrap();
        assert_eq!(rtc.next_event(), Some(at(10)));
        rtc.advance(at(10) - 1);
        assert!(!rtc.line());
        rtc.advance(at(10));
        assert!(rtc.line());
        rtc.store(at(11), 0x140, 0).unwrap();
        rtc.advance(at(12));
        assert!(!rtc.line());
        assert_eq!(rtc.next_event(), Some(at(10 + (1 << 24))));
    }

    #[test]
    fn what_is_closer_than_two_ticks_is_missed() {
        let mut rtc = running();
        rtc.store(0, 0x304, 1 << COMPARE0).unwrap();
        for (value, heard) in [(100, false), (101, false), (102, true)] {
            rtc.store(at(100), 0x540, value).unwrap();
            let due = rtc.next_event().unwrap();
            assert_eq!(due == at(u64::from(value)), heard, "{value}");
        }
    }

    #[test]
    fn it_overflows_after_24_bits() {
        let mut rtc = running();
        rtc.store(0, 0x304, 1 << OVRFLW).unwrap();
        assert_eq!(rtc.next_event(), Some(at(1 << 24)));
        rtc.advance(at(1 << 24));
        assert!(rtc.line());
        assert_eq!(rtc.load(at(1 << 24), 0x504), Some(0));
    }

    #[test]
    fn there_are_as_many_compare_registers_as_it_has() {
        let mut rtc = Rtc::new(3);
        assert_eq!(rtc.store(0, 0x54C, 1), None);
        assert_eq!(rtc.load(0, 0x54C), None);
        assert_eq!(rtc.load(0, 0x14C), None);
    }
}
