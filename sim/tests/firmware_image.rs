// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The nRF52840DK's image, built on upstream Tock, on the emulated chip.
//!
//! The image and the TABs are not part of the project: `tools/run-firmware` runs these with KERNEL,
//! an ELF file, and TABS, a folder. Without them they fail.

mod cli_support;

use cli_support::machine_code::{
    BLOCK, BREAK, CONSOLE, Code, LOAD, RAM, STORE, binary, stray, tab,
};
use cli_support::{Folder, answer, json, stderr};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn told(variable: &str) -> PathBuf {
    let value = std::env::var_os(variable);
    PathBuf::from(value.unwrap_or_else(|| panic!("{variable} is not set: see tools/run-firmware")))
}

fn tab_of(name: &str) -> String {
    let path = told("TABS").join(format!("{name}.tab"));
    assert!(path.exists(), "there is no {}", path.display());
    path.to_str().unwrap().to_owned()
}

/// What the image does, and how the program ends.
fn run(arguments: &[String]) -> (Value, Option<i32>) {
    let kernel = told("KERNEL");
    let mut all = vec!["run", "--firmware", kernel.to_str().unwrap(), "--json"];
    all.extend(arguments.iter().map(String::as_str));
    let output = answer(&all);
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        stderr(&output)
    );
    (json(&output), output.status.code())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[track_caller]
fn assert_well((report, code): &(Value, Option<i32>)) {
    assert_eq!(code, &Some(0), "{report:#}");
    assert_eq!(report["ok"], true);
    assert_eq!(report["unmodelled"], Value::Array(Vec::new()));
    assert_eq!(report["violations"], Value::Array(Vec::new()));
}

fn console(report: &Value) -> &str {
    report["console"].as_str().unwrap()
}

const IDENTIFIED: &str = "[spi-nor] MX25R6435F";

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn it_boots_identifies_the_flash_and_answers() {
    let arguments = words(&[
        "--type",
        "list",
        "--type",
        "help",
        "--until",
        "Valid commands",
    ]);
    let ran = run(&arguments);
    assert_well(&ran);
    let said = console(&ran.0);
    assert!(said.contains("entering the main loop"), "{said}");
    assert!(said.contains(IDENTIFIED), "{said}");
    assert!(said.contains(" PID "), "{said}");
    // The first start writes the user information registers and resets the chip.
    assert_eq!(ran.0["resets"], 1);
    assert_eq!(ran, run(&arguments));
}

/// The lines of expect/`name`.txt are in `said` in their order; * stands for anything.
fn assert_expected(name: &str, said: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../userland-tests/expect");
    let expected = std::fs::read_to_string(root.join(format!("{name}.txt"))).unwrap();
    let mut rest = said;
    for part in expected.lines().flat_map(|line| line.split('*')) {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("{name}: no {part:?} in its place in {said}"));
        rest = &rest[at + part.len()..];
    }
    assert!(expected.lines().count() > 2);
}

/// The runs of userland-tests/runs.toml: their apps, and those that die beside them.
fn runs() -> Vec<(Vec<String>, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../userland-tests/runs.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let list = |line: &str| -> Vec<String> {
        let (_, names) = line.split_once('=').unwrap();
        let names = names.split('"').skip(1).step_by(2);
        names.map(str::to_owned).collect()
    };
    text.split("[[run]]")
        .skip(1)
        .map(|run| {
            let named = |key: &str| {
                let line = run.lines().find(|line| line.starts_with(key));
                line.map(list).unwrap_or_default()
            };
            (named("apps"), named("dying"))
        })
        .collect()
}

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn the_userland_tests_pass() {
    let runs = runs();
    assert!(runs.len() >= 8, "{runs:?}");
    for (apps, dying) in runs {
        // That one alone, twice and with power cycles, is another test's.
        if apps == ["log-writer"] {
            continue;
        }
        assert!(!apps.is_empty());
        let mut arguments = words(&["--limit", "120"]);
        for name in dying.iter().chain(&apps) {
            arguments.extend(["--tab".to_owned(), tab_of(name)]);
        }
        for name in &apps {
            arguments.extend(["--until".to_owned(), format!("TEST PASS {name}")]);
        }
        let ran = run(&arguments);
        assert_well(&ran);
        for name in &apps {
            assert_expected(name, console(&ran.0));
        }
        assert!(ran.0["app_instructions"].as_u64().unwrap() > 1000);
    }
}

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn an_image_of_tockloaders_runs() {
    let image = told("TABS").join("nrf52840dk.bin");
    let mut arguments = words(&["--limit", "120", "--board-flash", image.to_str().unwrap()]);
    let names = ["basic", "bad-input-rw", "bad-input-ro", "bad-input-none"];
    for name in names {
        arguments.extend(["--until".to_owned(), format!("TEST PASS {name}")]);
    }
    let ran = run(&arguments);
    assert_well(&ran);
    for name in names {
        let installed = ran.0["apps"].as_array().unwrap();
        assert!(installed.contains(&name.into()), "{installed:?}");
    }
}

