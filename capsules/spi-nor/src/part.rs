// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part: all that a driver needs to know of it, from its tables and its id.

use crate::error::Error;
use crate::geometry::{EraseType, Geometry, GeometryError};
use crate::opcode;
use crate::parts_by_id::{self, Habits, JedecId, Presence, UltraLowPower};
use crate::sfdp::bfpt::{AddressBytes, Bfpt, ERASE_TYPES, EraseCommand, QuadEnableCode, Suspend};
use crate::sfdp::four_byte::FourByteTable;
use crate::sfdp::mode::{Mode, ReadMode};
use crate::sfdp::sector_map::SectorMap;
use crate::sfdp::times::{Times, TimesMs};
use crate::sfdp::warning::{Note, Warning, Warnings};
use crate::status_register::{Poll, QuadEnable};

/// Ways to read that a part can have: those of the basic table, 03h and 0Bh.
pub const PART_READS: usize = 10;

/// Bytes that three address bytes reach.
pub const THREE_BYTE_REACH: u32 = 1 << 24;

/// µs that deep power-down takes to set in. No table tells; the longest known is
/// 10 µs. Unverified on silicon.
pub const POWER_DOWN_ENTER_US: u32 = 20;

/// µs after a reset of an idle part. The longest known is 35 µs. Unverified on
/// silicon.
pub const RESET_US: u32 = 100;

/// µs after a reset in the middle of an erase. The longest known is 12 ms.
/// Unverified on silicon.
pub const RESET_BUSY_US: u32 = 30_000;

/// Why there is no usable description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartError {
    /// The id is all ones: no part answers.
    Absent,
    /// The id is all zeros: no part answers, or a line is shorted.
    Shorted,
    /// There are no tables, and the id is not known.
    Unknown(JedecId),
    /// More bytes than 32 address bits tell apart.
    TooLarge {
        /// The size.
        size_bytes: u64,
    },
    /// The sizes contradict each other.
    Geometry(GeometryError),
}

impl From<PartError> for Error {
    fn from(error: PartError) -> Error {
        match error {
            PartError::Absent | PartError::Shorted => Error::NotFound,
            PartError::Unknown(_) | PartError::TooLarge { .. } | PartError::Geometry(_) => {
                Error::UnknownPart
            }
        }
    }
}

impl From<GeometryError> for PartError {
    fn from(error: GeometryError) -> PartError {
        PartError::Geometry(error)
    }
}

/// How addresses beyond 16 MiB are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// Three bytes reach all that is used of the part.
    Three,
    /// Four, by opcodes of their own: the part has no mode that a reset could leave
    /// in the wrong state.
    FourByOpcode,
    /// Four, after a command that puts the part in 4-byte mode.
    FourByMode(FourByteMode),
    /// Four, always.
    FourAlways,
}

impl Addressing {
    /// Address bytes.
    pub const fn bytes(self) -> u8 {
        match self {
            Addressing::Three => 3,
            Addressing::FourByOpcode | Addressing::FourByMode(_) | Addressing::FourAlways => 4,
        }
    }

    /// Which opcode to send: the plain one, or its twin if that is how the part is
    /// addressed. `None` if it has none, and the command can't be used.
    pub const fn opcode(self, plain: u8, twin: Option<u8>) -> Option<u8> {
        match self {
            Addressing::FourByOpcode => twin,
            Addressing::Three | Addressing::FourByMode(_) | Addressing::FourAlways => Some(plain),
        }
    }

    /// Opcode of an erase.
    pub const fn erase_opcode(self, erase_type: &EraseType) -> Option<u8> {
        self.opcode(erase_type.opcode, erase_type.opcode_4b)
    }
}

/// 4-byte mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FourByteMode {
    /// Opcode that enters it.
    pub enter: u8,
    /// Opcode that leaves it.
    pub exit: u8,
    /// 06h has to come before either.
    pub write_enable: bool,
}

/// Times of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartProgram {
    /// A whole page.
    pub page: Times,
    /// The first byte, and each further one, if known.
    pub bytes: Option<(Times, Times)>,
}

impl PartProgram {
    /// Times of a program of `bytes` bytes. The maximum is that of a page, whatever
    /// the length.
    pub fn of_bytes(&self, bytes: u32) -> Times {
        let typ_us = match self.bytes {
            Some((first, next)) => first
                .typ_us
                .saturating_add(next.typ_us.saturating_mul(bytes.saturating_sub(1)))
                .min(self.page.typ_us),
            None => self.page.typ_us,
        };
        Times {
            typ_us,
            max_us: self.page.max_us,
        }
    }
}

