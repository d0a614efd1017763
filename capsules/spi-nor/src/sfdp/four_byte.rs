// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The 4-byte address instruction table, FF84h: opcodes that always take four
//! address bytes, whatever mode the part is in.

use crate::opcode;
use crate::sfdp::bfpt::ERASE_TYPES;
use crate::sfdp::dwords::{Dwords, bit, byte};
use crate::sfdp::mode::Mode;

/// Why there is no usable table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FourByteError {
    /// Fewer than two dwords.
    TooShort,
    /// All ones. Read as it stands it would claim every opcode there is.
    AllOnes,
    /// It claims no read, no program, or no erase: a part can't be run on it.
    Incomplete,
}

/// What the table offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FourByteTable {
    flags: u32,
    /// Opcode of each erase type, in the basic table's order.
    pub erase: [Option<u8>; ERASE_TYPES],
}

impl FourByteTable {
    /// From the bytes of the table.
    ///
    /// # Errors
    /// [`FourByteError`]. Macronix parts up to 16 MiB have the table with all of its
    /// flags clear, which is [`FourByteError::Incomplete`].
    pub fn decode(bytes: &[u8]) -> Result<FourByteTable, FourByteError> {
        let table = Dwords::new(bytes);
        let (Some(flags), Some(opcodes)) = (table.get(1), table.get(2)) else {
            return Err(FourByteError::TooShort);
        };
        if flags == u32::MAX {
            return Err(FourByteError::AllOnes);
        }
        let erase = [0, 1, 2, 3].map(|index| {
            let opcode = byte(opcodes, index);
            (bit(flags, 9 + index) && opcode != 0 && opcode != 0xFF).then_some(opcode)
        });
        let table = FourByteTable { flags, erase };
        let reads = table.read() || table.fast_read();
        if !reads || !table.program() || erase.iter().all(Option::is_none) {
            return Err(FourByteError::Incomplete);
        }
        Ok(table)
    }

    /// 13h reads.
    pub const fn read(&self) -> bool {
        bit(self.flags, 0)
    }

    /// 0Ch reads fast.
    pub const fn fast_read(&self) -> bool {
        bit(self.flags, 1)
    }

    /// 12h programs a page.
    pub const fn program(&self) -> bool {
        bit(self.flags, 6)
    }

    /// 34h programs a page in 1-1-4.
    pub const fn program_1_1_4(&self) -> bool {
        bit(self.flags, 7)
    }

    /// 3Eh programs a page in 1-4-4.
    pub const fn program_1_4_4(&self) -> bool {
        bit(self.flags, 8)
    }

    /// The opcode that reads in `mode`, if there is one. 1-1-1 is the fast read.
    pub const fn read_opcode(&self, mode: Mode) -> Option<u8> {
        let (number, opcode) = match mode {
            Mode::M111 => (1, opcode::FAST_READ_4B),
            Mode::M112 => (2, opcode::READ_1_1_2_4B),
            Mode::M122 => (3, opcode::READ_1_2_2_4B),
            Mode::M114 => (4, opcode::READ_1_1_4_4B),
            Mode::M144 => (5, opcode::READ_1_4_4_4B),
            Mode::M118 => (20, 0x7C),
            Mode::M188 => (21, 0xCC),
            Mode::M222 | Mode::M444 => return None,
        };
        if bit(self.flags, number) {
            Some(opcode)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_table() {
        // MX66L1G45G.
        let table =
            FourByteTable::decode(&[0x7F, 0xEF, 0xFF, 0xFF, 0x21, 0x5C, 0xDC, 0xFF]).unwrap();
        assert!(table.read() && table.fast_read() && table.program());
        assert!(!table.program_1_1_4());
        assert!(table.program_1_4_4());
        assert_eq!(table.erase, [Some(0x21), Some(0x5C), Some(0xDC), None]);
        assert_eq!(table.read_opcode(Mode::M144), Some(0xEC));
        assert_eq!(table.read_opcode(Mode::M444), None);
    }

    #[test]
    fn false_claims() {
        assert_eq!(
            FourByteTable::decode(&[0xFF; 8]),
            Err(FourByteError::AllOnes)
        );
        // MX25L12835F: 16 MiB, no such opcode.
        assert_eq!(
            FourByteTable::decode(&[0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            Err(FourByteError::Incomplete)
        );
        assert_eq!(
            FourByteTable::decode(&[0x7F, 0xEF, 0xFF, 0xFF, 0x21, 0x5C, 0xDC]),
            Err(FourByteError::TooShort)
        );
        // Erase types claimed, but no opcodes for them.
        assert_eq!(
            FourByteTable::decode(&[0x7F, 0xEF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0]),
            Err(FourByteError::Incomplete)
        );
    }
}
