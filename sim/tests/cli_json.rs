// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `--json` of every subcommand: it parses, it has the fields that `--help` names and no
//! others, and it depends on the arguments alone.

mod cli_support;

use cli_support::{Folder, PART, SIZE, answer, assert_refused, json, stderr, stdout};
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

const TOUR: &[&str] = &[
    "part", "seed", "ok", "checks", "breaches", "summary", "timeline",
];
const CHECK: &[&str] = &["what", "held", "at_ns"];
const BREACH: &[&str] = &["rule", "what", "at_ns"];
const ENTRY: &[&str] = &["at_ns", "topic", "who", "what"];
const RUN: &[&str] = &["part", "ok", "apps", "breaches", "summary", "timeline"];
const REGION: &[&str] = &["start", "length", "writable"];
const PARTS: &[&str] = &[
    "name",
    "id",
    "size_bytes",
    "page_bytes",
    "erase",
    "page_program",
    "chip_erase",
    "max_clock_hz",
    "deep_power_down",
    "source",
];
const IDENTIFY: &[&str] = &[
    "name",
    "jedec_id",
    "known_as",
    "sfdp_revision",
    "basic_dwords",
    "tables",
    "size_bytes",
    "page_bytes",
    "erase",
    "regions",
    "chip_erase_opcode",
    "chip_erase",
    "table_chip_erase",
    "program",
    "reads",
    "dtr",
    "quad_enable",
    "poll",
    "suspend_program",
    "suspend_erase",
    "power_down",
    "reset",
    "address_bytes",
    "addressing",
    "slow_mode_clock_hz",
    "warnings",
];

/// `object` has these fields and no others.
#[track_caller]
fn assert_fields(object: &Value, fields: &[&str]) {
    let mut found: Vec<&str> = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"))
        .keys()
        .map(String::as_str)
        .collect();
    let mut fields = fields.to_vec();
    found.sort_unstable();
    fields.sort_unstable();
    assert_eq!(found, fields);
}

#[track_caller]
fn items(list: &Value) -> &[Value] {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}"))
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

