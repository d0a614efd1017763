// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver's states, and what takes it from one to the next.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.

use crate::transfer::Task;

/// Where the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The peripheral is disabled.
    Off,
    /// Enable was asked for; the crystal oscillator is starting.
    WaitingForClock,
    /// ACTIVATE runs, with no pin connected.
    Activating,
    /// On, nothing in flight.
    Idle,
    /// READSTART runs.
    Reading,
    /// WRITESTART runs.
    Programming,
    /// ERASESTART runs.
    Erasing,
    /// ACTIVATE runs once more, before a custom instruction (anomaly 215).
    Detouring,
    /// A custom instruction runs, or one of several in a long frame.
    Instructing,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Enable was asked for, and the crystal oscillator runs.
    EnableWithClock,
    /// Enable was asked for, and the crystal oscillator has to start first.
    EnableBeforeClock,
    /// The crystal oscillator has started.
    ClockRuns,
    /// An operation was asked for.
    Start(Task),
    /// A custom instruction was asked for that needs anomaly 215's way round.
    StartByDetour,
    /// READY, with the peripheral at rest.
    Ready,
    /// The last byte of a custom instruction is through.
    InstructionOver,
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
    /// Wait until the clock's callback.
    AwaitClock,
    /// Configure, enable, activate.
    Activate,
    /// Connect the pins and tell the client.
    Announce,
    /// Trigger the task.
    Trigger(Task),
    /// Disconnect the pins and activate.
    Detour,
    /// Connect the pins and send the custom instruction.
    EndDetour,
    /// Collect what the custom instruction brought, go on if there is more.
    Collect,
    /// Tell the client that its operation has ended.
    Complete,
    /// Disable.
    SwitchOff,
    /// Stop and disable.
    Stop,
    /// Take the clock request back. The peripheral is not on yet.
    CancelClock,
    /// The clock called when nobody waited: count it.
    LateClock,
    /// The proofs make this impossible: count it.
    Impossible,
}

impl State {
    /// Whether READY has a meaning.
    pub fn awaits_ready(self) -> bool {
        match self {
            State::Off | State::WaitingForClock | State::Idle => false,
            State::Activating
            | State::Reading
            | State::Programming
            | State::Erasing
            | State::Detouring
            | State::Instructing => true,
        }
    }
}

