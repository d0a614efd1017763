// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Machine code written out by hand, and apps of it as TABs.

pub const FLASH: u32 = 0x4_0000;
pub const RAM: u32 = 0x2002_0000;
/// Bytes of a binary, and of a place's RAM.
pub const BINARY: u32 = 0x1000;
pub const BLOCK: u32 = 0x4000;
/// Bytes of RAM that the apps here have: their first break.
pub const BREAK: u32 = 0x1000;

pub const SPI_NOR: u32 = 0x5_0005;
pub const CONSOLE: u32 = 1;

/// Thumb code, halfword by halfword.
#[derive(Default)]
pub struct Code(pub Vec<u16>);

impl Code {
    /// movw and movt: two instructions.
    pub fn set(mut self, register: u16, value: u32) -> Self {
        for (opcode, half) in [(0xF240, value & 0xFFFF), (0xF2C0, value >> 16)] {
            let half = half as u16;
            self.0.push(opcode | (half >> 11 & 1) << 10 | half >> 12);
            self.0
                .push((half >> 8 & 7) << 12 | register << 8 | half & 0xFF);
        }
        self
    }

    pub fn halves(mut self, halves: &[u16]) -> Self {
        self.0.extend(halves);
        self
    }

    /// A system call: nine instructions.
    pub fn call(self, class: u16, arguments: [u32; 4]) -> Self {
        let [r0, r1, r2, r3] = arguments;
        self.set(0, r0)
            .set(1, r1)
            .set(2, r2)
            .set(3, r3)
            .halves(&[0xDF00 | class])
    }

    pub fn exit(self, code: u32) -> Self {
        self.call(6, [0, code, 0, 0])
    }
}

/// An app linked for the place number `place`.
pub fn binary(name: &str, place: u32, code: Code) -> Vec<u8> {
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let mut name_bytes = name.as_bytes().to_vec();
    name_bytes.resize(name.len().next_multiple_of(4), 0);
    let size = 16 + 16 + 4 + name_bytes.len() as u32 + 12 + 8;
    let start = FLASH + place * BINARY;
    let mut header = words(&[2 | size << 16, BINARY, 1, 0]);
    // Main: entered at the first byte behind the header, nothing protected but that.
    header.extend(words(&[1 | 12 << 16, 0, 0, BREAK]));
    header.extend(words(&[3 | (name.len() as u32) << 16]));
    header.extend(name_bytes);
    header.extend(words(&[5 | 8 << 16, RAM + place * BLOCK, start + size]));
    // For kernels from 2.0 on.
    header.extend(words(&[8 | 4 << 16, 2]));
    let sum = header.chunks_exact(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes(word.try_into().unwrap())
    });
    header[12..16].copy_from_slice(&sum.to_le_bytes());
    for half in code.0 {
        header.extend(half.to_le_bytes());
    }
    header.resize(BINARY as usize, 0xFF);
    header
}

pub fn tab(binaries: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (place, bytes) in binaries.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let name = format!("cortex-m4.{place}.tbf");
        builder
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

/// Prints the two letters that it begins its RAM with, and exits.
pub fn greeter(place: u32, letters: &[u8; 2]) -> Vec<u8> {
    let ram = RAM + place * BLOCK;
    let letters = u32::from(u16::from_le_bytes(*letters));
    let code = Code::default()
        .set(0, ram)
        .set(1, letters)
        // str r1, [r0]
        .halves(&[0x6001])
        .call(4, [CONSOLE, 1, ram, 2])
        .call(2, [CONSOLE, 1, 2, 0])
        .exit(0);
    binary("greeter", place, code)
}

pub const GREETER_INSTRUCTIONS: u64 = 5 + 3 * 9;

/// Begins a read, and then does `last` with r1 = `address`.
pub fn stray(place: u32, address: u32, last: &[u16]) -> Vec<u8> {
    let ram = RAM + place * BLOCK;
    let code = Code::default()
        // On a chip, a kernel starts an app with room for little more than a frame.
        .call(5, [0, ram + BREAK, 0, 0])
        .call(3, [SPI_NOR, 0, ram + 0x100, 64])
        .call(2, [SPI_NOR, 5, 0, 64])
        .set(1, address)
        .halves(last)
        .exit(9);
    binary("stray", place, code)
}

pub const STORE: &[u16] = &[0x6008];
pub const LOAD: &[u16] = &[0x6808];
pub const JUMP: &[u16] = &[0x4708];
