// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which app may touch which part of the flash.
//!
//! The board writes this table. An app that is not in it has no access.

use kernel::process::ShortId;

/// What an app may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    ReadOnly,
    /// Read, program and erase.
    ReadWrite,
    /// The same, and what these say.
    ReadWriteAnd(Grants),
}

/// What an app may do that concerns all of the part, or that its board wants of it or of a [kernel
/// client](crate::region_face).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants(u8);

impl Grants {
    /// Nothing more.
    pub const NONE: Grants = Grants(0);
    /// Clear the write protection of the whole part, and put it back.
    pub const UNLOCK: Grants = Grants(1 << 0);
    /// Read the unique id and the area beside the array.
    pub const READ_OTP: Grants = Grants(1 << 1);
    /// Program and erase the area beside the array.
    pub const WRITE_OTP: Grants = Grants(1 << 2);
    /// All that it programs or erases is read back, asked for or not.
    pub const VERIFIED: Grants = Grants(1 << 3);

    /// Both.
    pub const fn and(self, other: Grants) -> Grants {
        Grants(self.0 | other.0)
    }

    /// Whether all of `other` is among these.
    pub const fn has(self, other: Grants) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Access {
    /// Whether it may program and erase.
    pub const fn writes(self) -> bool {
        match self {
            Access::ReadOnly => false,
            Access::ReadWrite | Access::ReadWriteAnd(_) => true,
        }
    }

    /// What it may do besides.
    pub const fn grants(self) -> Grants {
        match self {
            Access::ReadOnly | Access::ReadWrite => Grants::NONE,
            Access::ReadWriteAnd(grants) => grants,
        }
    }
}

/// The region of one app. Start and length are in bytes, multiples of the sector.
#[derive(Clone, Copy)]
pub struct Region {
    /// The app.
    pub app: ShortId,
    /// First byte in the part.
    pub start: u32,
    /// Bytes.
    pub length: u32,
    /// What the app may do there.
    pub access: Access,
}

/// Why an address range is not the app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside;

impl Region {
    /// Translates a range of the app into the part's.
    ///
    /// # Errors
    /// [`Outside`] if it is not wholly inside the region, or overflows.
    pub const fn translate(&self, address: u32, length: u32) -> Result<u32, Outside> {
        match address.checked_add(length) {
            Some(end) if end <= self.length => match self.start.checked_add(address) {
                Some(absolute) => Ok(absolute),
                None => Err(Outside),
            },
            Some(_) | None => Err(Outside),
        }
    }
}

/// The region of `app`: the first in the table whose ShortId is a fixed one and the
/// same. Apps without a fixed ShortId can't be told apart, and so have none.
pub fn of(table: &[Region], app: ShortId) -> Option<&Region> {
    table.get(place_of(table, app)?)
}

/// Where in the table the region of `app` is, see [`of`].
pub fn place_of(table: &[Region], app: ShortId) -> Option<usize> {
    match app {
        ShortId::LocallyUnique => None,
        ShortId::Fixed(id) => table
            .iter()
            .position(|region| matches!(region.app, ShortId::Fixed(owner) if owner == id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU32;

    const fn fixed(id: u32) -> ShortId {
        match NonZeroU32::new(id) {
            Some(id) => ShortId::Fixed(id),
            None => ShortId::LocallyUnique,
        }
    }

    const REGION: Region = Region {
        app: fixed(7),
        start: 0x1000,
        length: 0x2000,
        access: Access::ReadWrite,
    };

    #[test]
    fn ranges_are_inside_or_refused() {
        assert_eq!(REGION.translate(0, 0x2000), Ok(0x1000));
        assert_eq!(REGION.translate(0x1FFF, 1), Ok(0x2FFF));
        assert_eq!(REGION.translate(0x2000, 0), Ok(0x3000));
        assert_eq!(REGION.translate(0x1FFF, 2), Err(Outside));
        assert_eq!(REGION.translate(u32::MAX, 2), Err(Outside));
        assert_eq!(REGION.translate(2, u32::MAX), Err(Outside));
    }

    #[test]
    fn strangers_have_no_region() {
        let table = [REGION];
        assert!(of(&table, fixed(7)).is_some());
        assert!(of(&table, fixed(8)).is_none());
        assert!(of(&table, ShortId::LocallyUnique).is_none());
        let nobody = [Region {
            app: ShortId::LocallyUnique,
            ..REGION
        }];
        assert!(of(&nobody, ShortId::LocallyUnique).is_none());
    }
}
