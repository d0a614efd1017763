// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A global that one thread owns.

use core::mem::ManuallyDrop;
use std::sync::OnceLock;

use crate::platform::chip::ThreadIdProvider;

struct Bound<T> {
    running_thread_id: fn() -> usize,
    thread_id: usize,
    value: ManuallyDrop<T>,
}

/// A static of any type, `Sync` or not, that only the thread that set it can
/// use. It is set once, for good; on the host that means once in a program, not
/// once for each board.
pub struct SingleThreadValue<T> {
    bound: OnceLock<Bound<T>>,
}

// SAFETY: `get` hands the value out to the thread that made it and to no other,
// and the value is never dropped.
unsafe impl<T> Sync for SingleThreadValue<T> {}

impl<T> SingleThreadValue<T> {
    /// A place without a value.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self {
            bound: OnceLock::new(),
        }
    }

    /// Puts `value` in and makes it this thread's, as `P` tells threads apart.
    /// If there is one already, `value` comes back.
    pub fn bind_to_thread<P: ThreadIdProvider>(&self, value: T) -> Result<(), T> {
        self.bound
            .set(Bound {
                running_thread_id: P::running_thread_id,
                thread_id: P::running_thread_id(),
                value: ManuallyDrop::new(value),
            })
            .map_err(|bound| ManuallyDrop::into_inner(bound.value))
    }

    /// As [`bind_to_thread`](Self::bind_to_thread), for chips without atomic
    /// compare-and-swap.
    ///
    /// # Safety
    ///
    /// Must not run while this value is bound elsewhere. (On the host that is
    /// safe all the same.)
    pub unsafe fn bind_to_thread_unsafe<P: ThreadIdProvider>(&self, value: T) -> Result<(), T> {
        self.bind_to_thread::<P>(value)
    }

    /// Whether there is a value and it is this thread's.
    pub fn bound_to_current_thread(&self) -> bool {
        self.bound
            .get()
            .is_some_and(|bound| bound.thread_id == (bound.running_thread_id)())
    }

    /// The value, if it is this thread's.
    pub fn get(&self) -> Option<&T> {
        self.bound
            .get()
            .filter(|_| self.bound_to_current_thread())
            .map(|bound| &*bound.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use core::sync::atomic::{AtomicUsize, Ordering};

    enum Threads {}
    // SAFETY: each thread draws a number of its own and keeps it.
    unsafe impl ThreadIdProvider for Threads {
        fn running_thread_id() -> usize {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            thread_local!(static ID: usize = NEXT.fetch_add(1, Ordering::Relaxed));
            ID.with(|id| *id)
        }
    }

    #[test]
    fn only_the_thread_that_set_it_sees_it() {
        static VALUE: SingleThreadValue<Cell<u8>> = SingleThreadValue::new();
        assert!(VALUE.get().is_none());
        assert!(VALUE.bind_to_thread::<Threads>(Cell::new(1)).is_ok());
        assert_eq!(VALUE.get().map(Cell::get), Some(1));
        let again = VALUE.bind_to_thread::<Threads>(Cell::new(2));
        assert_eq!(again.map_err(Cell::into_inner), Err(2));
        std::thread::spawn(|| {
            assert!(!VALUE.bound_to_current_thread());
            assert!(VALUE.get().is_none());
            assert!(VALUE.bind_to_thread::<Threads>(Cell::new(3)).is_err());
        })
        .join()
        .unwrap();
        assert_eq!(VALUE.get().map(Cell::get), Some(1));
    }
}
