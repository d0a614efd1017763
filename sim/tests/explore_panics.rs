// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A panic in one of the explorer's threads ends the whole run, soon, and says what it was.

use qspi_models::nor::part;
use std::any::Any;
use std::hash::Hasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tock_qspi::board::{AppSpec, Board, Settings};
use tock_qspi::breach::Breaches;
use tock_qspi::chance::Chance;
use tock_qspi::explore::random::random;
use tock_qspi::explore::search::{Options, search};
use tock_qspi::explore::subject::Subject;
use tock_qspi::ledger::Ledger;
use tock_qspi::machine::Machine;

/// Far more than such a run takes. Without an end it would go on for ever, or for days.
const SOON: Duration = Duration::from_secs(60);

/// Passes of all boards until one panics: there is more than one thread by then, in the middle of it.
const PASSES: u32 = 50_000;

/// A board that breaks in the middle of a pass: the first one of all that comes to it.
struct Brittle<const FRACTURE: usize>(Board);

/// One for each test. Tests run at the same time.
static LEFT: [AtomicU32; 2] = [const { AtomicU32::new(PASSES) }; 2];

impl<const FRACTURE: usize> Subject for Brittle<FRACTURE> {
    fn step(&mut self) {
        self.0.step();
        if LEFT[FRACTURE].fetch_sub(1, Ordering::Relaxed) == 1 {
            panic!("broken as it was meant to be");
        }
    }

    fn boot(settings: Settings, apps: Vec<AppSpec>) -> Self {
        Brittle(<Board as Subject>::boot(settings, apps))
    }

    fn machine(&self) -> &Machine {
        Subject::machine(&self.0)
    }

    fn breaches(&self) -> &Breaches {
        Subject::breaches(&self.0)
    }

    fn ledger(&self) -> &Ledger {
        Subject::ledger(&self.0)
    }

    fn set_chance(&self, chance: &Rc<dyn Chance>) {
        self.0.set_chance(chance);
    }

    fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.0.fingerprint(hasher);
    }

    fn wait_for_interrupt(&self) {
        self.0.wait_for_interrupt();
    }

    fn has_kernel_work(&self) -> bool {
        self.0.has_kernel_work()
    }

    fn has_ready_process(&self) -> bool {
        self.0.has_ready_process()
    }

    fn alive(&self) -> impl Iterator<Item = bool> {
        self.0.alive()
    }

    fn is_stuck(&self) -> bool {
        self.0.is_stuck()
    }

    fn nudge(&self) {
        Subject::nudge(&self.0);
    }

    fn terminate(&mut self, index: usize) {
        self.0.terminate(index);
    }

    fn stop(&mut self, index: usize) {
        self.0.stop(index);
    }

    fn resume(&mut self, index: usize) {
        self.0.resume(index);
    }

    fn detach(&mut self) -> bool {
        self.0.detach()
    }

    fn attach(&mut self) -> bool {
        self.0.attach()
    }

    fn is_attached(&self) -> bool {
        Subject::is_attached(&self.0)
    }

    fn is_detaching(&self) -> bool {
        self.0.is_detaching()
    }

    fn is_busy(&self) -> bool {
        Subject::is_busy(&self.0)
    }

    fn is_at_rest(&self) -> bool {
        self.0.is_at_rest()
    }

    fn leases(&self) -> usize {
        self.0.leases()
    }

    fn state(&self) -> String {
        Subject::state(&self.0)
    }

    fn come_to_rest(&mut self) {
        Subject::come_to_rest(&mut self.0);
    }

    fn renew(&mut self) {
        self.0.renew();
    }

    fn settle(&mut self) {
        self.0.settle();
    }
}

fn options(bounds: &str) -> Options {
    Options {
        part: part("MX25R6435F").expect("a known part"),
        bounds: bounds.parse().expect("bounds"),
        jobs: 3,
        prune: true,
        seen_bits: 20,
        limit: 0,
        keep_going: true,
    }
}

/// What `run` panics with. It is on a thread of its own so that the test ends even if it does not.
fn panic_of(run: impl FnOnce() + Send + 'static) -> String {
    let (tell, told) = channel();
    thread::spawn(move || {
        let end = catch_unwind(AssertUnwindSafe(run));
        // Nobody may wait for it any more.
        let _ = tell.send(end);
    });
    let what: Box<dyn Any + Send> = match told.recv_timeout(SOON) {
        Ok(Err(what)) => what,
        Ok(Ok(())) => panic!("it came to its end without a panic"),
        Err(RecvTimeoutError::Timeout) => panic!("the others wait for the one that panicked"),
        Err(RecvTimeoutError::Disconnected) => panic!("it ended without telling how"),
    };
    let text = what.downcast_ref::<&str>().expect("a text");
    (*text).to_owned()
}

#[test]
fn a_thread_of_the_search_that_panics_ends_it() {
    let said = panic_of(|| {
        search::<Brittle<0>>(options("p3o2d2t1s1l1f0"), |_, _| {});
    });
    assert_eq!(said, "broken as it was meant to be");
}

#[test]
fn a_thread_of_random_orders_that_panics_ends_them() {
    let said = panic_of(|| {
        random::<Brittle<1>>(&options("p3o40d4t2s2l4f3"), 1, 1_000_000_000, |_| {});
    });
    assert_eq!(said, "broken as it was meant to be");
}
