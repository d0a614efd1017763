// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! POWER and CLOCK, which share a page and a line.

use crate::events::Events;

const HFCLKSTARTED: u32 = 0;
const LFCLKSTARTED: u32 = 1;
/// Those two, POFWARN, DONE, CTTO, SLEEPENTER, SLEEPEXIT and the three of USB's power.
const EVENTS: u32 = 0x3FF;

/// Typical times that the 32 MHz crystal, the 32 kHz crystal and the slow RC oscillator take to
/// start, ns (product specification, CLOCK).
const CRYSTAL_NS: u64 = 360_000;
const SLOW_CRYSTAL_NS: u64 = 250_000_000;
const SLOW_RC_NS: u64 = 600_000;

const RUNNING: u32 = 1 << 16;
const RC: u32 = 0;

/// RESETREAS.SREQ: the program asked for it.
const SOFT_RESET: u32 = 1 << 2;

pub(crate) struct Clock {
    events: Events,
    crystal_due: Option<u64>,
    crystal: bool,
    slow_due: Option<u64>,
    slow: Option<u32>,
    slow_source: u32,
    reasons: u32,
    /// Kept through a reset that the program asks for.
    retained: [u32; 2],
    /// LATENCY mode, supply supervision, DC/DC converters: kept, without effect.
    kept: [(u32, u32); 6],
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(EVENTS, false),
            crystal_due: None,
            crystal: false,
            slow_due: None,
            slow: None,
            slow_source: RC,
            reasons: 0,
            retained: [0; 2],
            kept: [
                (0x510, 0),
                (0x528, 0x10),
                (0x538, 0),
                (0x558, 0),
                (0x578, 0),
                (0x580, 0),
            ],
        }
    }

    /// As after a reset that the program asked for.
    pub(crate) fn soft_reset(&mut self) {
        *self = Self {
            reasons: self.reasons | SOFT_RESET,
            retained: self.retained,
            ..Self::new()
        };
    }

    /// Whether the 32 MHz crystal is what clocks.
    pub(crate) fn has_crystal(&self) -> bool {
        self.crystal
    }

    /// Whether the 32 kHz clock runs.
    pub(crate) fn has_slow_clock(&self) -> bool {
        self.slow.is_some()
    }

    pub(crate) fn line(&self) -> bool {
        self.events.line()
    }

    pub(crate) fn next_event(&self) -> Option<u64> {
        [self.crystal_due, self.slow_due]
            .into_iter()
            .flatten()
            .min()
    }

    pub(crate) fn advance(&mut self, now: u64) {
        if self.crystal_due.is_some_and(|due| due <= now) {
            self.crystal_due = None;
            self.crystal = true;
            self.events.raise(HFCLKSTARTED);
        }
        if self.slow_due.is_some_and(|due| due <= now) {
            self.slow_due = None;
            self.slow = Some(self.slow_source);
            self.events.raise(LFCLKSTARTED);
        }
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        let kept = self.kept.iter().find(|(register, _)| *register == offset);
        Some(match offset {
            0x400 => self.reasons,
            0x408 => u32::from(self.crystal || self.crystal_due.is_some()),
            0x40C => u32::from(self.crystal) | RUNNING,
            0x414 => u32::from(self.slow.is_some() || self.slow_due.is_some()),
            0x418 => self.slow.map_or(0, |source| source | RUNNING),
            0x41C | 0x518 => self.slow_source,
            // Nothing is on USB.
            0x438 => 0,
            0x51C => self.retained[0],
            0x520 => self.retained[1],
            // The normal supply, not the high one.
            0x640 => 0,
            _ => return kept.map(|(_, value)| *value).or(self.events.load(offset)),
        })
    }

    pub(crate) fn store(&mut self, now: u64, offset: u32, value: u32) -> Option<()> {
        let triggered = value & 1 == 1;
        match offset {
            0x000 if triggered => {
                if self.crystal {
                    self.events.raise(HFCLKSTARTED);
                } else {
                    self.crystal_due.get_or_insert(now + CRYSTAL_NS);
                }
            }
            0x004 if triggered => (self.crystal_due, self.crystal) = (None, false),
            0x008 if triggered => {
                let start = if self.slow_source & 3 == RC {
                    SLOW_RC_NS
                } else {
                    SLOW_CRYSTAL_NS
                };
                if self.slow.is_some() {
                    self.events.raise(LFCLKSTARTED);
                } else {
                    self.slow_due.get_or_insert(now + start);
                }
            }
            0x00C if triggered => (self.slow_due, self.slow) = (None, None),
            // Tasks are triggered by ones; constant latency and low power make no difference here.
            0x000..0x010 | 0x078 | 0x07C => {}
            0x400 => self.reasons &= !value,
            0x518 => self.slow_source = value & 0x3_0003,
            0x51C => self.retained[0] = value & 0xFF,
            0x520 => self.retained[1] = value & 0xFF,
            _ => match self
                .kept
                .iter_mut()
                .find(|(register, _)| *register == offset)
            {
                Some((_, kept)) => *kept = value,
                None => self.events.store(offset, value)?,
            },
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oscillators_take_their_time() {
        let mut clock = Clock::new();
        clock.store(0, 0x518, 1).unwrap();
        clock.store(0, 0x008, 1).unwrap();
        clock.store(0, 0x000, 1).unwrap();
        assert_eq!(clock.next_event(), Some(CRYSTAL_NS));
        clock.advance(CRYSTAL_NS - 1);
        assert!(!clock.has_crystal());
        clock.advance(CRYSTAL_NS);
        assert!(clock.has_crystal() && !clock.has_slow_clock());
        assert_eq!((clock.load(0x100), clock.load(0x104)), (Some(1), Some(0)));
        clock.advance(SLOW_CRYSTAL_NS);
        assert_eq!(clock.load(0x104), Some(1));
        assert_eq!(clock.load(0x418), Some(RUNNING | 1));
        clock.store(SLOW_CRYSTAL_NS, 0x004, 1).unwrap();
        assert!(!clock.has_crystal());
    }

    #[test]
    fn a_reset_has_its_reason_and_keeps_two_bytes() {
        let mut clock = Clock::new();
        clock.store(0, 0x51C, 0x157).unwrap();
        clock.store(0, 0x000, 1).unwrap();
        clock.soft_reset();
        assert_eq!(clock.load(0x51C), Some(0x57));
        assert_eq!(clock.load(0x400), Some(SOFT_RESET));
        assert_eq!(clock.next_event(), None);
        clock.store(0, 0x400, SOFT_RESET).unwrap();
        assert_eq!(clock.load(0x400), Some(0));
    }

    #[test]
    fn what_is_not_modelled_does_not_answer() {
        let mut clock = Clock::new();
        assert_eq!(clock.store(0, 0x010, 1), None, "calibration");
        assert_eq!(clock.load(0x500), None);
    }
}
