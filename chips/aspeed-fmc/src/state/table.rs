// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the driver in `doc/state-machines.md` are the code's.

extern crate std;

#[path = "../../../../doc/documented.rs"]
mod documented;

use super::Action;
use super::tests::every;
use documented::{Edge, Section, debug, shared_rows};
use std::vec::Vec;

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Nothing => "·",
        Action::SetUp => "set up",
        Action::AwaitOld => "await the old transfer's end",
        Action::Reclaim => "take the memory back, switch off",
        Action::SetUpAndAnnounce => "take the memory back, set up, tell: enabled",
        Action::Announce => "tell: enabled",
        Action::Exchange => "exchange",
        Action::RequestGrant => "request the grant",
        Action::LookForGrant => "look for the grant",
        Action::Trigger => "trigger",
        Action::Defer => "have the deferred call come",
        Action::Complete => "tell: done",
        Action::Fail => "tell: failed",
        Action::SwitchOff => "switch off",
        Action::Stop => "stop",
        Action::Late => "count",
        Action::Impossible => "",
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## The AST1030's driver")
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let mut rows = Vec::new();
    for (state, event, next, action) in every() {
        if action == Action::Impossible {
            assert_eq!(state, next);
            continue;
        }
        let next = if matches!(action, Action::Nothing | Action::Late) {
            assert_eq!(state, next);
            "·".into()
        } else {
            debug(next)
        };
        rows.push([debug(state), debug(event), next, action_name(action).into()]);
    }
    let expected = shared_rows(["state", "event", "next state", "action"], rows);
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    let expected: Vec<Edge> = every()
        .filter(|(_, _, _, action)| {
            !matches!(action, Action::Nothing | Action::Late | Action::Impossible)
        })
        .map(|(state, event, next, _)| Edge {
            from: debug(state),
            to: debug(next),
            event: debug(event),
        })
        .collect();
    section().assert_diagram("Off", &expected);
}
