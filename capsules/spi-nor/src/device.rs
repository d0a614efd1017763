// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part: who is served when, and how it is torn down.
//!
//! The device joins four things that know nothing of each other: the controller (the
//! wires), an alarm, the [scripts](crate::script) (what the part wants to hear), and the
//! [clients](crate::client). What is powered when is decided by the
//! [lifecycle] alone.
//!
//! # Ownership
//!
//! The device owns one buffer and one *proof*. The proof is the controller's
//! [`Idle`](Controller::Idle) or [`Off`](Controller::Off) (see `qspi-hil`); while
//! something is in flight the device has none, and can neither start a second
//! operation nor disable the controller. The buffer is the only memory that the
//! hardware ever sees: data is copied between it and the clients. So when a client
//! dies, or takes its memory away, the hardware has nothing of it.
//!
//! # Time
//!
//! One alarm serves four purposes, one at a time: the pause before the next look at
//! a busy part, the deadline of a transfer, the idle time, and a later look at clients
//! ([`Host::notify_later`]). An alarm never proves that something has ended. A deadline
//! that passes twice (the first time the interrupt may just be waiting behind the alarm)
//! makes the controller *hung*: it is stopped by force, the client gets
//! [`Error::NoAnswer`], and the [lifecycle] says whether the device starts again, is off,
//! or has failed. What was known of the part is forgotten. A
//! controller that has answered meanwhile, with a part of a long operation, gets more time.

use crate::bite::{self, Plan};
use crate::bring_up::{AFTER_RESET_US, BringUp, LEFTOVER_US};
use crate::client::{Bite, Dimensions, Host, Request, Seat};
use crate::error::Error;
use crate::lifecycle::{self, Action, Event, State};
use crate::operation::{Kind, OperationScript, Recipe};
use crate::profile::{Profile, Wires};
use crate::script::{Act, Input};
use crate::shut_down::{Farewell, ShutDown};
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::ErrorCode;
use kernel::collections::list::List;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Controller, Granularity, Operation, Template};

/// What the board decides.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How long the part stays powered with leases held and nothing to do, in µs;
    /// [`u32::MAX`] for as long as a lease is held.
    pub idle_us: u32,
}

/// Who waits for the device to come to rest.
pub trait RestClient {
    /// The detach has ended: the controller is disabled.
    ///
    /// `Err` if it ended in failure: the part or the controller did not do what it
    /// should, or did not answer.
    fn detached(&self, result: Result<(), Error>);
}

/// Who watches the lifecycle, for consoles and tests.
pub trait Observer {
    /// A transition that changed the state.
    fn transition(&self, from: State, event: Event, to: State);
}

/// What the device has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Times the controller was enabled.
    pub power_ups: u32,
    /// Times the controller was disabled in order.
    pub power_downs: u32,
    /// Bites begun.
    pub begun: u32,
    /// Bites ended, well or not.
    pub ended: u32,
    /// Times the controller was stopped by force.
    pub forced_stops: u32,
    /// Buffers that came back from quarantine.
    pub released: u32,
    /// Events that can't happen in the state they came in.
    pub impossible: u32,
}

/// The controller's proof, in whichever form it is.
enum Proof<Idle, Off> {
    Idle(Idle),
    Off(Off),
}

/// What the alarm is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wait {
    /// The next look at the part.
    Pause,
    /// A transfer's deadline; true if it has passed once already.
    Deadline(bool),
    /// The idle time.
    Idle,
    /// Nothing but to look at the clients again.
    Later,
}

/// What the controller and the alarm work for.
#[derive(Clone, Copy, Hash)]
enum Script {
    /// See [`Device::bring_up`], which is too large to be moved around.
    BringUp,
    Operation(OperationScript, Plan),
    ShutDown(ShutDown),
}

/// What the alarm was set for: when, and for how many ticks.
#[derive(Clone, Copy)]
struct Waiting<T> {
    wait: Wait,
    since: T,
    ticks: T,
    /// µs to wait once it has passed: what was too long for the alarm's counter.
    left_us: u32,
}

/// The bus clock for a part that is not known yet: the slowest mode of any part known
/// here (ultra-low-power of MX25R) takes this.
const FIRST_CLOCK_HZ: u32 = 8_000_000;

/// Pause before clients are looked at again that want nothing urgent, in µs.
const LATER_US: u32 = 1000;