/// A way to program with four data lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuadProgram {
    /// 1-1-4 or 1-4-4.
    pub mode: Mode,
    /// Opcode.
    pub opcode: u8,
    /// Opcode that always takes a 4-byte address, if the part has it.
    pub opcode_4b: Option<u8>,
}

/// Deep power-down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeepPowerDown {
    /// Opcode that enters it.
    pub enter: u8,
    /// Opcode that leaves it.
    pub exit: u8,
    /// µs until it is in.
    pub enter_delay_us: u32,
    /// µs from the exit to the next command.
    pub exit_delay_us: u32,
}

/// Reset by 66h, then 99h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Opcode that allows the other.
    pub enable: u8,
    /// Opcode that resets.
    pub reset: u8,
    /// µs to the next command, the part having been idle.
    pub delay_us: u32,
    /// µs to the next command, the part having been busy.
    pub busy_delay_us: u32,
    /// Continuous read has to be left before.
    pub leave_continuous_read_first: bool,
}

/// A part, as a driver uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<W = Warnings> {
    /// Its id, if it was read.
    pub id: Option<JedecId>,
    /// Size, pages, erase types, regions.
    pub geometry: Geometry,
    /// Opcode of a chip erase.
    pub chip_erase_opcode: u8,
    /// Times of a chip erase.
    pub chip_erase: TimesMs,
    /// Times of programs.
    pub program: PartProgram,
    /// 02h has a twin that always takes a 4-byte address.
    pub program_opcode_4b: Option<u8>,
    /// Four-line program, if the part has one.
    pub quad_program: Option<QuadProgram>,
    /// Ways to read, slowest first. 03h is among them, which parts can't do at high
    /// clocks.
    pub reads: [Option<ReadMode>; PART_READS],
    /// How four lines are enabled.
    pub quad_enable: QuadEnable,
    /// Opcode that enables a status register write that costs no wear and is lost at
    /// power-down, if there is one.
    pub volatile_write_enable: Option<u8>,
    /// How to poll.
    pub poll: Poll,
    /// Suspend and resume, if the tables describe them.
    pub suspend: Option<Suspend>,
    /// Deep power-down, if there is one.
    pub power_down: Option<DeepPowerDown>,
    /// Reset, if there is one.
    pub reset: Option<Reset>,
    /// Opcode that has to clear a protection that is set at power-up.
    pub global_unlock: Option<u8>,
    /// How the address is sent.
    pub addressing: Addressing,
    /// 4-byte mode, if the part has one, used or not: one that a warm reset left in
    /// it has to be put out of it.
    pub four_byte_mode: Option<FourByteMode>,
    /// Set while the times are those of the slow mode that the part comes up in.
    pub ultra_low_power: Option<&'static UltraLowPower>,
    /// What was wrong with the tables.
    pub warnings: W,
}

/// Whether a quad enable method is in status register 1, in 2, or neither.
const fn quad_register(method: QuadEnable) -> u8 {
    match method {
        QuadEnable::Sr1Bit6 => 1,
        QuadEnable::Sr2Bit1LongWrite | QuadEnable::Sr2Bit1OwnWrite | QuadEnable::Sr2Bit7 => 2,
        QuadEnable::Always | QuadEnable::Unknown => 0,
    }
}

fn checked_id(id: Option<JedecId>) -> Result<Option<JedecId>, PartError> {
    match id.map(JedecId::presence) {
        Some(Presence::AllOnes) => Err(PartError::Absent),
        Some(Presence::AllZeros) => Err(PartError::Shorted),
        Some(Presence::Answers) | None => Ok(id),
    }
}

/// The size to use: the smaller one, if table and id differ.
///
/// Which of the two lies can't be told: there are clones with another maker's id and a wrong
/// table (ZD25Q128C), and a wrong table in a board file (P25Q16H). With the smaller one some
/// of the part may be lost; with the larger one, data would be.
fn size_bytes(
    id: Option<JedecId>,
    table_bytes: u64,
    warnings: &mut impl Note,
) -> Result<u32, PartError> {
    let table_bytes = u32::try_from(table_bytes).map_err(|_| PartError::TooLarge {
        size_bytes: table_bytes,
    })?;
    let Some(id) = id else {
        return Ok(table_bytes);
    };
    match id.size_bytes() {
        None => {
            warnings.push(Warning::IdNotUnderstood);
            Ok(table_bytes)
        }
        Some(id_bytes) if id_bytes == table_bytes => Ok(table_bytes),
        Some(id_bytes) => {
            warnings.push(Warning::SizeDiffersFromId(id_bytes));
            Ok(table_bytes.min(id_bytes))
        }
    }
}

