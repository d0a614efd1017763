// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Regions for kernel clients: any range of bytes, in turns, and an end to everything.

mod support;

use kernel::ErrorCode;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_models::nor::{FaultTimes, FlashFault};
use spi_nor::error::Error;
use spi_nor::kernel_face::{RegionGeometry, SpiNor, SpiNorClient};
use spi_nor::lifecycle::State;
use spi_nor::record::{Failure, Kind, Record};
use spi_nor::region::{Access, Grants};
use spi_nor::region_face::RegionFace;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use support::SECTOR;
use tock_qspi::board::Board;

fn board() -> Board {
    Board::new(support::settings("MX25R6435F"), Vec::new())
}

fn settled_board() -> Board {
    let mut board = board();
    assert!(board.run_until(10_000, Board::is_at_rest_and_known));
    board
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Read(u32, Result<(), Error>),
    Programmed(u32, Result<(), Error>),
    Progress(u32, u32),
    Erased(u32, Result<(), Error>),
}

type Inside = Box<dyn Fn(&User)>;

/// A kernel client.
#[derive(Default)]
struct User {
    face: Cell<Option<&'static RegionFace<'static>>>,
    buffer: RefCell<Option<SubSliceMut<'static, u8>>>,
    told: RefCell<Vec<Told>>,
    /// Who was told, of all clients of the test.
    order: RefCell<Rc<RefCell<String>>>,
    name: Cell<char>,
    /// Done inside each callback.
    inside: RefCell<Option<Inside>>,
    /// A call into the face is under way.
    calling: Cell<bool>,
}

impl User {
    fn on(board: &mut Board, start: u32, length: u32) -> &'static User {
        User::granted(board, start, length, Access::ReadWrite)
    }

    fn granted(board: &mut Board, start: u32, length: u32, access: Access) -> &'static User {
        let face = board.add_region(start, length, access);
        let user: &'static User = board.keep(User::default());
        user.face.set(Some(face));
        face.set_client(user);
        user
    }

    fn face(&self) -> &'static RegionFace<'static> {
        self.face.get().expect("set at first")
    }

    fn note(&self, told: Told) {
        assert!(!self.calling.get(), "{told:?} from inside a call");
        self.order.borrow().borrow_mut().push(self.name.get());
        self.told.borrow_mut().push(told);
        let inside = self.inside.borrow_mut().take();
        if let Some(inside) = inside {
            inside(self);
            let mut place = self.inside.borrow_mut();
            if place.is_none() {
                *place = Some(inside);
            }
        }
    }

    fn call<R>(&self, call: impl FnOnce(&RegionFace<'static>) -> R) -> R {
        self.calling.set(true);
        let result = call(self.face());
        self.calling.set(false);
        result
    }

    fn read(&self, address: u32, buffer: &'static mut [u8]) -> Result<(), ErrorCode> {
        self.call(|face| face.read(address, SubSliceMut::new(buffer)))
            .map_err(|(error, _)| error)
    }

    fn program(&self, address: u32, data: &'static mut [u8]) -> Result<(), ErrorCode> {
        self.call(|face| face.program(address, SubSliceMut::new(data)))
            .map_err(|(error, _)| error)
    }

    fn erase(&self, address: u32, length: u32) -> Result<(), ErrorCode> {
        self.call(|face| face.erase(address, length))
    }

    fn told(&self) -> Vec<Told> {
        self.told.take()
    }

    fn taken(&self) -> SubSliceMut<'static, u8> {
        self.buffer.take().expect("it came back")
    }
}

impl SpiNorClient for User {
    fn read_done(&self, buffer: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        self.buffer.replace(Some(buffer));
        self.note(Told::Read(done, result));
    }

    fn program_done(&self, data: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        self.buffer.replace(Some(data));
        self.note(Told::Programmed(done, result));
    }

    fn erase_progress(&self, done: u32, total: u32) {
        self.note(Told::Progress(done, total));
    }

