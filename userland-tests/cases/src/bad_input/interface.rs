// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Numbers that mean nothing.

use super::ground::Ground;
use crate::cases;
use crate::check::code;
use crate::failure::Failure;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash;
use userland_rt::share;
use userland_rt::system_call::{command, unsubscribe};

/// All of them.
pub const CASES: &[Case] = cases![
    unknown_command,
    unknown_upcall,
    unknown_buffer,
    unknown_driver,
];

fn unknown_command() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for number in [18, 19, 100, 0x8000_0005, u32::MAX] {
        code(
            "unknown command",
            Err(ErrorCode::NoSupport),
            command(flash::DRIVER, number, 0, 0).success(),
        )?;
    }
    ground.still_works()
}

fn unknown_upcall() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for number in [4, 5, 256, u32::MAX] {
        code(
            "subscribe to an unknown upcall",
            Err(ErrorCode::NoSupport),
            unsubscribe(flash::DRIVER, number).map(|_| ()),
        )?;
    }
    ground.still_works()
}

fn unknown_buffer() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let mut buffer = [0; 16];
    for number in [1, 2, 256, u32::MAX] {
        code(
            "read-write allow of an unknown number",
            Err(ErrorCode::NoSupport),
            share::read_write(flash::DRIVER, number, &mut buffer, |_| ()),
        )?;
        code(
            "read-only allow of an unknown number",
            Err(ErrorCode::NoSupport),
            share::read_only(flash::DRIVER, number, &buffer, |_| ()),
        )?;
    }
    ground.still_works()
}

fn unknown_driver() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let nobody = 0x7fff_0000;
    let expected = Err(ErrorCode::NoDevice);
    code(
        "command to nobody",
        expected,
        command(nobody, 0, 0, 0).success(),
    )?;
    code(
        "subscribe to nobody",
        expected,
        unsubscribe(nobody, 0).map(|_| ()),
    )?;
    code(
        "allow to nobody",
        expected,
        share::read_write(nobody, 0, &mut [0; 4], |_| ()),
    )?;
    ground.still_works()
}
