// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! When the part is powered, and when it may be switched off.
//!
//! One state machine decides it. It knows neither hardware nor clients: the device
//! tells it what happened, and it says what to do. All there is to say about
//! teardown is in [`transition`].

/// Where the controller and the part are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The controller is disabled, the part in deep power-down.
    Off,
    /// Being enabled, woken and identified.
    Starting,
    /// On, nothing outstanding.
    Ready,
    /// On, one operation outstanding.
    Busy,
    /// On, one operation outstanding, and to be switched off after it.
    Draining,
    /// Nothing outstanding; the part is put to sleep and the controller disabled.
    Stopping(Fate),
    /// The controller is disabled, and so is hope until somebody recovers it.
    Failed,
}

/// What comes after [`State::Stopping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Off, as asked.
    Off,
    /// Off because something is broken.
    Failed,
    /// On again, from scratch: the part was reset.
    Again,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The device is attached and somebody has work for it.
    Wanted,
    /// Nobody holds a lease, or the device is detached, or the idle time has passed.
    Unwanted,
    /// The part is identified and ready.
    Started,
    /// An operation was begun.
    Begun,
    /// The outstanding operation is over: its memory is free and the array quiet.
    Ended,
    /// The part does not do what it should; the controller still answers.
    Faulted,
    /// The controller did not answer; it was stopped by force and is off.
    Hung,
    /// As [`Event::Faulted`], with a part that was known before: whoever wants it next has it
    /// identified anew.
    WakeFaulted,
    /// As [`Event::Hung`], with a part that was known before.
    WakeHung,
    /// The controller is disabled.
    Stopped,
    /// Somebody asks to try again.
    Recover,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Enable the controller and bring the part up.
    PowerUp,
    /// Look for the next operation.
    Serve,
    /// Put the part to sleep, then disable the controller.
    PowerDown,
    /// Reset the part, which does not come to an end or could not be brought up, then
    /// disable the controller.
    Rescue,
    /// Refuse what is queued, with the fault.
    Refuse,
    /// The device has come to rest: tell who waits for that.
    Rest,
    /// This can't happen in this state. It is counted, and changes nothing.
    Impossible,
}

/// Every state and every event.
pub const fn transition(state: State, event: Event) -> (State, Action) {
    use Action::{Impossible, Nothing, PowerDown, PowerUp, Refuse, Rescue, Rest, Serve};
    use Event::{
        Begun, Ended, Faulted, Hung, Recover, Started, Stopped, Unwanted, WakeFaulted, WakeHung,
        Wanted,
    };
    use State::{Busy, Draining, Failed, Off, Ready, Starting, Stopping};
    match (state, event) {
        (Off, Wanted) => (Starting, PowerUp),
        (Off, Unwanted) => (Off, Rest),
        (Off, Recover) => (Off, Nothing),
        (Off, Started | Begun | Ended | Faulted | Hung | WakeFaulted | WakeHung | Stopped) => {
            (Off, Impossible)
        }

        (Starting, Wanted | Unwanted | Recover) => (Starting, Nothing),
        (Starting, Started) => (Ready, Serve),
        (Starting, Faulted) => (Stopping(Fate::Failed), Rescue),
        (Starting, Hung) => (Failed, Refuse),
        (Starting, WakeFaulted) => (Stopping(Fate::Off), Rescue),
        (Starting, WakeHung) => (Off, Rest),
        (Starting, Begun | Ended | Stopped) => (Starting, Impossible),

        (Ready, Wanted) => (Ready, Serve),
        (Ready, Begun) => (Busy, Nothing),
        (Ready, Unwanted) => (Stopping(Fate::Off), PowerDown),
        (Ready, Recover) => (Ready, Nothing),
        (Ready, Started | Ended | Faulted | Hung | WakeFaulted | WakeHung | Stopped) => {
            (Ready, Impossible)
        }

        (Busy, Ended) => (Ready, Serve),
        (Busy, Unwanted) => (Draining, Nothing),
        (Busy, Wanted | Recover) => (Busy, Nothing),
        (Busy, Faulted) => (Stopping(Fate::Again), Rescue),
        (Busy, Hung) => (Starting, PowerUp),
        (Busy, Started | Begun | WakeFaulted | WakeHung | Stopped) => (Busy, Impossible),

        (Draining, Ended) => (Stopping(Fate::Off), PowerDown),
        (Draining, Wanted) => (Busy, Nothing),
        (Draining, Unwanted | Recover) => (Draining, Nothing),
        // Nobody wants it: whether it can be brought up again is for the next who does.
        (Draining, Faulted) => (Stopping(Fate::Off), Rescue),
        (Draining, Hung) => (Off, Rest),
        (Draining, Started | Begun | WakeFaulted | WakeHung | Stopped) => (Draining, Impossible),

        (Stopping(Fate::Off), Stopped | Hung) => (Off, Rest),
        (Stopping(Fate::Failed), Stopped | Hung) => (Failed, Refuse),
        (Stopping(Fate::Again), Stopped | Hung) => (Starting, PowerUp),
        (Stopping(fate), Wanted | Unwanted | Recover) => (Stopping(fate), Nothing),
        (Stopping(fate), Started | Begun | Ended | Faulted | WakeFaulted | WakeHung) => {
            (Stopping(fate), Impossible)
        }

        (Failed, Recover) => (Starting, PowerUp),
        (Failed, Wanted | Unwanted) => (Failed, Refuse),
        (Failed, Started | Begun | Ended | Faulted | Hung | WakeFaulted | WakeHung | Stopped) => {
            (Failed, Impossible)
        }
    }
}

