// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a part is, from a dump of its SFDP tables.
//!
//! Two forms of dumps are taken, both with `#` comments:
//!
//! - hex bytes from SFDP address 0, in any grouping, with or without an address and a
//!   colon at the head of each line;
//! - parameter tables without their headers, one a line: the 2-byte parameter id
//!   (`ff00`), then the table's bytes.
//!
//! A comment with the words `jedec` and an id gives the id, and its first word the
//! name.
//!
//! Tested with the dumps in `capsules/spi-nor/testdata`, by the tests of that crate.

use serde::{Serialize, Serializer};
use spi_nor::geometry::GeometryError;
use spi_nor::part::{Addressing, Part, PartError};
use spi_nor::parts_by_id::{self, JedecId};
use spi_nor::sfdp::bfpt::{Bfpt, BfptError};
use spi_nor::sfdp::four_byte::{FourByteError, FourByteTable};
use spi_nor::sfdp::header::{HEADER_BYTES, SfdpError, SfdpHeader};
use spi_nor::sfdp::sector_map::{Detection, SectorMap, SectorMapError};
use spi_nor::sfdp::table::{TableKind, TableList, TableRef};
use spi_nor::sfdp::times::{Times, TimesMs};
use spi_nor::sfdp::warning::{Warning, Warnings};
use spi_nor::status_register::{Poll, QuadEnable};
use std::fmt;

/// A dump, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Name of the part, from a comment.
    pub name: Option<String>,
    /// JEDEC id, from a comment.
    pub id: Option<[u8; 3]>,
    /// The bytes.
    pub content: Content,
}

/// The bytes of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// From SFDP address 0 on.
    Full(Vec<u8>),
    /// Parameter id and bytes of each table.
    Tables(Vec<(u16, Vec<u8>)>),
}

/// Why the text is no dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexError {
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: HexProblem,
}

/// What is wrong with a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HexProblem {
    /// A character that is no hex digit.
    NotHex(char),
    /// A byte with one digit.
    HalfByte,
    /// A line of the other form than the lines before.
    MixedForms,
    /// No bytes at all.
    Empty,
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HexError {
            line,
            column,
            problem,
        } = self;
        match problem {
            HexProblem::NotHex(found) => write!(
                f,
                "line {line}, column {column}: {found:?} is no hex digit; \
                 put # before what is not part of the dump"
            ),
            HexProblem::HalfByte => write!(
                f,
                "line {line}, column {column}: a byte has two hex digits, this one has one; \
                 add the missing digit"
            ),
            HexProblem::MixedForms => write!(
                f,
                "line {line}, column {column}: a dump is either bytes from SFDP address 0 or one \
                 table a line (id, then bytes), not both; split it into two files"
            ),
            HexProblem::Empty => write!(
                f,
                "there are no bytes; give the hex bytes of the SFDP area from address 0 on, \
                 which begin with 53 46 44 50"
            ),
        }
    }
}

impl std::error::Error for HexError {}

/// A run of characters without a blank, and its column.
struct Word<'t> {
    column: usize,
    text: &'t str,
}

fn words(line: &str) -> Vec<Word<'_>> {
    let mut list = Vec::new();
    let mut start = None;
    for (column, (offset, character)) in line.char_indices().enumerate() {
        match (character.is_whitespace(), start) {
            (false, None) => start = Some((column, offset)),
            (true, Some((first, from))) => {
                list.extend(line.get(from..offset).map(|text| Word {
                    column: first + 1,
                    text,
                }));
                start = None;
            }
            (false, Some(_)) | (true, None) => {}
        }
    }
    if let Some((first, from)) = start {
        list.extend(line.get(from..).map(|text| Word {
            column: first + 1,
            text,
        }));
    }
    list
}

