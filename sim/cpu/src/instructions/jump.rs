// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Computed jumps: MOV and ADD with the program counter as their destination.
//!
//! They never change the state (DDI 0403E A7.7.77 and A7.7.4: ALUWritePC), so the lowest bit of the
//! address, which a jump table need not have, is ignored. The emulator takes it for that of BX.

use super::{Done, Shared, op, register};
use armagnac::core::{Effect, ItState};
use armagnac::registers::RegisterIndex;

/// 16-bit encodings.
pub(super) fn decode(code: u32, state: ItState) -> Option<Shared> {
    let rm = register(code, 3);
    let adds = match code & 0xFF87 {
        0x4487 => true,
        0x4687 => false,
        _ => return None,
    };
    // Unpredictable, and the emulator knows it.
    if state.in_it_block() && !state.last_in_it_block() || adds && rm.is_pc() {
        return None;
    }
    Some(op("mov pc", move |core| -> Done {
        let base = if adds { core[RegisterIndex::Pc] } else { 0 };
        let target = base.wrapping_add(core[rm]);
        core.set_pc(target & !1);
        Ok(Effect::Branch)
    }))
}
