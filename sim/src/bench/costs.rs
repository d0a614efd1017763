// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel's work was found to cost.

use crate::cost::Cost;

/// Instructions as counted by Callgrind on x86-64 (`make bench-instructions`), at the clock of the
/// nRF52840. Another instruction set needs another number of them; unverified on silicon.
pub const MEASURED: Cost = Cost {
    clock_hz: 64_000_000,
    interrupt: 600,
    deferred_call: 900,
    command: 700,
    other_call: 250,
    copied_kib: 1400,
};
