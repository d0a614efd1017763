// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Times as JESD216 encodes them.

use crate::sfdp::dwords::bits;

/// A typical and a longest time, in µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Times {
    /// What it takes as a rule. Good for pacing, never for giving up.
    pub typ_us: u32,
    /// What it never exceeds. Good for giving up.
    pub max_us: u32,
}

impl Times {
    /// Of a typical time and the table's "typical to maximum" code: the maximum is
    /// 2 × (code + 1) times the typical time (JESD216A, BFPT dwords 10 and 11).
    pub const fn from_multiplier(typ_us: u32, code: u32) -> Times {
        Times {
            typ_us,
            max_us: typ_us.saturating_mul(multiplier(code)),
        }
    }
}

/// A typical and a longest time, in ms. Erasing a whole chip may take longer than
/// 32 bits of µs can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimesMs {
    /// What it takes as a rule.
    pub typ_ms: u32,
    /// What it never exceeds.
    pub max_ms: u32,
}

impl TimesMs {
    /// As [`Times::from_multiplier`].
    pub const fn from_multiplier(typ_ms: u32, code: u32) -> TimesMs {
        TimesMs {
            typ_ms,
            max_ms: typ_ms.saturating_mul(multiplier(code)),
        }
    }

    /// In µs; what does not fit becomes `u32::MAX`, more than 71 minutes.
    pub const fn saturating_us(self) -> Times {
        Times {
            typ_us: self.typ_ms.saturating_mul(1000),
            max_us: self.max_ms.saturating_mul(1000),
        }
    }
}

/// 2 × (code + 1) of a 4-bit code.
const fn multiplier(code: u32) -> u32 {
    2 * ((code & 0xF) + 1)
}

/// The count in the low five bits of `code`, plus one.
const fn count(code: u32) -> u32 {
    bits(code, 4, 0) + 1
}

/// Typical time of an erase type in µs (BFPT dword 10: 5 bits count, 2 bits unit).
pub const fn erase_typ_us(code: u32) -> u32 {
    count(code)
        * match bits(code, 6, 5) {
            0 => 1_000,
            1 => 16_000,
            2 => 128_000,
            _ => 1_000_000,
        }
}

/// Typical time of a page program in µs (BFPT dword 11: 5 bits count, 1 bit unit).
pub const fn page_program_typ_us(code: u32) -> u32 {
    count(code) * if bits(code, 5, 5) == 0 { 8 } else { 64 }
}

/// Typical time of a byte in µs (BFPT dword 11: 4 bits count, 1 bit unit).
pub const fn byte_program_typ_us(code: u32) -> u32 {
    (bits(code, 3, 0) + 1) * if bits(code, 4, 4) == 0 { 1 } else { 8 }
}

/// Typical time of a chip erase in ms (BFPT dword 11: 5 bits count, 2 bits unit).
pub const fn chip_erase_typ_ms(code: u32) -> u32 {
    count(code)
        * match bits(code, 6, 5) {
            0 => 16,
            1 => 256,
            2 => 4_000,
            _ => 64_000,
        }
}

/// A latency in ns (BFPT dwords 12 and 14: 5 bits count, 2 bits unit).
pub const fn latency_ns(code: u32) -> u32 {
    count(code)
        * match bits(code, 6, 5) {
            0 => 128,
            1 => 1_000,
            2 => 8_000,
            _ => 64_000,
        }
}

/// A latency in µs, rounded up: a wait must not be too short.
pub const fn latency_us(code: u32) -> u32 {
    latency_ns(code).div_ceil(1_000)
}

/// Time from resume to the next suspend in µs (BFPT dword 12: 4 bits, 64 µs each).
pub const fn resume_interval_us(code: u32) -> u32 {
    (bits(code, 3, 0) + 1) * 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit() {
        assert_eq!(erase_typ_us(0), 1_000);
        assert_eq!(erase_typ_us(0x7F), 32_000_000);
        assert_eq!(page_program_typ_us(0x2D), 896);
        assert_eq!(byte_program_typ_us(0x13), 32);
        assert_eq!(chip_erase_typ_ms(0x4C), 52_000);
        assert_eq!(latency_ns(0x00), 128);
        assert_eq!(latency_us(0x00), 1);
        assert_eq!(latency_us(0x44), 40);
        assert_eq!(resume_interval_us(0xF), 1_024);
    }

    #[test]
    fn the_longest_times_fit() {
        assert_eq!(
            Times::from_multiplier(erase_typ_us(0x7F), 15).max_us,
            1_024_000_000
        );
        let chip = TimesMs::from_multiplier(chip_erase_typ_ms(0x7F), 15);
        assert_eq!(chip.max_ms, 65_536_000);
        assert_eq!(chip.saturating_us().max_us, u32::MAX);
    }
}
