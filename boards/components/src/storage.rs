// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`kernel::hil::nonvolatile_storage::NonvolatileStorage`], for
//! upstream's consumers of that.

use core::mem::MaybeUninit;
use kernel::component::Component;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::client::Seat;
use spi_nor::features::{Features, Full};
use spi_nor::storage::{SECTOR_SIZE, StorageFace};

use crate::spi_nor::SpiNorDevice;

/// Where a sector is merged before it is written back.
pub struct Sector([u8; SECTOR_SIZE]);

/// Memory for a [`SpiNorStorageComponent`].
#[macro_export]
macro_rules! spi_nor_storage_component_static {
    () => {{
        let sector = kernel::static_buf!($crate::storage::Sector);
        let face = kernel::static_buf!(spi_nor::storage::StorageFace<'static>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (sector, face, seat)
    }};
}

/// What the component makes.
pub type SpiNorStorage = StorageFace<'static>;

/// `length` bytes of the part from `start` on, each of which can be overwritten.
pub struct SpiNorStorageComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    device: &'static SpiNorDevice<C, A, F>,
    start: u32,
    length: u32,
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> SpiNorStorageComponent<C, A, F> {
    /// `start` and `length` in bytes, multiples of 4 KiB.
    pub fn new(device: &'static SpiNorDevice<C, A, F>, start: u32, length: u32) -> Self {
        SpiNorStorageComponent {
            device,
            start,
            length,
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Component
    for SpiNorStorageComponent<C, A, F>
{
    type StaticInput = (
        &'static mut MaybeUninit<Sector>,
        &'static mut MaybeUninit<StorageFace<'static>>,
        &'static mut MaybeUninit<Seat<'static>>,
    );
    type Output = &'static SpiNorStorage;

    fn finalize(self, (sector, face, seat): Self::StaticInput) -> Self::Output {
        let sector = sector.write(Sector([0; SECTOR_SIZE]));
        let face: &'static StorageFace<'static> = face.write(StorageFace::new(
            self.device,
            &mut sector.0,
            self.start,
            self.length,
        ));
        self.device.add_client(seat.write(Seat::new(face)));
        face
    }
}