fn hex_bytes(word: &Word<'_>, line: usize) -> Result<Vec<u8>, HexError> {
    let error = |offset: usize, problem| HexError {
        line,
        column: word.column + offset,
        problem,
    };
    let mut digits = Vec::with_capacity(word.text.len());
    for (offset, character) in word.text.chars().enumerate() {
        let digit = character
            .to_digit(16)
            .ok_or_else(|| error(offset, HexProblem::NotHex(character)))?;
        digits.push(digit as u8);
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(error(digits.len() - 1, HexProblem::HalfByte));
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Name and id of a comment with the word `jedec` in it.
fn comment(text: &str) -> Option<(Option<String>, Option<[u8; 3]>)> {
    let list: Vec<&str> = text.split_whitespace().collect();
    let at = list.iter().position(|word| *word == "jedec")?;
    let name = (at > 0).then(|| list.first().map(|name| (*name).to_string()));
    let id = list.get(at + 1).and_then(|word| {
        let digits = word.trim_end_matches([':', ',', ';']);
        let id = u32::from_str_radix(digits.get(..6)?, 16).ok()?;
        digits
            .chars()
            .all(|digit| digit.is_ascii_hexdigit())
            .then_some(JedecId::new(id).0)
    });
    Some((name.flatten(), id))
}

/// Parses a dump.
///
/// # Errors
/// [`HexError`].
pub fn parse_hex(text: &str) -> Result<Dump, HexError> {
    let mut name = None;
    let mut id = None;
    let mut content: Option<Content> = None;
    for (line, number) in text.lines().zip(1..) {
        let (data, remark) = match line.split_once('#') {
            Some((data, remark)) => (data, Some(remark)),
            None => (line, None),
        };
        if let Some((found_name, found_id)) = remark.and_then(comment) {
            name = name.or(found_name);
            id = id.or(found_id);
        }
        let mut list = words(data);
        let Some(first) = list.first() else { continue };
        let column = first.column;
        if first.text.ends_with(':') {
            list.remove(0);
        }
        let table = match list.as_slice() {
            [id, bytes] if id.text.len() == 4 && bytes.text.len() >= 8 => {
                let head = hex_bytes(id, number)?;
                let id = head.iter().fold(0, |id, byte| id << 8 | u16::from(*byte));
                Some((id, hex_bytes(bytes, number)?))
            }
            _ => None,
        };
        match (table, &mut content) {
            (Some(table), None) => content = Some(Content::Tables(vec![table])),
            (Some(table), Some(Content::Tables(tables))) => tables.push(table),
            (None, None | Some(Content::Full(_))) => {
                let mut bytes = Vec::new();
                for word in &list {
                    bytes.extend(hex_bytes(word, number)?);
                }
                match &mut content {
                    Some(Content::Full(all)) => all.extend(bytes),
                    _ => content = Some(Content::Full(bytes)),
                }
            }
            (Some(_), Some(Content::Full(_))) | (None, Some(Content::Tables(_))) => {
                return Err(HexError {
                    line: number,
                    column,
                    problem: HexProblem::MixedForms,
                });
            }
        }
    }
    match content {
        None => Err(HexError {
            line: text.lines().count().max(1),
            column: 1,
            problem: HexProblem::Empty,
        }),
        Some(content) => Ok(Dump { name, id, content }),
    }
}

/// Why a dump does not say what the part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifyError {
    /// No SFDP, or none of a known form.
    Sfdp(SfdpError),
    /// The basic table is not in the dump.
    BasicTableMissing {
        /// Its SFDP address.
        address: u32,
        /// Its length in bytes.
        length: u16,
        /// Bytes of the dump.
        dump_bytes: usize,
    },
    /// There is no table ff00 in a dump of tables.
    NoBasicTable,
    /// The basic table can't be decoded.
    Basic(BfptError),
    /// The part can't be used.
    Part(PartError),
}

impl fmt::Display for IdentifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentifyError::Sfdp(SfdpError::Short) => {
                write!(f, "the dump is shorter than the SFDP header (8 bytes)")
            }
            IdentifyError::Sfdp(SfdpError::AllOnes) => write!(
                f,
                "the dump begins with ff: no part answered, it slept, or it has no SFDP"
            ),
            IdentifyError::Sfdp(SfdpError::AllZeros) => write!(
                f,
                "the dump begins with 00: no part answered, or a line is shorted"
            ),
            IdentifyError::Sfdp(SfdpError::Signature(found)) => write!(
                f,
                "the dump begins with {found:02x?} instead of 53 46 44 50 (\"SFDP\"); \
                 was it read with the dummy byte of 5Ah?"
            ),
            IdentifyError::Sfdp(SfdpError::Revision(major)) => {
                write!(f, "SFDP of major revision {major}; only 1 is known")
            }
            IdentifyError::Sfdp(SfdpError::NoBasicTable) => {
                write!(
                    f,
                    "no parameter header leads to a usable basic table (ff00)"
                )
            }
            IdentifyError::BasicTableMissing {
                address,
                length,
                dump_bytes,
            } => write!(
                f,
                "the basic table is {length} bytes at {address:#x}, but the dump ends at \
                 {dump_bytes:#x}; dump more of the SFDP area"
            ),
            IdentifyError::NoBasicTable => {
                write!(f, "there is no line with the basic table (ff00)")
            }
            IdentifyError::Basic(BfptError::TooShort { dwords }) => write!(
                f,
                "the basic table has {dwords} dwords; the shortest there is has 9"
            ),
            IdentifyError::Basic(BfptError::AllOnes) => write!(f, "the basic table is all ff"),
            IdentifyError::Basic(BfptError::AllZeros) => write!(f, "the basic table is all 00"),
            IdentifyError::Basic(BfptError::Density(density)) => write!(
                f,
                "the basic table's density {density:#010x} is not that of a memory"
            ),
            IdentifyError::Part(error) => write!(f, "{}", part_error(error)),
        }
    }
}

impl std::error::Error for IdentifyError {}

