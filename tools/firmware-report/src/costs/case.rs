// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is measured.

use serde::Serialize;

/// What an app asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A read of no bytes, which ends within its command: what the kernel takes for any operation.
    Nothing,
    /// Upstream's alarm driver, over a third of a millisecond: a command, an interrupt and an upcall
    /// with nothing of ours in it, and no lease held.
    Alarm,
    /// Read.
    Read,
    /// Program.
    Program,
    /// Erase.
    Erase,
}

/// A workload: an operation, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What is asked for.
    pub operation: Operation,
    /// Bytes of each.
    pub bytes: u32,
    /// From one address to the next, in bytes.
    pub step: u32,
    /// Operations of each app that are measured.
    pub measured: u32,
    /// Apps that do it at the same time.
    pub apps: u32,
}

/// Operations before those that are measured: a driver may learn from the first ones.
pub const WARM_UP: u32 = 8;

impl Case {
    const fn new(name: &'static str, operation: Operation, bytes: u32, step: u32) -> Case {
        Case {
            name,
            operation,
            bytes,
            step,
            measured: 32,
            apps: 1,
        }
    }

    /// Operations of each app.
    pub const fn operations(&self) -> u32 {
        WARM_UP + self.measured
    }

    /// The length that is asked for.
    pub const fn length(&self) -> u32 {
        match self.operation {
            Operation::Nothing | Operation::Alarm => 0,
            Operation::Read | Operation::Program | Operation::Erase => self.bytes,
        }
    }
}

const fn only(case: Case, measured: u32) -> Case {
    Case { measured, ..case }
}

const fn by(case: Case, apps: u32) -> Case {
    Case { apps, ..case }
}

/// All of them.
pub const CASES: &[Case] = &[
    Case::new("nothing", Operation::Nothing, 0, 0),
    Case::new("upstream's alarm", Operation::Alarm, 0, 0),
    Case::new("read 1 B", Operation::Read, 1, 0),
    Case::new("read 256 B", Operation::Read, 256, 0),
    Case::new(
        "read 256 B, one behind the other",
        Operation::Read,
        256,
        256,
    ),
    by(
        only(
            Case::new("read 256 B, 4 readers", Operation::Read, 256, 256),
            200,
        ),
        4,
    ),
    Case::new("read 4 KiB", Operation::Read, 4096, 0),
    only(
        Case::new(
            "read 4 KiB, one behind the other",
            Operation::Read,
            4096,
            4096,
        ),
        8,
    ),
    only(Case::new("read 64 KiB", Operation::Read, 0x1_0000, 0), 4),
    Case::new("program 256 B", Operation::Program, 256, 0),
    only(Case::new("program 4 KiB", Operation::Program, 4096, 0), 8),
    only(
        Case::new("program 64 KiB", Operation::Program, 0x1_0000, 0),
        2,
    ),
    only(Case::new("erase 4 KiB", Operation::Erase, 4096, 0), 8),
];
