// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reading the SFDP tables, as a script.

use crate::opcode;
use crate::script::{Act, Input};
use crate::sfdp::bfpt::{Bfpt, BfptError};
use crate::sfdp::dwords::Dwords;
use crate::sfdp::four_byte::FourByteTable;
use crate::sfdp::header::{HEADER_BYTES, SfdpHeader};
use crate::sfdp::sector_map::{Detection, SectorMap};
use crate::sfdp::table::{TableKind, TableList, Tables};
use qspi_hil::{AddressWidth, Data, Lines, Operation, Template};

/// RDSFDP: three address bytes, eight dummy clocks (JESD216, section 6.1).
const RDSFDP: Template = Template {
    opcode: opcode::RDSFDP,
    address: AddressWidth::Three,
    lines: Lines::Single,
    dummy_clocks: 8,
    data: Data::In,
};

/// What FNV-1a begins with.
const SUM_OF_NOTHING: u32 = 0x811C_9DC5;

/// Bytes of the basic table that are used: what comes after dword 16 is about more than four lines.
const BASIC_BYTES: usize = 64;

#[derive(Clone, Copy, Debug)]
enum Stage {
    Header,
    ParameterHeaders(SfdpHeader),
    /// The tables, and which one is being read.
    Table(Tables, TableKind),
    Over,
}

/// What the part says about itself. The basic table is kept as it was read: what it means takes far
/// more room.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    basic: [u8; BASIC_BYTES],
    basic_bytes: u8,
    /// The sector map, where the erase types differ over the part.
    pub sector_map: Option<SectorMap>,
    /// The 4-byte address instruction table.
    pub four_byte: Option<FourByteTable>,
}

impl Found {
    const NOTHING: Found = Found {
        basic: [0; BASIC_BYTES],
        basic_bytes: 0,
        sector_map: None,
        four_byte: None,
    };

    /// The basic table. Without it the part has no usable SFDP.
    ///
    /// # Errors
    /// [`BfptError`].
    pub fn basic(&self) -> Result<Bfpt<()>, BfptError> {
        let bytes = self.basic.get(..usize::from(self.basic_bytes));
        Bfpt::noting(Dwords::new(bytes.unwrap_or(&[])))
    }

    fn keep_basic(&mut self, data: &[u8]) {
        self.basic_bytes = 0;
        for (to, from) in self.basic.iter_mut().zip(data) {
            *to = *from;
            self.basic_bytes += 1;
        }
    }
}

/// The script. A part without SFDP, or with tables that don't make sense, ends it
/// with nothing found, which is no error: there may be facts by id.
///
/// A sector map that depends on how the part was configured (JESD216B, 6.5.1) is left
/// out: no part that is known here has one.
#[derive(Clone, Copy, Debug)]
pub struct Discovery {
    stage: Stage,
    found: Found,
    sum: u32,
}

impl Discovery {
    /// From the start.
    pub const fn new() -> Discovery {
        Discovery {
            stage: Stage::Header,
            found: Found::NOTHING,
            sum: SUM_OF_NOTHING,
        }
    }

    /// From the start again, in place.
    pub fn restart(&mut self) {
        self.stage = Stage::Header;
        self.found.basic_bytes = 0;
        self.found.sector_map = None;
        self.found.four_byte = None;
        self.sum = SUM_OF_NOTHING;
    }

    /// A checksum (FNV-1a) over all that was read. SFDP has none of its own, so whoever wants
    /// to be sure reads it twice.
    pub fn sum(&self) -> u32 {
        self.sum
    }

    /// What was found.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The next act, `None` when there is nothing more to read.
    pub fn next(&mut self, input: Input<'_>) -> Option<Act> {
        let data = match input {
            Input::Begin => return Some(read(0, HEADER_BYTES)),
            Input::Done(data) => data,
            Input::Refused(_) | Input::Elapsed => &[],
        };
        for byte in data {
            self.sum = (self.sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        match self.stage {
            Stage::Header => {
                let header = SfdpHeader::parse(data).ok()?;
                let count = usize::from(header.headers_to_read());
                self.stage = Stage::ParameterHeaders(header);
                Some(read(
                    SfdpHeader::header_address(0),
                    count.saturating_mul(HEADER_BYTES),
                ))
            }
            Stage::ParameterHeaders(header) => {
                let mut list = TableList::<()>::noting(header);
                list.extend(data);
                let tables = list.finish().ok()?;
                self.read_after(tables, None)
            }
            Stage::Table(tables, kind) => {
                match kind {
                    TableKind::Basic => self.found.keep_basic(data),
                    TableKind::SectorMap => self.found.sector_map = fixed_map(data),
                    TableKind::FourByte => self.found.four_byte = FourByteTable::decode(data).ok(),
                    TableKind::Other(_) => {}
                }
                self.read_after(tables, Some(kind))
            }
            Stage::Over => None,
        }
    }

    fn read_after(&mut self, tables: Tables, kind: Option<TableKind>) -> Option<Act> {
        self.stage = Stage::Over;
        let table = tables.after(kind)?;
        self.stage = Stage::Table(tables, table.kind);
        Some(read(table.address, usize::from(table.read_length())))
    }
}

impl Default for Discovery {
    fn default() -> Discovery {
        Discovery::new()
    }
}

/// A map that is the same however the part is configured.
fn fixed_map(data: &[u8]) -> Option<SectorMap> {
    if Detection::decode(data).ok()?.is_empty() {
        SectorMap::decode(data, 0).ok()
    } else {
        None
    }
}

fn read(address: u32, length: usize) -> Act {
    let operation = Operation {
        template: RDSFDP,
        address,
    };
    Act::Receive(operation, length)
}
