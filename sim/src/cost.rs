// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel's work costs, in instructions.
//!
//! Elsewhere the simulated CPU works infinitely fast, but for a switch to an app. A benchmark
//! that left it at that would compare the wires with themselves.

use serde::Serialize;

/// Instructions of the kernel, drivers included, for each thing that makes it work.
///
/// One instruction is taken for one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Of the CPU, in Hz. 0: it works infinitely fast.
    pub clock_hz: u64,
    /// One interrupt, up to where it is known what comes next.
    pub interrupt: u64,
    /// The rest of an interrupt, after what it starts was started.
    pub after_interrupt: u64,
    /// To tell the end of a bite, after what comes next was started.
    pub end: u64,
    /// A transfer, program or erase of whose turn it is: to find it, plan it and start it.
    pub start: u64,
    /// The same of a read that was prepared while the one before was on the wires.
    pub prepared_start: u64,
    /// The same of a page that was prepared while the one before was programmed, up to where it is
    /// on its way to the part: whose it is, and how long the one before took, is looked at first.
    pub prepared_page: u64,
    /// A command of a few bytes to the part.
    pub instruction: u64,
    /// One pass of the kernel loop with leases held: what looks for the dead.
    pub pass: u64,
    /// One deferred call.
    pub deferred_call: u64,
    /// One command of an app.
    pub command: u64,
    /// One other system call of an app.
    pub other_call: u64,
    /// One KiB copied between the device's buffer and a client.
    pub copied_kib: u64,
}

impl Cost {
    /// How long `instructions` take, in ns.
    pub fn ns(&self, instructions: u64) -> u64 {
        (instructions * 1_000_000_000)
            .checked_div(self.clock_hz)
            .unwrap_or(0)
    }

    /// How long it takes to copy `bytes`, in ns.
    pub fn copy_ns(&self, bytes: u64) -> u64 {
        self.ns((self.copied_kib * bytes).div_ceil(1024))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_clock_nothing_costs_time() {
        let cost = Cost {
            copied_kib: 1000,
            ..Cost::default()
        };
        assert_eq!(cost.ns(1_000_000), 0);
        assert_eq!(cost.copy_ns(1 << 20), 0);
    }

    #[test]
    fn instructions_are_cycles() {
        let cost = Cost {
            clock_hz: 64_000_000,
            copied_kib: 640,
            ..Cost::default()
        };
        assert_eq!(cost.ns(64), 1_000);
        assert_eq!(cost.copy_ns(1024), 10_000);
    }
}
