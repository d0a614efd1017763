// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Order between what the program writes to memory and what a DMA engine reads
//! from it, and the other way round.

/// Makes memory writes visible across the line between program and DMA.
///
/// # Safety
///
/// `DmaSlice` and its kin rely on both methods doing what they say for every
/// DMA engine of the chip, against reordering by the compiler and by the
/// processor, and against caches.
pub unsafe trait DmaFence: core::fmt::Debug + Send + Sync + Copy {
    /// What the program wrote to `buf` before this call is what DMA reads that
    /// is started, by a register access, after it.
    fn release<T>(self, buf: *mut [T]);

    /// What DMA wrote to `buf` is what the program reads after this call,
    /// provided the program had seen before it that the DMA had ended.
    fn acquire<T>(self, buf: *mut [T]);
}
