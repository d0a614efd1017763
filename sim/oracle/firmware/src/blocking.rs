// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver's blocking calls, at the edges of the part and of its pages.

use crate::board::{Board, CAPACITY, PAGE, SECTOR, settle, slow};
use crate::host::{check, erased, holds};
use crate::pattern::{Buffer, byte_of, is_erased, is_pattern};
use embassy_nrf::qspi::{Error, Qspi};

const QUAD_ENABLE: u8 = 1 << 6;
const BUSY: u8 = 1;
const HIGH_PERFORMANCE: u8 = 1 << 1;
const LAST: u32 = CAPACITY - SECTOR;

pub fn checks(board: &mut Board) {
    {
        // As the driver's default clock, which a part as delivered can follow.
        let mut driver = board.driver_with(slow());
        identify(&mut driver);
        enable_quad(&mut driver);
        leave_low_power(&mut driver);
    }
    let mut driver = board.driver();
    one_page(&mut driver);
    bits_only_fall(&mut driver);
    across_pages(&mut driver);
    last_sector(&mut driver);
    back_to_back(&mut driver);
    refusals(&mut driver);
    settle(&mut driver);
}

fn identify(driver: &mut Qspi) {
    let mut id = [0; 3];
    let result = driver.blocking_custom_instruction(0x9F, &[], &mut id);
    check("identify", result.is_ok() && id == [0xC2, 0x28, 0x17]);
}

fn enable_quad(driver: &mut Qspi) {
    check(
        "quad-enable-starts-clear",
        settle(driver) & QUAD_ENABLE == 0,
    );
    let value = [QUAD_ENABLE];
    let result = driver.blocking_custom_instruction(0x01, &value, &mut []);
    // The next instruction waits for the write.
    let status = settle(driver);
    check(
        "quad-enable",
        result.is_ok() && status & (QUAD_ENABLE | BUSY) == QUAD_ENABLE,
    );
}

/// The part follows 32 MHz in its high performance mode only.
fn leave_low_power(driver: &mut Qspi) {
    let value = [QUAD_ENABLE, 0, HIGH_PERFORMANCE];
    let result = driver.blocking_custom_instruction(0x01, &value, &mut []);
    let mut configuration = [0; 2];
    let read = driver.blocking_custom_instruction(0x15, &[], &mut configuration);
    check(
        "three-registers-at-once",
        result.is_ok() && read.is_ok() && configuration[1] & HIGH_PERFORMANCE != 0,
    );
}

fn one_page(driver: &mut Qspi) {
    let mut all = Buffer::<{ SECTOR as usize }>::filled(0);
    let read = driver.blocking_read(0, &mut all.0);
    check("a-new-part-is-erased", read.is_ok() && is_erased(&all.0));

    // Something to erase in this sector and in its neighbour.
    let old = Buffer::<16>::pattern(90);
    let neighbour = Buffer::<64>::pattern(1);
    let programmed = driver.blocking_write(SECTOR - 16, &old.0).is_ok()
        && driver.blocking_write(SECTOR, &neighbour.0).is_ok();
    check("program", programmed);
    check("erase", driver.blocking_erase(0).is_ok());

    let page = Buffer::<{ PAGE as usize }>::pattern(2);
    let mut seen = Buffer::<{ PAGE as usize }>::filled(0);
    let result = driver.blocking_write(0, &page.0);
    let read = driver.blocking_read(0, &mut seen.0);
    check(
        "read-what-was-programmed",
        result.is_ok() && read.is_ok() && seen.0 == page.0,
    );

    let read = driver.blocking_read(0, &mut all.0);
    let (first, rest) = all.0.split_at(PAGE as usize);
    check(
        "erase-clears-the-sector",
        read.is_ok() && is_pattern(first, 2, 0) && is_erased(rest),
    );
    let mut seen = Buffer::<64>::filled(0);
    let read = driver.blocking_read(SECTOR, &mut seen.0);
    check(
        "erase-spares-the-neighbour",
        read.is_ok() && is_pattern(&seen.0, 1, 0),
    );
    holds(0, PAGE as usize, 2);
    erased(PAGE, (SECTOR - PAGE) as usize);
    holds(SECTOR, 64, 1);
}

fn bits_only_fall(driver: &mut Qspi) {
    const AT: u32 = SECTOR + 0x100;
    let first = Buffer::<32>::pattern(3);
    let second = Buffer::<32>::pattern(4);
    let mut seen = Buffer::<32>::filled(0);
    let done = driver.blocking_write(AT, &first.0).is_ok()
        && driver.blocking_write(AT, &second.0).is_ok()
        && driver.blocking_read(AT, &mut seen.0).is_ok();
    let and = seen
        .0
        .iter()
        .zip(0..)
        .all(|(&byte, n)| byte == byte_of(3, n) & byte_of(4, n));
    check("programming-clears-bits-only", done && and);
}

