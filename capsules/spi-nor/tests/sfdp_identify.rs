// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reports made from dumps.

mod sfdp_support;

use sfdp_support::identify::{
    Content, HexError, HexProblem, IdentifyError, TimesReport, identify, parse_hex,
};
use sfdp_support::{dump, dumps};
use spi_nor::sfdp::header::SfdpError;

#[test]
fn every_dump_gives_a_report_for_people_and_for_programs() {
    for (name, text) in dumps() {
        let parsed = parse_hex(&text).unwrap();
        let report = identify(&parsed).unwrap();
        let shown = report.to_string();
        for label in [
            "part ",
            "JEDEC id ",
            "size ",
            "page ",
            "  erase 4 KiB ",
            "  erase chip ",
            "  program page ",
            "read 1-1-1 ",
            "quad enable ",
            "busy ",
            "suspend erase ",
            "deep power-down ",
            "reset ",
            "address ",
        ] {
            assert!(
                shown.lines().any(|line| line.starts_with(label)),
                "{name} lacks {label:?}:\n{shown}"
            );
        }
        let warnings = shown.lines().filter(|line| line.starts_with("warning "));
        assert_eq!(warnings.count(), report.warnings.len(), "{name}");
        assert!(shown.lines().all(|line| line.trim_end() == line), "{name}");

        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["size_bytes"], report.size_bytes);
        assert_eq!(
            json["erase"].as_array().unwrap().len(),
            report.erase.len(),
            "{name}"
        );
        let named = parsed.name.unwrap();
        assert!(name.contains(&named), "{name} is called {named}");
    }
}

#[test]
fn a_report_in_full() {
    let report = identify(&dump("SST26VF064B_bf2643.hex")).unwrap();
    assert_eq!(
        report.to_string(),
        "\
part              SST26VF064B_bf2643
JEDEC id          bf2643  (SST26VF064B)
SFDP              revision 1.6
  table           ff00 64 bytes at 0x30, 1.6  basic flash parameters
  table           ff81 24 bytes at 0x100, 1.0  sector map
  table           01bf 96 bytes at 0x200, 1.0  vendor's own
size              8 MiB
page              256 B
times             typical / longest
  erase 4 KiB     20      19 / 38 ms
  erase 8 KiB     d8      19 / 38 ms
  erase 32 KiB    d8      19 / 38 ms
  erase 64 KiB    d8      19 / 38 ms
  erase chip      c7      32 / 64 ms
  program page    02      1.024 / 2.048 ms
  first byte              48 / 96 µs
  next byte               4 / 8 µs
region            0x00000000..0x00008000  erases 4 KiB, 8 KiB
region            0x00008000..0x00010000  erases 4 KiB, 32 KiB
region            0x00010000..0x007f0000  erases 4 KiB, 64 KiB
region            0x007f0000..0x007f8000  erases 4 KiB, 32 KiB
region            0x007f8000..0x00800000  erases 4 KiB, 8 KiB
read 1-1-1        03      0 mode + 0 dummy clocks
read 1-1-1        0b      0 mode + 8 dummy clocks
read 1-1-2        3b      0 mode + 8 dummy clocks
read 1-2-2        bb      4 mode + 0 dummy clocks
read 1-1-4        6b      0 mode + 8 dummy clocks
read 1-4-4        eb      2 mode + 4 dummy clocks
read 4-4-4        0b      2 mode + 4 dummy clocks
program 1-4-4     32
quad enable       status register 2 bit 1, written with 01 and 2 bytes
busy              status register (05), bit 0 set while busy
suspend program   b0, resume 30; quiet in 25 µs; 512 µs between resume and suspend
suspend erase     b0, resume 30; quiet in 25 µs; 512 µs between resume and suspend
deep power-down   none known
reset             66, 99; leave continuous read first
address           3 bytes
"
    );
}

