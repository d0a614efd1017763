// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The register block and what lies behind each register.

use crate::bus::{BusUse, SerialClock};
use crate::custom_instruction::CustomInstruction;
use crate::job::Job;
use crate::pins::Wiring;
use crate::registers::{self as reg, Access, RegisterFile};
use crate::{DmaMemory, Faults, Nor, Observation, Silicon, Task, Timed, Violation};

mod engine;
mod fingerprint;
mod lifecycle;
mod start;

/// A READY that fault injection sets later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ScheduledReady {
    at: u64,
    /// Comes whether or not ENABLE is 1 by then.
    forced: bool,
}

/// The peripheral, with its flash.
pub struct Qspi {
    /// Switches for what no source states.
    pub silicon: Silicon,
    /// Faults to come.
    pub faults: Faults,
    nor: Nor,
    registers: RegisterFile,
    wiring: Option<Wiring>,
    now: u64,
    enabled: bool,
    active: bool,
    ready: bool,
    interrupt_enabled: bool,
    irq: bool,
    hfxo: bool,
    asleep: bool,
    status_seen: u8,
    job: Option<Job>,
    scheduled: Vec<ScheduledReady>,
    /// CSN may go low again from here on.
    csn_free_at: u64,
    long_frame: bool,
    deactivated: bool,
    anomaly_122_done: bool,
    xip_since_activate: bool,
    xip_since_instruction: bool,
    bus: BusUse,
    enabled_since: u64,
    scratch: Vec<u8>,
}

impl Qspi {
    /// The peripheral as after reset, with `flash` behind it on whatever pins are selected.
    #[must_use]
    pub fn new(flash: Nor) -> Self {
        Self {
            silicon: Silicon::default(),
            faults: Faults::default(),
            nor: flash,
            registers: RegisterFile::new(),
            wiring: None,
            now: 0,
            enabled: false,
            active: false,
            ready: false,
            interrupt_enabled: false,
            irq: false,
            hfxo: true,
            asleep: false,
            status_seen: 0,
            job: None,
            scheduled: Vec::new(),
            csn_free_at: 0,
            long_frame: false,
            deactivated: false,
            anomaly_122_done: false,
            xip_since_activate: false,
            xip_since_instruction: false,
            bus: BusUse::default(),
            enabled_since: 0,
            scratch: Vec::new(),
        }
    }

    /// Hangs the flash on these pins, so that others do not reach it.
    pub fn set_wiring(&mut self, wiring: Wiring) {
        self.wiring = Some(wiring);
    }

    /// The flash.
    #[must_use]
    pub fn flash(&self) -> &Nor {
        &self.nor
    }

    /// The flash, to arm faults or to look into its array.
    pub fn flash_mut(&mut self) -> &mut Nor {
        &mut self.nor
    }

    /// Level of the interrupt line.
    #[must_use]
    pub fn irq(&self) -> bool {
        self.irq
    }

    /// Whether ENABLE is 1.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether a task is under way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// The task under way.
    #[must_use]
    pub fn running(&self) -> Option<Task> {
        self.job.as_ref().map(|job| job.task)
    }

    /// Memory that a DMA under way may still touch: address and length in bytes.
    #[must_use]
    pub fn owed_memory(&self) -> Option<(u32, u32)> {
        let transfer = self.job.as_ref()?.transfer.as_ref()?;
        Some((transfer.memory, transfer.length))
    }

    /// Use of the bus up to now.
    #[must_use]
    pub fn bus_use(&self) -> BusUse {
        let since = if self.enabled {
            self.now.saturating_sub(self.enabled_since)
        } else {
            0
        };
        BusUse {
            enabled_ns: self.bus.enabled_ns + since,
            ..self.bus
        }
    }

    /// Violations so far, those of the flash included.
    #[must_use]
    pub fn violations(&self) -> &[Timed<Violation>] {
        self.nor.violations()
    }

    /// Takes the violations out.
    pub fn take_violations(&mut self) -> Vec<Timed<Violation>> {
        self.nor.take_violations()
    }

    /// Takes the observations out.
    pub fn take_observations(&mut self) -> Vec<Timed<Observation>> {
        self.nor.take_observations()
    }

    /// Switches the observation stream on or off. It starts on.
    pub fn set_observing(&mut self, observing: bool) {
        self.nor.set_observing(observing);
    }

    /// Sets EVENTS_READY at `at` with no task behind it, enabled or not.
    pub fn schedule_ready(&mut self, at: u64) {
        self.scheduled.push(ScheduledReady { at, forced: true });
    }

