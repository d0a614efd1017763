// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps' alarms: Tock's alarm driver (0x0), one alarm a process, 32 bits at 32 768 Hz.

use crate::machine::{Machine, TICKS_PER_SECOND, tick_begins_ns, ticks_at};
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};
use std::rc::Rc;

/// Tock's number for the alarm.
pub const DRIVER_NUM: usize = 0x0;

/// What lives in the grant: the tick at which the process wants to be told.
#[derive(Default)]
pub struct Expiry {
    tick: Option<u64>,
}

/// The grant's type.
pub type AlarmGrant = Grant<Expiry, UpcallCount<1>, AllowRoCount<0>, AllowRwCount<0>>;

/// The driver.
pub struct AlarmDriver {
    apps: AlarmGrant,
    machine: Rc<Machine>,
    channel: usize,
}

impl AlarmDriver {
    /// With a compare channel of its own.
    pub fn new(apps: AlarmGrant, machine: &Rc<Machine>) -> AlarmDriver {
        AlarmDriver {
            apps,
            channel: machine.add_compare(),
            machine: Rc::clone(machine),
        }
    }

    /// Whether its interrupt is pending.
    pub fn is_pending(&self) -> bool {
        self.machine.is_due(self.channel)
    }

    /// The interrupt: whoever's time has come is told.
    pub fn handle_interrupt(&self) {
        let now = ticks_at(self.machine.now_ns());
        for app in self.apps.iter() {
            app.enter(|expiry, kernel| {
                if let Some(tick) = expiry.tick.filter(|tick| *tick <= now) {
                    // A full queue is tried again at the next interrupt.
                    if kernel
                        .schedule_upcall(0, (now as u32 as usize, tick as u32 as usize, 0))
                        .is_ok()
                    {
                        expiry.tick = None;
                    } else {
                        expiry.tick = Some(now + 1);
                    }
                }
            });
        }
        self.rearm();
    }

    fn rearm(&self) {
        let first = self
            .apps
            .iter()
            .filter_map(|app| app.enter(|expiry, _| expiry.tick))
            .min();
        self.machine
            .set_compare(self.channel, first.map(tick_begins_ns));
    }

    fn set(&self, process: ProcessId, tick: Option<u64>) -> Result<Option<u64>, ErrorCode> {
        let before = self
            .apps
            .enter(process, |expiry, _| {
                std::mem::replace(&mut expiry.tick, tick)
            })
            .map_err(ErrorCode::from)?;
        self.rearm();
        Ok(before)
    }
}

impl SyscallDriver for AlarmDriver {
    fn command(&self, number: usize, r2: usize, r3: usize, process: ProcessId) -> CommandReturn {
        let now = ticks_at(self.machine.now_ns());
        let set = |tick: u64| match self.set(process, Some(tick)) {
            Ok(_) => CommandReturn::success_u32(tick as u32),
            Err(error) => CommandReturn::failure(error),
        };
        match number {
            0 => CommandReturn::success(),
            1 => CommandReturn::success_u32(TICKS_PER_SECOND as u32),
            2 => CommandReturn::success_u32(now as u32),
            3 => match self.set(process, None) {
                Ok(Some(_)) => CommandReturn::success(),
                Ok(None) => CommandReturn::failure(ErrorCode::ALREADY),
                Err(error) => CommandReturn::failure(error),
            },
            5 => set(now + (r2 as u32 as u64).max(1)),
            6 => {
                let passed = (now as u32).wrapping_sub(r2 as u32);
                set(now + u64::from((r3 as u32).saturating_sub(passed).max(1)))
            }
            _ => CommandReturn::failure(ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process, |_, _| {})
    }
}
