// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where an app lies: flash and RAM at the addresses that it was linked for.

use super::bundle::{Binary, Tab};
use crate::arena::{BLOCK_SIZE, Block, RAM_SIZE, RAM_START};
use std::cell::Cell;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Mutex, OnceLock};

/// Where the nRF52840DK's flash for apps begins.
pub const FLASH_START: u32 = 0x4_0000;
/// Where the nRF52840's flash ends.
pub const FLASH_END: u32 = 0x10_0000;

/// Flash that is taken.
fn taken() -> &'static Mutex<Vec<Range<u32>>> {
    static TAKEN: OnceLock<Mutex<Vec<Range<u32>>>> = OnceLock::new();
    TAKEN.get_or_init(|| {
        // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping, and the result is checked.
        let mapped = unsafe {
            libc::mmap(
                std::ptr::with_exposed_provenance_mut(FLASH_START as usize),
                (FLASH_END - FLASH_START) as usize,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        assert_eq!(
            mapped.expose_provenance(),
            FLASH_START as usize,
            "the address of the nRF52840's flash is taken in this process"
        );
        Mutex::new(Vec::new())
    })
}

/// Memory of one app, exclusively its own until this is dropped.
pub struct Place {
    flash: Range<u32>,
    block: Block,
}

/// Why there is no place for an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// It was linked for addresses that are not this board's, or for none.
    NotOnThisBoard,
    /// Other apps are there.
    Taken,
}

impl Place {
    /// Puts a binary where it was linked for.
    ///
    /// # Errors
    /// It can't be there.
    pub fn take(binary: &Binary) -> Result<Place, NoPlace> {
        let (place, start) = binary.place().ok_or(NoPlace::NotOnThisBoard)?;
        let end = start
            .checked_add(binary.header.total_size)
            .ok_or(NoPlace::NotOnThisBoard)?;
        let offset = (place.ram as usize)
            .checked_sub(RAM_START)
            .ok_or(NoPlace::NotOnThisBoard)?;
        let fits = start >= FLASH_START && end <= FLASH_END && offset < RAM_SIZE;
        if !fits || !offset.is_multiple_of(BLOCK_SIZE) {
            return Err(NoPlace::NotOnThisBoard);
        }
        let mut taken = taken().lock().unwrap_or_else(|poison| poison.into_inner());
        if taken
            .iter()
            .any(|other| start < other.end && other.start < end)
        {
            return Err(NoPlace::Taken);
        }
        let block = Block::take_at(offset / BLOCK_SIZE).ok_or(NoPlace::Taken)?;
        let flash = start..end;
        taken.push(flash.clone());
        let place = Place { flash, block };
        for (cell, &byte) in place.flash_cells().iter().zip(&binary.bytes) {
            cell.set(byte);
        }
        Ok(place)
    }

    /// The first place of a TAB that is free, and its binary.
    ///
    /// # Errors
    /// None is.
    pub fn take_any(tab: &Tab) -> Result<(Place, Binary), NoPlace> {
        let mut error = NoPlace::NotOnThisBoard;
        for binary in &tab.binaries {
            match Place::take(binary) {
                Ok(place) => return Ok((place, binary.clone())),
                Err(NoPlace::Taken) => error = NoPlace::Taken,
                Err(NoPlace::NotOnThisBoard) => {}
            }
        }
        Err(error)
    }

    /// Addresses of its flash.
    #[must_use]
    pub fn flash(&self) -> Range<u32> {
        self.flash.clone()
    }

    /// First address of its RAM.
    #[must_use]
    pub fn ram(&self) -> u32 {
        self.block.start() as u32
    }

    /// Its RAM, for the kernel.
    #[must_use]
    pub fn ram_region(&self) -> NonNull<[u8]> {
        let start = std::ptr::with_exposed_provenance_mut(self.block.start());
        let start = NonNull::new(start).unwrap_or(NonNull::dangling());
        NonNull::slice_from_raw_parts(start, BLOCK_SIZE)
    }

    /// Its flash, for those that execute it.
    pub(super) fn flash_cells(&self) -> &'static [Cell<u8>] {
        let start = std::ptr::with_exposed_provenance(self.flash.start as usize);
        // SAFETY: mapped for the life of the process; all that access it do so through cells or
        // raw pointers, in this thread.
        unsafe { std::slice::from_raw_parts(start, self.flash.len()) }
    }

    /// Its RAM, for those that execute it.
    pub(super) fn ram_cells(&self) -> &'static [Cell<u8>] {
        let start = std::ptr::with_exposed_provenance(self.block.start());
        // SAFETY: as for the flash; kernel and DMA access it through raw pointers.
        unsafe { std::slice::from_raw_parts(start, BLOCK_SIZE) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = taken().lock().unwrap_or_else(|poison| poison.into_inner());
        taken.retain(|range| *range != self.flash);
    }
}
