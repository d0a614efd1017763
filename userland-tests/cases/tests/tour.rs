// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The tour, on a fake kernel.

#[path = "../../rt/tests/mock/mod.rs"]
mod mock;

use mock::{Board, Command, Flaw, Left, Outcome, SECTOR, run};
use std::cell::RefCell;
use std::rc::Rc;
use userland_cases::app;
use userland_cases::failure::Failure;
use userland_cases::tour::bulk_reader::{self, BulkReader};
use userland_cases::tour::bulk_verifier::BulkVerifier;
use userland_cases::tour::log_writer::{self, LogWriter};

fn result_of<R: 'static>(
    board: Board,
    app: impl FnOnce() -> Result<R, Failure> + 'static,
) -> (Result<R, String>, Left) {
    let slot = Rc::new(RefCell::new(None));
    let inside = Rc::clone(&slot);
    let left = run(board, move || {
        let result = app().map_err(|failure| failure.to_string());
        *inside.borrow_mut() = Some(result);
    });
    let result = match left.outcome {
        Outcome::Returned => slot.borrow_mut().take().expect("the app returned"),
        outcome => Err(format!("{outcome:?}")),
    };
    (result, left)
}

fn with(flaws: &[Flaw]) -> Board {
    Board {
        flaws: flaws.to_vec(),
        ..Board::default()
    }
}

/// CRC-32 bit by bit, to hold against the library's.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

const READER: BulkReader = BulkReader {
    start: 100,
    length: 3 * SECTOR as u32 + 7,
    rounds: 3,
    expected: None,
};

#[test]
fn reader_sums_what_is_there() {
    let board = Board::default();
    let checksum = crc32(&board.region[100..100 + 3 * SECTOR + 7]);
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    let (result, _) = result_of(board.clone(), || READER.run());
    let expected = bulk_reader::Summary {
        rounds: 3,
        bytes: 3 * (3 * SECTOR as u64 + 7),
        checksum,
    };
    assert_eq!(result, Ok(expected));
    let known = BulkReader {
        expected: Some(checksum),
        ..READER
    };
    assert_eq!(result_of(board, move || known.run()).0, Ok(expected));
}

#[test]
fn reader_fails_when_it_should() {
    let other = BulkReader {
        expected: Some(1),
        ..READER
    };
    let (result, _) = result_of(with(&[]), move || other.run());
    let failure = result.unwrap_err();
    assert!(
        failure.starts_with("checksum of a round: expected 1,"),
        "{failure}"
    );

    let right = crc32(&Board::default().region[100..100 + 3 * SECTOR + 7]);
    let known = BulkReader {
        expected: Some(right),
        ..READER
    };
    for flaw in [
        Flaw::CorruptsRead(5000),
        Flaw::ReadsOneShort,
        Flaw::EndsWith(Command::Read, 1),
        Flaw::SaysOneLess(Command::Read),
        Flaw::UpcallNever(Command::Read),
        Flaw::EndsWith(Command::Open, 4),
    ] {
        let (result, _) = result_of(with(&[flaw]), move || known.run());
        assert!(result.is_err(), "{flaw:?}");
    }
}

const VERIFIER: BulkVerifier = BulkVerifier {
    start: 2 * SECTOR as u32,
    sectors: 5,
    rounds: 2,
    seed: 7,
};

#[test]
fn verifier_changes_its_sectors_and_no_others() {
    let before = Board::default().region;
    let (result, left) = result_of(Board::default(), || VERIFIER.run());
    let summary = result.unwrap();
    assert_eq!(summary.rounds, 2);
    assert_eq!(summary.bytes, 2 * 5 * SECTOR as u64);
    assert!(summary.programs > 60, "{summary}");
    assert_ne!(summary.programs, summary.reads);
    assert_eq!(left.region[..2 * SECTOR], before[..2 * SECTOR]);
    assert_eq!(left.region[7 * SECTOR..], before[7 * SECTOR..]);
    for address in 2 * SECTOR..7 * SECTOR {
        let belongs = userland_cases::pattern::byte(8, address as u32);
        assert_eq!(left.region[address], belongs, "{address:#x}");
    }
}

