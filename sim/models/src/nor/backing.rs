// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where the array's contents live beyond the model.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a sector, the unit in which contents are held and stored.
pub const SECTOR: usize = 4096;

/// One sector's contents.
pub type Sector = [u8; SECTOR];

/// Storage that the array reads sectors from and, if it takes them, writes them
/// back to.
pub trait Backing {
    /// Reads sector `index`; `false` means that it is erased and `into` untouched.
    fn load(&mut self, index: u32, into: &mut Sector) -> io::Result<bool>;

    /// Stores sector `index` after it changed.
    fn store(&mut self, index: u32, sector: &Sector) -> io::Result<()>;
}

/// A part that is erased at the start and forgotten at the end.
#[derive(Debug, Default)]
pub struct InMemory;

impl Backing for InMemory {
    fn load(&mut self, _index: u32, _into: &mut Sector) -> io::Result<bool> {
        Ok(false)
    }

    fn store(&mut self, _index: u32, _sector: &Sector) -> io::Result<()> {
        Ok(())
    }
}

/// A flash image in a file: byte `n` of the file is byte `n` of the array.
///
/// Sectors are read when they are first needed. What lies beyond the end of the
/// file is erased.
#[derive(Debug)]
pub struct InFile {
    file: File,
    length: u64,
    writable: bool,
}

impl InFile {
    /// Opens an image that is never changed: the array's changes are lost at the end.
    pub fn open_read_only(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Self::with(file, false)
    }

    /// Opens an image, making it if there is none, and writes changes back to it.
    pub fn open_writable(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Self::with(file, true)
    }

    fn with(file: File, writable: bool) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            file,
            length,
            writable,
        })
    }

    fn position(index: u32) -> u64 {
        u64::from(index) * SECTOR as u64
    }
}

impl Backing for InFile {
    fn load(&mut self, index: u32, into: &mut Sector) -> io::Result<bool> {
        let start = Self::position(index);
        if start >= self.length {
            return Ok(false);
        }
        let present = usize::try_from(self.length - start).map_or(SECTOR, |n| n.min(SECTOR));
        let (head, tail) = into.split_at_mut(present);
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(head)?;
        tail.fill(0xFF);
        Ok(true)
    }

    fn store(&mut self, index: u32, sector: &Sector) -> io::Result<()> {
        if !self.writable {
            return Ok(());
        }
        let start = Self::position(index);
        if self.length < start {
            // A hole would read as zeroes, which is a programmed array.
            self.file.seek(SeekFrom::Start(self.length))?;
            let mut gap = start - self.length;
            while gap > 0 {
                let part = usize::try_from(gap).map_or(SECTOR, |n| n.min(SECTOR));
                self.file.write_all(&[0xFF; SECTOR][..part])?;
                gap -= part as u64;
            }
        }
        self.file.seek(SeekFrom::Start(start))?;
        self.file.write_all(sector)?;
        self.length = self.length.max(start + SECTOR as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn temporary(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("qspi-models-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_short_file_is_erased_beyond_its_end() {
        let path = temporary("short");
        std::fs::write(&path, [1, 2, 3]).unwrap();
        let mut backing = InFile::open_read_only(&path).unwrap();
        let mut sector = [0; SECTOR];
        assert!(backing.load(0, &mut sector).unwrap());
        assert_eq!(sector[..4], [1, 2, 3, 0xFF]);
        assert!(!backing.load(1, &mut sector).unwrap());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_store_beyond_the_end_leaves_erased_bytes_between() {
        let path = temporary("gap");
        std::fs::write(&path, [7; 5]).unwrap();
        let mut backing = InFile::open_writable(&path).unwrap();
        backing.store(2, &[0x55; SECTOR]).unwrap();
        let contents = std::fs::read(&path).unwrap();
        assert_eq!(contents.len(), 3 * SECTOR);
        assert_eq!(contents[..5], [7; 5]);
        assert!(contents[5..2 * SECTOR].iter().all(|&b| b == 0xFF));
        assert!(contents[2 * SECTOR..].iter().all(|&b| b == 0x55));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_read_only_image_never_changes() {
        let path = temporary("fixed");
        std::fs::write(&path, [9; 10]).unwrap();
        let mut backing = InFile::open_read_only(&path).unwrap();
        backing.store(0, &[0; SECTOR]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), vec![9; 10]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_missing_image_cannot_be_opened_read_only() {
        let path = temporary("missing");
        assert!(InFile::open_read_only(&path).is_err());
    }
}
