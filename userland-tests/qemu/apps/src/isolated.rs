// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Uses upstream's isolated storage (driver 0x50004), which the board has on top of our
//! stack: what an earlier run wrote has to be there, and is written anew.

use crate::say;
use crate::say::{WRONG, give_up};
use userland_cases::pattern;
use userland_rt::ErrorCode;
use userland_rt::share;
use userland_rt::system_call::{command, exit_terminate};
use userland_rt::upcall::watch;

const DRIVER: u32 = 0x50004;
const GET_SIZE: u32 = 1;
const READ: u32 = 2;
const WRITE: u32 = 3;
const SIZE_DONE: u32 = 0;
const READ_DONE: u32 = 1;
const WRITE_DONE: u32 = 2;
const SOURCE: u32 = 0;
const DESTINATION: u32 = 0;

/// No multiple of anything, and no longer than the driver's buffer.
const LENGTH: usize = 501;
/// Where in the app's share.
const OFFSET: u32 = 100;
const MARK: u8 = 0x5a;

fn or_give_up<T>(what: &str, result: Result<T, ErrorCode>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => give_up(format_args!("isolated: {what}: {error}")),
    }
}

/// Starts a command and waits for its upcall.
fn run_command(number: u32, upcall: u32, offset: u32) -> [u32; 3] {
    or_give_up(
        "subscribing",
        watch(DRIVER, upcall, |arrivals| {
            or_give_up("a command", command(DRIVER, number, offset, 0).success());
            arrivals.wait()
        }),
    )
}

fn read(bytes: &mut [u8]) {
    let ended = or_give_up(
        "sharing",
        share::read_write(DRIVER, DESTINATION, bytes, |_| {
            run_command(READ, READ_DONE, OFFSET)
        }),
    );
    or_give_up("reading", ErrorCode::from_status(ended[0]));
}

fn write(bytes: &[u8]) {
    let ended = or_give_up(
        "sharing",
        share::read_only(DRIVER, SOURCE, bytes, |_| {
            run_command(WRITE, WRITE_DONE, OFFSET)
        }),
    );
    or_give_up("writing", ErrorCode::from_status(ended[0]));
}

/// Does it.
pub fn run() {
    say!("TEST start isolated");
    let [_, size, _] = run_command(GET_SIZE, SIZE_DONE, 0);
    let mut bytes = [0; LENGTH];
    read(&mut bytes);
    // The first byte marks what was written, the second counts the runs.
    let runs = if bytes[0] == MARK { bytes[1] } else { 0 };
    if runs > 0 {
        let same = (0..)
            .zip(&bytes[2..])
            .all(|(at, byte)| *byte == pattern::byte(u32::from(runs), at));
        if !same {
            say!("FAIL isolated: what run {runs} wrote is not there");
            exit_terminate(WRONG);
        }
    }
    let next = runs.wrapping_add(1);
    bytes[0] = MARK;
    bytes[1] = next;
    pattern::fill(u32::from(next), 0, &mut bytes[2..]);
    let written = bytes;
    write(&bytes);
    bytes.fill(0);
    read(&mut bytes);
    if bytes != written {
        say!("FAIL isolated: what was written is not read");
        exit_terminate(WRONG);
    }
    say!("ok isolated: run {next}, a share of {size} bytes");
    say!("TEST PASS isolated");
}
