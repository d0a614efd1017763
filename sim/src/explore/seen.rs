// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! States that were seen, in memory of fixed size that threads share.

use std::sync::atomic::{AtomicU64, Ordering};

/// Fingerprints. When they are too many some are not kept, and what follows such a state
/// may be tried more than once.
pub struct Seen {
    slots: Vec<AtomicU64>,
    count: AtomicU64,
    left_out: AtomicU64,
}

/// Slots that are looked at before a fingerprint is left out.
const NEIGHBOURS: usize = 32;

impl Seen {
    /// With room for `1 << bits` fingerprints, of 8 bytes each.
    pub fn new(bits: u32) -> Seen {
        Seen {
            slots: (0..1usize << bits).map(|_| AtomicU64::new(0)).collect(),
            count: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Whether the fingerprint is new. From now on it is not.
    pub fn is_new(&self, fingerprint: u64) -> bool {
        // 0 marks a free slot.
        let fingerprint = fingerprint.max(1);
        let mask = self.slots.len() - 1;
        for step in 0..NEIGHBOURS {
            let slot = &self.slots[(fingerprint as usize).wrapping_add(step) & mask];
            match slot.compare_exchange(0, fingerprint, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    self.count.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Err(other) if other == fingerprint => return false,
                Err(_) => {}
            }
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Fingerprints kept.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Fingerprints there was no room for.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once() {
        let seen = Seen::new(10);
        for fingerprint in [0, 5, 1 << 10, u64::MAX] {
            assert!(seen.is_new(fingerprint));
            assert!(!seen.is_new(fingerprint));
        }
        assert_eq!(seen.count(), 4);
    }

    #[test]
    fn without_room_it_says_so() {
        let seen = Seen::new(2);
        let new = (1..100)
            .filter(|fingerprint| seen.is_new(*fingerprint))
            .count();
        assert_eq!(new, 99);
        assert_eq!((seen.count(), seen.left_out()), (4, 95));
    }
}
