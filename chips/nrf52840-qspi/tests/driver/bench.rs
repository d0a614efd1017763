// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A driver with a recorder on every side.

use crate::chip::Chip;
use crate::log::{self, Step};
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::{Clock, Config, Idle, Off, Pads, Pin, Pins, Qspi, Request, State};
use qspi_hil::{Client, Controller, Error, Operation, Refused};
use std::cell::{Cell, RefCell};

pub type Buffer = SubSliceMut<'static, u8>;

#[derive(Clone, Copy, Debug)]
pub struct Fence;

// SAFETY: there is no DMA in these tests. What matters is when it is called.
unsafe impl DmaFence for Fence {
    fn release<T>(self, buf: *mut [T]) {
        log::push(Step::Lend(buf.cast::<u8>().addr(), buf.len()));
    }

    fn acquire<T>(self, buf: *mut [T]) {
        log::push(Step::TakeBack(buf.cast::<u8>().addr(), buf.len()));
    }
}

pub struct Board {
    pub answer: Cell<Request>,
}

impl Clock for Board {
    fn request(&self) -> Request {
        log::push(Step::ClockRequest);
        self.answer.get()
    }

    fn release(&self) {
        log::push(Step::ClockRelease);
    }

    fn longest_us(&self) -> u32 {
        1500
    }
}

impl Pads for Board {
    fn configure(&self) {
        log::push(Step::Configure);
    }

    fn park(&self) {
        log::push(Step::Park);
    }
}

type Follow = Box<dyn Fn(Idle)>;

/// Keeps what it is told.
#[derive(Default)]
pub struct Recorder {
    pub idle: RefCell<Option<Idle>>,
    pub released: RefCell<Option<Buffer>>,
    pub buffer: RefCell<Option<Buffer>>,
    pub done: Cell<u32>,
    pub enabled: Cell<u32>,
    /// What to do with the proof inside of `done`, instead of keeping it.
    pub follow: RefCell<Option<Follow>>,
}

impl Client<Idle> for Recorder {
    fn enabled(&self, idle: Idle, released: Option<Buffer>) {
        log::push(Step::Enabled);
        self.enabled.set(self.enabled.get() + 1);
        assert!(self.idle.replace(Some(idle)).is_none(), "two proofs");
        *self.released.borrow_mut() = released;
    }

    fn done(&self, idle: Idle, result: Result<(), Error>, buffer: Option<Buffer>) {
        log::push(Step::Done(result));
        self.done.set(self.done.get() + 1);
        *self.buffer.borrow_mut() = buffer;
        let follow = self.follow.borrow_mut().take();
        match follow {
            Some(follow) => follow(idle),
            None => assert!(self.idle.replace(Some(idle)).is_none(), "two proofs"),
        }
    }
}

pub type Driver = Qspi<'static, &'static Chip, Fence>;

/// One of the driver's ways to start something.
type Start = fn(&Driver, Idle, Operation, Option<Buffer>) -> Result<(), Refused<Idle>>;

pub struct Bench {
    pub chip: &'static Chip,
    pub board: &'static Board,
    pub client: &'static Recorder,
    pub qspi: &'static Driver,
}

pub fn pins() -> Pins {
    let pin = |number| Pin::new(0, number).unwrap();
    Pins {
        sck: pin(19),
        csn: pin(17),
        io0: pin(20),
        io1: pin(21),
        io2: pin(22),
        io3: pin(23),
    }
}

/// PSEL's offsets with the values of [`pins`].
pub const CONNECTED: [(usize, u32); 6] = [
    (0x524, 19),
    (0x528, 17),
    (0x530, 20),
    (0x534, 21),
    (0x538, 22),
    (0x53C, 23),
];

impl Bench {
    /// An untouched driver.
    pub fn with(config: Config) -> Bench {
        log::drain();
        let chip: &'static Chip = Box::leak(Box::new(Chip::new()));
        let board: &'static Board = Box::leak(Box::new(Board {
            answer: Cell::new(Request::Running),
        }));
        let client: &'static Recorder = Box::leak(Box::default());
        let qspi: &'static Driver =
            Box::leak(Box::new(Qspi::new(chip, Fence, config, board, board)));
        qspi.set_client(client);
        assert_eq!(log::drain(), [], "a driver that was only created");
        Bench {
            chip,
            board,
            client,
            qspi,
        }
    }

    pub fn new() -> Bench {
        Bench::with(Config::new(pins()))
    }

    /// A driver that is on, with an empty log.
    pub fn on_with(config: Config) -> Bench {
        let bench = Bench::with(config);
        let off = bench.qspi.take_off().unwrap();
        bench.switch_on(off);
        log::drain();
        bench
    }

    pub fn on() -> Bench {
        Bench::on_with(Config::new(pins()))
    }

    /// Enables and lets ACTIVATE end.
    pub fn switch_on(&self, off: Off) {
        let before = self.client.enabled.get();
        self.qspi.enable(off, u32::MAX).unwrap();
        assert_eq!(self.client.enabled.get(), before, "callback inside a call");
        self.ready();
        assert_eq!(self.client.enabled.get(), before + 1);
        assert_eq!(self.qspi.state(), State::Idle);
    }

    /// READY, with the peripheral at rest.
    pub fn ready(&self) {
        self.chip.event.set(1);
        self.chip.at_rest.set(true);
        self.qspi.handle_interrupt();
    }

    /// READY, with the peripheral still busy.
    pub fn premature_ready(&self) {
        self.chip.event.set(1);
        self.chip.at_rest.set(false);
        self.qspi.handle_interrupt();
    }

    pub fn idle(&self) -> Idle {
        self.client.idle.take().expect("the client has no proof")
    }

    /// Starts with the client's proof, which comes back if it is refused.
    pub fn start(
        &self,
        operation: Operation,
        buffer: Option<Buffer>,
    ) -> Result<(), (Error, Option<Buffer>)> {
        self.start_with(Driver::start, operation, buffer)
    }

    /// The same after a WREN.
    pub fn start_after_write_enable(
        &self,
        operation: Operation,
        buffer: Option<Buffer>,
    ) -> Result<(), (Error, Option<Buffer>)> {
        self.start_with(Driver::start_after_write_enable, operation, buffer)
    }

    fn start_with(
        &self,
        start: Start,
        operation: Operation,
        buffer: Option<Buffer>,
    ) -> Result<(), (Error, Option<Buffer>)> {
        let before = self.client.done.get();
        let result = start(self.qspi, self.idle(), operation, buffer);
        assert_eq!(self.client.done.get(), before, "callback inside a call");
        result.map_err(
            |Refused {
                 error,
                 idle,
                 buffer,
             }| {
                *self.client.idle.borrow_mut() = Some(idle);
                (error, buffer)
            },
        )
    }

    /// The buffer that came with the last `done`.
    pub fn returned(&self) -> Option<Buffer> {
        self.client.buffer.take()
    }
}
