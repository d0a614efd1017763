// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tables that lie, and tables that are noise.

mod sfdp_support;

use proptest::prelude::*;
use sfdp_support::identify::{Content, Dump, identify};
use sfdp_support::{Bus, check_part, dump, dumps, tables_of};
use spi_nor::geometry::GeometryError;
use spi_nor::part::{Addressing, Part, PartError};
use spi_nor::parts_by_id::JedecId;
use spi_nor::sfdp::bfpt::{Bfpt, BfptError};
use spi_nor::sfdp::dwords::{Dwords, bits};
use spi_nor::sfdp::four_byte::FourByteTable;
use spi_nor::sfdp::header::{SfdpError, SfdpHeader};
use spi_nor::sfdp::mode::Mode;
use spi_nor::sfdp::sector_map::{Detection, SectorMap};
use spi_nor::sfdp::table::{TableKind, TableList};
use spi_nor::sfdp::warning::Warning;

/// A header for these parameter headers: id, dwords, address.
fn sfdp(tables: &[(u16, u8, u32)]) -> Vec<u8> {
    let mut bytes = b"SFDP\x06\x01".to_vec();
    bytes.extend([tables.len() as u8 - 1, 0xFF]);
    for (id, dwords, address) in tables {
        let [high, low] = id.to_be_bytes();
        let [a0, a1, a2, _] = address.to_le_bytes();
        bytes.extend([low, 6, 1, *dwords, a0, a1, a2, high]);
    }
    bytes
}

fn warnings_of(tables: &[(u16, u8, u32)]) -> Vec<Warning> {
    let (_, warnings) = Bus(&sfdp(tables)).tables().unwrap();
    warnings.iter().collect()
}

const BASIC: (u16, u8, u32) = (0xFF00, 16, 0x80);

#[test]
fn wrong_signatures() {
    let tables = |bytes: &[u8]| Bus(bytes).tables().map(|_| ());
    assert_eq!(tables(&sfdp(&[BASIC])), Ok(()));
    assert_eq!(tables(&[]), Err(SfdpError::AllOnes));
    assert_eq!(tables(&[0; 8]), Err(SfdpError::AllZeros));
    assert_eq!(
        tables(b"PDFS\x06\x01\x00\xff"),
        Err(SfdpError::Signature(*b"PDFS"))
    );
    assert_eq!(tables(b"SFDP\x06\x02\x00\xff"), Err(SfdpError::Revision(2)));
    // One bit wrong.
    for bit in 0..32 {
        let mut bytes = sfdp(&[BASIC]);
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(tables(&bytes), Err(SfdpError::Signature(_))));
    }
}

#[test]
fn wild_pointers() {
    let wild = (0xFF84, 2, 0xFF_FFFC);
    assert_eq!(
        warnings_of(&[BASIC, wild]),
        [Warning::WildPointer(TableKind::FourByte)]
    );
    // It just fits.
    assert_eq!(warnings_of(&[BASIC, (0xFF84, 2, 0xFF_FFF8)]), []);
    assert_eq!(
        Bus(&sfdp(&[(0xFF00, 16, 0xFF_FFF0)])).tables().map(|_| ()),
        Err(SfdpError::NoBasicTable)
    );
    // Into the headers.
    assert_eq!(
        warnings_of(&[BASIC, (0xFF81, 6, 0)]),
        [Warning::OverlapsHeaders(TableKind::SectorMap)]
    );
    assert_eq!(
        warnings_of(&[BASIC, (0xFF81, 6, 23)]),
        [Warning::OverlapsHeaders(TableKind::SectorMap)]
    );
    assert_eq!(
        warnings_of(&[BASIC, (0xFF81, 6, 0x41)]),
        [Warning::UnalignedPointer(TableKind::SectorMap)]
    );
}

