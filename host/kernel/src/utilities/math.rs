// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Arithmetic.

/// A power of two, kept as its exponent.
#[derive(Copy, Clone, Debug, PartialEq, PartialOrd, Eq, Ord)]
pub struct PowerOfTwo(u32);

impl PowerOfTwo {
    /// The exponent.
    pub fn exp<R>(self) -> R
    where
        R: From<u32>,
    {
        R::from(self.0)
    }

    /// The largest power of two that is not above `f`; 1 for 0.
    pub fn floor<F: Into<u32>>(f: F) -> PowerOfTwo {
        PowerOfTwo(log_base_two(f.into()))
    }

    /// The smallest power of two that is not below `f`.
    pub fn ceiling<F: Into<u32>>(f: F) -> PowerOfTwo {
        Self::floor(f.into().next_power_of_two())
    }

    /// The power with exponent zero.
    pub fn zero() -> PowerOfTwo {
        PowerOfTwo(0)
    }

    /// The number.
    pub fn as_num<F: From<u32>>(self) -> F {
        F::from(1 << self.0)
    }
}

/// The binary logarithm, rounded down; 0 for 0.
pub fn log_base_two(num: u32) -> u32 {
    num.checked_ilog2().unwrap_or(0)
}

/// The binary logarithm, rounded down; 0 for 0.
pub fn log_base_two_u64(num: u64) -> u32 {
    num.checked_ilog2().unwrap_or(0)
}

/// The absolute value.
pub fn abs(n: f32) -> f32 {
    n.abs()
}

/// The decimal logarithm. (Chips compute an approximation; the host is exact to
/// rounding.)
pub fn log10(x: f32) -> f32 {
    x.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two() {
        assert_eq!(PowerOfTwo::floor(9u32).as_num::<u32>(), 8);
        assert_eq!(PowerOfTwo::ceiling(9u32).as_num::<u32>(), 16);
        assert_eq!(PowerOfTwo::ceiling(8u32).exp::<u32>(), 3);
        assert_eq!(PowerOfTwo::floor(0u32), PowerOfTwo::zero());
        assert_eq!(log_base_two(0), 0);
        assert_eq!(log_base_two(u32::MAX), 31);
        assert_eq!(log_base_two_u64(1 << 40), 40);
    }

    #[test]
    fn floating_point() {
        assert_eq!(abs(-1.5), 1.5);
        assert!((log10(1000.0) - 3.0).abs() < 1e-6);
    }
}
