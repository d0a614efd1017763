// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Exercises embassy-nrf's QSPI driver, and says what it saw.
//!
//! The driver is used as its own examples for the nRF52840DK use it: nothing here knows
//! that there may be no chip underneath, but that results leave through semihosting.
//!
//! The board has an MX25R6435F on P0.17 and P0.19 to P0.23, erased and with its quad enable
//! bit clear.

#![no_std]
#![no_main]

mod asynchronous;
mod blocking;
mod board;
mod configurations;
mod host;
mod lifecycle;
mod pattern;
mod wait;

use board::Board;
use core::panic::PanicInfo;
use embassy_nrf::config::{Config, HfclkSource};

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut config = Config::default();
    config.hfclk_source = HfclkSource::ExternalXtal;
    let mut board = Board::new(embassy_nrf::init(config));
    blocking::checks(&mut board);
    asynchronous::checks(&mut board);
    configurations::checks(&mut board);
    lifecycle::checks(&mut board);
    host::exit(host::failures() == 0)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    host::say!("PANIC {info}");
    host::exit(false)
}
