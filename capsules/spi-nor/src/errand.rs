// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where the operation of a kernel client is.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.

use crate::error::Error;

/// Where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Errand {
    /// There is none.
    #[default]
    Idle,
    /// It waits for its turn.
    Waiting,
    /// A bite of it is in flight.
    InFlight,
    /// A bite of it is in flight, and no other is to follow.
    Cancelling,
    /// It is over with no bite in flight, and the client is to be told when the device looks.
    Over(Result<(), Error>),
}

/// What is left of an operation after a bite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// Something that waits.
    Waits,
    /// Something of which a bite is in flight already.
    Flies,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client asks for an operation.
    Submitted,
    /// The client asks for an operation of no bytes.
    SubmittedEmpty,
    /// The device begins a bite of it.
    Taken,
    /// A bite has ended well.
    Landed(Rest),
    /// A bite has not.
    Failed(Error),
    /// It can't be done at all.
    Refused(Error),
    /// The client does not want it any more.
    Cancelled,
    /// The device does not serve it any more.
    Revoked(Error),
    /// The device looks at its clients.
    Looked,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// The device is asked to look.
    Ask,
    /// An operation is outstanding already.
    Busy,
    /// There is nothing to cancel.
    Already,
    /// The client is told how far it has got, if it is an erase.
    Progress,
    /// The client is told of the end.
    Tell(Result<(), Error>),
}

/// Every state and every event.
pub const fn transition(errand: Errand, event: Event) -> (Errand, Action) {
    match (errand, event) {
        (Errand::Idle, Event::Submitted) => (Errand::Waiting, Action::Ask),
        (Errand::Idle, Event::SubmittedEmpty) => (Errand::Over(Ok(())), Action::Ask),
        (
            Errand::Waiting | Errand::InFlight | Errand::Cancelling | Errand::Over(_),
            Event::Submitted | Event::SubmittedEmpty,
        ) => (errand, Action::Busy),

        (Errand::Waiting, Event::Taken) => (Errand::InFlight, Action::Nothing),
        (Errand::Idle | Errand::InFlight | Errand::Cancelling | Errand::Over(_), Event::Taken) => {
            (errand, Action::Nothing)
        }

        (Errand::InFlight | Errand::Cancelling, Event::Landed(Rest::Nothing)) => {
            (Errand::Idle, Action::Tell(Ok(())))
        }
        (Errand::InFlight, Event::Landed(Rest::Waits)) => (Errand::Waiting, Action::Progress),
        (Errand::InFlight, Event::Landed(Rest::Flies)) => (Errand::InFlight, Action::Progress),
        (Errand::Cancelling, Event::Landed(Rest::Waits)) => {
            (Errand::Idle, Action::Tell(Err(Error::Cancelled)))
        }
        (Errand::Cancelling, Event::Landed(Rest::Flies)) => (Errand::Cancelling, Action::Nothing),
        (Errand::Idle | Errand::Waiting | Errand::Over(_), Event::Landed(_)) => {
            (errand, Action::Nothing)
        }

        (Errand::InFlight | Errand::Cancelling, Event::Failed(error)) => {
            (Errand::Idle, Action::Tell(Err(error)))
        }
        (Errand::Idle | Errand::Waiting | Errand::Over(_), Event::Failed(_)) => {
            (errand, Action::Nothing)
        }

        (Errand::Waiting, Event::Refused(error) | Event::Revoked(error)) => {
            (Errand::Idle, Action::Tell(Err(error)))
        }
        (
            Errand::Idle | Errand::InFlight | Errand::Cancelling | Errand::Over(_),
            Event::Refused(_),
        ) => (errand, Action::Nothing),

        (Errand::Waiting, Event::Cancelled) => (Errand::Over(Err(Error::Cancelled)), Action::Ask),
        (Errand::InFlight, Event::Cancelled) => (Errand::Cancelling, Action::Nothing),
        (Errand::Idle | Errand::Cancelling | Errand::Over(_), Event::Cancelled) => {
            (errand, Action::Already)
        }

        (Errand::Over(result), Event::Revoked(_) | Event::Looked) => {
            (Errand::Idle, Action::Tell(result))
        }
        (Errand::Idle | Errand::InFlight | Errand::Cancelling, Event::Revoked(_)) => {
            (errand, Action::Nothing)
        }
        (Errand::Idle | Errand::Waiting | Errand::InFlight | Errand::Cancelling, Event::Looked) => {
            (errand, Action::Nothing)
        }
    }
}

impl Errand {
    /// Whether the part has to be kept for it.
    pub const fn counts(self) -> bool {
        match self {
            Errand::Idle | Errand::Over(_) => false,
            Errand::Waiting | Errand::InFlight | Errand::Cancelling => true,
        }
    }
}
