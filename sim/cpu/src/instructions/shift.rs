// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Shifts, and arithmetic with a shifted operand. Those of the emulator end at 31 for a register's
//! value, and don't know an arithmetic shift by a constant 32.

use super::{Done, Shared, low_register, op, register};
use armagnac::core::{Effect, ItState, Processor};
use armagnac::registers::RegisterIndex;

#[derive(Clone, Copy)]
enum Kind {
    Left,
    Right,
    Arithmetic,
    Rotate,
}

/// The result, and the last bit that was shifted out (DDI 0403E A2.2.1).
fn shift(kind: Kind, value: u32, by: u32, carry: bool) -> (u32, bool) {
    if by == 0 {
        return (value, carry);
    }
    let bit = |n: u32| value >> n & 1 == 1;
    match kind {
        Kind::Left => match by {
            1..32 => (value << by, bit(32 - by)),
            32 => (0, bit(0)),
            _ => (0, false),
        },
        Kind::Right => match by {
            1..32 => (value >> by, bit(by - 1)),
            32 => (0, bit(31)),
            _ => (0, false),
        },
        Kind::Arithmetic => {
            let by = by.min(32);
            let result = (value as i32 >> by.min(31)) as u32;
            (result, bit(by - 1))
        }
        Kind::Rotate => {
            let result = value.rotate_right(by % 32);
            (result, result >> 31 == 1)
        }
    }
}

fn by_register(
    kind: Kind,
    rd: RegisterIndex,
    rn: RegisterIndex,
    rm: RegisterIndex,
    sets_flags: bool,
) -> Shared {
    op("shift", move |core: &mut Processor| -> Done {
        let carry = core.registers.psr.c();
        let (result, carry) = shift(kind, core[rn], core[rm] & 0xFF, carry);
        core.set(rd, result);
        if sets_flags {
            core.registers.psr.set_nz(result).set_c(carry);
        }
        Ok(Effect::None)
    })
}

/// By a constant: where 0 makes no sense, it stands for 32.
fn by_constant(
    kind: Kind,
    rd: RegisterIndex,
    rm: RegisterIndex,
    by: u32,
    sets_flags: bool,
) -> Shared {
    let by = match kind {
        Kind::Right | Kind::Arithmetic if by == 0 => 32,
        _ => by,
    };
    op("shift", move |core: &mut Processor| -> Done {
        let carry = core.registers.psr.c();
        let (result, carry) = shift(kind, core[rm], by, carry);
        core.set(rd, result);
        if sets_flags {
            core.registers.psr.set_nz(result).set_c(carry);
        }
        Ok(Effect::None)
    })
}

/// 16-bit encodings.
pub(super) fn decode(code: u32, state: ItState) -> Option<Shared> {
    if code >> 13 == 0 {
        let kind = match code >> 11 {
            0 => Kind::Left,
            1 => Kind::Right,
            2 => Kind::Arithmetic,
            _ => return None,
        };
        let (rd, rm) = (low_register(code, 0), low_register(code, 3));
        let flags = !state.in_it_block();
        return Some(by_constant(kind, rd, rm, code >> 6 & 0x1F, flags));
    }
    let kind = match code >> 6 {
        0b01_0000_0010 => Kind::Left,
        0b01_0000_0011 => Kind::Right,
        0b01_0000_0100 => Kind::Arithmetic,
        0b01_0000_0111 => Kind::Rotate,
        _ => return None,
    };
    let (rdn, rm) = (low_register(code, 0), low_register(code, 3));
    Some(by_register(kind, rdn, rdn, rm, !state.in_it_block()))
}

/// 32-bit encodings.
pub(super) fn decode_wide(code: u32) -> Option<Shared> {
    if code & 0xFFEF_8000 == 0xEA4F_0000 {
        return move_shifted(code);
    }
    if code >> 25 == 0b111_0101 && code >> 15 & 1 == 0 {
        return arithmetic(code);
    }
    if code & 0xFF80_F0F0 != 0xFA00_F000 {
        return None;
    }
    let kind = match code >> 21 & 3 {
        0 => Kind::Left,
        1 => Kind::Right,
        2 => Kind::Arithmetic,
        _ => Kind::Rotate,
    };
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    Some(by_register(kind, rd, rn, rm, code >> 20 & 1 == 1))
}

#[derive(Clone, Copy, PartialEq)]
enum Operation {
    And,
    AndNot,
    Or,
    OrNot,
    ExclusiveOr,
    Add,
    AddWithCarry,
    SubtractWithCarry,
    Subtract,
    ReverseSubtract,
}