/// The ways into and out of 4-byte mode that the table gives.
fn four_byte_mode<W>(bfpt: &Bfpt<W>, habits: &Habits) -> Option<FourByteMode> {
    let mode = |write_enable| {
        Some(FourByteMode {
            enter: opcode::EN4B,
            exit: opcode::EX4B,
            write_enable,
        })
    };
    match bfpt.four_byte_entry {
        Some(entry) if entry.b7() => mode(false),
        Some(entry) if entry.wren_b7() => mode(true),
        Some(_) => None,
        // The table does not reach as far: B7h is what all makers have.
        None if bfpt.address_bytes == AddressBytes::ThreeOrFour => mode(habits.wren_before_b7),
        None => None,
    }
}

/// How to reach all of a part, and how much of it can be reached.
fn addressing<W: Note>(
    bfpt: &Bfpt<W>,
    size_bytes: u32,
    table: Option<&FourByteTable>,
    mode: Option<FourByteMode>,
    warnings: &mut W,
) -> (Addressing, u32) {
    if size_bytes <= THREE_BYTE_REACH {
        if bfpt.address_bytes != AddressBytes::Three || table.is_some() {
            warnings.push(Warning::FourByteClaimIgnored);
        }
        return (Addressing::Three, size_bytes);
    }
    let always = bfpt.address_bytes == AddressBytes::Four
        || bfpt.four_byte_entry.is_some_and(|entry| entry.always());
    let addressing = match (table, mode) {
        _ if always => Addressing::FourAlways,
        (Some(_), _) => Addressing::FourByOpcode,
        (None, Some(mode)) => Addressing::FourByMode(mode),
        (None, None) => {
            warnings.push(Warning::UpperPartUnreachable);
            return (Addressing::Three, THREE_BYTE_REACH);
        }
    };
    if bfpt.address_bytes == AddressBytes::Three {
        warnings.push(Warning::ThreeByteClaimIgnored);
    }
    (addressing, size_bytes)
}

/// The erase types that make sense, in the table's order.
fn erase_types<W: Note>(
    bfpt: &Bfpt<W>,
    size_bytes: u32,
    table: Option<&FourByteTable>,
    mapped: bool,
    warnings: &mut W,
) -> [Option<EraseType>; ERASE_TYPES] {
    let twins = table.map_or([None; ERASE_TYPES], |table| table.erase);
    let shared = |command: &EraseCommand| {
        !mapped
            && bfpt.erase.iter().flatten().any(|other| {
                other.opcode == command.opcode && other.size_bytes != command.size_bytes
            })
    };
    let mut types = [None; ERASE_TYPES];
    let commands = bfpt.erase.iter().zip(&twins);
    for ((slot, (command, opcode_4b)), number) in types.iter_mut().zip(commands).zip(1u8..) {
        let Some(command) = command else { continue };
        if shared(command) {
            warnings.push(Warning::EraseOpcodeShared(command.opcode));
            continue;
        }
        if command.size_bytes > size_bytes {
            warnings.push(Warning::EraseLargerThanPart(number));
            continue;
        }
        *slot = Some(EraseType {
            opcode: command.opcode,
            opcode_4b: *opcode_4b,
            size_bytes: command.size_bytes,
            times: command.times.unwrap_or_else(|| {
                warnings.push(Warning::TimesAssumed);
                parts_by_id::assumed_erase(command.size_bytes)
            }),
        });
    }
    types
}

fn quad_enable<W: Note>(bfpt: &Bfpt<W>, habits: &Habits, warnings: &mut W) -> QuadEnable {
    let Some(quad) = bfpt.quad else {
        return habits.quad_enable;
    };
    let method = QuadEnable::from_code(quad.enable);
    if quad.enable == QuadEnableCode::Reserved {
        warnings.push(Warning::ReservedQuadEnable);
    }
    if is_own_table(bfpt, habits) {
        method
    } else {
        warnings.push(Warning::QuadEnableDiffersFromMaker);
        habits.quad_enable
    }
}

