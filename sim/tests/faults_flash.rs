// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What goes wrong in the part, and what its users see of it.
//!
//! Not here: *suspend refused*, which is in `reads_beside_writes`.

mod support;

use kernel::ErrorCode as KernelError;
use qspi_models::nor::{FaultTimes, FlashFault, Lines};
use qspi_models::{FlashOperation, Violation};
use spi_nor::error::Error as Fault;
use spi_nor::lifecycle::State;
use support::{
    Bench, ErrorCode, Lab, Outcome, REGION, SECTOR, all_known, ended, known, pattern, refused,
};
use tock_qspi::breach::Breach;
use userland_rt::flash::{self, Error};

const MACRONIX: &str = "MX25R6435F";
const WINBOND: &str = "W25Q128JV";
const MICRON: &str = "MT25QU256A";

/// Opcodes.
const RDSR: u8 = 0x05;
const WREN: u8 = 0x06;
const PP_4IO: u8 = 0x38;
const RST: u8 = 0x99;
const RELEASE: u8 = 0xAB;

fn hardware(breach: &Breach) -> Option<Violation> {
    match breach {
        Breach::Hardware(violation) => Some(*violation),
        _ => None,
    }
}

/// Opens and reads; waits until the test has mended things; shows that all works.
fn patient(lab: &Lab) {
    let _ = lab.open();
    let _ = lab.read(0);
    lab.wait_for_signal();
    let _ = lab.works();
}

/// A part that can't be brought up fails the device with `fault`, an app sees `code`, and
/// after `mend` and an attach all is well.
fn failed_then_mended(bench: Bench, fault: Fault, code: ErrorCode, mend: impl FnOnce(&Lab)) {
    let mut trial = bench.app(patient).boot();
    trial.run_until_state(State::Failed);
    assert_eq!(trial.board.device().last_fault(), Some(fault));
    trial.run_until_noted(2);
    assert_eq!(
        trial.lab.take_notes(),
        [("open", ended(code, 0)), ("read", refused(ErrorCode::Off))]
    );
    assert_eq!(trial.board.device().state(), State::Failed);
    assert!(trial.board.device().holds_buffer());
    assert!(!trial.board.machine.with_qspi(|qspi| qspi.is_enabled()));

    mend(&trial.lab);
    trial.recover();
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    trial.finish_off();
}

#[test]
fn absent() {
    failed_then_mended(
        Bench::new(MACRONIX).nor(|nor| nor.faults.lines = Lines::ReadOnes),
        Fault::NotFound,
        ErrorCode::Off,
        |lab| lab.nor(|nor| nor.faults.clear()),
    );
}

#[test]
fn shorted() {
    failed_then_mended(
        Bench::new(MACRONIX).nor(|nor| nor.faults.lines = Lines::ReadZeroes),
        Fault::NotFound,
        ErrorCode::Off,
        |lab| lab.nor(|nor| nor.faults.clear()),
    );
}

#[test]
fn absent_stays_absent_however_often_it_is_tried() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| nor.faults.lines = Lines::ReadOnes)
        .boot();
    for _ in 0..20 {
        trial.run_until_state(State::Failed);
        assert_eq!(trial.board.device().last_fault(), Some(Fault::NotFound));
        assert!(trial.board.attach());
        trial.run_until_state(State::Starting);
    }
    trial.run_until_state(State::Failed);
    assert!(trial.board.detach());
    trial.run_until(|board| !board.is_detaching());
    assert_eq!(trial.board.detach_result(), Some(Err(Fault::NotFound)));
    trial.finish();
}

#[test]
fn id_that_differs_on_the_second_read() {
    failed_then_mended(
        Bench::new(MACRONIX).nor(|nor| {
            let id = [0xC2, 0x28, 0x16];
            nor.faults
                .arm(FlashFault::WrongId { id }, FaultTimes::Count(1));
        }),
        Fault::UnstableId,
        ErrorCode::NoAck,
        |_| {},
    );
}

