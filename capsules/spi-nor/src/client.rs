// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Who has work for the part.
//!
//! Clients keep their own work; the device *asks* for it when it is ready. So there
//! is no queue that a buffer could get stuck in, and a client that vanishes takes
//! its work with it. What the device asks for is one bite at a time, in turns.

use crate::aside::Aside;
use crate::error::Error;
use crate::otp::Area;
use crate::protection::Protection;
use kernel::ErrorCode;
use kernel::collections::list::{ListLink, ListNode};

/// The part as its clients see it. Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// The whole part.
    pub size: u32,
    /// The smallest unit of erase, 4 KiB or more.
    pub sector: u32,
    /// The largest unit of program.
    pub page: u32,
}

/// The sector that clients are promised: no part's is told to be smaller. Parts that also erase single
/// pages (Puya) are not asked to.
pub const SECTOR: u32 = 4096;

/// What the part has beside bytes of its array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// What of the array is write-protected.
    pub protection: Protection,
    /// The area beside the array, if it has one.
    pub otp: Option<Area>,
    /// Whether it tells a unique id.
    pub unique_id: bool,
}

/// What a client wants done. The device does as much of it as fits in one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Only that the part is powered and identified.
    Open,
    /// `length` bytes from `address` on.
    Read {
        /// Byte address in the part.
        address: u32,
        /// Bytes, not 0.
        length: u32,
    },
    /// `length` bytes to `address` on; the device asks for them with
    /// [`Client::fill`].
    Program {
        /// Byte address in the part.
        address: u32,
        /// Bytes, not 0.
        length: u32,
    },
    /// Whole sectors.
    Erase {
        /// Byte address in the part, a multiple of the sector.
        address: u32,
        /// Bytes, a multiple of the sector, not 0.
        length: u32,
    },
    /// Something beside the array.
    Aside(Aside),
}

impl Request {
    /// Bytes of the array that it is about.
    pub const fn length(&self) -> u32 {
        match *self {
            Request::Read { length, .. }
            | Request::Program { length, .. }
            | Request::Erase { length, .. } => length,
            Request::Open | Request::Aside(_) => 0,
        }
    }
}

/// What came of a bite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bite<'b> {
    /// The part is powered and identified, or what was asked for is done and has no bytes to
    /// count.
    Opened,
    /// These bytes were read, from the start of the request.
    Read(&'b [u8]),
    /// So many bytes were programmed, from the start of the request.
    Programmed(u32),
    /// So many bytes were erased, from the start of the request.
    Erased(u32),
    /// It did not end well. Nothing was read; a program or an erase may be left half done.
    Failed(Error),
}

/// Which of the two bites that a client can have in flight at the same time: while the bytes of
/// one are handed over, the next one is on the wires already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Flight {
    /// One of them.
    #[default]
    Even,
    /// The other.
    Odd,
}

impl Flight {
    /// The other one.
    pub const fn other(self) -> Flight {
        match self {
            Flight::Even => Flight::Odd,
            Flight::Odd => Flight::Even,
        }
    }

    /// Something that there is one of for each.
    pub const fn of<T>(self, pair: &[T; 2]) -> &T {
        let [even, odd] = pair;
        match self {
            Flight::Even => even,
            Flight::Odd => odd,
        }
    }
}

/// Which requests can be served now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Reads that touch nothing of this range: something in it is suspended half-way.
    ReadsOutside {
        /// First byte of the range.
        start: u32,
        /// Bytes of the range.
        length: u32,
    },
    /// Reads of at least `least` bytes from `address` on: these are being read ahead.
    ReadsFrom {
        /// Byte address in the part.
        address: u32,
        /// Bytes.
        least: u32,
    },
}

impl Scope {
    /// Whose turn it is: one of two, of all and of those who read while something stands still.
    /// Whoever is given what was read ahead has had a turn among all, or it would have two of them
    /// while another one waits for its first.
    pub const fn of<'p, T>(&self, pair: &'p [T; 2]) -> &'p T {
        let [all, reads] = pair;
        match self {
            Scope::All | Scope::ReadsFrom { .. } => all,
            Scope::ReadsOutside { .. } => reads,
        }
    }

    /// Whether `request` can be served now.
    pub const fn allows(&self, request: &Request) -> bool {
        match (*self, *request) {
            (Scope::All, _) => true,
            (
                Scope::ReadsOutside {
                    start,
                    length: range,
                },
                Request::Read { address, length },
            ) => {
                address as u64 + length as u64 <= start as u64
                    || start as u64 + range as u64 <= address as u64
            }
            (
                Scope::ReadsFrom {
                    address: first,
                    least,
                },
                Request::Read { address, length },
            ) => address == first && length >= least,
            (Scope::ReadsOutside { .. } | Scope::ReadsFrom { .. }, _) => false,
        }
    }
}

