// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls of apps, driver number 0x50005.
//!
//! The interface is described in `doc/syscalls/50005_spi_nor.md`.
//!
//! # What may vanish, and what must not
//!
//! A process can die at any instant, and no capsule is told. So whatever belongs to
//! the process alone (its lease, the request that waits its turn, the upcall that is
//! owed to it) lives in its grant, and is gone with it at once. What must outlive it
//! is only the answer to the question "whose operation is the device carrying out?",
//! one [`ProcessId`], and that lives here. The buffer that the hardware uses is the
//! device's own and never a process's.
//!
//! The end of an operation then looks the owner up. If the owner is dead, entering
//! the grant fails and the result is dropped: no buffer was in the closure, so none
//! is lost. If the owner was restarted it has a new ProcessId, so the old result
//! can't reach it.
//!
//! The board calls [`Driver::sweep`] once in each pass of the kernel loop while
//! [`Driver::needs_sweep`]; then the part is kept powered for the dead no longer than one pass.
//! Without the board's help it is until the device looks next: at the next operation's end, or
//! the next accepted operation or close of anybody. The same goes for an upcall that found the
//! process's queue full: without the sweep it waits for the next command, or the device's next look.
//!
//! # Cost
//!
//! No operation visits the grants of processes that have no part in it. Who waits, who holds a
//! lease and who is owed an upcall are sets of [`SLOTS`] bits, and a process's slot is the place of
//! its region in the board's table. A dead process's bits stay until somebody looks: whoever asks
//! whether a set has a living member asks its first members, and removes those that are dead. So
//! a death costs one visit, once.
//!
//! # Fairness
//!
//! The sets are served round robin. A process that waits is overtaken by no other one twice: it
//! waits for no more bites of processes than there are other processes (a bite is what fits into
//! the device's buffer, a page, or an erase unit).

use crate::client::{
    Bite, Client, Dimensions, Flight, Host, Request, Scope, check_sectors, sector_of,
};
use crate::copying;
use crate::error::{AppError, Error};
use crate::features::{Features, Full, Owned, Place as _};
use crate::lease::{self, Lease};
use crate::otp::{Area, UNIQUE_ID_BYTES};
use crate::protection::Protection;
use crate::record::{Failure, Kind, Record};
use crate::region::{self, Access, Grants, Outside, Region};
use crate::slots::{Set, Slot};
use crate::work::{Options, Outcome, Place, Work};
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use core::num::NonZeroU8;
use kernel::errorcode::into_statuscode;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::process::ShortId;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};

pub use crate::slots::SLOTS;

/// Tock's number for this driver.
pub const DRIVER_NUM: usize = 0x50005;

/// Read-only allow: what is programmed.
const ALLOW_PROGRAM: usize = 0;
/// Read-write allow: where a read goes.
const ALLOW_READ: usize = 0;

/// The grant's type.
pub type SpiNorGrant<F = Full> = Grant<App<F>, UpcallCount<4>, AllowRoCount<1>, AllowRwCount<1>>;

/// An upcall that could not be scheduled yet.
#[derive(Clone, Copy)]
struct Owed {
    kind: Kind,
    status: Result<(), AppError>,
    done: u32,
}

impl Owed {
    /// Status and cause, as the upcall tells them.
    fn values(&self) -> (usize, usize) {
        let status = self.status.map_err(|failure| failure.code);
        let why = self
            .status
            .map_or_else(|failure| failure.why as usize, |()| 0);
        (into_statuscode(status), why)
    }
}

/// What lives in the grant.
pub struct App<F: Features> {
    /// The place of its region in the board's table, once it was looked up.
    slot: Option<Slot>,
    lease: Lease,
    work: Option<Work>,
    owed: Option<Owed>,
    record: F::Records<Record<ErrorCode>>,
    /// Of the operations to come.
    options: Options,
}

impl<F: Features> Default for App<F> {
    fn default() -> App<F> {
        let record = <F::Records<Record<ErrorCode>>>::EMPTY;
        record.put(Record::new());
        App {
            slot: None,
            lease: Lease::default(),
            work: None,
            owed: None,
            record,
            options: Options::default(),
        }
    }
}

impl<F: Features> App<F> {
    fn is_busy(&self) -> bool {
        self.work.is_some() || self.owed.is_some()
    }

    /// What it wants beside its operations.
    fn options(&self) -> Options {
        if F::OPTIONS {
            self.options
        } else {
            Options::default()
        }
    }
}

/// What is made of a process's wish in its region, unless it is refused.
type Wish<'w, F> = dyn Fn(&App<F>, &Region) -> Result<Work, ErrorCode> + 'w;

