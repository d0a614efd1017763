// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SPI masters with nothing on their buses: what is read is what an open line gives.

use crate::events::Events;
use emulated_cortex_m::Memory;

const STOPPED: u32 = 1;
const ENDRX: u32 = 4;
const END: u32 = 6;
const ENDTX: u32 = 8;
const STARTED: u32 = 19;
const EVENTS: u32 = 1 << STOPPED | 1 << ENDRX | 1 << END | 1 << ENDTX | 1 << STARTED;
const ON: u32 = 7;

#[derive(Clone, Copy, Default)]
struct Buffer {
    pointer: u32,
    length: u32,
    amount: u32,
    list: u32,
}

pub(crate) struct Spim {
    events: Events,
    enable: u32,
    pins: [u32; 3],
    frequency: u32,
    receive: Buffer,
    transmit: Buffer,
    config: u32,
    fill: u32,
    shorts: u32,
    ends: Option<u64>,
    strays: Vec<u32>,
}

impl Spim {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(EVENTS, false),
            enable: 0,
            pins: [u32::MAX; 3],
            frequency: 0x0400_0000,
            receive: Buffer::default(),
            transmit: Buffer::default(),
            config: 0,
            fill: 0,
            shorts: 0,
            ends: None,
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
        self.ends
    }

    pub(crate) fn advance(&mut self, now: u64, ram: &Memory) {
        if self.ends.is_none_or(|ends| ends > now) {
            return;
        }
        self.ends = None;
        let open = vec![0xFF; self.receive.length as usize];
        if !ram.poke(self.receive.pointer, &open) && !open.is_empty() {
            self.strays.push(self.receive.pointer);
        }
        self.receive.amount = self.receive.length;
        self.transmit.amount = self.transmit.length;
        for event in [ENDRX, ENDTX, END] {
            self.events.raise(event);
        }
    }

    fn bytes_ns(&self) -> u64 {
        // FREQUENCY is a fraction of 16 MHz, in 2^-28 for what there is up to 8 MHz.
        let hz = ((u64::from(self.frequency) * 16_000_000) >> 32).max(1);
        let bytes = self.receive.length.max(self.transmit.length);
        u64::from(bytes) * 8 * 1_000_000_000 / hz
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shorts,
            0x500 => self.enable,
            0x508..0x514 => self.pins[(offset - 0x508) as usize / 4],
            0x524 => self.frequency,
            0x534 => self.receive.pointer,
            0x538 => self.receive.length,
            0x53C => self.receive.amount,
            0x540 => self.receive.list,
            0x544 => self.transmit.pointer,
            0x548 => self.transmit.length,
            0x54C => self.transmit.amount,
            0x550 => self.transmit.list,
            0x554 => self.config,
            0x5C0 => self.fill,
            _ => return self.events.load(offset),
        })
    }

    pub(crate) fn store(&mut self, now: u64, offset: u32, value: u32) -> Option<()> {
        let triggered = value & 1 == 1 && self.enable == ON;
        match offset {
            0x010 if triggered => {
                self.events.raise(STARTED);
                self.ends = Some(now + self.bytes_ns());
            }
            0x014 if triggered => {
                self.ends = None;
                self.events.raise(STOPPED);
            }
            0x010 | 0x014 => {}
            0x200 => self.shorts = value,
            0x500 => self.enable = value & 0xF,
            0x508..0x514 => self.pins[(offset - 0x508) as usize / 4] = value,
            0x524 => self.frequency = value,
            0x534 => self.receive.pointer = value,
            0x538 => self.receive.length = value & 0xFFFF,
            0x540 => self.receive.list = value,
            0x544 => self.transmit.pointer = value,
            0x548 => self.transmit.length = value & 0xFFFF,
            0x550 => self.transmit.list = value,
            0x554 => self.config = value,
            0x5C0 => self.fill = value,
            _ => self.events.store(offset, value)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_line_reads_ones() {
        let ram = Memory::ram(0x2000_0000, 4);
        let mut spim = Spim::new();
        for (offset, value) in [(0x500, ON), (0x534, 0x2000_0001), (0x538, 2), (0x010, 1)] {
            spim.store(0, offset, value).unwrap();
        }
        assert_eq!(spim.load(0x118), Some(0));
        spim.advance(spim.next_event().unwrap(), &ram);
        assert_eq!((spim.load(0x118), spim.load(0x53C)), (Some(1), Some(2)));
        let mut got = [0; 4];
        assert!(ram.peek(0x2000_0000, &mut got));
        assert_eq!(got, [0, 0xFF, 0xFF, 0]);
    }
}
