// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program that runs apps on a board, with a terminal for the board's console.
#![cfg(target_os = "linux")]

use serialport::{SerialPort, TTYPort};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const BOARDS: &str = r#"
[place]
flash = 0x8000
ram = 0x4000
header = 0x100
stack = 0x3000
[board.fake]
description = "none"
arch = "cortex-m4"
flash = { apps = 0x40000, places = 8, page = 0x1000 }
ram = { apps = 0x20020000 }
tockloader = ["--link"]
# Of no USB device.
serial = { usb = [[0xffff, 0xfffe]], baud = 115200 }
reset = [["no-such-program"], ["touch", "RESET"]]
[board.mute]
description = "none"
arch = "cortex-m4"
flash = { apps = 0x40000, places = 8, page = 0x1000 }
ram = { apps = 0x20020000 }
"#;
const RUNS: &str = r#"
[[run]]
name = "quick"
dying = ["die-exit-read"]
apps = ["bulk-reader"]
"#;
const EXPECT: &str = "TEST start bulk-reader\nok bulk-reader: *\nTEST PASS bulk-reader\n";
const SHOWN: &str =
    "Tock\r\nTEST start bulk-reader\r\nok bulk-reader: 2 rounds\r\nTEST PASS bulk-reader\r\n";

/// A folder with all that the program wants, and a board that is a terminal.
struct Bench {
    folder: TempDir,
    board: TTYPort,
    console: TTYPort,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let reset = folder.path().join("reset");
        write(
            "boards.toml",
            &BOARDS.replace("RESET", reset.to_str().unwrap()),
        );
        write("runs.toml", RUNS);
        fs::copy(format!("{here}/apps.toml"), folder.path().join("apps.toml")).unwrap();
        fs::create_dir(folder.path().join("expect")).unwrap();
        write("expect/bulk-reader.txt", EXPECT);
        write("tockloader", "echo \"$@\" >>\"$(dirname \"$0\")/calls\"\n");
        let (board, console) = TTYPort::pair().unwrap();
        Bench {
            folder,
            board,
            console,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_userland-tabs"));
        command.arg("--from").arg(self.path());
        command.arg("--tabs").arg(self.path().join("tabs"));
        command
    }

    fn hardware(&self, patience_s: u32) -> Command {
        let mut command = self.command();
        command.args(["hardware", "--board", "fake", "--patience"]);
        command.arg(patience_s.to_string());
        command.args(["--port", &self.console.name().unwrap()]);
        command.args(["--tockloader", "sh"]);
        command.arg(self.path().join("tockloader"));
        command
    }

    /// Runs the program; the board shows `shown` when it has been reset.
    fn run(&mut self, patience_s: u32, shown: &str) -> Output {
        let mut program = self.hardware(patience_s);
        let running = thread::spawn(move || program.output().unwrap());
        while !self.path().join("reset").exists() {
            if running.is_finished() {
                return running.join().unwrap();
            }
            thread::sleep(Duration::from_millis(2));
        }
        self.board.write_all(shown.as_bytes()).unwrap();
        running.join().unwrap()
    }
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

#[test]
fn a_board_that_shows_all_of_it_passes() {
    let mut bench = Bench::new();
    let output = bench.run(60, SHOWN);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("ok quick\nhw-test: 1 runs, 0 failed"));
    let log = fs::read_to_string(bench.path().join("tabs/hw-test/quick.log")).unwrap();
    assert_eq!(log, SHOWN);
    let calls = fs::read_to_string(bench.path().join("calls")).unwrap();
    let tab = |name: &str| {
        bench
            .path()
            .join(format!("tabs/{name}.tab"))
            .display()
            .to_string()
    };
    let call = format!(
        "install --board fake --link --erase {} {}\n",
        tab("die-exit-read"),
        tab("bulk-reader")
    );
    assert_eq!(calls, call);
}

#[test]
fn what_was_shown_before_the_reset_does_not_count() {
    let mut bench = Bench::new();
    bench.board.write_all(SHOWN.as_bytes()).unwrap();
    let output = bench.run(1, "Tock\r\n");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let why = "after 1 s: bulk-reader: no line \"TEST start bulk-reader\"";
    assert!(text(&output).contains(why), "{}", text(&output));
}

#[test]
fn a_missing_last_line_fails() {
    let mut bench = Bench::new();
    let cut = SHOWN.trim_end().rsplit_once('\r').unwrap().0;
    let output = bench.run(1, &format!("{cut}\r\n"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no line \"TEST PASS bulk-reader\""));
}

#[test]
fn a_failed_case_fails_at_once() {
    let mut bench = Bench::new();
    let shown = SHOWN.replace("ok bulk-reader:", "FAIL bulk-reader: read:");
    let output = bench.run(60, &shown);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("the console says: FAIL bulk-reader: read:"));
}

#[test]
fn a_kernel_that_panics_fails_at_once() {
    let mut bench = Bench::new();
    let output = bench.run(60, "\r\npanicked at kernel/src/grant.rs:1:\r\n");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("panicked at kernel"));
}

#[test]
fn an_installation_that_fails_fails() {
    let mut bench = Bench::new();
    let script = "echo no link; exit 1\n";
    fs::write(bench.path().join("tockloader"), script).unwrap();
    let output = bench.run(60, SHOWN);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no link"));
    assert!(!bench.path().join("reset").exists());
}

#[test]
fn no_way_to_reset_it_fails() {
    let mut bench = Bench::new();
    let path = bench.path().join("boards.toml");
    let boards = fs::read_to_string(&path).unwrap();
    fs::write(&path, boards.replace("\"touch\"", "\"nor-this\"")).unwrap();
    let output = bench.run(60, SHOWN);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("one of these is needed: no-such-program, nor-this"));
}

#[test]
fn no_board_is_said_plainly() {
    let bench = Bench::new();
    let find = |board: &str| {
        bench
            .command()
            .args(["find", "--board", board])
            .output()
            .unwrap()
    };
    let output = find("fake");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(output.stdout.is_empty());
    assert!(text(&output).contains("hw-test: NOT RUN: no fake is connected"));
    assert!(text(&output).contains("USB ffff:fffe"));
    let output = find("mute");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("where the console of mute is"));
    let output = find("none");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("there is no board none, but fake, mute"));
}

#[test]
fn a_run_that_is_not_there_is_no_success() {
    let bench = Bench::new();
    let output = bench
        .hardware(1)
        .args(["--run", "nothing"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}
