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

use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use core::mem::MaybeUninit;
use kernel::Kernel;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::component::Component;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::client::Seat;
use spi_nor::device::{Config, Device};
use spi_nor::driver::Driver;
use spi_nor::region::Region;

/// Bytes of each of the device's two buffers: a read of 4 KiB goes through in one transfer, however
/// it is aligned, while the bytes of another one are handed over.
pub const BUFFER_SIZE: usize = 4096 + 8;

/// A buffer of the device, aligned for every controller's DMA.
#[repr(C, align(4))]
pub struct Buffer([u8; BUFFER_SIZE]);

/// The device as boards have it: with an alarm of the board's multiplexer.
pub type SpiNorDevice<C, A> = Device<'static, C, VirtualMuxAlarm<'static, A>>;

/// What the component makes.
pub struct SpiNor<C: Controller<'static> + 'static, A: Alarm<'static> + 'static> {
    /// The part.
    pub device: &'static SpiNorDevice<C, A>,
    /// System calls, see `doc/syscalls/50005_spi_nor.md`.
    pub driver: &'static Driver<'static>,
}

// Not derived: that would ask for `C: Clone` and `A: Clone`.
impl<C: Controller<'static>, A: Alarm<'static>> Clone for SpiNor<C, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Controller<'static>, A: Alarm<'static>> Copy for SpiNor<C, A> {}

/// Memory for a [`SpiNorComponent`] with this controller and this alarm hardware.
#[macro_export]
macro_rules! spi_nor_component_static {
    ($C:ty, $A:ty $(,)?) => {{
        let alarm = kernel::static_buf!(
            capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm<'static, $A>
        );
        let buffers = (
            kernel::static_buf!($crate::spi_nor::Buffer),
            kernel::static_buf!($crate::spi_nor::Buffer),
        );
        let device = kernel::static_buf!($crate::spi_nor::SpiNorDevice<$C, $A>);
        let driver = kernel::static_buf!(spi_nor::driver::Driver<'static>);
        let seat = kernel::static_buf!(spi_nor::client::Seat<'static>);
        (alarm, buffers, device, driver, seat)
    }};
}

/// The part behind `controller`, attached, with its system-call driver.
pub struct SpiNorComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    CAP: MemoryAllocationCapability,
> {
    board_kernel: &'static Kernel,
    driver_num: usize,
    controller: &'static C,
    mux_alarm: &'static MuxAlarm<'static, A>,
    regions: &'static [Region],
    config: Config,
    capability: CAP,
}

impl<C: Controller<'static>, A: Alarm<'static>, CAP: MemoryAllocationCapability>
    SpiNorComponent<C, A, CAP>
{
    /// `regions` says which app may touch what.
    pub fn new(
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
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, CAP: MemoryAllocationCapability> Component
    for SpiNorComponent<C, A, CAP>
{
    type StaticInput = (
        &'static mut MaybeUninit<VirtualMuxAlarm<'static, A>>,
        (
            &'static mut MaybeUninit<Buffer>,
            &'static mut MaybeUninit<Buffer>,
        ),
        &'static mut MaybeUninit<SpiNorDevice<C, A>>,
        &'static mut MaybeUninit<Driver<'static>>,
        &'static mut MaybeUninit<Seat<'static>>,
    );
    type Output = SpiNor<C, A>;

    fn finalize(self, (alarm, buffers, device, driver, seat): Self::StaticInput) -> SpiNor<C, A> {
        let alarm: &'static VirtualMuxAlarm<'static, A> =
            alarm.write(VirtualMuxAlarm::new(self.mux_alarm));
        alarm.setup();
        let (first, second) = buffers;
        let first = first.write(Buffer([0; BUFFER_SIZE]));
        let second = second.write(Buffer([0; BUFFER_SIZE]));
        let device: &'static SpiNorDevice<C, A> = device.write(Device::new(
            self.controller,
            alarm,
            &mut first.0,
            self.config,
        ));
        device.add_buffer(&mut second.0);
        alarm.set_alarm_client(device);
        self.controller.set_client(device);
        device.register();

        let grant = self
            .board_kernel
            .create_grant(self.driver_num, &self.capability);
        let driver: &'static Driver<'static> =
            driver.write(Driver::new(device, grant, self.regions));
        device.add_client(seat.write(Seat::new(driver)));

        // It was never detached, so there is none under way that this would have to wait for.
        let _attached = device.attach();
        SpiNor { device, driver }
    }
}
