// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The memory array: sparse, AND-only, with wear counted per sector.

use super::backing::{Backing, SECTOR, Sector};
use std::io;

enum Cell {
    Unknown,
    Erased,
    Data(Box<Sector>),
}

/// The contents of a part.
pub(crate) struct Array {
    cells: Vec<Cell>,
    wear: Vec<u32>,
    backing: Box<dyn Backing>,
    error: Option<io::Error>,
}

impl Array {
    /// `size` is a power of two of at least one sector.
    pub(crate) fn new(size: u32, backing: Box<dyn Backing>) -> Self {
        let sectors = size as usize / SECTOR;
        Self {
            cells: std::iter::repeat_with(|| Cell::Unknown)
                .take(sectors)
                .collect(),
            wear: vec![0; sectors],
            backing,
            error: None,
        }
    }

    pub(crate) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Erase cycles that the sector with `address` in it has seen.
    pub(crate) fn wear(&self, address: u32) -> u32 {
        self.wear
            .get(address as usize / SECTOR)
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn count_wear(&mut self, start: u32, length: u32) {
        let first = start as usize / SECTOR;
        let count = (length as usize).div_ceil(SECTOR);
        for wear in self.wear.iter_mut().skip(first).take(count) {
            *wear += 1;
        }
    }

    fn load(&mut self, index: usize) {
        if !matches!(self.cells[index], Cell::Unknown) {
            return;
        }
        let mut sector = Box::new([0xFF; SECTOR]);
        self.cells[index] = match self.backing.load(index as u32, &mut sector) {
            Ok(true) => Cell::Data(sector),
            Ok(false) => Cell::Erased,
            Err(error) => {
                self.error = Some(error);
                Cell::Erased
            }
        };
    }

    /// Reads from `address` on, wrapping at the end of the array.
    pub(crate) fn read(&mut self, address: u32, into: &mut [u8]) {
        let mut rest = into;
        let mut at = address as usize % (self.cells.len() * SECTOR);
        while !rest.is_empty() {
            let (index, offset) = (at / SECTOR, at % SECTOR);
            let length = rest.len().min(SECTOR - offset);
            let (now, later) = rest.split_at_mut(length);
            self.load(index);
            match &self.cells[index] {
                Cell::Data(sector) => now.copy_from_slice(&sector[offset..offset + length]),
                Cell::Erased | Cell::Unknown => now.fill(0xFF),
            }
            rest = later;
            at = (at + length) % (self.cells.len() * SECTOR);
        }
    }

    /// Replaces `bytes` from `address` on, whatever was there, and stores the
    /// sectors concerned. Wraps at the end of the array.
    pub(crate) fn replace(&mut self, address: u32, bytes: &[u8]) {
        let mut rest = bytes;
        let mut at = address as usize % (self.cells.len() * SECTOR);
        while !rest.is_empty() {
            let (index, offset) = (at / SECTOR, at % SECTOR);
            let (now, later) = rest.split_at(rest.len().min(SECTOR - offset));
            self.change(index, |sector| {
                sector[offset..offset + now.len()].copy_from_slice(now);
            });
            rest = later;
            at = (at + now.len()) % (self.cells.len() * SECTOR);
        }
    }

    /// Programs `bytes` from `address` on: bits go from 1 to 0 only.
    pub(crate) fn program(&mut self, address: u32, bytes: &[u8]) {
        let mut old = vec![0; bytes.len()];
        self.read(address, &mut old);
        for (old, new) in old.iter_mut().zip(bytes) {
            *old &= new;
        }
        self.replace(address, &old);
    }

    /// Sets `length` bytes from `start` on to 0xFF.
    pub(crate) fn erase(&mut self, start: u32, length: u32) {
        let mut at = start as usize;
        let end = (at + length as usize).min(self.cells.len() * SECTOR);
        while at < end {
            let (index, offset) = (at / SECTOR, at % SECTOR);
            let stop = (end - index * SECTOR).min(SECTOR);
            self.load(index);
            // An erased sector stays as it is, so that a chip erase of a fresh
            // part does not write the whole image.
            if matches!(self.cells[index], Cell::Data(_)) {
                self.change(index, |sector| sector[offset..stop].fill(0xFF));
                if offset == 0 && stop == SECTOR {
                    self.cells[index] = Cell::Erased;
                }
            }
            at = index * SECTOR + stop;
        }
    }

    fn change(&mut self, index: usize, with: impl FnOnce(&mut Sector)) {
        self.load(index);
        let cell = &mut self.cells[index];
        if !matches!(cell, Cell::Data(_)) {
            *cell = Cell::Data(Box::new([0xFF; SECTOR]));
        }
        if let Cell::Data(sector) = cell {
            with(sector);
            if let Err(error) = self.backing.store(index as u32, sector) {
                self.error = Some(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::backing::InMemory;
    use super::*;

    fn array() -> Array {
        Array::new(65536, Box::new(InMemory))
    }

    fn read(array: &mut Array, address: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        array.read(address, &mut bytes);
        bytes
    }

    #[test]
    fn fresh_array_is_erased() {
        assert_eq!(read(&mut array(), 4090, 12), vec![0xFF; 12]);
    }

    #[test]
    fn program_only_clears_bits() {
        let mut array = array();
        array.program(4094, &[0xF0, 0x0F, 0xAA]);
        array.program(4094, &[0x3C, 0xFF, 0x55]);
        assert_eq!(read(&mut array, 4093, 5), [0xFF, 0x30, 0x0F, 0x00, 0xFF]);
    }

    #[test]
    fn erase_is_exact() {
        let mut array = array();
        array.program(0, &[0; 3 * SECTOR]);
        array.erase(SECTOR as u32, SECTOR as u32);
        assert_eq!(read(&mut array, 4095, 1), [0]);
        assert_eq!(read(&mut array, 4096, SECTOR), vec![0xFF; SECTOR]);
        assert_eq!(read(&mut array, 8192, 1), [0]);
    }

    #[test]
    fn reads_wrap_at_the_end() {
        let mut array = array();
        array.program(0, &[0x12]);
        array.program(65535, &[0x34]);
        assert_eq!(read(&mut array, 65535, 2), [0x34, 0x12]);
    }

    #[test]
    fn wear_is_counted_per_sector() {
        let mut array = array();
        array.count_wear(4096, 8192);
        array.count_wear(4096, 4096);
        assert_eq!(
            (
                array.wear(0),
                array.wear(5000),
                array.wear(8192),
                array.wear(12288)
            ),
            (0, 2, 1, 0)
        );
    }

    struct Broken;
    impl Backing for Broken {
        fn load(&mut self, _: u32, _: &mut Sector) -> io::Result<bool> {
            Ok(false)
        }
        fn store(&mut self, _: u32, _: &Sector) -> io::Result<()> {
            Err(io::Error::other("full"))
        }
    }

    #[test]
    fn a_failing_backing_is_kept_for_the_caller() {
        let mut array = Array::new(4096, Box::new(Broken));
        assert!(array.take_error().is_none());
        array.program(0, &[1]);
        assert_eq!(array.take_error().unwrap().to_string(), "full");
    }
}
