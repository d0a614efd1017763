// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One bite: begun, done, handed over.

use super::counters::count;
use super::reads::{Begun, Wanted};
use super::{Apart, Course, Device, Script};
use crate::bite;
use crate::bite::Plan;
use crate::client::{Bite, Flight, Request, Seat};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::lifecycle::Event;
use crate::operation::{Kind, OperationScript, Recipe};
use crate::window::Window;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

/// Nothing was begun of a bite, which ends with that.
#[inline(never)]
fn refuse<'a>(seat: &'a Seat<'a>, flight: Flight, error: Error) -> Begun<'a> {
    seat.client.bitten(flight, Bite::Failed(error));
    Begun::Over
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Begins a bite of `request`, in `buffer` if it needs one.
    pub(super) fn begin(
        &self,
        seat: &'a Seat<'a>,
        request: Request,
        flight: Flight,
        buffer: Flight,
    ) -> Begun<'a> {
        let (address, length) = match request {
            Request::Open => {
                seat.client.bitten(flight, Bite::Opened);
                return Begun::Over;
            }
            Request::Read { address, length } => {
                if let Some(course) = self.hit(seat, flight, address, length) {
                    return Begun::Landed(course);
                }
                let wanted = Wanted {
                    seat: Some(seat),
                    flight,
                    buffer,
                    address,
                    length,
                };
                match &self.prepare(&wanted) {
                    Some(Ok(prepared)) => {
                        self.follow_stream(&prepared.course);
                        self.embark(&prepared.course);
                        self.set_out(prepared);
                        return Begun::Started;
                    }
                    Some(Err(error)) => return refuse(seat, flight, *error),
                    None => {}
                }
                (address, length)
            }
            Request::Program { address, length } | Request::Erase { address, length } => {
                self.forget_windows();
                (address, length)
            }
            Request::Aside(aside) if F::ASIDES => {
                return self.begin_aside(seat, aside, flight, buffer);
            }
            Request::Aside(_) => return refuse(seat, flight, Error::Unsupported),
        };
        let (recipe, plan) = match self.plan(&request) {
            Ok(planned) => planned,
            Err(error) => return refuse(seat, flight, error),
        };
        let course = Course {
            seat: Some(seat),
            flight,
            kind: recipe.kind,
            buffer,
            address,
            plan,
            rest: length.saturating_sub(plan.count),
            apart: None,
        };
        if recipe.kind == Kind::Program {
            if !self.has_buffer(buffer) {
                return refuse(seat, flight, Error::BufferQuarantined);
            }
            if !self.load(seat, &course, flight, 0, recipe.length) {
                return Begun::Over;
            }
        }
        if recipe.kind == Kind::Read {
            self.follow_stream(&course);
        }
        let pace = self.pace(&recipe, &course, self.leads(&recipe, &course));
        self.set_off(OperationScript::at(recipe, pace), course);
        Begun::Started
    }

    /// The first bite of `request`, and how.
    pub(super) fn plan(&self, request: &Request) -> Result<(Recipe, Plan), Error> {
        let standing = self.standing();
        let planned = self.profile.fact(|profile| {
            let (capacity, limits) = (self.capacity.get(), self.read_limits.get());
            bite::plan::<F>(request, profile, &standing, self, capacity, limits)
        });
        planned.unwrap_or(Err(Error::Failed))
    }

    /// The hardware is to begin.
    pub(super) fn embark(&self, course: &Course<'a>) {
        course.buffer.of(&self.windows).set(None);
        self.buffer.set(course.buffer);
        self.course.set(Some(*course));
        self.embarked(course.apart.is_some());
    }

    /// The same with the [next page](Device::next_page), whose bytes are in the buffer in use.
    pub(super) fn embark_next(&self) {
        self.next_page.map(|next| {
            next.course.buffer.of(&self.windows).set(None);
            self.course.set(Some(next.course));
        });
        self.embarked(false);
    }

    fn embarked(&self, is_aside: bool) {
        let _unused = self.prepared.take();
        self.next_page.set(None);
        count(&self.tally.begun);
        if !self.stalled.is_some() {
            // Nobody reads the array while the part is at something else.
            self.for_good.set(is_aside);
            self.runs.set(false);
            self.stood.set(false);
            self.happen(Event::Begun);
        }
    }

    /// The hardware begins.
    pub(super) fn set_off(&self, operation: OperationScript, course: Course<'a>) {
        self.embark(&course);
        self.put_operation(operation);
        self.run(Script::Operation);
    }

    /// Fills the buffer with what is to be programmed, padded with ones, which
    /// program nothing: what comes `skip` bytes after those in flight as `flight`.
    pub(super) fn load(
        &self,
        seat: &'a Seat<'a>,
        course: &Course<'a>,
        flight: Flight,
        skip: u32,
        length: usize,
    ) -> bool {
        let cell = course.buffer.of(&self.buffers);
        let Some(mut buffer) = cell.take() else {
            return false;
        };
        let Plan { head, count } = course.plan;
        buffer.reset();
        let window = buffer.as_mut_slice().get_mut(..length);
        let loaded = window.is_some_and(|window| {
            let Some((before, rest)) = window.split_at_mut_checked(head) else {
                return false;
            };
            let Some((place, behind)) = rest.split_at_mut_checked(count as usize) else {
                return false;
            };
            before.fill(0xFF);
            behind.fill(0xFF);
            seat.client.fill(flight, skip, place)
        });
        cell.put(buffer);
        loaded
    }

    /// The hardware is done with a bite.
    pub(super) fn end_bite(&self, course: &Course<'a>, result: Result<(), Error>) {
        count(&self.tally.ended);
        if let Err(error) = result {
            self.give_up_queued(error);
        }
        self.next_page.set(None);
        if !self.attached.get() {
            // What is left of the request is no longer in flight, and is to be cancelled.
            self.deferred_call.set();
        }
        match result {
            Err(error) if error.is_fault() => {
                self.tell(course, result);
                self.give_up_stalled(error);
                self.settle_detach();
                self.happen(Event::Faulted);
            }
            Ok(()) | Err(_) if self.stalled.is_some() => {
                self.tell(course, result);
                self.read_meanwhile();
            }
            Ok(()) if course.kind == Kind::Read && self.is_busy() => {
                self.following.set(true);
                self.happen(Event::Ended);
                self.following.set(false);
                self.land(course);
            }
            Ok(()) if course.kind != Kind::Read && self.is_busy() => {
                self.learn(course);
                self.tell(course, result);
                self.following.set(true);
                self.happen(Event::Ended);
                self.following.set(false);
                self.serve();
            }
            Ok(()) | Err(_) => {
                self.tell(course, result);
                self.happen(Event::Ended);
            }
        }
    }

    /// What came of a bite is told to whose it is.
    pub(super) fn tell(&self, course: &Course<'a>, result: Result<(), Error>) {
        let Some(seat) = course.seat else {
            return;
        };
        let Plan { head, count } = course.plan;
        let told = |bite: Bite<'_>| seat.client.bitten(course.flight, bite);
        match (result, course.kind) {
            (Err(error), _) => told(Bite::Failed(error)),
            (Ok(()), _) if matches!(course.apart, Some(Apart::Unlock | Apart::Relock)) => {
                told(Bite::Opened);
            }
            (Ok(()), Kind::Program) => told(Bite::Programmed(count)),
            (Ok(()), Kind::Erase) => told(Bite::Erased(count)),
            (Ok(()), Kind::Read) => {
                let cell = course.buffer.of(&self.buffers);
                match cell.take() {
                    None => told(Bite::Failed(Error::BufferQuarantined)),
                    Some(mut buffer) => {
                        buffer.reset();
                        let data = buffer
                            .as_slice()
                            .get(head..head.saturating_add(count as usize));
                        match data {
                            Some(data) => told(Bite::Read(data)),
                            None => told(Bite::Failed(Error::OutOfRange)),
                        }
                        cell.put(buffer);
                    }
                }
            }
        }
    }

    /// Ready, and the bytes of a read are in their buffer: first the next one is started, then
    /// these are handed over.
    pub(super) fn land(&self, course: &Course<'a>) {
        if course.seat.is_none() {
            course.buffer.of(&self.windows).set(Some(Window::new(
                course.address,
                course.plan.head,
                course.plan.count,
            )));
            self.serve();
            return;
        }
        let next = self.follow(course);
        self.tell(course, Ok(()));
        if let Begun::Landed(next) = &next {
            self.tell(next, Ok(()));
        }
        if matches!(next, Begun::Started) || !self.is_ready() {
            return;
        }
        if !self.attached.get() || self.anybody_waits() {
            self.deferred_call.set();
        } else {
            self.idle();
        }
    }
}
