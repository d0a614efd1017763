// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The nRF52840 as far as a Tock kernel needs it: an image is executed as it is flashed.
//!
//! Registers are those of Nordic's register description, behaviour that of the product
//! specification, where drivers depend on it. What is not here does not answer: an access is a
//! bus fault, which [`Board::run`] reports with the register's name. The few registers that are
//! written or read without a model behind them are in one table, [`HARMLESS`].

#![forbid(unsafe_code)]

mod adc;
mod board;
mod chip;
mod clock;
mod events;
mod flash;
mod gpio;
mod gpiote;
mod harmless;
pub mod machine_code;
mod names;
mod rtc;
mod spim;
mod time;
mod uarte;

pub use board::{Board, BoardError, End, Figures, Unmodelled};
pub use harmless::{HARMLESS, Harmless};
