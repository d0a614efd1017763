// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `trace`, TOCK_TRACE and `--kernel`: what kernels are compared by.

mod cli_support;

use cli_support::{Folder, PART, answer, assert_refused, json, program, stderr, stdout};
use serde_json::Value;
use std::fs;

fn runs(arguments: &[&str]) -> Vec<Value> {
    let output = answer(&[&["trace", "--json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    json(&output)["runs"].as_array().expect("a list").clone()
}

fn digests(runs: &[Value]) -> Vec<&str> {
    let digest = |run: &'_ Value| run["digest"].as_str().map(str::len);
    assert!(runs.iter().all(|run| digest(run) == Some(16)));
    runs.iter()
        .filter_map(|run| run["digest"].as_str())
        .collect()
}

#[test]
fn the_same_runs_have_the_same_digests_and_others_have_others() {
    let first = runs(&["--count", "5", "--no-faults"]);
    assert_eq!(first.len(), 5);
    assert_eq!(first, runs(&["--count", "5", "--no-faults"]));
    let mut all = digests(&first);
    let other = runs(&["--count", "5", "--no-faults", "--seed", "2"]);
    all.extend(digests(&other));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 10, "every run is another one");
    for run in first.iter().chain(&other) {
        assert!(run["lines"].as_u64() > Some(100), "{run}");
        assert_eq!(run["breaches"], 0);
    }
}

#[test]
fn a_board_that_cannot_be_used_any_more_ends_the_runs() {
    // With faults some run ends with hardware that has to be replaced.
    let output = answer(&["trace", "--json", "--count", "100"]);
    let report = json(&output);
    let made = report["runs"].as_array().expect("a list").len() as u64;
    assert!((1..100).contains(&made), "{made}");
    assert_eq!(report["next"], made);
    let refused = answer(&["trace", "--count", "1", "--text", "1"]);
    assert_refused(&refused, &["--text 1", "not made", "1"]);
}

#[test]
fn the_whole_trace_is_that_of_the_digest_and_tells_everything() {
    let whole = &runs(&["--count", "2", "--no-faults", "--text", "0"])[0];
    let alone = &runs(&["--count", "2", "--no-faults"])[0];
    assert_eq!(whole["digest"], alone["digest"]);
    assert_eq!(whole["lines"], alone["lines"]);
    let text = whole["text"].as_str().expect("it was asked for");
    assert_eq!(Some(text.lines().count() as u64), whole["lines"].as_u64());
    assert_tells_everything(text);
    for what in ["chosen: Pass", "instead: "] {
        assert!(text.contains(what), "{what:?} is not told");
    }
}

/// System calls, returns, upcalls, states, registers, interrupts, the device; and no address
/// of this program.
fn assert_tells_everything(text: &str) {
    for what in [
        "P0 > allow-rw 0x50005/",
        "P0 < allowed rw ",
        "P0 > command 0x50005/",
        "P0 < success",
        "P0 > yield",
        "P0 is yielded",
        "P0 calls 0x50005/",
        " ns: 0x500 = ",
        " ns: 0x100 is ",
        " ns: interrupt Some(0)",
        "device: ",
    ] {
        assert!(text.contains(what), "{what:?} is not told");
    }
    for line in text.lines() {
        for word in line.split(|c: char| !c.is_ascii_alphanumeric()) {
            let digits = word.strip_prefix("0x").unwrap_or("");
            assert!(digits.len() <= 8, "an address: {line}");
        }
    }
}

#[test]
fn any_command_writes_its_trace_where_the_environment_says() {
    let folder = Folder::new();
    let image = folder.image("image");
    let trace = |name: &str, app: &str| {
        let path = folder.path(name);
        let output = program()
            .args(["run", "--part", PART, "--flash", &image.path, "--app", app])
            .env("TOCK_TRACE", &path)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        fs::read_to_string(path).expect("it was written")
    };
    let text = trace("one", "bulk-reader");
    assert_tells_everything(&text);
    assert!(text.contains("P0 > exit 0"));
    assert_eq!(text, trace("again", "bulk-reader"));
    assert_ne!(text, trace("other", "die-exit-read"));
}

#[test]
fn a_program_says_which_kernel_it_has() {
    let own = answer(&["parts", "--kernel", "host"]);
    assert_eq!(own.status.code(), Some(0));
    assert!(stdout(&own).contains(PART));
    let other = answer(&["parts", "--kernel", "upstream"]);
    assert_refused(
        &other,
        &["--kernel upstream", "host kernel", "fidelity/Cargo.toml"],
    );
}
