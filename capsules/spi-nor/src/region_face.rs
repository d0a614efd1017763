// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A region of the part for one kernel client, see [`SpiNor`].
//!
//! There can be as many as the board likes, each with a [`Seat`](crate::client::Seat) of its own:
//! they take turns with each other and with the apps. A region is held powered for as long as an
//! operation is outstanding, unless [`RegionFace::hold`] asks for a standing lease.

use crate::bite;
use crate::client::{
    Bite, Client, Dimensions, Eraser, Flight, Request, Scope, check_sectors, sector_of,
};
use crate::errand::{self, Action, Errand, Event, Rest};
use crate::error::Error;
use crate::features::Full;
use crate::kernel_face::{RegionGeometry, SpiNor, SpiNorClient};
use crate::record::{Kind, Ledger, Record};
use crate::region::{Access, Grants};
use crate::work::{Options, Outcome, Place, Work};
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::ErrorCode;
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::utilities::leasable_buffer::SubSliceMut;

/// A region of the part.
pub struct RegionFace<'a> {
    host: &'a dyn Eraser,
    start: u32,
    length: u32,
    access: Access,
    client: OptionalCell<&'a dyn SpiNorClient>,
    errand: Cell<Errand>,
    /// What the client asked for.
    work: Cell<Work>,
    buffer: MapCell<SubSliceMut<'static, u8>>,
    /// Which bites are in flight.
    flights: [Cell<bool>; 2],
    standing: Cell<bool>,
    /// A callback is under way that tells of what failed or took no time.
    telling_early: Cell<bool>,
    ledger: Ledger,
}

