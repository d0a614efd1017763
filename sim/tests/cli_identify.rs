// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `identify` of each dump there is, as JSON and as text, against what is known of the
//! parts from elsewhere: `fixtures/sfdp_expected.txt`.

mod cli_support;

use cli_support::{answer, json, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is known of a part.
struct Known {
    file: String,
    facts: BTreeMap<String, String>,
    warnings: Vec<String>,
}

/// All keys that there are: a misspelt one must not go unnoticed.
const KEYS: &[&str] = &[
    "basic",
    "size",
    "page",
    "erase",
    "slow",
    "left out",
    "program",
    "slow program",
    "bytes",
    "chip erase",
    "slow chip erase",
    "suspend",
    "sleep",
    "busy",
    "quad enable",
    "quad program",
    "reads",
    "unused",
    "address",
];

/// Opcodes and their twins that take 4-byte addresses (JESD216F 6.5).
const TWINS: &[(&str, &str)] = &[
    ("03", "13"),
    ("0b", "0c"),
    ("3b", "3c"),
    ("bb", "bc"),
    ("6b", "6c"),
    ("eb", "ec"),
    ("20", "21"),
    ("52", "5c"),
    ("d8", "dc"),
];

impl Known {
    fn of(&self, key: &str) -> Option<&str> {
        assert!(KEYS.contains(&key), "{key}");
        self.facts.get(key).map(String::as_str)
    }

    /// A fact that every part has.
    fn fact(&self, key: &str) -> &str {
        self.of(key)
            .unwrap_or_else(|| panic!("{}: no {key}", self.file))
    }

    fn list(&self, key: &str, between: &str) -> Vec<&str> {
        match self.of(key) {
            None | Some("none") => Vec::new(),
            Some(text) => text.split(between).collect(),
        }
    }

    fn has_times(&self) -> bool {
        self.of("program").is_some()
    }

    fn size(&self) -> u64 {
        let mib = self.fact("size").strip_suffix(" MiB").expect("MiB");
        number(mib) << 20
    }

    fn erases(&self) -> Vec<Erase> {
        self.list("erase", "; ")
            .into_iter()
            .map(Erase::new)
            .collect()
    }
}

/// An erase of a table.
#[derive(Debug)]
struct Erase {
    opcode: String,
    bytes: u64,
    /// ms.
    times: Option<(u64, u64)>,
}

impl Erase {
    fn new(text: &str) -> Erase {
        let (what, times) = match text.split_once(' ') {
            Some((what, times)) => (what, Some(pair(times))),
            None => (text, None),
        };
        let (opcode, bytes) = what.split_once('/').expect("opcode/bytes");
        let bytes = match bytes.strip_suffix('K') {
            Some(kib) => number(kib) << 10,
            None => number(bytes),
        };
        Erase {
            opcode: opcode.to_owned(),
            bytes,
            times,
        }
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?}"))
}

fn pair(text: &str) -> (u64, u64) {
    let (one, other) = text.split_once('/').expect("a pair");
    (number(one), number(other))
}

fn known() -> Vec<Known> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sfdp_expected.txt");
    let text = fs::read_to_string(path).expect("it is part of the project");
    let mut all: Vec<Known> = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(file) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            all.push(Known {
                file: file.to_owned(),
                facts: BTreeMap::new(),
                warnings: Vec::new(),
            });
            continue;
        }
        let part = all.last_mut().expect("a part comes first");
        let (key, fact) = line.split_once(": ").expect("a key");
        if key == "warning" {
            part.warnings.push(fact.to_owned());
        } else {
            assert!(KEYS.contains(&key), "{line}");
            let before = part.facts.insert(key.to_owned(), fact.to_owned());
            assert!(before.is_none(), "{}: {key} twice", part.file);
        }
    }
    all
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../capsules/spi-nor/testdata/sfdp")
}

/// Every part, with what the program says of it as JSON.
fn each(look: impl Fn(&Known, &Value)) {
    let all = known();
    assert!(!all.is_empty());
    for part in all {
        println!("{}", part.file);
        let path = folder().join(&part.file);
        let output = answer(&["identify", "--json", cli_support::text(&path)]);
        assert_eq!(
            (output.status.code(), stderr(&output).as_str()),
            (Some(0), "")
        );
        look(&part, &json(&output));
    }
}

