// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! UARTE0, with a terminal at its other end.

use crate::events::Events;
use emulated_cortex_m::Memory;
use std::collections::VecDeque;

const RXDRDY: u32 = 2;
const ENDRX: u32 = 4;
const TXDRDY: u32 = 7;
const ENDTX: u32 = 8;
const ERROR: u32 = 9;
const RXTO: u32 = 17;
const RXSTARTED: u32 = 19;
const TXSTARTED: u32 = 20;
const TXSTOPPED: u32 = 22;
const EVENTS: u32 = 0b11
    | 1 << RXDRDY
    | 1 << ENDRX
    | 1 << TXDRDY
    | 1 << ENDTX
    | 1 << ERROR
    | 1 << RXTO
    | 1 << RXSTARTED
    | 1 << TXSTARTED
    | 1 << TXSTOPPED;

const SHORT_ENDRX_STARTRX: u32 = 1 << 5;
const SHORT_ENDRX_STOPRX: u32 = 1 << 6;
const OVERRUN: u32 = 1;
const ON: u32 = 8;
/// Bytes that wait in the receiver for memory.
const FIFO: usize = 6;
/// Start bit, eight bits, stop bit.
const BITS: u64 = 10;
const NS: u64 = 1_000_000_000;

#[derive(Clone, Copy, Default)]
struct Buffer {
    pointer: u32,
    length: u32,
    amount: u32,
}

struct Transmission {
    buffer: Buffer,
    ends: u64,
}

pub(crate) struct Uarte {
    events: Events,
    enabled: bool,
    shorts: u32,
    errors: u32,
    baud: u32,
    pins: [u32; 4],
    config: u32,
    receive: Buffer,
    transmit: Buffer,
    /// Where what arrives goes, if anywhere.
    receiving: Option<Buffer>,
    sending: Option<Transmission>,
    waiting: VecDeque<u8>,
    typed: VecDeque<u8>,
    typed_due: Option<u64>,
    printed: Vec<u8>,
    printed_at: u64,
    /// DMA from or to where there is no RAM.
    strays: Vec<u32>,
}

