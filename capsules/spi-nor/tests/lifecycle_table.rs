// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the lifecycle in `doc/teardown.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Edge, Section, debug, matrix};
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

fn section() -> Section {
    Section::of("teardown.md", "## The lifecycle")
}

fn table() -> Vec<Vec<String>> {
    let cell = |state, event| cell(state, transition(state, event));
    matrix("state", &STATES, &EVENTS, state_name, debug, cell)
}

fn edges() -> Vec<Edge> {
    documented::edges(&STATES, &EVENTS, transition, state_name, debug)
}

#[test]
fn the_documented_table_is_the_transition_function() {
    section().assert_table(&table());
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    section().assert_diagram("Off", &edges());
}

/// What the tests of all documented machines rely on.
#[test]
fn a_document_that_disagrees_is_told_what_it_should_say() {
    let section = section();
    for row in 0..table().len() {
        let mut other = table();
        let cell = other[row].last_mut().expect("there are columns");
        *cell = "something else".to_owned();
        let problem = section.table_problem(&other).expect("a cell differs");
        assert!(problem.contains("| something else |"), "{problem}");
    }
    let mut fewer = table();
    fewer.pop();
    assert!(section.table_problem(&fewer).is_some());

    for index in 0..edges().len() {
        let mut fewer = edges();
        let edge = fewer.remove(index);
        let problem = section.diagram_problem("Off", &fewer).expect("one less");
        assert!(
            problem.contains(&format!("not in the code: {edge:?}")),
            "{problem}"
        );
        let mut other = edges();
        other[index].event = "Struck".to_owned();
        let problem = section.diagram_problem("Off", &other).expect("one differs");
        let (_, right) = problem.split_once("It should have").expect("told");
        assert!(right.contains("Struck"), "{problem}");
    }
    assert!(section.diagram_problem("Ready", &edges()).is_some());
}