#[test]
fn empty_tables() {
    assert_eq!(
        Bus(&sfdp(&[(0xFF00, 0, 0x80)])).tables().map(|_| ()),
        Err(SfdpError::NoBasicTable)
    );
    assert_eq!(
        warnings_of(&[BASIC, (0xFF84, 0, 0x100), (0xFFC2, 0, 0)]),
        [
            Warning::EmptyTable(TableKind::FourByte),
            Warning::EmptyTable(TableKind::Other(0xFFC2))
        ]
    );
}

#[test]
fn overlapping_tables() {
    let bytes = sfdp(&[
        BASIC,
        (0xFF81, 6, 0xBC),
        (0xFF84, 2, 0xC0),
        (0x01C2, 4, 0xC4),
    ]);
    let (tables, warnings) = Bus(&bytes).tables().unwrap();
    assert_eq!(tables.sector_map, None);
    // The map is not believed, so the 4-byte table is in nobody's way.
    assert!(tables.four_byte.is_some());
    assert_eq!(
        warnings.iter().collect::<Vec<_>>(),
        [
            Warning::Overlap(TableKind::SectorMap, TableKind::Basic),
            Warning::Overlap(TableKind::Other(0x01C2), TableKind::FourByte)
        ]
    );
    let bytes = sfdp(&[BASIC, (0xFF81, 6, 0xC0), (0xFF84, 2, 0xD4)]);
    let (tables, warnings) = Bus(&bytes).tables().unwrap();
    assert!(tables.sector_map.is_some());
    assert_eq!(tables.four_byte, None);
    assert!(warnings.contains(Warning::Overlap(TableKind::FourByte, TableKind::SectorMap)));
    // End to end is no overlap.
    assert_eq!(
        warnings_of(&[BASIC, (0xFF81, 6, 0xC0), (0xFF84, 2, 0xD8)]),
        []
    );
}

#[test]
fn several_basic_tables_share_their_bytes() {
    // As in parts that offer an old and a new revision of it.
    let mut bytes = sfdp(&[(0xFF00, 9, 0x80), (0xFF00, 16, 0x80), (0xFF00, 9, 0x80)]);
    bytes[8 + 1] = 0;
    bytes[24 + 1] = 5;
    let (tables, warnings) = Bus(&bytes).tables().unwrap();
    assert_eq!((tables.basic.length, tables.basic.minor), (64, 6));
    assert!(warnings.is_empty());
}

#[test]
fn too_many_headers_and_the_basic_one_not_first() {
    let mut many = vec![(0xFFC2, 1, 0x1000); 40];
    many[3] = (0xFF00, 16, 0x2000);
    many[30] = (0xFF84, 2, 0x3000);
    let (tables, warnings) = Bus(&sfdp(&many)).tables().unwrap();
    assert_eq!(tables.basic.address, 0x2000);
    assert_eq!(tables.four_byte, None);
    assert!(warnings.contains(Warning::TooManyHeaders));
    assert!(warnings.contains(Warning::BasicTableNotFirst));
}

#[test]
fn unknown_revisions_and_long_tables() {
    let mut bytes = sfdp(&[BASIC, (0xFF84, 2, 0x100)]);
    bytes[16 + 2] = 2;
    let (tables, warnings) = Bus(&bytes).tables().unwrap();
    assert_eq!(tables.four_byte, None);
    assert!(warnings.contains(Warning::UnknownRevision(TableKind::FourByte)));
    let (tables, warnings) = Bus(&sfdp(&[(0xFF00, 255, 0x80)])).tables().unwrap();
    assert_eq!(
        (tables.basic.length, tables.basic.read_length()),
        (1020, 96)
    );
    assert!(warnings.contains(Warning::LongTable(TableKind::Basic)));
}

