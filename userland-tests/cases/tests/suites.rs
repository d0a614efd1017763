// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Every case passes on a fake driver that does what the document says, and
//! fails on one that does not.

#[path = "../../rt/tests/mock/mod.rs"]
mod mock;

use mock::registers::{ALREADY, BUSY, FAIL, INVAL, NODEVICE, NOSUPPORT, OFF, RESERVE, SIZE};
use mock::{Board, Command, Flaw, Left, Outcome, SECTOR, run};
use std::cell::RefCell;
use std::rc::Rc;
use userland_cases::report::Case;
use userland_cases::{app, bad_input, basic};

const OPEN: usize = Command::Open as usize;
const READ: usize = Command::Read as usize;
const PROGRAM: usize = Command::Program as usize;
const ERASE: usize = Command::Erase as usize;

/// The last address of the fake's region.
const LAST: usize = 24 * SECTOR - 1;

/// `Ok`, or why the case failed.
fn verdict(case: &'static Case, board: Board) -> Result<(), String> {
    let slot = Rc::new(RefCell::new(None));
    let inside = Rc::clone(&slot);
    let left = run(board, move || {
        let result = (case.run)().map_err(|failure| failure.to_string());
        *inside.borrow_mut() = Some(result);
    });
    match left.outcome {
        Outcome::Returned => {
            assert!(!left.sharing, "{}: a buffer is still shared", case.name);
            assert!(!left.subscribed, "{}: still subscribed", case.name);
            slot.borrow_mut().take().expect("the case returned")
        }
        outcome => Err(format!("{outcome:?}")),
    }
}

fn with_region(flaws: &[Flaw]) -> Board {
    Board {
        flaws: flaws.to_vec(),
        ..Board::default()
    }
}

fn read_only(flaws: &[Flaw]) -> Board {
    Board {
        access: 1,
        flaws: flaws.to_vec(),
        ..Board::default()
    }
}

fn no_region(flaws: &[Flaw]) -> Board {
    Board {
        access: 0,
        flaws: flaws.to_vec(),
        ..Board::default()
    }
}

fn all(suites: &'static [&'static [Case]]) -> Vec<&'static Case> {
    suites.iter().copied().flatten().collect()
}

/// Each case alone, so that none needs another to have run before it.
fn each_passes(suites: &'static [&'static [Case]], board: &Board) {
    for case in all(suites) {
        for checks_reversed in [false, true] {
            let board = Board {
                checks_reversed,
                ..board.clone()
            };
            assert_eq!(verdict(case, board), Ok(()), "{}", case.name);
        }
    }
}

/// Every case of `suites` is in `table`, and fails with each of its flaws.
fn each_fails(
    suites: &'static [&'static [Case]],
    board: fn(&[Flaw]) -> Board,
    table: &[(&str, &[Flaw])],
) {
    let cases = all(suites);
    for case in &cases {
        assert!(
            table
                .iter()
                .any(|(name, flaws)| *name == case.name && !flaws.is_empty()),
            "no flaw shows that {} can fail",
            case.name
        );
    }
    for (name, flaws) in table {
        let case = cases
            .iter()
            .find(|case| case.name == *name)
            .unwrap_or_else(|| panic!("no case is called {name}"));
        for flaw in *flaws {
            assert!(
                verdict(case, board(&[*flaw])).is_err(),
                "{name} passes with {flaw:?}"
            );
        }
    }
}

fn refuses(command: usize, code: usize, instead: usize) -> Flaw {
    Flaw::RefusesWith {
        command,
        code,
        instead,
    }
}

fn accepts(command: usize, code: usize) -> Flaw {
    Flaw::Accepts { command, code }
}

fn does(command: usize, code: usize) -> Flaw {
    Flaw::RefusesAndDoes { command, code }
}

const BASIC: &[&[Case]] = &[basic::CASES];

#[test]
fn basic_passes() {
    each_passes(BASIC, &Board::default());
    // The least that it asks for, and more than a part with 24 address bits has.
    for sectors in [basic::LEAST_SECTORS as usize, 4097] {
        let board = Board {
            region: vec![0x77; sectors * SECTOR],
            ..Board::default()
        };
        each_passes(BASIC, &board);
    }
}

