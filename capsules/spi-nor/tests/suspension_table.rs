// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the suspension in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Edge, Section};
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
    section().assert_diagram(&format!("{:?}", Stage::Running), &expected);
}
