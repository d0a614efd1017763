// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Times in digests of states.

/// How far `at` lies ahead of `now`, in µs, rounded to the nearest. A tick of an alarm is no whole
/// number of ns, so finer differences say nothing.
pub fn ahead(at: u64, now: u64) -> u64 {
    (at.saturating_sub(now) + 500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_all_the_same() {
        assert_eq!(ahead(5_000, 2_000), 3);
        assert_eq!(ahead(5_000, 2_001), 3);
        assert_eq!(ahead(1, 2_000), 0);
    }
}
