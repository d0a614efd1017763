// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reads that follow each other without a pause.

use super::counters::count;
use super::steps::Stuck;
use super::{Course, Device, Prepared, Script};
use crate::bite;
use crate::client::{Flight, Request, Scope, Seat};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::lifecycle::Event;
use crate::operation::Kind;
use kernel::hil::time::Alarm;
use qspi_hil::{Controller, Operation};

/// A read whose first bite is to be prepared.
pub(super) struct Wanted<'a> {
    pub(super) seat: Option<&'a Seat<'a>>,
    pub(super) flight: Flight,
    pub(super) buffer: Flight,
    pub(super) address: u32,
    pub(super) length: u32,
}

/// What became of a bite that was to begin.
pub(super) enum Begun<'a> {
    /// The hardware is at it.
    Started,
    /// It had been read ahead, and is to be handed over.
    Landed(Course<'a>),
    /// It ended at once.
    Over,
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// The hardware begins a read, and the next one is prepared meanwhile.
    pub(super) fn set_out(&self, prepared: &Prepared<'a>) {
        self.script.set(Some(Script::Read));
        match self.send(prepared) {
            Ok(()) => self.prepare_next(&prepared.course),
            Err(stuck) => self.end_read(stuck),
        }
    }

    pub(super) fn send(&self, prepared: &Prepared<'a>) -> Result<(), Stuck> {
        let buffer = self.borrow(prepared.length, 0);
        if buffer.is_none() {
            return Err(self.no_buffer());
        }
        let longest_us = self.read_us.get();
        self.start_with(C::start, prepared.operation, buffer, longest_us)
    }

    /// A read was not begun.
    pub(super) fn end_read(&self, stuck: Stuck) {
        let result = match stuck {
            Stuck::Finished(result) => result,
            Stuck::Refused(error) => Err(Error::Controller(error)),
        };
        if let Some(script) = self.script.take() {
            self.finish(script, result);
        }
    }

    /// The first bite of a read. `None` if it takes more than a transfer.
    pub(super) fn prepare(&self, wanted: &Wanted<'a>) -> Option<Result<Prepared<'a>, Error>> {
        let limits = self.read_limits.get();
        self.profile
            .fact(|profile| {
                if profile.mode_before(Kind::Read).is_some() {
                    return None;
                }
                let planned =
                    bite::plan_read(&profile.geometry, wanted.address, wanted.length, limits);
                Some(planned.map(|read| Prepared {
                    course: Course {
                        seat: wanted.seat,
                        flight: wanted.flight,
                        kind: Kind::Read,
                        buffer: wanted.buffer,
                        address: wanted.address,
                        plan: read.plan,
                        rest: wanted.length.saturating_sub(read.plan.count),
                        apart: None,
                    },
                    operation: Operation {
                        template: profile.read,
                        address: read.bus_address,
                    },
                    length: read.bus_bytes as usize,
                }))
            })
            .flatten()
    }

    /// While a read is on the wires: what comes after it.
    pub(super) fn prepare_next(&self, course: &Course<'a>) {
        let Some(seat) = course.seat else {
            return;
        };
        if !self.has_second() || self.stalled.is_some() {
            return;
        }
        let buffer = course.buffer.other();
        if course.rest == 0 {
            if let Some(next) = self.guess(course, buffer) {
                self.prepared.put(next);
            }
            return;
        }
        if !seat.client.pipelines() || self.is_ahead(course.end()) {
            return;
        }
        let next = Wanted {
            seat: Some(seat),
            flight: course.flight.other(),
            buffer,
            address: course.end(),
            length: course.rest,
        };
        if let Some(Ok(next)) = self.prepare(&next) {
            self.prepared.put(next);
        }
    }

    /// Whether the prepared read may be put on the wires, before anything else is looked at.
    pub(super) fn may_hurry(&self, prepared: &Prepared<'a>) -> bool {
        self.attached.get()
            && self.has_buffer(prepared.course.buffer)
            && self.is_busy()
            && !self.stalled.is_some()
            && !self.anybody_waits()
    }

    /// A read is through. What was prepared is put on the wires first; all else comes after that,
    /// while the wires are busy.
    pub(super) fn read_is_through(&self) {
        let Some(course) = self.course.take() else {
            count(&self.tally.impossible);
            return;
        };
        let mut next = course;
        let mut sent = None;
        self.prepared.map(|prepared| {
            if self.may_hurry(prepared) {
                self.buffer.set(prepared.course.buffer);
                sent = Some(self.send(prepared));
                next = prepared.course;
            }
        });
        let Some(sent) = sent else {
            let _unused = self.prepared.take();
            self.cancel_wait();
            self.script.set(None);
            self.end_bite(&course, Ok(()));
            return;
        };
        count(&self.tally.ended);
        self.following.set(true);
        self.happen(Event::Ended);
        self.following.set(false);
        if next.seat.is_none() {
            count(&self.tally.ahead);
        } else {
            if !course
                .seat
                .is_some_and(|seat| seat.client.goes_on(course.flight, next.flight))
            {
                // Its owner has died meanwhile: it is nobody's.
                next.seat = None;
                next.rest = 0;
            }
            self.follow_stream(&next);
        }
        self.embark(&next);
        self.tell(&course, Ok(()));
        match sent {
            Ok(()) => self.prepare_next(&next),
            Err(stuck) => self.end_read(stuck),
        }
    }

    /// Starts what comes after a read that has landed, if there is a buffer for it.
    pub(super) fn follow(&self, landed: &Course<'a>) -> Begun<'a> {
        let buffer = landed.buffer.other();
        if !self.attached.get() || !self.has_second() || !self.has_buffer(buffer) {
            return Begun::Over;
        }
        let flight = landed.flight.other();
        let (address, length) = (landed.end(), landed.rest);
        if length > 0
            && let Some(seat) = landed.seat
            && !self.is_ahead(address)
            && !self.others_wait(seat)
            && seat.client.goes_on(landed.flight, flight)
        {
            let request = Request::Read { address, length };
            return self.begin(seat, request, flight, buffer);
        }
        if self.anybody_waits()
            && let Some((seat, request)) = self.next_request(flight, Scope::All)
        {
            return self.begin(seat, request, flight, buffer);
        }
        if length == 0 && landed.apart.is_none() && self.read_ahead(landed, buffer) {
            Begun::Started
        } else {
            Begun::Over
        }
    }
}