#[test]
#[cfg_attr(
    feature = "minimal",
    ignore = "no tables are read, and a part with another id is not used"
)]
fn id_that_is_wrong_is_no_harm_if_the_tables_are_right() {
    let mut trial = Bench::new(WINBOND)
        .nor(|nor| {
            let id = [0x12, 0x34, 0x56];
            nor.faults
                .arm(FlashFault::WrongId { id }, FaultTimes::Always);
        })
        .app(|lab| {
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(trial.lab.take_notes(), [("works", Ok(()))]);
    trial.finish_off();
}

/// The part is in some state at boot, and nobody notices but by the time that it takes.
/// Violations are those of greeting a part whose state is not known.
fn works_from_boot(bench: Bench, caused: impl Fn(Violation) -> bool) -> (u64, Vec<Breach>) {
    let mut trial = bench
        .app(|lab| {
            let _ = lab.open();
            lab.tally.set((lab.now_ns() / 1_000_000) as u32);
            let _ = lab.works();
        })
        .boot();
    trial.limit = 3_000_000;
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("open", Ok(())), ("works", Ok(()))]
    );
    assert_eq!(trial.board.device().last_fault(), None);
    let opened_ms = u64::from(trial.lab.tally.get());
    (
        opened_ms,
        trial.finish_but(|breach| hardware(breach).is_some_and(&caused)),
    )
}

#[test]
fn asleep_at_boot() {
    for part in all_known().filter(|part| part.deep_power_down.is_some()) {
        let bench = Bench::new(part.name).nor(|nor| nor.put_to_sleep(0));
        works_from_boot(bench, |_| false);
    }
}

/// The release from deep power-down comes first, since a part that sleeps hears nothing
/// else. One that is busy ignores it.
fn release_while_busy(violation: Violation) -> bool {
    violation == Violation::CommandWhileBusy { opcode: RELEASE }
}

#[test]
fn still_busy_from_before_for_a_while() {
    for part in known([MACRONIX, WINBOND, MICRON]) {
        let bench = Bench::new(part).nor(|nor| nor.set_busy(0, Some(80_000_000)));
        let (opened_ms, caused) = works_from_boot(bench, release_while_busy);
        assert!((80..200).contains(&opened_ms), "{part}: {opened_ms} ms");
        assert_eq!(caused.len(), 1);
    }
}

#[test]
fn still_busy_from_before_for_as_long_as_a_chip_erase() {
    // Not reset before its time: that would leave an array that is half erased.
    let bench = Bench::new(MACRONIX).nor(|nor| nor.set_busy(0, Some(390_000_000_000)));
    let (opened_ms, caused) = works_from_boot(bench, release_while_busy);
    assert!((390_000..400_000).contains(&opened_ms), "{opened_ms} ms");
    assert_eq!(caused.len(), 1);
}

