// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was done for whom, and what went wrong last: told to apps and to the kernel.

mod support;

use qspi_models::nor::{FaultTimes, FlashFault};
use spi_nor::record::Record;
use support::{Bench, Lab, REGION, SECTOR, ended};
use tock_qspi::board::Board;
use userland_rt::ErrorCode;
use userland_rt::alarm::{now_ticks, sleep_ms};
use userland_rt::flash::{self, LastFailure, Traffic};
use userland_rt::system_call::{command, exit_restart};

const PART: &str = "MX25R6435F";
/// Ticks of a 24-bit counter as apps are told them.
const JUSTIFIED: u32 = 8;

#[test]
#[cfg_attr(feature = "minimal", ignore = "no records are kept")]
fn an_app_is_told_of_its_bytes_and_of_its_last_error() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let nothing = Traffic {
                read: 0,
                programmed: 0,
                erased: 0,
            };
            assert_eq!(flash::traffic(), Ok(nothing));
            let _ = lab.note("erase", flash::erase(0, 3 * SECTOR));
            let _ = lab.note("program", flash::program(100, &[0; 1000]));
            let _ = lab.note("read", flash::read(7, &mut [0; 5000]));
            let sums = Traffic {
                read: 5000,
                programmed: 1000,
                erased: 3 * SECTOR,
            };
            assert_eq!(flash::traffic(), Ok(sums));
            let none = LastFailure {
                upcall: 0,
                address: 0,
                at: 0,
            };
            assert_eq!(flash::last_failure(), Ok(none));
            lab.nor(|nor| {
                let fault = FlashFault::WriteEnableIgnored;
                nor.faults.arm(fault, FaultTimes::Count(2));
            });
            let before = now_ticks().unwrap_or(0);
            let _ = lab.note("ignored", flash::program(2 * SECTOR, &[0; 700]));
            let after = now_ticks().unwrap_or(0);
            let last = flash::last_failure();
            let fits = |last: LastFailure| {
                last.upcall == 2
                    && last.address == 2 * SECTOR
                    && (before << JUSTIFIED..=after << JUSTIFIED).contains(&last.at)
            };
            assert!(last.is_ok_and(fits), "{last:?}, {before}, {after}");
            // What is left of it does not count, and what is fine later keeps it.
            let _ = lab.note("read", flash::read(0, &mut [0; 4]));
            assert_eq!(flash::last_failure(), last);
            assert_eq!(flash::traffic().map(|sums| sums.programmed), Ok(1000));
            assert_eq!(flash::record().map(|record| record.ended), Ok(5));
            assert_eq!(command(0x50005, 8, 4, 0).success(), Err(ErrorCode::Invalid));
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert_eq!(notes[3], ("ignored", ended(ErrorCode::Fail, 0)));
    assert_eq!(notes.len(), 5);
    trial.finish_off();
}

/// Dies twice in an erase; in each life it is told how often that was.
fn mortal(lab: &Lab) {
    let lives = lab.tally.get() + 1;
    lab.tally.set(lives);
    // By then what was begun has ended.
    sleep_ms(500).expect("there is an alarm");
    assert_eq!(flash::orphans(), Ok(lives - 1));
    assert_eq!(flash::record().map(|record| record.ended), Ok(0));
    if lives < 3 {
        flash::start_erase(0, 2 * SECTOR).expect("nothing is wrong");
        sleep_ms(5).expect("there is an alarm");
        exit_restart(0);
    }
    let _ = lab.works();
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "no records are kept")]
fn an_app_is_told_what_its_earlier_lives_left_half_done() {
    let mut trial = Bench::new(PART)
        .app(mortal)
        .app(|lab| {
            while lab.tally.get() < 3 {
                sleep_ms(10).expect("there is an alarm");
            }
            let _ = lab.works();
            assert_eq!(flash::orphans(), Ok(0));
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(())); 3]);
    assert_eq!(trial.board.driver().counters().orphaned, 2);
    trial.finish_off();
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "no records are kept")]
fn the_kernel_can_look_at_all() {
    let mut trial = Bench::new(PART)
        .app(|lab| {
            let _ = flash::erase(0, SECTOR);
            let _ = lab.note("read", flash::read(REGION - 10, &mut [0; 10]));
            lab.wait_for_signal();
        })
        .app(|lab| {
            let _ = lab.note("program", flash::program(9, &[1; 9]));
            lab.wait_for_signal();
        })
        .boot();
    trial.run_until_noted(2);
    let driver = trial.board.driver();
    let records: Vec<Record<_>> = driver.records().map(|(_, record)| record).collect();
    let [first, second] = records[..] else {
        panic!("{records:?}");
    };
    assert_eq!(
        (first.ended, first.erased_bytes, first.read_bytes),
        (2, 4096, 10)
    );
    assert_eq!((second.ended, second.programmed_bytes), (1, 9));
    assert_eq!(second.last, None);
    trial.lab.signal();
    trial.lab.signal();
    trial.run_until(Board::is_over);
    trial.finish_off();
}
