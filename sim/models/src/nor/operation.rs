// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A program, erase or register write under way.

use super::array::Array;
use crate::FlashOperation;
use crate::noise::{noise, noise_byte};

/// How much of an operation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    Whole,
    None,
    /// The first half, and the fail flag.
    Half,
}

/// What an operation changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    /// Bytes from `address` on, wrapping within the page.
    Program {
        page: u32,
        data: Vec<u8>,
    },
    Erase,
    /// New values of the registers, of which `count` from `first` on are written.
    Registers {
        values: [u8; 3],
        first: usize,
        count: usize,
    },
}

/// An operation of known length, that may be suspended and resumed.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) kind: FlashOperation,
    pub(crate) address: u32,
    /// Bytes concerned.
    pub(crate) length: u32,
    pub(crate) change: Change,
    pub(crate) effect: Effect,
    total_ns: u64,
    /// Time that it had run for before `running_since`.
    done_ns: u64,
    running_since: u64,
    resumed: bool,
    /// When a suspend under way takes effect.
    pub(crate) suspends_at: Option<u64>,
    counted_until: u64,
    /// Bytes after which the supply fails.
    cut_after: Option<u32>,
    /// It is not the array's.
    pub(crate) beside: bool,
}

impl Operation {
    pub(crate) fn new(
        kind: FlashOperation,
        address: u32,
        length: u32,
        change: Change,
        now: u64,
        total_ns: u64,
    ) -> Self {
        Self {
            kind,
            address,
            length,
            change,
            effect: Effect::Whole,
            total_ns,
            done_ns: 0,
            running_since: now,
            resumed: false,
            suspends_at: None,
            counted_until: now,
            cut_after: None,
            beside: false,
        }
    }

    pub(crate) fn cut_after(&mut self, bytes: u32) {
        self.cut_after = Some(bytes.min(self.length));
    }

    pub(crate) fn ends_at(&self) -> u64 {
        self.running_since + self.total_ns.saturating_sub(self.done_ns)
    }

    /// When the supply fails, and how many bytes are done by then.
    pub(crate) fn cut(&self) -> Option<(u64, u32)> {
        let bytes = self.cut_after?;
        let share = u128::from(self.total_ns) * u128::from(bytes) / u128::from(self.length.max(1));
        let at = self.running_since + (share as u64).saturating_sub(self.done_ns);
        Some((at, bytes))
    }

    /// Starts a suspend that takes effect after `latency_ns`. Less than `run_ns`
    /// after a resume, no progress has been made since.
    pub(crate) fn suspend(&mut self, now: u64, latency_ns: u64, run_ns: u64) {
        let ran = now.saturating_sub(self.running_since);
        self.counted_until = if self.resumed && ran < run_ns {
            self.running_since
        } else {
            now
        };
        self.suspends_at = Some(now + latency_ns);
    }

    /// The suspend has taken effect.
    pub(crate) fn stand_still(&mut self) {
        self.done_ns += self.counted_until.saturating_sub(self.running_since);
        self.suspends_at = None;
    }

    pub(crate) fn resume(&mut self, now: u64) {
        self.running_since = now;
        self.resumed = true;
    }

    /// Bytes done when `running`, at `now`, or else when it was suspended.
    pub(crate) fn bytes_done(&self, now: u64, running: bool) -> u32 {
        let since = if running {
            now.saturating_sub(self.running_since)
        } else {
            0
        };
        let done = (self.done_ns + since).min(self.total_ns);
        (u128::from(self.length) * u128::from(done) / u128::from(self.total_ns.max(1))) as u32
    }

    pub(crate) fn overlaps(&self, address: u32, length: u32) -> bool {
        let (start, end) = match &self.change {
            // Anywhere in the page: a wrapped program is on both sides.
            Change::Program { page, .. } => {
                let start = self.address & !(page - 1);
                (u64::from(start), u64::from(start) + u64::from(*page))
            }
            Change::Erase => (
                u64::from(self.address),
                u64::from(self.address) + u64::from(self.length),
            ),
            Change::Registers { .. } => return false,
        };
        u64::from(address) < end && start < u64::from(address) + u64::from(length)
    }

