// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SAADC: calibration, and samples of inputs with nothing on them.

use crate::events::Events;
use emulated_cortex_m::Memory;

const STARTED: u32 = 0;
const END: u32 = 1;
const DONE: u32 = 2;
const RESULTDONE: u32 = 3;
const CALIBRATEDONE: u32 = 4;
const STOPPED: u32 = 5;
/// Those, and two limits for each of eight channels, which are never reached.
const EVENTS: u32 = 0x3F_FFFF;

/// A conversion with the shortest acquisition, and a calibration, ns: chosen, not documented.
const CONVERSION_NS: u64 = 5_000;
const CALIBRATION_NS: u64 = 100_000;

#[derive(Clone, Copy)]
enum Job {
    Calibrate,
    Sample,
}

pub(crate) struct Adc {
    events: Events,
    enabled: bool,
    job: Option<(Job, u64)>,
    pointer: u32,
    length: u32,
    amount: u32,
    taken: u32,
    /// Channels, RESOLUTION, OVERSAMPLE and SAMPLERATE.
    kept: [u32; 36],
    strays: Vec<u32>,
}

impl Adc {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(EVENTS, true),
            enabled: false,
            job: None,
            pointer: 0,
            length: 0,
            amount: 0,
            taken: 0,
            kept: [0; 36],
            strays: Vec::new(),
        }
    }

    pub(crate) fn take_strays(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.strays)
    }

    pub(crate) fn line(&self) -> bool {
        self.events.line()
    }

    pub(crate) fn next_event(&self) -> Option<u64> {
        self.job.map(|(_, due)| due)
    }

    pub(crate) fn advance(&mut self, now: u64, ram: &Memory) {
        let Some((job, _)) = self.job.filter(|&(_, due)| due <= now) else {
            return;
        };
        self.job = None;
        match job {
            Job::Calibrate => self.events.raise(CALIBRATEDONE),
            Job::Sample => {
                let address = self.pointer.wrapping_add(2 * self.taken);
                // Nothing is on the input.
                if !ram.poke(address, &[0, 0]) {
                    self.strays.push(address);
                }
                self.taken += 1;
                self.events.raise(DONE);
                self.events.raise(RESULTDONE);
                if self.taken >= self.length {
                    self.amount = self.taken;
                    self.events.raise(END);
                }
            }
        }
    }

    fn keeper(offset: u32) -> Option<usize> {
        match offset {
            0x510..0x590 => Some((offset - 0x510) as usize / 4),
            0x5F0..0x5FC => Some(32 + (offset - 0x5F0) as usize / 4),
            _ => None,
        }
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        if let Some(index) = Self::keeper(offset) {
            return Some(self.kept[index]);
        }
        Some(match offset {
            0x400 => u32::from(self.job.is_some()),
            0x500 => u32::from(self.enabled),
            0x62C => self.pointer,
            0x630 => self.length,
            0x634 => self.amount,
            _ => return self.events.load(offset),
        })
    }

    pub(crate) fn store(&mut self, now: u64, offset: u32, value: u32) -> Option<()> {
        if let Some(index) = Self::keeper(offset) {
            self.kept[index] = value;
            return Some(());
        }
        let triggered = value & 1 == 1 && self.enabled;
        match offset {
            0x000 if triggered => {
                self.taken = 0;
                self.events.raise(STARTED);
            }
            0x004 if triggered => self.job = Some((Job::Sample, now + CONVERSION_NS)),
            0x008 if triggered => {
                self.job = None;
                self.events.raise(STOPPED);
            }
            0x00C if triggered => self.job = Some((Job::Calibrate, now + CALIBRATION_NS)),
            0x000..0x010 => {}
            0x500 => self.enabled = value & 1 == 1,
            0x62C => self.pointer = value,
            0x630 => self.length = value & 0x7FFF,
            _ => self.events.store(offset, value)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibration_ends_and_a_sample_is_written() {
        let ram = Memory::ram(0x2000_0000, 8);
        assert!(ram.poke(0x2000_0000, &[9; 8]));
        let mut adc = Adc::new();
        adc.store(0, 0x00C, 1).unwrap();
        assert_eq!(adc.next_event(), None, "it is off");
        adc.store(0, 0x500, 1).unwrap();
        adc.store(0, 0x300, 1 << CALIBRATEDONE).unwrap();
        adc.store(0, 0x00C, 1).unwrap();
        adc.advance(adc.next_event().unwrap(), &ram);
        assert!(adc.line());
        for (offset, value) in [(0x62C, 0x2000_0002), (0x630, 1), (0x000, 1), (0x004, 1)] {
            adc.store(0, offset, value).unwrap();
        }
        assert_eq!(adc.load(0x100), Some(1));
        adc.advance(adc.next_event().unwrap(), &ram);
        assert_eq!((adc.load(0x104), adc.load(0x634)), (Some(1), Some(1)));
        let mut got = [0; 8];
        assert!(ram.peek(0x2000_0000, &mut got));
        assert_eq!(got, [9, 9, 0, 0, 9, 9, 9, 9]);
    }
}
