// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A board on which one schedule after the other is run.

use super::apps::{REGION, SMALL, app, content};
use super::bounds::Bounds;
use super::crew::OnPanic;
use super::dice::{Dice, Point, Throw};
use super::fault::{Armed, FAULTS, Fault};
use super::schedule::Schedule;
use super::seen::Seen;
use super::subject::Subject;
use super::workload::Workload;
use crate::breach::Breach;
use crate::chance::Chance;
use crate::console::Sink;
use crate::setup::{Pace, settings};
use fastrand::Rng;
use foldhash::fast::FixedState;
use kernel::process::ProcessId;
use qspi_models::Qspi;
use qspi_models::nor::{InMemory, PartSpec};
use std::cell::Cell;
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;
use tock_host_platform::coroutine::Teardown;

/// A run that makes more passes of the kernel loop than this never ends.
const MOST_PASSES: u32 = 20_000;

const SECOND_NS: u64 = 1_000_000_000;

/// What can happen between two passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The next pass.
    Pass,
    /// Time passes until the next interrupt.
    Wait,
    /// A process is terminated.
    Terminate(usize),
    /// A process is stopped.
    Stop(usize),
    /// A stopped process goes on.
    Resume(usize),
    /// The device is detached.
    Detach,
    /// The device is attached.
    Attach,
    /// Something goes wrong with the hardware.
    Fault(Fault),
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What was chosen.
    pub throws: Vec<Throw>,
    /// What went wrong, with the time in ns since the start of the run.
    pub breaches: Vec<(u64, Breach)>,
    /// Passes of the kernel loop.
    pub passes: u32,
    /// Operations that were accepted.
    pub operations: u64,
    /// Operations whose owner died before their end.
    pub orphaned: u64,
    /// Simulated time of the run, in ns.
    pub time_ns: u64,
    /// Longest time from the end of all leases, or a detach, to off, in ns.
    pub longest_off_ns: u64,
    /// The schedule asked for an alternative that there was not.
    pub misfit: bool,
    /// It came to a state that was seen before.
    pub pruned: bool,
    /// What was made to go wrong.
    pub faults: Vec<Fault>,
}

struct NoConsole;

impl Sink for NoConsole {
    fn print(&self, _process: ProcessId, _bytes: &[u8]) {}
}

/// The board, and what it takes to run schedules on it.
pub struct World<B> {
    board: B,
    dice: Rc<Dice>,
    bounds: Bounds,
    workload: Workload,
    lives: Vec<Rc<Cell<u32>>>,
    stopped: Vec<bool>,
    /// The fingerprint that every run begins with.
    start: Option<u64>,
    faults: Vec<Armed>,
    /// There were faults in the last run.
    struck: bool,
    /// Something went wrong in the last run: who knows what the next one would begin with.
    spoilt: bool,
    /// Moves that are possible now, kept to save the memory's allocation.
    moves: Vec<Move>,
}

impl<B: Subject> World<B> {
    /// A board with `part` on it, which it already knows.
    pub fn new(part: &PartSpec, bounds: Bounds) -> World<B> {
        World::with_workload(part, bounds, Workload::DEFAULT)
    }

    /// The same with other work to do.
    pub fn with_workload(part: &PartSpec, bounds: Bounds, workload: Workload) -> World<B> {
        let mut settings = settings(part, Box::new(InMemory), Pace::Typical, Rc::new(NoConsole));
        settings.switch_ns = 0;
        settings.app_teardown = Teardown::Forget;
        settings.qspi.set_observing(false);
        settings.divider = workload.divider;
        settings.qspi.flash_mut().set_busy_time(workload.busy_time);
        if workload.status != 0 {
            settings.qspi.flash_mut().set_register(0, workload.status);
        }
        let lives: Vec<Rc<Cell<u32>>> = (0..bounds.processes).map(|_| Rc::default()).collect();
        let apps = lives
            .iter()
            .enumerate()
            .map(|(index, lives)| app(&workload, index, bounds.operations, lives))
            .collect();
        let mut board = B::boot(settings, apps);
        board.come_to_rest();
        let dice = Rc::new(Dice::new(bounds));
        let chance: Rc<dyn Chance> = Rc::clone(&dice) as Rc<dyn Chance>;
        board.set_chance(&chance);
        let mut world = World {
            board,
            dice,
            bounds,
            workload,
            stopped: vec![false; lives.len()],
            lives,
            start: None,
            faults: Vec::new(),
            struck: false,
            spoilt: false,
            moves: Vec::new(),
        };
        // The peripheral's settings are as the last use left them, so there has to be one.
        world.run(&[], None, None, |_, _| {});
        world.start = None;
        world
    }

    /// The board.
    pub fn board(&self) -> &B {
        &self.board
    }

