// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A script and the controller, act by act.

use super::counters::count;
use super::scripts::Scripts;
use super::waiting::Wait;
use super::{Device, Proof, Script};
use crate::error::Error;
use crate::features::{Features, Place};
use crate::identity::Kept;
use crate::operation::{Follow, Kind, Next};
use crate::profile::Wires;
use crate::script::{Act, Input};
use crate::suspension::Suspension;
use crate::{bite, opcode};
use kernel::hil::time::Alarm;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Controller, Granularity, Operation, Refused, Template};

/// One of the controller's ways to start something.
pub(super) type Start<'a, C> = fn(
    &C,
    <C as Controller<'a>>::Idle,
    Operation,
    Option<SubSliceMut<'static, u8>>,
) -> Result<(), Refused<<C as Controller<'a>>::Idle>>;

/// Why an act was not begun.
pub(super) enum Stuck {
    Finished(Result<(), Error>),
    Refused(qspi_hil::Error),
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// The next act of the running script.
    pub(super) fn next_act(&self, input: Input<'_>) -> Option<Act> {
        let script = self.script.get()?;
        match script {
            Script::Read => Some(Act::Finished(match input {
                Input::Refused(error) => Err(Error::Controller(error)),
                Input::Begin | Input::Done(_) | Input::Elapsed => Ok(()),
            })),
            Script::Suspension => self.suspension.map(|script| script.next(input)),
            Script::BringUp | Script::Operation | Script::Unlock | Script::ShutDown => {
                let follow = match script {
                    Script::Operation if F::PIPELINES => self.follow_after(&input),
                    _ => Follow::Later,
                };
                // That is the one that runs.
                self.scripts.map(|scripts| match scripts {
                    Scripts::BringUp(bring_up) => bring_up.next(input, self),
                    Scripts::Operation(operation) => {
                        operation.set_follow(follow);
                        operation.next_of::<F>(input)
                    }
                    Scripts::Unlock(unlock) if F::ASIDES => unlock.next(input),
                    Scripts::Nothing | Scripts::Unlock(_) => Act::Finished(Err(Error::Failed)),
                    Scripts::ShutDown(shut_down) => shut_down.next_of::<F>(input),
                })
            }
        }
    }

    pub(super) fn continue_with(&self, input: Input<'_>) {
        let act = self.next_act(input);
        self.go(act);
    }

    /// Performs one act after the other, until one has to be waited for.
    pub(super) fn go(&self, mut next: Option<Act>) {
        while let Some(act) = next {
            match self.perform(&act) {
                Ok(()) => return,
                Err(Stuck::Finished(result)) => {
                    if let Some(script) = self.script.take() {
                        self.finish(script, result);
                    }
                    return;
                }
                Err(Stuck::Refused(error)) => next = self.next_act(Input::Refused(error)),
            }
        }
        count(&self.tally.impossible);
    }

    pub(super) fn perform(&self, act: &Act) -> Result<(), Stuck> {
        let mut way: Start<'a, C> = C::start;
        let mut data: &[u8] = &[];
        // What is received goes to the end of the buffer.
        let (operation, room) = match act {
            Act::Finished(result) => return Err(Stuck::Finished(*result)),
            Act::Pause(pause_us) => {
                self.pause(*pause_us);
                return Ok(());
            }
            Act::Queue => return self.start_queued(),
            Act::Command(operation) => (operation, None),
            Act::Receive(operation, length) => (operation, Some((*length, self.end(*length)))),
            Act::EnableAndReceive(operation, length) => {
                way = C::start_after_write_enable;
                (operation, Some((*length, self.end(*length))))
            }
            Act::Read(operation, length) | Act::Program(operation, length) => {
                (operation, Some((*length, 0)))
            }
            Act::Send(operation, small) => {
                data = small.as_slice();
                (operation, Some((data.len(), self.end(data.len()))))
            }
        };
        let length = room.map_or(0, |(length, _)| length);
        let is_operation = matches!(self.script.get(), Some(Script::Operation));
        let longest_us = match act {
            Act::Receive(..) | Act::EnableAndReceive(..) if is_operation => self.look_us.get(),
            Act::Read(..) if !self.is_aside() => self.read_us.get(),
            _ => self.controller.longest_us(&operation.template, length),
        };
        let Some((length, from)) = room else {
            return self.start_with(way, *operation, None, longest_us);
        };
        let mut buffer = self.borrow(length, from);
        match &mut buffer {
            None => return Err(self.no_buffer()),
            Some(buffer) if !data.is_empty() => bite::copy(buffer.as_mut_slice(), data),
            Some(_) => {}
        }
        self.start_with(way, *operation, buffer, longest_us)
    }

