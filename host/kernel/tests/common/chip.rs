// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A chip with one interrupt line and coroutines as processes.

use std::cell::{Cell, RefCell};
use std::fmt::Write;

use kernel::platform::chip::Chip;
use tock_host_platform::coroutine::CoroutineBoundary;
use tock_host_platform::{NoMpu, Threads};

type Handler = Box<dyn Fn(&TestChip)>;

pub struct TestChip {
    mpu: NoMpu,
    boundary: CoroutineBoundary,
    pending: Cell<usize>,
    pub handler: RefCell<Option<Handler>>,
    pub sleeps: Cell<usize>,
}

impl TestChip {
    pub fn new(boundary: CoroutineBoundary) -> Self {
        TestChip {
            mpu: NoMpu,
            boundary,
            pending: Cell::new(0),
            handler: RefCell::new(None),
            sleeps: Cell::new(0),
        }
    }

    pub fn raise_interrupt(&self) {
        self.pending.set(self.pending.get() + 1);
    }

    pub fn boundary(&self) -> &CoroutineBoundary {
        &self.boundary
    }
}

impl Chip for TestChip {
    type MPU = NoMpu;
    type ThreadIdProvider = Threads;
    type UserspaceKernelBoundary = CoroutineBoundary;

    fn init() {}

    fn service_pending_interrupts(&self) {
        while let Some(left) = self.pending.get().checked_sub(1) {
            self.pending.set(left);
            if let Some(handler) = &*self.handler.borrow() {
                handler(self);
            }
        }
    }

    fn has_pending_interrupts(&self) -> bool {
        self.pending.get() > 0
    }

    fn mpu(&self) -> &NoMpu {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &CoroutineBoundary {
        &self.boundary
    }

    fn sleep(&self) {
        self.sleeps.set(self.sleeps.get() + 1);
    }

    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        f()
    }

    unsafe fn print_state(_this: Option<&Self>, _writer: &mut dyn Write) {}
}
