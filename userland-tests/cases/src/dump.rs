// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The region's content on the console, as it is.

use crate::check::{SECTOR, open, read};
use crate::failure::Failure;
use userland_rt::console;

/// Writes the whole region to the console, byte for byte and nothing else.
///
/// # Errors
///
/// A read or a write that failed. What was read before is on the console.
pub fn run() -> Result<u32, Failure> {
    let length = crate::check::region_length(1)?;
    open("open")?;
    let mut sector = [0; SECTOR as usize];
    for address in (0..length).step_by(SECTOR as usize) {
        read("dump", address, &mut sector)?;
        console::write_all(&sector)?;
    }
    Ok(length)
}
