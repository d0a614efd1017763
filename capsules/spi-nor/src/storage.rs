// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`kernel::hil::nonvolatile_storage::NonvolatileStorage`],
//! so that today's capsules and apps run on it unchanged.
//!
//! Storage is bytes that can be overwritten. Each sector a write touches is read
//! first. If the new bytes only clear bits they are programmed in place; otherwise
//! the sector is erased and programmed anew. **A power cut between that erase and the
//! last program loses the sector's other bytes.** Who can't live with that uses
//! a log-structured layer on the flash faces instead.
//!
//! The HIL's calls return no buffer with an error, and its callbacks carry no error.
//! A buffer that comes with a call that can't be served would be lost. So this face
//! accepts every call that it has room for and tells a failure as a callback with a
//! length of 0; a second call while one is outstanding is kept and ends the same
//! way. Only a third buffer is refused, and that one the HIL can't return.

use crate::bite;
use crate::client::{Bite, Client, Dimensions, Flight, Host, Request, Scope};
use crate::error::Error;
use crate::record::{Kind, Ledger, Record};
use core::cell::Cell;
use kernel::ErrorCode;
use kernel::hil::nonvolatile_storage::{NonvolatileStorage, NonvolatileStorageClient};
use kernel::utilities::cells::{OptionalCell, TakeCell};

/// Bytes that are read, merged and written back together.
pub const SECTOR_SIZE: usize = 4096;

const SECTOR: u32 = SECTOR_SIZE as u32;

/// What the user asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Read,
    Write,
}

/// Where the sector at hand is. Counts are bytes done of the sector.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A read of the user, straight into its buffer.
    Reading,
    /// The sector's old content.
    Fetching(u32),
    /// Only clears bits: programmed as it is.
    Patching(u32),
    /// Must set bits.
    Erasing(u32),
    /// The merged sector after the erase.
    Restoring(u32),
}

/// An accepted call. Addresses are the part's.
#[derive(Clone, Copy)]
struct Call {
    goal: Goal,
    address: u32,
    length: u32,
    done: u32,
    stage: Stage,
}

impl Call {
    /// Where the sector at hand starts.
    fn sector(&self) -> u32 {
        let here = self.address.saturating_add(self.done);
        here - here % SECTOR
    }

    /// The user's bytes in the sector at hand: offset in the sector and count.
    fn slot(&self) -> (u32, u32) {
        let here = self.address.saturating_add(self.done);
        let offset = here % SECTOR;
        let count = (SECTOR - offset).min(self.length.saturating_sub(self.done));
        (offset, count)
    }

    /// What is asked of the device next.
    fn request(&self) -> Request {
        let sector = self.sector();
        let (offset, count) = self.slot();
        let rest = |start: u32, length: u32, done: u32| {
            (start.saturating_add(done), length.saturating_sub(done))
        };
        let (address, length) = match self.stage {
            Stage::Reading => rest(self.address, self.length, self.done),
            Stage::Fetching(done) | Stage::Erasing(done) | Stage::Restoring(done) => {
                rest(sector, SECTOR, done)
            }
            Stage::Patching(done) => rest(sector.saturating_add(offset), count, done),
        };
        match self.stage {
            Stage::Reading | Stage::Fetching(_) => Request::Read { address, length },
            Stage::Patching(_) | Stage::Restoring(_) => Request::Program { address, length },
            Stage::Erasing(_) => Request::Erase { address, length },
        }
    }
}

/// The face. Start and length of its range are multiples of 4 KiB.
pub struct StorageFace<'a> {
    host: &'a dyn Host,
    start: u32,
    length: u32,
    client: OptionalCell<&'a dyn NonvolatileStorageClient>,
    call: OptionalCell<Call>,
    ended: OptionalCell<(Goal, u32)>,
    in_flight: Cell<bool>,
    user: TakeCell<'static, [u8]>,
    second: TakeCell<'static, [u8]>,
    second_goal: OptionalCell<Goal>,
    /// A callback is under way.
    telling: Cell<bool>,
    sector: TakeCell<'static, [u8; SECTOR_SIZE]>,
    ledger: Ledger,
}

