// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the QSPI driver finds around the peripheral: registers, DMA order, pads, HFXO.

use crate::chip::Interrupt;
use crate::machine::Machine;
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::cells::OptionalCell;
use nrf52840_qspi::Pads;
use nrf52840_qspi::Port;
use nrf52840_qspi::{Clock, ClockClient, Request};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{Ordering, compiler_fence};

/// The peripheral's registers: every access reaches the model, in order, now.
pub struct SimPort(pub Rc<Machine>);

// SAFETY: the model's DMA only reaches the arena, and only what the driver hands over.
unsafe impl Port for SimPort {
    fn read(&self, offset: usize) -> u32 {
        self.0.read_register(offset)
    }

    fn write(&self, offset: usize, value: u32) {
        self.0.write_register(offset, value);
    }
}

/// The model moves data with plain copies in this very thread.
#[derive(Clone, Copy, Debug)]
pub struct SimFence;

// SAFETY: the copies are in this thread's program order; the compiler is told not to move
// accesses over the fences.
unsafe impl DmaFence for SimFence {
    fn release<T>(self, _buf: *mut [T]) {
        compiler_fence(Ordering::SeqCst);
    }

    fn acquire<T>(self, _buf: *mut [T]) {
        compiler_fence(Ordering::SeqCst);
    }
}

/// The six pins outside the peripheral.
#[derive(Default)]
pub struct SimPads {
    parked: Cell<bool>,
}

impl SimPads {
    /// Whether CSN is held high by GPIO.
    pub fn is_parked(&self) -> bool {
        self.parked.get()
    }
}

impl Pads for SimPads {
    fn configure(&self) {
        self.parked.set(false);
    }

    fn park(&self) {
        self.parked.set(true);
    }
}

/// How long the crystal takes to start, in µs: typical for the nRF52840's 32 MHz
/// crystal.
const HFXO_START_US: u64 = 360;

/// What comes of asking for the crystal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crystal {
    /// It starts.
    Starts,
    /// It never becomes stable.
    NeverStarts,
    /// Asking for it is refused.
    Unavailable,
}

/// The 32 MHz crystal.
pub struct Hfxo<'a> {
    machine: Rc<Machine>,
    channel: usize,
    client: OptionalCell<&'a dyn ClockClient>,
    runs: Cell<bool>,
    crystal: Cell<Crystal>,
}

impl<'a> Hfxo<'a> {
    /// Not running.
    pub fn new(machine: &Rc<Machine>) -> Hfxo<'a> {
        Hfxo {
            channel: machine.add_compare(),
            machine: Rc::clone(machine),
            client: OptionalCell::empty(),
            runs: Cell::new(false),
            crystal: Cell::new(Crystal::Starts),
        }
    }

    /// What comes of the next request.
    pub fn set_crystal(&self, crystal: Crystal) {
        self.crystal.set(crystal);
    }

    /// Whom to tell when it runs.
    pub fn set_client(&self, client: &'a dyn ClockClient) {
        self.client.set(client);
    }
}

impl Clock for Hfxo<'_> {
    fn request(&self) -> Request {
        if self.runs.get() {
            return Request::Running;
        }
        match self.crystal.get() {
            Crystal::Unavailable => Request::Unavailable,
            Crystal::NeverStarts => Request::Starting,
            Crystal::Starts => {
                let due = self.machine.now_ns() + HFXO_START_US * 1000;
                self.machine.set_compare(self.channel, Some(due));
                Request::Starting
            }
        }
    }

    fn release(&self) {
        self.machine.set_compare(self.channel, None);
        self.runs.set(false);
        self.machine.set_hfxo_stable(false);
    }

    fn longest_us(&self) -> u32 {
        1500
    }
}

/// The crystal's interrupt.
pub struct HfxoLine(pub &'static Hfxo<'static>);

impl Interrupt for HfxoLine {
    fn is_pending(&self) -> bool {
        self.0.machine.is_due(self.0.channel)
    }

    fn handle(&self) {
        let hfxo = self.0;
        hfxo.machine.set_compare(hfxo.channel, None);
        hfxo.runs.set(true);
        hfxo.machine.set_hfxo_stable(true);
        hfxo.client.map(|client| client.clock_runs());
    }
}
