// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The flash's pins outside the peripheral.

use kernel::hil::gpio::{Configure, Output};
use nrf52840::gpio::{GPIOPin, NUM_PINS, Pin, Port};
use nrf52840_qspi::Pins;

/// The flash's pins, as upstream names them.
#[derive(Clone, Copy)]
pub struct FlashPins {
    /// Clock.
    pub sck: Pin,
    /// Chip select.
    pub csn: Pin,
    /// IO0 to IO3.
    pub io: [Pin; 4],
}

impl FlashPins {
    /// The same as the QSPI driver names them. For constants: a pin that the chip has not got
    /// is an error of the build.
    pub const fn for_driver(&self) -> Pins {
        const fn pin(pin: Pin) -> nrf52840_qspi::Pin {
            let number = pin as u32;
            match nrf52840_qspi::Pin::new((number / 32) as u8, (number % 32) as u8) {
                Some(pin) => pin,
                None => panic!("the nRF52840 has no such pin"),
            }
        }
        let [io0, io1, io2, io3] = self.io;
        Pins {
            sck: pin(self.sck),
            csn: pin(self.csn),
            io0: pin(io0),
            io1: pin(io1),
            io2: pin(io2),
            io3: pin(io3),
        }
    }
}

/// The pads, by way of upstream's GPIO driver.
///
/// Parked, CSN stays driven high and everything else is disconnected: a flash that is not selected
/// ignores its other inputs.
pub struct Pads<'a> {
    csn: &'a GPIOPin<'a>,
    others: [&'a GPIOPin<'a>; 5],
}

impl<'a> Pads<'a> {
    /// `pins` of `port`. Nobody else may use them.
    pub fn new(port: &'a Port<'a, NUM_PINS>, pins: &FlashPins) -> Pads<'a> {
        let [io0, io1, io2, io3] = pins.io;
        Pads {
            csn: &port[pins.csn],
            others: [pins.sck, io0, io1, io2, io3].map(|pin| &port[pin]),
        }
    }

    fn deselect(&self) {
        // The level before the direction, so that there is no low pulse.
        self.csn.set();
        self.csn.make_output();
    }
}

impl nrf52840_qspi::Pads for Pads<'_> {
    fn configure(&self) {
        self.deselect();
        self.csn.set_high_drive(true);
        for pin in self.others {
            pin.deactivate_to_low_power();
            pin.set_high_drive(true);
        }
    }

    fn park(&self) {
        self.deselect();
        self.csn.set_high_drive(false);
        for pin in self.others {
            pin.deactivate_to_low_power();
        }
    }
}
