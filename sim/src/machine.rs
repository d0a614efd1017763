// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The machine's time, its alarms and its QSPI peripheral.
//!
//! Nothing here reads the wall clock. Time moves only when the CPU sleeps or is said
//! to have worked.

use crate::arena::Ram;
use crate::cost::Cost;
use qspi_models::{Qspi, ahead, registers};
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use tock_host_platform::trace_line;

/// Ticks per second of the alarms, as of the nRF52840's RTC.
pub const TICKS_PER_SECOND: u64 = 32_768;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// One compare channel.
#[derive(Clone, Copy, Debug, Default)]
struct Compare {
    due_ns: Option<u64>,
}

/// Everything outside the CPU.
pub struct Machine {
    now_ns: Cell<u64>,
    qspi: RefCell<Qspi>,
    compares: RefCell<Vec<Compare>>,
    idle_ns: Cell<u64>,
    whole_ticks: Cell<bool>,
    transfers: Cell<u64>,
    cost: Cell<Cost>,
    copied: RefCell<Option<Box<dyn Fn() -> u64>>>,
    copies_paid: Cell<u64>,
    busy_ns: Cell<u64>,
    prepared: Cell<bool>,
}

impl Machine {
    /// With this peripheral, at time 0.
    pub fn new(qspi: Qspi) -> Machine {
        Machine {
            now_ns: Cell::new(0),
            qspi: RefCell::new(qspi),
            compares: RefCell::new(Vec::new()),
            idle_ns: Cell::new(0),
            whole_ticks: Cell::new(false),
            transfers: Cell::new(0),
            cost: Cell::new(Cost::default()),
            copied: RefCell::new(None),
            copies_paid: Cell::new(0),
            busy_ns: Cell::new(0),
            prepared: Cell::new(false),
        }
    }

    /// The CPU wakes at whole ticks of the alarms only, as a slow one might. Then what it
    /// sees depends on how much happened, and not on when in a tick it did.
    pub fn set_whole_ticks(&self, whole_ticks: bool) {
        self.whole_ticks.set(whole_ticks);
    }

    /// From now on the kernel's work costs so much. `copied` tells how many bytes were copied
    /// between the device's buffers and its clients since it was made.
    pub fn set_cost(&self, cost: Cost, copied: impl Fn() -> u64 + 'static) {
        self.cost.set(cost);
        self.copies_paid.set(copied());
        *self.copied.borrow_mut() = Some(Box::new(copied));
    }

    /// The kernel does something of this cost.
    pub fn pay(&self, what: impl Fn(&Cost) -> u64) {
        let cost = self.cost.get();
        self.busy_for(cost.ns(what(&cost)));
    }

    /// What is started next was prepared, and costs less.
    pub fn set_prepared(&self, prepared: bool) {
        self.prepared.set(prepared);
    }

    /// The kernel has copied what it did not pay for yet.
    pub fn pay_copies(&self) {
        let Some(copied) = self.copied.borrow().as_ref().map(|copied| copied()) else {
            return;
        };
        let bytes = copied - self.copies_paid.replace(copied);
        self.busy_for(self.cost.get().copy_ns(bytes));
    }

    fn busy_for(&self, ns: u64) {
        if ns > 0 {
            self.busy_ns.set(self.busy_ns.get() + ns);
            self.work(ns);
        }
    }

    /// Time that the kernel has paid for, in ns.
    pub fn busy_ns(&self) -> u64 {
        self.busy_ns.get()
    }

    /// Transfers, programs and erases triggered so far.
    pub fn transfers(&self) -> u64 {
        self.transfers.get()
    }

    /// When something will happen next. `None` if nothing ever will.
    pub fn next_event(&self) -> Option<u64> {
        let alarm = self.compares.borrow().iter().filter_map(|c| c.due_ns).min();
        let hardware = self.with_qspi(|qspi| qspi.next_event());
        alarm.into_iter().chain(hardware).min()
    }

