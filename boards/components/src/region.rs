// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`SpiNor`](spi_nor::kernel_face::SpiNor), for a kernel client.

use core::mem::MaybeUninit;
use kernel::component::Component;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::client::Seat;
use spi_nor::features::{Features, Full};
use spi_nor::region::Access;
use spi_nor::region_face::RegionFace;

use crate::spi_nor::SpiNorDevice;

/// Memory for a [`SpiNorRegionComponent`].
#[macro_export]
macro_rules! spi_nor_region_component_static {
    () => {{
        let face = kernel::static_buf!(spi_nor::region_face::RegionFace<'static>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (face, seat)
    }};
}

/// What the component makes.
pub type SpiNorRegion = RegionFace<'static>;

/// `length` bytes of the part from `start` on.
pub struct SpiNorRegionComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    device: &'static SpiNorDevice<C, A, F>,
    start: u32,
    length: u32,
    access: Access,
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> SpiNorRegionComponent<C, A, F> {
    /// `start` and `length` in bytes, multiples of the part's sector.
    pub fn new(
        device: &'static SpiNorDevice<C, A, F>,
        start: u32,
        length: u32,
        access: Access,
    ) -> Self {
        SpiNorRegionComponent {
            device,
            start,
            length,
            access,
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Component
    for SpiNorRegionComponent<C, A, F>
{
    type StaticInput = (
        &'static mut MaybeUninit<RegionFace<'static>>,
        &'static mut MaybeUninit<Seat<'static>>,
    );
    type Output = &'static SpiNorRegion;

    fn finalize(self, (face, seat): Self::StaticInput) -> Self::Output {
        let face: &'static RegionFace<'static> = face.write(RegionFace::new(
            self.device,
            self.start,
            self.length,
            self.access,
        ));
        self.device.add_client(seat.write(Seat::new(face)));
        face
    }
}
