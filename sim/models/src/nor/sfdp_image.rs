// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SFDP bytes of real parts, and the fields of the basic table that set the
//! model's own behaviour (JESD216F, section 6.4).

use super::timing::{Erase, Span};
use crate::Lanes;

const BASIC: u16 = 0xFF00;

/// The SFDP area of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SfdpImage {
    bytes: Vec<u8>,
}

fn nibbles(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|d| d as u8)
        .collect();
    digits.chunks_exact(2).map(|p| (p[0] << 4) | p[1]).collect()
}

fn uncommented(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

impl SfdpImage {
    /// From a dump: comment lines with `#`, then bytes from SFDP address 0.
    #[must_use]
    pub fn from_dump(text: &str) -> Self {
        let bytes = uncommented(text).flat_map(nibbles).collect();
        Self { bytes }
    }

    /// From bare parameter tables, one a line: its id, then its bytes. The
    /// header, which such listings leave out, is made up.
    #[must_use]
    pub fn from_tables(text: &str) -> Self {
        let tables: Vec<(Vec<u8>, Vec<u8>)> = uncommented(text)
            .filter_map(|line| line.split_once(' '))
            .map(|(id, bytes)| (nibbles(id), nibbles(bytes)))
            .filter(|(id, bytes)| id.len() == 2 && !bytes.is_empty())
            .collect();
        let count = tables.len().saturating_sub(1) as u8;
        let mut bytes = b"SFDP".to_vec();
        bytes.extend([0x06, 0x01, count, 0xFF]);
        let mut pointer = 8 * (1 + tables.len());
        for (id, table) in &tables {
            let dwords = (table.len() / 4) as u8;
            // Nine dwords are the table of the first revision.
            let minor = if dwords == 9 { 0x00 } else { 0x06 };
            let at = (pointer as u32).to_le_bytes();
            bytes.extend([id[1], minor, 0x01, dwords, at[0], at[1], at[2], id[0]]);
            pointer += table.len();
        }
        for (_, table) in &tables {
            bytes.extend(table);
        }
        Self { bytes }
    }

    /// A part without SFDP.
    #[must_use]
    pub fn none() -> Self {
        Self { bytes: Vec::new() }
    }

    /// The area as it is.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The byte at `address`; what a dump does not cover reads as 0xFF.
    #[must_use]
    pub fn byte(&self, address: u32) -> u8 {
        self.bytes.get(address as usize).copied().unwrap_or(0xFF)
    }

    fn word(&self, address: u32) -> u32 {
        u32::from_le_bytes([0, 1, 2, 3].map(|n| self.byte(address + n)))
    }

    /// Dword `number` (from 1) of the basic table, if it has that many.
    fn basic(&self, number: u32) -> Option<u32> {
        if self.bytes.get(..4) != Some(b"SFDP") {
            return None;
        }
        let headers = u32::from(self.byte(6)) + 1;
        // Of several headers with the same id the last carries the latest revision.
        let header = (0..headers)
            .map(|n| 8 + 8 * n)
            .rfind(|&at| u16::from_be_bytes([self.byte(at + 7), self.byte(at)]) == BASIC)?;
        let length = u32::from(self.byte(header + 3));
        let pointer = self.word(header + 4) & 0x00FF_FFFF;
        (number <= length).then(|| self.word(pointer + 4 * (number - 1)))
    }

    /// Size of the array in bytes (dword 2).
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let density = self.basic(2)?;
        Some(if density >> 31 == 1 {
            1u64 << ((density & 0x7FFF_FFFF) - 3)
        } else {
            (u64::from(density) + 1) / 8
        })
    }

    /// Page size in bytes (dword 11).
    #[must_use]
    pub fn page(&self) -> Option<u32> {
        self.basic(11).map(|d| 1 << ((d >> 4) & 0xF))
    }

    /// Erase types of uniform size with their times, if the table gives any
    /// (dwords 8 to 10).
    #[must_use]
    pub fn erases(&self) -> Option<Vec<Erase>> {
        let types = [self.basic(8)?, self.basic(9)?];
        let times = self.basic(10)?;
        let factor = 2 * (u64::from(times & 0xF) + 1);
        let erases = (0..4u32).filter_map(|n| {
            let field = types[n as usize / 2] >> (16 * (n % 2));
            let (exponent, opcode) = (field & 0xFF, (field >> 8) as u8);
            if exponent == 0 {
                return None;
            }
            let time = times >> (4 + 7 * n);
            let unit_ms = [1, 16, 128, 1_000][(time >> 5) as usize & 3];
            let typical_ns = (u64::from(time & 0x1F) + 1) * unit_ms * 1_000_000;
            Some(Erase {
                opcode,
                bytes: 1 << exponent,
                time: Span::new(typical_ns, typical_ns * factor),
            })
        });
        Some(erases.collect())
    }

    /// Time of a page program (dword 11).
    #[must_use]
    pub fn page_program(&self) -> Option<Span> {
        let d = self.basic(11)?;
        let unit_us = if d >> 13 & 1 == 1 { 64 } else { 8 };
        let typical_ns = (u64::from(d >> 8 & 0x1F) + 1) * unit_us * 1_000;
        Some(Span::new(typical_ns, typical_ns * program_factor(d)))
    }

    /// Time that a program of one byte takes (dword 11), ns.
    #[must_use]
    pub fn first_byte_ns(&self) -> Option<u64> {
        let d = self.basic(11)?;
        let unit_us = if d >> 18 & 1 == 1 { 8 } else { 1 };
        Some((u64::from(d >> 14 & 0xF) + 1) * unit_us * 1_000)
    }

    /// Time of a chip erase (dword 11).
    #[must_use]
    pub fn chip_erase(&self) -> Option<Span> {
        let d = self.basic(11)?;
        let unit_ms = [16, 256, 4_000, 64_000][(d >> 29) as usize & 3];
        let typical_ns = (u64::from(d >> 24 & 0x1F) + 1) * unit_ms * 1_000_000;
        Some(Span::new(typical_ns, typical_ns * program_factor(d)))
    }

    /// Delay until a released part takes commands (dword 14), ns; `None` if the
    /// table does not say or there is no deep power-down.
    #[must_use]
    pub fn deep_power_down_exit_ns(&self) -> Option<u64> {
        let d = self.basic(14)?;
        (d >> 31 == 0).then(|| short_span_ns(d >> 8))
    }

    /// Longest time from suspend to ready, and shortest run from resume to
    /// suspend, of erases, ns (dword 12).
    #[must_use]
    pub fn suspend_times_ns(&self) -> Option<(u64, u64)> {
        let d = self.basic(12)?;
        (d >> 31 == 0).then(|| {
            let run_us = (u64::from(d >> 20 & 0xF) + 1) * 64;
            (short_span_ns(d >> 24), run_us * 1_000)
        })
    }

    /// A read mode that the basic table lists: opcode and all clocks between
    /// address and data (dwords 1, 3 and 4).
    #[must_use]
    pub fn read_mode(&self, address: Lanes, data: Lanes) -> Option<(u8, u32)> {
        let flags = self.basic(1)?;
        let (flag, dword, shift) = match (address, data) {
            (Lanes::Four, Lanes::Four) => (21, 3, 0),
            (Lanes::One, Lanes::Four) => (22, 3, 16),
            (Lanes::One, Lanes::Two) => (16, 4, 0),
            (Lanes::Two, Lanes::Two) => (20, 4, 16),
            _ => return None,
        };
        if flags >> flag & 1 == 0 {
            return None;
        }
        let field = self.basic(dword)? >> shift;
        let wait = (field & 0x1F) + (field >> 5 & 7);
        Some(((field >> 8) as u8, wait))
    }
}

