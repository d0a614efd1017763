// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Extensions with addition, packing and selection (DDI 0403E A5.3.12).

use super::{Shared, compute, register};

fn byte(value: u32, signed: bool) -> u32 {
    if signed {
        value as u8 as i8 as u32
    } else {
        value & 0xFF
    }
}

fn half(value: u32, signed: bool) -> u32 {
    if signed {
        value as u16 as i16 as u32
    } else {
        value & 0xFFFF
    }
}

/// 32-bit encodings.
pub(super) fn decode(code: u32) -> Option<Shared> {
    extend(code).or_else(|| pack(code)).or_else(|| select(code))
}

/// SXTAH, UXTAH, SXTAB16, UXTAB16, SXTAB, UXTAB, and those that add nothing.
fn extend(code: u32) -> Option<Shared> {
    let what = code >> 20;
    if !(0xFA0..=0xFA5).contains(&what) || code >> 12 & 0xF != 0xF || code >> 6 & 3 != 0b10 {
        return None;
    }
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    let by = (code >> 4 & 3) * 8;
    let signed = what & 1 == 0;
    Some(compute("xta", rd, move |core| {
        let n = if rn.is_pc() { 0 } else { core[rn] };
        let m = core[rm].rotate_right(by);
        match what {
            0xFA0 | 0xFA1 => n.wrapping_add(half(m, signed)),
            0xFA4 | 0xFA5 => n.wrapping_add(byte(m, signed)),
            _ => {
                let low = n.wrapping_add(byte(m, signed)) & 0xFFFF;
                let high = (n >> 16).wrapping_add(byte(m >> 16, signed));
                high << 16 | low
            }
        }
    }))
}

/// PKHBT and PKHTB.
fn pack(code: u32) -> Option<Shared> {
    if code >> 20 != 0xEAC || code >> 15 & 1 != 0 || code >> 4 & 1 != 0 {
        return None;
    }
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    let by = (code >> 12 & 7) << 2 | code >> 6 & 3;
    let top_first = code >> 5 & 1 == 1;
    Some(compute("pkh", rd, move |core| {
        let (n, m) = (core[rn], core[rm]);
        if top_first {
            // A shift by 0 stands for one by 32.
            let shifted = (m as i32) >> if by == 0 { 31 } else { by };
            n & 0xFFFF_0000 | shifted as u32 & 0xFFFF
        } else {
            (m << by) & 0xFFFF_0000 | n & 0xFFFF
        }
    }))
}

/// SEL: bytes of one or the other, as the GE flags say.
fn select(code: u32) -> Option<Shared> {
    if code & 0xFFF0_F0F0 != 0xFAA0_F080 {
        return None;
    }
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    Some(compute("sel", rd, move |core| {
        let (n, m) = (core[rn].to_le_bytes(), core[rm].to_le_bytes());
        let flags = core.registers.psr.ge();
        u32::from_le_bytes(std::array::from_fn(|byte| {
            if flags >> byte & 1 == 1 {
                n[byte]
            } else {
                m[byte]
            }
        }))
    }))
}
