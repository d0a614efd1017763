// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Semihosting (Arm IHI 0100): text and an exit code.

use emulated_cortex_m::Cpu;

/// The breakpoint that is a call.
pub(crate) const BREAKPOINT: u8 = 0xAB;

const WRITE0: u32 = 0x04;
const EXIT_EXTENDED: u32 = 0x20;

/// What a program asks of its host.
pub(crate) enum Request {
    Print(String),
    Exit(u32),
    /// None of those.
    Unknown(u32),
}

/// The request of a program that stopped at the breakpoint.
pub(crate) fn request(cpu: &Cpu) -> Request {
    let (operation, argument) = (cpu.register(0), cpu.register(1));
    match operation {
        WRITE0 => Request::Print(string_at(cpu, argument)),
        EXIT_EXTENDED => {
            let mut code = [0; 4];
            if cpu.bus().peek(argument.wrapping_add(4), &mut code) {
                Request::Exit(u32::from_le_bytes(code))
            } else {
                Request::Unknown(operation)
            }
        }
        _ => Request::Unknown(operation),
    }
}

fn string_at(cpu: &Cpu, mut address: u32) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while cpu.bus().peek(address, &mut byte) && byte[0] != 0 {
        bytes.push(byte[0]);
        address = address.wrapping_add(1);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
