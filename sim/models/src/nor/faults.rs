// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What may go wrong in a part, as the caller programs it.

use crate::FlashOperation;

/// A fault of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashFault {
    /// WREN leaves WEL at 0.
    WriteEnableIgnored,
    /// A program takes its time and changes nothing.
    ProgramIgnored,
    /// A program takes its time, changes the first half of its bytes and sets
    /// the part's fail flag, if it has one.
    ProgramFails,
    /// An erase takes its time and changes nothing.
    EraseIgnored,
    /// An erase takes its time, erases the first half of its range and sets the
    /// part's fail flag, if it has one.
    EraseFails,
    /// WIP stays 1 for this much longer than the operation; for ever if `None`.
    WipStuck {
        /// How much longer, ns.
        for_ns: Option<u64>,
    },
    /// WIP becomes 0 at the operation's end and 1 again later.
    WipReturns {
        /// Time from the end until it is 1 again, ns.
        after_ns: u64,
        /// Time that it then stays 1, ns.
        for_ns: u64,
    },
    /// A register write leaves the quad enable bit as it was.
    QuadEnableDoesNotStick,
    /// Suspend does nothing.
    SuspendRefused,
    /// The supply fails when this many bytes of the next such operation are done.
    PowerCut {
        /// Which operation.
        during: FlashOperation,
        /// Bytes that are done by then.
        after_bytes: u32,
    },
    /// RDID answers with this.
    WrongId {
        /// The three bytes.
        id: [u8; 3],
    },
    /// Reads of one address come back with bits inverted.
    FlipReadBits {
        /// The address.
        address: u32,
        /// The bits.
        mask: u8,
    },
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// This many times.
    Count(u32),
    /// Until it is cleared.
    Always,
}

/// What is wrong with the lines to the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Nothing.
    Connected,
    /// No part there, or its output is pulled up: everything reads 0xFF.
    ReadOnes,
    /// The part's output is shorted low: everything reads 0x00, but the part
    /// hears commands.
    ReadZeroes,
}

/// Faults of a part: each is used up as often as it was armed for.
#[derive(Debug)]
pub struct FlashFaults {
    armed: Vec<(FlashFault, Times)>,
    /// What is wrong with the lines.
    pub lines: Lines,
}

impl Default for FlashFaults {
    fn default() -> Self {
        Self {
            armed: Vec::new(),
            lines: Lines::Connected,
        }
    }
}

impl FlashFaults {
    /// Arms a fault. The next operation that it fits uses it up.
    pub fn arm(&mut self, fault: FlashFault, times: Times) {
        if times != Times::Count(0) {
            self.armed.push((fault, times));
        }
    }

    /// Disarms everything and mends the lines.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether everything armed was used up and the lines are fine.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.armed.is_empty() && self.lines == Lines::Connected
    }

    /// Uses up one time of the first armed fault that `wanted` maps to a value.
    pub(crate) fn take<T>(&mut self, wanted: impl Fn(FlashFault) -> Option<T>) -> Option<T> {
        let found = self
            .armed
            .iter()
            .enumerate()
            .find_map(|(index, &(fault, _))| wanted(fault).map(|value| (index, value)));
        let (index, value) = found?;
        let (_, times) = &mut self.armed[index];
        if let Times::Count(count) = times {
            *count -= 1;
            if *count == 0 {
                self.armed.remove(index);
            }
        }
        Some(value)
    }

    pub(crate) fn strikes(&mut self, fault: FlashFault) -> bool {
        self.take(|armed| (armed == fault).then_some(())).is_some()
    }

    /// Inverts the bits that armed faults name within `bytes`, which were read
    /// from `start` on.
    pub(crate) fn flip(&mut self, start: u32, bytes: &mut [u8]) {
        self.armed.retain_mut(|(fault, times)| {
            let FlashFault::FlipReadBits { address, mask } = *fault else {
                return true;
            };
            let byte = address
                .checked_sub(start)
                .and_then(|offset| bytes.get_mut(offset as usize));
            let Some(byte) = byte else {
                return true;
            };
            *byte ^= mask;
            match times {
                Times::Always => true,
                Times::Count(count) => {
                    *count -= 1;
                    *count > 0
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_used_up() {
        let mut faults = FlashFaults::default();
        faults.arm(FlashFault::ProgramIgnored, Times::Count(2));
        assert!(!faults.strikes(FlashFault::EraseIgnored));
        assert!(faults.strikes(FlashFault::ProgramIgnored));
        assert!(faults.strikes(FlashFault::ProgramIgnored));
        assert!(!faults.strikes(FlashFault::ProgramIgnored));
        assert!(faults.is_empty());
    }

    #[test]
    fn always_lasts_until_cleared() {
        let mut faults = FlashFaults::default();
        faults.arm(FlashFault::SuspendRefused, Times::Always);
        for _ in 0..5 {
            assert!(faults.strikes(FlashFault::SuspendRefused));
        }
        faults.clear();
        assert!(!faults.strikes(FlashFault::SuspendRefused));
    }

    #[test]
    fn arming_for_no_time_arms_nothing() {
        let mut faults = FlashFaults::default();
        faults.arm(FlashFault::SuspendRefused, Times::Count(0));
        assert!(faults.is_empty());
    }
}
