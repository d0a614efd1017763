// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tokens that show their holder may call a sensitive kernel function.
//!
//! A capability is any value whose type implements one of these traits. They
//! are `unsafe` to implement, so a crate that forbids `unsafe` can be handed a
//! capability but can never make one. [`create_capability!`](crate::create_capability)
//! makes one.
//!
//! # Safety
//!
//! The one duty an implementation has, for every trait here: the type must not
//! be obtainable by code that is not trusted with what the trait permits.

/// Permits starting, stopping, restarting and otherwise managing processes.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait ProcessManagementCapability {}

/// Permits letting a process run for the first time, once its identifier is known to be unique.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait ProcessStartCapability {}

/// Permits entering the kernel's main loop and changing the state it works on.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait MainLoopCapability {}

/// Permits setting kernel memory aside, as creating a grant does.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait MemoryAllocationCapability {}

/// Permits what an implementation of `Process` outside this crate needs of the kernel's insides.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait ExternalProcessCapability {}

/// Permits making storage permissions for values that belong to the kernel alone.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait KerneluserStorageCapability {}

/// Permits making storage permissions for applications.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait ApplicationStorageCapability {}

/// Permits the UDP driver's privileged sending and its claim on the port table.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait UdpDriverCapability {}

/// Permits making the one table of UDP ports.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait CreatePortTableCapability {}

/// Permits making network capabilities and visibility capabilities.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait NetworkCapabilityCreationCapability {}

/// Permits choosing where `debug!` output goes.
///
/// # Safety
///
/// Only trusted code may be able to obtain a value of the type.
pub unsafe trait SetDebugWriterCapability {}
