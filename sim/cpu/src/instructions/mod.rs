// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Instructions that the emulator lacks or gets wrong, or that have to ask the bus.

mod block;
mod divide;
mod exclusive;
mod jump;
mod multiply;
mod pack;
mod parallel;
mod shift;
mod single;
mod special;

use crate::bus::{Asker, Bus};
use crate::fault::Fault;
use armagnac::core::{Effect, ItState, Processor, RunError};
use armagnac::decoder::DecodeError;
use armagnac::instructions::{Encoding, Instruction, Pattern};
use armagnac::registers::RegisterIndex;
use std::rc::Rc;

/// Whether the core executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// It does.
    Awake,
    /// Until an interrupt comes (WFI).
    UntilInterrupt,
    /// Until an interrupt or another event comes (WFE).
    UntilEvent,
}

type Done = Result<Effect, RunError>;
type Shared = Rc<dyn Instruction>;

/// An instruction that is a closure over its operands.
struct Op<F> {
    name: &'static str,
    execute: F,
}

impl<F: Fn(&mut Processor) -> Done> Instruction for Op<F> {
    fn patterns() -> &'static [Pattern] {
        &[]
    }

    fn try_decode(_: Encoding, _: u32, _: ItState) -> Result<Self, DecodeError> {
        Err(DecodeError::Other)
    }

    fn execute(&self, core: &mut Processor) -> Done {
        (self.execute)(core)
    }

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn args(&self, _: u32) -> String {
        String::new()
    }
}

fn op(name: &'static str, execute: impl Fn(&mut Processor) -> Done + 'static) -> Shared {
    Rc::new(Op { name, execute })
}

/// An instruction that computes `rd`.
fn compute(
    name: &'static str,
    rd: RegisterIndex,
    value: impl Fn(&mut Processor) -> u32 + 'static,
) -> Shared {
    op(name, move |core| {
        let value = value(core);
        core.set(rd, value);
        Ok(Effect::None)
    })
}

/// Register `code[at + 3:at]`.
fn register(code: u32, at: u32) -> RegisterIndex {
    RegisterIndex::new_main(code >> at & 0xF)
}

/// Register `code[at + 2:at]`.
fn low_register(code: u32, at: u32) -> RegisterIndex {
    RegisterIndex::new_main(code >> at & 7)
}

fn asker(core: &Processor) -> Asker {
    Asker {
        privileged: core.is_privileged(),
        cycle: core.cycles,
    }
}

/// The instruction ends with this fault. The core's own errors can't say which one it is.
fn failed(bus: &Bus, fault: Fault) -> RunError {
    bus.fault.set(Some(fault));
    RunError::Unpredictable
}

/// The instruction with this code, if it is one of those here.
pub(crate) fn decode(bus: &Rc<Bus>, code: u32, wide: bool, state: ItState) -> Option<Shared> {
    if wide {
        single::decode_wide(bus, code)
            .or_else(|| block::decode_wide(bus, code))
            .or_else(|| exclusive::decode(bus, code))
            .or_else(|| special::decode_wide(bus, code))
            .or_else(|| divide::decode(bus, code))
            .or_else(|| multiply::decode(code))
            .or_else(|| pack::decode(code))
            .or_else(|| parallel::decode(code))
            .or_else(|| shift::decode_wide(code))
    } else {
        single::decode(bus, code)
            .or_else(|| block::decode(bus, code))
            .or_else(|| special::decode(bus, code, state))
            .or_else(|| shift::decode(code, state))
            .or_else(|| jump::decode(code, state))
    }
}
