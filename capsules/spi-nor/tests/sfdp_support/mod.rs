// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Dumps of real parts, read as a driver reads them, and what must hold of any part.

// Each test file uses its own half of this.
#![allow(dead_code)]

#[path = "../../../../sim/src/identify.rs"]
pub mod identify;

use identify::{Content, Dump};
use spi_nor::geometry::Geometry;
use spi_nor::part::{Addressing, Part, PartError};
use spi_nor::parts_by_id::JedecId;
use spi_nor::plan::{ErasePlan, Granularity, ProgramPlan, ReadPlan, Transfer};
use spi_nor::sfdp::bfpt::Bfpt;
use spi_nor::sfdp::four_byte::FourByteTable;
use spi_nor::sfdp::header::{SfdpError, SfdpHeader};
use spi_nor::sfdp::sector_map::{Detection, SectorMap};
use spi_nor::sfdp::table::{TableKind, TableList, Tables};
use spi_nor::sfdp::warning::Warnings;
use spi_nor::status_register::QuadEnable;
use std::path::PathBuf;

/// Where the dumps are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/sfdp")
}

/// Name and text of every dump, in order.
pub fn dumps() -> Vec<(String, String)> {
    let mut list: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    list.sort();
    list
}

/// The dump with this file name.
pub fn dump(name: &str) -> Dump {
    identify::parse_hex(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// A part that answers 5Ah with these bytes, and with ones beyond them.
pub struct Bus<'b>(pub &'b [u8]);

impl Bus<'_> {
    fn read(&self, address: u32, buffer: &mut [u8]) {
        for (offset, byte) in buffer.iter_mut().enumerate() {
            *byte = self
                .0
                .get(address as usize + offset)
                .copied()
                .unwrap_or(0xFF);
        }
    }

    /// Header and parameter headers, one at a time, in a buffer of eight bytes.
    pub fn tables(&self) -> Result<(Tables, Warnings), SfdpError> {
        let mut buffer = [0; 8];
        self.read(0, &mut buffer);
        let mut list = TableList::new(SfdpHeader::parse(&buffer)?);
        let mut reads = 0;
        while let Some(address) = list.next_address() {
            self.read(address, &mut buffer);
            list.push(&buffer);
            reads += 1;
            assert!(reads <= 16, "headers without end");
        }
        list.push(&buffer); // one too many changes nothing
        let tables = list.finish()?;
        Ok((tables, list.warnings))
    }

    /// The tables' bytes: basic, sector map, 4-byte.
    pub fn table_bytes(&self, tables: &Tables) -> [Option<Vec<u8>>; 3] {
        let get = |kind: TableKind| {
            let table = tables.iter().find(|table| table.kind == kind)?;
            assert!(table.read_length() <= 256);
            let mut bytes = vec![0; table.read_length().into()];
            self.read(table.address, &mut bytes);
            Some(bytes)
        };
        [
            get(TableKind::Basic),
            get(TableKind::SectorMap),
            get(TableKind::FourByte),
        ]
    }
}

/// Bytes of the basic table, the sector map and the 4-byte table of a dump.
pub fn tables_of(dump: &Dump) -> [Option<Vec<u8>>; 3] {
    match &dump.content {
        Content::Full(bytes) => {
            let bus = Bus(bytes);
            let (tables, _) = bus.tables().unwrap();
            bus.table_bytes(&tables)
        }
        Content::Tables(tables) => [0xFF00, 0xFF81, 0xFF84].map(|wanted| {
            let mut found = tables.iter().filter(|(id, _)| *id == wanted);
            found.next().map(|(_, bytes)| bytes.clone())
        }),
    }
}

/// The basic table of a dump.
pub fn bfpt_of(dump: &Dump) -> Bfpt {
    let [basic, ..] = tables_of(dump);
    Bfpt::decode(&basic.unwrap()).unwrap()
}

/// The part of a dump, put together as a driver does.
pub fn part_of(dump: &Dump) -> Result<Part, PartError> {
    let [basic, map, four_byte] = tables_of(dump);
    let bfpt = Bfpt::decode(&basic.unwrap()).unwrap();
    let map = map.map(|bytes| {
        assert!(Detection::decode(&bytes).unwrap().is_empty());
        SectorMap::decode(&bytes, 0).unwrap()
    });
    let four_byte = four_byte.and_then(|bytes| FourByteTable::decode(&bytes).ok());
    Part::from_sfdp(
        dump.id.map(JedecId),
        &bfpt,
        four_byte.as_ref(),
        map.as_ref(),
    )
}