/// A client of the device.
///
/// The device calls these from interrupts and deferred calls only, never while the
/// client calls the device, but for [`Host::begin_work`].
pub trait Client {
    /// How many leases are held: the part is kept powered for them. Some of them may be of the
    /// dead, but not all.
    fn leases(&self) -> usize;

    /// Whether there is a request to be served.
    fn has_work(&self) -> bool;

    /// Whether there is a request that `scope` allows.
    fn has_request(&self, scope: Scope) -> bool;

    /// The next request that `scope` allows. A bite of it is in flight as `flight` from now on,
    /// until [`bitten`](Client::bitten). Another bite may be in flight, of another request.
    fn next_request(
        &self,
        flight: Flight,
        dimensions: &Dimensions,
        scope: Scope,
    ) -> Option<Request>;

    /// Whether [`goes_on`](Client::goes_on) may ever be true.
    fn pipelines(&self) -> bool;

    /// Whether the request of which `flight` is a bite may go on at once, with `next` in flight
    /// as well: its owner lives, and nobody else of this client waits.
    fn goes_on(&self, flight: Flight, next: Flight) -> bool;

    /// Puts bytes of the program request in flight into `buffer`, those behind the first `skip`
    /// that were not told as done yet. False if there are not so many: then nothing is started.
    /// If `skip` is 0, the client ends the request itself, and there is no `bitten`; else a bite
    /// of it is in flight, with whose end it goes on.
    fn fill(&self, flight: Flight, skip: u32, buffer: &mut [u8]) -> bool;

    /// What came of the bite in flight.
    fn bitten(&self, flight: Flight, bite: Bite<'_>);

    /// Ends all requests that are not in flight, with this error.
    fn cancel(&self, error: Error);

    /// Delivers what must not be delivered from inside a call. Called each time that the
    /// device looks at its clients.
    fn deferred(&self);
}

/// What clients may ask of the device.
pub trait Host {
    /// There is new work or one lease less. The device looks at it later, from a
    /// deferred call.
    fn notify(&self);

    /// There is new work and nothing else: as [`notify`](Host::notify), but a device that will look
    /// by itself at the end of what it is at need not look before. From a system call and from inside
    /// of no grant: a device that is at rest begins at once, one that is reading just that ahead goes
    /// on with it, and both may call the client meanwhile.
    fn begin_work(&self);

    /// As [`notify`](Host::notify), for what would come again and again if it came at once. The
    /// device looks at it after a pause, in which others run.
    fn notify_later(&self);

    /// Whether new work would be served at all.
    ///
    /// # Errors
    /// [`Error::Failed`] while the device is detached, and until somebody recovers one that
    /// failed.
    fn accepts(&self) -> Result<(), Error>;

    /// The part's dimensions, once it was identified. They are forgotten with all else that
    /// is known of it: after a reset that it had to be given, a forced stop of the controller,
    /// or a wake-up that failed.
    fn dimensions(&self) -> Option<Dimensions>;

    /// The time in ticks of the device's alarm, left-justified.
    fn now(&self) -> u32;

    /// What else the part has, once it was identified.
    fn extras(&self) -> Option<Extras>;
}

/// What some clients may ask of the device besides. Apart, since a board without them would link it,
/// too.
pub trait Eraser: Host {
    /// What can be erased at a time all over these `length` bytes from `start` on: with bit *n* set,
    /// 2^*n* bytes. 0 while the part is not known, or if they are not inside it.
    fn erase_sizes(&self, start: u32, length: u32) -> u32;
}

/// What erases are checked against, in bytes: while the part is not known, the least sector. One
/// that is larger refuses when the erase's turn comes.
pub fn sector_of(host: &dyn Host) -> u32 {
    host.dimensions().map_or(SECTOR, |known| known.sector)
}

/// Whether these are whole sectors.
///
/// # Errors
/// INVAL if they are not.
pub fn check_sectors(host: &dyn Host, address: u32, length: u32) -> Result<(), ErrorCode> {
    let sector = sector_of(host);
    // Not `%`: the compiler can't know that a sector is never 0 bytes, and would add a panic.
    if address.is_multiple_of(sector) && length.is_multiple_of(sector) {
        Ok(())
    } else {
        Err(ErrorCode::INVAL)
    }
}

/// A client's place in the device's round.
pub struct Seat<'a> {
    pub(crate) client: &'a dyn Client,
    next: ListLink<'a, Seat<'a>>,
}

impl<'a> Seat<'a> {
    /// A place for `client`.
    pub const fn new(client: &'a dyn Client) -> Seat<'a> {
        Seat {
            client,
            next: ListLink::empty(),
        }
    }
}

impl<'a> ListNode<'a, Seat<'a>> for Seat<'a> {
    fn next(&'a self) -> &'a ListLink<'a, Seat<'a>> {
        &self.next
    }
}
