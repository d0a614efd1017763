// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps and kernels of machine code that is written out by hand: of what they execute, each instruction is known.

use emulated_cortex_m::{Image, Segment};
use std::collections::BTreeMap;

/// Where the nRF52840DK's kernel looks for apps.
pub const FLASH: u32 = 0x4_0000;
/// Where apps' RAM begins.
pub const RAM: u32 = 0x2002_0000;
/// Bytes of a binary.
pub const BINARY: u32 = 0x1000;

/// Thumb code, halfword by halfword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code(pub Vec<u16>);

impl Code {
    /// movw and movt: two instructions.
    #[must_use]
    pub fn set(self, register: u16, value: u32) -> Code {
        let halves = [(0xF240, value & 0xFFFF), (0xF2C0, value >> 16)].map(|(opcode, half)| {
            let half = half as u16;
            [
                opcode | (half >> 11 & 1) << 10 | half >> 12,
                (half >> 8 & 7) << 12 | register << 8 | half & 0xFF,
            ]
        });
        self.halves(halves.as_flattened())
    }

    /// These.
    #[must_use]
    pub fn halves(mut self, halves: &[u16]) -> Code {
        self.0.extend(halves);
        self
    }

    /// A system call (TRD104, section 4): nine instructions.
    #[must_use]
    pub fn call(self, class: u16, arguments: [u32; 4]) -> Code {
        let set = |code: Code, (register, argument)| code.set(register, argument);
        (0..)
            .zip(arguments)
            .fold(self, set)
            .halves(&[0xDF00 | class])
    }

    /// The end of the app, with this completion code.
    #[must_use]
    pub fn exit(self, completion: u32) -> Code {
        self.call(6, [0, completion, 0, 0])
    }

    /// Bytes of it.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        2 * self.0.len() as u32
    }
}

/// A kernel that begins with that code, and whose hard fault handler comes 32 bytes after it began.
#[must_use]
pub fn kernel(code: &[u16]) -> Image {
    const ENTRY: u32 = 0x40;
    let vectors = [0x2000_1000, ENTRY | 1, 0, (ENTRY + 0x20) | 1];
    let mut bytes = vectors.map(u32::to_le_bytes).as_flattened().to_vec();
    bytes.resize(ENTRY as usize, 0);
    bytes.extend(code.iter().flat_map(|half| half.to_le_bytes()));
    Image {
        segments: vec![Segment { address: 0, bytes }],
        symbols: BTreeMap::new(),
    }
}

/// Where an app is linked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its binary.
    pub flash: u32,
    /// Its RAM.
    pub ram: u32,
    /// Bytes of RAM that it wants.
    pub wanted: u32,
}

/// Bytes of a binary before its code.
#[must_use]
pub fn header_bytes(name: &str) -> u32 {
    16 + 16 + 4 + name.len().next_multiple_of(4) as u32 + 12 + 8
}

/// An app (Tock Binary Format, version 2) of [`BINARY`] bytes, entered at the first one of `code`.
#[must_use]
pub fn binary(name: &str, place: Place, code: &Code) -> Vec<u8> {
    let size = header_bytes(name);
    let mut padded = name.as_bytes().to_vec();
    padded.resize(name.len().next_multiple_of(4), 0);
    let words =
        |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let mut bytes = words(&[2 | size << 16, BINARY, 1, 0]);
    // Main: nothing protected but the header.
    bytes.extend(words(&[1 | 12 << 16, 0, 0, place.wanted]));
    bytes.extend(words(&[3 | (name.len() as u32) << 16]));
    bytes.extend(padded);
    // Fixed addresses.
    bytes.extend(words(&[5 | 8 << 16, place.ram, place.flash + size]));
    // For kernels from 2.0 on.
    bytes.extend(words(&[8 | 4 << 16, 2]));
    let sum = bytes
        .as_chunks()
        .0
        .iter()
        .fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    bytes.extend(code.0.iter().flat_map(|half| half.to_le_bytes()));
    bytes.resize(BINARY as usize, 0xFF);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_told_in_two_halves() {
        // movw r3, #0x5678; movt r3, #0x1234; and one with each bit of the split immediate.
        let code = Code::default().set(3, 0x1234_5678).set(12, 0xFFFF_F800);
        assert_eq!(
            code.0,
            [
                0xF245, 0x6378, 0xF2C1, 0x2334, 0xF64F, 0x0C00, 0xF6CF, 0x7CFF
            ]
        );
        assert_eq!(code.bytes(), 16);
    }

    #[test]
    fn a_call_is_nine_instructions() {
        let code = Code::default().call(2, [1, 2, 3, 4]);
        assert_eq!(code.bytes(), 8 * 4 + 2);
        assert_eq!(code.0.last(), Some(&0xDF02));
    }

    #[test]
    fn a_header_says_where_the_code_is() {
        let place = Place {
            flash: FLASH,
            ram: RAM,
            wanted: 0x800,
        };
        for name in ["four", "fives"] {
            let bytes = binary(name, place, &Code(vec![0xBE00]));
            let start = header_bytes(name) as usize;
            assert_eq!(bytes.len(), BINARY as usize);
            assert_eq!(usize::from(bytes[2]), start, "{name}");
            assert_eq!(bytes[start..start + 3], [0x00, 0xBE, 0xFF], "{name}");
            let entry = u32::from_le_bytes(std::array::from_fn(|byte| bytes[start - 12 + byte]));
            assert_eq!(entry, FLASH + start as u32, "{name}");
            let words = bytes[..start].as_chunks().0.iter();
            let sum = words.fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
            assert_eq!(sum, 0, "{name}: the checksum makes it so");
        }
    }
}
