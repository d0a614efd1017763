// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The region as the disk that `fatfs` reads.

use crate::check::SECTOR;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use userland_rt::flash;

/// Reads through one sector that it keeps: a FAT is read a few bytes at a time.
pub struct FlashDisk {
    length: u64,
    position: u64,
    // Not on the heap, which is the host's: the kernel takes buffers from the
    // app's own memory only.
    sector: [u8; SECTOR as usize],
    /// Address of the sector that is kept.
    kept: Option<u32>,
}

impl FlashDisk {
    /// A disk of the region's first `length` bytes, whole sectors.
    pub fn new(length: u32) -> FlashDisk {
        FlashDisk {
            length: u64::from(length),
            position: 0,
            sector: [0; SECTOR as usize],
            kept: None,
        }
    }
}

impl Read for FlashDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.position >= self.length {
            return Ok(0);
        }
        let offset = (self.position % u64::from(SECTOR)) as usize;
        let address = u32::try_from(self.position - offset as u64).map_err(Error::other)?;
        if self.kept != Some(address) {
            self.kept = None;
            flash::read(address, &mut self.sector).map_err(Error::other)?;
            self.kept = Some(address);
        }
        let count = buffer.len().min(self.sector.len() - offset);
        buffer[..count].copy_from_slice(&self.sector[offset..offset + count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for FlashDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// `fatfs` wants to be able to write; listing never does.
impl Write for FlashDisk {
    fn write(&mut self, _: &[u8]) -> Result<usize> {
        Err(ErrorKind::PermissionDenied.into())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