#[test]
fn verifier_fails_when_it_should() {
    for flaw in [
        Flaw::CorruptsRead(3 * SECTOR + 123),
        Flaw::ReadsOddShifted,
        Flaw::ReadsOneShort,
        Flaw::ProgramWrapsInPage,
        Flaw::ProgramSkips(7 * SECTOR - 1),
        Flaw::ProgramTouchesBefore,
        Flaw::EraseSkips(2 * SECTOR),
        Flaw::EraseSkips(7 * SECTOR - 1),
        Flaw::SaysOneLess(Command::Program),
        Flaw::EndsWith(Command::Erase, 13),
        Flaw::UpcallNever(Command::Erase),
    ] {
        let (result, _) = result_of(with(&[flaw]), || VERIFIER.run());
        assert!(result.is_err(), "{flaw:?}");
    }
    let (result, _) = result_of(with(&[Flaw::EraseSkips(5 * SECTOR + 1)]), || VERIFIER.run());
    let failure = result.unwrap_err();
    assert!(
        failure.starts_with("bulk erase: byte 0x5001: expected 0xff, found "),
        "{failure}"
    );
}

const WRITER: LogWriter = LogWriter {
    rounds: 4,
    records: 30,
    kept: 6,
    seed: 9,
};

fn erased(sectors: usize) -> Board {
    Board {
        region: vec![0xff; sectors * SECTOR],
        ..Board::default()
    }
}

#[test]
fn log_goes_on_from_run_to_run() {
    let (result, left) = result_of(erased(8), || WRITER.run());
    let first = log_writer::Summary {
        rounds: 4,
        found: 0,
        entries_found: 0,
        pushed: 120,
        popped: 114,
        entries: 64,
    };
    assert_eq!(result, Ok(first));
    assert!(!left.leased);

    let mut board = erased(8);
    board.region = left.region;
    // Enough further runs to go round the queue's sectors more than once.
    for _ in 0..5 {
        let (result, left) = result_of(board.clone(), || WRITER.run());
        let next = log_writer::Summary {
            found: 6,
            entries_found: 7,
            popped: 120,
            ..first
        };
        assert_eq!(result, Ok(next));
        board.region = left.region;
    }
}

#[test]
fn log_survives_a_cut_anywhere() {
    // Cut off after ever more system calls, the next run takes over each time.
    let mut cut = 0;
    for patience in (50..6000).step_by(431) {
        let mut board = erased(6);
        board.patience = patience;
        let (result, left) = result_of(board, || WRITER.run());
        assert_eq!(result, Err("CutOff".to_string()));
        cut += 1;
        let mut board = erased(6);
        board.region = left.region;
        let (result, _) = result_of(board, || WRITER.run());
        let summary = result.unwrap_or_else(|failure| panic!("after {patience}: {failure}"));
        assert_eq!(summary.pushed, 120);
    }
    assert!(cut > 10);
}

#[test]
fn log_fails_when_it_should() {
    // A program that does nothing where the first record is.
    let failing = [
        Flaw::ProgramSkips(12),
        Flaw::EndsWith(Command::Program, 1),
        Flaw::EndsWith(Command::Read, 1),
        Flaw::SaysOneLess(Command::Read),
        Flaw::UpcallNever(Command::Erase),
        Flaw::RegionAccess(1),
        Flaw::Geometry(8192, 256, 1 << 20),
        Flaw::OpenOnlyOnce,
    ];
    for flaw in failing {
        let board = Board {
            flaws: vec![flaw],
            ..erased(8)
        };
        let (result, _) = result_of(board, || {
            // The lease that the app then finds.
            if userland_rt::flash::open().is_err() {
                unreachable!("opening works");
            }
            WRITER.run()
        });
        assert!(result.is_err(), "{flaw:?}");
    }
    let (result, _) = result_of(erased(2), || WRITER.run());
    assert_eq!(
        result.unwrap_err(),
        "half of the region: expected 8192 to 4294967295, found 4096"
    );
    // Another seed makes the records from before wrong.
    let (result, left) = result_of(erased(8), || WRITER.run());
    result.unwrap();
    let mut board = erased(8);
    board.region = left.region;
    let other = LogWriter { seed: 10, ..WRITER };
    let (result, _) = result_of(board, move || other.run());
    let failure = result.unwrap_err();
    assert!(failure.starts_with("record"), "{failure}");
}

