// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The table of the lifecycle in `doc/teardown.md` is the code's.

use spi_nor::lifecycle::{Action, EVENTS, Fate, STATES, State, transition};

fn state_name(state: State) -> String {
    match state {
        State::Stopping(fate) => {
            let fate = match fate {
                Fate::Off => "Off",
                Fate::Failed => "Failed",
                Fate::Again => "Again",
            };
            format!("Stopping ({fate})")
        }
        other => format!("{other:?}"),
    }
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Nothing | Action::Impossible => "",
        Action::PowerUp => "power up",
        Action::Serve => "serve",
        Action::PowerDown => "power down",
        Action::Rescue => "rescue",
        Action::Refuse => "refuse",
        Action::Rest => "tell",
    }
}

fn cell(from: State, (to, action): (State, Action)) -> String {
    let words = [
        if from == to {
            String::new()
        } else {
            state_name(to)
        },
        action_name(action).to_owned(),
    ];
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    match (action, words.is_empty()) {
        (Action::Impossible, _) => String::new(),
        (_, true) => "·".to_owned(),
        (_, false) => words.join(", "),
    }
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../doc/teardown.md");
    let document = std::fs::read_to_string(path).expect("doc/teardown.md is there");
    let documented: Vec<Vec<String>> = document
        .lines()
        .skip_while(|line| !line.starts_with("| state |"))
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect();

    let mut expected = vec![
        std::iter::once("state".to_owned())
            .chain(EVENTS.iter().map(|event| format!("{event:?}")))
            .collect::<Vec<_>>(),
        vec!["---".to_owned(); EVENTS.len() + 1],
    ];
    for state in STATES {
        expected.push(
            std::iter::once(state_name(state))
                .chain(EVENTS.map(|event| cell(state, transition(state, event))))
                .collect(),
        );
    }
    assert_eq!(documented, expected);
}