/// All states, for tables and tests.
pub const STATES: [State; 9] = [
    State::Off,
    State::Starting,
    State::Ready,
    State::Busy,
    State::Draining,
    State::Stopping(Fate::Off),
    State::Stopping(Fate::Failed),
    State::Stopping(Fate::Again),
    State::Failed,
];

/// All events, for tables and tests.
pub const EVENTS: [Event; 11] = [
    Event::Wanted,
    Event::Unwanted,
    Event::Started,
    Event::Begun,
    Event::Ended,
    Event::Faulted,
    Event::Hung,
    Event::WakeFaulted,
    Event::WakeHung,
    Event::Stopped,
    Event::Recover,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_state_with_nothing_outstanding_powers_down() {
        for state in STATES {
            for event in EVENTS {
                let (_, action) = transition(state, event);
                if action == Action::PowerDown {
                    let quiet =
                        state == State::Ready || event == Event::Ended || event == Event::Faulted;
                    assert!(quiet, "{state:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn the_impossible_changes_nothing() {
        for state in STATES {
            for event in EVENTS {
                let (next, action) = transition(state, event);
                if action == Action::Impossible {
                    assert_eq!(state, next, "{event:?}");
                }
            }
        }
    }

    #[test]
    fn draining_is_left_by_an_end_a_fault_or_a_new_lease_only() {
        for event in EVENTS {
            let (next, _) = transition(State::Draining, event);
            let may_leave = matches!(
                event,
                Event::Ended | Event::Faulted | Event::Hung | Event::Wanted
            );
            assert_eq!(next != State::Draining, may_leave, "{event:?}");
        }
    }

    #[test]
    fn teardown_ends_in_off_or_failed_whatever_fails() {
        // From every state, whatever fails at each step. A step that comes back to Starting
        // by a rescue is one more round, and the second fault there ends in Failed.
        fn rests(state: State, steps: usize) -> bool {
            if matches!(state, State::Off | State::Failed) {
                return true;
            }
            let ways: &[Event] = match state {
                State::Starting => &[Event::Started, Event::Faulted, Event::Hung],
                State::Ready => &[Event::Unwanted],
                State::Busy => &[Event::Unwanted, Event::Faulted, Event::Hung],
                State::Draining => &[Event::Ended, Event::Faulted, Event::Hung],
                State::Stopping(_) => &[Event::Stopped, Event::Hung],
                State::Off | State::Failed => &[],
            };
            steps > 0
                && ways
                    .iter()
                    .all(|event| rests(transition(state, *event).0, steps - 1))
        }
        for state in STATES {
            assert!(rests(state, 6), "{state:?}");
        }
    }

    #[test]
    fn failed_is_left_by_recovery_only() {
        for event in EVENTS {
            let (next, _) = transition(State::Failed, event);
            assert_eq!(next != State::Failed, event == Event::Recover, "{event:?}");
        }
    }
}
