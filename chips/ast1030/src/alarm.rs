// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Time, 1 MHz in 32 bits: the first timer runs freely, the second one is the alarm.
//!
//! The timers count down from their reload value. At 0 they start again and, if asked to,
//! raise their interrupt. So the alarm is the second timer with the distance as its reload
//! value, switched off when it has gone off once.
//!
//! # In QEMU
//!
//! A timer's line changes its level with every event: a match changes it once, an overflow
//! twice, which makes a pulse. Only the latter is an interrupt that ends, so matches are out of
//! the way. But if the host gives the emulator no time between two looks at its clock, it finds
//! an overflow missed that was due at once, and changes the level once. Then the line is high
//! at rest, and whoever waits for it to go low waits for ever. So a line that is still high when
//! its interrupt has been acknowledged is changed once more.

use crate::interrupts;
use crate::timers::{CONTROL, NEVER, STATUS, TimerRegisters};
use core::cell::Cell;
use cortexm4f::nvic::{self, Nvic};
use kernel::ErrorCode;
use kernel::hil::time::{self, AlarmClient, Freq1MHz, Ticks, Ticks32};
use kernel::utilities::StaticRef;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The shortest distance, in µs.
const SHORTEST: u32 = 10;

/// The alarm.
pub struct Alarm<'a> {
    registers: StaticRef<TimerRegisters>,
    client: OptionalCell<&'a dyn AlarmClient>,
    /// When, while it is armed.
    due: Cell<Option<Ticks32>>,
    last: Cell<Ticks32>,
    unstuck: Cell<u32>,
}

impl<'a> Alarm<'a> {
    /// The alarm. [`start`](Self::start) makes it run.
    pub fn new(registers: StaticRef<TimerRegisters>) -> Alarm<'a> {
        Alarm {
            registers,
            client: OptionalCell::empty(),
            due: Cell::new(None),
            last: Cell::new(Ticks32::from(0)),
            unstuck: Cell::new(0),
        }
    }

    /// Starts the clock. To be called once, before the first alarm.
    pub fn start(&self) {
        let [clock, alarm, _] = &self.registers.timers;
        self.registers
            .control_clear
            .write(CONTROL::ENABLE1::SET + CONTROL::ENABLE2::SET);
        for timer in [clock, alarm] {
            timer.first_match.set(NEVER);
            timer.second_match.set(NEVER);
        }
        clock.reload.set(u32::MAX);
        clock.count.set(u32::MAX);
        self.registers
            .control
            .modify(CONTROL::EXTERNAL_CLOCK1::SET + CONTROL::OVERFLOW_INTERRUPT1::CLEAR);
        // What a timer counts with has to be settled when it starts.
        self.registers.control.modify(
            CONTROL::ENABLE1::SET
                + CONTROL::EXTERNAL_CLOCK2::SET
                + CONTROL::OVERFLOW_INTERRUPT2::SET,
        );
    }

    /// To be called when [`interrupts::ALARM`] is pending.
    pub fn handle_interrupt(&self) {
        self.registers.interrupt_status.write(STATUS::TIMER2::SET);
        // Writes to peripherals may be buffered: after this the line is low.
        self.registers.interrupt_status.get();
        let line = Nvic::new(interrupts::ALARM);
        line.clear_pending();
        if nvic::next_pending() == Some(interrupts::ALARM) {
            self.unstick();
            line.clear_pending();
        }
        let Some(due) = self.due.get() else {
            return;
        };
        self.halt();
        let left = due.wrapping_sub(time::Time::now(self));
        // Beyond half the range means that it has passed.
        if left.into_u32() == 0 || left > Ticks32::half_max_value() {
            self.due.set(None);
            self.client.map(|client| client.alarm());
        } else {
            // The pulse was that of an alarm before.
            self.count_down(left.into_u32());
        }
    }

    /// How often the line had to be changed back, which is never on a chip.
    pub fn unstuck(&self) -> u32 {
        self.unstuck.get()
    }

    /// An overflow that is missed at once, in QEMU. On a chip nothing is counted.
    fn unstick(&self) {
        self.unstuck.set(self.unstuck.get().wrapping_add(1));
        let [_, alarm, _] = &self.registers.timers;
        self.halt();
        alarm.reload.set(0);
        alarm.count.set(0);
        self.registers.control.modify(CONTROL::ENABLE2::SET);
        self.halt();
    }

    fn halt(&self) {
        self.registers.control_clear.write(CONTROL::ENABLE2::SET);
    }

    fn count_down(&self, distance: u32) {
        let [_, alarm, _] = &self.registers.timers;
        let distance = distance.max(SHORTEST);
        alarm.reload.set(distance);
        alarm.count.set(distance);
        self.registers.control.modify(CONTROL::ENABLE2::SET);
    }
}

impl time::Time for Alarm<'_> {
    type Frequency = Freq1MHz;
    type Ticks = Ticks32;

    fn now(&self) -> Ticks32 {
        let [clock, _, _] = &self.registers.timers;
        Ticks32::from(!clock.count.get())
    }
}

impl<'a> time::Alarm<'a> for Alarm<'a> {
    fn set_alarm_client(&self, client: &'a dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks32, dt: Ticks32) {
        self.halt();
        let now = time::Time::now(self);
        let due = reference.wrapping_add(dt);
        // What was due before `now` is due at once.
        let left = if now.within_range(reference, due) {
            due.wrapping_sub(now).into_u32().max(SHORTEST)
        } else {
            SHORTEST
        };
        self.last.set(due);
        // Alarms further ahead than half the range go off twice, and are set again.
        self.due.set(Some(now.wrapping_add(Ticks32::from(
            left.min(Ticks32::half_max_value().into_u32()),
        ))));
        self.count_down(left.min(Ticks32::half_max_value().into_u32()));
    }

    fn get_alarm(&self) -> Ticks32 {
        self.last.get()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.halt();
        self.due.set(None);
        self.registers.interrupt_status.write(STATUS::TIMER2::SET);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.due.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks32 {
        Ticks32::from(SHORTEST)
    }
}
