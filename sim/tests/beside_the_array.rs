// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What apps can ask of the part beside reading, programming and erasing their region:
//! protected ranges, the security area, the unique id, and looks at what was done.

mod support;

use qspi_models::nor::{FaultTimes, FlashFault};
use spi_nor::lifecycle::State;
use spi_nor::region::Grants;
use support::{Bench, ErrorCode, Lab, Outcome, REGION, SECTOR, ended, refused};
use tock_qspi::breach::Breach;
use userland_rt::flash::{self, Error, Protection};

const MACRONIX: &str = "MX25R6435F";
const WINBOND: &str = "W25Q128JV";
const GIGADEVICE: &str = "GD25Q16C";
const MICRON: &str = "MT25QU256A";

const ALL: Grants = Grants::UNLOCK.and(Grants::READ_OTP).and(Grants::WRITE_OTP);

const PROTECTED: Outcome = Err(Error::Protected { done: 0 });

fn differs(done: u32) -> Outcome {
    Err(Error::Differs { done })
}

/// Sector bit, bottom, level 1: the first 4 KiB of a Winbond part.
const FIRST_SECTOR: u8 = 0x64;

#[test]
fn what_is_protected_is_told_and_nothing_else_is_refused() {
    let mut trial = Bench::new(WINBOND)
        .nor(|nor| nor.set_register(0, FIRST_SECTOR))
        .app(|lab| {
            assert_eq!(flash::protection(), Err(ErrorCode::Reserve));
            let _ = lab.open();
            let first = Protection::Range {
                start: 0,
                length: SECTOR,
            };
            assert_eq!(flash::protection(), Ok(first));
            let _ = lab.program(SECTOR - 1);
            let _ = lab.note("both", flash::erase(0, 2 * SECTOR));
            let _ = lab.erase(SECTOR);
            let _ = lab.program(SECTOR);
        })
        .app(|lab| {
            let _ = lab.open();
            assert_eq!(flash::protection(), Ok(Protection::None));
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    let mut notes = trial.lab.take_notes();
    notes.retain(|(what, _)| !matches!(*what, "open" | "works"));
    assert_eq!(
        notes,
        [
            ("program", PROTECTED),
            ("both", PROTECTED),
            ("erase", Ok(())),
            ("program", Ok(())),
        ]
    );
    trial.finish_off();
}

#[test]
fn macronix_tells_the_range_by_its_configuration_register() {
    let mut trial = Bench::new(MACRONIX)
        // The lowest level, from the bottom: all of the first app's region.
        .nor(|nor| {
            nor.set_register(0, 0x04);
            nor.set_register(1, 0x08);
        })
        .app(|lab| {
            let _ = lab.open();
            let whole = Protection::Range {
                start: 0,
                length: REGION,
            };
            assert_eq!(flash::protection(), Ok(whole));
            let _ = lab.erase(REGION - SECTOR);
        })
        .app(|lab| {
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert!(notes.contains(&("erase", PROTECTED)), "{notes:?}");
    assert!(notes.contains(&("works", Ok(()))), "{notes:?}");
    trial.finish_off();
}

#[test]
fn parts_with_unknown_ranges_say_so() {
    let mut trial = Bench::new("IS25WP256")
        .nor(|nor| nor.set_register(0, 0x04))
        .app(|lab| {
            let _ = lab.open();
            assert_eq!(flash::protection(), Ok(Protection::Unknown));
            let _ = lab.program(0);
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("open", Ok(())), ("program", PROTECTED)]
    );
    trial.finish_off();
}

#[test]
fn without_a_grant_nothing_is_unlocked_or_read() {
    let mut trial = Bench::new(WINBOND)
        .app(|lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.note("relock", flash::relock());
            let _ = lab.note("read", flash::read_security(0, &mut [0; 4]));
            let _ = lab.note("program", flash::program_security(0, &[0; 4]));
            let _ = lab.note("erase", flash::erase_security(0, 256));
            let _ = lab.note("id", flash::unique_id(&mut [0; 8]));
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert_eq!(notes.len(), 7);
    for (what, outcome) in &notes[1..] {
        assert_eq!(*outcome, refused(ErrorCode::NoSupport), "{what}");
    }
    trial.finish_off();
}

#[test]
fn volatile_bits_are_unlocked_and_put_back_at_teardown() {
    for (part, status, second) in [
        (WINBOND, FIRST_SECTOR, 0),
        (WINBOND, 0x1C, 0),
        // The rest, of nothing: all.
        (WINBOND, 0x00, 0x40),
    ] {
        let mut trial = Bench::new(part)
            .nor(|nor| {
                nor.set_register(0, status);
                // Quad enable is there already: it is nobody's business here.
                nor.set_register(1, second | 0x02);
            })
            .granted(ALL, |lab| {
                let _ = lab.open();
                let before = flash::protection();
                let _ = lab.note("unlock", flash::unlock());
                assert_eq!(flash::protection(), Ok(Protection::None));
                let _ = lab.works();
                let _ = lab.note("again", flash::unlock());
                let _ = lab.note("relock", flash::relock());
                assert_eq!(flash::protection(), before);
                let _ = lab.note("unlock", flash::unlock());
            })
            .boot();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert!(
            notes.iter().all(|(_, outcome)| outcome.is_ok()),
            "{part}: {notes:?}"
        );
        let registers = trial.lab.nor(|nor| nor.registers());
        assert_eq!(registers[..2], [status, second | 0x02], "{part}");
        trial.finish_off();
    }
}

#[test]
fn an_unlock_of_a_part_that_sleeps_meanwhile_is_over() {
    let mut trial = Bench::new(WINBOND)
        .idle_us(1_000)
        .nor(|nor| nor.set_register(0, 0x1C))
        .granted(ALL, |lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.erase(0);
            lab.wait_for_signal();
            // It need not be woken to be asked.
            assert_ne!(flash::protection(), Ok(Protection::None));
            let _ = lab.erase(0);
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.erase(0);
        })
        .boot();
    trial.run_until_noted(3);
    trial.run_until_state(State::Off);
    assert_eq!(trial.lab.nor(|nor| nor.registers())[0], 0x1C);
    trial.lab.signal();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("unlock", Ok(())),
            ("erase", Ok(())),
            ("erase", PROTECTED),
            ("unlock", Ok(())),
            ("erase", Ok(())),
        ]
    );
    trial.finish_off();
}

#[test]
fn stored_bits_are_cleared_for_good_and_put_back_on_request() {
    let parts = [
        (MACRONIX, [0x3C, 0]),
        (GIGADEVICE, [0x1C, 0]),
        // Two registers that are written one by one, and one that says nothing by itself.
        ("GD25Q32C", [0x04, 0x40]),
        ("GD25Q32C", [0x1C, 0]),
        ("IS25WP256", [0x20, 0]),
    ];
    for (part, bits) in parts {
        stored_bits(part, bits);
    }
}

fn stored_bits(part: &str, bits: [u8; 2]) {
    let protected = |registers: [u8; 3]| {
        let masks = if part == MACRONIX || part == "IS25WP256" {
            [0x3C, 0]
        } else {
            [0x1C, 0x40]
        };
        [registers[0] & masks[0], registers[1] & masks[1]]
    };
    let mut trial = Bench::new(part)
        .nor(|nor| {
            nor.set_register(0, bits[0]);
            nor.set_register(1, bits[1]);
        })
        .granted(ALL, |lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.works();
            lab.wait_for_signal();
            let _ = lab.note("relock", flash::relock());
            let _ = lab.program(0);
            // There is nothing left to put back.
            let _ = lab.note("relock", flash::relock());
        })
        .boot();
    trial.run_until_noted(3);
    trial.run_until_state(State::Off);
    let after = trial.lab.nor(|nor| nor.registers());
    assert_eq!(protected(after), [0, 0], "{part}");
    trial.lab.signal();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("unlock", Ok(())),
            ("works", Ok(())),
            ("relock", Ok(())),
            ("program", PROTECTED),
            ("relock", Ok(())),
        ],
        "{part}"
    );
    let after = trial.lab.nor(|nor| nor.registers());
    assert_eq!(protected(after), bits, "{part}");
    trial.finish_off();
}