/// The sum, whether it carries, and whether it overflows (DDI 0403E A2.2.1).
fn add(a: u32, b: u32, carry: bool) -> (u32, bool, bool) {
    let wide = u64::from(a) + u64::from(b) + u64::from(carry);
    let sum = wide as u32;
    (sum, wide >> 32 != 0, (a ^ sum) & (b ^ sum) & 1 << 31 != 0)
}

/// DDI 0403E A5.3.11.
fn arithmetic(code: u32) -> Option<Shared> {
    let sets_flags = code >> 20 & 1 == 1;
    let operation = match code >> 21 & 0xF {
        0 => Operation::And,
        1 => Operation::AndNot,
        2 => Operation::Or,
        3 => Operation::OrNot,
        4 => Operation::ExclusiveOr,
        8 => Operation::Add,
        10 => Operation::AddWithCarry,
        11 => Operation::SubtractWithCarry,
        13 => Operation::Subtract,
        14 => Operation::ReverseSubtract,
        _ => return None,
    };
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    let by = (code >> 12 & 7) << 2 | code >> 6 & 3;
    let kind = match code >> 4 & 3 {
        0 => Kind::Left,
        1 => Kind::Right,
        2 => Kind::Arithmetic,
        _ => Kind::Rotate,
    };
    let by = match kind {
        Kind::Right | Kind::Arithmetic if by == 0 => 32,
        _ => by,
    };
    let rotates_through_carry = matches!(kind, Kind::Rotate) && by == 0;
    // The comparisons: flags only.
    let keeps = !rd.is_pc();
    let compares = matches!(
        operation,
        Operation::And | Operation::ExclusiveOr | Operation::Add | Operation::Subtract
    );
    if !(keeps || sets_flags && compares) || rm.is_sp_or_pc() {
        return None;
    }
    // MOV and MVN.
    let plain = rn.is_pc();
    if plain && operation != Operation::OrNot {
        return None;
    }
    Some(op("arithmetic", move |core: &mut Processor| -> Done {
        let n = if plain { 0 } else { core[rn] };
        let carry_in = core.registers.psr.c();
        let (m, shifted_out) = if rotates_through_carry {
            let m = core[rm];
            (u32::from(carry_in) << 31 | m >> 1, m & 1 == 1)
        } else {
            shift(kind, core[rm], by, carry_in)
        };
        let logical = |result| (result, shifted_out, core.registers.psr.v());
        let (result, carry, overflow) = match operation {
            Operation::And => logical(n & m),
            Operation::AndNot => logical(n & !m),
            Operation::Or => logical(n | m),
            Operation::OrNot => logical(n | !m),
            Operation::ExclusiveOr => logical(n ^ m),
            Operation::Add => add(n, m, false),
            Operation::AddWithCarry => add(n, m, carry_in),
            Operation::SubtractWithCarry => add(n, !m, carry_in),
            Operation::Subtract => add(n, !m, true),
            Operation::ReverseSubtract => add(!n, m, true),
        };
        if keeps {
            core.set(rd, result);
        }
        if sets_flags {
            core.registers
                .psr
                .set_nz(result)
                .set_c(carry)
                .set_v(overflow);
        }
        Ok(Effect::None)
    }))
}

fn move_shifted(code: u32) -> Option<Shared> {
    let by = (code >> 12 & 7) << 2 | code >> 6 & 3;
    let kind = match code >> 4 & 3 {
        0 => Kind::Left,
        1 => Kind::Right,
        2 => Kind::Arithmetic,
        // RRX.
        _ if by == 0 => return None,
        _ => Kind::Rotate,
    };
    let (rd, rm) = (register(code, 8), register(code, 0));
    if rd.is_sp_or_pc() || rm.is_sp_or_pc() {
        return None;
    }
    Some(by_constant(kind, rd, rm, by, code >> 20 & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_by_the_width_leaves_its_last_bit_in_the_carry() {
        let value = 0x8000_0001;
        assert_eq!(shift(Kind::Left, value, 32, false), (0, true));
        assert_eq!(shift(Kind::Left, value, 33, true), (0, false));
        assert_eq!(shift(Kind::Right, value, 32, false), (0, true));
        assert_eq!(shift(Kind::Right, value, 255, true), (0, false));
        assert_eq!(shift(Kind::Arithmetic, value, 200, false), (u32::MAX, true));
        assert_eq!(shift(Kind::Rotate, value, 32, false), (value, true));
        assert_eq!(shift(Kind::Rotate, value, 1, false), (0xC000_0000, true));
        assert_eq!(shift(Kind::Left, value, 0, true), (value, true));
    }
}
