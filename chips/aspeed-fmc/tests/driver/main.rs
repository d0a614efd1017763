// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver on a controller that is played by a test.

mod bench;
mod commands;
mod controller;
mod dma;
mod memory;
mod power;
mod stop;