    fn erase_done(&self, done: u32, result: Result<(), Error>) {
        self.note(Told::Erased(done, result));
    }
}

fn run_to_rest(board: &mut Board) {
    come_to_rest(board);
    assert_eq!(board.breaches.all(), Vec::new());
}

fn come_to_rest(board: &mut Board) {
    board.step();
    assert!(board.run_until(200_000, Board::is_at_rest_and_known));
    // What is told by a deferred call.
    for _ in 0..3 {
        board.step();
    }
}

fn pattern(length: usize, seed: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index.wrapping_mul(31) + seed + index / 256) as u8)
        .collect()
}

#[test]
fn any_bytes_are_programmed_across_pages_and_read_back() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0x10_000, 0x1_0000);
    let data = pattern(9000, 7);
    assert_eq!(user.erase(0, 0x1_0000), Ok(()));
    run_to_rest(&mut board);
    let kept: &'static mut [u8] = board.keep([0u8; 9000]);
    kept.copy_from_slice(&data);
    assert_eq!(user.program(0x1FF, kept), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(board.array(0x10_000 + 0x1FF, 9000), data);
    assert_eq!(board.array(0x10_000, 0x1FF), vec![0xFF; 0x1FF]);
    assert_eq!(board.array(0x10_000 + 0x1FF + 9000, 8), vec![0xFF; 8]);
    for (address, length) in [(0x1FF, 9000), (0x200, 1), (0x3FD, 4099), (0x1FF + 8999, 1)] {
        let buffer: &'static mut [u8] = board.keep([0u8; 9000]);
        assert_eq!(user.read(address, &mut buffer[..length]), Ok(()));
        run_to_rest(&mut board);
        let found = user.taken();
        assert_eq!(
            found.as_slice(),
            &data[address as usize - 0x1FF..][..length]
        );
    }
    assert_eq!(
        user.told()[1..],
        [
            Told::Programmed(9000, Ok(())),
            Told::Read(9000, Ok(())),
            Told::Read(1, Ok(())),
            Told::Read(4099, Ok(())),
            Told::Read(1, Ok(())),
        ]
    );
    let record = user.face().record();
    assert_eq!(
        record,
        Record {
            ended: 6,
            failed: 0,
            read_bytes: 9000 + 1 + 4099 + 1,
            programmed_bytes: 9000,
            erased_bytes: 0x1_0000,
            last: None,
        }
    );
    assert_eq!(board.device().state(), State::Off);
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}

#[test]
fn a_window_of_a_buffer_is_filled_and_comes_back_as_it_was() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0, SECTOR);
    let buffer: &'static mut [u8] = board.keep([0x77u8; 64]);
    let mut window = SubSliceMut::new(buffer);
    window.slice(8..24);
    assert!(user.face().read(0, window).is_ok());
    run_to_rest(&mut board);
    let window = user.taken();
    assert_eq!(window.active_range(), 8..24);
    let buffer = window.take();
    assert_eq!(buffer[..8], [0x77; 8]);
    assert_eq!(buffer[8..24], [0xFF; 16]);
    assert_eq!(buffer[24..], [0x77; 40]);
}

