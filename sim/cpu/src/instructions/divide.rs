// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SDIV and UDIV, by zero too.

use super::{Done, Shared, failed, op, register};
use crate::bus::Bus;
use crate::fault::Fault;
use armagnac::core::Effect;
use std::rc::Rc;

/// 32-bit encodings.
pub(super) fn decode(bus: &Rc<Bus>, code: u32) -> Option<Shared> {
    let signed = match code & 0xFFF0_F0F0 {
        0xFB90_F0F0 => true,
        0xFBB0_F0F0 => false,
        _ => return None,
    };
    let (rn, rd, rm) = (register(code, 16), register(code, 8), register(code, 0));
    let bus = Rc::clone(bus);
    Some(op("div", move |core| -> Done {
        let (dividend, divisor) = (core[rn], core[rm]);
        if divisor == 0 && bus.system.traps_division() {
            return Err(failed(&bus, Fault::DivideByZero));
        }
        let quotient = if signed {
            (dividend as i32)
                .checked_div(divisor as i32)
                .unwrap_or(if divisor == 0 { 0 } else { i32::MIN }) as u32
        } else {
            dividend.checked_div(divisor).unwrap_or(0)
        };
        core.set(rd, quotient);
        Ok(Effect::None)
    }))
}