impl Uarte {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(EVENTS, true),
            enabled: false,
            shorts: 0,
            errors: 0,
            baud: 0x0400_0000,
            pins: [u32::MAX; 4],
            config: 0,
            receive: Buffer::default(),
            transmit: Buffer::default(),
            receiving: None,
            sending: None,
            waiting: VecDeque::new(),
            typed: VecDeque::new(),
            typed_due: None,
            printed: Vec::new(),
            printed_at: 0,
            strays: Vec::new(),
        }
    }

    /// As after a reset. The terminal stays what it was.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            typed: std::mem::take(&mut self.typed),
            printed: std::mem::take(&mut self.printed),
            printed_at: self.printed_at,
            strays: std::mem::take(&mut self.strays),
            ..Self::new()
        };
    }

    /// Somebody types this, one byte after the other.
    pub(crate) fn type_in(&mut self, now: u64, bytes: &[u8]) {
        self.typed.extend(bytes);
        self.typed_due.get_or_insert(now + self.byte_ns());
    }

    /// What was printed since the last time.
    pub(crate) fn take_printed(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.printed)
    }

    /// When the last byte was printed.
    pub(crate) fn printed_at(&self) -> u64 {
        self.printed_at
    }

    /// Whether everything was typed, and nothing is being printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.typed.is_empty() && self.sending.is_none()
    }

    /// Addresses of DMA that went nowhere.
    pub(crate) fn take_strays(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.strays)
    }

    /// BAUDRATE is a fraction of 16 MHz, in 2^-32.
    fn byte_ns(&self) -> u64 {
        let hz = (u64::from(self.baud.max(1)) * 16_000_000) >> 32;
        BITS * NS / hz.max(1)
    }

    pub(crate) fn line(&self) -> bool {
        self.events.line()
    }

    pub(crate) fn next_event(&self) -> Option<u64> {
        let sent = self.sending.as_ref().map(|sending| sending.ends);
        [sent, self.typed_due].into_iter().flatten().min()
    }

    pub(crate) fn advance(&mut self, now: u64, ram: &Memory) {
        if self.sending.as_ref().is_some_and(|it| it.ends <= now)
            && let Some(done) = self.sending.take()
        {
            let mut bytes = vec![0; done.buffer.length as usize];
            if ram.peek(done.buffer.pointer, &mut bytes) {
                // With its pin disconnected nothing is seen of it.
                if self.pins[1] >> 31 == 0 {
                    self.printed.extend(bytes);
                    self.printed_at = done.ends;
                }
            } else {
                self.strays.push(done.buffer.pointer);
            }
            self.transmit.amount = done.buffer.length;
            self.events.raise(TXDRDY);
            self.events.raise(ENDTX);
        }
        while self.typed_due.is_some_and(|due| due <= now) {
            let due = self.typed_due.take().unwrap_or(now);
            if let Some(byte) = self.typed.pop_front() {
                self.arrive(byte, ram);
            }
            if !self.typed.is_empty() {
                self.typed_due = Some(due + self.byte_ns());
            }
        }
    }

    fn arrive(&mut self, byte: u8, ram: &Memory) {
        if !self.enabled || self.pins[3] >> 31 == 1 {
            return;
        }
        if self.waiting.len() == FIFO {
            self.errors |= OVERRUN;
            self.events.raise(ERROR);
            return;
        }
        self.waiting.push_back(byte);
        self.fill(ram);
    }

    /// Bytes go from the receiver to memory, as far as there is room.
    fn fill(&mut self, ram: &Memory) {
        while let Some(buffer) = &mut self.receiving {
            if buffer.amount < buffer.length {
                let Some(byte) = self.waiting.pop_front() else {
                    return;
                };
                let address = buffer.pointer.wrapping_add(buffer.amount);
                if !ram.poke(address, &[byte]) {
                    self.strays.push(address);
                }
                buffer.amount += 1;
                self.events.raise(RXDRDY);
            }
            if buffer.amount == buffer.length {
                self.end_reception();
            }
        }
    }

    fn end_reception(&mut self) {
        if let Some(buffer) = self.receiving.take() {
            self.receive.amount = buffer.amount;
            self.events.raise(ENDRX);
            if self.shorts & SHORT_ENDRX_STARTRX != 0 {
                self.start_reception();
            } else if self.shorts & SHORT_ENDRX_STOPRX != 0 {
                self.events.raise(RXTO);
            }
        }
    }

    fn start_reception(&mut self) {
        self.receiving = Some(Buffer {
            amount: 0,
            ..self.receive
        });
        self.events.raise(RXSTARTED);
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            0x200 => self.shorts,
            0x480 => self.errors,
            0x500 => u32::from(self.enabled) * ON,
            0x508..0x518 => self.pins[(offset - 0x508) as usize / 4],
            0x524 => self.baud,
            0x534 => self.receive.pointer,
            0x538 => self.receive.length,
            0x53C => self.receive.amount,
            0x544 => self.transmit.pointer,
            0x548 => self.transmit.length,
            0x54C => self.transmit.amount,
            0x56C => self.config,
            _ => return self.events.load(offset),
        })
    }

    pub(crate) fn store(&mut self, now: u64, offset: u32, value: u32, ram: &Memory) -> Option<()> {
        let triggered = value & 1 == 1 && self.enabled;
        match offset {
            0x000 if triggered => {
                self.start_reception();
                self.fill(ram);
            }
            0x004 if triggered => {
                let shorts = std::mem::take(&mut self.shorts);
                self.end_reception();
                self.shorts = shorts;
                self.events.raise(RXTO);
            }
            0x008 if triggered => {
                let buffer = self.transmit;
                let ends = now + u64::from(buffer.length) * self.byte_ns();
                self.sending = Some(Transmission { buffer, ends });
                self.events.raise(TXSTARTED);
            }
            0x00C if triggered => {
                self.sending = None;
                self.events.raise(TXSTOPPED);
            }
            0x02C if triggered => {
                self.start_reception();
                self.fill(ram);
                self.end_reception();
            }
            0x000..0x010 | 0x02C => {}
            0x200 => self.shorts = value & (SHORT_ENDRX_STARTRX | SHORT_ENDRX_STOPRX),
            0x480 => self.errors &= !value,
            0x500 => self.enabled = value & 0xF == ON,
            0x508..0x518 => self.pins[(offset - 0x508) as usize / 4] = value,
            0x524 => self.baud = value,
            0x534 => self.receive.pointer = value,
            0x538 => self.receive.length = value & 0xFFFF,
            0x544 => self.transmit.pointer = value,
            0x548 => self.transmit.length = value & 0xFFFF,
            0x56C => self.config = value,
            _ => self.events.store(offset, value)?,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u32 = 0x2000_0000;

    fn ready() -> (Uarte, Memory) {
        let ram = Memory::ram(BASE, 64);
        let mut uarte = Uarte::new();
        for (offset, value) in [
            (0x524, 0x01D7_E000),
            (0x50C, 6),
            (0x514, 8),
            (0x500, ON),
            (0x534, BASE + 32),
            (0x538, 2),
            (0x544, BASE),
            (0x548, 3),
        ] {
            uarte.store(0, offset, value, &ram).unwrap();
        }
        (uarte, ram)
    }

    #[test]
    fn what_is_sent_is_printed_when_it_is_out() {
        let (mut uarte, ram) = ready();
        assert!(ram.poke(BASE, b"abc"));
        uarte.store(0, 0x304, 1 << ENDTX, &ram).unwrap();
        uarte.store(0, 0x008, 1, &ram).unwrap();
        let due = uarte.next_event().unwrap();
        assert_eq!(due, 3 * 10 * NS / 115_203);
        uarte.advance(due - 1, &ram);
        assert!(uarte.take_printed().is_empty() && !uarte.line());
        uarte.advance(due, &ram);
        assert_eq!(uarte.take_printed(), b"abc");
        assert!(uarte.line());
        assert_eq!(uarte.load(0x54C), Some(3));
    }

    #[test]
    fn what_is_typed_arrives_byte_by_byte() {
        let (mut uarte, ram) = ready();
        uarte.store(0, 0x000, 1, &ram).unwrap();
        uarte.type_in(0, b"xyz");
        uarte.advance(uarte.next_event().unwrap(), &ram);
        assert_eq!(uarte.load(0x110), Some(0));
        uarte.advance(uarte.next_event().unwrap(), &ram);
        assert_eq!((uarte.load(0x110), uarte.load(0x53C)), (Some(1), Some(2)));
        // The third waits for a buffer.
        uarte.advance(uarte.next_event().unwrap(), &ram);
        uarte.store(0, 0x538, 1, &ram).unwrap();
        uarte.store(0, 0x534, BASE + 40, &ram).unwrap();
        uarte.store(0, 0x000, 1, &ram).unwrap();
        let mut got = [0; 9];
        assert!(ram.peek(BASE + 32, &mut got));
        assert_eq!(&got, b"xy\0\0\0\0\0\0z");
        assert_eq!(uarte.next_event(), None);
    }

    #[test]
    fn too_much_is_an_overrun() {
        let (mut uarte, ram) = ready();
        uarte.type_in(0, b"1234567");
        while let Some(due) = uarte.next_event() {
            uarte.advance(due, &ram);
        }
        assert_eq!((uarte.load(0x124), uarte.load(0x480)), (Some(1), Some(1)));
    }

    #[test]
    fn a_stop_ends_a_reception_with_what_there_is() {
        let (mut uarte, ram) = ready();
        uarte.store(0, 0x000, 1, &ram).unwrap();
        uarte.type_in(0, b"x");
        uarte.advance(uarte.next_event().unwrap(), &ram);
        uarte.store(0, 0x004, 1, &ram).unwrap();
        assert_eq!((uarte.load(0x110), uarte.load(0x144)), (Some(1), Some(1)));
        assert_eq!(uarte.load(0x53C), Some(1));
    }

    #[test]
    fn memory_that_is_not_there_is_told() {
        let (mut uarte, ram) = ready();
        uarte.store(0, 0x544, 0x3000, &ram).unwrap();
        uarte.store(0, 0x008, 1, &ram).unwrap();
        uarte.advance(uarte.next_event().unwrap(), &ram);
        assert_eq!(uarte.take_strays(), [0x3000]);
    }
}
