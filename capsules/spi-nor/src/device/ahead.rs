// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What nobody has asked for yet, but probably will.

use super::counters::count;
use super::reads::Wanted;
use super::{Course, Device, Prepared};
use crate::client::{Flight, Host, Scope, Seat};
use crate::features::{Features, Place};
use crate::operation::Kind;
use crate::stream::Stream;
use crate::window::Window;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Notes that a client reads this.
    pub(super) fn follow_stream(&self, course: &Course<'a>) {
        let stream = self.stream.get().unwrap_or_default();
        self.stream.set(Some(stream.after(
            course.address,
            course.end(),
            course.rest,
        )));
    }

    /// The bite that is in a window, if the first byte is.
    pub(super) fn hit(
        &self,
        seat: &'a Seat<'a>,
        flight: Flight,
        address: u32,
        length: u32,
    ) -> Option<Course<'a>> {
        [Flight::Even, Flight::Odd].into_iter().find_map(|buffer| {
            let cell = buffer.of(&self.windows);
            let (plan, left) = cell.get()?.take(address, length)?;
            cell.set(left);
            let course = Course {
                seat: Some(seat),
                flight,
                kind: Kind::Read,
                buffer,
                address,
                plan,
                rest: length.saturating_sub(plan.count),
                apart: None,
            };
            count(&self.tally.hits);
            self.follow_stream(&course);
            Some(course)
        })
    }

    /// Whether [`hit`](Self::hit) would find it.
    pub(super) fn is_ahead(&self, address: u32) -> bool {
        let windows = self.windows.iter().filter_map(Place::get);
        windows
            .into_iter()
            .any(|window| window.take(address, 1).is_some())
    }

    pub(super) fn forget_windows(&self) {
        self.windows.iter().for_each(|window| window.set(None));
    }

    /// What is likely to be asked for after `course`, if the last requests came one behind the other.
    pub(super) fn guess(&self, course: &Course<'a>, buffer: Flight) -> Option<Prepared<'a>> {
        let stream = self.stream.get().filter(Stream::is_steady)?;
        let dimensions = self.dimensions()?;
        let own = course.buffer.of(&self.windows).get();
        let start = match own.filter(|window| window.begins(course.end())) {
            Some(window) if window.is_fresh() => return None,
            Some(window) => window.end(),
            None => course.end(),
        };
        if self.is_ahead(start) || self.leases() == 0 {
            return None;
        }
        let length = stream
            .next_length()
            .min(dimensions.size.saturating_sub(start));
        let wanted = Wanted {
            seat: None,
            flight: course.flight.other(),
            buffer,
            address: start,
            length,
        };
        // Behind the part's end there is nothing. A part that is read in a mode of its own is
        // not read ahead.
        let mut prepared = self.prepare(&wanted)?.ok()?;
        prepared.course.rest = 0;
        Some(prepared)
    }

    /// Reads what is likely to be asked for next.
    pub(super) fn read_ahead(&self, landed: &Course<'a>, buffer: Flight) -> bool {
        let Some(prepared) = self.guess(landed, buffer) else {
            return false;
        };
        count(&self.tally.ahead);
        self.embark(&prepared.course);
        self.set_out(&prepared);
        true
    }

    /// Whoever asks for what is being read ahead, and for no less, is given that read. False if
    /// nobody does.
    pub(super) fn adopt(&self) -> bool {
        if !<F::Ahead<Window>>::IS_THERE || !self.is_busy() || self.stalled.is_some() {
            return false;
        }
        let Some(course) = self.course.get().filter(|course| course.seat.is_none()) else {
            return false;
        };
        let scope = Scope::ReadsFrom {
            address: course.address,
            least: course.plan.count,
        };
        let Some((seat, request)) = self.next_request(course.flight, scope) else {
            return false;
        };
        let course = Course {
            seat: Some(seat),
            rest: request.length().saturating_sub(course.plan.count),
            ..course
        };
        self.course.set(Some(course));
        count(&self.tally.hits);
        self.follow_stream(&course);
        self.prepare_next(&course);
        true
    }
}