/// What any part that was accepted promises to its driver.
pub fn check_part(part: &Part) {
    let geometry = &part.geometry;
    assert!(geometry.size_bytes > 0);
    assert!(geometry.page_bytes.is_power_of_two());
    assert_eq!(geometry.size_bytes % geometry.page_bytes, 0);

    // Regions cover the part without gaps.
    let mut at = 0;
    for region in geometry.regions.iter() {
        assert_eq!(region.start, at);
        assert!(region.end > region.start);
        at = region.end;
    }
    assert_eq!(at, geometry.size_bytes);

    // Whatever the address width, there are a read, a program and an erase for it.
    let mut variants = vec![*part];
    let mut by_mode = *part;
    if by_mode.use_four_byte_mode() {
        assert_eq!(by_mode.addressing.bytes(), 4);
        variants.push(by_mode);
    }
    for part in &variants {
        assert!(part.usable_reads().next().is_some());
        assert!(part.program_opcode().is_some());
        assert!(part.geometry.erase_types().next().is_some());
        for erase_type in part.geometry.erase_types() {
            assert!(part.erase_opcode(&erase_type).is_some());
            assert!(erase_type.size_bytes <= part.geometry.size_bytes);
            assert!(erase_type.times.typ_us <= erase_type.times.max_us);
        }
        let sizes: Vec<u32> = part
            .geometry
            .erase_types()
            .map(|erase_type| erase_type.size_bytes)
            .collect();
        assert!(sizes.is_sorted());
        if part.addressing.bytes() == 3 {
            assert!(part.geometry.size_bytes <= 1 << 24);
            assert_eq!(part.addressing, Addressing::Three);
        }
        for (_, read) in part.usable_reads() {
            assert!(!(read.mode.needs_quad() && part.quad_enable == QuadEnable::Unknown));
        }
        // Everything can be erased, or it is said beforehand that it can't.
        if let Ok(plan) = ErasePlan::new(&part.geometry, 0, part.geometry.size_bytes) {
            check_ends(&part.geometry, plan);
        }
    }
    assert!(part.program.page.typ_us <= part.program.page.max_us);
    assert!(part.chip_erase.typ_ms <= part.chip_erase.max_ms);
    for bytes in [0, 1, 4, geometry.page_bytes] {
        let times = part.program.of_bytes(bytes);
        assert!(times.typ_us <= times.max_us);
    }
}

/// Up to 64 steps from the head of a plan, without walking gigabytes of sectors.
fn check_ends(geometry: &Geometry, plan: ErasePlan<'_>) {
    let mut at = 0;
    for step in plan.take(64) {
        assert_eq!(step.address, at);
        at += step.erase_type.size_bytes;
        assert!(at <= geometry.size_bytes);
    }
    assert!(at > 0);
}

/// What must hold of the transfers of a range.
pub fn check_transfers(
    geometry: &Geometry,
    address: u32,
    length: u32,
    granularity: Granularity,
    transfers: impl Iterator<Item = Transfer>,
    page_bytes: Option<u32>,
) {
    let mut at = address;
    for transfer in transfers {
        let Transfer {
            bus_address,
            bus_bytes,
            data_offset,
            data_bytes,
            head_bytes,
            tail_bytes,
        } = transfer;
        assert!(data_bytes > 0, "a step without data");
        assert_eq!(
            bus_address + head_bytes,
            at,
            "a gap, or twice the same byte"
        );
        assert_eq!(data_offset, at - address);
        assert_eq!(head_bytes + data_bytes + tail_bytes, bus_bytes);
        assert!(head_bytes < granularity.align_bytes);
        assert!(tail_bytes < granularity.align_bytes);
        assert_eq!(bus_address % granularity.align_bytes, 0);
        assert_eq!(bus_bytes % granularity.align_bytes, 0);
        assert!(bus_bytes <= granularity.max_bytes);
        assert!(bus_address.checked_add(bus_bytes).unwrap() <= geometry.size_bytes);
        if let Some(page_bytes) = page_bytes {
            let last = bus_address + bus_bytes - 1;
            assert_eq!(
                bus_address / page_bytes,
                last / page_bytes,
                "crosses a page"
            );
        }
        at += data_bytes;
    }
    assert_eq!(at, address + length, "not the whole range");
}

/// [`check_transfers`] of both plans for a range.
pub fn check_plans(geometry: &Geometry, address: u32, length: u32, granularity: Granularity) {
    if let Ok(plan) = ProgramPlan::new(geometry, address, length, granularity) {
        assert_eq!(plan.left_bytes(), length);
        let page_bytes = Some(geometry.page_bytes);
        check_transfers(geometry, address, length, granularity, plan, page_bytes);
    }
    if let Ok(plan) = ReadPlan::new(geometry, address, length, granularity) {
        assert_eq!(plan.left_bytes(), length);
        check_transfers(geometry, address, length, granularity, plan, None);
    }
}
