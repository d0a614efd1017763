// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! READSTART and WRITESTART: frame shapes, and how far a frame is at a time.

use crate::bus::{Lanes, SerialClock};
use crate::{Direction, DmaStop};

/// Shape of a read or program frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) opcode: u8,
    pub(crate) address_lanes: Lanes,
    pub(crate) data_lanes: Lanes,
    /// A byte of mode bits on the address lanes.
    pub(crate) has_mode: bool,
    /// Dummy clocks after address and mode bits.
    pub(crate) dummies: u32,
}

const fn shape(opcode: u8, address_lanes: Lanes, data_lanes: Lanes, dummies: u32) -> Shape {
    Shape {
        opcode,
        address_lanes,
        data_lanes,
        has_mode: false,
        dummies,
    }
}

impl Shape {
    /// IFCONFIG0.READOC.
    pub(crate) fn read(ifconfig0: u32) -> Self {
        use Lanes::{Four, One, Two};
        match ifconfig0 & 7 {
            1 => shape(0x3B, One, Two, 8),
            2 => shape(0xBB, Two, Two, 4),
            3 => shape(0x6B, One, Four, 8),
            4 => Shape {
                has_mode: true,
                ..shape(0xEB, Four, Four, 4)
            },
            _ => shape(0x0B, One, One, 8),
        }
    }

    /// IFCONFIG0.WRITEOC.
    pub(crate) fn program(ifconfig0: u32) -> Self {
        use Lanes::{Four, One, Two};
        match ifconfig0 >> 3 & 7 {
            1 => shape(0xA2, One, Two, 0),
            2 => shape(0x32, One, Four, 0),
            3 => shape(0x38, Four, Four, 0),
            _ => shape(0x02, One, One, 0),
        }
    }

    /// Clocks before the first data bit, with `address_bytes` address bytes.
    pub(crate) fn head_clocks(self, address_bytes: u32) -> u32 {
        let address =
            (address_bytes + u32::from(self.has_mode)) * self.address_lanes.clocks_per_byte();
        8 + address + self.dummies
    }
}

/// Address bytes as IFCONFIG0.ADDRMODE asks for, most significant first.
pub(crate) fn address_bytes(ifconfig0: u32) -> usize {
    if ifconfig0 >> 6 & 1 == 1 { 4 } else { 3 }
}

/// One DMA and what is left of it.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) direction: Direction,
    pub(crate) shape: Shape,
    pub(crate) memory: u32,
    pub(crate) flash: u32,
    pub(crate) length: u32,
    /// Bytes that crossed the bus.
    pub(crate) passed: u32,
    /// Bytes that DMA moved.
    pub(crate) moved: u32,
    pub(crate) stop: Option<DmaStop>,
    /// The clock source was switched: what follows is corrupt.
    pub(crate) corrupt: bool,
    /// A DMA error was reported.
    pub(crate) dma_failed: bool,
}

impl Transfer {
    /// Bytes that the bus carries before the task ends or hangs.
    pub(crate) fn carried(&self) -> u32 {
        match self.stop {
            Some(DmaStop {
                after_bytes,
                task_ends: false,
            }) => self.length.min(after_bytes & !3),
            _ => self.length,
        }
    }

    /// Bytes that DMA moves in all.
    pub(crate) fn movable(&self) -> u32 {
        self.stop
            .map_or(self.length, |stop| self.length.min(stop.after_bytes & !3))
    }
}

/// A frame with data under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DataFrame {
    pub(crate) starts: u64,
    pub(crate) ends: u64,
    head_clocks: u32,
    clocks_per_byte: u32,
    clock: SerialClock,
    /// Bytes of the transfer that passed before this frame.
    pub(crate) passed_before: u32,
    /// Data bytes of this frame.
    pub(crate) length: u32,
}

impl DataFrame {
    pub(crate) fn new(
        starts: u64,
        shape: Shape,
        address_bytes: u32,
        clock: SerialClock,
        passed_before: u32,
        length: u32,
    ) -> Self {
        let head_clocks = shape.head_clocks(address_bytes);
        let clocks_per_byte = shape.data_lanes.clocks_per_byte();
        let clocks = u64::from(head_clocks) + u64::from(length) * u64::from(clocks_per_byte);
        Self {
            starts,
            ends: starts + clock.span_ns(clocks),
            head_clocks,
            clocks_per_byte,
            clock,
            passed_before,
            length,
        }
    }

    /// Whole words of data that passed by `now`; all of it at the end.
    pub(crate) fn passed_by(&self, now: u64) -> u32 {
        if now >= self.ends {
            return self.length;
        }
        let clocks = self.clock.clocks_within(now.saturating_sub(self.starts));
        let data = clocks.saturating_sub(u64::from(self.head_clocks));
        let bytes = data / u64::from(self.clocks_per_byte);
        (bytes as u32).min(self.length) & !3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_as_long_as_their_opcode_asks() {
        let heads: Vec<u32> = (0..5).map(|oc| Shape::read(oc).head_clocks(3)).collect();
        assert_eq!(heads, [40, 40, 24, 40, 20]);
        assert_eq!(Shape::read(4).head_clocks(4), 22);
        let heads: Vec<u32> = (0..4)
            .map(|oc| Shape::program(oc << 3).head_clocks(3))
            .collect();
        assert_eq!(heads, [32, 32, 32, 14]);
    }

    #[test]
    fn opcodes_are_those_of_the_register() {
        let reads: Vec<u8> = (0..5).map(|oc| Shape::read(oc).opcode).collect();
        assert_eq!(reads, [0x0B, 0x3B, 0xBB, 0x6B, 0xEB]);
        let programs: Vec<u8> = (0..4).map(|oc| Shape::program(oc << 3).opcode).collect();
        assert_eq!(programs, [0x02, 0xA2, 0x32, 0x38]);
        assert_eq!(address_bytes(0), 3);
        assert_eq!(address_bytes(1 << 6), 4);
    }

    #[test]
    fn data_passes_in_words_at_the_pace_of_the_bus() {
        let clock = SerialClock::from_sckfreq(3);
        let frame = DataFrame::new(1_000, Shape::read(4), 3, clock, 0, 4096);
        // 20 clocks of head and 8192 of data at 125 ns.
        assert_eq!(frame.ends, 1_000 + (20 + 8192) * 125);
        assert_eq!(frame.passed_by(1_000 + 20 * 125), 0);
        assert_eq!(frame.passed_by(1_000 + 28 * 125 - 1), 0);
        assert_eq!(frame.passed_by(1_000 + 28 * 125), 4);
        assert_eq!(frame.passed_by(frame.ends - 1), 4092);
        assert_eq!(frame.passed_by(frame.ends), 4096);
    }
}
