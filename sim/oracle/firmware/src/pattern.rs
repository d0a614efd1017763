// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Contents that tell where they belong.

/// Buffers are aligned as the driver asks for.
#[repr(C, align(4))]
pub struct Buffer<const N: usize>(pub [u8; N]);

impl<const N: usize> Buffer<N> {
    pub fn filled(byte: u8) -> Self {
        Self([byte; N])
    }

    pub fn pattern(seed: u32) -> Self {
        let mut buffer = Self([0; N]);
        for (index, byte) in buffer.0.iter_mut().enumerate() {
            *byte = byte_of(seed, index as u32);
        }
        buffer
    }
}

/// The byte at `index` of the pattern `seed`.
pub fn byte_of(seed: u32, index: u32) -> u8 {
    let mixed = (seed.wrapping_mul(0x9E37_79B1) ^ index.wrapping_mul(0x85EB_CA6B))
        .wrapping_mul(0xC2B2_AE35);
    (mixed >> 24) as u8
}

/// Whether these bytes are the pattern from its byte `first` on.
pub fn is_pattern(bytes: &[u8], seed: u32, first: u32) -> bool {
    bytes
        .iter()
        .zip(first..)
        .all(|(&byte, index)| byte == byte_of(seed, index))
}

/// Whether these bytes are erased.
pub fn is_erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0xFF)
}
