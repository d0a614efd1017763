// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The plain way to do the same: one buffer, one line, whole sectors.
//!
//! As Tock's `mx25r6435f` under its `nonvolatile_to_pages` works: whatever is asked for, the sectors
//! that it lies in are read, a page of 256 bytes at a time, each copied to the sector's memory, what
//! was asked for from there to the page layer's client, and that to the app. Nothing is kept for
//! the next request, and nothing is on the wires while the CPU works. It has the shipped chip driver
//! and the same model below it, and pays the same for interrupts, commands and copies; for what the
//! page layer itself does, nothing.

use super::case::Case;
use crate::arena::Block;
use crate::cost::Cost;
use crate::machine::Machine;
use crate::surroundings::{SimFence, SimPads, SimPort};
use kernel::utilities::leasable_buffer::SubSliceMut;
use nrf52840_qspi::{Clock, Config, Divider, Idle, Pin, Pins, Qspi, Request};
use qspi_hil::{AddressWidth, Client, Controller, Data, Error, Lines, Operation, Template};
use qspi_models::nor::{InMemory, part};
use qspi_models::{Nor, Qspi as Model};
use serde::Serialize;
use std::cell::Cell;
use std::rc::Rc;

/// Upstream's driver asks for this clock, in Hz.
pub const UPSTREAM_HZ: u32 = 8_000_000;

const PAGE: usize = 256;
const SECTOR: u32 = 4096;

/// Fast read on one line.
const READ: Template = Template {
    opcode: 0x0B,
    address: AddressWidth::Three,
    lines: Lines::Single,
    dummy_clocks: 8,
    data: Data::In,
};

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Plain {
    /// The case.
    pub case: &'static str,
    /// SCK of the plain implementation, in Hz.
    pub clock_hz: u32,
    /// Bytes that were asked for and read, per second.
    pub bytes_per_second: f64,
    /// How many times as fast ours was in the same run.
    pub ours_times: f64,
}

/// A crystal that always runs.
struct Running;

impl Clock for Running {
    fn request(&self) -> Request {
        Request::Running
    }

    fn release(&self) {}

    fn longest_us(&self) -> u32 {
        0
    }
}

/// What waits for the controller.
#[derive(Default)]
struct Waiter {
    idle: Cell<Option<Idle>>,
    buffer: Cell<Option<SubSliceMut<'static, u8>>>,
}

impl Client<Idle> for Waiter {
    fn enabled(&self, idle: Idle, _released: Option<SubSliceMut<'static, u8>>) {
        self.idle.set(Some(idle));
    }

    fn done(
        &self,
        idle: Idle,
        result: Result<(), Error>,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) {
        result.expect("the controller reads");
        self.idle.set(Some(idle));
        self.buffer.set(buffer);
    }
}

/// Bytes per second of a case of reads, at this clock.
///
/// # Panics
/// If the case names a part that there is not, or the controller never answers.
pub fn measure(case: &Case, clock_hz: u32, cost: Cost) -> f64 {
    let part = part(case.part).expect("a known part");
    let machine = Rc::new(Machine::new(Model::new(Nor::with_backing(
        part,
        Box::new(InMemory),
    ))));
    machine.set_cost(cost, || 0);
    machine.set_hfxo_stable(true);
    let pin = |number| Pin::new(0, number).expect("a pin");
    let config = Config {
        divider: Divider::MHZ_32.limited_to(clock_hz),
        ..Config::new(Pins {
            sck: pin(19),
            csn: pin(17),
            io0: pin(20),
            io1: pin(21),
            io2: pin(22),
            io3: pin(23),
        })
    };
    let (pads, clock, waiter) = (SimPads::default(), Running, Waiter::default());
    let qspi = Qspi::new(
        SimPort(Rc::clone(&machine)),
        SimFence,
        config,
        &pads,
        &clock,
    );
    qspi.set_client(&waiter);
    let block = Block::take();
    // SAFETY: the only slice of this block, which outlives it.
    let memory = unsafe { block.slice(0, PAGE) };
    waiter.buffer.set(Some(SubSliceMut::new(memory)));
    let answer = || loop {
        if machine.qspi_irq() {
            machine.pay(|cost| cost.interrupt);
            qspi.handle_interrupt();
        }
        if let Some(idle) = waiter.idle.take() {
            break idle;
        }
        assert!(machine.sleep(), "the controller never answers");
    };
    let off = qspi.take_off().expect("the first one");
    assert!(qspi.enable(off, clock_hz).is_ok());
    let mut idle = answer();

    let copied = |bytes: u64| machine.pay(|cost| (cost.copied_kib * bytes).div_ceil(1024));
    let begun = machine.now_ns();
    for number in 0..case.operations {
        machine.pay(|cost| cost.command);
        let address = case.address(number);
        let first = address / SECTOR;
        let last = (address + case.bytes - 1) / SECTOR;
        for sector in first..=last {
            for page in 0..SECTOR / PAGE as u32 {
                let operation = Operation {
                    template: READ,
                    address: sector * SECTOR + page * PAGE as u32,
                };
                let buffer = waiter.buffer.take();
                // Nothing is to be chosen and nothing to be planned.
                machine.set_prepared(true);
                assert!(qspi.start(idle, operation, buffer).is_ok());
                idle = answer();
                machine.pay(|cost| cost.after_interrupt);
                copied(PAGE as u64);
            }
        }
        copied(u64::from(case.bytes));
        machine.pay(|cost| cost.end);
        copied(u64::from(case.bytes));
        machine.pay(|cost| cost.other_call);
    }
    let elapsed_ns = machine.now_ns() - begun;
    let seconds = elapsed_ns as f64 / 1e9;
    let _off = qspi.disable(idle);
    f64::from(case.bytes) * f64::from(case.operations) / seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::case::Work;

    #[test]
    fn it_takes_as_long_as_the_wires_do_if_the_cpu_takes_no_time() {
        let case = Case::new("16 B", Work::Read, 16, 10);
        let rate = measure(&case, UPSTREAM_HZ, Cost::default());
        let sector_us = 16.0 / rate * 1e6;
        // A sector on one line at 8 MHz, and 16 commands of 40 clocks.
        let least_us = (4096.0 * 8.0 + 16.0 * 48.0) / 8.0;
        assert!(
            (least_us..least_us * 1.1).contains(&sector_us),
            "{sector_us}"
        );
    }
}