impl<'a> RegionFace<'a> {
    /// For `length` bytes from `start` on, both multiples of the part's sector.
    pub const fn new(
        host: &'a dyn Eraser,
        start: u32,
        length: u32,
        access: Access,
    ) -> RegionFace<'a> {
        RegionFace {
            host,
            start,
            length,
            access,
            client: OptionalCell::empty(),
            errand: Cell::new(Errand::Idle),
            work: Cell::new(Work::new(Kind::Open, Place::Array, 0, 0, Options::NONE)),
            buffer: MapCell::empty(),
            flights: [const { Cell::new(false) }; 2],
            standing: Cell::new(false),
            telling_early: Cell::new(false),
            ledger: Ledger::new(),
        }
    }

    /// Takes or returns a standing lease: the part then stays powered (but for the idle time)
    /// between operations.
    pub fn hold(&self, standing: bool) {
        self.standing.set(standing);
        self.host.notify();
    }

    /// All that decides what the face does next.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        (self.errand.get(), self.standing.get()).hash(hasher);
        self.flights.each_ref().map(Cell::get).hash(hasher);
        if self.errand.get() != Errand::Idle {
            self.work.get().hash(hasher);
        }
    }

    /// Whether an operation may begin.
    fn check(&self, kind: Kind, address: u32, length: u32) -> Result<(), ErrorCode> {
        self.host.accepts()?;
        if self.client.is_none() {
            return Err(ErrorCode::RESERVE);
        }
        if self.errand.get() != Errand::Idle {
            return Err(ErrorCode::BUSY);
        }
        if kind.changes() && !self.access.writes() {
            return Err(ErrorCode::NOSUPPORT);
        }
        let end = address.checked_add(length).ok_or(ErrorCode::INVAL)?;
        if end > self.length {
            return Err(ErrorCode::INVAL);
        }
        if kind == Kind::Erase {
            check_sectors(self.host, address, length)?;
        }
        Ok(())
    }

    /// Begins an operation that may.
    fn begin(&self, kind: Kind, address: u32, length: u32) {
        let options = if self.access.grants().has(Grants::VERIFIED) {
            Options::VERIFY
        } else {
            Options::NONE
        };
        let address = self.start.saturating_add(address);
        let work = Work::new(kind, Place::Array, address, length, options);
        self.work.set(work);
        self.happen(if length == 0 {
            Event::SubmittedEmpty
        } else {
            Event::Submitted
        });
    }

    fn begin_with(
        &self,
        kind: Kind,
        address: u32,
        buffer: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)> {
        let Ok(length) = u32::try_from(buffer.len()) else {
            return Err((ErrorCode::INVAL, buffer));
        };
        match self.check(kind, address, length) {
            Ok(()) => {
                self.buffer.put(buffer);
                self.begin(kind, address, length);
                Ok(())
            }
            Err(error) => Err((error, buffer)),
        }
    }

    /// The one place that sets the errand.
    fn happen(&self, event: Event) -> Action {
        let (errand, action) = errand::transition(self.errand.get(), event);
        self.errand.set(errand);
        match action {
            Action::Nothing | Action::Busy | Action::Already => {}
            // A client that tries again from inside the callback must leave time for others.
            Action::Ask if self.telling_early.get() => self.host.notify_later(),
            Action::Ask => self.host.notify(),
            Action::Progress => {
                let work = self.work.get();
                // What is read back is done already.
                if work.kind() == Kind::Erase && work.done() < work.length() {
                    self.client
                        .map(|client| client.erase_progress(work.done(), work.length()));
                }
            }
            Action::Tell(result) => self.tell(result),
        }
        action
    }

    /// Tells the client, with the operation already forgotten: it may begin the next one from
    /// inside the callback.
    fn tell(&self, result: Result<(), Error>) {
        let work = self.work.get();
        let (kind, done) = (work.kind(), work.done());
        // What is still in flight is nobody's.
        self.flights.iter().for_each(|flight| flight.set(false));
        let stopped_at = work.stopped_at::<Full>(self.start);
        self.ledger.ended(self.host, kind, stopped_at, result);
        let buffer = self.buffer.take();
        self.telling_early
            .set(result.is_err() || work.length() == 0);
        self.client.map(|client| match (kind, buffer) {
            (Kind::Read, Some(buffer)) => client.read_done(buffer, done, result),
            (Kind::Program, Some(buffer)) => client.program_done(buffer, done, result),
            (Kind::Erase, _) => client.erase_done(done, result),
            // Unreachable: reads and programs are only begun with a buffer, and nothing is opened.
            (Kind::Read | Kind::Program, None) | (Kind::Open, _) => {}
        });
        self.telling_early.set(false);
    }

    /// What is left to be done.
    fn request(&self) -> Option<Request> {
        if self.errand.get() != Errand::Waiting {
            return None;
        }
        Some(self.work.get().request::<Full>(sector_of(self.host)))
    }

    /// What came of the bytes that were read: these are the client's, or are to be the client's.
    fn take_in(&self, work: &mut Work, data: &[u8]) -> Outcome {
        let start = work.offset::<Full>() as usize;
        if work.is_read() {
            self.buffer.map(|buffer| {
                if let Some(place) = buffer.as_mut_slice().get_mut(start..) {
                    bite::copy(place, data);
                }
            });
            let count = data.len() as u32;
            self.ledger.did(Kind::Read, count);
            return work.advance::<Full>(count);
        }
        work.looked::<Full>(data, sector_of(self.host), |_, data| {
            let differs = |buffer: &mut SubSliceMut<'static, u8>| {
                let theirs = buffer.as_slice().get(start..).unwrap_or(&[]);
                // Of bytes that are not there nothing is as it is to be.
                let mut read = data.iter().enumerate();
                read.position(|(index, read)| theirs.get(index) != Some(read))
            };
            let wrong = self.buffer.map_or(Some(0), differs);
            wrong.map(|index| index as u32)
        })
    }
}

