// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a kernel executes for each call of a program without privileges.

use std::collections::BTreeMap;

/// Calls of one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    lengths: BTreeMap<u64, u64>,
}

impl Calls {
    /// How many there were, up to the next instruction without privileges.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lengths.values().sum()
    }

    /// The fewest instructions that one took.
    #[must_use]
    pub fn least(&self) -> u64 {
        self.lengths.keys().next().copied().unwrap_or(0)
    }

    /// Half of them took as many or fewer.
    #[must_use]
    pub fn median(&self) -> u64 {
        let half = self.count().div_ceil(2);
        let mut seen = 0;
        for (&length, &count) in &self.lengths {
            seen += count;
            if seen >= half {
                return length;
            }
        }
        0
    }

    /// The most that one took.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.lengths.keys().next_back().copied().unwrap_or(0)
    }
}

/// Calls by number, and what programs executed themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    calls: BTreeMap<u8, Calls>,
    open: Option<(u8, u64)>,
    unprivileged: u64,
}

impl Profile {
    /// The calls, by the number in the SVC.
    #[must_use]
    pub fn calls(&self) -> &BTreeMap<u8, Calls> {
        &self.calls
    }

    /// Instructions without privileges.
    #[must_use]
    pub fn unprivileged(&self) -> u64 {
        self.unprivileged
    }

    /// Adds what another core executed.
    pub fn add(&mut self, other: &Profile) {
        self.unprivileged += other.unprivileged;
        for (&number, calls) in &other.calls {
            let lengths = &mut self.calls.entry(number).or_default().lengths;
            for (&length, &count) in &calls.lengths {
                *lengths.entry(length).or_default() += count;
            }
        }
    }

    /// An instruction without privileges comes; `executed` came before it.
    pub(crate) fn program_runs(&mut self, executed: u64) {
        self.unprivileged += 1;
        if let Some((number, since)) = self.open.take() {
            let lengths = &mut self.calls.entry(number).or_default().lengths;
            *lengths.entry(executed - since).or_default() += 1;
        }
    }

    /// The program calls the kernel; `executed` includes the call.
    pub(crate) fn called(&mut self, number: u8, executed: u64) {
        self.open = Some((number, executed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_lasts_until_a_program_runs_again() {
        let mut profile = Profile::default();
        for (start, length) in [(10, 5), (30, 7), (50, 100)] {
            profile.program_runs(start - 1);
            profile.called(2, start);
            profile.program_runs(start + length);
        }
        profile.called(0, 200);
        let calls = &profile.calls()[&2];
        assert_eq!((calls.count(), calls.least()), (3, 5));
        assert_eq!((calls.median(), calls.most()), (7, 100));
        assert_eq!(profile.unprivileged(), 6);
        assert_eq!(profile.calls().len(), 1, "one has not ended");
        let mut sum = profile.clone();
        sum.add(&profile);
        assert_eq!((sum.calls()[&2].count(), sum.unprivileged()), (6, 12));
    }

    #[test]
    fn nothing_is_nothing() {
        let calls = Calls::default();
        assert_eq!((calls.count(), calls.median(), calls.most()), (0, 0, 0));
    }
}
