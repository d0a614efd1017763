// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part and the peripheral, as a driver uses them that has no notion of teardown.
//!
//! Straight at the registers: on one line, with the part's engines, READY by interrupt and WIP
//! by alarm. Whoever likes may call [`disable`](NaiveFlash::disable) at any time: the
//! proofs of the shipped chip driver would not have it.

use crate::alarm::SimAlarm;
use crate::chip::Interrupt;
use crate::machine::Machine;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Time};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use nrf52840_qspi::Divider;
use qspi_models::registers as reg;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// The most bytes of one read.
pub const MOST_READ: u32 = 4096;
/// The DMA moves words: a read of any alignment has up to 6 bytes more.
pub const BUFFER_SIZE: usize = MOST_READ as usize + 8;
/// Bytes of a page.
pub const PAGE: u32 = 256;
/// Bytes of a sector.
pub const SECTOR: u32 = 4096;

const WORD: u32 = 4;
const STATUS_READY: u32 = 1 << 3;
const WIP: u32 = 1;
/// RDSR with one data byte, IO2 and IO3 high.
const READ_STATUS: u32 = 0x05 | 2 << 8 | 3 << 12;
/// The nRF52840DK's pins.
const PINS: [(u32, u32); 6] = [
    (reg::PSEL_SCK, 19),
    (reg::PSEL_CSN, 17),
    (reg::PSEL_IO0, 20),
    (reg::PSEL_IO1, 21),
    (reg::PSEL_IO2, 22),
    (reg::PSEL_IO3, 23),
];

/// What changes the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A program.
    Program,
    /// An erase.
    Erase,
}

impl Change {
    /// Time between two looks at WIP, in µs: about what it typically takes.
    fn pause_us(self) -> u32 {
        match self {
            Change::Program => 100,
            Change::Erase => 50_000,
        }
    }
}

/// What the hardware is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Disabled.
    Off,
    /// ACTIVATE.
    Activating,
    /// Nothing.
    Idle,
    /// READSTART, of so many bytes that lie so far from a word's begin.
    Reading {
        /// Bytes before the first one.
        head: usize,
        /// Bytes.
        length: usize,
    },
    /// WRITESTART or ERASESTART.
    Starting(Change),
    /// Until the next look at WIP.
    Pausing(Change),
    /// RDSR.
    Looking(Change),
}

/// Who uses the flash.
pub trait Client {
    /// The flash is on.
    fn powered(&self);
    /// The operation is over. The buffer comes back with what was read.
    fn done(&self, buffer: Option<&'static mut [u8]>);
    /// The controller has done its task, the flash has not: whether the client has
    /// disabled the controller.
    fn task_done(&self) -> bool;
}

/// The flash.
pub struct NaiveFlash {
    machine: Rc<Machine>,
    alarm: &'static SimAlarm<'static>,
    divider: Divider,
    client: OptionalCell<&'static dyn Client>,
    step: Cell<Step>,
    lent: TakeCell<'static, [u8]>,
}

impl NaiveFlash {
    /// Off.
    pub fn new(
        machine: &Rc<Machine>,
        alarm: &'static SimAlarm<'static>,
        divider: Divider,
    ) -> NaiveFlash {
        NaiveFlash {
            machine: Rc::clone(machine),
            alarm,
            divider,
            client: OptionalCell::empty(),
            step: Cell::new(Step::Off),
            lent: TakeCell::empty(),
        }
    }

    /// Whom to tell.
    pub fn set_client(&self, client: &'static dyn Client) {
        self.client.set(client);
    }

    /// What the hardware is at.
    pub fn step(&self) -> Step {
        self.step.get()
    }

    /// Whether the hardware has the buffer.
    pub fn has_buffer(&self) -> bool {
        self.lent.is_some()
    }

    /// STATUS.READY: the controller does nothing. The flash may.
    pub fn is_controller_idle(&self) -> bool {
        self.read_register(reg::STATUS) & STATUS_READY != 0
    }

    /// All that decides what happens next, registers apart.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        (self.step.get(), self.has_buffer()).hash(hasher);
    }

    fn read_register(&self, register: u32) -> u32 {
        self.machine.read_register(register as usize)
    }

    fn write(&self, register: u32, value: u32) {
        self.machine.write_register(register as usize, value);
    }

    fn trigger(&self, step: Step, task: u32) {
        self.step.set(step);
        self.write(reg::EVENTS_READY, 0);
        self.write(task, 1);
    }