/// The W25Q128JV's basic table with some dwords replaced.
fn altered(dwords: &[(usize, u32)]) -> Vec<u8> {
    let [basic, ..] = tables_of(&dump("W25Q128JV_ef4018.hex"));
    let mut bytes = basic.unwrap();
    for (number, value) in dwords {
        bytes[(number - 1) * 4..number * 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

fn dword(bytes: &[u8], number: usize) -> u32 {
    Dwords::new(bytes).get(number).unwrap()
}

#[test]
fn a_false_four_byte_claim() {
    // 16 MiB that claim 3 or 4 bytes, B7h, and a table of all opcodes.
    let original = altered(&[]);
    let bytes = altered(&[
        (1, dword(&original, 1) | 1 << 17),
        (16, dword(&original, 16) & 0x00FF_FFFF | 0x2100_0000),
    ]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    let table = FourByteTable::decode(&[0xFF, 0x1F, 0xF0, 0xFF, 0x21, 0x5C, 0xDC, 0xFF]).unwrap();
    let id = JedecId::new(0xEF_4018);
    let part = Part::from_sfdp(id, &bfpt, Some(&table), None).unwrap();
    check_part(&part);
    assert_eq!(part.addressing, Addressing::Three);
    assert!(part.warnings.contains(Warning::FourByteClaimIgnored));
    assert_eq!(part.program_opcode(), Some(0x02));
    assert!(
        part.reads
            .iter()
            .flatten()
            .all(|read| read.opcode_4b.is_none())
    );

    // The same part claims that it always has four.
    let bytes = altered(&[(1, dword(&original, 1) | 2 << 17)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    let part = Part::from_sfdp(id, &bfpt, None, None).unwrap();
    assert_eq!(part.addressing, Addressing::Three);
    assert!(part.warnings.contains(Warning::FourByteClaimIgnored));
    let bytes = altered(&[(1, dword(&original, 1) | 3 << 17)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    assert!(bfpt.warnings.contains(Warning::ReservedAddressBytes));
}

#[test]
fn a_part_that_can_not_be_reached() {
    // 32 MiB, 3 bytes only, no way out.
    let bytes = altered(&[(2, 0x0FFF_FFFF)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    let part = Part::from_sfdp(None, &bfpt, None, None).unwrap();
    check_part(&part);
    assert_eq!(part.geometry.size_bytes, 1 << 24);
    assert!(part.warnings.contains(Warning::UpperPartUnreachable));
    // Its id says that it is half as large as that.
    let part = Part::from_sfdp(JedecId::new(0xEF_4017), &bfpt, None, None).unwrap();
    assert_eq!(part.geometry.size_bytes, 8 << 20);
    assert!(part.warnings.contains(Warning::SizeDiffersFromId(8 << 20)));
    // A chip erase takes as long as the whole chip does.
    assert_eq!(part.chip_erase.max_ms, 240_000);
}

#[test]
fn absurd_densities() {
    let decode = |density| Bfpt::decode(&altered(&[(2, density)])).map(|bfpt| bfpt.size_bytes);
    assert_eq!(decode(0), Err(BfptError::Density(0)));
    assert_eq!(decode(6), Err(BfptError::Density(6)));
    assert_eq!(decode(7), Ok(1));
    assert_eq!(decode(0x7FFF_FFFF), Ok(1 << 28));
    assert_eq!(decode(0x8000_0000), Err(BfptError::Density(0x8000_0000)));
    assert_eq!(decode(0x8000_0020), Ok(1 << 29));
    assert_eq!(decode(0x8000_0042), Ok(1 << 63));
    assert_eq!(decode(0x8000_0043), Err(BfptError::Density(0x8000_0043)));
    assert_eq!(decode(u32::MAX), Err(BfptError::Density(u32::MAX)));
    let part = |density| {
        let bfpt = Bfpt::decode(&altered(&[(2, density)])).unwrap();
        Part::from_sfdp(None, &bfpt, None, None).map(|part| part.geometry.size_bytes)
    };
    assert_eq!(
        part(0x8000_0023),
        Err(PartError::TooLarge {
            size_bytes: 1 << 32
        })
    );
    assert_eq!(part(7), Err(PartError::Geometry(GeometryError::Size(1))));
}

#[test]
fn absurd_erase_types() {
    // Sizes of 2^32 and 2^200 bytes, a size without opcode, and one that is good.
    let bytes = altered(&[(8, 0x52C8_2020), (9, 0x200C_FF10)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    assert_eq!(
        bfpt.erase.map(|command| command.map(|c| c.opcode)),
        [None, None, None, Some(0x20)]
    );
    assert!(bfpt.warnings.contains(Warning::EraseSizeAbsurd(1)));
    assert!(bfpt.warnings.contains(Warning::EraseSizeAbsurd(2)));
    assert!(bfpt.warnings.contains(Warning::EraseWithoutOpcode(3)));
    let part = Part::from_sfdp(None, &bfpt, None, None).unwrap();
    check_part(&part);
    // Larger than the part.
    let bytes = altered(&[(8, 0xD81A_200C), (9, 0)]);
    let part = Part::from_sfdp(None, &Bfpt::decode(&bytes).unwrap(), None, None).unwrap();
    assert!(part.warnings.contains(Warning::EraseLargerThanPart(2)));
    assert_eq!(part.geometry.erase_types().count(), 1);
    // None at all.
    let bytes = altered(&[(8, 0), (9, 0xFFFF_FFFF)]);
    assert_eq!(
        Part::from_sfdp(None, &Bfpt::decode(&bytes).unwrap(), None, None).map(|_| ()),
        Err(PartError::Geometry(GeometryError::NoErase))
    );
    // Dword 1 names another opcode.
    let bytes = altered(&[(8, 0x520F_210C)]);
    assert!(
        Bfpt::decode(&bytes)
            .unwrap()
            .warnings
            .contains(Warning::LegacyEraseDiffers)
    );
}

#[test]
fn an_erase_type_of_two_gib_is_the_largest() {
    let sizes = |exponent: u32| {
        let bytes = altered(&[(8, 0x200C | (0xD800 | exponent) << 16)]);
        let bfpt = Bfpt::decode(&bytes).unwrap();
        (
            bfpt.erase[1].map(|command| command.size_bytes),
            bfpt.warnings.is_empty(),
        )
    };
    assert_eq!(sizes(31), (Some(1 << 31), true));
    assert_eq!(sizes(32), (None, false));
}

#[test]
fn program_and_erase_are_suspended_each_in_its_way() {
    let bytes = altered(&[(12, 0x0123_4567), (13, 0x4433_2211)]);
    let suspend = Bfpt::decode(&bytes).unwrap().suspend.unwrap();
    let (program, erase) = (suspend.program, suspend.erase);
    assert_eq!((program.resume, program.suspend), (0x11, 0x22));
    assert_eq!((erase.resume, erase.suspend), (0x33, 0x44));
    // 0123_4567h: erase latency 01h, interval 2h; program latency 1Ah, interval 2h;
    // prohibited 6h and 7h.
    assert_eq!((erase.latency_us, erase.interval_us), (1, 192));
    assert_eq!((program.latency_us, program.interval_us), (4, 192));
    assert_eq!((erase.prohibited, program.prohibited), (6, 7));
}

#[test]
fn ways_into_four_byte_mode_that_are_all_ones_are_none() {
    // As in MX25L12835F, on a part that would need one.
    let bytes = altered(&[(2, 0x0FFF_FFFF), (16, 0xFFFF_D0E1)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    assert!(!bfpt.four_byte_exit.unwrap().e9());
    let part = Part::from_sfdp(None, &bfpt, None, None).unwrap();
    assert_eq!(part.four_byte_mode, None);
    assert_eq!(part.addressing, Addressing::Three);
    assert!(part.warnings.contains(Warning::UpperPartUnreachable));
}

#[test]
fn a_sector_map_is_cut_with_its_part() {
    // The id of a part half as large.
    let mut dump = dump("SST26VF064B_bf2643.hex");
    dump.id = Some([0xEF, 0x40, 0x16]);
    let part = sfdp_support::part_of(&dump).unwrap();
    check_part(&part);
    assert_eq!(part.geometry.size_bytes, 4 << 20);
    assert_eq!(part.geometry.regions.iter().count(), 3);
}

#[test]
fn absurd_pages() {
    let original = altered(&[]);
    for exponent in 0..16 {
        let bytes = altered(&[(11, dword(&original, 11) & !0xF0 | exponent << 4)]);
        let bfpt = Bfpt::decode(&bytes).unwrap();
        assert_eq!(bfpt.page_bytes, Some(1 << exponent));
        check_part(&Part::from_sfdp(None, &bfpt, None, None).unwrap());
    }
}

#[test]
fn modes_and_commands_without_opcodes() {
    let bytes = altered(&[(3, 0x6B08_FF44), (4, 0xBB42_0008), (13, 0x757A_FF7A)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    assert_eq!(bfpt.read(Mode::M144), None);
    assert_eq!(bfpt.read(Mode::M112), None);
    assert!(bfpt.read(Mode::M114).is_some());
    assert!(
        bfpt.warnings
            .contains(Warning::ReadWithoutOpcode(Mode::M144))
    );
    assert!(
        bfpt.warnings
            .contains(Warning::ReadWithoutOpcode(Mode::M112))
    );
    assert_eq!(bfpt.suspend, None);
    assert!(bfpt.warnings.contains(Warning::SuspendWithoutOpcode));
    let bytes = altered(&[(14, 0)]);
    let bfpt = Bfpt::decode(&bytes).unwrap();
    assert_eq!(bfpt.power_down, None);
    assert!(bfpt.warnings.contains(Warning::PowerDownWithoutOpcode));
    // Said not to exist: then the maker's habit does not count either.
    let bfpt = Bfpt::decode(&altered(&[(14, 0x8000_0004)])).unwrap();
    let part = Part::from_sfdp(JedecId::new(0xEF_4018), &bfpt, None, None).unwrap();
    assert_eq!(part.power_down, None);
}

#[test]
fn blank_and_short_basic_tables() {
    assert_eq!(
        Bfpt::decode(&[0xFF; 64]).map(|_| ()),
        Err(BfptError::AllOnes)
    );
    assert_eq!(Bfpt::decode(&[0; 64]).map(|_| ()), Err(BfptError::AllZeros));
    let good = altered(&[]);
    for length in 0..=good.len() {
        let decoded = Bfpt::decode(&good[..length]);
        match length / 4 {
            dwords @ 0..9 => assert_eq!(decoded.map(|_| ()), Err(BfptError::TooShort { dwords })),
            dwords => {
                let bfpt = decoded.unwrap();
                assert_eq!(usize::from(bfpt.dwords), dwords);
                assert_eq!(bfpt.page_bytes.is_some(), dwords >= 11);
                assert_eq!(bfpt.suspend.is_some(), dwords >= 13);
                assert_eq!(bfpt.power_down.is_some(), dwords >= 14);
                assert_eq!(bfpt.quad.is_some(), dwords >= 15);
                assert_eq!(bfpt.soft_reset.is_some(), dwords >= 16);
                check_part(&Part::from_sfdp(None, &bfpt, None, None).unwrap());
            }
        }
    }
}

#[test]
fn absent_and_shorted() {
    let bfpt = Bfpt::decode(&altered(&[])).unwrap();
    for (id, error) in [(0xFF_FFFF, PartError::Absent), (0, PartError::Shorted)] {
        let id = JedecId::new(id);
        assert_eq!(
            Part::from_sfdp(id, &bfpt, None, None).map(|_| ()),
            Err(error)
        );
        assert_eq!(Part::from_id(id).map(|_| ()), Err(error));
    }
    let stranger = JedecId::new(0x12_3456);
    assert_eq!(
        Part::from_id(stranger).map(|_| ()),
        Err(PartError::Unknown(stranger))
    );
}

#[test]
fn a_sector_map_of_another_size() {
    let bfpt = Bfpt::decode(&altered(&[])).unwrap();
    let [_, map, _] = tables_of(&dump("SST26VF064B_bf2643.hex"));
    let map = SectorMap::decode(&map.unwrap(), 0).unwrap();
    assert_eq!(
        Part::from_sfdp(None, &bfpt, None, Some(&map)).map(|_| ()),
        Err(PartError::Geometry(GeometryError::MapSize {
            map_bytes: 8 << 20,
            size_bytes: 16 << 20
        }))
    );
}

#[test]
fn every_prefix_of_every_dump() {
    let mut reports = 0;
    for (_, text) in dumps() {
        let dump = sfdp_support::identify::parse_hex(&text).unwrap();
        let Content::Full(bytes) = &dump.content else {
            continue;
        };
        for length in 0..bytes.len() {
            let cut = Dump {
                name: None,
                id: None,
                content: Content::Full(bytes[..length].to_vec()),
            };
            match identify(&cut) {
                Ok(report) => {
                    reports += 1;
                    assert!(!report.to_string().is_empty());
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
    assert!(reports > 100);
}

/// Everything that takes a table, on these bytes.
fn decode_all(bytes: &[u8]) {
    let _ = SfdpHeader::parse(bytes);
    let _ = Bus(bytes).tables();
    if let Ok(header) = SfdpHeader::parse(b"SFDP\x06\x01\xff\xff") {
        let mut list = TableList::new(header);
        list.extend(bytes);
        let _ = list.finish();
    }
    let four_byte = FourByteTable::decode(bytes).ok();
    let detection = Detection::decode(bytes);
    if let Ok(detection) = &detection {
        let _ = detection.configuration(bytes);
    }
    let maps: Vec<SectorMap> = (0..4)
        .filter_map(|id| SectorMap::decode(bytes, id).ok())
        .collect();
    if let Ok(bfpt) = Bfpt::decode(bytes) {
        for id in [
            None,
            Some(0xC2_2817),
            Some(0xEF_4018),
            Some(0x20_BA19),
            Some(0x9D_7019),
        ] {
            for map in [None].into_iter().chain(maps.iter().map(Some)) {
                for four_byte in [None, four_byte.as_ref()] {
                    let id = id.map(JedecId::new);
                    if let Ok(part) = Part::from_sfdp(id, &bfpt, four_byte, map) {
                        check_part(&part);
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_all(&bytes);
    }

    #[test]
    fn noise_after_a_header_never_panics(
        mut bytes in proptest::collection::vec(any::<u8>(), 8..600),
        headers in 0u8..8,
    ) {
        bytes[..6].copy_from_slice(b"SFDP\x06\x01");
        bytes[6] = headers;
        let dump = Dump { name: None, id: None, content: Content::Full(bytes) };
        match identify(&dump) {
            Ok(report) => prop_assert!(report.size_bytes > 0),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn damaged_real_tables_never_panic(
        file in 0usize..43,
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..8),
    ) {
        let (_, text) = &dumps()[file];
        let dump = sfdp_support::identify::parse_hex(text).unwrap();
        let [basic, map, four_byte] = tables_of(&dump);
        for mut bytes in [basic, map, four_byte].into_iter().flatten() {
            for (place, value) in &damage {
                let place = usize::from(*place) % bytes.len();
                bytes[place] = *value;
            }
            decode_all(&bytes);
        }
    }

    #[test]
    fn fields_come_back_as_they_were_put(value in any::<u32>(), low in 0u32..32, width in 1u32..=32) {
        let high = (low + width - 1).min(31);
        let width = high - low + 1;
        let mask = if width == 32 { u32::MAX } else { (1 << width) - 1 };
        prop_assert_eq!(bits((value & mask) << low, high, low), value & mask);
    }
}
