// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `run`: images in, apps on the real stack, exit codes and images out.

mod cli_support;

use cli_support::{
    Folder, Image, PART, SECTOR, SIZE, answer, assert_refused, json, noise, stderr, stdout,
};
use flate2::read::GzDecoder;
use serde_json::{Value, json as value};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Output;
use userland_cases::app::APPS;
use userland_cases::report::Case;
use userland_cases::{bad_input, basic};

/// `run` on `image` of [`PART`], with `more` arguments.
#[track_caller]
fn run(image: &Image, more: &[&str]) -> Output {
    let mut arguments = vec!["run", "--flash", &image.path, "--part", PART];
    arguments.extend(more);
    answer(&arguments)
}

/// The run went well, and this is what was printed.
#[track_caller]
fn well(output: &Output) -> String {
    assert_eq!(
        (output.status.code(), stderr(output).as_str()),
        (Some(0), ""),
        "{}",
        stdout(output)
    );
    stdout(output)
}

/// The run ended with exit code 1, nothing but this line on standard error, and this on
/// standard output.
#[track_caller]
fn badly(output: &Output, line: &str) -> String {
    assert_eq!(stderr(output), format!("tock-qspi: {line}\n"));
    assert_eq!(output.status.code(), Some(1));
    stdout(output)
}

/// What a suite prints that passes.
fn passed(name: &str, cases: &[&[Case]]) -> String {
    let mut text = format!("TEST start {name}\n");
    for case in cases.iter().copied().flatten() {
        text += &format!("ok {}\n", case.name);
    }
    text + &format!("TEST PASS {name}\n")
}

fn erased() -> Vec<u8> {
    vec![0xff; SIZE]
}

// --- a FAT volume of another tool's making ------------------------------------------

/// The part that the volume is as large as.
const FAT_PART: &str = "MX25R6435F";

/// What is in it: see `fixtures/README.md`.
const FAT_LINES: &[&str] = &[
    "TEST start fat-list",
    "dir /DATA",
    "dir /DATA/deeper",
    "file /A file with a name that is longer than eight and three.text 18893 crc32 31d02d24",
    "file /DATA/NUMBERS.TXT 18893 crc32 35a7b81d",
    "file /DATA/deeper/CLUSTER.BIN 2048 crc32 f1e8ba9e",
    "file /DATA/deeper/Größenangaben für übermorgen.txt 9 crc32 75bce91b",
    "file /DATA/deeper/OVER.BIN 2049 crc32 c544b974",
    "file /EMPTY.DAT 0 crc32 00000000",
    "file /HELLO.TXT 9 crc32 75bce91b",
    "ok fat-list: 7 files, 2 directories, 41901 bytes",
    "TEST PASS fat-list",
];

fn fat() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fat.img.gz");
    let packed = File::open(path).expect("it is part of the project");
    let mut content = Vec::new();
    GzDecoder::new(packed)
        .read_to_end(&mut content)
        .expect("it is whole");
    assert_eq!(content.len(), 8 << 20);
    content
}