    /// Enables and activates the controller.
    pub fn power_up(&self) {
        for (register, pin) in PINS {
            self.write(register, pin);
        }
        // Opcodes 0B and 02, three address bytes, pages of 256.
        self.write(reg::IFCONFIG0, 0);
        let reserved = self.read_register(reg::IFCONFIG1) & 0x00FF_FF00;
        let sckfreq = 32_000_000 / self.divider.hz() - 1;
        self.write(reg::IFCONFIG1, reserved | 1 | sckfreq << 28);
        self.write(reg::ENABLE, 1);
        self.write(reg::INTENSET, 1);
        self.trigger(Step::Activating, reg::TASKS_ACTIVATE);
    }

    /// Disables the controller, whatever it does, in the order that anomaly 122 asks for.
    pub fn disable(&self) -> Option<&'static mut [u8]> {
        let _ = self.alarm.disarm();
        self.step.set(Step::Off);
        self.write(reg::INTENCLR, 1);
        self.write(reg::TASKS_DEACTIVATE, 1);
        self.write(reg::ANOMALY_122, 1);
        self.write(reg::ENABLE, 0);
        self.write(reg::EVENTS_READY, 0);
        self.lent.take()
    }

    /// Reads up to [`MOST_READ`] bytes.
    pub fn read(&self, address: u32, length: u32, buffer: &'static mut [u8]) {
        let head = address % WORD;
        self.write(reg::READ_SRC, address - head);
        self.write(reg::READ_DST, buffer.as_ptr().expose_provenance() as u32);
        self.write(reg::READ_CNT, (head + length).next_multiple_of(WORD));
        self.lent.replace(buffer);
        let (head, length) = (head as usize, length as usize);
        self.trigger(Step::Reading { head, length }, reg::TASKS_READSTART);
    }

    /// Programs the first `length` bytes of the buffer, all in one page.
    pub fn program(&self, address: u32, length: u32, buffer: &'static mut [u8]) {
        let head = (address % WORD) as usize;
        let end = head + length as usize;
        let count = end.next_multiple_of(WORD as usize);
        buffer.copy_within(..length as usize, head);
        // Ones change nothing.
        buffer[..head].fill(0xFF);
        buffer[end..count].fill(0xFF);
        self.write(reg::WRITE_DST, address - head as u32);
        self.write(reg::WRITE_SRC, buffer.as_ptr().expose_provenance() as u32);
        self.write(reg::WRITE_CNT, count as u32);
        self.lent.replace(buffer);
        self.trigger(Step::Starting(Change::Program), reg::TASKS_WRITESTART);
    }

    /// Erases a sector.
    pub fn erase(&self, address: u32) {
        self.write(reg::ERASE_PTR, address);
        self.write(reg::ERASE_LEN, 0);
        self.trigger(Step::Starting(Change::Erase), reg::TASKS_ERASESTART);
    }

    fn pause(&self, change: Change) {
        self.step.set(Step::Pausing(change));
        let pause = self.alarm.ticks_from_us(change.pause_us());
        self.alarm.set_alarm(self.alarm.now(), pause);
    }

    fn task_done(&self) -> bool {
        self.client.map_or(false, |client| client.task_done())
    }

    fn done(&self) {
        self.step.set(Step::Idle);
        let buffer = self.lent.take();
        self.client.map(|client| client.done(buffer));
    }

    fn handle_interrupt(&self) {
        self.write(reg::EVENTS_READY, 0);
        match self.step.get() {
            Step::Activating => {
                self.step.set(Step::Idle);
                self.client.map(|client| client.powered());
            }
            Step::Reading { head, length } => {
                self.lent
                    .map(|buffer| buffer.copy_within(head..head + length, 0));
                self.done();
            }
            Step::Starting(change) => {
                if !self.task_done() {
                    self.pause(change);
                }
            }
            Step::Looking(change) => {
                if self.read_register(reg::CINSTRDAT0) & WIP == 0 {
                    self.done();
                } else if !self.task_done() {
                    self.pause(change);
                }
            }
            Step::Off | Step::Idle | Step::Pausing(_) => {}
        }
    }
}

impl AlarmClient for NaiveFlash {
    fn alarm(&self) {
        if let Step::Pausing(change) = self.step.get() {
            self.step.set(Step::Looking(change));
            self.write(reg::EVENTS_READY, 0);
            self.write(reg::CINSTRDAT0, 0);
            self.write(reg::CINSTRCONF, READ_STATUS);
        }
    }
}

impl Interrupt for &'static NaiveFlash {
    fn is_pending(&self) -> bool {
        self.machine.qspi_irq()
    }

    fn handle(&self) {
        self.handle_interrupt();
    }
}
