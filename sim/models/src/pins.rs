// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which pins the peripheral drives, and which ones the flash hangs on.

/// The pins that the flash is wired to, as PSEL values (`port * 32 + pin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wiring {
    /// Serial clock.
    pub sck: u32,
    /// Chip select.
    pub csn: u32,
    /// IO0 to IO3.
    pub io: [u32; 4],
}

impl Wiring {
    /// The nRF52840DK: MX25R6435F on P0.17 and P0.19 to P0.23 (board files of Tock and Zephyr).
    pub const NRF52840DK: Wiring = Wiring {
        sck: 19,
        csn: 17,
        io: [20, 21, 22, 23],
    };

    pub(crate) fn as_array(&self) -> [u32; 6] {
        [
            self.sck, self.csn, self.io[0], self.io[1], self.io[2], self.io[3],
        ]
    }
}

/// What the peripheral finds on its pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The flash.
    Flash,
    /// IO1 is connected and nothing answers: it floats high.
    FloatsHigh,
    /// IO1 is disconnected: the shift register gets zeroes.
    ReadsZero,
}

const CONNECT: u32 = 1 << 31;
const PIN: u32 = 0x3F;
const IO1: usize = 3;

/// `psel` holds SCK, CSN, IO0, IO1, IO2, IO3.
pub(crate) fn reach(psel: &[u32; 6], wiring: Option<&Wiring>) -> Reach {
    if psel[IO1] & CONNECT != 0 {
        return Reach::ReadsZero;
    }
    if psel.iter().any(|p| p & CONNECT != 0) {
        return Reach::FloatsHigh;
    }
    let matches = |wiring: &Wiring| {
        psel.iter()
            .zip(wiring.as_array())
            .all(|(p, wired)| p & PIN == wired)
    };
    if wiring.is_none_or(matches) {
        Reach::Flash
    } else {
        Reach::FloatsHigh
    }
}

pub(crate) fn partly_connected(psel: &[u32; 6]) -> bool {
    let connected = psel.iter().filter(|&&p| p & CONNECT == 0).count();
    connected != 0 && connected != psel.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: u32 = 0xFFFF_FFFF;

    #[test]
    fn disconnected_pins_read_zero() {
        assert_eq!(reach(&[OPEN; 6], None), Reach::ReadsZero);
        assert!(!partly_connected(&[OPEN; 6]));
    }

    #[test]
    fn a_missing_clock_lets_the_input_float() {
        let mut psel = Wiring::NRF52840DK.as_array();
        psel[0] = OPEN;
        assert_eq!(reach(&psel, None), Reach::FloatsHigh);
        assert!(partly_connected(&psel));
    }

    #[test]
    fn only_the_wired_pins_reach_the_flash() {
        let mut psel = Wiring::NRF52840DK.as_array();
        assert_eq!(reach(&psel, Some(&Wiring::NRF52840DK)), Reach::Flash);
        psel[1] = 18;
        assert_eq!(reach(&psel, Some(&Wiring::NRF52840DK)), Reach::FloatsHigh);
        assert_eq!(reach(&psel, None), Reach::Flash);
    }
}
