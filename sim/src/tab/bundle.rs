// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! TABs: the binaries of one app, bundled.

use super::header::{Header, LinkedFor};
use std::io::{self, Read};

/// One binary of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// Its header.
    pub header: Header,
    /// All of it, the header included.
    pub bytes: Vec<u8>,
}

impl Binary {
    /// The binary at the start of `bytes`; what follows it is left out.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(bytes: &[u8]) -> Result<Binary, String> {
        let header = Header::parse(bytes).map_err(|error| error.to_string())?;
        let bytes = bytes
            .get(..header.total_size as usize)
            .ok_or("it ends before its header says")?;
        Ok(Binary {
            bytes: bytes.to_vec(),
            header,
        })
    }

    /// Where it was linked for, and where its header then lies.
    #[must_use]
    pub fn place(&self) -> Option<(LinkedFor, u32)> {
        let program = self.header.program?;
        let place = program.place?;
        Some((place, place.flash.checked_sub(program.protected)?))
    }
}

/// The app in a TAB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Its name, as its binaries say it.
    pub name: String,
    /// Its binaries for a Cortex-M4, each linked for a place, in the order of these places.
    pub binaries: Vec<Binary>,
}

/// How binaries for this core are called.
const ARCHITECTURE: &str = "cortex-m4.";

impl Tab {
    /// Reads a TAB, a tar archive.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(archive: impl Read) -> Result<Tab, String> {
        let broken = |error: io::Error| format!("no tar archive: {error}");
        let mut binaries = Vec::new();
        for entry in tar::Archive::new(archive).entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let path = entry.path().map_err(broken)?;
            let name = path.to_string_lossy().into_owned();
            if !name.starts_with(ARCHITECTURE) || !name.ends_with(".tbf") {
                continue;
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            let binary = Binary::parse(&bytes).map_err(|why| format!("{name}: {why}"))?;
            if binary.place().is_none() {
                return Err(format!("{name}: it was not linked for fixed addresses"));
            }
            binaries.push(binary);
        }
        binaries.sort_by_key(|binary| binary.place().map(|(place, _)| (place.flash, place.ram)));
        let name = binaries
            .first()
            .ok_or("there is no binary for a Cortex-M4 in it")?
            .header
            .name
            .clone()
            .ok_or("its app has no name")?;
        Ok(Tab { name, binaries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(Tab::read(&b"no archive"[..]).is_err());
        let nothing = tar::Builder::new(Vec::new()).into_inner().unwrap();
        let why = Tab::read(nothing.as_slice()).unwrap_err();
        assert!(why.contains("no binary for a Cortex-M4"), "{why}");
    }

    #[test]
    fn a_broken_binary_is_named() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_cksum();
        let name = "cortex-m4.0x00040100.0x20020000.tbf";
        builder
            .append_data(&mut header, name, &[2, 0, 16, 0][..])
            .unwrap();
        let archive = builder.into_inner().unwrap();
        let why = Tab::read(archive.as_slice()).unwrap_err();
        assert!(why.starts_with(name), "{why}");
    }
}
