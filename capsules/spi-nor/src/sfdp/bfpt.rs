// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The basic flash parameter table, FF00h.
//!
//! Nine dwords in JESD216, sixteen from JESD216A on, twenty from JESD216C on, more
//! later. Its length decides which fields there are, not its revision: parts exist
//! whose revision is newer than their table.

use crate::sfdp::dwords::{Dwords, bit, bits, byte};
use crate::sfdp::mode::{Mode, ReadMode};
use crate::sfdp::times::{self, Times, TimesMs};
use crate::sfdp::warning::{Note, Warning, Warnings};

/// Dwords of the table in its first revision: fewer are no table.
pub const LEAST_DWORDS: usize = 9;

/// Erase types that the table has room for.
pub const ERASE_TYPES: usize = 4;

/// Read modes that the table can describe.
pub const READ_MODES: usize = 8;

/// Why there is no basic table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BfptError {
    /// Fewer than [`LEAST_DWORDS`].
    TooShort {
        /// How many there are.
        dwords: usize,
    },
    /// All ones, as memory that was never programmed.
    AllOnes,
    /// All zeros.
    AllZeros,
    /// The density is not that of a memory: dword 2.
    Density(u32),
}

/// Which address widths the part claims (dword 1, bits 18:17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressBytes {
    /// 3 only.
    Three,
    /// 3, or 4 after a command.
    ThreeOrFour,
    /// 4 only.
    Four,
    /// The code that the standard reserves.
    Reserved,
}

/// An erase command (dwords 8 to 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraseCommand {
    /// Opcode.
    pub opcode: u8,
    /// Bytes erased, a power of two.
    pub size_bytes: u32,
    /// Times, in tables of ten dwords and more.
    pub times: Option<Times>,
}

/// Program times (dword 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramTimes {
    /// A whole page.
    pub page: Times,
    /// The first byte of a page.
    pub first_byte: Times,
    /// Each further byte.
    pub next_byte: Times,
}

/// Suspend and resume of one kind of operation (dwords 12 and 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SuspendResume {
    /// Opcode that suspends.
    pub suspend: u8,
    /// Opcode that resumes.
    pub resume: u8,
    /// Longest time in µs from the suspend until the array can be read.
    pub latency_us: u32,
    /// Time in µs that the operation needs between a resume and the next suspend to
    /// get on at all.
    pub interval_us: u32,
    /// What is not allowed meanwhile, as the table encodes it (4 bits).
    pub prohibited: u8,
}

/// Suspend and resume (dwords 12 and 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspend {
    /// Of a program.
    pub program: SuspendResume,
    /// Of an erase.
    pub erase: SuspendResume,
}

/// Deep power-down (dword 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerDown {
    /// Opcode that enters it.
    pub enter: u8,
    /// Opcode that leaves it.
    pub exit: u8,
    /// µs from the exit until the next command, rounded up.
    pub exit_delay_us: u32,
}

/// How the part says that it is busy (dword 14, bits 7:2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyPolling {
    /// WIP, bit 0 of the status register, 05h.
    pub status_register: bool,
    /// Bit 7 of the flag status register, 70h.
    pub flag_status_register: bool,
}

/// Where the quad enable bit is and how it is set (dword 15, bits 22:20). The
/// numbers are the table's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuadEnableCode {
    /// 0: there is none; four lines always work.
    None,
    /// 1: status register 2 bit 1, written with 01h and two bytes; a 01h with one
    /// byte clears it.
    Sr2Bit1ClearedByShortWrite,
    /// 2: status register 1 bit 6, written with 01h and one byte.
    Sr1Bit6,
    /// 3: status register 2 bit 7, written with 3Eh, read with 3Fh.
    Sr2Bit7,
    /// 4: as 1, but a 01h with one byte leaves it alone.
    Sr2Bit1,
    /// 5: as 4, and status register 2 is read with 35h.
    Sr2Bit1Readable,
    /// 6: status register 2 bit 1, written with 31h and one byte, read with 35h.
    Sr2Bit1OwnWrite,
    /// 7, which the standard reserves.
    Reserved,
}

