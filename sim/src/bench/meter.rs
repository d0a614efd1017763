// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the wires and the array did, as the models saw it.

use qspi_models::{Observation, Task, Timed};

/// Sums over a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Tasks of the peripheral that move data.
    pub transfers: u64,
    /// Custom instructions.
    pub instructions: u64,
    /// Reads of a status register on the wires, the peripheral's own left out.
    pub polls: u64,
    /// Time that the array worked, in ns.
    pub array_ns: u64,
    busy_since: Option<u64>,
    /// A custom instruction is what runs.
    instructs: bool,
}

impl Meter {
    /// Takes note of what happened.
    pub fn see(&mut self, seen: &Timed<Observation>) {
        match seen.what {
            Observation::TaskTriggered {
                task,
                accepted: true,
            } => {
                self.instructs = task == Task::CustomInstruction;
                match task {
                    Task::Read | Task::Write | Task::Erase => self.transfers += 1,
                    Task::CustomInstruction => self.instructions += 1,
                    Task::Activate
                    | Task::Deactivate
                    | Task::DeepPowerDownEnter
                    | Task::DeepPowerDownExit => {}
                }
            }
            Observation::Bus {
                opcode: Some(0x05 | 0x70),
                ..
            } if self.instructs => self.polls += 1,
            Observation::BusyStarted { .. } => self.busy_since = Some(seen.at),
            Observation::BusyEnded { .. } => {
                if let Some(since) = self.busy_since.take() {
                    self.array_ns += seen.at - since;
                }
            }
            _ => {}
        }
    }
}
