// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Clock arithmetic of the serial bus.

/// Number of data lines that a phase of a frame uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lanes {
    /// IO0 out, IO1 in.
    One,
    /// IO0 and IO1.
    Two,
    /// IO0 to IO3.
    Four,
}

impl Lanes {
    /// The number of lines.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Lanes::One => 1,
            Lanes::Two => 2,
            Lanes::Four => 4,
        }
    }

    /// Clocks that one byte takes.
    #[must_use]
    pub const fn clocks_per_byte(self) -> u32 {
        8 / self.count()
    }
}

/// What the bus was used for since the model was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusUse {
    /// Time with SCK running, ns.
    pub clocking_ns: u64,
    /// Time with ENABLE = 1, ns.
    pub enabled_ns: u64,
}

/// The serial clock: 32 MHz over a divider (PS, QSPI chapter, IFCONFIG1.SCKFREQ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SerialClock {
    divider: u32,
}

impl SerialClock {
    pub(crate) fn from_sckfreq(sckfreq: u32) -> Self {
        Self {
            divider: (sckfreq & 0xF) + 1,
        }
    }

    pub(crate) fn hz(self) -> u32 {
        32_000_000 / self.divider
    }

    /// Period in picoseconds, exact since 1 / 32 MHz is 31.25 ns.
    pub(crate) fn period_ps(self) -> u64 {
        31_250 * u64::from(self.divider)
    }

    /// Time of `clocks` periods in ns, rounded up.
    pub(crate) fn span_ns(self, clocks: u64) -> u64 {
        (clocks * self.period_ps()).div_ceil(1_000)
    }

    /// Whole periods within `ns`.
    pub(crate) fn clocks_within(self, ns: u64) -> u64 {
        (ns.saturating_mul(1_000)) / self.period_ps()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_divides_32_mhz() {
        let hz: Vec<u32> = (0..16).map(|f| SerialClock::from_sckfreq(f).hz()).collect();
        assert_eq!(hz[0], 32_000_000);
        assert_eq!(hz[1], 16_000_000);
        assert_eq!(hz[2], 10_666_666);
        assert_eq!(hz[3], 8_000_000);
        assert_eq!(hz[15], 2_000_000);
    }

    #[test]
    fn spans_round_up_to_a_whole_nanosecond() {
        let fast = SerialClock::from_sckfreq(0);
        assert_eq!(fast.span_ns(1), 32);
        assert_eq!(fast.span_ns(8), 250);
        assert_eq!(SerialClock::from_sckfreq(15).span_ns(8), 4_000);
        assert_eq!(fast.clocks_within(250), 8);
        assert_eq!(fast.clocks_within(249), 7);
    }

    #[test]
    fn lanes_share_the_bits_of_a_byte() {
        assert_eq!(Lanes::One.clocks_per_byte(), 8);
        assert_eq!(Lanes::Two.clocks_per_byte(), 4);
        assert_eq!(Lanes::Four.clocks_per_byte(), 2);
    }
}
