// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Opcodes of SPI-NOR flash.
//!
//! Source of each: JESD216 where the standard itself names the opcode, else the
//! maker whose parts brought it. Most of the latter are de-facto standard.

/// Write enable (JESD216).
pub const WREN: u8 = 0x06;
/// Write disable.
pub const WRDI: u8 = 0x04;
/// Write enable for the volatile status register (JESD216, BFPT dwords 1 and 16).
pub const WREN_VOLATILE: u8 = 0x50;

/// Read status register 1 (JESD216, BFPT dword 14).
pub const RDSR: u8 = 0x05;
/// Write status register 1, or 1 and 2, or (Macronix) status and configuration 1 and 2.
pub const WRSR: u8 = 0x01;
/// Read status register 2 (JESD216, BFPT dword 15, code 5).
pub const RDSR2: u8 = 0x35;
/// Write status register 2 (JESD216, BFPT dword 15, code 6; Winbond, GigaDevice).
pub const WRSR2: u8 = 0x31;
/// Read status register 3 (Winbond, GigaDevice). Macronix uses the same opcode as
/// [`RDCR`].
pub const RDSR3: u8 = 0x15;
/// Write status register 3 (Winbond, GigaDevice).
pub const WRSR3: u8 = 0x11;
/// Read the two configuration register bytes (Macronix).
pub const RDCR: u8 = 0x15;
/// Read status register 2 of parts with quad enable code 3 (JESD216, BFPT dword 15).
pub const RDSR2_CODE_3: u8 = 0x3F;
/// Write status register 2 of parts with quad enable code 3 (JESD216, BFPT dword 15).
pub const WRSR2_CODE_3: u8 = 0x3E;
/// Read flag status register (JESD216, BFPT dword 14; Micron).
pub const RDFSR: u8 = 0x70;
/// Clear flag status register (Micron). Winbond's 50h is [`WREN_VOLATILE`].
pub const CLFSR: u8 = 0x50;

/// Read at low clock, no dummy clocks.
pub const READ: u8 = 0x03;
/// Fast read 1-1-1, eight dummy clocks.
pub const FAST_READ: u8 = 0x0B;
/// Fast read 1-1-2.
pub const READ_1_1_2: u8 = 0x3B;
/// Fast read 1-2-2.
pub const READ_1_2_2: u8 = 0xBB;
/// Fast read 1-1-4.
pub const READ_1_1_4: u8 = 0x6B;
/// Fast read 1-4-4.
pub const READ_1_4_4: u8 = 0xEB;
/// [`READ`] with a 4-byte address (JESD216, 4-byte address instruction table).
pub const READ_4B: u8 = 0x13;
/// [`FAST_READ`] with a 4-byte address.
pub const FAST_READ_4B: u8 = 0x0C;
/// [`READ_1_1_2`] with a 4-byte address.
pub const READ_1_1_2_4B: u8 = 0x3C;
/// [`READ_1_2_2`] with a 4-byte address.
pub const READ_1_2_2_4B: u8 = 0xBC;
/// [`READ_1_1_4`] with a 4-byte address.
pub const READ_1_1_4_4B: u8 = 0x6C;
/// [`READ_1_4_4`] with a 4-byte address.
pub const READ_1_4_4_4B: u8 = 0xEC;

/// Page program.
pub const PP: u8 = 0x02;
/// Page program 1-1-4 (Winbond, GigaDevice, Micron, ISSI, Puya).
pub const PP_1_1_4: u8 = 0x32;
/// Page program 1-4-4 (Macronix).
pub const PP_1_4_4: u8 = 0x38;
/// [`PP`] with a 4-byte address (JESD216, 4-byte address instruction table).
pub const PP_4B: u8 = 0x12;
/// [`PP_1_1_4`] with a 4-byte address.
pub const PP_1_1_4_4B: u8 = 0x34;
/// [`PP_1_4_4`] with a 4-byte address.
pub const PP_1_4_4_4B: u8 = 0x3E;

/// Erase a 256-byte page (Puya).
pub const PAGE_ERASE: u8 = 0x81;
/// Erase a 4 KiB sector.
pub const SECTOR_ERASE: u8 = 0x20;
/// Erase a 32 KiB block.
pub const BLOCK_ERASE_32K: u8 = 0x52;
/// Erase a 64 KiB block.
pub const BLOCK_ERASE_64K: u8 = 0xD8;
/// [`SECTOR_ERASE`] with a 4-byte address.
pub const SECTOR_ERASE_4B: u8 = 0x21;
/// [`BLOCK_ERASE_32K`] with a 4-byte address.
pub const BLOCK_ERASE_32K_4B: u8 = 0x5C;
/// [`BLOCK_ERASE_64K`] with a 4-byte address.
pub const BLOCK_ERASE_64K_4B: u8 = 0xDC;
/// Erase the whole array.
pub const CHIP_ERASE: u8 = 0xC7;
/// Erase the whole array, the other opcode.
pub const CHIP_ERASE_60: u8 = 0x60;

/// Clear the block protection of the whole array (SST26: it is set at power-up).
pub const GLOBAL_UNLOCK: u8 = 0x98;

/// Read a security register: 3 address bytes, 8 dummy clocks (Winbond, GigaDevice).
pub const READ_SECURITY: u8 = 0x48;
/// Program a security register.
pub const PROGRAM_SECURITY: u8 = 0x42;
/// Erase a security register.
pub const ERASE_SECURITY: u8 = 0x44;
/// Read the unique id: 4 dummy bytes (Winbond, GigaDevice).
pub const READ_UNIQUE_ID: u8 = 0x4B;
/// Read the security register (Macronix).
pub const RDSCUR: u8 = 0x2B;
/// Enter secured OTP (Macronix).
pub const ENSO: u8 = 0xB1;
/// Leave secured OTP (Macronix).
pub const EXSO: u8 = 0xC1;

/// Suspend a program or an erase (Winbond, ISSI, Micron).
pub const SUSPEND: u8 = 0x75;
/// Resume what [`SUSPEND`] suspended.
pub const RESUME: u8 = 0x7A;
/// Suspend a program or an erase (Macronix, SST).
pub const SUSPEND_B0: u8 = 0xB0;
/// Resume what [`SUSPEND_B0`] suspended.
pub const RESUME_30: u8 = 0x30;

/// Read the JEDEC id.
pub const RDID: u8 = 0x9F;
/// Read SFDP: 3 address bytes, 8 dummy clocks (JESD216).
pub const RDSFDP: u8 = 0x5A;

/// Enter deep power-down.
pub const DPD: u8 = 0xB9;
/// Leave deep power-down.
pub const RDPD: u8 = 0xAB;

/// Reset enable (JESD216, BFPT dword 16).
pub const RSTEN: u8 = 0x66;
/// Reset, right after [`RSTEN`] (JESD216, BFPT dword 16).
pub const RST: u8 = 0x99;
/// Reset of older parts (JESD216, BFPT dword 16).
pub const RST_F0: u8 = 0xF0;

/// Enter 4-byte address mode (JESD216, BFPT dword 16).
pub const EN4B: u8 = 0xB7;
/// Leave 4-byte address mode (JESD216, BFPT dword 16).
pub const EX4B: u8 = 0xE9;

/// Leave QPI mode (JESD216, BFPT dword 15).
pub const QPI_EXIT_FF: u8 = 0xFF;
/// Leave QPI mode, the other opcode (JESD216, BFPT dword 15).
pub const QPI_EXIT_F5: u8 = 0xF5;
