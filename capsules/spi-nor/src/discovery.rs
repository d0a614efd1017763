// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reading the SFDP tables, as a script.

use crate::opcode;
use crate::script::{Act, Input};
use crate::sfdp::bfpt::Bfpt;
use crate::sfdp::four_byte::FourByteTable;
use crate::sfdp::header::{HEADER_BYTES, SfdpHeader};
use crate::sfdp::sector_map::{Detection, SectorMap};
use crate::sfdp::table::{TableKind, TableList, TableRef, Tables};
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

#[derive(Clone, Copy, Debug)]
enum Stage {
    Header,
    ParameterHeaders,
    Table(Tables, TableRef),
    Over,
}

/// What the part says about itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// The basic table. Without it the part has no usable SFDP.
    pub basic: Option<Bfpt>,
    /// The sector map, where the erase types differ over the part.
    pub sector_map: Option<SectorMap>,
    /// The 4-byte address instruction table.
    pub four_byte: Option<FourByteTable>,
}

/// The script. A part without SFDP, or with tables that don't make sense, ends it
/// with nothing found, which is no error: there may be facts by id.
///
/// A sector map that depends on how the part was configured (JESD216B, 6.5.1) is left
/// out: no part that is known here has one.
#[derive(Clone, Copy, Debug)]
pub struct Discovery {
    stage: Stage,
    list: Option<TableList>,
    found: Found,
    sum: u32,
}

impl Discovery {
    /// From the start.
    pub fn new() -> Discovery {
        Discovery {
            stage: Stage::Header,
            list: None,
            found: Found::default(),
            sum: SUM_OF_NOTHING,
        }
    }

    /// From the start again, in place.
    pub fn restart(&mut self) {
        self.stage = Stage::Header;
        self.list = None;
        self.found.basic = None;
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
                self.list = Some(TableList::new(header));
                self.stage = Stage::ParameterHeaders;
                Some(read(
                    SfdpHeader::header_address(0),
                    count.saturating_mul(HEADER_BYTES),
                ))
            }
            Stage::ParameterHeaders => {
                let list = self.list.as_mut()?;
                list.extend(data);
                let tables = list.finish().ok()?;
                self.read_table(tables, tables.basic)
            }
            Stage::Table(tables, table) => {
                match table.kind {
                    TableKind::Basic => self.found.basic = Bfpt::decode(data).ok(),
                    TableKind::SectorMap => self.found.sector_map = fixed_map(data),
                    TableKind::FourByte => self.found.four_byte = FourByteTable::decode(data).ok(),
                    TableKind::Other(_) => {}
                }
                let mut later = tables.iter().skip_while(|other| *other != table).skip(1);
                match later.next() {
                    Some(next) => self.read_table(tables, next),
                    None => {
                        self.stage = Stage::Over;
                        None
                    }
                }
            }
            Stage::Over => None,
        }
    }

    fn read_table(&mut self, tables: Tables, table: TableRef) -> Option<Act> {
        self.stage = Stage::Table(tables, table);
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
