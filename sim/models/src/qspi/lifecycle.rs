// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! ENABLE, DEACTIVATE, execute-in-place and the clock source.

use super::Qspi;
use crate::bus::Lanes;
use crate::job::Step;
use crate::pins::{Reach, reach};
use crate::registers::{self as reg, RegisterFile};
use crate::transfer::{Shape, address_bytes};
use crate::{DmaMemory, Observation, OnStop, Task, Violation};

impl Qspi {
    pub(super) fn enable(&mut self) {
        if std::mem::replace(&mut self.enabled, true) {
            return;
        }
        self.enabled_since = self.now;
        self.deactivated = false;
        self.anomaly_122_done = false;
        self.observe(Observation::Enable { on: true });
    }

    pub(super) fn disable(&mut self, memory: &mut dyn DmaMemory) {
        if !self.enabled {
            return;
        }
        if let Some(running) = self.live_task() {
            self.violates(Violation::DisableWhileBusy { running });
        }
        if self.nor.is_busy() {
            self.violates(Violation::DisableWhileFlashBusy);
        }
        if !self.deactivated {
            self.violates(Violation::DisableWithoutDeactivate);
        }
        if !self.anomaly_122_done {
            self.violates(Violation::DisableWithoutAnomaly122);
        }
        self.stop(memory);
        self.scheduled.retain(|ready| ready.forced);
        self.bus.enabled_ns += self.now - self.enabled_since;
        self.enabled = false;
        self.observe(Observation::Enable { on: false });
    }

    pub(super) fn deactivate(&mut self, memory: &mut dyn DmaMemory) {
        let task = Task::Deactivate;
        let accepted = self.enabled;
        self.observe(Observation::TaskTriggered { task, accepted });
        if !accepted {
            self.violates(Violation::TaskWhileDisabled { task });
            return;
        }
        if let Some(running) = self.live_task() {
            self.violates(Violation::DeactivateWhileBusy { running });
        }
        if self.xip_since_instruction {
            self.violates(Violation::DeactivateAfterXip);
        }
        self.stop(memory);
        self.deactivated = true;
        self.anomaly_122_done = false;
        if self.silicon.ready_on_deactivate {
            self.set_ready(false);
        }
    }

    /// The task under way, unless it is one that an earlier stop left running.
    fn live_task(&self) -> Option<Task> {
        self.job
            .as_ref()
            .filter(|job| !job.detached)
            .map(|job| job.task)
    }

    fn stop(&mut self, memory: &mut dyn DmaMemory) {
        if self.long_frame && self.job.is_none() {
            self.violates(Violation::LongFrameOpen);
            self.close_long_frame();
        }
        match self.silicon.on_stop {
            OnStop::Stops => self.abort(memory),
            OnStop::RunsOn => {
                // What waits for nothing but the flash has no transfer to finish.
                let endless = self.job.as_ref().is_some_and(|job| {
                    job.transfer.is_none() || matches!(job.step, Step::Hung | Step::Polling { .. })
                });
                if endless {
                    self.abort(memory);
                } else if let Some(job) = &mut self.job {
                    job.detached = true;
                }
            }
        }
        if std::mem::take(&mut self.active) {
            self.observe(Observation::Active { active: false });
        }
    }

    pub(super) fn close_long_frame(&mut self) {
        self.nor.deselect(self.now);
        self.long_frame = false;
        self.csn_free_at = self.now + self.gap_ns();
    }

    /// The chip resets: registers are as at the start, what was under way is broken off, and the
    /// flash goes on by itself.
    ///
    /// Figures, faults and violations stay.
    pub fn reset(&mut self, now: u64, memory: &mut dyn DmaMemory) {
        self.advance(now, memory);
        self.abort(memory);
        if self.long_frame {
            self.close_long_frame();
        }
        if self.enabled {
            self.bus.enabled_ns += self.now - self.enabled_since;
            self.observe(Observation::Enable { on: false });
        }
        if std::mem::take(&mut self.active) {
            self.observe(Observation::Active { active: false });
        }
        self.registers = RegisterFile::new();
        self.scheduled.clear();
        self.enabled = false;
        self.ready = false;
        self.interrupt_enabled = false;
        self.irq = false;
        self.asleep = false;
        self.status_seen = 0;
        self.deactivated = false;
        self.anomaly_122_done = false;
        self.xip_since_activate = false;
        self.xip_since_instruction = false;
    }

    /// Whether the crystal oscillator is the high-frequency clock. It is at the
    /// start.
    ///
    /// A change while data moves corrupts what is left of it (anomaly 244).
    pub fn set_hfxo_stable(&mut self, now: u64, stable: bool, memory: &mut dyn DmaMemory) {
        self.advance(now, memory);
        if std::mem::replace(&mut self.hfxo, stable) == stable {
            return;
        }
        self.observe(Observation::HfxoStable { stable });
        let Some(job) = &mut self.job else { return };
        let task = job.task;
        if let Some(transfer) = &mut job.transfer {
            transfer.corrupt = true;
        }
        if !matches!(job.step, Step::Hung) {
            self.violates(Violation::ClockSwitchedDuringTransfer { task });
        }
    }

    /// Reads through the execute-in-place window, `address` bytes into it.
    ///
    /// Returns the time that the access takes, ns.
    pub fn read_xip(
        &mut self,
        now: u64,
        address: u32,
        into: &mut [u8],
        memory: &mut dyn DmaMemory,
    ) -> u64 {
        self.advance(now, memory);
        into.fill(0xFF);
        if !self.active {
            self.violates(Violation::XipWhileInactive { address });
            return 0;
        }
        if let Some(running) = self.live_task() {
            let task = Task::Read;
            self.violates(Violation::TaskWhileBusy { task, running });
            return 0;
        }
        self.xip_since_activate = true;
        self.xip_since_instruction = true;
        let ifconfig0 = self.registers.get(reg::IFCONFIG0);
        let shape = Shape::read(ifconfig0);
        let width = address_bytes(ifconfig0);
        let clock = self.clock();
        let data = into.len() as u64 * u64::from(shape.data_lanes.clocks_per_byte());
        let span = clock.span_ns(u64::from(shape.head_clocks(width as u32)) + data);
        if reach(&self.registers.pins(), self.wiring.as_ref()) == Reach::Flash {
            let flash = address.wrapping_add(self.registers.get(reg::XIPOFFSET));
            self.nor.select(self.now, clock.hz());
            self.nor.send(&[shape.opcode], Lanes::One);
            self.nor
                .send(&flash.to_be_bytes()[4 - width..], shape.address_lanes);
            if shape.has_mode {
                self.nor
                    .send(&[self.silicon.mode_byte], shape.address_lanes);
            }
            if shape.dummies > 0 {
                self.nor.wait(shape.dummies);
            }
            self.nor.receive(into, shape.data_lanes);
            self.nor.deselect(self.now);
        }
        self.bus.clocking_ns += span;
        span
    }
}
