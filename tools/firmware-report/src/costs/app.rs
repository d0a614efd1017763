// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! An app that does one operation over and over, in machine code: what it executes itself is known to
//! the instruction.

use super::case::{Case, Operation};
use emulated_nrf52840::machine_code::{BINARY, Code, FLASH, Place, RAM, binary, header_bytes};

/// Bytes of an app's RAM below its buffer: its stack.
const STACK: u32 = 0x400;
/// Bytes of an app's RAM above its buffer, for its grants.
const GRANTS: u32 = 0xC00;
const SPI_NOR: u32 = 0x5_0005;
const ALARM: u32 = 0;
/// Until then the board's other users of the flash have set up what they have in it. In ticks of the
/// alarm, whose 24 bits the kernel shifts to the left.
const START_TICKS: u32 = (3 * 32_768) << 8;
/// As long as a read of 4 KiB, about, in the same ticks.
const LEAST_TICKS: u32 = 10 << 8;

/// Apps that the board gives a region of 64 KiB to, to write as well.
pub const NAMES: [&str; 4] = ["basic", "bad-input-rw", "log-writer", "bulk-verifier"];

/// An app, and where it is what it is at.
pub struct App {
    /// Where its binary goes.
    pub address: u32,
    /// The binary.
    pub bytes: Vec<u8>,
    /// The system call that begins an operation.
    pub begins: u32,
    /// What the kernel enters when the operation has ended.
    pub ended: u32,
    /// What it comes to when it has done all.
    pub is_done: u32,
}

/// Waits for an upcall: movs r0, #1; svc 0.
const YIELD_WAIT: &[u16] = &[0x2001, 0xDF00];

/// The app of that number, for `case`.
pub fn build(case: &Case, number: u32) -> App {
    let name = NAMES[number as usize % NAMES.len()];
    let room = case.bytes.next_multiple_of(1024).max(1024);
    let block = (STACK + room + GRANTS).next_power_of_two();
    let ram = RAM + number * block;
    let buffer = ram + STACK;
    let first_break = STACK + room;

    let place = Place {
        flash: FLASH + number * BINARY,
        ram,
        wanted: first_break + GRANTS,
    };
    let start = place.flash + header_bytes(name);
    let is_alarm = case.operation == Operation::Alarm;
    let checked = start + 2;
    let unchecked = start + 6;
    // What an alarm tells is a time.
    let ended = if is_alarm { unchecked } else { checked };
    let mut code = Code::default()
        // What an upcall enters: a failure ends the app, bx lr.
        // b over; cbz r0, + 4; bkpt; bx lr
        .halves(&[0xE002, 0xB100, 0xBE00, 0x4770])
        .call(5, [0, ram + first_break, 0, 0])
        .call(3, [SPI_NOR, 0, buffer, room])
        .call(4, [SPI_NOR, 0, buffer, room]);
    for upcall in 0..4 {
        code = code.call(1, [SPI_NOR, upcall, checked | 1, 0]);
    }
    code = code
        .call(1, [ALARM, 0, unchecked | 1, 0])
        .call(2, [ALARM, 5, START_TICKS, 0])
        .halves(YIELD_WAIT);
    if !is_alarm {
        code = code.call(2, [SPI_NOR, 3, 0, 0]).halves(YIELD_WAIT);
    }
    code = code
        .set(4, if is_alarm { LEAST_TICKS } else { 0 })
        .set(5, case.operations());
    let again = code.bytes();
    let command = match case.operation {
        Operation::Nothing | Operation::Read | Operation::Alarm => 5,
        Operation::Program => 6,
        Operation::Erase => 7,
    };
    code = code
        .set(0, if is_alarm { ALARM } else { SPI_NOR })
        .set(1, command)
        // mov r2, r4
        .halves(&[0x4622])
        .set(3, case.length());
    let begins = start + code.bytes();
    code = code
        .halves(&[0xDF02])
        .halves(YIELD_WAIT)
        .set(0, case.step)
        // adds r4, r4, r0; subs r5, #1; bne again
        .halves(&[0x1824, 0x3D01]);
    let back = (again as i32 - (code.bytes() as i32 + 4)) / 2;
    code = code.halves(&[0xD100 | back as u16 & 0xFF]);
    let is_done = start + code.bytes();
    // b . - 4
    code = code.halves(YIELD_WAIT).halves(&[0xE7FC]);

    App {
        address: place.flash,
        bytes: binary(name, place, &code),
        begins,
        ended,
        is_done,
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;

    #[test]
    fn places_are_where_they_are_said_to_be() {
        for case in CASES {
            let app = build(case, 1);
            let half = |address: u32| {
                let at = (address - app.address) as usize;
                u16::from_le_bytes([app.bytes[at], app.bytes[at + 1]])
            };
            assert_eq!(half(app.begins), 0xDF02, "svc 2");
            let entered = half(app.ended);
            assert!(entered == 0xB100 || entered == 0x4770, "cbz or bx");
            assert_eq!(half(app.is_done), 0x2001, "movs");
            let sum = app.bytes[..(app.bytes[2] as usize)]
                .chunks_exact(4)
                .fold(0, |sum, word| {
                    sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]])
                });
            assert_eq!(sum, 0, "the checksum makes it so");
        }
    }

    #[test]
    fn the_loop_goes_back_to_its_beginning() {
        let app = build(&CASES[0], 0);
        let at = (app.is_done - 2 - app.address) as usize;
        let back = i32::from(app.bytes[at] as i8) * 2 + 4;
        let target = app.is_done as i32 - 2 + back;
        // Three constants and a move before the call.
        assert_eq!(target, app.begins as i32 - 3 * 8 - 2);
    }
}
