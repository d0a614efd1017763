// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel's work was found to cost.

use crate::cost::Cost;

/// Instructions at the clock of the nRF52840, one a cycle, of the nRF52840DK's image built for size, as
/// the emulated chip executes it (`make bench-target`). Measured are these sums:
///
/// - 8 300 for a read of 256 bytes, those of upstream's kernel included, of which 2 200 come before
///   the task and 5 000 after its end;
/// - 990 from a transfer's end to the next one's begin in a long read, `pass` and `prepared_start`
///   included, and 4 000 for each such transfer, without the copy;
/// - 1 160 from the end of a look at a busy part to the next look: `after_interrupt`, `interrupt` and
///   `instruction`;
/// - 1 820 from the end of a look behind WREN to the prepared page's begin: the same with
///   `prepared_page`;
/// - 0.94 for each byte copied.
///
/// How these sums divide into the steps here is an estimate, and so is `deferred_call`. Unverified on
/// silicon.
pub const MEASURED: Cost = Cost {
    clock_hz: 64_000_000,
    interrupt: 200,
    after_interrupt: 150,
    end: 2900,
    start: 790,
    prepared_start: 190,
    prepared_page: 1500,
    instruction: 840,
    pass: 600,
    deferred_call: 500,
    command: 1400,
    other_call: 1200,
    copied_kib: 966,
};
