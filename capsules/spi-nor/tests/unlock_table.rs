// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the protection bits in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Edge, Section};
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
    let mut expected = vec![
        ["stage", "event", "next stage", "action"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for stage in STAGES {
        for event in EVENTS {
            let (next, action) = transition(stage, event);
            if action != Action::Impossible {
                expected.push(vec![
                    format!("{stage:?}"),
                    format!("{event:?}"),
                    format!("{next:?}"),
                    action_name(action).to_owned(),
                ]);
            }
        }
    }
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    let mut expected = Vec::new();
    for stage in STAGES {
        for event in EVENTS {
            let (next, _) = transition(stage, event);
            if next != stage {
                expected.push(Edge {
                    from: format!("{stage:?}"),
                    to: format!("{next:?}"),
                    event: format!("{event:?}"),
                });
            }
        }
    }
    section().assert_diagram(&format!("{:?}", Stage::Queued), &expected);
}
