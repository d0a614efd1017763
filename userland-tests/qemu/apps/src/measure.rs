// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What operations cost the CPU, from the system call to the upcall: ours, upstream's isolated
//! storage on top of ours, and upstream's storage on upstream's flash driver.
//!
//! Lines `COST path operation bytes counts shifting`: counts of the busy counter for
//! [`ROUNDS`] of them, and what of it the CPU shifted bytes for. `RATE counts us` says how fast
//! the counter is.

use crate::say;
use crate::say::give_up;
use userland_cases::check::SECTOR;
use userland_rt::ErrorCode;
use userland_rt::alarm;
use userland_rt::flash::{self, Operation};
use userland_rt::share;
use userland_rt::system_call::command;
use userland_rt::upcall::watch;

/// How often each is done.
const ROUNDS: u32 = 16;
/// What is written.
const MARK: u8 = 0x5a;
const BUSY: u32 = 0xA_0001;
const UPSTREAM: u32 = 0x5_0001;
const ISOLATED: u32 = 0x5_0004;

fn or_give_up<T>(what: &str, result: Result<T, ErrorCode>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => give_up(format_args!("measure: {what}: {error}")),
    }
}

/// Busy and shifting counts.
#[derive(Clone, Copy, Default)]
struct Counts {
    busy: u32,
    shifting: u32,
}

fn counts() -> Counts {
    // The busy count last: what it costs to ask is in each difference alike.
    let shifting = or_give_up("asking", command(BUSY, 2, 0, 0).success_u32());
    let busy = or_give_up("asking", command(BUSY, 1, 0, 0).success_u32());
    Counts { busy, shifting }
}

/// What `work` takes, with what asking takes.
fn took(work: impl FnOnce()) -> Counts {
    let before = counts();
    work();
    let after = counts();
    Counts {
        busy: after.busy.wrapping_sub(before.busy),
        shifting: after.shifting.wrapping_sub(before.shifting),
    }
}

fn report(path: &str, operation: &str, bytes: u32, mut work: impl FnMut(u32)) {
    // The first one may do what the others need not.
    work(0);
    let mut sum = Counts::default();
    for round in 1..=ROUNDS {
        let asking = took(|| ()).busy;
        let one = took(|| work(round));
        sum.busy += one.busy - asking;
        sum.shifting += one.shifting;
    }
    say!(
        "COST {path} {operation} {bytes} {} {}",
        sum.busy,
        sum.shifting
    );
}

/// An operation of ours, started and waited for.
fn ours(operation: Operation, start: impl FnOnce() -> Result<(), ErrorCode>) {
    let ended = flash::watch_operation(operation, |arrivals| {
        or_give_up("starting", start());
        arrivals.wait()
    });
    let [status, _, _] = or_give_up("subscribing", ended);
    or_give_up("our operation", ErrorCode::from_status(status));
}

/// A command of a storage driver, started and waited for.
fn storage(driver: u32, number: u32, upcall: u32, first: u32, second: u32) -> [u32; 3] {
    let ended = watch(driver, upcall, |arrivals| {
        or_give_up("starting", command(driver, number, first, second).success());
        arrivals.wait()
    });
    or_give_up("subscribing", ended)
}

fn our_costs(buffer: &mut [u8]) {
    if let Err(error) = flash::open() {
        give_up(format_args!("measure: opening: {error}"));
    }
    for bytes in [1, 16, 256, 512, 4096] {
        let _ = share::read_write(flash::DRIVER, flash::DESTINATION, buffer, |_| {
            report("ours", "read", bytes, |_| {
                ours(Operation::Read, || flash::start_read(0, bytes));
            });
        });
    }
    report("ours", "erase", SECTOR, |round| {
        ours(Operation::Erase, || {
            flash::start_erase(round % 32 * SECTOR, SECTOR)
        });
    });
    buffer.fill(MARK);
    for bytes in [1, 16, 256, 512, 4096] {
        let _ = share::read_only(flash::DRIVER, flash::SOURCE, buffer, |_| {
            report("ours", "program", bytes, |round| {
                ours(Operation::Program, || {
                    flash::start_program(round % 32 * SECTOR, bytes)
                });
            });
        });
    }
}

fn isolated_costs(buffer: &mut [u8]) {
    storage(ISOLATED, 1, 0, 0, 0);
    for bytes in [1, 16, 256, 512] {
        let buffer = &mut buffer[..bytes as usize];
        let _ = share::read_write(ISOLATED, 0, buffer, |_| {
            report("isolated", "read", bytes, |_| {
                storage(ISOLATED, 2, 1, 0, 0);
            });
        });
    }
    write_costs("isolated", buffer, |bytes| {
        let ended = storage(ISOLATED, 3, 2, 0, 0);
        ended[1] == bytes
    });
}

/// Other bytes in each round, so that there always is something to erase. Sharing the buffer is
/// part of what is counted.
fn write_costs(path: &str, buffer: &mut [u8], write: impl Fn(u32) -> bool) {
    let driver = if path == "isolated" {
        ISOLATED
    } else {
        UPSTREAM
    };
    for bytes in [1, 16, 256, 512] {
        let buffer = &mut buffer[..bytes as usize];
        report(path, "write", bytes, |round| {
            buffer.fill(if round % 2 == 0 { MARK } else { !MARK });
            let whole = share::read_only(driver, 0, buffer, |_| write(bytes));
            if !or_give_up("sharing", whole) {
                give_up(format_args!("measure: {path} did not write all of {bytes}"));
            }
        });
    }
}

fn upstream_costs(buffer: &mut [u8]) {
    for bytes in [1, 16, 256, 512] {
        let _ = share::read_write(UPSTREAM, 0, buffer, |_| {
            report("upstream", "read", bytes, |_| {
                storage(UPSTREAM, 2, 0, 0, bytes);
            });
        });
    }
    write_costs("upstream", buffer, |bytes| {
        let ended = storage(UPSTREAM, 3, 1, 0, bytes);
        ended[0] == bytes
    });
    // What it says it did has to be so.
    buffer.fill(0);
    let _ = share::read_write(UPSTREAM, 0, buffer, |_| {
        storage(UPSTREAM, 2, 0, 0, 512);
    });
    if buffer[..512].iter().any(|byte| *byte != MARK) {
        give_up(format_args!("measure: upstream's driver did not write"));
    }
}

fn rate() {
    let ticks = || or_give_up("the alarm", alarm::now_ticks());
    let (start, before) = (ticks(), counts().busy);
    let mut now = start;
    // Busy all the time.
    while now.wrapping_sub(start) < 100_000 {
        now = ticks();
    }
    let after = counts().busy;
    say!(
        "RATE {} {}",
        after.wrapping_sub(before),
        now.wrapping_sub(start)
    );
}

/// Does it.
pub fn run() {
    say!("TEST start measure");
    let mut buffer = [0; SECTOR as usize];
    rate();
    our_costs(&mut buffer);
    isolated_costs(&mut buffer);
    upstream_costs(&mut buffer);
    say!("ok measure: {ROUNDS} rounds");
    say!("TEST PASS measure");
}
