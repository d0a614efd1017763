// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock system calls for the userland tests.
//!
//! The one crate of the userland in which `unsafe` is written; what is built on
//! it forbids it. [`system_call`] is TRD104 as typed functions, [`upcall`] and
//! [`share`] make its two dangerous parts safe by scope, and [`flash`],
//! [`console`] and [`alarm`] speak to the drivers. Below all of it is one
//! function, the back end: [`host`] hands the registers to whoever runs the app
//! as a coroutine. A back end with `svc` takes its place on a Cortex-M; there is
//! none yet, and building for such a target says so.
//!
//! No `static` here holds a pointer, so nothing needs relocating when an app
//! runs where it was not linked. Formatting ([`console::print`]) is the
//! exception: the tables that `core::fmt` makes hold pointers, so it is for apps
//! linked for their address. [`console::write_all`] needs none.

#![no_std]
#![warn(clippy::undocumented_unsafe_blocks)]

pub mod alarm;
pub mod block_on;
pub mod class;
pub mod console;
pub mod error;
pub mod flash;
#[cfg(not(target_os = "none"))]
pub mod host;
pub mod returned;
pub mod share;
pub mod storage;
pub mod system_call;
pub mod upcall;

mod backend;

pub use crate::error::ErrorCode;
