// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A deadline takes as long as was asked for, however fast and wide the alarm's counter is.

use kernel::ErrorCode;
use kernel::deferred_call::{DeferredCall, DeferredCallClient, initialize_deferred_call_state};
use kernel::hil::time::{
    Alarm, AlarmClient, Freq1KHz, Freq1MHz, Freq16MHz, Freq32KHz, Frequency, Ticks, Ticks16,
    Ticks24, Ticks32, Ticks64, Time,
};
use kernel::platform::chip::ThreadIdProvider;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Client, Controller, Error, Granularity, Operation, Refused, Stopped, Template};
use spi_nor::device::{Config, Device};
use std::cell::Cell;
use std::marker::PhantomData;

enum Thread {}

// SAFETY: each test has a thread of its own, and its own deferred calls.
unsafe impl ThreadIdProvider for Thread {
    fn running_thread_id() -> usize {
        1
    }
}

struct Idle;
struct Off;

/// Is asked to be enabled, and never answers.
struct Silent {
    off: Cell<Option<Off>>,
    enabling: Cell<bool>,
    longest_enable_us: u32,
}

impl Controller<'static> for Silent {
    type Idle = Idle;
    type Off = Off;

    fn set_client(&self, _client: &'static dyn Client<Idle>) {}

    fn take_off(&self) -> Option<Off> {
        self.off.take()
    }

    fn enable(&self, _off: Off, _clock_limit_hz: u32) -> Result<(), (Error, Off)> {
        self.enabling.set(true);
        Ok(())
    }

    fn supports(&self, _template: &Template) -> bool {
        false
    }

    fn granularity(&self, _template: &Template) -> Granularity {
        Granularity::BYTE
    }

    fn longest_data(&self, _template: &Template) -> usize {
        0
    }

    fn longest_us(&self, _template: &Template, _length: usize) -> u32 {
        0
    }

    fn longest_enable_us(&self) -> u32 {
        self.longest_enable_us
    }

    fn answers(&self) -> u32 {
        0
    }

    fn clock_hz(&self) -> u32 {
        1_000_000
    }

    fn fastest_clock_hz(&self) -> u32 {
        1_000_000
    }

    fn start(
        &self,
        idle: Idle,
        _operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Idle>> {
        Err(Refused {
            error: Error::Unsupported,
            idle,
            buffer,
        })
    }

    fn disable(&self, _idle: Idle) -> Off {
        Off
    }

    fn force_stop(&self) -> Option<Stopped<Off>> {
        self.enabling.take().then_some(Stopped {
            off: Off,
            buffer: None,
            quarantined: false,
        })
    }
}

/// An alarm that the test fires. It counts further than its counter does.
struct ByHand<F, T> {
    now: Cell<u64>,
    due: Cell<Option<u64>>,
    client: OptionalCell<&'static dyn AlarmClient>,
    counter: PhantomData<(F, T)>,
}

impl<F, T: Ticks> ByHand<F, T> {
    fn cut(&self, count: u64) -> T {
        // Both halves, for a counter that has two.
        let high = T::from((count >> 32) as u32);
        let shifted = (0..32).fold(high, |sum, _| sum.wrapping_add(sum));
        shifted.wrapping_add(T::from(count as u32))
    }

    /// Time goes on to when the alarm is due, and it fires.
    fn fire(&self) {
        let due = self.due.take().expect("an alarm is set");
        self.now.set(due);
        self.client.map(|client| client.alarm());
    }
}

impl<F: Frequency, T: Ticks> Time for ByHand<F, T> {
    type Frequency = F;
    type Ticks = T;

    fn now(&self) -> T {
        self.cut(self.now.get())
    }
}

impl<F: Frequency, T: Ticks> Alarm<'static> for ByHand<F, T> {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: T, dt: T) {
        let passed = self.now().wrapping_sub(reference);
        assert!(passed < dt, "set for what is over");
        let left = dt.wrapping_sub(passed);
        let left = left.into_usize() as u64;
        self.due.set(Some(self.now.get() + left));
    }

    fn get_alarm(&self) -> T {
        self.cut(self.due.get().unwrap_or_default())
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.due.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.due.get().is_some()
    }

    fn minimum_dt(&self) -> T {
        1.into()
    }
}

/// How long a controller is waited for, which never answers, in µs.
fn waited_us<F: Frequency + 'static, T: Ticks + 'static>(longest_enable_us: u32) -> u64 {
    initialize_deferred_call_state::<Thread>();
    let controller: &'static Silent = Box::leak(Box::new(Silent {
        off: Cell::new(Some(Off)),
        enabling: Cell::new(false),
        longest_enable_us,
    }));
    // It wraps on the way.
    let begun = (1 << 24) - 5;
    let alarm: &'static ByHand<F, T> = Box::leak(Box::new(ByHand {
        now: Cell::new(begun),
        due: Cell::new(None),
        client: OptionalCell::empty(),
        counter: PhantomData,
    }));
    let buffer = Box::leak(Box::new([0; 4096]));
    let config = Config { idle_us: 1000 };
    let device: &'static Device<_, _> =
        Box::leak(Box::new(Device::new(controller, alarm, buffer, config)));
    device.register();
    controller.set_client(device);
    alarm.set_alarm_client(device);
    device.attach().expect("it is not detaching");
    while device.counters().forced_stops == 0 {
        if DeferredCall::has_tasks() {
            DeferredCall::service_next_pending();
        } else {
            alarm.fire();
        }
    }
    let ticks = u128::from(alarm.now.get() - begun);
    (ticks * 1_000_000 / u128::from(F::frequency())) as u64
}

fn are_long_enough<F: Frequency + 'static, T: Ticks + 'static>() {
    let hz = F::frequency();
    for longest_us in [0, 1, 333, 100_000, 7_000_000, 150_000_000, 2_000_000_000] {
        // Twice the longest time and a slack, and the slack once more.
        let asked_us = 2 * u64::from(longest_us) + 2 * 1000;
        let waited_us = waited_us::<F, T>(longest_us);
        let what = format!(
            "{waited_us} us in place of {asked_us} at {hz} Hz, {} bits",
            T::width()
        );
        assert!(waited_us >= asked_us, "{what}");
        // Each time that the alarm is set takes two ticks more at most.
        let turn_us = (1u64 << (T::width() - 1)).saturating_mul(1_000_000) / u64::from(hz);
        let turns = asked_us / turn_us.max(1) + 3;
        let more_us = turns * (2 * 1_000_000 / u64::from(hz) + 2);
        assert!(waited_us <= asked_us + asked_us / 1000 + more_us, "{what}");
    }
}

#[test]
fn deadlines_are_long_enough_with_counters_of_16_bits() {
    are_long_enough::<Freq32KHz, Ticks16>();
    are_long_enough::<Freq1KHz, Ticks16>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_24_bits() {
    are_long_enough::<Freq32KHz, Ticks24>();
    are_long_enough::<Freq16MHz, Ticks24>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_32_bits() {
    are_long_enough::<Freq1KHz, Ticks32>();
    are_long_enough::<Freq32KHz, Ticks32>();
    are_long_enough::<Freq1MHz, Ticks32>();
    are_long_enough::<Freq16MHz, Ticks32>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_64_bits() {
    are_long_enough::<Freq32KHz, Ticks64>();
    are_long_enough::<Freq1MHz, Ticks64>();
    are_long_enough::<Freq16MHz, Ticks64>();
}
