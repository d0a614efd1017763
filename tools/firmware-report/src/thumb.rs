// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where Thumb-2 branches go (ARMv7-M Architecture Reference Manual, A5.3 and A7.7.12, A7.7.18).

/// A branch to a place that the instruction itself names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Address of the instruction.
    pub from: u64,
    /// Where it goes.
    pub to: u64,
}

fn sign_extend(value: u32, bits: u32) -> i64 {
    let shift = 32 - bits;
    i64::from((value << shift).cast_signed() >> shift)
}

/// All direct branches of `code`, which starts at `address`.
pub fn branches(code: &[u8], address: u64) -> Vec<Branch> {
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(first) = half_word(code, place) {
        let from = address + place as u64;
        // What is 0b11101, 0b11110 or 0b11111 at the top has a second half.
        let is_wide = first >> 11 >= 0b11101;
        let offset = if is_wide {
            half_word(code, place + 2).and_then(|second| wide_offset(first, second))
        } else {
            narrow_offset(first)
        };
        if let Some(offset) = offset {
            found.push(Branch {
                from,
                to: from.wrapping_add(4).wrapping_add_signed(offset),
            });
        }
        place += if is_wide { 4 } else { 2 };
    }
    found
}

fn half_word(code: &[u8], place: usize) -> Option<u32> {
    let bytes = code.get(place..place + 2)?;
    Some(u32::from(bytes[0]) | u32::from(bytes[1]) << 8)
}

/// `B<c>` (T1) and B (T2).
fn narrow_offset(word: u32) -> Option<i64> {
    match word >> 12 {
        // 1110 and 1111 are UDF and SVC.
        0b1101 if word >> 8 & 0xF < 0xE => Some(sign_extend((word & 0xFF) << 1, 9)),
        0b1110 if word >> 11 == 0b11100 => Some(sign_extend((word & 0x7FF) << 1, 12)),
        _ => None,
    }
}

/// `B<c>.W` (T3), B.W (T4) and BL (T1).
fn wide_offset(first: u32, second: u32) -> Option<i64> {
    if first >> 11 != 0b11110 || second >> 15 != 1 {
        return None;
    }
    let sign = first >> 10 & 1;
    let (j1, j2) = (second >> 13 & 1, second >> 11 & 1);
    let low = second & 0x7FF;
    match (second >> 14 & 1, second >> 12 & 1) {
        (_, 1) => {
            let (i1, i2) = (1 ^ j1 ^ sign, 1 ^ j2 ^ sign);
            let high = first & 0x3FF;
            let value = sign << 24 | i1 << 23 | i2 << 22 | high << 12 | low << 1;
            Some(sign_extend(value, 25))
        }
        // 111x as a condition stands for other instructions.
        (0, _) if first >> 7 & 7 != 7 => {
            let value = sign << 20 | j2 << 19 | j1 << 18 | (first & 0x3F) << 12 | low << 1;
            Some(sign_extend(value, 21))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Branch, branches};

    /// As llvm-mc encodes them, at address 0x1000.
    #[test]
    fn each_encoding() {
        let at = |code: &[u8]| branches(code, 0x1000);
        let goes = |to| vec![Branch { from: 0x1000, to }];
        // bl #0x1004 / bl #-4 / bl #0x400000
        assert_eq!(at(&[0x01, 0xF0, 0x02, 0xF8]), goes(0x2008));
        assert_eq!(at(&[0xFF, 0xF7, 0xFE, 0xFF]), goes(0x1000));
        assert_eq!(at(&[0x00, 0xF0, 0x00, 0xF8]), goes(0x1004));
        // b.w #0x100
        assert_eq!(at(&[0x00, 0xF0, 0x80, 0xB8]), goes(0x1104));
        // bne.w #-0x100
        assert_eq!(at(&[0x7F, 0xF4, 0x80, 0xAF]), goes(0x0F04));
        // b #-4, beq #0x10
        assert_eq!(at(&[0xFE, 0xE7]), goes(0x1000));
        assert_eq!(at(&[0x08, 0xD0]), goes(0x1014));
    }

    #[test]
    fn what_is_no_branch() {
        // udf #254, svc #0, mov r0, r0, dmb sy, mrs r0, apsr
        assert!(branches(&[0xFE, 0xDE, 0x00, 0xDF, 0x00, 0x46], 0).is_empty());
        assert!(branches(&[0xBF, 0xF3, 0x5F, 0x8F, 0xEF, 0xF3, 0x00, 0x80], 0).is_empty());
    }

    #[test]
    fn wide_instructions_are_stepped_over_whole() {
        // ldr.w r0, [pc, #0x7D0], whose second half looks like a branch; then b #-4.
        let code = [0xDF, 0xF8, 0xD0, 0xD7, 0xFE, 0xE7];
        assert_eq!(branches(&code, 0), vec![Branch { from: 4, to: 4 }]);
    }
}
