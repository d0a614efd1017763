// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Every interleaving of kernel clients with each other, a detach, an attach and a cancellation.
//!
//! What the explorer takes for processes are clients of the device here: one that dies cancels what
//! it has outstanding, and does nothing more.

use kernel::ErrorCode;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_models::PowerState;
use spi_nor::error::Error;
use spi_nor::kernel_face::{SpiNor, SpiNorClient};
use spi_nor::lifecycle::State;
use spi_nor::record::Kind;
use spi_nor::region::Access;
use spi_nor::region_face::RegionFace;
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use tock_qspi::board::{AppSpec, Board, Settings};
use tock_qspi::breach::{Breach, Breaches};
use tock_qspi::chance::Chance;
use tock_qspi::explore::apps::{REGION, SMALL, content, region_start};
use tock_qspi::explore::search::{Options, Report, search};
use tock_qspi::explore::subject::Subject;
use tock_qspi::ledger::Ledger;
use tock_qspi::machine::Machine;

/// Operations of each client.
const OPERATIONS: u8 = 3;
/// In this order, each client begins with another one.
const KINDS: [Kind; 3] = [Kind::Program, Kind::Read, Kind::Erase];
/// What is programmed.
const MASK: u8 = 0x3C;
/// An erase in two units.
const ERASED: u32 = 2 * REGION;
/// More passes of the kernel loop than any teardown takes.
const PASSES: u64 = 20_000;

/// A client.
struct Actor {
    index: usize,
    face: &'static RegionFace<'static>,
    buffer: RefCell<Option<&'static mut [u8]>>,
    /// Operations that it has still to begin.
    left: Cell<u8>,
    outstanding: Cell<Option<Kind>>,
    /// Of an erase that is under way, as it was told.
    progress: Cell<u32>,
    cancelled: Cell<bool>,
    /// A call into the face is under way.
    calling: Cell<bool>,
    /// What its region begins with, if that is known.
    expected: Cell<Option<[u8; SMALL]>>,
    /// There was a detach in this run.
    detached: Rc<Cell<bool>>,
    /// What went wrong since it was asked last.
    wrong: RefCell<Vec<Breach>>,
}

impl Actor {
    fn name(&self) -> String {
        format!("client-{}", self.index)
    }

    fn report(&self, breach: Breach) {
        self.wrong.borrow_mut().push(breach);
    }

    /// Begins the next operation, if there is one. One that is refused is not tried again.
    fn go_on(&self) {
        let left = self.left.get();
        if left == 0 {
            return;
        }
        self.left.set(left - 1);
        let step = self.index + usize::from(OPERATIONS - left);
        let kind = KINDS[step % KINDS.len()];
        self.outstanding.set(Some(kind));
        self.progress.set(0);
        self.calling.set(true);
        let begun = match kind {
            Kind::Erase => self.face.erase(0, ERASED),
            Kind::Read | Kind::Program | Kind::Open => {
                let buffer = self.buffer.take().expect("nothing is outstanding");
                buffer.fill(MASK);
                let buffer = SubSliceMut::new(buffer);
                let begun = if kind == Kind::Read {
                    self.face.read(0, buffer)
                } else {
                    self.face.program(0, buffer)
                };
                begun.map_err(|(error, buffer)| {
                    self.buffer.replace(Some(buffer.take()));
                    error
                })
            }
        };
        self.calling.set(false);
        match begun {
            Ok(()) => {}
            // C3: an error of its own, never BUSY.
            Err(ErrorCode::OFF) if self.detached.get() => {
                self.outstanding.set(None);
                self.left.set(0);
            }
            Err(error) => {
                self.outstanding.set(None);
                self.report(Breach::Stuck {
                    what: format!("{} was refused with {error:?}", self.name()),
                });
            }
        }
    }

    /// C1, and what each end may be.
    fn ended(&self, kind: Kind, done: u32, result: Result<(), Error>) {
        if self.calling.get() || self.outstanding.take() != Some(kind) {
            self.report(Breach::StrayCallback {
                process: self.name(),
                upcall: kind as usize,
            });
            return;
        }
        let length = if kind == Kind::Erase {
            ERASED
        } else {
            SMALL as u32
        };
        match result {
            Ok(()) if done == length => {}
            Ok(()) => self.report(Breach::ShortSuccess {
                process: self.name(),
                done,
                length,
            }),
            Err(Error::Detached) if self.detached.get() && done < length => {}
            Err(Error::Cancelled) if self.cancelled.get() && done < length => {}
            Err(_) => self.report(Breach::NeedlessFailure { count: 1 }),
        }
        let known = self.expected.get();
        self.expected
            .set(match (kind, result.is_ok() || done >= REGION) {
                (Kind::Erase, true) => Some([0xFF; SMALL]),
                (Kind::Program, true) => known.map(|bytes| bytes.map(|byte| byte & MASK)),
                (Kind::Open | Kind::Read, _) => known,
                // Nothing was done of what a cancel or a revoke overtook, or it came to its end.
                (Kind::Program | Kind::Erase, false) => known,
            });
        self.go_on();
    }

