// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The QSPI's interrupt, in front of those that upstream's chip knows.

use kernel::platform::chip::InterruptService;
use kernel::platform::dma_fence::DmaFence;
use nrf52840_qspi::{Port, Qspi};

/// Interrupt 41 goes to the QSPI driver, all others where they went before.
pub struct Interrupts<P: Port + 'static, F: DmaFence + 'static, I: InterruptService + 'static> {
    qspi: &'static Qspi<'static, P, F>,
    others: &'static I,
}

impl<P: Port, F: DmaFence, I: InterruptService> Interrupts<P, F, I> {
    /// `others` are upstream's peripherals.
    pub const fn new(qspi: &'static Qspi<'static, P, F>, others: &'static I) -> Self {
        Interrupts { qspi, others }
    }
}

impl<P: Port, F: DmaFence, I: InterruptService> InterruptService for Interrupts<P, F, I> {
    fn service_interrupt(&self, interrupt: u32) -> bool {
        match interrupt {
            nrf52840::peripheral_interrupts::QSPI => {
                self.qspi.handle_interrupt();
                true
            }
            _ => self.others.service_interrupt(interrupt),
        }
    }
}