impl QuadEnableCode {
    /// Of the three bits.
    const fn from_code(code: u32) -> QuadEnableCode {
        match code {
            0 => QuadEnableCode::None,
            1 => QuadEnableCode::Sr2Bit1ClearedByShortWrite,
            2 => QuadEnableCode::Sr1Bit6,
            3 => QuadEnableCode::Sr2Bit7,
            4 => QuadEnableCode::Sr2Bit1,
            5 => QuadEnableCode::Sr2Bit1Readable,
            6 => QuadEnableCode::Sr2Bit1OwnWrite,
            _ => QuadEnableCode::Reserved,
        }
    }
}

/// Four-line modes beside the quad enable bit (dword 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuadModes {
    /// Where the quad enable bit is.
    pub enable: QuadEnableCode,
    /// HOLD# or RESET# can be disabled by a bit of the extended configuration register.
    pub hold_disable: bool,
    /// Ways into 4-4-4 mode, one bit each: 0 quad enable then 38h, 1 38h, 2 35h,
    /// 3 and 4 by configuration register.
    pub qpi_enter: u8,
    /// Ways out of 4-4-4 mode, one bit each: 0 FFh, 1 F5h, 2 by configuration
    /// register, 3 soft reset.
    pub qpi_exit: u8,
    /// Continuous read (0-4-4) exists.
    pub continuous_read: bool,
    /// Ways into continuous read, one bit each: 0 mode byte A5h, 1 by configuration
    /// register, 2 mode byte Axh.
    pub continuous_enter: u8,
    /// Ways out of continuous read, one bit each: 0 mode byte 00h, 1 and 3 ones on
    /// all lines for 8 clocks (1: 10 with 4 address bytes), 4 mode byte other than Axh.
    pub continuous_exit: u8,
}

/// How status register 1 is written (dword 16, bits 6:0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusWrite(pub u8);

impl StatusWrite {
    /// Status register 1 is not volatile; 06h enables the write.
    pub const fn non_volatile(self) -> bool {
        self.0 & 0b1 != 0
    }

    /// A volatile copy exists, written after 50h, lost at power-down: it costs no wear.
    pub const fn volatile_by_50h(self) -> bool {
        self.0 & 0b1100 != 0
    }

    /// 06h enables the write of it, volatile or not.
    pub const fn by_06h(self) -> bool {
        self.0 & 0b1_1011 != 0
    }
}

/// How the part is reset by command (dword 16, bits 13:8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftReset(pub u8);

impl SoftReset {
    /// 66h, then 99h.
    pub const fn enable_then_reset(self) -> bool {
        self.0 & 1 << 4 != 0
    }

    /// F0h.
    pub const fn f0(self) -> bool {
        self.0 & 1 << 3 != 0
    }

    /// Ones on all four lines for 8 clocks.
    pub const fn ones_for_8_clocks(self) -> bool {
        self.0 & 1 << 0 != 0
    }

    /// Ones on all four lines for 10 clocks, in 4-byte mode.
    pub const fn ones_for_10_clocks(self) -> bool {
        self.0 & 1 << 1 != 0
    }

    /// Ones on all four lines for 16 clocks.
    pub const fn ones_for_16_clocks(self) -> bool {
        self.0 & 1 << 2 != 0
    }

    /// Continuous read has to be left before any of them.
    pub const fn leave_continuous_read_first(self) -> bool {
        self.0 & 1 << 5 != 0
    }
}

/// Ways into 4-byte addressing (dword 16, bits 31:24).
///
/// Macronix fills this field with ones in parts that have none of them, so all ones
/// is read as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FourByteEntry(pub u8);

impl FourByteEntry {
    const fn has(self, number: u8) -> bool {
        self.0 != 0xFF && self.0 & 1 << number != 0
    }

