// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The alarm: for one thing at a time.

use super::{Device, SLACK_US};
use crate::features::Features;
use crate::lifecycle::Event;
use crate::script::Input;
use core::hash::Hash;
use kernel::hil::time::{Alarm, AlarmClient, Frequency, Ticks};
use qspi_hil::Controller;

/// What the alarm is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wait {
    /// The next look at the part.
    Pause,
    /// A transfer's deadline; true if it has passed once already.
    Deadline(bool),
    /// The idle time.
    Idle,
    /// Nothing but to look at the clients again.
    Later,
}

impl Wait {
    /// Whether the alarm may come before it is over, and be set again for the rest: this comes
    /// again and again, and hardly ever to its end.
    pub(super) const fn is_coarse(self) -> bool {
        match self {
            Wait::Deadline(_) | Wait::Idle => true,
            Wait::Pause | Wait::Later => false,
        }
    }
}

/// What the alarm was set for: when, and for how many ticks.
#[derive(Clone, Copy)]
pub(super) struct Waiting<T> {
    pub(super) wait: Wait,
    pub(super) since: T,
    pub(super) ticks: T,
    /// µs to wait once it has passed: what was too long for the alarm's counter.
    pub(super) left_us: u32,
}

/// Ticks that take `time_us` at least, of an alarm that counts at `hz`.
///
/// One more, at most, than the fewest: the factor is rounded up, and a constant where `hz` is. A
/// division of 64 bits would take hundreds of instructions.
const fn ticks_of(time_us: u32, hz: u32) -> u32 {
    const WHOLE: u64 = 1 << 32;
    let factor = (hz as u64 * WHOLE).div_ceil(1_000_000);
    let ticks = (time_us as u64).saturating_mul(factor).div_ceil(WHOLE);
    if ticks > u32::MAX as u64 {
        u32::MAX
    } else {
        ticks as u32
    }
}