fn across_pages(driver: &mut Qspi) {
    const AT: u32 = SECTOR + 0x380;
    // Half a page, a page, half a page.
    let data = Buffer::<512>::pattern(5);
    let mut seen = Buffer::<768>::filled(0);
    let result = driver.blocking_write(AT, &data.0);
    let read = driver.blocking_read(AT - 128, &mut seen.0);
    let (before, rest) = seen.0.split_at(128);
    let (inside, behind) = rest.split_at(512);
    check(
        "program-across-pages",
        result.is_ok()
            && read.is_ok()
            && is_erased(before)
            && is_pattern(inside, 5, 0)
            && is_erased(behind),
    );
    holds(AT, 512, 5);
    erased(AT - 128, 128);
    erased(AT + 512, 128);

    // The smallest pieces, from within what was read at once.
    let mut word = Buffer::<4>::filled(0);
    let read = driver.blocking_read(AT + 252, &mut word.0);
    check("read-one-word", read.is_ok() && is_pattern(&word.0, 5, 252));
    let word = Buffer::<4>::pattern(6);
    let mut seen = Buffer::<12>::filled(0);
    let done = driver.blocking_write(AT + 0x400, &word.0).is_ok()
        && driver.blocking_read(AT + 0x3FC, &mut seen.0).is_ok();
    check(
        "program-one-word",
        done && is_erased(&seen.0[..4])
            && is_pattern(&seen.0[4..8], 6, 0)
            && is_erased(&seen.0[8..]),
    );
}

fn last_sector(driver: &mut Qspi) {
    let data = Buffer::<{ PAGE as usize }>::pattern(7);
    let mut seen = Buffer::<{ PAGE as usize }>::filled(0);
    let done = driver.blocking_write(LAST, &data.0).is_ok()
        && driver.blocking_erase(LAST).is_ok()
        && driver.blocking_write(CAPACITY - PAGE, &data.0).is_ok()
        && driver.blocking_read(CAPACITY - PAGE, &mut seen.0).is_ok();
    check("last-page", done && is_pattern(&seen.0, 7, 0));
    let read = driver.blocking_read(LAST, &mut seen.0);
    check("last-sector", read.is_ok() && is_erased(&seen.0));
    // The first sector is no alias of the last.
    let read = driver.blocking_read(0, &mut seen.0);
    check(
        "first-is-not-last",
        read.is_ok() && is_pattern(&seen.0, 2, 0),
    );
    holds(CAPACITY - PAGE, PAGE as usize, 7);
    erased(LAST, (SECTOR - PAGE) as usize);
}

/// No call waits for the array: the next one has to.
fn back_to_back(driver: &mut Qspi) {
    const AT: u32 = 16 * SECTOR;
    let first = Buffer::<64>::pattern(8);
    let second = Buffer::<64>::pattern(9);
    let mut id = [0; 3];
    let done = driver.blocking_write(AT, &first.0).is_ok()
        && driver.blocking_erase(AT).is_ok()
        && driver
            .blocking_custom_instruction(0x9F, &[], &mut id)
            .is_ok();
    check(
        "instruction-waits-for-erase",
        done && id == [0xC2, 0x28, 0x17],
    );
    let mut seen = Buffer::<64>::filled(0);
    let done = driver.blocking_write(AT, &second.0).is_ok()
        && driver.blocking_write(AT + 64, &first.0).is_ok()
        && driver.blocking_read(AT, &mut seen.0).is_ok();
    check(
        "program-waits-for-program",
        done && is_pattern(&seen.0, 9, 0),
    );
    let done = driver.blocking_read(AT + 64, &mut seen.0).is_ok();
    check("read-waits-for-program", done && is_pattern(&seen.0, 8, 0));
    holds(AT, 64, 9);
    holds(AT + 64, 64, 8);
}

fn refusals(driver: &mut Qspi) {
    let mut word = Buffer::<8>::filled(0x5A);
    let beyond = driver.blocking_read(CAPACITY - 4, &mut word.0);
    check(
        "beyond-the-end-is-refused",
        beyond == Err(Error::OutOfBounds)
            && word.0 == [0x5A; 8]
            && driver.blocking_write(CAPACITY, &word.0) == Err(Error::OutOfBounds)
            && driver.blocking_erase(CAPACITY) == Err(Error::OutOfBounds),
    );
    check(
        "nothing-to-do-ends-at-once",
        driver.blocking_read(0, &mut []).is_ok() && driver.blocking_write(0, &[]).is_ok(),
    );
}
