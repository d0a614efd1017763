// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the driver's commands ask for, by its documented interface
//! (`doc/syscalls/50005_spi_nor.md`).

use crate::ledger::Kind;

/// The driver's number.
pub const DRIVER: usize = 0x5_0005;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An operation, which ends in the upcall of its kind.
    Operation {
        /// Of what kind.
        kind: Kind,
        /// Where, in bytes. 0 if it has no address.
        address: u32,
        /// How much, in bytes.
        length: u32,
        /// Of what is not in the app's region.
        is_beside: bool,
    },
    /// Close.
    Close,
    /// An answer at once, or nothing that there is.
    Other,
}

impl Asked {
    /// By the command of that number.
    pub fn by(command: usize, arg0: usize, arg1: usize) -> Asked {
        let (kind, address, length, is_beside) = match command {
            3 => (Kind::Open, 0, 0, false),
            4 => return Asked::Close,
            5 => (Kind::Read, arg0, arg1, false),
            6 => (Kind::Program, arg0, arg1, false),
            7 => (Kind::Erase, arg0, arg1, false),
            // Unlock and relock.
            11 | 12 => (Kind::Open, 0, 0, true),
            14 => (Kind::Read, arg0, arg1, true),
            15 => (Kind::Program, arg0, arg1, true),
            16 => (Kind::Erase, arg0, arg1, true),
            // The unique id has no address.
            17 => (Kind::Read, 0, arg0, true),
            _ => return Asked::Other,
        };
        Asked::Operation {
            kind,
            address: address as u32,
            length: length as u32,
            is_beside,
        }
    }
}

/// The number of the upcall that ends an operation.
pub fn upcall_of(kind: Kind) -> usize {
    match kind {
        Kind::Open => 0,
        Kind::Read => 1,
        Kind::Program => 2,
        Kind::Erase => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_driver() {
        assert_eq!(DRIVER, spi_nor::driver::DRIVER_NUM);
        let asked = |command| Asked::by(command, 1, 2);
        let operation = |kind, address, length, is_beside| Asked::Operation {
            kind,
            address,
            length,
            is_beside,
        };
        assert_eq!(asked(4), Asked::Close);
        for (commands, expected) in [
            (&[3][..], operation(Kind::Open, 0, 0, false)),
            (&[5], operation(Kind::Read, 1, 2, false)),
            (&[6], operation(Kind::Program, 1, 2, false)),
            (&[7], operation(Kind::Erase, 1, 2, false)),
            (&[11, 12], operation(Kind::Open, 0, 0, true)),
            (&[14], operation(Kind::Read, 1, 2, true)),
            (&[15], operation(Kind::Program, 1, 2, true)),
            (&[16], operation(Kind::Erase, 1, 2, true)),
            (&[17], operation(Kind::Read, 0, 1, true)),
            (&[0, 1, 2, 8, 9, 10, 13, 18, usize::MAX], Asked::Other),
        ] {
            for command in commands {
                assert_eq!(asked(*command), expected, "{command}");
            }
        }
    }
}