#[test]
fn an_unlock_that_fails_leaves_what_is_known() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| nor.set_register(0, 0x3C))
        .granted(ALL, |lab| {
            let _ = lab.open();
            let before = flash::protection();
            lab.nor(|nor| {
                let deaf = FlashFault::WriteEnableIgnored;
                nor.faults.arm(deaf, FaultTimes::Count(1));
            });
            let _ = lab.note("unlock", flash::unlock());
            assert_eq!(flash::protection(), before);
            let _ = lab.program(0);
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("unlock", ended(ErrorCode::Fail, 0)),
            ("program", PROTECTED),
            ("unlock", Ok(())),
            ("works", Ok(())),
        ]
    );
    trial.finish_off();
}

/// Programs, reads back and, where that is possible, erases across two registers.
fn use_security_area(lab: &Lab) {
    let _ = lab.open();
    let area = flash::security_area().expect("the part is known");
    let mut data = [0; 300];
    support::fill(77, &mut data);
    let _ = lab.note("program", flash::program_security(101, &data));
    let mut found = [0; 310];
    let _ = lab.note("read", flash::read_security(96, &mut found));
    assert_eq!(found[5..305], data);
    assert_eq!(found[..5], [0xFF; 5]);
    assert_eq!(found[305..], [0xFF; 5]);
    let erased = lab.note("erase", flash::erase_security(256, 256));
    assert_eq!(erased.is_ok(), area.erase_unit != 0);
    if erased.is_ok() {
        let _ = lab.note("read", flash::read_security(250, &mut found));
        assert_eq!(found[..6], data[149..155]);
        assert_eq!(found[6..], [0xFF; 304]);
    }
    // The array is where it was.
    let _ = lab.works();
    let end = flash::read_security(area.size - 1, &mut found[..2]);
    let _ = lab.note("end", end);
}

