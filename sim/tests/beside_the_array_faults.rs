// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What goes wrong around protection bits, the security area and options: the part that resets, does not
//! keep a register, or a controller that hangs in the middle of it.

mod support;

use qspi_models::ReadyFault;
use qspi_models::nor::{FaultTimes, FlashFault};
use spi_nor::lifecycle::State;
use spi_nor::region::Grants;
use std::rc::Rc;
use support::{Bench, ErrorCode, Outcome, REGION, SECTOR, ended, refused};
use tock_qspi::breach::Breach;
use userland_rt::flash::{self, Error, Protection};

const MACRONIX: &str = "MX25R6435F";
const WINBOND: &str = "W25Q128JV";
const ALL: Grants = Grants::UNLOCK.and(Grants::READ_OTP).and(Grants::WRITE_OTP);

fn caused(breach: &Breach) -> bool {
    matches!(breach, Breach::Hardware(_))
}

/// Bits that were cleared for good are put back on request, or the app is told that they are not.
#[test]
fn a_relock_after_the_part_was_reset_does_not_claim_what_it_did_not_do() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| nor.set_register(0, 0x3C))
        .granted(ALL, |lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            lab.nor(|nor| {
                let stuck = FlashFault::WipStuck { for_ns: None };
                nor.faults.arm(stuck, FaultTimes::Count(1));
            });
            let _ = lab.erase(0);
            let _ = lab.note("relock", flash::relock());
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    let bits = trial.lab.nor(|nor| nor.registers())[0] & 0x3C;
    assert_eq!(notes[2].1, ended(ErrorCode::NoAck, 0), "{notes:?}");
    assert!(
        bits == 0x3C || notes[3].1.is_err(),
        "told {:?}, and the bits are {bits:#x}",
        notes[3]
    );
    let _ = trial.finish_but(caused);
}

/// A part whose registers can't be written (its write-protect pin is low) keeps its protection, and what
/// is not protected can be used as before.
#[test]
fn an_unlock_that_is_not_kept_takes_nothing_from_the_others() {
    let mut trial = Bench::new(WINBOND)
        .idle_us(u32::MAX)
        // The first 4 KiB.
        .nor(|nor| nor.set_register(0, 0x64))
        .granted(ALL, |lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            lab.signal();
        })
        .app(|lab| {
            let _ = flash::open();
            lab.wait_for_signal();
            let _ = lab.note(
                "protection",
                match flash::protection() {
                    Ok(Protection::None) => Ok(()),
                    _ => Err(Error::Count { done: 0 }),
                },
            );
            let _ = lab.works();
        })
        .boot();
    let lab = Rc::clone(&trial.lab);
    for _ in 0..1_000_000 {
        if trial.board.is_over() {
            break;
        }
        if lab.nor(|nor| nor.registers())[0] & 0x1C == 0 && lab.noted() < 2 {
            lab.nor(|nor| nor.set_register(0, 0x64));
        }
        trial.board.step();
    }
    let notes = trial.lab.take_notes();
    assert_eq!(
        notes,
        [
            ("open", Ok(())),
            ("unlock", ended(ErrorCode::Fail, 0)),
            ("protection", Ok(())),
            ("works", Ok(())),
        ]
    );
    let _ = trial.finish_but(caused);
}

