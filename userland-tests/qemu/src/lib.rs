// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The AST1030 board in QEMU, and what is tried with it. `doc/qemu.md` says how.

#![forbid(unsafe_code)]

pub mod array;
pub mod emulator;
pub mod figures;
pub mod image;
pub mod report;
pub mod scenarios;
