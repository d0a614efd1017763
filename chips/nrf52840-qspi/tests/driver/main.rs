// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver against a recording port: which registers it touches, and in which
//! order.

mod bench;
mod chip;
mod custom;
mod dma;
mod log;
mod memory;
mod power;
mod refusals;
mod stop;
mod stray;
mod templates;