    /// What was chosen in the last run.
    pub fn dice(&self) -> &Dice {
        &self.dice
    }

    /// Until it is dropped: a panic tells, on standard error, in which schedule it was. `part` is the
    /// one on the board.
    pub(super) fn told_on_panic(&self, part: &'static PartSpec) -> impl Drop + use<B> {
        let dice = Rc::clone(&self.dice);
        let bounds = self.bounds;
        OnPanic::new(move || {
            let choices =
                dice.with_throws(|throws| throws.iter().map(|throw| throw.taken).collect());
            let schedule = Schedule { bounds, choices };
            eprintln!("That was in schedule {schedule} on a {}.", part.name);
        })
    }

    /// Runs one schedule from its beginning to its end, and `look`s after every pass.
    ///
    /// States are kept in `seen`, if there is one; if `prune`, what follows a known one is not to be
    /// tried. `rng` chooses beyond the schedule, or else the first alternative is taken.
    pub fn run(
        &mut self,
        schedule: &[u8],
        seen: Option<(&Seen, bool)>,
        rng: Option<Rng>,
        look: impl FnMut(&B, Option<Move>),
    ) -> Run {
        let begins_alike = self.begin(schedule, rng);
        assert!(begins_alike, "every run begins with the same state");
        let start_ns = self.board.machine().now_ns();
        let mut run = self.play(self.bounds, seen, look);
        if !run.faults.is_empty() && run.breaches.is_empty() {
            let failed = self.aftermath();
            let since_start = |(at_ns, breach)| (at_ns - start_ns, breach);
            run.breaches.extend(failed.map(since_start));
        }
        self.struck = !run.faults.is_empty();
        self.spoilt = !run.breaches.is_empty();
        run
    }

    /// The hardware is mended after a run with faults: now everything must work again. If it does
    /// not: when, in ns, and how that shows.
    fn aftermath(&mut self) -> Option<(u64, Breach)> {
        // Nobody told the stack that the part forgot how fast it is to be spoken to.
        let is_reset = |armed: &Armed| armed.fault == Fault::PartResets;
        let forgot = self.faults.iter().any(is_reset);
        self.begin(&[], None);
        let calm = Bounds {
            deaths: 0,
            detaches: 0,
            stops: 0,
            stalls: 0,
            faults: 0,
            ..self.bounds
        };
        self.dice.begin(calm, &[], None);
        for lives in &self.lives {
            // One operation each is enough.
            lives.set(1);
        }
        let start_ns = self.board.machine().now_ns();
        let run = self.play(calm, None, |_, _| {});
        let (since_start_ns, breach) = run
            .breaches
            .into_iter()
            .find(|(_, breach)| !(forgot && Fault::PartResets.excuses(breach, false)))?;
        let what = breach.to_string();
        Some((start_ns + since_start_ns, Breach::NotRecovered { what }))
    }

    /// From where it was put to the end.
    fn play(
        &mut self,
        bounds: Bounds,
        seen: Option<(&Seen, bool)>,
        mut look: impl FnMut(&B, Option<Move>),
    ) -> Run {
        let start_ns = self.board.machine().now_ns();
        if !self.board.knows_part() {
            self.report(Breach::Stuck {
                what: "the part could not be identified".to_owned(),
            });
        }
        let mut passes = 0;
        let mut unwanted_since = None;
        let mut longest_off_ns = 0;
        let mut transfers = None;
        loop {
            if self.is_over() {
                break;
            }
            if let Some((seen, prune)) = seen
                && self.dice.is_open()
                && !seen.is_new(self.fingerprint())
                && prune
            {
                self.dice.close();
            }
            let next = self.choose();
            let before = self.board.machine().now_ns();
            self.make(next);
            look(&self.board, Some(next));
            passes += u32::from(next == Move::Pass);
            if passes > MOST_PASSES || self.is_stuck() {
                self.report(Breach::Stuck {
                    what: format!(
                        "device {}, {:?}",
                        self.board.state(),
                        self.board.ledger().waiting()
                    ),
                });
                break;
            }
            self.watch_transfers(&mut transfers);
            let now = self.board.machine().now_ns();
            if let Some(since) = &mut unwanted_since
                && next == Move::Wait
            {
                // Whoever keeps the CPU for so long makes it take longer.
                *since += now - before;
            }
            let unwanted = self.board.leases() == 0 || !self.board.is_attached();
            if unwanted && !self.board.is_at_rest() {
                let since = *unwanted_since.get_or_insert(now);
                longest_off_ns = longest_off_ns.max(now - since);
            } else {
                unwanted_since = None;
            }
        }
        self.board.settle();
        let total = self.board.ledger().total();
        let count = total.failed;
        if self.faults.is_empty() {
            if count > 0 && self.dice.left.get().detaches == bounds.detaches {
                self.report(Breach::NeedlessFailure { count });
            }
            if !self.board.is_part_at_rest() {
                self.report(Breach::PartAwake);
            }
        }
        look(&self.board, None);
        let all = self.board.breaches().take();
        let is_excused = |index| self.faults.iter().any(|armed| armed.excuses(index, &all));
        let breaches: Vec<(u64, Breach)> = (0..)
            .zip(&all)
            .filter(|(index, _)| !is_excused(*index))
            .map(|(_, (at_ns, breach))| (at_ns.saturating_sub(start_ns), breach.clone()))
            .collect();
        Run {
            throws: self.dice.throws(),
            breaches,
            passes,
            operations: total.accepted,
            orphaned: total.died,
            time_ns: self.board.machine().now_ns() - start_ns,
            longest_off_ns,
            misfit: self.dice.is_misfit(),
            pruned: self.dice.is_closed(),
            faults: self.faults.iter().map(|armed| armed.fault).collect(),
        }
    }