fn part_error(error: &PartError) -> String {
    match error {
        PartError::Absent => "the id is ff ff ff: no part answered".into(),
        PartError::Shorted => "the id is 00 00 00: no part answered, or a line is shorted".into(),
        PartError::Unknown(id) => format!(
            "there are no tables, and the id {} is not known",
            hex(&id.0)
        ),
        PartError::TooLarge { size_bytes } => {
            format!("{size_bytes} bytes are more than 32 address bits reach")
        }
        PartError::Geometry(GeometryError::PageSize(bytes)) => {
            format!("a page of {bytes} bytes is not possible")
        }
        PartError::Geometry(GeometryError::Size(bytes)) => {
            format!("a part of {bytes} bytes is not a whole number of pages and erase units")
        }
        PartError::Geometry(GeometryError::NoErase) => {
            "no erase type is left that makes sense".into()
        }
        PartError::Geometry(GeometryError::EraseSize(bytes)) => {
            format!("an erase type of {bytes} bytes is not possible")
        }
        PartError::Geometry(GeometryError::MapSize {
            map_bytes,
            size_bytes,
        }) => format!("the sector map covers {map_bytes} bytes of a part of {size_bytes}"),
        PartError::Geometry(GeometryError::Region(number)) => format!(
            "region {number} of the sector map can't be erased with the erase types it names"
        ),
    }
}

/// An opcode, in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

impl Serialize for Opcode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

/// A typical and a longest time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimesReport {
    /// µs as a rule.
    pub typ_us: u64,
    /// µs at most.
    pub max_us: u64,
}

impl From<Times> for TimesReport {
    fn from(times: Times) -> TimesReport {
        TimesReport {
            typ_us: times.typ_us.into(),
            max_us: times.max_us.into(),
        }
    }
}

impl From<TimesMs> for TimesReport {
    fn from(times: TimesMs) -> TimesReport {
        TimesReport {
            typ_us: u64::from(times.typ_ms) * 1000,
            max_us: u64::from(times.max_ms) * 1000,
        }
    }
}

impl fmt::Display for TimesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (divisor, unit) = match self.typ_us {
            0..1_000 => (1, "µs"),
            1_000..1_000_000 => (1_000, "ms"),
            _ => (1_000_000, "s"),
        };
        let scaled = |us: u64| {
            let thousandths = (us % divisor) * 1000 / divisor;
            let text = format!("{}.{thousandths:03}", us / divisor);
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        };
        write!(
            f,
            "{} / {} {unit}",
            scaled(self.typ_us),
            scaled(self.max_us)
        )
    }
}

/// A parameter table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// Parameter id.
    pub id: String,
    /// What it is.
    pub what: &'static str,
    /// Revision, where there is a header that says it.
    pub revision: Option<String>,
    /// SFDP address, where there is a header that says it.
    pub address: Option<u32>,
    /// Bytes.
    pub length: usize,
}

/// An erase type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EraseReport {
    /// Opcode.
    pub opcode: Opcode,
    /// Opcode that always takes a 4-byte address.
    pub opcode_4b: Option<Opcode>,
    /// Bytes.
    pub size_bytes: u32,
    /// Times that the driver counts on.
    pub times: TimesReport,
    /// The table's own times, where they differ.
    pub table_times: Option<TimesReport>,
}

/// A region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionReport {
    /// First byte.
    pub start: u32,
    /// After the last byte.
    pub end: u32,
    /// Bytes of each erase type that holds here.
    pub erase_bytes: Vec<u32>,
}

/// A way to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadReport {
    /// Lines of opcode, address, data.
    pub mode: &'static str,
    /// Opcode.
    pub opcode: Opcode,
    /// Opcode that always takes a 4-byte address.
    pub opcode_4b: Option<Opcode>,
    /// Clocks of the mode byte.
    pub mode_clocks: u8,
    /// Dummy clocks after it.
    pub dummy_clocks: u8,
}

/// How the part programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProgramReport {
    /// Times of a page that the driver counts on.
    pub page: TimesReport,
    /// The table's own times of a page, where they differ.
    pub table_page: Option<TimesReport>,
    /// Times of the first byte.
    pub first_byte: Option<TimesReport>,
    /// Times of each further byte.
    pub next_byte: Option<TimesReport>,
    /// Four-line program: lines.
    pub quad_mode: Option<&'static str>,
    /// Four-line program: opcode.
    pub quad_opcode: Option<Opcode>,
}

/// Suspend and resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspendReport {
    /// Opcode that suspends.
    pub suspend: Opcode,
    /// Opcode that resumes.
    pub resume: Opcode,
    /// µs until the array can be read.
    pub latency_us: u32,
    /// µs between a resume and the next suspend.
    pub interval_us: u32,
}

/// Deep power-down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PowerDownReport {
    /// Opcode that enters it.
    pub enter: Opcode,
    /// Opcode that leaves it.
    pub exit: Opcode,
    /// µs from the exit to the next command.
    pub exit_delay_us: u32,
    /// The tables say so; else the maker's parts do as a rule.
    pub from_table: bool,
}

