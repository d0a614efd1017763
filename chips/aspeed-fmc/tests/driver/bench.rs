// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A driver on the bench, and a client that keeps what it is told.

use crate::controller::{Fake, Manner};
use crate::memory;
use aspeed_fmc::{Config, Fmc, Idle, LengthRegister, Off};
use kernel::ErrorCode;
use kernel::deferred_call::{DeferredCall, DeferredCallClient, initialize_deferred_call_state};
use kernel::hil::time::{Alarm, AlarmClient, Freq1MHz, Ticks, Ticks32, Time};
use kernel::platform::chip::ThreadIdProvider;
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{AddressWidth, Client, Controller, Data, Error, Lines, Operation, Template};
use std::cell::{Cell, RefCell};

enum Thread {}

// SAFETY: each test has a thread of its own, and its own deferred calls.
unsafe impl ThreadIdProvider for Thread {
    fn running_thread_id() -> usize {
        1
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Fence;

// SAFETY: the fake works in the same thread, by volatile accesses.
unsafe impl DmaFence for Fence {
    fn release<T>(self, _buffer: *mut [T]) {}
    fn acquire<T>(self, _buffer: *mut [T]) {}
}

/// An alarm that the test fires.
#[derive(Default)]
pub struct ByHand {
    now: Cell<u32>,
    due: Cell<Option<u32>>,
}

impl ByHand {
    /// Whether it is due, if time goes on until something is.
    fn take(&self) -> bool {
        self.due.take().is_some_and(|due| {
            self.now.set(due);
            true
        })
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
    fn set_alarm_client(&self, _client: &'static dyn AlarmClient) {}

    fn set_alarm(&self, reference: Ticks32, dt: Ticks32) {
        assert!(dt.into_u32() > 0, "as soon as it can be is a busy loop");
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

pub type Driver = Fmc<'static, &'static Fake, Fence, ByHand>;

/// What the client was told.
#[derive(Debug)]
pub enum Told {
    Enabled(Option<SubSliceMut<'static, u8>>),
    Done(Result<(), Error>, Option<SubSliceMut<'static, u8>>),
}

#[derive(Default)]
pub struct Listener {
    told: RefCell<Vec<Told>>,
    idle: Cell<Option<Idle>>,
    /// A call of the driver is under way: nothing may be told.
    inside: Cell<bool>,
}

impl Listener {
    fn hear(&self, idle: Idle, told: Told) {
        assert!(!self.inside.get(), "told from inside a call");
        assert!(self.idle.replace(Some(idle)).is_none(), "two proofs");
        self.told.borrow_mut().push(told);
    }
}

impl Client<Idle> for Listener {
    fn enabled(&self, idle: Idle, released: Option<SubSliceMut<'static, u8>>) {
        self.hear(idle, Told::Enabled(released));
    }

    fn done(
        &self,
        idle: Idle,
        result: Result<(), Error>,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) {
        self.hear(idle, Told::Done(result, buffer));
    }
}

pub struct Bench {
    pub fake: &'static Fake,
    pub alarm: &'static ByHand,
    pub driver: &'static Driver,
    pub listener: &'static Listener,
    pub off: Option<Off>,
}

pub const CLOCK_HZ: u32 = 50_000_000;

pub const READ: Template = Template {
    opcode: 0x0B,
    address: AddressWidth::Four,
    lines: Lines::Single,
    dummy_clocks: 8,
    data: Data::In,
};

pub const PROGRAM: Template = Template {
    opcode: 0x02,
    address: AddressWidth::Three,
    lines: Lines::Single,
    dummy_clocks: 0,
    data: Data::Out,
};

pub fn at(template: Template, address: u32) -> Operation {
    Operation { template, address }
}

impl Bench {
    /// A driver that is off.
    pub fn new(manner: Manner) -> Bench {
        let config = Config {
            length: if manner.counts_words {
                LengthRegister::ByReadingBack
            } else {
                LengthRegister::BytesLessOne
            },
            ..Config::new()
        };
        initialize_deferred_call_state::<Thread>();
        let fake: &'static Fake = Box::leak(Box::new(Fake::of(manner)));
        let alarm: &'static ByHand = Box::leak(Box::default());
        let driver: &'static Driver = Box::leak(Box::new(Fmc::new(fake, Fence, alarm, config)));
        let listener: &'static Listener = Box::leak(Box::default());
        driver.register();
        driver.set_client(listener);
        let off = driver.take_off();
        assert!(off.is_some() && driver.take_off().is_none());
        Bench {
            fake,
            alarm,
            driver,
            listener,
            off,
        }
    }

    /// One that is on.
    pub fn on(manner: Manner) -> Bench {
        let mut bench = Bench::new(manner);
        bench.enable();
        bench.settle();
        assert!(matches!(bench.told()[..], [Told::Enabled(None)]));
        bench
    }

    pub fn enable(&mut self) {
        let off = self.off.take().expect("it is off");
        self.inside(|driver| driver.enable(off, CLOCK_HZ).map_err(|(error, _)| error))
            .expect("nothing can be missing");
    }

    pub fn disable(&mut self) {
        let idle = self.listener.idle.take().expect("it is idle");
        self.off = Some(self.inside(|driver| driver.disable(idle)));
    }

    /// Starts an operation. A refusal comes with the buffer, and the proof is kept.
    pub fn start(
        &self,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), (Error, Option<SubSliceMut<'static, u8>>)> {
        let idle = self.listener.idle.take().expect("it is idle");
        self.inside(|driver| driver.start(idle, operation, buffer))
            .map_err(|refused| {
                self.listener.idle.set(Some(refused.idle));
                (refused.error, refused.buffer)
            })
    }

    pub fn force_stop(&mut self) -> Option<(Option<SubSliceMut<'static, u8>>, bool)> {
        let stopped = self.inside(|driver| driver.force_stop())?;
        self.off = Some(stopped.off);
        Some((stopped.buffer, stopped.quarantined))
    }

    fn inside<R>(&self, call: impl FnOnce(&'static Driver) -> R) -> R {
        self.listener.inside.set(true);
        let result = call(self.driver);
        self.listener.inside.set(false);
        result
    }

    /// The kernel's loop, once: interrupts, then a deferred call, and if there was nothing at
    /// all to do, time goes on until the alarm is due.
    pub fn pass(&self) {
        let mut idle = true;
        if self.fake.interrupts() {
            idle = false;
            self.driver.handle_interrupt();
        }
        idle &= DeferredCall::service_next_pending().is_none();
        if idle && self.alarm.take() {
            self.driver.alarm();
        }
    }

    /// The kernel's loop, until nothing is left.
    pub fn settle(&self) {
        for _ in 0..20 {
            self.pass();
        }
        assert!(!self.fake.interrupts(), "an interrupt stays pending");
    }

    pub fn told(&self) -> Vec<Told> {
        self.listener.told.take()
    }

    /// How the only operation ended that has.
    pub fn done(&self) -> (Result<(), Error>, Option<SubSliceMut<'static, u8>>) {
        let mut told = self.told();
        assert_eq!(told.len(), 1, "{told:?}");
        match told.pop() {
            Some(Told::Done(result, buffer)) => (result, buffer),
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        assert_eq!(self.driver.counters().impossible, 0);
    }
}

/// A buffer that the DMA reaches.
pub fn buffer(length: usize) -> SubSliceMut<'static, u8> {
    SubSliceMut::new(memory::slice(length))
}
