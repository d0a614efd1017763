// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Listing a FAT volume, on a fake kernel.

#[path = "../../rt/tests/mock/mod.rs"]
mod mock;

use fatfs::{FileSystem, FormatVolumeOptions, FsOptions, format_volume};
use mock::{Board, Command, Flaw, Left, Outcome, SECTOR, run};
use std::io::{Cursor, Write};
use userland_cases::app;

const SECTORS: usize = 256;

fn content(seed: u8, length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| (n as u8).wrapping_mul(31) ^ seed ^ (n >> 8) as u8)
        .collect()
}

/// Name and content, directories included.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("README.TXT", b"hello\n".to_vec()),
        ("empty", Vec::new()),
        ("a long name, with spaces.bin", content(1, 10_000)),
        ("logs/one.log", content(2, 513)),
        ("logs/older/two.log", content(3, 65_536)),
    ]
}

fn volume() -> Board {
    let mut region = vec![0xff; SECTORS * SECTOR];
    format_volume(
        Cursor::new(&mut region[..]),
        FormatVolumeOptions::new().bytes_per_sector(512),
    )
    .unwrap();
    {
        let volume = FileSystem::new(Cursor::new(&mut region[..]), FsOptions::new()).unwrap();
        let root = volume.root_dir();
        root.create_dir("logs")
            .unwrap()
            .create_dir("older")
            .unwrap();
        root.create_dir("nothing in it").unwrap();
        for (name, content) in files() {
            root.create_file(name).unwrap().write_all(&content).unwrap();
        }
    }
    Board {
        region,
        ..Board::default()
    }
}

fn start(board: Board) -> Left {
    run(board, app::find("fat-list").unwrap().main)
}

/// CRC-32 bit by bit, to hold against the library's.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn expected_lines() -> Vec<String> {
    let mut lines: Vec<String> = files()
        .iter()
        .map(|(name, content)| {
            format!(
                "file /{name} {} crc32 {:08x}",
                content.len(),
                crc32(content)
            )
        })
        .collect();
    lines.extend(["dir /logs", "dir /logs/older", "dir /nothing in it"].map(String::from));
    lines.sort();
    lines
}

fn listed(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("file ") || line.starts_with("dir "))
        .map(String::from)
        .collect();
    lines.sort();
    lines
}

#[test]
fn every_file_is_listed() {
    let board = volume();
    let before = board.region.clone();
    let left = start(board);
    let text = left.text();
    assert_eq!(listed(&text), expected_lines());
    assert!(text.starts_with("TEST start fat-list\n"), "{text}");
    assert!(
        text.ends_with("ok fat-list: 5 files, 3 directories, 76055 bytes\nTEST PASS fat-list\n"),
        "{text}"
    );
    assert_eq!(left.outcome, Outcome::Terminated(0));
    // Nothing was written to it, and nothing is tried that a read-only app may not.
    assert!(left.region == before);
}

#[test]
fn a_read_only_app_can_list() {
    let board = Board {
        access: 1,
        ..volume()
    };
    let left = start(board);
    assert_eq!(listed(&left.text()), expected_lines());
    assert_eq!(left.outcome, Outcome::Terminated(0));
}

#[test]
fn a_wrong_byte_shows_in_the_checksum() {
    let mut board = volume();
    let long = content(3, 65_536);
    let at = board
        .region
        .windows(1024)
        .position(|bytes| bytes == &long[..1024])
        .unwrap();
    board.flaws = vec![Flaw::CorruptsRead(at + 10)];
    let left = start(board);
    let wrong: Vec<String> = listed(&left.text())
        .into_iter()
        .filter(|line| !expected_lines().contains(line))
        .collect();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].starts_with("file /logs/older/two.log 65536 crc32 "));
}

#[test]
fn what_is_no_volume_fails() {
    let board = Board {
        region: vec![0xff; SECTORS * SECTOR],
        ..Board::default()
    };
    let left = start(board);
    assert_eq!(left.outcome, Outcome::Terminated(1));
    let text = left.text();
    assert!(
        text.contains("FAIL fat-list: mounting the volume: "),
        "{text}"
    );
    assert!(text.ends_with("TEST FAIL fat-list\n"));
}

#[test]
fn a_failing_read_fails_the_list() {
    for flaw in [
        Flaw::EndsWith(Command::Read, 1),
        Flaw::SaysOneLess(Command::Read),
    ] {
        let left = start(Board {
            flaws: vec![flaw],
            ..volume()
        });
        assert_eq!(left.outcome, Outcome::Terminated(1), "{flaw:?}");
        assert!(left.text().contains("FAIL fat-list: mounting the volume: "));
    }
}

#[test]
fn a_file_whose_clusters_end_early_fails() {
    let mut board = volume();
    // The directory entry of README.TXT holds its size in bytes 28 to 31.
    let entry = board
        .region
        .windows(11)
        .position(|bytes| bytes == b"README  TXT")
        .unwrap();
    board.region[entry + 28..entry + 32].copy_from_slice(&1_000_000_u32.to_le_bytes());
    let left = start(board);
    assert_eq!(left.outcome, Outcome::Terminated(1));
    let text = left.text();
    assert!(
        text.contains("FAIL fat-list: size of a file in its directory: "),
        "{text}"
    );
}