/// Whether the table is this maker's. One that was copied from another maker's part has its quad
/// enable bit where a block protection bit is here, and its opcodes are that maker's, too.
fn is_own_table<W>(bfpt: &Bfpt<W>, habits: &Habits) -> bool {
    let Some(quad) = bfpt.quad else {
        return true;
    };
    let method = QuadEnable::from_code(quad.enable);
    let registers = (quad_register(method), quad_register(habits.quad_enable));
    !matches!(registers, (1, 2) | (2, 1))
}

const fn single_reads(table: Option<&FourByteTable>) -> [Option<ReadMode>; PART_READS] {
    let (read_4b, fast_read_4b) = match table {
        Some(table) => (
            if table.read() {
                Some(opcode::READ_4B)
            } else {
                None
            },
            table.read_opcode(Mode::M111),
        ),
        None => (None, None),
    };
    const fn read(opcode: u8, opcode_4b: Option<u8>, dummy_clocks: u8) -> Option<ReadMode> {
        Some(ReadMode {
            mode: Mode::M111,
            opcode,
            opcode_4b,
            mode_clocks: 0,
            dummy_clocks,
        })
    }
    let mut list = [None; PART_READS];
    list[0] = read(opcode::READ, read_4b, 0);
    list[1] = read(opcode::FAST_READ, fast_read_4b, 8);
    list
}

/// Puts one more behind those that are listed. There is room for all of them.
fn add_read(list: &mut [Option<ReadMode>; PART_READS], read: ReadMode) {
    if let Some(slot) = list.iter_mut().find(|slot| slot.is_none()) {
        *slot = Some(read);
    }
}

fn quad_program(
    has_quad_read: bool,
    habits: &Habits,
    table: Option<&FourByteTable>,
) -> Option<QuadProgram> {
    if !has_quad_read {
        return None;
    }
    // The 4-byte table is the only one of the standard's that tells how four lines
    // program; that its 3-byte twin exists, too, is the makers' custom.
    let told = table.and_then(|table| {
        if table.program_1_1_4() {
            Some((Mode::M114, opcode::PP_1_1_4, opcode::PP_1_1_4_4B))
        } else if table.program_1_4_4() {
            Some((Mode::M144, opcode::PP_1_4_4, opcode::PP_1_4_4_4B))
        } else {
            None
        }
    });
    let (mode, opcode, opcode_4b) = told.or(habits.quad_program)?;
    Some(QuadProgram {
        mode,
        opcode,
        opcode_4b: told.map(|_| opcode_4b),
    })
}

impl Part {
    /// From the tables, with what only the id tells filled in.
    ///
    /// A part that comes up in a slow power mode is described as it is then; see
    /// [`Part::assume_high_performance`].
    ///
    /// # Errors
    /// [`PartError`], but not [`PartError::Unknown`].
    pub fn from_sfdp(
        id: impl Into<Option<JedecId>>,
        bfpt: &Bfpt,
        four_byte: Option<&FourByteTable>,
        sector_map: Option<&SectorMap>,
    ) -> Result<Part, PartError> {
        Part::of_tables(id.into(), bfpt, four_byte, sector_map)
    }

    /// From the id alone, for parts without tables, or whose tables can't be read.
    /// Four lines are used where all parts of the id have them.
    ///
    /// # Errors
    /// [`PartError`], but not [`PartError::TooLarge`].
    pub fn from_id(id: JedecId) -> Result<Part, PartError> {
        Part::of_id(id)
    }
}

