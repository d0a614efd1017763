// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a task is made of when it is triggered.

use super::{Qspi, ScheduledReady};
use crate::custom_instruction::CustomInstruction;
use crate::job::{Instruction, Job, Stage, Step};
use crate::pins::{Reach, partly_connected, reach};
use crate::registers as reg;
use crate::transfer::{Shape, Transfer, address_bytes};
use crate::{
    Direction, DmaMemory, Observation, ReadyFault, StartWhileBusy, Task, UnalignedAddress,
    Violation,
};
use std::collections::VecDeque;

const WRITE_ENABLE: u8 = 0x06;
/// DPMDUR counts in 256 periods of 62.5 ns.
const DPMDUR_UNIT_NS: u64 = 16_000;

impl Qspi {
    pub(super) fn trigger(&mut self, task: Task, memory: &mut dyn DmaMemory) {
        let accepted = self.accepts(task, memory);
        self.observe(Observation::TaskTriggered { task, accepted });
        if !accepted {
            return;
        }
        self.deactivated = false;
        self.anomaly_122_done = false;
        if self.ready && self.gives_ready(task) {
            self.violates(Violation::TaskWithReadyPending { task });
        }
        let reach = reach(&self.registers.pins(), self.wiring.as_ref());
        self.look_at_surroundings(task, reach);
        let Some((stages, transfer)) = self.plan(task, reach) else {
            return;
        };
        self.run(task, stages, transfer, reach, memory);
    }

    fn accepts(&mut self, task: Task, memory: &mut dyn DmaMemory) -> bool {
        if !self.enabled {
            self.violates(Violation::TaskWhileDisabled { task });
            return false;
        }
        let running = self.job.as_ref().map(|job| (job.task, job.detached));
        if let Some((running, detached)) = running {
            self.violates(Violation::TaskWhileBusy { task, running });
            match self.silicon.start_while_busy {
                StartWhileBusy::Replaces if !detached => self.abort(memory),
                StartWhileBusy::Replaces | StartWhileBusy::Ignored => return false,
            }
        }
        if task != Task::Activate && !self.active {
            self.violates(Violation::TaskBeforeActive { task });
            return false;
        }
        true
    }

    fn look_at_surroundings(&mut self, task: Task, reach: Reach) {
        if task == Task::Activate {
            if partly_connected(&self.registers.pins()) {
                self.violates(Violation::PinsPartlyConnected);
            }
            return;
        }
        if reach != Reach::Flash {
            self.violates(Violation::PinsDisconnected { task });
        }
        if !self.hfxo {
            self.violates(Violation::HfxoNotRunning { task });
        }
        if self.long_frame && task != Task::CustomInstruction {
            self.violates(Violation::LongFrameOpen);
            self.close_long_frame();
        }
    }

    /// The stages of a task; `None` if it never starts.
    fn plan(&mut self, task: Task, reach: Reach) -> Option<(VecDeque<Stage>, Option<Transfer>)> {
        let mut stages = VecDeque::new();
        let latency = match task {
            Task::Activate => self.silicon.activate_ns,
            _ => self.silicon.task_ns,
        };
        if latency > 0 {
            stages.push_back(Stage::Pause { ns: latency });
        }
        let mut transfer = None;
        match task {
            Task::Activate => {
                if reach != Reach::ReadsZero {
                    if self.wakes_on_activate() {
                        self.plan_wake(&mut stages);
                    }
                    self.plan_address_mode(&mut stages);
                    stages.push_back(Stage::Poll);
                }
            }
            Task::Read => {
                transfer = Some(self.plan_transfer(task)?);
                stages.extend([Stage::Poll, Stage::Data]);
            }
            Task::Write => {
                transfer = Some(self.plan_transfer(task)?);
                let waits = usize::from(!self.silicon.first_page_waits);
                stages.extend(page_stages().into_iter().skip(waits));
            }
            Task::Erase => self.plan_erase(&mut stages)?,
            Task::CustomInstruction => self.plan_custom(&mut stages),
            Task::DeepPowerDownEnter => {
                let ns = u64::from(self.registers.get(reg::DPMDUR) & 0xFFFF) * DPMDUR_UNIT_NS;
                stages.push_back(Stage::Instruction(Instruction::opcode(0xB9)));
                stages.push_back(Stage::Pause { ns });
            }
            Task::DeepPowerDownExit => self.plan_wake(&mut stages),
            Task::Deactivate => return None,
        }
        Some((stages, transfer))
    }

