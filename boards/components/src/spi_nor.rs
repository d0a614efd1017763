// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part behind a controller, and its system-call driver.
//!
//! ```ignore
//! let spi_nor = SpiNorComponent::new(
//!     board_kernel,
//!     spi_nor::driver::DRIVER_NUM,
//!     qspi,
//!     mux_alarm,
//!     &REGIONS,
//!     spi_nor::device::Config { idle_us: 100_000 },
//!     create_capability!(capabilities::MemoryAllocationCapability),
//! )
//! .finalize(spi_nor_components::spi_nor_component_static!(QspiHw, AlarmHw));
//! ```
//!
//! With [`SpiNorComponent::with_features`] a board says what of the device it has. A board whose part
//! is soldered to it needs none of what finds out about any:
//!
//! ```ignore
//! type Flash = spi_nor::features::Minimal<spi_nor::fixed_parts::Mx25l3233f>;
//! let spi_nor = SpiNorComponent::<_, _, _, Flash, _>::with_features(
//!     // As above.
//! )
//! .finalize(spi_nor_components::spi_nor_minimal_component_static!(
//!     QspiHw, AlarmHw, Flash, REGIONS.len()
//! ));
//! ```

use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use kernel::Kernel;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::component::Component;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::client::Seat;
use spi_nor::device::{Config, Device};
use spi_nor::driver::{Driver, Owners, SLOTS};
use spi_nor::features::{Features, Full};
use spi_nor::region::Region;

/// Bytes of each of the device's two buffers: a read of 4 KiB goes through in one transfer, however
/// it is aligned, while the bytes of another one are handed over.
pub const BUFFER_SIZE: usize = 4096 + 8;

/// A buffer of the device, aligned for every controller's DMA.
#[repr(C, align(4))]
pub struct Buffer([u8; BUFFER_SIZE]);

/// The device as boards have it: with an alarm of the board's multiplexer.
pub type SpiNorDevice<C, A, F = Full> = Device<'static, C, VirtualMuxAlarm<'static, A>, F>;

/// What the component makes.
pub struct SpiNor<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    /// The part.
    pub device: &'static SpiNorDevice<C, A, F>,
    /// System calls, see `doc/syscalls/50005_spi_nor.md`.
    pub driver: &'static Driver<'static, F>,
}

// Not derived: that would ask for `C: Clone` and `A: Clone`.
impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Clone for SpiNor<C, A, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Copy for SpiNor<C, A, F> {}