/// The entries may come in any order, all else in this one.
#[track_caller]
fn assert_lists(printed: &str) {
    let found: Vec<&str> = printed.lines().collect();
    assert_eq!(found.first(), FAT_LINES.first(), "{printed}");
    assert_eq!(
        found[found.len() - 2..],
        FAT_LINES[FAT_LINES.len() - 2..],
        "{printed}"
    );
    let mut found = found;
    let mut expected = FAT_LINES.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_fat_volume_is_listed() {
    let folder = Folder::new();
    let image = folder.image_of("fat.img", fat());
    let list = |more: &[&str]| {
        let mut arguments = vec!["run", "--flash", &image.path, "--part", FAT_PART];
        arguments.extend(["--app", "fat-list"]);
        arguments.extend(more);
        answer(&arguments)
    };
    assert_lists(&well(&list(&[])));
    image.assert_untouched();
    // It only reads: --write is no reason to change anything.
    assert_lists(&well(&list(&["--write"])));
    image.assert_untouched();
    let report = json(&list(&["--json"]));
    assert_lists(report["apps"][0]["console"].as_str().expect("it is text"));
    image.assert_untouched();
}

#[test]
fn a_fat_volume_in_the_middle_of_a_larger_part_is_listed() {
    const START: usize = 0x35_3000;
    let folder = Folder::new();
    let volume = fat();
    let mut content = noise(16 << 20);
    content[START..START + volume.len()].copy_from_slice(&volume);
    let image = folder.image_of("large.img", content);
    let output = answer(&[
        "run",
        "--flash",
        &image.path,
        "--part",
        "w25q128jv",
        "--app",
        "fat-list",
        "--region",
        "fat-list=0x353000:0x800000",
    ]);
    assert_lists(&well(&output));
    image.assert_untouched();
}

#[test]
fn a_dump_is_equal_byte_for_byte() {
    let folder = Folder::new();
    let image = folder.image_of("fat.img", fat());
    let copy = folder.file("copy.img", b"what was there before is gone");
    let output = answer(&[
        "run",
        "--flash",
        &image.path,
        "--part",
        FAT_PART,
        "--app",
        "dump",
        "--out",
        &copy,
    ]);
    assert_eq!(well(&output), "");
    assert!(fs::read(&copy).expect("it was made") == image.content);
    image.assert_untouched();
    // Standard output takes the same bytes.
    let image = folder.image("noise.img");
    let output = run(&image, &["--app", "dump"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stdout == image.content);
    // A region of it.
    let output = run(&image, &["--app", "dump", "--region", "dump=0x5000:0x3000"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stdout == image.content[0x5000..0x8000]);
    image.assert_untouched();
}

#[test]
fn what_is_no_fat_volume_is_a_failure() {
    let folder = Folder::new();
    for (name, content, why) in [
        ("noise.img", noise(8 << 20), "mounting the volume: "),
        ("erased.img", vec![0xff; 8 << 20], "mounting the volume: "),
        // A directory that contains the one above it.
        ("loop.img", with_loop(fat()), "depth of directories: "),
    ] {
        let image = folder.image_of(name, content);
        let output = answer(&[
            "run",
            "--flash",
            &image.path,
            "--part",
            FAT_PART,
            "--app",
            "fat-list",
        ]);
        let printed = badly(&output, "fat-list exited with 1");
        assert!(
            printed
                .lines()
                .any(|line| line.starts_with(&format!("FAIL fat-list: {why}"))),
            "{printed}"
        );
        assert!(printed.ends_with("\nTEST FAIL fat-list\n"), "{printed}");
        image.assert_untouched();
    }
}

/// Lets the entry of `deeper` lead to the directory that it is in.
fn with_loop(mut volume: Vec<u8>) -> Vec<u8> {
    // Name, attribute; the first cluster is at byte 26 of the 32.
    let entry = |volume: &[u8], name: &[u8]| {
        volume
            .windows(12)
            .position(|window| window == name)
            .expect("the entry is there")
    };
    let outer = entry(&volume, b"DATA       \x10");
    let inner = entry(&volume, b"DEEPER     \x10");
    volume.copy_within(outer + 26..outer + 28, inner + 26);
    volume
}

// --- the suites -----------------------------------------------------------------------

#[test]
fn basic_passes_on_every_part() {
    let folder = Folder::new();
    let parts = json(&answer(&["parts", "--json"]));
    let parts = parts.as_array().expect("a list");
    assert_eq!(parts.len(), 11);
    for part in parts {
        let name = part["name"].as_str().expect("a name");
        let size = part["size_bytes"].as_u64().expect("a size");
        let path = folder.name(name);
        let file = File::create(&path).expect("it is ours");
        file.set_len(size).expect("there is room for a hole");
        println!("{name}");
        let output = answer(&[
            "run",
            "--flash",
            &path,
            "--part",
            name,
            "--app",
            "basic",
            "--region",
            "basic=0x8000:0x20000:rw",
        ]);
        assert_eq!(well(&output), passed("basic", &[basic::CASES]));
        let end = size - 0x8000;
        let region = format!("basic={end}:0x8000:rw");
        let output = answer(&[
            "run", "--flash", &path, "--part", name, "--app", "basic", "--region", &region,
        ]);
        assert_eq!(well(&output), passed("basic", &[basic::CASES]));
    }
}

#[test]
fn wrong_requests_are_refused() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let rw = run(
        &image,
        &[
            "--app",
            "bad-input-rw",
            "--region",
            "bad-input-rw=0x8000:0x10000:rw",
        ],
    );
    assert_eq!(well(&rw), passed("bad-input-rw", bad_input::WITH_REGION));
    for more in [
        &["--app", "bad-input-ro"][..],
        &[
            "--app",
            "bad-input-ro",
            "--region",
            "bad-input-ro=0x8000:0x1000",
        ],
        &[
            "--app",
            "bad-input-ro",
            "--write",
            "--region",
            "bad-input-ro=0x8000:0x1000:ro",
        ],
    ] {
        assert_eq!(
            well(&run(&image, more)),
            passed("bad-input-ro", bad_input::WITH_READ_ONLY_REGION)
        );
    }
    for more in [
        &["--app", "bad-input-none", "--region", "bad-input-none=none"][..],
        &[
            "--app",
            "bad-input-none",
            "--write",
            "--region",
            "bad-input-none=none",
        ],
    ] {
        assert_eq!(
            well(&run(&image, more)),
            passed("bad-input-none", bad_input::WITHOUT_REGION)
        );
    }
    image.assert_untouched();
}

#[test]
fn a_suite_on_the_wrong_region_fails_and_says_so() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (app, region, case) in [
        ("basic", "0:0x10000:ro", "region_may_be_changed"),
        ("basic", "0:0x1000:rw", "region_may_be_changed"),
        ("basic", "none", "open_makes_geometry_known"),
        ("bad-input-rw", "0:0x10000:ro", "read_past_the_end"),
        ("bad-input-rw", "none", "read_past_the_end"),
        ("bad-input-ro", "0:0x10000:rw", "region_is_read_only"),
        ("bad-input-ro", "none", "region_is_read_only"),
        ("bad-input-none", "0:0x10000:ro", "region_is_empty"),
        ("log-writer", "0:0x10000:ro", "log-writer"),
        ("log-writer", "0:0x1000:rw", "log-writer"),
        ("log-writer", "none", "log-writer"),
        ("bulk-verifier", "0:0x10000:ro", "bulk-verifier"),
        ("bulk-verifier", "none", "bulk-verifier"),
        ("bulk-reader", "none", "bulk-reader"),
        ("fat-list", "none", "fat-list"),
    ] {
        let region = format!("{app}={region}");
        let output = run(&image, &["--app", app, "--region", &region]);
        println!("{region}");
        let printed = badly(&output, &format!("{app} exited with 1"));
        let mut lines = printed.lines();
        assert_eq!(lines.next(), Some(format!("TEST start {app}").as_str()));
        assert_eq!(lines.last(), Some(format!("TEST FAIL {app}").as_str()));
        let failed = format!("FAIL {case}: ");
        assert!(
            printed.lines().any(|line| line.starts_with(&failed)),
            "{printed}"
        );
    }
    // It prints nothing but bytes: its exit code is all that it can say.
    let output = run(&image, &["--app", "dump", "--region", "dump=none"]);
    assert_eq!(badly(&output, "dump exited with 1"), "");
    image.assert_untouched();
}

// --- apps that die ----------------------------------------------------------------------

/// How each of them ends, and what is said of it.
const DEATHS: &[(&str, Option<&str>)] = &[
    ("die-exit-open", None),
    ("die-exit-read", None),
    ("die-exit-program", None),
    ("die-exit-closing", None),
    ("die-restart-program", Some(" had not ended after 1 s")),
    ("die-fault-erase", Some(" faulted")),
    ("die-fault-read", Some(" faulted")),
    ("die-spin-read", Some(" had not ended after 1 s")),
    ("die-never-collect", Some(" had not ended after 1 s")),
];

/// The `end` of an app that ended as [`DEATHS`] says.
fn end(said: Option<&str>) -> Value {
    match said {
        None => value!({ "how": "exited", "code": 0 }),
        Some(" faulted") => value!({ "how": "faulted" }),
        Some(_) => value!({ "how": "terminated" }),
    }
}

#[test]
fn none_of_those_that_die_is_forgotten_here() {
    let known: Vec<&str> = DEATHS.iter().map(|(name, _)| *name).collect();
    let all: Vec<&str> = APPS
        .iter()
        .map(|app| app.name)
        .filter(|name| name.starts_with("die-"))
        .collect();
    assert_eq!(known, all);
}

#[test]
fn what_dies_is_reported_as_what_it_was() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (name, said) in DEATHS {
        println!("{name}");
        let region = format!("{name}=0x4000:0x2000:rw");
        let more = ["--app", name, "--region", &region, "--limit", "1"];
        let output = run(&image, &more);
        let printed = match said {
            None => well(&output),
            Some(said) => badly(&output, &format!("{name}{said}")),
        };
        assert_eq!(printed, "");

        let mut more = more.to_vec();
        more.push("--json");
        let report = json(&run(&image, &more));
        assert_eq!(report["ok"], said.is_none());
        assert_eq!(report["breaches"], value!([]));
        assert_eq!(report["apps"][0]["end"], end(*said));
        assert_eq!(report["apps"][0]["console"], "");
        let summary = &report["summary"]["apps"][0];
        assert_eq!(summary["end"], end(*said));
        // It did have something in flight when it died.
        assert!(summary["orphaned"].as_u64() >= Some(1), "{summary}");
        let restarts = summary["restarts"].as_u64().expect("a number");
        assert_eq!(restarts > 0, *name == "die-restart-program", "{summary}");
        image.assert_untouched();
    }
}

