// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A controller whose answers come by deferred call, as those of commands that the CPU shifts
//! itself do. The kernel serves interrupts first, so alarms overtake them.

use kernel::ErrorCode;
use kernel::deferred_call::{DeferredCall, DeferredCallClient, initialize_deferred_call_state};
use kernel::hil::time::{Alarm, AlarmClient, Freq1MHz, Ticks, Ticks32, Time};
use kernel::platform::chip::ThreadIdProvider;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Client, Controller, Error, Granularity, Operation, Refused, Stopped, Template};
use spi_nor::device::{Config, Device};
use spi_nor::lifecycle::State;
use std::cell::Cell;

enum Thread {}

// SAFETY: each test has a thread of its own, and its own deferred calls.
unsafe impl ThreadIdProvider for Thread {
    fn running_thread_id() -> usize {
        1
    }
}

struct Idle;
struct Off;

/// Enables, if it works, and does nothing else.
struct Late {
    works: bool,
    off: Cell<Option<Off>>,
    client: OptionalCell<&'static dyn Client<Idle>>,
    deferred_call: DeferredCall,
    enabling: Cell<bool>,
    /// It answers, and keeps that for itself.
    holds_back: bool,
    answers: Cell<u32>,
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
        100
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

/// An alarm that the test fires.
#[derive(Default)]
struct ByHand {
    now: Cell<u32>,
    due: Cell<Option<u32>>,
    client: OptionalCell<&'static dyn AlarmClient>,
}

impl ByHand {
    /// Time goes on to when the alarm is due, and it fires. The kernel has no time for deferred
    /// calls meanwhile.
    fn fire(&self) {
        let due = self.due.take().expect("an alarm is set");
        self.now.set(due);
        self.client.map(|client| client.alarm());
    }
}

impl Time for ByHand {
    type Frequency = Freq1MHz;
    type Ticks = Ticks32;

    fn now(&self) -> Ticks32 {
        self.now.get().into()
    }
}

impl Alarm<'static> for ByHand {
    fn set_alarm_client(&self, client: &'static dyn AlarmClient) {
        self.client.set(client);
    }

    fn set_alarm(&self, reference: Ticks32, dt: Ticks32) {
        self.due.set(Some(reference.wrapping_add(dt).into_u32()));
    }

    fn get_alarm(&self) -> Ticks32 {
        self.due.get().unwrap_or_default().into()
    }

    fn disarm(&self) -> Result<(), ErrorCode> {
        self.due.set(None);
        Ok(())
    }

    fn is_armed(&self) -> bool {
        self.due.get().is_some()
    }

    fn minimum_dt(&self) -> Ticks32 {
        1.into()
    }
}

struct Bench {
    alarm: &'static ByHand,
    device: &'static Device<'static, Late, ByHand>,
}

impl Bench {
    /// An attached device that has asked its controller to be enabled.
    fn enabling(works: bool, holds_back: bool) -> Bench {
        initialize_deferred_call_state::<Thread>();
        let controller: &'static Late = Box::leak(Box::new(Late {
            works,
            off: Cell::new(Some(Off)),
            client: OptionalCell::empty(),
            deferred_call: DeferredCall::new(),
            enabling: Cell::new(false),
            holds_back,
            answers: Cell::new(0),
        }));
        controller.register();
        let alarm: &'static ByHand = Box::leak(Box::default());
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

    /// Alarms, until none is set any more.
    fn alarms(&self) -> usize {
        let mut fired = 0;
        while self.alarm.is_armed() {
            self.alarm.fire();
            fired += 1;
            assert!(fired < 10, "it has to come to an end");
        }
        fired
    }

    /// The kernel's loop, until nothing is left to do.
    fn deferred_calls(&self) {
        while DeferredCall::has_tasks() {
            DeferredCall::service_next_pending();
        }
    }
}

#[test]
fn an_answer_that_waits_to_be_delivered_is_no_hang() {
    let bench = Bench::enabling(true, false);
    assert_eq!(bench.alarms(), 2, "the deadline, and once more");
    bench.deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 0);
    // It was enabled, and the part can't be identified with no template at all.
    assert_ne!(bench.device.state(), State::Starting);
}

#[test]
fn an_answer_that_somebody_in_between_keeps_is_no_hang() {
    let bench = Bench::enabling(true, true);
    bench.alarms();
    bench.deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 0);
    assert!(bench.alarm.is_armed(), "it is waited for");
    bench.alarms();
    bench.deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 1, "it never came");
}

#[test]
fn silence_is_a_hang() {
    let bench = Bench::enabling(false, false);
    bench.alarms();
    bench.deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 1);
    assert_eq!(bench.device.counters().impossible, 0);
    assert_eq!(bench.device.state(), State::Failed);
}
