// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps of machine code that is written out by hand, as TABs.

use emulated_nrf52840::machine_code::{self, Place};

pub use emulated_nrf52840::machine_code::{BINARY, Code, FLASH, RAM};

/// Bytes of a place's RAM.
pub const BLOCK: u32 = 0x4000;
/// Bytes of RAM that the apps here have: their first break.
pub const BREAK: u32 = 0x1000;

pub const SPI_NOR: u32 = 0x5_0005;
pub const CONSOLE: u32 = 1;

/// An app linked for the place number `place`.
pub fn binary(name: &str, place: u32, code: Code) -> Vec<u8> {
    let place = Place {
        flash: FLASH + place * BINARY,
        ram: RAM + place * BLOCK,
        wanted: BREAK,
    };
    machine_code::binary(name, place, &code)
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
