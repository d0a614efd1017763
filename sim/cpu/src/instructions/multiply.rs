// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Multiplications: those of the DSP extension, and MLA and MLS, which wrap (DDI 0403E A5.3.16,
//! A5.3.17).

use super::{Done, Shared, op, register};
use armagnac::core::{Effect, Processor};
use armagnac::registers::RegisterIndex;

fn half(value: u32, top: bool) -> i64 {
    let half = if top { value >> 16 } else { value };
    i64::from(half as u16 as i16)
}

fn word(value: u32) -> i64 {
    i64::from(value as i32)
}

/// Q says that a sum did not fit.
fn sum(core: &mut Processor, value: i64) -> u32 {
    if value != word(value as u32) {
        core.registers.psr.set_q(true);
    }
    value as u32
}

/// 32-bit encodings: those that the emulator lacks.
pub(super) fn decode(code: u32) -> Option<Shared> {
    match code >> 20 {
        0xFB0 => plain(code),
        0xFB1..=0xFB7 => accumulate(code),
        0xFBC..=0xFBE => long(code),
        _ => None,
    }
}

/// MUL, MLA and MLS.
fn plain(code: u32) -> Option<Shared> {
    let (rn, ra, rd, rm) = (
        register(code, 16),
        register(code, 12),
        register(code, 8),
        register(code, 0),
    );
    let subtracts = match code >> 4 & 0xF {
        0 => false,
        1 if !ra.is_pc() => true,
        _ => return None,
    };
    Some(op("mla", move |core| -> Done {
        let product = core[rn].wrapping_mul(core[rm]);
        let a = if ra.is_pc() { 0 } else { core[ra] };
        let value = if subtracts {
            a.wrapping_sub(product)
        } else {
            a.wrapping_add(product)
        };
        core.set(rd, value);
        Ok(Effect::None)
    }))
}

fn accumulate(code: u32) -> Option<Shared> {
    let (rn, ra, rd, rm) = (
        register(code, 16),
        register(code, 12),
        register(code, 8),
        register(code, 0),
    );
    let what = code >> 20 & 7;
    let (first, second) = (code >> 5 & 1 == 1, code >> 4 & 1 == 1);
    if code >> 6 & 3 != 0 || (what != 1 && first) || (what == 7 && second) {
        return None;
    }
    Some(op("smla", move |core| -> Done {
        let (n, m) = (core[rn], core[rm]);
        let a = if ra.is_pc() { 0 } else { word(core[ra]) };
        let value = match what {
            1 => sum(core, half(n, first) * half(m, second) + a),
            3 => sum(core, ((word(n) * half(m, second)) >> 16) + a),
            2 | 4 => {
                let m = if second { m.rotate_right(16) } else { m };
                let low = half(n, false) * half(m, false);
                let high = half(n, true) * half(m, true);
                if what == 2 {
                    sum(core, low + high + a)
                } else {
                    sum(core, low - high + a)
                }
            }
            5 | 6 => {
                let product = word(n).wrapping_mul(word(m));
                let product = if what == 5 { product } else { -product };
                let whole = (a << 32).wrapping_add(product);
                (whole.wrapping_add(i64::from(second) << 31) >> 32) as u32
            }
            _ => n
                .to_le_bytes()
                .into_iter()
                .zip(m.to_le_bytes())
                .map(|(n, m)| u32::from(n.abs_diff(m)))
                .sum::<u32>()
                .wrapping_add(a as u32),
        };
        core.set(rd, value);
        Ok(Effect::None)
    }))
}

fn long(code: u32) -> Option<Shared> {
    let (rn, low, high, rm) = (
        register(code, 16),
        register(code, 12),
        register(code, 8),
        register(code, 0),
    );
    let (group, kind) = (code >> 20 & 0xF, code >> 4 & 0xF);
    let swaps = kind & 1 == 1;
    Some(match (group, kind) {
        // SMLAL and UMLAL, which wrap
        (0xC, 0) => extend(low, high, move |core| word(core[rn]) * word(core[rm])),
        (0xE, 0) => extend(low, high, move |core| {
            (u64::from(core[rn]) * u64::from(core[rm])) as i64
        }),
        // SMLALxy
        (0xC, 0b1000..=0b1011) => {
            let (first, second) = (kind >> 1 & 1 == 1, swaps);
            extend(low, high, move |core| {
                half(core[rn], first) * half(core[rm], second)
            })
        }
        // SMLALD, SMLSLD
        (0xC | 0xD, 0b1100 | 0b1101) => extend(low, high, move |core| {
            let (n, m) = (core[rn], core[rm]);
            let m = if swaps { m.rotate_right(16) } else { m };
            let lower = half(n, false) * half(m, false);
            let upper = half(n, true) * half(m, true);
            if group == 0xC {
                lower + upper
            } else {
                lower - upper
            }
        }),
        // UMAAL
        (0xE, 0b0110) => op("umaal", move |core| -> Done {
            let product = u64::from(core[rn]) * u64::from(core[rm]);
            let value = product + u64::from(core[low]) + u64::from(core[high]);
            core.set(high, (value >> 32) as u32);
            core.set(low, value as u32);
            Ok(Effect::None)
        }),
        _ => return None,
    })
}

/// Adds to a pair of registers.
fn extend(
    low: RegisterIndex,
    high: RegisterIndex,
    product: impl Fn(&Processor) -> i64 + 'static,
) -> Shared {
    op("smlal", move |core| -> Done {
        let before = u64::from(core[high]) << 32 | u64::from(core[low]);
        let value = before.wrapping_add(product(core) as u64);
        core.set(high, (value >> 32) as u32);
        core.set(low, value as u32);
        Ok(Effect::None)
    })
}
