// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The end of a run: when all apps have ended and the flash is off, or does not come to that in
//! time, what the kernel counted goes to the UART, and the emulator ends with status 0 if all is
//! as it has to be.

use crate::last_words::LastWords;
use crate::storm::Storm;
use crate::{AlarmHw, DeviceHw, FmcHw, UartHw, VirtualAlarm};
use core::cell::Cell;
use core::fmt::Write;
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks, Time};
use kernel::platform::chip::Chip;
use kernel::process::{Process, State, StoppedExecutingReason};
use kernel::scheduler::{Scheduler, SchedulingDecision};
use kernel::{Kernel, ProcessId, capabilities, create_capability};
use spi_nor::driver::Driver;
use spi_nor::lifecycle;

/// What is looked at.
pub struct Witnesses {
    /// The kernel, for its processes.
    pub kernel: &'static Kernel,
    /// The flash.
    pub device: &'static DeviceHw,
    /// Its system calls.
    pub driver: &'static Driver<'static>,
    /// Its controller.
    pub fmc: &'static FmcHw,
    /// The console.
    pub uart: &'static UartHw,
    /// The alarm.
    pub alarm: &'static AlarmHw,
    /// The detaches, if there are any.
    pub storm: Option<&'static Storm>,
    /// What happens after a while without an end.
    pub patience: &'static Patience,
}

/// Wakes the kernel now and then, so that a run that should be over ends.
pub struct Patience {
    alarm: &'static VirtualAlarm,
    /// When all apps had ended.
    since: Cell<Option<u32>>,
}

impl Patience {
    /// How long the flash may take until it is off once all apps have ended, in µs: an erase and
    /// whatever has to be powered down. The flash is not idle for so long before it is switched
    /// off: in these runs it is never switched off for that.
    const LONGEST_US: u32 = 3_000_000;
    /// From look to look, in µs.
    const LOOK_US: u32 = 500_000;

    /// To be made the alarm's client, and [started](Self::look_again).
    pub fn new(alarm: &'static VirtualAlarm) -> Patience {
        Patience {
            alarm,
            since: Cell::new(None),
        }
    }

    /// Sees to it that the kernel wakes up.
    pub fn look_again(&self) {
        self.alarm
            .set_alarm(self.alarm.now(), self.alarm.ticks_from_us(Self::LOOK_US));
    }

    /// Whether it is over, with all apps dead since the first call of this.
    fn is_over(&self) -> bool {
        let now = self.alarm.now();
        let since = self.since.get().unwrap_or(now.into_u32());
        self.since.set(Some(since));
        let passed = now.wrapping_sub(since.into());
        passed > self.alarm.ticks_from_us(Self::LONGEST_US)
    }
}

impl AlarmClient for Patience {
    fn alarm(&self) {
        self.look_again();
    }
}

/// A scheduler that ends the run.
pub struct EndingScheduler<S: 'static, P: 'static> {
    swept: &'static S,
    /// To be used in its stead.
    plain: Option<&'static P>,
    /// None: the run has no end.
    witnesses: Option<Witnesses>,
}

impl<S, P> EndingScheduler<S, P> {
    /// Around `swept`, or around `plain` in its stead.
    pub fn new(swept: &'static S, plain: Option<&'static P>, witnesses: Option<Witnesses>) -> Self {
        EndingScheduler {
            swept,
            plain,
            witnesses,
        }
    }
}

impl<C: Chip, S: Scheduler<C>, P: Scheduler<C>> Scheduler<C> for EndingScheduler<S, P> {
    fn next(&self) -> SchedulingDecision {
        let decision = self.swept.next();
        if matches!(decision, SchedulingDecision::TrySleep)
            && let Some(witnesses) = &self.witnesses
            && witnesses.see_the_end()
        {
            crate::exit(u32::from(!witnesses.report()));
        }
        decision
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        self.swept.result(result, execution_time_us);
    }

    fn execute_kernel_work(&self, chip: &C) {
        self.swept.execute_kernel_work(chip);
    }

    fn do_kernel_work_now(&self, chip: &C) -> bool {
        match self.plain {
            Some(plain) => plain.do_kernel_work_now(chip),
            None => self.swept.do_kernel_work_now(chip),
        }
    }

    fn continue_process(&self, id: ProcessId, chip: &C) -> bool {
        self.swept.continue_process(id, chip)
    }
}

