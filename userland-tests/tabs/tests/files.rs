// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The files that say what there is agree with the code, and with each other.

use std::collections::BTreeSet;
use std::path::Path;
use userland_cases::app::APPS;
use userland_cases::report::Case;
use userland_cases::{bad_input, basic};
use userland_tabs::boards::{Boards, Place};
use userland_tabs::expect::Expected;
use userland_tabs::hardware::Runs;
use userland_tabs::manifest::{Manifest, short_id};

/// Apps that need a host.
const HOSTED: [&str; 1] = ["fat-list"];
/// Apps of which there is nothing to expect but bytes.
const WORDLESS: [&str; 1] = ["dump"];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn manifest() -> Manifest {
    Manifest::read(&folder().join("apps.toml")).unwrap()
}

fn boards() -> Boards {
    Boards::read(&folder().join("boards.toml")).unwrap()
}

fn expected(name: &str) -> Vec<String> {
    let expected = Expected::read(&folder().join("expect"), name);
    expected.unwrap().lines().to_vec()
}

#[test]
fn every_app_is_in_the_manifest() {
    let manifest = manifest();
    let all: Vec<&str> = APPS
        .iter()
        .map(|app| app.name)
        .filter(|name| !HOSTED.contains(name))
        .collect();
    assert_eq!(manifest.apps, all);
}

#[test]
fn suites_expect_each_of_their_cases() {
    let suites: [(&str, &[&[Case]]); 4] = [
        ("basic", &[basic::CASES]),
        ("bad-input-rw", bad_input::WITH_REGION),
        ("bad-input-ro", bad_input::WITH_READ_ONLY_REGION),
        ("bad-input-none", bad_input::WITHOUT_REGION),
    ];
    for (name, cases) in suites {
        let mut lines = vec![format!("TEST start {name}")];
        lines.extend(cases.concat_names());
        lines.push(format!("TEST PASS {name}"));
        assert_eq!(expected(name), lines, "expect/{name}.txt");
    }
}

trait Names {
    fn concat_names(&self) -> Vec<String>;
}

impl Names for &[&[Case]] {
    fn concat_names(&self) -> Vec<String> {
        let cases = self.iter().copied().flatten();
        cases.map(|case| format!("ok {}", case.name)).collect()
    }
}

#[test]
fn every_app_that_speaks_has_its_expectation_and_a_run() {
    let runs = Runs::read(&folder().join("runs.toml")).unwrap().run;
    let names: BTreeSet<&str> = runs.iter().map(|run| &*run.name).collect();
    assert_eq!(names.len(), runs.len(), "each run has its own name");
    let mut run: BTreeSet<&str> = BTreeSet::new();
    for one in &runs {
        assert!(!one.apps.is_empty(), "{}: nothing to wait for", one.name);
        assert!(one.dying.iter().all(|name| name.starts_with("die-")));
        for name in &one.apps {
            let lines = expected(name);
            assert_eq!(lines.first(), Some(&format!("TEST start {name}")));
            assert!(lines.len() >= 3, "{name}");
        }
        run.extend(one.apps.iter().chain(&one.dying).map(String::as_str));
    }
    let manifest = manifest();
    let all: BTreeSet<&str> = manifest.apps.iter().map(String::as_str).collect();
    let missing: Vec<&&str> = all.difference(&run).collect();
    assert_eq!(missing, WORDLESS.each_ref());
    assert!(run.is_subset(&all));
    for file in std::fs::read_dir(folder().join("expect")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(run.contains(name), "expect/ has {name}, which nobody runs");
    }
}

#[test]
fn apps_fit_a_board_together() {
    let runs = Runs::read(&folder().join("runs.toml")).unwrap().run;
    let most = runs
        .iter()
        .map(|run| run.apps.len() + run.dying.len())
        .max();
    for (name, board) in &boards().board {
        assert!(most <= Some(board.flash.places as usize), "{name}");
    }
}

#[test]
fn short_ids_are_those_of_tock() {
    // What the assigner of ids by name uses.
    for name in &manifest().apps {
        let tock = kernel::utilities::helpers::crc32_posix(name.as_bytes());
        assert_eq!(short_id(name), tock, "{name}");
    }
    assert_eq!(short_id("basic"), 0x4552_ca74);
    let manifest = manifest();
    let ids: BTreeSet<u32> = manifest.apps.iter().map(|name| short_id(name)).collect();
    assert_eq!(ids.len(), manifest.apps.len());
    assert!(!ids.contains(&0), "0 is no ShortId");
}

#[test]
fn places_of_a_board_are_apart_and_in_order() {
    let boards = boards();
    let sizes = boards.place;
    for board in boards.board.values() {
        let places: Vec<Place> = board.places(sizes).collect();
        assert_eq!(places.len(), board.flash.places as usize);
        for pair in places.windows(2) {
            assert_eq!(pair[0].flash + sizes.flash, pair[1].flash);
            assert_eq!(pair[0].ram + sizes.ram, pair[1].ram);
        }
        for place in &places {
            assert_eq!(place.ram % sizes.ram, 0);
            assert_eq!(place.flash % sizes.flash, 0);
            assert!(place.code_range(sizes).end <= place.flash + sizes.flash);
        }
    }
}

#[test]
fn boards_that_no_mpu_could_protect_are_refused() {
    let text = std::fs::read_to_string(folder().join("boards.toml")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("boards.toml");
    for (from, to) in [
        ("flash = 0x8000", "flash = 0x9000"),
        ("ram = 0x4000", "ram = 0x5000"),
        ("header = 0x100", "header = 0x8000"),
        ("stack = 0x3000", "stack = 0x4000"),
        ("apps = 0xa0000", "apps = 0xa1000"),
        ("apps = 0x40000", "apps = 0x41000"),
        ("places = 8", "spaces = 8"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        assert!(Boards::read(&path).is_err(), "{to}");
    }
    std::fs::write(&path, text).unwrap();
    Boards::read(&path).unwrap();
}