/// What the driver has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations accepted.
    pub accepted: u32,
    /// Upcalls scheduled.
    pub delivered: u32,
    /// Bites that ended when their owner was already dead.
    pub orphaned: u32,
    /// Upcalls that had to wait because the process's queue was full.
    pub deferred: u32,
    /// Bytes copied to and from processes.
    pub copied: u32,
}

/// The same as it is counted.
#[derive(Default)]
struct Tally {
    accepted: Cell<u32>,
    delivered: Cell<u32>,
    orphaned: Cell<u32>,
    deferred: Cell<u32>,
    copied: Cell<u32>,
}

fn count(number: &Cell<u32>) {
    number.set(number.get().wrapping_add(1));
}

impl Tally {
    fn counters(&self) -> Counters {
        Counters {
            accepted: self.accepted.get(),
            delivered: self.delivered.get(),
            orphaned: self.orphaned.get(),
            deferred: self.deferred.get(),
            copied: self.copied.get(),
        }
    }
}

/// Who is, or was, in each of the first `N` slots: memory for a [`Driver`], up to [`SLOTS`] of them.
pub struct Owners<const N: usize>([Cell<Option<ProcessId>>; N]);

impl<const N: usize> Owners<N> {
    /// Nobody was there yet.
    pub const fn new() -> Owners<N> {
        Owners([const { Cell::new(None) }; N])
    }
}

impl<const N: usize> Default for Owners<N> {
    fn default() -> Owners<N> {
        Owners::new()
    }
}

/// The system-call driver. It serves the apps of as many regions as it has [`Owners`] for.
pub struct Driver<'a, F: Features = Full> {
    host: &'a dyn Host,
    apps: SpiNorGrant<F>,
    regions: &'a [Region],
    owners: &'a [Cell<Option<ProcessId>>],
    /// Whose bites are in flight.
    flights: [Cell<Option<ProcessId>>; 2],
    /// The slots of these, who may have successors there by now.
    flight_slots: [Cell<Slot>; 2],
    /// Operations whose owners died before their end.
    orphans: [F::Records<NonZeroU8>; SLOTS],
    /// Have a request that is not in flight.
    waiting: Set,
    /// Hold a lease.
    held: Set,
    /// Are owed an upcall.
    owing: Set,
    /// Whose turn it is first: of all, and of those who read while something stands still. If
    /// those moved the turn of all, whoever comes behind them would never have it.
    turns: [Cell<Slot>; 2],
    tally: Tally,
}

