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
//! [`Driver::needs_sweep`]; then a lease is gone within one pass of its owner's death.
//! Without the board's help it is gone at the next operation's end, or at the next
//! accepted operation or close of anybody. The same goes for an upcall that found the process's
//! queue full: without the sweep it waits for the next command, or the device's next look.

use crate::client::{Bite, Client, Dimensions, Host, Request};
use crate::error::Error;
use crate::lease::{self, Lease};
use crate::region::{self, Access, Outside, Region};
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::errorcode::into_statuscode;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::process::ShortId;
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::OptionalCell;
use kernel::{ErrorCode, ProcessId};

/// Tock's number for this driver.
pub const DRIVER_NUM: usize = 0x50005;

/// What erases are checked against while the part is not known: no part's sector is told
/// to be smaller. One that is larger refuses when the erase's turn comes.
const SECTOR: u32 = 4096;

/// Read-only allow: what is programmed.
const ALLOW_PROGRAM: usize = 0;
/// Read-write allow: where a read goes.
const ALLOW_READ: usize = 0;

/// The grant's type.
pub type SpiNorGrant = Grant<App, UpcallCount<4>, AllowRoCount<1>, AllowRwCount<1>>;

/// What an app can ask for. The discriminant is the number of its upcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Open = 0,
    Read = 1,
    Program = 2,
    Erase = 3,
}

/// A request that waits or is in flight, in addresses of the part.
#[derive(Clone, Copy)]
struct Work {
    kind: Kind,
    address: u32,
    length: u32,
    done: u32,
    ticket: u32,
}

/// An upcall that could not be scheduled yet.
#[derive(Clone, Copy)]
struct Owed {
    kind: Kind,
    status: Result<(), ErrorCode>,
    done: u32,
}

/// What lives in the grant.
#[derive(Default)]
pub struct App {
    lease: Lease,
    work: Option<Work>,
    owed: Option<Owed>,
}

impl App {
    fn is_busy(&self) -> bool {
        self.work.is_some() || self.owed.is_some()
    }
}

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
}

/// The system-call driver.
pub struct Driver<'a> {
    host: &'a dyn Host,
    apps: SpiNorGrant,
    regions: &'a [Region],
    serving: OptionalCell<ProcessId>,
    next_ticket: Cell<u32>,
    leases: Cell<usize>,
    owing: Cell<bool>,
    counters: Cell<Counters>,
}

