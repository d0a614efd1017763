// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel's work was found to cost.

use crate::cost::Cost;

/// Instructions at the clock of the nRF52840, one a cycle, after what Callgrind counts on x86-64
/// (`make bench-instructions`): of the 2500 in chip driver and capsule for a read of 256 bytes,
/// 300 are the command's, 250 the sweep's, and 1900 the interrupt's, 1100 of them before the next
/// read is on the wires. The shares are read off a call graph by hand. To them is added what a
/// kernel does around a command and other system calls, which is an estimate, as are the 1.4 for
/// each byte copied. Another instruction set needs another number; unverified on silicon.
pub const MEASURED: Cost = Cost {
    clock_hz: 64_000_000,
    interrupt: 1_100,
    after_interrupt: 800,
    deferred_call: 1_300,
    command: 700,
    other_call: 250,
    copied_kib: 1_400,
};
