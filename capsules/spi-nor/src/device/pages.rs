// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The page after this one, made ready while the array works.

use super::counters::count;
use super::steps::Stuck;
use super::{Course, Device, NextPage, Script};
use crate::client::Request;
use crate::error::Error;
use crate::features::{Features, Place};
use crate::lifecycle::Event;
use crate::operation::{Kind, OperationScript};
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
            };
            self.next_page.set(Some(next));
        }
    }

    /// See [`OperationScript::hands_over`].
    pub(super) fn hands_over(&self) -> Option<u8> {
        self.operation(|operation| operation.hands_over())
            .flatten()
            .filter(|_| <F::Ahead<NextPage<'a>>>::IS_THERE)
    }

    /// Whether the next page may come at once, before anything else is looked at.
    pub(super) fn may_be_followed(&self) -> bool {
        self.attached.get() && self.is_busy() && !self.stalled.is_some() && !self.anybody_waits()
    }

    /// Whether the next page waits for the end of the one in flight.
    pub(super) fn is_followed(&self) -> bool {
        let buffer = self.next_page.map(|next| next.course.buffer);
        buffer.is_some_and(|buffer| self.has_buffer(buffer)) && self.may_be_followed()
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
            let NextPage { course, recipe } = page;
            let expected_us = self.expected_us(recipe, course.plan.count);
            self.buffer.set(course.buffer);
            self.operation(|operation| act = operation.follow::<F>(recipe, expected_us, status))
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
