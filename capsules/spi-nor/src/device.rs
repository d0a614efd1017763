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
//! The device owns one or two buffers and one *proof*. The proof is the controller's
//! [`Idle`](Controller::Idle) or [`Off`](Controller::Off) (see `qspi-hil`); while
//! something is in flight the device has none, and can neither start a second
//! operation nor disable the controller. The buffers are the only memory that the
//! hardware ever sees: data is copied between them and the clients. So when a client
//! dies, or takes its memory away, the hardware has nothing of it.
//!
//! # Reading without a pause
//!
//! With a second buffer ([`Device::add_buffer`]) the wires need not wait for the CPU. When a read
//! has *landed* in one buffer, the next one is started into the other before the first is handed
//! over: the rest of the same request, somebody else's request, or, if the last requests came one
//! behind the other and nobody waits, what is likely to be asked for next. What was read ahead
//! lies in its buffer as a [window](Window). Each byte of it is handed over once at most, and all
//! is forgotten as soon as something is programmed or erased, or the part powered down.
//!
//! # Programming without a pause
//!
//! The bytes of a request's next page go to the second buffer while the array programs the page
//! before, and WREN for it is what stands between the two looks that find that page ended. So the
//! array rests for no longer than three commands and the page's own transfer take.
//!
//! # Reading while the array works
//!
//! A read that comes while something is programmed or erased does not wait for the end of it, if
//! the part can [suspend](crate::suspension): the operation is *stalled* for as long as the reads
//! that wait take, and not much longer than [`LONGEST_STAND_US`], then it goes on, and is not
//! stalled again before it has got on. To the [lifecycle] it is one operation that is outstanding
//! all the time. What touches the page or block that is half-way waits.
//!
//! # Time
//!
//! One alarm serves four purposes, one at a time: the pause before the next look at
//! a busy part, the deadline of a transfer, the idle time, and a later look at clients
//! ([`Host::notify_later`]). Deadlines and idle times hardly ever come to their end, so the alarm
//! is not set for each: one that is set for no later is let come, and then set for what is left.
//! An alarm never proves that something has ended. A deadline
//! that passes twice (the first time the interrupt may just be waiting behind the alarm)
//! makes the controller *hung*: it is stopped by force, the client gets
//! [`Error::NoAnswer`], and the [lifecycle] says whether the device starts again, is off,
//! or has failed. What was known of the part is forgotten. A
//! controller that has answered meanwhile, with a part of a long operation, gets more time.

use crate::bite::{self, Plan};
use crate::bring_up::{AFTER_RESET_US, BringUp, LEFTOVER_US};
use crate::client::{Bite, Dimensions, Flight, Host, Request, Scope, Seat};
use crate::error::Error;
use crate::lifecycle::{self, Action, Event, State};
use crate::opcode;
use crate::operation::{Kind, OperationScript, Recipe, Stage};
use crate::pace::Lesson;
use crate::plan;
use crate::profile::{Profile, Wires};
use crate::script::{Act, Input};
use crate::shut_down::{Farewell, ShutDown};
use crate::stream::Stream;
use crate::suspension::{self, LEAST_LEFT_US, LONGEST_STAND_US, Suspension};
use crate::window::Window;
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::ErrorCode;
use kernel::collections::list::List;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Ticks};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Controller, Granularity, Operation, Refused, Template};

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
    /// Bites begun in the hardware, read-ahead included.
    pub begun: u32,
    /// Bites ended, well or not.
    pub ended: u32,
    /// Times the controller was stopped by force.
    pub forced_stops: u32,
    /// Buffers that came back from quarantine.
    pub released: u32,
    /// Events that can't happen in the state they came in.
    pub impossible: u32,
    /// Reads begun that nobody had asked for yet.
    pub ahead: u32,
    /// Bites that had been read ahead.
    pub hits: u32,
    /// Times that a program or an erase was suspended.
    pub suspended: u32,
}

/// The same as it is counted.
#[derive(Default)]
struct Tally {
    power_ups: Cell<u32>,
    power_downs: Cell<u32>,
    begun: Cell<u32>,
    ended: Cell<u32>,
    forced_stops: Cell<u32>,
    released: Cell<u32>,
    impossible: Cell<u32>,
    ahead: Cell<u32>,
    hits: Cell<u32>,
    suspended: Cell<u32>,
}

fn count(number: &Cell<u32>) {
    number.set(number.get().wrapping_add(1));
}

impl Tally {
    fn counters(&self) -> Counters {
        Counters {
            power_ups: self.power_ups.get(),
            power_downs: self.power_downs.get(),
            begun: self.begun.get(),
            ended: self.ended.get(),
            forced_stops: self.forced_stops.get(),
            released: self.released.get(),
            impossible: self.impossible.get(),
            ahead: self.ahead.get(),
            hits: self.hits.get(),
            suspended: self.suspended.get(),
        }
    }
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
    /// See [`Device::operation`] and [`Device::course`].
    Operation,
    /// A read that is one transfer and nothing else, see [`Device::course`].
    Read,
    /// See [`Device::suspension`] and [`Device::stalled`].
    Suspension,
    ShutDown(ShutDown),
}

impl Wait {
    /// Whether the alarm may come before it is over, and be set again for the rest: this comes
    /// again and again, and hardly ever to its end.
    const fn is_coarse(self) -> bool {
        match self {
            Wait::Deadline(_) | Wait::Idle => true,
            Wait::Pause | Wait::Later => false,
        }
    }
}

/// Whose bite it is, and where its bytes are.
#[derive(Clone, Copy)]
struct Course<'a> {
    /// `None`: it is read ahead.
    seat: Option<&'a Seat<'a>>,
    flight: Flight,
    kind: Kind,
    /// Which buffer.
    buffer: Flight,
    /// Of the bite, in the part.
    address: u32,
    plan: Plan,
    /// Bytes of the request that come after the bite.
    rest: u32,
    /// What the part's tables say is typical, in µs.
    typical_us: u32,
}

impl Course<'_> {
    /// Address of the byte after it.
    const fn end(&self) -> u32 {
        self.address.saturating_add(self.plan.count)
    }

    fn hash_into(&self, hasher: &mut impl Hasher) {
        self.seat.is_some().hash(hasher);
        (self.flight, self.kind, self.buffer).hash(hasher);
        (self.address, self.plan, self.rest).hash(hasher);
    }
}

/// A read that can be put on the wires.
#[derive(Clone, Copy)]
struct Prepared<'a> {
    course: Course<'a>,
    operation: Operation,
    /// Bytes on the wires.
    length: usize,
}

/// A page whose bytes are in their buffer while the one before it is programmed.
#[derive(Clone, Copy)]
struct NextPage<'a> {
    course: Course<'a>,
    recipe: Recipe,
}

/// An operation that stands still.
#[derive(Clone, Copy)]
struct Stalled<'a> {
    operation: OperationScript,
    course: Course<'a>,
    /// What was left of the pause that it was in, in µs.
    left_us: u32,
    /// How long it had run for since it was resumed last, at least, in µs.
    lost_us: u32,
    /// Which reads are possible meanwhile.
    scope: Scope,
}

