// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Lists a FAT volume that fills the region: each file with its size and the
//! checksum of its content.

use crate::check::{open, range, region_length, value};
use crate::failure::Failure;
use crate::flash_disk::FlashDisk;
use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc};
use fatfs::{Dir, File, FileSystem, FsOptions};
use std::format;
use std::io::Read;
use std::string::String;
use std::vec;
use userland_rt::println;

/// What was found.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Files.
    pub files: u32,
    /// Directories, without the root.
    pub directories: u32,
    /// Bytes of all files together.
    pub bytes: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files, {} directories, {} bytes",
            self.files, self.directories, self.bytes
        )
    }
}

// A damaged volume can hold a directory that contains itself.
const DEEPEST: u32 = 16;
const MOST_ENTRIES: u32 = 10_000;

/// Prints `dir PATH` and `file PATH SIZE crc32 CHECKSUM` lines, and sums up.
///
/// # Errors
///
/// What could not be read.
pub fn run() -> Result<Summary, Failure> {
    let length = region_length(1)?;
    open("open")?;
    let volume = FileSystem::new(FlashDisk::new(length), FsOptions::new())
        .map_err(volume("mounting the volume"))?;
    let mut summary = Summary::default();
    list(&volume.root_dir(), "", 0, &mut summary)?;
    Ok(summary)
}

fn list(
    directory: &Dir<'_, FlashDisk>,
    path: &str,
    depth: u32,
    summary: &mut Summary,
) -> Result<(), Failure> {
    range("depth of directories", 0, DEEPEST, depth)?;
    for entry in directory.iter() {
        let entry = entry.map_err(volume("reading a directory"))?;
        let name = entry.file_name();
        if name == "." || name == ".." {
            continue;
        }
        range(
            "entries of the volume",
            0,
            MOST_ENTRIES,
            summary.files + summary.directories,
        )?;
        let path: String = format!("{path}/{name}");
        if entry.is_dir() {
            println!("dir {path}")?;
            summary.directories += 1;
            list(&entry.to_dir(), &path, depth + 1, summary)?;
        } else {
            let (size, checksum) = sum(&mut entry.to_file())?;
            value("size of a file in its directory", size, entry.len() as u32)?;
            println!("file {path} {size} crc32 {checksum:08x}")?;
            summary.files += 1;
            summary.bytes += u64::from(size);
        }
    }
    Ok(())
}

/// Bytes that the file's clusters really hold, and their checksum.
fn sum(file: &mut File<'_, FlashDisk>) -> Result<(u32, u32), Failure> {
    let algorithm = Crc::<u32>::new(&CRC_32_ISO_HDLC);
    let mut digest = algorithm.digest();
    let mut buffer = vec![0; 4096];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer).map_err(volume("reading a file"))?;
        if count == 0 {
            return Ok((size, digest.finalize()));
        }
        digest.update(&buffer[..count]);
        size += count as u32;
    }
}

fn volume(what: &'static str) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| Failure::Volume { what, error }
}
