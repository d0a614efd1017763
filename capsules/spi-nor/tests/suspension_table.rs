// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the suspension in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Section, debug, edges, possible_rows};
use spi_nor::suspension::{Action, EVENTS, STAGES, Stage, transition};

fn action_name(action: Action) -> &'static str {
    match action {
        Action::SendSuspend => "send the suspend",
        Action::Wait => "wait",
        Action::Ask => "ask",
        Action::LetRead => "let read",
        Action::SendResume => "send the resume",
        Action::GoOn => "go on",
        Action::GoOnForGood => "go on for good",
        Action::Fault => "fault",
        Action::Impossible => "",
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## The suspension")
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let heading = ["stage", "event", "next stage", "action"];
    let expected = possible_rows(heading, &STAGES, &EVENTS, |stage, event| {
        let (next, action) = transition(stage, event);
        (action != Action::Impossible).then(|| (next, action_name(action)))
    });
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    let expected = edges(&STAGES, &EVENTS, transition, debug, debug);
    section().assert_diagram(&debug(Stage::Running), &expected);
}
