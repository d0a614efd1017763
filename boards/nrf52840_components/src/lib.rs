// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board with an nRF52840 does around its QSPI peripheral: pads, the crystal oscillator,
//! the interrupt, and a component that puts them together.

#![no_std]
#![forbid(unsafe_code)]

pub mod crystal;
pub mod interrupts;
pub mod pads;
pub mod qspi;
