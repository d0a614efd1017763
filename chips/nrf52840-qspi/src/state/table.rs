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
        Action::AwaitClock => "await the clock",
        Action::Activate => "activate",
        Action::Announce => "tell: enabled",
        Action::Trigger(_) => "trigger",
        Action::Detour => "detour",
        Action::EndDetour => "end the detour",
        Action::Collect => "collect",
        Action::Complete => "tell: done",
        Action::SwitchOff => "switch off",
        Action::Stop => "stop",
        Action::CancelClock => "take the request back",
        Action::LateClock => "count",
        Action::Impossible => "",
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## The nRF52840's driver")
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let mut rows = Vec::new();
    for (state, event, next, action) in every() {
        if action == Action::Impossible {
            assert_eq!(state, next);
            continue;
        }
        let next = if matches!(action, Action::Nothing | Action::LateClock) {
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
            !matches!(
                action,
                Action::Nothing | Action::LateClock | Action::Impossible
            )
        })
        .map(|(state, event, next, _)| Edge {
            from: debug(state),
            to: debug(next),
            event: debug(event),
        })
        .collect();
    section().assert_diagram("Off", &expected);
}