#[test]
fn lies_are_named() {
    let warnings = |name: &str| identify(&dump(name)).unwrap().warnings;
    let has = |name: &str, text: &str| {
        let found = warnings(name);
        assert!(
            found.iter().any(|warning| warning.contains(text)),
            "{name}: {found:?}"
        );
    };
    has("IS25WP256_9d7019.hex", "3 address bytes only");
    has(
        "ZD25Q128C_ef4018_wrong_size.hex",
        "the id stands for 16 MiB",
    );
    has(
        "zephyr_P25Q16H_856015_wio_tracker_l1.tables.hex",
        "the id stands for 2 MiB",
    );
    has(
        "zephyr_MX25UW6345G_c28437_nrf54h20dk_nrf54h20_common.tables.hex",
        "4-byte addressing is claimed",
    );
    has("MX25R8035F_c22814.hex", "ultra-low power");
    has(
        "MX25R8035F_c22814.hex",
        "ff84 (4-byte address instructions) says nothing",
    );
    has("MX25R6435F_c22817.hex", "is not in the dump");
    has("GD25Q32C_c84016.hex", "no times");
    assert_eq!(warnings("W25Q128JV_ef4018.hex"), [""; 0]);
    assert_eq!(warnings("MX66L1G45G_c2201b.hex"), [""; 0]);
}

