// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The faces for kernel users: `hil::flash` and `hil::nonvolatile_storage`.

mod support;

use kernel::ErrorCode;
use kernel::hil::flash::{self, Flash, HasClient};
use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
use spi_nor::flash::{FlashFace, PAGE_SIZE, Page};
use spi_nor::lifecycle::State;
use std::cell::{Cell, RefCell};
use tock_qspi::board::{Board, Settings};

const FLASH: (u32, u32) = (0x10_000, 0x4000);
const STORAGE: (u32, u32) = (0x20_000, 0x4000);

fn board() -> Board {
    let settings = Settings {
        flash_range: Some(FLASH),
        storage_range: Some(STORAGE),
        ..support::settings("MX25R6435F")
    };
    let mut board = Board::new(settings, Vec::new());
    assert!(board.run_until(10_000, Board::is_at_rest_and_known));
    board
}

/// What came back from the flash face.
#[derive(Default)]
struct FlashUser {
    face: Cell<Option<&'static FlashFace<'static>>>,
    page: Cell<Option<&'static mut Page>>,
    ended: RefCell<Vec<(&'static str, Result<(), flash::Error>)>>,
    /// Pages still to be erased from inside the callback.
    chain: Cell<usize>,
}

impl FlashUser {
    fn note(&self, what: &'static str, result: Result<(), flash::Error>) {
        self.ended.borrow_mut().push((what, result));
        let left = self.chain.get();
        if left > 0 {
            self.chain.set(left - 1);
            let face = self.face.get().expect("set before");
            assert_eq!(face.erase_page(left - 1), Ok(()));
            assert_eq!(face.erase_page(left - 1), Err(ErrorCode::BUSY));
        }
    }
}

impl flash::Client<FlashFace<'static>> for FlashUser {
    fn read_complete(&self, page: &'static mut Page, result: Result<(), flash::Error>) {
        self.page.set(Some(page));
        self.note("read", result);
    }

    fn write_complete(&self, page: &'static mut Page, result: Result<(), flash::Error>) {
        self.page.set(Some(page));
        self.note("write", result);
    }

    fn erase_complete(&self, result: Result<(), flash::Error>) {
        self.note("erase", result);
    }
}

fn flash_user(board: &Board) -> (&'static FlashFace<'static>, &'static FlashUser) {
    let face = board.flash().expect("it has a range");
    let user: &'static FlashUser = board.keep(FlashUser::default());
    user.face.set(Some(face));
    user.page.set(Some(board.keep(Page([0; PAGE_SIZE]))));
    face.set_client(user);
    (face, user)
}

fn run_to_rest(board: &mut Board) {
    board.step();
    assert!(board.run_until(200_000, Board::is_at_rest_and_known));
    assert_eq!(board.breaches.all(), Vec::new());
}

#[test]
fn a_page_is_written_over_what_was_there() {
    let mut board = board();
    let (face, user) = flash_user(&board);
    for round in 0..2u8 {
        let page = user.page.take().expect("it came back");
        for (index, byte) in page.0.iter_mut().enumerate() {
            *byte = (index as u8).wrapping_mul(31).wrapping_add(round);
        }
        assert!(face.write_page(3, page).is_ok());
        run_to_rest(&mut board);
    }
    assert_eq!(user.ended.take(), [("write", Ok(())), ("write", Ok(()))]);
    let stored = board.array(FLASH.0 + 3 * 4096, 4096);
    let expected: Vec<u8> = (0..4096)
        .map(|index: usize| (index as u8).wrapping_mul(31).wrapping_add(1))
        .collect();
    assert_eq!(stored, expected);

    let page = user.page.take().expect("it came back");
    page.0.fill(0);
    assert!(face.read_page(3, page).is_ok());
    run_to_rest(&mut board);
    assert_eq!(user.page.take().expect("it came back").0.to_vec(), expected);
    assert_eq!(board.device().state(), State::Off);
}

#[test]
fn refusals_bring_the_page_back() {
    let mut board = board();
    let (face, user) = flash_user(&board);
    let page = user.page.take().expect("set before");
    let Err((error, page)) = face.read_page(4, page) else {
        panic!("page 4 is outside of the range");
    };
    assert_eq!(error, ErrorCode::INVAL);
    assert_eq!(face.erase_page(usize::MAX), Err(ErrorCode::INVAL));
    assert_eq!(face.erase_page(1), Ok(()));
    let Err((error, page)) = face.write_page(0, page) else {
        panic!("one is outstanding");
    };
    assert_eq!(error, ErrorCode::BUSY);
    run_to_rest(&mut board);
    assert_eq!(user.ended.take(), [("erase", Ok(()))]);

    assert!(board.detach());
    let Err((error, page)) = face.write_page(0, page) else {
        panic!("the device is detached");
    };
    assert_eq!(error, ErrorCode::OFF);
    run_to_rest(&mut board);
    assert!(!board.is_detaching());
    assert!(board.attach());
    assert!(face.write_page(0, page).is_ok());
    run_to_rest(&mut board);
    assert_eq!(user.ended.take(), [("write", Ok(()))]);
}

