// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The `embedded-storage` adapter, run on a fake kernel.

mod mock;

use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use mock::{Board, Command, Flaw, Outcome, run};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use userland_rt::ErrorCode;
use userland_rt::block_on::block_on;
use userland_rt::flash::{self, Access};
use userland_rt::storage::{Error, Storage};

fn result_of<R: 'static>(board: Board, app: impl FnOnce() -> R + 'static) -> (R, mock::Left) {
    let slot = Rc::new(RefCell::new(None));
    let inside = Rc::clone(&slot);
    let left = run(board, move || {
        let result = app();
        *inside.borrow_mut() = Some(result);
    });
    assert_eq!(left.outcome, Outcome::Returned);
    let result = slot.borrow_mut().take();
    (result.expect("the app returned"), left)
}

#[test]
fn blocking_round_trip() {
    let (read, left) = result_of(Board::default(), || {
        let mut storage = Storage::open().unwrap();
        assert_eq!(storage.capacity(), 24 * 4096);
        assert_eq!(storage.length(), 24 * 4096);
        storage.erase(4096, 8192).unwrap();
        storage.write(4100, &[0xf1; 8]).unwrap();
        // Twice on the same word, as MultiwriteNorFlash promises.
        storage.write(4100, &[0x1f; 4]).unwrap();
        let mut read = [0; 11];
        storage.read(4099, &mut read).unwrap();
        storage.close().unwrap();
        read
    });
    let expected = [
        0xff, 0x11, 0x11, 0x11, 0x11, 0xf1, 0xf1, 0xf1, 0xf1, 0xff, 0xff,
    ];
    assert_eq!(read, expected);
    assert!(!left.leased);
}

#[test]
fn async_round_trip() {
    use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
    let (read, _) = result_of(Board::default(), || {
        block_on(async {
            let mut storage = Storage::open().unwrap();
            NorFlash::erase(&mut storage, 0, 8192).await.unwrap();
            NorFlash::write(&mut storage, 4092, &[7; 8]).await.unwrap();
            let mut read = [0; 10];
            ReadNorFlash::read(&mut storage, 4091, &mut read)
                .await
                .unwrap();
            assert_eq!(ReadNorFlash::capacity(&storage), 24 * 4096);
            read
        })
    });
    assert_eq!(read, [0xff, 7, 7, 7, 7, 7, 7, 7, 7, 0xff]);
}

#[test]
fn arguments_are_checked_before_the_driver_is_asked() {
    let ((), left) = result_of(Board::default(), || {
        let mut storage = Storage::open().unwrap();
        let end = storage.length();
        let bounds = Err(Error::Arguments(NorFlashErrorKind::OutOfBounds));
        let aligned = Err(Error::Arguments(NorFlashErrorKind::NotAligned));
        assert_eq!(storage.read(end, &mut [0]), bounds);
        assert_eq!(storage.write(end - 4, &[0; 8]), bounds);
        assert_eq!(storage.erase(end, end + 4096), bounds);
        assert_eq!(storage.erase(4096, 0), bounds);
        assert_eq!(storage.write(2, &[0; 4]), aligned);
        assert_eq!(storage.write(4, &[0; 3]), aligned);
        assert_eq!(storage.erase(0, 100), aligned);
        assert_eq!(
            storage.erase(0, 100).unwrap_err().kind(),
            NorFlashErrorKind::NotAligned
        );
    });
    // The open alone.
    assert_eq!(left.accepted, 1);
}

#[test]
fn what_the_driver_says_is_passed_on() {
    let with = |flaw| Board {
        flaws: vec![flaw],
        ..Board::default()
    };
    let (error, _) = result_of(with(Flaw::EndsWith(Command::Program, 1)), || {
        Storage::open().unwrap().write(0, &[0; 4]).unwrap_err()
    });
    let failed = flash::Error::Ended {
        code: ErrorCode::Fail,
        done: 4,
    };
    assert_eq!(error, Error::Flash(failed));
    assert_eq!(error.kind(), NorFlashErrorKind::Other);

    let (error, _) = result_of(with(Flaw::Geometry(8192, 256, 1 << 20)), || {
        Storage::open().unwrap_err()
    });
    assert_eq!(error, Error::Sector(8192));

    let read_only = Board {
        access: 1,
        ..Board::default()
    };
    let (error, left) = result_of(read_only, || Storage::open().unwrap_err());
    assert_eq!(error, Error::Access(Access::ReadOnly));
    assert!(!left.leased);
}

#[test]
fn block_on_waits_for_an_upcall_when_a_future_is_not_ready() {
    struct OnSecondPoll(u32);
    impl Future for OnSecondPoll {
        type Output = u32;
        fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
            self.0 += 1;
            if self.0 < 2 {
                Poll::Pending
            } else {
                Poll::Ready(self.0)
            }
        }
    }
    let (polls, _) = result_of(Board::default(), || {
        flash::watch_operation(flash::Operation::Open, |arrivals| {
            flash::start_open().unwrap();
            (block_on(OnSecondPoll(0)), arrivals.count())
        })
        .unwrap()
    });
    assert_eq!(polls, (2, 1));
    // With nothing under way it waits, and does not spin.
    let left = run(Board::default(), || {
        block_on(OnSecondPoll(0));
    });
    assert_eq!(left.outcome, Outcome::Blocked);
}