#[test]
fn the_security_area_is_read_programmed_and_erased() {
    for (part, size) in [(WINBOND, 768), (GIGADEVICE, 768), ("GD25Q32C", 768)] {
        let mut trial = Bench::new(part).granted(ALL, use_security_area).boot();
        trial.run_to_end();
        let area = trial.board.device().profile().map(|profile| profile.id);
        assert!(area.is_some(), "{part} {size}");
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("program", Ok(())),
                ("read", Ok(())),
                ("erase", Ok(())),
                ("read", Ok(())),
                ("works", Ok(())),
                ("end", refused(ErrorCode::Invalid)),
            ],
            "{part}"
        );
        trial.finish_off();
    }
}

#[test]
fn secured_otp_is_read_and_programmed_and_left_again() {
    for part in [MACRONIX, "MX25L3233F"] {
        let mut trial = Bench::new(part).granted(ALL, use_security_area).boot();
        trial.run_to_end();
        assert!(!trial.lab.nor(|nor| nor.is_secured()));
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("program", Ok(())),
                ("read", Ok(())),
                ("erase", ended(ErrorCode::NoSupport, 0)),
                ("works", Ok(())),
                ("end", refused(ErrorCode::Invalid)),
            ],
            "{part}"
        );
        trial.finish_off();
    }
}

#[test]
fn a_locked_area_is_found_out_before_it_is_programmed() {
    for part in [WINBOND, GIGADEVICE, MACRONIX] {
        let mut trial = Bench::new(part)
            .nor(|nor| nor.lock_otp(2))
            .granted(ALL, |lab| {
                let _ = lab.open();
                let _ = lab.note("program", flash::program_security(256, &[0; 8]));
                let _ = lab.note("read", flash::read_security(256, &mut [0; 8]));
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("program", PROTECTED),
                ("read", Ok(())),
                ("works", Ok(())),
            ],
            "{part}"
        );
        // The part had nothing to object to.
        trial.finish_off();
    }
}

#[test]
fn a_unique_id_is_told_by_parts_that_have_one() {
    for (part, has_one) in [(WINBOND, true), (GIGADEVICE, true), (MACRONIX, false)] {
        let mut trial = Bench::new(part)
            .nor(|nor| nor.set_seed(5))
            .granted(Grants::READ_OTP, move |lab| {
                let _ = lab.open();
                let area = flash::security_area().expect("the part is known");
                assert_eq!(area.unique_id != 0, has_one);
                let (mut first, mut again, mut some) = ([0; 8], [1; 8], [2; 3]);
                let outcome = lab.note("id", flash::unique_id(&mut first));
                if outcome.is_ok() {
                    let _ = lab.note("again", flash::unique_id(&mut again));
                    let _ = lab.note("some", flash::unique_id(&mut some));
                    assert_eq!((first, some), (again, [first[0], first[1], first[2]]));
                    assert_ne!(first, [0xFF; 8]);
                    assert_ne!(first, [0; 8]);
                }
                let _ = lab.note("too long", flash::unique_id(&mut [0; 9]));
            })
            .boot();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        let (id, too_long) = if has_one {
            (Ok(()), refused(ErrorCode::Invalid))
        } else {
            (refused(ErrorCode::NoSupport), refused(ErrorCode::NoSupport))
        };
        assert_eq!(notes[1], ("id", id), "{part}");
        assert_eq!(notes.last().copied(), Some(("too long", too_long)));
        trial.finish_off();
    }
}