#[test]
fn the_next_operation_may_begin_inside_the_callback() {
    let mut board = board();
    let (face, user) = flash_user(&board);
    user.chain.set(3);
    assert_eq!(face.erase_page(3), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(user.ended.take().len(), 4);
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}

#[test]
fn a_detach_cancels_what_is_left_of_a_write() {
    let mut board = board();
    let (face, user) = flash_user(&board);
    let page = user.page.take().expect("set before");
    page.0.fill(0);
    assert!(face.write_page(0, page).is_ok());
    assert!(board.run_until(10_000, |board| board.device().state() == State::Busy));
    assert!(board.detach());
    assert!(!board.detach(), "one detach is under way");
    assert!(!board.attach(), "not before its end");
    run_to_rest(&mut board);
    // The erase ran to its end, the programs were not begun.
    assert_eq!(
        user.ended.take(),
        [("write", Err(flash::Error::FlashError))]
    );
    assert!(user.page.take().is_some());
    assert_eq!(board.array(FLASH.0, 4096), vec![0xFF; 4096]);
    assert!(!board.is_detaching());
    board.settle();
    assert_eq!(board.breaches.all(), Vec::new());
}

/// What came back from the storage face.
#[derive(Default)]
struct StorageUser {
    buffers: RefCell<Vec<&'static mut [u8]>>,
    ended: RefCell<Vec<(&'static str, usize)>>,
}

impl NonvolatileStorageClient for StorageUser {
    fn read_done(&self, buffer: &'static mut [u8], length: usize) {
        self.buffers.borrow_mut().push(buffer);
        self.ended.borrow_mut().push(("read", length));
    }

    fn write_done(&self, buffer: &'static mut [u8], length: usize) {
        self.buffers.borrow_mut().push(buffer);
        self.ended.borrow_mut().push(("write", length));
    }
}

#[test]
fn storage_can_be_overwritten_anywhere() {
    let mut board = board();
    let storage = board.storage().expect("it has a range");
    let user: &'static StorageUser = board.keep(StorageUser::default());
    storage.set_client(user);
    let mut expected = vec![0xFF; STORAGE.1 as usize];
    let writes = [
        (0, 1, 0x11),
        (1, 4096, 0x22),
        (4095, 2, 0x33),
        (100, 9000, 0x44),
        (100, 9000, 0x00),
        (0x3FFF, 1, 0x55),
        (5000, 300, 0xA5),
    ];
    for (address, length, value) in writes {
        let buffer = board.keep([0u8; 9000]);
        buffer[..length].fill(value);
        buffer[0] = value ^ 1;
        expected[address..address + length].fill(value);
        expected[address] = value ^ 1;
        assert_eq!(storage.write(buffer, address, length), Ok(()));
        run_to_rest(&mut board);
        assert_eq!(user.ended.take(), [("write", length)]);
        assert_eq!(board.array(STORAGE.0, expected.len()), expected);
    }
    let buffer = board.keep([0u8; 9000]);
    assert_eq!(storage.read(buffer, 50, 8999), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(user.ended.take(), [("read", 8999)]);
    let read = user.buffers.borrow_mut().pop().expect("it came back");
    assert_eq!(read[..8999], expected[50..50 + 8999]);
}

#[test]
fn storage_loses_no_buffer() {
    let mut board = board();
    let storage = board.storage().expect("it has a range");
    let user: &'static StorageUser = board.keep(StorageUser::default());
    storage.set_client(user);
    // Out of range, longer than the buffer, empty: ended with nothing done.
    for (address, length) in [(0x4000, 1), (usize::MAX, 2), (0, 9), (0, 0)] {
        assert_eq!(storage.read(board.keep([0; 8]), address, length), Ok(()));
        assert!(
            user.ended.borrow().is_empty(),
            "no callback inside the call"
        );
        board.step();
        board.step();
        assert_eq!(user.ended.take(), [("read", 0)]);
    }
    // A second call while one is outstanding.
    assert_eq!(storage.write(board.keep([1; 8]), 0, 8), Ok(()));
    assert_eq!(storage.read(board.keep([2; 8]), 0, 8), Ok(()));
    assert_eq!(storage.read(board.keep([3; 8]), 0, 8), Err(ErrorCode::BUSY));
    run_to_rest(&mut board);
    assert_eq!(user.ended.take(), [("read", 0), ("write", 8)]);
    // A detached device.
    assert!(board.detach());
    assert_eq!(storage.write(board.keep([0; 8]), 0, 8), Ok(()));
    run_to_rest(&mut board);
    assert_eq!(user.ended.take(), [("write", 0)]);
    assert_eq!(user.buffers.borrow().len(), 7);
}
