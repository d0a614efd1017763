// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`kernel::hil::flash::Flash`], for kernel users.
//!
//! The HIL's *page* is the part's 4 KiB sector. Writing one makes it hold what the user
//! gave, whatever was there. It is read first: if the new content only clears bits, what
//! has changed is programmed in place, and nothing is erased. So a log that adds to a page
//! loses nothing of it if the power goes, and an addition takes a page program, not an erase
//! and sixteen of them. **A power cut between an erase that was necessary and the last program
//! loses the page's other bytes.**
//!
//! This face holds a lease only while it has an operation outstanding, unless
//! [`FlashFace::hold`] asks for a standing one.

use crate::bite;
use crate::client::{Bite, Client, Dimensions, Flight, Host, Request, Scope};
use crate::error::Error;
use crate::record::{Kind, Ledger, Record};
use core::cell::Cell;
use kernel::ErrorCode;
use kernel::hil::flash::{self, Flash, HasClient};
use kernel::utilities::cells::{OptionalCell, TakeCell};

/// Bytes of a HIL page.
pub const PAGE_SIZE: usize = 4096;

/// One HIL page: a 4 KiB sector of the part.
pub struct Page(pub [u8; PAGE_SIZE]);

impl Default for Page {
    fn default() -> Page {
        Page([0; PAGE_SIZE])
    }
}

impl AsMut<[u8]> for Page {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// What is compared, and programmed only if it has changed, in bytes.
const CHUNK: u32 = 256;

/// What of a page has to be changed.
#[derive(Clone, Copy, Default)]
struct Changes {
    /// Bits have to be set: only an erase can do that.
    sets_bits: bool,
    /// Bit *n* set: chunk *n* has to be programmed.
    chunks: u32,
}

impl Changes {
    /// After a look at what is there, from byte `start` on.
    fn after(mut self, start: u32, old: &[u8], new: &[u8]) -> Changes {
        for ((old, new), place) in old.iter().zip(new).zip(start..) {
            if old != new {
                self.sets_bits |= new & !old != 0;
                self.chunks |= 1u32.wrapping_shl(place / CHUNK);
            }
        }
        self
    }

    /// On an erased page.
    fn on_erased(new: &[u8]) -> Changes {
        let mut changes = Changes::default();
        for (byte, place) in new.iter().zip(0..) {
            if *byte != 0xFF {
                changes.chunks |= 1u32.wrapping_shl(place / CHUNK);
            }
        }
        changes
    }

    /// What is to be programmed next from byte `from` on: start and length.
    fn next(self, from: u32) -> Option<(u32, u32)> {
        let is_changed = |chunk: u32| self.chunks & 1u32.wrapping_shl(chunk) != 0;
        let chunks = PAGE_SIZE as u32 / CHUNK;
        let first = (from / CHUNK..chunks).find(|chunk| is_changed(*chunk))?;
        let end = (first..chunks)
            .find(|chunk| !is_changed(*chunk))
            .unwrap_or(chunks);
        let start = from.max(first * CHUNK);
        Some((start, end * CHUNK - start))
    }
}

/// What the user waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Read,
    Write,
    Erase,
}

/// Where the operation is. Counts are bytes done of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Reading(u32),
    /// What is there, before a write.
    Comparing(u32),
    /// The same once more: a single answer may be noise, and what seems to be there already is not
    /// programmed.
    ComparingAgain(u32),
    Erasing(u32),
    Programming(u32),
    Ended(Result<(), Error>),
}

/// The face. Start and length of its range are multiples of 4 KiB.
pub struct FlashFace<'a> {
    host: &'a dyn Host,
    start: u32,
    length: u32,
    client: OptionalCell<&'a dyn flash::Client<FlashFace<'a>>>,
    operation: OptionalCell<(Goal, u32, Stage)>,
    changes: Cell<Changes>,
    in_flight: Cell<bool>,
    page: TakeCell<'static, Page>,
    standing: Cell<bool>,
    ledger: Ledger,
    /// A callback is under way that tells of a failure.
    telling_failure: Cell<bool>,
}

