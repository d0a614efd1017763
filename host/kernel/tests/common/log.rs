// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What apps, upcalls and drivers note in the course of a test.

use std::cell::RefCell;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Note something.
pub fn log(entry: impl Into<String>) {
    let entry = entry.into();
    tock_host_platform::trace_line!("log {entry}");
    LOG.with_borrow_mut(|log| log.push(entry));
}

/// Everything noted since the last call.
pub fn logged() -> Vec<String> {
    LOG.take()
}