    /// What lies ahead, and what the peripheral is doing, for those who enumerate states.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        let now = self.now_ns();
        for compare in self.compares.borrow().iter() {
            compare.due_ns.map(|due| ahead(due, now)).hash(hasher);
        }
        self.with_qspi(|qspi| qspi.fingerprint(hasher));
    }

    /// Simulated time in ns.
    pub fn now_ns(&self) -> u64 {
        self.now_ns.get()
    }

    /// Time that the CPU slept, in ns.
    pub fn idle_ns(&self) -> u64 {
        self.idle_ns.get()
    }

    /// Something is done with the peripheral, at the present time.
    pub fn with_qspi<R>(&self, work: impl FnOnce(&mut Qspi) -> R) -> R {
        work(&mut self.qspi.borrow_mut())
    }

    /// A register is read.
    pub fn read_register(&self, offset: usize) -> u32 {
        let value =
            self.with_qspi(|qspi| qspi.read_register(self.now_ns(), offset as u32, &mut Ram));
        trace_line!("{} ns: {offset:#x} is {value:#x}", self.now_ns());
        value
    }

    /// A register is written.
    pub fn write_register(&self, offset: usize, value: u32) {
        trace_line!("{} ns: {offset:#x} = {value:#x}", self.now_ns());
        const TRANSFERS: [u32; 3] = [
            registers::TASKS_READSTART,
            registers::TASKS_WRITESTART,
            registers::TASKS_ERASESTART,
        ];
        if TRANSFERS.contains(&(offset as u32)) {
            self.transfers.set(self.transfers.get() + 1);
            if self.prepared.take() {
                let is_page = offset as u32 == registers::TASKS_WRITESTART;
                self.pay(|cost| {
                    if is_page {
                        cost.prepared_page
                    } else {
                        cost.prepared_start
                    }
                });
            } else {
                self.pay(|cost| cost.start);
            }
        } else if offset as u32 == registers::CINSTRCONF {
            self.pay(|cost| cost.instruction);
        }
        self.with_qspi(|qspi| {
            qspi.write_register(self.now_ns(), offset as u32, value, &mut Ram);
        });
    }

    /// The 32 MHz crystal has become stable, or stops.
    pub fn set_hfxo_stable(&self, stable: bool) {
        self.with_qspi(|qspi| qspi.set_hfxo_stable(self.now_ns(), stable, &mut Ram));
    }

    /// Whether the QSPI peripheral asserts its interrupt.
    pub fn qspi_irq(&self) -> bool {
        self.with_qspi(|qspi| {
            qspi.advance(self.now_ns(), &mut Ram);
            qspi.irq()
        })
    }

    /// The CPU worked for so long.
    pub fn work(&self, ns: u64) {
        self.advance_to(self.now_ns() + ns);
    }

    /// The CPU sleeps until something happens. False if nothing ever will.
    pub fn sleep(&self) -> bool {
        match self.next_event() {
            None => false,
            Some(at) => {
                let at = if self.whole_ticks.get() {
                    tick_begins_ns(tick_reached(at))
                } else {
                    at
                };
                let before = self.now_ns();
                self.advance_to(at.max(before));
                self.idle_ns
                    .set(self.idle_ns.get() + self.now_ns() - before);
                true
            }
        }
    }

    /// Time passes, with the CPU waiting.
    pub fn advance_to(&self, at_ns: u64) {
        self.now_ns.set(at_ns);
        self.with_qspi(|qspi| qspi.advance(at_ns, &mut Ram));
    }

    /// A new compare channel.
    pub(crate) fn add_compare(&self) -> usize {
        let mut compares = self.compares.borrow_mut();
        compares.push(Compare::default());
        compares.len() - 1
    }

    pub(crate) fn set_compare(&self, index: usize, due_ns: Option<u64>) {
        self.compares.borrow_mut()[index].due_ns = due_ns;
    }

    pub(crate) fn compare_due(&self, index: usize) -> Option<u64> {
        self.compares.borrow()[index].due_ns
    }

    /// Whether the channel's time has come.
    pub(crate) fn is_due(&self, index: usize) -> bool {
        self.compare_due(index)
            .is_some_and(|due| due <= self.now_ns())
    }
}

/// The tick that `ns` lies in.
pub fn ticks_at(ns: u64) -> u64 {
    (u128::from(ns) * u128::from(TICKS_PER_SECOND) / u128::from(NS_PER_SECOND)) as u64
}

/// The first tick that begins at `ns` or later.
pub fn tick_reached(ns: u64) -> u64 {
    let tick = ticks_at(ns);
    tick + u64::from(tick_begins_ns(tick) < ns)
}

/// When `tick` begins, in ns.
pub fn tick_begins_ns(tick: u64) -> u64 {
    (u128::from(tick) * u128::from(NS_PER_SECOND)).div_ceil(u128::from(TICKS_PER_SECOND)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_begins_where_it_is_first_seen() {
        for tick in [0, 1, 2, 32_767, 32_768, 1 << 24, 123_456_789] {
            let begins = tick_begins_ns(tick);
            assert_eq!(ticks_at(begins), tick);
            if begins > 0 {
                assert_eq!(ticks_at(begins - 1), tick - 1);
            }
        }
    }
}
