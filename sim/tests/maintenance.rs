// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Kernel code with capabilities: the part beside its array, and all of it at once.

mod support;

use kernel::{ErrorCode as KernelError, create_capability};
use qspi_models::nor::{FaultTimes, FlashFault};
use spi_nor::client::Seat;
use spi_nor::error::Error;
use spi_nor::lifecycle::State;
use spi_nor::maintenance::{Maintenance, MaintenanceClient};
use spi_nor::protection::Protection;
use spi_nor_capabilities::{ChipEraseCapability, ProtectionCapability, SecurityAreaCapability};
use std::cell::{Cell, RefCell};
use support::{Bench, REGION, SECTOR, Trial};
use userland_rt::flash;

const MACRONIX: &str = "MX25R6435F";
const WINBOND: &str = "W25Q128JV";

/// A user, and how its operations ended.
#[derive(Default)]
struct User {
    ended: RefCell<Vec<(Result<(), Error>, usize)>>,
    buffer: Cell<Option<&'static mut [u8]>>,
}

impl MaintenanceClient for User {
    fn done(&self, result: Result<(), Error>, done: usize, buffer: Option<&'static mut [u8]>) {
        self.ended.borrow_mut().push((result, done));
        if buffer.is_some() {
            self.buffer.set(buffer);
        }
    }
}

struct Desk {
    trial: Trial,
    face: &'static Maintenance<'static>,
    user: &'static User,
}

impl Desk {
    fn new(bench: Bench) -> Desk {
        let trial = bench.boot();
        let board = &trial.board;
        let face: &'static Maintenance = board.keep(Maintenance::new(board.device()));
        let user: &'static User = board.keep(User::default());
        user.buffer.set(Some(board.keep([0u8; 700])));
        face.set_client(user);
        let seat: &'static Seat = board.keep(Seat::new(face));
        board.device().add_client(seat);
        Desk { trial, face, user }
    }

    fn buffer(&self, length: usize) -> &'static mut [u8] {
        let buffer = self.user.buffer.take().expect("it is back");
        &mut buffer[..length]
    }

    /// Steps until what was accepted has ended.
    fn until_ended(&mut self) -> (Result<(), Error>, usize) {
        let user = self.user;
        self.trial.run_until(|_| !user.ended.borrow().is_empty());
        self.user.ended.borrow_mut().remove(0)
    }
}

#[test]
fn all_of_it_ends_in_one_callback_each() {
    let may = create_capability!(
        ProtectionCapability,
        SecurityAreaCapability,
        ChipEraseCapability
    );
    let bench = Bench::new(WINBOND).nor(|nor| nor.set_register(0, 0x1C));
    let mut desk = Desk::new(bench);
    assert_eq!(desk.face.extras(), None);
    assert_eq!(desk.face.unlock(&may), Ok(()));
    assert_eq!(desk.face.relock(&may), Err(KernelError::BUSY));
    assert_eq!(desk.until_ended(), (Ok(()), 0));
    let extras = desk.face.extras().expect("it is known");
    assert!(extras.otp.is_some() && extras.unique_id);

    let data = desk.buffer(600);
    support::fill(9, data);
    assert!(desk.face.program_area(50, data, &may).is_ok());
    assert_eq!(desk.until_ended(), (Ok(()), 600));
    let data = desk.buffer(600);
    data.fill(0);
    assert!(desk.face.read_area(50, data, &may).is_ok());
    assert_eq!(desk.until_ended(), (Ok(()), 600));
    let data = desk.buffer(600);
    assert_eq!(*data, support::pattern(9, 600)[..]);
    desk.user.buffer.set(Some(data));
    assert_eq!(desk.face.erase_area(0, 768, &may), Ok(()));
    assert_eq!(desk.until_ended(), (Ok(()), 768));
    assert_eq!(desk.face.erase_area(0, 100, &may), Ok(()));
    assert_eq!(desk.until_ended(), (Err(Error::Misaligned), 0));
    let data = desk.buffer(8);
    assert!(desk.face.read_unique_id(data, &may).is_ok());
    assert_eq!(desk.until_ended(), (Ok(()), 8));
    assert_eq!(desk.face.relock(&may), Ok(()));
    assert_eq!(desk.until_ended(), (Ok(()), 0));
    desk.trial.run_until_state(State::Off);
    assert_eq!(desk.trial.lab.nor(|nor| nor.registers())[0], 0x1C);
    desk.trial.finish_off();
}

#[test]
fn a_chip_erase_wants_no_protection_and_lets_others_wait() {
    let may = create_capability!(ProtectionCapability, ChipEraseCapability);
    let bench = Bench::new(MACRONIX)
        .nor(|nor| {
            // One block of it is enough.
            nor.set_register(0, 0x04);
            nor.poke(0x70_0000, &[0; 4096]);
        })
        .app(|lab| {
            lab.wait_for_signal();
            let mut data = [0; 16];
            let _ = lab.note("read", flash::read(0, &mut data));
            assert_eq!(data, [0xFF; 16]);
        });
    let mut desk = Desk::new(bench);
    desk.trial.limit = 10_000_000;
    assert_eq!(desk.face.erase_chip(&may), Ok(()));
    assert_eq!(desk.until_ended(), (Err(Error::BlockProtected), 0));
    assert_eq!(desk.face.unlock(&may), Ok(()));
    assert_eq!(desk.until_ended(), (Ok(()), 0));
    assert_eq!(desk.face.erase_chip(&may), Ok(()));
    for _ in 0..200 {
        desk.trial.board.step();
    }
    desk.trial.lab.signal();
    assert_eq!(desk.until_ended(), (Ok(()), 8 << 20));
    assert_eq!(desk.trial.lab.take_notes(), [], "nobody reads meanwhile");
    desk.trial.run_to_end();
    assert_eq!(desk.trial.lab.take_notes(), [("read", Ok(()))]);
    let worn = desk.trial.lab.nor(|nor| nor.wear(0x70_0000));
    assert_eq!(worn, 1);
    assert!(
        desk.trial
            .board
            .array(0x70_0000, SECTOR as usize)
            .iter()
            .all(|byte| *byte == 0xFF)
    );
    desk.trial.finish_off();
}

