// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a key-value store like upstream's TicKV takes for granted of `hil::flash`.
//!
//! The store here behaves as TicKV does towards the flash: a region is a page, of which it has one
//! buffer. To add something it reads the region, puts the new bytes where the region was erased, and
//! writes it from inside the read's callback; to invalidate it clears bits of what is there; to
//! collect it erases a region. It looks at no result. TicKV itself is executed on upstream's kernel,
//! see `doc/fidelity.md`.

mod support;

use kernel::ErrorCode;
use kernel::hil::flash::{Client, Error, Flash, HasClient};
use qspi_models::nor::{FaultTimes, FlashFault};
use qspi_models::{FlashOperation, PowerState, ReadyFault, Task, Violation};
use spi_nor::flash::{FlashFace, PAGE_SIZE, Page};
use std::cell::{Cell, RefCell};
use support::{Bench, FLASH, Trial};
use tock_qspi::board::Board;
use tock_qspi::breach::Breach;

const PART: &str = "MX25R6435F";
/// Bytes of an entry: whether it is valid, its key, and what is stored.
const ENTRY: usize = 100;
const VALID: u8 = 0x8F;
const INVALID: u8 = 0x0F;

/// What the store is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Idle,
    /// The region is read to have this put into it.
    Append(usize, u8),
    /// The region is read to have this cleared.
    Invalidate(usize, u8),
    Look,
    /// The region is written, or erased.
    Finish,
}

struct Store {
    flash: &'static FlashFace<'static>,
    page: Cell<Option<&'static mut Page>>,
    work: Cell<Work>,
    calling: Cell<bool>,
    ended: RefCell<Vec<Result<(), Error>>>,
}

impl Store {
    fn on(board: &Board) -> &'static Store {
        let flash = board.flash().expect("it has a range");
        let store: &'static Store = board.keep(Store {
            flash,
            page: Cell::new(Some(board.keep(Page::default()))),
            work: Cell::new(Work::Idle),
            calling: Cell::new(false),
            ended: RefCell::default(),
        });
        flash.set_client(store);
        store
    }

    /// A call into the flash, inside of which no callback may come.
    fn call<R>(&self, call: impl FnOnce() -> R) -> R {
        self.calling.set(true);
        let result = call();
        self.calling.set(false);
        result
    }

    fn begin(&self, region: usize, work: Work) {
        assert_eq!(self.work.replace(work), Work::Idle);
        let page = self.page.take().expect("the store has its page");
        let begun = self.call(|| self.flash.read_page(region, page));
        assert!(begun.is_ok(), "a read is never refused");
    }

    fn collect(&self, region: usize) {
        assert_eq!(self.work.replace(Work::Finish), Work::Idle);
        let begun = self.call(|| self.flash.erase_page(region));
        assert_eq!(begun, Ok(()), "an erase is never refused");
    }

    /// What the store does with a region that it has read.
    fn change(&self, work: Work, page: &mut Page) -> Option<usize> {
        let (region, key, entry) = match work {
            Work::Append(region, key) => (region, key, [0xFF, 0xFF]),
            Work::Invalidate(region, key) => (region, key, [VALID, key]),
            Work::Idle | Work::Look | Work::Finish => return None,
        };
        let place = page
            .0
            .chunks_exact_mut(ENTRY)
            .find(|place| place[..2] == entry)?;
        match work {
            Work::Append(..) => place.copy_from_slice(&content(key)),
            _ => place[0] &= INVALID,
        }
        Some(region)
    }

    fn end(&self, result: Result<(), Error>) {
        assert!(!self.calling.get(), "from inside a call");
        self.work.set(Work::Idle);
        self.ended.borrow_mut().push(result);
    }

    /// Keys that are there and whole.
    fn valid_keys(page: &[u8]) -> Vec<u8> {
        page.chunks_exact(ENTRY)
            .filter(|place| place[0] == VALID && **place == content(place[1]))
            .map(|place| place[1])
            .collect()
    }
}

/// What is stored under a key. No byte of it is erased.
fn content(key: u8) -> [u8; ENTRY] {
    let mut content = [key ^ 0x55; ENTRY];
    content[0] = VALID;
    content[1] = key;
    content
}