    /// B7h.
    pub const fn b7(self) -> bool {
        self.has(0)
    }

    /// 06h, then B7h.
    pub const fn wren_b7(self) -> bool {
        self.has(1)
    }

    /// Extended address register, C5h and C8h.
    pub const fn extended_address_register(self) -> bool {
        self.has(2)
    }

    /// Bank register, 17h and 16h.
    pub const fn bank_register(self) -> bool {
        self.has(3)
    }

    /// A bit of the non-volatile configuration register, B1h and B5h.
    pub const fn configuration_register(self) -> bool {
        self.has(4)
    }

    /// Opcodes of their own; see the 4-byte address instruction table.
    pub const fn dedicated_opcodes(self) -> bool {
        self.has(5)
    }

    /// Always on.
    pub const fn always(self) -> bool {
        self.has(6)
    }
}

/// Ways out of 4-byte addressing (dword 16, bits 23:14). All ones is read as none,
/// as in [`FourByteEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FourByteExit(pub u16);

impl FourByteExit {
    const fn has(self, number: u8) -> bool {
        self.0 != 0x3FF && self.0 & 1 << number != 0
    }

    /// E9h.
    pub const fn e9(self) -> bool {
        self.has(0)
    }

    /// 06h, then E9h.
    pub const fn wren_e9(self) -> bool {
        self.has(1)
    }

    /// Soft reset.
    pub const fn soft_reset(self) -> bool {
        self.has(6)
    }
}

/// Second opcode byte in 8-8-8 mode (dword 18, bits 30:29).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandExtension {
    /// The opcode again.
    Repeat,
    /// The opcode's complement.
    Invert,
    /// Reserved.
    Reserved,
    /// The opcode has 16 bits.
    Own,
}

/// Eight-line fields (dwords 18 to 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Octal {
    /// Second opcode byte.
    pub command_extension: CommandExtension,
    /// Bytes come swapped within 16-bit words in 8D-8D-8D mode.
    pub bytes_swapped: bool,
    /// The JEDEC reset by chip select and data lines works (dword 18, bit 23).
    pub jedec_reset: bool,
    /// Octal enable code (dword 19, bits 22:20): 0 none, 1 a bit of status register 2.
    pub enable_code: u8,
}

/// All that the basic table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bfpt<W = Warnings> {
    /// How many dwords it had.
    pub dwords: u8,
    /// Size of the array in bytes. May be more than 32 address bits reach.
    pub size_bytes: u64,
    /// Claimed address widths.
    pub address_bytes: AddressBytes,
    /// A program may be 64 bytes or more at once (dword 1, bit 2).
    pub write_granularity_64: bool,
    /// The block protection bits are volatile only (dword 1, bit 3).
    pub volatile_block_protect: bool,
    /// Opcode that enables a write of the volatile status register (dword 1, bit 4).
    pub volatile_write_enable: u8,
    /// Double transfer rate exists for some command.
    pub dtr: bool,
    /// Fast read modes, slowest first.
    pub reads: [Option<ReadMode>; READ_MODES],
    /// Erase types 1 to 4, in the table's order, which the sector map refers to.
    pub erase: [Option<EraseCommand>; ERASE_TYPES],
    /// Page size in bytes (dword 11).
    pub page_bytes: Option<u32>,
    /// Program times (dword 11).
    pub program: Option<ProgramTimes>,
    /// Time to erase the chip (dword 11). The maximum is taken with that dword's
    /// multiplier, as Zephyr does; the standard's text leaves it open.
    pub chip_erase: Option<TimesMs>,
    /// Suspend and resume. `None` if the table does not reach as far, or says no.
    pub suspend: Option<Suspend>,
    /// Deep power-down. `None` if the table does not reach as far, or says no.
    pub power_down: Option<PowerDown>,
    /// The table says that there is no deep power-down, which is more than not
    /// saying that there is one.
    pub power_down_denied: bool,
    /// How to poll.
    pub busy: Option<BusyPolling>,
    /// Four-line modes.
    pub quad: Option<QuadModes>,
    /// How status register 1 is written.
    pub status_write: Option<StatusWrite>,
    /// Soft reset.
    pub soft_reset: Option<SoftReset>,
    /// Ways into 4-byte addressing.
    pub four_byte_entry: Option<FourByteEntry>,
    /// Ways out of 4-byte addressing.
    pub four_byte_exit: Option<FourByteExit>,
    /// Eight-line fields.
    pub octal: Option<Octal>,
    /// What could not be believed.
    pub warnings: W,
}

