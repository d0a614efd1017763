// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Capabilities for what concerns all users of a SPI-NOR part, in the manner of
//! `kernel::capabilities`.
//!
//! Methods that want one take it as an argument, and do nothing with it. Only code that may be
//! unsafe can make one, which is a board's `main`:
//!
//! ```
//! use spi_nor_capabilities::ProtectionCapability;
//!
//! struct MayUnlock;
//! // SAFETY: this board's updater may unlock the part.
//! unsafe impl ProtectionCapability for MayUnlock {}
//! ```
//!
//! They are in a crate of their own, with no code at all, since to declare one is unsafe code, too,
//! and the crates that ask for them have none.

#![no_std]

/// To clear the write protection of the part, and to put it back.
///
/// # Safety
/// Whoever has it can have others' data changed that its board has protected.
pub unsafe trait ProtectionCapability {}

/// To read, program and erase the area beside the array, and to read the unique id.
///
/// # Safety
/// Whoever has it can read keys that are kept there, and program what can't be erased.
pub unsafe trait SecurityAreaCapability {}

/// To erase the whole part at once.
///
/// # Safety
/// Whoever has it can erase what is others'.
pub unsafe trait ChipEraseCapability {}
