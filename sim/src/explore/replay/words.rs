// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! States and transitions in words.

use super::journal::Death;
use crate::ledger::Outstanding;
use kernel::ErrorCode;
use qspi_models::{FlashOperation, Outcome, PowerState, Task};
use spi_nor::lifecycle::{Event, Fate, State};

/// What a transition is called in the picture, if it is one of a teardown.
pub fn mark(from: State, event: Event) -> Option<&'static str> {
    match (from, event) {
        (State::Busy, Event::Unwanted) => Some("revoked"),
        (State::Ready, Event::Unwanted) => Some("nothing outstanding"),
        (State::Draining, Event::Ended) => Some("drained"),
        (_, Event::Faulted | Event::WakeFaulted | Event::Hung | Event::WakeHung) => Some("fault"),
        _ => None,
    }
}

/// A state of the lifecycle, short.
pub fn state(state: State) -> &'static str {
    match state {
        State::Off => "Off",
        State::Starting => "Starting",
        State::Ready => "Ready",
        State::Busy => "Busy",
        State::Draining => "Draining",
        State::Stopping(Fate::Off) => "Stopping",
        State::Stopping(Fate::Failed) => "Stopping-Failed",
        State::Stopping(Fate::Again) => "Stopping-Again",
        State::Failed => "Failed",
    }
}

/// A task of the peripheral.
pub fn task(task: Task) -> &'static str {
    match task {
        Task::Activate => "activate",
        Task::Read => "read",
        Task::Write => "write",
        Task::Erase => "erase",
        Task::Deactivate => "deactivate",
        Task::CustomInstruction => "instruction",
        Task::DeepPowerDownEnter => "dpm-enter",
        Task::DeepPowerDownExit => "dpm-exit",
    }
}

/// What the array works on.
pub fn operation(operation: FlashOperation) -> &'static str {
    match operation {
        FlashOperation::Program => "program",
        FlashOperation::Erase => "erase",
        FlashOperation::ChipErase => "chip-erase",
        FlashOperation::StatusWrite => "status-write",
        FlashOperation::Phantom => "phantom",
    }
}

/// How that ended.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Suspended => "suspended",
        Outcome::Interrupted => "interrupted",
    }
}

/// A power state of the part.
pub fn power(power: PowerState) -> &'static str {
    match power {
        PowerState::Off => "off",
        PowerState::PoweringUp => "powering-up",
        PowerState::Standby => "standby",
        PowerState::Active => "active",
        PowerState::EnteringDeepPowerDown => "entering-dpd",
        PowerState::DeepPowerDown => "dpd",
        PowerState::LeavingDeepPowerDown => "leaving-dpd",
        PowerState::Resetting => "resetting",
    }
}

/// A death.
pub fn death(how: Death) -> String {
    match how {
        Death::Exit(code) => format!("exits with {code}"),
        Death::ExitRestart => "exits to be restarted".to_owned(),
        Death::Fault => "faults".to_owned(),
        Death::Terminated => "is terminated".to_owned(),
    }
}

/// What a dead process left, if it left anything.
pub fn left(left: &[Outstanding]) -> String {
    let left: Vec<String> = left.iter().map(Outstanding::to_string).collect();
    if left.is_empty() {
        String::new()
    } else {
        format!(", its {} outstanding", left.join(" and "))
    }
}

/// The status code of an upcall.
pub fn status(status: usize) -> String {
    use ErrorCode::*;
    let codes = [
        FAIL,
        BUSY,
        ALREADY,
        OFF,
        RESERVE,
        INVAL,
        SIZE,
        CANCEL,
        NOMEM,
        NOSUPPORT,
        NODEVICE,
        UNINSTALLED,
        NOACK,
    ];
    codes
        .into_iter()
        .find(|code| usize::from(*code) == status)
        .map_or_else(|| format!("status {status}"), |code| format!("{code:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use spi_nor::lifecycle::STATES;

    #[test]
    fn states_are_told_apart() {
        let names: std::collections::BTreeSet<_> = STATES.map(state).into_iter().collect();
        assert_eq!(names.len(), STATES.len());
    }

    #[test]
    fn status_codes_have_names() {
        assert_eq!(status(ErrorCode::OFF.into()), "OFF");
        assert_eq!(status(99), "status 99");
    }
}