fn program_factor(dword11: u32) -> u64 {
    2 * (u64::from(dword11 & 0xF) + 1)
}

/// Five bits of count, two of unit: 128 ns, 1 µs, 8 µs, 64 µs.
fn short_span_ns(field: u32) -> u64 {
    let unit_ns = [128, 1_000, 8_000, 64_000][(field >> 5) as usize & 3];
    (u64::from(field & 0x1F) + 1) * unit_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn dump(text: &str) -> SfdpImage {
        SfdpImage::from_dump(text)
    }

    #[test]
    fn mx25r6435f_decodes_to_its_published_times() {
        let image = dump(include_str!("../../sfdp/MX25R6435F_c22817.hex"));
        assert_eq!(image.size(), Some(8 << 20));
        assert_eq!(image.page(), Some(256));
        let erases = image.erases().unwrap();
        let listed: Vec<_> = erases.iter().map(|e| (e.opcode, e.bytes)).collect();
        assert_eq!(listed, [(0x20, 4096), (0x52, 32768), (0xD8, 65536)]);
        assert_eq!(erases[0].time, Span::new(48 * MS, 384 * MS));
        assert_eq!(erases[1].time, Span::new(240 * MS, 1920 * MS));
        assert_eq!(erases[2].time, Span::new(480 * MS, 3840 * MS));
        assert_eq!(image.page_program(), Some(Span::new(896_000, 5_376_000)));
        assert_eq!(image.first_byte_ns(), Some(32_000));
        assert_eq!(
            image.chip_erase(),
            Some(Span::new(52_000 * MS, 312_000 * MS))
        );
        assert_eq!(image.deep_power_down_exit_ns(), Some(40_000));
        assert_eq!(image.read_mode(Lanes::Four, Lanes::Four), Some((0xEB, 6)));
        assert_eq!(image.read_mode(Lanes::Two, Lanes::Two), Some((0xBB, 4)));
    }

    #[test]
    fn a_nine_dword_table_has_no_times() {
        let image = dump(include_str!("../../sfdp/MX25L3233F_c22016.hex"));
        assert_eq!(image.size(), Some(4 << 20));
        assert_eq!(image.erases(), None);
        assert_eq!(image.page_program(), None);
        assert_eq!(image.suspend_times_ns(), None);
    }

    #[test]
    fn bare_tables_get_a_header_that_finds_them() {
        let image = SfdpImage::from_tables(include_str!("../../sfdp/P25Q16H_856015.tables.hex"));
        assert_eq!(image.bytes().get(..4), Some(&b"SFDP"[..]));
        assert_eq!(image.size(), Some(2 << 20));
        assert_eq!(image.read_mode(Lanes::One, Lanes::Four), Some((0x6B, 8)));
    }

    #[test]
    fn other_parts_decode_to_their_published_times() {
        let w25q = dump(include_str!("../../sfdp/W25Q128JV_ef4018.hex"));
        assert_eq!(w25q.size(), Some(16 << 20));
        assert_eq!(w25q.page_program(), Some(Span::new(704_000, 4_224_000)));
        assert_eq!(w25q.deep_power_down_exit_ns(), Some(3_000));
        let mt25 = dump(include_str!("../../sfdp/MT25QU256A_20bb19_1044.hex"));
        assert_eq!(
            mt25.chip_erase(),
            Some(Span::new(84_000 * MS, 2_016_000 * MS))
        );
        assert_eq!(mt25.read_mode(Lanes::Four, Lanes::Four), Some((0xEB, 10)));
        let sst = dump(include_str!("../../sfdp/SST26VF064B_bf2643.hex"));
        assert_eq!(sst.deep_power_down_exit_ns(), None);
        assert_eq!(sst.chip_erase(), Some(Span::new(32 * MS, 64 * MS)));
    }

    #[test]
    fn beyond_the_dump_is_ff() {
        let image = dump("# x\n53 46 44");
        assert_eq!(image.bytes(), [0x53, 0x46, 0x44]);
        assert_eq!(image.byte(2), 0x44);
        assert_eq!(image.byte(3), 0xFF);
        assert_eq!(image.size(), None);
        assert_eq!(SfdpImage::none().byte(0), 0xFF);
    }
}
