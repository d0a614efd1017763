// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The 32 MHz crystal oscillator (HFXO), which the QSPI peripheral needs for as long as it is
//! enabled (anomaly 244).
//!
//! Upstream's boards start the crystal at boot and never stop it; its radio drivers rely on that,
//! and nobody counts who needs it. So neither is it stopped here: it is only made sure that it
//! runs. A board that stops it to save power has to count its users, this one included.
//!
//! Upstream's clock driver can't clear HFCLKSTARTED, so its interrupt can't be used. Where the
//! crystal is found at rest it is started and looked at by an alarm, which upstream's boards never
//! see.

use core::cell::Cell;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::OptionalCell;
use nrf52840::clock::{Clock, HighClockSource};
use nrf52840_qspi::{ClockClient, Request};

/// Between two looks at a crystal that starts, in µs.
const PAUSE_US: u32 = 250;

/// A crystal of this chip runs 360 µs after its start, typically (Product Specification, CLOCK,
/// t_START,HFXO). In µs, with room for slow ones and for the alarm. Unverified on silicon.
const LONGEST_US: u32 = 3000;

/// The crystal, shared with whatever else upstream's board uses it for.
pub struct Crystal<'a, A: Alarm<'a>> {
    clock: &'a Clock,
    alarm: &'a A,
    client: OptionalCell<&'a dyn ClockClient>,
    starting: Cell<bool>,
}

impl<'a, A: Alarm<'a>> Crystal<'a, A> {
    /// `alarm` is for nothing else, and has this as its client.
    pub fn new(clock: &'a Clock, alarm: &'a A) -> Crystal<'a, A> {
        Crystal {
            clock,
            alarm,
            client: OptionalCell::empty(),
            starting: Cell::new(false),
        }
    }

    /// Whom to tell when it runs.
    pub fn set_client(&self, client: &'a dyn ClockClient) {
        self.client.set(client);
    }

    fn runs(&self) -> bool {
        self.clock.high_running() && matches!(self.clock.high_source(), HighClockSource::XTAL)
    }

    fn look_later(&self) {
        let pause = self.alarm.ticks_from_us(PAUSE_US);
        self.alarm.set_alarm(self.alarm.now(), pause);
    }
}

impl<'a, A: Alarm<'a>> nrf52840_qspi::Clock for Crystal<'a, A> {
    fn request(&self) -> Request {
        if self.runs() {
            return Request::Running;
        }
        self.clock.high_start();
        self.starting.set(true);
        self.look_later();
        Request::Starting
    }

    fn release(&self) {
        if self.starting.take() {
            // An alarm that can't be disarmed finds nobody waiting.
            let _disarmed = self.alarm.disarm();
        }
    }

    fn longest_us(&self) -> u32 {
        LONGEST_US
    }
}

impl<'a, A: Alarm<'a>> AlarmClient for Crystal<'a, A> {
    fn alarm(&self) {
        if !self.starting.get() {
            return;
        }
        if self.runs() {
            self.starting.set(false);
            self.client.map(|client| client.clock_runs());
        } else {
            self.look_later();
        }
    }
}
