// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Links an app for a place.

use crate::boards::{Place, Sizes};
use crate::error::{Doing, Error};
use crate::manifest::entry_symbol;
use crate::program::output_of;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The linker script for `place`.
///
/// Tock's ABI wants the code to begin with nothing in particular and RAM with the
/// stack, so that an overflow leaves the app's memory and faults. `_flash_origin`
/// and `_sram_origin` tell elf2tab what the places are, `tbf_protected_region_size`
/// how much of the flash the header has.
pub fn script(place: Place, sizes: Sizes) -> String {
    let code = place.code_range(sizes);
    format!(
        r#"/* Made by userland-tabs. */
_flash_origin = {code:#010x};
_sram_origin = {ram:#010x};
tbf_protected_region_size = {header:#x};
MEMORY {{
    FLASH (rx) : ORIGIN = {code:#010x}, LENGTH = {room:#x}
    RAM (rw)   : ORIGIN = {ram:#010x}, LENGTH = {stack:#x}
}}
PHDRS {{
    code PT_LOAD FLAGS(5);
    memory PT_LOAD FLAGS(6);
}}
ENTRY(_start)
SECTIONS {{
    .start :          {{ KEEP(*(.start)) }} > FLASH :code
    .text :           {{ *(.text .text.*) }} > FLASH :code
    .rodata :         {{ *(.rodata .rodata.*) }} > FLASH :code
    .stack (NOLOAD) : {{ . += {stack:#x}; }} > RAM :memory
    _stack_top = _sram_origin + {stack:#x};
    _break = _stack_top;
    .data :           {{ *(.data .data.*) }} > RAM :memory
    .bss (NOLOAD) :   {{ *(.bss .bss.* COMMON) }} > RAM :memory
    .got :            {{ *(.got .got.* .igot.*) }} > RAM :memory
    ASSERT(SIZEOF(.data) == 0 && SIZEOF(.bss) == 0,
        "a writable static: a restarted app would find what its predecessor left in it")
    ASSERT(SIZEOF(.got) == 0, "a table of addresses to be filled in at run time")
    /DISCARD/ :       {{ *(.ARM.exidx .ARM.exidx.* .ARM.extab .ARM.extab.*) }}
}}
"#,
        code = code.start,
        room = code.end - code.start,
        ram = place.ram,
        header = sizes.header,
        stack = sizes.stack,
    )
}

/// What is needed for all links.
pub struct Linker {
    /// The linker.
    pub program: PathBuf,
    /// The library of all apps.
    pub library: PathBuf,
}

impl Linker {
    /// The linker that comes with the Rust toolchain.
    ///
    /// # Errors
    ///
    /// It is not where it should be.
    pub fn of_toolchain(library: &Path) -> Result<Linker, Error> {
        let rustc = |arguments: &[&str]| output_of(Command::new("rustc").args(arguments));
        let version = rustc(&["-vV"])?;
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or("rustc -vV names no host")?;
        let program = Path::new(rustc(&["--print", "sysroot"])?.trim())
            .join("lib/rustlib")
            .join(host)
            .join("bin/rust-lld");
        if !program.is_file() {
            return Err(format!("there is no linker at {}", program.display()));
        }
        Ok(Linker {
            program,
            library: library.into(),
        })
    }

    /// Links the app called `name` for `place`, at `elf`.
    ///
    /// # Errors
    ///
    /// The linker's.
    pub fn link(&self, name: &str, place: Place, sizes: Sizes, elf: &Path) -> Result<(), Error> {
        let script_path = elf.with_extension("ld");
        std::fs::write(&script_path, script(place, sizes)).doing(script_path.display())?;
        output_of(
            Command::new(&self.program)
                .args(["-flavor", "gnu", "--gc-sections", "--strip-debug"])
                .args(["--no-undefined", "-static", "--build-id=none"])
                // For `slot_check`.
                .arg("--emit-relocs")
                .arg(format!("--defsym=userland_main={}", entry_symbol(name)))
                .arg("-T")
                .arg(&script_path)
                .arg(&self.library)
                .arg("-o")
                .arg(elf),
        )
        .doing(format!("linking {name} for {place:x?}"))?;
        Ok(())
    }
}