impl<W: Note> Part<W> {
    /// As [`Part::from_sfdp`], with findings told to a `W`.
    ///
    /// # Errors
    /// As [`Part::from_sfdp`].
    pub fn of_tables(
        id: Option<JedecId>,
        bfpt: &Bfpt<W>,
        four_byte: Option<&FourByteTable>,
        sector_map: Option<&SectorMap>,
    ) -> Result<Part<W>, PartError> {
        let id = checked_id(id)?;
        let habits = parts_by_id::habits(id.unwrap_or(JedecId([0; 3])));
        let mut warnings = bfpt.warnings;

        let size_bytes = size_bytes(id, bfpt.size_bytes, &mut warnings)?;
        let four_byte_mode = four_byte_mode(bfpt, &habits);
        let (addressing, size_bytes) =
            addressing(bfpt, size_bytes, four_byte, four_byte_mode, &mut warnings);
        let twins = match addressing {
            Addressing::FourByOpcode => four_byte,
            Addressing::Three | Addressing::FourByMode(_) | Addressing::FourAlways => None,
        };

        let page_bytes = bfpt.page_bytes.unwrap_or_else(|| {
            warnings.push(Warning::PageSizeAssumed);
            256
        });
        let erase = erase_types(bfpt, size_bytes, twins, sector_map.is_some(), &mut warnings);
        // The map is held against the table's size, not the one that is used.
        let map = match sector_map {
            Some(map) if map.size_bytes() != bfpt.size_bytes => {
                return Err(PartError::Geometry(GeometryError::MapSize {
                    map_bytes: map.size_bytes(),
                    size_bytes: u32::try_from(bfpt.size_bytes).unwrap_or(u32::MAX),
                }));
            }
            Some(map) => Some(map.clipped(size_bytes)),
            None => None,
        };
        let mut geometry = Geometry::new(size_bytes, page_bytes, erase, map.as_ref())?;

        let quad_enable = quad_enable(bfpt, &habits, &mut warnings);
        let is_own = is_own_table(bfpt, &habits);
        let mut has_quad_read = false;
        let mut quad_left_out = false;
        let mut reads = single_reads(twins);
        for read in bfpt.reads.iter().flatten() {
            if read.mode.needs_quad() && quad_enable == QuadEnable::Unknown {
                quad_left_out = true;
                continue;
            }
            has_quad_read |= matches!(read.mode, Mode::M114 | Mode::M144);
            let opcode_4b = twins.and_then(|table| table.read_opcode(read.mode));
            add_read(&mut reads, ReadMode { opcode_4b, ..*read });
        }
        if quad_left_out {
            warnings.push(Warning::QuadEnableUnknown);
        }

        if addressing == Addressing::FourByOpcode {
            geometry.unavailable = without_twin(&geometry);
            if geometry.erase_unit_bytes().is_none() {
                return Err(PartError::Geometry(GeometryError::NoErase));
            }
        }

        let poll = match bfpt.busy {
            Some(busy) if busy.status_register => Poll::StatusRegister,
            Some(busy) if busy.flag_status_register => Poll::FlagStatusRegister,
            Some(_) | None => habits.poll,
        };
        let power_down = match (bfpt.power_down, habits.power_down) {
            (Some(told), _) => Some((told.enter, told.exit, told.exit_delay_us)),
            (None, Some(habit)) if !bfpt.power_down_denied => {
                Some((habit.enter, habit.exit, habit.exit_delay_us))
            }
            (None, _) => None,
        };
        let soft_reset = bfpt
            .soft_reset
            .map_or(habits.soft_reset, |reset| reset.enable_then_reset());
        let chip_erase = bfpt.chip_erase.unwrap_or_else(|| {
            warnings.push(Warning::TimesAssumed);
            // All of the array is erased, also what is not used of it.
            let told = u32::try_from(bfpt.size_bytes).unwrap_or(u32::MAX);
            let by_id = id.and_then(JedecId::size_bytes).unwrap_or(0);
            parts_by_id::assumed_chip_erase(told.max(by_id))
        });
        let program = part_program(bfpt);

        let mut part = Part {
            id,
            geometry,
            chip_erase_opcode: opcode::CHIP_ERASE,
            chip_erase,
            program,
            program_opcode_4b: twins.map(|_| opcode::PP_4B),
            quad_program: quad_program(has_quad_read, &habits, four_byte),
            reads,
            quad_enable,
            volatile_write_enable: bfpt
                .status_write
                .filter(|status| status.volatile_by_50h())
                .map(|_| opcode::WREN_VOLATILE),
            poll,
            suspend: bfpt.suspend.filter(|_| is_own),
            power_down: power_down.map(|(enter, exit, exit_delay_us)| DeepPowerDown {
                enter,
                exit,
                enter_delay_us: POWER_DOWN_ENTER_US,
                exit_delay_us,
            }),
            reset: soft_reset.then_some(Reset {
                enable: opcode::RSTEN,
                reset: opcode::RST,
                delay_us: RESET_US,
                busy_delay_us: RESET_BUSY_US,
                leave_continuous_read_first: bfpt
                    .soft_reset
                    .is_some_and(|reset| reset.leave_continuous_read_first()),
            }),
            global_unlock: habits.global_unlock,
            addressing,
            four_byte_mode,
            ultra_low_power: None,
            warnings,
        };
        part.assume_slow_mode();
        Ok(part)
    }