impl<'a> FlashFace<'a> {
    /// For the range of `length` bytes from `start` on; both are rounded down to
    /// whole pages.
    pub fn new(host: &'a dyn Host, start: u32, length: u32) -> FlashFace<'a> {
        let page = PAGE_SIZE as u32;
        FlashFace {
            host,
            start: start - start % page,
            length: length - length % page,
            client: OptionalCell::empty(),
            operation: OptionalCell::empty(),
            changes: Cell::new(Changes {
                sets_bits: false,
                chunks: 0,
            }),
            in_flight: Cell::new(false),
            page: TakeCell::empty(),
            standing: Cell::new(false),
            ledger: Ledger::new(),
            telling_failure: Cell::new(false),
        }
    }

    /// Takes or returns a standing lease: the part then stays powered (but for the
    /// idle time) between operations.
    pub fn hold(&self, standing: bool) {
        self.standing.set(standing);
        self.host.notify();
    }

    /// What was done for the user so far. What a write reads, erases and programs on its way is
    /// counted as such.
    pub fn record(&self) -> Record<Error> {
        self.ledger.record()
    }

    fn begin(&self, page_number: usize, goal: Goal, stage: Stage) -> Result<(), ErrorCode> {
        self.host.accepts()?;
        if self.client.is_none() {
            // A page would have nobody to go back to.
            return Err(ErrorCode::RESERVE);
        }
        if self.operation.is_some() {
            return Err(ErrorCode::BUSY);
        }
        let offset = u32::try_from(page_number)
            .ok()
            .and_then(|number| number.checked_mul(PAGE_SIZE as u32))
            .filter(|offset| *offset < self.length)
            .ok_or(ErrorCode::INVAL)?;
        let address = self.start.checked_add(offset).ok_or(ErrorCode::INVAL)?;
        self.operation.set((goal, address, stage));
        Ok(())
    }

    fn begin_with(
        &self,
        page_number: usize,
        buf: &'static mut Page,
        goal: Goal,
        stage: Stage,
    ) -> Result<(), (ErrorCode, &'static mut Page)> {
        match self.begin(page_number, goal, stage) {
            Ok(()) => {
                self.changes.set(Changes::default());
                self.page.replace(buf);
                self.ask();
                Ok(())
            }
            Err(error) => Err((error, buf)),
        }
    }

    /// Asks the device to look. A client that tries again from inside the callback that told of a
    /// failure must leave time for others.
    fn ask(&self) {
        if self.telling_failure.get() {
            self.host.notify_later();
        } else {
            self.host.notify();
        }
    }

    /// Where a bite of `count` bytes leads.
    fn advance(&self, goal: Goal, stage: Stage, count: u32) -> Stage {
        let page = PAGE_SIZE as u32;
        match stage {
            Stage::Reading(done) if done.saturating_add(count) < page => {
                Stage::Reading(done.saturating_add(count))
            }
            Stage::Comparing(done) if done.saturating_add(count) < page => {
                Stage::Comparing(done.saturating_add(count))
            }
            Stage::ComparingAgain(done) if done.saturating_add(count) < page => {
                Stage::ComparingAgain(done.saturating_add(count))
            }
            Stage::Comparing(_) | Stage::ComparingAgain(_) if self.changes.get().sets_bits => {
                Stage::Erasing(0)
            }
            Stage::Comparing(_) => Stage::ComparingAgain(0),
            Stage::ComparingAgain(_) => self.programming(0),
            Stage::Erasing(done) if done.saturating_add(count) < page => {
                Stage::Erasing(done.saturating_add(count))
            }
            Stage::Erasing(_) if goal == Goal::Write => {
                self.page
                    .map(|page| self.changes.set(Changes::on_erased(&page.0)));
                self.programming(0)
            }
            Stage::Programming(done) => self.programming(done.saturating_add(count)),
            Stage::Reading(_) | Stage::Erasing(_) => Stage::Ended(Ok(())),
            Stage::Ended(result) => Stage::Ended(result),
        }
    }

    /// Programming what has to be, from byte `from` on.
    fn programming(&self, from: u32) -> Stage {
        match self.changes.get().next(from) {
            Some((start, _)) => Stage::Programming(start),
            None => Stage::Ended(Ok(())),
        }
    }

    /// What is asked of the device for the page at `address`.
    fn request(&self, address: u32, stage: Stage) -> Option<Request> {
        let page = PAGE_SIZE as u32;
        let rest = |done: u32| (address.saturating_add(done), page.saturating_sub(done));
        Some(match stage {
            Stage::Reading(done) | Stage::Comparing(done) | Stage::ComparingAgain(done) => {
                let (address, length) = rest(done);
                Request::Read { address, length }
            }
            Stage::Erasing(done) => {
                let (address, length) = rest(done);
                Request::Erase { address, length }
            }
            Stage::Programming(done) => {
                let (start, length) = self.changes.get().next(done)?;
                let address = address.saturating_add(start);
                Request::Program { address, length }
            }
            Stage::Ended(_) => return None,
        })
    }

    /// Bytes were read, for the user or to be compared.
    fn take_in(&self, page: &mut Page, stage: Stage, data: &[u8]) {
        match stage {
            Stage::Reading(done) => {
                if let Some(place) = page.0.get_mut(done as usize..) {
                    bite::copy(place, data);
                }
            }
            Stage::Comparing(done) | Stage::ComparingAgain(done) => {
                if let Some(new) = page.0.get(done as usize..) {
                    self.changes.set(self.changes.get().after(done, data, new));
                }
            }
            Stage::Erasing(_) | Stage::Programming(_) | Stage::Ended(_) => {}
        }
    }

    fn set_stage(&self, stage: Stage) {
        if let Some((goal, address, before)) = self.operation.take() {
            self.operation.set((goal, address, stage));
            if let Stage::Ended(result) = stage {
                self.note_end(address, before, result);
            }
        }
        if matches!(stage, Stage::Ended(_)) {
            self.tell();
        }
    }

    /// An operation on the page at `address` has ended in `stage`.
    fn note_end(&self, address: u32, stage: Stage, result: Result<(), Error>) {
        let (kind, done) = match stage {
            Stage::Reading(done) | Stage::Comparing(done) | Stage::ComparingAgain(done) => {
                (Kind::Read, done)
            }
            Stage::Erasing(done) => (Kind::Erase, done),
            Stage::Programming(done) => (Kind::Program, done),
            Stage::Ended(_) => return,
        };
        let address = address.saturating_add(done).saturating_sub(self.start);
        self.ledger.ended(self.host, kind, address, result);
    }

    /// Tells the user, with the operation already forgotten: it may begin the next
    /// one from inside the callback.
    fn tell(&self) {
        let Some((goal, _, Stage::Ended(result))) = self.operation.get() else {
            return;
        };
        self.operation.clear();
        let result = result.map_err(flash::Error::from);
        let page = self.page.take();
        self.telling_failure.set(result.is_err());
        self.client.map(|client| match (goal, page) {
            (Goal::Read, Some(page)) => client.read_complete(page, result),
            (Goal::Write, Some(page)) => client.write_complete(page, result),
            (Goal::Erase, _) => client.erase_complete(result),
            // Unreachable: reads and writes are only begun with a page.
            (Goal::Read | Goal::Write, None) => {}
        });
        self.telling_failure.set(false);
    }
}

impl<'a, C: flash::Client<FlashFace<'a>>> HasClient<'a, C> for FlashFace<'a> {
    fn set_client(&'a self, client: &'a C) {
        self.client.set(client);
    }
}

impl Flash for FlashFace<'_> {
    type Page = Page;

