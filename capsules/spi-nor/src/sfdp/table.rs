// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Parameter headers, and which tables they lead to.

use crate::sfdp::header::{HEADER_BYTES, MAX_PARAMETER_HEADERS, SfdpError, SfdpHeader};
use crate::sfdp::warning::{Note, Warning, Warnings};

/// Bytes of the SFDP address space: 24 address bits.
const SFDP_SPACE: u32 = 1 << 24;

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// Basic flash parameter table, FF00h.
    Basic,
    /// Sector map, FF81h.
    SectorMap,
    /// 4-byte address instruction table, FF84h.
    FourByte,
    /// Any other, with its id: xSPI profiles, vendors' own.
    Other(u16),
}

impl TableKind {
    /// Of a parameter id, MSB first.
    pub const fn from_id(id: u16) -> TableKind {
        match id {
            0xFF00 => TableKind::Basic,
            0xFF81 => TableKind::SectorMap,
            0xFF84 => TableKind::FourByte,
            other => TableKind::Other(other),
        }
    }

    /// The parameter id, MSB first.
    pub const fn id(self) -> u16 {
        match self {
            TableKind::Basic => 0xFF00,
            TableKind::SectorMap => 0xFF81,
            TableKind::FourByte => 0xFF84,
            TableKind::Other(id) => id,
        }
    }

    /// The most bytes of it that are worth reading. Those after it belong to later
    /// revisions of the standard, and nothing here needs them. 0: not read at all.
    pub const fn read_limit(self) -> u16 {
        match self {
            TableKind::Basic => 96,
            TableKind::SectorMap => 256,
            TableKind::FourByte => 8,
            TableKind::Other(_) => 0,
        }
    }
}

/// Where a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRef {
    /// Whose it is.
    pub kind: TableKind,
    /// Major revision.
    pub major: u8,
    /// Minor revision.
    pub minor: u8,
    /// SFDP address.
    pub address: u32,
    /// Length in bytes, a multiple of 4, up to 1020.
    pub length: u16,
}

impl TableRef {
    /// From one parameter header.
    pub const fn parse(bytes: &[u8; HEADER_BYTES]) -> TableRef {
        let [id_low, minor, major, dwords, p0, p1, p2, id_high] = *bytes;
        TableRef {
            kind: TableKind::from_id(u16::from_be_bytes([id_high, id_low])),
            major,
            minor,
            address: u32::from_le_bytes([p0, p1, p2, 0]),
            length: dwords as u16 * 4,
        }
    }

    /// Address after the last byte.
    pub const fn end(&self) -> u32 {
        self.address.saturating_add(self.length as u32)
    }

    /// Bytes to read.
    pub const fn read_length(&self) -> u16 {
        let limit = self.kind.read_limit();
        if self.length > limit {
            limit
        } else {
            self.length
        }
    }

    /// Whether they share a byte.
    pub const fn overlaps(&self, other: &TableRef) -> bool {
        self.address < other.end() && other.address < self.end()
    }
}

/// The tables that are worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The basic table.
    pub basic: TableRef,
    /// The sector map.
    pub sector_map: Option<TableRef>,
    /// The 4-byte address instruction table.
    pub four_byte: Option<TableRef>,
}

impl Tables {
    /// The one to read after that of this kind, the first one after none.
    pub fn after(&self, kind: Option<TableKind>) -> Option<TableRef> {
        match kind {
            None => Some(self.basic),
            Some(TableKind::Basic) => self.sector_map.or(self.four_byte),
            Some(TableKind::SectorMap) => self.four_byte,
            Some(TableKind::FourByte | TableKind::Other(_)) => None,
        }
    }

    /// Those that are there, in the order in which to read them.
    pub fn iter(&self) -> impl Iterator<Item = TableRef> {
        [Some(self.basic), self.sector_map, self.four_byte]
            .into_iter()
            .flatten()
    }
}

/// Parameter headers as they come in.
#[derive(Clone, Copy, Debug)]
pub struct TableList<W = Warnings> {
    header: SfdpHeader,
    tables: [Option<TableRef>; MAX_PARAMETER_HEADERS as usize],
    seen: u16,
    /// What was wrong so far.
    pub warnings: W,
}