#[test]
fn an_erase_tells_how_far_it_has_got() {
    let mut board = settled_board();
    // A block and two sectors, one of them before the block.
    let user = User::on(&mut board, 0x1F_000, 0x1_2000);
    assert_eq!(user.erase(0, 0x1_2000), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(
        user.told(),
        [
            Told::Progress(0x1000, 0x1_2000),
            Told::Progress(0x1_1000, 0x1_2000),
            Told::Erased(0x1_2000, Ok(())),
        ]
    );
}

#[test]
fn the_geometry_is_the_regions() {
    let mut board = board();
    let face = board.add_region(0x10_000, 0x8000, Access::ReadOnly);
    assert_eq!(face.geometry(), Err(ErrorCode::RESERVE));
    assert!(board.run_until(10_000, Board::is_at_rest_and_known));
    let expected = RegionGeometry {
        size: 0x8000,
        access: Access::ReadOnly,
        sector: 4096,
        page: 256,
        erase_sizes: 0x1_9000,
    };
    assert_eq!(face.geometry(), Ok(expected));
}

#[test]
fn nobody_leaves_its_region() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0x10_000, 0x2000);
    let read_only = board.add_region(0x20_000, 0x1000, Access::ReadOnly);
    read_only.set_client(user);
    let silent = board.add_region(0x30_000, 0x1000, Access::ReadWrite);
    for (address, length) in [(0x2000, 1), (0x1FFF, 2), (u32::MAX, 1), (u32::MAX, 3)] {
        let buffer: &'static mut [u8] = board.keep([0; 4]);
        let refused = user
            .face()
            .read(address, SubSliceMut::new(&mut buffer[..length]));
        let Err((error, buffer)) = refused else {
            panic!("{address:#x}, {length} is outside");
        };
        assert_eq!((error, buffer.len()), (ErrorCode::INVAL, length));
    }
    for (address, length) in [(0, 0x3000), (1, 0x1000), (0, 1), (0x1000, !4095)] {
        assert_eq!(user.erase(address, length), Err(ErrorCode::INVAL));
    }
    assert_eq!(read_only.erase(0, SECTOR), Err(ErrorCode::NOSUPPORT));
    let data = SubSliceMut::new(board.keep([0; 4]));
    let refused = read_only.program(0, data).map_err(|(error, _)| error);
    assert_eq!(refused, Err(ErrorCode::NOSUPPORT));
    assert_eq!(silent.erase(0, SECTOR), Err(ErrorCode::RESERVE));
    assert_eq!(user.face().cancel(), Err(ErrorCode::ALREADY));
    assert_eq!(user.face().record(), Record::new());
    run_to_rest(&mut board);
    assert_eq!(user.told(), []);
}

#[test]
fn a_region_beyond_the_part_is_told_at_its_turn() {
    let mut board = settled_board();
    let size = 8 << 20;
    let user = User::on(&mut board, size - SECTOR, 2 * SECTOR);
    assert_eq!(user.read(0, board.keep([0; 4])), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(user.told(), [Told::Read(0, Err(Error::OutOfRange))]);
    assert_eq!(user.taken().len(), 4);
}

#[test]
fn nothing_takes_no_hardware() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0, SECTOR);
    let power_ups = board.device().counters().power_ups;
    assert_eq!(user.read(SECTOR, board.keep([0; 0])), Ok(()));
    assert_eq!(user.erase(0, SECTOR), Err(ErrorCode::BUSY));
    run_to_rest(&mut board);
    assert_eq!(user.erase(0, 0), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(
        user.told(),
        [Told::Read(0, Ok(())), Told::Erased(0, Ok(()))]
    );
    assert_eq!(board.device().counters().power_ups, power_ups);
}

#[test]
fn cancelled_before_its_turn_nothing_is_done() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0, SECTOR);
    let power_ups = board.device().counters().power_ups;
    assert_eq!(user.program(0, board.keep([0; 16])), Ok(()));
    assert_eq!(user.call(|face| face.cancel()), Ok(()));
    assert_eq!(user.call(|face| face.cancel()), Err(ErrorCode::ALREADY));
    assert_eq!(user.told(), []);
    run_to_rest(&mut board);
    assert_eq!(user.told(), [Told::Programmed(0, Err(Error::Cancelled))]);
    assert_eq!(user.taken().len(), 16);
    assert_eq!(board.device().counters().power_ups, power_ups);
    assert_eq!(board.array(0, 16), vec![0xFF; 16]);
}

