// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A small board for tests: apps are closures, drivers are one grant and a closure for commands.

// Each test program uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod app;
pub mod board;
pub mod chip;
pub mod driver;
pub mod log;
pub mod resources;

pub use app::{App, NULL};
pub use board::Board;
pub use driver::Driver;
pub use log::{log, logged};
