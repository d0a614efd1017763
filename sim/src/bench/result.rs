// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What came of a case.

use super::case::Case;
use serde::Serialize;

/// Times of operations, in µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of them were no longer.
    pub p50_us: f64,
    /// 99 of 100 were no longer.
    pub p99_us: f64,
    /// None was longer.
    pub max_us: f64,
}

impl Latency {
    /// Of these times in ns.
    pub fn of(mut times_ns: Vec<u64>) -> Latency {
        times_ns.sort_unstable();
        let rank = |percent: usize| {
            let index = (times_ns.len() * percent).div_ceil(100).saturating_sub(1);
            times_ns.get(index).map_or(0.0, |ns| *ns as f64 / 1e3)
        };
        Latency {
            p50_us: rank(50),
            p99_us: rank(99),
            max_us: rank(100),
        }
    }
}

/// Jain's fairness index of shares: 1 if all are equal, 1/n if one has all.
pub fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares == 0.0 {
        return 1.0;
    }
    sum * sum / (shares.len() as f64 * squares)
}

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// From the first begin to the last end, in ns.
    pub elapsed_ns: u64,
    /// Bytes read, programmed or erased by those that are measured, per second.
    pub bytes_per_second: f64,
    /// Share of what four lines carry at this clock, in percent.
    pub bus_percent: f64,
    /// Share of the time in which the array worked, in percent.
    pub array_percent: f64,
    /// Times of operations.
    pub latency: Latency,
    /// Transfers of the controller, for each operation.
    pub transfers_each: f64,
    /// Custom instructions, for each operation.
    pub instructions_each: f64,
    /// Looks at the status register, for each operation.
    pub polls_each: f64,
    /// Share of the time that the wires carried looks at the status register, in percent.
    pub polling_bus_percent: f64,
    /// Share of the time that the kernel worked for them, in percent: to send each, and its
    /// interrupt. Alarms that pace them are not in it.
    pub polling_cpu_percent: f64,
    /// Time that the kernel worked, in percent.
    pub cpu_percent: f64,
    /// Time that the controller was enabled, for each operation, in µs.
    pub enabled_us_each: f64,
    /// Time that the controller was enabled after the last operation's end, in µs.
    pub awake_after_us: f64,
    /// Fairness among those that are measured: Jain's index of the operations of each by the time
    /// that the first of them has had all of its own.
    pub jain: f64,
    /// The longest operation beside, in µs.
    pub beside_max_us: f64,
    /// Operations that failed, and breaches of the contract.
    pub failures: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let latency = Latency::of((1..=200).rev().map(|us| us * 1000).collect());
        assert_eq!((latency.p50_us, latency.p99_us), (100.0, 198.0));
        assert_eq!(latency.max_us, 200.0);
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }

    #[test]
    fn jain_is_one_for_equals_and_falls_with_greed() {
        assert_eq!(jain(&[3.0; 5]), 1.0);
        assert_eq!(jain(&[1.0, 0.0, 0.0, 0.0]), 0.25);
        assert_eq!(jain(&[]), 1.0);
    }
}
