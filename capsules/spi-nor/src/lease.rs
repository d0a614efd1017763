// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The right of a process to use the part.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.

/// What a process holds. Lives in its grant, and so vanishes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Nothing.
    #[default]
    None,
    /// The right to use the part.
    Held,
    /// Given back while an operation was outstanding: it ends with the operation,
    /// and new work is refused.
    Revoking,
}

/// What happens to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The process opens the device or uses it.
    Use,
    /// The process closes it, with nothing outstanding.
    CloseQuiet,
    /// The process closes it while an operation is outstanding.
    CloseBusy,
    /// The outstanding operation has ended.
    Ended,
}

/// Whether the process may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Granted,
    /// There is nothing to close.
    NothingHeld,
    /// The lease is being revoked.
    Revoked,
}

/// Every state and every event.
pub const fn transition(lease: Lease, event: Event) -> (Lease, Answer) {
    match (lease, event) {
        (Lease::None | Lease::Held, Event::Use) => (Lease::Held, Answer::Granted),
        (Lease::Revoking, Event::Use) => (Lease::Revoking, Answer::Revoked),
        (Lease::Held, Event::CloseQuiet) => (Lease::None, Answer::Granted),
        (Lease::Held, Event::CloseBusy) => (Lease::Revoking, Answer::Granted),
        (Lease::None, Event::CloseQuiet | Event::CloseBusy) => (Lease::None, Answer::NothingHeld),
        (Lease::Revoking, Event::CloseQuiet | Event::CloseBusy) => {
            (Lease::Revoking, Answer::NothingHeld)
        }
        (Lease::None, Event::Ended) => (Lease::None, Answer::Granted),
        (Lease::Held, Event::Ended) => (Lease::Held, Answer::Granted),
        (Lease::Revoking, Event::Ended) => (Lease::None, Answer::Granted),
    }
}

impl Lease {
    /// Whether the part has to be kept for this process.
    pub const fn counts(self) -> bool {
        match self {
            Lease::None => false,
            Lease::Held | Lease::Revoking => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_counts_until_its_last_operation_is_over() {
        assert!(!Lease::None.counts());
        assert!(Lease::Held.counts());
        assert!(Lease::Revoking.counts());
    }

    #[test]
    fn a_revoked_lease_refuses_until_the_operation_has_ended() {
        let (lease, _) = transition(Lease::Held, Event::CloseBusy);
        assert_eq!(
            transition(lease, Event::Use),
            (Lease::Revoking, Answer::Revoked)
        );
        let (lease, _) = transition(lease, Event::Ended);
        assert_eq!(lease, Lease::None);
        assert_eq!(
            transition(lease, Event::Use),
            (Lease::Held, Answer::Granted)
        );
    }

    #[test]
    fn closing_twice_finds_nothing() {
        let (lease, answer) = transition(Lease::Held, Event::CloseQuiet);
        assert_eq!((lease, answer), (Lease::None, Answer::Granted));
        assert_eq!(transition(lease, Event::CloseQuiet).1, Answer::NothingHeld);
    }

    #[test]
    fn an_ended_operation_keeps_the_lease() {
        assert_eq!(transition(Lease::Held, Event::Ended).0, Lease::Held);
    }
}
