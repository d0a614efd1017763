// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Numbers of external interrupts.

/// UART5.
pub const UART5: u32 = 8;
/// The second timer, which is the [alarm](crate::alarm).
pub const ALARM: u32 = 17;
/// The flash controller.
pub const FMC: u32 = 39;

/// How many there are: ICTR says 256.
pub const COUNT: usize = 256;