#[track_caller]
fn items(list: &Value) -> &[Value] {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}"))
}

/// The times of the table: those that are used, unless others are.
fn of_table<'v>(used: &'v Value, table: &'v Value) -> &'v Value {
    if table.is_null() { used } else { table }
}

#[track_caller]
fn assert_us(times: &Value, (typical, longest): (u64, u64), scale: u64) {
    assert_eq!(times["typ_us"], typical * scale, "{times}");
    assert_eq!(times["max_us"], longest * scale, "{times}");
}

#[test]
fn every_dump_is_known() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .expect("it is part of the project")
        .map(|entry| entry.expect("it can be listed").file_name())
        .map(|name| name.into_string().expect("the name is UTF-8"))
        .filter(|name| name.ends_with(".hex"))
        .collect();
    files.sort_unstable();
    let mut known: Vec<String> = known().into_iter().map(|part| part.file).collect();
    known.sort_unstable();
    assert_eq!(files, known);
}

#[test]
fn sizes_and_pages() {
    each(|part, report| {
        assert_eq!(report["size_bytes"], part.size());
        let page = part.fact("page");
        let page = page.strip_suffix(" assumed").unwrap_or(page);
        assert_eq!(report["page_bytes"], number(page));
        assert_eq!(report["basic_dwords"], number(part.fact("basic")));
        // Nine dwords have neither times nor a page size.
        let short = part.fact("basic") == "9";
        assert_eq!(part.has_times(), !short);
        assert_eq!(part.fact("page").ends_with("assumed"), short);
        assert_eq!(
            part.erases().iter().all(|erase| erase.times.is_none()),
            short
        );
    });
}

#[test]
fn erases() {
    each(|part, report| {
        let left_out = part.list("left out", ", ");
        let used: Vec<Erase> = part
            .erases()
            .into_iter()
            .filter(|erase| !left_out.contains(&erase.opcode.as_str()))
            .collect();
        let slow = part.list("slow", ", ");
        let found = items(&report["erase"]);
        assert_eq!(found.len(), used.len(), "{found:?}");
        for (index, (found, erase)) in found.iter().zip(&used).enumerate() {
            assert_eq!(found["opcode"], erase.opcode.as_str());
            assert_eq!(found["size_bytes"], erase.bytes);
            if let Some(times) = erase.times {
                assert_us(
                    of_table(&found["times"], &found["table_times"]),
                    times,
                    1000,
                );
                let typical = slow.get(index).map_or(times.0, |typical| number(typical));
                assert_eq!(found["times"]["typ_us"], typical * 1000);
                let longest = found["times"]["max_us"].as_u64().expect("a number");
                assert!(longest >= times.1 * 1000, "{found}");
                assert_eq!(found["table_times"].is_null(), typical == times.0);
            }
            let by_opcode = part.fact("address") == "4 by opcode";
            assert_eq!(found["opcode_4b"], twin(&erase.opcode, by_opcode));
        }
    });
}

/// The twin, if `wanted`.
fn twin(opcode: &str, wanted: bool) -> Value {
    TWINS
        .iter()
        .find(|(plain, _)| wanted && *plain == opcode)
        .map_or(Value::Null, |(_, twin)| Value::from(*twin))
}

