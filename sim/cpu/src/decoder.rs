// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which instruction a code is.

use crate::bus::Bus;
use crate::instructions;
use armagnac::core::{ArmVersion, ItState};
use armagnac::decoder::{BasicInstructionDecoder, InstructionDecode, InstructionDecodeError};
use armagnac::instructions::{Instruction, InstructionSize};
use std::cell::RefCell;
use std::rc::Rc;

const SLOTS: usize = 1 << 13;

type Slot = Option<(u32, u8, Rc<dyn Instruction>)>;

/// Own instructions first, then those of the emulator; and what was decoded once is kept.
pub(crate) struct Decoder {
    bus: Rc<Bus>,
    others: BasicInstructionDecoder,
    kept: RefCell<Vec<Slot>>,
}

impl Decoder {
    pub(crate) fn new(bus: Rc<Bus>) -> Self {
        Self {
            bus,
            others: BasicInstructionDecoder::new(ArmVersion::V7EM),
            kept: RefCell::new(vec![None; SLOTS]),
        }
    }
}

/// Instructions in a conditional block don't set flags, and some may only be last in it.
fn place(state: ItState) -> u8 {
    u8::from(state.in_it_block()) | u8::from(state.last_in_it_block()) << 1
}

fn slot(code: u32, place: u8) -> usize {
    let mixed = (code ^ u32::from(place) << 7).wrapping_mul(0x9E37_79B1);
    mixed as usize >> 19
}

impl InstructionDecode for Decoder {
    fn try_decode(
        &self,
        code: u32,
        size: InstructionSize,
        state: ItState,
    ) -> Result<Rc<dyn Instruction>, InstructionDecodeError> {
        let place = place(state);
        let mut kept = self.kept.borrow_mut();
        let slot = &mut kept[slot(code, place)];
        if let Some((known, at, instruction)) = slot
            && *known == code
            && *at == place
        {
            return Ok(Rc::clone(instruction));
        }
        let wide = size == InstructionSize::Ins32;
        let instruction = match instructions::decode(&self.bus, code, wide, state) {
            Some(own) => own,
            None => match self.others.try_decode(code, size, state) {
                Ok(instruction) => instruction,
                // Only what is unknown can be turned into an error by the core.
                Err(_) => return Err(InstructionDecodeError::Unknown),
            },
        };
        *slot = Some((code, place, Rc::clone(&instruction)));
        Ok(instruction)
    }
}