#[test]
fn what_can_not_get_as_far_as_dying_says_so() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (name, _) in DEATHS {
        let changes = ["program", "closing", "erase"]
            .iter()
            .any(|word| name.ends_with(word));
        for region in ["none", "0:0x2000:ro"] {
            if region != "none" && !changes {
                continue;
            }
            let region = format!("{name}={region}");
            println!("{region}");
            let output = run(&image, &["--app", name, "--region", &region]);
            // NOT_REACHED.
            assert_eq!(badly(&output, &format!("{name} exited with 3")), "");
        }
    }
    image.assert_untouched();
}

#[test]
fn others_go_on_when_one_dies() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (name, said) in DEATHS {
        println!("{name}");
        let mine = format!("{name}=0x4000:0x2000:rw");
        let output = run(
            &image,
            &[
                "--app",
                "bulk-reader",
                "--app",
                name,
                "--app",
                "basic",
                "--region",
                "bulk-reader=0x40000:0x10000",
                "--region",
                &mine,
                "--region",
                "basic=0x80000:0x4000:rw",
                "--limit",
                "8",
            ],
        );
        let printed = match said {
            None => well(&output),
            Some(said) => badly(&output, &format!("{name}{}", said.replace("1 s", "8 s"))),
        };
        let of = |name: &str| -> String {
            let head = format!("{name}: ");
            let mine = printed.lines().filter_map(|line| line.strip_prefix(&head));
            mine.flat_map(|line| [line, "\n"]).collect()
        };
        assert_eq!(of("basic"), passed("basic", &[basic::CASES]));
        assert!(of("bulk-reader").ends_with("TEST PASS bulk-reader\n"));
        assert_eq!(of(name), "");
    }
    image.assert_untouched();
}