/// Where the table has no times, those that are assumed must do for every part whose
/// times are known.
#[test]
fn assumed_times_are_longer_than_any_known() {
    let longest = |bytes: u64| {
        known()
            .iter()
            .flat_map(Known::erases)
            .filter(|erase| erase.bytes == bytes)
            .filter_map(|erase| erase.times)
            .map(|(_, longest)| longest * 1000)
            .max()
            .expect("some part has times")
    };
    let longest_page = known()
        .iter()
        .filter_map(|part| part.of("program").map(pair))
        .map(|(_, longest)| longest)
        .max()
        .expect("some part has times");
    let sizes: BTreeMap<u64, u64> = [4096, 32768, 65536]
        .into_iter()
        .map(|bytes| (bytes, longest(bytes)))
        .collect();
    // So the tables say: W25Q128JV, MX66UM51345G.
    assert!(sizes[&4096] >= 896_000 && sizes[&65536] >= 6_144_000);
    each(|part, report| {
        if part.has_times() {
            return;
        }
        for erase in items(&report["erase"]) {
            let bytes = erase["size_bytes"].as_u64().expect("a number");
            let assumed = erase["times"]["max_us"].as_u64().expect("a number");
            if let Some(longest) = sizes.get(&bytes) {
                assert!(assumed >= *longest, "{erase}");
            }
            assert!(erase["times"]["typ_us"].as_u64() > Some(0), "{erase}");
            assert!(erase["table_times"].is_null());
        }
        let page = &report["program"]["page"];
        assert!(page["max_us"].as_u64() >= Some(longest_page), "{page}");
        assert!(report["program"]["table_page"].is_null());
        assert!(report["program"]["first_byte"].is_null());
        assert!(report["suspend_program"].is_null());
        assert!(report["suspend_erase"].is_null());
    });
}

#[test]
fn programs_and_chip_erases() {
    each(|part, report| {
        let program = &report["program"];
        if let Some(times) = part.of("program") {
            let times = pair(times);
            assert_us(of_table(&program["page"], &program["table_page"]), times, 1);
            let typical = part.of("slow program").map_or(times.0, number);
            assert_eq!(program["page"]["typ_us"], typical);
            assert!(program["page"]["max_us"].as_u64() >= Some(times.1));
        }
        if let Some(bytes) = part.of("bytes") {
            let (first, next) = pair(bytes);
            assert_eq!(program["first_byte"]["typ_us"], first);
            assert_eq!(program["next_byte"]["typ_us"], next);
        }
        if let Some(times) = part.of("chip erase") {
            let times = pair(times);
            let used = &report["chip_erase"];
            assert_us(of_table(used, &report["table_chip_erase"]), times, 1000);
            let typical = part.of("slow chip erase").map_or(times.0, number);
            assert_eq!(used["typ_us"], typical * 1000);
            assert!(used["max_us"].as_u64() >= Some(times.1 * 1000));
        }
        let slow = part.of("slow").is_some();
        let limit = if slow {
            Value::from(8_000_000)
        } else {
            Value::Null
        };
        assert_eq!(report["slow_mode_clock_hz"], limit);
        let expected = match part.fact("quad program").split_once(' ') {
            Some((mode, opcode)) => (Value::from(mode), Value::from(opcode)),
            None => (Value::Null, Value::Null),
        };
        assert_eq!(
            (program["quad_mode"].clone(), program["quad_opcode"].clone()),
            expected
        );
    });
}

