// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whose turn it is.

use super::reads::Begun;
use super::waiting::Wait;
use super::{Device, LATER_US};
use crate::client::{Dimensions, Eraser, Extras, Flight, Host, Request, Scope, Seat};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::lifecycle::{Event, State};
use crate::otp::{self, Area};
use kernel::hil::time::{Alarm, Ticks};
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Ready, and nothing in flight: the next bite, or the idle time, or power down.
    pub(super) fn serve(&self) {
        self.cancel_wait();
        self.identify.set(false);
        if self.attached.get()
            && let Some((seat, request)) = self.next_request(Flight::Even, Scope::All)
        {
            let buffer = self.free_buffer();
            match self.begin(seat, request, Flight::Even, buffer) {
                Begun::Started => {}
                Begun::Landed(course) => self.land(&course),
                Begun::Over => self.look_further(request),
            }
            return;
        }
        self.idle();
    }

    /// Ready, and nothing to do.
    pub(super) fn idle(&self) {
        if !self.attached.get() || self.leases() == 0 {
            self.happen(Event::Unwanted);
        } else if self.config.idle_us != u32::MAX && self.wait.get().is_none() {
            self.wait_for(Wait::Idle, self.config.idle_us);
        }
    }

    /// If `request` ended at once, the next one is for another deferred call, and if it failed,
    /// for later: a client that tries again from inside its callback must leave time for interrupts
    /// and for processes.
    pub(super) fn look_further(&self, request: Request) {
        if self.is_ready() {
            if request == Request::Open || self.leases() == 0 {
                self.deferred_call.set();
            } else {
                self.notify_later();
            }
        }
    }

    /// A buffer that is here, and one with nothing read ahead in it if there is one.
    pub(super) fn free_buffer(&self) -> Flight {
        let last = self.buffer.get();
        let is_free =
            |which: &Flight| self.has_buffer(*which) && !which.of(&self.windows).is_some();
        let both = [last.other(), last];
        let here = |which: &Flight| self.has_buffer(*which);
        let free = both.into_iter().find(is_free);
        free.or_else(|| both.into_iter().find(here)).unwrap_or(last)
    }

    pub(super) fn next_request(
        &self,
        flight: Flight,
        scope: Scope,
    ) -> Option<(&'a Seat<'a>, Request)> {
        let dimensions = self.dimensions()?;
        let cell = scope.of(&self.turns);
        let turn = cell.get();
        let ask = |index: usize, seat: &'a Seat<'a>| {
            // Somebody may have detached the device in a callback on the way.
            if !self.attached.get() {
                return None;
            }
            let request = seat.client.next_request(flight, &dimensions, scope)?;
            let next = index.saturating_add(1);
            cell.set(if next < self.seats.get() { next } else { 0 });
            Some((seat, request))
        };
        // Those whose turn it is, then those before them.
        let seats = || self.clients.iter().enumerate();
        for (index, seat) in seats() {
            if index >= turn
                && let Some(found) = ask(index, seat)
            {
                return Some(found);
            }
        }
        seats()
            .take(turn)
            .find_map(|(index, seat)| ask(index, seat))
    }

    /// Nothing is outstanding.
    #[inline(always)]
    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state.get(), State::Ready)
    }

    /// Something is outstanding.
    #[inline(always)]
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state.get(), State::Busy)
    }

    /// Whether any client has work.
    pub(super) fn anybody_waits(&self) -> bool {
        self.clients.iter().any(|seat| seat.client.has_work())
    }

    /// Whether another client than this one has work.
    pub(super) fn others_wait(&self, seat: &Seat<'a>) -> bool {
        self.clients
            .iter()
            .any(|other| !core::ptr::eq(other, seat) && other.client.has_work())
    }

    pub(super) fn cancel_all(&self, error: Error) {
        for seat in self.clients.iter() {
            seat.client.cancel(error);
        }
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Host for Device<'a, C, A, F> {
    fn notify(&self) {
        self.deferred_call.set();
    }

    fn begin_work(&self) {
        match self.state.get() {
            State::Ready => self.consider(),
            // Whatever ends looks for more, and so does whoever comes to rest.
            State::Busy if self.adopt() || !self.may_be_suspended() => {}
            State::Starting | State::Stopping(_) => {}
            State::Busy | State::Off | State::Draining | State::Failed => self.deferred_call.set(),
        }
    }

    fn notify_later(&self) {
        match self.waits_for() {
            Some(Wait::Pause | Wait::Deadline(_) | Wait::Later) => self.later.set(true),
            None if self.overdue.get() => self.later.set(true),
            Some(Wait::Idle) | None => self.wait_for(Wait::Later, LATER_US),
        }
    }

    fn accepts(&self) -> Result<(), Error> {
        let recovers = self.identify.get();
        if self.attached.get() && (recovers || !matches!(self.state.get(), State::Failed)) {
            Ok(())
        } else {
            Err(Error::Failed)
        }
    }

    fn dimensions(&self) -> Option<Dimensions> {
        self.profile.fact(|profile| profile.dimensions)
    }

    fn now(&self) -> u32 {
        self.alarm.now().into_u32_left_justified()
    }

    fn extras(&self) -> Option<Extras> {
        let protection = self.profile.protection();
        self.profile.fact(|profile| Extras {
            protection,
            otp: Area::of(profile.id).filter(|_| F::ASIDES),
            unique_id: F::ASIDES && otp::has_unique_id(profile.id),
        })
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Eraser for Device<'a, C, A, F> {
    fn erase_sizes(&self, start: u32, length: u32) -> u32 {
        self.profile
            .fact(|profile| profile.geometry.erase_sizes(start, length))
            .unwrap_or(0)
    }
}
