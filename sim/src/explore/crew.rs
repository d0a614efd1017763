// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Threads that work together: a panic of one ends the work of all.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// From one look at the workers to the next.
const LOOK: Duration = Duration::from_millis(20);

/// Runs `work` on `jobs` threads until all have come to an end, and calls `progress` now and then.
/// `work` ends soon after `stop` is true, which anybody may set.
///
/// # Panics
/// With what a worker panicked with, as soon as the others have stopped.
pub(super) fn work_together(
    jobs: usize,
    stop: &AtomicBool,
    work: impl Fn() + Sync,
    progress: impl Fn(),
) {
    let stop_all = || OnPanic::new(|| stop.store(true, Ordering::Relaxed));
    let work = || {
        let _stop = stop_all();
        work();
    };
    let panicked = thread::scope(|scope| {
        let _stop = stop_all();
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        while !workers.iter().all(|worker| worker.is_finished()) {
            progress();
            thread::sleep(LOOK);
        }
        // Of each the panic is taken: one that is left would be told of without what it was.
        let ends: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        ends.into_iter().find_map(Result::err)
    });
    if let Some(what) = panicked {
        let what: Box<dyn Any + Send> = what;
        resume_unwind(what);
    }
}

/// Does something if it is dropped by a panic.
pub(super) struct OnPanic<F: Fn()>(F);

impl<F: Fn()> OnPanic<F> {
    /// What to do.
    pub(super) fn new(what: F) -> OnPanic<F> {
        OnPanic(what)
    }
}

impl<F: Fn()> Drop for OnPanic<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

    fn said(end: Result<(), Box<dyn Any + Send>>) -> String {
        let what = end.expect_err("a panic");
        what.downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .expect("its text")
    }

    #[test]
    fn a_worker_that_panics_stops_the_others_and_its_words_are_told() {
        let stop = AtomicBool::new(false);
        let number = AtomicUsize::new(0);
        let stopped = AtomicUsize::new(0);
        let work = || {
            if number.fetch_add(1, Ordering::Relaxed) == 1 {
                panic!("the second one");
            }
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            stopped.fetch_add(1, Ordering::Relaxed);
        };
        let end = catch_unwind(AssertUnwindSafe(|| work_together(3, &stop, work, || {})));
        assert_eq!(said(end), "the second one");
        assert_eq!(stopped.into_inner(), 2);
    }

    #[test]
    fn so_does_whoever_tells_of_the_progress() {
        let stop = AtomicBool::new(false);
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        };
        let progress = || panic!("nobody looks");
        let end = catch_unwind(AssertUnwindSafe(|| work_together(2, &stop, work, progress)));
        assert_eq!(said(end), "nobody looks");
    }

    #[test]
    fn without_a_panic_all_work_is_done_and_nothing_stopped() {
        let stop = AtomicBool::new(false);
        let done = AtomicUsize::new(0);
        let work = || {
            done.fetch_add(1, Ordering::Relaxed);
        };
        work_together(0, &stop, work, || {});
        work_together(3, &stop, work, || {});
        assert_eq!((done.into_inner(), stop.into_inner()), (1 + 3, false));
    }
}