impl<'a, F: Features> Driver<'a, F> {
    /// `regions` says which app may touch what.
    pub fn new<const N: usize>(
        host: &'a dyn Host,
        apps: SpiNorGrant<F>,
        regions: &'a [Region],
        owners: &'a Owners<N>,
    ) -> Driver<'a, F> {
        Driver {
            host,
            apps,
            regions,
            owners: &owners.0,
            flights: [const { Cell::new(None) }; 2],
            flight_slots: [const { Cell::new(Slot::FIRST) }; 2],
            orphans: [const { <F::Records<NonZeroU8>>::EMPTY }; SLOTS],
            waiting: Set::new(),
            held: Set::new(),
            owing: Set::new(),
            turns: [const { Cell::new(Slot::FIRST) }; 2],
            tally: Tally::default(),
        }
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.tally.counters()
    }

    /// Whether [`sweep`](Driver::sweep) has anything to look for.
    pub fn needs_sweep(&self) -> bool {
        !self.held.is_empty() || !self.owing.is_empty()
    }

    /// Looks whether anybody who holds a lease still lives, and for upcalls that could not be
    /// scheduled before.
    pub fn sweep(&self) {
        self.deliver_owed();
        self.has_living(&self.held);
    }

    /// Leases of the living, counted anew: for consoles and tests, since it visits every grant.
    pub fn living_leases(&self) -> usize {
        self.apps
            .iter()
            .map(|app| usize::from(app.enter(|app, _| app.lease.counts())))
            .sum()
    }

    /// All that decides what the driver does next, see
    /// [`Device::fingerprint`](crate::device::Device::fingerprint).
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        for app in self.apps.iter() {
            number(app.processid()).hash(hasher);
            app.enter(|app, _| {
                (app.slot, app.lease, app.options).hash(hasher);
                app.work.hash(hasher);
                app.owed
                    .map(|owed| (owed.kind, owed.values(), owed.done))
                    .hash(hasher);
            });
        }
        let lives = |id| self.apps.iter().any(|app| app.processid() == id);
        for flight in &self.flights {
            flight.get().map(|id| (number(id), lives(id))).hash(hasher);
        }
        let sets = [&self.waiting, &self.held, &self.owing];
        sets.map(Set::members).hash(hasher);
        self.turns.each_ref().map(Cell::get).hash(hasher);
    }

    /// Shows `visit` what is kept of a process that lives. It has no answer: the compiler can't know
    /// that upstream's `enter` always has one, and would add a panic.
    ///
    /// # Errors
    /// As upstream's. Then nothing was shown.
    #[inline(always)]
    fn visit(
        &self,
        id: ProcessId,
        mut visit: impl FnMut(&mut App<F>, &GrantKernelData),
    ) -> Result<(), kernel::process::Error> {
        if F::COMPACT {
            self.visit_at_one_place(id, &mut visit)
        } else {
            self.apps.enter(id, |app, kernel| visit(app, kernel))
        }
    }

    /// The same, for what is seldom done: each takes a lot of code.
    #[inline(never)]
    fn visit_at_one_place(
        &self,
        id: ProcessId,
        visit: &mut dyn FnMut(&mut App<F>, &GrantKernelData),
    ) -> Result<(), kernel::process::Error> {
        self.apps.enter(id, |app, kernel| visit(app, kernel))
    }

    fn owner(&self, slot: Slot) -> Option<ProcessId> {
        self.owners.get(slot.index()).and_then(Cell::get)
    }

    /// Whether a member of `set` lives. Those that are found to be dead are removed from all sets.
    fn has_living(&self, set: &Set) -> bool {
        while let Some(slot) = set.first() {
            let lives = self
                .owner(slot)
                .is_some_and(|id| self.visit(id, |_, _| ()).is_ok());
            if lives {
                return true;
            }
            self.forget(slot);
        }
        false
    }

    /// Nothing is left of who was in `slot`. Whoever finds that out, the device is to know of a lease
    /// less.
    fn forget(&self, slot: Slot) {
        if self.held.contains(slot) {
            self.host.notify();
        }
        for set in [&self.waiting, &self.held, &self.owing] {
            set.remove(slot);
        }
        self.begin_anew();
    }

    /// Once nobody holds a lease, nobody has been overtaken.
    fn begin_anew(&self) {
        if self.held.is_empty() {
            self.turns.iter().for_each(|turn| turn.set(Slot::FIRST));
        }
    }

    /// The slot of a process that calls, which it takes over from its predecessor if it has one.
    ///
    /// # Errors
    /// NODEVICE without a region, NOMEM if that is beyond those that are served.
    fn claim(&self, app: &mut App<F>, processid: ProcessId) -> Result<Slot, ErrorCode> {
        if let Some(slot) = app.slot {
            return Ok(slot);
        }
        let place = region::place_of(self.regions, processid.short_app_id());
        let slot = Slot::new(place.ok_or(ErrorCode::NODEVICE)?).ok_or(ErrorCode::NOMEM)?;
        let owner = self.owners.get(slot.index()).ok_or(ErrorCode::NOMEM)?;
        self.forget(slot);
        owner.set(Some(processid));
        app.slot = Some(slot);
        Ok(slot)
    }

    /// Sets `lease` and keeps the set of holders in step.
    fn set_lease(&self, app: &mut App<F>, lease: Lease) {
        app.lease = lease;
        if let Some(slot) = app.slot {
            self.held.put(slot, lease.counts());
            self.begin_anew();
        }
    }

    fn deliver_owed(&self) {
        if self.owing.is_empty() {
            return;
        }
        for slot in self.owing.iter() {
            let delivered = self.owner(slot).map(|id| {
                self.visit_at_one_place(id, &mut |app, kernel| {
                    if let Some(owed) = app.owed {
                        app.owed = self.deliver(kernel, owed);
                    }
                    self.owing.put(slot, app.owed.is_some());
                })
            });
            if !matches!(delivered, Some(Ok(()))) {
                self.forget(slot);
            }
        }
    }

    /// The end of an operation: the lease may end with it, and the upcall is
    /// scheduled, or owed if the process's queue is full.
    fn finish(
        &self,
        app: &mut App<F>,
        kernel: &GrantKernelData,
        kind: Kind,
        status: Result<(), AppError>,
        done: u32,
    ) {
        let work = app.work.take();
        if F::RECORDS {
            let failure = status.err().map(|error| Failure {
                error: error.code,
                kind,
                address: self.address_in_region(app, work),
                at: self.host.now(),
            });
            if let Some(record) = app.record.get_mut() {
                record.ended(failure);
            }
        }
        let (lease, _) = lease::transition(app.lease, lease::Event::Ended);
        self.set_lease(app, lease);
        app.owed = self.deliver(kernel, Owed { kind, status, done });
        if let Some(slot) = app.slot {
            self.waiting.remove(slot);
            if app.owed.is_some() {
                self.owing.insert(slot);
                count(&self.tally.deferred);
            }
        }
    }

    /// Where `work` stopped, as its app counts.
    fn address_in_region(&self, app: &App<F>, work: Option<Work>) -> u32 {
        let region = app.slot.and_then(|slot| self.regions.get(slot.index()));
        match (work, region) {
            (Some(work), Some(region)) => work.stopped_at::<F>(region.start),
            (Some(_) | None, _) => 0,
        }
    }

    /// Schedules the upcall. It comes back if the process's queue is full.
    fn deliver(&self, kernel: &GrantKernelData, owed: Owed) -> Option<Owed> {
        use kernel::upcall::UpcallError;
        let (status, why) = owed.values();
        let arguments = (status, owed.done as usize, why);
        match kernel.schedule_upcall(owed.kind as usize, arguments) {
            Ok(()) => {
                count(&self.tally.delivered);
                None
            }
            Err(UpcallError::QueueFull) => Some(owed),
            // The process is gone: nobody is owed anything.
            Err(UpcallError::KernelError | UpcallError::InvalidSubscribeNum) => None,
        }
    }

    fn copied(&self, bytes: usize) {
        let copied = &self.tally.copied;
        copied.set(copied.get().wrapping_add(bytes as u32));
    }

    /// Begins what `work` makes of a process's wish, unless it refuses.
    fn begin(&self, processid: ProcessId, work: &Wish<'_, F>) -> Result<(), ErrorCode> {
        let mut accepted = Ok(());
        self.visit(processid, |app, kernel| {
            accepted = self.claim(app, processid).and_then(|slot| {
                let region = self.regions.get(slot.index());
                let work = work(app, region.ok_or(ErrorCode::NODEVICE)?)?;
                self.accept(app, kernel, slot, work)
            });
        })?;
        accepted?;
        self.host.begin_work();
        Ok(())
    }

    fn command_open(&self, processid: ProcessId) -> Result<(), ErrorCode> {
        let open = Work::new(Kind::Open, Place::Array, 0, 0, Options::default());
        self.begin(processid, &|_, _| Ok(open))
    }

    fn command_operation(
        &self,
        processid: ProcessId,
        kind: Kind,
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        self.begin(processid, &|app, region| {
            // What the board wants verified is not done unverified.
            let wants_more = !F::OPTIONS && region.access.grants().has(Grants::VERIFIED);
            if kind.changes() && (wants_more || !region.access.writes()) {
                return Err(ErrorCode::NOSUPPORT);
            }
            let (address, length) = narrow(address, length)?;
            let absolute = region
                .translate(address, length)
                .map_err(|Outside| ErrorCode::INVAL)?;
            if kind == Kind::Erase {
                check_sectors(self.host, address, length)?;
            }
            let options = self.options(app, region);
            Ok(Work::new(kind, Place::Array, absolute, length, options))
        })
    }

    /// What the app wants beside its operations, and what its board wants.
    fn options(&self, app: &App<F>, region: &Region) -> Options {
        if F::OPTIONS && region.access.grants().has(Grants::VERIFIED) {
            app.options().and(Options::VERIFY)
        } else {
            app.options()
        }
    }

    /// What is not in the app's region: only for those whom the board has granted it.
    fn command_beside(
        &self,
        processid: ProcessId,
        (kind, place, grant): (Kind, Place, Grants),
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        self.begin(processid, &|app, region| {
            let grants = region.access.grants();
            if !grants.has(grant) {
                return Err(ErrorCode::NOSUPPORT);
            }
            let (address, length) = narrow(address, length)?;
            // While the part is not known, its own look at the range has to do.
            let size = match (place, self.host.extras()) {
                (Place::Array | Place::Protection { .. }, _) | (_, None) => None,
                (Place::Otp, Some(known)) => Some(known.otp.ok_or(ErrorCode::NOSUPPORT)?.size),
                (Place::UniqueId, Some(known)) if known.unique_id => Some(UNIQUE_ID_BYTES as u32),
                (Place::UniqueId, Some(_)) => return Err(ErrorCode::NOSUPPORT),
            };
            let end = address.checked_add(length).ok_or(ErrorCode::INVAL)?;
            if size.is_some_and(|size| end > size) {
                return Err(ErrorCode::INVAL);
            }
            let options = self.options(app, region);
            // A comparison tells what is there, also if nothing is programmed.
            let compares = kind == Kind::Program && app.options().has(Options::VERIFY);
            if compares && !grants.has(Grants::READ_OTP) {
                return Err(ErrorCode::NOSUPPORT);
            }
            Ok(Work::new(kind, place, address, length, options))
        })
    }

    fn command_options(&self, processid: ProcessId, number: usize) -> Result<(), ErrorCode> {
        let options = Options::from_number(number).ok_or(ErrorCode::INVAL)?;
        let mut taken = Ok(());
        self.visit_at_one_place(processid, &mut |app, _| {
            taken = self.claim(app, processid).and_then(|_| {
                if app.is_busy() {
                    return Err(ErrorCode::BUSY);
                }
                app.options = options;
                Ok(())
            });
        })?;
        taken
    }

    /// What is protected of the app's region: 0 nothing, 1 this, 2 nobody knows what.
    fn protection_of(&self, processid: ProcessId) -> Result<(u32, u32, u32), ErrorCode> {
        let region = region::of(self.regions, processid.short_app_id());
        let region = region.ok_or(ErrorCode::NODEVICE)?;
        let known = self.host.extras().ok_or(ErrorCode::RESERVE)?;
        Ok(match known.protection {
            Protection::None => (0, 0, 0),
            Protection::Unknown => (2, 0, region.length),
            Protection::Range { start, length } => {
                let end = start.saturating_add(length).saturating_sub(region.start);
                let start = start.saturating_sub(region.start);
                match end.min(region.length).saturating_sub(start) {
                    0 => (0, 0, 0),
                    length => (1, start, length),
                }
            }
        })
    }

    fn accept(
        &self,
        app: &mut App<F>,
        kernel: &GrantKernelData,
        slot: Slot,
        work: Work,
    ) -> Result<(), ErrorCode> {
        let kind = work.kind();
        let length = work.length() as usize;
        self.host.accepts()?;
        if app.lease == Lease::Revoking {
            return Err(ErrorCode::RESERVE);
        }
        if app.is_busy() {
            return Err(ErrorCode::BUSY);
        }
        let shared = match kind {
            Kind::Open | Kind::Erase => length,
            Kind::Read => kernel
                .get_readwrite_processbuffer(ALLOW_READ)
                .map_or(0, |buffer| buffer.len()),
            Kind::Program => kernel
                .get_readonly_processbuffer(ALLOW_PROGRAM)
                .map_or(0, |buffer| buffer.len()),
        };
        if shared < length {
            return Err(ErrorCode::SIZE);
        }
        let (lease, _) = lease::transition(app.lease, lease::Event::Use);
        self.set_lease(app, lease);
        count(&self.tally.accepted);
        if length == 0 && kind != Kind::Open {
            self.finish(app, kernel, kind, Ok(()), 0);
        } else {
            app.work = Some(work);
            self.waiting.insert(slot);
        }
        Ok(())
    }

    fn command_close(&self, processid: ProcessId) -> Result<(), ErrorCode> {
        let mut answer = lease::Answer::NothingHeld;
        self.visit_at_one_place(processid, &mut |app, _| {
            let event = if app.work.is_some() {
                lease::Event::CloseBusy
            } else {
                lease::Event::CloseQuiet
            };
            let (lease, told) = lease::transition(app.lease, event);
            self.set_lease(app, lease);
            answer = told;
        })?;
        match answer {
            lease::Answer::Granted => {}
            lease::Answer::NothingHeld => return Err(ErrorCode::ALREADY),
            lease::Answer::Revoked => return Err(ErrorCode::RESERVE),
        }
        self.host.notify();
        Ok(())
    }

    fn request(&self, work: &Work) -> Request {
        work.request::<F>(sector_of(self.host))
    }

    /// What was read is not for the app, but about its own bytes.
    ///
    /// # Errors
    /// SIZE if its buffer has become too short for it.
    fn look(
        &self,
        kernel: &GrantKernelData,
        work: &mut Work,
        data: &[u8],
    ) -> Result<Outcome, ErrorCode> {
        let sector = sector_of(self.host);
        let mut outcome = Err(ErrorCode::SIZE);
        if work.kind() == Kind::Program {
            let _gone = kernel
                .get_readonly_processbuffer(ALLOW_PROGRAM)
                .and_then(|shared| {
                    shared.enter(|shared| {
                        let start = work.offset::<F>() as usize;
                        let end = start.saturating_add(data.len());
                        if let Some(part) = shared.get(start..end) {
                            let differs = || {
                                let mut pairs = part.iter().zip(data);
                                pairs.position(|(theirs, read)| theirs.get() != *read)
                            };
                            outcome = Ok(work.looked::<F>(data, sector, |_, _| {
                                differs().map(|index| index as u32)
                            }));
                        }
                    })
                });
        } else {
            outcome = Ok(work.looked::<F>(data, sector, |_, _| None));
        }
        outcome
    }

    /// What was done for a process in this life.
    ///
    /// # Errors
    /// INVAL or FAIL if it is not among the living, NOMEM if it has no memory left for the kernel's
    /// share, NOSUPPORT without [`Features::Records`].
    pub fn record_of(&self, processid: ProcessId) -> Result<Record<ErrorCode>, ErrorCode> {
        let mut record = None;
        self.visit_at_one_place(processid, &mut |app, _| record = app.record.get())?;
        record.ok_or(ErrorCode::NOSUPPORT)
    }

    /// The same of all that live and have used the driver, for consoles.
    pub fn records(&self) -> impl Iterator<Item = (ProcessId, Record<ErrorCode>)> + '_ {
        self.apps.iter().filter_map(|app| {
            let id = app.processid();
            // Not what the closure returns, see `visit`.
            let mut record = None;
            app.enter(|app, _| record = app.record.get());
            Some((id, record?))
        })
    }

    /// How many operations of an app's earlier lives, at most 255, ended without their owner.
    pub fn orphans_of(&self, processid: ProcessId) -> u8 {
        region::place_of(self.regions, processid.short_app_id())
            .and_then(|place| self.orphans.get(place)?.get())
            .map_or(0, NonZeroU8::get)
    }

    fn command_record(&self, processid: ProcessId, which: usize) -> CommandReturn {
        if which == 3 {
            return CommandReturn::success_u32(u32::from(self.orphans_of(processid)));
        }
        let record = match self.record_of(processid) {
            Ok(record) => record,
            Err(error) => return CommandReturn::failure(error),
        };
        let (first, second, third) = match (which, record.last) {
            (0, last) => {
                let error = last.map_or(0, |last| last.error as u32);
                (record.ended, record.failed, error)
            }
            (1, _) => (
                record.read_bytes,
                record.programmed_bytes,
                record.erased_bytes,
            ),
            (2, Some(last)) => (last.kind as u32, last.address, last.at),
            (2, None) => (0, 0, 0),
            (_, _) => return CommandReturn::failure(ErrorCode::INVAL),
        };
        CommandReturn::success_u32_u32_u32(first, second, third)
    }

    fn region_of(&self, processid: ProcessId) -> (u32, u32) {
        match region::of(self.regions, processid.short_app_id()) {
            None => (0, 0),
            Some(region) => match region.access {
                Access::ReadOnly => (region.length, 1),
                Access::ReadWrite | Access::ReadWriteAnd(_) => (region.length, 2),
            },
        }
    }
}