/// What `--help` of a subcommand says names all of `fields`.
#[track_caller]
fn assert_documented(command: &str, fields: &[&[&str]]) {
    let output = answer(&[command, "--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = stdout(&output);
    for field in fields.iter().copied().flatten() {
        assert!(
            help.contains(&format!("`{field}`")),
            "{command} --help does not name {field}: {help}"
        );
    }
}

/// One object or list and a newline, and nothing on standard error.
#[track_caller]
fn well(output: &Output) -> Value {
    assert_eq!(
        (output.status.code(), stderr(output).as_str()),
        (Some(0), "")
    );
    assert!(stdout(output).ends_with("}\n") || stdout(output).ends_with("]\n"));
    json(output)
}

/// The timeline is in order, and each entry is whole.
#[track_caller]
fn assert_timeline(timeline: &Value, until_ns: u64) {
    let topics = [
        "act",
        "app",
        "console",
        "lease",
        "lifecycle",
        "controller",
        "flash",
        "traffic",
        "board",
        "check",
    ];
    let mut last = 0;
    for entry in items(timeline) {
        assert_fields(entry, ENTRY);
        let at = number(&entry["at_ns"]);
        assert!(last <= at && at <= until_ns, "{entry}");
        last = at;
        let topic = entry["topic"].as_str().expect("text");
        assert!(topics.contains(&topic), "{entry}");
        assert!(entry["who"].is_string(), "{entry}");
        assert!(entry["what"].as_str().is_some_and(|what| !what.is_empty()));
    }
    assert!(!items(timeline).is_empty());
}

/// Numbers that have to go together.
#[track_caller]
fn assert_summary(summary: &Value) {
    assert_eq!(summary["buffers_lent"], summary["buffers_returned"]);
    assert_eq!(summary["pieces_begun"], summary["pieces_ended"]);
    assert!(number(&summary["controller_on_ns"]) <= number(&summary["simulated_ns"]));
    assert!(number(&summary["bus_clocking_ns"]) <= number(&summary["controller_on_ns"]));
    let apps = items(&summary["apps"]);
    assert!(!apps.is_empty());
    for app in apps {
        assert!(app["name"].is_string());
        assert_eq!(app["callbacks_owed"], app["callbacks_delivered"], "{app}");
        assert_eq!(
            number(&app["operations"]),
            number(&app["callbacks_owed"]) + number(&app["orphaned"]),
            "{app}"
        );
    }
    let moved: u64 = apps
        .iter()
        .map(|app| number(&app["read_bytes"]) + number(&app["programmed_bytes"]))
        .sum();
    assert_eq!(number(&summary["bus_bytes"]), moved);
}

// --- tour -----------------------------------------------------------------------------

static TOUR_OF_ONE: LazyLock<Output> = LazyLock::new(|| answer(&["tour", "--json"]));
static TOUR_OF_TWO: LazyLock<Output> = LazyLock::new(|| answer(&["tour", "--json", "--seed", "2"]));

#[test]
fn the_tour_is_all_there_and_kept() {
    assert_documented("tour", &[TOUR, CHECK, BREACH, ENTRY]);
    for (output, seed) in [(&*TOUR_OF_ONE, 1), (&*TOUR_OF_TWO, 2)] {
        let report = well(output);
        assert_fields(&report, TOUR);
        assert_eq!(report["part"], "MX25R6435F");
        assert_eq!(report["seed"], seed);
        assert_eq!(report["ok"], true);
        assert_eq!(items(&report["breaches"]).len(), 0);
        let checks = items(&report["checks"]);
        assert!(checks.len() > 20, "{} checks", checks.len());
        let until = number(&report["summary"]["simulated_ns"]);
        for check in checks {
            assert_fields(check, CHECK);
            assert_eq!(check["held"], true, "{check}");
            assert!(check["what"].as_str().is_some_and(|what| !what.is_empty()));
            assert!(number(&check["at_ns"]) <= until);
        }
        assert_summary(&report["summary"]);
        assert_timeline(&report["timeline"], until);
        // Three died with work in flight.
        let orphaned = items(&report["summary"]["apps"])
            .iter()
            .filter(|app| number(&app["orphaned"]) > 0);
        assert!(orphaned.count() >= 3);
    }
}

#[test]
fn the_same_seed_is_the_same_tour() {
    let again = answer(&["--json", "--seed", "1", "--part", "mx25r6435f"]);
    well(&again);
    assert!(again.stdout == TOUR_OF_ONE.stdout, "not the same output");
}

#[test]
fn another_seed_is_another_tour() {
    let (one, two) = (well(&TOUR_OF_ONE), well(&TOUR_OF_TWO));
    assert_ne!(one["summary"], two["summary"]);
    assert_ne!(one["timeline"], two["timeline"]);
    // What is looked for is the same.
    let whats = |report: &Value| -> Vec<String> {
        let mut whats: Vec<String> = items(&report["checks"])
            .iter()
            .map(|check| check["what"].to_string())
            .filter(|what| !what.contains(|c: char| c.is_ascii_digit()))
            .collect();
        whats.sort_unstable();
        whats
    };
    assert_eq!(whats(&one), whats(&two));
    assert!(!whats(&one).is_empty());
}

#[test]
fn the_text_of_the_tour_says_the_same() {
    let output = answer(&["tour"]);
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
    let text = stdout(&output);
    let report = well(&TOUR_OF_ONE);
    let checks = items(&report["checks"]).len();
    let last = text.lines().last().expect("a line");
    assert!(
        last.starts_with(&format!("{checks} of {checks} checks held, 0 breaches in ")),
        "{last}"
    );
    assert!(last.ends_with(": the contract was kept"), "{last}");
    for entry in items(&report["timeline"]) {
        let what = entry["what"].as_str().expect("text");
        assert!(text.contains(what), "{what}");
    }
}

// --- run ------------------------------------------------------------------------------

#[test]
fn a_run_is_all_there() {
    assert_documented("run", &[RUN, REGION]);
    assert_documented(
        "run",
        &[&[
            "name",
            "region",
            "end",
            "how",
            "code",
            "console_bytes",
            "console",
        ]],
    );
    let folder = Folder::new();
    let image = folder.image("image.img");
    let arguments = [
        "run",
        "--json",
        "--flash",
        &image.path,
        "--part",
        PART,
        "--app",
        "basic",
        "--app",
        "bulk-reader",
        "--app",
        "bad-input-none",
        "--region",
        "basic=0:0x4000:rw",
        "--region",
        "bulk-reader=0x40000:0x10000",
        "--region",
        "bad-input-none=none",
    ];
    let output = answer(&arguments);
    let report = well(&output);
    assert_fields(&report, RUN);
    assert_eq!(report["part"], PART);
    assert_eq!(report["ok"], true);
    assert_eq!(items(&report["breaches"]).len(), 0);
    assert_summary(&report["summary"]);
    assert_timeline(
        &report["timeline"],
        number(&report["summary"]["simulated_ns"]),
    );
    let apps = items(&report["apps"]);
    assert_eq!(apps.len(), 3);
    for (app, name) in apps.iter().zip(["basic", "bulk-reader", "bad-input-none"]) {
        assert_fields(app, &["name", "region", "end", "console_bytes", "console"]);
        assert_eq!(app["name"], name);
        assert_fields(&app["end"], &["how", "code"]);
        assert_eq!(app["end"]["how"], "exited");
        assert_eq!(app["end"]["code"], 0);
        let console = app["console"].as_str().expect("text");
        assert_eq!(number(&app["console_bytes"]), console.len() as u64);
        assert!(console.starts_with(&format!("TEST start {name}\n")));
        assert!(console.ends_with(&format!("\nTEST PASS {name}\n")));
    }
    assert_fields(&apps[0]["region"], REGION);
    assert_eq!(apps[0]["region"]["length"], 0x4000);
    assert_eq!(apps[0]["region"]["writable"], true);
    assert_eq!(apps[1]["region"]["start"], 0x40000);
    assert_eq!(apps[1]["region"]["writable"], false);
    assert_eq!(apps[2]["region"], Value::Null);
    // Nothing but the arguments counts.
    assert!(answer(&arguments).stdout == output.stdout);
    image.assert_untouched();
}

#[test]
fn what_an_app_prints_is_in_one_place() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let out = folder.name("out");
    let run = ["run", "--json", "--flash", &image.path, "--part", PART];
    // Into the file, not into the JSON.
    let with_out = ["--app", "bulk-reader", "--out", &out];
    let report = well(&answer(&[&run[..], &with_out].concat()));
    let app = &report["apps"][0];
    assert_fields(app, &["name", "region", "end", "console_bytes"]);
    let written = std::fs::read(&out).expect("it was made");
    assert_eq!(number(&app["console_bytes"]), written.len() as u64);
    // What is no text is only counted.
    let report = well(&answer(&[&run[..], &["--app", "dump"]].concat()));
    let app = &report["apps"][0];
    assert_fields(app, &["name", "region", "end", "console_bytes"]);
    assert_eq!(app["console_bytes"], SIZE);
}

#[test]
fn a_run_that_failed_is_all_there_too() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (app, how, code) in [
        ("bad-input-none", "exited", Some(1)),
        ("die-fault-read", "faulted", None),
        ("die-spin-read", "terminated", None),
    ] {
        let output = answer(&[
            "run",
            "--json",
            "--flash",
            &image.path,
            "--part",
            PART,
            "--app",
            app,
            "--limit",
            "1",
        ]);
        assert_eq!(output.status.code(), Some(1), "{app}");
        assert_eq!(stderr(&output).lines().count(), 1, "{app}");
        let report = json(&output);
        assert_fields(&report, RUN);
        assert_eq!(report["ok"], false);
        assert_eq!(items(&report["breaches"]).len(), 0);
        let end = &report["apps"][0]["end"];
        assert_eq!(end["how"], how);
        assert_eq!(end.get("code").and_then(Value::as_u64), code);
    }
    let output = answer(&["run", "--json", "--flash", "missing", "--app", "dump"]);
    assert_refused(&output, &["missing"]);
}

