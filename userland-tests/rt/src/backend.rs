// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which function carries the registers to the kernel.
//!
//! A back end is one function:
//! `unsafe fn call(class: usize, arguments: [usize; 4]) -> [usize; 4]`, with r0
//! to r3 of TRD104 section 3.1 in and out. Beside it, `is_unwound` is false for
//! ever where a dead process runs no destructor.

#[cfg(not(target_os = "none"))]
pub(crate) use crate::host::{call, is_unwound};

#[cfg(target_os = "none")]
pub(crate) use crate::cortex_m::{call, is_unwound};
