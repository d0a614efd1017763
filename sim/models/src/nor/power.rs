// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Supply, deep power-down and reset of a part.

use super::{FailFlags, FlashOperation, Nor, Outcome};

/// Whether commands are heard, and if not, until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Off,
    PoweringUp { until: u64 },
    Awake,
    Entering { until: u64 },
    Asleep,
    Leaving { until: u64 },
    Resetting { until: u64 },
}

impl Power {
    pub(crate) fn until(self) -> Option<u64> {
        match self {
            Power::Off | Power::Awake | Power::Asleep => None,
            Power::PoweringUp { until }
            | Power::Entering { until }
            | Power::Leaving { until }
            | Power::Resetting { until } => Some(until),
        }
    }

    fn after(self) -> Self {
        match self {
            Power::Entering { .. } | Power::Asleep => Power::Asleep,
            Power::PoweringUp { .. }
            | Power::Leaving { .. }
            | Power::Resetting { .. }
            | Power::Awake => Power::Awake,
            Power::Off => Power::Off,
        }
    }
}

impl Nor {
    pub(super) fn power_event(&mut self) {
        if self.power.until().is_some_and(|until| until <= self.now) {
            self.set_power(self.power.after());
        }
    }

    pub(super) fn set_power(&mut self, power: Power) {
        self.power = power;
        self.observe_power();
    }

    /// Puts the part to sleep as if long ago, as a warm restart may find it.
    pub fn put_to_sleep(&mut self, now: u64) {
        self.advance(now);
        self.set_power(Power::Asleep);
    }

    /// Takes the supply away. What runs is done in part, as the seed decides.
    pub fn power_cut(&mut self, now: u64) {
        self.advance(now);
        self.interrupt_all();
        self.lose_power();
    }

    pub(super) fn lose_power(&mut self) {
        // The frame under way ends without effect.
        self.frame = None;
        if let Some(operation) = self.suspended.take() {
            let bytes = operation.bytes_done(self.now, false);
            self.interrupt(operation, bytes);
        }
        self.forget();
        self.unlocked = false;
        self.set_power(Power::Off);
    }

    /// Gives the supply back. Commands are heard after the part's power-up time.
    pub fn power_on(&mut self, now: u64) {
        self.advance(now);
        if self.power == Power::Off {
            let until = self.now + self.part.power_up_ns;
            self.set_power(Power::PoweringUp { until });
        }
    }

    /// Resets the part as its RESET# pin would. What runs is done in part.
    pub fn hardware_reset(&mut self, now: u64) {
        self.advance(now);
        self.frame = None;
        self.reset();
    }

    pub(super) fn reset(&mut self) {
        let busy = self.is_busy() || self.suspended.is_some();
        self.interrupt_all();
        self.forget();
        let recovery = if busy {
            self.part.reset_busy_ns
        } else {
            self.part.reset_idle_ns
        };
        let until = self.now + recovery;
        self.set_power(Power::Resetting { until });
    }

    /// Everything volatile goes back to its default.
    fn forget(&mut self) {
        if self.phantom_now() {
            self.busy_ended(FlashOperation::Phantom, Outcome::Interrupted);
        }
        self.phantom = None;
        self.registers.restore();
        self.write_enabled = false;
        self.volatile_write_enabled = false;
        self.reset_enabled = false;
        self.otp.secured = false;
        self.four_byte = false;
        self.continuous_read = false;
        self.four_line_commands = false;
        self.failed = FailFlags::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sleep_lasts() {
        assert_eq!(Power::Entering { until: 5 }.after(), Power::Asleep);
        assert_eq!(Power::Leaving { until: 5 }.after(), Power::Awake);
        assert_eq!(Power::Resetting { until: 5 }.until(), Some(5));
        assert_eq!(Power::Asleep.until(), None);
        assert_eq!(Power::Off.after(), Power::Off);
    }
}
