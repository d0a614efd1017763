// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The image that is the flash's content.

use super::exit::Failure;
use crate::text::Bytes;
use qspi_models::nor::{Backing, InFile, PartSpec};
use std::fs;
use std::path::Path;

/// Opens the image at `path`, which has to be of `part`'s size.
///
/// # Errors
/// Why the file is no image of the part. It was not touched.
pub fn open(path: &Path, part: &PartSpec, write: bool) -> Result<Box<dyn Backing>, Failure> {
    let name = path.display();
    let cannot = |what: &str, error| Failure::input(format!("cannot {what} {name}: {error}"));
    let found = fs::metadata(path).map_err(|error| cannot("open", error))?;
    if !found.is_file() {
        return Err(Failure::input(format!("{name} is not a file")));
    }
    if found.len() != u64::from(part.size) {
        let fitting: Vec<&str> = qspi_models::nor::parts()
            .iter()
            .filter(|part| u64::from(part.size) == found.len())
            .map(|part| part.name)
            .collect();
        let hint = if fitting.is_empty() {
            String::new()
        } else {
            format!("; it would fit {}", fitting.join(", "))
        };
        return Err(Failure::input(format!(
            "{name} has {} bytes, but a {} has {} ({}){hint}",
            found.len(),
            part.name,
            part.size,
            Bytes(u64::from(part.size)),
        )));
    }
    let backing = if write {
        InFile::open_writable(path).map_err(|error| cannot("write", error))?
    } else {
        InFile::open_read_only(path).map_err(|error| cannot("read", error))?
    };
    Ok(Box::new(backing))
}