    fn check_content(&self, found: &[u8]) {
        let Some(expected) = self.expected.get() else {
            return;
        };
        let different = (0..).zip(expected.iter().zip(found));
        for (address, (expected, found)) in different.filter(|(_, (a, b))| a != b) {
            self.report(Breach::WrongContent {
                process: self.name(),
                address,
                expected: *expected,
                found: *found,
            });
        }
    }
}

impl SpiNorClient for Actor {
    fn read_done(&self, buffer: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        if result.is_ok() {
            self.check_content(buffer.as_slice());
        }
        self.buffer.replace(Some(buffer.take()));
        self.ended(Kind::Read, done, result);
    }

    fn program_done(&self, data: SubSliceMut<'static, u8>, done: u32, result: Result<(), Error>) {
        self.buffer.replace(Some(data.take()));
        self.ended(Kind::Program, done, result);
    }

    fn erase_progress(&self, done: u32, total: u32) {
        let is_next = done > self.progress.replace(done) && done < total && total == ERASED;
        if self.calling.get() || self.outstanding.get() != Some(Kind::Erase) || !is_next {
            self.report(Breach::StrayCallback {
                process: self.name(),
                upcall: 4,
            });
        }
    }

    fn erase_done(&self, done: u32, result: Result<(), Error>) {
        self.ended(Kind::Erase, done, result);
    }
}

/// A board with clients in the kernel and no app.
struct Clients {
    board: Board,
    actors: Vec<&'static Actor>,
    detached: Rc<Cell<bool>>,
}

impl Clients {
    fn report_wrongs(&self) {
        let now = self.board.machine.now_ns();
        for actor in &self.actors {
            for breach in actor.wrong.take() {
                self.board.breaches.report(now, breach);
            }
        }
    }
}

