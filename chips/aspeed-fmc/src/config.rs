// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the board decides, and how it looks in CTRL.

use crate::registers::CTRL;
use qspi_hil::Lines;
use tock_registers::fields::FieldValue;

/// SCK as the bus clock divided by 2 to 240.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Divider(u8);

impl Divider {
    const FASTEST: u8 = 2;
    const SLOWEST: u8 = 240;
    /// The low field's code of a remainder of 1 to 16, in this order.
    const CODES: [u8; 16] = [15, 7, 14, 6, 13, 5, 12, 4, 11, 3, 10, 2, 9, 1, 8, 0];

    /// The fastest that is not above `limit_hz`, from a bus clock of `bus_hz`. The slowest
    /// if all are above.
    pub const fn limited_to(bus_hz: u32, limit_hz: u32) -> Divider {
        let mut by = Self::FASTEST;
        while by < Self::SLOWEST && Divider(by).hz(bus_hz) > limit_hz {
            by += 1;
        }
        Divider(by)
    }

    /// The frequency in Hz, rounded down.
    pub const fn hz(self, bus_hz: u32) -> u32 {
        // No constructor makes a 0; a match keeps the compiler from adding a panic for it.
        match bus_hz.checked_div(self.0 as u32) {
            Some(hz) => hz,
            None => bus_hz,
        }
    }

    /// The two fields.
    pub(crate) fn fields(self) -> FieldValue<u32, CTRL::Register> {
        let less_one = self.0.saturating_sub(1);
        let code = Self::CODES
            .get(usize::from(less_one % 16))
            .copied()
            .unwrap_or_default();
        CTRL::DIVIDER_LOW.val(code.into()) + CTRL::DIVIDER_HIGH.val((less_one / 16).into())
    }
}

/// The board's decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The chip's bus clock in Hz, which SCK is divided from.
    pub bus_hz: u32,
    /// The fastest SCK that the board allows, in Hz.
    pub fastest_hz: u32,
    /// The most data lines that are wired.
    pub lines: DataLines,
    /// Bytes of the window for the flash at chip select 0: a multiple of 512 KiB up to
    /// 128 MiB, at least the flash's size.
    pub window: u32,
    /// What DMA_LEN counts.
    pub length: LengthRegister,
}

/// What DMA_LEN counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthRegister {
    /// Bytes, less 1: the chip.
    BytesLessOne,
    /// As the chip, unless the register loses the two low bits when it is read back: then
    /// bytes. That is QEMU, the latter up to version 8. Not for a chip: one that only did not
    /// show these bits would be given 4 bytes more than it was lent.
    ByReadingBack,
}

/// How many data lines are wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataLines {
    /// IO0 out, IO1 in.
    One,
    /// IO0 and IO1.
    Two,
    /// IO0 to IO3.
    Four,
}

impl DataLines {
    /// Whether commands of this kind can be sent.
    pub(crate) fn allow(self, lines: Lines) -> bool {
        match lines {
            Lines::Single => true,
            Lines::DualOutput | Lines::DualIo => self >= DataLines::Two,
            Lines::QuadOutput | Lines::QuadIo => self >= DataLines::Four,
        }
    }
}

impl Config {
    /// The AST1030 at its 200 MHz, with 32 MiB behind one line at 50 MHz.
    pub const fn new() -> Config {
        Config {
            bus_hz: 200_000_000,
            fastest_hz: 50_000_000,
            lines: DataLines::One,
            window: 32 << 20,
            length: LengthRegister::BytesLessOne,
        }
    }

    /// The last 512 KiB unit of the window.
    pub(crate) fn last_unit(&self) -> u32 {
        (self.window.saturating_sub(1) >> 19) & 0xFF
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUS: u32 = 200_000_000;

    #[test]
    fn dividers() {
        let divider = |limit| Divider::limited_to(BUS, limit);
        assert_eq!(divider(u32::MAX), Divider(2));
        assert_eq!(divider(100_000_000), Divider(2));
        assert_eq!(divider(50_000_000), Divider(4));
        assert_eq!(divider(49_999_999), Divider(5));
        assert_eq!(divider(8_000_000), Divider(25));
        assert_eq!(divider(0), Divider(240));
        assert_eq!(divider(8_000_000).hz(BUS), 8_000_000);
    }

    #[test]
    fn dividers_as_aspeeds_driver_encodes_them() {
        // HCLK/2 to HCLK/5 are 7, 14, 6, 13.
        for (by, code) in [(2, 7), (3, 14), (4, 6), (5, 13)] {
            assert_eq!(Divider(by).fields().value, code << 8, "{by}");
        }
        assert_eq!(Divider(16).fields().value, 0);
        assert_eq!(Divider(17).fields().value, 15 << 8 | 1 << 24);
        assert_eq!(Divider(25).fields().value, 11 << 8 | 1 << 24);
    }

    #[test]
    fn the_window_ends_with_a_unit() {
        assert_eq!(Config::new().last_unit(), 63);
        let whole = Config {
            window: 128 << 20,
            ..Config::new()
        };
        assert_eq!(whole.last_unit(), 255);
    }
}