// --- what stays ---------------------------------------------------------------------------

#[test]
fn without_write_the_image_stays_whatever_is_run() {
    let folder = Folder::new();
    for content in [noise(SIZE), erased()] {
        let image = folder.image_of("image.img", content);
        for app in APPS {
            println!("{}", app.name);
            let region = format!("{}=0:0x10000:rw", app.name);
            let more = ["--app", app.name, "--limit", "1", "--region", &region];
            let output = run(&image, &more);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
            image.assert_untouched();
        }
    }
}

#[test]
fn the_log_goes_on_where_it_was_left() {
    let folder = Folder::new();
    let image = folder.image_of("image.img", erased());
    let region = ["--region", "log-writer=0x10000:0x10000"];
    let log = |more: &[&str]| {
        let all = [&["--app", "log-writer"], &region[..], more].concat();
        well(&run(&image, &all))
    };
    let fresh = "TEST start log-writer\n\
                 ok log-writer: 3 rounds, 120 records pushed, 115 popped (0 from before), \
                 48 entries (0 from before)\n\
                 TEST PASS log-writer\n";
    // Five records are kept, and seven of the eight keys have a value.
    let again = "TEST start log-writer\n\
                 ok log-writer: 3 rounds, 120 records pushed, 120 popped (5 from before), \
                 48 entries (7 from before)\n\
                 TEST PASS log-writer\n";
    let more = ["--region", "log-writer=0x10000:0x10000:rw"];
    let only = |more: &[&str]| {
        let all = [&["--app", "log-writer"], more].concat();
        well(&run(&image, &all))
    };
    // Nothing is kept without --write.
    assert_eq!(only(&more), fresh);
    assert_eq!(only(&more), fresh);
    image.assert_untouched();

    assert_eq!(log(&["--write"]), fresh);
    let first = image.now();
    assert!(first != image.content);
    assert_eq!(log(&["--write"]), again);
    let second = image.now();
    assert!(second != first);
    // A look at it without --write finds the same and leaves it.
    assert_eq!(only(&more), again);
    assert!(image.now() == second);
    assert!(
        image
            .changed_sectors()
            .iter()
            .all(|sector| (0x10..0x20).contains(sector))
    );
}

