// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What nobody has asked for yet, but probably will.

use super::counters::count;
use super::reads::Wanted;
use super::{Course, Device};
use crate::client::{Flight, Host, Seat};
use crate::features::{Features, Place};
use crate::operation::Kind;
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
                typical_us: 0,
                aside: None,
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

    /// Reads what is likely to be asked for next, if the last requests came one behind the other.
    pub(super) fn read_ahead(&self, landed: &Course<'a>, buffer: Flight) -> bool {
        let Some(stream) = self.stream.get() else {
            return false;
        };
        let own = landed.buffer.of(&self.windows).get();
        let Some(dimensions) = self.dimensions().filter(|_| stream.is_steady()) else {
            return false;
        };
        let start = match own.filter(|window| window.begins(landed.end())) {
            Some(window) if window.is_fresh() => return false,
            Some(window) => window.end(),
            None => landed.end(),
        };
        if self.is_ahead(start) || self.leases() == 0 {
            return false;
        }
        let length = stream
            .next_length()
            .min(dimensions.size.saturating_sub(start));
        let wanted = Wanted {
            seat: None,
            flight: landed.flight.other(),
            buffer,
            address: start,
            length,
        };
        let Some(Ok(mut prepared)) = self.prepare(&wanted) else {
            // Behind the part's end there is nothing. A part that is read in a mode of its own is
            // not read ahead.
            return false;
        };
        prepared.course.rest = 0;
        count(&self.tally.ahead);
        self.embark(&prepared.course);
        self.set_out(&prepared);
        true
    }
}
