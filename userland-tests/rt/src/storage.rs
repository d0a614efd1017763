// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The app's region behind the `embedded-storage` traits, so that what is
//! written against them runs on it.

use crate::ErrorCode;
use crate::flash::{self, Access};
use core::fmt;
use embedded_storage::nor_flash::{
    self, ErrorType, NorFlashError, NorFlashErrorKind, check_erase, check_read, check_write,
};

/// Smallest erase that this adapter offers, in bytes.
pub const SECTOR: u32 = 4096;

/// The app's region.
#[derive(Debug)]
pub struct Storage {
    length: u32,
}

impl Storage {
    /// Opens the flash and takes all of the app's region.
    ///
    /// # Errors
    ///
    /// The app may not change its region, the part has another sector than
    /// [`SECTOR`], or what the driver says.
    pub fn open() -> Result<Storage, Error> {
        let region = flash::region().map_err(Error::Refused)?;
        if region.access != Access::ReadProgramErase {
            return Err(Error::Access(region.access));
        }
        flash::open().map_err(Error::Flash)?;
        let geometry = flash::geometry().map_err(Error::Refused)?;
        if geometry.sector != SECTOR {
            return Err(Error::Sector(geometry.sector));
        }
        Ok(Storage {
            length: region.length,
        })
    }

    /// Its length in bytes.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Gives the lease back.
    ///
    /// # Errors
    ///
    /// What the driver says.
    pub fn close(self) -> Result<(), Error> {
        flash::close().map_err(Error::Refused)
    }
}

/// Why an access failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// The arguments don't fit the traits' rules.
    Arguments(NorFlashErrorKind),
    /// An operation failed.
    Flash(flash::Error),
    /// A command failed.
    Refused(ErrorCode),
    /// The app may not do all that the traits offer.
    Access(Access),
    /// The part's sector, in bytes, is not the one that the traits are told.
    Sector(u32),
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Error::Arguments(kind) => *kind,
            Error::Flash(_) | Error::Refused(_) | Error::Access(_) | Error::Sector(_) => {
                NorFlashErrorKind::Other
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Arguments(kind) => write!(f, "{kind}"),
            Error::Flash(error) => write!(f, "{error}"),
            Error::Refused(code) => write!(f, "refused with {code}"),
            Error::Access(access) => write!(f, "the region's access is {access:?}"),
            Error::Sector(sector) => write!(f, "the sector has {sector} bytes"),
        }
    }
}

impl core::error::Error for Error {}

impl ErrorType for Storage {
    type Error = Error;
}

impl nor_flash::ReadNorFlash for Storage {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len()).map_err(Error::Arguments)?;
        flash::read(offset, bytes).map_err(Error::Flash)
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl nor_flash::NorFlash for Storage {
    // The driver programs single bytes. A controller that moves words does them
    // as read, merge and program, which this spares whoever pads to words.
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to).map_err(Error::Arguments)?;
        flash::erase(from, to - from).map_err(Error::Flash)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len()).map_err(Error::Arguments)?;
        flash::program(offset, bytes).map_err(Error::Flash)
    }
}

// Programming is an AND with what is there, which is what the marker asks for.
impl nor_flash::MultiwriteNorFlash for Storage {}

impl embedded_storage_async::nor_flash::ReadNorFlash for Storage {
    const READ_SIZE: usize = <Storage as nor_flash::ReadNorFlash>::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        nor_flash::ReadNorFlash::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        nor_flash::ReadNorFlash::capacity(self)
    }
}

impl embedded_storage_async::nor_flash::NorFlash for Storage {
    const WRITE_SIZE: usize = <Storage as nor_flash::NorFlash>::WRITE_SIZE;
    const ERASE_SIZE: usize = <Storage as nor_flash::NorFlash>::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        nor_flash::NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        nor_flash::NorFlash::write(self, offset, bytes)
    }
}

impl embedded_storage_async::nor_flash::MultiwriteNorFlash for Storage {}