    fn report(&self, breach: Breach) {
        self.board
            .breaches()
            .report(self.board.machine().now_ns(), breach);
    }

    /// C3: after a detach nothing new is begun on the array. What is in flight comes to its end,
    /// of which the transfer itself may be a part.
    fn watch_transfers(&self, at_detach: &mut Option<u64>) {
        if self.board.is_attached() {
            *at_detach = None;
            return;
        }
        let transfers = self.board.machine().transfers();
        let in_flight = self.board.is_busy();
        let allowed = *at_detach.get_or_insert(transfers + u64::from(in_flight));
        if transfers > allowed {
            *at_detach = Some(transfers);
            self.report(Breach::BegunAfterRevoke);
        }
    }

    /// Puts everything back to where a run begins.
    /// False if that is not possible any more.
    fn begin(&mut self, schedule: &[u8], rng: Option<Rng>) -> bool {
        self.dice.begin(
            Bounds {
                deaths: 0,
                ..self.bounds
            },
            &[],
            None,
        );
        self.stopped.fill(false);
        if !self.faults.is_empty() {
            self.faults.clear();
            let now = self.board.machine().now_ns();
            self.board.machine().with_qspi(|qspi| {
                qspi.faults.clear();
                qspi.flash_mut().faults.clear();
                qspi.flash_mut().clear_busy(now);
            });
        }
        for lives in &self.lives {
            lives.set(0);
        }
        self.board.come_to_rest();
        for index in 0..self.lives.len() {
            let start = self.workload.region_start(index);
            if self.content(start) != content(index) {
                let mut bytes = [0xFF; REGION as usize];
                bytes[..SMALL].copy_from_slice(&content(index));
                self.board
                    .machine()
                    .with_qspi(|qspi| qspi.flash_mut().poke(start, &bytes));
            }
        }
        self.board.machine().with_qspi(|qspi| {
            let flash = qspi.flash_mut();
            flash.poke_otp(0, &[0xFF; REGION as usize]);
            if self.workload.status != 0 {
                flash.set_register(0, self.workload.status);
            }
        });
        // Ticks of the alarms begin anew with each second.
        let now = self.board.machine().now_ns();
        self.board
            .machine()
            .advance_to((now / SECOND_NS + 1) * SECOND_NS);
        self.board.renew();
        self.board.breaches().take();
        self.dice.begin(self.bounds, schedule, rng);
        let fingerprint = self.fingerprint();
        *self.start.get_or_insert(fingerprint) == fingerprint
    }

    /// After a run with faults: whether the hardware is as good as new, so that another run can
    /// be made.
    pub fn is_sound(&mut self) -> bool {
        self.begin(&[], None)
    }

    /// What the array holds at the beginning of a region.
    fn content(&self, start: u32) -> [u8; SMALL] {
        let mut bytes = [0; SMALL];
        self.board
            .machine()
            .with_qspi(|qspi| qspi.flash_mut().peek(start, &mut bytes));
        bytes
    }

    fn is_over(&self) -> bool {
        self.board.is_over()
    }

    /// Nothing will ever happen again, although somebody waits for something.
    fn is_stuck(&self) -> bool {
        self.board.is_stuck() && !self.is_over() && !self.stopped.contains(&true)
    }