#[test]
fn cancelled_in_flight_it_ends_with_its_bite() {
    // At every step of an erase of three sectors that begins and ends off a block.
    let mut ends = Vec::new();
    for steps in 0..150 {
        let mut board = settled_board();
        let user = User::on(&mut board, 0x1000, 0x3000);
        assert_eq!(user.erase(0, 0x3000), Ok(()));
        for _ in 0..steps {
            board.step();
        }
        let cancelled = user.call(|face| face.cancel());
        run_to_rest(&mut board);
        let told = user.told();
        let dones: Vec<_> = told
            .iter()
            .filter_map(|told| match told {
                Told::Erased(done, result) => Some((*done, *result)),
                _ => None,
            })
            .collect();
        let [(done, result)] = dones[..] else {
            panic!("{steps}: {told:?}");
        };
        let erased = board.array(0x1000, done as usize);
        assert_eq!(erased, vec![0xFF; done as usize]);
        match (cancelled, result) {
            (Ok(()), Err(Error::Cancelled)) => assert!(done < 0x3000),
            (Ok(()) | Err(ErrorCode::ALREADY), Ok(())) => assert_eq!(done, 0x3000),
            other => panic!("{steps}: {other:?}"),
        }
        ends.push(done);
        board.settle();
        assert_eq!(board.breaches.all(), Vec::new());
    }
    // Nothing, something and all of it.
    assert_eq!(ends.first(), Some(&0));
    assert_eq!(ends.last(), Some(&0x3000));
    assert!(ends.contains(&0x1000) && ends.contains(&0x2000), "{ends:?}");
}

#[test]
fn a_long_read_is_cancelled_between_two_bites_that_follow_each_other() {
    for steps in 0..30 {
        let mut board = settled_board();
        let user = User::on(&mut board, 0, 0x1_0000);
        board
            .machine
            .with_qspi(|qspi| qspi.flash_mut().poke(0, &pattern(0x1_0000, 3)));
        assert_eq!(user.read(0, board.keep([0u8; 0x8000])), Ok(()));
        for _ in 0..steps {
            board.step();
        }
        let cancelled = user.call(|face| face.cancel());
        run_to_rest(&mut board);
        let told = user.told();
        let [Told::Read(done, result)] = told[..] else {
            panic!("{steps}: {told:?}");
        };
        assert_eq!(result.is_ok(), done == 0x8000);
        assert!(cancelled.is_ok() || result.is_ok());
        let buffer = user.taken();
        let expected = pattern(0x8000, 3);
        assert_eq!(
            buffer.as_slice()[..done as usize],
            expected[..done as usize]
        );
        // And again, with what may be left of it.
        assert_eq!(user.read(5, buffer.take()), Ok(()));
        run_to_rest(&mut board);
        assert_eq!(user.told(), [Told::Read(0x8000, Ok(()))]);
        assert_eq!(
            user.taken().as_slice(),
            &pattern(0x1_0000, 3)[5..][..0x8000]
        );
    }
}

#[test]
fn a_detach_brings_everything_back_once_wherever_it_comes() {
    let mut outcomes = std::collections::BTreeSet::new();
    for steps in 0..250 {
        let mut board = settled_board();
        let users = [
            User::on(&mut board, 0, 0x1_0000),
            User::on(&mut board, 0x1_0000, 0x1_0000),
            User::on(&mut board, 0x2_0000, 0x1_0000),
        ];
        let [reader, writer, eraser] = users;
        assert_eq!(reader.read(0, board.keep([0u8; 0x2000])), Ok(()));
        assert_eq!(writer.program(100, board.keep([0u8; 600])), Ok(()));
        assert_eq!(eraser.erase(0, 0x2000), Ok(()));
        for _ in 0..steps {
            board.step();
        }
        assert!(board.detach());
        for user in users {
            let refused = user.erase(0, SECTOR);
            assert!(matches!(refused, Err(ErrorCode::OFF | ErrorCode::BUSY)));
        }
        run_to_rest(&mut board);
        assert!(!board.is_detaching());
        for user in users {
            let told = user.told();
            let ends: Vec<_> = told
                .iter()
                .filter_map(|told| match told {
                    Told::Read(done, result) => Some((0x2000, *done, *result)),
                    Told::Programmed(done, result) => Some((600, *done, *result)),
                    Told::Erased(done, result) => Some((0x2000, *done, *result)),
                    Told::Progress(..) => None,
                })
                .collect();
            let [(length, done, result)] = ends[..] else {
                panic!("{steps}: {told:?}");
            };
            assert_eq!(result.is_ok(), done == length, "{steps}: {told:?}");
            assert!(matches!(result, Ok(()) | Err(Error::Detached)));
            assert_eq!(user.face().record().ended, 1);
            outcomes.insert((length, done));
        }
        assert!(reader.buffer.take().is_some() && writer.buffer.take().is_some());
        board.settle();
        assert_eq!(board.breaches.all(), Vec::new());
        // All works again.
        assert!(board.attach());
        assert_eq!(eraser.erase(0, SECTOR), Ok(()));
        run_to_rest(&mut board);
        assert_eq!(eraser.told(), [Told::Erased(SECTOR, Ok(()))]);
    }
    // It came before, amid and after each.
    for outcome in [
        (600, 0),
        (600, 156),
        (600, 600),
        (0x2000, 0),
        (0x2000, 0x1000),
        (0x2000, 0x2000),
    ] {
        assert!(outcomes.contains(&outcome), "{outcomes:?}");
    }
}

