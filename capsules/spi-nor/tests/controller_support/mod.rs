// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A device with a controller that is asked to be enabled, and an alarm that the test fires.

use kernel::ErrorCode;
use kernel::deferred_call::{DeferredCall, DeferredCallClient, initialize_deferred_call_state};
use kernel::hil::time::{Alarm, AlarmClient, Frequency, Ticks, Time};
use kernel::platform::chip::ThreadIdProvider;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Client, Controller, Error, Granularity, Operation, Refused, Stopped, Template};
use spi_nor::device::{Config, Device};
use spi_nor::lifecycle::State;
use std::cell::Cell;
use std::marker::PhantomData;

enum Thread {}

// SAFETY: each test has a thread of its own, and its own deferred calls.
unsafe impl ThreadIdProvider for Thread {
    fn running_thread_id() -> usize {
        1
    }
}

pub struct Idle;
pub struct Off;

/// Enables, if it works, and does nothing else.
pub struct Late {
    works: bool,
    longest_enable_us: u32,
    off: Cell<Option<Off>>,
    client: OptionalCell<&'static dyn Client<Idle>>,
    deferred_call: DeferredCall,
    enabling: Cell<bool>,
    /// It answers, and keeps that for itself.
    holds_back: bool,
    answers: Cell<u32>,
}

impl Late {
    /// One that takes so many µs at most, and answers as it likes.
    pub fn new(works: bool, holds_back: bool, longest_enable_us: u32) -> Late {
        Late {
            works,
            longest_enable_us,
            off: Cell::new(Some(Off)),
            client: OptionalCell::empty(),
            deferred_call: DeferredCall::new(),
            enabling: Cell::new(false),
            holds_back,
            answers: Cell::new(0),
        }
    }
}

impl Controller<'static> for Late {
    type Idle = Idle;
    type Off = Off;

    fn set_client(&self, client: &'static dyn Client<Idle>) {
        self.client.set(client);
    }

    fn take_off(&self) -> Option<Off> {
        self.off.take()
    }

    fn enable(&self, _off: Off, _clock_limit_hz: u32) -> Result<(), (Error, Off)> {
        self.enabling.set(true);
        if self.works {
            self.deferred_call.set();
        }
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
        self.answers.get()
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

impl DeferredCallClient for Late {
    fn handle_deferred_call(&self) {
        self.answers.set(self.answers.get() + 1);
        if !self.holds_back && self.enabling.take() {
            self.client.map(|client| client.enabled(Idle, None));
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

/// An alarm that the test fires. It counts further than its counter does.
pub struct ByHand<F, T> {
    pub now: Cell<u64>,
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

    /// Time goes on to when the alarm is due, and it fires. The kernel has no time for deferred
    /// calls meanwhile.
    pub fn fire(&self) {
        self.fire_early(0);
    }

    /// The same, so many ticks before it is due.
    pub fn fire_early(&self, ticks: u64) {
        let due = self.due.take().expect("an alarm is set");
        self.now.set(due - ticks);
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
        assert!(
            left >= self.minimum_dt(),
            "set for too soon: it may be missed"
        );
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
        3.into()
    }
}

/// When alarms' time begins: a counter of 24 bits wraps on the way.
pub const START: u64 = (1 << 24) - 5;

/// An attached device that has asked its controller to be enabled.
pub struct Bench<F: Frequency + 'static, T: Ticks + 'static> {
    pub alarm: &'static ByHand<F, T>,
    pub device: &'static Device<'static, Late, ByHand<F, T>>,
}

impl<F: Frequency, T: Ticks> Bench<F, T> {
    /// That of this controller, which is made once there can be deferred calls.
    pub fn enabling(controller: impl FnOnce() -> Late) -> Bench<F, T> {
        initialize_deferred_call_state::<Thread>();
        let controller: &'static Late = Box::leak(Box::new(controller()));
        controller.register();
        let alarm: &'static ByHand<F, T> = Box::leak(Box::new(ByHand {
            now: Cell::new(START),
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
        assert!(DeferredCall::service_next_pending().is_some());
        assert_eq!(device.state(), State::Starting);
        Bench { alarm, device }
    }
}