#[test]
fn both_times_are_shown_where_the_tables_are_not_believed() {
    let report = identify(&dump("MX25R6435F_c22817.hex")).unwrap();
    let erase = &report.erase[2];
    assert_eq!(
        (erase.times.typ_us, erase.times.max_us),
        (1_110_000, 4_440_000)
    );
    let table = erase.table_times.unwrap();
    assert_eq!((table.typ_us, table.max_us), (480_000, 3_840_000));
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains(r#""opcode":"d8""#), "{json}");
    assert!(json.contains(r#""slow_mode_clock_hz":8000000"#), "{json}");
}

#[test]
fn bytes_in_any_grouping() {
    for text in [
        "53 46 44 50 06\n01 02 ff",
        "5346 4450 0601 02FF",
        "00000000: 5346 4450\n00000004: 0601 02ff",
        "# a comment\n\n53464450 # signature\n060102ff\r\n",
    ] {
        let dump = parse_hex(text).unwrap();
        assert_eq!(
            dump.content,
            Content::Full(b"SFDP\x06\x01\x02\xff".to_vec()),
            "{text}"
        );
        assert_eq!((dump.name, dump.id), (None, None));
    }
}

#[test]
fn tables_one_a_line() {
    let dump = parse_hex(
        "# XY12 jedec c22817: tables\n# flags: ['jedec,spi-nor']\nff00 01020304\nff84 0506070809",
    )
    .unwrap();
    assert_eq!(dump.name.as_deref(), Some("XY12"));
    assert_eq!(dump.id, Some([0xC2, 0x28, 0x17]));
    assert_eq!(
        dump.content,
        Content::Tables(vec![
            (0xFF00, vec![1, 2, 3, 4]),
            (0xFF84, vec![5, 6, 7, 8, 9])
        ])
    );
}

#[test]
fn ids_in_comments() {
    let id = |comment: &str| parse_hex(&format!("# {comment}\n00")).unwrap().id;
    assert_eq!(id("A jedec 20bb191044"), Some([0x20, 0xBB, 0x19]));
    assert_eq!(id("A jedec ef4018, read twice"), Some([0xEF, 0x40, 0x18]));
    assert_eq!(id("A jedec "), None);
    assert_eq!(id("A jedec ef40"), None);
    assert_eq!(id("A jedec manufacturer"), None);
    assert_eq!(id("ef4018"), None);
}

#[test]
fn errors_say_where_and_what_to_do() {
    let error = |text: &str| parse_hex(text).unwrap_err();
    assert_eq!(
        error("53 46\n44 5x"),
        HexError {
            line: 2,
            column: 5,
            problem: HexProblem::NotHex('x')
        }
    );
    assert_eq!(
        error("# µ\n  53 4").to_string(),
        "line 2, column 6: a byte has two hex digits, this one has one; add the missing digit"
    );
    assert_eq!(
        error("ff00 01020304\n53 46").problem,
        HexProblem::MixedForms
    );
    assert_eq!(
        error("53 46\nff00 01020304").problem,
        HexProblem::MixedForms
    );
    assert_eq!(error("").problem, HexProblem::Empty);
    assert_eq!(error("# only words\n").problem, HexProblem::Empty);
    assert!(error("x").to_string().contains("line 1, column 1"));
}

#[test]
fn what_is_no_sfdp_says_why() {
    let error = |text: &str| identify(&parse_hex(text).unwrap()).unwrap_err().to_string();
    assert!(error("ff ff ff ff ff ff ff ff").contains("no part answered"));
    assert!(error("00 00 00 00 00 00 00 00").contains("shorted"));
    assert!(error("53 46").contains("shorter"));
    assert!(error("12 34 56 78 9a bc de f0").contains("53 46 44 50"));
    assert!(error("53 46 44 50 06 01 00 ff 00 06 01 10 30 00 00 ff").contains("dump ends at 0x10"));
    assert!(error("ff84 7f8fffff215cdcff").contains("ff00"));
    assert!(error("ff00 e520f1ff").contains("9"));
}

#[test]
fn an_id_helps_where_the_tables_do_not() {
    let dump = parse_hex("# MX25L512 jedec c22010\nff ff ff ff ff ff ff ff").unwrap();
    let report = identify(&dump).unwrap();
    assert_eq!(report.size_bytes, 65_536);
    assert_eq!(report.program.quad_opcode, None);
    assert!(report.reads.iter().all(|read| read.mode == "1-1-1"));
    assert!(
        report
            .warnings
            .iter()
            .any(|text| text.contains("known from the id"))
    );
    let dump = parse_hex("# X jedec ffffff\nff ff ff ff ff ff ff ff").unwrap();
    assert_eq!(
        identify(&dump),
        Err(IdentifyError::Sfdp(SfdpError::AllOnes))
    );
}

#[test]
fn times_are_printed_in_a_fitting_unit() {
    let text = |typ_us, max_us| TimesReport { typ_us, max_us }.to_string();
    assert_eq!(text(896, 5_376), "896 / 5376 µs");
    assert_eq!(text(48_000, 384_000), "48 / 384 ms");
    assert_eq!(text(6_144_000, 36_864_000), "6.144 / 36.864 s");
    assert_eq!(text(1_110_000, 4_440_000), "1.11 / 4.44 s");
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_dump_or_says_where_it_is_not(text in "[ -~\nµ\r\t]{0,200}") {
        match parse_hex(&text) {
            Ok(dump) => drop(identify(&dump)),
            Err(error) => {
                let line = text.lines().nth(error.line - 1).unwrap_or("");
                proptest::prop_assert!(error.column <= line.chars().count().max(1));
            }
        }
    }

    #[test]
    fn bytes_come_back_in_any_grouping(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 3..64),
        group in 1usize..9,
        per_line in 1usize..9,
    ) {
        let groups: Vec<String> = bytes
            .chunks(group)
            .map(|chunk| chunk.iter().map(|byte| format!("{byte:02X}")).collect())
            .collect();
        let lines: Vec<String> = groups.chunks(per_line).map(|line| line.join(" ")).collect();
        let dump = parse_hex(&lines.join("\n")).unwrap();
        let two_words_a_line = lines.iter().any(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            matches!(words.as_slice(), [id, rest] if id.len() == 4 && rest.len() >= 8)
        });
        proptest::prop_assert!(!two_words_a_line);
        proptest::prop_assert_eq!(dump.content, Content::Full(bytes));
    }
}
