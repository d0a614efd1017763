// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Time passing: steps that end, data that moves, READY that comes.

use super::start::page_stages;
use super::{Qspi, ScheduledReady};
use crate::bus::Lanes;
use crate::job::{Instruction, Job, Stage, Step};
use crate::noise::noise_byte;
use crate::nor::WIP;
use crate::pins::Reach;
use crate::registers as reg;
use crate::transfer::{DataFrame, Transfer, address_bytes};
use crate::{Direction, DmaMemory, Observation, ReadyFault, ReadyOfWrite, Task, Violation};

/// Clocks of one read of the status register.
const POLL_CLOCKS: u64 = 16;
const READ_STATUS: u8 = 0x05;

impl Qspi {
    /// The earliest time after now at which something changes by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<u64> {
        let step = self.job.as_ref().and_then(|job| job.step.ends());
        let ready = self.scheduled.iter().map(|ready| ready.at).min();
        [step, ready, self.nor.next_event()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass until `now`: whatever is due by then happens, in order.
    pub fn advance(&mut self, now: u64, memory: &mut dyn DmaMemory) {
        // What was done to the flash from outside may have ended its busy time.
        self.look_again(memory);
        while let Some(at) = self.next_event().filter(|&at| at <= now) {
            self.now = self.now.max(at);
            self.nor.advance(self.now);
            self.look_again(memory);
            self.due_ready();
            let ends = self.job.as_ref().and_then(|job| job.step.ends());
            if ends.is_some_and(|ends| ends <= self.now) {
                self.end_step(memory);
            }
        }
        self.now = self.now.max(now);
        self.nor.advance(self.now);
        self.look_again(memory);
        if self
            .job
            .as_ref()
            .is_some_and(|job| matches!(job.step, Step::Data(_)))
        {
            self.move_data(memory);
        }
    }

    fn due_ready(&mut self) {
        let now = self.now;
        while let Some(index) = self.scheduled.iter().position(|ready| ready.at <= now) {
            let ready = self.scheduled.remove(index);
            if ready.forced || self.enabled {
                self.set_ready(true);
            }
        }
    }

    fn frame_ns(job: &Job) -> u64 {
        job.clock.span_ns(POLL_CLOCKS)
    }

    /// Leaves the endless polling once the status register shows WIP = 0: at the
    /// next time at which it would have been read.
    fn look_again(&mut self, memory: &mut dyn DmaMemory) {
        let Some(job) = &mut self.job else { return };
        let Step::Polling { since } = job.step else {
            return;
        };
        let status = polled(&self.nor, job.reach);
        if status & WIP != 0 {
            return;
        }
        let period = Self::frame_ns(job) + job.gap_ns;
        let polls = self.now.saturating_sub(since).div_ceil(period);
        let starts = since + polls * period;
        self.count_polls(polls, starts - since);
        if let Some(job) = &mut self.job {
            job.stages.push_front(Stage::Poll);
            job.step = Step::Pause { ends: starts };
        }
        if starts <= self.now {
            self.next_stage(memory);
        }
    }

    fn count_polls(&mut self, polls: u64, duration_ns: u64) {
        if let Some(job) = &self.job {
            self.bus.clocking_ns += polls * Self::frame_ns(job);
            if polls > 0 {
                self.observe(Observation::Polled { polls, duration_ns });
            }
        }
    }

    /// Starts the next stage now, or ends the task if there is none.
    pub(super) fn next_stage(&mut self, memory: &mut dyn DmaMemory) {
        loop {
            let now = self.now;
            let Some(job) = &mut self.job else { return };
            let Some(&stage) = job.stages.front() else {
                self.end_task();
                return;
            };
            // In the later parts of a long frame CSN is low already.
            if stage.uses_bus() && !self.long_frame && self.csn_free_at > now {
                job.step = Step::Pause {
                    ends: self.csn_free_at,
                };
                return;
            }
            job.stages.pop_front();
            match stage {
                Stage::Pause { ns: 0 } => {}
                Stage::Pause { ns } => {
                    job.step = Step::Pause { ends: now + ns };
                    return;
                }
                Stage::Poll => {
                    let ends = now + Self::frame_ns(job);
                    job.step = Step::Poll { starts: now, ends };
                    let instruction = Instruction::with_data(READ_STATUS, &[0]);
                    self.open_frame(&instruction);
                    return;
                }
                Stage::Instruction(instruction) => {
                    let ends = now + job.clock.span_ns(instruction.clocks());
                    job.step = Step::Instruction {
                        instruction,
                        starts: now,
                        ends,
                    };
                    self.open_frame(&instruction);
                    // A long frame may be stopped with no further byte.
                    if ends == now {
                        self.end_step(memory);
                    }
                    return;
                }
                Stage::Data => {
                    self.start_data(memory);
                    return;
                }
            }
        }
    }

    fn reaches_flash(&self) -> bool {
        self.job
            .as_ref()
            .is_some_and(|job| job.reach == Reach::Flash)
    }

    fn open_frame(&mut self, instruction: &Instruction) {
        let Some(opcode) = instruction.opcode else {
            return;
        };
        if self.reaches_flash() {
            let hz = self.clock_of_job();
            self.nor.select(self.now, hz);
            self.nor.send(&[opcode], Lanes::One);
        }
    }

    fn clock_of_job(&self) -> u32 {
        self.job.as_ref().map_or(0, |job| job.clock.hz())
    }

    /// Exchanges the first `count` data bytes of an instruction.
    fn exchange(&mut self, instruction: &Instruction, count: usize) -> [u8; 8] {
        let mut received = instruction.data;
        let reach = self.job.as_ref().map(|job| job.reach);
        for byte in received.iter_mut().take(count.min(instruction.length)) {
            *byte = match reach {
                Some(Reach::Flash) => self.nor.exchange(*byte),
                Some(Reach::FloatsHigh) => 0xFF,
                Some(Reach::ReadsZero) | None => 0x00,
            };
        }
        received
    }

    fn close_frame(&mut self) {
        if self.reaches_flash() {
            self.nor.deselect(self.now);
        }
        let gap = self.job.as_ref().map_or(0, |job| job.gap_ns);
        self.csn_free_at = self.now + gap;
    }

    fn end_step(&mut self, memory: &mut dyn DmaMemory) {
        let Some(job) = &mut self.job else { return };
        let step = std::mem::replace(&mut job.step, Step::Between);
        match step {
            Step::Between | Step::Pause { .. } | Step::Polling { .. } | Step::Hung => {}
            Step::Poll { starts, ends } => {
                self.bus.clocking_ns += ends - starts;
                let status = self.exchange(&Instruction::with_data(READ_STATUS, &[0]), 1)[0];
                self.close_frame();
                self.status_seen = status;
                if status & WIP != 0 {
                    let since = self.csn_free_at;
                    if let Some(job) = &mut self.job {
                        job.step = Step::Polling { since };
                    }
                    return;
                }
            }
            Step::Instruction {
                instruction,
                starts,
                ends,
            } => {
                self.bus.clocking_ns += ends - starts;
                let received = self.exchange(&instruction, instruction.length);
                if instruction.captures {
                    self.capture(received);
                }
                if instruction.ends_frame {
                    self.close_frame();
                    self.long_frame = false;
                } else {
                    self.long_frame = true;
                }
            }
            Step::Data(frame) => {
                self.bus.clocking_ns += frame.ends - frame.starts;
                if let Some(job) = &mut self.job {
                    job.step = Step::Data(frame);
                }
                self.move_data(memory);
                self.close_frame();
                if self.after_data() {
                    return;
                }
            }
        }
        self.next_stage(memory);
    }

    fn capture(&mut self, received: [u8; 8]) {
        let word = |n: usize| {
            [
                received[n],
                received[n + 1],
                received[n + 2],
                received[n + 3],
            ]
        };
        self.registers
            .set(reg::CINSTRDAT0, u32::from_le_bytes(word(0)));
        self.registers
            .set(reg::CINSTRDAT1, u32::from_le_bytes(word(4)));
    }

    /// Starts the frame of a read, or of a write's next page.
    fn start_data(&mut self, memory: &mut dyn DmaMemory) {
        let now = self.now;
        let Some(job) = &mut self.job else { return };
        let Some(transfer) = &job.transfer else {
            return;
        };
        let left = transfer.carried() - transfer.passed;
        let address = transfer.flash.wrapping_add(transfer.passed);
        let length = match transfer.direction {
            Direction::ToMemory => left,
            Direction::FromMemory => {
                let page = if job.ifconfig0 >> 12 & 1 == 1 {
                    512
                } else {
                    256
                };
                left.min(page - address % page)
            }
        };
        let width = address_bytes(job.ifconfig0);
        let shape = transfer.shape;
        let frame = DataFrame::new(now, shape, width as u32, job.clock, transfer.passed, length);
        job.step = Step::Data(frame);
        if self.reaches_flash() {
            let hz = self.clock_of_job();
            self.nor.select(now, hz);
            self.nor.send(&[shape.opcode], Lanes::One);
            self.nor
                .send(&address.to_be_bytes()[4 - width..], shape.address_lanes);
            if shape.has_mode {
                self.nor
                    .send(&[self.silicon.mode_byte], shape.address_lanes);
            }
            if shape.dummies > 0 {
                self.nor.wait(shape.dummies);
            }
        }
        // With nothing to carry the frame is its head only.
        if frame.ends <= now {
            self.end_step(memory);
        }
    }

    /// What a transfer does after a data frame; whether the task stays as it is.
    fn after_data(&mut self) -> bool {
        let after_last = self.silicon.ready_of_write == ReadyOfWrite::AfterLastProgram;
        let Some(job) = &mut self.job else {
            return false;
        };
        let Some(transfer) = &job.transfer else {
            return false;
        };
        if transfer.passed < transfer.carried() {
            job.stages.extend(page_stages());
        } else if transfer.stop.is_some_and(|stop| !stop.task_ends) {
            job.step = Step::Hung;
            return true;
        } else if transfer.direction == Direction::FromMemory && after_last {
            job.stages.push_back(Stage::Poll);
        }
        job.step = Step::Between;
        false
    }

    /// Moves what the bus carried up to now.
    pub(super) fn move_data(&mut self, memory: &mut dyn DmaMemory) {
        let Some(job) = &mut self.job else { return };
        let (Step::Data(frame), Some(transfer)) = (job.step, &mut job.transfer) else {
            return;
        };
        let passed = frame.passed_before + frame.passed_by(self.now);
        let from = transfer.passed;
        if passed <= from {
            return;
        }
        let length = (passed - from) as usize;
        self.scratch.clear();
        self.scratch.resize(length, 0xFF);
        let dma = (transfer.movable().saturating_sub(from) as usize).min(length);
        let address = transfer.memory.wrapping_add(from);
        let lanes = transfer.shape.data_lanes;
        let result = match transfer.direction {
            Direction::ToMemory => {
                if job.reach == Reach::Flash {
                    self.nor.receive(&mut self.scratch, lanes);
                }
                corrupt(transfer, &mut self.scratch);
                memory.write(address, &self.scratch[..dma])
            }
            Direction::FromMemory => {
                let result = memory.read(address, &mut self.scratch[..dma]);
                corrupt(transfer, &mut self.scratch);
                if job.reach == Reach::Flash {
                    self.nor.send(&self.scratch, lanes);
                }
                result
            }
        };
        transfer.passed = passed;
        match result {
            Ok(()) => transfer.moved += dma as u32,
            Err(error) => {
                if !std::mem::replace(&mut transfer.dma_failed, true) {
                    let address = error.address;
                    self.violates(Violation::DmaOutsideRam { address });
                }
            }
        }
    }

    pub(super) fn end_dma(&mut self, transfer: &Transfer) {
        self.observe(Observation::DmaEnded {
            direction: transfer.direction,
            address: transfer.memory,
            length: transfer.length,
            moved: transfer.moved,
        });
    }

    fn end_task(&mut self) {
        let Some(job) = self.job.take() else { return };
        if let Some(transfer) = &job.transfer {
            self.end_dma(transfer);
        }
        if job.detached {
            return;
        }
        match job.task {
            Task::Activate => {
                if self.wakes_on_activate() {
                    self.asleep = false;
                }
                self.active = true;
                self.xip_since_activate = false;
                if job.reach == Reach::ReadsZero {
                    self.status_seen = 0;
                }
                self.observe(Observation::Active { active: true });
            }
            Task::DeepPowerDownEnter => self.asleep = true,
            Task::DeepPowerDownExit => self.asleep = false,
            Task::Read | Task::Write | Task::Erase | Task::Deactivate | Task::CustomInstruction => {
            }
        }
        if self.gives_ready(job.task) {
            self.give_ready(job.ready);
        }
    }

    fn give_ready(&mut self, fault: Option<ReadyFault>) {
        match fault {
            None => self.set_ready(false),
            Some(ReadyFault::Swallow) => {}
            Some(ReadyFault::Delay {
                by_ns,
                survives_disable,
            }) => self.scheduled.push(ScheduledReady {
                at: self.now + by_ns,
                forced: survives_disable,
            }),
            Some(ReadyFault::Early { and_at_end, .. }) => {
                if and_at_end {
                    self.set_ready(false);
                }
            }
            Some(ReadyFault::Duplicate { after_ns }) => {
                self.set_ready(false);
                self.scheduled.push(ScheduledReady {
                    at: self.now + after_ns,
                    forced: false,
                });
            }
        }
    }

    /// Ends the running task where it is: CSN high, DMA stopped at the word
    /// reached, no READY.
    pub(super) fn abort(&mut self, memory: &mut dyn DmaMemory) {
        self.move_data(memory);
        let now = self.now;
        let Some(step) = self.job.as_ref().map(|job| job.step) else {
            return;
        };
        match step {
            Step::Between | Step::Pause { .. } | Step::Hung => {}
            Step::Polling { since } => {
                if let Some(job) = &self.job {
                    let period = Self::frame_ns(job) + job.gap_ns;
                    let elapsed = now.saturating_sub(since);
                    self.count_polls(elapsed / period, elapsed);
                }
            }
            Step::Poll { starts, .. } => {
                self.bus.clocking_ns += now - starts;
                self.close_frame();
            }
            Step::Instruction {
                instruction,
                starts,
                ..
            } => {
                self.bus.clocking_ns += now - starts;
                let clocks = self
                    .job
                    .as_ref()
                    .map_or(0, |job| job.clock.clocks_within(now - starts));
                let head = u64::from(instruction.opcode.is_some());
                let bytes = (clocks / 8).saturating_sub(head);
                let received = self.exchange(&instruction, bytes as usize);
                if instruction.captures {
                    self.capture(received);
                }
                // Before the opcode is out the part has seen no command.
                if clocks < 8 * head && self.reaches_flash() {
                    self.nor.abandon();
                }
                self.close_frame();
                self.long_frame = false;
            }
            Step::Data(frame) => {
                self.bus.clocking_ns += now - frame.starts;
                if frame.passed_by(now) == 0 && self.reaches_flash() {
                    self.nor.abandon();
                }
                self.close_frame();
            }
        }
        if let Some(job) = self.job.take()
            && let Some(transfer) = &job.transfer
        {
            self.end_dma(transfer);
        }
    }
}

fn polled(nor: &crate::Nor, reach: Reach) -> u8 {
    match reach {
        Reach::Flash => nor.polled_status(),
        Reach::FloatsHigh => 0xFF,
        Reach::ReadsZero => 0x00,
    }
}

/// Anomaly 244: what passes after the clock source was switched is wrong.
fn corrupt(transfer: &Transfer, bytes: &mut [u8]) {
    if transfer.corrupt {
        for (index, byte) in bytes.iter_mut().enumerate() {
            // Bit 0 always flips, so that no byte stays right by chance.
            *byte ^= noise_byte(u64::from(transfer.flash), index as u64) | 1;
        }
    }
}
