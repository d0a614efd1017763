// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Aspeed's AST1030, a Cortex-M4F microcontroller, as far as a Tock board with a flash
//! needs it: interrupts and vectors, a console on UART5, and an alarm.
//!
//! The flash's controller is a crate of its own, `aspeed-fmc`, which does not depend on
//! a core.
//!
//! It was written for QEMU's machine `ast1030-evb`, from Aspeed's own drivers for this
//! family and by trying. No chip was at hand: all of it is unverified on silicon.

#![no_std]
#![deny(unsafe_code)]

pub mod alarm;
// Vectors, sleeping, and the addresses of registers.
#[allow(unsafe_code)]
pub mod chip;
pub mod counter;
pub mod interrupts;
mod timers;
pub mod uart;

pub use alarm::Alarm;
pub use chip::Ast1030;
pub use counter::Counter;
pub use timers::TimerRegisters;
pub use uart::Uart;
