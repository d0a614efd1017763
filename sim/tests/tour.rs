// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The tour holds on every part that there is a model of.

mod support;

use std::thread;
use tock_qspi::timeline::Timeline;
use tock_qspi::tour::{Options, run};

#[test]
fn holds_on_every_part() {
    let tours: Vec<_> = support::all_known()
        .map(|part| {
            // Each in a thread: boards have their deferred calls to themselves there.
            let tour = move || run(&Options { part, seed: 3 }, &mut Timeline::quiet());
            (part.name, thread::spawn(tour))
        })
        .collect();
    assert!(!tours.is_empty());
    for (name, tour) in tours {
        let outcome = tour.join().expect("a tour ends");
        let missed: Vec<_> = outcome.checks.iter().filter(|check| !check.held).collect();
        assert_eq!(outcome.breaches, [], "{name}");
        assert!(missed.is_empty(), "{name}: {missed:?}");
        // Four lines, as every part here has them, and DMA.
        assert!(outcome.summary.buffers_lent > 10_000, "{name}");
    }
}
