// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A controller whose answers come by deferred call, as those of commands that the CPU shifts
//! itself do. The kernel serves interrupts first, so alarms overtake them.

mod controller_support;

use controller_support::Late;
use kernel::deferred_call::DeferredCall;
use kernel::hil::time::{Alarm, Freq1MHz, Ticks32};
use spi_nor::lifecycle::State;

type Bench = controller_support::Bench<Freq1MHz, Ticks32>;

fn enabling(works: bool, holds_back: bool) -> Bench {
    Bench::enabling(|| Late::new(works, holds_back, 100))
}

/// Alarms, until none is set any more.
fn alarms(bench: &Bench) -> usize {
    let mut fired = 0;
    while bench.alarm.is_armed() {
        bench.alarm.fire();
        fired += 1;
        assert!(fired < 10, "it has to come to an end");
    }
    fired
}

/// The kernel's loop, until nothing is left to do.
fn deferred_calls() {
    while DeferredCall::has_tasks() {
        DeferredCall::service_next_pending();
    }
}

#[test]
fn an_answer_that_waits_to_be_delivered_is_no_hang() {
    let bench = enabling(true, false);
    assert_eq!(alarms(&bench), 2, "the deadline, and once more");
    deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 0);
    // It was enabled, and the part can't be identified with no template at all.
    assert_ne!(bench.device.state(), State::Starting);
}

#[test]
fn an_answer_that_somebody_in_between_keeps_is_no_hang() {
    let bench = enabling(true, true);
    alarms(&bench);
    deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 0);
    assert!(bench.alarm.is_armed(), "it is waited for");
    alarms(&bench);
    deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 1, "it never came");
}

/// What is left is waited for by an alarm that no driver misses.
#[test]
fn an_alarm_that_comes_too_early_is_set_again() {
    let bench = enabling(false, false);
    let before = bench.alarm.now.get();
    bench.alarm.fire_early(1);
    assert!(bench.alarm.is_armed());
    alarms(&bench);
    deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 1);
    assert!(bench.alarm.now.get() - before >= 2 * 100 + 2 * 1000);
}

#[test]
fn silence_is_a_hang() {
    let bench = enabling(false, false);
    alarms(&bench);
    deferred_calls();
    assert_eq!(bench.device.counters().forced_stops, 1);
    assert_eq!(bench.device.counters().impossible, 0);
    assert_eq!(bench.device.state(), State::Failed);
}