#[test]
fn a_lost_record_is_missed() {
    let (result, left) = result_of(erased(8), || WRITER.run());
    result.unwrap();
    // The numbers in the queue are no longer consecutive when one of those kept,
    // not the first, is made to look popped: its checksum becomes 0.
    let kept = kept_records(&left.region[..4 * SECTOR]);
    assert_eq!(kept.len(), 6);
    let mut board = erased(8);
    board.region = left.region;
    // Each record has a header of 8 bytes: checksum, length, checksum of length.
    for byte in &mut board.region[kept[2] - 8..kept[2] - 4] {
        *byte = 0;
    }
    let (result, _) = result_of(board, || WRITER.run());
    assert_eq!(
        result.unwrap_err(),
        "number of a record from before: expected 116, found 117"
    );
}

/// Where the records 114 to 119 begin.
fn kept_records(queue: &[u8]) -> Vec<usize> {
    (114..120_u32)
        .map(|number| {
            queue
                .windows(4)
                .rposition(|bytes| bytes == number.to_le_bytes())
                .expect("a record that was kept")
        })
        .collect()
}

#[test]
fn the_tour_runs_as_apps() {
    for (name, summary) in [
        (
            "log-writer",
            "ok log-writer: 3 rounds, 120 records pushed, 115 popped (0 from before), 48 entries (0 from before)\n",
        ),
        (
            "bulk-reader",
            "ok bulk-reader: 2 rounds, 65536 bytes, crc32 ",
        ),
        (
            "bulk-verifier",
            "ok bulk-verifier: 2 rounds, 65536 bytes in ",
        ),
    ] {
        let left = run(erased(8), app::find(name).unwrap().main);
        let text = left.text();
        assert!(
            text.starts_with(&format!("TEST start {name}\n{summary}")),
            "{text}"
        );
        assert!(text.ends_with(&format!("TEST PASS {name}\n")), "{text}");
        assert_eq!(left.outcome, Outcome::Terminated(0));
    }
}

#[test]
fn an_app_of_the_tour_that_fails_says_why() {
    for (name, why) in [
        ("log-writer", "opening the region: refused with OFF"),
        ("bulk-reader", "open at 0x0: refused with OFF"),
        ("bulk-verifier", "open at 0x0: refused with OFF"),
    ] {
        let board = Board {
            flaws: vec![Flaw::OpenRefused(4)],
            ..erased(8)
        };
        let left = run(board, app::find(name).unwrap().main);
        assert_eq!(
            left.text(),
            format!("TEST start {name}\nFAIL {name}: {why}\nTEST FAIL {name}\n")
        );
        assert_eq!(left.outcome, Outcome::Terminated(1));
    }
}

#[test]
fn dump_writes_every_byte() {
    let board = Board {
        console_burst: 1000,
        ..Board::default()
    };
    let region = board.region.clone();
    let left = run(board, app::find("dump").unwrap().main);
    assert_eq!(left.console, region);
    assert_eq!(left.outcome, Outcome::Terminated(0));

    let left = run(
        with(&[Flaw::EndsWith(Command::Read, 1)]),
        app::find("dump").unwrap().main,
    );
    assert_eq!(left.console, b"");
    assert_eq!(left.outcome, Outcome::Terminated(1));

    let board = Board {
        console_burst: 0,
        ..Board::default()
    };
    let left = run(board, app::find("dump").unwrap().main);
    assert_eq!(left.outcome, Outcome::Terminated(2));
}
