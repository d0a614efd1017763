// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The QSPI driver with all that it needs of the board.

use crate::crystal::Crystal;
use crate::pads::{FlashPins, Pads};
use capsules_core::virtualizers::virtual_alarm::{MuxAlarm, VirtualMuxAlarm};
use core::mem::MaybeUninit;
use cortexm4f::dma_fence::CortexMDmaFence;
use kernel::component::Component;
use kernel::hil::time::Alarm;
use nrf52840::clock::Clock;
use nrf52840::gpio::{NUM_PINS, Port};
use nrf52840::rtc::Rtc;
use nrf52840_qspi::Pads as _;
use nrf52840_qspi::{Config, Mmio, Qspi};

/// The driver as boards have it.
pub type QspiHw = Qspi<'static, Mmio, CortexMDmaFence>;

/// The crystal as boards have it.
pub type CrystalHw = Crystal<'static, VirtualMuxAlarm<'static, Rtc<'static>>>;

/// Memory for a [`QspiComponent`].
#[macro_export]
macro_rules! qspi_component_static {
    () => {{
        let alarm = kernel::static_buf!(
            capsules_core::virtualizers::virtual_alarm::VirtualMuxAlarm<
                'static,
                nrf52840::rtc::Rtc<'static>,
            >
        );
        let crystal = kernel::static_buf!($crate::qspi::CrystalHw);
        let pads = kernel::static_buf!($crate::pads::Pads<'static>);
        let qspi = kernel::static_buf!($crate::qspi::QspiHw);
        (alarm, crystal, pads, qspi)
    }};
}

/// The QSPI peripheral on some pins. They are parked, so that the flash is not selected.
pub struct QspiComponent {
    registers: Mmio,
    fence: CortexMDmaFence,
    config: Config,
    pins: FlashPins,
    port: &'static Port<'static, NUM_PINS>,
    clock: &'static Clock,
    mux_alarm: &'static MuxAlarm<'static, Rtc<'static>>,
}

impl QspiComponent {
    /// `config` names the same pins as `pins` does, see [`FlashPins::for_driver`].
    pub fn new(
        registers: Mmio,
        fence: CortexMDmaFence,
        config: Config,
        pins: FlashPins,
        port: &'static Port<'static, NUM_PINS>,
        clock: &'static Clock,
        mux_alarm: &'static MuxAlarm<'static, Rtc<'static>>,
    ) -> QspiComponent {
        QspiComponent {
            registers,
            fence,
            config,
            pins,
            port,
            clock,
            mux_alarm,
        }
    }
}

impl Component for QspiComponent {
    type StaticInput = (
        &'static mut MaybeUninit<VirtualMuxAlarm<'static, Rtc<'static>>>,
        &'static mut MaybeUninit<CrystalHw>,
        &'static mut MaybeUninit<Pads<'static>>,
        &'static mut MaybeUninit<QspiHw>,
    );
    type Output = &'static QspiHw;

    fn finalize(self, (alarm, crystal, pads, qspi): Self::StaticInput) -> &'static QspiHw {
        let alarm: &'static VirtualMuxAlarm<'static, Rtc<'static>> =
            alarm.write(VirtualMuxAlarm::new(self.mux_alarm));
        alarm.setup();
        let crystal: &'static CrystalHw = crystal.write(Crystal::new(self.clock, alarm));
        alarm.set_alarm_client(crystal);
        let pads: &'static Pads<'static> = pads.write(Pads::new(self.port, &self.pins));
        pads.park();
        let qspi: &'static QspiHw = qspi.write(Qspi::new(
            self.registers,
            self.fence,
            self.config,
            pads,
            crystal,
        ));
        crystal.set_client(qspi);
        qspi
    }
}
