// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Statics and their types, from the debug information.

use crate::Problem;
use addr2line::gimli::{self, AttributeValue, EndianSlice, LittleEndian, Operation};
use object::{Object, ObjectSection};
use std::borrow::Cow;
use std::path::Path;

/// A static.
pub struct Static {
    /// Where it is.
    pub address: u64,
    /// The name of its type.
    pub type_name: String,
    /// Bytes.
    pub size: u64,
}

type Slice<'d> = EndianSlice<'d, LittleEndian>;

/// All statics of the image at `path`.
pub fn read(path: &Path) -> Result<Vec<Static>, Problem> {
    let bytes = std::fs::read(path)?;
    let file = object::File::parse(&*bytes)?;
    let sections = gimli::DwarfSections::load(|id| -> Result<Cow<'_, [u8]>, object::Error> {
        match file.section_by_name(id.name()) {
            Some(section) => section.uncompressed_data(),
            None => Ok(Cow::Borrowed(&[])),
        }
    })?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let mut found = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some((_, entry)) = entries.next_dfs()? {
            if entry.tag() != gimli::DW_TAG_variable {
                continue;
            }
            let Some(address) = address(&unit, entry)? else {
                continue;
            };
            let Some(AttributeValue::UnitRef(type_at)) = entry.attr_value(gimli::DW_AT_type)?
            else {
                continue;
            };
            let type_entry = unit.entry(type_at)?;
            let name = match type_entry.attr_value(gimli::DW_AT_name)? {
                Some(name) => dwarf
                    .attr_string(&unit, name)?
                    .to_string_lossy()
                    .into_owned(),
                None => String::new(),
            };
            let size = type_entry
                .attr_value(gimli::DW_AT_byte_size)?
                .and_then(|size| size.udata_value());
            found.push(Static {
                address,
                type_name: name,
                size: size.unwrap_or(0),
            });
        }
    }
    found.sort_by_key(|found| found.address);
    found.dedup_by_key(|found| found.address);
    Ok(found)
}

/// The fixed address of a variable, if it has one.
fn address<'d>(
    unit: &gimli::Unit<Slice<'d>>,
    entry: &gimli::DebuggingInformationEntry<'_, '_, Slice<'d>>,
) -> Result<Option<u64>, Problem> {
    let Some(AttributeValue::Exprloc(expression)) = entry.attr_value(gimli::DW_AT_location)? else {
        return Ok(None);
    };
    let mut operations = expression.operations(unit.encoding());
    let Some(Operation::Address { address }) = operations.next()? else {
        return Ok(None);
    };
    // Small statics are merged into one, and then told by their offset in it.
    Ok(Some(match operations.next()? {
        Some(Operation::PlusConstant { value }) => address.saturating_add(value),
        Some(_) | None => address,
    }))
}
