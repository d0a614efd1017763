// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Models of the nRF52840 QSPI peripheral and of SPI-NOR parts, with no notion of who drives them.
//!
//! [`Qspi`] is the register block with its DMA engine, [`Nor`] the part behind
//! it. Time is a `u64` of nanoseconds that the caller gives with every call;
//! nothing here reads a clock, a file it was not handed, or an unseeded random
//! number. What the hardware would do silently wrong is written to a log of
//! [`Violation`]s, what it does at all to a stream of [`Observation`]s.
//!
//! The models are written from the register description, the product
//! specification, SFDP dumps and published measurements, and share no code with
//! any driver. They are unverified on silicon.

#![forbid(unsafe_code)]

mod bus;
mod custom_instruction;
mod dma;
mod faults;
mod fingerprint;
mod job;
mod log;
mod noise;
pub mod nor;
mod observation;
mod pins;
mod qspi;
pub mod registers;
mod silicon;
mod transfer;
mod violation;

pub use bus::{BusUse, Lanes};
pub use dma::{DmaError, DmaMemory};
pub use faults::{DmaStop, Faults, ReadyFault};
pub use fingerprint::ahead;
pub use nor::Nor;
pub use observation::{Direction, FlashOperation, Observation, Outcome, PowerState, Task};
pub use pins::Wiring;
pub use qspi::Qspi;
pub use silicon::{OnStop, ReadyOfWrite, Silicon, StartWhileBusy, UnalignedAddress};
pub use violation::Violation;

/// Something that happened, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timed<T> {
    /// Simulated time, ns.
    pub at: u64,
    /// What happened.
    pub what: T,
}
