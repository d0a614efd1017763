// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Output of bytes that cannot fail.

use crate::collections::ring_buffer::RingBuffer;

/// Takes bytes for output.
pub trait IoWrite {
    /// Outputs `buf` and returns how many bytes it took.
    fn write(&mut self, buf: &[u8]) -> usize;

    /// Outputs what is in `buf`, oldest first, and returns how many bytes it
    /// took.
    fn write_ring_buffer(&mut self, buf: &RingBuffer<'_, u8>) -> usize {
        let (older, newer) = buf.as_slices();
        [older, newer]
            .into_iter()
            .flatten()
            .map(|slice| self.write(slice))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::queue::Queue;
    use core::mem::MaybeUninit;

    #[test]
    fn a_ring_buffer_is_written_in_order() {
        struct Collect(Vec<u8>);
        impl IoWrite for Collect {
            fn write(&mut self, buf: &[u8]) -> usize {
                self.0.extend(buf);
                buf.len()
            }
        }

        let mut ring = [MaybeUninit::uninit(); 4];
        let mut ring = RingBuffer::new(&mut ring);
        for byte in 0..6u8 {
            ring.push(byte);
        }
        let mut out = Collect(Vec::new());
        assert_eq!(out.write_ring_buffer(&ring), 3);
        assert_eq!(out.0, [3, 4, 5]);
    }
}
