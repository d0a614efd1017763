// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The part: who is served when, and how it is torn down.
//!
//! The device joins four things that know nothing of each other: the controller (the
//! wires), an alarm, the [scripts](crate::script) (what the part wants to hear), and the
//! [clients](crate::client). What is powered when is decided by the
//! [lifecycle](crate::lifecycle) alone.
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
//! is forgotten as soon as something is programmed or erased, or the part powered down. Whoever asks
//! for it while it is on the wires still is given that read, as if it were his own from the beginning.
//!
//! # Programming without a pause
//!
//! The bytes of a request's next page go to the second buffer while the array programs the page
//! before. A controller that [waits until the part is quiet](Controller::waits_for_quiet) is given the
//! next page as soon as a look near the end of the one before finds the part busy: the array rests for
//! no longer than the controller's own look, WREN and the page's transfer take. The look near the end
//! of that page then is to find the part busy again. If it is quiet, the page may never have begun: it
//! is programmed once more.
//!
//! Whether a controller waits is seen at the first such page, which it is given earlier: it has to take
//! the time. If it does not, the page is programmed once more whatever the part says then, and after a
//! few of these the controller is given none early until the device has been off.
//!
//! With any other controller, and after a look that comes too late, WREN for the next page is what
//! stands between the two looks that find a page ended. So the array rests for no longer than three
//! commands and the page's own transfer take.
//!
//! # Reading while the array works
//!
//! A read that comes while something is programmed or erased does not wait for the end of it, if
//! the part can [suspend](crate::suspension): the operation is *stalled* for as long as the reads
//! that wait take, and not much longer than [`LONGEST_STAND_US`](crate::suspension::LONGEST_STAND_US), then it goes on, and is not
//! stalled again before it has got on. To the [lifecycle](crate::lifecycle) it is one operation that is outstanding
//! all the time. What touches the page or block that is half-way waits.
//!
//! # Time
//!
//! One alarm serves four purposes, one at a time: the pause before the next look at
//! a busy part, the deadline of a transfer, the idle time, and a later look at clients
//! ([`Host::notify_later`](crate::client::Host::notify_later)). Deadlines and idle times hardly ever come to their end, so the alarm
//! is not set for each: one that is set for no later is let come, and then set for what is left.
//! An alarm never proves that something has ended. A deadline
//! that passes twice (the first time the interrupt may just be waiting behind the alarm)
//! makes the controller *hung*: it is stopped by force, the client gets
//! [`Error::NoAnswer`], and the [lifecycle](crate::lifecycle) says whether the device starts again, is off,
//! or has failed. What was known of the part is forgotten. A
//! controller that has answered meanwhile, with a part of a long operation, gets more time.

mod ahead;
mod asides;
mod bites;
mod counters;
mod fingerprint;
mod lessons;
mod lifetime;
mod pages;
mod queue;
mod reads;
mod scripts;
mod standstill;
mod steps;
mod waiting;

use crate::aside::Aside;
use crate::bite::Plan;
use crate::bring_up::LEFTOVER_US;
use crate::client::{Flight, Scope, Seat};
use crate::error::Error;
use crate::features::{Features, Full, Place};
use crate::identity::{Identity, Kept};
use crate::lifecycle::{Event, State};
use crate::operation::{Kind, OperationScript, Recipe};
use crate::pace::Lesson;
use crate::parts_by_id::JedecId;
use crate::plan;
use crate::profile::{Profile, Standing, Unlocked};
use crate::protection::Protection;
use crate::stream::Stream;
use crate::suspension::Suspension;
use crate::window::Window;
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use counters::Tally;
use kernel::ErrorCode;
use kernel::collections::list::List;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::{Alarm, ConvertTicks};
use kernel::utilities::cells::{MapCell, OptionalCell};
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Controller, Operation};
use scripts::Scripts;
use waiting::Waiting;

pub use counters::Counters;

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

/// The controller's proof, in whichever form it is.
enum Proof<Idle, Off> {
    Idle(Idle),
    Off(Off),
}

