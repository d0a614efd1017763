// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Clients of deferred calls that note when they are called.

// Each test program uses a part of this.
#![allow(dead_code)]

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::deferred_call::{DeferredCall, DeferredCallClient, initialize_deferred_call_state};
use kernel::platform::chip::ThreadIdProvider;
use tock_host_platform::{reset_thread, trace, trace_line};

thread_local! {
    pub static LOG: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    pub static IN_INTERRUPT: Cell<bool> = const { Cell::new(false) };
}

/// Numbers threads, and the interrupt handler of each apart from it.
pub enum Threads {}

// SAFETY: no two threads draw the same number, and bit 0 is the interrupt's.
unsafe impl ThreadIdProvider for Threads {
    fn running_thread_id() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static ID: usize = NEXT.fetch_add(2, Ordering::Relaxed));
        ID.with(|id| *id) + usize::from(IN_INTERRUPT.get())
    }
}

/// Logs its name, then does what it is told.
pub struct Client {
    pub name: &'static str,
    pub call: DeferredCall,
    pub then: Cell<fn(&Client)>,
    pub other: Cell<Option<&'static Client>>,
}

impl Client {
    /// Clients of a test live until its process ends: they are `'static`.
    pub fn new(name: &'static str) -> &'static Client {
        let client: &'static Client = Box::leak(Box::new(Client {
            name,
            call: DeferredCall::new(),
            then: Cell::new(|_| ()),
            other: Cell::new(None),
        }));
        client.register();
        client
    }
}

impl DeferredCallClient for Client {
    fn handle_deferred_call(&self) {
        trace_line!("{}", self.name);
        LOG.with_borrow_mut(|log| log.push(self.name));
        self.then.get()(self);
    }

    fn register(&'static self) {
        self.call.register(self);
    }
}

pub fn board() {
    reset_thread();
    trace::begin_as_told();
    LOG.take();
    initialize_deferred_call_state::<Threads>();
}

/// What the kernel loop does with deferred calls when no interrupt comes.
pub fn service() -> Vec<&'static str> {
    while DeferredCall::has_tasks() {
        DeferredCall::service_next_pending();
    }
    LOG.take()
}

pub fn panic_message(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("did not panic");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .expect("not a message")
}