    /// Changes the array for the first `bytes` bytes; what comes next is half
    /// done if the operation was broken off there.
    ///
    /// Half done is drawn from `seed`: a program has cleared some of the next
    /// byte's bits, an erase has set some in the next 256 bytes.
    pub(crate) fn apply(&self, array: &mut Array, bytes: u32, broken_off: Option<u64>) {
        match &self.change {
            Change::Program { page, data } => {
                let mut data = data.clone();
                let kept = (bytes as usize).min(data.len());
                if let (Some(seed), Some(&next)) = (broken_off, data.get(kept)) {
                    let cleared = noise_byte(seed, u64::from(self.address) + kept as u64);
                    data.truncate(kept);
                    data.push(next | cleared);
                } else {
                    data.truncate(kept);
                }
                let start = self.address & !(page - 1);
                let room = (page - (self.address - start)) as usize;
                let (head, tail) = data.split_at(room.min(data.len()));
                array.program(self.address, head);
                array.program(start, tail);
            }
            Change::Erase => {
                let bytes = bytes.min(self.length);
                if bytes > 0 {
                    array.count_wear(self.address, bytes);
                }
                array.erase(self.address, bytes);
                if let Some(seed) = broken_off {
                    let length = (self.length - bytes).min(256) as usize;
                    let from = self.address + bytes;
                    let mut next = vec![0; length];
                    array.read(from, &mut next);
                    for (index, byte) in next.iter_mut().enumerate() {
                        *byte |= noise_byte(seed, u64::from(from) + index as u64);
                    }
                    array.replace(from, &next);
                }
            }
            Change::Registers { .. } => {}
        }
    }

    /// Register values after the first `bytes` of the bytes written.
    pub(crate) fn registers_after(
        &self,
        old: [u8; 3],
        bytes: u32,
        broken_off: Option<u64>,
    ) -> Option<[u8; 3]> {
        let Change::Registers {
            values,
            first,
            count,
        } = self.change
        else {
            return None;
        };
        let mut result = old;
        for index in first..(first + count).min(3) {
            let position = (index - first) as u32;
            if position < bytes {
                result[index] = values[index];
            } else if let (Some(seed), true) = (broken_off, position == bytes) {
                let mix = noise(seed, index as u64) as u8;
                result[index] = (old[index] & mix) | (values[index] & !mix);
            }
        }
        // Values that the write changes beyond the bytes sent change at its end.
        if bytes >= self.length && broken_off.is_none() {
            result = values;
        }
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backing::InMemory;
    use super::*;

    fn erase() -> Operation {
        Operation::new(FlashOperation::Erase, 4096, 4096, Change::Erase, 100, 4096)
    }

    #[test]
    fn suspended_time_does_not_count() {
        let mut operation = erase();
        assert_eq!(operation.ends_at(), 4196);
        operation.suspend(1100, 50, 280);
        assert_eq!(operation.suspends_at, Some(1150));
        operation.stand_still();
        assert_eq!(operation.bytes_done(9_999, false), 1000);
        operation.resume(20_000);
        assert_eq!(operation.ends_at(), 20_000 + 3096);
    }

    #[test]
    fn a_run_that_is_too_short_makes_no_progress() {
        let mut operation = erase();
        operation.suspend(1100, 50, 280);
        operation.stand_still();
        operation.resume(2000);
        operation.suspend(2100, 50, 280);
        operation.stand_still();
        assert_eq!(operation.bytes_done(0, false), 1000);
    }

    #[test]
    fn a_cut_comes_at_its_byte() {
        let mut operation = erase();
        operation.cut_after(1024);
        assert_eq!(operation.cut(), Some((100 + 1024, 1024)));
        operation.cut_after(9999);
        assert_eq!(operation.cut(), Some((100 + 4096, 4096)));
    }

    #[test]
    fn a_program_wraps_in_its_page() {
        let mut array = Array::new(65536, Box::new(InMemory));
        let change = Change::Program {
            page: 256,
            data: vec![1, 2, 3, 4],
        };
        let operation = Operation::new(FlashOperation::Program, 254, 4, change, 0, 1);
        operation.apply(&mut array, 4, None);
        let mut bytes = [0; 4];
        array.read(254, &mut bytes);
        assert_eq!(bytes, [1, 2, 0xFF, 0xFF]);
        array.read(0, &mut bytes);
        assert_eq!(bytes, [3, 4, 0xFF, 0xFF]);
        assert!(operation.overlaps(0, 1));
        assert!(!operation.overlaps(256, 1));
    }

    #[test]
    fn a_broken_register_write_mixes_the_register_it_was_at() {
        let change = Change::Registers {
            values: [0x40, 0x08, 0x02],
            first: 0,
            count: 3,
        };
        let operation = Operation::new(FlashOperation::StatusWrite, 0, 3, change, 0, 1);
        let old = [0x1C, 0, 0];
        let result = operation.registers_after(old, 0, Some(5)).unwrap();
        assert_eq!(result[0] & !(0x40 | 0x1C), 0);
        assert_eq!(result[1..], [0, 0]);
        let result = operation.registers_after(old, 1, Some(5)).unwrap();
        assert_eq!(result[0], 0x40);
        assert_eq!(result[2], 0);
        assert_eq!(
            operation.registers_after(old, 3, None),
            Some([0x40, 0x08, 0x02])
        );
    }
}
