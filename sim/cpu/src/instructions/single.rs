// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Loads and stores of one register.

use super::{Done, Shared, asker, failed, low_register, op, register};
use crate::bus::{Asker, Bus, Width};
use armagnac::core::{Effect, Processor};
use armagnac::registers::RegisterIndex;
use std::rc::Rc;

#[derive(Clone, Copy)]
enum Offset {
    /// Wraps: a negative one is a large one.
    Constant(u32),
    Shifted(RegisterIndex, u32),
}

/// How an instruction says where.
#[derive(Clone, Copy)]
struct Place {
    base: RegisterIndex,
    offset: Offset,
    /// The offset counts for the access, not only for what is written back.
    indexed: bool,
    writes_back: bool,
}

impl Place {
    fn at(base: RegisterIndex, offset: Offset) -> Self {
        Self {
            base,
            offset,
            indexed: true,
            writes_back: false,
        }
    }

    /// The address, and what the base becomes.
    #[inline]
    fn find(&self, core: &Processor) -> (u32, u32) {
        let mut base = core[self.base];
        if self.base.is_pc() {
            base &= !3;
        }
        let offset = match self.offset {
            Offset::Constant(offset) => offset,
            Offset::Shifted(register, by) => core[register] << by,
        };
        let moved = base.wrapping_add(offset);
        (if self.indexed { moved } else { base }, moved)
    }
}

#[derive(Clone, Copy)]
struct Transfer {
    width: Width,
    signed: bool,
    /// As if without privileges (LDRT and the like).
    unprivileged: bool,
}

impl Transfer {
    fn plain(width: Width, signed: bool) -> Self {
        Self {
            width,
            signed,
            unprivileged: false,
        }
    }

    fn asker(self, core: &Processor) -> Asker {
        let asker = asker(core);
        Asker {
            privileged: asker.privileged && !self.unprivileged,
            ..asker
        }
    }
}

fn load(bus: &Rc<Bus>, rt: RegisterIndex, place: Place, transfer: Transfer) -> Shared {
    let bus = Rc::clone(bus);
    op("ldr", move |core| -> Done {
        let (address, moved) = place.find(core);
        let mut value = bus
            .load(address, transfer.width, transfer.asker(core))
            .map_err(|fault| failed(&bus, fault))?;
        if transfer.signed {
            value = match transfer.width {
                Width::Byte => value as u8 as i8 as u32,
                Width::Half => value as u16 as i16 as u32,
                Width::Word => value,
            };
        }
        if place.writes_back {
            core.set(place.base, moved);
        }
        if rt.is_pc() {
            core.load_write_pc(value)?;
            return Ok(Effect::Branch);
        }
        core.set(rt, value);
        Ok(Effect::None)
    })
}

fn store(bus: &Rc<Bus>, rt: RegisterIndex, place: Place, transfer: Transfer) -> Shared {
    let bus = Rc::clone(bus);
    op("str", move |core| -> Done {
        let (address, moved) = place.find(core);
        bus.store(address, transfer.width, core[rt], transfer.asker(core))
            .map_err(|fault| failed(&bus, fault))?;
        if address == crate::system_control::VTOR {
            // The core keeps a vector table offset of its own.
            core.write_u32le_iface(address, core[rt] & !0x7F)?;
        }
        if place.writes_back {
            core.set(place.base, moved);
        }
        Ok(Effect::None)
    })
}

fn either(
    bus: &Rc<Bus>,
    loads: bool,
    rt: RegisterIndex,
    place: Place,
    transfer: Transfer,
) -> Shared {
    if loads {
        load(bus, rt, place, transfer)
    } else {
        store(bus, rt, place, transfer)
    }
}

/// 16-bit encodings.
pub(super) fn decode(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let rt = low_register(code, 0);
    let rn = low_register(code, 3);
    let imm5 = code >> 6 & 0x1F;
    let high_rt = low_register(code, 8);
    let imm8 = (code & 0xFF) * 4;
    let loads = code >> 11 & 1 == 1;
    let constant = |width: Width| {
        let place = Place::at(rn, Offset::Constant(imm5 * width.bytes()));
        either(bus, loads, rt, place, Transfer::plain(width, false))
    };
    Some(match code >> 11 {
        0b01001 => load(
            bus,
            high_rt,
            Place::at(RegisterIndex::Pc, Offset::Constant(imm8)),
            Transfer::plain(Width::Word, false),
        ),
        0b01010 | 0b01011 => {
            let place = Place::at(rn, Offset::Shifted(low_register(code, 6), 0));
            let (loads, width, signed) = match code >> 9 & 7 {
                0 => (false, Width::Word, false),
                1 => (false, Width::Half, false),
                2 => (false, Width::Byte, false),
                3 => (true, Width::Byte, true),
                4 => (true, Width::Word, false),
                5 => (true, Width::Half, false),
                6 => (true, Width::Byte, false),
                _ => (true, Width::Half, true),
            };
            either(bus, loads, rt, place, Transfer::plain(width, signed))
        }
        0b01100 | 0b01101 => constant(Width::Word),
        0b01110 | 0b01111 => constant(Width::Byte),
        0b10000 | 0b10001 => constant(Width::Half),
        0b10010 | 0b10011 => either(
            bus,
            loads,
            high_rt,
            Place::at(RegisterIndex::Sp, Offset::Constant(imm8)),
            Transfer::plain(Width::Word, false),
        ),
        _ => return None,
    })
}

fn signed_offset(offset: u32, add: bool) -> Offset {
    Offset::Constant(if add { offset } else { offset.wrapping_neg() })
}

/// 32-bit encodings (DDI 0403E A5.3.7 to A5.3.10).
pub(super) fn decode_wide(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    if code >> 25 != 0b111_1100 {
        return None;
    }
    let bit = |n: u32| code >> n & 1 == 1;
    let (signed, loads) = (bit(24), bit(20));
    let width = match code >> 21 & 3 {
        0 => Width::Byte,
        1 => Width::Half,
        2 => Width::Word,
        _ => return None,
    };
    if signed && (!loads || width == Width::Word) {
        return None;
    }
    let (rn, rt) = (register(code, 16), register(code, 12));
    let imm12 = code & 0xFFF;
    let mut transfer = Transfer::plain(width, signed);
    let place = if rn.is_pc() {
        if !loads {
            return None;
        }
        Place::at(rn, signed_offset(imm12, bit(23)))
    } else if bit(23) {
        Place::at(rn, Offset::Constant(imm12))
    } else if bit(11) {
        let (indexed, add, writes_back) = (bit(10), bit(9), bit(8));
        if !indexed && !writes_back {
            return None;
        }
        transfer.unprivileged = indexed && add && !writes_back;
        Place {
            base: rn,
            offset: signed_offset(code & 0xFF, add),
            indexed,
            writes_back,
        }
    } else if code >> 6 & 0x3F == 0 {
        Place::at(rn, Offset::Shifted(register(code, 0), code >> 4 & 3))
    } else {
        return None;
    };
    if rt.is_pc() && width != Width::Word {
        // PLD and PLI: hints.
        return loads.then(|| op("pld", |_| Ok(Effect::None)));
    }
    if rt.is_pc() && !loads {
        return None;
    }
    Some(either(bus, loads, rt, place, transfer))
}
