// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the protection bits in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Section, debug, edges, possible_rows};
use spi_nor::unlock::{Action, EVENTS, Failure, STAGES, Stage, transition};

fn action_name(action: Action) -> &'static str {
    match action {
        Action::ReadFirst => "read status register 1",
        Action::ReadSecond => "read status register 2",
        Action::Enable => "send the write enable",
        Action::Look => "look for WEL",
        Action::Write => "write",
        Action::Wait => "wait",
        Action::Ask => "look for WIP",
        Action::End => "over",
        Action::Fail(Failure::NotFound) => "failed: NotFound",
        Action::Fail(Failure::Unstable) => "failed: UnstableId",
        Action::Fail(Failure::NotKept) => "failed: RegisterNotKept",
        Action::Fail(Failure::Ignored) => "failed: WriteEnableIgnored",
        Action::Fail(Failure::NoAnswer) => "failed: NoAnswer",
        Action::Fail(Failure::Controller) => "failed: what the controller said",
        Action::Impossible => "",
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## The protection bits")
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
    section().assert_diagram(&debug(Stage::Queued), &expected);
}
