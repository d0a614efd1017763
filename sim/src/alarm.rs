// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Alarms on the machine's clock: 24 bits at 32 768 Hz, as the nRF52840's RTC.

use crate::machine::{Machine, tick_begins_ns, ticks_at};
use kernel::ErrorCode;
use kernel::hil::time::{Alarm, AlarmClient, Freq32KHz, Ticks, Ticks24, Time};
use kernel::utilities::cells::OptionalCell;
use std::cell::Cell;
use std::rc::Rc;

/// One alarm with a compare channel of its own.
pub struct SimAlarm<'a> {
    machine: Rc<Machine>,
    channel: usize,
    client: OptionalCell<&'a dyn AlarmClient>,
    latency_ns: Cell<u64>,
}

impl<'a> SimAlarm<'a> {
    /// On this machine.
    pub fn new(machine: &Rc<Machine>) -> SimAlarm<'a> {
        SimAlarm {
            channel: machine.add_compare(),
            machine: Rc::clone(machine),
            client: OptionalCell::empty(),
            latency_ns: Cell::new(0),
        }
    }

    /// From the next alarm on, each interrupt comes so much late: something else keeps
    /// the CPU.
    pub fn set_latency_ns(&self, latency_ns: u64) {
        self.latency_ns.set(latency_ns);
    }

    /// Whether its interrupt is pending.
    pub fn is_pending(&self) -> bool {
        self.machine.is_due(self.channel)
    }

    /// The interrupt.
    pub fn handle_interrupt(&self) {
        self.machine.set_compare(self.channel, None);
        self.client.map(|client| client.alarm());
    }
}

impl Time for SimAlarm<'_> {
    type Frequency = Freq32KHz;
    type Ticks = Ticks24;

    fn now(&self) -> Ticks24 {
        Ticks24::from(ticks_at(self.machine.now_ns()) as u32)
    }
}

impl<'a> Alarm<'a> for SimAlarm<'a> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks24, dt: Ticks24) {
        let now_tick = ticks_at(self.machine.now_ns());
        let passed = self.now().wrapping_sub(reference).into_u32();
        let left = u64::from(dt.into_u32().saturating_sub(passed));
        // At least one tick ahead: a compare with the present tick would be missed.
        let due = tick_begins_ns(now_tick + left.max(1)) + self.latency_ns.get();
        self.machine.set_compare(self.channel, Some(due));
    }

    fn get_alarm(&self) -> Ticks24 {
        let due = self.machine.compare_due(self.channel).unwrap_or(0);
        Ticks24::from(ticks_at(due) as u32)
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.machine.set_compare(self.channel, None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.machine.compare_due(self.channel).is_some()
    }

    fn minimum_dt(&self) -> Ticks24 {
        Ticks24::from(1)
    }
}
