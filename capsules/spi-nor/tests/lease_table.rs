// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the lease in `doc/state-machines.md` are the code's.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Section, debug, edges, matrix};
use spi_nor::lease::{Answer, Event, Lease, transition};

const LEASES: [Lease; 3] = [Lease::None, Lease::Held, Lease::Revoking];

const EVENTS: [Event; 4] = [
    Event::Use,
    Event::CloseQuiet,
    Event::CloseBusy,
    Event::Ended,
];

fn answer_name(answer: Answer) -> &'static str {
    match answer {
        Answer::Granted => "granted",
        Answer::NothingHeld => "nothing held",
        Answer::Revoked => "revoked",
    }
}

fn cell(from: Lease, (to, answer): (Lease, Answer)) -> String {
    match (from == to, answer) {
        (true, Answer::Granted) => "·".to_owned(),
        (true, answer) => answer_name(answer).to_owned(),
        (false, answer) => format!("{to:?}, {}", answer_name(answer)),
    }
}

fn section() -> Section {
    Section::of("state-machines.md", "## The lease")
}

#[test]
fn the_documented_table_is_the_transition_function() {
    let cell = |lease, event| cell(lease, transition(lease, event));
    let expected = matrix("lease", &LEASES, &EVENTS, debug, debug, cell);
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_the_transition_function() {
    let expected = edges(&LEASES, &EVENTS, transition, debug, debug);
    section().assert_diagram(&debug(Lease::default()), &expected);
}
