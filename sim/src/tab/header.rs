// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Headers of Tock binaries, as far as loading one needs them (TockBinaryFormat, version 2).

use std::fmt;

const VERSION: u16 = 2;
const BASE: usize = 16;
const ENABLED: u32 = 1;

const MAIN: u16 = 1;
const PACKAGE_NAME: u16 = 3;
const FIXED_ADDRESSES: u16 = 5;
const PROGRAM: u16 = 9;

/// Why something is no header of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// It ends too early.
    Short,
    /// Another version, or none.
    Version(u16),
    /// Its sizes contradict each other.
    Sizes,
    /// Its checksum is wrong.
    Checksum,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Short => f.write_str("it ends too early"),
            HeaderError::Version(version) => write!(f, "its version is {version}, not {VERSION}"),
            HeaderError::Sizes => f.write_str("its sizes contradict each other"),
            HeaderError::Checksum => f.write_str("its checksum is wrong"),
        }
    }
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the header.
    pub size: u32,
    /// Bytes of the binary, header and padding included.
    pub total_size: u32,
    /// Whether a kernel should start it.
    pub enabled: bool,
    /// The app's name, if it says one.
    pub name: Option<String>,
    /// What there is to run. `None` for padding.
    pub program: Option<Program>,
}

/// What there is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is entered, in bytes from the start of the header.
    pub entry: u32,
    /// Bytes at the start that are the kernel's: header and what follows it.
    pub protected: u32,
    /// The least RAM, in bytes.
    pub minimum_ram: u32,
    /// Where it was linked for.
    pub place: Option<LinkedFor>,
}

/// Addresses that an app was linked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkedFor {
    /// First byte of its RAM.
    pub ram: u32,
    /// First byte of flash behind what is the kernel's.
    pub flash: u32,
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

impl Header {
    /// The header at the start of `binary`, of which all has to be there.
    ///
    /// # Errors
    /// Why there is none.
    pub fn parse(binary: &[u8]) -> Result<Header, HeaderError> {
        let version = half(binary, 0).ok_or(HeaderError::Short)?;
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let field = |at| word(binary, at).ok_or(HeaderError::Short);
        let size = half(binary, 2).ok_or(HeaderError::Short)?;
        let (total_size, flags) = (field(4)?, field(8)?);
        let length = usize::from(size);
        if length < BASE || !length.is_multiple_of(4) || total_size < u32::from(size) {
            return Err(HeaderError::Sizes);
        }
        let header = binary.get(..length).ok_or(HeaderError::Short)?;
        let words = header.chunks_exact(4).map(|word| {
            word.iter()
                .rev()
                .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
        });
        // One of the words is the checksum of all others.
        if words.fold(0, |sum, word| sum ^ word) != 0 {
            return Err(HeaderError::Checksum);
        }
        let mut parsed = Header {
            size: u32::from(size),
            total_size,
            enabled: flags & ENABLED != 0,
            name: None,
            program: None,
        };
        parsed.elements(&header[BASE..]).ok_or(HeaderError::Sizes)?;
        Ok(parsed)
    }

    fn elements(&mut self, mut rest: &[u8]) -> Option<()> {
        let (mut place, mut program) = (None, None);
        while !rest.is_empty() {
            let (kind, length) = (half(rest, 0)?, usize::from(half(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            match kind {
                // What a newer kernel prefers stands for the older one.
                MAIN if program.is_none() => program = Some(value),
                PROGRAM => program = Some(value),
                PACKAGE_NAME => self.name = Some(String::from_utf8_lossy(value).into_owned()),
                FIXED_ADDRESSES => {
                    place = Some(LinkedFor {
                        ram: word(value, 0)?,
                        flash: word(value, 4)?,
                    });
                }
                _ => {}
            }
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        if let Some(value) = program {
            self.program = Some(Program {
                entry: self.size.checked_add(word(value, 0)?)?,
                protected: self.size.checked_add(word(value, 4)?)?,
                minimum_ram: word(value, 8)?,
                place,
            });
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(mut header: Vec<u8>) -> Vec<u8> {
        let size = header.len() as u16;
        header[2..4].copy_from_slice(&size.to_le_bytes());
        header[12..16].fill(0);
        let sum = header.chunks_exact(4).fold(0, |sum, word| {
            sum ^ u32::from_le_bytes(word.try_into().unwrap())
        });
        header[12..16].copy_from_slice(&sum.to_le_bytes());
        header
    }

    fn header() -> Vec<u8> {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let mut header = words(&[VERSION.into(), 0x8000, ENABLED, 0]);
        header.extend(words(&[u32::from(MAIN) | 12 << 16, 0x10, 0xA0, 0x3000]));
        header.extend(words(&[u32::from(PACKAGE_NAME) | 5 << 16]));
        header.extend(b"basic\0\0\0");
        header.extend(words(&[
            u32::from(FIXED_ADDRESSES) | 8 << 16,
            0x2002_0000,
            0x4_0100,
        ]));
        sealed(header)
    }

    #[test]
    fn a_header_says_what_loading_needs() {
        let parsed = Header::parse(&header()).unwrap();
        assert_eq!(parsed.name.as_deref(), Some("basic"));
        assert!(parsed.enabled);
        assert_eq!((parsed.size, parsed.total_size), (56, 0x8000));
        let program = parsed.program.unwrap();
        assert_eq!((program.entry, program.protected), (56 + 0x10, 56 + 0xA0));
        assert_eq!(program.minimum_ram, 0x3000);
        let place = LinkedFor {
            ram: 0x2002_0000,
            flash: 0x4_0100,
        };
        assert_eq!(program.place, Some(place));
    }

    #[test]
    fn padding_has_no_program() {
        let mut header = vec![0; 16];
        header[0] = VERSION as u8;
        header[4] = 64;
        let parsed = Header::parse(&sealed(header)).unwrap();
        assert_eq!((parsed.total_size, parsed.program), (64, None));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let good = header();
        assert_eq!(Header::parse(&good[..40]), Err(HeaderError::Short));
        assert_eq!(
            Header::parse(&[0xFF; 64]),
            Err(HeaderError::Version(0xFFFF))
        );
        for byte in [4, 9, 20, 50] {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            assert_eq!(Header::parse(&bad), Err(HeaderError::Checksum), "{byte}");
        }
        let mut long = good.clone();
        // An element that goes on behind the header.
        long[18] = 200;
        assert_eq!(Header::parse(&sealed(long)), Err(HeaderError::Sizes));
        let mut odd = good;
        odd[2] = 55;
        assert_eq!(Header::parse(&odd), Err(HeaderError::Sizes));
    }
}
