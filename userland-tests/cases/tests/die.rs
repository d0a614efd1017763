// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The apps that end badly get as far as they must.

#[path = "../../rt/tests/mock/mod.rs"]
mod mock;

use mock::{Board, Command, Flaw, Left, Outcome, run};
use userland_cases::app::{self, APPS};
use userland_cases::die::{NOT_A_STRANGER, NOT_REACHED};

fn start(name: &str, board: Board) -> Left {
    run(board, app::find(name).expect("an app of this name").main)
}

#[test]
fn each_dies_with_its_operation_outstanding() {
    let deaths = [
        (
            "die-exit-open",
            Outcome::Terminated(0),
            Command::Open,
            false,
        ),
        ("die-exit-read", Outcome::Terminated(0), Command::Read, true),
        (
            "die-exit-program",
            Outcome::Terminated(0),
            Command::Program,
            true,
        ),
        (
            "die-exit-closing",
            Outcome::Terminated(0),
            Command::Erase,
            false,
        ),
        (
            "die-restart-program",
            Outcome::Restarted(0),
            Command::Program,
            true,
        ),
        ("die-fault-erase", Outcome::Faulted, Command::Erase, false),
        ("die-fault-read", Outcome::Faulted, Command::Read, true),
        ("die-spin-read", Outcome::CutOff, Command::Read, true),
    ];
    for (name, outcome, command, sharing) in deaths {
        let board = Board {
            patience: 10_000,
            ..Board::default()
        };
        let left = start(name, board);
        assert_eq!(left.outcome, outcome, "{name}");
        assert_eq!(left.outstanding, Some(command), "{name}");
        assert_eq!(left.sharing, sharing, "{name}");
        assert!(left.leased, "{name}");
        assert!(left.subscribed, "{name}");
    }
}

#[test]
fn never_collect_lets_upcalls_pile_up() {
    let board = Board {
        patience: 10_000,
        // Operations go on without the app's waiting, as on hardware.
        runs_by_itself: true,
        ..Board::default()
    };
    let left = start("die-never-collect", board);
    assert_eq!(left.outcome, Outcome::CutOff);
    assert!(left.accepted > 20, "{}", left.accepted);
    assert!(left.queued > 9, "{}", left.queued);
}

#[test]
fn one_that_gets_nowhere_says_so() {
    for app in APPS.iter().filter(|app| app.name.starts_with("die-")) {
        let board = Board {
            access: 0,
            ..Board::default()
        };
        let left = run(board, app.main);
        assert_eq!(
            left.outcome,
            Outcome::Terminated(NOT_REACHED as usize),
            "{}",
            app.name
        );
    }
    let heir = Board {
        flaws: vec![Flaw::CloseIsAlwaysOk],
        ..Board::default()
    };
    assert_eq!(
        start("die-restart-program", heir).outcome,
        Outcome::Terminated(NOT_A_STRANGER as usize)
    );
}

#[test]
fn names_are_unique_and_as_one_would_type_them() {
    for (n, app) in APPS.iter().enumerate() {
        assert!(
            app.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            app.name
        );
        assert!(!app.summary.is_empty() && !app.summary.contains('\n'));
        assert!(APPS[n + 1..].iter().all(|other| other.name != app.name));
    }
    assert!(app::find("nothing").is_none());
    assert_eq!(app::find("dump").map(|app| app.name), Some("dump"));
}