#[test]
fn still_busy_from_before_for_ever() {
    // Busy for longer than anything takes: it is reset, and heard no more of.
    let bench = Bench::new(MACRONIX).nor(|nor| nor.set_busy(0, None));
    let (opened_ms, caused) = works_from_boot(bench, release_while_busy);
    assert!((400_000..420_000).contains(&opened_ms), "{opened_ms} ms");
    assert_eq!(caused.len(), 1);
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
fn left_in_four_byte_mode() {
    for part in ["IS25WP256", MICRON, "W25Q01JVQ"] {
        let bench = Bench::new(part).nor(|nor| nor.set_four_byte(true));
        works_from_boot(bench, |_| false);
    }
}

#[test]
fn left_in_continuous_read_mode() {
    for part in known([MACRONIX, WINBOND]) {
        // In this mode every frame is an address, until all ones end it.
        let bench = Bench::new(part).nor(|nor| nor.set_continuous_read(true));
        let (_, caused) = works_from_boot(bench, |violation| {
            matches!(
                violation,
                Violation::CommandInContinuousRead {
                    opcode: RELEASE | RDSR
                }
            )
        });
        // The release, and three looks that found all ones.
        assert_eq!(caused.len(), 4);
    }
}

#[test]
fn left_taking_commands_on_four_lines() {
    for part in known([MACRONIX, WINBOND]) {
        let bench = Bench::new(part).nor(|nor| nor.set_four_line_commands(true));
        let (_, caused) = works_from_boot(bench, |violation| {
            matches!(
                violation,
                Violation::WrongFraming {
                    opcode: RELEASE | RDSR
                }
            )
        });
        assert_eq!(caused.len(), 4);
    }
}

#[test]
fn write_enable_ignored() {
    let fault = FlashFault::WriteEnableIgnored;
    let mut trial = Bench::new(MACRONIX)
        .app(move |lab| {
            let _ = lab.works();
            lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
            let _ = lab.program(0x2000);
            lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
            let _ = lab.erase(0);
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("program", ended(ErrorCode::Fail, 0)),
            ("erase", ended(ErrorCode::Fail, 0)),
            ("works", Ok(())),
        ]
    );
    assert_eq!(
        trial.board.device().last_fault(),
        Some(Fault::WriteEnableIgnored)
    );
    // Nothing was started: not even the violation of a program without WREN.
    assert_eq!(trial.board.device().counters().forced_stops, 0);
    assert_eq!(trial.region(0, 0x2000, 300), vec![0xFF; 300]);
    trial.finish_off();
}

#[test]
fn write_enable_ignored_in_the_middle_of_a_program() {
    let mut trial = Bench::new(MACRONIX)
        .app(|lab| {
            let _ = lab.open();
            // The second page is what fails. Each page has the driver's own WREN, and the
            // one that the controller's program task sends.
            let ready = qspi_models::ReadyFault::Delay {
                by_ns: 1,
                survives_disable: false,
            };
            lab.qspi(|qspi| qspi.faults.ready(Some(qspi_models::Task::Write), ready));
            lab.tally.set(1);
            let _ = lab.program(0x2000);
            let _ = lab.works();
        })
        .boot();
    // The fault above marks that the first page was sent.
    let lab = trial.lab.clone();
    trial.run_until(|board| {
        lab.tally.get() == 1 && board.machine.with_qspi(|qspi| qspi.faults.is_empty())
    });
    trial.run_until(|board| board.machine.with_qspi(|qspi| qspi.flash().is_busy()));
    trial.lab.nor(|nor| {
        nor.faults
            .arm(FlashFault::WriteEnableIgnored, FaultTimes::Count(1));
    });
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("program", ended(ErrorCode::Fail, 256)),
            ("works", Ok(())),
        ]
    );
    assert_eq!(trial.region(0, 0x2000, 256), pattern(0x2000, 256));
    assert_eq!(trial.region(0, 0x2100, 44), vec![0xFF; 44]);
    trial.finish_off();
}

#[test]
#[cfg_attr(
    feature = "minimal",
    ignore = "the part is used in one way or not at all"
)]
fn write_enable_ignored_while_registers_are_set() {
    // No register keeps what it is told: one line, and on MX25R the slow mode.
    for part in known([MACRONIX, WINBOND]) {
        let mut trial = Bench::new(part)
            .nor(|nor| {
                nor.faults
                    .arm(FlashFault::WriteEnableIgnored, FaultTimes::Always);
            })
            .app(|lab| {
                let _ = lab.open();
                lab.nor(|nor| nor.faults.clear());
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("open", Ok(())), ("works", Ok(()))]
        );
        assert_eq!(
            trial.board.device().last_fault(),
            Some(Fault::RegisterNotKept)
        );
        let profile = trial.board.device().profile().expect("it was identified");
        assert!(!profile.read.lines.needs_quad_enable());
        assert!(!profile.program.lines.needs_quad_enable());
        // The latch was looked at, so no register was written in vain.
        trial.finish_off();
    }
}

/// The lines fail for a moment, at every pass of the bring-up and of what follows. Whatever
/// comes of that, no register may be written back with what was read then: most of its bits
/// are non-volatile, and some protect the array for good.
#[test]
fn lines_fail_for_a_moment() {
    for part in known([MACRONIX, WINBOND, "GD25Q16C"]) {
        for lines in [Lines::ReadOnes, Lines::ReadZeroes] {
            for passes in [1, 4] {
                let step = if part == MACRONIX { 1 } else { 5 };
                for at in (0..300).step_by(step) {
                    lines_fail_at(part, lines, at, passes);
                }
            }
        }
    }
}

