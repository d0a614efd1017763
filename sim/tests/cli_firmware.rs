// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Images written out by hand, on the emulated chip. A kernel's own image: tools/run-firmware.

mod cli_support;

use cli_support::machine_code::Code;
use cli_support::{Folder, answer, assert_not_understood, assert_refused, json, stderr, stdout};

const RAM: u32 = 0x2000_0000;
const UARTE: u32 = 0x4000_2000;
const NVMC: u32 = 0x4001_E000;
/// A word of flash behind the code.
const COUNT: u32 = 0x1000;

/// What images do to peripherals.
trait Peripherals {
    fn store(self, address: u32, value: u32) -> Self;
    fn print(self, length: u32) -> Self;
    fn rest(self) -> Self;
}

impl Peripherals for Code {
    /// Stores a word: five instructions.
    fn store(self, address: u32, value: u32) -> Self {
        // str r1, [r0]
        self.set(0, address).set(1, value).halves(&[0x6001])
    }

    /// Prints the bytes at the beginning of RAM, and waits until they are out.
    fn print(self, length: u32) -> Self {
        self.store(UARTE + 0x524, 0x1000_0000)
            .store(UARTE + 0x50C, 6)
            .store(UARTE + 0x514, 8)
            .store(UARTE + 0x500, 8)
            .store(UARTE + 0x120, 0)
            .store(UARTE + 0x544, RAM)
            .store(UARTE + 0x548, length)
            .store(UARTE + 0x008, 1)
            .set(0, UARTE + 0x120)
            // ldr r1, [r0]; cmp r1, #0; beq back
            .halves(&[0x6801, 0x2900, 0xD0FC])
    }

    /// wfi; b back
    fn rest(self) -> Self {
        self.halves(&[0xBF30, 0xE7FD])
    }
}

