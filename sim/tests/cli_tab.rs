// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that are machine code, as TABs and in images of a board's flash, written out by hand.

mod cli_support;

use cli_support::machine_code::{
    BINARY, BLOCK, BREAK, CONSOLE, Code, FLASH, GREETER_INSTRUCTIONS, JUMP, LOAD, RAM, STORE,
    binary, greeter, stray, tab,
};
use cli_support::{Folder, answer, assert_not_understood, assert_refused, json, stderr, stdout};
use serde_json::Value;

fn app<'a>(report: &'a Value, name: &str) -> &'a Value {
    let apps = report["apps"].as_array().unwrap();
    apps.iter().find(|app| app["name"] == name).unwrap()
}

#[test]
fn a_tab_runs() {
    let folder = Folder::new();
    let file = folder.file("greeter.tab", &tab(&[greeter(0, b"hi")]));
    let output = answer(&["run", "--tab", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "hi");
    let report = json(&answer(&["run", "--tab", &file, "--json"]));
    let greeter = app(&report, "greeter");
    assert_eq!(greeter["instructions"], GREETER_INSTRUCTIONS);
    assert_eq!(greeter["end"]["how"], "exited");
    assert_eq!(greeter["console"], "hi");
}

#[test]
fn system_calls_are_told_as_they_happen() {
    let folder = Folder::new();
    let file = folder.file("greeter.tab", &tab(&[greeter(0, b"hi")]));
    let output = answer(&["run", "--tab", &file, "--strace"]);
    let said = stderr(&output);
    let lines: Vec<&str> = said.lines().collect();
    let first = format!("greeter:   upcall {:#x}", FLASH + 64);
    assert!(lines[0].starts_with(&first), "{said}");
    assert_eq!(
        lines[1..],
        [
            "greeter: allow-read-only(0x1, 1, 0x20020000, 2)",
            "greeter:   = AllowReadOnlySuccess(0x0, 0)",
            "greeter: command(0x1, 1, 0x2, 0x0)",
            "greeter:   = Success",
            "greeter: exit-terminate(0)",
            "greeter: 32 instructions",
        ]
    );
}

/// Waits from inside an IT block, and exits with 7 if the upcall's first instruction is executed.
#[test]
fn an_upcall_begins_outside_of_the_it_block_that_it_interrupts() {
    let code = |function: u32| {
        Code::default()
            .call(1, [CONSOLE, 1, function, 0])
            .call(4, [CONSOLE, 1, RAM, 2])
            .call(2, [CONSOLE, 1, 2, 0])
            .set(0, 1)
            // cmp r0, r0; ite eq; svceq 0 (yield-wait); nopne; b to itself
            .halves(&[0x4280, 0xBF0C, 0xDF00, 0xBF00, 0xE7FE])
    };
    let function = FLASH + 64 + 2 * code(0).0.len() as u32;
    let waiter = code(function | 1)
        // movs r4, #1
        .halves(&[0x2401])
        .set(0, 0)
        .set(1, 6)
        // adds r1, r1, r4; svc 6
        .halves(&[0x1909, 0xDF06]);
    let folder = Folder::new();
    let file = folder.file("upcalled.tab", &tab(&[binary("upcalled", 0, waiter)]));
    let report = json(&answer(&["run", "--tab", &file, "--json"]));
    let end = &app(&report, "upcalled")["end"];
    assert_eq!((&end["how"], &end["code"]), (&"exited".into(), &7.into()));
}

#[test]
fn a_breakpoint_and_a_call_that_there_is_not_say_what_they_are() {
    for (code, why) in [(0xBE01, "0xbe01"), (0xDF08, "0xdf08")] {
        let folder = Folder::new();
        let bytes = binary("strange", 0, Code::default().halves(&[code]));
        let file = folder.file("strange.tab", &tab(&[bytes]));
        let report = json(&answer(&["run", "--tab", &file, "--json"]));
        let fault = app(&report, "strange")["fault"].as_str().unwrap();
        assert!(fault.contains(why), "{fault:?}");
    }
}

/// One of them stays where it is not allowed to be; nobody else notices, and nothing is left of it.
fn one_strays(bytes: Vec<u8>, why: &str) {
    let folder = Folder::new();
    let stray = folder.file("stray.tab", &tab(&[bytes]));
    let greeter = folder.file("greeter.tab", &tab(&[greeter(1, b"hi")]));
    let arguments = [
        "run", "--tab", &stray, "--tab", &greeter, "--app", "basic", "--json",
    ];
    let output = answer(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report = json(&output);
    let stray = app(&report, "stray");
    assert_eq!(stray["end"]["how"], "faulted", "{why}");
    let fault = stray["fault"].as_str().unwrap();
    assert!(fault.contains(why), "{fault:?} has no {why:?}");
    for name in ["greeter", "basic"] {
        let end = &app(&report, name)["end"];
        assert_eq!((&end["how"], &end["code"]), (&"exited".into(), &0.into()));
    }
    // Its read was under way, and it will never be told; its lease is gone, and the part is off.
    assert_eq!(report["breaches"].as_array().unwrap().len(), 0);
    let summary = app(&report["summary"], "stray");
    assert_eq!(
        (&summary["operations"], &summary["orphaned"]),
        (&1.into(), &1.into())
    );
    assert_eq!(summary["callbacks_delivered"], 0);
}

#[test]
fn a_store_outside_is_a_fault() {
    for address in [
        0,
        // The kernel's RAM, that of the other app, its own behind its break, its own code, its
        // header, the other's code, a peripheral, the core's registers.
        0x2000_0000,
        RAM + BLOCK,
        RAM + BREAK,
        FLASH + 0x80,
        FLASH,
        FLASH + BINARY,
        0x4002_9500,
        0xE000_ED08,
    ] {
        let why = format!("write of {address:#010x}");
        one_strays(stray(0, address, STORE), &why);
    }
}

#[test]
fn so_is_half_a_store_outside() {
    let last = RAM + BREAK - 2;
    let why = format!("unaligned access to {last:#010x}");
    one_strays(stray(0, last, STORE), &why);
}

#[test]
fn so_are_a_load_and_a_jump() {
    one_strays(stray(0, 0x2000_0000, LOAD), "read of 0x20000000");
    one_strays(stray(0, RAM + BLOCK, LOAD), "read of 0x20024000");
    one_strays(stray(0, RAM | 1, JUMP), "fetch of 0x20020000");
    one_strays(stray(0, FLASH + BINARY + 65, JUMP), "fetch of 0x00041040");
    one_strays(stray(0, FLASH + 64, JUMP), "jump to an even address");
}

#[test]
fn what_is_no_instruction_is_a_fault() {
    one_strays(stray(0, 0, &[0xDE42]), "0xde42 is no instruction");
    // cpsid i does nothing for an app; then vmov, which this core has not.
    one_strays(
        stray(0, 0, &[0xB672, 0xEE00, 0x0A10]),
        "0xee000a10 is no instruction",
    );
}

#[test]
fn a_restarted_app_keeps_its_ram_and_starts_anew() {
    let code = Code::default()
        .set(0, RAM)
        .set(1, 0x600D_600D)
        // ldr r2, [r0]; cmp r2, r1; beq over the next ten halfwords; str r1, [r0]
        .halves(&[0x6802, 0x428A, 0xD012, 0x6001])
        .call(6, [1, 0, 0, 0])
        .exit(0);
    let folder = Folder::new();
    let file = folder.file("twice.tab", &tab(&[binary("twice", 0, code)]));
    let output = answer(&["run", "--tab", &file, "--json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(app(&report["summary"], "twice")["restarts"], 1);
    // The first life, and what the second adds: up to the branch, and the exit.
    let instructions = (8 + 9) + (7 + 9);
    assert_eq!(app(&report, "twice")["instructions"], instructions);
}

#[test]
fn a_program_that_never_calls_lets_others_run() {
    let code = Code::default().halves(&[0xE7FE]);
    let folder = Folder::new();
    let spinner = folder.file("spinner.tab", &tab(&[binary("spinner", 0, code)]));
    let greeter = folder.file("greeter.tab", &tab(&[greeter(1, b"hi")]));
    let arguments = [
        "run", "--tab", &spinner, "--tab", &greeter, "--limit", "1", "--json",
    ];
    let report = json(&answer(&arguments));
    assert_eq!(app(&report, "greeter")["end"]["how"], "exited");
    assert_eq!(app(&report, "spinner")["end"]["how"], "terminated");
    let instructions = app(&report, "spinner")["instructions"].as_u64().unwrap();
    // A second of 64 MHz, less what the kernel needs.
    assert!(
        (40_000_000..64_000_000).contains(&instructions),
        "{instructions}"
    );
}

#[test]
fn each_takes_a_place_that_is_free() {
    let folder = Folder::new();
    let both = folder.file(
        "greeter.tab",
        &tab(&[greeter(0, b"a\n"), greeter(1, b"b\n")]),
    );
    let output = answer(&["run", "--tab", &both, "--tab", &both]);
    assert_eq!(stdout(&output), "greeter: a\ngreeter.2: b\n");
    let output = answer(&["run", "--tab", &both, "--tab", &both, "--tab", &both]);
    assert_refused(
        &output,
        &["greeter.tab", "other apps are where it was linked for"],
    );
}

#[test]
fn an_image_of_the_boards_flash_runs() {
    let mut image = vec![0xFF; 0x8_0000];
    let mut put = |place: u32, bytes: &[u8]| {
        let at = (FLASH + place * BINARY) as usize;
        image[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(0, &greeter(0, b"a\n"));
    // Padding: a header with nothing in it.
    let mut padding = [0; 16];
    padding[0] = 2;
    padding[2] = 16;
    padding[5] = 0x10;
    for n in 0..4 {
        padding[12 + n] = padding[n] ^ padding[4 + n] ^ padding[8 + n];
    }
    put(1, &padding);
    put(2, &greeter(2, b"b\n"));
    let folder = Folder::new();
    let file = folder.file("board.bin", &image);
    let output = answer(&["run", "--board-flash", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "greeter: a\ngreeter.2: b\n");
    // And a TAB in the gap.
    let between = folder.file(
        "between.tab",
        &tab(&[greeter(0, b"c\n"), greeter(1, b"c\n")]),
    );
    let output = answer(&["run", "--board-flash", &file, "--tab", &between]);
    assert_eq!(stdout(&output).lines().count(), 3, "{}", stderr(&output));
}

#[test]
fn what_can_not_be_run_is_refused() {
    let folder = Folder::new();
    let no_tab = folder.file("no.tab", b"no tab");
    assert_refused(&answer(&["run", "--tab", &no_tab]), &["no.tab"]);
    assert_refused(
        &answer(&["run", "--tab", "/nowhere.tab"]),
        &["/nowhere.tab"],
    );
    let mut elsewhere = greeter(0, b"hi");
    // The RAM of another chip; the checksum is mended.
    let place = 16 + 16 + 4 + 8 + 4;
    elsewhere[place + 3] ^= 1;
    elsewhere[15] ^= 1;
    let elsewhere = folder.file("elsewhere.tab", &tab(&[elsewhere]));
    assert_refused(
        &answer(&["run", "--tab", &elsewhere]),
        &["elsewhere.tab", "addresses that this board has not"],
    );
    let mut broken = greeter(0, b"hi");
    broken[20] ^= 1;
    let broken = folder.file("broken.tab", &tab(&[broken]));
    assert_refused(
        &answer(&["run", "--tab", &broken]),
        &["its checksum is wrong"],
    );
    let empty = folder.file("empty.bin", &[0xFF; 0x8_0000]);
    assert_refused(
        &answer(&["run", "--board-flash", &empty]),
        &["empty.bin", "there is no app"],
    );
    let good = folder.file("good.tab", &tab(&[greeter(0, b"hi")]));
    assert_refused(&answer(&["run", "--tab", &good, "--write"]), &["--flash"]);
    assert_not_understood(&answer(&["run", "--app", "dump"]), &["--flash"]);
    assert_not_understood(&answer(&["run"]), &["--app"]);
}
