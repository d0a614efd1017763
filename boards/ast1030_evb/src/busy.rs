// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How long the CPU was busy: the counter, less the time asleep. In QEMU, where an instruction
//! takes as long as another, that is how many it has executed.
//!
//! Apps ask with driver 0xA0001: command 1 is that count, 2 is what of it went into shifting bytes
//! of [`cs1_spi`](crate::cs1_spi).

use ast1030::Counter;
use core::cell::Cell;
use kernel::ProcessId;
use kernel::platform::watchdog::WatchDog;
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};

/// The driver's number, of those for one's own use.
pub const DRIVER_NUM: usize = 0xA_0001;

/// The counter, and what does not count.
pub struct Busy {
    counter: Counter,
    asleep: Cell<u32>,
    since: Cell<u32>,
    shifting: Cell<u32>,
}

impl Busy {
    /// On a counter that runs.
    pub fn new(counter: Counter) -> Busy {
        Busy {
            counter,
            asleep: Cell::new(0),
            since: Cell::new(0),
            shifting: Cell::new(0),
        }
    }

    /// Does `work`, and counts it as shifting.
    pub fn shift<R>(&self, work: impl FnOnce() -> R) -> R {
        let before = self.counter.now();
        let result = work();
        let took = self.counter.now().wrapping_sub(before);
        self.shifting.set(self.shifting.get().wrapping_add(took));
        result
    }
}

/// The kernel tells a watchdog when it goes to sleep.
impl WatchDog for Busy {
    fn suspend(&self) {
        self.since.set(self.counter.now());
    }

    fn resume(&self) {
        let slept = self.counter.now().wrapping_sub(self.since.get());
        self.asleep.set(self.asleep.get().wrapping_add(slept));
    }
}

impl SyscallDriver for Busy {
    fn command(&self, number: usize, _: usize, _: usize, _: ProcessId) -> CommandReturn {
        match number {
            0 => CommandReturn::success(),
            1 => CommandReturn::success_u32(self.counter.now().wrapping_sub(self.asleep.get())),
            2 => CommandReturn::success_u32(self.shifting.get()),
            _ => CommandReturn::failure(kernel::ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, _: ProcessId) -> Result<(), Error> {
        Ok(())
    }
}
