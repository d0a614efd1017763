// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range of the part as [`kernel::hil::flash::Flash`], for upstream's consumers of that.

use core::mem::MaybeUninit;
use kernel::component::Component;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::client::Seat;
use spi_nor::features::{Features, Full};
use spi_nor::flash::FlashFace;

use crate::spi_nor::SpiNorDevice;

/// Memory for a [`SpiNorFlashComponent`].
#[macro_export]
macro_rules! spi_nor_flash_component_static {
    () => {{
        let face = kernel::static_buf!(spi_nor::flash::FlashFace<'static>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (face, seat)
    }};
}

/// What the component makes.
pub type SpiNorFlash = FlashFace<'static>;

/// `length` bytes of the part from `start` on, in pages of 4 KiB.
pub struct SpiNorFlashComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    device: &'static SpiNorDevice<C, A, F>,
    start: u32,
    length: u32,
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> SpiNorFlashComponent<C, A, F> {
    /// `start` and `length` in bytes, multiples of 4 KiB.
    pub fn new(device: &'static SpiNorDevice<C, A, F>, start: u32, length: u32) -> Self {
        SpiNorFlashComponent {
            device,
            start,
            length,
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Component
    for SpiNorFlashComponent<C, A, F>
{
    type StaticInput = (
        &'static mut MaybeUninit<FlashFace<'static>>,
        &'static mut MaybeUninit<Seat<'static>>,
    );
    type Output = &'static SpiNorFlash;

    fn finalize(self, (face, seat): Self::StaticInput) -> Self::Output {
        let face: &'static FlashFace<'static> =
            face.write(FlashFace::new(self.device, self.start, self.length));
        self.device.add_client(seat.write(Seat::new(face)));
        face
    }
}