fn lines_fail_at(part: &str, lines: Lines, at: u32, passes: u32) {
    let mut trial = Bench::new(part)
        .app(|lab| {
            let mut left = 20;
            while left > 0 && lab.works().is_err() {
                left -= 1;
                let _ = userland_rt::alarm::sleep_ms(20);
            }
            let _ = userland_rt::alarm::sleep_ms(40);
            let _ = lab.works();
        })
        .boot();
    for _ in 0..at {
        trial.board.step();
    }
    trial.lab.nor(|nor| nor.faults.lines = lines);
    for _ in 0..passes {
        trial.board.step();
    }
    trial.lab.nor(|nor| nor.faults.clear());
    for _ in 0..100_000 {
        if trial.board.is_over() {
            break;
        }
        if trial.board.device().state() == State::Failed {
            assert!(trial.board.attach());
        }
        trial.board.step();
    }
    assert!(trial.board.is_over(), "{part} {lines:?} {at} {passes}");
    let notes = trial.lab.take_notes();
    assert_eq!(
        notes.last(),
        Some(&("works", Ok(()))),
        "{part} {lines:?} {at} {passes}"
    );
    let registers = trial.lab.nor(|nor| nor.registers());
    let [first, second, _] = registers;
    assert_eq!(
        (first & !0x40, second & !0x02),
        (0, 0),
        "{part} {lines:?} {at} {passes}: {registers:02x?}"
    );
    // A short makes a busy part look quiet, and then it is told things or switched off; an
    // open line loses the first half of a reset.
    trial.finish_but(|breach| {
        matches!(
            hardware(breach),
            Some(
                Violation::DisableWhileFlashBusy
                    | Violation::CommandWhileBusy {
                        opcode: RELEASE | WREN
                    }
                    | Violation::MalformedCommand { opcode: RST }
            )
        )
    });
}

#[test]
#[cfg_attr(
    feature = "minimal",
    ignore = "the part is used in one way or not at all"
)]
fn quad_enable_does_not_stick() {
    for part in all_known() {
        let mut trial = Bench::new(part.name)
            .nor(|nor| {
                nor.faults
                    .arm(FlashFault::QuadEnableDoesNotStick, FaultTimes::Always);
            })
            .app(|lab| {
                let _ = lab.works();
                let _ = userland_rt::alarm::sleep_ms(30);
                // Powered up once more, now as a part that is known.
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [("works", Ok(())), ("works", Ok(()))],
            "{}",
            part.name
        );
        let profile = trial.board.device().profile().expect("it was identified");
        let quad = profile.read.lines.needs_quad_enable();
        let enabled = trial
            .board
            .machine
            .with_qspi(|qspi| match qspi.flash().part().quad_enable {
                qspi_models::nor::QuadEnable::AlwaysOn => true,
                qspi_models::nor::QuadEnable::Status1Bit6 => {
                    qspi.flash().registers()[0] & 0x40 != 0
                }
                qspi_models::nor::QuadEnable::Status2Bit1 => {
                    qspi.flash().registers()[1] & 0x02 != 0
                }
            });
        assert_eq!(quad, enabled, "{}", part.name);
        trial.finish();
    }
}

#[test]
fn block_protected_from_before() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| nor.set_register(0, 0x3C))
        .app(|lab| {
            let _ = lab.open();
            let _ = lab.read(0);
            let _ = lab.program(0);
            let _ = lab.erase(0);
            let _ = lab.read(0);
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("read", Ok(())),
            ("program", Err(Error::Protected { done: 0 })),
            ("erase", Err(Error::Protected { done: 0 })),
            ("read", Ok(())),
        ]
    );
    // The part was not even asked, so it had nothing to object to.
    trial.finish_off();
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
fn block_protected_meanwhile_and_the_part_says_so() {
    let mut trial = Bench::new(MICRON)
        .app(|lab| {
            let _ = lab.open();
            lab.nor(|nor| nor.set_register(0, 0x1C));
            let _ = lab.program(0);
            let _ = lab.erase(0);
            lab.nor(|nor| nor.set_register(0, 0));
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("program", Err(Error::Protected { done: 0 })),
            ("erase", Err(Error::Protected { done: 0 })),
            ("works", Ok(())),
        ]
    );
    assert_eq!(
        trial.board.device().last_fault(),
        Some(Fault::BlockProtected)
    );
    let caused =
        trial.finish_but(|breach| matches!(hardware(breach), Some(Violation::Protected { .. })));
    assert_eq!(caused.len(), 2);
}

