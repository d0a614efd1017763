// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Checks that a linked app stays in its place and needs nothing from a loader.
//!
//! Every address that the linker has put into the app is looked at, by way of the
//! relocations that it was told to keep: where each leads to, and what is really
//! there in its word or pair of instructions.

use crate::boards::{Place, Sizes};
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader, Rel, SectionHeader, SectionTable, Sym};
use std::fmt;
use std::ops::Range;

type Header = elf::FileHeader32<Endianness>;

/// What is wrong with an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is no linked program for ARM.
    Kind(String),
    /// A section or segment outside of its place.
    Outside {
        /// Which.
        what: String,
        /// Its addresses.
        at: Range<u64>,
    },
    /// A part that something would have to fill in before the app can run.
    Loader(String),
    /// An address in it that leads out of its place.
    Leads {
        /// Where the address is.
        at: u64,
        /// Where it leads to.
        to: u64,
    },
    /// A relocation of a kind that is not known here, or of nothing.
    Unknown {
        /// Where it is.
        at: u64,
        /// Its type.
        kind: u32,
    },
    /// The app does not begin where its code does.
    Entry(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Kind(why) => write!(f, "no app: {why}"),
            Fault::Outside { what, at } => write!(f, "{what} at {at:#x?}, outside of its place"),
            Fault::Loader(what) => write!(f, "{what} would need a loader"),
            Fault::Leads { at, to } => write!(f, "at {at:#x}: {to:#x}, outside of its place"),
            Fault::Unknown { at, kind } => write!(f, "at {at:#x}: relocation type {kind}"),
            Fault::Entry(entry) => write!(f, "the entry is at {entry:#x}"),
        }
    }
}

/// What was looked at, and how large the app is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Checked {
    /// Addresses that were followed.
    pub addresses: usize,
    /// Bytes of code.
    pub code: u64,
    /// Bytes of constants.
    pub constants: u64,
    /// Bytes of RAM.
    pub ram: u64,
}

/// Checks the app in `elf`, which was linked for `place`.
///
/// # Errors
///
/// All that is wrong with it.
pub fn check(elf: &[u8], place: Place, sizes: Sizes) -> Result<Checked, Vec<Fault>> {
    let mut check = Check {
        elf,
        place,
        sizes,
        checked: Checked::default(),
        faults: Vec::new(),
    };
    if let Err(why) = check.all() {
        check.faults.push(Fault::Kind(why.to_string()));
    }
    if check.faults.is_empty() && check.checked.addresses == 0 {
        check
            .faults
            .push(Fault::Kind("its relocations were not kept".into()));
    }
    if check.faults.is_empty() {
        Ok(check.checked)
    } else {
        Err(check.faults)
    }
}