/// Whether the registers say that the controller is disabled.
pub fn reads_as_off(fmc: &FmcHw) -> bool {
    const WRITE_ENABLE: u32 = 1 << 16;
    const INTERRUPT_ENABLE: u32 = 1 << 3;
    const RUNNING_OR_GRANTED: u32 = 1 | 3 << 30;
    let [conf, intr, dma_ctrl] = fmc.read_back();
    conf & WRITE_ENABLE == 0 && intr & INTERRUPT_ENABLE == 0 && dma_ctrl & RUNNING_OR_GRANTED == 0
}

fn is_dead(process: &dyn Process) -> bool {
    matches!(process.get_state(), State::Terminated | State::Faulted)
}

impl Witnesses {
    fn processes(&self, mut look: impl FnMut(&dyn Process)) {
        let capability = create_capability!(capabilities::ProcessManagementCapability);
        self.kernel
            .process_each_capability(&capability, |process| look(process));
    }

    fn see_the_end(&self) -> bool {
        let mut all = 0;
        let mut dead = 0;
        self.processes(|process| {
            all += 1;
            dead += usize::from(is_dead(process));
        });
        let at_rest = matches!(
            self.device.state(),
            lifecycle::State::Off | lifecycle::State::Failed
        );
        let is_known = self.device.profile().is_some() || self.device.last_fault().is_some();
        let storm_over = self.storm.is_none_or(Storm::is_over);
        let apps_over = all > 0 && all == dead && storm_over && !self.uart.is_sending();
        apps_over && (at_rest && is_known || self.patience.is_over())
    }

    /// Says what was counted, and whether it is as it has to be.
    fn report(&self) -> bool {
        let mut to = LastWords::new();
        // Writing to the UART can't fail.
        let mut say = |line: core::fmt::Arguments<'_>| {
            let _written = writeln!(to, "REPORT {line}");
        };
        let mut lives = 0;
        self.processes(|process| {
            lives += process.get_restart_count() as u32 + 1;
            say(format_args!(
                "app={} state={:?} code={:?} restarts={}",
                process.get_process_name(),
                process.get_state(),
                process.get_completion_code(),
                process.get_restart_count(),
            ));
        });
        let apps = self.driver.counters();
        // Those of the living, who are none, and what the driver believes, which keeps the part on.
        let leases = self.driver.living_leases();
        let unswept = self.driver.needs_sweep();
        say(format_args!(
            "driver accepted={} delivered={} orphaned={} deferred={} leases={} unswept={} lives={}",
            apps.accepted,
            apps.delivered,
            apps.orphaned,
            apps.deferred,
            leases,
            u8::from(unswept),
            lives
        ));
        let device = self.device.counters();
        let has_buffer = self.device.holds_buffer();
        say(format_args!(
            "device state={:?} power_ups={} power_downs={} begun={} ended={} forced_stops={} \
             impossible={} buffer={}",
            self.device.state(),
            device.power_ups,
            device.power_downs,
            device.begun,
            device.ended,
            device.forced_stops,
            device.impossible,
            u8::from(has_buffer),
        ));
        let fmc = self.fmc.counters();
        let quarantine = self.fmc.has_quarantine();
        say(format_args!(
            "fmc started={} completed={} by_dma={} waits_for_grant={} spurious={} late={} \
             forced_stops={} impossible={} quarantine={}",
            fmc.started,
            fmc.completed,
            fmc.by_dma,
            fmc.waits_for_grant,
            fmc.spurious,
            fmc.late,
            fmc.forced_stops,
            fmc.impossible,
            u8::from(quarantine),
        ));
        let [conf, intr, dma_ctrl] = self.fmc.read_back();
        let is_off = reads_as_off(self.fmc);
        say(format_args!(
            "registers conf={conf:#010x} intr={intr:#010x} dma_ctrl={dma_ctrl:#010x} off={}",
            u8::from(is_off)
        ));
        say(format_args!("alarm unstuck={}", self.alarm.unstuck()));
        let tally = self.storm.map(Storm::tally).unwrap_or_default();
        say(format_args!(
            "detaches ended={} failed={} left_on={} refused={}",
            tally.detached, tally.failed, tally.left_on, tally.refused
        ));
        // A life that ends may leave one operation behind, which nobody is told of.
        let untold = apps.accepted.wrapping_sub(apps.delivered);
        let kept = untold <= lives
            && leases == 0
            && !unswept
            && device.begun == device.ended
            && device.impossible == 0
            && fmc.impossible == 0
            && has_buffer
            && !quarantine
            && is_off
            && self.device.state() == lifecycle::State::Off
            && [tally.failed, tally.left_on, tally.refused] == [0; 3];
        say(format_args!("{}", if kept { "KEPT" } else { "BROKEN" }));
        kept
    }
}
