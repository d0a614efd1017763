// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! All kernel-side crates, so that one build shows that they compile against
//! upstream's kernel for a target without an operating system.

#![no_std]

pub use nrf52840_qspi;
pub use qspi_hil;
pub use spi_nor;
