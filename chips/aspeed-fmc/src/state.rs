// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver's states, and what takes it from one to the next.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.

/// Where the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Deselected and write protected.
    Off,
    /// Set up; the client has not been told yet.
    Enabling,
    /// Enable was asked for, and a transfer that was stopped by force has not ended.
    AwaitingOld,
    /// On, nothing in flight.
    Idle,
    /// A command was exchanged; the client has not been told yet.
    Commanding,
    /// The DMA was asked for and is not granted yet.
    Asking,
    /// The DMA runs.
    Moving,
    /// The DMA could not be started; the client has not been told yet.
    Failing,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Enable was asked for.
    Enable,
    /// Enable was asked for with memory in quarantine.
    EnableInQuarantine,
    /// An operation in user mode was asked for.
    Command,
    /// An operation by DMA was asked for.
    Ask,
    /// The DMA is granted.
    Granted,
    /// The DMA did not start.
    NotStarted,
    /// The deferred call has come.
    Deferred,
    /// It is time to look for the grant again.
    Alarm,
    /// The DMA has ended.
    Done,
    /// Disable was asked for.
    Disable,
    /// A forced stop was asked for.
    ForceStop,
}

/// What the driver has to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Set the controller up, and have the deferred call come.
    SetUp,
    /// Wait: the transfer that was stopped interrupts when it ends.
    AwaitOld,
    /// What was lent to the transfer that was stopped is free.
    Reclaim,
    /// Release what is lent, set the controller up and tell the client.
    SetUpAndAnnounce,
    /// Tell the client that the controller is on.
    Announce,
    /// Exchange the command, and have the deferred call come.
    Exchange,
    /// Ask for the DMA.
    RequestGrant,
    /// See whether the DMA is granted by now.
    LookForGrant,
    /// Start the DMA.
    Trigger,
    /// Have the deferred call come.
    Defer,
    /// Tell the client that its operation has ended.
    Complete,
    /// Tell the client that its operation has failed.
    Fail,
    /// Disable.
    SwitchOff,
    /// Stop and disable.
    Stop,
    /// The deferred call or the alarm of something that was stopped: count it.
    Late,
    /// The proofs make this impossible: count it.
    Impossible,
}

impl State {
    /// Whether the end of a DMA has a meaning, if there is one to come.
    pub fn awaits_done(self) -> bool {
        match self {
            // In Off it is the end of a transfer that was stopped by force.
            State::Off | State::AwaitingOld | State::Moving => true,
            State::Enabling | State::Idle | State::Commanding | State::Asking | State::Failing => {
                false
            }
        }
    }
}