/// An ELF file with one segment at address 0: vectors, and the code.
fn elf(code: Code) -> Vec<u8> {
    let mut image = Vec::new();
    for word in [RAM + 0x4000, 0x41, 0, 0x39] {
        image.extend(u32::to_le_bytes(word));
    }
    image.resize(0x38, 0);
    // Where a fault ends: bkpt #1
    image.extend([0x01, 0xBE]);
    image.resize(0x40, 0);
    image.extend(code.0.iter().flat_map(|half| half.to_le_bytes()));
    let length = image.len() as u32;
    let mut file = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([2, 0, 40, 0]);
    for word in [1, 0x41, 52, 0, 0x0500_0000] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [52_u16, 32, 1, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [1, 84, 0, 0, length, length, 5, 4] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(image);
    file
}

/// Prints "ok\n" and stays there.
fn talker() -> Vec<u8> {
    let text = u32::from_le_bytes(*b"ok\n\0");
    elf(Code::default().store(RAM, text).print(3).rest())
}

#[test]
fn an_image_prints() {
    let folder = Folder::new();
    let file = folder.file("talker.elf", &talker());
    let output = answer(&["run", "--firmware", &file, "--until", "ok"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "ok\n");
    let arguments = ["run", "--firmware", &file, "--until", "ok", "--json"];
    let report = json(&answer(&arguments));
    assert_eq!(report["ok"], true);
    assert_eq!(report["end"], "until");
    assert_eq!(report["console"], "ok\n");
    assert_eq!(report, json(&answer(&arguments)), "it is the same again");
}

#[test]
fn what_is_not_printed_is_a_failure() {
    let folder = Folder::new();
    let file = folder.file("talker.elf", &talker());
    let output = answer(&[
        "run",
        "--firmware",
        &file,
        "--until",
        "ok",
        "--until",
        "more",
        "--limit",
        "1",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("it did not print \"more\""), "{said}");
    assert!(!said.contains("it did not print \"ok\""), "{said}");
}

#[test]
fn what_is_not_modelled_is_named_and_a_failure() {
    // RNG.VALUE, a hole in UARTE0, the trace unit.
    for (address, name) in [
        (0x4000_D508, "RNG+0x508"),
        (0x4000_2518, "UARTE0+0x518"),
        (0xE000_1000, "DWT+0x000"),
        (0xE000_EF34, "System control space+0xf34"),
    ] {
        // ldr r1, [r0]
        let code = Code::default().set(0, address).halves(&[0x6801]).rest();
        let folder = Folder::new();
        let file = folder.file("image.elf", &elf(code));
        let output = answer(&["run", "--firmware", &file, "--limit", "1"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let wanted = format!("NOT MODELLED: read of {address:#010x} ({name}) at 0x00000048");
        let said = stderr(&output);
        assert!(said.contains(&wanted), "{said:?} lacks {wanted:?}");
    }
}

#[test]
fn a_power_cycle_forgets_ram_and_keeps_flash() {
    // One bit of a word in flash goes for each life, and the number of bits is printed.
    let code = Code::default()
        .set(4, COUNT)
        // ldr r5, [r4]; lsls r5, r5, #1
        .halves(&[0x6825, 0x006D])
        .store(NVMC + 0x504, 1)
        // str r5, [r4]; mvns r5, r5; r6 = RAM; clz r5, r5; rsb r5, r5, #'0' + 32
        .halves(&[0x6025, 0x43ED, 0xFAB5, 0xF585, 0xF1C5, 0x0550])
        .set(6, RAM)
        // str r5, [r6]
        .halves(&[0x6035])
        .print(1)
        // b .: it goes on until its power is cut.
        .halves(&[0xE7FE]);
    let folder = Folder::new();
    let file = folder.file("counter.elf", &elf(code));
    let once = answer(&["run", "--firmware", &file, "--limit", "1"]);
    assert_eq!(
        (stdout(&once).as_str(), once.status.code()),
        ("1", Some(0)),
        "{}",
        stderr(&once)
    );
    let output = answer(&[
        "run",
        "--firmware",
        &file,
        "--kill-at",
        "200000",
        "--kill-at",
        "400000",
        "--until",
        "3",
        "--json",
    ]);
    let report = json(&output);
    assert_eq!(
        (&report["ok"], &report["console"]),
        (&true.into(), &"123".into())
    );
    assert_eq!(report["power_cycles"], 2);
}

#[test]
fn what_is_typed_arrives() {
    // Each byte goes back: RXD and TXD share a byte of RAM.
    let code = Code::default()
        .store(RAM, u32::from(b'>'))
        .print(1)
        .store(UARTE + 0x534, RAM)
        .store(UARTE + 0x538, 1)
        .store(UARTE + 0x110, 0)
        .store(UARTE, 1)
        .set(0, UARTE + 0x110)
        // ldr r1, [r0]; cmp r1, #0; beq back
        .halves(&[0x6801, 0x2900, 0xD0FC])
        .store(UARTE + 0x120, 0)
        .store(UARTE + 0x008, 1)
        .set(0, UARTE + 0x120)
        .halves(&[0x6801, 0x2900, 0xD0FC]);
    // Back to where ENDRX is cleared.
    let here = code.0.len() as i32;
    let back = Code::default()
        .store(RAM, 0)
        .print(1)
        .store(UARTE + 0x534, RAM)
        .store(UARTE + 0x538, 1);
    let offset = (back.0.len() as i32 - here - 2) as u16 & 0x7FF;
    let code = code.halves(&[0xE000 | offset]);
    let folder = Folder::new();
    let file = folder.file("echo.elf", &elf(code));
    let output = answer(&[
        "run",
        "--firmware",
        &file,
        "--type",
        "hello",
        "--until",
        "hello",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with(">hello"), "{}", stdout(&output));
}

#[test]
fn what_is_no_image_is_refused() {
    let folder = Folder::new();
    let none = folder.file("none.elf", b"no ELF file");
    assert_refused(&answer(&["run", "--firmware", &none]), &["none.elf"]);
    assert_refused(
        &answer(&["run", "--firmware", "/nowhere.elf"]),
        &["/nowhere.elf"],
    );
    let good = folder.file("talker.elf", &talker());
    let tab = folder.file("none.tab", b"no TAB");
    assert_refused(
        &answer(&["run", "--firmware", &good, "--tab", &tab]),
        &["none.tab"],
    );
    for more in [["--app", "basic"], ["--region", "a=none"]] {
        let arguments = ["run", "--firmware", &good, more[0], more[1]];
        assert_not_understood(&answer(&arguments), &["--firmware"]);
    }
    let arguments = ["run", "--tab", "a.tab", "--kill-at", "5"];
    assert_not_understood(&answer(&arguments), &["--firmware"]);
}