    fn plan_wake(&self, stages: &mut VecDeque<Stage>) {
        let ns = u64::from(self.registers.get(reg::DPMDUR) >> 16) * DPMDUR_UNIT_NS;
        stages.push_back(Stage::Instruction(Instruction::opcode(0xAB)));
        stages.push_back(Stage::Pause { ns });
    }

    /// Whether ACTIVATE wakes a part that the peripheral itself has put to sleep before it was
    /// disabled. embassy-nrf needs that: it clears DPMEN with ENABLE = 0, and then only waits
    /// for READY of ACTIVATE.
    pub(super) fn wakes_on_activate(&self) -> bool {
        self.asleep
            && self.registers.get(reg::IFCONFIG0) & reg::DPMENABLE != 0
            && self.registers.get(reg::IFCONFIG1) & reg::DPMEN == 0
    }

    /// Whether READY comes of a task that ends well.
    pub(super) fn gives_ready(&self, task: Task) -> bool {
        task != Task::DeepPowerDownEnter || self.silicon.ready_on_deep_power_down_enter
    }

    /// ADDRCONF: an instruction that ACTIVATE sends, if MODE asks for one.
    fn plan_address_mode(&self, stages: &mut VecDeque<Stage>) {
        let conf = self.registers.get(reg::ADDRCONF);
        let bytes = [(conf >> 8) as u8, (conf >> 16) as u8];
        let sent = match conf >> 24 & 3 {
            0 => return,
            mode => mode as usize - 1,
        };
        if conf >> 26 & 1 == 1 {
            stages.push_back(Stage::Poll);
        }
        if conf >> 27 & 1 == 1 {
            stages.push_back(Stage::Instruction(Instruction::opcode(WRITE_ENABLE)));
        }
        let instruction = Instruction::with_data(conf as u8, &bytes[..sent]);
        stages.push_back(Stage::Instruction(instruction));
    }

    fn flash_address(&mut self, task: Task, address: u32, length: u32) -> u32 {
        let mut sent = address;
        if address & 3 != 0 {
            self.violates(Violation::UnalignedFlashAddress { task, address });
            if self.silicon.unaligned_flash_address == UnalignedAddress::Masked {
                sent &= !3;
            }
        }
        let three_bytes = address_bytes(self.registers.get(reg::IFCONFIG0)) == 3;
        let end = u64::from(sent) + u64::from(length);
        // The part itself reports what lies beyond its own end.
        let reachable = 1 << 24;
        if three_bytes && end > reachable && u64::from(self.nor.part().size) >= reachable {
            self.violates(Violation::BeyondEnd { end });
        }
        if three_bytes && sent >> 24 != 0 {
            if u64::from(self.nor.part().size) < reachable {
                self.violates(Violation::BeyondEnd { end });
            }
            sent &= 0x00FF_FFFF;
        }
        sent
    }

    fn plan_transfer(&mut self, task: Task) -> Option<Transfer> {
        let ifconfig0 = self.registers.get(reg::IFCONFIG0);
        let (flash, memory, count, shape, direction) = match task {
            Task::Read => (
                reg::READ_SRC,
                reg::READ_DST,
                reg::READ_CNT,
                Shape::read(ifconfig0),
                Direction::ToMemory,
            ),
            _ => (
                reg::WRITE_DST,
                reg::WRITE_SRC,
                reg::WRITE_CNT,
                Shape::program(ifconfig0),
                Direction::FromMemory,
            ),
        };
        let length = self.registers.get(count);
        if length == 0 {
            self.violates(Violation::ZeroCount { task });
            return None;
        }
        let address = self.registers.get(memory);
        if address & 3 != 0 {
            self.violates(Violation::UnalignedPointer { task, address });
        }
        let flash = self.registers.get(flash);
        Some(Transfer {
            direction,
            shape,
            memory: address & !3,
            flash: self.flash_address(task, flash, length),
            length,
            passed: 0,
            moved: 0,
            stop: self.faults.take_dma_stop(),
            corrupt: false,
            dma_failed: false,
        })
    }

