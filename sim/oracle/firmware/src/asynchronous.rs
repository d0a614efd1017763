// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver's futures: READY wakes them, by interrupt.

use crate::board::{Board, SECTOR, config, interrupts, settle};
use crate::host::{check, erased, holds};
use crate::pattern::{Buffer, is_erased, is_pattern};
use crate::wait::{block_on, poll_once};
use core::pin::pin;
use embassy_nrf::qspi::Qspi;

const AT: u32 = 32 * SECTOR;

pub fn checks(board: &mut Board) {
    let mut driver = board.driver_with(config());
    instruction(&mut driver);
    erase_program_read(&mut driver);
    abandoned(&mut driver);
    settle(&mut driver);
}

fn instruction(driver: &mut Qspi) {
    let mut id = [0; 3];
    let (result, _) = block_on(driver.custom_instruction(0x9F, &[], &mut id));
    check("async-identify", result.is_ok() && id == [0xC2, 0x28, 0x17]);
}

fn erase_program_read(driver: &mut Qspi) {
    let before = interrupts();
    let data = Buffer::<1024>::pattern(10);
    let mut seen = Buffer::<4096>::filled(0);
    let (programmed, _) = block_on(driver.write(AT + 0x800, &data.0));
    let (erase, _) = block_on(driver.erase(AT));
    // READY comes when the erase has been started; what follows waits for its end.
    let (write, polls) = block_on(driver.write(AT + 64, &data.0));
    let (read, _) = block_on(driver.read(AT, &mut seen.0));
    check(
        "async-results",
        programmed.is_ok() && erase.is_ok() && write.is_ok() && read.is_ok(),
    );
    check(
        "async-contents",
        is_erased(&seen.0[..64])
            && is_pattern(&seen.0[64..1088], 10, 0)
            && is_erased(&seen.0[1088..]),
    );
    check("async-waits", polls >= 2);
    // One for each call.
    check("async-one-interrupt-each", interrupts() - before == 4);
    holds(AT + 64, 1024, 10);
    erased(AT + 1088, SECTOR as usize - 1088);

    let mut all = Buffer::<16384>::filled(0);
    let (read, _) = block_on(driver.read(AT, &mut all.0));
    check(
        "async-long-read",
        read.is_ok() && all.0[..4096] == seen.0 && is_erased(&all.0[4096..]),
    );
}

/// A future that is dropped half-way waits for READY before the buffer is anybody else's.
fn abandoned(driver: &mut Qspi) {
    let mut seen = Buffer::<1024>::filled(0);
    let pending = {
        let mut reading = pin!(driver.read(AT + 64, &mut seen.0));
        poll_once(reading.as_mut()).is_pending()
    };
    check("abandoned-read-is-pending", pending);
    check("abandoned-read-has-ended", is_pattern(&seen.0, 10, 0));
    let data = Buffer::<128>::pattern(11);
    {
        let mut writing = pin!(driver.write(AT + SECTOR, &data.0));
        check(
            "abandoned-write-is-pending",
            poll_once(writing.as_mut()).is_pending(),
        );
    }
    let mut seen = Buffer::<128>::filled(0);
    let (read, _) = block_on(driver.read(AT + SECTOR, &mut seen.0));
    check(
        "abandoned-write-has-ended",
        read.is_ok() && is_pattern(&seen.0, 11, 0),
    );
    holds(AT + SECTOR, 128, 11);
}