#[test]
fn a_log_that_is_ended_in_the_middle_goes_on() {
    let folder = Folder::new();
    let image = folder.image_of("image.img", erased());
    let region = "log-writer=0:0x10000";
    // The others keep the flash busy, so that it can't be done in two seconds.
    let ended = run(
        &image,
        &[
            "--write",
            "--limit",
            "2",
            "--app",
            "log-writer",
            "--app",
            "bulk-verifier",
            "--app",
            "bulk-verifier",
            "--region",
            region,
            "--region",
            "bulk-verifier=0x40000:0x10000",
            "--region",
            "bulk-verifier.2=0x80000:0x10000",
        ],
    );
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        stderr(&ended).contains("log-writer had not ended after 2 s"),
        "{}",
        stderr(&ended)
    );
    assert!(
        image.changed_sectors().iter().any(|sector| *sector < 16),
        "it had not begun"
    );
    for _ in 0..2 {
        let output = run(
            &image,
            &["--write", "--app", "log-writer", "--region", region],
        );
        let printed = well(&output);
        assert!(printed.ends_with("TEST PASS log-writer\n"), "{printed}");
    }
}

#[test]
fn with_write_the_sectors_of_the_region_change_and_no_other() {
    let folder = Folder::new();
    for (app, region, sectors) in [
        ("bulk-verifier", "0x23000:0x10000", 0x23..0x33),
        ("basic", "0x23000:0x6000", 0x23..0x29),
        ("bad-input-rw", "0x23000:0x6000", 0x23..0x29),
        ("die-fault-erase", "0x23000:0x4000", 0x23..0x25),
        ("die-exit-closing", "0x23000:0x4000", 0x23..0x25),
    ] {
        let image = folder.image(app);
        let region = format!("{app}={region}");
        run(&image, &["--app", app, "--region", &region, "--write"]);
        let changed = image.changed_sectors();
        println!("{app}: {changed:x?}");
        assert!(!changed.is_empty());
        assert!(changed.iter().all(|sector| sectors.contains(sector)));
        if app == "bulk-verifier" {
            assert_eq!(changed.len(), sectors.len());
        }
        if app.starts_with("die-") {
            // What was in flight ended whole: each sector is erased or as it was.
            let now = image.now();
            for sector in changed {
                let start = sector * SECTOR;
                assert!(now[start..start + SECTOR].iter().all(|byte| *byte == 0xff));
            }
        }
    }
}

