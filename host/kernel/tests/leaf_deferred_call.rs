// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Deferred calls behave as observed on the upstream kernel.
//!
//! The rows named in the comments are those of the record of that observation:
//! J1 and J4 of one kernel operation, `dc33`, `thread` and `bench` of deferred
//! calls as process-wide state. What the kernel loop adds (interrupts before
//! deferred calls, J2, J3) is tested with the loop.

mod deferred;

use deferred::{Client, IN_INTERRUPT, Threads, board, panic_message, service};
use kernel::deferred_call::{
    DeferredCall, initialize_deferred_call_state, initialize_deferred_call_state_unsafe,
};
use tock_host_platform::reset_thread;

// J1: kernel work | deferred calls lowest index first
#[test]
fn j1_lowest_index_runs_first() {
    board();
    let clients = ["a", "b", "c"].map(Client::new);
    for client in clients.iter().rev() {
        client.call.set();
    }
    assert_eq!(DeferredCall::service_next_pending(), Some(0));
    assert_eq!(service(), ["a", "b", "c"]);
    assert_eq!(DeferredCall::service_next_pending(), None);
}

// J1: set twice before service | runs once
#[test]
fn j1_set_twice_runs_once() {
    board();
    let a = Client::new("a");
    assert!(!a.call.is_pending());
    a.call.set();
    a.call.set();
    assert!(a.call.is_pending());
    assert!(DeferredCall::has_tasks());
    assert_eq!(service(), ["a"]);
    assert!(!a.call.is_pending());
    assert!(!DeferredCall::has_tasks());
}

// J1/J4: deferred call sets itself | runs again; pending bit is cleared before
// the handler
#[test]
fn j4_sets_itself_and_runs_again() {
    board();
    let a = Client::new("a");
    a.then.set(|a| {
        assert!(!a.call.is_pending());
        a.then.set(|_| ());
        a.call.set();
        assert!(a.call.is_pending());
    });
    a.call.set();
    assert_eq!(service(), ["a", "a"]);
}

// J1/J4: deferred call sets a lower index | runs again, before the higher ones
#[test]
fn j4_sets_a_lower_index_and_that_runs_next() {
    board();
    let clients @ [a, b, _] = ["a", "b", "c"].map(Client::new);
    b.other.set(Some(a));
    b.then.set(|b| b.other.get().unwrap().call.set());
    for client in clients {
        client.call.set();
    }
    assert_eq!(service(), ["a", "b", "a", "c"]);
}

// J1: an interrupt stops the deferred loop between calls; what is left stays
// pending
#[test]
fn j1_calls_left_over_stay_pending() {
    board();
    let [a, b] = ["a", "b"].map(Client::new);
    a.call.set();
    b.call.set();
    assert_eq!(DeferredCall::service_next_pending(), Some(0));
    assert!(b.call.is_pending() && !a.call.is_pending());
    assert_eq!(service(), ["a", "b"]);
}

#[test]
fn a_call_without_a_client_is_cleared_and_reports_nothing() {
    board();
    let unregistered = DeferredCall::new();
    let b = Client::new("b");
    unregistered.set();
    b.call.set();
    assert_eq!(DeferredCall::service_next_pending(), None);
    assert!(!unregistered.is_pending());
    assert_eq!(service(), ["b"]);
}

#[test]
fn a_later_client_takes_the_place_of_an_earlier_one() {
    board();
    let [a, b] = ["a", "b"].map(Client::new);
    a.call.register(b);
    a.call.set();
    assert_eq!(service(), ["b"]);
}

fn thirty_three() -> [&'static Client; 33] {
    board();
    std::array::from_fn(|number| Client::new(if number == 0 { "first" } else { "other" }))
}

// dc33: 33rd new/register | silent
#[test]
fn dc33_new_and_register_are_silent() {
    let clients = thirty_three();
    clients[31].call.set();
    assert_eq!(DeferredCall::service_next_pending(), Some(31));
}

// dc33: verify_setup with 33 | panics
#[test]
fn dc33_verify_setup_panics() {
    thirty_three();
    assert_eq!(
        panic_message(DeferredCall::verify_setup),
        "ERROR: too many deferred calls: 33"
    );
}

// dc33: debug | set() panics (shift overflow)
#[cfg(debug_assertions)]
#[test]
fn dc33_set_panics_in_debug_builds() {
    let clients = thirty_three();
    assert!(panic_message(|| clients[32].call.set()).contains("overflow"));
    assert!(!DeferredCall::has_tasks());
}

// dc33: release | set() wraps to index 0 and runs the WRONG handler
#[cfg(not(debug_assertions))]
#[test]
fn dc33_set_hits_the_wrong_call_in_release_builds() {
    let clients = thirty_three();
    clients[32].call.set();
    assert!(clients[0].call.is_pending());
    assert_eq!(service(), ["first"]);
}

#[test]
fn verify_setup_accepts_up_to_32_registered_calls() {
    board();
    DeferredCall::verify_setup();
    for _ in 0..32 {
        Client::new("any");
        DeferredCall::verify_setup();
    }
}

#[test]
fn verify_setup_finds_a_forgotten_registration() {
    board();
    Client::new("a");
    let _forgotten = DeferredCall::new();
    assert_eq!(
        panic_message(DeferredCall::verify_setup),
        "ERROR: 2 deferred calls, 1 registered. \
         A component may have forgotten to register a deferred call."
    );
}

#[test]
fn before_initialisation_nothing_is_there() {
    reset_thread();
    assert_eq!(
        panic_message(|| {
            DeferredCall::new();
        }),
        "DeferredCall state not initialized."
    );
    assert_eq!(
        panic_message(DeferredCall::verify_setup),
        "ERROR: deferred calls not initialized."
    );
    assert!(!DeferredCall::has_tasks());
    assert_eq!(DeferredCall::service_next_pending(), None);
}

// thread: other thread than the first initialiser | new() panics, has_tasks()
// false
#[test]
fn thread_without_initialisation_has_no_calls() {
    board();
    let a = Client::new("a");
    a.call.set();
    std::thread::spawn(|| {
        assert!(!DeferredCall::has_tasks());
        assert_eq!(
            panic_message(|| {
                DeferredCall::new();
            }),
            "DeferredCall state not initialized."
        );
    })
    .join()
    .unwrap();
    assert_eq!(service(), ["a"]);
}

// thread: what the chip calls another thread, such as an interrupt handler, is
// one
#[test]
fn thread_of_an_interrupt_handler_has_no_calls() {
    board();
    let a = Client::new("a");
    IN_INTERRUPT.set(true);
    a.call.set();
    assert!(!a.call.is_pending() && !DeferredCall::has_tasks());
    assert_eq!(
        panic_message(|| {
            DeferredCall::new();
        }),
        "DeferredCall state not initialized."
    );
    IN_INTERRUPT.set(false);
    assert!(!a.call.is_pending());
    a.call.set();
    assert_eq!(service(), ["a"]);
}

// thread: state cannot be re-bound
#[test]
fn thread_initialising_twice_has_no_effect() {
    board();
    let a = Client::new("a");
    a.call.set();
    initialize_deferred_call_state::<Threads>();
    // SAFETY: nothing else initialises this thread's state.
    unsafe { initialize_deferred_call_state_unsafe::<Threads>() };
    assert_eq!(DeferredCall::service_next_pending(), Some(0));
    let b = Client::new("b");
    b.call.set();
    assert_eq!(DeferredCall::service_next_pending(), Some(1));
}