/// A part with no fail flag reports nothing, and so the driver can't: success means that
/// the part took the command and became quiet. Who must know reads back. Here the
/// ledger does.
#[test]
fn a_part_without_flags_fails_in_silence() {
    let program: fn(&Lab) -> Outcome = |lab| lab.program(0x2000);
    let erase: fn(&Lab) -> Outcome = |lab| {
        let _ = lab.program(0x2000);
        lab.erase(0x2000)
    };
    for (fault, what) in [
        (FlashFault::ProgramIgnored, program),
        (FlashFault::ProgramFails, program),
        (FlashFault::EraseIgnored, erase),
    ] {
        let mut trial = Bench::new(MACRONIX)
            .app(move |lab| {
                let _ = lab.open();
                lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
                let _ = lab.note("silent", what(lab));
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert!(
            notes.iter().all(|(_, outcome)| outcome.is_ok()),
            "{notes:?}"
        );
        let caused = trial.finish_but(
            |breach| matches!(breach, Breach::WrongContent { address, .. } if *address >= 0x2000),
        );
        assert_eq!(caused.len(), 1, "{fault:?}");
    }
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
fn a_part_with_flags_reports_its_failures() {
    let mut trial = Bench::new(MICRON)
        .app(|lab| {
            let _ = lab.works();
            let faults = |fault| {
                lab.nor(|nor| nor.faults.arm(fault, FaultTimes::Count(1)));
            };
            faults(FlashFault::ProgramFails);
            let _ = lab.program(0x2000);
            let _ = lab.works();
            faults(FlashFault::EraseFails);
            let _ = lab.erase(0x2000);
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("works", Ok(())),
            ("program", ended(ErrorCode::Fail, 0)),
            ("works", Ok(())),
            ("erase", ended(ErrorCode::Fail, 0)),
            ("works", Ok(())),
        ]
    );
    assert_eq!(trial.board.device().last_fault(), Some(Fault::ArrayFailure));
    trial.finish_off();
}

#[test]
fn wip_never_clears() {
    for part in all_known() {
        let mut trial = Bench::new(part.name)
            .app(|lab| {
                let stick = || {
                    lab.nor(|nor| {
                        nor.faults
                            .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
                    });
                };
                let _ = lab.open();
                stick();
                let _ = lab.program(0x2000);
                // By itself the device has reset the part and brought it up anew.
                let _ = lab.works();
                stick();
                let _ = lab.erase(0x2000);
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        assert_eq!(
            trial.lab.take_notes(),
            [
                ("open", Ok(())),
                ("program", ended(ErrorCode::NoAck, 0)),
                ("works", Ok(())),
                ("erase", ended(ErrorCode::NoAck, 0)),
                ("works", Ok(())),
            ],
            "{}",
            part.name
        );
        assert_eq!(trial.board.device().counters().forced_stops, 0);
        trial.finish();
    }
}

#[test]
fn wip_never_clears_and_the_others_wait_for_the_recovery() {
    let mut trial = Bench::new(MACRONIX)
        .app(|lab| {
            let _ = lab.open();
            lab.nor(|nor| {
                nor.faults
                    .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
            });
            let _ = lab.erase(0);
        })
        .app(|lab| {
            let _ = userland_rt::alarm::sleep_ms(120);
            // Accepted while the erase hangs.
            let _ = lab.read(0);
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("erase", ended(ErrorCode::NoAck, 0)),
            ("read", Ok(())),
        ]
    );
    trial.finish_off();
}

#[test]
fn wip_never_clears_during_a_detach() {
    let mut trial = Bench::new(MACRONIX)
        .app(|lab| {
            let _ = lab.open();
            lab.nor(|nor| {
                nor.faults
                    .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
            });
            let _ = lab.erase(0);
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until(|board| board.device().state() == State::Busy);
    assert!(trial.board.detach());
    trial.run_until(|board| !board.is_detaching());
    assert_eq!(trial.board.detach_result(), Some(Err(Fault::NoAnswer)));
    assert_eq!(trial.board.device().state(), State::Off);
    trial.recover();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [
            ("open", Ok(())),
            ("erase", ended(ErrorCode::NoAck, 0)),
            ("works", Ok(())),
        ]
    );
    trial.finish_off();
}

#[test]
fn wip_never_clears_after_a_register_was_written() {
    failed_then_mended(
        Bench::new(MACRONIX).nor(|nor| {
            nor.faults
                .arm(FlashFault::WipStuck { for_ns: None }, FaultTimes::Count(1));
        }),
        Fault::NoAnswer,
        ErrorCode::NoAck,
        |_| {},
    );
}

/// WIP is 0 for an instant and 1 again, at every distance from the end of an erase. Two looks
/// tell most of it; what comes after the second is the next operation's.
#[test]
fn wip_clears_and_returns() {
    let mut seen = [0u32; 2];
    for after_ns in (0..80_000).step_by(300) {
        let mut trial = Bench::new(MACRONIX)
            .app(move |lab| {
                let _ = lab.open();
                let returns = FlashFault::WipReturns {
                    after_ns,
                    for_ns: 300_000,
                };
                lab.nor(|nor| nor.faults.arm(returns, FaultTimes::Count(1)));
                let _ = lab.erase(0);
                let _ = lab.program(0);
                let _ = userland_rt::alarm::sleep_ms(2);
                let _ = lab.works();
            })
            .boot();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        let unharmed = [
            ("open", Ok(())),
            ("erase", Ok(())),
            ("program", Ok(())),
            ("works", Ok(())),
        ];
        let refused_by_the_part = |code| {
            [
                ("open", Ok(())),
                ("erase", Ok(())),
                ("program", ended(code, 0)),
                ("works", Ok(())),
            ]
        };
        // The write enable was not heard; or the part is busy with nothing that was asked of
        // it, and is reset.
        let refused = [ErrorCode::Fail, ErrorCode::NoAck].map(refused_by_the_part);
        assert!(
            notes == unharmed || refused.iter().any(|refused| notes == refused),
            "{after_ns}: {notes:?}"
        );
        let caused = trial.finish_but(|breach| {
            matches!(
                hardware(breach),
                Some(Violation::CommandWhileBusy {
                    opcode: WREN | PP_4IO
                })
            )
        });
        seen[usize::from(notes == unharmed)] += 1;
        if notes == unharmed {
            assert_eq!(caused, [], "{after_ns}");
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// NOR has no checksum and the bus none: a bit that flips on its way is the app's to
/// find. Nothing else must come of it.
#[test]
fn bits_flip_in_what_is_read() {
    let mut trial = Bench::new(MACRONIX)
        .app(|lab| {
            let _ = lab.works();
            lab.nor(|nor| {
                let flip = FlashFault::FlipReadBits {
                    address: SECTOR + 3,
                    mask: 0x10,
                };
                nor.faults.arm(flip, FaultTimes::Count(1));
            });
            let _ = lab.read(SECTOR);
            let _ = lab.works();
        })
        .boot();
    trial.run_to_end();
    assert_eq!(
        trial.lab.take_notes(),
        [("works", Ok(())), ("read", Ok(())), ("works", Ok(()))]
    );
    let caused = trial.finish_but(|breach| {
        matches!(breach, Breach::WrongContent { address, expected, found, .. }
            if *address == SECTOR + 3 && expected ^ found == 0x10)
    });
    assert_eq!(caused.len(), 1);
}

/// Somebody pulls the part's RESET#, at every pass of an erase and a program. A part
/// looks quiet after it, as after the end of an erase, so the operation may count as
/// ended: what the app is told is as good as the part's own word. What must hold: it ends,
/// once, and the next one works, by the next power-up at the latest, which sees that the
/// fast mode was lost.
#[test]
fn reset_during_an_operation() {
    for part in known([WINBOND, MICRON, MACRONIX]) {
        let mut seen = Vec::new();
        for at in 0..1000 {
            let mut trial = Bench::new(part)
                .app(|lab| {
                    let _ = lab.open();
                    let _ = lab.erase(0x2000);
                    let _ = lab.program(0x2000);
                    lab.tally.set(1);
                    let _ = userland_rt::alarm::sleep_ms(60);
                    let _ = lab.works();
                })
                .boot();
            trial.run_until_noted(1);
            for _ in 0..at {
                trial.board.step();
            }
            let in_time = trial.lab.tally.get() == 0;
            let now = trial.board.machine.now_ns();
            trial.lab.nor(|nor| nor.hardware_reset(now));
            trial.run_to_end();
            for (what, outcome) in trial.lab.take_notes() {
                let good = match outcome {
                    Ok(()) => true,
                    // All ones, no latch, or never quiet.
                    Err(flash::Error::Ended { code, .. }) => {
                        what != "works"
                            && matches!(code, ErrorCode::Off | ErrorCode::Fail | ErrorCode::NoAck)
                    }
                    Err(_) => false,
                };
                assert!(good, "{part}, reset after {at} passes: {what} {outcome:?}");
                if !seen.contains(&outcome) {
                    seen.push(outcome);
                }
            }
            trial.finish_but(|breach| match breach {
                Breach::Hardware(violation) => match violation {
                    // A command came while the part was coming up, or after it had lost WREN.
                    Violation::CommandDuringReset { .. } | Violation::NotWriteEnabled { .. } => {
                        true
                    }
                    // MX25R has fallen back to its slow mode.
                    Violation::ClockTooFast { limit_hz, .. } => *limit_hz == 8_000_000,
                    _ => false,
                },
                // What was cut short.
                Breach::WrongContent { address, .. } => (0x2000..0x3000).contains(address),
                _ => false,
            });
            if !in_time {
                break;
            }
            assert!(at < 900, "the workload never ends");
        }
        assert!(seen.len() > 1, "{part}: {seen:?}");
    }
}

/// The part alone loses its power: what it was told is lost, and nothing answers until
/// power is back.
fn power_cut(during: FlashOperation, after_bytes: u32) {
    let mut trial = Bench::new(MACRONIX)
        .nor(move |nor| {
            if during == FlashOperation::StatusWrite {
                let cut = FlashFault::PowerCut {
                    during,
                    after_bytes,
                };
                nor.faults.arm(cut, FaultTimes::Count(1));
            }
        })
        .app(move |lab| {
            let _ = lab.open();
            if during != FlashOperation::StatusWrite {
                let cut = FlashFault::PowerCut {
                    during,
                    after_bytes,
                };
                lab.nor(|nor| nor.faults.arm(cut, FaultTimes::Count(1)));
                let _ = match during {
                    FlashOperation::Erase => lab.erase(0x2000),
                    _ => lab.program(0x2000),
                };
            }
            lab.wait_for_signal();
            let _ = lab.works();
        })
        .boot();
    trial.run_until_state(State::Failed);
    let mut expected = match during {
        FlashOperation::StatusWrite => vec![("open", ended(ErrorCode::NoAck, 0))],
        FlashOperation::Erase => vec![("open", Ok(())), ("erase", ended(ErrorCode::NoAck, 0))],
        _ => vec![("open", Ok(())), ("program", ended(ErrorCode::NoAck, 0))],
    };
    trial.run_until_noted(expected.len());
    if during == FlashOperation::Program {
        // Done in part, byte for byte, and nothing beside it.
        let found = trial.region(0, 0x2000, 300);
        let wanted = pattern(0x2000, 300);
        let whole = after_bytes as usize;
        assert_eq!(found[..whole], wanted[..whole]);
        assert_eq!(found[256..], [0xFF; 44]);
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found & wanted, *wanted, "after {after_bytes}");
        }
    }
    let now = trial.board.machine.now_ns();
    trial.lab.nor(|nor| nor.power_on(now));
    let settled = now + 10_000_000;
    trial.board.machine.advance_to(settled);
    trial.recover();
    trial.run_to_end();
    expected.push(("works", Ok(())));
    assert_eq!(trial.lab.take_notes(), expected, "{during:?} {after_bytes}");
    trial.finish_off();
}

#[test]
fn power_cut_at_any_byte_of_a_program() {
    for after_bytes in 0..256 {
        power_cut(FlashOperation::Program, after_bytes);
    }
}

#[test]
fn power_cut_at_any_page_of_an_erase() {
    for after_bytes in (0..SECTOR).step_by(64) {
        power_cut(FlashOperation::Erase, after_bytes);
    }
}

#[test]
fn power_cut_at_any_byte_of_a_register_write() {
    for after_bytes in 0..3 {
        power_cut(FlashOperation::StatusWrite, after_bytes);
    }
}

#[test]
#[cfg_attr(feature = "minimal", ignore = "the board knows no such part")]
fn an_app_beside_a_part_that_is_too_small_is_told() {
    // 16 apps of 64 KiB fit into a 1 MiB part; the seventeenth's region lies beyond.
    let mut bench = Bench::new("MX25R8035F");
    for _ in 0..17 {
        bench = bench.app(|lab| {
            let _ = lab.note("read", flash::read(REGION - 4, &mut [0; 4]));
        });
    }
    let mut trial = bench.boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    let told = notes
        .iter()
        .filter(|(_, outcome)| *outcome == ended(ErrorCode::Invalid, 0))
        .count();
    let fine = notes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
    assert_eq!((fine, told), (16, 1));
    // The kernel's own name for it.
    assert_eq!(KernelError::from(Fault::OutOfRange), KernelError::INVAL);
    trial.finish_off();
}