    /// Reads the register at `offset` from the peripheral's base.
    pub fn read_register(&mut self, now: u64, offset: u32, memory: &mut dyn DmaMemory) -> u32 {
        self.advance(now, memory);
        let Some(access) = reg::access(offset) else {
            self.violates(Violation::RegisterHole {
                offset,
                write: false,
            });
            return 0;
        };
        self.look_for_anomaly_215(offset);
        match (offset, access) {
            (_, Access::Task) => 0,
            (reg::EVENTS_READY, _) => u32::from(self.ready),
            (reg::INTEN | reg::INTENSET | reg::INTENCLR, _) => u32::from(self.interrupt_enabled),
            (reg::ENABLE, _) => u32::from(self.enabled),
            (reg::STATUS, _) => self.status(),
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset` from the peripheral's base.
    pub fn write_register(
        &mut self,
        now: u64,
        offset: u32,
        value: u32,
        memory: &mut dyn DmaMemory,
    ) {
        self.advance(now, memory);
        let Some(access) = reg::access(offset) else {
            self.violates(Violation::RegisterHole {
                offset,
                write: true,
            });
            return;
        };
        self.look_for_anomaly_215(offset);
        if reg::is_reserved(offset, value) {
            self.violates(Violation::ReservedValue { offset, value });
        }
        if reg::configures(offset) && self.job.is_some() {
            self.violates(Violation::ConfigurationWhileBusy { offset });
        }
        match access {
            Access::Task => self.write_task(offset, value, memory),
            Access::Live => self.write_live(offset, value, memory),
            Access::ReadOnly => self.violates(Violation::ReadOnlyRegister { offset }),
            Access::Plain { mask, .. } => self.write_plain(offset, value, mask, memory),
        }
    }

    fn write_task(&mut self, offset: u32, value: u32, memory: &mut dyn DmaMemory) {
        if value & 1 == 0 {
            return;
        }
        match offset {
            reg::TASKS_ACTIVATE => self.trigger(Task::Activate, memory),
            reg::TASKS_READSTART => self.trigger(Task::Read, memory),
            reg::TASKS_WRITESTART => self.trigger(Task::Write, memory),
            reg::TASKS_ERASESTART => self.trigger(Task::Erase, memory),
            reg::TASKS_DEACTIVATE => self.deactivate(memory),
            _ => self.anomaly_122_done = value == 1,
        }
    }

    fn write_live(&mut self, offset: u32, value: u32, memory: &mut dyn DmaMemory) {
        let bit = value & 1 == 1;
        match offset {
            reg::EVENTS_READY => {
                if !bit && std::mem::take(&mut self.ready) {
                    self.observe(Observation::ReadyCleared);
                }
            }
            reg::INTEN => self.interrupt_enabled = bit,
            reg::INTENSET => self.interrupt_enabled |= bit,
            reg::INTENCLR => self.interrupt_enabled &= !bit,
            _ if bit => self.enable(),
            _ => self.disable(memory),
        }
        self.update_irq();
    }

    fn write_plain(&mut self, offset: u32, value: u32, mask: u32, memory: &mut dyn DmaMemory) {
        if matches!(offset, reg::READ_CNT | reg::WRITE_CNT) && value & 3 != 0 {
            self.violates(Violation::UnalignedCount { value });
        }
        let before = self.registers.get(offset);
        self.registers.set(offset, value & mask);
        match offset {
            reg::IFCONFIG1 if (before ^ value) & reg::DPMEN != 0 && self.enabled => {
                if self.registers.get(reg::IFCONFIG0) & reg::DPMENABLE == 0 {
                    self.violates(Violation::DeepPowerDownNotEnabled);
                } else if value & reg::DPMEN != 0 {
                    self.trigger(Task::DeepPowerDownEnter, memory);
                } else {
                    self.trigger(Task::DeepPowerDownExit, memory);
                }
            }
            reg::CINSTRCONF => {
                let instruction = CustomInstruction::from_register(value);
                if !instruction.has_valid_length() {
                    let length = instruction.length;
                    self.violates(Violation::CustomLength { length });
                    return;
                }
                if !instruction.lio3 {
                    self.violates(Violation::Lio3Low);
                }
                self.trigger(Task::CustomInstruction, memory);
            }
            _ => {}
        }
    }

    fn status(&self) -> u32 {
        let idle = self.enabled && self.job.is_none();
        let seen = if self.silicon.sreg_follows_flash && idle {
            self.nor.polled_status()
        } else {
            self.status_seen
        };
        u32::from(self.asleep) << 2 | u32::from(idle) << 3 | u32::from(seen) << 24
    }

    fn look_for_anomaly_215(&mut self, offset: u32) {
        if offset >= reg::IFCONFIG1 && self.xip_since_activate {
            self.violates(Violation::RegisterAfterXip { offset });
        }
    }

    fn violates(&mut self, violation: Violation) {
        let now = self.now;
        self.nor.log.violation(now, violation);
    }

    fn observe(&mut self, observation: Observation) {
        let now = self.now;
        self.nor.log.observe(now, observation);
    }

    fn update_irq(&mut self) {
        let high = self.ready && self.interrupt_enabled;
        if high != self.irq {
            self.irq = high;
            self.observe(Observation::IrqLine { high });
        }
    }

    fn set_ready(&mut self, injected: bool) {
        self.ready = true;
        self.observe(Observation::ReadySet { injected });
        self.update_irq();
    }

    fn clock(&self) -> SerialClock {
        SerialClock::from_sckfreq(self.registers.get(reg::IFCONFIG1) >> 28)
    }

    /// IFCONFIG1.SCKDELAY: shortest CSN high time, in units of 62.5 ns.
    fn gap_ns(&self) -> u64 {
        let units = u64::from(self.registers.get(reg::IFCONFIG1) & 0xFF);
        (units * 125).div_ceil(2)
    }
}
