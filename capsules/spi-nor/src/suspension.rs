// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A program or an erase that stands still while others read.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with [`transition`] by a test.
//!
//! Nothing tells whether a part that is quiet has suspended or has ended. So the resume is sent
//! either way, which a part with nothing to resume ignores, and only the operation's own script
//! says when it has ended. Nothing but looks is sent to a part that does not stop: sooner or later
//! it does, or its operation ends.

use crate::operation::OperationScript;
use crate::script::{Act, Input};
use crate::sfdp::bfpt::SuspendResume;
use crate::status_register::Poll;

/// The least time in µs that the array works between a resume and the next suspend. With the
/// part's own interval alone an erase would get on, but hardly.
const LEAST_RUN_US: u32 = 500;

/// The longest time in µs that the array stands still for reads that wait, but for the last one's
/// own time.
pub const LONGEST_STAND_US: u32 = 250;

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
    /// The part takes its time to stop.
    Settling,
    /// Looking whether it has stopped.
    Asking,
    /// The array can be read.
    Suspended,
    /// The resume is on the wires.
    Resuming,
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
    /// The part is busy, longer than the whole operation may take.
    Overdue,
    /// The part does not answer, or the controller refused.
    Refused,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the suspend.
    SendSuspend,
    /// Wait, at first for the part's latency.
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
    use Action::{
        Ask, Fault, GoOn, GoOnForGood, Impossible, LetRead, SendResume, SendSuspend, Wait,
    };
    use Stage::{Asking, Resuming, Running, Settling, Suspended, Suspending};
    match (stage, event) {
        (Running, Event::Suspend) => (Suspending, SendSuspend),
        (Suspending, Event::Sent) => (Settling, Wait),
        // Nothing was sent.
        (Suspending, Event::Refused) => (Running, GoOnForGood),
        (Settling, Event::Elapsed) => (Asking, Ask),
        (Asking, Event::Quiet) => (Suspended, LetRead),
        (Asking, Event::Busy) => (Settling, Wait),
        (Suspended, Event::Resume) => (Resuming, SendResume),
        (Resuming, Event::Sent) => (Running, GoOn),
        (Asking, Event::Refused | Event::Overdue) | (Resuming, Event::Refused) => (Running, Fault),
        (
            Running,
            Event::Resume
            | Event::Sent
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Refused,
        )
        | (
            Suspending | Resuming,
            Event::Suspend
            | Event::Resume
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue,
        )
        | (
            Settling,
            Event::Suspend
            | Event::Resume
            | Event::Sent
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Refused,
        )
        | (Asking, Event::Suspend | Event::Resume | Event::Sent | Event::Elapsed)
        | (
            Suspended,
            Event::Suspend
            | Event::Sent
            | Event::Elapsed
            | Event::Quiet
            | Event::Busy
            | Event::Overdue
            | Event::Refused,
        ) => (stage, Impossible),
    }
}

/// All stages, for tables and tests.
pub const STAGES: [Stage; 6] = [
    Stage::Running,
    Stage::Suspending,
    Stage::Settling,
    Stage::Asking,
    Stage::Suspended,
    Stage::Resuming,
];

/// All events, for tables and tests.
pub const EVENTS: [Event; 8] = [
    Event::Suspend,
    Event::Resume,
    Event::Sent,
    Event::Elapsed,
    Event::Quiet,
    Event::Busy,
    Event::Overdue,
    Event::Refused,
];

/// The script: from running to suspended, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suspension {
    stage: Stage,
    last: Action,
    commands: SuspendResume,
    poll: Poll,
    waited_us: u32,
    typical_us: u32,
    /// What is left of the longest time that the operation may take.
    maximum_us: u32,
}

impl Suspension {
    /// Of this operation, which runs, with `left_us` left of its pause.
    pub const fn new(
        commands: SuspendResume,
        operation: &OperationScript,
        left_us: u32,
    ) -> Suspension {
        let recipe = operation.recipe();
        Suspension {
            stage: Stage::Running,
            last: Action::GoOn,
            commands,
            poll: recipe.poll,
            waited_us: 0,
            typical_us: operation.pace().end_us(),
            maximum_us: operation.pace().left_us().saturating_add(left_us),
        }
    }

