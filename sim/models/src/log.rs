// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The two streams that a model writes: violations and observations.

use crate::{Observation, Timed, Violation};

/// Both streams, in time order.
///
/// Owned by the flash and lent to the controller in front of it, so that what
/// the two report is one sequence.
#[derive(Debug)]
pub(crate) struct Log {
    violations: Vec<Timed<Violation>>,
    observations: Vec<Timed<Observation>>,
    observing: bool,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            violations: Vec::new(),
            observations: Vec::new(),
            observing: true,
        }
    }

    pub(crate) fn set_observing(&mut self, observing: bool) {
        self.observing = observing;
    }

    pub(crate) fn violation(&mut self, at: u64, what: Violation) {
        self.violations.push(Timed { at, what });
    }

    pub(crate) fn observe(&mut self, at: u64, what: Observation) {
        if self.observing {
            self.observations.push(Timed { at, what });
        }
    }

    pub(crate) fn violations(&self) -> &[Timed<Violation>] {
        &self.violations
    }

    pub(crate) fn take_violations(&mut self) -> Vec<Timed<Violation>> {
        std::mem::take(&mut self.violations)
    }

    pub(crate) fn take_observations(&mut self) -> Vec<Timed<Observation>> {
        std::mem::take(&mut self.observations)
    }
}