impl Client<FlashFace<'static>> for Store {
    fn read_complete(&self, page: &'static mut Page, result: Result<(), Error>) {
        assert!(!self.calling.get(), "from inside a call");
        match self.change(self.work.get(), page) {
            Some(region) => {
                self.work.set(Work::Finish);
                let begun = self.call(|| self.flash.write_page(region, page));
                assert!(
                    begun.is_ok(),
                    "a write is never refused, inside the callback either"
                );
            }
            None => {
                self.page.set(Some(page));
                self.end(result);
            }
        }
    }

    fn write_complete(&self, page: &'static mut Page, result: Result<(), Error>) {
        assert_eq!(self.work.get(), Work::Finish);
        self.page.set(Some(page));
        self.end(result);
    }

    fn erase_complete(&self, result: Result<(), Error>) {
        assert_eq!(self.work.get(), Work::Finish);
        self.end(result);
    }
}

fn boot(content: &[u8]) -> (Trial, &'static Store) {
    let mut trial = Bench::new(PART)
        .nor(|nor| nor.poke(FLASH.0, content))
        .with_kernel_users()
        .boot();
    trial.run_until(Board::is_at_rest_and_known);
    let store = Store::on(&trial.board);
    (trial, store)
}

/// To the end of what the store is at.
fn end(trial: &mut Trial, store: &'static Store) -> Result<(), Error> {
    trial.run_until(|_| !store.ended.borrow().is_empty());
    let ended = store.ended.take();
    assert_eq!(ended.len(), 1, "one callback");
    ended[0]
}

fn keys(trial: &Trial, region: u32) -> Vec<u8> {
    let page = trial.board.array(FLASH.0 + region * 4096, PAGE_SIZE);
    Store::valid_keys(&page)
}

fn wear(trial: &Trial) -> u32 {
    trial.lab.nor(|nor| nor.wear(FLASH.0))
}

#[test]
fn a_page_is_4096_bytes_that_are_there_at_once() {
    assert_eq!(Page::default().as_mut().len(), PAGE_SIZE);
    assert_eq!(PAGE_SIZE, 4096);
}

#[test]
fn a_region_is_filled_entry_by_entry_without_an_erase() {
    let (mut trial, store) = boot(&[]);
    let begun_ns = trial.lab.now_ns();
    for key in 0..(PAGE_SIZE / ENTRY) as u8 {
        store.begin(0, Work::Append(0, key));
        assert_eq!(end(&mut trial, store), Ok(()));
        assert_eq!(keys(&trial, 0), (0..=key).collect::<Vec<u8>>());
    }
    let each_ns = (trial.lab.now_ns() - begun_ns) / (PAGE_SIZE / ENTRY) as u64;
    // A sector erase takes 48 ms, a page program less than one.
    assert!(each_ns < 4_000_000, "{each_ns} ns");
    // An entry that crosses two pages of the part takes both.
    let programmed = store.flash.record().programmed_bytes;
    assert!(programmed <= 2 * 256 * (PAGE_SIZE / ENTRY) as u32);
    store.begin(0, Work::Invalidate(0, 7));
    assert_eq!(end(&mut trial, store), Ok(()));
    assert!(!keys(&trial, 0).contains(&7));
    assert_eq!(keys(&trial, 0).len(), PAGE_SIZE / ENTRY - 1);
    assert_eq!((wear(&trial), store.flash.record().erased_bytes), (0, 0));
    store.begin(0, Work::Look);
    assert_eq!(end(&mut trial, store), Ok(()));
    trial.run_until(Board::is_at_rest);
    trial.finish();
}

#[test]
fn the_same_content_again_does_nothing() {
    let (mut trial, store) = boot(&content(3));
    let page = store.page.take().expect("the store has its page");
    page.0.fill(0xFF);
    page.0[..ENTRY].copy_from_slice(&content(3));
    store.work.set(Work::Finish);
    assert!(store.flash.write_page(0, page).is_ok());
    assert_eq!(end(&mut trial, store), Ok(()));
    let record = store.flash.record();
    assert_eq!((record.programmed_bytes, record.erased_bytes), (0, 0));
    trial.run_until(Board::is_at_rest);
    trial.finish();
}

#[test]
fn what_sets_a_bit_is_written_after_an_erase() {
    let (mut trial, store) = boot(&[0x00; 5000]);
    let page = store.page.take().expect("the store has its page");
    page.0.fill(0xFF);
    page.0[600..900].fill(0x5A);
    store.work.set(Work::Finish);
    assert!(store.flash.write_page(0, page).is_ok());
    assert_eq!(end(&mut trial, store), Ok(()));
    let stored = trial.board.array(FLASH.0, 5000);
    assert!(stored[..600].iter().all(|byte| *byte == 0xFF));
    assert!(stored[600..900].iter().all(|byte| *byte == 0x5A));
    assert!(stored[900..4096].iter().all(|byte| *byte == 0xFF));
    assert!(
        stored[4096..].iter().all(|byte| *byte == 0),
        "the next page"
    );
    let record = store.flash.record();
    // Bytes 512 to 1023: two pages of the part.
    assert_eq!((record.programmed_bytes, record.erased_bytes), (512, 4096));
    trial.run_until(Board::is_at_rest);
    trial.finish();
}

