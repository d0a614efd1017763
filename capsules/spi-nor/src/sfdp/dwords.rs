// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Bit fields of little-endian dwords, numbered as the standard numbers them.

/// A parameter table. Dword 1 is the first one, as in JESD216.
#[derive(Clone, Copy, Debug)]
pub struct Dwords<'b>(&'b [u8]);

impl<'b> Dwords<'b> {
    /// Bytes that do not fill a dword are left out.
    pub const fn new(bytes: &'b [u8]) -> Dwords<'b> {
        Dwords(bytes)
    }

    /// How many whole dwords there are.
    pub const fn count(self) -> usize {
        self.0.len() / 4
    }

    /// Dword `number`, counted from 1.
    #[inline(never)]
    pub fn get(self, number: usize) -> Option<u32> {
        let start = number.checked_sub(1)?.checked_mul(4)?;
        let bytes = self.0.get(start..start.checked_add(4)?)?;
        match *bytes {
            [a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// Whether all bytes are ones, as of memory that was never programmed.
    pub fn is_blank(self) -> bool {
        self.0.iter().all(|byte| *byte == 0xFF)
    }

    /// Whether all bytes are zeros.
    pub fn is_zero(self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }
}

/// Bits `high..=low` of `dword`.
pub const fn bits(dword: u32, high: u32, low: u32) -> u32 {
    let shifted = match dword.checked_shr(low) {
        Some(shifted) => shifted,
        None => 0,
    };
    match 1u32.checked_shl(high.saturating_sub(low) + 1) {
        Some(limit) => shifted & (limit - 1),
        None => shifted,
    }
}

/// Bit `number` of `dword`.
pub const fn bit(dword: u32, number: u32) -> bool {
    bits(dword, number, number) != 0
}

/// Byte `number`, counted from 0 at the low end, of `dword`.
pub const fn byte(dword: u32, number: u32) -> u8 {
    bits(dword, number * 8 + 7, number * 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dwords_count_from_one_and_fields_from_bit_zero() {
        let table = Dwords::new(&[0x78, 0x56, 0x34, 0x12, 0xFF, 0, 0, 0x80, 9]);
        assert_eq!(table.count(), 2);
        assert_eq!(table.get(0), None);
        assert_eq!(table.get(1), Some(0x1234_5678));
        assert_eq!(table.get(2), Some(0x8000_00FF));
        assert_eq!(table.get(3), None);
        assert_eq!(table.get(usize::MAX), None);
        assert_eq!(bits(0x1234_5678, 15, 8), 0x56);
        assert_eq!(bits(0x1234_5678, 31, 0), 0x1234_5678);
        assert!(bit(0x8000_0000, 31));
        assert!(!bit(0x8000_0000, 30));
        assert_eq!(byte(0x1234_5678, 3), 0x12);
    }
}
