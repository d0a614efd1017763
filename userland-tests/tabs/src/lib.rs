// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! From the library of all apps to something that runs on a board.
//!
//! [`link`] links it for each app and place, [`slot_check`] sees to it that what
//! came of that stays in its place, [`bundle`] makes TABs. [`install_test`]
//! installs them in the image of a flash, with [`tockloader`]. [`hardware`] runs them
//! on a board that is connected, and compares what it prints with what [`expect`] says.

#![forbid(unsafe_code)]

pub mod boards;
pub mod bundle;
pub mod error;
pub mod expect;
pub mod hardware;
pub mod image;
pub mod install_test;
pub mod link;
pub mod manifest;
pub mod program;
pub mod slot_check;
pub mod tbf;
pub mod tockloader;