#[test]
fn parts_without_a_security_area_say_so() {
    let mut trial = Bench::new(MICRON)
        .granted(ALL, |lab| {
            // Nobody knows yet.
            let _ = lab.note("early", flash::read_security(0, &mut [0; 4]));
            let _ = lab.note("late", flash::read_security(0, &mut [0; 4]));
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("early", ended(ErrorCode::NoSupport, 0)),
            ("late", refused(ErrorCode::NoSupport)),
        ]
    );
    trial.finish_off();
}

#[test]
fn what_a_part_did_not_do_is_found_out_by_those_who_ask() {
    let arm = |lab: &Lab, fault| lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
    let mut trial = Bench::new(MACRONIX)
        .app(move |lab| {
            let _ = lab.works();
            flash::set_options(flash::VERIFY).expect("it is one");
            let _ = lab.works();
            arm(lab, FlashFault::EraseIgnored);
            let _ = lab.erase(0);
            let _ = lab.erase(0);
            arm(lab, FlashFault::ProgramIgnored);
            let _ = lab.program(0);
            // 300 bytes from 200 on: page by page, and the second one is whole.
            let _ = lab.erase(0);
            let _ = lab.program(200);
            // What is not blank is not as it was programmed either.
            let _ = lab.note("over", flash::program(300, &[0xFF; 4]));
            flash::set_options(0).expect("none is one, too");
            arm(lab, FlashFault::EraseIgnored);
            let _ = lab.erase(0);
            assert_eq!(flash::set_options(4), Err(ErrorCode::Invalid));
        })
        .granted(Grants::VERIFIED, move |lab| {
            lab.wait_for_signal();
            let _ = lab.program(0);
            arm(lab, FlashFault::EraseIgnored);
            let _ = lab.note("verified", flash::erase(0, SECTOR));
        })
        .boot();
    trial.run_until_noted(9);
    trial.lab.signal();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    let (first, second) = notes.split_at(9);
    let [
        works,
        again,
        ignored,
        erase,
        not,
        erased,
        program,
        over,
        unseen,
    ] = first
    else {
        panic!("{notes:?}");
    };
    assert_eq!(
        [works.1, again.1, erase.1, erased.1, program.1],
        [Ok(()); 5]
    );
    // `works` leaves its bytes at the end of the first sector.
    assert_eq!(ignored.1, differs(SECTOR - 100));
    assert_eq!(not.1, differs(0));
    assert_eq!(over.1, differs(0));
    assert_eq!(unseen.1, Ok(()));
    assert_eq!(second, [("program", Ok(())), ("verified", differs(0))]);
    // The array is not what the ledger was told, where nobody looked.
    let caused = trial.finish_but(|breach| !matches!(breach, Breach::Hardware(_)));
    assert!(caused.len() <= 1, "{caused:?}");
}

#[test]
fn what_is_blank_is_not_erased() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| {
            // Of the first app's sixteen sectors: one byte in the third, and all of the last two.
            nor.poke(3 * SECTOR - 1, &[0x7F]);
            nor.poke(14 * SECTOR, &[0; 2 * SECTOR as usize]);
        })
        .app(|lab| {
            flash::set_options(flash::SKIP_BLANK | flash::VERIFY).expect("they are");
            let _ = lab.note("all", flash::erase(0, REGION));
            let _ = lab.note("again", flash::erase(0, REGION));
            let _ = lab.works();
        })
        .app(|lab| {
            let _ = lab.works();
        })
        .boot();
    trial.run_until_noted(2);
    let wear = |sector: u32| trial.lab.nor(|nor| nor.wear(sector * SECTOR));
    let worn: Vec<u32> = (0..16).filter(|sector| wear(*sector) > 0).collect();
    assert_eq!(worn, [2, 14, 15]);
    assert!(
        trial
            .region(0, 0, REGION as usize)
            .iter()
            .all(|byte| *byte == 0xFF)
    );
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert!(
        notes.iter().all(|(_, outcome)| outcome.is_ok()),
        "{notes:?}"
    );
    trial.finish_off();
}

