// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Additions and subtractions of bytes and halfwords side by side (DDI 0403E A5.3.13,
//! A5.3.14). Those that the emulator has lose the other flags.

use super::{Done, Shared, op, register};
use armagnac::core::{Effect, Processor};

#[derive(Clone, Copy, PartialEq)]
enum Range {
    /// Wraps, and sets GE.
    Wraps,
    Saturates,
    Halves,
}

/// One of the results, and whether it sets its GE flags.
fn lane(value: i32, bits: u32, signed: bool, range: Range, adds: bool) -> (u32, bool) {
    let mask = (1_u32 << bits) - 1;
    let (lowest, highest) = if signed {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, mask as i32)
    };
    let carries = if signed || !adds {
        value >= 0
    } else {
        value > highest
    };
    let value = match range {
        Range::Wraps => value,
        Range::Saturates => value.clamp(lowest, highest),
        Range::Halves => value >> 1,
    };
    (value as u32 & mask, carries)
}

fn part(value: u32, n: u32, bits: u32, signed: bool) -> i32 {
    let shifted = value << (32 - bits * (n + 1));
    if signed {
        shifted as i32 >> (32 - bits)
    } else {
        (shifted >> (32 - bits)) as i32
    }
}

fn set_flags(core: &mut Processor, flags: u32) {
    let kept = core.registers.psr.get() & !(0xF << 16);
    core.registers.psr.set(kept | flags << 16);
}

/// 32-bit encodings.
pub(super) fn decode(code: u32) -> Option<Shared> {
    if code & 0xFF80_F080 != 0xFA80_F000 {
        return None;
    }
    let signed = code >> 6 & 1 == 0;
    let range = match code >> 4 & 3 {
        0 => Range::Wraps,
        1 => Range::Saturates,
        2 => Range::Halves,
        _ => return None,
    };
    // For each lane, whether it adds; and whether the second operand's halves are exchanged.
    let (bits, adds, exchanged): (u32, [bool; 4], bool) = match code >> 20 & 7 {
        0 => (8, [true; 4], false),
        4 => (8, [false; 4], false),
        1 => (16, [true; 4], false),
        5 => (16, [false; 4], false),
        2 => (16, [false, true, false, false], true),
        6 => (16, [true, false, false, false], true),
        _ => return None,
    };
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    Some(op("parallel", move |core| -> Done {
        let n = core[rn];
        let m = if exchanged {
            core[rm].rotate_right(16)
        } else {
            core[rm]
        };
        let (mut result, mut flags) = (0, 0);
        for lane_number in 0..32 / bits {
            let adds = adds[lane_number as usize];
            let (a, b) = (
                part(n, lane_number, bits, signed),
                part(m, lane_number, bits, signed),
            );
            let value = if adds { a + b } else { a - b };
            let (value, carries) = lane(value, bits, signed, range, adds);
            result |= value << (bits * lane_number);
            let width = bits / 8;
            if carries {
                flags |= ((1 << width) - 1) << (width * lane_number);
            }
        }
        if range == Range::Wraps {
            set_flags(core, flags);
        }
        core.set(rd, result);
        Ok(Effect::None)
    }))
}