/// What `event` means in `state`: the next state, and what to do.
// Inlined: see `Qspi::step`.
#[inline(always)]
pub fn transition(state: State, event: Event) -> (State, Action) {
    match (state, event) {
        (State::Off, Event::EnableWithClock) => (State::Activating, Action::Activate),
        (State::Off, Event::EnableBeforeClock) => (State::WaitingForClock, Action::AwaitClock),
        (State::Off, Event::ForceStop) => (State::Off, Action::Nothing),
        (
            State::Off,
            Event::Start(_)
            | Event::StartByDetour
            | Event::Ready
            | Event::InstructionOver
            | Event::Disable,
        ) => (State::Off, Action::Impossible),

        (State::WaitingForClock, Event::ClockRuns) => (State::Activating, Action::Activate),
        (State::WaitingForClock, Event::ForceStop) => (State::Off, Action::CancelClock),
        (
            State::WaitingForClock,
            Event::EnableWithClock
            | Event::EnableBeforeClock
            | Event::Start(_)
            | Event::StartByDetour
            | Event::Ready
            | Event::InstructionOver
            | Event::Disable,
        ) => (State::WaitingForClock, Action::Impossible),

        (State::Idle, Event::Start(task)) => (
            match task {
                Task::Read => State::Reading,
                Task::Program => State::Programming,
                Task::Erase => State::Erasing,
                Task::Instruct => State::Instructing,
            },
            Action::Trigger(task),
        ),
        (State::Idle, Event::StartByDetour) => (State::Detouring, Action::Detour),
        (State::Idle, Event::Disable) => (State::Off, Action::SwitchOff),
        (State::Idle, Event::ForceStop) => (State::Idle, Action::Nothing),
        (
            State::Idle,
            Event::EnableWithClock
            | Event::EnableBeforeClock
            | Event::Ready
            | Event::InstructionOver,
        ) => (State::Idle, Action::Impossible),

        (State::Activating, Event::Ready) => (State::Idle, Action::Announce),
        (State::Reading | State::Programming | State::Erasing, Event::Ready) => {
            (State::Idle, Action::Complete)
        }
        (State::Detouring, Event::Ready) => (State::Instructing, Action::EndDetour),
        (State::Instructing, Event::Ready) => (State::Instructing, Action::Collect),
        (State::Instructing, Event::InstructionOver) => (State::Idle, Action::Complete),
        (
            State::Activating
            | State::Reading
            | State::Programming
            | State::Erasing
            | State::Detouring
            | State::Instructing,
            Event::ForceStop,
        ) => (State::Off, Action::Stop),
        (
            State::Activating
            | State::Reading
            | State::Programming
            | State::Erasing
            | State::Detouring
            | State::Instructing,
            Event::EnableWithClock
            | Event::EnableBeforeClock
            | Event::Start(_)
            | Event::StartByDetour
            | Event::Disable,
        )
        | (
            State::Activating
            | State::Reading
            | State::Programming
            | State::Erasing
            | State::Detouring,
            Event::InstructionOver,
        ) => (state, Action::Impossible),

        (
            State::Off
            | State::Activating
            | State::Idle
            | State::Reading
            | State::Programming
            | State::Erasing
            | State::Detouring
            | State::Instructing,
            Event::ClockRuns,
        ) => (state, Action::LateClock),
    }
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 9] = [
        State::Off,
        State::WaitingForClock,
        State::Activating,
        State::Idle,
        State::Reading,
        State::Programming,
        State::Erasing,
        State::Detouring,
        State::Instructing,
    ];

    const EVENTS: [Event; 12] = [
        Event::EnableWithClock,
        Event::EnableBeforeClock,
        Event::ClockRuns,
        Event::Start(Task::Read),
        Event::Start(Task::Program),
        Event::Start(Task::Erase),
        Event::Start(Task::Instruct),
        Event::StartByDetour,
        Event::Ready,
        Event::InstructionOver,
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
    fn proof(state: State) -> Option<State> {
        matches!(state, State::Off | State::Idle).then_some(state)
    }

    #[test]
    fn what_does_nothing_changes_nothing() {
        for (state, event, next, action) in every() {
            match action {
                Action::Nothing | Action::LateClock | Action::Impossible => {
                    assert_eq!(state, next, "{event:?}");
                }
                _ => assert!(
                    state != next || action == Action::Collect,
                    "{state:?} {event:?}"
                ),
            }
        }
    }

    #[test]
    fn what_needs_a_proof_is_possible_with_it_only() {
        for (state, event, _, action) in every() {
            let needed = match event {
                Event::EnableWithClock | Event::EnableBeforeClock => State::Off,
                Event::Start(_) | Event::StartByDetour | Event::Disable => State::Idle,
                Event::ClockRuns | Event::Ready | Event::InstructionOver | Event::ForceStop => {
                    continue;
                }
            };
            assert_eq!(
                action != Action::Impossible,
                state == needed,
                "{state:?} {event:?}"
            );
        }
    }

    #[test]
    fn an_idle_proof_comes_with_a_callback_and_goes_with_a_call() {
        for (state, event, next, action) in every() {
            if proof(state) == proof(next) {
                continue;
            }
            match next {
                State::Idle => assert!(matches!(action, Action::Announce | Action::Complete)),
                State::Off => assert!(matches!(
                    action,
                    Action::SwitchOff | Action::Stop | Action::CancelClock
                )),
                _ => assert!(matches!(
                    event,
                    Event::EnableWithClock
                        | Event::EnableBeforeClock
                        | Event::Start(_)
                        | Event::StartByDetour
                )),
            }
        }
    }

    #[test]
    fn everything_without_a_proof_can_be_stopped() {
        for state in STATES {
            let (next, action) = transition(state, Event::ForceStop);
            match proof(state) {
                Some(_) => assert_eq!((next, action), (state, Action::Nothing)),
                None => assert!(
                    next == State::Off && matches!(action, Action::Stop | Action::CancelClock)
                ),
            }
        }
    }

    #[test]
    fn ready_means_something_where_it_is_awaited() {
        for state in STATES {
            let (_, action) = transition(state, Event::Ready);
            assert_eq!(
                action != Action::Impossible,
                state.awaits_ready(),
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
