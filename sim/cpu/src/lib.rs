// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A Cortex-M4 that executes machine code against models of memory and peripherals.
//!
//! Instructions are decoded and executed by the crate `armagnac`, as published. Its
//! decoder is a trait object: the one here hands it what it does well and executes the
//! rest itself, which is everything that touches memory (so that the memory protection
//! unit, privileges and the system control space are asked each time), special registers,
//! waiting, calls, and the DSP instructions that are missing there.
//!
//! Every instruction takes one cycle: time is right in order, not in length. The
//! ARMv7-M Architecture Reference Manual (DDI 0403E) is meant where a section is named.
//! There is no floating point unit.

#![forbid(unsafe_code)]

mod bus;
mod cpu;
mod decoder;
mod devices;
mod exceptions;
mod fault;
mod image;
mod instructions;
mod memory;
mod mpu;
mod profile;
mod sys_tick;
mod system_control;

pub use bus::{Bus, Width};
pub use cpu::{Cpu, Failure, Passed, Stop, Traps};
pub use devices::{Devices, NoDevices};
pub use fault::{Access, Fault};
pub use image::{Image, ImageError, Segment};
pub use memory::Memory;
pub use mpu::{Permission, Region};
pub use profile::{Calls, Profile};
