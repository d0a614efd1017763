// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which kernel this program was built with, and what that means.

use super::arguments::KernelName;
use super::exit::Failure;
use tock_host_platform::{BOARDS_CAN_FOLLOW, KERNEL};

/// Whether this is the program for that kernel.
///
/// # Errors
/// If it is not.
pub fn check(wanted: Option<KernelName>) -> Result<(), Failure> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    if wanted.name() == KERNEL {
        return Ok(());
    }
    let how = match wanted {
        KernelName::Host => "build it in the root of the project (cargo build --release)",
        KernelName::Upstream => {
            "build it in fidelity/, which needs an upstream checkout at tock/ \
             (cargo build --release --manifest-path fidelity/Cargo.toml)"
        }
    };
    Err(Failure::input(format!(
        "--kernel {}: this program was built with the {KERNEL} kernel; {how}",
        wanted.name()
    )))
}

/// Whether `command` can do its work: it takes one board after the other.
///
/// # Errors
/// If it can't.
pub fn needs_boards(command: &str) -> Result<(), Failure> {
    if BOARDS_CAN_FOLLOW {
        return Ok(());
    }
    Err(Failure::input(format!(
        "{command} takes one board after the other, and a program with upstream's kernel has one: \
         use the program with the host kernel, or `trace`"
    )))
}
