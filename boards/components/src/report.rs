// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board says of its flash on the console.
//!
//! Upstream's process console takes no commands of others, so this speaks by itself: once when the
//! part has been identified, whenever something is wrong, with the last error of each app and of how
//! many operations, and if asked for at every transition.

use crate::spi_nor::{SpiNor, SpiNorDevice};
use core::cell::Cell;
use core::mem::MaybeUninit;
use kernel::component::Component;
use kernel::debug;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;
use spi_nor::device::{Observer, RestClient};
use spi_nor::driver::Driver;
use spi_nor::error::Error;
use spi_nor::features::{Features, Full};
use spi_nor::identity::Identity;
use spi_nor::lifecycle::{Event, State};
use spi_nor::protection::Protection;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What part it is, and faults.
    Faults,
    /// Each transition of the lifecycle, too. That delays what is measured.
    Transitions,
}

/// Memory for a [`ReportComponent`] with this controller and this alarm hardware.
#[macro_export]
macro_rules! spi_nor_report_component_static {
    ($C:ty, $A:ty $(,)?) => {{
        kernel::static_buf!($crate::report::Report<$C, $A>)
    }};
    ($C:ty, $A:ty, $F:ty $(,)?) => {{
        kernel::static_buf!($crate::report::Report<$C, $A, $F>)
    }};
}

/// Speaks of a device.
pub struct Report<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    device: &'static SpiNorDevice<C, A, F>,
    driver: &'static Driver<'static, F>,
    controller: &'static C,
    detail: Detail,
    identified: Cell<bool>,
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Report<C, A, F> {
    /// Says which apps had errors.
    fn tell_failures(&self) {
        if !F::RECORDS {
            return;
        }
        for (app, record) in self.driver.records() {
            if let Some(last) = record.last {
                debug!(
                    "[spi-nor] {:?}: {} of {} operations failed, the last a {:?} at {:#x}: {:?}",
                    app, record.failed, record.ended, last.kind, last.address, last.error
                );
            }
        }
    }

    /// Says what part it is.
    fn identify(&self) {
        self.device.of_profile(|profile| {
            let known = profile.dimensions;
            let name = F::Identity::name(profile.id);
            debug!(
                "[spi-nor] {} (id {:02x?}): {} KiB, sector {}, page {}",
                name,
                profile.id.0,
                known.size / 1024,
                known.sector,
                known.page
            );
            debug!(
                "[spi-nor] read {:#04x} {:?}, program {:#04x} {:?}, {} kHz",
                profile.read.opcode,
                profile.read.lines,
                profile.program.opcode,
                profile.program.lines,
                self.controller.clock_hz() / 1000
            );
        });
        if self.device.protection() != Protection::None {
            debug!("[spi-nor] block protection bits are set: programs and erases there do nothing");
        }
        if let Some(shortfall) = self.device.last_fault() {
            debug!("[spi-nor] has to do without: {:?}", shortfall);
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Observer for Report<C, A, F> {
    fn transition(&self, from: State, event: Event, to: State) {
        if self.detail == Detail::Transitions {
            debug!("[spi-nor] {:?} --{:?}--> {:?}", from, event, to);
        }
        match event {
            Event::Started if !self.identified.replace(true) => self.identify(),
            Event::Faulted | Event::Hung | Event::WakeFaulted | Event::WakeHung => {
                // It may be another part from now on.
                self.identified.set(false);
                debug!(
                    "[spi-nor] {:?} in {:?}: {:?}, goes to {:?}",
                    event,
                    from,
                    self.device.last_fault(),
                    to
                );
                self.tell_failures();
            }
            Event::Wanted
            | Event::Unwanted
            | Event::Started
            | Event::Begun
            | Event::Ended
            | Event::Stopped
            | Event::Recover => {}
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> RestClient for Report<C, A, F> {
    fn detached(&self, result: Result<(), Error>) {
        debug!("[spi-nor] detached: {:?}", result);
        self.tell_failures();
    }
}

/// Has a device spoken of.
pub struct ReportComponent<
    C: Controller<'static> + 'static,
    A: Alarm<'static> + 'static,
    F: Features + 'static = Full,
> {
    spi_nor: SpiNor<C, A, F>,
    controller: &'static C,
    detail: Detail,
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> ReportComponent<C, A, F> {
    /// Of the part behind `controller`.
    pub fn new(spi_nor: SpiNor<C, A, F>, controller: &'static C, detail: Detail) -> Self {
        ReportComponent {
            spi_nor,
            controller,
            detail,
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>, F: Features> Component
    for ReportComponent<C, A, F>
{
    type StaticInput = &'static mut MaybeUninit<Report<C, A, F>>;
    type Output = &'static Report<C, A, F>;

    fn finalize(self, memory: Self::StaticInput) -> Self::Output {
        let report: &'static Report<C, A, F> = memory.write(Report {
            device: self.spi_nor.device,
            driver: self.spi_nor.driver,
            controller: self.controller,
            detail: self.detail,
            identified: Cell::new(false),
        });
        self.spi_nor.device.set_observer(report);
        self.spi_nor.device.set_rest_client(report);
        report
    }
}
