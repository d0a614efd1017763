// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock system calls for the userland tests.
//!
//! The one crate of the userland with unsafe code; the cases that are built on it
//! forbid it. [`system_call`] is TRD104 as typed functions, [`upcall`] and
//! [`share`] make its two dangerous parts safe by scope, and [`flash`],
//! [`console`] and [`alarm`] speak to the drivers. Below all of it is one
//! function, the back end: on a host, `host` hands the registers to whoever runs
//! the app as a coroutine; on a Cortex-M it is the `svc` instruction, and `start`
//! is how an app begins there.
//!
//! An app is linked for its address, for many of them, as the tables that
//! `core::fmt` makes hold pointers.

#![no_std]
#![warn(clippy::undocumented_unsafe_blocks)]

pub mod alarm;
pub mod block_on;
pub mod class;
pub mod console;
#[cfg(target_os = "none")]
mod cortex_m;
pub mod error;
pub mod flash;
#[cfg(not(target_os = "none"))]
pub mod host;
pub mod returned;
pub mod share;
#[cfg(target_os = "none")]
pub mod start;
pub mod storage;
pub mod system_call;
pub mod upcall;

mod backend;

pub use crate::error::ErrorCode;