    /// As [`Part::from_id`], with findings told to a `W`.
    ///
    /// # Errors
    /// As [`Part::from_id`].
    pub fn of_id(id: JedecId) -> Result<Part<W>, PartError> {
        checked_id(Some(id))?;
        let known = parts_by_id::known(id).ok_or(PartError::Unknown(id))?;
        let habits = parts_by_id::habits(id);
        let mut warnings = W::default();
        warnings.push(Warning::KnownFromIdOnly);
        warnings.push(Warning::TimesAssumed);

        // Without tables there is no telling how a part gets beyond 16 MiB.
        let size_bytes = known.size_bytes.min(THREE_BYTE_REACH);
        if size_bytes < known.size_bytes {
            warnings.push(Warning::UpperPartUnreachable);
        }
        let erase_type = |opcode, size_bytes| EraseType {
            opcode,
            opcode_4b: None,
            size_bytes,
            times: parts_by_id::assumed_erase(size_bytes),
        };
        let erase = [
            Some(erase_type(opcode::SECTOR_ERASE, 4096)),
            known
                .has_32k_erase
                .then(|| erase_type(opcode::BLOCK_ERASE_32K, 32_768)),
            Some(erase_type(opcode::BLOCK_ERASE_64K, 65_536)),
            None,
        ];
        // SST26 erases 8, 32 or 64 KiB with D8h, depending on the address: without
        // its map only 4 KiB are safe.
        let erase = match habits.global_unlock {
            Some(_) => [erase[0], None, None, None],
            None => erase,
        };
        let has_quad = known.has_quad && habits.quad_enable != QuadEnable::Unknown;
        let [(mode_144, dummy_144), (mode_114, dummy_114)] = habits.quad_read_clocks;
        let read = |mode, opcode, mode_clocks, dummy_clocks| ReadMode {
            mode,
            opcode,
            opcode_4b: None,
            mode_clocks,
            dummy_clocks,
        };
        let mut reads = single_reads(None);
        if has_quad {
            let quad_output = read(Mode::M114, opcode::READ_1_1_4, mode_114, dummy_114);
            add_read(&mut reads, quad_output);
            let quad_io = read(Mode::M144, opcode::READ_1_4_4, mode_144, dummy_144);
            add_read(&mut reads, quad_io);
        }
        let mut part = Part {
            id: Some(id),
            geometry: Geometry::new(size_bytes, 256, erase, None)?,
            chip_erase_opcode: opcode::CHIP_ERASE,
            chip_erase: parts_by_id::assumed_chip_erase(known.size_bytes),
            program: PartProgram {
                page: parts_by_id::assumed_page_program(),
                bytes: None,
            },
            program_opcode_4b: None,
            quad_program: quad_program(has_quad, &habits, None),
            reads,
            quad_enable: habits.quad_enable,
            volatile_write_enable: None,
            poll: habits.poll,
            suspend: None,
            power_down: habits.power_down.map(|habit| DeepPowerDown {
                enter: habit.enter,
                exit: habit.exit,
                enter_delay_us: POWER_DOWN_ENTER_US,
                exit_delay_us: habit.exit_delay_us,
            }),
            reset: habits.soft_reset.then_some(Reset {
                enable: opcode::RSTEN,
                reset: opcode::RST,
                delay_us: RESET_US,
                busy_delay_us: RESET_BUSY_US,
                leave_continuous_read_first: false,
            }),
            global_unlock: habits.global_unlock,
            addressing: Addressing::Three,
            four_byte_mode: None,
            ultra_low_power: None,
            warnings,
        };
        part.assume_slow_mode();
        Ok(part)
    }

    /// Lengthens the times, if the part comes up in a slow mode.
    fn assume_slow_mode(&mut self) {
        let Some(mode) = self.id.and_then(UltraLowPower::of) else {
            return;
        };
        self.ultra_low_power = Some(mode);
        self.warnings.push(Warning::TimesOfOtherPowerMode);
        for erase_type in self.geometry.erase.iter_mut().flatten() {
            erase_type.times = mode.erase(erase_type.size_bytes, erase_type.times);
        }
        self.program = PartProgram {
            page: mode.page_program(self.program.page),
            // The table's are of the other mode, and too short to pace by.
            bytes: None,
        };
        self.chip_erase = mode.chip_erase(self.geometry.size_bytes, self.chip_erase);
        if let Some(suspend) = &mut self.suspend {
            for kind in [&mut suspend.program, &mut suspend.erase] {
                kind.latency_us = kind.latency_us.max(mode.suspend_latency_us);
            }
        }
    }