#[test]
fn basic_fails() {
    each_fails(
        BASIC,
        with_region,
        &[
            ("exists", &[Flaw::ExistsFails]),
            (
                "region_may_be_changed",
                &[
                    Flaw::RegionLength(0),
                    Flaw::RegionLength(3 * SECTOR),
                    Flaw::RegionLength(24 * SECTOR + 1),
                    Flaw::RegionAccess(1),
                    Flaw::RegionAccess(7),
                ],
            ),
            (
                "open_makes_geometry_known",
                &[
                    Flaw::Geometry(2 * SECTOR, 256, 1 << 20),
                    Flaw::Geometry(SECTOR, 0, 1 << 20),
                    Flaw::Geometry(SECTOR, 300, 1 << 20),
                    Flaw::Geometry(SECTOR, 256, SECTOR),
                    Flaw::GeometryNeverKnown,
                    Flaw::UpcallNever(Command::Open),
                    Flaw::EndsWith(Command::Open, OFF),
                ],
            ),
            (
                "open_twice_is_allowed",
                &[Flaw::OpenOnlyOnce, Flaw::CloseIsAlwaysOk],
            ),
            (
                "close_twice_is_already",
                &[Flaw::CloseIsAlwaysOk, Flaw::CloseNeverFindsLease],
            ),
            (
                "use_takes_a_lease",
                &[
                    Flaw::UseTakesNoLease,
                    Flaw::CloseIsAlwaysOk,
                    Flaw::CloseIsForEver,
                ],
            ),
            (
                "erase_sets_exactly_its_sectors",
                &[
                    Flaw::EraseSkips(SECTOR),
                    Flaw::EraseSkips(2 * SECTOR - 1),
                    Flaw::EraseTakesNext,
                    Flaw::EraseTakesPrevious,
                    Flaw::EndsWith(Command::Erase, FAIL),
                ],
            ),
            (
                "program_reads_back",
                &[
                    Flaw::ProgramSkips(SECTOR + 101),
                    Flaw::CorruptsRead(SECTOR + 100),
                    Flaw::CorruptsRead(SECTOR + 4000),
                    Flaw::ReadsOneShort,
                    Flaw::EndsWith(Command::Program, FAIL),
                    Flaw::EndsWith(Command::Read, FAIL),
                ],
            ),
            ("program_is_an_and", &[Flaw::ProgramReplaces]),
            (
                "any_alignment_and_length",
                &[
                    Flaw::ReadsOddShifted,
                    Flaw::ProgramTouchesBefore,
                    Flaw::ReadsOneShort,
                    Flaw::ProgramSkips(SECTOR + 63 * 16 + 3),
                ],
            ),
            (
                "page_crossing",
                &[Flaw::ProgramWrapsInPage, Flaw::CorruptsRead(SECTOR + 256)],
            ),
            (
                "sector_crossing",
                &[
                    Flaw::EraseTakesNext,
                    Flaw::EraseSkips(2 * SECTOR),
                    Flaw::ProgramWrapsInPage,
                    Flaw::ProgramTouchesBefore,
                ],
            ),
            (
                "first_and_last_byte",
                &[
                    Flaw::CorruptsRead(0),
                    Flaw::CorruptsRead(LAST),
                    Flaw::ProgramSkips(0),
                    Flaw::ProgramSkips(LAST),
                    Flaw::ProgramTouchesBefore,
                    Flaw::EraseSkips(LAST - 1),
                ],
            ),
            (
                "zero_length_does_nothing",
                &[
                    Flaw::ZeroLengthFails,
                    Flaw::ZeroLengthHangs,
                    Flaw::ZeroLengthDoesSomething,
                ],
            ),
            (
                "whole_sector_at_once",
                &[
                    Flaw::SaysOneLess(Command::Program),
                    Flaw::SaysOneLess(Command::Read),
                    Flaw::SaysOneLess(Command::Erase),
                    Flaw::ReadsOneShort,
                    Flaw::CorruptsRead(2 * SECTOR - 1),
                ],
            ),
            (
                "erase_of_many_sectors",
                &[
                    Flaw::EraseSkips(17 * SECTOR + 256),
                    Flaw::EraseTakesNext,
                    Flaw::EraseTakesPrevious,
                ],
            ),
            (
                "one_upcall_for_each_operation",
                &[
                    Flaw::UpcallTwice(Command::Open),
                    Flaw::UpcallTwice(Command::Read),
                    Flaw::UpcallTwice(Command::Program),
                    Flaw::UpcallTwice(Command::Erase),
                    Flaw::UpcallNever(Command::Program),
                    Flaw::WrongUpcallNumber,
                ],
            ),
            (
                "wait_for_gets_the_upcall",
                &[
                    Flaw::UpcallNever(Command::Erase),
                    Flaw::SaysOneLess(Command::Erase),
                    Flaw::EndsWith(Command::Erase, FAIL),
                ],
            ),
        ],
    );
}

