// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What only this kernel can: deferred calls that are forgotten, for the next board, and a set of
//! them for each thread.

mod deferred;

use deferred::{Client, board, panic_message, service};
use kernel::deferred_call::{DeferredCall, DeferredCallClient, reset_deferred_call_state};

#[test]
fn another_thread_may_set_up_a_board_of_its_own() {
    board();
    let a = Client::new("a");
    a.call.set();
    std::thread::spawn(|| {
        board();
        let b = Client::new("b");
        b.call.set();
        assert_eq!(service(), ["b"]);
    })
    .join()
    .unwrap();
    assert_eq!(service(), ["a"]);
}

// bench: reset | none upstream, so the host has its own
#[test]
fn bench_reset_forgets_all_of_a_board() {
    board();
    let old = Client::new("old");
    Client::new("old too");
    old.call.set();
    board();
    assert!(!DeferredCall::has_tasks());
    assert!(!old.call.is_pending());
    DeferredCall::verify_setup();
    let new = Client::new("new");
    new.call.set();
    assert_eq!(DeferredCall::service_next_pending(), Some(0));
    assert_eq!(service(), ["new"]);
}

#[test]
fn a_call_of_a_former_board_cannot_reach_the_next() {
    board();
    let old = Client::new("old");
    board();
    let new = Client::new("new");
    new.call.set();
    assert!(!old.call.is_pending());
    for misuse in [(|old| old.call.set()) as fn(&'static Client), |old| {
        old.register()
    }] {
        assert!(
            panic_message(|| misuse(old))
                .contains("DeferredCall belongs to a board that has been reset")
        );
    }
    assert_eq!(service(), ["new"]);
}

#[test]
fn a_handler_may_reset_the_board() {
    board();
    let a = Client::new("a");
    a.then.set(|_| reset_deferred_call_state());
    a.call.set();
    assert_eq!(DeferredCall::service_next_pending(), Some(0));
    assert!(!DeferredCall::has_tasks());
}
