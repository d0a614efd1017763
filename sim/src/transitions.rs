// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The lifecycle's transitions in words.

use spi_nor::lifecycle::{Event, Fate, State};

/// What a transition means, unless it is one of the many of everyday work.
pub fn words(from: State, event: Event, to: State) -> Option<String> {
    Some(match (from, event, to) {
        (State::Ready, Event::Begun, _) | (State::Busy, Event::Ended, _) => return None,
        (State::Off, Event::Wanted, _) => "wanted: powers up".to_owned(),
        (State::Failed, Event::Recover, _) => "tries again: powers up".to_owned(),
        (State::Starting, Event::Started, _) => "ready".to_owned(),
        (State::Busy, Event::Unwanted, _) => {
            "revoked: begins nothing more, drains what is in flight".to_owned()
        }
        (State::Draining, Event::Ended, _) => {
            "drained: memory free and WIP = 0; shuts down".to_owned()
        }
        (State::Draining, Event::Wanted, _) => "wanted again: goes on".to_owned(),
        (State::Ready, Event::Unwanted, _) => "nothing outstanding: shuts down".to_owned(),
        (_, Event::Faulted | Event::WakeFaulted, State::Stopping(fate)) => format!(
            "the part does not do what it should: is reset, then {}",
            match fate {
                Fate::Off => "off",
                Fate::Failed => "given up",
                Fate::Again => "brought up again",
            }
        ),
        (State::Stopping(_), Event::Stopped, State::Off) => "off".to_owned(),
        (_, Event::Stopped, State::Starting) => "off, and powers up again".to_owned(),
        (_, Event::Stopped, State::Failed) => "off, and has failed".to_owned(),
        (_, Event::Hung | Event::WakeHung, State::Off) => {
            "the controller did not answer: stopped by force, off".to_owned()
        }
        (_, Event::Hung, State::Failed) => {
            "the controller did not answer: stopped by force, has failed".to_owned()
        }
        (_, Event::Hung, State::Starting) => {
            "the controller did not answer: stopped by force, powers up again".to_owned()
        }
        (from, event, to) => format!("{from:?} -> {to:?} on {event:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use spi_nor::lifecycle::{self, EVENTS, STATES};

    #[test]
    fn every_transition_of_a_teardown_is_told() {
        let mut untold = 0;
        for from in STATES {
            for event in EVENTS {
                let (to, _) = lifecycle::transition(from, event);
                if to == from {
                    continue;
                }
                match words(from, event, to) {
                    None => untold += 1,
                    Some(text) => assert!(!text.contains("->"), "{text}"),
                }
            }
        }
        assert_eq!(untold, 2);
    }
}