    /// How long the part took to stop, in µs. If it did not, it has worked meanwhile.
    pub const fn settled_us(&self) -> u32 {
        self.waited_us
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
            (Input::Done(_), Stage::Asking) => match input.status() {
                None => Event::Refused,
                Some(status) if self.poll.is_busy(status) => {
                    if self.waited_us < self.maximum_us {
                        Event::Busy
                    } else {
                        Event::Overdue
                    }
                }
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
            Action::Wait => {
                // The latency, then as long again, and so on: a part that does not know the
                // command is looked at less and less often.
                let pause_us = self.waited_us.min(self.typical_us / 8);
                let pause_us = pause_us.max(self.commands.latency_us).max(1);
                self.waited_us = self.waited_us.saturating_add(pause_us);
                Act::Pause(pause_us)
            }
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
    use crate::operation::{Kind, Recipe};
    use qspi_hil::{Operation, Template};

    #[test]
    fn reads_are_let_in_only_when_the_part_said_that_it_is_quiet() {
        for stage in STAGES {
            for event in EVENTS {
                let (next, action) = transition(stage, event);
                let lets = action == Action::LetRead;
                assert_eq!(lets, next == Stage::Suspended && stage != next, "{stage:?}");
                assert!(!lets || (stage == Stage::Asking && event == Event::Quiet));
            }
        }
    }

    #[test]
    fn whoever_may_be_suspended_is_resumed_before_it_goes_on() {
        for stage in STAGES {
            for event in EVENTS {
                let (_, action) = transition(stage, event);
                if action == Action::GoOn {
                    assert_eq!(stage, Stage::Resuming, "{event:?}");
                }
                if action == Action::GoOnForGood {
                    // The suspend was not sent.
                    assert_eq!((stage, event), (Stage::Suspending, Event::Refused));
                }
            }
        }
    }

    const COMMANDS: SuspendResume = SuspendResume {
        suspend: 0xB0,
        resume: 0x30,
        latency_us: 60,
        interval_us: 320,
        prohibited: 0,
    };

    #[test]
    fn the_array_works_for_the_parts_interval_and_half_a_millisecond_at_least() {
        for (interval_us, works_us) in [(0, 500), (320, 500), (500, 500), (501, 501), (900, 900)] {
            let commands = SuspendResume {
                interval_us,
                ..COMMANDS
            };
            assert_eq!(run_us(&commands), works_us, "{interval_us}");
        }
    }

    fn script() -> Suspension {
        script_of(48_000, 384_000)
    }

    fn script_of(typical_us: u32, maximum_us: u32) -> Suspension {
        let recipe = Recipe {
            kind: Kind::Erase,
            operation: Operation::plain(Template::bare(0x20)),
            length: 0,
            typical_us,
            maximum_us,
            poll: Poll::StatusRegister,
            four_byte_mode: None,
            enables_write: false,
            waits_for_quiet: false,
            beside: None,
            unlocked: 0,
        };
        Suspension::new(COMMANDS, &OperationScript::new(recipe), 0)
    }

    #[test]
    fn to_suspended_and_back() {
        let mut script = script();
        assert_eq!(script.next(Input::Begin), Act::bare(0xB0));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(60));
        assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
        assert_eq!(script.outcome(), Action::LetRead);
        assert_eq!(script.settled_us(), 60);
        assert_eq!(script.next(Input::Begin), Act::bare(0x30));
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
        assert_eq!(script.outcome(), Action::GoOn);
    }

    #[test]
    fn a_part_is_overdue_once_it_was_waited_for_as_long_as_its_operation_may_take() {
        for (maximum_us, outcome) in [(60, Action::Fault), (61, Action::Wait)] {
            let mut script = script_of(60, maximum_us);
            script.next(Input::Begin);
            assert_eq!(script.next(Input::Done(&[])), Act::Pause(60));
            script.next(Input::Elapsed);
            script.next(Input::Done(&[0x03]));
            assert_eq!(script.outcome(), outcome, "{maximum_us}");
        }
    }

    #[test]
    fn a_part_that_does_not_stop_is_sent_nothing_but_looks_until_it_is_overdue() {
        let mut script = script();
        script.next(Input::Begin);
        let mut act = script.next(Input::Done(&[]));
        let (mut waited_us, mut looks) = (0, 0);
        while let Act::Pause(pause_us) = act {
            waited_us += pause_us;
            assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
            looks += 1;
            act = script.next(Input::Done(&[0x03]));
        }
        assert_eq!(
            (act, script.outcome()),
            (Act::Finished(Ok(())), Action::Fault)
        );
        assert!((384_000..400_000).contains(&waited_us), "{waited_us}");
        assert_eq!(script.settled_us(), waited_us);
        assert!(looks < 100, "{looks}");
    }
}
