// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A program or an erase that stands still while others read.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.
//!
//! Nothing tells whether a part that is quiet has suspended or has ended. So the resume is sent
//! either way, which a part with nothing to resume ignores, and only the operation's own script
//! says when it has ended. What no answer says, that it runs again, the part's next answers do.

use crate::script::{Act, Input};
use crate::sfdp::bfpt::SuspendResume;
use crate::status_register::Poll;

/// How often a part is asked before it is given up that it suspends.
const LOOKS: u8 = 4;

/// The least time in µs that the array works between a resume and the next suspend. With the
/// part's own interval alone an erase would get on, but hardly.
const LEAST_RUN_US: u32 = 400;

/// The longest time in µs that the array stands still for reads that wait, but for the last one's
/// own time.
pub const LONGEST_STAND_US: u32 = 1000;

/// If less than this is left of a pause, in µs, the operation is let come to its end.
pub const LEAST_LEFT_US: u32 = 300;

/// How long the array has to work from its begin, or from a resume, until it may be suspended,
/// in µs.
pub const fn run_us(suspend: &SuspendResume) -> u32 {
    if suspend.interval_us > LEAST_RUN_US {
        suspend.interval_us
    } else {
        LEAST_RUN_US
    }
}

/// Where the operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The array works.
    Running,
    /// The suspend is on the wires.
    Suspending,
    /// The part takes its time to stop; so many looks were too early.
    Settling(u8),
    /// Looking whether it has stopped.
    Asking(u8),
    /// The array can be read.
    Suspended,
    /// The resume is on the wires.
    Resuming,
    /// The part did not stop in time. The resume is on the wires, in case that it does yet.
    Yielding,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants to read.
    Suspend,
    /// Enough was read.
    Resume,
    /// The command was sent.
    Sent,
    /// The part's latency has passed.
    Elapsed,
    /// The part is not busy.
    Quiet,
    /// The part is busy.
    Busy,
    /// The part does not answer, or the controller refused.
    Refused,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the suspend.
    SendSuspend,
    /// Wait for the part's latency.
    Wait,
    /// Read the status.
    Ask,
    /// Now others can read.
    LetRead,
    /// Send the resume.
    SendResume,
    /// The operation goes on.
    GoOn,
    /// The operation goes on, and is not to be suspended again.
    GoOnForGood,
    /// Nobody knows what the array does.
    Fault,
    /// This can't happen here, and changes nothing.
    Impossible,
}

/// Every stage and every event.
pub const fn transition(stage: Stage, event: Event) -> (Stage, Action) {
    use Action::*;
    use Stage::*;
    match (stage, event) {
        (Running, Event::Suspend) => (Suspending, SendSuspend),
        (Suspending, Event::Sent) => (Settling(0), Wait),
        // Nothing was sent.
        (Suspending, Event::Refused) => (Running, GoOnForGood),
        (Settling(looks), Event::Elapsed) => (Asking(looks), Ask),
        (Asking(_), Event::Quiet) => (Suspended, LetRead),
        (Asking(looks), Event::Busy) if looks + 1 < LOOKS => (Settling(looks + 1), Wait),
        (Asking(_), Event::Busy) => (Yielding, SendResume),
        (Suspended, Event::Resume) => (Resuming, SendResume),
        (Resuming, Event::Sent) => (Running, GoOn),
        (Yielding, Event::Sent) => (Running, GoOnForGood),
        (Asking(_) | Resuming | Yielding, Event::Refused) => (Running, Fault),
        (
            Running,
            Event::Resume
            | Event::Sent
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Refused,
        )
        | (
            Suspending | Resuming | Yielding,
            Event::Suspend | Event::Resume | Event::Elapsed | Event::Quiet | Event::Busy,
        )
        | (
            Settling(_),
            Event::Suspend
            | Event::Resume
            | Event::Sent
            | Event::Quiet
            | Event::Busy
            | Event::Refused,
        )
        | (Asking(_), Event::Suspend | Event::Resume | Event::Sent | Event::Elapsed)
        | (
            Suspended,
            Event::Suspend
            | Event::Sent
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Refused,
        ) => (stage, Impossible),
    }
}