/// What the part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name from the dump.
    pub name: Option<String>,
    /// JEDEC id.
    pub jedec_id: Option<String>,
    /// Parts that are known to have this id.
    pub known_as: Option<&'static str>,
    /// SFDP revision.
    pub sfdp_revision: Option<String>,
    /// Dwords of the basic table; 0 if there is none.
    pub basic_dwords: u8,
    /// Tables found.
    pub tables: Vec<TableReport>,
    /// Size in bytes.
    pub size_bytes: u32,
    /// Page size in bytes.
    pub page_bytes: u32,
    /// Erase types, smallest first.
    pub erase: Vec<EraseReport>,
    /// Regions, where they differ.
    pub regions: Vec<RegionReport>,
    /// Opcode of a chip erase.
    pub chip_erase_opcode: Opcode,
    /// Times of a chip erase.
    pub chip_erase: TimesReport,
    /// The table's own times of a chip erase, where they differ.
    pub table_chip_erase: Option<TimesReport>,
    /// How it programs.
    pub program: ProgramReport,
    /// Ways to read.
    pub reads: Vec<ReadReport>,
    /// Double transfer rate exists.
    pub dtr: bool,
    /// How four lines are enabled.
    pub quad_enable: &'static str,
    /// How to poll.
    pub poll: &'static str,
    /// Suspend of a program.
    pub suspend_program: Option<SuspendReport>,
    /// Suspend of an erase.
    pub suspend_erase: Option<SuspendReport>,
    /// Deep power-down.
    pub power_down: Option<PowerDownReport>,
    /// Reset.
    pub reset: Option<&'static str>,
    /// Address bytes.
    pub address_bytes: u8,
    /// How they are sent.
    pub addressing: String,
    /// Highest bus clock in Hz of the mode that the part comes up in, if it is a
    /// slow one.
    pub slow_mode_clock_hz: Option<u32>,
    /// What the tables say that can't be true, and other things to know.
    pub warnings: Vec<String>,
}

/// What was decoded.
struct Decoded {
    part: Part,
    bfpt: Option<Bfpt>,
    sfdp_revision: Option<String>,
    tables: Vec<TableReport>,
    warnings: Warnings,
    remarks: Vec<String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of a table.
const fn table_name(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Basic => "basic flash parameters",
        TableKind::SectorMap => "sector map",
        TableKind::FourByte => "4-byte address instructions",
        TableKind::Other(0xFF03) => "replay protected monotonic counters",
        TableKind::Other(0xFF05) => "xSPI profile 1.0",
        TableKind::Other(0xFF06) => "xSPI profile 2.0",
        TableKind::Other(0xFF87) => "status, control and configuration register map",
        TableKind::Other(0xFF0A) => "command sequences to change to octal DDR",
        TableKind::Other(_) => "vendor's own",
    }
}

/// The bytes of the tables that are wanted.
#[derive(Default)]
struct TableBytes {
    basic: Vec<u8>,
    sector_map: Option<Vec<u8>>,
    four_byte: Option<Vec<u8>>,
}

/// Tables of a dump from address 0, in the steps in which a driver reads them.
fn from_full(
    bytes: &[u8],
    warnings: &mut Warnings,
    reports: &mut Vec<TableReport>,
) -> Result<(String, TableBytes), IdentifyError> {
    let header = SfdpHeader::parse(bytes).map_err(IdentifyError::Sfdp)?;
    let mut list = TableList::new(header);
    while let Some(address) = list.next_address() {
        let start = address as usize;
        let Some(raw) = bytes
            .get(start..)
            .and_then(|rest| rest.first_chunk::<HEADER_BYTES>())
        else {
            break;
        };
        let table = TableRef::parse(raw);
        reports.push(TableReport {
            id: format!("{:04x}", table.kind.id()),
            what: table_name(table.kind),
            revision: Some(format!("{}.{}", table.major, table.minor)),
            address: Some(table.address),
            length: table.length.into(),
        });
        list.push(raw);
    }
    let tables = list.finish().map_err(IdentifyError::Sfdp);
    warnings.append(&list.warnings);
    let tables = tables?;
    let get = |table: TableRef| {
        let start = table.address as usize;
        let end = start + usize::from(table.read_length());
        bytes.get(start..end).map(<[u8]>::to_vec)
    };
    let mut optional = |table: Option<TableRef>| {
        let table = table?;
        let found = get(table);
        if found.is_none() {
            warnings.push(Warning::MissingTable(table.kind));
        }
        found
    };
    let found = TableBytes {
        sector_map: optional(tables.sector_map),
        four_byte: optional(tables.four_byte),
        basic: get(tables.basic).ok_or(IdentifyError::BasicTableMissing {
            address: tables.basic.address,
            length: tables.basic.length,
            dump_bytes: bytes.len(),
        })?,
    };
    Ok((format!("{}.{}", header.major, header.minor), found))
}

