// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A deadline takes as long as was asked for, however fast and wide the alarm's counter is.

mod controller_support;

use controller_support::{Bench, Late, START};
use kernel::deferred_call::DeferredCall;
use kernel::hil::time::{
    Freq1KHz, Freq1MHz, Freq16MHz, Freq32KHz, Frequency, Ticks, Ticks16, Ticks24, Ticks32, Ticks64,
};
use std::thread;

/// How long a controller is waited for, which never answers, in µs.
fn waited_us<F: Frequency + 'static, T: Ticks + 'static>(longest_enable_us: u32) -> u64 {
    let bench = Bench::<F, T>::enabling(|| Late::new(false, false, longest_enable_us));
    while bench.device.counters().forced_stops == 0 {
        if DeferredCall::has_tasks() {
            DeferredCall::service_next_pending();
        } else {
            bench.alarm.fire();
        }
    }
    let ticks = u128::from(bench.alarm.now.get() - START);
    (ticks * 1_000_000 / u128::from(F::frequency())) as u64
}

fn are_long_enough<F: Frequency + 'static, T: Ticks + 'static>() {
    let hz = F::frequency();
    for longest_us in [0, 1, 333, 100_000, 7_000_000, 150_000_000, 2_000_000_000] {
        // Twice the longest time and a slack, and the slack once more.
        let asked_us = 2 * u64::from(longest_us) + 2 * 1000;
        // A thread has no more than 32 deferred calls.
        let waited = thread::spawn(move || waited_us::<F, T>(longest_us));
        let waited_us = waited.join().expect("it comes to an end");
        let what = format!(
            "{waited_us} us in place of {asked_us} at {hz} Hz, {} bits",
            T::width()
        );
        assert!(waited_us >= asked_us, "{what}");
        // Each time that the alarm is set takes two ticks more at most.
        let turn_us = (1u64 << (T::width() - 1)).saturating_mul(1_000_000) / u64::from(hz);
        let turns = asked_us / turn_us.max(1) + 3;
        let more_us = turns * (2 * 1_000_000 / u64::from(hz) + 2);
        assert!(waited_us <= asked_us + asked_us / 1000 + more_us, "{what}");
    }
}

#[test]
fn deadlines_are_long_enough_with_counters_of_16_bits() {
    are_long_enough::<Freq32KHz, Ticks16>();
    are_long_enough::<Freq1KHz, Ticks16>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_24_bits() {
    are_long_enough::<Freq32KHz, Ticks24>();
    are_long_enough::<Freq16MHz, Ticks24>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_32_bits() {
    are_long_enough::<Freq1KHz, Ticks32>();
    are_long_enough::<Freq32KHz, Ticks32>();
    are_long_enough::<Freq1MHz, Ticks32>();
    are_long_enough::<Freq16MHz, Ticks32>();
}

#[test]
fn deadlines_are_long_enough_with_counters_of_64_bits() {
    are_long_enough::<Freq32KHz, Ticks64>();
    are_long_enough::<Freq1MHz, Ticks64>();
    are_long_enough::<Freq16MHz, Ticks64>();
}
