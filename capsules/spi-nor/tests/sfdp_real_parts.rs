// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Every dump in `testdata/sfdp` decodes to what it says.

mod sfdp_expected;
mod sfdp_support;

use sfdp_expected::{BASIC_TABLES, PARTS};
use sfdp_support::{bfpt_of, check_part, dump, dumps, folder, part_of, tables_of};
use spi_nor::part::{Addressing, Part};
use spi_nor::parts_by_id::JedecId;
use spi_nor::sfdp::bfpt::{AddressBytes, Bfpt, CommandExtension, QuadEnableCode, SuspendResume};
use spi_nor::sfdp::mode::Mode;
use spi_nor::sfdp::warning::Warning;
use spi_nor::status_register::{Poll, QuadEnable};

const fn qer(code: QuadEnableCode) -> u8 {
    match code {
        QuadEnableCode::None => 0,
        QuadEnableCode::Sr2Bit1ClearedByShortWrite => 1,
        QuadEnableCode::Sr1Bit6 => 2,
        QuadEnableCode::Sr2Bit7 => 3,
        QuadEnableCode::Sr2Bit1 => 4,
        QuadEnableCode::Sr2Bit1Readable => 5,
        QuadEnableCode::Sr2Bit1OwnWrite => 6,
        QuadEnableCode::Reserved => 7,
    }
}

/// All fields, in the form of the expectations.
fn summary(bfpt: &Bfpt) -> String {
    let mut parts = vec![format!(
        "{} dwords, {} bytes, address {}{}",
        bfpt.dwords,
        bfpt.size_bytes,
        match bfpt.address_bytes {
            AddressBytes::Three => "3",
            AddressBytes::ThreeOrFour => "3 or 4",
            AddressBytes::Four => "4",
            AddressBytes::Reserved => "?",
        },
        if bfpt.dtr { ", DTR" } else { "" }
    )];
    let reads: Vec<String> = bfpt
        .reads
        .iter()
        .flatten()
        .map(|read| {
            assert_eq!(bfpt.read(read.mode), Some(*read));
            format!(
                "{}:{:02x}+{}+{}",
                read.mode.name().replace('-', ""),
                read.opcode,
                read.mode_clocks,
                read.dummy_clocks
            )
        })
        .collect();
    parts.push(format!(
        "reads {}",
        if reads.is_empty() {
            "-".into()
        } else {
            reads.join(" ")
        }
    ));
    let erase: Vec<String> = bfpt
        .erase
        .iter()
        .zip(1..)
        .filter_map(|(command, number)| {
            let command = (*command)?;
            let times = command.times.map_or(String::new(), |times| {
                format!(" {}/{} ms", times.typ_us / 1000, times.max_us / 1000)
            });
            Some(format!(
                "{number}:{:02x}/{}{times}",
                command.opcode, command.size_bytes
            ))
        })
        .collect();
    parts.push(format!("erase {}", erase.join(", ")));
    if let (Some(page_bytes), Some(program), Some(chip)) =
        (bfpt.page_bytes, bfpt.program, bfpt.chip_erase)
    {
        parts.push(format!(
            "page {page_bytes}, {}/{} us, bytes {} {} us, chip {}/{} ms",
            program.page.typ_us,
            program.page.max_us,
            program.first_byte.typ_us,
            program.next_byte.typ_us,
            chip.typ_ms,
            chip.max_ms
        ));
    }
    if let Some(suspend) = bfpt.suspend {
        let text = |kind: SuspendResume| {
            format!(
                "{:02x}/{:02x} {} us every {} us",
                kind.suspend, kind.resume, kind.latency_us, kind.interval_us
            )
        };
        parts.push(format!(
            "suspend program {}, erase {}",
            text(suspend.program),
            text(suspend.erase)
        ));
    }
    if let Some(power_down) = bfpt.power_down {
        parts.push(format!(
            "power-down {:02x}/{:02x} {} us",
            power_down.enter, power_down.exit, power_down.exit_delay_us
        ));
    }
    if let Some(busy) = bfpt.busy {
        parts.push(format!(
            "poll{}{}",
            if busy.status_register { " WIP" } else { "" },
            if busy.flag_status_register {
                " FSR"
            } else {
                ""
            }
        ));
    }
    if let (Some(quad), Some(status), Some(reset), Some(entry), Some(exit)) = (
        bfpt.quad,
        bfpt.status_write,
        bfpt.soft_reset,
        bfpt.four_byte_entry,
        bfpt.four_byte_exit,
    ) {
        parts.push(format!(
            "QER {}{}, QPI {:02x}/{:02x}, 0-4-4 {} {:x}/{:02x}",
            qer(quad.enable),
            if quad.hold_disable { " hold" } else { "" },
            quad.qpi_enter,
            quad.qpi_exit,
            if quad.continuous_read { "yes" } else { "no" },
            quad.continuous_enter,
            quad.continuous_exit
        ));
        parts.push(format!(
            "SR1 {:02x}, reset {:02x}, 4-byte in {:02x} out {:03x}",
            status.0, reset.0, entry.0, exit.0
        ));
    }
    parts.join("; ")
}

