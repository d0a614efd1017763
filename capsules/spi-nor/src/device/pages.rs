// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The page after this one, made ready while the array works.

use super::counters::count;
use super::steps::Stuck;
use super::{Course, Device, Early, NextPage, Script};
use crate::client::Request;
use crate::error::Error;
use crate::features::{Features, Place};
use crate::lifecycle::Event;
use crate::operation::{Begin, Follow, Kind, Next, OperationScript, Recipe};
use crate::script::{Act, Input};
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// While the array programs a page: the bytes of the next one go to the other buffer.
    pub(super) fn prepare_next_page(&self) {
        let Some(course) = self
            .course
            .get()
            .filter(|course| course.kind == Kind::Program && course.rest > 0)
        else {
            return;
        };
        let Some(seat) = course.seat else {
            return;
        };
        let buffer = course.buffer.other();
        if self.next_page.is_some()
            || !self.has_second()
            || !self.has_buffer(buffer)
            || !seat.client.pipelines()
            || !self.may_be_followed()
        {
            return;
        }
        let request = Request::Program {
            address: course.end(),
            length: course.rest,
        };
        let Ok((recipe, plan)) = self.plan(&request) else {
            return;
        };
        // A part that has to be put into a mode before is spoken to from the beginning.
        if recipe.four_byte_mode.is_some() {
            return;
        }
        let next = Course {
            flight: course.flight.other(),
            buffer,
            address: course.end(),
            plan,
            rest: course.rest.saturating_sub(plan.count),
            ..course
        };
        if self.load(seat, &next, course.flight, course.plan.count, recipe.length) {
            let next = NextPage {
                course: next,
                recipe,
                is_queued: false,
            };
            self.next_page.set(Some(next));
        }
    }

    /// See [`OperationScript::hands_over`].
    pub(super) fn hands_over(&self) -> Option<Next> {
        self.operation(|operation| operation.hands_over())
            .flatten()
            .filter(|_| <F::Ahead<NextPage<'a>>>::IS_THERE)
    }

    /// Whether the next page may come at once, before anything else is looked at.
    pub(super) fn may_be_followed(&self) -> bool {
        self.attached.get() && self.is_busy() && !self.stalled.is_some() && !self.anybody_waits()
    }

    /// Whether the next page waits for the end of the one in flight.
    fn is_followed(&self) -> bool {
        let buffer = self.next_page.map(|next| next.course.buffer);
        buffer.is_some_and(|buffer| self.has_buffer(buffer)) && self.may_be_followed()
    }

    /// Whether the page after this one, if there is one, is to be the controller's before this one
    /// has ended.
    pub(super) fn leads(&self, recipe: &Recipe, course: &Course<'a>) -> bool {
        recipe.waits_for_quiet
            && matches!(self.early.get(), Early::OnTrial | Early::Yes)
            && self.has_second()
            && course.rest > 0
    }

    /// How the next page comes after this input to the script of the one in flight.
    #[inline(always)]
    pub(super) fn follow_after(&self, input: &Input<'_>) -> Follow {
        let follow = self.operation(|operation| operation.may_be_followed(input));
        match follow.unwrap_or_default() {
            Follow::Later => Follow::Later,
            Follow::Enabled | Follow::Queued if !self.is_followed() => Follow::Later,
            Follow::Queued if !self.queue_next() => Follow::Later,
            follow => follow,
        }
    }

    /// The next page is to be the controller's, which waits for the end of the one in flight. To its
    /// client both are in flight from now on.
    fn queue_next(&self) -> bool {
        // How long a page takes that has stood still is not known well enough.
        let is_known = matches!(self.early.get(), Early::OnTrial | Early::Yes);
        if !is_known || self.stood.get() {
            return false;
        }
        let seat = self.course.get().and_then(|course| course.seat);
        let claimed = self.next_page.map(|next| {
            let flight = next.course.flight;
            next.is_queued = seat.is_some_and(|seat| seat.client.goes_on(flight.other(), flight));
            next.is_queued
        });
        claimed == Some(true)
    }

    /// Gives it to the controller.
    pub(super) fn start_queued(&self) -> Result<(), Stuck> {
        let next = self.next_page.map(|next| {
            let length = next.recipe.length;
            (next.course.buffer, next.recipe.operation, length)
        });
        let Some((buffer, operation, length)) = next else {
            return Err(Stuck::Refused(qspi_hil::Error::Hardware));
        };
        self.buffer.set(buffer);
        let Some(page) = self.borrow(length, 0) else {
            return Err(self.no_buffer());
        };
        self.runs_since.set(self.alarm.now());
        let left_us = self.operation(|operation| operation.pace().left_us());
        let longest_us = self.controller.longest_us(&operation.template, length);
        let longest_us = longest_us.saturating_add(left_us.unwrap_or(0));
        count(&self.tally.queued);
        self.start_with(C::start, operation, Some(page), longest_us)
    }

    /// The controller was given a page that its client takes for one in flight, and nobody knows what
    /// became of it.
    pub(super) fn give_up_queued(&self, error: Error) {
        let queued = self.next_page.take().filter(|next| next.is_queued);
        if let Some(next) = queued {
            self.tell(&next.course, Err(error));
        }
    }

    /// A page has ended, and the next one, which the controller had already, is with the part. To the
    /// lifecycle something is outstanding all the time, so nothing can come in between.
    pub(super) fn hand_over_queued(&self, course: &Course<'a>) {
        // It is there, so this is not what is done.
        let mut act = Act::Finished(Err(Error::Failed));
        if let Some(next) = self.next_page.take() {
            let begin = if self.learn_queued(course, &next.recipe) {
                Begin::Queued
            } else {
                Begin::Doubted
            };
            let NextPage { course, recipe, .. } = next;
            let pace = self.pace(&recipe, &course, true);
            self.operation(|operation| act = operation.follow_queued(&recipe, pace, begin));
            course.buffer.of(&self.windows).set(None);
            self.course.set(Some(course));
        }
        self.script.set(Some(Script::Operation));
        count(&self.tally.ended);
        count(&self.tally.begun);
        self.runs.set(false);
        self.stood.set(false);
        self.tell(course, Ok(()));
        self.go(Some(act));
    }

    /// The controller perhaps did not wait: what it was to put on the wires is programmed once more.
    /// If its bytes are gone, so is who wanted them.
    pub(super) fn repeat(&self, course: &Course<'a>) {
        if self.early.get() == Early::Yes {
            self.early.set(Early::OnTrial);
        }
        count(&self.tally.repeated);
        self.buffer.set(course.buffer);
        let length = self.operation(|operation| operation.recipe().length);
        let is_loaded = course.seat.is_some_and(|seat| {
            length.is_some_and(|length| self.load(seat, course, course.flight, 0, length))
        });
        if is_loaded {
            let act = self.operation(OperationScript::repeat);
            self.script.set(Some(Script::Operation));
            self.go(act);
        } else {
            self.course.set(None);
            self.end_bite(course, Err(Error::NotExecuted));
        }
    }

    /// A page has ended, and WREN was sent for the next one, which goes on the wires first. If its
    /// owner has died, or it is not to be any more, WREN is taken back.
    pub(super) fn hand_over(&self, course: &Course<'a>, status: u8) {
        let flight = self.next_page.map(|next| next.course.flight);
        let goes_on = self.is_followed()
            && flight.is_some_and(|flight| {
                course
                    .seat
                    .is_some_and(|seat| seat.client.goes_on(course.flight, flight))
            });
        if !goes_on {
            self.next_page.set(None);
            self.script.set(Some(Script::Operation));
            let act = self.operation(OperationScript::withdraw);
            self.go(act);
            return;
        }
        self.learn(course);
        // Both are there, so this is not what is done.
        let mut act = Act::Finished(Err(Error::Failed));
        self.next_page.map(|page| {
            let NextPage { course, recipe, .. } = page;
            let pace = self.pace(recipe, course, self.leads(recipe, course));
            self.buffer.set(course.buffer);
            self.operation(|operation| act = operation.follow::<F>(recipe, pace, status))
        });
        self.script.set(Some(Script::Operation));
        let sent = self.perform(&act);
        count(&self.tally.ended);
        self.following.set(true);
        self.happen(Event::Ended);
        self.following.set(false);
        self.embark_next();
        self.tell(course, Ok(()));
        match sent {
            Ok(()) => {}
            Err(Stuck::Refused(error)) => self.continue_with(Input::Refused(error)),
            Err(Stuck::Finished(result)) => self.go(Some(Act::Finished(result))),
        }
    }
}