impl<'a> Driver<'a> {
    /// `regions` says which app may touch what.
    pub fn new(host: &'a dyn Host, apps: SpiNorGrant, regions: &'a [Region]) -> Driver<'a> {
        Driver {
            host,
            apps,
            regions,
            serving: OptionalCell::empty(),
            next_ticket: Cell::new(0),
            leases: Cell::new(0),
            owing: Cell::new(false),
            counters: Cell::new(Counters::default()),
        }
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.counters.get()
    }

    /// Whether [`sweep`](Driver::sweep) has anything to look for.
    pub fn needs_sweep(&self) -> bool {
        self.leases.get() > 0 || self.owing.get()
    }

    /// Looks for leases of processes that have died since, and for upcalls that
    /// could not be scheduled before.
    pub fn sweep(&self) {
        self.deliver_owed();
        let before = self.leases.get();
        if self.count_leases() != before {
            self.host.notify();
        }
    }

    /// Leases of the living, counted anew.
    pub fn living_leases(&self) -> usize {
        self.apps
            .iter()
            .map(|app| usize::from(app.enter(|app, _| app.lease.counts())))
            .sum()
    }

    /// All that decides what the driver does next, see
    /// [`Device::fingerprint`](crate::device::Device::fingerprint).
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        let now = self.next_ticket.get();
        let waited = |app: &App| app.work.map(|work| now.wrapping_sub(work.ticket));
        for app in self.apps.iter() {
            number(app.processid()).hash(hasher);
            let own = app.enter(|app, _| {
                app.lease.hash(hasher);
                app.work
                    .map(|work| (work.kind, work.address, work.length, work.done))
                    .hash(hasher);
                app.owed
                    .map(|owed| (owed.kind, into_statuscode(owed.status), owed.done))
                    .hash(hasher);
                waited(app)
            });
            // Tickets only order those who wait.
            let before = self.apps.iter().map(|app| {
                let longer = app.enter(|app, _| waited(app) > own);
                u32::from(longer)
            });
            before.sum::<u32>().hash(hasher);
        }
        let serving = self.serving.get();
        let lives = |id| self.apps.iter().any(|app| app.processid() == id);
        serving.map(|id| (number(id), lives(id))).hash(hasher);
        (self.leases.get(), self.owing.get()).hash(hasher);
    }

    fn count_leases(&self) -> usize {
        let count = self.living_leases();
        self.leases.set(count);
        count
    }

    fn deliver_owed(&self) {
        if !self.owing.get() {
            return;
        }
        let mut owing = false;
        for app in self.apps.iter() {
            app.enter(|app, kernel| {
                if let Some(owed) = app.owed {
                    app.owed = self.deliver(kernel, owed);
                }
                owing |= app.owed.is_some();
            });
        }
        self.owing.set(owing);
    }

    /// The end of an operation: the lease may end with it, and the upcall is
    /// scheduled, or owed if the process's queue is full.
    fn finish(
        &self,
        app: &mut App,
        kernel: &GrantKernelData,
        kind: Kind,
        status: Result<(), ErrorCode>,
        done: u32,
    ) {
        app.work = None;
        let (lease, _) = lease::transition(app.lease, lease::Event::Ended);
        app.lease = lease;
        app.owed = self.deliver(kernel, Owed { kind, status, done });
        if app.owed.is_some() {
            self.owing.set(true);
            self.count(|counters| &mut counters.deferred);
        }
    }

    /// Schedules the upcall. It comes back if the process's queue is full.
    fn deliver(&self, kernel: &GrantKernelData, owed: Owed) -> Option<Owed> {
        use kernel::upcall::UpcallError;
        let arguments = (into_statuscode(owed.status), owed.done as usize, 0);
        match kernel.schedule_upcall(owed.kind as usize, arguments) {
            Ok(()) => {
                self.count(|counters| &mut counters.delivered);
                None
            }
            Err(UpcallError::QueueFull) => Some(owed),
            // The process is gone: nobody is owed anything.
            Err(UpcallError::KernelError | UpcallError::InvalidSubscribeNum) => None,
        }
    }

    fn count(&self, field: fn(&mut Counters) -> &mut u32) {
        let mut counters = self.counters.get();
        let field = field(&mut counters);
        *field = field.wrapping_add(1);
        self.counters.set(counters);
    }

    fn ticket(&self) -> u32 {
        let ticket = self.next_ticket.get();
        self.next_ticket.set(ticket.wrapping_add(1));
        ticket
    }

    /// The process whose request has waited longest.
    fn first_waiting(&self) -> Option<ProcessId> {
        let now = self.next_ticket.get();
        let mut first: Option<(u32, ProcessId)> = None;
        for app in self.apps.iter() {
            let id = app.processid();
            let waited = app.enter(|app, _| app.work.map(|work| now.wrapping_sub(work.ticket)));
            if let Some(waited) = waited
                && first.is_none_or(|(longest, _)| waited > longest)
            {
                first = Some((waited, id));
            }
        }
        first.map(|(_, id)| id)
    }

    fn command_open(&self, processid: ProcessId) -> Result<(), ErrorCode> {
        region::of(self.regions, processid.short_app_id()).ok_or(ErrorCode::NODEVICE)?;
        self.accept(processid, Kind::Open, 0, 0)
    }

    fn command_operation(
        &self,
        processid: ProcessId,
        kind: Kind,
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        let region =
            region::of(self.regions, processid.short_app_id()).ok_or(ErrorCode::NODEVICE)?;
        match (kind, region.access) {
            (Kind::Program | Kind::Erase, Access::ReadOnly) => return Err(ErrorCode::NOSUPPORT),
            (Kind::Open | Kind::Read, Access::ReadOnly) | (_, Access::ReadWrite) => {}
        }
        let address = u32::try_from(address).map_err(|_| ErrorCode::INVAL)?;
        let length = u32::try_from(length).map_err(|_| ErrorCode::INVAL)?;
        let absolute = region
            .translate(address, length)
            .map_err(|Outside| ErrorCode::INVAL)?;
        let sector = self.host.dimensions().map_or(SECTOR, |known| known.sector);
        // Not `%`: the compiler can't know that a sector is never 0 bytes, and would add a panic.
        let whole = address.is_multiple_of(sector) && length.is_multiple_of(sector);
        if kind == Kind::Erase && !whole {
            return Err(ErrorCode::INVAL);
        }
        self.accept(processid, kind, absolute, length)
    }

    fn accept(
        &self,
        processid: ProcessId,
        kind: Kind,
        address: u32,
        length: u32,
    ) -> Result<(), ErrorCode> {
        self.host.accepts()?;
        let ticket = self.ticket();
        self.apps
            .enter(processid, |app, kernel| {
                let shared = match kind {
                    Kind::Open | Kind::Erase => length as usize,
                    Kind::Read => kernel
                        .get_readwrite_processbuffer(ALLOW_READ)
                        .map_or(0, |buffer| buffer.len()),
                    Kind::Program => kernel
                        .get_readonly_processbuffer(ALLOW_PROGRAM)
                        .map_or(0, |buffer| buffer.len()),
                };
                if app.lease == Lease::Revoking {
                    return Err(ErrorCode::RESERVE);
                }
                if app.is_busy() {
                    return Err(ErrorCode::BUSY);
                }
                if shared < length as usize {
                    return Err(ErrorCode::SIZE);
                }
                let (lease, _) = lease::transition(app.lease, lease::Event::Use);
                app.lease = lease;
                self.count(|counters| &mut counters.accepted);
                if length == 0 && kind != Kind::Open {
                    self.finish(app, kernel, kind, Ok(()), 0);
                } else {
                    app.work = Some(Work {
                        kind,
                        address,
                        length,
                        done: 0,
                        ticket,
                    });
                }
                Ok(())
            })
            .map_err(ErrorCode::from)??;
        self.count_leases();
        self.host.notify();
        Ok(())
    }

    fn command_close(&self, processid: ProcessId) -> Result<(), ErrorCode> {
        self.apps
            .enter(processid, |app, _| {
                let event = if app.work.is_some() {
                    lease::Event::CloseBusy
                } else {
                    lease::Event::CloseQuiet
                };
                let (lease, answer) = lease::transition(app.lease, event);
                app.lease = lease;
                match answer {
                    lease::Answer::Granted => Ok(()),
                    lease::Answer::NothingHeld => Err(ErrorCode::ALREADY),
                    lease::Answer::Revoked => Err(ErrorCode::RESERVE),
                }
            })
            .map_err(ErrorCode::from)??;
        self.count_leases();
        self.host.notify();
        Ok(())
    }

    fn region_of(&self, processid: ProcessId) -> (u32, u32) {
        match region::of(self.regions, processid.short_app_id()) {
            None => (0, 0),
            Some(region) => match region.access {
                Access::ReadOnly => (region.length, 1),
                Access::ReadWrite => (region.length, 2),
            },
        }
    }
}