/// What an app asks for, where, and what its board must have granted it.
const UNLOCK: (Kind, Place, Grants) = protection(true);
const RELOCK: (Kind, Place, Grants) = protection(false);
const READ_OTP: (Kind, Place, Grants) = (Kind::Read, Place::Otp, Grants::READ_OTP);
const PROGRAM_OTP: (Kind, Place, Grants) = (Kind::Program, Place::Otp, Grants::WRITE_OTP);
const ERASE_OTP: (Kind, Place, Grants) = (Kind::Erase, Place::Otp, Grants::WRITE_OTP);
const READ_UNIQUE_ID: (Kind, Place, Grants) = (Kind::Read, Place::UniqueId, Grants::READ_OTP);

const fn protection(cleared: bool) -> (Kind, Place, Grants) {
    (Kind::Open, Place::Protection { cleared }, Grants::UNLOCK)
}

/// Bytes of the area, and of what can be erased of it at once.
fn sizes(area: Area) -> (u32, u32) {
    (area.size, area.erase_unit())
}

/// As the part counts.
///
/// # Errors
/// INVAL beyond 4 GiB.
fn narrow(address: usize, length: usize) -> Result<(u32, u32), ErrorCode> {
    let narrow = |number: usize| u32::try_from(number).map_err(|_| ErrorCode::INVAL);
    Ok((narrow(address)?, narrow(length)?))
}

