// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One log for everything that has an order. Each test runs in a thread of its own.

use qspi_hil::Error;
use std::cell::RefCell;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A register was read.
    Read(usize),
    /// A register was written.
    Write(usize, u32),
    /// Memory was handed to the DMA: address and length.
    Lend(usize, usize),
    /// Memory was taken back from the DMA.
    TakeBack(usize, usize),
    /// The pads were configured.
    Configure,
    /// The pads were parked.
    Park,
    /// The clock was asked for.
    ClockRequest,
    /// The clock was released.
    ClockRelease,
    /// The client was told that the controller is on.
    Enabled,
    /// The client was told that its operation has ended.
    Done(Result<(), Error>),
}

thread_local! {
    static LOG: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// Adds a step.
pub fn push(step: Step) {
    LOG.with_borrow_mut(|log| log.push(step));
}

/// All steps since the last call.
pub fn drain() -> Vec<Step> {
    LOG.take()
}

/// Steps without the register reads, which change nothing.
pub fn drain_effects() -> Vec<Step> {
    let mut steps = drain();
    steps.retain(|step| !matches!(step, Step::Read(_)));
    steps
}

/// Where `step` is in `steps`; it must be there exactly once.
pub fn only(steps: &[Step], step: Step) -> usize {
    let places: Vec<usize> = (0..steps.len()).filter(|&i| steps[i] == step).collect();
    assert_eq!(places.len(), 1, "{step:x?} in {steps:x?}");
    places[0]
}

/// Asserts that `order` occurs in `steps` in this order, each step exactly once.
pub fn assert_order(steps: &[Step], order: &[Step]) {
    let places: Vec<usize> = order.iter().map(|step| only(steps, *step)).collect();
    assert!(places.is_sorted(), "{order:x?} in {steps:x?}");
}
