// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How long programs and erases take, learned.

use super::{Course, Device, Early, MOST_TRIALS};
use crate::features::{Features, Place};
use crate::operation::{Kind, OperationScript, Recipe};
use crate::pace::{Lesson, Pace, WAITED_US};
use kernel::hil::time::{Alarm, ConvertTicks, Ticks};
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// When to look at a program or an erase, by what was learned of it in place of what the part's
    /// tables say. If `leads`, it is to be seen busy before its end.
    pub(super) fn pace(&self, recipe: &Recipe, course: &Course<'a>, leads: bool) -> Pace {
        let expected_us = match self
            .lesson(recipe.kind, course.plan.count)
            .and_then(Place::get)
        {
            Some(lesson) => lesson.expected_us(recipe.typical_us),
            None => recipe.typical_us,
        };
        if leads {
            let is_trial = self.early.get() == Early::OnTrial;
            Pace::leading(expected_us, recipe.maximum_us, is_trial)
        } else {
            Pace::new(expected_us, recipe.maximum_us)
        }
    }

    /// What was learned about programs, or about erases of `count` bytes.
    pub(super) fn lesson(&self, kind: Kind, count: u32) -> Option<&F::Lessons<Lesson>> {
        let [programs, sectors, half_blocks, blocks, others] = &self.lessons;
        match (kind, count) {
            (Kind::Read, _) => None,
            (Kind::Program, _) => Some(programs),
            (Kind::Erase, 0x1000) => Some(sectors),
            (Kind::Erase, 0x8000) => Some(half_blocks),
            (Kind::Erase, 0x1_0000) => Some(blocks),
            (Kind::Erase, _) => Some(others),
        }
    }

    /// Learns from an operation that has ended well, and did not stand still meanwhile.
    pub(super) fn learn(&self, course: &Course<'a>) {
        self.learn_by(course, |before, operation| {
            let (pace, typical_us) = (operation.pace(), operation.recipe().typical_us);
            (before.after(pace, typical_us), pace.is_punctual())
        });
    }

    /// Learns from a page that has ended while the controller had the next one, since `runs_since`: it has
    /// waited, and then sent that page, of this recipe. False if it is on trial, and was not seen to wait.
    pub(super) fn learn_queued(&self, course: &Course<'a>, next: &Recipe) -> bool {
        let clocks = next.operation.template.clocks(next.length) as u32;
        let clock_khz = (self.controller.clock_hz() / 1000).max(1);
        let sent_us = clocks.saturating_mul(1000) / clock_khz;
        let took = self.alarm.now().wrapping_sub(self.runs_since.get());
        if self.early.get() != Early::OnTrial {
            let waited_us = self.alarm.ticks_to_us(took).saturating_sub(sent_us);
            self.learn_by(course, |before, operation| {
                before.after_queue(waited_us, operation.recipe().typical_us)
            });
            return true;
        }
        // A tick less than was counted is the least that it can have been.
        let least = took.into_u32().saturating_sub(1);
        let least_us = self.alarm.ticks_to_us(A::Ticks::from(least));
        let has_waited = least_us >= sent_us.saturating_add(WAITED_US);
        if has_waited {
            self.early.set(Early::Yes);
        } else {
            let trials = self.trials.get().saturating_add(1);
            self.trials.set(trials);
            if trials >= MOST_TRIALS {
                self.early.set(Early::No);
            }
            self.learn_by(course, |before, _| (before.after_trial(), true));
        }
        has_waited
    }

    fn learn_by(
        &self,
        course: &Course<'a>,
        learn: impl FnOnce(Lesson, &OperationScript) -> (Lesson, bool),
    ) {
        if let Some(lesson) = self.lesson(course.kind, course.plan.count)
            && <F::Lessons<Lesson>>::IS_THERE
            && !self.stood.get()
            && course.apart.is_none()
        {
            self.operation(|operation| {
                let (after, is_punctual) = learn(lesson.get().unwrap_or_default(), operation);
                lesson.put(after);
                match (self.early.get(), is_punctual) {
                    (Early::NotYet, true) if course.kind == Kind::Program => {
                        self.early.set(Early::OnTrial);
                    }
                    (Early::OnTrial | Early::Yes, false) if course.kind == Kind::Program => {
                        self.early.set(Early::NotYet);
                    }
                    (Early::NotYet | Early::OnTrial | Early::Yes | Early::No, _) => {}
                }
            });
        }
    }
}