/// The app's fixed number, 0 if it has none.
fn number(id: ProcessId) -> u32 {
    match id.short_app_id() {
        ShortId::Fixed(number) => number.get(),
        ShortId::LocallyUnique => 0,
    }
}

impl<F: Features> Client for Driver<'_, F> {
    fn leases(&self) -> usize {
        self.has_living(&self.held);
        self.held.count()
    }

    fn has_work(&self) -> bool {
        self.has_living(&self.waiting)
    }

    fn has_request(&self, scope: Scope) -> bool {
        // Nobody asks who suspends nothing.
        F::SUSPENDS
            && self.waiting.iter().any(|slot| {
                let mut allows = false;
                if let Some(id) = self.owner(slot) {
                    let _dead = self.visit(id, |app, _| {
                        allows = app
                            .work
                            .is_some_and(|work| scope.allows(&self.request(&work)));
                    });
                }
                allows
            })
    }

    fn next_request(
        &self,
        flight: Flight,
        dimensions: &Dimensions,
        scope: Scope,
    ) -> Option<Request> {
        // Whoever is passed by stays in the set.
        let mut left = self.waiting.members();
        let scope = if F::SUSPENDS { scope } else { Scope::All };
        let turn = scope.of(&self.turns);
        while let Some(slot) = turn.get().next_in(left) {
            left &= !slot.bit();
            let Some(processid) = self.owner(slot) else {
                self.forget(slot);
                continue;
            };
            let mut next = None;
            let entered = self.visit(processid, |app, kernel| {
                let Some(work) = app.work else {
                    self.waiting.remove(slot);
                    return;
                };
                if !work.fits::<F>(dimensions.size) {
                    let failure = ErrorCode::INVAL.into();
                    self.finish(app, kernel, work.kind(), Err(failure), work.done());
                    return;
                }
                next = Some(work.request::<F>(dimensions.sector))
                    .filter(|request| !F::SUSPENDS || scope.allows(request));
            });
            match (entered, next) {
                (Err(_), _) => self.forget(slot),
                (Ok(()), None) => {}
                (Ok(()), Some(request)) => {
                    self.waiting.remove(slot);
                    turn.set(slot.next());
                    flight.of(&self.flights).set(Some(processid));
                    flight.of(&self.flight_slots).set(slot);
                    return Some(request);
                }
            }
        }
        None
    }

    fn pipelines(&self) -> bool {
        F::PIPELINES
    }

    fn goes_on(&self, flight: Flight, next: Flight) -> bool {
        if !F::PIPELINES {
            return false;
        }
        let Some(processid) = flight.of(&self.flights).get() else {
            return false;
        };
        if !self.waiting.is_empty() {
            return false;
        }
        let mut goes_on = false;
        let _dead = self.visit(processid, |app, _| {
            goes_on = app.work.is_some_and(|work| work.is_straight::<F>());
        });
        if goes_on {
            next.of(&self.flights).set(Some(processid));
            let slot = flight.of(&self.flight_slots).get();
            next.of(&self.flight_slots).set(slot);
        }
        goes_on
    }

    fn fill(&self, flight: Flight, skip: u32, buffer: &mut [u8]) -> bool {
        let Some(processid) = flight.of(&self.flights).get() else {
            return false;
        };
        let mut filled = false;
        let _dead = self.visit(processid, |app, kernel| {
            let Some(work) = app.work else {
                return;
            };
            let start = work.offset::<F>().saturating_add(skip) as usize;
            let end = start.saturating_add(buffer.len());
            self.copied(buffer.len());
            filled = kernel
                .get_readonly_processbuffer(ALLOW_PROGRAM)
                .and_then(|shared| {
                    shared.enter(|shared| {
                        shared
                            .get(start..end)
                            .is_some_and(|part| copying::from_process(part, buffer))
                    })
                })
                .unwrap_or(false);
            if !filled && skip == 0 {
                let failure = ErrorCode::SIZE.into();
                self.finish(app, kernel, work.kind(), Err(failure), work.done());
            }
        });
        // With bytes in flight before them, the bite in flight is what ends the request.
        if !filled && skip == 0 {
            flight.of(&self.flights).set(None);
        }
        filled
    }

    fn bitten(&self, flight: Flight, bite: Bite<'_>) {
        let Some(processid) = flight.of(&self.flights).take() else {
            return;
        };
        // The next bite of the same request may be on the wires already.
        let later = flight.other().of(&self.flights);
        let entered = self.visit(processid, |app, kernel| {
            let Some(work) = &mut app.work else {
                return;
            };
            let outcome = match bite {
                Bite::Opened => Ok(work.advance::<F>(0)),
                Bite::Programmed(count) | Bite::Erased(count) => {
                    if let Some(record) = app.record.get_mut() {
                        record.did(work.kind(), count);
                    }
                    Ok(work.advance::<F>(count))
                }
                Bite::Read(data) => {
                    self.copied(data.len());
                    if !F::OPTIONS || work.is_read() {
                        hand_over(kernel, work.offset::<F>() as usize, data).map(|count| {
                            if let Some(record) = app.record.get_mut() {
                                record.did(Kind::Read, count);
                            }
                            work.advance::<F>(count)
                        })
                    } else {
                        self.look(kernel, work, data)
                    }
                    .map_err(AppError::from)
                }
                Bite::Failed(error) => Err(error.into()),
            };
            let goes_on = F::PIPELINES && later.get() == Some(processid);
            let status = match outcome {
                Ok(Outcome::GoesOn) => {
                    if let Some(slot) = app.slot.filter(|_| !goes_on) {
                        self.waiting.insert(slot);
                    }
                    return;
                }
                Ok(Outcome::Over(status)) => status.map_err(AppError::from),
                Err(failure) => Err(failure),
            };
            if goes_on {
                // What it reads is of no use to anybody.
                later.set(None);
            }
            let (kind, done) = (work.kind(), work.done());
            self.finish(app, kernel, kind, status, done);
        });
        if entered.is_err() {
            count(&self.tally.orphaned);
            let slot = flight.of(&self.flight_slots).get();
            if let Some(orphans) = self.orphans.get(slot.index()) {
                let before = orphans.get();
                orphans.put(before.map_or(NonZeroU8::MIN, |number| number.saturating_add(1)));
            }
        }
    }

    fn cancel(&self, error: Error) {
        for slot in self.waiting.iter() {
            let cancelled = self.owner(slot).map(|id| {
                self.visit_at_one_place(id, &mut |app, kernel| {
                    if let Some(work) = app.work {
                        let (kind, done) = (work.kind(), work.done());
                        self.finish(app, kernel, kind, Err(error.into()), done);
                    }
                })
            });
            if !matches!(cancelled, Some(Ok(()))) {
                self.forget(slot);
            }
        }
    }

    fn deferred(&self) {
        self.deliver_owed();
    }
}

