// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A simulated board: the shipped drivers, unchanged, on a deterministic machine.

pub mod alarm;
pub mod alarm_driver;
mod allowed;
pub mod arena;
pub mod asked;
pub mod bench;
pub mod board;
pub mod breach;
pub mod chance;
pub mod chip;
pub mod cli;
pub mod compare;
pub mod console;
pub mod cost;
pub mod explore;
pub mod identify;
pub mod ledger;
pub mod lines;
pub mod machine;
pub mod residents;
pub mod resources;
pub mod setup;
pub mod summary;
pub mod surroundings;
pub mod tab;
pub mod table;
pub mod text;
pub mod timeline;
pub mod tour;
pub mod transitions;
pub mod turns;
pub mod watcher;
