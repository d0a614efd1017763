// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps as Tock's tools make them, executed instruction by instruction.
//!
//! A TAB holds an app linked for one or more places. It is loaded where it was linked for, which
//! is where the nRF52840 has that memory: flash and RAM of the chip are mapped there in this
//! process. The app's code runs on an emulated core without privileges that reaches its flash
//! and its RAM up to its break, and nothing else; its system calls reach the same kernel as
//! those of apps that are part of this program.

pub mod boundary;
pub mod bundle;
pub mod flash_image;
pub mod header;
pub mod place;
pub mod room;
pub mod strace;