/// Where the table describes a read mode.
struct ReadField {
    mode: Mode,
    /// Dword and bit of the flag that says whether the mode exists. `None`: an opcode
    /// of 00h or FFh says that it does not.
    flag: Option<(usize, u32)>,
    /// Dword, and low bit in it, of the description.
    dword: usize,
    low: u32,
}

const fn field(mode: Mode, flag: Option<(usize, u32)>, dword: usize, low: u32) -> ReadField {
    ReadField {
        mode,
        flag,
        dword,
        low,
    }
}

const READS: [ReadField; READ_MODES] = [
    field(Mode::M112, Some((1, 16)), 4, 0),
    field(Mode::M122, Some((1, 20)), 4, 16),
    field(Mode::M222, Some((5, 0)), 6, 16),
    field(Mode::M114, Some((1, 22)), 3, 16),
    field(Mode::M144, Some((1, 21)), 3, 0),
    field(Mode::M444, Some((5, 4)), 7, 16),
    field(Mode::M118, None, 17, 16),
    field(Mode::M188, None, 17, 0),
];

/// Whether a byte can be an opcode. Unused fields hold 00h or FFh.
const fn is_opcode(value: u8) -> bool {
    value != 0 && value != 0xFF
}

fn read_modes(table: Dwords<'_>, warnings: &mut impl Note) -> [Option<ReadMode>; READ_MODES] {
    let mut modes = [None; READ_MODES];
    for (slot, field) in modes.iter_mut().zip(&READS) {
        *slot = read_mode(table, field, warnings);
    }
    modes
}

fn read_mode(table: Dwords<'_>, field: &ReadField, warnings: &mut impl Note) -> Option<ReadMode> {
    let ReadField {
        mode,
        flag,
        dword,
        low,
    } = *field;
    if let Some((dword, number)) = flag
        && !bit(table.get(dword)?, number)
    {
        return None;
    }
    let description = bits(table.get(dword)?, low + 15, low);
    let opcode = byte(description, 1);
    if !is_opcode(opcode) {
        if flag.is_some() {
            warnings.push(Warning::ReadWithoutOpcode(mode));
        }
        return None;
    }
    Some(ReadMode {
        mode,
        opcode,
        opcode_4b: None,
        mode_clocks: bits(description, 7, 5) as u8,
        dummy_clocks: bits(description, 4, 0) as u8,
    })
}

fn erase_types(table: Dwords<'_>, warnings: &mut impl Note) -> [Option<EraseCommand>; ERASE_TYPES] {
    let mut types = [None; ERASE_TYPES];
    for (slot, number) in types.iter_mut().zip(1u8..) {
        *slot = erase_type(table, number, warnings);
    }
    types
}

fn erase_type(table: Dwords<'_>, number: u8, warnings: &mut impl Note) -> Option<EraseCommand> {
    let index = u32::from(number) - 1;
    let (dword, low) = (8 + index as usize / 2, index % 2 * 16);
    let description = bits(table.get(dword)?, low + 15, low);
    let (exponent, opcode) = (byte(description, 0), byte(description, 1));
    if exponent == 0 || exponent == 0xFF {
        return None;
    }
    if exponent > 31 {
        warnings.push(Warning::EraseSizeAbsurd(number));
        return None;
    }
    if !is_opcode(opcode) {
        warnings.push(Warning::EraseWithoutOpcode(number));
        return None;
    }
    let times = table.get(10).map(|dword| {
        let low = 4 + 7 * index;
        let typ_us = times::erase_typ_us(bits(dword, low + 6, low));
        Times::from_multiplier(typ_us, bits(dword, 3, 0))
    });
    Some(EraseCommand {
        opcode,
        size_bytes: 1 << exponent,
        times,
    })
}

