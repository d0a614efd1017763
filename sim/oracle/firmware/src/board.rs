// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The nRF52840DK as far as the flash needs it.

use core::sync::atomic::{AtomicU32, Ordering};
use embassy_nrf::interrupt::typelevel;
use embassy_nrf::peripherals::{self, P0_17, P0_19, P0_20, P0_21, P0_22, P0_23};
use embassy_nrf::qspi::{self, Config, Frequency, Qspi};
use embassy_nrf::{Peri, Peripherals, bind_interrupts};

pub const CAPACITY: u32 = 8 << 20;
pub const SECTOR: u32 = 4096;
pub const PAGE: u32 = 256;

static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

/// Counts interrupts, beside the driver's handler.
pub struct Counter;

impl typelevel::Handler<typelevel::QSPI> for Counter {
    unsafe fn on_interrupt() {
        INTERRUPTS.fetch_add(1, Ordering::Relaxed);
    }
}

bind_interrupts!(struct Irqs {
    QSPI => qspi::InterruptHandler<peripherals::QSPI>, Counter;
});

pub fn interrupts() -> u32 {
    INTERRUPTS.load(Ordering::Relaxed)
}

/// What the driver takes.
pub struct Board {
    qspi: Peri<'static, peripherals::QSPI>,
    sck: Peri<'static, P0_19>,
    csn: Peri<'static, P0_17>,
    io0: Peri<'static, P0_20>,
    io1: Peri<'static, P0_21>,
    io2: Peri<'static, P0_22>,
    io3: Peri<'static, P0_23>,
}

impl Board {
    pub fn new(p: Peripherals) -> Self {
        Self {
            qspi: p.QSPI,
            sck: p.P0_19,
            csn: p.P0_17,
            io0: p.P0_20,
            io1: p.P0_21,
            io2: p.P0_22,
            io3: p.P0_23,
        }
    }

    pub fn driver(&mut self) -> Qspi<'_> {
        self.driver_with(config())
    }

    pub fn driver_with(&mut self, config: Config) -> Qspi<'_> {
        Qspi::new(
            self.qspi.reborrow(),
            Irqs,
            self.sck.reborrow(),
            self.csn.reborrow(),
            self.io0.reborrow(),
            self.io1.reborrow(),
            self.io2.reborrow(),
            self.io3.reborrow(),
            config,
        )
    }
}

/// The driver's defaults.
pub fn slow() -> Config {
    let mut config = Config::default();
    config.capacity = CAPACITY;
    config
}

/// As the driver's example for this board has it.
pub fn config() -> Config {
    let mut config = slow();
    config.frequency = Frequency::M32;
    config
}

/// Waits until the part is quiet, as any custom instruction of the driver does.
pub fn settle(driver: &mut Qspi) -> u8 {
    let mut status = [0xFF];
    let _ = driver.blocking_custom_instruction(0x05, &[], &mut status);
    status[0]
}
