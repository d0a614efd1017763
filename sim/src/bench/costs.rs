// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel's work was found to cost.

use crate::cost::Cost;

/// Instructions at the clock of the nRF52840, one a cycle, after what Callgrind counts on x86-64
/// (`make bench-instructions`): about 2200 in chip driver and capsule for a read of 256 bytes. Which
/// function they belong to, and whether that is before the wires are started or after, is read off
/// the call graph by hand; a visit to a grant, of which there are five, is taken for 110 as on
/// the host's kernel. To that is added what a kernel does around an interrupt (100), a command (400)
/// and other system calls, which is an estimate, as are the 1.4 for each byte copied. Another
/// instruction set needs another number; unverified on silicon.
pub const MEASURED: Cost = Cost {
    clock_hz: 64_000_000,
    interrupt: 290,
    after_interrupt: 230,
    end: 520,
    start: 950,
    prepared_start: 425,
    instruction: 530,
    pass: 170,
    deferred_call: 250,
    command: 780,
    other_call: 250,
    copied_kib: 1_400,
};