/// Prints two letters, and waits for what never comes: what an app prints is lost when it ends.
fn waiting_greeter() -> Vec<u8> {
    let ram = RAM + BLOCK + 0x100;
    let code = Code::default()
        // At first there is room for little more than a frame.
        .call(5, [0, RAM + BLOCK + BREAK, 0, 0])
        .set(0, ram)
        .set(1, u32::from(u16::from_le_bytes(*b"HI")))
        // str r1, [r0]
        .halves(&[0x6001])
        .call(4, [CONSOLE, 1, ram, 2])
        .call(2, [CONSOLE, 1, 2, 0])
        // yield-wait; b back
        .set(0, 1)
        .halves(&[0xDF00, 0xE7F9]);
    binary("greeter", 1, code)
}

/// An app that does `last` with r1 = `address` while its read is under way: it is stopped, and the
/// other one prints.
fn one_strays(app: Vec<u8>, calls: u64) {
    let folder = Folder::new();
    let stray = folder.file("stray.tab", &tab(&[app]));
    let greeter = folder.file("greeter.tab", &tab(&[waiting_greeter()]));
    let mut arguments = words(&["--tab", &stray, "--tab", &greeter, "--type", "list"]);
    arguments.extend(words(&["--until", "stray", "--until", "greeter"]));
    // The line with the states is the last one that is waited for.
    arguments.extend(words(&["--until", "Faulted", "--until", "Yielded"]));
    let ran = run(&arguments);
    assert_well(&ran);
    let said = console(&ran.0);
    let counts: u64 = ran.0["system_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|calls| calls["count"].as_u64().unwrap())
        .sum();
    assert!(counts >= calls, "{:#}", ran.0);
    assert!(
        said.contains("Process stray faulted and was stopped"),
        "{said}"
    );
    assert!(said.contains("HI"), "{said:?}");
}

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn an_app_that_strays_is_stopped() {
    // The kernel's RAM, the other app's, flash, the QSPI peripheral, the vector table's address.
    // A break, a buffer and a read before; the other makes three calls that end.
    for address in [0x2000_0000, RAM + 0x4000, 0x1000, 0x4002_9500, 0xE000_ED08] {
        one_strays(stray(0, address, STORE), 6);
    }
    one_strays(stray(0, 0x2000_0000, LOAD), 6);
    // Its stack pointer points into the kernel's RAM: nothing can be stacked for the call.
    let code = Code::default()
        .set(0, 0x2000_4000)
        .halves(&[0x4685])
        .exit(9);
    one_strays(binary("stray", 0, code), 3);
}

#[test]
#[ignore = "needs a kernel's image: tools/run-firmware"]
fn what_is_in_the_flash_outlives_the_power() {
    let folder = Folder::new();
    let tab = tab_of("log-writer");
    // The app says how much of what it finds is from before.
    let passed = "TEST PASS log-writer";
    let mut found = Vec::new();
    for kills in [&[][..], &[35_000_000, 60_000_000]] {
        let flash = folder.file("flash.img", &vec![0xFF; 8 << 20]);
        let mut arguments = words(&["--tab", &tab, "--flash", &flash, "--write"]);
        arguments.extend(words(&["--until", passed, "--limit", "120"]));
        for kill in kills {
            arguments.extend(["--kill-at".to_owned(), format!("{kill}")]);
        }
        let ran = run(&arguments);
        assert_well(&ran);
        assert_eq!(ran.0["power_cycles"], kills.len());
        let said = console(&ran.0);
        assert_eq!(said.matches(IDENTIFIED).count(), kills.len() + 1);
        let (_, popped) = said.split_once("popped (").unwrap();
        let (before, _) = popped.split_once(" from before").unwrap();
        found.push(before.parse::<u32>().unwrap());
    }
    assert_eq!(found[0], 0);
    assert!(found[1] > 0, "{found:?}");
}