/// The app's fixed number, 0 if it has none.
fn number(id: ProcessId) -> u32 {
    match id.short_app_id() {
        ShortId::Fixed(number) => number.get(),
        ShortId::LocallyUnique => 0,
    }
}

impl Client for Driver<'_> {
    fn leases(&self) -> usize {
        self.count_leases()
    }

    fn has_work(&self) -> bool {
        self.apps
            .iter()
            .any(|app| app.enter(|app, _| app.work.is_some()))
    }

    fn next_request(&self, dimensions: &Dimensions) -> Option<Request> {
        loop {
            let processid = self.first_waiting()?;
            let request = self
                .apps
                .enter(processid, |app, kernel| {
                    let work = app.work?;
                    let fits = work
                        .address
                        .checked_add(work.length)
                        .is_some_and(|end| end <= dimensions.size);
                    if !fits {
                        self.finish(app, kernel, work.kind, Err(ErrorCode::INVAL), work.done);
                        return None;
                    }
                    let address = work.address.saturating_add(work.done);
                    let length = work.length.saturating_sub(work.done);
                    Some(match work.kind {
                        Kind::Open => Request::Open,
                        Kind::Read => Request::Read { address, length },
                        Kind::Program => Request::Program { address, length },
                        Kind::Erase => Request::Erase { address, length },
                    })
                })
                .ok()
                .flatten();
            if let Some(request) = request {
                self.serving.set(processid);
                return Some(request);
            }
        }
    }

    fn fill(&self, buffer: &mut [u8]) -> bool {
        let Some(processid) = self.serving.get() else {
            return false;
        };
        let filled = self
            .apps
            .enter(processid, |app, kernel| {
                let work = app.work?;
                let start = work.done as usize;
                let end = start.checked_add(buffer.len())?;
                let copied = kernel
                    .get_readonly_processbuffer(ALLOW_PROGRAM)
                    .and_then(|shared| {
                        shared.enter(|shared| {
                            shared
                                .get(start..end)
                                .is_some_and(|part| part.copy_to_slice_or_err(buffer).is_ok())
                        })
                    })
                    .unwrap_or(false);
                if !copied {
                    self.finish(app, kernel, work.kind, Err(ErrorCode::SIZE), work.done);
                }
                Some(copied)
            })
            .ok()
            .flatten()
            .unwrap_or(false);
        if !filled {
            self.serving.clear();
        }
        filled
    }

    fn bitten(&self, bite: Bite<'_>) {
        let Some(processid) = self.serving.take() else {
            return;
        };
        let ticket = self.ticket();
        let entered = self.apps.enter(processid, |app, kernel| {
            let Some(mut work) = app.work else {
                return;
            };
            let done = match bite {
                Bite::Opened => Ok(0),
                Bite::Programmed(count) | Bite::Erased(count) => Ok(count),
                Bite::Read(data) => hand_over(kernel, work.done as usize, data),
                Bite::Failed(error) => Err(error.into()),
            };
            match done {
                Ok(count) => {
                    work.done = work.done.saturating_add(count);
                    if work.done >= work.length {
                        self.finish(app, kernel, work.kind, Ok(()), work.done);
                    } else {
                        work.ticket = ticket;
                        app.work = Some(work);
                    }
                }
                Err(error) => self.finish(app, kernel, work.kind, Err(error), work.done),
            }
        });
        if entered.is_err() {
            self.count(|counters| &mut counters.orphaned);
        }
    }

    fn cancel(&self, error: Error) {
        let serving = self.serving.get();
        for app in self.apps.iter() {
            if serving == Some(app.processid()) {
                continue;
            }
            app.enter(|app, kernel| {
                if let Some(work) = app.work {
                    self.finish(app, kernel, work.kind, Err(error.into()), work.done);
                }
            });
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
                    .is_some_and(|part| part.copy_from_slice_or_err(data).is_ok())
            })
        })
        .unwrap_or(false);
    if copied {
        Ok(data.len() as u32)
    } else {
        Err(ErrorCode::SIZE)
    }
}

impl SyscallDriver for Driver<'_> {
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
            _ => Err(ErrorCode::NOSUPPORT),
        };
        match result {
            Ok(()) => CommandReturn::success(),
            Err(error) => CommandReturn::failure(error),
        }
    }

    fn allocate_grant(&self, processid: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(processid, |_, _| {})
    }
}
