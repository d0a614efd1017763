// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What QEMU's controller and flash leave out.
//!
//! - **The write enable latch.** A part resets it at the end of every program and erase, so
//!   one that is still set says that nothing was executed, which the stack above checks.
//!   QEMU's parts leave it set. So WRDI (04h) is sent after every program and erase.
//! - **Time.** QEMU's DMA has ended before the register write returns that starts it, so no
//!   process could ever do anything in mid-read. So the end of an operation is held back for
//!   as long as it would be on the wires.
//!
//! This stands between the stack and the controller, as both. It does nothing unless the
//! loader said that the flash is QEMU's: with a real part it would hide what it stands in for.

use core::cell::Cell;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{
    AddressWidth, Client, Controller, Data, Error, Granularity, Operation, Refused, Stopped,
    Template,
};

const WRDI: Template = Template::bare(0x04);
/// Slack of an alarm, in µs.
const ALARM_US: u32 = 100;

/// How an operation ended.
struct Ended {
    result: Result<(), Error>,
    buffer: Option<SubSliceMut<'static, u8>>,
}

/// What is to be made up for when the operation in flight ends.
#[derive(Clone, Copy, Default)]
struct Owed {
    /// µs on the wires.
    wires_us: u32,
    /// The latch.
    latch: bool,
}

/// A controller with QEMU's flash behind it, or any other.
pub struct Emulated<C: Controller<'static> + 'static, A: Alarm<'static> + 'static> {
    controller: &'static C,
    alarm: &'static A,
    is_emulated: bool,
    takes_time: bool,
    client: OptionalCell<&'static dyn Client<C::Idle>>,
    owed: Cell<Owed>,
    /// The WRDI is in flight, after an operation that ended so.
    unlatching: OptionalCell<Ended>,
    /// What is held back.
    held_back: OptionalCell<(C::Idle, Ended)>,
    /// Ends that were held back and told.
    told: Cell<u32>,
}

impl<C: Controller<'static>, A: Alarm<'static>> Emulated<C, A> {
    /// In front of `controller`. To be made its client, and the alarm's. Without `takes_time`
    /// it puts in the latch only.
    pub fn new(
        controller: &'static C,
        alarm: &'static A,
        is_emulated: bool,
        takes_time: bool,
    ) -> Emulated<C, A> {
        Emulated {
            controller,
            alarm,
            is_emulated,
            takes_time,
            client: OptionalCell::empty(),
            owed: Cell::new(Owed::default()),
            unlatching: OptionalCell::empty(),
            held_back: OptionalCell::empty(),
            told: Cell::new(0),
        }
    }

    /// What QEMU leaves out of such an operation.
    fn left_out(&self, template: &Template, length: usize) -> Owed {
        if !self.is_emulated {
            return Owed::default();
        }
        let us = template
            .clocks(length)
            .saturating_mul(1_000_000)
            .checked_div(u64::from(self.controller.clock_hz()))
            .unwrap_or_default();
        Owed {
            wires_us: if self.takes_time {
                u32::try_from(us).unwrap_or(u32::MAX)
            } else {
                0
            },
            latch: match template.data {
                Data::In => false,
                Data::Out | Data::None => template.address != AddressWidth::None,
            },
        }
    }

    /// The operation has ended in the hardware, latch included.
    fn hold_back(&self, idle: C::Idle, ended: Ended) {
        let us = self.owed.take().wires_us;
        if us == 0 {
            self.tell(idle, ended);
            return;
        }
        self.held_back.set((idle, ended));
        self.alarm
            .set_alarm(self.alarm.now(), self.alarm.ticks_from_us(us));
    }

    fn tell(&self, idle: C::Idle, ended: Ended) {
        self.client
            .map(|client| client.done(idle, ended.result, ended.buffer));
    }
}

impl<C: Controller<'static>, A: Alarm<'static>> AlarmClient for Emulated<C, A> {
    fn alarm(&self) {
        if let Some((idle, ended)) = self.held_back.take() {
            self.told.set(self.told.get().wrapping_add(1));
            self.tell(idle, ended);
        }
    }
}

impl<C: Controller<'static>, A: Alarm<'static>> Controller<'static> for Emulated<C, A> {
    type Idle = C::Idle;
    type Off = C::Off;

    fn set_client(&self, client: &'static dyn Client<C::Idle>) {
        self.client.set(client);
    }

    fn take_off(&self) -> Option<C::Off> {
        self.controller.take_off()
    }

    fn enable(&self, off: C::Off, clock_limit_hz: u32) -> Result<(), (Error, C::Off)> {
        self.controller.enable(off, clock_limit_hz)
    }

    fn supports(&self, template: &Template) -> bool {
        self.controller.supports(template)
    }

    fn granularity(&self, template: &Template) -> Granularity {
        self.controller.granularity(template)
    }

    fn longest_data(&self, template: &Template) -> usize {
        self.controller.longest_data(template)
    }

    fn longest_us(&self, template: &Template, length: usize) -> u32 {
        let more = if self.is_emulated {
            let us = self.left_out(template, length).wires_us;
            us.saturating_add(ALARM_US)
                .saturating_add(self.controller.longest_us(&WRDI, 0))
        } else {
            0
        };
        self.controller
            .longest_us(template, length)
            .saturating_add(more)
    }

    fn longest_enable_us(&self) -> u32 {
        self.controller.longest_enable_us()
    }

    fn answers(&self) -> u32 {
        self.controller.answers().wrapping_add(self.told.get())
    }

    fn clock_hz(&self) -> u32 {
        self.controller.clock_hz()
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.controller.fastest_clock_hz()
    }

    fn start(
        &self,
        idle: C::Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<C::Idle>> {
        let length = buffer.as_ref().map_or(0, SubSliceMut::len);
        self.owed.set(self.left_out(&operation.template, length));
        self.controller.start(idle, operation, buffer)
    }

    fn disable(&self, idle: C::Idle) -> C::Off {
        self.controller.disable(idle)
    }

    fn force_stop(&self) -> Option<Stopped<C::Off>> {
        if let Some((idle, ended)) = self.held_back.take() {
            // It had ended long ago. A disarmed alarm that still calls finds nothing.
            let _disarmed = self.alarm.disarm();
            return Some(Stopped {
                off: self.controller.disable(idle),
                buffer: ended.buffer,
                quarantined: false,
            });
        }
        let mut stopped = self.controller.force_stop()?;
        if let Some(ended) = self.unlatching.take() {
            // What was stopped was the WRDI, which has no buffer.
            stopped.buffer = stopped.buffer.or(ended.buffer);
        }
        Some(stopped)
    }
}

impl<C: Controller<'static>, A: Alarm<'static>> Client<C::Idle> for Emulated<C, A> {
    fn enabled(&self, idle: C::Idle, released: Option<SubSliceMut<'static, u8>>) {
        self.client.map(|client| client.enabled(idle, released));
    }

    fn done(
        &self,
        idle: C::Idle,
        result: Result<(), Error>,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) {
        if let Some(mut ended) = self.unlatching.take() {
            ended.result = ended.result.and(result);
            self.hold_back(idle, ended);
            return;
        }
        let ended = Ended { result, buffer };
        if !self.owed.get().latch {
            self.hold_back(idle, ended);
            return;
        }
        self.unlatching.set(ended);
        if let Err(refused) = self.controller.start(idle, Operation::plain(WRDI), None)
            && let Some(mut ended) = self.unlatching.take()
        {
            ended.result = ended.result.and(Err(refused.error));
            self.hold_back(refused.idle, ended);
        }
    }
}
