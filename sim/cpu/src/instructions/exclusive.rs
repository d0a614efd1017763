// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Exclusive accesses and table branches.

use super::{Done, Shared, asker, failed, op, register};
use crate::bus::{Bus, Width};
use crate::fault::Fault;
use armagnac::core::Effect;
use armagnac::registers::RegisterIndex;
use std::rc::Rc;

fn load(bus: &Rc<Bus>, width: Width, rt: RegisterIndex, rn: RegisterIndex, offset: u32) -> Shared {
    let bus = Rc::clone(bus);
    op("ldrex", move |core| -> Done {
        let address = core[rn].wrapping_add(offset);
        if !address.is_multiple_of(width.bytes()) {
            return Err(failed(&bus, Fault::Unaligned { address }));
        }
        let value = bus
            .load(address, width, asker(core))
            .map_err(|fault| failed(&bus, fault))?;
        bus.exclusive.set(Some(address));
        core.set(rt, value);
        Ok(Effect::None)
    })
}

fn store(
    bus: &Rc<Bus>,
    width: Width,
    rd: RegisterIndex,
    rt: RegisterIndex,
    rn: RegisterIndex,
    offset: u32,
) -> Shared {
    let bus = Rc::clone(bus);
    op("strex", move |core| -> Done {
        let address = core[rn].wrapping_add(offset);
        if !address.is_multiple_of(width.bytes()) {
            return Err(failed(&bus, Fault::Unaligned { address }));
        }
        let won = bus.exclusive.take() == Some(address);
        if won {
            bus.store(address, width, core[rt], asker(core))
                .map_err(|fault| failed(&bus, fault))?;
        }
        core.set(rd, u32::from(!won));
        Ok(Effect::None)
    })
}

fn table_branch(bus: &Rc<Bus>, width: Width, rn: RegisterIndex, rm: RegisterIndex) -> Shared {
    let bus = Rc::clone(bus);
    op("tbb", move |core| -> Done {
        let index = core[rm].wrapping_mul(width.bytes());
        let entry = bus
            .load(core[rn].wrapping_add(index), width, asker(core))
            .map_err(|fault| failed(&bus, fault))?;
        core.set_pc(core.pc().wrapping_add(2 * entry));
        Ok(Effect::Branch)
    })
}

/// 32-bit encodings (DDI 0403E A5.3.6).
pub(super) fn decode(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let (rn, rt) = (register(code, 16), register(code, 12));
    Some(match code >> 20 {
        0xE84 => store(
            bus,
            Width::Word,
            register(code, 8),
            rt,
            rn,
            (code & 0xFF) * 4,
        ),
        0xE85 => load(bus, Width::Word, rt, rn, (code & 0xFF) * 4),
        0xE8C => {
            let width = match code >> 4 & 0xF {
                4 => Width::Byte,
                5 => Width::Half,
                _ => return None,
            };
            store(bus, width, register(code, 0), rt, rn, 0)
        }
        0xE8D => match code >> 4 & 0xF {
            0 => table_branch(bus, Width::Byte, rn, register(code, 0)),
            1 => table_branch(bus, Width::Half, rn, register(code, 0)),
            4 => load(bus, Width::Byte, rt, rn, 0),
            5 => load(bus, Width::Half, rt, rn, 0),
            _ => return None,
        },
        _ => return None,
    })
}