/// All stages, for tables and tests.
pub const STAGES: [Stage; 13] = [
    Stage::Running,
    Stage::Suspending,
    Stage::Settling(0),
    Stage::Settling(1),
    Stage::Settling(2),
    Stage::Settling(3),
    Stage::Asking(0),
    Stage::Asking(1),
    Stage::Asking(2),
    Stage::Asking(3),
    Stage::Suspended,
    Stage::Resuming,
    Stage::Yielding,
];

/// All events, for tables and tests.
pub const EVENTS: [Event; 7] = [
    Event::Suspend,
    Event::Resume,
    Event::Sent,
    Event::Elapsed,
    Event::Quiet,
    Event::Busy,
    Event::Refused,
];

/// The script: from running to suspended, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    stage: Stage,
    last: Action,
    commands: SuspendResume,
    poll: Poll,
}

impl Suspension {
    /// Of an operation that runs.
    pub const fn new(commands: SuspendResume, poll: Poll) -> Suspension {
        Suspension {
            stage: Stage::Running,
            last: Action::GoOn,
            commands,
            poll,
        }
    }

    /// Where it is.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// What the device is to do, once the script is over.
    pub const fn outcome(&self) -> Action {
        self.last
    }

    fn event(&self, input: Input<'_>) -> Event {
        match (input, self.stage) {
            (Input::Begin, Stage::Suspended) => Event::Resume,
            (Input::Begin, _) => Event::Suspend,
            (Input::Refused(_), _) => Event::Refused,
            (Input::Elapsed, _) => Event::Elapsed,
            (Input::Done(_), Stage::Asking(_)) => match input.status() {
                None => Event::Refused,
                Some(status) if self.poll.is_busy(status) => Event::Busy,
                Some(_) => Event::Quiet,
            },
            (Input::Done(_), _) => Event::Sent,
        }
    }

    /// The next act. It is over with [`Act::Finished`], see [`outcome`](Suspension::outcome).
    pub fn next(&mut self, input: Input<'_>) -> Act {
        let (stage, action) = transition(self.stage, self.event(input));
        self.stage = stage;
        self.last = action;
        match action {
            Action::SendSuspend => Act::bare(self.commands.suspend),
            Action::SendResume => Act::bare(self.commands.resume),
            Action::Wait => Act::Pause(self.commands.latency_us),
            Action::Ask => Act::register(self.poll.opcode(), 1),
            Action::LetRead
            | Action::GoOn
            | Action::GoOnForGood
            | Action::Fault
            | Action::Impossible => Act::Finished(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_let_in_only_when_the_part_said_that_it_is_quiet() {
        for stage in STAGES {
            for event in EVENTS {
                let (next, action) = transition(stage, event);
                let lets = action == Action::LetRead;
                assert_eq!(lets, next == Stage::Suspended && stage != next, "{stage:?}");
                assert!(!lets || (matches!(stage, Stage::Asking(_)) && event == Event::Quiet));
            }
        }
    }

    #[test]
    fn whoever_may_be_suspended_is_resumed_before_it_goes_on() {
        for stage in STAGES {
            for event in EVENTS {
                let (_, action) = transition(stage, event);
                if matches!(action, Action::GoOn | Action::GoOnForGood) {
                    let resumed = matches!(stage, Stage::Resuming | Stage::Yielding);
                    assert!(resumed || stage == Stage::Suspending, "{stage:?} {event:?}");
                }
            }
        }
    }

    #[test]
    fn a_part_that_never_stops_is_given_up() {
        let commands = SuspendResume {
            suspend: 0xB0,
            resume: 0x30,
            latency_us: 60,
            interval_us: 320,
            prohibited: 0,
        };
        let mut script = Suspension::new(commands, Poll::StatusRegister);
        assert_eq!(script.next(Input::Begin), Act::bare(0xB0));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(60));
        for _ in 1..LOOKS {
            assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
            assert_eq!(script.next(Input::Done(&[0x03])), Act::Pause(60));
        }
        assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
        assert_eq!(script.next(Input::Done(&[0x03])), Act::bare(0x30));
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
        assert_eq!(script.outcome(), Action::GoOnForGood);
    }
}