#[test]
fn the_next_operation_may_begin_inside_the_callback() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0, 0x1_0000);
    *user.inside.borrow_mut() = Some(Box::new(|user| {
        let told = user.told.borrow().len();
        if told < 4 {
            assert_eq!(user.erase(told as u32 * SECTOR, SECTOR), Ok(()));
            assert_eq!(user.erase(0, SECTOR), Err(ErrorCode::BUSY));
        }
    }));
    assert_eq!(user.erase(0, SECTOR), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(user.told(), vec![Told::Erased(SECTOR, Ok(())); 4]);
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}

#[test]
fn a_detach_may_be_asked_for_inside_a_callback() {
    let mut board = settled_board();
    let device = board.device();
    let users = [
        User::on(&mut board, 0, 0x1_0000),
        User::on(&mut board, 0x1_0000, 0x1_0000),
    ];
    let [first, second] = users;
    // From amid an erase: neither its rest nor the other one is begun any more.
    *first.inside.borrow_mut() = Some(Box::new(move |user| {
        if user.told.borrow().len() == 1 {
            assert_eq!(device.detach(), Ok(()));
            assert_eq!(device.detach(), Err(ErrorCode::ALREADY));
        }
    }));
    assert_eq!(first.erase(0, 0x3000), Ok(()));
    assert_eq!(second.program(0, board.keep([0; 8])), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(board.detach_result(), Some(Ok(())));
    assert_eq!(
        first.told(),
        [
            Told::Progress(0x1000, 0x3000),
            Told::Erased(0x1000, Err(Error::Detached)),
        ]
    );
    assert_eq!(second.told(), [Told::Programmed(0, Err(Error::Detached))]);
    assert_eq!(second.taken().len(), 8);
    assert_eq!(board.array(0x1_0000, 8), [0xFF; 8]);
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}

/// The part never gets quiet while the controller waits with the next page: two bites are in flight to the
/// client, and are over with one callback. What comes after that is not taken for one of them.
#[test]
fn a_part_that_never_ends_in_a_row_of_pages_is_told_once() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0x10_000, 0x1_0000);
    assert_eq!(user.program(0, board.keep([0x5Au8; 4096])), Ok(()));
    assert!(board.run_until(100_000, |_| user.face().record().programmed_bytes == 0x400));
    board.machine.with_qspi(|qspi| {
        let stuck = FlashFault::WipStuck { for_ns: None };
        qspi.flash_mut().faults.arm(stuck, FaultTimes::Count(1));
    });
    come_to_rest(&mut board);
    let done = user.face().record().programmed_bytes;
    assert_eq!(user.told(), [Told::Programmed(done, Err(Error::NoAnswer))]);
    assert_eq!(user.program(0x8000, board.keep([0xA5u8; 4096])), Ok(()));
    come_to_rest(&mut board);
    assert_eq!(user.told(), [Told::Programmed(4096, Ok(()))]);
    let array = board.array(0x10_000, 0x9000);
    assert!(array[..done as usize].iter().all(|byte| *byte == 0x5A));
    assert!(array[0x8000..].iter().all(|byte| *byte == 0xA5));
    let counters = board.device().counters();
    assert_eq!(counters.begun, counters.ended);
}

