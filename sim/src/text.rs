// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Numbers as people read them.

use crate::ledger::{Kind, Outstanding};
use std::fmt;

/// Simulated time: `12.345 678 ms` from 12345678 ns.
#[derive(Clone, Copy, Debug)]
pub struct Ms(pub u64);

impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000_000;
        let us = self.0 / 1_000 % 1_000;
        let ns = self.0 % 1_000;
        f.pad(&format!("{ms}.{us:03} {ns:03} ms"))
    }
}

/// A number of bytes, in the largest unit that divides it: `64 KiB`, `300 B`.
#[derive(Clone, Copy, Debug)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0;
        f.pad(&if bytes == 0 || !bytes.is_multiple_of(1024) {
            format!("{bytes} B")
        } else if !bytes.is_multiple_of(1 << 20) {
            format!("{} KiB", bytes >> 10)
        } else {
            format!("{} MiB", bytes >> 20)
        })
    }
}

/// Digits in groups of three: `1 234 567`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(' ');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// `count` and its noun: `1 read`, `2 reads`.
#[derive(Clone, Copy, Debug)]
pub struct Counted(pub u64, pub &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", Grouped(self.0), self.1)
    }
}

/// A share in percent, one decimal; nothing of nothing is `-`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let thousandths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Open => "open",
            Kind::Read => "read",
            Kind::Program => "program",
            Kind::Erase => "erase",
        })
    }
}

impl fmt::Display for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Open => write!(f, "open"),
            Kind::Read | Kind::Program | Kind::Erase => write!(
                f,
                "{} of {} at {:#x}",
                self.kind,
                Bytes(u64::from(self.length)),
                self.address
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_line_up() {
        assert_eq!(Ms(12_345_678).to_string(), "12.345 678 ms");
        assert_eq!(Ms(5).to_string(), "0.000 005 ms");
        assert_eq!(format!("{:>16}", Ms(999_999)), "    0.999 999 ms");
    }

    #[test]
    fn sizes_keep_every_byte() {
        assert_eq!(Bytes(0).to_string(), "0 B");
        assert_eq!(Bytes(1023).to_string(), "1023 B");
        assert_eq!(Bytes(4096).to_string(), "4 KiB");
        assert_eq!(Bytes(4097).to_string(), "4097 B");
        assert_eq!(Bytes(8 << 20).to_string(), "8 MiB");
    }

    #[test]
    fn groups_of_three() {
        assert_eq!(Grouped(7).to_string(), "7");
        assert_eq!(Grouped(1_234).to_string(), "1 234");
        assert_eq!(Grouped(123_456_789).to_string(), "123 456 789");
    }

    #[test]
    fn shares() {
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0 %");
    }
}
