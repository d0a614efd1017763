// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Deferred calls: how code in the kernel asks to be called back from the
//! kernel loop.
//!
//! A driver that must not call its client before it has returned, sets its
//! deferred call and does the rest in
//! [`handle_deferred_call`](DeferredCallClient::handle_deferred_call). There are
//! 32 of them; the lower the index, that is the earlier it was made, the sooner
//! it runs.
//!
//! A kernel has one such set for all of its life. On the host the set belongs to
//! a thread, so that several boards can run in several threads, and
//! [`reset_deferred_call_state`] makes room for the next board in the same
//! thread.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::platform::chip::ThreadIdProvider;

/// How many deferred calls one kernel can have: one for each bit of the pending
/// mask.
const CAPACITY: usize = 32;

/// Code that has a deferred call.
pub trait DeferredCallClient: Sized {
    /// What was deferred. Its pending mark is cleared before this runs, so it
    /// may set its own call again.
    fn handle_deferred_call(&self);

    /// Passes `self` to [`DeferredCall::register`]. The board calls this once,
    /// when the client is in its final place.
    fn register(&'static self);
}

/// What [`DeferredCallClient`] looks like once its type is no longer known.
trait Handler {
    fn handle(&self);
}

impl<T: DeferredCallClient> Handler for T {
    fn handle(&self) {
        self.handle_deferred_call();
    }
}

/// Who set this thread's state up.
#[derive(Clone, Copy)]
struct Owner {
    /// Tells one set of deferred calls from every other in this program.
    epoch: u64,
    running_thread_id: fn() -> usize,
    thread_id: usize,
}

struct State {
    owner: Cell<Option<Owner>>,
    created: Cell<usize>,
    pending: Cell<u32>,
    handlers: [Cell<Option<&'static dyn Handler>>; CAPACITY],
}

thread_local! {
    static STATE: State = const {
        State {
            owner: Cell::new(None),
            created: Cell::new(0),
            pending: Cell::new(0),
            handlers: [const { Cell::new(None) }; CAPACITY],
        }
    };
}

/// Runs `f` on this thread's state if it is set up and the chip says that what
/// runs now is what set it up.
fn with_state<R>(f: impl FnOnce(&State, Owner) -> R) -> Option<R> {
    STATE.with(|state| {
        let owner = state.owner.get()?;
        (owner.thread_id == (owner.running_thread_id)()).then(|| f(state, owner))
    })
}

/// Sets up the state that deferred calls need. A board does this before it
/// makes the first one; a second time has no effect.
pub fn initialize_deferred_call_state<P: ThreadIdProvider>() {
    static NEXT_EPOCH: AtomicU64 = AtomicU64::new(0);

    STATE.with(|state| {
        if state.owner.get().is_none() {
            state.owner.set(Some(Owner {
                epoch: NEXT_EPOCH.fetch_add(1, Ordering::Relaxed),
                running_thread_id: P::running_thread_id,
                thread_id: P::running_thread_id(),
            }));
        }
    });
}

/// As [`initialize_deferred_call_state`], for chips without atomic
/// compare-and-swap.
///
/// # Safety
///
/// Must not run twice at once. (On the host that is safe all the same.)
pub unsafe fn initialize_deferred_call_state_unsafe<P: ThreadIdProvider>() {
    initialize_deferred_call_state::<P>();
}

/// Host only: forgets this thread's deferred calls and the clients registered
/// for them, as a restart of the board would.
///
/// The state must be set up again before the next call is made. A
/// [`DeferredCall`] from before the reset is of no more use:
/// [`set`](DeferredCall::set) panics on it once the next board is set up, since
/// it would otherwise hit whichever of that board's calls has the same index.
pub fn reset_deferred_call_state() {
    STATE.with(|state| {
        state.owner.set(None);
        state.created.set(0);
        state.pending.set(0);
        for handler in &state.handlers {
            handler.set(None);
        }
    });
}

/// One deferred call.
pub struct DeferredCall {
    idx: usize,
    epoch: u64,
}

impl DeferredCall {
    /// Makes the next deferred call. A client is registered for it later.
    ///
    /// Panics if the state is not set up. The 33rd call is made without
    /// complaint; [`verify_setup`](DeferredCall::verify_setup) is what finds it.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        with_state(|state, owner| {
            let idx = state.created.get();
            state.created.set(idx + 1);
            DeferredCall {
                idx,
                epoch: owner.epoch,
            }
        })
        .expect("DeferredCall state not initialized.")
    }

    /// Makes `client` the one whose handler this call runs.
    pub fn register<DC: DeferredCallClient>(&self, client: &'static DC) {
        with_state(|state, owner| {
            self.check_epoch(owner);
            if let Some(handler) = state.handlers.get(self.idx) {
                handler.set(Some(client));
            }
        });
    }

    /// Asks for the handler to run. Asking again before it ran changes nothing.
    ///
    /// Past the 32nd call this overflows a shift as upstream does: it panics
    /// where overflow checks are on, and else hits the call whose index is lower
    /// by 32.
    pub fn set(&self) {
        with_state(|state, owner| {
            self.check_epoch(owner);
            state.pending.set(state.pending.get() | (1 << self.idx));
        });
    }

    /// Whether the handler has been asked for and has not run yet.
    pub fn is_pending(&self) -> bool {
        with_state(|state, owner| {
            owner.epoch == self.epoch && state.pending.get() & (1 << self.idx) != 0
        })
        .unwrap_or(false)
    }

    #[track_caller]
    fn check_epoch(&self, owner: Owner) {
        assert_eq!(
            self.epoch, owner.epoch,
            "DeferredCall belongs to a board that has been reset"
        );
    }

    /// Runs the pending handler with the lowest index and returns that index.
    ///
    /// `None` means that nothing was pending, or that nothing was registered for
    /// the call that was.
    pub fn service_next_pending() -> Option<usize> {
        let (idx, handler) = with_state(|state, _| {
            let pending = state.pending.get();
            let idx = (pending != 0).then_some(pending.trailing_zeros() as usize)?;
            state.pending.set(pending & (pending - 1));
            Some((idx, state.handlers.get(idx)?.get()?))
        })
        .flatten()?;
        handler.handle();
        Some(idx)
    }

    /// Whether any handler has been asked for.
    pub fn has_tasks() -> bool {
        with_state(|state, _| state.pending.get() != 0).unwrap_or(false)
    }

    /// Checks what [`new`](DeferredCall::new) and
    /// [`register`](DeferredCall::register) leave unchecked. The kernel loop
    /// does so before its first round.
    ///
    /// Panics if the state is not set up, if there are more than 32 calls, or
    /// if the number of calls is not the number of registered clients.
    pub fn verify_setup() {
        let (created, registered) = with_state(|state, _| {
            let registered = state.handlers.iter().filter(|h| h.get().is_some());
            (state.created.get(), registered.count())
        })
        .expect("ERROR: deferred calls not initialized.");
        assert!(
            created <= CAPACITY,
            "ERROR: too many deferred calls: {created}"
        );
        assert!(
            created == registered,
            "ERROR: {created} deferred calls, {registered} registered. \
             A component may have forgotten to register a deferred call."
        );
    }
}