    /// The state as a number, see the [module](super).
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = FixedState::default().build_hasher();
        self.board.fingerprint(&mut hasher);
        for (index, lives) in self.lives.iter().enumerate() {
            (lives.get(), self.stopped[index]).hash(&mut hasher);
            self.content(self.workload.region_start(index))
                .hash(&mut hasher);
        }
        let left = self.dice.left.get();
        let left = [
            left.deaths,
            left.detaches,
            left.stops,
            left.stalls,
            left.faults,
        ];
        (left, self.board.is_attached()).hash(&mut hasher);
        for armed in &self.faults {
            (armed.fault, armed.reads_at_risk).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn choose(&mut self) -> Move {
        let left = self.dice.left.get();
        let kernel_work = self.board.has_kernel_work();
        let ready = self.board.has_ready_process();
        let event = self.board.machine().next_event().is_some();
        let attached = self.board.is_attached();
        self.moves.clear();
        if kernel_work || ready {
            self.moves.push(Move::Pass);
            if event && (!kernel_work || left.stalls > 0) {
                self.moves.push(Move::Wait);
            }
        } else {
            let stopped = self.stopped.iter().position(|stopped| *stopped);
            self.moves
                .push(match stopped.filter(|_| self.board.is_stuck()) {
                    Some(stopped) => Move::Resume(stopped),
                    // The kernel looks for work once more and sleeps.
                    None => Move::Pass,
                });
        }
        for (index, alive) in self.board.alive().enumerate() {
            if alive && left.deaths > 0 {
                self.moves.push(Move::Terminate(index));
            }
            if alive && left.stops > 0 && !self.stopped[index] {
                self.moves.push(Move::Stop(index));
            }
            if self.stopped[index] && (kernel_work || ready || event) {
                self.moves.push(Move::Resume(index));
            }
        }
        if attached && left.detaches > 0 {
            self.moves.push(Move::Detach);
        }
        if !attached && !self.board.is_detaching() {
            self.moves.push(Move::Attach);
        }
        let unarmed = |qspi: &mut Qspi| qspi.faults.is_empty();
        if left.faults > 0 && self.board.machine().with_qspi(unarmed) {
            self.moves.extend(FAULTS.map(Move::Fault));
        }
        self.moves[self.dice.throw(Point::Pass, self.moves.len())]
    }

    fn make(&mut self, what: Move) {
        self.board.nudge();
        let mut left = self.dice.left.get();
        match what {
            Move::Pass => self.board.step(),
            Move::Wait => {
                if self.board.has_kernel_work() {
                    left.stalls -= 1;
                }
                self.board.wait_for_interrupt();
            }
            Move::Terminate(index) => {
                left.deaths -= 1;
                self.stopped[index] = false;
                self.board.terminate(index);
            }
            Move::Stop(index) => {
                left.stops -= 1;
                self.stopped[index] = true;
                self.board.stop(index);
            }
            Move::Resume(index) => {
                self.stopped[index] = false;
                self.board.resume(index);
            }
            Move::Detach => {
                left.detaches -= 1;
                if !self.board.detach() {
                    self.report(Breach::LostDetach);
                }
            }
            Move::Attach => {
                self.board.attach();
            }
            Move::Fault(fault) => {
                left.faults -= 1;
                let forgets = self
                    .board
                    .machine()
                    .with_qspi(|qspi| qspi.flash().part().low_power.is_some());
                self.faults.push(Armed {
                    fault,
                    breaches_before: self.board.breaches().count(),
                    reads_at_risk: self.board.is_busy() || forgets,
                });
                let now = self.board.machine().now_ns();
                self.board.machine().with_qspi(|qspi| fault.arm(qspi, now));
            }
        }
        if what != Move::Pass {
            // In a pass processes may die by themselves, which is accounted for there.
            self.dice.left.set(left);
        }
    }
}

/// A board after the other: hardware that does not recover is replaced.
pub struct Worlds<B> {
    part: &'static PartSpec,
    bounds: Bounds,
    workload: Workload,
    world: Option<World<B>>,
}

impl<B: Subject> Worlds<B> {
    /// Boards with `part` on them.
    pub fn new(part: &'static PartSpec, bounds: Bounds) -> Worlds<B> {
        Worlds::with_workload(part, bounds, Workload::DEFAULT)
    }

    /// The same with other work to do.
    pub fn with_workload(part: &'static PartSpec, bounds: Bounds, workload: Workload) -> Worlds<B> {
        Worlds {
            part,
            bounds,
            workload,
            world: None,
        }
    }

    /// One that a schedule can be run on.
    pub fn sound(&mut self) -> &mut World<B> {
        self.discard_unsound();
        self.world
            .get_or_insert_with(|| World::with_workload(self.part, self.bounds, self.workload))
    }

    /// Whether there is one already that a schedule can be run on.
    pub fn is_sound(&mut self) -> bool {
        self.discard_unsound();
        self.world.is_some()
    }

    fn discard_unsound(&mut self) {
        if let Some(world) = &mut self.world
            && (world.spoilt || world.struck)
            && !((!world.spoilt || world.board.may_recover()) && world.is_sound())
        {
            // Before the next one is made: boards of one thread can't be told apart.
            self.world = None;
        }
    }
}