    /// Takes the tables' times, the part having been put into the mode that they
    /// describe (see [`select_performance`](crate::status_register::select_performance)).
    pub fn assume_high_performance(&mut self, bfpt: &Bfpt<W>) {
        if self.ultra_low_power.take().is_none() {
            return;
        }
        for erase_type in self.geometry.erase.iter_mut().flatten() {
            let told = bfpt.erase.iter().flatten().find(|command| {
                command.opcode == erase_type.opcode && command.size_bytes == erase_type.size_bytes
            });
            if let Some(times) = told.and_then(|command| command.times) {
                erase_type.times = times;
            }
        }
        self.program = part_program(bfpt);
        if let Some(chip_erase) = bfpt.chip_erase {
            self.chip_erase = chip_erase;
        }
        let habits = parts_by_id::habits(self.id.unwrap_or(JedecId([0; 3])));
        self.suspend = bfpt.suspend.filter(|_| is_own_table(bfpt, &habits));
    }

    /// Uses 4-byte mode instead of opcodes of their own, for a controller that can't
    /// send these. `false` if the part has no such mode, and nothing was changed.
    pub fn use_four_byte_mode(&mut self) -> bool {
        match (self.addressing, self.four_byte_mode) {
            (Addressing::FourByOpcode, Some(mode)) => {
                self.addressing = Addressing::FourByMode(mode);
                self.geometry.unavailable = 0;
                true
            }
            (Addressing::FourByMode(_), _) => true,
            (Addressing::FourByOpcode, None) | (Addressing::Three | Addressing::FourAlways, _) => {
                false
            }
        }
    }

    /// Ways to read that can be used with an addressing, each with the opcode to send, fastest first.
    pub fn reads_by(&self, addressing: Addressing) -> impl Iterator<Item = (u8, ReadMode)> + '_ {
        self.reads.iter().rev().flatten().filter_map(move |read| {
            let opcode = addressing.opcode(read.opcode, read.opcode_4b)?;
            Some((opcode, *read))
        })
    }

    /// Ways to program that can be used with an addressing, each with the opcode to send: on four
    /// lines, on one.
    pub fn programs_by(&self, addressing: Addressing) -> impl Iterator<Item = (u8, Mode)> + '_ {
        let quad = self.quad_program;
        let quad = quad.map(|quad| (quad.opcode, quad.opcode_4b, quad.mode));
        let single = Some((opcode::PP, self.program_opcode_4b, Mode::M111));
        [quad, single]
            .into_iter()
            .flatten()
            .filter_map(move |(opcode, opcode_4b, mode)| {
                Some((addressing.opcode(opcode, opcode_4b)?, mode))
            })
    }

    /// Those of the present addressing.
    pub fn usable_reads(&self) -> impl Iterator<Item = (u8, ReadMode)> + '_ {
        self.reads_by(self.addressing)
    }

    /// Opcode of a page program on one line with the present addressing.
    pub const fn program_opcode(&self) -> Option<u8> {
        self.addressing.opcode(opcode::PP, self.program_opcode_4b)
    }

    /// Four-line program that can be used with the present addressing, with the
    /// opcode to send.
    pub fn usable_quad_program(&self) -> Option<(u8, Mode)> {
        self.programs_by(self.addressing)
            .find(|(_, mode)| *mode != Mode::M111)
    }

    /// Opcode of an erase with the present addressing.
    pub const fn erase_opcode(&self, erase_type: &EraseType) -> Option<u8> {
        self.addressing.erase_opcode(erase_type)
    }
}

fn part_program<W>(bfpt: &Bfpt<W>) -> PartProgram {
    match bfpt.program {
        Some(program) => PartProgram {
            page: program.page,
            bytes: Some((program.first_byte, program.next_byte)),
        },
        None => PartProgram {
            page: parts_by_id::assumed_page_program(),
            bytes: None,
        },
    }
}

/// The erase types that have no twin, one bit each.
fn without_twin(geometry: &Geometry) -> u8 {
    geometry
        .erase
        .iter()
        .zip(0u8..)
        .fold(0, |mask, (slot, place)| match slot {
            Some(erase_type) if erase_type.opcode_4b.is_none() => mask | 1 << place,
            Some(_) | None => mask,
        })
}
