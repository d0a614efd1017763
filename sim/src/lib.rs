// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A simulated board: the shipped drivers, unchanged, on a deterministic machine.

pub mod alarm;
pub mod alarm_driver;
pub mod arena;
pub mod board;
pub mod breach;
pub mod chip;
pub mod console;
pub mod ledger;
pub mod machine;
pub mod surroundings;