/// Who may write the security area, and not read it, is not told what is there.
#[test]
fn who_may_not_read_the_security_area_is_not_told_of_it_by_verifying() {
    let mut trial = Bench::new(MACRONIX)
        .nor(|nor| nor.poke_otp(0, &[0xFF, 0xFF, 0xFF, 0x42, 0x17]))
        .granted(Grants::WRITE_OTP, |lab| {
            let _ = lab.open();
            let _ = lab.note("read", flash::read_security(0, &mut [0; 8]));
            let _ = flash::set_options(flash::VERIFY);
            // Programs nothing: ones.
            let _ = lab.note("probe", flash::program_security(0, &[0xFF; 8]));
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    assert_eq!(notes[1].1, refused(ErrorCode::NoSupport));
    let told: Outcome = notes[2].1;
    assert!(
        !matches!(told, Err(Error::Differs { done: 3 })),
        "the first byte that is not blank is told: {told:?}"
    );
    trial.finish_off();
}

fn all_of_it() {
    let _ = flash::unlock();
    let mut data = [0; 300];
    support::fill(3, &mut data);
    let _ = flash::set_options(flash::SKIP_BLANK | flash::VERIFY);
    let _ = flash::program(100, &data[..20]);
    let _ = flash::program_security(200, &data[..100]);
    let _ = flash::read_security(190, &mut data);
    let _ = flash::erase_security(0, 512);
    let _ = flash::relock();
    let _ = flash::unlock();
}

fn boot(part: &str, status: u8) -> support::Trial {
    Bench::new(part)
        .idle_us(u32::MAX)
        .nor(|nor| nor.set_register(0, status))
        .app(|lab| {
            let _ = flash::open();
            lab.wait_for_signal();
            let mut found = [0; 64];
            let _ = lab.note("read", flash::read(0, &mut found));
            assert_eq!(found, [0xFF; 64]);
        })
        .granted(ALL, |lab| {
            all_of_it();
            lab.tally.set(lab.tally.get() + 1);
        })
        .boot()
}

fn steps_of(part: &str, status: u8) -> u64 {
    let mut trial = boot(part, status);
    let lab = Rc::clone(&trial.lab);
    trial.run_until(|_| lab.tally.get() == 1);
    let steps = trial.board.steps();
    trial.lab.signal();
    trial.run_to_end();
    trial.finish_off();
    steps
}

/// A controller that does not answer, at each step: the others read the array.
#[test]
fn a_hang_at_any_step_leaves_the_array_in_its_place() {
    for (part, status) in [(WINBOND, 0x1C), (MACRONIX, 0x3C)] {
        let steps = steps_of(part, status);
        for step in (0..=steps).step_by(3) {
            let mut trial = boot(part, status);
            for _ in 0..step {
                trial.board.step();
            }
            trial
                .lab
                .qspi(|qspi| qspi.faults.ready(None, ReadyFault::Swallow));
            let lab = Rc::clone(&trial.lab);
            trial.run_until(|_| lab.tally.get() == 1);
            trial.lab.signal();
            trial.run_to_end();
            let when = format!("{part}, {step} of {steps}");
            assert!(!trial.lab.nor(|nor| nor.is_secured()), "{when}");
            let notes = trial.lab.take_notes();
            assert!(notes.len() == 1, "{when} {notes:?}");
            if trial.board.device().state() == State::Off && part == WINBOND {
                assert_eq!(trial.lab.nor(|nor| nor.registers())[0], status, "{when}");
            }
            let _ = trial.finish_but(caused);
        }
    }
}

/// A part that resets by itself, at each step, and a kernel that is slow for a moment: what was meant
/// for the security area does not go to the array. This is of parts with opcodes of their own for it:
/// where the area takes the array's place (ENSO), a reset between that and the program can't be seen.
#[test]
fn a_reset_of_the_part_at_any_step_sends_nothing_to_the_array() {
    for (part, status) in [(WINBOND, 0x00), (WINBOND, 0x1C)] {
        let steps = steps_of(part, status);
        let mut stray = Vec::new();
        for step in 0..=steps {
            let mut trial = boot(part, status);
            for _ in 0..step {
                trial.board.step();
            }
            let now = trial.lab.now_ns();
            trial.lab.nor(|nor| nor.hardware_reset(now));
            trial.board.machine.advance_to(now + 200_000);
            let lab = Rc::clone(&trial.lab);
            trial.run_until(|_| lab.tally.get() == 1);
            let array = trial.board.array(0, REGION as usize);
            let when = format!("{part}, {step} of {steps}");
            if array.iter().any(|byte| *byte != 0xFF) {
                stray.push(step);
                continue;
            }
            trial.lab.signal();
            trial.run_to_end();
            assert!(!trial.lab.nor(|nor| nor.is_secured()), "{when}");
            let _ = trial.finish_but(caused);
        }
        assert_eq!(stray, [0; 0], "{part}, steps of {steps}");
    }
}

/// Taken back at any time of a verified program: it ends once, and never well without its bytes there.
#[test]
fn a_buffer_taken_back_while_it_is_verified_ends_the_operation_once() {
    use userland_rt::flash::{Operation, start_program, watch_operation};
    for delay in 0..60 {
        let mut trial = Bench::new(WINBOND)
            .app(move |lab| {
                let _ = flash::open();
                let _ = flash::set_options(flash::VERIFY);
                let count = watch_operation(Operation::Program, |arrivals| {
                    let data = [0x5A; 1400];
                    let other = [0xA5; 700];
                    let ended = userland_rt::share::read_only(0x50005, 0, &data, |shared| {
                        start_program(SECTOR - 90, 1400).expect("it is accepted");
                        let _ = userland_rt::alarm::sleep_ticks(delay * 2);
                        if delay % 2 == 0 {
                            shared.revoke();
                            arrivals.wait()
                        } else {
                            userland_rt::share::read_only(0x50005, 0, &other, |_| arrivals.wait())
                                .expect("it is shared")
                        }
                    })
                    .expect("it is shared");
                    let _ = userland_rt::alarm::sleep_ms(20);
                    (ended, arrivals.count())
                })
                .expect("watched");
                let ([status, done, _], count) = count;
                assert_eq!(count, 1);
                let outcome = if status == 0 && done == 1400 {
                    Ok(())
                } else {
                    Err(Error::Count { done })
                };
                let _ = lab.note("ended", outcome);
            })
            .boot();
        trial.run_to_end();
        let notes = trial.lab.take_notes();
        assert_eq!(notes.len(), 1, "{delay}: {notes:?}");
        if notes[0].1.is_ok() {
            let there = trial.board.array(SECTOR - 90, 1400);
            assert!(there.iter().all(|byte| *byte == 0x5A), "{delay}");
        }
        trial.finish_off();
    }
}

/// A part that resets by itself has its protection back: a program that it ignores is not told as done.
#[test]
fn a_reset_of_an_unlocked_part_does_not_lose_programs_silently() {
    let mut trial = Bench::new(WINBOND)
        .idle_us(u32::MAX)
        .nor(|nor| nor.set_register(0, 0x1C))
        .granted(ALL, |lab| {
            let _ = lab.open();
            let _ = lab.note("unlock", flash::unlock());
            let now = lab.now_ns();
            lab.nor(|nor| nor.hardware_reset(now));
            let _ = userland_rt::alarm::sleep_ms(1);
            let _ = lab.program(0);
        })
        .boot();
    trial.run_to_end();
    let notes = trial.lab.take_notes();
    let there = trial.board.array(0, 300) == support::pattern(0, 300);
    assert!(
        there || notes[2].1.is_err(),
        "told {:?}, and nothing is there",
        notes[2]
    );
    let _ = trial.finish_but(caused);
}

/// A page that is compared by one read is not told as written if that read was wrong once.
#[test]
fn one_wrong_bit_of_the_comparison_does_not_lose_a_byte_of_a_written_page() {
    use kernel::hil::flash::Flash;
    let mut trial = Bench::new(MACRONIX).with_kernel_users().boot();
    let (face, user) = support::FlashUser::on(&trial.board);
    trial.lab.nor(|nor| {
        let fault = FlashFault::FlipReadBits {
            address: support::FLASH.0 + 5,
            mask: 0xFF,
        };
        nor.faults.arm(fault, FaultTimes::Count(1));
    });
    let page = user.page.take().expect("its own");
    page.0.fill(0xFF);
    page.0[5] = 0;
    assert!(face.write_page(0, page).is_ok());
    trial.run_until(|_| !user.ended.borrow().is_empty());
    let ended = user.ended.borrow_mut().remove(0);
    let there = trial.board.array(support::FLASH.0 + 5, 1);
    assert!(
        there == [0] || ended.1.is_err(),
        "told {ended:?}, and {there:?} is there"
    );
}