impl<'a> SpiNor<'a> for RegionFace<'a> {
    fn set_client(&self, client: &'a dyn SpiNorClient) {
        self.client.set(client);
    }

    fn geometry(&self) -> Result<RegionGeometry, ErrorCode> {
        let known = self.host.dimensions().ok_or(ErrorCode::RESERVE)?;
        Ok(RegionGeometry {
            size: self.length,
            access: self.access,
            sector: known.sector,
            page: known.page,
            erase_sizes: self.host.erase_sizes(self.start, self.length),
        })
    }

    fn read(
        &self,
        address: u32,
        buffer: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)> {
        self.begin_with(Kind::Read, address, buffer)
    }

    fn program(
        &self,
        address: u32,
        data: SubSliceMut<'static, u8>,
    ) -> Result<(), (ErrorCode, SubSliceMut<'static, u8>)> {
        self.begin_with(Kind::Program, address, data)
    }

    fn erase(&self, address: u32, length: u32) -> Result<(), ErrorCode> {
        self.check(Kind::Erase, address, length)?;
        self.begin(Kind::Erase, address, length);
        Ok(())
    }

    fn cancel(&self) -> Result<(), ErrorCode> {
        match self.happen(Event::Cancelled) {
            Action::Already => Err(ErrorCode::ALREADY),
            Action::Nothing | Action::Ask | Action::Busy | Action::Progress | Action::Tell(_) => {
                Ok(())
            }
        }
    }

    fn record(&self) -> Record<Error> {
        self.ledger.record()
    }
}

impl Client for RegionFace<'_> {
    fn leases(&self) -> usize {
        usize::from(self.errand.get().counts() || self.standing.get())
    }

    fn has_work(&self) -> bool {
        self.errand.get() == Errand::Waiting
    }

    fn has_request(&self, scope: Scope) -> bool {
        self.request().is_some_and(|request| scope.allows(&request))
    }

    fn next_request(
        &self,
        flight: Flight,
        dimensions: &Dimensions,
        scope: Scope,
    ) -> Option<Request> {
        let request = self.request()?;
        let fits = self
            .start
            .checked_add(self.length)
            .is_some_and(|end| end <= dimensions.size);
        if !fits {
            self.happen(Event::Refused(Error::OutOfRange));
            return None;
        }
        if !scope.allows(&request) {
            return None;
        }
        flight.of(&self.flights).set(true);
        self.happen(Event::Taken);
        Some(request)
    }

    fn pipelines(&self) -> bool {
        true
    }

    fn goes_on(&self, flight: Flight, next: Flight) -> bool {
        let goes_on = self.errand.get() == Errand::InFlight && flight.of(&self.flights).get();
        if goes_on {
            next.of(&self.flights).set(true);
        }
        goes_on
    }

    fn fill(&self, flight: Flight, skip: u32, buffer: &mut [u8]) -> bool {
        if !flight.of(&self.flights).get() {
            return false;
        }
        let offset = self.work.get().offset::<Full>();
        let start = offset.saturating_add(skip) as usize;
        let filled = self
            .buffer
            .map(|data| bite::fill(buffer, data.as_slice(), start))
            .unwrap_or(false);
        if !filled && skip == 0 {
            flight.of(&self.flights).set(false);
            self.happen(Event::Failed(Error::OutOfRange));
        }
        filled
    }

    fn bitten(&self, flight: Flight, bite: Bite<'_>) {
        if !flight.of(&self.flights).replace(false) {
            return;
        }
        let mut work = self.work.get();
        let outcome = match bite {
            Bite::Failed(error) => Outcome::Over(Err(error)),
            Bite::Opened => work.advance::<Full>(0),
            Bite::Programmed(count) | Bite::Erased(count) => {
                self.ledger.did(work.kind(), count);
                work.advance::<Full>(count)
            }
            Bite::Read(data) => self.take_in(&mut work, data),
        };
        self.work.set(work);
        self.happen(match outcome {
            Outcome::Over(Ok(())) => Event::Landed(Rest::Nothing),
            Outcome::Over(Err(error)) => Event::Failed(error),
            Outcome::GoesOn if flight.other().of(&self.flights).get() => Event::Landed(Rest::Flies),
            Outcome::GoesOn => Event::Landed(Rest::Waits),
        });
    }

    fn cancel(&self, error: Error) {
        self.happen(Event::Revoked(error));
    }

    fn deferred(&self) {
        self.happen(Event::Looked);
    }
}
