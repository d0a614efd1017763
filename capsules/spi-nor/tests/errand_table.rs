// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of a kernel client's operation in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Section, edges, matrix};
use spi_nor::errand::{Action, Errand, Event, Rest, transition};
use spi_nor::error::Error;

/// What the errand is over with, and what it is told to fail with.
const OVER: Result<(), Error> = Ok(());
const WHY: Error = Error::Detached;

const ERRANDS: [Errand; 5] = [
    Errand::Idle,
    Errand::Waiting,
    Errand::InFlight,
    Errand::Cancelling,
    Errand::Over(OVER),
];

const EVENTS: [Event; 11] = [
    Event::Submitted,
    Event::SubmittedEmpty,
    Event::Taken,
    Event::Landed(Rest::Nothing),
    Event::Landed(Rest::Waits),
    Event::Landed(Rest::Flies),
    Event::Failed(WHY),
    Event::Refused(WHY),
    Event::Cancelled,
    Event::Revoked(WHY),
    Event::Looked,
];

fn errand_name(errand: Errand) -> String {
    let name = match errand {
        Errand::Idle => "Idle",
        Errand::Waiting => "Waiting",
        Errand::InFlight => "InFlight",
        Errand::Cancelling => "Cancelling",
        Errand::Over(_) => "Over",
    };
    name.to_owned()
}

fn event_name(event: Event) -> String {
    let name = match event {
        Event::Submitted => "Submitted",
        Event::SubmittedEmpty => "SubmittedEmpty",
        Event::Taken => "Taken",
        Event::Landed(Rest::Nothing) => "Landed: all",
        Event::Landed(Rest::Waits) => "Landed: the rest waits",
        Event::Landed(Rest::Flies) => "Landed: the rest flies",
        Event::Failed(_) => "Failed",
        Event::Refused(_) => "Refused",
        Event::Cancelled => "Cancelled",
        Event::Revoked(_) => "Revoked",
        Event::Looked => "Looked",
    };
    name.to_owned()
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Nothing => "",
        Action::Ask => "ask",
        Action::Busy => "busy",
        Action::Already => "already",
        Action::Progress => "progress",
        Action::Tell(Ok(())) => "tell",
        Action::Tell(Err(Error::Cancelled)) => "tell cancelled",
        Action::Tell(Err(_)) => "tell why",
    }
}

fn cell(from: Errand, (to, action): (Errand, Action)) -> String {
    match (from == to, action) {
        (true, Action::Nothing) => "·".to_owned(),
        (true, action) => action_name(action).to_owned(),
        (false, Action::Nothing) => errand_name(to),
        (false, action) => format!("{}, {}", errand_name(to), action_name(action)),
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## A kernel client's operation")
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let cell = |event, errand| cell(errand, transition(errand, event));
    let expected = matrix("event", &EVENTS, &ERRANDS, event_name, errand_name, cell);
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    let expected = edges(&ERRANDS, &EVENTS, transition, errand_name, event_name);
    section().assert_diagram(&errand_name(Errand::default()), &expected);
}

/// C1: every way from accepted to none tells once, and no other transition tells.
#[test]
fn who_leaves_for_idle_is_told_and_nobody_else() {
    for errand in ERRANDS {
        for event in EVENTS {
            let (next, action) = transition(errand, event);
            let ends = errand != Errand::Idle && next == Errand::Idle;
            assert_eq!(
                ends,
                matches!(action, Action::Tell(_)),
                "{errand:?}, {event:?}"
            );
        }
    }
}

/// C10: after a revoke and the end of what is in flight nothing is left.
#[test]
fn a_revoke_ends_all_that_is_not_in_flight() {
    for errand in ERRANDS {
        let (next, _) = transition(errand, Event::Revoked(WHY));
        let flies = matches!(errand, Errand::InFlight | Errand::Cancelling);
        assert_eq!(next == Errand::Idle, !flies, "{errand:?}");
        if flies {
            for rest in [Rest::Nothing, Rest::Waits] {
                let (next, _) = transition(next, Event::Landed(rest));
                let (next, _) = transition(next, Event::Revoked(WHY));
                assert_eq!(next, Errand::Idle);
            }
        }
    }
}

/// C9: the part is kept from the submission on, and not for a client that is only to be told.
#[test]
fn the_part_is_kept_for_what_waits_and_for_what_is_in_flight() {
    let keeps = ERRANDS.map(Errand::counts);
    assert_eq!(keeps, [false, true, true, true, false]);
    for errand in ERRANDS {
        for event in EVENTS {
            let (next, action) = transition(errand, event);
            let begins = !errand.counts() && next.counts();
            assert_eq!(begins, event == Event::Submitted && action == Action::Ask);
        }
    }
}
