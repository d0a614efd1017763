// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory that has no side effects: RAM and ROM.

use std::cell::Cell;
use std::rc::Rc;

/// A stretch of memory. Clones share their bytes.
#[derive(Clone)]
pub struct Memory {
    base: u32,
    bytes: Bytes,
    writable: bool,
    executable: bool,
    /// Bytes that a program reaches.
    reach: Cell<usize>,
}

#[derive(Clone)]
enum Bytes {
    Owned(Rc<[Cell<u8>]>),
    Lent(&'static [Cell<u8>]),
}

impl Memory {
    /// RAM of `size` bytes of zeroes at `base`.
    #[must_use]
    pub fn ram(base: u32, size: usize) -> Self {
        Self::owned(base, vec![0; size], true)
    }

    /// ROM at `base`, with these contents.
    #[must_use]
    pub fn rom(base: u32, contents: Vec<u8>) -> Self {
        Self::owned(base, contents, false)
    }

    /// Memory that somebody else owns, and may change at any time between two instructions.
    #[must_use]
    pub fn lent(base: u32, bytes: &'static [Cell<u8>], writable: bool) -> Self {
        Self {
            base,
            bytes: Bytes::Lent(bytes),
            writable,
            executable: true,
            reach: Cell::new(bytes.len()),
        }
    }

    /// The same memory, from which nothing can be executed.
    #[must_use]
    pub fn without_execution(self) -> Self {
        Self {
            executable: false,
            ..self
        }
    }

    /// Whether code in it can be executed.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.executable
    }

    fn owned(base: u32, contents: Vec<u8>, writable: bool) -> Self {
        Self {
            base,
            writable,
            executable: true,
            reach: Cell::new(contents.len()),
            bytes: Bytes::Owned(contents.into_iter().map(Cell::new).collect()),
        }
    }

    /// First address.
    #[must_use]
    pub fn base(&self) -> u32 {
        self.base
    }

    /// Length in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.cells().len()
    }

    fn cells(&self) -> &[Cell<u8>] {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Lent(bytes) => bytes,
        }
    }

    /// The cells of `length` bytes from `address` on, if all of them are here.
    fn range(&self, address: u32, length: usize) -> Option<&[Cell<u8>]> {
        let offset = address.wrapping_sub(self.base) as usize;
        self.cells().get(offset..offset.checked_add(length)?)
    }

    /// Lets programs reach the first `length` bytes and no more.
    pub(crate) fn set_reach(&self, length: usize) {
        self.reach.set(length.min(self.size()));
    }

    /// The cells of `length` bytes from `address` on, if a program reaches all of them.
    #[inline]
    fn reached(&self, address: u32, length: usize) -> Option<&[Cell<u8>]> {
        let offset = address.wrapping_sub(self.base) as usize;
        let end = offset.checked_add(length)?;
        if end > self.reach.get() {
            return None;
        }
        self.cells().get(offset..end)
    }

    #[inline]
    pub(crate) fn load<const N: usize>(&self, address: u32) -> Option<[u8; N]> {
        let cells: &[Cell<u8>; N] = self.reached(address, N)?.try_into().ok()?;
        Some(std::array::from_fn(|n| cells[n].get()))
    }

    /// `None` if the address is not here, `Some(false)` if it is and can't be written.
    #[inline]
    pub(crate) fn store(&self, address: u32, bytes: &[u8]) -> Option<bool> {
        let cells = self.reached(address, bytes.len())?;
        if self.writable {
            for (cell, &byte) in cells.iter().zip(bytes) {
                cell.set(byte);
            }
        }
        Some(self.writable)
    }

    /// Copies bytes out. False, with nothing copied, if they are not all here.
    #[must_use]
    pub fn peek(&self, address: u32, into: &mut [u8]) -> bool {
        let Some(cells) = self.range(address, into.len()) else {
            return false;
        };
        for (byte, cell) in into.iter_mut().zip(cells) {
            *byte = cell.get();
        }
        true
    }

    /// Copies bytes in, writable or not. False, with nothing copied, if they don't fit.
    #[must_use]
    pub fn poke(&self, address: u32, bytes: &[u8]) -> bool {
        let Some(cells) = self.range(address, bytes.len()) else {
            return false;
        };
        for (cell, &byte) in cells.iter().zip(bytes) {
            cell.set(byte);
        }
        true
    }

    /// Whether a program can write it.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wholly_inside_is_not_there() {
        let ram = Memory::ram(0x2000_0000, 8);
        assert_eq!(ram.store(0x2000_0004, &[1, 2, 3, 4]), Some(true));
        assert_eq!(ram.load::<4>(0x2000_0004), Some([1, 2, 3, 4]));
        assert_eq!(ram.load::<4>(0x2000_0005), None);
        assert_eq!(ram.load::<1>(0x1FFF_FFFF), None);
        assert_eq!(ram.store(0x2000_0008, &[0]), None);
    }

    #[test]
    fn rom_is_written_by_nobody_but_its_owner() {
        let rom = Memory::rom(0, vec![7; 4]);
        assert_eq!(rom.store(0, &[1]), Some(false));
        assert_eq!(rom.load::<1>(0), Some([7]));
        assert!(rom.poke(0, &[1]));
        assert_eq!(rom.load::<1>(0), Some([1]));
    }

    #[test]
    fn what_is_out_of_reach_is_not_there_for_programs() {
        let ram = Memory::ram(0, 16);
        ram.set_reach(8);
        assert_eq!(ram.store(4, &[1; 4]), Some(true));
        assert_eq!(ram.store(5, &[1; 4]), None);
        assert_eq!(ram.load::<1>(8), None);
        assert!(ram.poke(8, &[1]));
        ram.set_reach(100);
        assert_eq!(ram.load::<1>(8), Some([1]));
        assert_eq!(ram.load::<1>(16), None);
    }

    #[test]
    fn clones_share_their_bytes() {
        let ram = Memory::ram(0, 4);
        assert!(ram.clone().poke(2, &[9]));
        let mut seen = [0; 4];
        assert!(ram.peek(0, &mut seen));
        assert_eq!(seen, [0, 0, 9, 0]);
    }
}
