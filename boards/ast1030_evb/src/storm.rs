// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Detaches the flash at moments that nobody foresees, and attaches it again.

use crate::{FmcHw, VirtualAlarm};
use aspeed_fmc::State;
use core::cell::Cell;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Time};
use spi_nor::device::RestClient;
use spi_nor::error::Error;

/// The longest pause between an attach and the next detach, in µs.
const LONGEST_US: u32 = 4_000;

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Detaches that ended.
    pub detached: u32,
    /// Of them, those in failure.
    pub failed: u32,
    /// Of them, those after which the controller was not disabled.
    pub left_on: u32,
    /// Detaches or attaches that were refused.
    pub refused: u32,
}

/// The storm.
pub struct Storm {
    device: &'static crate::DeviceHw,
    fmc: &'static FmcHw,
    alarm: &'static VirtualAlarm,
    rounds: u32,
    random: Cell<u32>,
    tally: Cell<Tally>,
}

impl Storm {
    /// To be `rounds` long. It has to be made the client of the alarm and of the device's
    /// rest, and [started](Self::start).
    pub fn new(
        device: &'static crate::DeviceHw,
        fmc: &'static FmcHw,
        alarm: &'static VirtualAlarm,
        rounds: u32,
        seed: u32,
    ) -> Storm {
        Storm {
            device,
            fmc,
            alarm,
            rounds,
            // Xorshift stays at 0 for ever.
            random: Cell::new(seed | 1),
            tally: Cell::new(Tally::default()),
        }
    }

    /// The first pause.
    pub fn start(&self) {
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.set(random);
        let pause = self.alarm.ticks_from_us(random % LONGEST_US + 1);
        self.alarm.set_alarm(self.alarm.now(), pause);
    }

    /// Whether all rounds are over.
    pub fn is_over(&self) -> bool {
        let tally = self.tally.get();
        tally.detached >= self.rounds || tally.refused > 0
    }

    /// What came of it.
    pub fn tally(&self) -> Tally {
        self.tally.get()
    }

    fn count(&self, field: fn(&mut Tally) -> &mut u32) {
        let mut tally = self.tally.get();
        *field(&mut tally) += 1;
        self.tally.set(tally);
    }
}

impl AlarmClient for Storm {
    fn alarm(&self) {
        if self.device.detach().is_err() {
            self.count(|tally| &mut tally.refused);
        }
    }
}

impl RestClient for Storm {
    fn detached(&self, result: Result<(), Error>) {
        self.count(|tally| &mut tally.detached);
        if result.is_err() {
            self.count(|tally| &mut tally.failed);
        }
        if self.fmc.state() != State::Off || !crate::run::reads_as_off(self.fmc) {
            self.count(|tally| &mut tally.left_on);
        }
        if self.device.attach().is_err() {
            self.count(|tally| &mut tally.refused);
        } else if !self.is_over() {
            self.start();
        }
    }
}
