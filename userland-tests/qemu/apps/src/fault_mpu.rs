// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reads memory of the kernel with a read of the flash outstanding: the MPU's fault.

use crate::say;
use crate::say::give_up;
use core::ptr;
use userland_cases::check::SECTOR;
use userland_rt::flash::{self, Operation};
use userland_rt::share;

/// Where the kernel's RAM begins.
const KERNEL: usize = 0x9_0000;

/// Does it.
pub fn run() {
    say!("TEST start fault-mpu");
    if flash::open().is_err() {
        give_up(format_args!("fault-mpu: not opened"));
    }
    let mut buffer = [0; SECTOR as usize];
    let _ = share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
        let _ = flash::watch_operation(Operation::Read, |_| {
            if flash::start_read(0, SECTOR).is_ok() {
                // SAFETY: none. That is what is tried: the MPU forbids it, and the process ends
                // here. If it does not, the test fails.
                let word = unsafe { ptr::with_exposed_provenance::<u32>(KERNEL).read_volatile() };
                give_up(format_args!("fault-mpu: read {word:#x} of the kernel's"));
            }
        });
    });
    give_up(format_args!("fault-mpu: no read was outstanding"));
}