// --- parts ----------------------------------------------------------------------------

#[test]
fn the_parts_are_all_there() {
    let times = &["typical_us", "maximum_us"];
    let erases = &["opcode", "bytes", "typical_us", "maximum_us"];
    assert_documented("parts", &[PARTS, erases]);
    let output = answer(&["parts", "--json"]);
    let report = well(&output);
    let text = stdout(&answer(&["parts"]));
    for part in items(&report) {
        assert_fields(part, PARTS);
        let name = part["name"].as_str().expect("text");
        assert!(text.contains(name), "{name}");
        assert!(text.contains(part["source"].as_str().expect("text")));
        assert!(number(&part["size_bytes"]).is_power_of_two());
        assert_eq!(part["page_bytes"], 256);
        assert!(!items(&part["erase"]).is_empty());
        for erase in items(&part["erase"]) {
            assert_fields(erase, erases);
            assert_eq!(erase["opcode"].as_str().expect("text").len(), 2);
            assert!(number(&erase["typical_us"]) <= number(&erase["maximum_us"]));
        }
        for what in ["page_program", "chip_erase"] {
            assert_fields(&part[what], times);
            assert!(number(&part[what]["typical_us"]) <= number(&part[what]["maximum_us"]));
        }
        assert!(number(&part["max_clock_hz"]) >= 80_000_000);
        assert!(part["deep_power_down"].is_boolean());
    }
    assert_eq!(answer(&["parts", "--json"]).stdout, output.stdout);
}

