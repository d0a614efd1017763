// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How fast it is, beside what the bus and the array can do.

pub mod app;
pub mod callgrind;
pub mod case;
pub mod cases;
pub mod costs;
pub mod instructions;
pub mod measure;
pub mod meter;
pub mod peer;
pub mod plot;
pub mod result;