#[test]
fn every_basic_table_says_what_it_says() {
    let files = dumps();
    assert_eq!(files.len(), BASIC_TABLES.len());
    for ((name, _), (expected_name, expected)) in files.iter().zip(BASIC_TABLES) {
        assert_eq!(name, expected_name);
        assert_eq!(&summary(&bfpt_of(&dump(name))), expected, "{name}");
    }
}

/// A row of `TIMINGS.md`, from the decoded table.
fn timings_row(name: &str, bfpt: &Bfpt) -> String {
    let thousandths = |value: u32| {
        let text = format!("{}.{:03}", value / 1000, value % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    let erase: Vec<String> = bfpt
        .erase
        .iter()
        .flatten()
        .map(|command| {
            let times = command.times.unwrap();
            format!(
                "{:02X}/{}K {}/{}",
                command.opcode,
                command.size_bytes / 1024,
                times.typ_us / 1000,
                times.max_us / 1000
            )
        })
        .collect();
    let program = bfpt.program.unwrap();
    let chip = bfpt.chip_erase.unwrap();
    let suspend = bfpt.suspend.unwrap();
    let opcodes = |kind: SuspendResume| format!("{:02X}/{:02X}", kind.suspend, kind.resume);
    let busy = bfpt.busy.unwrap();
    let reset = bfpt.soft_reset.unwrap();
    format!(
        "| {name} | {} | {}, {}/{} | {}/{} | {} / ×{} = {} | {}, {}; {} µs | {} | {} | {} | {:02x} | {:02x}{}{} |",
        erase.join("; "),
        bfpt.page_bytes.unwrap(),
        program.page.typ_us,
        program.page.max_us,
        program.first_byte.typ_us,
        program.next_byte.typ_us,
        thousandths(chip.typ_ms),
        chip.max_ms / chip.typ_ms,
        thousandths(chip.max_ms),
        opcodes(suspend.program),
        opcodes(suspend.erase),
        suspend.erase.interval_us,
        match bfpt.power_down {
            Some(told) => format!(
                "{:02X}/{:02X} {} µs",
                told.enter, told.exit, told.exit_delay_us
            ),
            None => {
                assert!(bfpt.power_down_denied);
                "unsupported".into()
            }
        },
        match (busy.status_register, busy.flag_status_register) {
            (true, false) => "WIP",
            (false, true) => "FSR",
            _ => "?",
        },
        match bfpt.quad.unwrap().enable {
            QuadEnableCode::None => "none",
            QuadEnableCode::Sr1Bit6 => "S1B6",
            QuadEnableCode::Sr2Bit1 => "S2B1v4",
            QuadEnableCode::Sr2Bit1Readable => "S2B1v5",
            QuadEnableCode::Sr2Bit1ClearedByShortWrite
            | QuadEnableCode::Sr2Bit7
            | QuadEnableCode::Sr2Bit1OwnWrite
            | QuadEnableCode::Reserved => "?",
        },
        bfpt.status_write.unwrap().0,
        reset.0,
        if reset.enable_then_reset() {
            " 66/99"
        } else {
            ""
        },
        if reset.f0() { " F0" } else { "" },
    )
}

#[test]
fn timings_are_those_of_the_list() {
    let list = std::fs::read_to_string(folder().join("TIMINGS.md")).unwrap();
    let mut rows = 0;
    for row in list.lines().filter(|line| line.starts_with("| ")) {
        let name = row.split('|').nth(1).unwrap().trim();
        if name == "file" {
            continue;
        }
        let bfpt = bfpt_of(&dump(&format!("{name}.hex")));
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze(&timings_row(name, &bfpt)), squeeze(row));
        rows += 1;
    }
    assert_eq!(rows, 13);
}

/// What a driver makes of the part, in the form of the expectations.
fn part_summary(part: &Part) -> String {
    let quad_program = match part.usable_quad_program() {
        Some((opcode, mode)) => format!("{opcode:02x} {}", mode.name()),
        None => "-".into(),
    };
    let power_down = match part.power_down {
        Some(told) => format!(
            "{:02x}/{:02x} {}",
            told.enter, told.exit, told.exit_delay_us
        ),
        None => "-".into(),
    };
    let mut text = format!(
        "{} KiB, {}, quad {}, program {quad_program}, {}, down {power_down}, reset {}{}",
        part.geometry.size_bytes / 1024,
        match part.addressing {
            Addressing::Three => "3",
            Addressing::FourByOpcode => "4 opcodes",
            Addressing::FourByMode(mode) if mode.write_enable => "4 wren mode",
            Addressing::FourByMode(_) => "4 mode",
            Addressing::FourAlways => "4 always",
        },
        match part.quad_enable {
            QuadEnable::Always => "always",
            QuadEnable::Sr1Bit6 => "s1b6",
            QuadEnable::Sr2Bit1LongWrite => "s2b1 long",
            QuadEnable::Sr2Bit1OwnWrite => "s2b1 own",
            QuadEnable::Sr2Bit7 => "s2b7",
            QuadEnable::Unknown => "unknown",
        },
        match part.poll {
            Poll::StatusRegister => "WIP",
            Poll::FlagStatusRegister => "FSR",
        },
        if part.reset.is_some() { "yes" } else { "-" },
        if part.volatile_write_enable.is_some() {
            ", volatile"
        } else {
            ""
        },
    );
    for warning in part.warnings.iter() {
        text.push_str(&format!(", {warning:?}"));
    }
    text
}

#[test]
fn every_part_is_used_as_it_should_be() {
    let files = dumps();
    assert_eq!(files.len(), PARTS.len());
    for ((name, _), (expected_name, expected)) in files.iter().zip(PARTS) {
        assert_eq!(name, expected_name);
        let part = part_of(&dump(name)).unwrap();
        check_part(&part);
        assert_eq!(&part_summary(&part), expected, "{name}");
    }
}

#[test]
fn read_clocks_of_the_quad_reads() {
    // N25Q: 10 clocks before the data of EBh, 8 before that of 6Bh. The others: 6 and 8.
    for (name, _) in dumps() {
        let bfpt = bfpt_of(&dump(&name));
        let micron = name.starts_with("N25Q") || name.starts_with("MT25Q");
        if let Some(read) = bfpt.read(Mode::M144) {
            assert_eq!(read.wait_clocks(), if micron { 10 } else { 6 }, "{name}");
            assert_eq!(read.mode_clocks, if micron { 1 } else { 2 }, "{name}");
        }
        if let Some(read) = bfpt.read(Mode::M114) {
            assert_eq!(read.wait_clocks(), 8, "{name}");
        }
    }
}

#[test]
fn sst26_erases_by_region() {
    let part = part_of(&dump("SST26VF064B_bf2643.hex")).unwrap();
    let geometry = part.geometry;
    let kib = |address: u32| -> Vec<u32> {
        let region = geometry.region_at(address * 1024).unwrap();
        geometry
            .erase_types_in(&region)
            .map(|erase_type| erase_type.size_bytes / 1024)
            .collect()
    };
    assert_eq!(kib(0), [4, 8]);
    assert_eq!(kib(31), [4, 8]);
    assert_eq!(kib(32), [4, 32]);
    assert_eq!(kib(64), [4, 64]);
    assert_eq!(kib(8192 - 65), [4, 64]);
    assert_eq!(kib(8192 - 64), [4, 32]);
    assert_eq!(kib(8192 - 32), [4, 8]);
    assert_eq!(geometry.region_at(8192 * 1024), None);
    assert_eq!(part.global_unlock, Some(0x98));
    assert_eq!(part.power_down, None);
}

#[test]
fn sst26_without_its_map_erases_4_kib_only() {
    let dump = dump("SST26VF064B_bf2643.hex");
    let bfpt = bfpt_of(&dump);
    let part = Part::from_sfdp(JedecId::new(0xBF_2643), &bfpt, None, None).unwrap();
    let sizes: Vec<u32> = part
        .geometry
        .erase_types()
        .map(|erase_type| erase_type.size_bytes)
        .collect();
    assert_eq!(sizes, [4096]);
    assert!(part.warnings.contains(Warning::EraseOpcodeShared(0xD8)));
}

#[test]
fn four_byte_opcodes_and_mode() {
    // W25Q01JV: 52h has no twin.
    let mut part = part_of(&dump("W25Q01JVQ_ef4021.hex")).unwrap();
    let list = |part: &Part| -> Vec<u8> {
        part.geometry
            .erase_types()
            .map(|erase_type| part.erase_opcode(&erase_type).unwrap())
            .collect()
    };
    assert_eq!(list(&part), [0x21, 0xDC]);
    assert_eq!(part.program_opcode(), Some(0x12));
    assert_eq!(part.usable_quad_program(), Some((0x34, Mode::M114)));
    let fastest = |part: &Part| {
        part.usable_reads()
            .find(|(_, read)| read.mode.opcode_lines() == 1)
            .map(|(opcode, read)| (opcode, read.mode))
    };
    assert_eq!(fastest(&part), Some((0xEC, Mode::M144)));
    assert!(part.use_four_byte_mode());
    assert_eq!(list(&part), [0x20, 0x52, 0xD8]);
    assert_eq!(part.program_opcode(), Some(0x02));
    assert_eq!(fastest(&part), Some((0xEB, Mode::M144)));

    // MX66UM51345G has the opcodes, but says nothing of a mode.
    let mut part = part_of(&dump("MX66UM51345G_c2813a.hex")).unwrap();
    assert!(!part.use_four_byte_mode());
    assert_eq!(list(&part), [0x21, 0xDC]);
    let reads: Vec<u8> = part.usable_reads().map(|(opcode, _)| opcode).collect();
    assert_eq!(reads, [0x0C, 0x13]);
    let octal = bfpt_of(&dump("MX66UM51345G_c2813a.hex")).octal.unwrap();
    assert_eq!(octal.command_extension, CommandExtension::Invert);
    assert!(octal.bytes_swapped);
}

#[test]
fn mx25r_is_slow_until_it_is_told_otherwise() {
    let dump = dump("MX25R6435F_c22817.hex");
    let bfpt = bfpt_of(&dump);
    let mut part = part_of(&dump).unwrap();
    let max_ms = |part: &Part| -> Vec<u32> {
        part.geometry
            .erase_types()
            .map(|erase_type| erase_type.times.max_us / 1000)
            .collect()
    };
    assert_eq!(part.ultra_low_power.unwrap().max_clock_hz, 8_000_000);
    // Measured on a development kit: 64 KiB 1.11 s, page 3.11 ms, chip 118 s.
    assert_eq!(max_ms(&part), [384, 4_000, 4_440]);
    assert!(part.program.page.typ_us >= 3_110 && part.program.page.max_us == 12_800);
    assert!(part.chip_erase.typ_ms >= 118_000 && part.chip_erase.max_ms == 480_000);
    assert_eq!(part.suspend.unwrap().erase.latency_us, 60);
    part.assume_high_performance(&bfpt);
    assert_eq!(part.ultra_low_power, None);
    assert_eq!(max_ms(&part), [384, 1_920, 3_840]);
    assert_eq!(part.program.page.max_us, 5_376);
    assert_eq!(part.program.of_bytes(4).typ_us, 35);
    assert_eq!(part.program.of_bytes(256).typ_us, 287);
    assert_eq!(part.chip_erase.max_ms, 312_000);
    assert_eq!(part.suspend.unwrap().erase.latency_us, 40);
    let once = part;
    part.assume_high_performance(&bfpt);
    assert_eq!(part, once);
}

#[test]
fn a_table_copied_from_another_makers_part() {
    // A board file gives the MX25R6435F's table to a W25Q64.
    let part = part_of(&dump("zephyr_W25Q64_ef4017_frdm_mcxe247.tables.hex")).unwrap();
    assert_eq!(part.quad_enable, QuadEnable::Sr2Bit1LongWrite);
    assert_eq!(part.suspend, None);
    assert_eq!(part.ultra_low_power, None);
}

#[test]
fn a_chip_erase_of_a_part_in_doubt_is_given_the_larger_size_to_work_on() {
    // 2 MiB are used, but 16 MiB may be there: 256 blocks of 8 s each at most.
    let part = part_of(&dump("ZD25Q128C_ef4018_wrong_size.hex")).unwrap();
    assert_eq!(part.geometry.size_bytes, 2 << 20);
    assert_eq!(part.chip_erase.max_ms, 2_048_000);
}

#[test]
fn parts_without_tables() {
    let part = Part::from_id(JedecId::new(0xC2_2010)).unwrap();
    check_part(&part);
    assert_eq!(
        part_summary(&part),
        "64 KiB, 3, quad s1b6, program -, WIP, down b9/ab 100, reset -, \
         KnownFromIdOnly, TimesAssumed"
    );
    assert_eq!(part.usable_reads().count(), 2);
    let part = Part::from_id(JedecId::new(0x20_BA18)).unwrap();
    check_part(&part);
    assert_eq!(
        part_summary(&part),
        "16384 KiB, 3, quad always, program 32 1-1-4, FSR, down -, reset yes, \
         KnownFromIdOnly, TimesAssumed"
    );
    let (opcode, read) = part.usable_reads().next().unwrap();
    assert_eq!((opcode, read.wait_clocks()), (0xEB, 10));
    for known in spi_nor::parts_by_id::KNOWN_PARTS {
        let part = Part::from_id(known.id).unwrap();
        check_part(&part);
        assert!(part.geometry.size_bytes <= known.size_bytes);
        assert!(known.has_quad || part.quad_program.is_none());
    }
}

#[test]
fn the_four_byte_tables_of_parts_up_to_16_mib_are_not_believed() {
    for name in [
        "MX25L12835F_c22018.hex",
        "MX25R8035F_c22814.hex",
        "XMC_464016_esp32c3.hex",
        "zephyr_MX25UW6345G_c28437_nrf54h20dk_nrf54h20_common.tables.hex",
    ] {
        let [.., four_byte] = tables_of(&dump(name));
        assert!(four_byte.is_some(), "{name} has the table");
        let part = part_of(&dump(name)).unwrap();
        assert_eq!(part.addressing, Addressing::Three, "{name}");
        assert!(part.usable_reads().all(|(opcode, _)| opcode != 0x13));
    }
}
