// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Sequences of commands as pure state machines.
//!
//! Bringing the part up, one operation, putting it to sleep: each is a script. A
//! script says what to do next ([`Act`]) and is told what came of it ([`Input`]).
//! It knows neither controller nor alarm, so it is tested by itself.

use crate::error::Error;
use crate::opcode;
use crate::status_register::RegisterWrite;
use qspi_hil::{Operation, Template};

/// A few bytes to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Small {
    bytes: [u8; 4],
    length: u8,
}

impl Small {
    /// Up to four bytes; what is beyond is cut.
    pub fn new(source: &[u8]) -> Small {
        let mut bytes = [0; 4];
        let mut length = 0;
        for (to, from) in bytes.iter_mut().zip(source) {
            *to = *from;
            length += 1;
        }
        Small { bytes, length }
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Send a command without data.
    Command(Operation),
    /// Send a command with a few bytes.
    Send(Operation, Small),
    /// Receive this many bytes of registers or tables. They go to the end of the
    /// device's buffer, since its start may already hold what is to be programmed.
    Receive(Operation, usize),
    /// The same after a WREN that the controller sends by itself.
    EnableAndReceive(Operation, usize),
    /// Receive this many bytes of the array, to the start of the device's buffer.
    Read(Operation, usize),
    /// Send this many bytes that already are at the start of the device's buffer.
    Program(Operation, usize),
    /// Start the [next page](crate::operation::Follow::Queued): the controller waits
    /// until the part is quiet.
    Queue,
    /// Wait for this many µs.
    Pause(u32),
    /// The script is over.
    Finished(Result<(), Error>),
}

impl Act {
    /// Has the controller send WREN, and reads the status register.
    pub const fn enable_and_look() -> Act {
        let look = Template::register_in(opcode::RDSR);
        Act::EnableAndReceive(Operation::plain(look), 1)
    }

    /// Sends a command that is nothing but its opcode.
    pub const fn bare(opcode: u8) -> Act {
        Act::Command(Operation::plain(Template::bare(opcode)))
    }

    /// Receives this many bytes of a register.
    pub const fn register(opcode: u8, length: usize) -> Act {
        Act::Receive(Operation::plain(Template::register_in(opcode)), length)
    }

    /// Writes a register, which has been enabled before.
    pub fn write_register(write: &RegisterWrite) -> Act {
        Act::Send(
            Operation::plain(Template::register_out(write.opcode)),
            Small::new(write.data()),
        )
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'b> {
    /// The script begins.
    Begin,
    /// The command was carried out. What was received, if it was a
    /// [`Act::Receive`] or [`Act::Read`].
    Done(&'b [u8]),
    /// The controller refused or failed the command.
    Refused(qspi_hil::Error),
    /// The pause is over.
    Elapsed,
}

impl Input<'_> {
    /// The first byte of what was received.
    pub fn first(&self) -> Option<u8> {
        match self {
            Input::Done(data) => data.first().copied(),
            Input::Begin | Input::Refused(_) | Input::Elapsed => None,
        }
    }

    /// A status register that was received. No part's reads all ones, but an open line does.
    pub fn status(&self) -> Option<u8> {
        self.first().filter(|status| *status != 0xFF)
    }
}
