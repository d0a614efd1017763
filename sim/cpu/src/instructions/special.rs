// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Special registers, waiting, calls and traps.

use super::{Done, Shared, Sleep, failed, op, register};
use crate::bus::Bus;
use crate::fault::Fault;
use armagnac::core::{Effect, ItState, Processor};
use armagnac::registers::Mode;
use std::rc::Rc;

fn wait(bus: &Rc<Bus>, until: Sleep) -> Shared {
    let bus = Rc::clone(bus);
    op("wfi", move |core| -> Done {
        if until == Sleep::UntilEvent && std::mem::take(&mut core.registers.event) {
            return Ok(Effect::None);
        }
        bus.sleep.set(until);
        Ok(Effect::None)
    })
}

fn send_event() -> Shared {
    op("sev", |core| -> Done {
        core.registers.event = true;
        Ok(Effect::None)
    })
}

fn undefined(bus: &Rc<Bus>, instruction: u32) -> Shared {
    let bus = Rc::clone(bus);
    op("udf", move |_| -> Done {
        Err(failed(&bus, Fault::Undefined { instruction }))
    })
}

/// 16-bit encodings.
pub(super) fn decode(bus: &Rc<Bus>, code: u32, state: ItState) -> Option<Shared> {
    let number = code as u8;
    let shared = Rc::clone(bus);
    Some(match code >> 8 {
        0xBE if !state.in_it_block() => op("bkpt", move |_| -> Done {
            shared.breakpoint.set(Some(number));
            Ok(Effect::None)
        }),
        0xDE => undefined(bus, code),
        0xDF => op("svc", move |_| -> Done {
            shared.call.set(Some(number));
            Ok(Effect::None)
        }),
        0xBF => match number {
            0x20 => wait(bus, Sleep::UntilEvent),
            0x30 => wait(bus, Sleep::UntilInterrupt),
            0x40 => send_event(),
            _ => return None,
        },
        _ => return None,
    })
}

/// 32-bit encodings.
pub(super) fn decode_wide(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let shared = Rc::clone(bus);
    let which = code & 0xFF;
    if code & 0xFFFF_F000 == 0xF3EF_8000 {
        let rd = register(code, 8);
        return Some(op("mrs", move |core| -> Done {
            let value = read(&shared, core, which);
            core.set(rd, value);
            Ok(Effect::None)
        }));
    }
    if code & 0xFFF0_F300 == 0xF380_8000 {
        let rn = register(code, 16);
        let flags = code >> 10 & 3;
        return Some(op("msr", move |core| -> Done {
            write(&shared, core, which, flags, core[rn]);
            Ok(Effect::None)
        }));
    }
    Some(match code {
        0xF3BF_8F2F => op("clrex", move |_| -> Done {
            shared.exclusive.set(None);
            Ok(Effect::None)
        }),
        0xF3AF_8002 => wait(bus, Sleep::UntilEvent),
        0xF3AF_8003 => wait(bus, Sleep::UntilInterrupt),
        0xF3AF_8004 => send_event(),
        // Hints that say nothing to this core.
        _ if code & 0xFFFF_FF00 == 0xF3AF_8000 => op("nop", |_| Ok(Effect::None)),
        _ if code & 0xFFF0_F000 == 0xF7F0_A000 => undefined(bus, code),
        // There are no coprocessors.
        _ if matches!(code >> 26, 0b11_1011 | 0b11_1111) => undefined(bus, code),
        _ => return None,
    })
}

const APSR: u32 = 0xF80F_0000;

/// DDI 0403E B5.2.2. Without privileges, most read as 0.
fn read(bus: &Bus, core: &Processor, which: u32) -> u32 {
    let registers = &core.registers;
    let privileged = core.is_privileged();
    match which {
        0..=7 => {
            let mut value = 0;
            if which & 1 != 0 && privileged {
                value |= registers.psr.ipsr();
            }
            if which & 4 == 0 {
                value |= registers.psr.get() & APSR;
            }
            value
        }
        20 => registers.control.read() & 3,
        _ if !privileged => 0,
        8 => registers.msp,
        9 => registers.psp,
        16 => u32::from(registers.primask.pm()),
        17 | 18 => u32::from(bus.system.exceptions.base_priority()),
        19 => u32::from(registers.faultmask.pm()),
        _ => 0,
    }
}

/// DDI 0403E B5.2.3.
fn write(bus: &Bus, core: &mut Processor, which: u32, flags: u32, value: u32) {
    let privileged = core.is_privileged();
    let registers = &mut core.registers;
    match which {
        0..=3 => {
            let mut mask = 0;
            if flags & 2 != 0 {
                mask |= 0xF800_0000;
            }
            if flags & 1 != 0 {
                mask |= 0x000F_0000;
            }
            let kept = registers.psr.get() & !mask;
            registers.psr.set(kept | value & mask);
        }
        _ if !privileged => {}
        8 => registers.msp = value & !3,
        9 => registers.psp = value & !3,
        16 => registers.primask.set_pm(value & 1 == 1),
        17 => bus.system.exceptions.set_base_priority(value as u8),
        18 => {
            let (old, new) = (bus.system.exceptions.base_priority(), value as u8);
            if new != 0 && (old == 0 || new < old) {
                bus.system.exceptions.set_base_priority(new);
            }
        }
        19 => registers.faultmask.set_pm(value & 1 == 1),
        20 => {
            registers.control.set_privileged_bit(value & 1 == 1);
            if registers.mode == Mode::Thread {
                registers.control.set_spsel(value >> 1 & 1 == 1);
            }
        }
        _ => {}
    }
}
