// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The memory that the peripheral's DMA reaches.

/// The address does not belong to memory that DMA can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DmaError {
    /// First address that could not be reached.
    pub address: u32,
}

/// Memory as EasyDMA sees it: 32-bit addresses, RAM only.
///
/// An implementation answers with [`DmaError`] for anything that is not RAM; the
/// model then logs a violation and moves no byte of that access.
pub trait DmaMemory {
    /// Copies `buf.len()` bytes starting at `addr` out of memory.
    fn read(&mut self, addr: u32, buf: &mut [u8]) -> Result<(), DmaError>;

    /// Copies `data` into memory starting at `addr`.
    fn write(&mut self, addr: u32, data: &[u8]) -> Result<(), DmaError>;
}
