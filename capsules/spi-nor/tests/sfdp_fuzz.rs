// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Real tables, damaged at random, and noise, for as long as one likes:
//!
//! ```text
//! SFDP_FUZZ_SECONDS=600 cargo test --release -p spi-nor --test sfdp_fuzz -- --nocapture
//! ```
//!
//! Without the variable it takes 20 000 inputs, always the same ones. `SFDP_FUZZ_SEED` gives
//! others. An input that fails is printed as a dump, ready for `identify`.

mod sfdp_support;

use sfdp_support::identify::{Content, Dump, identify, parse_hex};
use sfdp_support::{Bus, check_part, check_plans, dumps};
use spi_nor::part::Part;
use spi_nor::parts_by_id::{JedecId, KNOWN_PARTS};
use spi_nor::plan::{ErasePlan, Granularity};
use spi_nor::sfdp::bfpt::Bfpt;
use spi_nor::sfdp::four_byte::FourByteTable;
use spi_nor::sfdp::sector_map::{Detection, SectorMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Inputs taken when no time is given.
const INPUTS: u64 = 20_000;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 32) as u8
    }

    /// A byte that is often at the edge of something.
    fn edge(&mut self) -> u8 {
        match self.below(4) {
            0 => 0,
            1 => 0xFF,
            2 => 1 << self.below(8),
            _ => self.byte(),
        }
    }
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            bytes.push(random.byte());
        }
        let place = random.below(bytes.len());
        match random.below(7) {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => bytes[place] = random.edge(),
            2 => bytes.truncate(place),
            3 => bytes.insert(place, random.edge()),
            4 => {
                let dword = place & !3;
                for byte in bytes.iter_mut().skip(dword).take(4) {
                    *byte = random.edge();
                }
            }
            5 => {
                let from = random.below(bytes.len());
                let length = random.below(32);
                let moved: Vec<u8> = bytes.iter().skip(from).take(length).copied().collect();
                for (byte, value) in bytes.iter_mut().skip(place).zip(moved) {
                    *byte = value;
                }
            }
            // The headers are where the pointers are.
            _ => {
                let length = bytes.len().min(64);
                bytes[random.below(length)] = random.edge();
            }
        }
    }
}

fn input(random: &mut Random, real: &[Dump]) -> Dump {
    let mut dump = real[random.below(real.len())].clone();
    match &mut dump.content {
        Content::Full(bytes) => match random.below(16) {
            0 => *bytes = (0..random.below(400)).map(|_| random.byte()).collect(),
            1 => {
                // Noise behind headers that lead to it.
                let from = 8 * (2 + random.below(4));
                for byte in bytes.iter_mut().skip(from) {
                    *byte = random.edge();
                }
            }
            _ => damage(random, bytes),
        },
        Content::Tables(tables) => {
            for (id, bytes) in tables {
                damage(random, bytes);
                if random.below(20) == 0 {
                    *id = [0xFF00, 0xFF81, 0xFF84, 0xFF05][random.below(4)];
                }
            }
        }
    }
    dump.id = match random.below(4) {
        0 => None,
        1 => Some(KNOWN_PARTS[random.below(KNOWN_PARTS.len())].id.0),
        2 => Some([random.byte(), random.byte(), random.edge()]),
        _ => dump.id,
    };
    dump
}

/// What a driver does with a part, in a few places of it.
fn drive(random: &mut Random, part: &Part) {
    check_part(part);
    let geometry = &part.geometry;
    let address = random.next() as u32 % geometry.size_bytes;
    let length = random.next() as u32 % 3000;
    let granularity = Granularity {
        align_bytes: 1 << random.below(6),
        max_bytes: 32 + random.next() as u32 % 600,
    };
    check_plans(geometry, address, length, granularity);
    if let Some(unit) = geometry.erase_unit_bytes() {
        let start = address / unit * unit;
        let length = unit.saturating_mul(random.below(20) as u32);
        if let Ok(plan) = ErasePlan::new(geometry, start, length) {
            let mut at = start;
            for step in plan {
                assert_eq!(step.address, at);
                at += step.erase_type.size_bytes;
            }
            assert_eq!(at, start + length);
        }
    }
}