    fn plan_erase(&mut self, stages: &mut VecDeque<Stage>) -> Option<()> {
        let opcode = match self.registers.get(reg::ERASE_LEN) {
            0 => 0x20,
            1 => 0xD8,
            2 => 0xC7,
            _ => return None,
        };
        let mut address = Vec::new();
        if opcode != 0xC7 {
            let pointer = self.registers.get(reg::ERASE_PTR);
            let sent = self.flash_address(Task::Erase, pointer, 4).to_be_bytes();
            let width = address_bytes(self.registers.get(reg::IFCONFIG0));
            address.extend_from_slice(&sent[4 - width..]);
        }
        stages.extend([
            Stage::Poll,
            Stage::Instruction(Instruction::opcode(WRITE_ENABLE)),
            Stage::Instruction(Instruction::with_data(opcode, &address)),
        ]);
        Some(())
    }

    fn plan_custom(&mut self, stages: &mut VecDeque<Stage>) {
        let conf = CustomInstruction::from_register(self.registers.get(reg::CINSTRCONF));
        self.xip_since_instruction = false;
        if self.long_frame && !conf.long_frame {
            self.violates(Violation::LongFrameOpen);
            self.close_long_frame();
        }
        let low = self.registers.get(reg::CINSTRDAT0).to_le_bytes();
        let high = self.registers.get(reg::CINSTRDAT1).to_le_bytes();
        let mut data = [0; 8];
        data[..4].copy_from_slice(&low);
        data[4..].copy_from_slice(&high);
        // The part is selected in the later parts of a long frame: nothing else
        // can be sent before them.
        if !self.long_frame {
            if conf.waits {
                stages.push_back(Stage::Poll);
            }
            if conf.write_enable {
                stages.push_back(Stage::Instruction(Instruction::opcode(WRITE_ENABLE)));
            }
        }
        stages.push_back(Stage::Instruction(Instruction {
            opcode: (!self.long_frame).then_some(conf.opcode),
            data,
            length: conf.data_length(),
            ends_frame: conf.ends_frame(),
            captures: true,
        }));
    }

    fn run(
        &mut self,
        task: Task,
        stages: VecDeque<Stage>,
        transfer: Option<Transfer>,
        reach: Reach,
        memory: &mut dyn DmaMemory,
    ) {
        if let Some(transfer) = &transfer {
            let (direction, address, length) =
                (transfer.direction, transfer.memory, transfer.length);
            self.observe(Observation::DmaStarted {
                direction,
                address,
                length,
            });
        }
        let ready = self.faults.take_ready(task);
        if let Some(ReadyFault::Early { after_ns, .. }) = ready {
            self.scheduled.push(ScheduledReady {
                at: self.now + after_ns,
                forced: false,
            });
        }
        let hangs = task == Task::Activate && self.faults.take_activate_hang();
        self.job = Some(Job {
            task,
            stages,
            step: if hangs { Step::Hung } else { Step::Between },
            ready,
            detached: false,
            clock: self.clock(),
            gap_ns: self.gap_ns(),
            ifconfig0: self.registers.get(reg::IFCONFIG0),
            reach,
            transfer,
        });
        if !hangs {
            self.next_stage(memory);
        }
    }
}

/// What each page of a write begins with.
pub(super) fn page_stages() -> [Stage; 3] {
    [
        Stage::Poll,
        Stage::Instruction(Instruction::opcode(WRITE_ENABLE)),
        Stage::Data,
    ]
}
