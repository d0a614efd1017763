// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is asked of the part beside ranges of its array.

use super::reads::Begun;
use super::scripts::Scripts;
use super::{Apart, Course, Device, Script};
use crate::aside;
use crate::aside::{Aside, Step};
use crate::bite::Plan;
use crate::client::{Bite, Flight, Seat};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::operation::{Kind, OperationScript};
use crate::profile::Unlocked;
use crate::protection::Protection;
use crate::unlock::Unlock;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Begins a bite of `aside`, in `buffer` if it needs one.
    pub(super) fn begin_aside(
        &self,
        seat: &'a Seat<'a>,
        aside: Aside,
        flight: Flight,
        buffer: Flight,
    ) -> Begun<'a> {
        self.forget_windows();
        self.stream.set(None);
        let failed = |error| {
            seat.client.bitten(flight, Bite::Failed(error));
            Begun::Over
        };
        let standing = self.standing();
        let planned = self.profile.fact(|profile| {
            let capacity = self.capacity.get();
            aside::plan(aside, profile, &standing, self, capacity)
        });
        let step = planned.unwrap_or(Err(Error::Failed));
        let course = |kind, plan| Course {
            seat: Some(seat),
            flight,
            kind,
            buffer,
            address: 0,
            plan,
            // What comes after it is asked for anew.
            rest: 0,
            apart: Some(aside.into()),
        };
        match step {
            Err(error) => failed(error),
            Ok(Step::Nothing) => {
                seat.client.bitten(flight, Bite::Opened);
                Begun::Over
            }
            Ok(Step::Operate(recipe, plan)) => {
                let course = course(recipe.kind, plan);
                if recipe.kind == Kind::Program {
                    if !self.has_buffer(buffer) {
                        return failed(Error::BufferQuarantined);
                    }
                    if !self.load(seat, &course, flight, 0, recipe.length) {
                        return Begun::Over;
                    }
                }
                // If the controller dies in the middle of it, the part is busy for so long.
                let leftover_us = self.leftover_us.get().max(recipe.maximum_us);
                self.leftover_us.set(leftover_us);
                self.set_off(OperationScript::new(recipe), course);
                Begun::Started
            }
            Ok(Step::Write(script)) => {
                let plan = Plan { head: 0, count: 0 };
                self.embark(&course(Kind::Erase, plan));
                self.scripts
                    .map(|scripts| *scripts = Scripts::Unlock(script));
                self.run(Script::Unlock);
                Begun::Started
            }
        }
    }

    /// The protection bits are written, or not.
    pub(super) fn end_unlock(&self, script: &Unlock, result: Result<(), Error>) {
        let Some(course) = self.course.take() else {
            super::counters::count(&self.tally.impossible);
            return;
        };
        let protection = self.profile.protection();
        match (course.apart, result, self.unlocked.get(), script.before()) {
            (Some(Apart::Relock), Ok(()), Some(unlocked), _) => {
                self.profile.protect(unlocked.protection);
                self.unlocked.set(None);
            }
            // What was there before the first one is put back, also if it has ended half-way.
            (_, _, None, Some(registers)) => self.unlocked.put(Unlocked {
                registers,
                protection,
            }),
            (_, _, _, _) => {}
        }
        match result {
            Ok(()) if course.apart == Some(Apart::Unlock) => {
                self.profile.protect(Protection::None);
            }
            Ok(()) => {}
            // Two looks have found that the write has changed nothing.
            Err(Error::RegisterNotKept) if script.is_as_before() => {}
            // Something was written, and nobody knows what it has become.
            Err(_) if script.before().is_some() => self.profile.protect(Protection::Unknown),
            Err(_) => {}
        }
        self.end_bite(&course, result);
    }

    /// What is known of the part is not to be relied on any more, but for what it was before bits were
    /// cleared that it keeps.
    pub(super) fn forget_part(&self) {
        let id = self
            .profile
            .fact(|profile| (profile.id, profile.volatile_write_enable.is_none()));
        if let Some(unlocked) = self.unlocked.take()
            && let Some((id, true)) = id
        {
            self.cleared.put((id, unlocked));
        }
        self.profile.forget();
    }

    /// The part was identified. If it is the one whose bits were cleared, they can be put back.
    pub(super) fn recall_cleared(&self) {
        if let Some((id, unlocked)) = self.cleared.take()
            && self.profile.fact(|profile| profile.id) == Some(id)
        {
            self.unlocked.put(unlocked);
        }
    }

    /// The part was put to sleep, with its volatile registers as they were at power-up.
    pub(super) fn locked_again(&self, result: Result<(), Error>) {
        let is_volatile = || {
            self.profile
                .fact(|profile| profile.volatile_write_enable.is_some())
        };
        if F::ASIDES
            && result.is_ok()
            && is_volatile() == Some(true)
            && let Some(unlocked) = self.unlocked.take()
        {
            self.profile.protect(unlocked.protection);
        }
    }
}
