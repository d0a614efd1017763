// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The peripheral's state as a digest, for those who enumerate states.

use super::Qspi;
use crate::fingerprint::ahead;
use crate::job::{Job, Step};
use crate::registers as reg;
use std::hash::{Hash, Hasher};

/// Registers that say how the next task runs, once it is enabled: drivers write them before.
/// Operands are left out, as drivers write them before each task, and a task under way is
/// told apart by what it does. STATUS.SREG is, as it says nothing but what was.
const SETTINGS: [u32; 4] = [reg::PSEL_SCK, reg::IFCONFIG0, reg::IFCONFIG1, reg::ADDRCONF];

impl Qspi {
    /// All that decides what the peripheral and its flash do next, array contents
    /// apart. Times count only as far as they lie ahead.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        let flags = [
            self.enabled,
            self.active,
            self.ready,
            self.interrupt_enabled,
            self.irq,
            self.hfxo,
            self.asleep,
            self.long_frame,
            self.deactivated,
            self.anomaly_122_done,
            self.xip_since_activate,
            self.xip_since_instruction,
            self.faults.is_empty(),
        ];
        flags.hash(hasher);
        if self.enabled {
            for offset in SETTINGS {
                self.registers.get(offset).hash(hasher);
            }
        }
        if let Some(job) = &self.job {
            self.job_fingerprint(job, hasher);
        }
        for ready in &self.scheduled {
            (ahead(ready.at, self.now), ready.forced).hash(hasher);
        }
        ahead(self.csn_free_at, self.now).hash(hasher);
        self.nor.fingerprint(hasher);
    }

    fn job_fingerprint(&self, job: &Job, hasher: &mut impl Hasher) {
        (job.task, job.stages.len(), job.ready, job.detached).hash(hasher);
        std::mem::discriminant(&job.step).hash(hasher);
        if let Step::Instruction { instruction, .. } = job.step {
            instruction.hash(hasher);
        }
        job.step.ends().map(|at| ahead(at, self.now)).hash(hasher);
        if let Some(transfer) = &job.transfer {
            // Where the memory lies differs from board to board, but not within a page of it.
            (transfer.memory % 4096, transfer.flash, transfer.length).hash(hasher);
            (transfer.passed, transfer.moved).hash(hasher);
            (transfer.corrupt, transfer.dma_failed, transfer.stop).hash(hasher);
        }
    }
}