/// Tables of a dump of tables.
fn from_tables(
    tables: &[(u16, Vec<u8>)],
    reports: &mut Vec<TableReport>,
) -> Result<TableBytes, IdentifyError> {
    let mut found = TableBytes::default();
    let mut basic = None;
    for (id, bytes) in tables {
        let kind = TableKind::from_id(*id);
        reports.push(TableReport {
            id: format!("{id:04x}"),
            what: table_name(kind),
            revision: None,
            address: None,
            length: bytes.len(),
        });
        match kind {
            TableKind::Basic => basic = Some(bytes.clone()),
            TableKind::SectorMap => found.sector_map = Some(bytes.clone()),
            TableKind::FourByte => found.four_byte = Some(bytes.clone()),
            TableKind::Other(_) => {}
        }
    }
    found.basic = basic.ok_or(IdentifyError::NoBasicTable)?;
    Ok(found)
}

fn sector_map(
    bytes: &[u8],
    warnings: &mut Warnings,
    remarks: &mut Vec<String>,
) -> Option<SectorMap> {
    let detection = Detection::decode(bytes);
    if detection.is_ok_and(|detection| !detection.is_empty()) {
        remarks.push(
            "the sector map depends on how the part is configured, which only the part can tell; \
             the map of configuration 0 is shown"
                .into(),
        );
    }
    match detection.and_then(|_| SectorMap::decode(bytes, 0)) {
        Ok(map) => Some(map),
        Err(error) => {
            warnings.push(Warning::BadTable(TableKind::SectorMap));
            remarks.push(format!("sector map: {}", sector_map_error(error)));
            None
        }
    }
}

fn sector_map_error(error: SectorMapError) -> String {
    match error {
        SectorMapError::Truncated => "it ends in the middle of a descriptor".into(),
        SectorMapError::TooManyCommands => "it has too many detection commands".into(),
        SectorMapError::TooManyRegions => "it has too many regions".into(),
        SectorMapError::NoSuchConfiguration(id) => format!("it has no configuration {id}"),
        SectorMapError::BadRegion(number) => format!("its region {number} is not possible"),
    }
}

fn decode(dump: &Dump) -> Result<Decoded, IdentifyError> {
    let id = dump.id.map(JedecId);
    let mut warnings = Warnings::new();
    let mut remarks = Vec::new();
    let mut tables = Vec::new();
    let found = match &dump.content {
        Content::Full(bytes) => from_full(bytes, &mut warnings, &mut tables)
            .map(|(revision, found)| (Some(revision), found)),
        Content::Tables(list) => from_tables(list, &mut tables).map(|found| (None, found)),
    };
    let decoded = found.and_then(|(revision, found)| {
        let bfpt = Bfpt::decode(&found.basic).map_err(IdentifyError::Basic)?;
        Ok((revision, found, bfpt))
    });
    let (sfdp_revision, found, bfpt) = match (decoded, id) {
        (Ok(decoded), _) => decoded,
        (Err(error), Some(id)) if parts_by_id::known(id).is_some() => {
            remarks.push(error.to_string());
            return Ok(Decoded {
                part: Part::from_id(id).map_err(IdentifyError::Part)?,
                bfpt: None,
                sfdp_revision: None,
                tables,
                warnings,
                remarks,
            });
        }
        (Err(error), _) => return Err(error),
    };
    let four_byte = found
        .four_byte
        .and_then(|bytes| match FourByteTable::decode(&bytes) {
            Ok(table) => Some(table),
            Err(FourByteError::AllOnes | FourByteError::Incomplete) => {
                warnings.push(Warning::BlankTable(TableKind::FourByte));
                None
            }
            Err(FourByteError::TooShort) => {
                warnings.push(Warning::BadTable(TableKind::FourByte));
                None
            }
        });
    let map = found
        .sector_map
        .and_then(|bytes| sector_map(&bytes, &mut warnings, &mut remarks));
    let part = Part::from_sfdp(id, &bfpt, four_byte.as_ref(), map.as_ref())
        .map_err(IdentifyError::Part)?;
    Ok(Decoded {
        part,
        bfpt: Some(bfpt),
        sfdp_revision,
        tables,
        warnings,
        remarks,
    })
}

