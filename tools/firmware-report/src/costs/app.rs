// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! An app that does one operation over and over, in machine code: what it executes itself is known to
//! the instruction.

use super::case::{Case, Operation};

/// Where the nRF52840DK's kernel looks for apps.
const FLASH: u32 = 0x4_0000;
/// Where the kernel's RAM ends.
const RAM: u32 = 0x2002_0000;
/// Bytes of a binary.
const BINARY: u32 = 0x1000;
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

/// Thumb code, halfword by halfword.
#[derive(Default)]
struct Code(Vec<u16>);

impl Code {
    fn emit(&mut self, halves: &[u16]) {
        self.0.extend(halves);
    }

    /// movw and movt.
    fn set(&mut self, register: u16, value: u32) {
        for (opcode, half) in [(0xF240, value & 0xFFFF), (0xF2C0, value >> 16)] {
            let half = half as u16;
            self.emit(&[
                opcode | (half >> 11 & 1) << 10 | half >> 12,
                (half >> 8 & 7) << 12 | register << 8 | half & 0xFF,
            ]);
        }
    }

    /// A system call (TRD104, section 4).
    fn call(&mut self, class: u16, arguments: [u32; 4]) {
        for (register, argument) in (0..).zip(arguments) {
            self.set(register, argument);
        }
        self.emit(&[0xDF00 | class]);
    }

    /// Waits for an upcall.
    fn yield_wait(&mut self) {
        // movs r0, #1; svc 0
        self.emit(&[0x2001, 0xDF00]);
    }

    /// Bytes of it.
    fn len(&self) -> u32 {
        2 * self.0.len() as u32
    }
}

/// The app of that number, for `case`.
pub fn build(case: &Case, number: u32) -> App {
    let name = NAMES[number as usize % NAMES.len()];
    let room = case.bytes.next_multiple_of(1024).max(1024);
    let block = (STACK + room + GRANTS).next_power_of_two();
    let ram = RAM + number * block;
    let buffer = ram + STACK;
    let first_break = STACK + room;

    let mut header = header(name, number, first_break, ram);
    let start = FLASH + number * BINARY + header.len() as u32;
    let mut code = Code::default();
    // What an upcall enters: a failure ends the app, bx lr.
    // b over; cbz r0, + 4; bkpt; bx lr
    code.emit(&[0xE002, 0xB100, 0xBE00, 0x4770]);
    let is_alarm = case.operation == Operation::Alarm;
    let checked = start + 2;
    let unchecked = start + 6;
    // What an alarm tells is a time.
    let ended = if is_alarm { unchecked } else { checked };
    code.call(5, [0, ram + first_break, 0, 0]);
    code.call(3, [SPI_NOR, 0, buffer, room]);
    code.call(4, [SPI_NOR, 0, buffer, room]);
    for upcall in 0..4 {
        code.call(1, [SPI_NOR, upcall, checked | 1, 0]);
    }
    code.call(1, [ALARM, 0, unchecked | 1, 0]);
    code.call(2, [ALARM, 5, START_TICKS, 0]);
    code.yield_wait();
    if !is_alarm {
        code.call(2, [SPI_NOR, 3, 0, 0]);
        code.yield_wait();
    }
    code.set(4, if is_alarm { LEAST_TICKS } else { 0 });
    code.set(5, case.operations());
    let again = code.len();
    let command = match case.operation {
        Operation::Nothing | Operation::Read | Operation::Alarm => 5,
        Operation::Program => 6,
        Operation::Erase => 7,
    };
    code.set(0, if is_alarm { ALARM } else { SPI_NOR });
    code.set(1, command);
    // mov r2, r4
    code.emit(&[0x4622]);
    code.set(3, case.length());
    let begins = start + code.len();
    code.emit(&[0xDF02]);
    code.yield_wait();
    code.set(0, case.step);
    // adds r4, r4, r0; subs r5, #1; bne again
    code.emit(&[0x1824, 0x3D01]);
    let back = (again as i32 - (code.len() as i32 + 4)) / 2;
    code.emit(&[0xD100 | back as u16 & 0xFF]);
    let is_done = start + code.len();
    code.yield_wait();
    // b . - 4
    code.emit(&[0xE7FC]);

    header.extend(code.0.iter().flat_map(|half| half.to_le_bytes()));
    header.resize(BINARY as usize, 0xFF);
    App {
        address: FLASH + number * BINARY,
        bytes: header,
        begins,
        ended,
        is_done,
    }
}

/// The header (Tock Binary Format, version 2).
fn header(name: &str, number: u32, first_break: u32, ram: u32) -> Vec<u8> {
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let mut padded = name.as_bytes().to_vec();
    padded.resize(name.len().next_multiple_of(4), 0);
    let size = 16 + 16 + 4 + padded.len() as u32 + 12 + 8;
    let start = FLASH + number * BINARY;
    let mut header = words(&[2 | size << 16, BINARY, 1, 0]);
    // Main: entered at the first byte behind the header; and how much RAM it wants.
    header.extend(words(&[1 | 12 << 16, 0, 0, first_break + GRANTS]));
    header.extend(words(&[3 | (name.len() as u32) << 16]));
    header.extend(padded);
    // Fixed addresses.
    header.extend(words(&[5 | 8 << 16, ram, start + size]));
    // For kernels from 2.0 on.
    header.extend(words(&[8 | 4 << 16, 2]));
    let sum = header.chunks_exact(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]])
    });
    header[12..16].copy_from_slice(&sum.to_le_bytes());
    header
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
