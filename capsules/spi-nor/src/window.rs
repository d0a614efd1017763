// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was read ahead, and not asked for yet.

use crate::bite::Plan;

/// Bytes of the array in one of the device's buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// In the part.
    address: u32,
    /// In the buffer.
    offset: usize,
    /// How many are left.
    left: u32,
    /// How many there were.
    whole: u32,
}

impl Window {
    /// `length` bytes from `address` in the part on, which begin at `offset` in the buffer.
    pub const fn new(address: u32, offset: usize, length: u32) -> Window {
        Window {
            address,
            offset,
            left: length,
            whole: length,
        }
    }

    /// Whether its first byte is the one at `address`.
    pub const fn begins(&self, address: u32) -> bool {
        self.address == address && self.left > 0
    }

    /// Address of the byte after it.
    pub const fn end(&self) -> u32 {
        self.address.saturating_add(self.left)
    }

    /// Whether less than half of it was asked for.
    pub const fn is_fresh(&self) -> bool {
        self.left > self.whole / 2
    }

    /// Takes up to `length` bytes from `address` on: where they are, and what is left. Bytes
    /// before them are given up. `None` if the first one is not in it.
    pub fn take(&self, address: u32, length: u32) -> Option<(Plan, Option<Window>)> {
        let skipped = address.checked_sub(self.address)?;
        let room = self.left.checked_sub(skipped).filter(|room| *room > 0)?;
        let count = length.min(room);
        let head = self.offset.saturating_add(skipped as usize);
        let left = (count < room).then(|| Window {
            address: address.saturating_add(count),
            offset: head.saturating_add(count as usize),
            left: room - count,
            whole: self.whole,
        });
        Some((Plan { head, count }, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_once_and_in_their_place() {
        let window = Window::new(1000, 3, 100);
        let (plan, left) = window.take(1000, 40).unwrap();
        assert_eq!((plan.head, plan.count), (3, 40));
        let left = left.unwrap();
        assert!(left.is_fresh() && left.begins(1040) && left.end() == 1100);
        assert!(left.take(1000, 40).is_none());
        assert!(left.take(1039, 1).is_none());
        let (plan, left) = left.take(1050, 10).unwrap();
        assert_eq!((plan.head, plan.count), (53, 10));
        let left = left.unwrap();
        assert!(!left.is_fresh());
        let (plan, rest) = left.take(1060, 4096).unwrap();
        assert_eq!((plan.head, plan.count, rest), (63, 40, None));
        assert!(left.take(1100, 1).is_none());
    }
}
