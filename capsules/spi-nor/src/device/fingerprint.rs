// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What of a device decides how it goes on.

use super::{Device, Proof, Script};
use crate::client::Flight;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::lifecycle::State;
use crate::suspension::LONGEST_STAND_US;
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::hil::time::{Alarm, ConvertTicks, Ticks};
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// All that decides what the device does next, for those who enumerate states: with
    /// the same fingerprint, and the same clients, controller and alarm, it acts alike.
    /// Counters are not in it, and times only as far as they lie ahead.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.state.get().hash(hasher);
        let flags = [
            &self.attached,
            &self.detaching,
            &self.identify,
            &self.later,
            &self.overdue,
        ];
        flags.map(Cell::get).hash(hasher);
        (self.fault.get(), self.teardown_fault.get()).hash(hasher);
        let proof = self.proof.take();
        match &proof {
            None => 0u8,
            Some(Proof::Idle(_)) => 1,
            Some(Proof::Off(_)) => 2,
        }
        .hash(hasher);
        self.proof.set(proof);
        let buffers = [Flight::Even, Flight::Odd].map(|which| self.has_buffer(which));
        (buffers, self.buffer.get()).hash(hasher);
        self.windows.each_ref().map(Place::get).hash(hasher);
        self.stream.get().hash(hasher);
        self.lessons.each_ref().map(Place::get).hash(hasher);
        if let Some(course) = self.course.get() {
            course.hash_into(hasher);
        }
        self.prepared.is_some().hash(hasher);
        let next_page = self.next_page.map(|next| next.is_queued);
        (next_page, self.early.get(), self.trials.get()).hash(hasher);
        (
            self.clock_limit_hz.get(),
            self.was_reset.get(),
            self.cleared.get().map(|(_, unlocked)| unlocked),
            self.may_come_up.get(),
            self.waking.get(),
            self.leftover_us.get(),
        )
            .hash(hasher);
        let script = self.script.get();
        script.hash(hasher);
        match script {
            Some(Script::BringUp | Script::Operation | Script::Unlock | Script::ShutDown) => {
                self.scripts.map(|scripts| scripts.hash(hasher))
            }
            Some(Script::Read | Script::Suspension) | None => None,
        };
        self.stalled.map(|stalled| {
            (stalled.operation, stalled.left_us).hash(hasher);
            stalled.course.hash_into(hasher);
            self.suspension.map(|script| script.hash(hasher));
        });
        let ran = self.alarm.now().wrapping_sub(self.runs_since.get());
        let is_outstanding = matches!(self.state.get(), State::Busy | State::Draining);
        if is_outstanding {
            // What it has run for decides up to the longest that it has to, and what it has
            // stood still for up to the longest that it may.
            let decides_us = self.longest_run_us().max(LONGEST_STAND_US);
            let ran_us = self.alarm.ticks_to_us(ran).min(decides_us);
            (ran_us, self.for_good.get()).hash(hasher);
            (self.runs.get(), self.stood.get()).hash(hasher);
        }
        if let Some(profile) = self.profile.get() {
            (profile.read, profile.program, profile.width).hash(hasher);
            (profile.four_byte_mode, profile.own_opcodes).hash(hasher);
            (profile.clock_limit_hz, profile.protection).hash(hasher);
            self.unlocked.get().hash(hasher);
        }
        let answered = self.answers.get() != self.controller.answers();
        (self.is_known(), answered).hash(hasher);
        self.turns.each_ref().map(Cell::get).hash(hasher);
        if let Some(waiting) = self.wait.get() {
            let passed = self.alarm.now().wrapping_sub(waiting.since);
            (waiting.wait, waiting.left_us).hash(hasher);
            waiting.ticks.wrapping_sub(passed).into_u32().hash(hasher);
        }
        if let Some((since, ticks)) = self.armed.get() {
            let passed = self.alarm.now().wrapping_sub(since);
            ticks.wrapping_sub(passed).into_u32().hash(hasher);
        }
        self.deferred_call.is_pending().hash(hasher);
    }
}