#[test]
fn the_last_error_says_which_where_and_when() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0x10_000, 0x1_0000);
    let stranger = User::on(&mut board, 0, 0x1_0000);
    assert_eq!(user.program(0x80, board.keep([0u8; 1000])), Ok(()));
    // The second page is not executed.
    assert!(board.run_until(10_000, |_| user.face().record().programmed_bytes == 0x80));
    board.machine.with_qspi(|qspi| {
        qspi.flash_mut()
            .faults
            .arm(FlashFault::WriteEnableIgnored, FaultTimes::Always);
    });
    come_to_rest(&mut board);
    assert!(support::are_unheard_pages(&board.breaches.take()));
    let record = user.face().record();
    let Some(Failure {
        error,
        kind: Kind::Program,
        address,
        at,
    }) = record.last
    else {
        panic!("{record:?}");
    };
    assert_eq!(error, Error::WriteEnableIgnored);
    let done = record.programmed_bytes;
    assert_eq!(address, 0x80 + done);
    assert!(done == 0x80 || done == 0x180, "{done}");
    assert!(at > 0);
    assert_eq!(user.told(), [Told::Programmed(done, Err(error))]);
    assert_eq!((record.ended, record.failed), (1, 1));
    assert_eq!(stranger.face().record(), Record::new());
}

#[test]
fn clients_take_turns_by_the_bite() {
    let order: Rc<RefCell<String>> = Rc::default();
    let mut board = settled_board();
    let users: Vec<&'static User> = (0..4)
        .map(|index| {
            let user = User::on(&mut board, index * 0x1_0000, 0x1_0000);
            user.name.set(char::from(b'a' + index as u8));
            user.order.replace(Rc::clone(&order));
            user
        })
        .collect();
    // One that reads long, and three that ask again in their callbacks.
    for user in &users[1..] {
        *user.inside.borrow_mut() = Some(Box::new(|user| {
            if user.told.borrow().len() < 3 {
                let buffer = user.taken().take();
                assert_eq!(user.read(0, buffer), Ok(()));
            }
        }));
    }
    assert_eq!(users[0].read(0, board.keep([0u8; 0x1_0000])), Ok(()));
    for user in &users[1..] {
        assert_eq!(user.read(0, board.keep([0u8; 16])), Ok(()));
    }
    run_to_rest(&mut board);
    // Sixteen bites of a, and one of each other between any two of them for as long as they want.
    assert_eq!(order.take(), "bcdbcdbcda");
}

#[test]
fn a_client_that_tries_again_and_again_leaves_time_for_others() {
    let mut board = settled_board();
    let user = User::on(&mut board, 8 << 20, SECTOR);
    *user.inside.borrow_mut() = Some(Box::new(|user| {
        let buffer = user.taken().take();
        assert_eq!(user.read(0, buffer), Ok(()));
    }));
    let other = User::on(&mut board, 0, SECTOR);
    assert_eq!(user.read(0, board.keep([0; 4])), Ok(()));
    assert_eq!(other.erase(0, SECTOR), Ok(()));
    let done = board.run_until(20_000, |_| !other.told.borrow().is_empty());
    assert!(done, "{} tries", user.told.borrow().len());
    assert_eq!(other.told(), [Told::Erased(SECTOR, Ok(()))]);
    assert!(user.told.borrow().len() > 1);
    // 1 ms for each, about.
    assert!(
        user.told.borrow().len() < 200,
        "{}",
        user.told.borrow().len()
    );
}

