// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs a driver that is used on silicon against the model of the peripheral.
//!
//! The firmware in `firmware/` is built around the QSPI driver of `embassy-nrf` as published,
//! for the chip. Here it is executed instruction by instruction, with the models of
//! `qspi-models` behind its loads and stores. What that driver relies on, the model has to
//! do: see doc/oracle.md.

#![forbid(unsafe_code)]

mod chip;
mod claims;
mod run;
mod semihosting;

pub use chip::{Chip, cycle_at_ns, ns_at_cycle};
pub use claims::Claim;
pub use run::{End, Report, run, trace};
