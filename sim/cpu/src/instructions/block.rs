// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Loads and stores of several registers.

use super::{Done, Shared, asker, failed, op, register};
use crate::bus::{Bus, Width};
use crate::fault::Fault;
use armagnac::core::{Effect, Processor};
use armagnac::registers::RegisterIndex;
use std::rc::Rc;

const SP: u32 = 13;
const LR: u32 = 14;
const PC: u32 = 15;

/// LDM, STM, PUSH and POP.
#[derive(Clone, Copy)]
struct Block {
    base: RegisterIndex,
    list: u32,
    /// Below the base, not from it on.
    below: bool,
    writes_back: bool,
}

impl Block {
    fn new(base: u32, list: u32, below: bool, writes_back: bool) -> Self {
        Self {
            base: RegisterIndex::new_main(base),
            list,
            below,
            writes_back,
        }
    }

    /// First address, and what the base becomes.
    fn find(&self, core: &Processor) -> Result<(u32, u32), Fault> {
        let size = 4 * self.list.count_ones();
        let base = core[self.base];
        if !base.is_multiple_of(4) {
            return Err(Fault::Unaligned { address: base });
        }
        Ok(if self.below {
            (base.wrapping_sub(size), base.wrapping_sub(size))
        } else {
            (base, base.wrapping_add(size))
        })
    }

    fn registers(&self) -> impl Iterator<Item = u32> + use<> {
        let list = self.list;
        (0..16).filter(move |n| list >> n & 1 == 1)
    }
}

fn load(bus: &Rc<Bus>, block: Block) -> Shared {
    let bus = Rc::clone(bus);
    op("ldm", move |core| -> Done {
        let (mut address, moved) = block.find(core).map_err(|fault| failed(&bus, fault))?;
        let asker = asker(core);
        // Nothing changes unless all of it can be loaded.
        let mut values = [0; 16];
        for n in block.registers() {
            values[n as usize] = bus
                .load(address, Width::Word, asker)
                .map_err(|fault| failed(&bus, fault))?;
            address = address.wrapping_add(4);
        }
        if block.writes_back {
            core.set(block.base, moved);
        }
        for n in block.registers().filter(|&n| n != PC) {
            core.set(RegisterIndex::new_main(n), values[n as usize]);
        }
        if block.list >> PC & 1 == 1 {
            core.load_write_pc(values[PC as usize])?;
            return Ok(Effect::Branch);
        }
        Ok(Effect::None)
    })
}

fn store(bus: &Rc<Bus>, block: Block) -> Shared {
    let bus = Rc::clone(bus);
    op("stm", move |core| -> Done {
        let (mut address, moved) = block.find(core).map_err(|fault| failed(&bus, fault))?;
        let asker = asker(core);
        for n in block.registers() {
            let value = core[RegisterIndex::new_main(n)];
            bus.store(address, Width::Word, value, asker)
                .map_err(|fault| failed(&bus, fault))?;
            address = address.wrapping_add(4);
        }
        if block.writes_back {
            core.set(block.base, moved);
        }
        Ok(Effect::None)
    })
}

/// 16-bit encodings.
pub(super) fn decode(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let list = code & 0xFF;
    let base = code >> 8 & 7;
    let extra = code >> 8 & 1;
    Some(match code >> 9 {
        0b101_1010 => store(bus, Block::new(SP, list | extra << LR, true, true)),
        0b101_1110 => load(bus, Block::new(SP, list | extra << PC, false, true)),
        _ => match code >> 11 {
            0b11000 => store(bus, Block::new(base, list, false, true)),
            0b11001 => load(bus, Block::new(base, list, false, list >> base & 1 == 0)),
            _ => return None,
        },
    })
}

/// 32-bit encodings: LDM, STM, LDRD and STRD.
pub(super) fn decode_wide(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    if code >> 25 != 0b111_0100 {
        return None;
    }
    let bit = |n: u32| code >> n & 1 == 1;
    if bit(22) {
        return dual(bus, code);
    }
    let (decrements, increments) = (bit(24), bit(23));
    if decrements == increments {
        return None;
    }
    let (writes_back, loads) = (bit(21), bit(20));
    let (base, list) = (code >> 16 & 0xF, code & 0xFFFF);
    let block = Block::new(base, list, decrements, writes_back);
    Some(if loads {
        load(bus, block)
    } else {
        store(bus, block)
    })
}

fn dual(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let bit = |n: u32| code >> n & 1 == 1;
    let (indexed, add, writes_back, loads) = (bit(24), bit(23), bit(21), bit(20));
    if !indexed && !writes_back {
        // Exclusive accesses and table branches.
        return None;
    }
    let (rn, rt, rt2) = (register(code, 16), register(code, 12), register(code, 8));
    let offset = (code & 0xFF) * 4;
    let offset = if add { offset } else { offset.wrapping_neg() };
    let bus = Rc::clone(bus);
    Some(op("ldrd", move |core| -> Done {
        let mut base = core[rn];
        if rn.is_pc() {
            base &= !3;
        }
        let moved = base.wrapping_add(offset);
        let address = if indexed { moved } else { base };
        if !address.is_multiple_of(4) {
            return Err(failed(&bus, Fault::Unaligned { address }));
        }
        let asker = asker(core);
        let second = address.wrapping_add(4);
        let keep = |fault| failed(&bus, fault);
        if loads {
            let low = bus.load(address, Width::Word, asker).map_err(keep)?;
            let high = bus.load(second, Width::Word, asker).map_err(keep)?;
            if writes_back {
                core.set(rn, moved);
            }
            core.set(rt, low);
            core.set(rt2, high);
        } else {
            let (low, high) = (core[rt], core[rt2]);
            bus.store(address, Width::Word, low, asker).map_err(keep)?;
            bus.store(second, Width::Word, high, asker).map_err(keep)?;
            if writes_back {
                core.set(rn, moved);
            }
        }
        Ok(Effect::None)
    }))
}
