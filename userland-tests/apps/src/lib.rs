// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! All apps, for Cortex-M. On a host there is nothing in it.

#![cfg_attr(target_os = "none", no_std)]

#[cfg(target_os = "none")]
pub mod entries;