#[test]
fn bad_input_with_a_region_passes() {
    each_passes(bad_input::WITH_REGION, &Board::default());
    for sectors in [4, 4097, 4100] {
        let board = Board {
            region: vec![0x77; sectors * SECTOR],
            ..Board::default()
        };
        each_passes(bad_input::WITH_REGION, &board);
    }
}

#[test]
fn bad_input_with_a_region_fails() {
    each_fails(
        bad_input::WITH_REGION,
        with_region,
        &[
            (
                "read_past_the_end",
                &[
                    refuses(READ, INVAL, SIZE),
                    accepts(READ, INVAL),
                    Flaw::WedgesOnRefusal,
                    Flaw::CorruptsRead(LAST),
                ],
            ),
            (
                "program_past_the_end",
                &[
                    refuses(PROGRAM, INVAL, NOSUPPORT),
                    accepts(PROGRAM, INVAL),
                    does(PROGRAM, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_past_the_end",
                &[
                    refuses(ERASE, INVAL, FAIL),
                    accepts(ERASE, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_across_the_end",
                &[
                    refuses(ERASE, INVAL, SIZE),
                    accepts(ERASE, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "read_with_overflowing_end",
                &[
                    Flaw::AddressBits(32),
                    refuses(READ, INVAL, SIZE),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "program_with_overflowing_end",
                &[
                    Flaw::AddressBits(32),
                    refuses(PROGRAM, INVAL, SIZE),
                    does(PROGRAM, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_with_overflowing_end",
                &[
                    Flaw::AddressBits(32),
                    refuses(ERASE, INVAL, SIZE),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "address_bits_that_the_part_lacks",
                &[
                    Flaw::AddressBits(24),
                    Flaw::AddressBits(28),
                    Flaw::AddressBits(31),
                    does(PROGRAM, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_from_inside_a_sector",
                &[
                    refuses(ERASE, INVAL, SIZE),
                    accepts(ERASE, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_of_part_of_a_sector",
                &[
                    refuses(ERASE, INVAL, SIZE),
                    accepts(ERASE, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "region_of_another",
                &[
                    refuses(READ, INVAL, NOSUPPORT),
                    accepts(READ, INVAL),
                    accepts(PROGRAM, INVAL),
                    accepts(ERASE, INVAL),
                    does(ERASE, INVAL),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "second_operation_is_busy",
                &[
                    refuses(OPEN, BUSY, ALREADY),
                    refuses(READ, BUSY, RESERVE),
                    refuses(PROGRAM, BUSY, RESERVE),
                    refuses(ERASE, BUSY, ALREADY),
                    accepts(READ, BUSY),
                    accepts(ERASE, BUSY),
                    does(ERASE, BUSY),
                    does(PROGRAM, BUSY),
                    Flaw::UpcallTwice(Command::Erase),
                    Flaw::UpcallNever(Command::Erase),
                ],
            ),
            (
                "operation_from_inside_an_upcall",
                &[
                    refuses(ERASE, BUSY, RESERVE),
                    accepts(ERASE, BUSY),
                    does(ERASE, BUSY),
                    Flaw::UpcallNever(Command::Erase),
                    Flaw::EndsWith(Command::Erase, FAIL),
                ],
            ),
            (
                "read_without_a_buffer",
                &[
                    refuses(READ, SIZE, INVAL),
                    accepts(READ, SIZE),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "program_without_a_buffer",
                &[
                    refuses(PROGRAM, SIZE, INVAL),
                    accepts(PROGRAM, SIZE),
                    does(PROGRAM, SIZE),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "read_into_too_short_a_buffer",
                &[
                    refuses(READ, SIZE, INVAL),
                    accepts(READ, SIZE),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "program_from_too_short_a_buffer",
                &[
                    refuses(PROGRAM, SIZE, INVAL),
                    accepts(PROGRAM, SIZE),
                    does(PROGRAM, SIZE),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "read_buffer_taken_away",
                &[
                    Flaw::UsesRevokedBuffer,
                    Flaw::RevokedIsSuccess,
                    Flaw::RevokedHangs,
                    Flaw::UpcallNever(Command::Read),
                    Flaw::EndsWith(Command::Read, FAIL),
                ],
            ),
            (
                "program_buffer_taken_away",
                &[
                    Flaw::UsesRevokedBuffer,
                    Flaw::RevokedIsSuccess,
                    Flaw::RevokedHangs,
                    Flaw::EndsWith(Command::Program, FAIL),
                ],
            ),
            (
                "read_buffer_made_shorter",
                &[
                    Flaw::UsesRevokedBuffer,
                    Flaw::RevokedIsSuccess,
                    Flaw::RevokedHangs,
                ],
            ),
            (
                "program_buffer_made_shorter",
                &[
                    Flaw::UsesRevokedBuffer,
                    Flaw::RevokedIsSuccess,
                    Flaw::RevokedHangs,
                ],
            ),
            (
                "close_without_a_lease",
                &[Flaw::CloseIsAlwaysOk, Flaw::ProgramSkips(SECTOR + 250)],
            ),
            (
                "use_after_close_takes_a_new_lease",
                &[
                    Flaw::CloseIsForEver,
                    Flaw::UseTakesNoLease,
                    Flaw::CloseIsAlwaysOk,
                    Flaw::CloseNeverFindsLease,
                ],
            ),
            (
                "close_during_an_operation",
                &[
                    Flaw::CloseDropsOperation,
                    Flaw::CloseForgotten,
                    Flaw::CloseNeverFindsLease,
                    Flaw::CloseIsAlwaysOk,
                    refuses(OPEN, RESERVE, BUSY),
                    refuses(READ, RESERVE, BUSY),
                    refuses(PROGRAM, RESERVE, BUSY),
                    refuses(ERASE, RESERVE, BUSY),
                    accepts(READ, RESERVE),
                    does(PROGRAM, RESERVE),
                    does(ERASE, RESERVE),
                    Flaw::UpcallTwice(Command::Erase),
                ],
            ),
            (
                "unknown_command",
                &[
                    refuses(18, NOSUPPORT, INVAL),
                    accepts(19, NOSUPPORT),
                    accepts(0x8000_0005, NOSUPPORT),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            ("unknown_upcall", &[Flaw::NumbersUnbounded]),
            ("unknown_buffer", &[Flaw::NumbersUnbounded]),
            ("unknown_driver", &[Flaw::CorruptsRead(SECTOR + 250)]),
        ],
    );
}

#[test]
fn lost_address_bits_of_a_large_region_are_seen() {
    let case = all(bad_input::WITH_REGION)
        .into_iter()
        .find(|case| case.name == "address_bits_that_the_part_lacks")
        .unwrap();
    for sectors in [4097, 4100] {
        let board = Board {
            region: vec![0x77; sectors * SECTOR],
            flaws: vec![Flaw::AddressBits(24)],
            ..Board::default()
        };
        assert!(verdict(case, board).is_err(), "{sectors}");
    }
}

#[test]
fn bad_input_with_a_read_only_region_passes() {
    each_passes(bad_input::WITH_READ_ONLY_REGION, &read_only(&[]));
    let smallest = Board {
        region: vec![0x77; SECTOR],
        ..read_only(&[])
    };
    each_passes(bad_input::WITH_READ_ONLY_REGION, &smallest);
}

#[test]
fn bad_input_with_a_read_only_region_fails() {
    each_fails(
        bad_input::WITH_READ_ONLY_REGION,
        read_only,
        &[
            (
                "region_is_read_only",
                &[
                    Flaw::RegionAccess(2),
                    Flaw::RegionAccess(0),
                    Flaw::RegionLength(0),
                ],
            ),
            (
                "open_and_read_work",
                &[
                    Flaw::EndsWith(Command::Open, OFF),
                    Flaw::EndsWith(Command::Read, FAIL),
                    Flaw::ReadsOneShort,
                    Flaw::CloseNeverFindsLease,
                ],
            ),
            (
                "program_is_refused",
                &[
                    refuses(PROGRAM, NOSUPPORT, INVAL),
                    accepts(PROGRAM, NOSUPPORT),
                    does(PROGRAM, NOSUPPORT),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "erase_is_refused",
                &[
                    refuses(ERASE, NOSUPPORT, INVAL),
                    accepts(ERASE, NOSUPPORT),
                    does(ERASE, NOSUPPORT),
                    Flaw::WedgesOnRefusal,
                ],
            ),
            (
                "reads_past_the_end_are_refused",
                &[
                    refuses(READ, INVAL, NOSUPPORT),
                    accepts(READ, INVAL),
                    Flaw::AddressBits(32),
                    Flaw::WedgesOnRefusal,
                ],
            ),
        ],
    );
}

#[test]
fn bad_input_without_a_region_passes() {
    each_passes(bad_input::WITHOUT_REGION, &no_region(&[]));
}

#[test]
fn bad_input_without_a_region_fails() {
    each_fails(
        bad_input::WITHOUT_REGION,
        no_region,
        &[
            ("driver_exists_all_the_same", &[Flaw::ExistsFails]),
            (
                "region_is_empty",
                &[Flaw::RegionLength(SECTOR), Flaw::RegionAccess(1)],
            ),
            (
                "open_is_refused",
                &[refuses(OPEN, NODEVICE, OFF), accepts(OPEN, NODEVICE)],
            ),
            (
                "read_is_refused",
                &[refuses(READ, NODEVICE, INVAL), accepts(READ, NODEVICE)],
            ),
            (
                "program_is_refused",
                &[
                    refuses(PROGRAM, NODEVICE, NOSUPPORT),
                    accepts(PROGRAM, NODEVICE),
                ],
            ),
            (
                "erase_is_refused",
                &[
                    refuses(ERASE, NODEVICE, NOSUPPORT),
                    accepts(ERASE, NODEVICE),
                ],
            ),
            ("there_is_nothing_to_close", &[Flaw::CloseIsAlwaysOk]),
        ],
    );
}

#[test]
fn a_case_on_the_wrong_kind_of_region_fails() {
    for case in all(bad_input::WITH_READ_ONLY_REGION) {
        if case.name != "open_and_read_work" && case.name != "reads_past_the_end_are_refused" {
            assert!(verdict(case, with_region(&[])).is_err(), "{}", case.name);
        }
    }
    for case in all(bad_input::WITHOUT_REGION) {
        if case.name != "driver_exists_all_the_same" {
            assert!(verdict(case, with_region(&[])).is_err(), "{}", case.name);
        }
    }
    for case in all(bad_input::WITH_REGION) {
        assert!(verdict(case, read_only(&[])).is_err(), "{}", case.name);
    }
}

fn start(name: &str, board: Board) -> Left {
    let main = app::find(name).expect("an app of this name").main;
    run(board, main)
}

fn lines_of(name: &str, cases: &[&Case]) -> String {
    let mut lines = format!("TEST start {name}\n");
    for case in cases {
        lines += &format!("ok {}\n", case.name);
    }
    lines + &format!("TEST PASS {name}\n")
}

#[test]
fn the_suites_run_as_apps() {
    let suites: [(&str, &'static [&'static [Case]], Board); 4] = [
        ("basic", BASIC, with_region(&[])),
        ("bad-input-rw", bad_input::WITH_REGION, with_region(&[])),
        (
            "bad-input-ro",
            bad_input::WITH_READ_ONLY_REGION,
            read_only(&[]),
        ),
        ("bad-input-none", bad_input::WITHOUT_REGION, no_region(&[])),
    ];
    for (name, cases, board) in suites {
        let left = start(name, board);
        assert_eq!(left.text(), lines_of(name, &all(cases)));
        assert_eq!(left.outcome, Outcome::Terminated(0), "{name}");
        assert_eq!(left.outstanding, None);
    }
}

#[test]
fn a_suite_says_what_failed_and_goes_on() {
    let left = start("basic", with_region(&[Flaw::ProgramReplaces]));
    assert_eq!(left.outcome, Outcome::Terminated(1));
    let text = left.text();
    assert!(
        text.contains(
            "FAIL program_is_an_and: AND of the layers: byte 0x1007: expected 0xa6, found 0xaf\n"
        ),
        "{text}"
    );
    assert!(text.contains("\nok page_crossing\n"), "{text}");
    assert!(text.ends_with("TEST FAIL basic\n"), "{text}");
}

#[test]
fn a_suite_without_a_console_says_so_by_its_code() {
    let board = Board {
        console_burst: 0,
        ..Board::default()
    };
    assert_eq!(start("basic", board).outcome, Outcome::Terminated(2));
}

#[test]
fn a_suite_without_the_driver_fails() {
    let board = Board {
        has_flash: false,
        ..Board::default()
    };
    let left = start("basic", board);
    assert_eq!(left.outcome, Outcome::Terminated(1));
    assert!(
        left.text()
            .contains("FAIL exists: exists: expected Ok, found NODEVICE\n")
    );
}