/// Size in bytes of dword 2.
const fn size_bytes(density: u32) -> Option<u64> {
    if bit(density, 31) {
        // The size is 2^N bits. More than 2^63 bytes is nonsense.
        match bits(density, 30, 0) {
            exponent @ 3..=66 => Some(1 << (exponent - 3)),
            _ => None,
        }
    } else {
        let size_bits = density as u64 + 1;
        if size_bits.is_multiple_of(8) {
            Some(size_bits / 8)
        } else {
            None
        }
    }
}

fn suspend(table: Dwords<'_>, warnings: &mut impl Note) -> Option<Suspend> {
    let (timing, opcodes) = (table.get(12)?, table.get(13)?);
    if bit(timing, 31) {
        return None;
    }
    if !opcodes.to_le_bytes().into_iter().all(is_opcode) {
        warnings.push(Warning::SuspendWithoutOpcode);
        return None;
    }
    Some(Suspend {
        program: SuspendResume {
            suspend: byte(opcodes, 1),
            resume: byte(opcodes, 0),
            latency_us: times::latency_us(bits(timing, 19, 13)),
            interval_us: times::resume_interval_us(bits(timing, 12, 9)),
            prohibited: bits(timing, 3, 0) as u8,
        },
        erase: SuspendResume {
            suspend: byte(opcodes, 3),
            resume: byte(opcodes, 2),
            latency_us: times::latency_us(bits(timing, 30, 24)),
            interval_us: times::resume_interval_us(bits(timing, 23, 20)),
            prohibited: bits(timing, 7, 4) as u8,
        },
    })
}

fn power_down(dword: u32, warnings: &mut impl Note) -> Option<PowerDown> {
    if bit(dword, 31) {
        return None;
    }
    let (enter, exit) = (bits(dword, 30, 23) as u8, bits(dword, 22, 15) as u8);
    if !is_opcode(enter) || !is_opcode(exit) {
        warnings.push(Warning::PowerDownWithoutOpcode);
        return None;
    }
    Some(PowerDown {
        enter,
        exit,
        exit_delay_us: times::latency_us(bits(dword, 14, 8)),
    })
}

fn octal(table: Dwords<'_>) -> Option<Octal> {
    let (dword_18, dword_19) = (table.get(18)?, table.get(19)?);
    Some(Octal {
        command_extension: match bits(dword_18, 30, 29) {
            0 => CommandExtension::Repeat,
            1 => CommandExtension::Invert,
            2 => CommandExtension::Reserved,
            _ => CommandExtension::Own,
        },
        bytes_swapped: bit(dword_18, 31),
        jedec_reset: bit(dword_18, 23),
        enable_code: bits(dword_19, 22, 20) as u8,
    })
}

impl Bfpt {
    /// From the bytes of the table. Bytes after dword 24 are not looked at.
    ///
    /// # Errors
    /// [`BfptError`].
    pub fn decode(bytes: &[u8]) -> Result<Bfpt, BfptError> {
        Bfpt::noting(Dwords::new(bytes))
    }
}