/// Says what a part is.
///
/// # Errors
/// [`IdentifyError`].
pub fn identify(dump: &Dump) -> Result<Report, IdentifyError> {
    let Decoded {
        part,
        bfpt,
        sfdp_revision,
        tables,
        mut warnings,
        remarks,
    } = decode(dump)?;
    warnings.append(&part.warnings);
    let mut texts: Vec<String> = warnings.iter().map(warning_text).collect();
    if warnings.lost() > 0 {
        texts.push(format!("{} further findings", warnings.lost()));
    }
    texts.extend(remarks);

    let geometry = &part.geometry;
    let told = |opcode, size_bytes| {
        let erase = bfpt.as_ref()?.erase.iter().flatten();
        let mut same = erase.filter(|told| told.opcode == opcode && told.size_bytes == size_bytes);
        same.next()?.times
    };
    let differing =
        |table: Option<TimesReport>, used: TimesReport| table.filter(|table| *table != used);
    let page = TimesReport::from(part.program.page);
    let table_page = bfpt.as_ref().and_then(|bfpt| bfpt.program);
    let chip_erase = TimesReport::from(part.chip_erase);
    let table_chip = bfpt.as_ref().and_then(|bfpt| bfpt.chip_erase);
    let suspend = |kind: spi_nor::sfdp::bfpt::SuspendResume| SuspendReport {
        suspend: Opcode(kind.suspend),
        resume: Opcode(kind.resume),
        latency_us: kind.latency_us,
        interval_us: kind.interval_us,
    };
    Ok(Report {
        name: dump.name.clone(),
        jedec_id: dump.id.map(|id| hex(&id)),
        known_as: part.id.and_then(parts_by_id::known).map(|known| known.name),
        sfdp_revision,
        basic_dwords: bfpt.as_ref().map_or(0, |bfpt| bfpt.dwords),
        tables,
        size_bytes: geometry.size_bytes,
        page_bytes: geometry.page_bytes,
        erase: geometry
            .erase_types()
            .map(|erase_type| {
                let times = TimesReport::from(erase_type.times);
                let table = told(erase_type.opcode, erase_type.size_bytes);
                EraseReport {
                    opcode: Opcode(erase_type.opcode),
                    opcode_4b: erase_type.opcode_4b.map(Opcode),
                    size_bytes: erase_type.size_bytes,
                    times,
                    table_times: differing(table.map(TimesReport::from), times),
                }
            })
            .collect(),
        regions: geometry
            .regions
            .iter()
            .filter(|_| !geometry.is_uniform())
            .map(|region| RegionReport {
                start: region.start,
                end: region.end,
                erase_bytes: geometry
                    .erase_types_in(&region)
                    .map(|erase_type| erase_type.size_bytes)
                    .collect(),
            })
            .collect(),
        chip_erase_opcode: Opcode(part.chip_erase_opcode),
        chip_erase,
        table_chip_erase: differing(table_chip.map(TimesReport::from), chip_erase),
        program: ProgramReport {
            page,
            table_page: differing(table_page.map(|told| TimesReport::from(told.page)), page),
            first_byte: part.program.bytes.map(|(first, _)| first.into()),
            next_byte: part.program.bytes.map(|(_, next)| next.into()),
            quad_mode: part.usable_quad_program().map(|(_, mode)| mode.name()),
            quad_opcode: part.usable_quad_program().map(|(opcode, _)| Opcode(opcode)),
        },
        reads: part
            .reads
            .iter()
            .flatten()
            .map(|read| ReadReport {
                mode: read.mode.name(),
                opcode: Opcode(read.opcode),
                opcode_4b: read.opcode_4b.map(Opcode),
                mode_clocks: read.mode_clocks,
                dummy_clocks: read.dummy_clocks,
            })
            .collect(),
        dtr: bfpt.as_ref().is_some_and(|bfpt| bfpt.dtr),
        quad_enable: quad_enable_text(part.quad_enable),
        poll: match part.poll {
            Poll::StatusRegister => "status register (05), bit 0 set while busy",
            Poll::FlagStatusRegister => "flag status register (70), bit 7 clear while busy",
        },
        suspend_program: part.suspend.map(|told| suspend(told.program)),
        suspend_erase: part.suspend.map(|told| suspend(told.erase)),
        power_down: part.power_down.map(|power_down| PowerDownReport {
            enter: Opcode(power_down.enter),
            exit: Opcode(power_down.exit),
            exit_delay_us: power_down.exit_delay_us,
            from_table: bfpt.as_ref().is_some_and(|bfpt| bfpt.power_down.is_some()),
        }),
        reset: part.reset.map(|reset| {
            if reset.leave_continuous_read_first {
                "66, 99; leave continuous read first"
            } else {
                "66, 99"
            }
        }),
        address_bytes: part.addressing.bytes(),
        addressing: addressing_text(part.addressing),
        slow_mode_clock_hz: part.ultra_low_power.map(|mode| mode.max_clock_hz),
        warnings: texts,
    })
}

const fn quad_enable_text(method: QuadEnable) -> &'static str {
    match method {
        QuadEnable::Always => "none needed",
        QuadEnable::Sr1Bit6 => "status register 1 bit 6, written with 01 and 1 byte",
        QuadEnable::Sr2Bit1LongWrite => "status register 2 bit 1, written with 01 and 2 bytes",
        QuadEnable::Sr2Bit1OwnWrite => "status register 2 bit 1, written with 31 and 1 byte",
        QuadEnable::Sr2Bit7 => "status register 2 bit 7, written with 3e and 1 byte",
        QuadEnable::Unknown => "unknown",
    }
}

