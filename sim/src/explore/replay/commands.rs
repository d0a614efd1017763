// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Commands on the bus, by name.

use crate::text::Bytes;
use spi_nor::opcode as op;

/// The name of a command, as datasheets write it.
pub fn name(opcode: u8, has_address: bool) -> Option<&'static str> {
    Some(match opcode {
        op::WREN => "WREN",
        op::WRDI => "WRDI",
        op::WREN_VOLATILE => "WREN-volatile/CLFSR",
        op::RDSR => "RDSR",
        op::WRSR => "WRSR",
        op::RDSR2 => "RDSR2",
        op::WRSR2 => "WRSR2",
        op::RDSR3 => "RDSR3/RDCR",
        op::WRSR3 => "WRSR3",
        op::RDSR2_CODE_3 => "RDSR2",
        op::PP_1_4_4_4B if has_address => "PP4B-1-4-4",
        op::WRSR2_CODE_3 => "WRSR2",
        op::RDFSR => "RDFSR",
        op::READ => "READ",
        op::FAST_READ => "FAST-READ",
        op::READ_1_1_2 => "READ-1-1-2",
        op::READ_1_2_2 => "READ-1-2-2",
        op::READ_1_1_4 => "READ-1-1-4",
        op::READ_1_4_4 => "READ-1-4-4",
        op::READ_4B => "READ4B",
        op::FAST_READ_4B => "FAST-READ4B",
        op::READ_1_1_2_4B => "READ4B-1-1-2",
        op::READ_1_2_2_4B => "READ4B-1-2-2",
        op::READ_1_1_4_4B => "READ4B-1-1-4",
        op::READ_1_4_4_4B => "READ4B-1-4-4",
        op::PP => "PP",
        op::PP_1_1_4 => "PP-1-1-4",
        op::PP_1_4_4 => "PP-1-4-4",
        op::PP_4B => "PP4B",
        op::PP_1_1_4_4B => "PP4B-1-1-4",
        op::PAGE_ERASE => "PAGE-ERASE",
        op::SECTOR_ERASE => "SE",
        op::BLOCK_ERASE_32K => "BE32K",
        op::BLOCK_ERASE_64K => "BE64K",
        op::SECTOR_ERASE_4B => "SE4B",
        op::BLOCK_ERASE_32K_4B => "BE32K4B",
        op::BLOCK_ERASE_64K_4B => "BE64K4B",
        op::CHIP_ERASE | op::CHIP_ERASE_60 => "CE",
        op::GLOBAL_UNLOCK => "ULBPR",
        op::SUSPEND | op::SUSPEND_B0 => "SUSPEND",
        op::RESUME | op::RESUME_30 => "RESUME",
        op::RDID => "RDID",
        op::RDSFDP => "RDSFDP",
        op::DPD => "DPD",
        op::RDPD => "RDPD",
        op::RSTEN => "RSTEN",
        op::RST => "RST",
        op::RST_F0 => "RST-F0",
        op::EN4B => "EN4B",
        op::EX4B => "EX4B",
        op::READ_SECURITY => "READ-SECURITY",
        op::PROGRAM_SECURITY => "PROGRAM-SECURITY",
        op::ERASE_SECURITY => "ERASE-SECURITY",
        op::READ_UNIQUE_ID => "READ-UNIQUE-ID",
        op::RDSCUR => "RDSCUR",
        op::ENSO => "ENSO",
        op::EXSO => "EXSO",
        op::QPI_EXIT_FF => "EXIT-FF",
        op::QPI_EXIT_F5 => "EXIT-F5",
        _ => return None,
    })
}

/// Most data lines that a command uses at a time.
pub fn lines(opcode: u8, has_address: bool) -> u8 {
    match opcode {
        op::READ_1_1_2 | op::READ_1_2_2 | op::READ_1_1_2_4B | op::READ_1_2_2_4B => 2,
        op::READ_1_1_4
        | op::READ_1_4_4
        | op::READ_1_1_4_4B
        | op::READ_1_4_4_4B
        | op::PP_1_1_4
        | op::PP_1_4_4
        | op::PP_1_1_4_4B => 4,
        op::PP_1_4_4_4B if has_address => 4,
        _ => 1,
    }
}

/// A frame in words: command, data bytes, address.
pub fn text(opcode: Option<u8>, address: Option<u32>, bytes: u32) -> String {
    let Some(opcode) = opcode else {
        return "a frame with no opcode".to_owned();
    };
    let mut text =
        name(opcode, address.is_some()).map_or_else(|| format!("{opcode:02X}h"), ToOwned::to_owned);
    if let Some(address) = address {
        if bytes > 0 {
            text += &format!(" of {}", Bytes(u64::from(bytes)));
        }
        text += &format!(" at {address:#x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opcode_of_two_commands_is_told_by_its_address() {
        assert_eq!(
            text(Some(0x3E), Some(0x100), 4),
            "PP4B-1-4-4 of 4 B at 0x100"
        );
        assert_eq!(text(Some(0x3E), None, 1), "WRSR2");
        assert_eq!(lines(0x3E, true), 4);
        assert_eq!(lines(0x3E, false), 1);
    }

    #[test]
    fn an_unknown_opcode_is_a_number() {
        assert_eq!(text(Some(0xA2), None, 0), "A2h");
        assert_eq!(text(None, None, 0), "a frame with no opcode");
    }

    #[test]
    fn names_have_no_spaces() {
        // A string in a value change dump ends at a space.
        for opcode in 0..=u8::MAX {
            for has_address in [false, true] {
                let name = name(opcode, has_address).unwrap_or_default();
                assert!(!name.contains(char::is_whitespace), "{name}");
            }
        }
    }
}
