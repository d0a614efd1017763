// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What an instruction can do wrong.

use std::fmt;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Fetch,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Fetch => "fetch",
        })
    }
}

/// Why an instruction did not complete (DDI 0403E B1.5.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The memory protection unit forbids it: MemManage.
    Protection {
        /// Where.
        address: u32,
        /// What.
        access: Access,
    },
    /// Nothing answers, or nothing that this mode may use: BusFault.
    Bus {
        /// Where.
        address: u32,
        /// What.
        access: Access,
    },
    /// An address that is no multiple of what the instruction asks for: UsageFault.
    Unaligned {
        /// Where.
        address: u32,
    },
    /// No instruction, or one that this core does not have: UsageFault.
    Undefined {
        /// The code, 16 or 32 bits.
        instruction: u32,
    },
    /// A jump to an even address: UsageFault.
    InvalidState,
    /// A division by zero, where that is trapped: UsageFault.
    DivideByZero,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Protection { address, access } => {
                write!(
                    f,
                    "{access} of {address:#010x} against the memory protection"
                )
            }
            Fault::Bus { address, access } => {
                write!(f, "{access} of {address:#010x}, where nothing answers")
            }
            Fault::Unaligned { address } => write!(f, "unaligned access to {address:#010x}"),
            Fault::Undefined { instruction } => {
                write!(f, "{instruction:#x} is no instruction of this core")
            }
            Fault::InvalidState => write!(f, "jump to an even address"),
            Fault::DivideByZero => write!(f, "division by zero"),
        }
    }
}