/// Everything that is new, one after the other.
fn everything(lab: &Lab) {
    let _ = flash::unlock();
    let mut data = [0; 300];
    support::fill(3, &mut data);
    let _ = flash::set_options(flash::SKIP_BLANK | flash::VERIFY);
    let _ = flash::program(100, &data[..20]);
    let _ = flash::erase(0, 3 * SECTOR);
    let _ = flash::program_security(200, &data[..100]);
    let _ = flash::read_security(190, &mut data);
    let _ = flash::erase_security(0, 512);
    let _ = flash::unique_id(&mut data[..8]);
    let _ = flash::relock();
    let _ = flash::unlock();
    lab.tally.set(lab.tally.get() + 1);
}

const PARTS: [(&str, u8); 3] = [(WINBOND, 0x1C), (GIGADEVICE, 0x1C), (MACRONIX, 0x3C)];

fn boot(part: &str, status: u8) -> support::Trial {
    Bench::new(part)
        .idle_us(u32::MAX)
        .nor(|nor| nor.set_register(0, status))
        .granted(ALL, everything)
        .granted(Grants::UNLOCK, |lab| {
            lab.wait_for_signal();
            let _ = lab.note("unlock", flash::unlock());
            let _ = lab.works();
        })
        .boot()
}

/// Passes until the first app has done everything.
fn passes(part: &str, status: u8) -> u64 {
    let mut trial = boot(part, status);
    let lab = std::rc::Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() == 1);
    let passes = trial.board.steps();
    trial.lab.signal();
    trial.run_to_end();
    trial.finish_off();
    passes
}

/// Does `what` before each pass in turn; what it has to show for it afterwards.
fn at_each_pass(what: impl Fn(&mut support::Trial), check: impl Fn(support::Trial, u8, &str)) {
    for (part, status) in PARTS {
        let passes = passes(part, status);
        assert!(passes > 100, "{part}: {passes}");
        for pass in 0..=passes {
            let mut trial = boot(part, status);
            for _ in 0..pass {
                trial.board.step();
            }
            what(&mut trial);
            check(
                trial,
                status,
                &format!("{part}, before pass {pass} of {passes}"),
            );
        }
    }
}

/// What is volatile is as it was.
fn is_put_back(trial: &support::Trial, status: u8, when: &str) {
    let (registers, is_secured, volatile) = trial.lab.nor(|nor| {
        // The others' tables say nothing of a volatile copy.
        let volatile = nor.part().name == WINBOND;
        (nor.registers(), nor.is_secured(), volatile)
    });
    assert!(!is_secured, "{when}");
    if volatile {
        assert_eq!(registers[0], status, "{when}");
    }
}

#[test]
fn whoever_dies_at_any_step_leaves_the_array_to_the_others() {
    at_each_pass(
        |trial| trial.board.terminate(0),
        |mut trial, status, when| {
            trial.lab.signal();
            trial.run_to_end();
            assert_eq!(
                trial.lab.take_notes(),
                [("unlock", Ok(())), ("works", Ok(()))],
                "{when}"
            );
            is_put_back(&trial, status, when);
            trial.finish_off();
        },
    );
}

#[test]
fn a_detach_at_any_step_leaves_the_part_as_it_was() {
    at_each_pass(
        |trial| {
            assert!(trial.board.detach());
        },
        |mut trial, status, when| {
            trial.run_until(|board| !board.is_detaching());
            assert_eq!(trial.board.detach_result(), Some(Ok(())), "{when}");
            assert_eq!(trial.board.device().state(), State::Off, "{when}");
            is_put_back(&trial, status, when);
            assert!(trial.board.attach());
            trial.lab.signal();
            trial.run_to_end();
            assert_eq!(
                trial.lab.take_notes(),
                [("unlock", Ok(())), ("works", Ok(()))],
                "{when}"
            );
            trial.finish_off();
        },
    );
}
