// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One workload.

use serde::Serialize;

/// What an app does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Reads.
    Read,
    /// Programs an erased array.
    Program,
    /// Erases.
    Erase,
}

/// Where an operation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Behind the one before.
    Sequential,
    /// Anywhere in the region, by a fixed sequence.
    Scattered,
}

/// What goes on beside what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// Another app erases 64 KiB, over and over.
    Erase,
    /// Another app programs 4 KiB, over and over.
    Program,
}

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// The part.
    pub part: &'static str,
    /// Bytes that each of the device's two buffers has room for.
    pub buffer: usize,
    /// SCK, in Hz: 32, 16 or 8 MHz.
    pub clock_hz: u32,
    /// What each app does.
    pub work: Work,
    /// Bytes of each operation.
    pub bytes: u32,
    /// Bytes by which addresses miss a multiple of four.
    pub skew: u32,
    /// Apps that do it.
    pub processes: u32,
    /// Operations of each app.
    pub operations: u32,
    /// Where they go.
    pub order: Order,
    /// Time from one operation's begin to the next one's, in µs; 0 for no pause at all.
    pub every_us: u32,
    /// What goes on beside.
    pub beside: Beside,
}

/// Operations after which a sequence begins anew: 32 readers of 256 bytes have room for that.
const LAP: u32 = 1000;

impl Case {
    /// Aligned sequential operations of one app on the default part at 32 MHz, as fast as it can.
    pub const fn new(name: &'static str, work: Work, bytes: u32, operations: u32) -> Case {
        Case {
            name,
            part: crate::setup::DEFAULT_PART,
            buffer: 4096,
            clock_hz: 32_000_000,
            work,
            bytes,
            skew: 0,
            processes: 1,
            operations,
            order: Order::Sequential,
            every_us: 0,
            beside: Beside::Nothing,
        }
    }

    /// Bytes of the region of each app.
    pub fn region(&self) -> u32 {
        const BLOCK: u32 = 0x1_0000;
        let span = match self.order {
            Order::Sequential => self.skew + self.bytes * self.operations.min(LAP),
            Order::Scattered => (16 * BLOCK).max(2 * self.bytes),
        };
        span.next_multiple_of(BLOCK)
    }

    /// Where the operation number `index` goes, in the region.
    pub fn address(&self, index: u32) -> u32 {
        match self.order {
            Order::Sequential => self.skew + self.bytes * (index % LAP),
            Order::Scattered => {
                let unit = self.bytes.next_power_of_two().max(4);
                let room = self.region() / unit - 1;
                // Knuth's multiplicative hash: far apart, and always the same.
                let place = index.wrapping_add(1).wrapping_mul(2_654_435_761) >> 7;
                place % room * unit + self.skew
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_inside_of_the_region() {
        for order in [Order::Sequential, Order::Scattered] {
            for bytes in [1, 16, 256, 4096, 65536] {
                let case = Case {
                    order,
                    skew: 3,
                    ..Case::new("", Work::Read, bytes, 20)
                };
                for index in 0..20 {
                    let end = case.address(index) + bytes;
                    assert!(end <= case.region(), "{case:?} {index}");
                    assert_eq!(
                        case.address(index) % 4,
                        (3 + index * bytes * u32::from(order == Order::Sequential)) % 4
                    );
                }
            }
        }
    }
}