impl<W: Note> Bfpt<W> {
    /// From the dwords of the table, with findings told to a `W`.
    ///
    /// # Errors
    /// [`BfptError`].
    pub fn noting(table: Dwords<'_>) -> Result<Bfpt<W>, BfptError> {
        let too_short = BfptError::TooShort {
            dwords: table.count(),
        };
        if table.count() < LEAST_DWORDS {
            return Err(too_short);
        }
        if table.is_blank() {
            return Err(BfptError::AllOnes);
        }
        if table.is_zero() {
            return Err(BfptError::AllZeros);
        }
        let first = table.get(1).ok_or(too_short)?;
        let density = table.get(2).ok_or(too_short)?;
        let size_bytes = size_bytes(density).ok_or(BfptError::Density(density))?;

        let mut warnings = W::default();
        let address_bytes = match bits(first, 18, 17) {
            0 => AddressBytes::Three,
            1 => AddressBytes::ThreeOrFour,
            2 => AddressBytes::Four,
            _ => {
                warnings.push(Warning::ReservedAddressBytes);
                AddressBytes::Reserved
            }
        };
        let reads = read_modes(table, &mut warnings);
        let erase = erase_types(table, &mut warnings);
        let legacy_differs = erase
            .iter()
            .flatten()
            .any(|command| command.size_bytes == 4096 && command.opcode != byte(first, 1));
        if bits(first, 1, 0) == 1 && legacy_differs {
            warnings.push(Warning::LegacyEraseDiffers);
        }

        let dword_11 = table.get(11);
        let program = dword_11.map(|dword| {
            let of = |typ| Times::from_multiplier(typ, bits(dword, 3, 0));
            ProgramTimes {
                page: of(times::page_program_typ_us(bits(dword, 13, 8))),
                first_byte: of(times::byte_program_typ_us(bits(dword, 18, 14))),
                next_byte: of(times::byte_program_typ_us(bits(dword, 23, 19))),
            }
        });
        let chip_erase = dword_11.map(|dword| {
            TimesMs::from_multiplier(
                times::chip_erase_typ_ms(bits(dword, 30, 24)),
                bits(dword, 3, 0),
            )
        });
        let dword_14 = table.get(14);
        let dword_16 = table.get(16);

        Ok(Bfpt {
            dwords: table.count().min(u8::MAX as usize) as u8,
            size_bytes,
            address_bytes,
            write_granularity_64: bit(first, 2),
            volatile_block_protect: bit(first, 3),
            volatile_write_enable: if bit(first, 4) { 0x06 } else { 0x50 },
            dtr: bit(first, 19),
            reads,
            erase,
            page_bytes: dword_11.map(|dword| 1 << bits(dword, 7, 4)),
            program,
            chip_erase,
            suspend: suspend(table, &mut warnings),
            power_down: dword_14.and_then(|dword| power_down(dword, &mut warnings)),
            power_down_denied: dword_14.is_some_and(|dword| bit(dword, 31)),
            busy: dword_14.map(|dword| BusyPolling {
                status_register: bit(dword, 2),
                flag_status_register: bit(dword, 3),
            }),
            quad: table.get(15).map(|dword| QuadModes {
                enable: QuadEnableCode::from_code(bits(dword, 22, 20)),
                hold_disable: bit(dword, 23),
                qpi_enter: bits(dword, 8, 4) as u8,
                qpi_exit: bits(dword, 3, 0) as u8,
                continuous_read: bit(dword, 9),
                continuous_enter: bits(dword, 19, 16) as u8,
                continuous_exit: bits(dword, 15, 10) as u8,
            }),
            status_write: dword_16.map(|dword| StatusWrite(bits(dword, 6, 0) as u8)),
            soft_reset: dword_16.map(|dword| SoftReset(bits(dword, 13, 8) as u8)),
            four_byte_entry: dword_16.map(|dword| FourByteEntry(byte(dword, 3))),
            four_byte_exit: dword_16.map(|dword| FourByteExit(bits(dword, 23, 14) as u16)),
            octal: octal(table),
            warnings,
        })
    }

    /// The read mode with these lines.
    pub fn read(&self, mode: Mode) -> Option<ReadMode> {
        self.reads
            .iter()
            .flatten()
            .find(|read| read.mode == mode)
            .copied()
    }
}
