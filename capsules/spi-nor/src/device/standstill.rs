// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Programs and erases that stand still while others read.

use super::counters::count;
use super::reads::Begun;
use super::waiting::Wait;
use super::{Course, Device, Script, Stalled};
use crate::client::{Host, Scope};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::operation::{Kind, Stage};
use crate::suspension;
use crate::suspension::{LEAST_LEFT_US, LONGEST_STAND_US, Suspension};
use kernel::hil::time::{Alarm, ConvertTicks, Ticks};
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// The longest that an operation of this part has to run until it may be suspended, in µs.
    pub(super) fn longest_run_us(&self) -> u32 {
        let commands = self
            .profile
            .fact(|profile| [Kind::Program, Kind::Erase].map(|kind| profile.suspend_of(kind)));
        let commands = commands.unwrap_or_default();
        let runs = commands.iter().flatten().map(suspension::run_us);
        runs.max().unwrap_or(0)
    }

    /// Busy: suspends what the array is at, if somebody could read then.
    pub(super) fn consider_suspension(&self) {
        if !<F::Standstill<Stalled<'a>>>::IS_THERE {
            return;
        }
        let Some(waiting) = self
            .wait
            .get()
            .filter(|waiting| waiting.wait == Wait::Pause)
        else {
            return;
        };
        let Some(course) = self.course.get().filter(|_| !self.for_good.get()) else {
            return;
        };
        let running = self.operation(|operation| {
            let is_busy = operation.stage() == Stage::Busy;
            is_busy.then_some(operation.pace().lead_us())
        });
        let Some(lead_us) = running.flatten() else {
            return;
        };
        let commands = self
            .profile
            .fact(|profile| profile.suspend_of(course.kind))
            .flatten();
        let Some(commands) = commands else {
            return;
        };
        let scope = self.scope_beside(&course);
        if !self
            .clients
            .iter()
            .any(|seat| seat.client.has_request(scope))
        {
            return;
        }
        let now = self.alarm.now();
        let passed = now.wrapping_sub(waiting.since);
        let left = if passed < waiting.ticks {
            self.alarm.ticks_to_us(waiting.ticks.wrapping_sub(passed))
        } else {
            0
        };
        let left_us = left.saturating_add(waiting.left_us);
        // Until its end, not until the next look.
        let to_end_us = left_us.saturating_add(lead_us);
        if to_end_us < LEAST_LEFT_US {
            // It may come to its end just as well. If it does not, this is looked at again.
            return;
        }
        let ran_us = self
            .alarm
            .ticks_to_us(now.wrapping_sub(self.runs_since.get()));
        let to_run_us = suspension::run_us(&commands).saturating_sub(ran_us);
        if to_run_us > 0 {
            // Enough shorter that it is not shortened again and again.
            if to_run_us.saturating_add(LEAST_LEFT_US) < to_end_us && to_run_us < left_us {
                self.wait.set(None);
                let act = self.operation(|operation| operation.shortened(left_us, to_run_us));
                self.go(act);
            }
            return;
        }
        let Some(operation) = self.operation(|operation| *operation) else {
            return;
        };
        self.course.set(None);
        // Its buffer is for what is read meanwhile.
        self.next_page.set(None);
        self.wait.set(None);
        self.disarm();
        self.stalled.set(Some(Stalled {
            operation,
            course,
            left_us,
            lost_us: suspension::run_us(&commands),
            scope,
        }));
        self.suspension
            .set(Some(Suspension::new(commands, &operation, left_us)));
        self.stood.set(true);
        count(&self.tally.suspended);
        self.run(Script::Suspension);
    }

    /// Whether the array is at something that may be suspended for a read.
    pub(super) fn may_be_suspended(&self) -> bool {
        <F::Standstill<Stalled<'a>>>::IS_THERE
            && self
                .course
                .get()
                .is_some_and(|course| course.kind != Kind::Read)
    }

    /// What can be read while `course` stands still.
    pub(super) fn scope_beside(&self, course: &Course<'a>) -> Scope {
        let unit = match course.kind {
            Kind::Read | Kind::Erase => course.plan.count,
            Kind::Program => self.dimensions().map_or(1, |known| known.page),
        };
        Scope::ReadsOutside {
            start: course.address - course.address % unit.max(1),
            length: unit,
        }
    }

    /// The suspension's script is over.
    pub(super) fn end_suspension(&self, result: Result<(), Error>) {
        let outcome = self
            .suspension
            .get()
            .map_or(suspension::Action::Fault, |script| script.outcome());
        match (result, outcome) {
            (Ok(()), suspension::Action::LetRead) => {
                self.runs_since.set(self.alarm.now());
                self.read_meanwhile();
            }
            (Ok(()), suspension::Action::GoOn) => self.go_on(),
            (Ok(()), suspension::Action::GoOnForGood) => {
                self.for_good.set(true);
                self.go_on();
            }
            (Err(error), _) => self.end_stalled(error),
            (
                Ok(()),
                suspension::Action::SendSuspend
                | suspension::Action::Wait
                | suspension::Action::Ask
                | suspension::Action::SendResume
                | suspension::Action::Fault
                | suspension::Action::Impossible,
            ) => self.end_stalled(Error::NoAnswer),
        }
    }

    /// Suspended: the next read that waits, unless it has been long enough. [`runs_since`] is since
    /// when the array stands still.
    ///
    /// [`runs_since`]: Device::runs_since
    pub(super) fn read_meanwhile(&self) {
        let Some((scope, taken)) = self
            .stalled
            .map(|stalled| (stalled.scope, stalled.course.flight))
        else {
            return;
        };
        let flight = taken.other();
        let stood = self.alarm.now().wrapping_sub(self.runs_since.get());
        let may_stand = self.alarm.ticks_to_us(stood) < LONGEST_STAND_US;
        if may_stand
            && self.attached.get()
            && self.is_busy()
            && let Some((seat, request)) = self.next_request(flight, scope)
        {
            match self.begin(seat, request, flight, self.free_buffer()) {
                Begun::Started => return,
                Begun::Landed(course) => self.tell(&course, Ok(())),
                // It is told. Whoever tries again comes after the resume.
                Begun::Over => {}
            }
        }
        self.run(Script::Suspension);
    }

    /// The array works again.
    pub(super) fn go_on(&self) {
        let Some(stalled) = self.stalled.take() else {
            count(&self.tally.impossible);
            return;
        };
        self.runs_since.set(self.alarm.now());
        let mut operation = stalled.operation;
        // A part that did not stop at once, or at all, went on meanwhile.
        let settled_us = self
            .suspension
            .get()
            .map_or(0, |suspension| suspension.settled_us());
        let left_us = stalled.left_us.saturating_sub(settled_us);
        let act = operation.resumed(left_us, stalled.lost_us);
        self.put_operation(operation);
        self.course.set(Some(stalled.course));
        self.script.set(Some(Script::Operation));
        self.go(Some(act));
    }

    /// Nobody knows what became of what stood still.
    pub(super) fn end_stalled(&self, error: Error) {
        if let Some(stalled) = self.stalled.take() {
            self.end_bite(&stalled.course, Err(error));
        }
    }

    /// Ends what stands still, because of a fault of something else.
    pub(super) fn give_up_stalled(&self, error: Error) {
        if let Some(stalled) = self.stalled.take() {
            count(&self.tally.ended);
            self.tell(&stalled.course, Err(error));
        }
    }

    /// The first pause of an operation begins: the array works since now.
    pub(super) fn note_run(&self) {
        if matches!(self.script.get(), Some(Script::Operation)) && !self.runs.replace(true) {
            self.runs_since.set(self.alarm.now());
        }
    }
}
