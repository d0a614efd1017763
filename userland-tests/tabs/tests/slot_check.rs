// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Programs that are linked like an app, of which some are not as they should be.

use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf,
};
use std::fs;
use userland_tabs::boards::{Place, Sizes};
use userland_tabs::link::Linker;
use userland_tabs::slot_check::{Checked, Fault, check};

const SIZES: Sizes = Sizes {
    flash: 0x8000,
    ram: 0x4000,
    header: 0x100,
    stack: 0x3000,
};
const HERE: Place = Place {
    flash: 0x4_8000,
    ram: 0x2002_4000,
};
const ELSEWHERE: Place = Place {
    flash: 0x5_0000,
    ram: 0x2002_8000,
};

/// What a program is made of, beside its start.
#[derive(Default)]
struct Program {
    /// A constant that is this address.
    absolute: Option<u64>,
    /// A static that can be written.
    writable: bool,
    /// A static that begins as zeros.
    zeroed: bool,
}

impl Program {
    fn object(&self) -> Vec<u8> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::Arm, Endianness::Little);
        let start = object.add_section(Vec::new(), b".start".to_vec(), SectionKind::Text);
        let constants = object.section_id(StandardSection::ReadOnlyData);
        let symbol = |object: &mut Object<'_>, name: &str, value: u64, section| {
            object.add_symbol(Symbol {
                name: name.as_bytes().to_vec(),
                value,
                size: 4,
                kind: SymbolKind::Data,
                scope: SymbolScope::Linkage,
                weak: false,
                section,
                flags: SymbolFlags::None,
            })
        };
        // movw r4, #0; movt r4, #0; a word.
        let code = [0x40, 0xf2, 0, 4, 0xc0, 0xf2, 0, 4, 0, 0, 0, 0];
        object.append_section_data(start, &code, 4);
        object.append_section_data(constants, &[0; 8], 4);
        symbol(&mut object, "_start", 0, SymbolSection::Section(start));
        symbol(&mut object, "app_x", 0, SymbolSection::Section(start));
        let table = symbol(&mut object, "table", 0, SymbolSection::Section(constants));
        let refer = |object: &mut Object<'_>, section, offset, symbol, r_type| {
            let flags = RelocationFlags::Elf { r_type };
            let relocation = Relocation {
                offset,
                symbol,
                addend: 0,
                flags,
            };
            object.add_relocation(section, relocation).unwrap();
        };
        refer(&mut object, start, 0, table, elf::R_ARM_THM_MOVW_ABS_NC);
        refer(&mut object, start, 4, table, elf::R_ARM_THM_MOVT_ABS);
        refer(&mut object, start, 8, table, elf::R_ARM_ABS32);
        if let Some(address) = self.absolute {
            let there = symbol(&mut object, "there", address, SymbolSection::Absolute);
            refer(&mut object, constants, 4, there, elf::R_ARM_ABS32);
        }
        if self.writable {
            let section = object.section_id(StandardSection::Data);
            object.append_section_data(section, &[1; 4], 4);
            let data = symbol(&mut object, "data", 0, SymbolSection::Section(section));
            refer(&mut object, constants, 0, data, elf::R_ARM_ABS32);
        }
        if self.zeroed {
            let section = object.section_id(StandardSection::UninitializedData);
            object.append_section_bss(section, 4, 4);
            let zeros = symbol(&mut object, "zeros", 0, SymbolSection::Section(section));
            refer(&mut object, constants, 0, zeros, elf::R_ARM_ABS32);
        }
        object.write().unwrap()
    }

    fn link(&self) -> Result<Vec<u8>, String> {
        let scratch = tempfile::tempdir().unwrap();
        let library = scratch.path().join("x.o");
        fs::write(&library, self.object()).unwrap();
        let elf = scratch.path().join("x.elf");
        Linker::of_toolchain(&library)?.link("x", HERE, SIZES, &elf)?;
        Ok(fs::read(&elf).unwrap())
    }
}

#[test]
fn what_stays_in_its_place_is_right() {
    let elf = Program::default().link().unwrap();
    let right = Checked {
        addresses: 3,
        code: 12,
        constants: 8,
        ram: 0x3000,
    };
    assert_eq!(check(&elf, HERE, SIZES), Ok(right));
}

#[test]
fn an_address_in_its_own_memory_is_right() {
    let program = Program {
        absolute: Some(u64::from(HERE.ram) + 0x2fff),
        ..Program::default()
    };
    let elf = program.link().unwrap();
    assert_eq!(check(&elf, HERE, SIZES).unwrap().addresses, 4);
}

#[test]
fn another_place_is_wrong() {
    let elf = Program::default().link().unwrap();
    let faults = check(&elf, ELSEWHERE, SIZES).unwrap_err();
    let code = u64::from(HERE.code(SIZES));
    assert!(faults.contains(&Fault::Entry(code)), "{faults:?}");
    for at in [code, code + 4, code + 8] {
        let to = code + 12;
        assert!(
            faults.contains(&Fault::Leads { at, to }),
            "{at:x}: {faults:x?}"
        );
    }
    let outside = |fault: &&Fault| matches!(fault, Fault::Outside { .. });
    // Two segments and three sections.
    assert_eq!(faults.iter().filter(outside).count(), 5, "{faults:?}");
}

#[test]
fn an_address_of_the_next_app_is_wrong() {
    // The RAM that the kernel keeps for this app is not the app's either.
    for address in [0, 0x4_7fff, 0x4_8000, 0x5_0100, 0x2002_7001, 0x2002_8000] {
        let program = Program {
            absolute: Some(address),
            ..Program::default()
        };
        let elf = program.link().unwrap();
        let fault = Fault::Leads {
            at: u64::from(HERE.code(SIZES)) + 16,
            to: address,
        };
        assert_eq!(check(&elf, HERE, SIZES), Err(vec![fault]));
    }
}

#[test]
fn a_word_that_is_not_what_its_relocation_says_is_wrong() {
    let mut elf = Program::default().link().unwrap();
    let code = HERE.code(SIZES);
    let word = (code + 12).to_le_bytes();
    let at = elf.windows(4).position(|bytes| bytes == word).unwrap();
    elf[at + 2] ^= 1;
    let fault = Fault::Leads {
        at: u64::from(code) + 8,
        to: u64::from((code + 12) ^ 0x1_0000),
    };
    assert_eq!(check(&elf, HERE, SIZES), Err(vec![fault]));
}

#[test]
fn writable_statics_are_refused() {
    let program = Program {
        writable: true,
        ..Program::default()
    };
    let why = program.link().unwrap_err();
    assert!(why.contains("a writable static"), "{why}");
    let program = Program {
        zeroed: true,
        ..Program::default()
    };
    let why = program.link().unwrap_err();
    assert!(why.contains("a writable static"), "{why}");
}

#[test]
fn what_is_no_program_is_refused() {
    let object = Program::default().object();
    let faults = check(&object, HERE, SIZES).unwrap_err();
    assert!(faults.iter().any(|fault| matches!(fault, Fault::Kind(_))));
    assert!(check(b"no ELF", HERE, SIZES).is_err());
    let elf = Program::default().link().unwrap();
    assert!(check(&elf[..elf.len() / 2], HERE, SIZES).is_err());
}