#[test]
fn ways_to_read() {
    each(|part, report| {
        let by_opcode = part.fact("address") == "4 by opcode";
        let unused = part.list("unused", ", ");
        let mut expected = vec![("1-1-1", "03", 0, 0), ("1-1-1", "0b", 0, 8)];
        for read in part.list("reads", "; ") {
            let words: Vec<&str> = read.split(' ').collect();
            let [mode, opcode, clocks] = words[..] else {
                panic!("{read:?}")
            };
            let (wait, dummy) = clocks.split_once('+').expect("mode+dummy");
            if !unused.contains(&mode) {
                expected.push((mode, opcode, number(wait), number(dummy)));
            }
        }
        let found = items(&report["reads"]);
        let listed: Vec<_> = found
            .iter()
            .map(|read| {
                (
                    read["mode"].as_str().expect("text"),
                    read["opcode"].as_str().expect("text"),
                    read["mode_clocks"].as_u64().expect("a number"),
                    read["dummy_clocks"].as_u64().expect("a number"),
                )
            })
            .collect();
        assert_eq!(listed, expected);
        for read in found {
            // There is none for opcodes that go over more than one line.
            let one_line = read["mode"]
                .as_str()
                .is_some_and(|mode| mode.starts_with("1-"));
            let opcode = read["opcode"].as_str().expect("text");
            assert_eq!(read["opcode_4b"], twin(opcode, by_opcode && one_line));
        }
        let enabled = match part.fact("quad enable") {
            "S1B6" => "status register 1 bit 6, written with 01 and 1 byte",
            "S2B1" => "status register 2 bit 1, written with 01 and 2 bytes",
            "S2B1-31" => "status register 2 bit 1, written with 31 and 1 byte",
            "none" => "none needed",
            "unknown" => "unknown",
            // Nothing to enable: what is said does not matter.
            "-" => {
                assert!(!listed.iter().any(|(mode, ..)| mode.contains('4')));
                return;
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(report["quad_enable"], enabled);
    });
}

#[test]
fn suspend_sleep_busy_and_address() {
    each(|part, report| {
        match part.of("suspend") {
            Some(text) => {
                let (opcodes, interval) = text.split_once(' ').expect("opcodes and time");
                let (suspend, resume) = opcodes.split_once('/').expect("two opcodes");
                for kind in ["suspend_program", "suspend_erase"] {
                    assert_eq!(report[kind]["suspend"], suspend);
                    assert_eq!(report[kind]["resume"], resume);
                }
                assert_eq!(report["suspend_erase"]["interval_us"], number(interval));
            }
            None => {
                assert!(report["suspend_program"].is_null());
                assert!(report["suspend_erase"].is_null());
            }
        }
        let sleep = &report["power_down"];
        match part.of("sleep") {
            Some("none") => assert!(sleep.is_null(), "{sleep}"),
            Some(text) => {
                let (opcodes, delay) = text.split_once(' ').expect("opcodes and time");
                let (enter, exit) = opcodes.split_once('/').expect("two opcodes");
                assert_eq!(sleep["enter"], enter);
                assert_eq!(sleep["exit"], exit);
                assert_eq!(sleep["exit_delay_us"], number(delay));
                assert_eq!(sleep["from_table"], true);
            }
            // B9 and AB are everybody's, and no table here wakes up slower than in 40 us.
            None => {
                assert_eq!(sleep["enter"], "b9");
                assert_eq!(sleep["exit"], "ab");
                assert!(sleep["exit_delay_us"].as_u64() >= Some(40), "{sleep}");
                assert_eq!(sleep["from_table"], false);
            }
        }
        let busy = match part.fact("busy") {
            "flags" => "flag status register (70), bit 7 clear while busy",
            "status" => "status register (05), bit 0 set while busy",
            other => panic!("{other:?}"),
        };
        assert_eq!(report["poll"], busy);
        let (bytes, how) = match part.fact("address") {
            "3" => (3, "3 bytes"),
            "4 by opcode" => (4, "4 bytes, by opcodes of their own"),
            "4 by b7" => (4, "4 bytes, in a mode entered with b7 and left with e9"),
            other => panic!("{other:?}"),
        };
        assert_eq!(report["address_bytes"], bytes);
        assert_eq!(report["addressing"], how);
        assert_eq!(bytes == 4, part.size() > 16 << 20);
        // TIMINGS: every table that says anything of a reset says 66, 99.
        if part.has_times() {
            let reset = report["reset"].as_str().expect("text");
            assert!(reset.starts_with("66, 99"), "{reset}");
        }
    });
}

#[test]
fn where_tables_lie_or_say_nothing() {
    each(|part, report| {
        let found: Vec<&str> = items(&report["warnings"])
            .iter()
            .map(|warning| warning.as_str().expect("text"))
            .collect();
        for expected in &part.warnings {
            assert_eq!(
                found
                    .iter()
                    .filter(|found| found.contains(expected))
                    .count(),
                1,
                "{expected:?} is not once in {found:#?}"
            );
        }
        assert_eq!(found.len(), part.warnings.len(), "{found:#?}");
    });
}

/// What an erase opcode erases depends on where, in this one.
#[test]
fn regions_of_the_one_that_has_some() {
    each(|part, report| {
        let regions = items(&report["regions"]);
        if !part.file.starts_with("SST26VF064B") {
            assert!(regions.is_empty());
            return;
        }
        let kib = |n: u64| n << 10;
        let expected = [
            (0, kib(32), kib(8)),
            (kib(32), kib(64), kib(32)),
            (kib(64), kib(8192 - 64), kib(64)),
            (kib(8192 - 64), kib(8192 - 32), kib(32)),
            (kib(8192 - 32), kib(8192), kib(8)),
        ];
        assert_eq!(regions.len(), expected.len());
        for (region, (start, end, block)) in regions.iter().zip(expected) {
            assert_eq!(region["start"], start);
            assert_eq!(region["end"], end);
            assert_eq!(region["erase_bytes"], serde_json::json!([4096, block]));
        }
    });
}

/// The text for people has the same figures.
#[test]
fn the_text_says_the_same() {
    each(|part, report| {
        let path = folder().join(&part.file);
        let output = answer(&["identify", cli_support::text(&path)]);
        assert_eq!(output.status.code(), Some(0));
        let text = stdout(&output);
        let rows: Vec<(&str, &str)> = text
            .lines()
            .map(|line| {
                let width = line.char_indices().nth(18).map_or(line.len(), |(at, _)| at);
                (line[..width].trim(), line[width..].trim())
            })
            .collect();
        let row = |label: &str| -> Vec<&str> {
            rows.iter()
                .filter(|(found, _)| *found == label)
                .map(|(_, value)| *value)
                .collect()
        };
        assert_eq!(row("size"), [part.fact("size")]);
        let page = part.fact("page");
        let page = page.strip_suffix(" assumed").unwrap_or(page);
        assert_eq!(row("page"), [format!("{page} B")]);

        let left_out = part.list("left out", ", ");
        for erase in part.erases() {
            let size = match erase.bytes {
                bytes if bytes >= 1024 => format!("{} KiB", bytes / 1024),
                bytes => format!("{bytes} B"),
            };
            let found = row(&format!("erase {size}"));
            if left_out.contains(&erase.opcode.as_str()) {
                assert!(found.is_empty(), "{found:?}");
                continue;
            }
            let [found] = found[..] else {
                panic!("erase {size}: {found:?}")
            };
            assert!(found.starts_with(&erase.opcode), "{found}");
            if let Some((typical, longest)) = erase.times {
                assert!(
                    found.contains(&format!("{typical} / {longest} ms")),
                    "{found}"
                );
            }
        }
        for read in part.list("reads", "; ") {
            let words: Vec<&str> = read.split(' ').collect();
            let (mode, opcode, clocks) = (words[0], words[1], words[2]);
            let (wait, dummy) = clocks.split_once('+').expect("mode+dummy");
            let found = row(&format!("read {mode}"));
            if part.list("unused", ", ").contains(&mode) {
                assert!(found.is_empty(), "{found:?}");
                continue;
            }
            let [found] = found[..] else {
                panic!("read {mode}: {found:?}")
            };
            assert!(found.starts_with(opcode), "{found}");
            assert!(
                found.ends_with(&format!(" {wait} mode + {dummy} dummy clocks")),
                "{found}"
            );
        }
        assert_eq!(
            row("quad enable"),
            [report["quad_enable"].as_str().expect("text")]
        );
        assert_eq!(row("busy"), [report["poll"].as_str().expect("text")]);
        assert_eq!(
            row("address"),
            [report["addressing"].as_str().expect("text")]
        );
        if let Some(text) = part.of("suspend") {
            let (opcodes, interval) = text.split_once(' ').expect("opcodes and time");
            let (suspend, resume) = opcodes.split_once('/').expect("two opcodes");
            let found = row("suspend erase");
            assert!(found[0].starts_with(&format!("{suspend}, resume {resume};")));
            assert!(found[0].contains(&format!("; {interval} µs between")));
        }
        let warnings = items(&report["warnings"]);
        assert_eq!(
            row("warning"),
            warnings
                .iter()
                .map(|warning| warning.as_str().expect("text"))
                .collect::<Vec<_>>()
        );
    });
}