/// Copies what was read into the process's buffer.
///
/// # Errors
/// SIZE if the buffer has become too short for it.
fn hand_over(kernel: &GrantKernelData, start: usize, data: &[u8]) -> Result<u32, ErrorCode> {
    let end = start.checked_add(data.len()).ok_or(ErrorCode::SIZE)?;
    let copied = kernel
        .get_readwrite_processbuffer(ALLOW_READ)
        .and_then(|shared| {
            shared.mut_enter(|shared| {
                shared
                    .get(start..end)
                    .is_some_and(|part| copying::to_process(part, data))
            })
        })
        .unwrap_or(false);
    if copied {
        Ok(data.len() as u32)
    } else {
        Err(ErrorCode::SIZE)
    }
}

impl<F: Features> SyscallDriver for Driver<'_, F> {
    fn command(
        &self,
        command_num: usize,
        r2: usize,
        r3: usize,
        processid: ProcessId,
    ) -> CommandReturn {
        self.deliver_owed();
        let result = match command_num {
            0 => Ok(()),
            1 => {
                let (length, access) = self.region_of(processid);
                return CommandReturn::success_u32_u32(length, access);
            }
            2 => {
                return match self.host.dimensions() {
                    Some(known) => {
                        CommandReturn::success_u32_u32_u32(known.sector, known.page, known.size)
                    }
                    None => CommandReturn::failure(ErrorCode::RESERVE),
                };
            }
            3 => self.command_open(processid),
            4 => self.command_close(processid),
            5 => self.command_operation(processid, Kind::Read, r2, r3),
            6 => self.command_operation(processid, Kind::Program, r2, r3),
            7 => self.command_operation(processid, Kind::Erase, r2, r3),
            8 if F::RECORDS => return self.command_record(processid, r2),
            9 if F::OPTIONS => self.command_options(processid, r2),
            10 if F::ASIDES => {
                return match self.protection_of(processid) {
                    Ok((known, start, length)) => {
                        CommandReturn::success_u32_u32_u32(known, start, length)
                    }
                    Err(error) => CommandReturn::failure(error),
                };
            }
            11 if F::ASIDES => self.command_beside(processid, UNLOCK, 0, 0),
            12 if F::ASIDES => self.command_beside(processid, RELOCK, 0, 0),
            13 if F::ASIDES => {
                return match self.host.extras() {
                    Some(known) => {
                        let (size, unit) = known.otp.map_or((0, 0), sizes);
                        let id = if known.unique_id {
                            UNIQUE_ID_BYTES as u32
                        } else {
                            0
                        };
                        CommandReturn::success_u32_u32_u32(size, unit, id)
                    }
                    None => CommandReturn::failure(ErrorCode::RESERVE),
                };
            }
            14 if F::ASIDES => self.command_beside(processid, READ_OTP, r2, r3),
            15 if F::ASIDES => self.command_beside(processid, PROGRAM_OTP, r2, r3),
            16 if F::ASIDES => self.command_beside(processid, ERASE_OTP, r2, r3),
            17 if F::ASIDES => self.command_beside(processid, READ_UNIQUE_ID, 0, r2),
            _ => Err(ErrorCode::NOSUPPORT),
        };
        match result {
            Ok(()) => CommandReturn::success(),
            Err(error) => CommandReturn::failure(error),
        }
    }

    fn allocate_grant(&self, processid: ProcessId) -> Result<(), kernel::process::Error> {
        self.visit_at_one_place(processid, &mut |_, _| {})
    }
}
