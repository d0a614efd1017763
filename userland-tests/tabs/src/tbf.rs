// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock binaries: the header of an app as a kernel reads it (TockBinaryFormat,
//! version 2 of the header).

use std::fmt;

/// What tockloader reads of a header when it looks for apps, in bytes: one that is
/// longer is not found.
pub const LONGEST_HEADER: usize = 200;

const VERSION: u16 = 2;
const BASE: usize = 16;
const CHECKSUM_AT: usize = 12;
const ENABLED: u32 = 1;

/// A header.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Header {
    /// Bytes of the header.
    pub header_size: usize,
    /// Bytes of the binary, header and padding included.
    pub total_size: u32,
    /// Whether a kernel should start it.
    pub enabled: bool,
    /// The app, unless this is padding between apps.
    pub app: Option<App>,
}

/// What the header of an app says.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct App {
    /// The app's name.
    pub name: String,
    /// Where it is entered, in bytes after the header.
    pub entry: u32,
    /// Bytes between the header and the app.
    pub protected: u32,
    /// The least RAM, in bytes.
    pub ram: u32,
    /// Where code and constants end, in bytes from the start of the header.
    pub end: Option<u32>,
    /// The app's version.
    pub version: u32,
    /// Where it was linked for: RAM, then flash.
    pub fixed: Option<(u32, u32)>,
    /// Commands that it may give: (driver, number of the first / 64, mask).
    pub permissions: Vec<(u32, u32, u64)>,
    /// Storage ids.
    pub storage: Option<Storage>,
    /// The kernel that it wants: major, least minor.
    pub kernel: Option<(u16, u16)>,
    /// The id that it asks for.
    pub short_id: Option<u32>,
}

/// Whose stored data an app may use.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Storage {
    /// The id of what it stores.
    pub write: u32,
    /// Ids of what it may read.
    pub read: Vec<u32>,
    /// Ids of what it may change.
    pub access: Vec<u32>,
}

/// Why something is no header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// It ends too early.
    Short,
    /// Another version, or none.
    Version(u16),
    /// Sizes that contradict each other.
    Size,
    /// The checksum that it has, and the one that it should have.
    Checksum(u32, u32),
    /// An element with an impossible length, by type.
    Element(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Short => f.write_str("it ends too early"),
            Error::Version(version) => write!(f, "version {version}"),
            Error::Size => f.write_str("its sizes contradict each other"),
            Error::Checksum(found, right) => write!(f, "checksum {found:#x}, should be {right:#x}"),
            Error::Element(kind) => write!(f, "element of type {kind} has an impossible length"),
        }
    }
}

impl std::error::Error for Error {}

impl Header {
    /// The header at the start of `binary`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn parse(binary: &[u8]) -> Result<Header, Error> {
        let mut base = Reader(binary);
        let version = base.u16().ok_or(Error::Short)?;
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let header_size = usize::from(base.u16().ok_or(Error::Short)?);
        let total_size = base.u32().ok_or(Error::Short)?;
        let flags = base.u32().ok_or(Error::Short)?;
        let checksum = base.u32().ok_or(Error::Short)?;
        let header = binary.get(..header_size).ok_or(Error::Short)?;
        if header_size < BASE || header_size % 4 != 0 || total_size < header_size as u32 {
            return Err(Error::Size);
        }
        let right = checksum_of(header);
        if checksum != right {
            return Err(Error::Checksum(checksum, right));
        }
        Ok(Header {
            header_size,
            total_size,
            enabled: flags & ENABLED != 0,
            app: App::parse(&header[BASE..])?,
        })
    }
}

impl App {
    fn parse(elements: &[u8]) -> Result<Option<App>, Error> {
        let mut app = App::default();
        let mut is_app = false;
        let mut rest = Reader(elements);
        while !rest.0.is_empty() {
            let kind = rest.u16().ok_or(Error::Short)?;
            let length = usize::from(rest.u16().ok_or(Error::Short)?);
            let mut value = Reader(rest.take(length).ok_or(Error::Element(kind))?);
            rest.take(length.next_multiple_of(4) - length)
                .ok_or(Error::Element(kind))?;
            is_app |= matches!(kind, 1 | 9);
            app.element(kind, &mut value).ok_or(Error::Element(kind))?;
        }
        Ok(is_app.then_some(app))
    }

    fn element(&mut self, kind: u16, value: &mut Reader<'_>) -> Option<()> {
        match kind {
            // Main, and Program, which a kernel prefers and which comes later.
            1 | 9 => {
                self.entry = value.u32()?;
                self.protected = value.u32()?;
                self.ram = value.u32()?;
                if kind == 9 {
                    self.end = Some(value.u32()?);
                    self.version = value.u32()?;
                }
            }
            3 => self.name = String::from_utf8(value.0.to_vec()).ok()?,
            5 => self.fixed = Some((value.u32()?, value.u32()?)),
            6 => {
                for _ in 0..value.u16()? {
                    let permission = (value.u32()?, value.u32()?, value.u64()?);
                    self.permissions.push(permission);
                }
            }
            7 => {
                self.storage = Some(Storage {
                    write: value.u32()?,
                    read: value.u32s()?,
                    access: value.u32s()?,
                });
            }
            8 => {
                let minor_first = (value.u16()?, value.u16()?);
                self.kernel = Some(minor_first);
            }
            10 => self.short_id = Some(value.u32()?),
            // Others are for a kernel to know.
            _ => {}
        }
        Some(())
    }
}

/// All words of a header, its checksum taken as 0, XORed.
fn checksum_of(header: &[u8]) -> u32 {
    header
        .chunks_exact(4)
        .enumerate()
        .filter(|(index, _)| *index != CHECKSUM_AT / 4)
        .fold(0, |sum, (_, word)| {
            sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]])
        })
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn u32s(&mut self) -> Option<Vec<u32>> {
        (0..self.u16()?).map(|_| self.u32()).collect()
    }
}
