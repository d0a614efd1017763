// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`kernel::hil::flash::Flash`], for kernel users.
//!
//! The HIL's *page* is the part's 4 KiB sector. Writing one erases it first, as the
//! HIL's users expect of a page.
//!
//! This face holds a lease only while it has an operation outstanding, unless
//! [`FlashFace::hold`] asks for a standing one.

use crate::bite;
use crate::client::{Bite, Client, Dimensions, Flight, Host, Request, Scope};
use crate::error::Error;
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
    in_flight: Cell<bool>,
    page: TakeCell<'static, Page>,
    standing: Cell<bool>,
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
            in_flight: Cell::new(false),
            page: TakeCell::empty(),
            standing: Cell::new(false),
            telling_failure: Cell::new(false),
        }
    }

    /// Takes or returns a standing lease: the part then stays powered (but for the
    /// idle time) between operations.
    pub fn hold(&self, standing: bool) {
        self.standing.set(standing);
        self.host.notify();
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
    fn advance(goal: Goal, stage: Stage, count: u32) -> Stage {
        let page = PAGE_SIZE as u32;
        match stage {
            Stage::Reading(done) if done.saturating_add(count) < page => {
                Stage::Reading(done.saturating_add(count))
            }
            Stage::Erasing(done) if done.saturating_add(count) < page => {
                Stage::Erasing(done.saturating_add(count))
            }
            Stage::Erasing(_) if goal == Goal::Write => Stage::Programming(0),
            Stage::Programming(done) if done.saturating_add(count) < page => {
                Stage::Programming(done.saturating_add(count))
            }
            Stage::Reading(_) | Stage::Erasing(_) | Stage::Programming(_) => Stage::Ended(Ok(())),
            Stage::Ended(result) => Stage::Ended(result),
        }
    }

    /// What is asked of the device for the page at `address`.
    fn request(address: u32, stage: Stage) -> Option<Request> {
        let page = PAGE_SIZE as u32;
        let rest = |done: u32| (address.saturating_add(done), page.saturating_sub(done));
        Some(match stage {
            Stage::Reading(done) => {
                let (address, length) = rest(done);
                Request::Read { address, length }
            }
            Stage::Erasing(done) => {
                let (address, length) = rest(done);
                Request::Erase { address, length }
            }
            Stage::Programming(done) => {
                let (address, length) = rest(done);
                Request::Program { address, length }
            }
            Stage::Ended(_) => return None,
        })
    }

    fn set_stage(&self, stage: Stage) {
        if let Some((goal, address, _)) = self.operation.take() {
            self.operation.set((goal, address, stage));
        }
        if matches!(stage, Stage::Ended(_)) {
            self.tell();
        }
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
        self.begin_with(page_number, buf, Goal::Write, Stage::Erasing(0))
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
            .and_then(|(_, address, stage)| Self::request(address, stage));
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
        let request = Self::request(address, stage)?;
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
            .map(|page| {
                start
                    .checked_add(buffer.len())
                    .and_then(|end| page.0.get(start..end))
                    .map(|source| bite::copy(buffer, source))
            })
            .flatten()
            .is_some()
    }

    fn bitten(&self, _flight: Flight, bite: Bite<'_>) {
        self.in_flight.set(false);
        let Some((goal, _, stage)) = self.operation.get() else {
            return;
        };
        let next = match bite {
            Bite::Failed(error) => Stage::Ended(Err(error)),
            Bite::Opened => stage,
            Bite::Programmed(count) | Bite::Erased(count) => Self::advance(goal, stage, count),
            Bite::Read(data) => {
                if let Stage::Reading(done) = stage {
                    self.page.map(|page| {
                        for (to, from) in page.0.iter_mut().skip(done as usize).zip(data) {
                            *to = *from;
                        }
                    });
                }
                Self::advance(goal, stage, data.len() as u32)
            }
        };
        self.set_stage(next);
    }

    fn cancel(&self, error: Error) {
        if self.operation.is_some() && !self.in_flight.get() {
            self.set_stage(Stage::Ended(Err(error)));
        }
    }

    fn deferred(&self) {}
}
