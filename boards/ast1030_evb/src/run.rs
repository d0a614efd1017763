// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The end of a run: when there is nothing left that could happen, what the kernel counted
//! goes to the UART, and the emulator ends with status 0 if all is as it has to be.

use crate::last_words::LastWords;
use crate::storm::Storm;
use crate::{AlarmHw, DeviceHw, FmcHw, UartHw};
use core::fmt::Write;
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
}

/// A scheduler that ends the run.
pub struct EndingScheduler<S: 'static> {
    inner: &'static S,
    /// None: the run has no end.
    witnesses: Option<Witnesses>,
}

impl<S> EndingScheduler<S> {
    /// Around `inner`.
    pub fn new(inner: &'static S, witnesses: Option<Witnesses>) -> Self {
        EndingScheduler { inner, witnesses }
    }
}

impl<C: Chip, S: Scheduler<C>> Scheduler<C> for EndingScheduler<S> {
    fn next(&self) -> SchedulingDecision {
        let decision = self.inner.next();
        if matches!(decision, SchedulingDecision::TrySleep)
            && let Some(witnesses) = &self.witnesses
            && witnesses.see_the_end()
        {
            crate::exit(u32::from(!witnesses.report()));
        }
        decision
    }

    fn result(&self, result: StoppedExecutingReason, execution_time_us: Option<u32>) {
        self.inner.result(result, execution_time_us);
    }

    fn execute_kernel_work(&self, chip: &C) {
        self.inner.execute_kernel_work(chip);
    }

    fn do_kernel_work_now(&self, chip: &C) -> bool {
        self.inner.do_kernel_work_now(chip)
    }

    fn continue_process(&self, id: ProcessId, chip: &C) -> bool {
        self.inner.continue_process(id, chip)
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
        all > 0 && all == dead && at_rest && is_known && storm_over && !self.uart.is_sending()
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
        let leases = self.driver.living_leases();
        say(format_args!(
            "driver accepted={} delivered={} orphaned={} deferred={} leases={} lives={}",
            apps.accepted, apps.delivered, apps.orphaned, apps.deferred, leases, lives
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
