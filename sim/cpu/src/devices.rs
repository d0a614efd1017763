// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What stands at addresses that have side effects.

use crate::Width;
use std::cell::RefCell;
use std::rc::Rc;

/// The peripherals of a chip. Time is counted in cycles of the core.
pub trait Devices {
    /// A read. `None` if nothing answers: a bus fault.
    fn load(&mut self, cycle: u64, address: u32, width: Width) -> Option<u32>;

    /// A write. `None` if nothing answers: a bus fault.
    fn store(&mut self, cycle: u64, address: u32, width: Width, value: u32) -> Option<()>;

    /// Time passes.
    fn advance(&mut self, cycle: u64);

    /// The first cycle at which something changes by itself.
    fn next_event(&self) -> Option<u64>;

    /// Levels of the interrupt lines 0 to 63.
    fn lines(&self) -> u64;
}

/// A chip without peripherals.
#[derive(Clone, Copy, Debug)]
pub struct NoDevices;

impl Devices for NoDevices {
    fn load(&mut self, _: u64, _: u32, _: Width) -> Option<u32> {
        None
    }

    fn store(&mut self, _: u64, _: u32, _: Width, _: u32) -> Option<()> {
        None
    }

    fn advance(&mut self, _: u64) {}

    fn next_event(&self) -> Option<u64> {
        None
    }

    fn lines(&self) -> u64 {
        0
    }
}

impl<T: Devices> Devices for Rc<RefCell<T>> {
    fn load(&mut self, cycle: u64, address: u32, width: Width) -> Option<u32> {
        self.borrow_mut().load(cycle, address, width)
    }

    fn store(&mut self, cycle: u64, address: u32, width: Width, value: u32) -> Option<()> {
        self.borrow_mut().store(cycle, address, width, value)
    }

    fn advance(&mut self, cycle: u64) {
        self.borrow_mut().advance(cycle);
    }

    fn next_event(&self) -> Option<u64> {
        self.borrow().next_event()
    }

    fn lines(&self) -> u64 {
        self.borrow().lines()
    }
}
