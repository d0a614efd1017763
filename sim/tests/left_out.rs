// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What apps are told of that their board has left out, or has not.

mod support;

use spi_nor::region::Grants;
use support::{Bench, ErrorCode, SECTOR, refused};
use userland_rt::flash;
use userland_rt::system_call::command;

const PART: &str = "MX25R6435F";
const IS_LEFT_OUT: bool = cfg!(feature = "minimal");

fn is_supported(number: u32) -> bool {
    command(flash::DRIVER, number, 0, 0).success() != Err(ErrorCode::NoSupport)
}

#[test]
fn commands_that_the_board_leaves_out_are_not_supported() {
    let all = Grants::UNLOCK.and(Grants::READ_OTP).and(Grants::WRITE_OTP);
    let mut trial = Bench::new(PART)
        .granted(all, |lab| {
            let _ = lab.open();
            for number in [8, 9, 10, 13] {
                assert_eq!(is_supported(number), !IS_LEFT_OUT, "{number}");
            }
            if IS_LEFT_OUT {
                assert!(!(8..20).any(is_supported));
            }
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    let unlock = if IS_LEFT_OUT {
        refused(ErrorCode::NoSupport)
    } else {
        Ok(())
    };
    assert_eq!(
        trial.lab.take_notes(),
        [("open", Ok(())), ("unlock", unlock), ("works", Ok(()))]
    );
    trial.finish_off();
}

/// What a board wants verified is not done unverified, though the board can't verify.
#[test]
fn a_region_that_is_to_be_verified_is_not_written_unverified() {
    let mut trial = Bench::new(PART)
        .granted(Grants::VERIFIED, |lab| {
            let _ = lab.note("erase", flash::erase(0, SECTOR));
            let _ = lab.note("program", flash::program(0, &[0; 4]));
            let mut found = [1; 4];
            let _ = lab.note("read", flash::read(0, &mut found));
            assert_eq!(found, [if IS_LEFT_OUT { 0xFF } else { 0 }; 4]);
        })
        .boot();
    trial.run_to_end();
    let changes = if IS_LEFT_OUT {
        refused(ErrorCode::NoSupport)
    } else {
        Ok(())
    };
    assert_eq!(
        trial.lab.take_notes(),
        [("erase", changes), ("program", changes), ("read", Ok(()))]
    );
    trial.finish_off();
}
