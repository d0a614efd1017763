// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver dropped and made again, with and without deep power-down.

use crate::board::{Board, config, settle};
use crate::host::{check, say};
use crate::pattern::{Buffer, is_pattern};
use embassy_nrf::qspi::{Config, DeepPowerDownConfig};

pub fn checks(board: &mut Board) {
    check("again", reads(board, config()));
    // Three times, so that what one leaves behind meets the next.
    for _ in 0..3 {
        check("with-deep-power-down", reads(board, sleeping()));
        say!("asleep yes");
    }
}

/// As the driver's example for low power has it.
fn sleeping() -> Config {
    let mut config = config();
    config.deep_power_down = Some(DeepPowerDownConfig {
        enter_time: 3,
        exit_time: 3,
    });
    config
}

fn reads(board: &mut Board, config: Config) -> bool {
    let mut driver = board.driver_with(config);
    let mut seen = Buffer::<256>::filled(0);
    let mut id = [0; 3];
    let read = driver.blocking_read(0, &mut seen.0);
    let identified = driver.blocking_custom_instruction(0x9F, &[], &mut id);
    settle(&mut driver);
    say!("asleep no");
    read.is_ok() && identified.is_ok() && id == [0xC2, 0x28, 0x17] && is_pattern(&seen.0, 2, 0)
}