/// The step decoders, as a driver calls them. Whether a part came out.
fn steps(random: &mut Random, dump: &Dump) -> bool {
    let tables = match &dump.content {
        Content::Full(bytes) => {
            let bus = Bus(bytes);
            let Ok((tables, _)) = bus.tables() else {
                return false;
            };
            bus.table_bytes(&tables)
        }
        Content::Tables(tables) => [0, 1, 2].map(|index| {
            let table = tables.get(index)?;
            Some(table.1.clone())
        }),
    };
    let [basic, map, four_byte] = tables;
    let configuration = map
        .as_ref()
        .and_then(|bytes| Detection::decode(bytes).ok())
        .map_or(0, |detection| {
            let answers: Vec<u8> = (0..8).map(|_| random.byte()).collect();
            detection.configuration(&answers)
        });
    let map = map.and_then(|bytes| SectorMap::decode(&bytes, configuration).ok());
    let four_byte = four_byte.and_then(|bytes| FourByteTable::decode(&bytes).ok());
    let Some(Ok(bfpt)) = basic.map(|bytes| Bfpt::decode(&bytes)) else {
        return false;
    };
    let id = dump.id.map(JedecId);
    let Ok(mut part) = Part::from_sfdp(id, &bfpt, four_byte.as_ref(), map.as_ref()) else {
        return false;
    };
    drive(random, &part);
    part.assume_high_performance(&bfpt);
    drive(random, &part);
    true
}

fn as_text(dump: &Dump) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut text = match dump.id {
        Some(id) => format!("# input jedec {}\n", hex(&id)),
        None => "# input\n".into(),
    };
    match &dump.content {
        Content::Full(bytes) => text.push_str(&hex(bytes)),
        Content::Tables(tables) => {
            for (id, bytes) in tables {
                text.push_str(&format!("{id:04x} {}\n", hex(bytes)));
            }
        }
    }
    text
}

#[test]
fn fuzz_sfdp() {
    let seconds = std::env::var("SFDP_FUZZ_SECONDS").ok();
    let seconds: Option<u64> = seconds.map(|text| text.parse().expect("whole seconds"));
    let seed = std::env::var("SFDP_FUZZ_SEED").ok();
    let seed: u64 = seed.map_or(0x5FD9, |text| text.parse().expect("a number"));
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let real: Vec<Dump> = dumps()
        .iter()
        .map(|(_, text)| parse_hex(text).unwrap())
        .collect();

    let mut random = Random(seed | 1);
    let (mut inputs, mut reports, mut parts) = (0u64, 0u64, 0u64);
    loop {
        let over = match end {
            Some(end) => inputs.is_multiple_of(256) && Instant::now() >= end,
            None => inputs == INPUTS,
        };
        if over {
            break;
        }
        let dump = input(&mut random, &real);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let report = identify(&dump);
            match &report {
                Ok(report) => assert!(report.to_string().contains("\nsize ")),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            (report.is_ok(), steps(&mut random, &dump))
        }));
        match outcome {
            Ok((report, part)) => {
                inputs += 1;
                reports += u64::from(report);
                parts += u64::from(part);
            }
            Err(_) => panic!("input {inputs} of seed {seed} failed:\n{}", as_text(&dump)),
        }
    }
    println!("{inputs} inputs tried, {reports} gave a report, {parts} a part");
    // An input that is refused at the door tests little.
    assert!(
        reports > inputs / 10,
        "most inputs must get further than this"
    );
    assert!(
        parts > inputs / 10,
        "most inputs must get further than this"
    );
    assert!(reports < inputs, "some inputs must be refused");
}