/// What the controller and the alarm work for. The scripts themselves are too large to be moved
/// around.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Script {
    /// See [`Device::scripts`].
    BringUp,
    /// See [`Device::scripts`] and [`Device::course`].
    Operation,
    /// A read that is one transfer and nothing else, see [`Device::course`].
    Read,
    /// See [`Device::suspension`] and [`Device::stalled`].
    Suspension,
    /// See [`Device::scripts`] and [`Device::course`].
    Unlock,
    /// See [`Device::scripts`].
    ShutDown,
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
    /// What it is, if it is not of the array.
    apart: Option<Apart>,
}

/// What a bite is that is not of the array. What of it matters once it is begun: courses are moved
/// about with every bite, so they are small.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Apart {
    /// The protection bits are cleared.
    Unlock,
    /// They are put back.
    Relock,
    /// Anything else.
    Other,
}

impl From<Aside> for Apart {
    fn from(aside: Aside) -> Apart {
        match aside {
            Aside::Unlock => Apart::Unlock,
            Aside::Relock => Apart::Relock,
            Aside::UniqueId { .. }
            | Aside::ReadOtp { .. }
            | Aside::ProgramOtp { .. }
            | Aside::EraseOtp { .. }
            | Aside::EraseChip => Apart::Other,
        }
    }
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
        self.apart.hash(hasher);
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

/// Whether the controller may be given a page before the one before has ended, if it [waits for
/// that](Controller::waits_for_quiet).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Early {
    /// Not before it is known how long pages take: reads wait as long as the controller does.
    NotYet,
    /// It is known. The next page is given so early that the controller has to be seen to wait.
    OnTrial,
    /// It has waited.
    Yes,
    /// It has not, again and again: no more until the device has been off.
    No,
}

/// So often a controller may not have waited: the page may have ended earlier than was expected.
const MOST_TRIALS: u8 = 3;