/// What is published of some of them.
#[test]
fn the_parts_are_the_published_ones() {
    let report = well(&answer(&["parts", "--json"]));
    for (name, id, size, opcode, bytes, typical, maximum) in [
        (
            "MX25R6435F",
            "c2 28 17",
            8 << 20,
            "20",
            4096,
            48_000,
            384_000,
        ),
        (
            "MX25R8035F",
            "c2 28 14",
            1 << 20,
            "d8",
            65536,
            480_000,
            3_840_000,
        ),
        (
            "W25Q128JV",
            "ef 40 18",
            16 << 20,
            "52",
            32768,
            128_000,
            1_792_000,
        ),
        (
            "IS25WP256",
            "9d 70 19",
            32 << 20,
            "d8",
            65536,
            304_000,
            2_432_000,
        ),
        (
            "MT25QU256A",
            "20 bb 19 10 44",
            32 << 20,
            "20",
            4096,
            48_000,
            480_000,
        ),
        (
            "SST26VF064B",
            "bf 26 43",
            8 << 20,
            "20",
            4096,
            19_000,
            38_000,
        ),
        (
            "W25Q01JVQ",
            "ef 40 21",
            128 << 20,
            "20",
            4096,
            64_000,
            896_000,
        ),
    ] {
        let part = items(&report)
            .iter()
            .find(|part| part["name"] == name)
            .unwrap_or_else(|| panic!("there is no {name}"));
        assert_eq!(part["id"], id);
        assert_eq!(part["size_bytes"], size);
        let erase = items(&part["erase"])
            .iter()
            .find(|erase| erase["opcode"] == opcode && erase["bytes"] == bytes)
            .unwrap_or_else(|| panic!("{name} has no {opcode} of {bytes}"));
        assert_eq!(erase["typical_us"], typical, "{name}");
        assert_eq!(erase["maximum_us"], maximum, "{name}");
    }
    let sleepless: Vec<&Value> = items(&report)
        .iter()
        .filter(|part| part["deep_power_down"] == false)
        .map(|part| &part["name"])
        .collect();
    assert_eq!(sleepless, ["SST26VF064B"]);
}

// --- identify -------------------------------------------------------------------------

#[test]
fn an_identity_is_all_there() {
    let times = &["typ_us", "max_us"][..];
    let table = &["id", "what", "revision", "address", "length"][..];
    let erase = &["opcode", "opcode_4b", "size_bytes", "times", "table_times"][..];
    let region = &["start", "end", "erase_bytes"][..];
    let program = &[
        "page",
        "table_page",
        "first_byte",
        "next_byte",
        "quad_mode",
        "quad_opcode",
    ][..];
    let read = &["mode", "opcode", "opcode_4b", "mode_clocks", "dummy_clocks"][..];
    let suspend = &["suspend", "resume", "latency_us", "interval_us"][..];
    let power_down = &["enter", "exit", "exit_delay_us", "from_table"][..];
    assert_documented(
        "identify",
        &[
            IDENTIFY, times, table, erase, region, program, read, suspend, power_down,
        ],
    );
    let optional = |value: &Value, fields: &[&str]| {
        if !value.is_null() {
            assert_fields(value, fields);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../capsules/spi-nor/testdata/sfdp");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("it is part of the project") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let name = cli_support::text(&path);
        println!("{name}");
        let output = answer(&["identify", name, "--json"]);
        let report = well(&output);
        assert_fields(&report, IDENTIFY);
        for item in items(&report["tables"]) {
            assert_fields(item, table);
        }
        for item in items(&report["erase"]) {
            assert_fields(item, erase);
            assert_fields(&item["times"], times);
            optional(&item["table_times"], times);
        }
        for item in items(&report["regions"]) {
            assert_fields(item, region);
        }
        for item in items(&report["reads"]) {
            assert_fields(item, read);
        }
        assert_fields(&report["program"], program);
        assert_fields(&report["program"]["page"], times);
        assert_fields(&report["chip_erase"], times);
        optional(&report["table_chip_erase"], times);
        optional(&report["suspend_program"], suspend);
        optional(&report["suspend_erase"], suspend);
        optional(&report["power_down"], power_down);
        assert!(items(&report["warnings"]).iter().all(Value::is_string));
        // Standard input says the same.
        let dump = std::fs::read(&path).expect("it can be read");
        let piped = cli_support::program()
            .args(["identify", "--json", "-"])
            .write_stdin(dump)
            .output()
            .expect("it starts");
        assert!(piped.stdout == output.stdout);
        count += 1;
    }
    assert_eq!(count, 43, "dumps");
}
