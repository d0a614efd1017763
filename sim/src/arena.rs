// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The chip's RAM, at the chip's address.
//!
//! The driver hands 32-bit addresses to the DMA, and checks that they are in RAM. So
//! the buffers that the hardware may see lie where the nRF52840 has its RAM, mapped
//! there in this process. Several boards in several threads share it, a block each.

use std::sync::{Condvar, Mutex, OnceLock};

/// Where the nRF52840's RAM starts.
pub const RAM_START: usize = 0x2000_0000;
/// Bytes of RAM.
pub const RAM_SIZE: usize = 256 * 1024;
/// Bytes of one block: room for the device's two buffers, or for an app that was linked for its
/// address.
pub const BLOCK_SIZE: usize = 16 * 1024;

const BLOCKS: usize = RAM_SIZE / BLOCK_SIZE;

struct Arena {
    free: Mutex<Vec<usize>>,
    returned: Condvar,
}

fn arena() -> &'static Arena {
    static ARENA: OnceLock<Arena> = OnceLock::new();
    ARENA.get_or_init(|| {
        // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping, and the result is checked.
        let mapped = unsafe {
            libc::mmap(
                RAM_START as *mut libc::c_void,
                RAM_SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        assert_eq!(
            mapped as usize, RAM_START,
            "the address of the nRF52840's RAM is taken in this process"
        );
        Arena {
            free: Mutex::new((0..BLOCKS).rev().collect()),
            returned: Condvar::new(),
        }
    })
}

/// A block of RAM, exclusively this board's until it is dropped.
pub struct Block {
    index: usize,
}

impl Block {
    /// Waits until a block is free. It is filled with 0xA5, since RAM holds anything.
    pub fn take() -> Block {
        let arena = arena();
        let mut free = arena
            .free
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        let index = loop {
            match free.pop() {
                Some(index) => break index,
                None => {
                    free = arena
                        .returned
                        .wait(free)
                        .unwrap_or_else(|poison| poison.into_inner());
                }
            }
        };
        let block = Block { index };
        // SAFETY: the block is mapped, and nobody else has it.
        unsafe { std::ptr::write_bytes(block.start() as *mut u8, 0xA5, BLOCK_SIZE) };
        block
    }

    /// The block number `index` of RAM, if it is free. It is filled as others are.
    pub fn take_at(index: usize) -> Option<Block> {
        let mut free = arena()
            .free
            .lock()
            .unwrap_or_else(|poison| poison.into_inner());
        let position = free.iter().position(|&other| other == index)?;
        free.remove(position);
        let block = Block { index };
        // SAFETY: the block is mapped, and nobody else has it.
        unsafe { std::ptr::write_bytes(block.start() as *mut u8, 0xA5, BLOCK_SIZE) };
        Some(block)
    }

    /// The address of its first byte.
    pub fn start(&self) -> usize {
        RAM_START + self.index * BLOCK_SIZE
    }

    /// `length` bytes from `offset` on, for as long as the board lives.
    ///
    /// # Safety
    /// No two slices of one block may overlap, and none may be used after the block was
    /// dropped.
    pub unsafe fn slice(&self, offset: usize, length: usize) -> &'static mut [u8] {
        assert!(offset + length <= BLOCK_SIZE, "the block is too small");
        // SAFETY: mapped for the life of the process; the caller keeps slices apart.
        unsafe { std::slice::from_raw_parts_mut((self.start() + offset) as *mut u8, length) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let arena = arena();
        arena
            .free
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
            .push(self.index);
        arena.returned.notify_one();
    }
}

/// The DMA's view of RAM.
pub struct Ram;

impl qspi_models::DmaMemory for Ram {
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), qspi_models::DmaError> {
        let source = within(address, buffer.len())?;
        // SAFETY: inside the mapping. The hardware reads what the driver handed over to
        // it and nobody writes meanwhile; the address was exposed by the driver.
        unsafe {
            std::ptr::copy_nonoverlapping(source as *const u8, buffer.as_mut_ptr(), buffer.len())
        };
        Ok(())
    }

    fn write(&mut self, address: u32, data: &[u8]) -> Result<(), qspi_models::DmaError> {
        let target = within(address, data.len())?;
        // SAFETY: as for `read`.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), target as *mut u8, data.len()) };
        Ok(())
    }
}

fn within(address: u32, length: usize) -> Result<usize, qspi_models::DmaError> {
    let start = address as usize;
    let inside = start >= RAM_START && length <= RAM_SIZE && start + length <= RAM_START + RAM_SIZE;
    if inside {
        Ok(start)
    } else {
        Err(qspi_models::DmaError { address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qspi_models::DmaMemory;

    #[test]
    fn blocks_are_apart_and_come_back() {
        let first = Block::take();
        let second = Block::take();
        assert!(first.start().abs_diff(second.start()) >= BLOCK_SIZE);
        assert!(first.start() >= RAM_START);
    }

    #[test]
    fn a_block_can_be_chosen_once() {
        let last = Block::take_at(BLOCKS - 1);
        // Boards of other tests may have it; what is not there nobody has.
        if let Some(last) = &last {
            assert_eq!(last.start(), RAM_START + RAM_SIZE - BLOCK_SIZE);
            assert!(Block::take_at(BLOCKS - 1).is_none());
        }
        assert!(Block::take_at(BLOCKS).is_none());
    }

    #[test]
    fn the_dma_sees_ram_and_nothing_else() {
        let block = Block::take();
        // SAFETY: the only slice of this block.
        let slice = unsafe { block.slice(0, 4) };
        slice.copy_from_slice(&[1, 2, 3, 4]);
        let mut seen = [0; 4];
        assert!(Ram.read(block.start() as u32, &mut seen).is_ok());
        assert_eq!(seen, [1, 2, 3, 4]);
        assert!(Ram.write(0x1000_0000, &[0]).is_err());
        let end = (RAM_START + RAM_SIZE - 2) as u32;
        assert!(Ram.read(end, &mut seen).is_err());
    }
}