/// A page whose bytes are in their buffer while the one before it is programmed.
#[derive(Clone, Copy)]
struct NextPage<'a> {
    course: Course<'a>,
    recipe: Recipe,
    /// The controller has it, and waits for the end of the one before.
    is_queued: bool,
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
pub struct Device<'a, C: Controller<'a>, A: Alarm<'a>, F: Features = Full> {
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
    windows: [F::Ahead<Window>; 2],
    stream: F::Ahead<Stream>,
    clock_limit_hz: Cell<u32>,
    was_reset: Cell<bool>,
    /// The controller was stopped in a script that resets the part: it may be coming up.
    may_come_up: Cell<bool>,
    /// The part was known when it was powered up.
    waking: Cell<bool>,
    /// Longest time in µs that a part may be busy with something from before.
    leftover_us: Cell<u32>,
    script: Cell<Option<Script>>,
    scripts: MapCell<Scripts<F::Identity>>,
    course: Cell<Option<Course<'a>>>,
    /// What comes after the read in flight, if nobody else wants anything.
    prepared: F::Ahead<Prepared<'a>>,
    /// The page that comes after the one in flight, if nobody else wants anything.
    next_page: F::Ahead<NextPage<'a>>,
    early: Cell<Early>,
    /// Trials in which the controller was not seen to wait.
    trials: Cell<u8>,
    suspension: F::Standstill<Suspension>,
    /// The program or erase that is suspended, or on the way there or back.
    stalled: F::Standstill<Stalled<'a>>,
    /// How long programs and erases take.
    lessons: [F::Lessons<Lesson>; LESSONS],
    /// When the array began to work, or went on.
    runs_since: Cell<A::Ticks>,
    /// Whether the array works, or stands still.
    runs: Cell<bool>,
    /// Whether the operation in flight has stood still.
    stood: Cell<bool>,
    /// The operation in flight is not to be suspended any more.
    for_good: Cell<bool>,
    profile: <F::Identity as Identity>::Kept,
    /// What was protected before the part was unlocked.
    unlocked: F::Asides<Unlocked>,
    /// What an unlock has cleared for good in a part that was forgotten since, to be put back on request.
    cleared: F::Asides<(JedecId, Unlocked)>,
    /// What the controller demands of the profile's reads.
    read_limits: Cell<plan::Granularity>,
    /// The longest time of a read that fills a buffer, in µs.
    read_us: Cell<u32>,
    /// The longest time of WREN and a look at a register, in µs.
    look_us: Cell<u32>,
    /// Something is being started already: nobody needs to look for more.
    following: Cell<bool>,
    /// Whose turn it is: of all, and of those who read while something stands still.
    turns: [Cell<usize>; 2],
    /// How many clients there are.
    seats: Cell<usize>,

    wait: Cell<Option<Waiting<A::Ticks>>>,
    /// Since when, and for how many ticks, the alarm is set, though perhaps for nothing any more.
    armed: Cell<Option<(A::Ticks, A::Ticks)>>,
    /// What the alarm is set for at once, at most, in µs.
    longest_wait_us: u32,
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
        Device::with_features(controller, alarm, buffer, config)
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// As [`Device::new`], with other features.
    pub fn with_features(
        controller: &'a C,
        alarm: &'a A,
        buffer: &'static mut [u8],
        config: Config,
    ) -> Device<'a, C, A, F> {
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
            may_come_up: Cell::new(false),
            waking: Cell::new(false),
            leftover_us: Cell::new(LEFTOVER_US),
            buffers: [MapCell::new(SubSliceMut::new(buffer)), MapCell::empty()],
            has_second: Cell::new(false),
            buffer: Cell::new(Flight::Even),
            windows: [const { Place::EMPTY }; 2],
            stream: Place::EMPTY,
            script: Cell::new(None),
            scripts: MapCell::new(Scripts::Nothing),
            course: Cell::new(None),
            prepared: Place::EMPTY,
            next_page: Place::EMPTY,
            early: Cell::new(Early::NotYet),
            trials: Cell::new(0),
            suspension: Place::EMPTY,
            stalled: Place::EMPTY,
            lessons: [const { Place::EMPTY }; LESSONS],
            runs_since: Cell::new(A::Ticks::from(0)),
            runs: Cell::new(false),
            stood: Cell::new(false),
            for_good: Cell::new(false),
            profile: Kept::EMPTY,
            unlocked: Place::EMPTY,
            cleared: Place::EMPTY,
            read_limits: Cell::new(plan::Granularity::bytes(0)),
            read_us: Cell::new(0),
            look_us: Cell::new(0),
            following: Cell::new(false),
            turns: [const { Cell::new(0) }; 2],
            seats: Cell::new(0),
            wait: Cell::new(None),
            armed: Cell::new(None),
            longest_wait_us: alarm.ticks_to_us(waiting::longest_wait()),
            overdue: Cell::new(false),
            answers: Cell::new(0),
            later: Cell::new(false),
        }
    }

    /// Gives the device a second buffer, of which the first one's demands hold. With it the next
    /// read is on the wires while the last one's bytes are copied. To be called once, when the
    /// board is set up; a later one's buffer is not used, and none is without
    /// [`Features::Ahead`].
    pub fn add_buffer(&self, buffer: &'static mut [u8]) {
        if <F::Ahead<Window>>::IS_THERE && !self.has_second.replace(true) {
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
        self.has_buffer(Flight::Even) && (!self.has_second() || self.has_buffer(Flight::Odd))
    }

    /// Whether the read or the page that comes after the one in flight is prepared, for those who
    /// charge time for what is done between the two.
    pub fn has_prepared(&self) -> bool {
        self.prepared.is_some() || self.next_page.is_some()
    }

    fn has_second(&self) -> bool {
        <F::Ahead<Window>>::IS_THERE && self.has_second.get()
    }

    fn has_buffer(&self, which: Flight) -> bool {
        which.of(&self.buffers).is_some()
    }

    /// What the part was found to be.
    pub fn profile(&self) -> Option<Profile> {
        self.profile.get()
    }

    /// Something of what the part was found to be, but for what is [write-protected]. It is not
    /// copied.
    ///
    /// [write-protected]: Device::protection
    pub fn of_profile<R>(&self, of: impl FnOnce(&Profile) -> R) -> Option<R> {
        self.profile.fact(of)
    }

    /// What is write-protected, and of a part that is not known all.
    pub fn protection(&self) -> Protection {
        self.profile.protection()
    }

    /// What is write-protected, and was before it was unlocked.
    fn standing(&self) -> Standing {
        Standing {
            protection: self.profile.protection(),
            unlocked: self.unlocked.get(),
        }
    }

    fn is_known(&self) -> bool {
        self.profile.is_some()
    }
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> DeferredCallClient for Device<'a, C, A, F> {
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
