// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Running a future in an app without an executor.

use crate::system_call::yield_wait;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// Runs `future` to its end.
///
/// [`crate::storage::Storage`] is ready whenever it is polled, since each of its
/// calls waits inside. A future that is not ready can only be moved on by an
/// upcall, so one is waited for.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => yield_wait(),
        }
    }
}