/// A time in µs and its ticks, once it was converted.
type Known<T> = Option<(u32, T)>;

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

/// What is learned about: programs, erases of 4, 32 and 64 KiB, and other erases.
const LESSONS: usize = 5;

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
    tally: Tally,

    proof: Cell<Option<Proof<C::Idle, C::Off>>>,
    buffers: [MapCell<SubSliceMut<'static, u8>>; 2],
    has_second: Cell<bool>,
    /// Which buffer is in use, or was last.
    buffer: Cell<Flight>,
    /// Of the smallest buffer, in bytes.
    capacity: Cell<usize>,
    /// What was read ahead into each buffer.
    windows: [Cell<Option<Window>>; 2],
    stream: Cell<Stream>,
    clock_limit_hz: Cell<u32>,
    was_reset: Cell<bool>,
    /// The part was known when it was powered up.
    waking: Cell<bool>,
    /// Longest time in µs that a part may be busy with something from before.
    leftover_us: Cell<u32>,
    script: Cell<Option<Script>>,
    bring_up: MapCell<BringUp>,
    operation: MapCell<OperationScript>,
    course: Cell<Option<Course<'a>>>,
    /// What comes after the read in flight, if nobody else wants anything.
    prepared: Cell<Option<Prepared<'a>>>,
    /// The page that comes after the one in flight, if nobody else wants anything.
    next_page: Cell<Option<NextPage<'a>>>,
    suspension: MapCell<Suspension>,
    /// The program or erase that is suspended, or on the way there or back.
    stalled: MapCell<Stalled<'a>>,
    /// How long programs and erases take.
    lessons: [Cell<Lesson>; LESSONS],
    /// When the array began to work, or went on.
    runs_since: Cell<A::Ticks>,
    /// Whether the array works, or stands still.
    runs: Cell<bool>,
    /// Whether the operation in flight has stood still.
    stood: Cell<bool>,
    /// The operation in flight is not to be suspended any more.
    for_good: Cell<bool>,
    profile: MapCell<Profile>,
    /// What the controller demands of the profile's reads.
    read_limits: Cell<plan::Granularity>,
    /// The longest time of a read that fills a buffer, in µs.
    read_us: Cell<u32>,
    /// Something is being started already: nobody needs to look for more.
    following: Cell<bool>,
    /// Whose turn it is: of all, and of those who read while something stands still.
    turns: [Cell<usize>; 2],
    /// How many clients there are.
    seats: Cell<usize>,

    wait: Cell<Option<Waiting<A::Ticks>>>,
    /// Since when, and for how many ticks, the alarm is set, though perhaps for nothing any more.
    armed: Cell<Option<(A::Ticks, A::Ticks)>>,
    /// The last times that were converted, in µs, and their ticks: of deadlines, and of others.
    known_ticks: [Cell<Known<A::Ticks>>; 2],
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
            tally: Tally::default(),
            capacity: Cell::new(buffer.len()),
            clock_limit_hz: Cell::new(FIRST_CLOCK_HZ),
            was_reset: Cell::new(false),
            waking: Cell::new(false),
            leftover_us: Cell::new(LEFTOVER_US),
            buffers: [MapCell::new(SubSliceMut::new(buffer)), MapCell::empty()],
            has_second: Cell::new(false),
            buffer: Cell::new(Flight::Even),
            windows: [const { Cell::new(None) }; 2],
            stream: Cell::new(Stream::new()),
            script: Cell::new(None),
            bring_up: MapCell::new(BringUp::new()),
            operation: MapCell::empty(),
            course: Cell::new(None),
            prepared: Cell::new(None),
            next_page: Cell::new(None),
            suspension: MapCell::empty(),
            stalled: MapCell::empty(),
            lessons: [const { Cell::new(Lesson::NONE) }; LESSONS],
            runs_since: Cell::new(A::Ticks::from(0)),
            runs: Cell::new(false),
            stood: Cell::new(false),
            for_good: Cell::new(false),
            profile: MapCell::empty(),
            read_limits: Cell::new(plan::Granularity::bytes(0)),
            read_us: Cell::new(0),
            following: Cell::new(false),
            turns: [const { Cell::new(0) }; 2],
            seats: Cell::new(0),
            wait: Cell::new(None),
            armed: Cell::new(None),
            known_ticks: [const { Cell::new(None) }; 2],
            overdue: Cell::new(false),
            answers: Cell::new(0),
            later: Cell::new(false),
        }
    }

    /// Gives the device a second buffer, of which the first one's demands hold. With it the next
    /// read is on the wires while the last one's bytes are copied. To be called once, when the
    /// board is set up; a later one's buffer is not used.
    pub fn add_buffer(&self, buffer: &'static mut [u8]) {
        if !self.has_second.replace(true) {
            self.capacity.set(self.capacity.get().min(buffer.len()));
            let [_, second] = &self.buffers;
            second.put(SubSliceMut::new(buffer));
        }
    }

    /// Gives a client its place in the round. To be called when the board is set up.
    pub fn add_client(&self, seat: &'a Seat<'a>) {
        self.clients.push_tail(seat);
        self.seats.set(self.seats.get().saturating_add(1));
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
        self.tally.counters()
    }

    /// Whether the device's buffers are with the device, and none with the controller.
    pub fn holds_buffer(&self) -> bool {
        self.has_buffer(Flight::Even) && (!self.has_second.get() || self.has_buffer(Flight::Odd))
    }

    /// Whether the read or the page that comes after the one in flight is prepared, for those who
    /// charge time for what is done between the two.
    pub fn has_prepared(&self) -> bool {
        self.prepared.get().is_some() || self.next_page.get().is_some()
    }

    fn has_buffer(&self, which: Flight) -> bool {
        which.of(&self.buffers).is_some()
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
        let buffers = [Flight::Even, Flight::Odd].map(|which| self.has_buffer(which));
        (buffers, self.buffer.get()).hash(hasher);
        self.windows.each_ref().map(Cell::get).hash(hasher);
        self.stream.get().hash(hasher);
        self.lessons.each_ref().map(Cell::get).hash(hasher);
        if let Some(course) = self.course.get() {
            course.hash_into(hasher);
        }
        self.prepared.get().is_some().hash(hasher);
        self.next_page.get().is_some().hash(hasher);
        (
            self.clock_limit_hz.get(),
            self.was_reset.get(),
            self.waking.get(),
            self.leftover_us.get(),
        )
            .hash(hasher);
        let script = self.script.get();
        script.hash(hasher);
        match script {
            Some(Script::BringUp) => self.bring_up.map(|bring_up| bring_up.hash(hasher)),
            Some(Script::Operation) => self.operation.map(|operation| operation.hash(hasher)),
            Some(Script::Read | Script::Suspension | Script::ShutDown(_)) | None => None,
        };
        self.stalled.map(|stalled| {
            (stalled.operation, stalled.left_us).hash(hasher);
            stalled.course.hash_into(hasher);
            self.suspension.map(|script| script.hash(hasher));
        });
        let ran = self.alarm.now().wrapping_sub(self.runs_since.get());
        let is_outstanding = matches!(self.state.get(), State::Busy | State::Draining);
        if is_outstanding {
            // What it has run for decides up to the longest that it has to, and what it has
            // stood still for up to the longest that it may.
            let decides_us = self.longest_run_us().max(LONGEST_STAND_US);
            let ran_us = self.alarm.ticks_to_us(ran).min(decides_us);
            (ran_us, self.for_good.get()).hash(hasher);
            (self.runs.get(), self.stood.get()).hash(hasher);
        }
        self.profile.map_or((), |profile| {
            (profile.read, profile.program, profile.width).hash(hasher);
            (profile.four_byte_mode, profile.own_opcodes).hash(hasher);
            (profile.clock_limit_hz, profile.is_protected).hash(hasher);
        });
        let answered = self.answers.get() != self.controller.answers();
        (self.is_known(), answered).hash(hasher);
        self.turns.each_ref().map(Cell::get).hash(hasher);
        if let Some(waiting) = self.wait.get() {
            let passed = self.alarm.now().wrapping_sub(waiting.since);
            (waiting.wait, waiting.left_us).hash(hasher);
            waiting.ticks.wrapping_sub(passed).into_u32().hash(hasher);
        }
        if let Some((since, ticks)) = self.armed.get() {
            let passed = self.alarm.now().wrapping_sub(since);
            ticks.wrapping_sub(passed).into_u32().hash(hasher);
        }
        self.deferred_call.is_pending().hash(hasher);
    }

    /// The longest that an operation of this part has to run until it may be suspended, in µs.
    fn longest_run_us(&self) -> u32 {
        let commands = self.profile.map_or([None; 2], |profile| {
            [Kind::Program, Kind::Erase].map(|kind| profile.suspend_of(kind))
        });
        let runs = commands.iter().flatten().map(suspension::run_us);
        runs.max().unwrap_or(0)
    }

    fn is_known(&self) -> bool {
        self.profile.is_some()
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
            Action::Serve => {
                if !self.following.get() {
                    self.deferred_call.set();
                }
            }
            Action::PowerDown => self.power_down(),
            Action::Rescue => self.rescue(),
            Action::Refuse => {
                self.cancel_all(self.fault.get().unwrap_or(Error::Failed));
                self.rest();
            }
            Action::Rest => self.rest(),
            Action::Impossible => count(&self.tally.impossible),
        }
    }

    /// Whether the part has to be powered for anybody.
    fn is_wanted(&self) -> bool {
        self.attached.get() && (self.identify.get() || self.anybody_waits())
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
                } else {
                    self.consider_suspension();
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
            && let Some((seat, request)) = self.next_request(Flight::Even, Scope::All)
        {
            let buffer = self.free_buffer();
            match self.begin(seat, request, Flight::Even, buffer) {
                Begun::Started => {}
                Begun::Landed(course) => self.land(course),
                Begun::Over => self.look_further(request),
            }
            return;
        }
        self.idle();
    }

    /// Ready, and nothing to do.
    fn idle(&self) {
        if !self.attached.get() || self.leases() == 0 {
            self.happen(Event::Unwanted);
        } else if self.config.idle_us != u32::MAX && self.wait.get().is_none() {
            self.wait_for(Wait::Idle, self.config.idle_us);
        }
    }

    /// If `request` ended at once, the next one is for another deferred call, and if it failed,
    /// for later: a client that tries again from inside its callback must leave time for interrupts
    /// and for processes.
    fn look_further(&self, request: Request) {
        if self.state.get() == State::Ready {
            if request == Request::Open || self.leases() == 0 {
                self.deferred_call.set();
            } else {
                self.notify_later();
            }
        }
    }

    /// A buffer that is here, and one with nothing read ahead in it if there is one.
    fn free_buffer(&self) -> Flight {
        let last = self.buffer.get();
        let is_free =
            |which: &Flight| self.has_buffer(*which) && which.of(&self.windows).get().is_none();
        let both = [last.other(), last];
        let here = |which: &Flight| self.has_buffer(*which);
        let free = both.into_iter().find(is_free);
        free.or_else(|| both.into_iter().find(here)).unwrap_or(last)
    }

    fn next_request(&self, flight: Flight, scope: Scope) -> Option<(&'a Seat<'a>, Request)> {
        let dimensions = self.dimensions()?;
        let cell = scope.of(&self.turns);
        let turn = cell.get();
        // Those whose turn it is, then those before them.
        for is_before in [false, true] {
            for (index, seat) in self.clients.iter().enumerate() {
                if (index < turn) != is_before {
                    continue;
                }
                // Somebody may have detached the device in a callback on the way.
                if !self.attached.get() {
                    return None;
                }
                if let Some(request) = seat.client.next_request(flight, &dimensions, scope) {
                    let next = index.saturating_add(1);
                    cell.set(if next < self.seats.get() { next } else { 0 });
                    return Some((seat, request));
                }
            }
        }
        None
    }

    /// Whether any client has work.
    fn anybody_waits(&self) -> bool {
        self.clients.iter().any(|seat| seat.client.has_work())
    }

    /// Whether another client than this one has work.
    fn others_wait(&self, seat: &Seat<'a>) -> bool {
        self.clients
            .iter()
            .any(|other| !core::ptr::eq(other, seat) && other.client.has_work())
    }

    fn cancel_all(&self, error: Error) {
        for seat in self.clients.iter() {
            seat.client.cancel(error);
        }
    }

    /// Off or Failed: whoever waits for the end of a detach is told, once.
    fn rest(&self) {
        self.cancel_wait();
        if self.wait.get().is_none() {
            self.disarm();
        }
        // What was before tells nothing about what comes after.
        self.lessons
            .iter()
            .for_each(|lesson| lesson.set(Lesson::NONE));
        self.forget_windows();
        self.stream.set(Stream::new());
        self.buffer.set(Flight::Even);
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
        self.forget_windows();
        self.clock_limit_hz.set(limit_hz);
        match self.proof.take() {
            Some(Proof::Off(off)) => match self.controller.enable(off, limit_hz) {
                Ok(()) => {
                    count(&self.tally.power_ups);
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

    /// Begins a bite of `request`, in `buffer` if it needs one.
    fn begin(
        &self,
        seat: &'a Seat<'a>,
        request: Request,
        flight: Flight,
        buffer: Flight,
    ) -> Begun<'a> {
        let (address, length) = match request {
            Request::Open => {
                seat.client.bitten(flight, Bite::Opened);
                return Begun::Over;
            }
            Request::Read { address, length } => {
                if let Some(course) = self.hit(seat, flight, address, length) {
                    return Begun::Landed(course);
                }
                let wanted = Wanted {
                    seat: Some(seat),
                    flight,
                    buffer,
                    address,
                    length,
                };
                match self.prepare(&wanted) {
                    Some(Ok(prepared)) => {
                        self.follow_stream(&prepared.course);
                        self.embark(&prepared.course);
                        self.set_out(prepared);
                        return Begun::Started;
                    }
                    Some(Err(error)) => {
                        seat.client.bitten(flight, Bite::Failed(error));
                        return Begun::Over;
                    }
                    None => {}
                }
                (address, length)
            }
            Request::Program { address, length } | Request::Erase { address, length } => {
                self.forget_windows();
                (address, length)
            }
        };
        let (recipe, plan) = match self.plan(&request) {
            Ok(planned) => planned,
            Err(error) => {
                seat.client.bitten(flight, Bite::Failed(error));
                return Begun::Over;
            }
        };
        let course = Course {
            seat: Some(seat),
            flight,
            kind: recipe.kind,
            buffer,
            address,
            plan,
            rest: length.saturating_sub(plan.count),
            typical_us: recipe.typical_us,
        };
        if recipe.kind == Kind::Program {
            if !self.has_buffer(buffer) {
                let failed = Bite::Failed(Error::BufferQuarantined);
                seat.client.bitten(flight, failed);
                return Begun::Over;
            }
            if !self.load(seat, &course, flight, 0, recipe.length) {
                return Begun::Over;
            }
        }
        if recipe.kind == Kind::Read {
            self.follow_stream(&course);
        }
        let recipe = self.as_learned(recipe, &course);
        self.set_off(OperationScript::new(recipe), course);
        Begun::Started
    }

    /// The first bite of `request`, and how.
    fn plan(&self, request: &Request) -> Result<(Recipe, Plan), Error> {
        self.profile.map_or(Err(Error::Failed), |profile| {
            bite::plan(
                request,
                profile,
                self,
                self.capacity.get(),
                self.read_limits.get(),
            )
        })
    }

    /// With the time that was learned in place of the tables'.
    fn as_learned(&self, recipe: Recipe, course: &Course<'a>) -> Recipe {
        let lesson = self.lesson(recipe.kind, course.plan.count);
        let typical_us = lesson.map_or(recipe.typical_us, |lesson| {
            lesson.get().expected_us(recipe.typical_us)
        });
        Recipe {
            typical_us,
            ..recipe
        }
    }

    /// What was learned about programs, or about erases of `count` bytes.
    fn lesson(&self, kind: Kind, count: u32) -> Option<&Cell<Lesson>> {
        let [programs, sectors, half_blocks, blocks, others] = &self.lessons;
        match (kind, count) {
            (Kind::Read, _) => None,
            (Kind::Program, _) => Some(programs),
            (Kind::Erase, 0x1000) => Some(sectors),
            (Kind::Erase, 0x8000) => Some(half_blocks),
            (Kind::Erase, 0x1_0000) => Some(blocks),
            (Kind::Erase, _) => Some(others),
        }
    }

    /// Learns from an operation that has ended well, and did not stand still meanwhile.
    fn learn(&self, course: &Course<'a>) {
        if let Some(lesson) = self.lesson(course.kind, course.plan.count)
            && !self.stood.get()
            && let Some(pace) = self.operation.map(|operation| *operation.pace())
        {
            lesson.set(lesson.get().after(&pace, course.typical_us));
        }
    }

    /// The hardware is to begin.
    fn embark(&self, course: &Course<'a>) {
        course.buffer.of(&self.windows).set(None);
        self.buffer.set(course.buffer);
        self.course.set(Some(*course));
        self.prepared.set(None);
        self.next_page.set(None);
        count(&self.tally.begun);
        if self.stalled.is_none() {
            self.for_good.set(false);
            self.runs.set(false);
            self.stood.set(false);
            self.happen(Event::Begun);
        }
    }

    /// The hardware begins.
    fn set_off(&self, operation: OperationScript, course: Course<'a>) {
        self.operation.put(operation);
        self.embark(&course);
        self.run(Script::Operation);
    }

    /// The hardware begins a read, and the next one is prepared meanwhile.
    fn set_out(&self, prepared: Prepared<'a>) {
        self.script.set(Some(Script::Read));
        match self.send(&prepared) {
            Ok(()) => self.prepare_next(&prepared.course),
            Err(stuck) => self.end_read(stuck),
        }
    }

    fn send(&self, prepared: &Prepared<'a>) -> Result<(), Stuck> {
        let buffer = self.borrow(prepared.length, 0)?;
        self.start(prepared.operation, Some(buffer), Some(self.read_us.get()))
    }

    /// A read was not begun.
    fn end_read(&self, stuck: Stuck) {
        let result = match stuck {
            Stuck::Finished(result) => result,
            Stuck::Refused(error) => Err(Error::Controller(error)),
        };
        if let Some(script) = self.script.take() {
            self.finish(script, result);
        }
    }

    /// Fills the buffer with what is to be programmed, padded with ones, which
    /// program nothing: what comes `skip` bytes after those in flight as `flight`.
    fn load(
        &self,
        seat: &'a Seat<'a>,
        course: &Course<'a>,
        flight: Flight,
        skip: u32,
        length: usize,
    ) -> bool {
        let cell = course.buffer.of(&self.buffers);
        let Some(mut buffer) = cell.take() else {
            return false;
        };
        let Plan { head, count } = course.plan;
        buffer.reset();
        let window = buffer.as_mut_slice().get_mut(..length);
        let loaded = window.is_some_and(|window| {
            window.fill(0xFF);
            window
                .get_mut(head..head.saturating_add(count as usize))
                .is_some_and(|place| seat.client.fill(flight, skip, place))
        });
        cell.put(buffer);
        loaded
    }

    // --- programming without a pause ---

    /// While the array programs a page: the bytes of the next one go to the other buffer.
    fn prepare_next_page(&self) {
        let Some(course) = self
            .course
            .get()
            .filter(|course| course.kind == Kind::Program && course.rest > 0)
        else {
            return;
        };
        let Some(seat) = course.seat else {
            return;
        };
        let buffer = course.buffer.other();
        if self.next_page.get().is_some()
            || !self.has_second.get()
            || !self.has_buffer(buffer)
            || !seat.client.pipelines()
            || !self.may_be_followed()
        {
            return;
        }
        let request = Request::Program {
            address: course.end(),
            length: course.rest,
        };
        let Ok((recipe, plan)) = self.plan(&request) else {
            return;
        };
        // A part that has to be put into a mode before is spoken to from the beginning.
        if recipe.four_byte_mode.is_some() {
            return;
        }
        let next = Course {
            flight: course.flight.other(),
            buffer,
            address: course.end(),
            plan,
            rest: course.rest.saturating_sub(plan.count),
            typical_us: recipe.typical_us,
            ..course
        };
        if self.load(seat, &next, course.flight, course.plan.count, recipe.length) {
            let next = NextPage {
                course: next,
                recipe,
            };
            self.next_page.set(Some(next));
        }
    }

    /// See [`OperationScript::hands_over`].
    fn hands_over(&self) -> Option<u8> {
        self.operation
            .map_or(None, |operation| operation.hands_over())
    }

    /// Whether the next page may come at once, before anything else is looked at.
    fn may_be_followed(&self) -> bool {
        self.attached.get()
            && self.state.get() == State::Busy
            && self.stalled.is_none()
            && !self.anybody_waits()
    }

    /// Whether the next page waits for the end of the one in flight.
    fn is_followed(&self) -> bool {
        self.next_page
            .get()
            .is_some_and(|next| self.has_buffer(next.course.buffer))
            && self.may_be_followed()
    }

    /// A page has ended, and WREN was sent for the next one, which goes on the wires first. If its
    /// owner has died, or it is not to be any more, WREN is taken back.
    fn hand_over(&self, course: Course<'a>, status: u8) {
        let is_followed = self.is_followed();
        let next = self.next_page.take().filter(|next| {
            is_followed
                && course
                    .seat
                    .is_some_and(|seat| seat.client.goes_on(course.flight, next.course.flight))
        });
        let Some(next) = next else {
            self.course.set(Some(course));
            self.script.set(Some(Script::Operation));
            let act = self.operation.map(OperationScript::withdraw);
            self.go(act);
            return;
        };
        self.learn(&course);
        let recipe = self.as_learned(next.recipe, &next.course);
        let (operation, act) = OperationScript::after_write_enable(recipe, status);
        self.operation.put(operation);
        self.buffer.set(next.course.buffer);
        self.script.set(Some(Script::Operation));
        let sent = self.perform(act);
        count(&self.tally.ended);
        self.following.set(true);
        self.happen(Event::Ended);
        self.following.set(false);
        self.embark(&next.course);
        self.tell(&course, Ok(()));
        match sent {
            Ok(()) => {}
            Err(Stuck::Refused(error)) => self.continue_with(Input::Refused(error)),
            Err(Stuck::Finished(result)) => self.go(Some(Act::Finished(result))),
        }
    }

    /// The hardware is done with a bite.
    fn end_bite(&self, course: Course<'a>, result: Result<(), Error>) {
        count(&self.tally.ended);
        self.next_page.set(None);
        if !self.attached.get() {
            // What is left of the request is no longer in flight, and is to be cancelled.
            self.deferred_call.set();
        }
        match result {
            Err(error) if error.is_fault() => {
                self.tell(&course, result);
                self.give_up_stalled(error);
                self.settle_detach();
                self.happen(Event::Faulted);
            }
            Ok(()) | Err(_) if self.stalled.is_some() => {
                self.tell(&course, result);
                self.read_meanwhile();
            }
            Ok(()) if course.kind == Kind::Read && self.state.get() == State::Busy => {
                self.following.set(true);
                self.happen(Event::Ended);
                self.following.set(false);
                self.land(course);
            }
            Ok(()) if course.kind != Kind::Read && self.state.get() == State::Busy => {
                self.learn(&course);
                self.tell(&course, result);
                self.following.set(true);
                self.happen(Event::Ended);
                self.following.set(false);
                self.serve();
            }
            Ok(()) | Err(_) => {
                self.tell(&course, result);
                self.happen(Event::Ended);
            }
        }
    }

    /// What came of a bite is told to whose it is.
    fn tell(&self, course: &Course<'a>, result: Result<(), Error>) {
        let Some(seat) = course.seat else {
            return;
        };
        let Plan { head, count } = course.plan;
        let told = |bite: Bite<'_>| seat.client.bitten(course.flight, bite);
        match (result, course.kind) {
            (Err(error), _) => told(Bite::Failed(error)),
            (Ok(()), Kind::Program) => told(Bite::Programmed(count)),
            (Ok(()), Kind::Erase) => told(Bite::Erased(count)),
            (Ok(()), Kind::Read) => {
                let cell = course.buffer.of(&self.buffers);
                match cell.take() {
                    None => told(Bite::Failed(Error::BufferQuarantined)),
                    Some(mut buffer) => {
                        buffer.reset();
                        let data = buffer
                            .as_slice()
                            .get(head..head.saturating_add(count as usize));
                        match data {
                            Some(data) => told(Bite::Read(data)),
                            None => told(Bite::Failed(Error::OutOfRange)),
                        }
                        cell.put(buffer);
                    }
                }
            }
        }
    }

    // --- reading without a pause ---

    /// Ready, and the bytes of a read are in their buffer: first the next one is started, then
    /// these are handed over.
    fn land(&self, course: Course<'a>) {
        if course.seat.is_none() {
            course.buffer.of(&self.windows).set(Some(Window::new(
                course.address,
                course.plan.head,
                course.plan.count,
            )));
            self.serve();
            return;
        }
        let next = self.follow(&course);
        self.tell(&course, Ok(()));
        if let Begun::Landed(next) = &next {
            self.tell(next, Ok(()));
        }
        if matches!(next, Begun::Started) || self.state.get() != State::Ready {
            return;
        }
        if !self.attached.get() || self.anybody_waits() {
            self.deferred_call.set();
        } else {
            self.idle();
        }
    }

    /// The first bite of a read. `None` if it takes more than a transfer.
    fn prepare(&self, wanted: &Wanted<'a>) -> Option<Result<Prepared<'a>, Error>> {
        let limits = self.read_limits.get();
        self.profile
            .map(|profile| {
                if profile.mode_before(Kind::Read).is_some() {
                    return None;
                }
                let planned =
                    bite::plan_read(&profile.geometry, wanted.address, wanted.length, limits);
                Some(planned.map(|(transfer, plan)| Prepared {
                    course: Course {
                        seat: wanted.seat,
                        flight: wanted.flight,
                        kind: Kind::Read,
                        buffer: wanted.buffer,
                        address: wanted.address,
                        plan,
                        rest: wanted.length.saturating_sub(plan.count),
                        typical_us: 0,
                    },
                    operation: Operation {
                        template: profile.read,
                        address: transfer.bus_address,
                    },
                    length: transfer.bus_bytes as usize,
                }))
            })
            .flatten()
    }

    /// While a read is on the wires: what comes after it.
    fn prepare_next(&self, course: &Course<'a>) {
        let Some(seat) = course.seat.filter(|_| course.rest > 0) else {
            return;
        };
        if !self.has_second.get()
            || self.stalled.is_some()
            || !seat.client.pipelines()
            || self.is_ahead(course.end())
        {
            return;
        }
        let next = Wanted {
            seat: Some(seat),
            flight: course.flight.other(),
            buffer: course.buffer.other(),
            address: course.end(),
            length: course.rest,
        };
        self.prepared.set(self.prepare(&next).and_then(Result::ok));
    }

    /// Whether the prepared read may be put on the wires, before anything else is looked at.
    fn may_hurry(&self, prepared: &Prepared<'a>) -> bool {
        self.attached.get()
            && self.has_buffer(prepared.course.buffer)
            && self.state.get() == State::Busy
            && self.stalled.is_none()
            && !self.anybody_waits()
    }

    /// A read is through. What was prepared is put on the wires first; all else comes after that,
    /// while the wires are busy.
    fn read_is_through(&self) {
        let prepared = self.prepared.take();
        let Some(course) = self.course.take() else {
            count(&self.tally.impossible);
            return;
        };
        let Some(mut next) = prepared.filter(|prepared| self.may_hurry(prepared)) else {
            self.cancel_wait();
            self.script.set(None);
            self.end_bite(course, Ok(()));
            return;
        };
        self.buffer.set(next.course.buffer);
        let sent = self.send(&next);
        count(&self.tally.ended);
        self.following.set(true);
        self.happen(Event::Ended);
        self.following.set(false);
        if !course
            .seat
            .is_some_and(|seat| seat.client.goes_on(course.flight, next.course.flight))
        {
            // Its owner has died meanwhile: it is nobody's.
            next.course.seat = None;
            next.course.rest = 0;
        }
        self.follow_stream(&next.course);
        self.embark(&next.course);
        self.tell(&course, Ok(()));
        match sent {
            Ok(()) => self.prepare_next(&next.course),
            Err(stuck) => self.end_read(stuck),
        }
    }

    /// Starts what comes after a read that has landed, if there is a buffer for it.
    fn follow(&self, landed: &Course<'a>) -> Begun<'a> {
        let buffer = landed.buffer.other();
        if !self.attached.get() || !self.has_buffer(buffer) {
            return Begun::Over;
        }
        let flight = landed.flight.other();
        let (address, length) = (landed.end(), landed.rest);
        if length > 0
            && let Some(seat) = landed.seat
            && !self.is_ahead(address)
            && !self.others_wait(seat)
            && seat.client.goes_on(landed.flight, flight)
        {
            let request = Request::Read { address, length };
            return self.begin(seat, request, flight, buffer);
        }
        if self.anybody_waits()
            && let Some((seat, request)) = self.next_request(flight, Scope::All)
        {
            return self.begin(seat, request, flight, buffer);
        }
        if length == 0 && self.read_ahead(landed, buffer) {
            Begun::Started
        } else {
            Begun::Over
        }
    }

    /// Notes that a client reads this.
    fn follow_stream(&self, course: &Course<'a>) {
        let stream = self.stream.get();
        self.stream
            .set(stream.after(course.address, course.end(), course.rest));
    }

    /// The bite that is in a window, if the first byte is.
    fn hit(
        &self,
        seat: &'a Seat<'a>,
        flight: Flight,
        address: u32,
        length: u32,
    ) -> Option<Course<'a>> {
        [Flight::Even, Flight::Odd].into_iter().find_map(|buffer| {
            let cell = buffer.of(&self.windows);
            let (plan, left) = cell.get()?.take(address, length)?;
            cell.set(left);
            let course = Course {
                seat: Some(seat),
                flight,
                kind: Kind::Read,
                buffer,
                address,
                plan,
                rest: length.saturating_sub(plan.count),
                typical_us: 0,
            };
            count(&self.tally.hits);
            self.follow_stream(&course);
            Some(course)
        })
    }

    /// Whether [`hit`](Self::hit) would find it.
    fn is_ahead(&self, address: u32) -> bool {
        let windows = self.windows.iter().filter_map(Cell::get);
        windows
            .into_iter()
            .any(|window| window.take(address, 1).is_some())
    }

    fn forget_windows(&self) {
        self.windows.iter().for_each(|window| window.set(None));
    }

    /// Reads what is likely to be asked for next, if the last requests came one behind the other.
    fn read_ahead(&self, landed: &Course<'a>, buffer: Flight) -> bool {
        let stream = self.stream.get();
        let own = landed.buffer.of(&self.windows).get();
        let Some(dimensions) = self.dimensions().filter(|_| stream.is_steady()) else {
            return false;
        };
        let start = match own.filter(|window| window.begins(landed.end())) {
            Some(window) if window.is_fresh() => return false,
            Some(window) => window.end(),
            None => landed.end(),
        };
        if self.is_ahead(start) || self.leases() == 0 {
            return false;
        }
        let length = stream
            .next_length()
            .min(dimensions.size.saturating_sub(start));
        let wanted = Wanted {
            seat: None,
            flight: landed.flight.other(),
            buffer,
            address: start,
            length,
        };
        let Some(Ok(mut prepared)) = self.prepare(&wanted) else {
            // Behind the part's end there is nothing. A part that is read in a mode of its own is
            // not read ahead.
            return false;
        };
        prepared.course.rest = 0;
        count(&self.tally.ahead);
        self.embark(&prepared.course);
        self.set_out(prepared);
        true
    }

    // --- reading while the array works ---

    /// Busy: suspends what the array is at, if somebody could read then.
    fn consider_suspension(&self) {
        let Some(waiting) = self
            .wait
            .get()
            .filter(|waiting| waiting.wait == Wait::Pause)
        else {
            return;
        };
        let Some(course) = self.course.get().filter(|_| !self.for_good.get()) else {
            return;
        };
        let is_running = self
            .operation
            .map(|operation| operation.stage() == Stage::Busy);
        let commands = self
            .profile
            .map_or(None, |profile| profile.suspend_of(course.kind));
        let Some(commands) = commands.filter(|_| is_running == Some(true)) else {
            return;
        };
        let scope = self.scope_beside(&course);
        if !self
            .clients
            .iter()
            .any(|seat| seat.client.has_request(scope))
        {
            return;
        }
        let now = self.alarm.now();
        let passed = now.wrapping_sub(waiting.since);
        let left = if passed < waiting.ticks {
            self.alarm.ticks_to_us(waiting.ticks.wrapping_sub(passed))
        } else {
            0
        };
        let left_us = left.saturating_add(waiting.left_us);
        if left_us < LEAST_LEFT_US {
            // It may come to its end just as well. If it does not, this is looked at again.
            return;
        }
        let ran_us = self
            .alarm
            .ticks_to_us(now.wrapping_sub(self.runs_since.get()));
        let to_run_us = suspension::run_us(&commands).saturating_sub(ran_us);
        if to_run_us > 0 {
            // Enough shorter that it is not shortened again and again.
            if to_run_us.saturating_add(LEAST_LEFT_US) < left_us {
                self.wait.set(None);
                let act = self
                    .operation
                    .map(|operation| operation.shortened(left_us, to_run_us));
                self.go(act);
            }
            return;
        }
        let Some(operation) = self.operation.take() else {
            return;
        };
        self.course.set(None);
        // Its buffer is for what is read meanwhile.
        self.next_page.set(None);
        self.wait.set(None);
        self.disarm();
        self.stalled.put(Stalled {
            operation,
            course,
            left_us,
            lost_us: suspension::run_us(&commands),
            scope,
        });
        self.suspension
            .put(Suspension::new(commands, &operation, left_us));
        self.stood.set(true);
        count(&self.tally.suspended);
        self.run(Script::Suspension);
    }

    /// Whether the array is at something that may be suspended for a read.
    fn may_be_suspended(&self) -> bool {
        self.course
            .get()
            .is_some_and(|course| course.kind != Kind::Read)
    }

    /// What can be read while `course` stands still.
    fn scope_beside(&self, course: &Course<'a>) -> Scope {
        let unit = match course.kind {
            Kind::Read | Kind::Erase => course.plan.count,
            Kind::Program => self.dimensions().map_or(1, |known| known.page),
        };
        Scope::ReadsOutside {
            start: course.address - course.address % unit.max(1),
            length: unit,
        }
    }

    /// The suspension's script is over.
    fn end_suspension(&self, result: Result<(), Error>) {
        let outcome = self
            .suspension
            .map_or(suspension::Action::Fault, |script| script.outcome());
        match (result, outcome) {
            (Ok(()), suspension::Action::LetRead) => {
                self.runs_since.set(self.alarm.now());
                self.read_meanwhile();
            }
            (Ok(()), suspension::Action::GoOn) => self.go_on(),
            (Ok(()), suspension::Action::GoOnForGood) => {
                self.for_good.set(true);
                self.go_on();
            }
            (Err(error), _) => self.end_stalled(error),
            (
                Ok(()),
                suspension::Action::SendSuspend
                | suspension::Action::Wait
                | suspension::Action::Ask
                | suspension::Action::SendResume
                | suspension::Action::Fault
                | suspension::Action::Impossible,
            ) => self.end_stalled(Error::NoAnswer),
        }
    }

    /// Suspended: the next read that waits, unless it has been long enough. [`runs_since`] is since
    /// when the array stands still.
    ///
    /// [`runs_since`]: Device::runs_since
    fn read_meanwhile(&self) {
        let Some((scope, taken)) = self
            .stalled
            .map(|stalled| (stalled.scope, stalled.course.flight))
        else {
            return;
        };
        let flight = taken.other();
        let stood = self.alarm.now().wrapping_sub(self.runs_since.get());
        let may_stand = self.alarm.ticks_to_us(stood) < LONGEST_STAND_US;
        if may_stand
            && self.attached.get()
            && self.state.get() == State::Busy
            && let Some((seat, request)) = self.next_request(flight, scope)
        {
            match self.begin(seat, request, flight, self.free_buffer()) {
                Begun::Started => return,
                Begun::Landed(course) => self.tell(&course, Ok(())),
                // It is told. Whoever tries again comes after the resume.
                Begun::Over => {}
            }
        }
        self.run(Script::Suspension);
    }

    /// The array works again.
    fn go_on(&self) {
        let Some(stalled) = self.stalled.take() else {
            count(&self.tally.impossible);
            return;
        };
        self.runs_since.set(self.alarm.now());
        let mut operation = stalled.operation;
        // A part that did not stop at once, or at all, went on meanwhile.
        let settled_us = self
            .suspension
            .map_or(0, |suspension| suspension.settled_us());
        let left_us = stalled.left_us.saturating_sub(settled_us);
        let act = operation.resumed(left_us, stalled.lost_us);
        self.operation.put(operation);
        self.course.set(Some(stalled.course));
        self.script.set(Some(Script::Operation));
        self.go(Some(act));
    }

    /// Nobody knows what became of what stood still.
    fn end_stalled(&self, error: Error) {
        if let Some(stalled) = self.stalled.take() {
            self.end_bite(stalled.course, Err(error));
        }
    }

    /// Ends what stands still, because of a fault of something else.
    fn give_up_stalled(&self, error: Error) {
        if let Some(stalled) = self.stalled.take() {
            count(&self.tally.ended);
            self.tell(&stalled.course, Err(error));
        }
    }

    // --- scripts ---

    fn run(&self, script: Script) {
        self.script.set(Some(script));
        self.continue_with(Input::Begin);
    }

    /// The next act of the running script.
    fn next_act(&self, input: Input<'_>) -> Option<Act> {
        match self.script.get()? {
            Script::BringUp => self.bring_up.map(|bring_up| bring_up.next(input, self)),
            Script::Operation => {
                let is_followed = self.is_followed();
                self.operation.map(|operation| {
                    operation.set_followed(is_followed);
                    operation.next(input)
                })
            }
            Script::Read => Some(Act::Finished(match input {
                Input::Refused(error) => Err(Error::Controller(error)),
                Input::Begin | Input::Done(_) | Input::Elapsed => Ok(()),
            })),
            Script::Suspension => self.suspension.map(|script| script.next(input)),
            Script::ShutDown(mut script) => {
                let act = script.next(input);
                self.script.set(Some(Script::ShutDown(script)));
                Some(act)
            }
        }
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
        count(&self.tally.impossible);
    }

    fn perform(&self, act: Act) -> Result<(), Stuck> {
        match act {
            Act::Finished(result) => Err(Stuck::Finished(result)),
            Act::Pause(pause_us) => {
                self.note_run();
                self.wait_for(Wait::Pause, pause_us);
                self.prepare_next_page();
                if self.may_be_suspended() && self.anybody_waits() {
                    // Whoever came when this could not be suspended.
                    self.deferred_call.set();
                }
                Ok(())
            }
            Act::Command(operation) => self.start(operation, None, None),
            Act::Receive(operation, length) => {
                let buffer = self.borrow(length, self.end(length))?;
                self.start(operation, Some(buffer), None)
            }
            Act::EnableAndReceive(operation, length) => {
                let buffer = self.borrow(length, self.end(length))?;
                let wren_us = self.controller.longest_us(&Template::bare(opcode::WREN), 0);
                let look_us = self.controller.longest_us(&operation.template, length);
                self.start_with(
                    C::start_after_write_enable,
                    operation,
                    Some(buffer),
                    wren_us.saturating_add(look_us),
                )
            }
            Act::Read(operation, length) => {
                let buffer = self.borrow(length, 0)?;
                self.start(operation, Some(buffer), Some(self.read_us.get()))
            }
            Act::Program(operation, length) => {
                let buffer = self.borrow(length, 0)?;
                self.start(operation, Some(buffer), None)
            }
            Act::Send(operation, small) => {
                let length = small.as_slice().len();
                let mut buffer = self.borrow(length, self.end(length))?;
                bite::copy(buffer.as_mut_slice(), small.as_slice());
                self.start(operation, Some(buffer), None)
            }
        }
    }

    /// The first pause of an operation begins: the array works since now.
    fn note_run(&self) {
        if matches!(self.script.get(), Some(Script::Operation)) && !self.runs.replace(true) {
            self.runs_since.set(self.alarm.now());
        }
    }

    /// Where `length` bytes at the end of the buffer begin, aligned for any controller.
    fn end(&self, length: usize) -> usize {
        bite::round_down(self.capacity.get().saturating_sub(length))
    }

    fn borrow(&self, length: usize, start: usize) -> Result<SubSliceMut<'static, u8>, Stuck> {
        if !self.has_buffer(self.buffer.get()) {
            self.buffer.set(self.buffer.get().other());
        }
        let cell = self.buffer.get().of(&self.buffers);
        match cell.take() {
            None => Err(Stuck::Finished(Err(Error::BufferQuarantined))),
            Some(mut buffer) => {
                buffer.reset();
                let end = start.saturating_add(length);
                if end > buffer.len() {
                    cell.put(buffer);
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
        longest_us: Option<u32>,
    ) -> Result<(), Stuck> {
        let length = buffer.as_ref().map_or(0, SubSliceMut::len);
        let longest_us =
            longest_us.unwrap_or_else(|| self.controller.longest_us(&operation.template, length));
        self.start_with(C::start, operation, buffer, longest_us)
    }

    fn start_with(
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
    fn keep(&self, buffer: Option<SubSliceMut<'static, u8>>) {
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
                        self.read_limits.set(bite::granularity(
                            self,
                            &profile.read,
                            self.capacity.get(),
                        ));
                        self.read_us.set(
                            self.controller
                                .longest_us(&profile.read, self.capacity.get()),
                        );
                        self.profile.put(profile);
                        self.brought_up(profile.clock_limit_hz);
                    }
                    (Ok(()), None) => self.fail_bring_up(Error::UnknownPart),
                    (Err(error), _) => self.fail_bring_up(error),
                }
            }
            Script::Operation | Script::Read => match self.course.take() {
                Some(course) => match self.hands_over() {
                    Some(status) if course.kind == Kind::Program && result.is_ok() => {
                        self.hand_over(course, status);
                    }
                    Some(_) | None => self.end_bite(course, result),
                },
                None => count(&self.tally.impossible),
            },
            Script::Suspension => self.end_suspension(result),
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
                count(&self.tally.power_downs);
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
                count(&self.tally.power_downs);
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
            count(&self.tally.impossible);
            return;
        };
        count(&self.tally.forced_stops);
        self.proof.set(Some(Proof::Off(stopped.off)));
        self.keep(stopped.buffer);
        // Nobody knows what the part was told last.
        self.profile.take();
        self.fault.set(Some(Error::NoAnswer));
        self.teardown_fault.set(Some(Error::NoAnswer));
        self.script.set(None);
        self.next_page.set(None);
        if let Some(course) = self.course.take() {
            count(&self.tally.ended);
            if !self.attached.get() {
                self.deferred_call.set();
            }
            self.tell(&course, Err(Error::NoAnswer));
        }
        self.give_up_stalled(Error::NoAnswer);
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

    /// Ticks until `time_us` has passed for sure, and µs of it that are too much for the counter.
    fn ticks(&self, wait: Wait, time_us: u32) -> (A::Ticks, u32) {
        // The same times come again and again, and to convert them takes divisions.
        let [of_deadlines, of_others] = &self.known_ticks;
        let known = match wait {
            Wait::Deadline(_) => of_deadlines,
            Wait::Pause | Wait::Idle | Wait::Later => of_others,
        };
        if let Some((_, ticks)) = known.get().filter(|(known_us, _)| *known_us == time_us) {
            return (ticks, 0);
        }
        let longest_us = self.alarm.ticks_to_us(A::Ticks::half_max_value());
        let left_us = time_us.saturating_sub(longest_us);
        let now_us = time_us.min(longest_us);
        let mut ticks = self.alarm.ticks_from_us(now_us);
        if self.alarm.ticks_to_us(ticks) < now_us {
            // It was rounded down, and too short a pause is none.
            ticks = ticks.wrapping_add(A::Ticks::from(1));
        }
        // One tick more than asked for: the current one is already under way.
        let ticks = ticks.wrapping_add(A::Ticks::from(1));
        let ticks = ticks.max(self.alarm.minimum_dt());
        if left_us == 0 {
            known.set(Some((time_us, ticks)));
        }
        (ticks, left_us)
    }

    fn wait_for(&self, wait: Wait, time_us: u32) {
        let now = self.alarm.now();
        let (ticks, left_us) = self.ticks(wait, time_us);
        let before = self.wait.replace(Some(Waiting {
            wait,
            since: now,
            ticks,
            left_us,
        }));
        if wait != Wait::Later && before.is_some_and(|before| before.wait == Wait::Later) {
            self.later.set(true);
        }
        if !(wait.is_coarse() && self.comes_before(now, ticks)) {
            self.arm(now, ticks);
        }
    }

    fn arm(&self, since: A::Ticks, ticks: A::Ticks) {
        self.armed.set(Some((since, ticks)));
        self.alarm.set_alarm(since, ticks);
    }

    fn disarm(&self) {
        if self.armed.take().is_some() {
            // An alarm that can't be disarmed fires for nobody, see `alarm`.
            let _unused = self.alarm.disarm();
        }
    }

    /// Whether the alarm is set, and for no later than `ticks` from `now` on.
    fn comes_before(&self, now: A::Ticks, ticks: A::Ticks) -> bool {
        self.armed.get().is_some_and(|(since, set_for)| {
            let passed = now.wrapping_sub(since);
            passed < set_for && set_for.wrapping_sub(passed) <= ticks
        })
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
        // What comes with an answer in hand is not overdue, whatever was before.
        self.overdue.set(false);
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
            // What is waited for next may do with this alarm.
            Some(Wait::Deadline(_) | Wait::Idle) => {
                self.wait.set(None);
                self.look_if_asked();
            }
            Some(Wait::Pause) => {
                self.wait.set(None);
                self.disarm();
                self.look_if_asked();
            }
        }
    }
}

/// A read whose first bite is to be prepared.
struct Wanted<'a> {
    seat: Option<&'a Seat<'a>>,
    flight: Flight,
    buffer: Flight,
    address: u32,
    length: u32,
}

/// What became of a bite that was to begin.
enum Begun<'a> {
    /// The hardware is at it.
    Started,
    /// It had been read ahead, and is to be handed over.
    Landed(Course<'a>),
    /// It ended at once.
    Over,
}

/// One of the controller's ways to start something.
type Start<'a, C> = fn(
    &C,
    <C as Controller<'a>>::Idle,
    Operation,
    Option<SubSliceMut<'static, u8>>,
) -> Result<(), Refused<<C as Controller<'a>>::Idle>>;

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

    fn enables_write(&self) -> bool {
        let look = Template::register_in(opcode::RDSR);
        self.controller.enables_write(&look)
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.controller.fastest_clock_hz()
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>> Host for Device<'a, C, A> {
    fn notify(&self) {
        self.deferred_call.set();
    }

    fn notify_work(&self) {
        match self.state.get() {
            // Whatever ends looks for more, and so does whoever comes to rest.
            State::Busy if self.may_be_suspended() => self.deferred_call.set(),
            State::Busy | State::Starting | State::Stopping(_) => {}
            State::Off | State::Ready | State::Draining | State::Failed => self.deferred_call.set(),
        }
    }

    fn begin_work(&self) {
        if self.state.get() == State::Ready {
            self.consider();
        } else {
            self.notify_work();
        }
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

impl<'a, C: Controller<'a>, A: Alarm<'a>> AlarmClient for Device<'a, C, A> {
    fn alarm(&self) {
        self.armed.set(None);
        let Some(waiting) = self.wait.take() else {
            return;
        };
        let passed = self.alarm.now().wrapping_sub(waiting.since);
        if passed < waiting.ticks {
            // An alarm that was set earlier.
            self.arm(waiting.since, waiting.ticks);
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
