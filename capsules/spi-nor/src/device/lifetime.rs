// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Power: what the lifecycle decides, done.

use super::counters::count;
use super::scripts::Scripts;
use super::{Device, Early, FIRST_CLOCK_HZ, Proof, Script};
use crate::bring_up::{AFTER_RESET_US, BringUp};
use crate::client::Flight;
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::lifecycle;
use crate::lifecycle::{Action, Event, State};
use crate::shut_down::ShutDown;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// The one place that sets the state.
    pub(super) fn happen(&self, event: Event) {
        let from = self.state.get();
        let (to, action) = lifecycle::transition(from, event);
        self.state.set(to);
        self.observer.map(|observer| {
            if from != to {
                observer.transition(from, event, to);
            }
        });
        match action {
            Action::Nothing => {}
            Action::PowerUp => self.power_up(),
            Action::Serve => {
                if !self.following.get() {
                    self.deferred_call.set();
                }
            }
            Action::PowerDown => self.power_down(),
            Action::Rescue => self.rescue(),
            Action::Refuse => {
                self.cancel_all(self.fault.get().unwrap_or(Error::Failed));
                self.rest();
            }
            Action::Rest => self.rest(),
            Action::Impossible => count(&self.tally.impossible),
        }
    }

    /// Whether the part has to be powered for anybody.
    pub(super) fn is_wanted(&self) -> bool {
        self.attached.get() && (self.identify.get() || self.anybody_waits())
    }

    pub(super) fn leases(&self) -> usize {
        self.clients.iter().map(|seat| seat.client.leases()).sum()
    }

    /// Compares what clients want with where the lifecycle is.
    pub(super) fn consider(&self) {
        if !self.attached.get() {
            self.cancel_all(Error::Detached);
        }
        match self.state.get() {
            State::Ready => self.serve(),
            State::Off => {
                if self.is_wanted() {
                    self.happen(Event::Wanted);
                } else if self.detaching.get() {
                    self.happen(Event::Unwanted);
                }
            }
            State::Failed => {
                if self.attached.get() && self.identify.get() {
                    self.happen(Event::Recover);
                } else {
                    self.happen(Event::Unwanted);
                }
            }
            State::Busy => {
                if !self.attached.get() || self.leases() == 0 {
                    self.happen(Event::Unwanted);
                } else if !self.adopt() {
                    self.consider_suspension();
                }
            }
            State::Draining => {
                if self.attached.get() && self.leases() > 0 {
                    self.happen(Event::Wanted);
                }
            }
            State::Starting | State::Stopping(_) => {}
        }
    }

    /// Off or Failed: whoever waits for the end of a detach is told, once.
    pub(super) fn rest(&self) {
        self.cancel_wait();
        if self.wait.get().is_none() {
            self.disarm();
        }
        // What was before tells nothing about what comes after.
        self.lessons.iter().for_each(|lesson| lesson.set(None));
        self.early.set(Early::NotYet);
        self.trials.set(0);
        self.forget_windows();
        self.stream.set(None);
        self.buffer.set(Flight::Even);
        self.turns.iter().for_each(|turn| turn.set(0));
        if self.detaching.get() {
            // Whoever still waits is told before the end of it all is.
            self.cancel_all(Error::Detached);
        }
        if self.detaching.replace(false) {
            let failed = match self.state.get() {
                State::Failed => Some(self.fault.get().unwrap_or(Error::Failed)),
                State::Off
                | State::Starting
                | State::Ready
                | State::Busy
                | State::Draining
                | State::Stopping(_) => self.teardown_fault.get(),
            };
            let result = failed.map_or(Ok(()), Err);
            self.rest_client.map(|client| client.detached(result));
        }
        // In Failed everybody was told, and only a recovery leads on.
        let leads_on = self.state.get() != State::Failed || self.identify.get();
        if leads_on && self.is_wanted() {
            self.deferred_call.set();
        }
    }

    /// A part that is not known yet is spoken to slowly.
    pub(super) fn power_up(&self) {
        self.waking.set(self.is_known());
        let limit_hz = self
            .profile
            .fact(|profile| profile.clock_limit_hz)
            .unwrap_or(FIRST_CLOCK_HZ);
        self.enable(limit_hz);
    }

    pub(super) fn enable(&self, limit_hz: u32) {
        self.identify.set(false);
        self.forget_windows();
        self.clock_limit_hz.set(limit_hz);
        match self.proof.take() {
            Some(Proof::Off(off)) => match self.controller.enable(off, limit_hz) {
                Ok(()) => {
                    count(&self.tally.power_ups);
                    self.wait_for_deadline(self.controller.longest_enable_us());
                }
                Err((error, off)) => {
                    self.proof.set(Some(Proof::Off(off)));
                    self.fault.set(Some(Error::Controller(error)));
                    self.happen(Event::Hung);
                }
            },
            other => {
                self.proof.set(other);
                self.fault.set(Some(Error::Failed));
                self.happen(Event::Hung);
            }
        }
    }

    pub(super) fn begin_bring_up(&self) {
        // A part that is known was put to sleep in order, or greeted just now: it is quiet.
        let patience_us = if self.was_reset.take() || self.is_known() {
            AFTER_RESET_US
        } else {
            self.leftover_us.get()
        };
        let may_come_up = self.may_come_up.take();
        self.scripts
            .map(|scripts| *scripts = Scripts::BringUp(BringUp::new()));
        self.bring_up(|bring_up| {
            let known = self
                .profile
                .fact(|known| bring_up.restart(Some(known), patience_us, may_come_up));
            if known.is_none() {
                bring_up.restart(None, patience_us, may_come_up);
            }
        });
        self.run(Script::BringUp);
    }

    pub(super) fn power_down(&self) {
        self.cancel_wait();
        self.teardown_fault.set(None);
        let farewell = self
            .profile
            .fact(|profile| profile.farewell(self.unlocked.get()));
        let script = ShutDown::new(farewell.unwrap_or_default());
        self.run_shut_down(script);
    }

    /// The part is stuck. Its reset is the documented way out; whatever it is
    /// afterwards is found out from scratch.
    pub(super) fn rescue(&self) {
        self.cancel_wait();
        self.forget_part();
        self.was_reset.set(true);
        self.run_shut_down(ShutDown::rescue());
    }

    /// Disables the controller. False if it is not idle: then nothing is done.
    fn switch_off(&self) -> bool {
        match self.proof.take() {
            Some(Proof::Idle(idle)) => {
                self.proof
                    .set(Some(Proof::Off(self.controller.disable(idle))));
                count(&self.tally.power_downs);
                true
            }
            other => {
                self.proof.set(other);
                false
            }
        }
    }

    pub(super) fn disable(&self) {
        self.happen(if self.switch_off() {
            Event::Stopped
        } else {
            Event::Hung
        });
    }

    /// The part is known. If it takes a faster clock than the present one, it is
    /// greeted once more at that clock, which also shows that the bus is good for it.
    pub(super) fn brought_up(&self, clock_limit_hz: u32) {
        let limit_hz = clock_limit_hz.min(self.controller.fastest_clock_hz());
        if limit_hz <= self.clock_limit_hz.get() {
            self.happen(Event::Started);
            return;
        }
        if self.switch_off() {
            self.enable(clock_limit_hz);
        } else {
            self.fail_bring_up(Error::Failed);
        }
    }

    pub(super) fn fail_bring_up(&self, error: Error) {
        self.fault.set(Some(error));
        self.forget_part();
        self.fail(error, Event::Faulted, Event::WakeFaulted);
    }

    /// The controller did not answer, and the deadline has passed twice.
    pub(super) fn hang(&self) {
        let Some(stopped) = self.controller.force_stop() else {
            count(&self.tally.impossible);
            return;
        };
        count(&self.tally.forced_stops);
        self.proof.set(Some(Proof::Off(stopped.off)));
        self.keep(stopped.buffer);
        // Nobody knows what the part was told last.
        self.forget_part();
        self.fault.set(Some(Error::NoAnswer));
        self.teardown_fault.set(Some(Error::NoAnswer));
        if let Some(Script::BringUp | Script::ShutDown) = self.script.take() {
            self.may_come_up.set(true);
        }
        if let Some(course) = self.course.take() {
            count(&self.tally.ended);
            if !self.attached.get() {
                self.deferred_call.set();
            }
            self.tell(&course, Err(Error::NoAnswer));
        }
        self.give_up_queued(Error::NoAnswer);
        self.give_up_stalled(Error::NoAnswer);
        self.settle_detach();
        self.fail(Error::NoAnswer, Event::Hung, Event::WakeHung);
    }

    /// A failure, which those who wait for a part to be woken are told at once.
    pub(super) fn fail(&self, error: Error, event: Event, in_waking: Event) {
        if self.state.get() == State::Starting && self.waking.take() {
            self.cancel_all(error);
            self.happen(in_waking);
        } else {
            self.happen(event);
        }
    }

    /// A detached device is not to be powered up again for a recovery. So a detach that is still
    /// to be considered is, before it is known what comes next.
    pub(super) fn settle_detach(&self) {
        if self.is_busy() && !self.attached.get() {
            self.happen(Event::Unwanted);
        }
    }
}