impl<'a> StorageFace<'a> {
    /// For the range of `length` bytes from `start` on; both are rounded down to
    /// whole sectors. Addresses of the HIL count from `start`.
    pub fn new(
        host: &'a dyn Host,
        sector: &'static mut [u8; SECTOR_SIZE],
        start: u32,
        length: u32,
    ) -> StorageFace<'a> {
        StorageFace {
            host,
            start: start - start % SECTOR,
            length: length - length % SECTOR,
            client: OptionalCell::empty(),
            call: OptionalCell::empty(),
            ended: OptionalCell::empty(),
            in_flight: Cell::new(false),
            user: TakeCell::empty(),
            second: TakeCell::empty(),
            second_goal: OptionalCell::empty(),
            telling: Cell::new(false),
            sector: TakeCell::new(sector),
            ledger: Ledger::new(),
        }
    }

    /// What was done for the user so far. What a write reads, erases and programs on its way is
    /// counted as such; a second call that comes before the first one's end is not counted.
    pub fn record(&self) -> Record<Error> {
        self.ledger.record()
    }

    fn is_busy(&self) -> bool {
        self.call.is_some() || self.ended.is_some()
    }

    /// Accepts a call, if only to end it with nothing done.
    fn submit(
        &self,
        goal: Goal,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        if self.is_busy() {
            if self.second.is_some() {
                return Err(ErrorCode::BUSY);
            }
            self.second.replace(buffer);
            self.second_goal.set(goal);
            self.ask(true);
            return Ok(());
        }
        let room = buffer.len();
        self.user.replace(buffer);
        match self.check(address, length, room) {
            Ok((address, length)) if length > 0 => self.call.set(Call {
                goal,
                address,
                length,
                done: 0,
                stage: match goal {
                    Goal::Read => Stage::Reading,
                    Goal::Write => Stage::Fetching(0),
                },
            }),
            checked => {
                let kind = match goal {
                    Goal::Read => Kind::Read,
                    Goal::Write => Kind::Program,
                };
                let address = u32::try_from(address).unwrap_or(u32::MAX);
                self.ledger
                    .ended(self.host, kind, address, checked.map(|_| ()));
                self.ended.set((goal, 0));
            }
        }
        self.ask(self.ended.is_some());
        Ok(())
    }

    /// Asks the device to look. What ends at once, and was asked for from inside a callback, comes
    /// later: a client that tries again and again would leave no time for anybody else.
    fn ask(&self, ends_at_once: bool) {
        if ends_at_once && self.telling.get() {
            self.host.notify_later();
        } else {
            self.host.notify();
        }
    }

    fn check(&self, address: usize, length: usize, room: usize) -> Result<(u32, u32), Error> {
        self.host.accepts()?;
        let outside = Error::OutOfRange;
        let address = u32::try_from(address).map_err(|_| outside)?;
        let count = u32::try_from(length).map_err(|_| outside)?;
        let end = address.checked_add(count).ok_or(outside)?;
        let start = self.start.checked_add(address).ok_or(outside)?;
        let part_end = self.host.dimensions().map_or(u32::MAX, |known| known.size);
        let fits = start.checked_add(count).is_some_and(|end| end <= part_end);
        if end > self.length || length > room || !fits {
            return Err(outside);
        }
        Ok((start, count))
    }

    fn end(&self, call: &Call, done: u32, result: Result<(), Error>) {
        let (kind, address) = match call.request() {
            Request::Erase { address, .. } => (Kind::Erase, address),
            Request::Program { address, .. } => (Kind::Program, address),
            Request::Read { address, .. } => (Kind::Read, address),
            Request::Open | Request::Aside(_) => (Kind::Open, self.start),
        };
        self.ledger
            .ended(self.host, kind, address.saturating_sub(self.start), result);
        self.call.clear();
        self.ended.set((call.goal, done));
        self.tell();
    }

    fn tell(&self) {
        if self.client.is_none() {
            // The buffer stays until there is somebody to give it to.
            return;
        }
        if let Some((goal, done)) = self.ended.take()
            && let Some(buffer) = self.user.take()
        {
            self.hand_back(goal, buffer, done);
        }
        if let Some(goal) = self.second_goal.take()
            && let Some(buffer) = self.second.take()
        {
            self.hand_back(goal, buffer, 0);
        }
    }

    fn hand_back(&self, goal: Goal, buffer: &'static mut [u8], done: u32) {
        self.telling.set(true);
        self.client.map(|client| match goal {
            Goal::Read => client.read_done(buffer, done as usize),
            Goal::Write => client.write_done(buffer, done as usize),
        });
        self.telling.set(false);
    }

    /// Merges the user's bytes into the fetched sector. The next stage.
    fn merge(&self, call: &Call) -> Stage {
        let (offset, count) = call.slot();
        let clears_only = self.with_both(call, |sector, user| {
            let mut clears_only = true;
            for (old, new) in sector
                .iter_mut()
                .skip(offset as usize)
                .take(count as usize)
                .zip(user)
            {
                clears_only &= *new & !*old == 0;
                *old = *new;
            }
            clears_only
        });
        if clears_only {
            Stage::Patching(0)
        } else {
            Stage::Erasing(0)
        }
    }

    fn with_both<R: Default>(
        &self,
        call: &Call,
        work: impl FnOnce(&mut [u8; SECTOR_SIZE], &mut [u8]) -> R,
    ) -> R {
        self.sector
            .map(|sector| {
                self.user
                    .map(|user| {
                        let rest = user.get_mut(call.done as usize..).unwrap_or(&mut []);
                        work(sector, rest)
                    })
                    .unwrap_or_default()
            })
            .unwrap_or_default()
    }

    /// Where a bite of `count` bytes leads. `None`: the sector at hand is done.
    fn advance(&self, call: &Call, count: u32) -> Option<Stage> {
        let (_, slot) = call.slot();
        match call.stage {
            Stage::Reading => None,
            Stage::Fetching(done) if done.saturating_add(count) < SECTOR => {
                Some(Stage::Fetching(done.saturating_add(count)))
            }
            Stage::Fetching(_) => Some(self.merge(call)),
            Stage::Patching(done) if done.saturating_add(count) < slot => {
                Some(Stage::Patching(done.saturating_add(count)))
            }
            Stage::Erasing(done) if done.saturating_add(count) < SECTOR => {
                Some(Stage::Erasing(done.saturating_add(count)))
            }
            Stage::Erasing(_) => Some(Stage::Restoring(0)),
            Stage::Restoring(done) if done.saturating_add(count) < SECTOR => {
                Some(Stage::Restoring(done.saturating_add(count)))
            }
            Stage::Patching(_) | Stage::Restoring(_) => None,
        }
    }
}

