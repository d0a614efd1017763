// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Programs as ELF files have them.

use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeMap;
use std::fmt;

/// Bytes and where they are loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Load address.
    pub address: u32,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What is loaded.
    pub segments: Vec<Segment>,
    /// Addresses by name.
    pub symbols: BTreeMap<String, u32>,
}

/// No ELF file of a 32-bit little-endian machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError(String);

impl ImageError {
    /// Says why an image can't be used.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ImageError {}

impl From<object::Error> for ImageError {
    fn from(error: object::Error) -> Self {
        Self(error.to_string())
    }
}

impl Image {
    /// Parses an ELF file.
    pub fn from_elf(file: &[u8]) -> Result<Self, ImageError> {
        let header = FileHeader32::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        let mut segments = Vec::new();
        for program in header.program_headers(endian, file)? {
            let bytes = program
                .data(endian, file)
                .map_err(|()| ImageError("a segment lies outside the file".to_owned()))?;
            if program.p_type(endian) == PT_LOAD && !bytes.is_empty() {
                segments.push(Segment {
                    address: program.p_paddr(endian),
                    bytes: bytes.to_vec(),
                });
            }
        }
        let symbols = object::File::parse(file)?
            .symbols()
            .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address() as u32)))
            .collect();
        Ok(Self { segments, symbols })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_elf_file_is_refused() {
        assert!(Image::from_elf(b"\x7FELF").is_err());
        assert!(Image::from_elf(&[]).is_err());
    }
}