#[test]
fn a_collected_region_takes_new_entries() {
    let (mut trial, store) = boot(&[]);
    for key in 0..5 {
        store.begin(1, Work::Append(1, key));
        assert_eq!(end(&mut trial, store), Ok(()));
    }
    store.collect(1);
    assert_eq!(end(&mut trial, store), Ok(()));
    assert_eq!(trial.board.array(FLASH.0 + 4096, 4096), vec![0xFF; 4096]);
    store.begin(1, Work::Append(1, 9));
    assert_eq!(end(&mut trial, store), Ok(()));
    assert_eq!(keys(&trial, 1), [9]);
    trial.run_until(Board::is_at_rest);
    trial.finish();
}

/// The power goes at each byte of what an addition programs. All that was there before is there.
#[test]
fn a_power_cut_in_an_addition_costs_nothing_that_was_there() {
    let before: Vec<u8> = (0..12).flat_map(content).collect();
    let mut cuts = 0;
    for after_bytes in 0..=256 {
        let (mut trial, store) = boot(&before);
        trial.lab.nor(|nor| {
            let fault = FlashFault::PowerCut {
                during: FlashOperation::Program,
                after_bytes,
            };
            nor.faults.arm(fault, FaultTimes::Count(1));
        });
        store.begin(0, Work::Append(0, 12));
        trial.run_until(|board| {
            let is_off =
                |qspi: &mut qspi_models::Qspi| qspi.flash().power_state() == PowerState::Off;
            !store.ended.borrow().is_empty() || board.machine.with_qspi(is_off)
        });
        if store.ended.borrow().is_empty() {
            cuts += 1;
        }
        let content = trial.board.array(FLASH.0, PAGE_SIZE);
        drop(trial);
        // The next boot: another board finds it.
        let (trial, _) = boot(&content);
        let keys = keys(&trial, 0);
        assert_eq!(
            keys[..12],
            (0..12).collect::<Vec<u8>>(),
            "cut after {after_bytes}"
        );
    }
    assert!(cuts > 200, "{cuts}");
}

#[test]
fn a_second_call_is_refused_with_its_page() {
    let (mut trial, store) = boot(&content(1));
    let second: &'static mut Page = trial.board.keep(Page::default());
    store.begin(0, Work::Append(0, 2));
    let Err((error, page)) = store.flash.read_page(0, second) else {
        panic!("one is outstanding");
    };
    assert_eq!(error, ErrorCode::BUSY);
    assert_eq!(store.flash.erase_page(0), Err(ErrorCode::BUSY));
    let Err((error, _)) = store.flash.write_page(4, page) else {
        panic!("one is outstanding");
    };
    assert_eq!(error, ErrorCode::BUSY);
    assert_eq!(end(&mut trial, store), Ok(()));
    assert_eq!(keys(&trial, 0), [1, 2]);
    trial.run_until(Board::is_at_rest);
    trial.finish();
}

/// The store does not look at a read's result, and takes the page for what it was given.
#[test]
fn a_read_that_fails_leaves_the_page_as_it_was() {
    let (mut trial, store) = boot(&content(1));
    trial.lab.qspi(|qspi| {
        qspi.faults.ready(Some(Task::Read), ReadyFault::Swallow);
    });
    let page = store.page.take().expect("the store has its page");
    page.0.fill(0x77);
    store.page.set(Some(page));
    store.begin(0, Work::Look);
    assert_eq!(end(&mut trial, store), Err(Error::FlashError));
    let page = store.page.take().expect("it came back");
    assert!(page.0.iter().all(|byte| *byte == 0x77));
    store.page.set(Some(page));
    store.begin(0, Work::Append(0, 2));
    assert_eq!(end(&mut trial, store), Ok(()));
    assert_eq!(keys(&trial, 0), [1, 2]);
    trial.run_until(Board::is_at_rest);
    trial.finish_but(|breach| {
        matches!(
            breach,
            Breach::Hardware(
                Violation::DeactivateWhileBusy { .. } | Violation::DisableWhileBusy { .. }
            )
        )
    });
}