impl<'a> NonvolatileStorage<'a> for StorageFace<'a> {
    fn set_client(&self, client: &'a dyn NonvolatileStorageClient) {
        self.client.set(client);
        self.host.notify();
    }

    fn read(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        self.submit(Goal::Read, buffer, address, length)
    }

    fn write(
        &self,
        buffer: &'static mut [u8],
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        self.submit(Goal::Write, buffer, address, length)
    }
}

impl Client for StorageFace<'_> {
    fn leases(&self) -> usize {
        usize::from(self.call.is_some())
    }

    fn has_work(&self) -> bool {
        self.call.is_some()
    }

    fn has_request(&self, scope: Scope) -> bool {
        let call = self.call.get().filter(|_| !self.in_flight.get());
        call.is_some_and(|call| scope.allows(&call.request()))
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
        let call = self.call.get()?;
        let fits = call
            .address
            .checked_add(call.length)
            .is_some_and(|end| end <= dimensions.size);
        if !fits {
            self.end(&call, 0, Err(Error::OutOfRange));
            return None;
        }
        let request = call.request();
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
        let Some(call) = self.call.get() else {
            return false;
        };
        let (offset, _) = call.slot();
        let start = match call.stage {
            Stage::Patching(done) => offset.saturating_add(done),
            Stage::Restoring(done) => done,
            Stage::Reading | Stage::Fetching(_) | Stage::Erasing(_) => return false,
        } as usize;
        self.sector
            .map(|sector| bite::fill(buffer, sector, start))
            .unwrap_or(false)
    }

    fn bitten(&self, _flight: Flight, bite: Bite<'_>) {
        self.in_flight.set(false);
        let Some(mut call) = self.call.get() else {
            return;
        };
        let (kind, count) = match bite {
            Bite::Failed(error) => {
                // What was done before is in the part, and told.
                self.end(&call, call.done, Err(error));
                return;
            }
            Bite::Opened => return,
            Bite::Programmed(count) => (Kind::Program, count),
            Bite::Erased(count) => (Kind::Erase, count),
            Bite::Read(data) => {
                self.with_both(&call, |sector, user| {
                    let target: &mut [u8] = match call.stage {
                        Stage::Fetching(done) => sector.get_mut(done as usize..).unwrap_or(&mut []),
                        Stage::Reading
                        | Stage::Patching(_)
                        | Stage::Erasing(_)
                        | Stage::Restoring(_) => user,
                    };
                    bite::copy(target, data);
                });
                (Kind::Read, data.len() as u32)
            }
        };
        self.ledger.did(kind, count);
        match self.advance(&call, count) {
            Some(stage) => call.stage = stage,
            None => {
                let step = match call.stage {
                    Stage::Reading => count,
                    Stage::Fetching(_)
                    | Stage::Patching(_)
                    | Stage::Erasing(_)
                    | Stage::Restoring(_) => call.slot().1,
                };
                call.done = call.done.saturating_add(step);
                call.stage = match call.goal {
                    Goal::Read => Stage::Reading,
                    Goal::Write => Stage::Fetching(0),
                };
                if call.done >= call.length {
                    self.end(&call, call.length, Ok(()));
                    return;
                }
            }
        }
        self.call.set(call);
    }

    fn cancel(&self, error: Error) {
        if !self.in_flight.get()
            && let Some(call) = self.call.get()
        {
            self.end(&call, call.done, Err(error));
        }
    }

    fn deferred(&self) {
        self.tell();
    }
}
