// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Cycles and nanoseconds: the core runs at 64 MHz.

/// Time in ns at a cycle.
pub(crate) fn ns_at_cycle(cycle: u64) -> u64 {
    cycle * 125 / 8
}

/// The first cycle that is not before this time.
pub(crate) fn cycle_at_ns(ns: u64) -> u64 {
    (u128::from(ns) * 8).div_ceil(125) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_reached_at_its_time_and_not_before() {
        for ns in [0, 1, 15, 16, 31, 125, 1_000_000_007, 1 << 56] {
            let cycle = cycle_at_ns(ns);
            assert!(ns_at_cycle(cycle) >= ns, "{ns}");
            if cycle > 0 {
                assert!(ns_at_cycle(cycle - 1) < ns, "{ns}");
            }
        }
    }
}
