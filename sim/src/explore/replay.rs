// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One schedule, run again and told: as text, as a value change dump, as a picture.

mod axis;
mod commands;
mod dump;
mod journal;
mod picture;
mod signals;
mod story;
mod text;
mod words;

pub use dump::vcd;
pub use picture::svg;
pub use story::{Report, Story, replay};