#[test]
fn a_standing_lease_keeps_the_part_on_for_the_idle_time_only() {
    let mut board = settled_board();
    let user = User::on(&mut board, 0, SECTOR);
    user.face().hold(true);
    assert_eq!(user.read(0, board.keep([0; 4])), Ok(()));
    assert!(board.run_until(10_000, |_| !user.told.borrow().is_empty()));
    assert_eq!(board.device().state(), State::Ready);
    run_to_rest(&mut board);
    assert_eq!(board.device().state(), State::Off);
    user.face().hold(false);
    run_to_rest(&mut board);
}

/// The board wants all that is programmed or erased there read back: what the part does not do is
/// found out, and told with the first byte that is wrong.
#[test]
fn what_is_to_be_verified_is_read_back() {
    let mut board = settled_board();
    let verified = Access::ReadWriteAnd(Grants::VERIFIED);
    let user = User::granted(&mut board, 0x8000, 0x8000, verified);
    let plain = User::on(&mut board, 0x10_000, 0x8000);
    let arm = |board: &mut Board, fault| {
        board
            .machine
            .with_qspi(|qspi| qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1)));
    };
    let data = || -> &'static mut [u8] { pattern(600, 3).leak() };
    // All is well, and is told once; an erase that is read back gets no further by that.
    user.program(0x80, data()).expect("it may");
    run_to_rest(&mut board);
    assert_eq!(user.told(), [Told::Programmed(600, Ok(()))]);
    assert_eq!(user.taken().as_slice(), pattern(600, 3));
    user.erase(0, 2 * SECTOR).expect("it may");
    run_to_rest(&mut board);
    let progress = Told::Progress(SECTOR, 2 * SECTOR);
    assert_eq!(user.told(), [progress, Told::Erased(2 * SECTOR, Ok(()))]);
    // One page of three is not programmed.
    arm(&mut board, FlashFault::ProgramIgnored);
    user.program(0x80, data()).expect("it may");
    run_to_rest(&mut board);
    let mismatch = Err(Error::Mismatch);
    assert_eq!(user.told(), [Told::Programmed(0, mismatch)]);
    let last = user.face().record().last;
    assert_eq!(
        last.map(|last| (last.kind, last.address)),
        Some((Kind::Program, 0x80))
    );
    arm(&mut board, FlashFault::EraseIgnored);
    user.erase(0, SECTOR).expect("it may");
    run_to_rest(&mut board);
    // The first page was left blank, the second one begins at 100h.
    assert_eq!(user.told(), [Told::Erased(0x100, mismatch)]);
    // Who is not verified is not told.
    arm(&mut board, FlashFault::ProgramIgnored);
    plain.program(0, data()).expect("it may");
    run_to_rest(&mut board);
    assert_eq!(plain.told(), [Told::Programmed(600, Ok(()))]);
}

/// The client asks inside its callback, with what it asks for on the wires already.
#[test]
#[cfg_attr(feature = "minimal", ignore = "nothing is read ahead")]
fn what_is_being_read_ahead_is_taken_over_and_more_is_prepared_behind_it() {
    const PIECES: u32 = 20;
    let mut board = settled_board();
    let user = User::on(&mut board, 0x4000, PIECES * SECTOR);
    let next = Rc::new(Cell::new(SECTOR));
    let after = Rc::clone(&next);
    user.inside.replace(Some(Box::new(move |user| {
        let address = after.get();
        if address < PIECES * SECTOR {
            after.set(address + SECTOR);
            let asked = user.face().read(address, user.taken());
            assert!(asked.is_ok());
        }
    })));
    let buffer = board.keep([0; SECTOR as usize]);
    assert_eq!(user.read(0, buffer), Ok(()));
    let (mut times, mut told) = (0, 0);
    assert!(board.run_until(1_000_000, |board| {
        let before = std::mem::replace(&mut told, user.told.borrow().len() as u32);
        times += u32::from(before < told && board.device().has_prepared());
        told == PIECES
    }));
    // The first two are no row yet, and behind the last one is nothing to be asked for.
    assert!(times >= PIECES - 4, "{times}");
    run_to_rest(&mut board);
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}
