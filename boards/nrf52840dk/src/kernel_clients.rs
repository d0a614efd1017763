// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A kernel client of the flash, which no board needs: with the feature `kernel_clients` the linked
//! kernel has what kernel clients are served by, so that `make boards-check` can look at it.
//!
//! It reads, programs and erases its region, erases it once more to cancel that, and then reads the
//! part's unique id. What can't be undone is left out, since the kernel could be booted.

use core::cell::Cell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use kernel::{ErrorCode, debug};
use spi_nor::error::Error;
use spi_nor::kernel_face::{SpiNor, SpiNorClient};
use spi_nor::maintenance::{Maintenance, MaintenanceClient};
use spi_nor::otp::UNIQUE_ID_BYTES;
use spi_nor_capabilities::SecurityAreaCapability;

/// The client, which may look beside the array.
pub struct KernelClient<S: SecurityAreaCapability + 'static> {
    region: &'static dyn SpiNor<'static>,
    maintenance: &'static Maintenance<'static>,
    may_look: S,
    id: Cell<Option<&'static mut [u8; UNIQUE_ID_BYTES]>>,
    cancels: Cell<bool>,
}

impl<S: SecurityAreaCapability> KernelClient<S> {
    /// Of this region, with room for the unique id.
    pub fn new(
        region: &'static dyn SpiNor<'static>,
        maintenance: &'static Maintenance<'static>,
        id: &'static mut [u8; UNIQUE_ID_BYTES],
        may_look: S,
    ) -> Self {
        KernelClient {
            region,
            maintenance,
            may_look,
            id: Cell::new(Some(id)),
            cancels: Cell::new(false),
        }
    }

    /// Begins with a read into `buffer`. To be called once the region knows its client.
    pub fn start(&self, buffer: &'static mut [u8]) {
        if let Err((error, _)) = self.region.read(1, SubSliceMut::new(buffer)) {
            self.refused(error);
        }
    }

    fn refused(&self, error: ErrorCode) {
        debug!("Kernel client: refused, {:?}", error);
    }

    fn erase(&self) {
        let erased = self.region.geometry().and_then(|geometry| {
            self.region
                .erase(0, geometry.size - geometry.size % geometry.sector)
        });
        if let Err(error) = erased {
            self.refused(error);
        }
    }
}

impl<S: SecurityAreaCapability> SpiNorClient for KernelClient<S> {
    fn read_done(&self, buffer: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        debug!("Kernel client: {} B read, {:?}", done, result);
        if let Err((error, _)) = self.region.program(1, buffer) {
            self.refused(error);
        }
    }

    fn program_done(&self, _data: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        debug!("Kernel client: {} B programmed, {:?}", done, result);
        self.erase();
    }

    fn erase_progress(&self, _done: u32, _total: u32) {
        if self.cancels.get()
            && let Err(error) = self.region.cancel()
        {
            self.refused(error);
        }
    }

    fn erase_done(&self, done: u32, result: Result<(), Error>) {
        debug!("Kernel client: {} B erased, {:?}", done, result);
        if !self.cancels.replace(true) {
            return self.erase();
        }
        debug!("Kernel client: {:?}", self.region.record());
        let Some(id) = self.id.take() else { return };
        if let Err((error, _)) = self.maintenance.read_unique_id(id, &self.may_look) {
            self.refused(error);
        }
    }
}

impl<S: SecurityAreaCapability> MaintenanceClient for KernelClient<S> {
    fn done(&self, result: Result<(), Error>, done: usize, _buffer: Option<&'static mut [u8]>) {
        debug!("Kernel client: {} B of the id, {:?}", done, result);
    }
}
