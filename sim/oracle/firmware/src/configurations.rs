// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The same contents through every opcode that the part has, and at several clocks.

use crate::board::{Board, SECTOR, config, settle};
use crate::host::{check, holds};
use crate::pattern::{Buffer, is_pattern};
use embassy_nrf::qspi::{Config, Frequency, ReadOpcode, WriteOpcode};

const AT: u32 = 64 * SECTOR;

pub fn checks(board: &mut Board) {
    program(board, WriteOpcode::Pp, AT, 20);
    program(board, WriteOpcode::Pp4io, AT + 0x200, 21);
    read(board, "read-0b", with_opcode(ReadOpcode::Fastread));
    read(board, "read-3b", with_opcode(ReadOpcode::Read2o));
    read(board, "read-bb", with_opcode(ReadOpcode::Read2io));
    read(board, "read-6b", with_opcode(ReadOpcode::Read4o));
    read(board, "read-eb", with_opcode(ReadOpcode::Read4io));
    read(board, "read-at-16-mhz", with_clock(Frequency::M16));
    read(board, "read-at-2-mhz", with_clock(Frequency::M2));
    let mut slow = config();
    slow.sck_delay = 0;
    read(board, "read-without-delay", slow);
}

fn program(board: &mut Board, opcode: WriteOpcode, address: u32, seed: u32) {
    let mut config = config();
    config.write_opcode = opcode;
    let mut driver = board.driver_with(config);
    let data = Buffer::<384>::pattern(seed);
    check(
        "program-with-each-opcode",
        driver.blocking_write(address, &data.0).is_ok(),
    );
    settle(&mut driver);
    holds(address, 384, seed);
}

fn with_opcode(opcode: ReadOpcode) -> Config {
    let mut config = config();
    config.read_opcode = opcode;
    config
}

fn with_clock(frequency: Frequency) -> Config {
    let mut config = config();
    config.frequency = frequency;
    config
}

fn read(board: &mut Board, name: &str, config: Config) {
    let mut driver = board.driver_with(config);
    let mut seen = Buffer::<1024>::filled(0);
    let read = driver.blocking_read(AT, &mut seen.0);
    check(
        name,
        read.is_ok() && is_pattern(&seen.0[..384], 20, 0) && is_pattern(&seen.0[512..896], 21, 0),
    );
}