/// What `event` means in `state`: the next state, and what to do.
pub fn transition(state: State, event: Event) -> (State, Action) {
    match (state, event) {
        (State::Off, Event::Enable) => (State::Enabling, Action::SetUp),
        (State::Off, Event::EnableInQuarantine) => (State::AwaitingOld, Action::AwaitOld),
        (State::Off, Event::Done) => (State::Off, Action::Reclaim),
        (State::Enabling, Event::Deferred) => (State::Idle, Action::Announce),
        (State::AwaitingOld, Event::Done) => (State::Idle, Action::SetUpAndAnnounce),

        (State::Idle, Event::Command) => (State::Commanding, Action::Exchange),
        (State::Idle, Event::Ask) => (State::Asking, Action::RequestGrant),
        (State::Idle, Event::Disable) => (State::Off, Action::SwitchOff),

        (State::Commanding, Event::Deferred) => (State::Idle, Action::Complete),
        (State::Asking, Event::Alarm) => (State::Asking, Action::LookForGrant),
        (State::Asking, Event::Granted) => (State::Moving, Action::Trigger),
        (State::Moving, Event::NotStarted) => (State::Failing, Action::Defer),
        (State::Failing, Event::Deferred) => (State::Idle, Action::Fail),
        (State::Moving, Event::Done) => (State::Idle, Action::Complete),

        (State::Off | State::Idle, Event::ForceStop) => (state, Action::Nothing),
        (
            State::Enabling
            | State::AwaitingOld
            | State::Commanding
            | State::Asking
            | State::Moving
            | State::Failing,
            Event::ForceStop,
        ) => (State::Off, Action::Stop),

        (
            State::Off | State::AwaitingOld | State::Idle | State::Asking | State::Moving,
            Event::Deferred,
        )
        | (
            State::Off
            | State::Enabling
            | State::AwaitingOld
            | State::Idle
            | State::Commanding
            | State::Moving
            | State::Failing,
            Event::Alarm,
        ) => (state, Action::Late),

        (
            State::Off,
            Event::Command | Event::Ask | Event::Granted | Event::NotStarted | Event::Disable,
        )
        | (
            State::Idle,
            Event::Enable
            | Event::EnableInQuarantine
            | Event::Granted
            | Event::NotStarted
            | Event::Done,
        )
        | (
            State::Enabling
            | State::AwaitingOld
            | State::Commanding
            | State::Asking
            | State::Moving
            | State::Failing,
            Event::Enable
            | Event::EnableInQuarantine
            | Event::Command
            | Event::Ask
            | Event::Disable,
        )
        | (
            State::Enabling | State::Commanding | State::Failing,
            Event::Granted | Event::NotStarted | Event::Done,
        )
        | (State::AwaitingOld, Event::Granted | Event::NotStarted)
        | (State::Asking, Event::NotStarted | Event::Done)
        | (State::Moving, Event::Granted) => (state, Action::Impossible),
    }
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 8] = [
        State::Off,
        State::Enabling,
        State::AwaitingOld,
        State::Idle,
        State::Commanding,
        State::Asking,
        State::Moving,
        State::Failing,
    ];

    const EVENTS: [Event; 11] = [
        Event::Enable,
        Event::EnableInQuarantine,
        Event::Command,
        Event::Ask,
        Event::Granted,
        Event::NotStarted,
        Event::Deferred,
        Event::Alarm,
        Event::Done,
        Event::Disable,
        Event::ForceStop,
    ];

    pub(super) fn every() -> impl Iterator<Item = (State, Event, State, Action)> {
        STATES.into_iter().flat_map(|state| {
            EVENTS.into_iter().map(move |event| {
                let (next, action) = transition(state, event);
                (state, event, next, action)
            })
        })
    }

    /// What the client holds a proof of.
    fn has_proof(state: State) -> bool {
        matches!(state, State::Off | State::Idle)
    }

    #[test]
    fn what_does_nothing_changes_nothing() {
        for (state, event, next, action) in every() {
            if matches!(action, Action::Nothing | Action::Late | Action::Impossible) {
                assert_eq!(state, next, "{event:?}");
            }
        }
    }

    #[test]
    fn what_needs_a_proof_is_possible_with_it_only() {
        for (state, event, _, action) in every() {
            let needed = match event {
                Event::Enable | Event::EnableInQuarantine => State::Off,
                Event::Command | Event::Ask | Event::Disable => State::Idle,
                _ => continue,
            };
            assert_eq!(
                action != Action::Impossible,
                state == needed,
                "{state:?} {event:?}"
            );
        }
    }

    #[test]
    fn an_idle_proof_comes_with_a_callback_and_never_from_inside_a_call() {
        for (state, event, next, action) in every() {
            if state == State::Idle || next != State::Idle {
                continue;
            }
            assert!(matches!(
                action,
                Action::Announce | Action::SetUpAndAnnounce | Action::Complete | Action::Fail
            ));
            assert!(
                matches!(event, Event::Deferred | Event::Done),
                "{state:?} {event:?}"
            );
        }
    }

    #[test]
    fn everything_without_a_proof_can_be_stopped() {
        for state in STATES {
            let expected = if has_proof(state) {
                (state, Action::Nothing)
            } else {
                (State::Off, Action::Stop)
            };
            assert_eq!(transition(state, Event::ForceStop), expected, "{state:?}");
        }
    }

    #[test]
    fn done_means_something_where_it_is_awaited() {
        for state in STATES {
            let (_, action) = transition(state, Event::Done);
            assert_eq!(
                action != Action::Impossible,
                state.awaits_done(),
                "{state:?}"
            );
        }
    }

    #[test]
    fn every_state_is_reached_and_left() {
        for target in STATES {
            assert!(every().any(|(state, _, next, _)| state != next && next == target));
            assert!(every().any(|(state, _, next, _)| state != next && state == target));
        }
    }
}
