// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Waiting for upcalls, safely: a subscription that ends with a scope.
//!
//! The function that the kernel calls does no more than note the values; the app
//! waits with [`yield_wait`] until they are there. So an upcall of another
//! driver that arrives meanwhile costs nothing, and none is lost.

use crate::ErrorCode;
use crate::backend::is_unwound;
use crate::system_call::{fault, subscribe, unsubscribe, yield_wait};
use core::cell::Cell;

/// The upcalls of one number that have run since it was watched.
pub struct Arrivals {
    count: Cell<u32>,
    waited_for: Cell<u32>,
    values: Cell<[u32; 3]>,
}

impl Arrivals {
    /// How many have run.
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// Waits for one more than were waited for before, and returns the values of
    /// the latest that has run.
    pub fn wait(&self) -> [u32; 3] {
        while self.count.get() == self.waited_for.get() {
            yield_wait();
        }
        self.waited_for.set(self.waited_for.get().wrapping_add(1));
        self.values.get()
    }
}

/// Runs `body` with upcall `number` of `driver` subscribed. The subscription is
/// gone when this returns.
///
/// A watch of the same number inside `body` takes the upcalls over for good.
///
/// # Errors
///
/// Why the kernel refused the subscription; `body` did not run.
pub fn watch<R>(
    driver: u32,
    number: u32,
    body: impl FnOnce(&Arrivals) -> R,
) -> Result<R, ErrorCode> {
    watch_and_run(driver, number, |_| (), body)
}

/// As [`watch`], and runs `then` inside of each upcall, with its values.
///
/// # Errors
///
/// As [`watch`].
pub fn watch_and_run<R, F: Fn([u32; 3])>(
    driver: u32,
    number: u32,
    then: F,
    body: impl FnOnce(&Arrivals) -> R,
) -> Result<R, ErrorCode> {
    let watched = Watched {
        arrivals: Arrivals {
            count: Cell::new(0),
            waited_for: Cell::new(0),
            values: Cell::new([0; 3]),
        },
        then,
    };
    let data = (&raw const watched).expose_provenance();
    // SAFETY: `arrived::<F>` takes `data` as a `Watched<F>`, which it is.
    // `subscription` ends the subscription before `watched` ends, whichever way
    // this function is left, since it was declared after it and nobody else can
    // get hold of it.
    unsafe { subscribe(driver, number, arrived::<F>, data) }?;
    let subscription = Subscription { driver, number };
    let result = body(&watched.arrivals);
    drop(subscription);
    Ok(result)
}

struct Watched<F> {
    arrivals: Arrivals,
    then: F,
}

extern "C-unwind" fn arrived<F: Fn([u32; 3])>(
    value_0: usize,
    value_1: usize,
    value_2: usize,
    data: usize,
) {
    // SAFETY: `data` is what `watch_and_run` subscribed this function with: the
    // address of a `Watched<F>` that lives as long as the subscription. It is
    // only ever used through shared references.
    let watched = unsafe { &*core::ptr::with_exposed_provenance::<Watched<F>>(data) };
    // Upcall values have 32 bits on every Tock platform; a host has wider
    // registers, of which the upper half means nothing.
    let values = [value_0 as u32, value_1 as u32, value_2 as u32];
    let arrivals = &watched.arrivals;
    arrivals.values.set(values);
    arrivals.count.set(arrivals.count.get().wrapping_add(1));
    (watched.then)(values);
}

struct Subscription {
    driver: u32,
    number: u32,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if unsubscribe(self.driver, self.number).is_err() && !is_unwound() {
            // The kernel could go on to call into a frame that is gone.
            fault();
        }
    }
}