/// Memory for a [`SpiNorComponent`] with this controller and this alarm hardware, and `N` regions:
/// as many as there can be, if that is not said.
#[macro_export]
macro_rules! spi_nor_component_static {
    ($C:ty, $A:ty $(,)?) => {
        $crate::spi_nor_component_static!($C, $A, spi_nor::driver::SLOTS)
    };
    ($C:ty, $A:ty, $N:expr $(,)?) => {{
        let owners = kernel::static_buf!(spi_nor::driver::Owners<{ $N }>);
        let alarm = kernel::static_buf!(
            capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm<'static, $A>
        );
        let buffers = (
            kernel::static_buf!($crate::spi_nor::Buffer),
            Some(kernel::static_buf!($crate::spi_nor::Buffer)),
        );
        let device = kernel::static_buf!($crate::spi_nor::SpiNorDevice<$C, $A>);
        let driver = kernel::static_buf!(spi_nor::driver::Driver<'static>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (alarm, buffers, device, driver, owners, seat)
    }};
}

/// The same for [`Minimal`](spi_nor::features::Minimal) features, which one buffer is enough for, and
/// `N` regions.
#[macro_export]
macro_rules! spi_nor_minimal_component_static {
    ($C:ty, $A:ty, $F:ty, $N:expr $(,)?) => {{
        let owners = kernel::static_buf!(spi_nor::driver::Owners<{ $N }>);
        let alarm = kernel::static_buf!(
            capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm<'static, $A>
        );
        let buffers = (kernel::static_buf!($crate::spi_nor::Buffer), None);
        let device = kernel::static_buf!($crate::spi_nor::SpiNorDevice<$C, $A, $F>);
        let driver = kernel::static_buf!(spi_nor::driver::Driver<'static, $F>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (alarm, buffers, device, driver, owners, seat)
    }};
}

/// The part behind `controller`, attached, with its system-call driver.
pub struct SpiNorComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    CAP: MemoryAllocationCapability,
    F: Features + 'static = Full,
    const N: usize = SLOTS,
> {
    board_kernel: &'static Kernel,
    driver_num: usize,
    controller: &'static C,
    mux_alarm: &'static MuxAlarm<'static, A>,
    regions: &'static [Region],
    config: Config,
    capability: CAP,
    features: PhantomData<F>,
}

impl<C: Controller<'static>, A: Alarm<'static>, CAP: MemoryAllocationCapability, const N: usize>
    SpiNorComponent<C, A, CAP, Full, N>
{
    /// `regions` says which app may touch what; those of the first `N` are served.
    pub fn new(
        board_kernel: &'static Kernel,
        driver_num: usize,
        controller: &'static C,
        mux_alarm: &'static MuxAlarm<'static, A>,
        regions: &'static [Region],
        config: Config,
        capability: CAP,
    ) -> Self {
        Self::with_features(
            board_kernel,
            driver_num,
            controller,
            mux_alarm,
            regions,
            config,
            capability,
        )
    }
}

impl<C, A, CAP, F, const N: usize> SpiNorComponent<C, A, CAP, F, N>
where
    C: Controller<'static>,
    A: Alarm<'static>,
    CAP: MemoryAllocationCapability,
    F: Features,
{
    /// As [`new`](SpiNorComponent::new), with other features.
    pub fn with_features(
        board_kernel: &'static Kernel,
        driver_num: usize,
        controller: &'static C,
        mux_alarm: &'static MuxAlarm<'static, A>,
        regions: &'static [Region],
        config: Config,
        capability: CAP,
    ) -> Self {
        SpiNorComponent {
            board_kernel,
            driver_num,
            controller,
            mux_alarm,
            regions,
            config,
            capability,
            features: PhantomData,
        }
    }
}

impl<C, A, CAP, F, const N: usize> Component for SpiNorComponent<C, A, CAP, F, N>
where
    C: Controller<'static>,
    A: Alarm<'static>,
    CAP: MemoryAllocationCapability,
    F: Features,
{
    type StaticInput = (
        &'static mut MaybeUninit<VirtualMuxAlarm<'static, A>>,
        (
            &'static mut MaybeUninit<Buffer>,
            Option<&'static mut MaybeUninit<Buffer>>,
        ),
        &'static mut MaybeUninit<SpiNorDevice<C, A, F>>,
        &'static mut MaybeUninit<Driver<'static, F>>,
        &'static mut MaybeUninit<Owners<N>>,
        &'static mut MaybeUninit<Seat<'static>>,
    );
    type Output = SpiNor<C, A, F>;

    fn finalize(
        self,
        (alarm, buffers, device, driver, owners, seat): Self::StaticInput,
    ) -> SpiNor<C, A, F> {
        let alarm: &'static VirtualMuxAlarm<'static, A> =
            alarm.write(VirtualMuxAlarm::new(self.mux_alarm));
        alarm.setup();
        let (first, second) = buffers;
        let first = first.write(Buffer([0; BUFFER_SIZE]));
        let device: &'static SpiNorDevice<C, A, F> = device.write(Device::with_features(
            self.controller,
            alarm,
            &mut first.0,
            self.config,
        ));
        if let Some(second) = second {
            device.add_buffer(&mut second.write(Buffer([0; BUFFER_SIZE])).0);
        }
        alarm.set_alarm_client(device);
        self.controller.set_client(device);
        device.register();

        let grant = self
            .board_kernel
            .create_grant(self.driver_num, &self.capability);
        let driver: &'static Driver<'static, F> = driver.write(Driver::new(
            device,
            grant,
            self.regions,
            owners.write(Owners::new()),
        ));
        device.add_client(seat.write(Seat::new(driver)));

        // It was never detached, so there is none under way that this would have to wait for.
        let _attached = device.attach();
        SpiNor { device, driver }
    }
}
