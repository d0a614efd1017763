// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What schedules are run on.

use crate::board::{AppSpec, Board, Settings};
use crate::breach::Breaches;
use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::machine::Machine;
use qspi_models::PowerState;
use spi_nor::lifecycle::State;
use std::hash::Hasher;
use std::rc::Rc;

/// A board, as far as the explorer deals with it.
pub trait Subject: Sized {
    /// Powers a board up, and lets it find out what the part is.
    fn boot(settings: Settings, apps: Vec<AppSpec>) -> Self;
    /// Its machine.
    fn machine(&self) -> &Machine;
    /// What went wrong.
    fn breaches(&self) -> &Breaches;
    /// What is owed.
    fn ledger(&self) -> &Ledger;
    /// Has `chance` decide what could go either way.
    fn set_chance(&self, chance: &Rc<dyn Chance>);
    /// All that decides what happens next, the array's content apart.
    fn fingerprint(&self, hasher: &mut impl Hasher);
    /// One pass of the kernel loop, and what must hold after it.
    fn step(&mut self);
    /// Time passes until an interrupt is pending, or nothing will ever happen.
    fn wait_for_interrupt(&self);
    /// Whether interrupts or deferred calls are pending.
    fn has_kernel_work(&self) -> bool;
    /// Whether a process could run now.
    fn has_ready_process(&self) -> bool;
    /// Which apps can still run.
    fn alive(&self) -> impl Iterator<Item = bool>;
    /// Whether the CPU sleeps for ever.
    fn is_stuck(&self) -> bool;
    /// Something from outside may have given the CPU a reason to wake.
    fn nudge(&self);
    /// Terminates an app.
    fn terminate(&mut self, index: usize);
    /// Stops an app.
    fn stop(&mut self, index: usize);
    /// Resumes a stopped app.
    fn resume(&mut self, index: usize);
    /// Detaches the device. False if it was refused.
    fn detach(&mut self) -> bool;
    /// Attaches the device. False if it was refused.
    fn attach(&mut self) -> bool;
    /// Whether work is accepted.
    fn is_attached(&self) -> bool;
    /// Whether a detach is under way.
    fn is_detaching(&self) -> bool;
    /// Whether it is known what the part is.
    fn knows_part(&self) -> bool {
        true
    }
    /// Whether an operation is in flight.
    fn is_busy(&self) -> bool;
    /// Whether the controller is off for good, or until somebody wants it again.
    fn is_at_rest(&self) -> bool;
    /// Whether the part is where it was promised to be at rest.
    fn is_part_at_rest(&self) -> bool {
        true
    }
    /// Leases of the living.
    fn leases(&self) -> usize;
    /// Where the device is, in words.
    fn state(&self) -> String;
    /// Ends whatever there is and brings the device to the state in which runs begin, with
    /// nobody alive.
    fn come_to_rest(&mut self);
    /// Gives every app a new life on a device at rest, and the ledger a new start.
    fn renew(&mut self);
    /// What must hold when all is over.
    fn settle(&mut self);
    /// After a run with a breach: whether it is worth a look if the board can be used again.
    fn may_recover(&self) -> bool {
        false
    }

    /// Whether no app will ever run again, and the controller is off.
    fn is_over(&self) -> bool {
        self.alive().all(|alive| !alive) && self.is_at_rest() && !self.is_detaching()
    }
}

/// More passes of the kernel loop than any bring-up takes.
const MOST_PASSES: u64 = 20_000;

impl Subject for Board {
    fn boot(settings: Settings, apps: Vec<AppSpec>) -> Board {
        let board = Board::new(settings, apps);
        board.machine.set_whole_ticks(true);
        board
    }

    fn machine(&self) -> &Machine {
        &self.machine
    }

    fn breaches(&self) -> &Breaches {
        &self.breaches
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn set_chance(&self, chance: &Rc<dyn Chance>) {
        Board::set_chance(self, chance);
    }

    fn fingerprint(&self, hasher: &mut impl Hasher) {
        Board::fingerprint(self, hasher);
    }

    fn step(&mut self) {
        Board::step(self);
    }

    fn wait_for_interrupt(&self) {
        Board::wait_for_interrupt(self);
    }

    fn has_kernel_work(&self) -> bool {
        Board::has_kernel_work(self)
    }

    fn has_ready_process(&self) -> bool {
        Board::has_ready_process(self)
    }

    fn alive(&self) -> impl Iterator<Item = bool> {
        Board::alive(self)
    }

    fn is_stuck(&self) -> bool {
        Board::is_stuck(self)
    }

    fn nudge(&self) {
        self.chip().nudge();
    }

    fn terminate(&mut self, index: usize) {
        Board::terminate(self, index);
    }

    fn stop(&mut self, index: usize) {
        Board::stop(self, index);
    }

    fn resume(&mut self, index: usize) {
        Board::resume(self, index);
    }

    fn detach(&mut self) -> bool {
        Board::detach(self)
    }

    fn attach(&mut self) -> bool {
        Board::attach(self)
    }

    fn is_attached(&self) -> bool {
        self.device().is_attached()
    }

    fn is_detaching(&self) -> bool {
        Board::is_detaching(self)
    }

    fn knows_part(&self) -> bool {
        self.device().profile().is_some()
    }

    fn is_busy(&self) -> bool {
        matches!(self.device().state(), State::Busy | State::Draining)
    }

    fn is_at_rest(&self) -> bool {
        Board::is_at_rest(self)
    }

    fn is_part_at_rest(&self) -> bool {
        self.machine.with_qspi(|qspi| {
            let flash = qspi.flash();
            flash.part().deep_power_down.is_none()
                || matches!(
                    flash.power_state(),
                    PowerState::EnteringDeepPowerDown | PowerState::DeepPowerDown
                )
        })
    }

    fn leases(&self) -> usize {
        Board::leases(self)
    }

    fn state(&self) -> String {
        format!("{:?}", self.device().state())
    }

    fn come_to_rest(&mut self) {
        for index in 0..Board::alive(self).count() {
            Board::terminate(self, index);
        }
        self.run_until(MOST_PASSES, |board| {
            board.is_at_rest() && !board.has_kernel_work()
        });
        Board::attach(self);
        let known = self.run_until(MOST_PASSES, Board::is_over_and_known);
        assert!(known, "the part is identified");
    }

    fn renew(&mut self) {
        Board::renew(self);
    }

    fn settle(&mut self) {
        Board::settle(self);
    }
}
