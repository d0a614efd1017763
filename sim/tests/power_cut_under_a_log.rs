// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The power goes in the middle of what a log does to the flash, at every byte of it. After the
//! next boot the log has to be whole: what was acknowledged is there, and it goes on.

use qspi_models::nor::{FaultTimes, FlashFault, InMemory, part};
use qspi_models::{FlashOperation, PowerState};
use spi_nor::region::Access;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::console::Recorder;
use tock_qspi::ledger::Kind;
use tock_qspi::setup::{Pace, settings};
use userland_cases::report::{finish, job};
use userland_cases::tour::log_writer::LogWriter;

/// Bytes of the region, two sectors for the queue and two for the table.
const REGION: u32 = 4 * 4096;
/// More passes of the kernel loop than any run takes.
const LONGEST: u64 = 1_000_000;
const SECTOR: u32 = 4096;

fn boot(content: Option<&[u8]>, rounds: u32) -> (Board, Rc<Recorder>) {
    let recorder = Rc::new(Recorder::default());
    let part = part("MX25R6435F").expect("a known part");
    let mut settings = settings(part, Box::new(InMemory), Pace::Typical, recorder.clone());
    settings.qspi.set_observing(false);
    if let Some(content) = content {
        settings.qspi.flash_mut().poke(0, content);
    }
    let app = AppSpec {
        name: "log-writer".to_owned(),
        id: NonZeroU32::MIN,
        main: Box::new(move || {
            finish(job("log-writer", || {
                LogWriter {
                    rounds,
                    records: 3,
                    kept: 2,
                    seed: 0x10c,
                }
                .run()
            }))
        }),
        region: Some((0, REGION, Access::ReadWrite)),
        after_fault: AfterFault::Stop,
    };
    (Board::new(settings, vec![app]), recorder)
}

/// What the log does that can be cut: of what kind, and how long.
fn operations(content: Option<&[u8]>) -> Vec<(Kind, u32)> {
    let (mut board, _) = boot(content, 1);
    let mut all = Vec::new();
    let mut accepted = 0;
    let over = board.run_until(LONGEST, |board| {
        let count = board.counts(0).accepted;
        if count != accepted {
            accepted = count;
            if let Some(operation) = board.outstanding(0)
                && matches!(operation.kind, Kind::Program | Kind::Erase)
            {
                all.push((operation.kind, operation.length));
            }
        }
        board.is_over()
    });
    assert!(over);
    all
}

/// Runs the log until its change number `number` is cut after so many bytes. What the
/// array holds then.
fn cut(content: Option<&[u8]>, number: usize, kind: Kind, after_bytes: u32) -> Vec<u8> {
    let (mut board, _) = boot(content, 1);
    let mut accepted = 0;
    let mut changes = 0;
    let during = match kind {
        Kind::Erase => FlashOperation::Erase,
        _ => FlashOperation::Program,
    };
    let is_off = board.run_until(LONGEST, |board| {
        let count = board.counts(0).accepted;
        if count != accepted {
            accepted = count;
            let operation = board.outstanding(0).map(|operation| operation.kind);
            if matches!(operation, Some(Kind::Program | Kind::Erase)) {
                if changes == number {
                    let fault = FlashFault::PowerCut {
                        during,
                        after_bytes,
                    };
                    board
                        .machine
                        .with_qspi(|qspi| qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1)));
                }
                changes += 1;
            }
        }
        board
            .machine
            .with_qspi(|qspi| qspi.flash().power_state() == PowerState::Off)
    });
    assert!(is_off, "change {number} was cut after {after_bytes} bytes");
    board.array(0, REGION as usize)
}

/// The next boot.
fn recovers(content: &[u8], what: &str) -> Vec<u8> {
    let (mut board, recorder) = boot(Some(content), 1);
    assert!(board.run_until(LONGEST, Board::is_over), "{what}");
    let printed = recorder.all();
    assert_eq!(
        board.apps()[0].completion,
        Some(Some(0)),
        "{what}: {}",
        String::from_utf8_lossy(&printed)
    );
    board.settle();
    assert_eq!(board.breaches.all(), [], "{what}");
    board.array(0, REGION as usize)
}

/// Cuts each of the `changes` at each byte.
fn cut_in(content: Option<&[u8]>, changes: impl Iterator<Item = (usize, (Kind, u32))>) {
    for (number, (kind, length)) in changes {
        // Each byte of a program, and of an erase each page's beginning and a byte in it.
        let places: Vec<u32> = match kind {
            Kind::Erase => (0..SECTOR)
                .step_by(256)
                .flat_map(|page| [page, page + 77])
                .collect(),
            _ => (0..length).collect(),
        };
        for after_bytes in places {
            let left = cut(content, number, kind, after_bytes);
            recovers(&left, &format!("{kind} {number} cut after {after_bytes}"));
        }
    }
}

#[test]
fn at_every_byte_of_the_first_life_of_a_log() {
    let changes = operations(None);
    let programs = changes.iter().filter(|(kind, _)| *kind == Kind::Program);
    assert!(
        programs.count() > 10,
        "a log that hardly writes shows little"
    );
    cut_in(None, changes.into_iter().enumerate());
}

#[test]
fn at_every_byte_of_a_log_that_comes_round() {
    // Lives until the log has to erase what is old.
    let mut content = recovers(&[0xFF; REGION as usize], "nothing yet");
    let mut lives = 1;
    let erases = |content: &[u8]| {
        let changes = operations(Some(content));
        changes.iter().any(|(kind, _)| *kind == Kind::Erase)
    };
    while !erases(&content) {
        content = recovers(&content, "a life before");
        lives += 1;
        assert!(lives < 200, "the log never comes round");
    }
    // The erases, and what comes right before and after each.
    let changes = operations(Some(&content));
    let near = |place: &usize| {
        let first = place.saturating_sub(2);
        let last = (place + 2).min(changes.len() - 1);
        changes[first..=last]
            .iter()
            .any(|(kind, _)| *kind == Kind::Erase)
    };
    let places: Vec<usize> = (0..changes.len()).filter(near).collect();
    assert!(places.len() > 3, "{changes:?}");
    let chosen = places.into_iter().map(|place| (place, changes[place]));
    cut_in(Some(&content), chosen);
}