impl Subject for Clients {
    fn boot(settings: Settings, apps: Vec<AppSpec>) -> Clients {
        let mut board = Board::new(settings, Vec::new());
        board.machine.set_whole_ticks(true);
        let detached: Rc<Cell<bool>> = Rc::default();
        let actors = (0..apps.len())
            .map(|index| {
                let start = region_start(index);
                let face = board.add_region(start, ERASED, Access::ReadWrite);
                let actor: &'static Actor = board.keep(Actor {
                    index,
                    face,
                    buffer: RefCell::new(Some(board.keep([0; SMALL]))),
                    left: Cell::new(0),
                    outstanding: Cell::new(None),
                    progress: Cell::new(0),
                    cancelled: Cell::new(false),
                    calling: Cell::new(false),
                    expected: Cell::new(None),
                    detached: Rc::clone(&detached),
                    wrong: RefCell::default(),
                });
                face.set_client(actor);
                actor
            })
            .collect();
        Clients {
            board,
            actors,
            detached,
        }
    }

    fn machine(&self) -> &Machine {
        &self.board.machine
    }

    fn breaches(&self) -> &Breaches {
        &self.board.breaches
    }

    fn ledger(&self) -> &Ledger {
        &self.board.ledger
    }

    fn set_chance(&self, chance: &Rc<dyn Chance>) {
        self.board.set_chance(chance);
    }

    fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.board.fingerprint(hasher);
        self.detached.get().hash(hasher);
        for actor in &self.actors {
            (actor.left.get(), actor.outstanding.get()).hash(hasher);
            (actor.cancelled.get(), actor.expected.get()).hash(hasher);
            actor.progress.get().hash(hasher);
        }
    }

    fn step(&mut self) {
        self.board.step();
        self.report_wrongs();
    }

    fn wait_for_interrupt(&self) {
        self.board.wait_for_interrupt();
    }

    fn has_kernel_work(&self) -> bool {
        self.board.has_kernel_work()
    }

    fn has_ready_process(&self) -> bool {
        false
    }

    fn alive(&self) -> impl Iterator<Item = bool> {
        self.actors
            .iter()
            .map(|actor| actor.outstanding.get().is_some())
    }

    fn is_stuck(&self) -> bool {
        self.board.is_stuck()
    }

    fn nudge(&self) {
        self.board.chip().nudge();
    }

    fn terminate(&mut self, index: usize) {
        let actor = self.actors[index];
        actor.left.set(0);
        let again = actor.cancelled.replace(true);
        actor.calling.set(true);
        let cancelled = actor.face.cancel();
        actor.calling.set(false);
        if cancelled.is_ok() != (actor.outstanding.get().is_some() && !again) {
            actor.report(Breach::LostCallback {
                process: actor.name(),
                what: format!("a cancellation gets {cancelled:?}"),
            });
        }
    }

    fn stop(&mut self, _index: usize) {
        unreachable!("the bounds have no stops");
    }

    fn resume(&mut self, _index: usize) {
        unreachable!("the bounds have no stops");
    }

    fn detach(&mut self) -> bool {
        self.detached.set(true);
        self.board.detach()
    }

    fn attach(&mut self) -> bool {
        self.board.attach()
    }

    fn is_attached(&self) -> bool {
        self.board.device().is_attached()
    }

    fn is_detaching(&self) -> bool {
        self.board.is_detaching()
    }

    fn knows_part(&self) -> bool {
        self.board.device().profile().is_some()
    }

    fn is_busy(&self) -> bool {
        matches!(self.board.device().state(), State::Busy | State::Draining)
    }

    fn is_at_rest(&self) -> bool {
        self.board.is_at_rest()
    }

    fn is_part_at_rest(&self) -> bool {
        let power = |qspi: &mut qspi_models::Qspi| qspi.flash().power_state();
        matches!(
            self.board.machine.with_qspi(power),
            PowerState::EnteringDeepPowerDown | PowerState::DeepPowerDown
        )
    }

    fn leases(&self) -> usize {
        self.board.leases()
    }

    fn state(&self) -> String {
        format!("{:?}", self.board.device().state())
    }

    fn come_to_rest(&mut self) {
        for actor in &self.actors {
            actor.left.set(0);
            // ALREADY if there is nothing.
            let _cancelled = actor.face.cancel();
        }
        let at_rest = |board: &Board| board.is_at_rest() && !board.has_kernel_work();
        self.board.run_until(PASSES, at_rest);
        self.board.attach();
        let known = self.board.run_until(PASSES, Board::is_over_and_known);
        assert!(known, "the part is identified");
        for actor in &self.actors {
            actor.wrong.take();
        }
    }

    fn renew(&mut self) {
        self.board.renew();
        self.detached.set(false);
        for actor in &self.actors {
            actor.expected.set(Some(content(actor.index)));
            actor.cancelled.set(false);
            actor.left.set(OPERATIONS);
            actor.go_on();
        }
    }

    fn settle(&mut self) {
        for actor in &self.actors {
            if let Some(kind) = actor.outstanding.get() {
                actor.report(Breach::LostCallback {
                    process: actor.name(),
                    what: format!("{kind:?}"),
                });
            } else if actor.buffer.borrow().is_none() {
                actor.report(Breach::LostBuffer);
            }
            actor.check_content(&self.board.array(region_start(actor.index), SMALL));
        }
        self.report_wrongs();
        self.board.settle();
    }
}

fn explored(bounds: &str) -> Report {
    let options = Options {
        part: qspi_models::nor::part("MX25R6435F").expect("a known part"),
        bounds: bounds.parse().expect("bounds"),
        jobs: 2,
        prune: true,
        seen_bits: 20,
        limit: 0,
        keep_going: false,
    };
    let report = search::<Clients>(options, |_, _| {});
    println!(
        "{bounds}: {} schedules, {} states, at most {} passes",
        report.schedules, report.states, report.most_passes
    );
    assert!(report.breaches.is_empty(), "{report:#?}");
    assert!(report.exhaustive, "{report:#?}");
    assert_eq!(report.states_left_out, 0);
    report
}

/// In the bounds, `d` is a client that cancels, and `t` a detach with an attach.
#[test]
fn no_order_of_two_clients_breaks_the_contract() {
    for (bounds, at_least) in [
        ("p1o1d1t1s0l0f0", 200),
        ("p2o1d0t1s0l0f0", 80),
        ("p2o1d1t0s0l0f0", 150),
        ("p2o1d1t1s0l0f0", 1_000),
        ("p2o1d0t1s0l1f0", 800),
        ("p3o1d0t1s0l0f0", 100),
        ("p3o1d1t1s0l0f0", 2_000),
        ("p2o1d2t2s0l0f0", 3_000),
    ] {
        let report = explored(bounds);
        // Bounds in which hardly anything can happen would show nothing.
        assert!(report.schedules >= at_least, "{bounds}: {report:#?}");
    }
}
