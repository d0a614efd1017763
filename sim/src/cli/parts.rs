// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `parts`.

use super::arguments;
use super::exit::Failure;
use super::output::{print, print_json};
use crate::table::table;
use crate::text::Bytes;
use comfy_table::CellAlignment;
use qspi_models::nor::{PartSpec, Span, parts as all};
use serde::Serialize;

#[derive(Serialize)]
struct Part {
    name: &'static str,
    id: String,
    size_bytes: u32,
    page_bytes: u32,
    erase: Vec<Erase>,
    page_program: Time,
    chip_erase: Time,
    max_clock_hz: u32,
    deep_power_down: bool,
    source: &'static str,
}

#[derive(Serialize)]
struct Erase {
    opcode: String,
    bytes: u32,
    #[serde(flatten)]
    time: Time,
}

#[derive(Serialize)]
struct Time {
    typical_us: u64,
    maximum_us: u64,
}

impl From<Span> for Time {
    fn from(span: Span) -> Time {
        Time {
            typical_us: span.typical_ns / 1000,
            maximum_us: span.maximum_ns / 1000,
        }
    }
}

impl From<&PartSpec> for Part {
    fn from(part: &PartSpec) -> Part {
        let timing = part.timing();
        let id: Vec<String> = part.id.iter().map(|byte| format!("{byte:02x}")).collect();
        Part {
            name: part.name,
            id: id.join(" "),
            size_bytes: part.size,
            page_bytes: part.page,
            erase: timing
                .erases
                .iter()
                .map(|erase| Erase {
                    opcode: format!("{:02x}", erase.opcode),
                    bytes: erase.bytes,
                    time: erase.time.into(),
                })
                .collect(),
            page_program: timing.page_program.into(),
            chip_erase: timing.chip_erase.into(),
            max_clock_hz: part.max_hz,
            deep_power_down: part.deep_power_down.is_some(),
            source: part.source,
        }
    }
}

/// Lists the parts.
///
/// # Errors
/// Standard output can't be written to.
pub fn parts(arguments: &arguments::Parts) -> Result<(), Failure> {
    let parts: Vec<Part> = all().iter().map(Part::from).collect();
    if arguments.json {
        return print_json(&parts);
    }
    let mut table = table();
    table.set_header([
        "part",
        "id",
        "size",
        "erases (typical)",
        "page program (typical)",
        "clock at most",
        "sleeps",
    ]);
    for part in &parts {
        let erases: Vec<String> = part
            .erase
            .iter()
            .map(|erase| {
                let bytes = Bytes(u64::from(erase.bytes));
                format!("{bytes} {} ms", erase.time.typical_us / 1000)
            })
            .collect();
        table.add_row([
            part.name.to_owned(),
            part.id.clone(),
            Bytes(u64::from(part.size_bytes)).to_string(),
            erases.join(", "),
            format!("{} us", part.page_program.typical_us),
            format!("{} MHz", part.max_clock_hz / 1_000_000),
            if part.deep_power_down { "yes" } else { "no" }.to_owned(),
        ]);
    }
    for column in [2, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    print(&table.trim_fmt())?;
    print("\nWhere the figures come from:")?;
    for part in &parts {
        print(&format!("  {:<12} {}", part.name, part.source))?;
    }
    Ok(())
}