#[test]
fn with_write_a_read_only_region_stays() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for app in APPS {
        println!("{}", app.name);
        let region = format!("{}=0:0x10000:ro", app.name);
        let more = [
            "--app", app.name, "--write", "--limit", "1", "--region", &region,
        ];
        let output = run(&image, &more);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        image.assert_untouched();
    }
}

#[test]
fn a_program_in_flight_ends_whole() {
    let folder = Folder::new();
    let image = folder.image_of("image.img", erased());
    let output = run(&image, &["--app", "die-exit-program", "--write"]);
    well(&output);
    // A page is begun or it is not.
    let now = image.now();
    let programmed = now.iter().take_while(|byte| **byte == 0x5a).count();
    assert!(programmed >= 256, "{programmed} bytes");
    assert_eq!(programmed % 256, 0);
    assert!(programmed <= SECTOR);
    assert!(now[programmed..].iter().all(|byte| *byte == 0xff));
}

// --- several, and where it goes -----------------------------------------------------------

#[test]
fn lines_of_several_apps_have_names_before_them() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let more = ["--app", "bulk-reader", "--app", "bulk-reader"];
    let printed = well(&run(&image, &more));
    for name in ["bulk-reader", "bulk-reader.2"] {
        let lines: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{name}: ")))
            .collect();
        assert_eq!(lines.len(), 3, "{printed}");
        assert_eq!(lines[0], "TEST start bulk-reader");
        assert!(lines[1].starts_with("ok bulk-reader: 2 rounds, 524288 bytes, crc32 "));
        assert_eq!(lines[2], "TEST PASS bulk-reader");
    }
    assert_eq!(printed.lines().count(), 6);
    // They have halves of it, with other content: other checksums.
    let sums: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.split_once("crc32 "))
        .map(|(_, sum)| sum)
        .collect();
    assert_ne!(sums[0], sums[1]);
    // A file takes what standard output would.
    let out = folder.name("out");
    let all = [&more[..], &["--out", &out]].concat();
    assert_eq!(well(&run(&image, &all)), "");
    assert_eq!(fs::read_to_string(&out).expect("it was made"), printed);
}

#[test]
fn the_timeline_goes_to_standard_error() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let without = well(&run(&image, &["--app", "bulk-reader"]));
    let output = run(&image, &["--app", "bulk-reader", "--timeline"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), without);
    let timeline = stderr(&output);
    for what in [
        "wanted: powers up",
        "lease taken, 1 lease held",
        "exits with 0",
        "lease gone, 0 leases held",
        "disabled (ENABLE = 0)",
    ] {
        assert!(
            timeline.lines().any(|line| line.ends_with(what)),
            "{what}: {timeline}"
        );
    }
    // The last thing: everything is off.
    assert!(timeline.trim_end().ends_with("off"), "{timeline}");
}

#[test]
fn no_limit_is_no_limit() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let region = "basic=0:0x4000:rw";
    let output = run(
        &image,
        &["--app", "basic", "--region", region, "--limit", "0"],
    );
    assert_eq!(well(&output), passed("basic", &[basic::CASES]));
}

#[test]
fn an_image_that_fits_another_part_is_refused_for_this_one() {
    let folder = Folder::new();
    let image = folder.image_of("fat.img", fat());
    let output = run(&image, &["--app", "fat-list"]);
    assert_refused(&output, &["8388608 bytes", FAT_PART]);
    image.assert_untouched();
}