    fn read_page(
        &self,
        page_number: usize,
        buf: &'static mut Page,
    ) -> Result<(), (ErrorCode, &'static mut Page)> {
        self.begin_with(page_number, buf, Goal::Read, Stage::Reading(0))
    }

    fn write_page(
        &self,
        page_number: usize,
        buf: &'static mut Page,
    ) -> Result<(), (ErrorCode, &'static mut Page)> {
        self.begin_with(page_number, buf, Goal::Write, Stage::Comparing(0))
    }

    fn erase_page(&self, page_number: usize) -> Result<(), ErrorCode> {
        self.begin(page_number, Goal::Erase, Stage::Erasing(0))?;
        self.ask();
        Ok(())
    }
}

impl Client for FlashFace<'_> {
    fn leases(&self) -> usize {
        usize::from(self.operation.is_some() || self.standing.get())
    }

    fn has_work(&self) -> bool {
        self.operation.is_some()
    }

    fn has_request(&self, scope: Scope) -> bool {
        let request = self
            .operation
            .get()
            .filter(|_| !self.in_flight.get())
            .and_then(|(_, address, stage)| self.request(address, stage));
        request.is_some_and(|request| scope.allows(&request))
    }

    fn next_request(
        &self,
        _flight: Flight,
        dimensions: &Dimensions,
        scope: Scope,
    ) -> Option<Request> {
        if self.in_flight.get() {
            return None;
        }
        let (_, address, stage) = self.operation.get()?;
        let page = PAGE_SIZE as u32;
        let fits = address
            .checked_add(page)
            .is_some_and(|end| end <= dimensions.size);
        if !fits {
            self.set_stage(Stage::Ended(Err(Error::OutOfRange)));
            return None;
        }
        let request = self.request(address, stage)?;
        if !scope.allows(&request) {
            return None;
        }
        self.in_flight.set(true);
        Some(request)
    }

    fn pipelines(&self) -> bool {
        false
    }

    fn goes_on(&self, _flight: Flight, _next: Flight) -> bool {
        false
    }

    fn fill(&self, _flight: Flight, _skip: u32, buffer: &mut [u8]) -> bool {
        let Some((_, _, Stage::Programming(done))) = self.operation.get() else {
            return false;
        };
        let start = done as usize;
        self.page
            .map(|page| bite::fill(buffer, &page.0, start))
            .unwrap_or(false)
    }

    fn bitten(&self, _flight: Flight, bite: Bite<'_>) {
        self.in_flight.set(false);
        let Some((goal, _, stage)) = self.operation.get() else {
            return;
        };
        let (kind, count) = match bite {
            Bite::Failed(error) => {
                self.set_stage(Stage::Ended(Err(error)));
                return;
            }
            Bite::Opened => return,
            Bite::Programmed(count) => (Kind::Program, count),
            Bite::Erased(count) => (Kind::Erase, count),
            Bite::Read(data) => {
                self.page.map(|page| self.take_in(page, stage, data));
                (Kind::Read, data.len() as u32)
            }
        };
        self.ledger.did(kind, count);
        let next = self.advance(goal, stage, count);
        self.set_stage(next);
    }

    fn cancel(&self, error: Error) {
        if self.operation.is_some() && !self.in_flight.get() {
            self.set_stage(Stage::Ended(Err(error)));
        }
    }

    fn deferred(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_is_programmed_in_runs() {
        let old = [0xF0u8; PAGE_SIZE];
        let mut new = old;
        for place in [256, 511, 512, 4095] {
            new[place] = 0;
        }
        let changes = Changes::default().after(0, &old[..1000], &new);
        let changes = changes.after(1000, &old[1000..], &new[1000..]);
        assert!(!changes.sets_bits);
        assert_eq!(changes.chunks, 0b1000_0000_0000_0110);
        assert_eq!(changes.next(0), Some((256, 512)));
        assert_eq!(changes.next(300), Some((300, 468)));
        assert_eq!(changes.next(768), Some((3840, 256)));
        assert_eq!(changes.next(4096), None);
        assert_eq!(Changes::default().next(0), None);
    }

    #[test]
    fn one_bit_that_is_to_be_set_takes_an_erase() {
        let old = [0xFEu8; 8];
        assert!(!Changes::default().after(0, &old, &[0xFC; 8]).sets_bits);
        assert!(Changes::default().after(0, &old, &[0x01; 8]).sets_bits);
    }

    #[test]
    fn after_an_erase_only_what_is_not_erased_is_programmed() {
        let mut new = [0xFF; PAGE_SIZE];
        assert_eq!(Changes::on_erased(&new).next(0), None);
        new[700] = 0x7F;
        assert_eq!(Changes::on_erased(&new).next(0), Some((512, 256)));
    }
}