impl TableList {
    /// For the parameter headers of this SFDP header.
    pub fn new(header: SfdpHeader) -> TableList {
        TableList::noting(header)
    }
}

impl<W: Note> TableList<W> {
    /// The same with findings told to a `W`.
    pub fn noting(header: SfdpHeader) -> TableList<W> {
        let mut warnings = W::default();
        if header.parameter_headers > header.headers_to_read() {
            warnings.push(Warning::TooManyHeaders);
        }
        TableList {
            header,
            tables: [None; MAX_PARAMETER_HEADERS as usize],
            seen: 0,
            warnings,
        }
    }

    /// SFDP address of the next parameter header to read. `None` if all are in.
    pub const fn next_address(&self) -> Option<u32> {
        if self.seen < self.header.headers_to_read() {
            Some(SfdpHeader::header_address(self.seen))
        } else {
            None
        }
    }

    /// Takes the next parameter header. More of them than there are headers are
    /// ignored.
    pub fn push(&mut self, bytes: &[u8; HEADER_BYTES]) {
        if self.next_address().is_none() {
            return;
        }
        let table = TableRef::parse(bytes);
        let first = self.seen == 0;
        self.seen += 1;
        if first && table.kind != TableKind::Basic {
            self.warnings.push(Warning::BasicTableNotFirst);
        }
        let wrong = if table.length == 0 {
            Some(Warning::EmptyTable(table.kind))
        } else if table.end() > SFDP_SPACE {
            Some(Warning::WildPointer(table.kind))
        } else if table.address < self.header.headers_end() {
            Some(Warning::OverlapsHeaders(table.kind))
        } else if table.major != 1 && !matches!(table.kind, TableKind::Other(_)) {
            Some(Warning::UnknownRevision(table.kind))
        } else {
            None
        };
        if let Some(warning) = wrong {
            self.warnings.push(warning);
            return;
        }
        if !table.address.is_multiple_of(4) {
            self.warnings.push(Warning::UnalignedPointer(table.kind));
        }
        if let Some(slot) = self.tables.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(table);
        }
    }

    /// Takes all parameter headers that `bytes` holds.
    pub fn extend(&mut self, bytes: &[u8]) {
        for header in bytes.as_chunks::<HEADER_BYTES>().0 {
            self.push(header);
        }
    }

    /// The newest table of a kind. A part may have several, for drivers of several
    /// ages; they may share bytes.
    fn newest(&self, kind: TableKind) -> Option<TableRef> {
        self.tables
            .iter()
            .flatten()
            .filter(|table| table.kind == kind)
            .max_by_key(|table| (table.minor, table.length))
            .copied()
    }

    /// A wanted optional table, unless it lies over one that is believed more.
    fn optional(&mut self, kind: TableKind, believed: &[Option<TableRef>]) -> Option<TableRef> {
        let table = self.newest(kind)?;
        for other in believed.iter().flatten() {
            if table.overlaps(other) {
                self.warnings.push(Warning::Overlap(kind, other.kind));
                return None;
            }
        }
        Some(table)
    }

    /// Which tables to read.
    ///
    /// Of two tables that overlap, the basic one is believed before the sector map,
    /// that one before the 4-byte table, and vendors' own tables last, since nothing
    /// here reads them.
    ///
    /// # Errors
    /// [`SfdpError::NoBasicTable`].
    pub fn finish(&mut self) -> Result<Tables, SfdpError> {
        let basic = self
            .newest(TableKind::Basic)
            .ok_or(SfdpError::NoBasicTable)?;
        let sector_map = self.optional(TableKind::SectorMap, &[Some(basic)]);
        let four_byte = self.optional(TableKind::FourByte, &[Some(basic), sector_map]);
        let tables = Tables {
            basic,
            sector_map,
            four_byte,
        };
        for wanted in tables.iter() {
            if wanted.length > wanted.read_length() {
                self.warnings.push(Warning::LongTable(wanted.kind));
            }
            for other in self.tables.iter().flatten() {
                if matches!(other.kind, TableKind::Other(_)) && other.overlaps(&wanted) {
                    self.warnings
                        .push(Warning::Overlap(other.kind, wanted.kind));
                }
            }
        }
        Ok(tables)
    }
}
