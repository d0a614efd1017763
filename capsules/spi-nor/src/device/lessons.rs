// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How long programs and erases take, learned.

use super::{Course, Device};
use crate::features::{Features, Place};
use crate::operation::{Kind, Recipe};
use crate::pace::Lesson;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// How long a program or an erase of `count` bytes is expected to take, in µs: what was learned of
    /// it, in place of what the part's tables say.
    pub(super) fn expected_us(&self, recipe: &Recipe, count: u32) -> u32 {
        match self.lesson(recipe.kind, count).and_then(Place::get) {
            Some(lesson) => lesson.expected_us(recipe.typical_us),
            None => recipe.typical_us,
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
        if let Some(lesson) = self.lesson(course.kind, course.plan.count)
            && <F::Lessons<Lesson>>::IS_THERE
            && !self.stood.get()
            && course.apart.is_none()
        {
            self.operation(|operation| {
                let typical_us = operation.recipe().typical_us;
                let before = lesson.get().unwrap_or_default();
                lesson.put(before.after(operation.pace(), typical_us));
            });
        }
    }
}
