// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Busy times of a part and how one is drawn from typical and maximum.

use crate::noise::noise;

/// A typical and a maximum time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Typical, ns.
    pub typical_ns: u64,
    /// Maximum, ns.
    pub maximum_ns: u64,
}

impl Span {
    /// A span of `typical_ns` to `maximum_ns`.
    #[must_use]
    pub const fn new(typical_ns: u64, maximum_ns: u64) -> Self {
        Self {
            typical_ns,
            maximum_ns,
        }
    }

    /// A span given in microseconds.
    #[must_use]
    pub const fn us(typical_us: u64, maximum_us: u64) -> Self {
        Self::new(typical_us * 1_000, maximum_us * 1_000)
    }

    /// A span given in milliseconds.
    #[must_use]
    pub const fn ms(typical_ms: u64, maximum_ms: u64) -> Self {
        Self::us(typical_ms * 1_000, maximum_ms * 1_000)
    }
}

/// One erase command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erase {
    /// Opcode.
    pub opcode: u8,
    /// Bytes erased.
    pub bytes: u32,
    /// Time taken.
    pub time: Span,
}

/// Busy times of a part in one of its power modes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Erase commands.
    pub erases: Vec<Erase>,
    /// Whole-array erase.
    pub chip_erase: Span,
    /// Program of a whole page.
    pub page_program: Span,
    /// Typical program of no byte at all, ns: what is left when the time is
    /// taken to grow evenly with each byte.
    pub program_base_ns: u64,
}

impl Timing {
    /// Time of a program of `bytes` bytes, affine in `bytes` and reaching the
    /// page's figures at `page` bytes.
    #[must_use]
    pub fn program(&self, bytes: u32, page: u32) -> Span {
        let Span {
            typical_ns,
            maximum_ns,
        } = self.page_program;
        let bytes = u64::from(bytes.min(page));
        let growing = typical_ns.saturating_sub(self.program_base_ns);
        let typical = self.program_base_ns + growing * bytes / u64::from(page);
        // The maximum scales as the typical time does.
        let maximum = u128::from(maximum_ns) * u128::from(typical) / u128::from(typical_ns.max(1));
        Span::new(typical, maximum as u64)
    }
}

/// Which time within a [`Span`] an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusyTime {
    /// The typical one.
    Typical,
    /// The maximum.
    Maximum,
    /// The typical one times `percent` / 100, even beyond the maximum.
    Scaled {
        /// Percent of the typical time.
        percent: u32,
    },
    /// Anything from typical to maximum, drawn from `seed`.
    Uniform {
        /// Seed of the draw.
        seed: u64,
    },
}

impl BusyTime {
    /// The time that operation number `index` takes, ns; at least 1.
    #[must_use]
    pub fn draw(self, span: Span, index: u64) -> u64 {
        let ns = match self {
            BusyTime::Typical => span.typical_ns,
            BusyTime::Maximum => span.maximum_ns,
            BusyTime::Scaled { percent } => {
                (u128::from(span.typical_ns) * u128::from(percent) / 100) as u64
            }
            BusyTime::Uniform { seed } => {
                let width = span.maximum_ns.saturating_sub(span.typical_ns);
                span.typical_ns + noise(seed, index) % (width + 1)
            }
        };
        ns.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_time_is_affine_and_ends_at_the_page_figures() {
        let timing = Timing {
            erases: Vec::new(),
            chip_erase: Span::ms(1, 2),
            page_program: Span::us(896, 5376),
            program_base_ns: 32_000,
        };
        assert_eq!(timing.program(256, 256), Span::us(896, 5376));
        let one = timing.program(1, 256).typical_ns;
        assert_eq!(one, 32_000 + 864_000 / 256);
        let two = timing.program(2, 256).typical_ns;
        assert_eq!(two - 32_000, 864_000 * 2 / 256);
        assert_eq!(timing.program(1, 256).maximum_ns, one * 6);
        assert_eq!(timing.program(500, 256), timing.program(256, 256));
    }

    #[test]
    fn draws_stay_within_the_span() {
        let span = Span::us(10, 20);
        assert_eq!(BusyTime::Typical.draw(span, 3), 10_000);
        assert_eq!(BusyTime::Maximum.draw(span, 3), 20_000);
        assert_eq!(BusyTime::Scaled { percent: 250 }.draw(span, 3), 25_000);
        assert_eq!(BusyTime::Scaled { percent: 0 }.draw(span, 3), 1);
        let uniform = BusyTime::Uniform { seed: 1 };
        let draws: Vec<u64> = (0..1000).map(|n| uniform.draw(span, n)).collect();
        assert!(draws.iter().all(|d| (10_000..=20_000).contains(d)));
        assert!(draws.iter().any(|&d| d < 11_000));
        assert!(draws.iter().any(|&d| d > 19_000));
        assert_eq!(draws[5], uniform.draw(span, 5));
    }
}