#[test]
fn erases_of_ranges_are_never_of_the_chip() {
    let bench = Bench::new("MX25R8035F").app(|lab| {
        let _ = lab.note("all", flash::erase(0, REGION));
    });
    let mut desk = Desk::new(bench);
    desk.trial.lab.nor(|nor| nor.poke(0x8_0000, &[0; 16]));
    desk.trial.run_to_end();
    assert_eq!(desk.trial.lab.take_notes(), [("all", Ok(()))]);
    assert_eq!(desk.trial.board.array(0x8_0000, 16), [0; 16]);
    desk.trial.finish_off();
}

#[test]
fn a_detach_cancels_what_waits_and_ends_what_runs() {
    let may = create_capability!(ProtectionCapability, SecurityAreaCapability);
    let mut desk = Desk::new(Bench::new(MACRONIX).nor(|nor| nor.set_register(0, 0x3C)));
    let data = desk.buffer(512);
    assert!(desk.face.program_area(0, data, &may).is_ok());
    assert!(desk.trial.board.detach());
    assert_eq!(desk.until_ended(), (Err(Error::Detached), 0));
    assert!(desk.user.buffer.take().is_some(), "the buffer is back");
    desk.trial.run_until(|board| !board.is_detaching());
    assert_eq!(desk.face.unlock(&may), Err(KernelError::OFF));
    assert!(desk.trial.board.attach());
    assert_eq!(desk.face.unlock(&may), Ok(()));
    assert_eq!(desk.until_ended(), (Ok(()), 0));
    assert_eq!(
        desk.face.extras().map(|extras| extras.protection),
        Some(Protection::None)
    );
    desk.trial.run_until_state(State::Off);
    desk.trial.finish_off();
}

#[test]
fn a_part_that_does_not_come_to_an_end_is_reset_out_of_all_modes() {
    let may = create_capability!(SecurityAreaCapability);
    let bench = Bench::new(MACRONIX).app(|lab| {
        lab.wait_for_signal();
        let _ = lab.works();
    });
    let mut desk = Desk::new(bench);
    let data = desk.buffer(4);
    assert!(desk.face.read_area(0, data, &may).is_ok());
    assert_eq!(desk.until_ended(), (Ok(()), 4));
    // Known, and its registers written: what comes next is the program.
    desk.trial.lab.nor(|nor| {
        let stuck = FlashFault::WipStuck { for_ns: None };
        nor.faults.arm(stuck, FaultTimes::Count(1));
    });
    let data = desk.buffer(4);
    data.fill(0);
    assert!(desk.face.program_area(0, data, &may).is_ok());
    assert_eq!(desk.until_ended(), (Err(Error::NoAnswer), 0));
    desk.trial.lab.signal();
    desk.trial.run_to_end();
    assert!(!desk.trial.lab.nor(|nor| nor.is_secured()));
    assert_eq!(desk.trial.lab.take_notes(), [("works", Ok(()))]);
    let caused = desk
        .trial
        .finish_but(|breach| matches!(breach, tock_qspi::breach::Breach::Hardware(_)));
    assert!(caused.len() <= 2, "{caused:?}");
}

#[test]
fn what_was_read_ahead_of_a_chip_erase_is_forgotten() {
    const PIECE: usize = 1024;
    let may = create_capability!(ChipEraseCapability);
    let bench = Bench::new(MACRONIX)
        .nor(|nor| nor.poke(0, &[0x5A; 4 * PIECE]))
        .app(|lab| {
            let read = |piece: usize, expected: u8| {
                let mut data = [0; PIECE];
                let _ = lab.note("read", flash::read((piece * PIECE) as u32, &mut data));
                assert_eq!(data, [expected; PIECE]);
            };
            (0..2).for_each(|piece| read(piece, 0x5A));
            lab.tally.set(1);
            lab.wait_for_signal();
            read(2, 0xFF);
        });
    let mut desk = Desk::new(bench);
    desk.trial.limit = 10_000_000;
    let lab = desk.trial.lab.clone();
    desk.trial.run_until(|_| lab.tally.get() == 1);
    let board = &mut desk.trial.board;
    assert!(board.run_until(10_000, |board| board.device().state() == State::Ready));
    assert_eq!(board.device().counters().ahead, 1, "piece 2 is here");
    assert_eq!(desk.face.erase_chip(&may), Ok(()));
    assert_eq!(desk.until_ended(), (Ok(()), 8 << 20));
    desk.trial.lab.signal();
    desk.trial.run_to_end();
    let notes = desk.trial.lab.take_notes();
    assert_eq!(notes, [("read", Ok(())); 3]);
    assert_eq!(desk.trial.board.device().counters().hits, 0);
}