/// The most ticks that an alarm is set for at once: half of what its counter holds, and no more than
/// [`ticks_of`] can tell.
pub(super) fn longest_wait<T: Ticks>() -> T {
    T::half_max_value().min(T::from_or_max(1 << 31))
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Ticks until `time_us` has passed for sure, and µs of it that are too much for the counter.
    pub(super) fn ticks(&self, time_us: u32) -> (A::Ticks, u32) {
        let longest_us = self.longest_wait_us;
        let left_us = time_us.saturating_sub(longest_us);
        let now_us = time_us.min(longest_us);
        // One tick more than asked for: the current one is already under way. Not all drivers raise what
        // is below the minimum: upstream's RTC misses one alarm of a hundred that is two ticks ahead.
        let ticks = ticks_of(now_us, A::Frequency::frequency()).saturating_add(1);
        (A::Ticks::from(ticks).max(self.alarm.minimum_dt()), left_us)
    }

    pub(super) fn wait_for(&self, wait: Wait, time_us: u32) {
        let now = self.alarm.now();
        let (ticks, left_us) = self.ticks(time_us);
        if wait != Wait::Later && self.waits_for() == Some(Wait::Later) {
            self.later.set(true);
        }
        self.wait.set(Some(Waiting {
            wait,
            since: now,
            ticks,
            left_us,
        }));
        if !(wait.is_coarse() && self.comes_before(now, ticks)) {
            self.arm(now, ticks);
        }
    }

    /// What is waited for.
    pub(super) fn waits_for(&self) -> Option<Wait> {
        self.wait.get().map(|waiting| waiting.wait)
    }

    pub(super) fn arm(&self, since: A::Ticks, ticks: A::Ticks) {
        self.armed.set(Some((since, ticks)));
        self.alarm.set_alarm(since, ticks);
    }

    pub(super) fn disarm(&self) {
        if self.armed.take().is_some() {
            // An alarm that can't be disarmed fires for nobody, see `alarm`.
            let _unused = self.alarm.disarm();
        }
    }

    /// Whether the alarm is set, and for no later than `ticks` from `now` on.
    pub(super) fn comes_before(&self, now: A::Ticks, ticks: A::Ticks) -> bool {
        self.armed.get().is_some_and(|(since, set_for)| {
            let passed = now.wrapping_sub(since);
            passed < set_for && set_for.wrapping_sub(passed) <= ticks
        })
    }

    /// A wait is over. If somebody asked for a look after it, this is the time.
    pub(super) fn look_if_asked(&self) {
        if self.later.take() {
            self.deferred_call.set();
        }
    }

    /// Whether the controller has answered since it was asked last: it is not hung then.
    pub(super) fn has_answered(&self) -> bool {
        let answers = self.controller.answers();
        self.answers.replace(answers) != answers
    }

    pub(super) fn wait_for_deadline(&self, longest_us: u32) {
        // What comes with an answer in hand is not overdue, whatever was before.
        self.overdue.set(false);
        self.answers.set(self.controller.answers());
        self.wait_for(
            Wait::Deadline(false),
            longest_us.saturating_mul(2).saturating_add(SLACK_US),
        );
    }

    /// The controller's deferred call was created before ours, so it was served before it: what
    /// the controller had to say was said.
    pub(super) fn look_if_overdue(&self) {
        if !self.overdue.take() {
            return;
        }
        self.look_if_asked();
        if self.has_answered() {
            self.wait_for(Wait::Deadline(false), SLACK_US);
        } else {
            self.hang();
        }
    }

    /// Nothing is waited for any more, but for a look that somebody asked for.
    pub(super) fn cancel_wait(&self) {
        self.overdue.set(false);
        match self.waits_for() {
            None | Some(Wait::Later) => {}
            // What is waited for next may do with this alarm.
            Some(Wait::Deadline(_) | Wait::Idle) => {
                self.wait.set(None);
                self.look_if_asked();
            }
            Some(Wait::Pause) => {
                self.wait.set(None);
                self.disarm();
                self.look_if_asked();
            }
        }
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> AlarmClient for Device<'a, C, A, F> {
    fn alarm(&self) {
        self.armed.set(None);
        let Some(waiting) = self.wait.take() else {
            return;
        };
        let now = self.alarm.now();
        let passed = now.wrapping_sub(waiting.since);
        if passed < waiting.ticks {
            // An alarm that was set earlier.
            let left = waiting.ticks.wrapping_sub(passed);
            self.arm(now, left.max(self.alarm.minimum_dt()));
            self.wait.set(Some(waiting));
            return;
        }
        if waiting.left_us > 0 {
            self.wait_for(waiting.wait, waiting.left_us);
            return;
        }
        self.look_if_asked();
        match waiting.wait {
            Wait::Pause => self.continue_with(Input::Elapsed),
            Wait::Deadline(_) if self.has_answered() => {
                self.wait_for(Wait::Deadline(false), SLACK_US);
            }
            Wait::Deadline(false) => self.wait_for(Wait::Deadline(true), SLACK_US),
            Wait::Deadline(true) => {
                self.overdue.set(true);
                self.deferred_call.set();
            }
            Wait::Later => self.deferred_call.set(),
            Wait::Idle => {
                if self.is_ready() {
                    self.happen(Event::Unwanted);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ticks_of;

    #[test]
    fn ticks_are_enough_and_hardly_more() {
        for hz in [1_000, 16_000, 32_768, 1_000_000, 16_000_000] {
            for time_us in (0..1_000).chain((0..28).map(|bit| 1 << bit)) {
                let exactly = u64::from(time_us) * u64::from(hz);
                let fewest = exactly.div_ceil(1_000_000);
                let ticks = u64::from(ticks_of(time_us, hz));
                let most = (fewest + 1).min(u64::from(u32::MAX));
                assert!(ticks >= fewest.min(most), "{time_us} µs at {hz} Hz");
                assert!(ticks <= most, "{time_us} µs at {hz} Hz");
            }
        }
    }
}
