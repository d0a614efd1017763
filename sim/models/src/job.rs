// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One task under way, as a list of stages and the step it is at.

use crate::bus::SerialClock;
use crate::pins::Reach;
use crate::transfer::{DataFrame, Transfer};
use crate::{ReadyFault, Task};
use std::collections::VecDeque;

/// A frame on single lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instruction {
    /// Absent in the later parts of a long frame.
    pub(crate) opcode: Option<u8>,
    pub(crate) data: [u8; 8],
    pub(crate) length: usize,
    /// CSN goes high at its end.
    pub(crate) ends_frame: bool,
    /// What comes back goes into CINSTRDAT.
    pub(crate) captures: bool,
}

impl Instruction {
    pub(crate) fn opcode(opcode: u8) -> Self {
        Self::with_data(opcode, &[])
    }

    pub(crate) fn with_data(opcode: u8, bytes: &[u8]) -> Self {
        let mut data = [0; 8];
        for (slot, &byte) in data.iter_mut().zip(bytes) {
            *slot = byte;
        }
        Self {
            opcode: Some(opcode),
            data,
            length: bytes.len().min(8),
            ends_frame: true,
            captures: false,
        }
    }

    pub(crate) fn clocks(&self) -> u64 {
        8 * (self.length as u64 + u64::from(self.opcode.is_some()))
    }
}

/// What a task does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Pause {
        ns: u64,
    },
    /// Read the status register until WIP is 0.
    Poll,
    Instruction(Instruction),
    /// The data frame of a read, or of the next page.
    Data,
}

impl Stage {
    pub(crate) fn uses_bus(self) -> bool {
        match self {
            Stage::Pause { .. } => false,
            Stage::Poll | Stage::Instruction(_) | Stage::Data => true,
        }
    }
}

/// What a task is doing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Between stages; never seen from outside.
    Between,
    Pause {
        ends: u64,
    },
    /// Reading the status register once.
    Poll {
        starts: u64,
        ends: u64,
    },
    /// Reading it over and over with WIP = 1.
    Polling {
        since: u64,
    },
    Instruction {
        instruction: Instruction,
        starts: u64,
        ends: u64,
    },
    Data(DataFrame),
    /// Nothing more will happen.
    Hung,
}

impl Step {
    pub(crate) fn ends(&self) -> Option<u64> {
        match *self {
            Step::Between | Step::Polling { .. } | Step::Hung => None,
            Step::Pause { ends } | Step::Poll { ends, .. } | Step::Instruction { ends, .. } => {
                Some(ends)
            }
            Step::Data(frame) => Some(frame.ends),
        }
    }
}

/// A task under way.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) task: Task,
    pub(crate) stages: VecDeque<Stage>,
    pub(crate) step: Step,
    pub(crate) ready: Option<ReadyFault>,
    /// The peripheral was stopped and the task runs on: no READY.
    pub(crate) detached: bool,
    pub(crate) clock: SerialClock,
    pub(crate) gap_ns: u64,
    pub(crate) ifconfig0: u32,
    pub(crate) reach: Reach,
    pub(crate) transfer: Option<Transfer>,
}