fn addressing_text(addressing: Addressing) -> String {
    match addressing {
        Addressing::Three => "3 bytes".into(),
        Addressing::FourByOpcode => "4 bytes, by opcodes of their own".into(),
        Addressing::FourByMode(mode) => format!(
            "4 bytes, in a mode entered with {}{:02x} and left with {:02x}",
            if mode.write_enable { "06, " } else { "" },
            mode.enter,
            mode.exit
        ),
        Addressing::FourAlways => "4 bytes, always".into(),
    }
}

fn table_text(kind: TableKind) -> String {
    format!("table {:04x} ({})", kind.id(), table_name(kind))
}

fn warning_text(warning: Warning) -> String {
    match warning {
        Warning::TooManyHeaders => {
            "there are more parameter headers than any part has; only the first 16 were looked at"
                .into()
        }
        Warning::BasicTableNotFirst => "the first parameter header is not the basic table's".into(),
        Warning::UnknownRevision(kind) => {
            format!(
                "{} has an unknown major revision: left out",
                table_text(kind)
            )
        }
        Warning::EmptyTable(kind) => format!("{} has no dwords: left out", table_text(kind)),
        Warning::WildPointer(kind) => {
            format!("{} points beyond the SFDP area: left out", table_text(kind))
        }
        Warning::OverlapsHeaders(kind) => {
            format!("{} lies over the SFDP headers: left out", table_text(kind))
        }
        Warning::Overlap(kind, other) => format!(
            "{} overlaps {}: the former is left out",
            table_text(kind),
            table_text(other)
        ),
        Warning::UnalignedPointer(kind) => {
            format!("{} does not begin at a dword", table_text(kind))
        }
        Warning::LongTable(kind) => {
            format!("{} is longer than what is read of it", table_text(kind))
        }
        Warning::BlankTable(kind) => format!("{} says nothing: left out", table_text(kind)),
        Warning::BadTable(kind) => format!("{} can't be decoded: left out", table_text(kind)),
        Warning::MissingTable(kind) => {
            format!("{} is not in the dump: left out", table_text(kind))
        }
        Warning::ReadWithoutOpcode(mode) => format!(
            "read mode {} is said to exist, but has no opcode: left out",
            mode.name()
        ),
        Warning::EraseWithoutOpcode(number) => {
            format!("erase type {number} has a size but no opcode: left out")
        }
        Warning::EraseSizeAbsurd(number) => {
            format!("erase type {number} has an impossible size: left out")
        }
        Warning::EraseLargerThanPart(number) => {
            format!("erase type {number} is larger than the part: left out")
        }
        Warning::EraseOpcodeShared(opcode) => format!(
            "erase types of different sizes share opcode {opcode:02x}, and no sector map says \
             where which holds: left out"
        ),
        Warning::LegacyEraseDiffers => {
            "dword 1 names another 4 KiB erase opcode than the erase types: the latter are believed"
                .into()
        }
        Warning::SuspendWithoutOpcode => {
            "suspend is said to exist, but has no opcode: left out".into()
        }
        Warning::PowerDownWithoutOpcode => {
            "deep power-down is said to exist, but has no opcode: left out".into()
        }
        Warning::ReservedAddressBytes => {
            "the address bytes field has its reserved value: the size decides".into()
        }
        Warning::ReservedQuadEnable => "the quad enable code is reserved".into(),
        Warning::SizeDiffersFromId(id_bytes) => format!(
            "the id stands for {}, the table says otherwise: the smaller one is used",
            size_text(id_bytes)
        ),
        Warning::FourByteClaimIgnored => {
            "4-byte addressing is claimed, but 3 bytes reach all of the part: 3 are used".into()
        }
        Warning::ThreeByteClaimIgnored => {
            "the basic table says 3 address bytes only, but the part is larger: 4 are used".into()
        }
        Warning::UpperPartUnreachable => {
            "no known way leads beyond the first 16 MiB: the rest is not used".into()
        }
        Warning::QuadEnableDiffersFromMaker => {
            "the quad enable code is not one that this maker's parts have: the maker's is used"
                .into()
        }
        Warning::QuadEnableUnknown => {
            "it is not known how four lines are enabled: they are not used".into()
        }
        Warning::TimesAssumed => "the tables carry no times: conservative ones are assumed".into(),
        Warning::PageSizeAssumed => "the tables carry no page size: 256 bytes are assumed".into(),
        Warning::TimesOfOtherPowerMode => {
            "the tables' times are those of the high-performance mode, but the part comes up in \
             ultra-low power: longer ones are used"
                .into()
        }
        Warning::KnownFromIdOnly => "there are no tables: all is known from the id".into(),
        Warning::IdNotUnderstood => {
            "what this maker's ids say of the size is not known: nothing was compared".into()
        }
    }
}

fn size_text(bytes: u32) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}