/// Slack of a deadline over the controller's own longest time, in µs.
const SLACK_US: u32 = 1000;

/// A SPI-NOR part behind a controller.
pub struct Device<'a, C: Controller<'a>, A: Alarm<'a>> {
    controller: &'a C,
    alarm: &'a A,
    config: Config,
    deferred_call: DeferredCall,
    clients: List<'a, Seat<'a>>,
    rest_client: OptionalCell<&'a dyn RestClient>,
    observer: OptionalCell<&'a dyn Observer>,

    state: Cell<State>,
    attached: Cell<bool>,
    detaching: Cell<bool>,
    identify: Cell<bool>,
    fault: Cell<Option<Error>>,
    teardown_fault: Cell<Option<Error>>,
    counters: Cell<Counters>,

    proof: Cell<Option<Proof<C::Idle, C::Off>>>,
    buffer: Cell<Option<SubSliceMut<'static, u8>>>,
    capacity: usize,
    clock_limit_hz: Cell<u32>,
    was_reset: Cell<bool>,
    /// The part was known when it was powered up.
    waking: Cell<bool>,
    /// Longest time in µs that a part may be busy with something from before.
    leftover_us: Cell<u32>,
    script: Cell<Option<Script>>,
    bring_up: MapCell<BringUp>,
    profile: MapCell<Profile>,
    serving: OptionalCell<&'a Seat<'a>>,
    turn: Cell<usize>,

    wait: Cell<Option<Waiting<A::Ticks>>>,
    /// All deadlines have passed. An answer may wait in a deferred call, which alarms overtake.
    overdue: Cell<bool>,
    /// The controller's answers when the deadline was set.
    answers: Cell<u32>,
    /// Somebody asked for a look after the present wait.
    later: Cell<bool>,
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> Device<'a, C, A> {
    /// The device is detached at first. `controller` has created its deferred calls, if it has any:
    /// the kernel serves them in the order of creation. `buffer` must be reachable by the
    /// controller's DMA and aligned as it demands; a sector and a bit (4096 + 8
    /// bytes) lets any 4 KiB read through in one transfer.
    pub fn new(
        controller: &'a C,
        alarm: &'a A,
        buffer: &'static mut [u8],
        config: Config,
    ) -> Device<'a, C, A> {
        Device {
            proof: Cell::new(controller.take_off().map(Proof::Off)),
            controller,
            alarm,
            config,
            deferred_call: DeferredCall::new(),
            clients: List::new(),
            rest_client: OptionalCell::empty(),
            observer: OptionalCell::empty(),
            state: Cell::new(State::Off),
            attached: Cell::new(false),
            detaching: Cell::new(false),
            identify: Cell::new(false),
            fault: Cell::new(None),
            teardown_fault: Cell::new(None),
            counters: Cell::new(Counters::default()),
            capacity: buffer.len(),
            clock_limit_hz: Cell::new(FIRST_CLOCK_HZ),
            was_reset: Cell::new(false),
            waking: Cell::new(false),
            leftover_us: Cell::new(LEFTOVER_US),
            buffer: Cell::new(Some(SubSliceMut::new(buffer))),
            script: Cell::new(None),
            bring_up: MapCell::new(BringUp::new()),
            profile: MapCell::empty(),
            serving: OptionalCell::empty(),
            turn: Cell::new(0),
            wait: Cell::new(None),
            overdue: Cell::new(false),
            answers: Cell::new(0),
            later: Cell::new(false),
        }
    }

    /// Gives a client its place in the round. To be called when the board is set up.
    pub fn add_client(&self, seat: &'a Seat<'a>) {
        self.clients.push_tail(seat);
    }

    /// Whom to tell when a detach has ended.
    pub fn set_rest_client(&self, client: &'a dyn RestClient) {
        self.rest_client.set(client);
    }

    /// Who watches.
    pub fn set_observer(&self, observer: &'a dyn Observer) {
        self.observer.set(observer);
    }

    /// Attaches the part: work is accepted, and the part is identified if that was not
    /// done before. A device that failed is recovered: everything is tried anew.
    ///
    /// # Errors
    /// BUSY while a detach has not ended.
    pub fn attach(&self) -> Result<(), ErrorCode> {
        if self.detaching.get() {
            return Err(ErrorCode::BUSY);
        }
        self.attached.set(true);
        if self.state.get() == State::Failed || !self.is_known() {
            self.identify.set(true);
        }
        self.deferred_call.set();
        Ok(())
    }

    /// Detaches the part: from now on work is refused with OFF. What is queued is
    /// cancelled, what is in flight is waited for, then the part is put to sleep and
    /// the controller disabled. [`RestClient::detached`] tells when.
    ///
    /// May be called at any time, from inside callbacks too.
    ///
    /// # Errors
    /// ALREADY if a detach is under way, whose end will be told, or has ended.
    pub fn detach(&self) -> Result<(), ErrorCode> {
        if self.detaching.get() || !self.attached.get() {
            return Err(ErrorCode::ALREADY);
        }
        self.attached.set(false);
        self.identify.set(false);
        self.detaching.set(true);
        self.teardown_fault.set(None);
        self.deferred_call.set();
        Ok(())
    }

    /// Whether work is accepted.
    pub fn is_attached(&self) -> bool {
        self.attached.get()
    }

    /// Where the lifecycle is.
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Why the device failed, or what was wrong last.
    pub fn last_fault(&self) -> Option<Error> {
        self.fault.get()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        self.counters.get()
    }

    /// Whether the device's buffer is with the device, and not with the controller.
    pub fn holds_buffer(&self) -> bool {
        let buffer = self.buffer.take();
        let holds = buffer.is_some();
        self.buffer.set(buffer);
        holds
    }

    /// What the part was found to be.
    pub fn profile(&self) -> Option<Profile> {
        self.profile.map(|profile| *profile)
    }

    /// All that decides what the device does next, for those who enumerate states: with
    /// the same fingerprint, and the same clients, controller and alarm, it acts alike.
    /// Counters are not in it, and times only as far as they lie ahead.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.state.get().hash(hasher);
        let flags = [
            &self.attached,
            &self.detaching,
            &self.identify,
            &self.later,
            &self.overdue,
        ];
        flags.map(Cell::get).hash(hasher);
        (self.fault.get(), self.teardown_fault.get()).hash(hasher);
        let proof = self.proof.take();
        match &proof {
            None => 0u8,
            Some(Proof::Idle(_)) => 1,
            Some(Proof::Off(_)) => 2,
        }
        .hash(hasher);
        self.proof.set(proof);
        self.holds_buffer().hash(hasher);
        (
            self.clock_limit_hz.get(),
            self.was_reset.get(),
            self.waking.get(),
        )
            .hash(hasher);
        let script = self.script.get();
        script.hash(hasher);
        if let Some(Script::BringUp) = script {
            self.bring_up.map(|bring_up| bring_up.hash(hasher));
        }
        self.profile.map_or((), |profile| {
            (profile.read, profile.program, profile.width).hash(hasher);
            (profile.four_byte_mode, profile.own_opcodes).hash(hasher);
            (profile.clock_limit_hz, profile.is_protected).hash(hasher);
        });
        let answered = self.answers.get() != self.controller.answers();
        (self.is_known(), self.turn.get(), answered).hash(hasher);
        self.serving.is_some().hash(hasher);
        if let Some(waiting) = self.wait.get() {
            let passed = self.alarm.now().wrapping_sub(waiting.since);
            (waiting.wait, waiting.left_us).hash(hasher);
            waiting.ticks.wrapping_sub(passed).into_u32().hash(hasher);
        }
        self.deferred_call.is_pending().hash(hasher);
    }

    fn is_known(&self) -> bool {
        self.profile.is_some()
    }

    fn count(&self, field: fn(&mut Counters) -> &mut u32) {
        let mut counters = self.counters.get();
        let field = field(&mut counters);
        *field = field.wrapping_add(1);
        self.counters.set(counters);
    }

    // --- the lifecycle ---

    /// The one place that sets the state.
    fn happen(&self, event: Event) {
        let from = self.state.get();
        let (to, action) = lifecycle::transition(from, event);
        self.state.set(to);
        if from != to {
            self.observer
                .map(|observer| observer.transition(from, event, to));
        }
        match action {
            Action::Nothing => {}
            Action::PowerUp => self.power_up(),
            Action::Serve => self.deferred_call.set(),
            Action::PowerDown => self.power_down(),
            Action::Rescue => self.rescue(),
            Action::Refuse => {
                self.cancel_all(self.fault.get().unwrap_or(Error::Failed));
                self.rest();
            }
            Action::Rest => self.rest(),
            Action::Impossible => self.count(|counters| &mut counters.impossible),
        }
    }

    /// Whether the part has to be powered for anybody.
    fn is_wanted(&self) -> bool {
        self.attached.get()
            && (self.identify.get() || self.clients.iter().any(|seat| seat.client.has_work()))
    }

    fn leases(&self) -> usize {
        self.clients.iter().map(|seat| seat.client.leases()).sum()
    }

    /// Compares what clients want with where the lifecycle is.
    fn consider(&self) {
        if !self.attached.get() {
            self.cancel_all(Error::Detached);
        }
        match self.state.get() {
            State::Ready => self.serve(),
            State::Off => {
                if self.is_wanted() {
                    self.happen(Event::Wanted);
                } else if self.detaching.get() {
                    self.happen(Event::Unwanted);
                }
            }
            State::Failed => {
                if self.attached.get() && self.identify.get() {
                    self.happen(Event::Recover);
                } else {
                    self.happen(Event::Unwanted);
                }
            }
            State::Busy => {
                if !self.attached.get() || self.leases() == 0 {
                    self.happen(Event::Unwanted);
                }
            }
            State::Draining => {
                if self.attached.get() && self.leases() > 0 {
                    self.happen(Event::Wanted);
                }
            }
            State::Starting | State::Stopping(_) => {}
        }
    }

    /// Ready, and nothing in flight: the next bite, or the idle time, or power down.
    fn serve(&self) {
        self.cancel_wait();
        self.identify.set(false);
        if self.attached.get()
            && let Some((seat, request)) = self.next_request()
        {
            self.begin(seat, request);
            if self.state.get() == State::Ready {
                // It ended at once. The next one is for another deferred call, and if it failed, for
                // later: a client that tries again from inside its callback must leave time for
                // interrupts and for processes.
                if request == Request::Open || self.leases() == 0 {
                    self.deferred_call.set();
                } else {
                    self.notify_later();
                }
            }
            return;
        }
        if !self.attached.get() || self.leases() == 0 {
            self.happen(Event::Unwanted);
        } else if self.config.idle_us != u32::MAX && self.wait.get().is_none() {
            self.wait_for(Wait::Idle, self.config.idle_us);
        }
    }

    fn next_request(&self) -> Option<(&'a Seat<'a>, Request)> {
        let dimensions = self.dimensions()?;
        let seats = self.clients.iter().count();
        let turn = self.turn.get();
        let first = self.clients.iter().enumerate().skip(turn);
        let rest = self.clients.iter().enumerate().take(turn);
        for (index, seat) in first.chain(rest) {
            // Somebody may have detached the device in a callback on the way.
            if !self.attached.get() {
                return None;
            }
            if let Some(request) = seat.client.next_request(&dimensions) {
                self.turn.set(if index + 1 < seats { index + 1 } else { 0 });
                return Some((seat, request));
            }
        }
        None
    }

    fn cancel_all(&self, error: Error) {
        for seat in self.clients.iter() {
            seat.client.cancel(error);
        }
    }

    /// Off or Failed: whoever waits for the end of a detach is told, once.
    fn rest(&self) {
        self.cancel_wait();
        if self.detaching.get() {
            // Whoever still waits is told before the end of it all is.
            self.cancel_all(Error::Detached);
        }
        if self.detaching.replace(false) {
            let failed = match self.state.get() {
                State::Failed => Some(self.fault.get().unwrap_or(Error::Failed)),
                State::Off
                | State::Starting
                | State::Ready
                | State::Busy
                | State::Draining
                | State::Stopping(_) => self.teardown_fault.get(),
            };
            let result = failed.map_or(Ok(()), Err);
            self.rest_client.map(|client| client.detached(result));
        }
        // In Failed everybody was told, and only a recovery leads on.
        let leads_on = self.state.get() != State::Failed || self.identify.get();
        if leads_on && self.is_wanted() {
            self.deferred_call.set();
        }
    }

    /// A part that is not known yet is spoken to slowly.
    fn power_up(&self) {
        self.waking.set(self.is_known());
        let limit_hz = self
            .profile
            .map_or(FIRST_CLOCK_HZ, |profile| profile.clock_limit_hz);
        self.enable(limit_hz);
    }

    fn enable(&self, limit_hz: u32) {
        self.identify.set(false);
        self.clock_limit_hz.set(limit_hz);
        match self.proof.take() {
            Some(Proof::Off(off)) => match self.controller.enable(off, limit_hz) {
                Ok(()) => {
                    self.count(|counters| &mut counters.power_ups);
                    self.wait_for_deadline(self.controller.longest_enable_us());
                }
                Err((error, off)) => {
                    self.proof.set(Some(Proof::Off(off)));
                    self.fault.set(Some(Error::Controller(error)));
                    self.happen(Event::Hung);
                }
            },
            other => {
                self.proof.set(other);
                self.fault.set(Some(Error::Failed));
                self.happen(Event::Hung);
            }
        }
    }

    fn begin_bring_up(&self) {
        // A part that is known was put to sleep in order, or greeted just now: it is quiet.
        let patience_us = if self.was_reset.take() || self.is_known() {
            AFTER_RESET_US
        } else {
            self.leftover_us.get()
        };
        let known = self.profile();
        self.bring_up
            .map(|bring_up| bring_up.restart(known, patience_us));
        self.run(Script::BringUp);
    }

    fn power_down(&self) {
        self.cancel_wait();
        self.teardown_fault.set(None);
        let farewell = self
            .profile
            .map_or(Farewell::default(), |profile| profile.farewell());
        self.run(Script::ShutDown(ShutDown::new(farewell)));
    }

    /// The part is stuck. Its reset is the documented way out; whatever it is
    /// afterwards is found out from scratch.
    fn rescue(&self) {
        self.cancel_wait();
        self.profile.take();
        self.was_reset.set(true);
        self.run(Script::ShutDown(ShutDown::rescue()));
    }

    // --- one bite ---

    fn begin(&self, seat: &'a Seat<'a>, request: Request) {
        if request == Request::Open {
            seat.client.bitten(Bite::Opened);
            return;
        }
        let planned = self.profile.map_or(Err(Error::Failed), |profile| {
            bite::plan(&request, profile, self, self.capacity)
        });
        match planned {
            Err(error) => seat.client.bitten(Bite::Failed(error)),
            Ok((recipe, plan)) => {
                if recipe.kind == Kind::Program && !self.load(seat, &recipe, &plan) {
                    return;
                }
                self.serving.set(seat);
                self.count(|counters| &mut counters.begun);
                self.happen(Event::Begun);
                self.run(Script::Operation(OperationScript::new(recipe), plan));
            }
        }
    }

    /// Fills the buffer with what is to be programmed, padded with ones, which
    /// program nothing.
    fn load(&self, seat: &'a Seat<'a>, recipe: &Recipe, plan: &Plan) -> bool {
        let Some(mut buffer) = self.buffer.take() else {
            seat.client.bitten(Bite::Failed(Error::BufferQuarantined));
            return false;
        };
        buffer.reset();
        let window = buffer.as_mut_slice().get_mut(..recipe.length);
        let loaded = window.is_some_and(|window| {
            window.fill(0xFF);
            window
                .get_mut(plan.head..plan.head.saturating_add(plan.count as usize))
                .is_some_and(|place| seat.client.fill(place))
        });
        self.buffer.set(Some(buffer));
        loaded
    }

    fn end_bite(&self, recipe: &Recipe, plan: &Plan, result: Result<(), Error>) {
        self.count(|counters| &mut counters.ended);
        if !self.attached.get() {
            // What is left of the request is no longer in flight, and is to be cancelled.
            self.deferred_call.set();
        }
        let Some(seat) = self.serving.take() else {
            return;
        };
        match (result, recipe.kind) {
            (Err(error), _) => seat.client.bitten(Bite::Failed(error)),
            (Ok(()), Kind::Program) => seat.client.bitten(Bite::Programmed(plan.count)),
            (Ok(()), Kind::Erase) => seat.client.bitten(Bite::Erased(plan.count)),
            (Ok(()), Kind::Read) => match self.buffer.take() {
                None => seat.client.bitten(Bite::Failed(Error::BufferQuarantined)),
                Some(mut buffer) => {
                    buffer.reset();
                    let data = buffer
                        .as_slice()
                        .get(plan.head..plan.head.saturating_add(plan.count as usize));
                    match data {
                        Some(data) => seat.client.bitten(Bite::Read(data)),
                        None => seat.client.bitten(Bite::Failed(Error::OutOfRange)),
                    }
                    self.buffer.set(Some(buffer));
                }
            },
        }
    }

    // --- scripts ---

    fn run(&self, script: Script) {
        self.script.set(Some(script));
        self.continue_with(Input::Begin);
    }

    /// The next act of the running script.
    fn next_act(&self, input: Input<'_>) -> Option<Act> {
        let mut script = self.script.take()?;
        let act = match &mut script {
            Script::BringUp => self.bring_up.map(|bring_up| bring_up.next(input, self)),
            Script::Operation(script, _) => Some(script.next(input)),
            Script::ShutDown(script) => Some(script.next(input)),
        };
        self.script.set(Some(script));
        act
    }

    fn continue_with(&self, input: Input<'_>) {
        let act = self.next_act(input);
        self.go(act);
    }

    /// Performs one act after the other, until one has to be waited for.
    fn go(&self, mut next: Option<Act>) {
        while let Some(act) = next {
            match self.perform(act) {
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
        self.count(|counters| &mut counters.impossible);
    }

    fn perform(&self, act: Act) -> Result<(), Stuck> {
        match act {
            Act::Finished(result) => Err(Stuck::Finished(result)),
            Act::Pause(pause_us) => {
                self.wait_for(Wait::Pause, pause_us);
                Ok(())
            }
            Act::Command(operation) => self.start(operation, None),
            Act::Receive(operation, length) => {
                let buffer = self.borrow(length, self.end(length))?;
                self.start(operation, Some(buffer))
            }
            Act::Read(operation, length) | Act::Program(operation, length) => {
                let buffer = self.borrow(length, 0)?;
                self.start(operation, Some(buffer))
            }
            Act::Send(operation, small) => {
                let length = small.as_slice().len();
                let mut buffer = self.borrow(length, self.end(length))?;
                bite::copy(buffer.as_mut_slice(), small.as_slice());
                self.start(operation, Some(buffer))
            }
        }
    }

    /// Where `length` bytes at the end of the buffer begin, aligned for any controller.
    fn end(&self, length: usize) -> usize {
        bite::round_down(self.capacity.saturating_sub(length))
    }

    fn borrow(&self, length: usize, start: usize) -> Result<SubSliceMut<'static, u8>, Stuck> {
        match self.buffer.take() {
            None => Err(Stuck::Finished(Err(Error::BufferQuarantined))),
            Some(mut buffer) => {
                buffer.reset();
                let end = start.saturating_add(length);
                if end > buffer.len() {
                    self.buffer.set(Some(buffer));
                    return Err(Stuck::Refused(qspi_hil::Error::TooLong));
                }
                buffer.slice(start..end);
                Ok(buffer)
            }
        }
    }

    fn start(
        &self,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Stuck> {
        let length = buffer.as_ref().map_or(0, SubSliceMut::len);
        match self.proof.take() {
            Some(Proof::Idle(idle)) => match self.controller.start(idle, operation, buffer) {
                Ok(()) => {
                    let longest_us = self.controller.longest_us(&operation.template, length);
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

    fn keep(&self, buffer: Option<SubSliceMut<'static, u8>>) {
        if let Some(buffer) = buffer {
            self.buffer.set(Some(buffer));
        }
    }

    fn finish(&self, script: Script, result: Result<(), Error>) {
        if let Err(error) = result {
            self.fault.set(Some(error));
            self.teardown_fault.set(Some(error));
        }
        match script {
            Script::BringUp => {
                let (profile, shortfall) = self.bring_up.map_or((None, None), |bring_up| {
                    (bring_up.outcome(), bring_up.shortfall())
                });
                match (result, profile) {
                    (Ok(()), Some(profile)) => {
                        // What a part has to do without is found out at the first greeting.
                        if !self.is_known() || shortfall.is_some() {
                            self.fault.set(shortfall);
                        }
                        // From now on nothing runs in the part but what was begun here.
                        self.leftover_us.set(profile.longest_us());
                        self.profile.put(profile);
                        self.brought_up(profile.clock_limit_hz);
                    }
                    (Ok(()), None) => self.fail_bring_up(Error::UnknownPart),
                    (Err(error), _) => self.fail_bring_up(error),
                }
            }
            Script::Operation(script, plan) => {
                self.end_bite(script.recipe(), &plan, result);
                match result {
                    Err(error) if error.is_fault() => {
                        self.settle_detach();
                        self.happen(Event::Faulted);
                    }
                    Ok(()) | Err(_) => self.happen(Event::Ended),
                }
            }
            Script::ShutDown(_) => {
                if result == Err(Error::NoAnswer) {
                    // It was reset instead.
                    self.profile.take();
                    self.was_reset.set(true);
                }
                self.disable();
            }
        }
    }

    fn disable(&self) {
        match self.proof.take() {
            Some(Proof::Idle(idle)) => {
                self.proof
                    .set(Some(Proof::Off(self.controller.disable(idle))));
                self.count(|counters| &mut counters.power_downs);
                self.happen(Event::Stopped);
            }
            other => {
                self.proof.set(other);
                self.happen(Event::Hung);
            }
        }
    }

    /// The part is known. If it takes a faster clock than the present one, it is
    /// greeted once more at that clock, which also shows that the bus is good for it.
    fn brought_up(&self, clock_limit_hz: u32) {
        let limit_hz = clock_limit_hz.min(self.controller.fastest_clock_hz());
        if limit_hz <= self.clock_limit_hz.get() {
            self.happen(Event::Started);
            return;
        }
        match self.proof.take() {
            Some(Proof::Idle(idle)) => {
                self.proof
                    .set(Some(Proof::Off(self.controller.disable(idle))));
                self.count(|counters| &mut counters.power_downs);
                self.enable(clock_limit_hz);
            }
            other => {
                self.proof.set(other);
                self.fail_bring_up(Error::Failed);
            }
        }
    }

    fn fail_bring_up(&self, error: Error) {
        self.fault.set(Some(error));
        self.profile.take();
        self.fail(error, Event::Faulted, Event::WakeFaulted);
    }

    /// The controller did not answer, and the deadline has passed twice.
    fn hang(&self) {
        let Some(stopped) = self.controller.force_stop() else {
            self.count(|counters| &mut counters.impossible);
            return;
        };
        self.count(|counters| &mut counters.forced_stops);
        self.proof.set(Some(Proof::Off(stopped.off)));
        self.keep(stopped.buffer);
        // Nobody knows what the part was told last.
        self.profile.take();
        self.fault.set(Some(Error::NoAnswer));
        self.teardown_fault.set(Some(Error::NoAnswer));
        if let Some(Script::Operation(script, plan)) = self.script.take() {
            self.end_bite(script.recipe(), &plan, Err(Error::NoAnswer));
        }
        self.settle_detach();
        self.fail(Error::NoAnswer, Event::Hung, Event::WakeHung);
    }

    /// A failure, which those who wait for a part to be woken are told at once.
    fn fail(&self, error: Error, event: Event, in_waking: Event) {
        if self.state.get() == State::Starting && self.waking.take() {
            self.cancel_all(error);
            self.happen(in_waking);
        } else {
            self.happen(event);
        }
    }

    /// A detached device is not to be powered up again for a recovery. So a detach that is still
    /// to be considered is, before it is known what comes next.
    fn settle_detach(&self) {
        if self.state.get() == State::Busy && !self.attached.get() {
            self.happen(Event::Unwanted);
        }
    }

    // --- the alarm ---

    fn wait_for(&self, wait: Wait, time_us: u32) {
        let now = self.alarm.now();
        let longest_us = self.alarm.ticks_to_us(A::Ticks::half_max_value());
        let left_us = time_us.saturating_sub(longest_us);
        let time_us = time_us.min(longest_us);
        let mut ticks = self.alarm.ticks_from_us(time_us);
        if self.alarm.ticks_to_us(ticks) < time_us {
            // It was rounded down, and too short a pause is none.
            ticks = ticks.wrapping_add(A::Ticks::from(1));
        }
        // One tick more than asked for: the current one is already under way.
        let ticks = ticks.wrapping_add(A::Ticks::from(1));
        let ticks = ticks.max(self.alarm.minimum_dt());
        let before = self.wait.replace(Some(Waiting {
            wait,
            since: now,
            ticks,
            left_us,
        }));
        if wait != Wait::Later && before.is_some_and(|before| before.wait == Wait::Later) {
            self.later.set(true);
        }
        self.alarm.set_alarm(now, ticks);
    }

    /// A wait is over. If somebody asked for a look after it, this is the time.
    fn look_if_asked(&self) {
        if self.later.take() {
            self.deferred_call.set();
        }
    }

    /// Whether the controller has answered since it was asked last: it is not hung then.
    fn has_answered(&self) -> bool {
        let answers = self.controller.answers();
        self.answers.replace(answers) != answers
    }

    fn wait_for_deadline(&self, longest_us: u32) {
        self.answers.set(self.controller.answers());
        self.wait_for(
            Wait::Deadline(false),
            longest_us.saturating_mul(2).saturating_add(SLACK_US),
        );
    }

    /// The controller's deferred call was created before ours, so it was served before it: what
    /// the controller had to say was said.
    fn look_if_overdue(&self) {
        if !self.overdue.take() {
            return;
        }
        self.look_if_asked();
        if self.has_answered() {
            self.wait_for(Wait::Deadline(false), SLACK_US);
        } else {
            self.hang();
        }
    }

    /// Nothing is waited for any more, but for a look that somebody asked for.
    fn cancel_wait(&self) {
        self.overdue.set(false);
        match self.wait.get().map(|waiting| waiting.wait) {
            None | Some(Wait::Later) => {}
            Some(Wait::Pause | Wait::Deadline(_) | Wait::Idle) => {
                self.wait.set(None);
                // An alarm that can't be disarmed fires for nobody, see `alarm`.
                let _unused = self.alarm.disarm();
                self.look_if_asked();
            }
        }
    }
}

/// Why an act was not begun.
enum Stuck {
    Finished(Result<(), Error>),
    Refused(qspi_hil::Error),
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> Wires for Device<'a, C, A> {
    fn supports(&self, template: &Template) -> bool {
        self.controller.supports(template)
    }

    fn granularity(&self, template: &Template) -> Granularity {
        self.controller.granularity(template)
    }

    fn longest_data(&self, template: &Template) -> usize {
        self.controller.longest_data(template)
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.controller.fastest_clock_hz()
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> Host for Device<'a, C, A> {
    fn notify(&self) {
        self.deferred_call.set();
    }

    fn notify_later(&self) {
        match self.wait.get().map(|waiting| waiting.wait) {
            Some(Wait::Pause | Wait::Deadline(_) | Wait::Later) => self.later.set(true),
            None if self.overdue.get() => self.later.set(true),
            Some(Wait::Idle) | None => self.wait_for(Wait::Later, LATER_US),
        }
    }

    fn accepts(&self) -> Result<(), Error> {
        let recovers = self.identify.get();
        if self.attached.get() && (self.state.get() != State::Failed || recovers) {
            Ok(())
        } else {
            Err(Error::Failed)
        }
    }

    fn dimensions(&self) -> Option<Dimensions> {
        self.profile.map(|profile| profile.dimensions)
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> qspi_hil::Client<C::Idle> for Device<'a, C, A> {
    fn enabled(&self, idle: C::Idle, released: Option<SubSliceMut<'static, u8>>) {
        self.cancel_wait();
        self.proof.set(Some(Proof::Idle(idle)));
        if released.is_some() {
            self.count(|counters| &mut counters.released);
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
        self.cancel_wait();
        self.proof.set(Some(Proof::Idle(idle)));
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

impl<'a, C: Controller<'a>, A: Alarm<'a>> AlarmClient for Device<'a, C, A> {
    fn alarm(&self) {
        let Some(waiting) = self.wait.take() else {
            return;
        };
        let passed = self.alarm.now().wrapping_sub(waiting.since);
        if passed < waiting.ticks {
            // An alarm that was set earlier and could not be disarmed.
            self.alarm.set_alarm(waiting.since, waiting.ticks);
            self.wait.set(Some(waiting));
            return;
        }
        if waiting.left_us > 0 {
            self.wait_for(waiting.wait, waiting.left_us);
            return;
        }
        self.look_if_asked();
        match waiting.wait {
            Wait::Pause => self.continue_with(Input::Elapsed),
            Wait::Deadline(_) if self.has_answered() => {
                self.wait_for(Wait::Deadline(false), SLACK_US);
            }
            Wait::Deadline(false) => self.wait_for(Wait::Deadline(true), SLACK_US),
            Wait::Deadline(true) => {
                self.overdue.set(true);
                self.deferred_call.set();
            }
            Wait::Later => self.deferred_call.set(),
            Wait::Idle => {
                if self.state.get() == State::Ready {
                    self.happen(Event::Unwanted);
                }
            }
        }
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> DeferredCallClient for Device<'a, C, A> {
    fn handle_deferred_call(&self) {
        self.look_if_overdue();
        for seat in self.clients.iter() {
            seat.client.deferred();
        }
        self.consider();
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}
