// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part beside its array, for kernel code that was given the capability.
//!
//! One operation at a time, which ends in one callback. It is a client of the device as any other:
//! it takes its turn, and a detach ends it with [`Error::Detached`].

use crate::aside::Aside;
use crate::bite;
use crate::client::{Bite, Client, Dimensions, Extras, Flight, Host, Request, Scope};
use crate::error::Error;
use core::cell::Cell;
use kernel::ErrorCode;
use kernel::utilities::cells::{OptionalCell, TakeCell};
use spi_nor_capabilities::{ChipEraseCapability, ProtectionCapability, SecurityAreaCapability};

/// Who is told how it ended.
pub trait MaintenanceClient {
    /// All of it, or the first `done` bytes. `buffer` is the one that was given, if one was.
    fn done(&self, result: Result<(), Error>, done: usize, buffer: Option<&'static mut [u8]>);
}

/// An operation.
#[derive(Clone, Copy)]
struct Job {
    aside: Aside,
    done: u32,
    in_flight: bool,
}

/// The face.
pub struct Maintenance<'a> {
    host: &'a dyn Host,
    client: OptionalCell<&'a dyn MaintenanceClient>,
    job: Cell<Option<Job>>,
    buffer: TakeCell<'static, [u8]>,
}

/// What is refused, and the buffer.
pub type Refusal = (ErrorCode, &'static mut [u8]);

impl<'a> Maintenance<'a> {
    /// For the part of `host`.
    pub const fn new(host: &'a dyn Host) -> Maintenance<'a> {
        Maintenance {
            host,
            client: OptionalCell::empty(),
            job: Cell::new(None),
            buffer: TakeCell::empty(),
        }
    }

    /// Whom to tell.
    pub fn set_client(&self, client: &'a dyn MaintenanceClient) {
        self.client.set(client);
    }

    /// What the part has, and what of it is protected. `None` until it was identified.
    pub fn extras(&self) -> Option<Extras> {
        self.host.extras()
    }

    /// Clears the block protection bits. Where the part has a volatile copy of them, that lasts until
    /// the part is powered down.
    ///
    /// # Errors
    /// BUSY while another operation runs, RESERVE without a client, OFF.
    pub fn unlock(&self, _may: &dyn ProtectionCapability) -> Result<(), ErrorCode> {
        self.begin(Aside::Unlock)
    }

    /// Puts the block protection bits back as they were before the first unlock.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock).
    pub fn relock(&self, _may: &dyn ProtectionCapability) -> Result<(), ErrorCode> {
        self.begin(Aside::Relock)
    }

    /// Erases the whole array with one command. That takes up to minutes, in which nobody reads.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock).
    pub fn erase_chip(&self, _may: &dyn ChipEraseCapability) -> Result<(), ErrorCode> {
        self.begin(Aside::EraseChip)
    }

    /// Erases `length` bytes of the area beside the array.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock).
    pub fn erase_area(
        &self,
        address: u32,
        length: u32,
        _may: &dyn SecurityAreaCapability,
    ) -> Result<(), ErrorCode> {
        self.begin(Aside::EraseOtp { address, length })
    }

    /// Fills `buffer` from `address` of the area beside the array on.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock), with the buffer.
    pub fn read_area(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        _may: &dyn SecurityAreaCapability,
    ) -> Result<(), Refusal> {
        let length = buffer.len() as u32;
        self.begin_with(Aside::ReadOtp { address, length }, buffer)
    }

    /// Programs all of `buffer` at `address` of the area beside the array.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock), with the buffer.
    pub fn program_area(
        &self,
        address: u32,
        buffer: &'static mut [u8],
        _may: &dyn SecurityAreaCapability,
    ) -> Result<(), Refusal> {
        let length = buffer.len() as u32;
        self.begin_with(Aside::ProgramOtp { address, length }, buffer)
    }

    /// Fills `buffer`, of up to [`UNIQUE_ID_BYTES`](crate::otp::UNIQUE_ID_BYTES), with the unique id.
    ///
    /// # Errors
    /// As [`unlock`](Self::unlock), with the buffer.
    pub fn read_unique_id(
        &self,
        buffer: &'static mut [u8],
        _may: &dyn SecurityAreaCapability,
    ) -> Result<(), Refusal> {
        let length = buffer.len() as u32;
        self.begin_with(Aside::UniqueId { length }, buffer)
    }

    fn accepts(&self) -> Result<(), ErrorCode> {
        self.host.accepts()?;
        if self.client.is_none() {
            // A buffer would have nobody to go back to.
            return Err(ErrorCode::RESERVE);
        }
        if self.job.get().is_some() {
            return Err(ErrorCode::BUSY);
        }
        Ok(())
    }

    fn begin(&self, aside: Aside) -> Result<(), ErrorCode> {
        self.accepts()?;
        self.job.set(Some(Job {
            aside,
            done: 0,
            in_flight: false,
        }));
        // A client that tries again from inside its callback leaves time for others.
        self.host.notify_later();
        Ok(())
    }

    fn begin_with(&self, aside: Aside, buffer: &'static mut [u8]) -> Result<(), Refusal> {
        match self.begin(aside) {
            Ok(()) => {
                self.buffer.replace(buffer);
                Ok(())
            }
            Err(error) => Err((error, buffer)),
        }
    }

    fn end(&self, result: Result<(), Error>) {
        let Some(job) = self.job.take() else {
            return;
        };
        let buffer = self.buffer.take();
        self.client
            .map(|client| client.done(result, job.done as usize, buffer));
    }

    fn waits(&self) -> bool {
        self.job.get().is_some_and(|job| !job.in_flight)
    }

    /// The buffer's bytes from what is done on.
    fn rest<R>(&self, job: &Job, work: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        self.buffer
            .map(|buffer| buffer.get_mut(job.done as usize..).map(work))
            .flatten()
    }
}

impl Client for Maintenance<'_> {
    fn leases(&self) -> usize {
        usize::from(self.job.get().is_some())
    }

    fn has_work(&self) -> bool {
        self.waits()
    }

    fn has_request(&self, scope: Scope) -> bool {
        self.waits() && scope == Scope::All
    }

    fn next_request(
        &self,
        _flight: Flight,
        _dimensions: &Dimensions,
        scope: Scope,
    ) -> Option<Request> {
        let job = self.job.get().filter(|job| !job.in_flight)?;
        if scope != Scope::All {
            return None;
        }
        self.job.set(Some(Job {
            in_flight: true,
            ..job
        }));
        Some(Request::Aside(job.aside.after(job.done)))
    }

    fn pipelines(&self) -> bool {
        false
    }

    fn goes_on(&self, _flight: Flight, _next: Flight) -> bool {
        false
    }

    fn fill(&self, _flight: Flight, _skip: u32, buffer: &mut [u8]) -> bool {
        let Some(job) = self.job.get() else {
            return false;
        };
        let filled = self.rest(&job, |source| {
            bite::copy(buffer, source);
            source.len() >= buffer.len()
        });
        let filled = filled == Some(true);
        if !filled {
            self.end(Err(Error::OutOfRange));
        }
        filled
    }

    fn bitten(&self, _flight: Flight, bite: Bite<'_>) {
        let Some(mut job) = self.job.get() else {
            return;
        };
        job.in_flight = false;
        let count = match bite {
            Bite::Failed(error) => {
                self.end(Err(error));
                return;
            }
            Bite::Opened => 0,
            Bite::Programmed(count) | Bite::Erased(count) => count,
            Bite::Read(data) => {
                self.rest(&job, |target| bite::copy(target, data));
                data.len() as u32
            }
        };
        job.done = job.done.saturating_add(count);
        self.job.set(Some(job));
        if job.done >= job.aside.length() {
            self.end(Ok(()));
        }
    }

    fn cancel(&self, error: Error) {
        if self.waits() {
            self.end(Err(error));
        }
    }

    fn deferred(&self) {}
}
