// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was chosen, wherever something could be.

use super::bounds::Bounds;
use crate::chance::Chance;
use crate::chip::Sabotage;
use fastrand::Rng;
use std::cell::{Cell, RefCell};

/// Where something is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Between two passes of the kernel loop.
    Pass,
    /// Which interrupt is served.
    Interrupt,
    /// Which process runs.
    Process,
    /// What a process does next.
    Step,
}

/// One choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throw {
    /// Where.
    pub point: Point,
    /// Which alternative was taken, from 0.
    pub taken: u8,
    /// How many there were.
    pub alternatives: u8,
    /// Whether the others are to be tried: it is beyond the schedule, in a state that was
    /// not seen before.
    pub is_open: bool,
}

/// Ways to die at a system call.
pub const DEATHS: [Sabotage; 3] = [Sabotage::Exit, Sabotage::ExitRestart, Sabotage::Fault];

/// Follows a schedule, and keeps account.
pub struct Dice {
    schedule: RefCell<Vec<u8>>,
    throws: RefCell<Vec<Throw>>,
    rng: RefCell<Option<Rng>>,
    is_open: Cell<bool>,
    misfit: Cell<bool>,
    /// What may happen yet.
    pub left: Cell<Bounds>,
}

/// One in so many choices of a random run is not the first alternative.
const SELDOM: u32 = 12;

impl Dice {
    /// Nothing may happen yet.
    pub fn new(bounds: Bounds) -> Dice {
        Dice {
            schedule: RefCell::new(Vec::new()),
            throws: RefCell::new(Vec::new()),
            rng: RefCell::new(None),
            is_open: Cell::new(false),
            misfit: Cell::new(false),
            left: Cell::new(bounds),
        }
    }

    /// From the beginning, along `schedule`; after it the first alternatives, or random
    /// ones.
    pub fn begin(&self, bounds: Bounds, schedule: &[u8], rng: Option<Rng>) {
        let mut own = self.schedule.borrow_mut();
        own.clear();
        own.extend_from_slice(schedule);
        self.throws.borrow_mut().clear();
        *self.rng.borrow_mut() = rng;
        self.is_open.set(true);
        self.misfit.set(false);
        self.left.set(bounds);
    }

    /// Whether the schedule is over, and the state is new as far as is known.
    pub fn is_open(&self) -> bool {
        self.is_open.get() && self.throws.borrow().len() >= self.schedule.borrow().len()
    }

    /// Whether a state was seen before.
    pub fn is_closed(&self) -> bool {
        !self.is_open.get()
    }

    /// The state was seen before.
    pub fn close(&self) {
        self.is_open.set(false);
    }

    /// Whether the schedule asked for an alternative that there was not.
    pub fn is_misfit(&self) -> bool {
        self.misfit.get()
    }

    /// What was chosen.
    pub fn throws(&self) -> Vec<Throw> {
        self.throws.borrow().clone()
    }

    /// What was chosen, looked at without a copy.
    pub fn with_throws<R>(&self, look: impl FnOnce(&[Throw]) -> R) -> R {
        look(&self.throws.borrow())
    }

    /// Chooses one of `alternatives`. With only one there is no choice.
    pub fn throw(&self, point: Point, alternatives: usize) -> usize {
        if alternatives < 2 {
            return 0;
        }
        let is_open = self.is_open();
        let mut throws = self.throws.borrow_mut();
        let scheduled = self.schedule.borrow().get(throws.len()).copied();
        let mut rng = self.rng.borrow_mut();
        let random = rng.as_mut().map(|rng| match rng.u32(..SELDOM) {
            0 => rng.usize(..alternatives),
            _ => 0,
        });
        let taken = scheduled.map_or(random.unwrap_or(0), usize::from);
        let taken = if taken < alternatives {
            taken
        } else {
            self.misfit.set(true);
            0
        };
        throws.push(Throw {
            point,
            taken: taken as u8,
            alternatives: alternatives as u8,
            is_open,
        });
        taken
    }
}

impl Chance for Dice {
    fn interrupt(&self, pending: usize) -> usize {
        self.throw(Point::Interrupt, pending)
    }

    fn process(&self, ready: usize) -> usize {
        self.throw(Point::Process, ready)
    }

    fn sabotage(&self, _memory: usize) -> Option<Sabotage> {
        let mut left = self.left.get();
        if left.deaths == 0 {
            return None;
        }
        let what = match self.throw(Point::Step, 1 + DEATHS.len()) {
            0 => return None,
            death => DEATHS[death - 1],
        };
        left.deaths -= 1;
        self.left.set(left);
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_followed_and_then_the_first_is_taken() {
        let dice = Dice::new(Bounds::DEFAULT);
        dice.begin(Bounds::DEFAULT, &[1, 0, 2], None);
        assert_eq!(dice.throw(Point::Pass, 2), 1);
        assert_eq!(dice.throw(Point::Pass, 1), 0, "no choice");
        assert_eq!(dice.throw(Point::Pass, 2), 0);
        assert!(!dice.is_open());
        assert_eq!(dice.throw(Point::Pass, 3), 2);
        assert!(dice.is_open());
        assert_eq!(dice.throw(Point::Pass, 3), 0);
        let open: Vec<bool> = dice.throws().iter().map(|throw| throw.is_open).collect();
        assert_eq!(open, [false, false, false, true]);
        assert!(!dice.is_misfit());
    }

    #[test]
    fn an_alternative_that_is_not_there_is_told() {
        let dice = Dice::new(Bounds::DEFAULT);
        dice.begin(Bounds::DEFAULT, &[7], None);
        assert_eq!(dice.throw(Point::Pass, 2), 0);
        assert!(dice.is_misfit());
    }

    #[test]
    fn nobody_dies_beyond_the_bounds() {
        let dice = Dice::new(Bounds::DEFAULT);
        dice.begin(Bounds::DEFAULT, &[1, 1], None);
        assert_eq!(dice.sabotage(0), Some(Sabotage::Exit));
        assert_eq!(dice.sabotage(0), None);
    }
}
