// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which pins the flash is on, and what the board does to their pads.

use crate::hardware::Port;
use crate::registers::Registers;
use tock_registers::interfaces::Writeable;

/// A GPIO pin of the nRF52840.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin(u32);

impl Pin {
    /// P`port`.`pin`. `None` for a pin that the chip has not got: it has P0.00 to P0.31
    /// and P1.00 to P1.15.
    pub const fn new(port: u8, pin: u8) -> Option<Pin> {
        match (port, pin) {
            (0, 0..=31) | (1, 0..=15) => Some(Pin((port as u32) << 5 | pin as u32)),
            _ => None,
        }
    }

    /// The value for a PSEL register: number in 4:0, port in 5, connected by a 0 in
    /// 31.
    const fn selected(self) -> u32 {
        self.0
    }
}

/// PSEL's reset value: no pin.
const DISCONNECTED: u32 = 0xFFFF_FFFF;

/// The six pins of the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// Clock.
    pub sck: Pin,
    /// Chip select, low when selected.
    pub csn: Pin,
    /// Data 0, or data in of the flash.
    pub io0: Pin,
    /// Data 1, or data out of the flash.
    pub io1: Pin,
    /// Data 2, or write protect.
    pub io2: Pin,
    /// Data 3, or hold or reset.
    pub io3: Pin,
}

impl Pins {
    /// Gives the pins to the peripheral.
    pub(crate) fn connect<P: Port>(&self, registers: &Registers<P>) {
        let Pins {
            sck,
            csn,
            io0,
            io1,
            io2,
            io3,
        } = self;
        select(
            registers,
            [csn, sck, io0, io1, io2, io3].map(|pin| pin.selected()),
        );
    }

    /// Takes all pins from the peripheral. It then reads the flash's status as 0 and
    /// finds a flash that is not busy, whatever the real one does.
    pub(crate) fn disconnect<P: Port>(registers: &Registers<P>) {
        select(registers, [DISCONNECTED; 6]);
    }
}

/// CSN is high on either side of this: the GPIO drives it high, and so does an idle
/// peripheral. So the order does not matter to the flash.
fn select<P: Port>(registers: &Registers<P>, [csn, sck, io0, io1, io2, io3]: [u32; 6]) {
    registers.psel_csn().set(csn);
    registers.psel_sck().set(sck);
    registers.psel_io0().set(io0);
    registers.psel_io1().set(io1);
    registers.psel_io2().set(io2);
    registers.psel_io3().set(io3);
}

/// What only the GPIO peripheral can do, done by the board.
///
/// The peripheral owns a pin only while it is enabled *and* PSEL selects the pin.
/// Whenever it does not, the GPIO settings hold, so they have to keep the flash
/// deselected.
pub trait Pads {
    /// Prepares the pins for the peripheral. The peripheral is disabled.
    ///
    /// CSN: output, driven high, high drive (H0H1). The others: no pull, input buffer
    /// disconnected, high drive (Product Specification, QSPI, "Configuring
    /// peripheral").
    fn configure(&self);

    /// Puts the pins into their cheapest state that keeps the flash deselected. The
    /// peripheral was just disabled.
    ///
    /// CSN must stay driven or pulled high: a floating CSN was measured to cost more
    /// than 2 mA in the flash.
    fn park(&self);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psel_values() {
        assert_eq!(Pin::new(0, 19).map(Pin::selected), Some(19));
        assert_eq!(Pin::new(1, 15).map(Pin::selected), Some(0b10_1111));
    }

    #[test]
    fn pins_that_the_chip_has_not_got() {
        assert_eq!(Pin::new(0, 32), None);
        assert_eq!(Pin::new(1, 16), None);
        assert_eq!(Pin::new(2, 0), None);
    }
}