struct Check<'e> {
    elf: &'e [u8],
    place: Place,
    sizes: Sizes,
    checked: Checked,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn all(&mut self) -> object::Result<()> {
        let header = Header::parse(self.elf)?;
        let endian = header.endian()?;
        if header.e_machine(endian) != elf::EM_ARM || header.e_type(endian) != elf::ET_EXEC {
            self.faults.push(Fault::Kind("not linked for ARM".into()));
        }
        let entry = u64::from(header.e_entry(endian));
        // The lowest bit says that it is Thumb code.
        if entry & !1 != u64::from(self.place.code(self.sizes)) {
            self.faults.push(Fault::Entry(entry));
        }
        self.segments(header, endian)?;
        let sections = header.sections(endian, self.elf)?;
        for section in sections.iter() {
            self.section(endian, &sections, section)?;
        }
        for section in sections.iter() {
            if section.sh_type(endian) == elf::SHT_REL {
                self.relocations(endian, &sections, section)?;
            }
        }
        Ok(())
    }

    fn segments(&mut self, header: &Header, endian: Endianness) -> object::Result<()> {
        for segment in header.program_headers(endian, self.elf)? {
            let start = u64::from(segment.p_paddr(endian));
            match segment.p_type(endian) {
                elf::PT_LOAD => {
                    let at = start..start + u64::from(segment.p_memsz(endian));
                    self.stays("a segment", at);
                }
                kind @ (elf::PT_DYNAMIC | elf::PT_INTERP | elf::PT_TLS) => {
                    self.faults
                        .push(Fault::Loader(format!("segment type {kind}")));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn section(
        &mut self,
        endian: Endianness,
        sections: &SectionTable<'_, Header>,
        section: &elf::SectionHeader32<Endianness>,
    ) -> object::Result<()> {
        let name = String::from_utf8_lossy(sections.section_name(endian, section)?).into_owned();
        let flags = section.sh_flags(endian);
        let size = u64::from(section.sh_size(endian));
        if !flags.contains(elf::SHF_ALLOC) || size == 0 {
            return Ok(());
        }
        let start = u64::from(section.sh_addr(endian));
        self.stays(&name, start..start + size);
        let kind = section.sh_type(endian);
        let is_stack = kind == elf::SHT_NOBITS && name == ".stack";
        // Memory that must hold something at the start; relocations to be loaded.
        let is_filled = flags.contains(elf::SHF_WRITE) || kind == elf::SHT_NOBITS;
        if (is_filled && !is_stack) || kind == elf::SHT_REL || kind == elf::SHT_RELA {
            self.faults.push(Fault::Loader(name));
        } else if is_stack {
            self.checked.ram += size;
        } else if flags.contains(elf::SHF_EXECINSTR) {
            self.checked.code += size;
        } else {
            self.checked.constants += size;
        }
        Ok(())
    }

    fn relocations(
        &mut self,
        endian: Endianness,
        sections: &SectionTable<'_, Header>,
        section: &elf::SectionHeader32<Endianness>,
    ) -> object::Result<()> {
        let Some((relocations, symbols)) = section.rel(endian, self.elf)? else {
            return Ok(());
        };
        let target = sections.section(object::SectionIndex(section.sh_info(endian) as usize))?;
        if !target.sh_flags(endian).contains(elf::SHF_ALLOC) {
            // Of what stays on the host.
            return Ok(());
        }
        let bytes = target.data(endian, self.elf)?;
        let base = target.sh_addr(endian);
        let symbols = sections.symbol_table_by_index(endian, self.elf, symbols)?;
        for relocation in relocations {
            let at = relocation.r_offset(endian);
            let kind = relocation.r_type(endian);
            let symbol = symbols.symbol(object::SymbolIndex(relocation.r_sym(endian) as usize))?;
            let to = symbol.st_value(endian);
            let offset = at.wrapping_sub(base) as usize;
            let there: Option<[u8; 4]> = bytes
                .get(offset..offset.saturating_add(4))
                .and_then(|bytes| bytes.try_into().ok());
            let Some(there) = there else {
                self.faults.push(Fault::Unknown {
                    at: at.into(),
                    kind: kind.0,
                });
                continue;
            };
            let found = match kind {
                elf::R_ARM_NONE => continue,
                elf::R_ARM_ABS32 => u32::from_le_bytes(there),
                // A half of an address; the symbol has the other.
                elf::R_ARM_THM_MOVW_ABS_NC => to & 0xffff_0000 | u32::from(immediate(there)),
                elf::R_ARM_THM_MOVT_ABS => to & 0xffff | u32::from(immediate(there)) << 16,
                // From here to there, so right wherever both are.
                elf::R_ARM_THM_PC22
                | elf::R_ARM_THM_JUMP24
                | elf::R_ARM_THM_JUMP19
                | elf::R_ARM_THM_PC11
                | elf::R_ARM_THM_PC9
                | elf::R_ARM_REL32
                | elf::R_ARM_PREL31 => to,
                kind => {
                    self.faults.push(Fault::Unknown {
                        at: at.into(),
                        kind: kind.0,
                    });
                    continue;
                }
            };
            self.checked.addresses += 1;
            for to in [to, found] {
                if !self.is_mine(to) {
                    self.faults.push(Fault::Leads {
                        at: at.into(),
                        to: to.into(),
                    });
                    break;
                }
            }
        }
        Ok(())
    }

    fn stays(&mut self, what: &str, at: Range<u64>) {
        let inside = self
            .ranges()
            .iter()
            .any(|range| u64::from(range.start) <= at.start && at.end <= u64::from(range.end));
        if !inside {
            let what = what.into();
            self.faults.push(Fault::Outside { what, at });
        }
    }

    /// Ends are addresses too: that of the stack is where it begins.
    fn is_mine(&self, address: u32) -> bool {
        self.ranges()
            .iter()
            .any(|range| (range.start..=range.end).contains(&address))
    }

    fn ranges(&self) -> [Range<u32>; 2] {
        [
            self.place.code_range(self.sizes),
            self.place.ram_range(self.sizes),
        ]
    }
}

/// The constant in a MOVW or MOVT of Thumb, encodings T3 and T1 of the ARMv7-M
/// manual.
fn immediate(instruction: [u8; 4]) -> u16 {
    let first = u16::from_le_bytes([instruction[0], instruction[1]]);
    let second = u16::from_le_bytes([instruction[2], instruction[3]]);
    (first & 0xf) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xff
}

#[cfg(test)]
mod tests {
    use super::immediate;

    #[test]
    fn immediates_as_an_assembler_makes_them() {
        // movw r4, #0x0100; movt r4, #0x0004; movw r0, #0xabcd.
        assert_eq!(immediate([0x40, 0xf2, 0x00, 0x14]), 0x0100);
        assert_eq!(immediate([0xc0, 0xf2, 0x04, 0x04]), 0x0004);
        assert_eq!(immediate([0x4a, 0xf6, 0xcd, 0x30]), 0xabcd);
    }
}