    fn is_aside(&self) -> bool {
        self.course.get().is_some_and(|it| it.apart.is_some())
    }

    fn pause(&self, pause_us: u32) {
        self.note_run();
        self.wait_for(Wait::Pause, pause_us);
        self.prepare_next_page();
        if self.may_be_suspended() && self.anybody_waits() {
            // Whoever came when this could not be suspended.
            self.deferred_call.set();
        }
    }

    /// Where `length` bytes at the end of the buffer begin, aligned for any controller.
    pub(super) fn end(&self, length: usize) -> usize {
        bite::round_down(self.capacity.get().saturating_sub(length))
    }

    /// `length` bytes of the buffer, from `start` on. `None` if there is no buffer, or no such bytes in
    /// it.
    pub(super) fn borrow(&self, length: usize, start: usize) -> Option<SubSliceMut<'static, u8>> {
        if !self.has_buffer(self.buffer.get()) {
            self.buffer.set(self.buffer.get().other());
        }
        let cell = self.buffer.get().of(&self.buffers);
        let mut buffer = cell.take()?;
        buffer.reset();
        let end = start.saturating_add(length);
        if end > buffer.len() {
            cell.put(buffer);
            return None;
        }
        buffer.slice(start..end);
        Some(buffer)
    }

    /// Why [`borrow`](Device::borrow) had nothing. Not what that returns: a buffer or an error is more
    /// work to move about than a buffer or nothing.
    pub(super) fn no_buffer(&self) -> Stuck {
        if self.has_buffer(self.buffer.get()) {
            Stuck::Refused(qspi_hil::Error::TooLong)
        } else {
            Stuck::Finished(Err(Error::BufferQuarantined))
        }
    }

    pub(super) fn start_with(
        &self,
        start: Start<'a, C>,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
        longest_us: u32,
    ) -> Result<(), Stuck> {
        match self.proof.take() {
            Some(Proof::Idle(idle)) => match start(self.controller, idle, operation, buffer) {
                Ok(()) => {
                    self.wait_for_deadline(longest_us);
                    Ok(())
                }
                Err(refused) => {
                    self.proof.set(Some(Proof::Idle(refused.idle)));
                    self.keep(refused.buffer);
                    Err(Stuck::Refused(refused.error))
                }
            },
            other => {
                self.proof.set(other);
                self.keep(buffer);
                Err(Stuck::Refused(qspi_hil::Error::Hardware))
            }
        }
    }

    /// A buffer comes back: to its place, which is the only one that is empty.
    pub(super) fn keep(&self, buffer: Option<SubSliceMut<'static, u8>>) {
        let Some(buffer) = buffer else {
            return;
        };
        let own = self.buffer.get();
        let place = if self.has_buffer(own) {
            own.other()
        } else {
            own
        };
        place.of(&self.buffers).put(buffer);
    }

    /// What the profile is used for again and again.
    fn set_limits(&self) {
        let capacity = self.capacity.get();
        let limit_hz = self.profile.fact(|profile| {
            // From now on nothing runs in the part but what was begun here.
            self.leftover_us.set(profile.longest_us());
            self.read_limits
                .set(bite::granularity(self, &profile.read, capacity));
            self.read_us
                .set(self.controller.longest_us(&profile.read, capacity));
            let wren_us = self.controller.longest_us(&Template::bare(opcode::WREN), 0);
            let look = Template::register_in(opcode::RDSR);
            let look_us = self.controller.longest_us(&look, 1);
            self.look_us.set(wren_us.saturating_add(look_us));
            profile.clock_limit_hz
        });
        self.brought_up(limit_hz.unwrap_or(0));
    }

    pub(super) fn finish(&self, script: Script, result: Result<(), Error>) {
        if let Err(error) = result {
            self.fault.set(Some(error));
            self.teardown_fault.set(Some(error));
        }
        match script {
            Script::BringUp => {
                let is_known = self.is_known();
                let (settled, shortfall) = self
                    .bring_up(|bring_up| {
                        (bring_up.settle(&self.profile, self), bring_up.shortfall())
                    })
                    .unwrap_or((Err(Error::Failed), None));
                match result.and(settled) {
                    Ok(()) => {
                        if F::ASIDES {
                            self.recall_cleared();
                        }
                        // What a part has to do without is found out at the first greeting.
                        if !is_known || shortfall.is_some() {
                            self.fault.set(shortfall);
                        }
                        self.set_limits();
                    }
                    Err(error) => self.fail_bring_up(error),
                }
            }
            Script::Operation | Script::Read => match &self.course.get() {
                Some(course) => match self.hands_over().filter(|_| result.is_ok()) {
                    Some(Next::Enabled(status)) if course.kind == Kind::Program => {
                        self.hand_over(course, status);
                    }
                    Some(Next::Started) if course.kind == Kind::Program => {
                        self.hand_over_queued(course);
                    }
                    Some(Next::Lost) if course.kind == Kind::Program => self.repeat(course),
                    Some(_) | None => {
                        self.course.set(None);
                        self.end_bite(course, result);
                    }
                },
                None => count(&self.tally.impossible),
            },
            Script::Suspension if <F::Standstill<Suspension>>::IS_THERE => {
                self.end_suspension(result);
            }
            Script::Suspension => count(&self.tally.impossible),
            Script::Unlock => match self.unlock(|script| *script) {
                Some(script) => self.end_unlock(&script, result),
                None => count(&self.tally.impossible),
            },
            Script::ShutDown => {
                if result == Err(Error::NoAnswer) {
                    // It was reset instead.
                    self.forget_part();
                    self.was_reset.set(true);
                }
                self.locked_again(result);
                self.disable();
            }
        }
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> qspi_hil::Client<C::Idle>
    for Device<'a, C, A, F>
{
    fn enabled(&self, idle: C::Idle, released: Option<SubSliceMut<'static, u8>>) {
        self.cancel_wait();
        self.proof.set(Some(Proof::Idle(idle)));
        if released.is_some() {
            count(&self.tally.released);
        }
        self.keep(released);
        self.begin_bring_up();
    }

    fn done(
        &self,
        idle: C::Idle,
        result: Result<(), qspi_hil::Error>,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) {
        self.proof.set(Some(Proof::Idle(idle)));
        if result.is_ok() && matches!(self.script.get(), Some(Script::Read)) {
            self.keep(buffer);
            self.read_is_through();
            return;
        }
        self.cancel_wait();
        if let Err(error) = result {
            self.keep(buffer);
            self.continue_with(Input::Refused(error));
            return;
        }
        let data = buffer.as_ref().map_or(&[][..], SubSliceMut::as_slice);
        let act = self.next_act(Input::Done(data));
        self.keep(buffer);
        self.go(act);
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Wires for Device<'a, C, A, F> {
    fn supports(&self, template: &Template) -> bool {
        self.controller.supports(template)
    }

    fn granularity(&self, template: &Template) -> Granularity {
        self.controller.granularity(template)
    }

    fn longest_data(&self, template: &Template) -> usize {
        self.controller.longest_data(template)
    }

    fn enables_write(&self) -> bool {
        let look = Template::register_in(opcode::RDSR);
        self.controller.enables_write(&look)
    }

    fn waits_for_quiet(&self, template: &Template) -> bool {
        self.controller.waits_for_quiet(template)
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.controller.fastest_clock_hz()
    }
}