/// One row of the table for people.
fn row(f: &mut fmt::Formatter<'_>, label: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "{label:<18}{value}")
}

fn times_row(
    f: &mut fmt::Formatter<'_>,
    label: &str,
    opcode: &str,
    times: TimesReport,
    table: Option<TimesReport>,
) -> fmt::Result {
    let times = times.to_string();
    match table {
        Some(table) => row(
            f,
            label,
            format_args!("{opcode:<8}{times}  (table: {table})"),
        ),
        None => row(f, label, format_args!("{opcode:<8}{times}")),
    }
}

/// An opcode and its twin.
fn both(opcode: Opcode, twin: Option<Opcode>) -> String {
    match twin {
        Some(twin) => format!("{opcode} ({twin})"),
        None => opcode.to_string(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = || "not given".to_string();
        row(f, "part", self.name.clone().unwrap_or_else(unknown))?;
        let id = self.jedec_id.clone().unwrap_or_else(unknown);
        match self.known_as {
            Some(known) => row(f, "JEDEC id", format_args!("{id}  ({known})"))?,
            None => row(f, "JEDEC id", id)?,
        }
        if let Some(revision) = &self.sfdp_revision {
            row(f, "SFDP", format_args!("revision {revision}"))?;
        }
        for table in &self.tables {
            let place = match (table.address, &table.revision) {
                (Some(address), Some(revision)) => format!(" at {address:#x}, {revision}"),
                _ => String::new(),
            };
            row(
                f,
                "  table",
                format_args!("{} {} bytes{place}  {}", table.id, table.length, table.what),
            )?;
        }
        row(f, "size", size_text(self.size_bytes))?;
        row(f, "page", size_text(self.page_bytes))?;
        row(f, "times", "typical / longest")?;
        for erase in &self.erase {
            let label = format!("  erase {}", size_text(erase.size_bytes));
            let opcode = both(erase.opcode, erase.opcode_4b);
            times_row(f, &label, &opcode, erase.times, erase.table_times)?;
        }
        let chip_opcode = self.chip_erase_opcode.to_string();
        times_row(
            f,
            "  erase chip",
            &chip_opcode,
            self.chip_erase,
            self.table_chip_erase,
        )?;
        times_row(
            f,
            "  program page",
            "02",
            self.program.page,
            self.program.table_page,
        )?;
        if let (Some(first), Some(next)) = (self.program.first_byte, self.program.next_byte) {
            times_row(f, "  first byte", "", first, None)?;
            times_row(f, "  next byte", "", next, None)?;
        }
        for region in &self.regions {
            let sizes: Vec<String> = region.erase_bytes.iter().copied().map(size_text).collect();
            row(
                f,
                "region",
                format_args!(
                    "{:#010x}..{:#010x}  erases {}",
                    region.start,
                    region.end,
                    sizes.join(", ")
                ),
            )?;
        }
        for read in &self.reads {
            let opcode = both(read.opcode, read.opcode_4b);
            row(
                f,
                &format!("read {}", read.mode),
                format_args!(
                    "{opcode:<8}{} mode + {} dummy clocks",
                    read.mode_clocks, read.dummy_clocks
                ),
            )?;
        }
        if self.dtr {
            row(f, "DTR", "yes, not used")?;
        }
        match (self.program.quad_mode, self.program.quad_opcode) {
            (Some(mode), Some(opcode)) => row(f, &format!("program {mode}"), opcode)?,
            _ => row(f, "quad program", "none known")?,
        }
        row(f, "quad enable", self.quad_enable)?;
        row(f, "busy", self.poll)?;
        for (label, suspend) in [
            ("suspend program", &self.suspend_program),
            ("suspend erase", &self.suspend_erase),
        ] {
            match suspend {
                Some(suspend) => row(
                    f,
                    label,
                    format_args!(
                        "{}, resume {}; quiet in {} µs; {} µs between resume and suspend",
                        suspend.suspend, suspend.resume, suspend.latency_us, suspend.interval_us
                    ),
                )?,
                None => row(f, label, "none known")?,
            }
        }
        match &self.power_down {
            Some(power_down) => row(
                f,
                "deep power-down",
                format_args!(
                    "{}, exit {}, awake in {} µs{}",
                    power_down.enter,
                    power_down.exit,
                    power_down.exit_delay_us,
                    if power_down.from_table {
                        ""
                    } else {
                        "  (the maker's habit)"
                    }
                ),
            )?,
            None => row(f, "deep power-down", "none known")?,
        }
        row(f, "reset", self.reset.unwrap_or("none known"))?;
        row(f, "address", &self.addressing)?;
        if let Some(clock) = self.slow_mode_clock_hz {
            row(
                f,
                "power mode",
                format_args!(
                    "ultra-low power at first: at most {} MHz",
                    clock / 1_000_000
                ),
            )?;
        }
        for warning in &self.warnings {
            row(f, "warning", warning)?;
        }
        Ok(())
    }
}
