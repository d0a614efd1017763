// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the userland tests do, apart from where they run.
//!
//! [`app::APPS`] names them for whoever runs apps. The suites of cases are
//! [`basic`], [`bad_input`] with its three kinds of region; [`tour`] has the apps
//! that use the flash as apps do; those of [`die`] end in ways that a kernel must
//! survive, which whoever runs them checks.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "fat")]
extern crate std;

pub mod app;
pub mod bad_input;
pub mod basic;
pub mod check;
pub mod die;
pub mod dump;
pub mod failure;
#[cfg(feature = "fat")]
pub mod fat_list;
pub mod pattern;
pub mod report;
pub mod tour;

#[cfg(feature = "fat")]
mod flash_disk;
