// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A system-call driver with the documented interface (`doc/syscalls/50005_spi_nor.md`),
//! as it is written if teardown comes last.
//!
//! One operation is in flight, from its first piece to its last. One of each other process can
//! wait.

use super::flash::{Client, MOST_READ, NaiveFlash, PAGE, SECTOR, Step};
use super::policy::Policy;
use crate::alarm::SimAlarm;
use crate::machine::Machine;
use kernel::errorcode::into_statuscode;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, GrantKernelData, UpcallCount};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks, Time};
use kernel::processbuffer::{ReadableProcessBuffer, WriteableProcessBuffer};
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::{ErrorCode, ProcessId};
use qspi_models::ahead;
use spi_nor::region::{self, Access, Region};
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// (b): how long.
const SLEEP_MS: u32 = 300;
/// (c): how long at most.
const PATIENCE_NS: u64 = 500_000_000;
/// (c): how often it looks.
const LOOK_MS: u32 = 5;

/// The grant's type.
pub type NaiveGrant = Grant<App, UpcallCount<4>, AllowRoCount<1>, AllowRwCount<1>>;

/// What an app can ask for. The discriminant is the number of its upcall.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Open = 0,
    Read = 1,
    Program = 2,
    Erase = 3,
}

/// An operation, in addresses of the part.
#[derive(Clone, Copy, Hash)]
struct Work {
    kind: Kind,
    address: u32,
    length: u32,
    done: u32,
}

impl Work {
    fn at(&self) -> u32 {
        self.address + self.done
    }

    /// Bytes of the next piece.
    fn piece(&self) -> u32 {
        let left = self.length - self.done;
        match self.kind {
            Kind::Open => 0,
            Kind::Read => left.min(MOST_READ),
            Kind::Program => left.min(PAGE - self.at() % PAGE),
            Kind::Erase => left.min(SECTOR),
        }
    }
}

/// What lives in the grant.
#[derive(Default)]
pub struct App {
    lease: bool,
    closing: bool,
    work: Option<Work>,
}

/// How far the teardown is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// There is none.
    No,
    /// (b) sleeps.
    Asleep,
    /// (c) waits for the idle bit.
    Watching {
        /// At most until then.
        until_ns: u64,
    },
    /// (d) waits for a callback.
    AfterCallback,
}

/// The driver.
pub struct NaiveDriver {
    policy: Policy,
    flash: &'static NaiveFlash,
    alarm: &'static SimAlarm<'static>,
    machine: Rc<Machine>,
    apps: NaiveGrant,
    regions: &'static [Region],
    buffer: TakeCell<'static, [u8]>,
    serving: OptionalCell<ProcessId>,
    attached: Cell<bool>,
    detaching: Cell<bool>,
    going: Cell<Going>,
}

impl NaiveDriver {
    /// Attached, with nothing to do.
    pub fn new(
        policy: Policy,
        flash: &'static NaiveFlash,
        alarm: &'static SimAlarm<'static>,
        machine: &Rc<Machine>,
        apps: NaiveGrant,
        regions: &'static [Region],
        buffer: &'static mut [u8],
    ) -> NaiveDriver {
        NaiveDriver {
            policy,
            flash,
            alarm,
            machine: Rc::clone(machine),
            apps,
            regions,
            buffer: TakeCell::new(buffer),
            serving: OptionalCell::empty(),
            attached: Cell::new(true),
            detaching: Cell::new(false),
            going: Cell::new(Going::No),
        }
    }

    /// Whether work is accepted.
    pub fn is_attached(&self) -> bool {
        self.attached.get()
    }

    /// Whether a detach is under way.
    pub fn is_detaching(&self) -> bool {
        self.detaching.get()
    }

    /// Whether an operation is in flight.
    pub fn is_busy(&self) -> bool {
        self.serving.is_some()
    }

    /// Whether the controller is off.
    pub fn is_off(&self) -> bool {
        self.flash.step() == Step::Off
    }

    /// Whether the controller is on, and nothing is done about it.
    pub fn is_idle(&self) -> bool {
        self.flash.step() == Step::Idle && self.going.get() == Going::No && !self.is_busy()
    }

    /// Whether the buffer is where it can be used again.
    pub fn has_buffer(&self) -> bool {
        self.buffer.is_some() || self.flash.has_buffer()
    }

    /// How far the teardown is.
    pub fn going(&self) -> Going {
        self.going.get()
    }

    /// Leases of the living.
    pub fn leases(&self) -> usize {
        self.apps
            .iter()
            .map(|app| app.enter(|app, _| usize::from(app.lease)))
            .sum()
    }

    /// All that decides what the driver does next.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.flash.fingerprint(hasher);
        for app in self.apps.iter() {
            number(app.processid()).hash(hasher);
            app.enter(|app, _| (app.lease, app.closing, app.work).hash(hasher));
        }
        let lives = |id| self.apps.iter().any(|app| app.processid() == id);
        let serving = self.serving.get();
        serving.map(|id| (number(id), lives(id))).hash(hasher);
        let flags = [
            self.buffer.is_some(),
            self.attached.get(),
            self.detaching.get(),
        ];
        flags.hash(hasher);
        let going = self.going.get();
        std::mem::discriminant(&going).hash(hasher);
        if let Going::Watching { until_ns } = going {
            ahead(until_ns, self.machine.now_ns()).hash(hasher);
        }
    }

    // What all have in common.

    fn accept(
        &self,
        id: ProcessId,
        kind: Kind,
        address: usize,
        length: usize,
    ) -> Result<(), ErrorCode> {
        let region = region::of(self.regions, id.short_app_id()).ok_or(ErrorCode::NODEVICE)?;
        if !region.access.writes() && matches!(kind, Kind::Program | Kind::Erase) {
            return Err(ErrorCode::NOSUPPORT);
        }
        let narrow = |number: usize| u32::try_from(number).map_err(|_| ErrorCode::INVAL);
        let (address, length) = (narrow(address)?, narrow(length)?);
        let absolute = region.translate(address, length);
        let absolute = absolute.map_err(|_| ErrorCode::INVAL)?;
        if kind == Kind::Erase && (address % SECTOR != 0 || length % SECTOR != 0) {
            return Err(ErrorCode::INVAL);
        }
        if !self.attached.get() {
            return Err(ErrorCode::OFF);
        }
        if matches!(kind, Kind::Read | Kind::Program) && !self.has_buffer() {
            return Err(ErrorCode::RESERVE);
        }
        self.apps.enter(id, |app, kernel| {
            let shared = match kind {
                Kind::Open | Kind::Erase => length as usize,
                Kind::Read => kernel
                    .get_readwrite_processbuffer(0)
                    .map_or(0, |buffer| buffer.len()),
                Kind::Program => kernel
                    .get_readonly_processbuffer(0)
                    .map_or(0, |buffer| buffer.len()),
            };
            if app.closing {
                return Err(ErrorCode::RESERVE);
            }
            if app.work.is_some() {
                return Err(ErrorCode::BUSY);
            }
            if shared < length as usize {
                return Err(ErrorCode::SIZE);
            }
            app.lease = true;
            let work = Work {
                kind,
                address: absolute,
                length,
                done: 0,
            };
            app.work = Some(work);
            if length == 0 && kind != Kind::Open {
                finish(app, kernel, work, Ok(()));
            }
            Ok(())
        })??;
        // Somebody wants it after all.
        self.going.set(Going::No);
        let _ = self.alarm.disarm();
        self.serve();
        Ok(())
    }

    fn close(&self, id: ProcessId) -> Result<(), ErrorCode> {
        self.apps.enter(id, |app, _| {
            if !app.lease || app.closing {
                return Err(ErrorCode::ALREADY);
            }
            app.closing = app.work.is_some();
            app.lease = app.closing;
            Ok(())
        })??;
        self.look_for_users();
        Ok(())
    }

    /// Begins what waits, if it can be begun.
    fn serve(&self) {
        while self.going.get() == Going::No && !self.is_busy() {
            let waiting = self.apps.iter().find_map(|app| {
                let id = app.processid();
                app.enter(|app, _| app.work.is_some()).then_some(id)
            });
            let Some(id) = waiting else {
                return;
            };
            match self.flash.step() {
                Step::Off => return self.flash.power_up(),
                Step::Idle => self.begin(id),
                _ => return,
            }
        }
    }

    /// Begins the next piece of the process's operation.
    fn begin(&self, id: ProcessId) {
        self.serving.set(id);
        let begun = self.apps.enter(id, |app, kernel| {
            let Some(work) = app.work else {
                return false;
            };
            let length = work.piece();
            match work.kind {
                Kind::Open => {
                    finish(app, kernel, work, Ok(()));
                    return false;
                }
                Kind::Erase => self.flash.erase(work.at()),
                Kind::Read | Kind::Program => {
                    let Some(buffer) = self.buffer.take() else {
                        // Tock's capsules forget the operation, too.
                        app.work = None;
                        return false;
                    };
                    if work.kind == Kind::Read {
                        self.flash.read(work.at(), length, buffer);
                    } else if fill(kernel, work.done, &mut buffer[..length as usize]) {
                        self.flash.program(work.at(), length, buffer);
                    } else {
                        self.buffer.replace(buffer);
                        finish(app, kernel, work, Err(ErrorCode::SIZE));
                        return false;
                    }
                }
            }
            true
        });
        if begun != Ok(true) {
            self.serving.clear();
        }
    }

    /// Disables the controller, and tells whom it leaves with nothing.
    fn disable(&self) {
        if let Some(buffer) = self.flash.disable() {
            self.buffer.replace(buffer);
        }
        let _ = self.alarm.disarm();
        self.going.set(Going::No);
        self.detaching.set(false);
        if let Some(id) = self.serving.take() {
            let _ = self.apps.enter(id, |app, kernel| cancel(app, kernel));
        }
        self.serve();
    }

    /// Detaches the device. False if that is under way or done already.
    pub fn detach(&self) -> bool {
        if !self.attached.replace(false) {
            return false;
        }
        for app in self.apps.iter() {
            if self.serving.get() != Some(app.processid()) {
                app.enter(|app, kernel| cancel(app, kernel));
            }
        }
        if !self.is_off() {
            self.detaching.set(true);
            if self.going.get() == Going::No {
                self.tear_down();
            }
        }
        true
    }

    /// Attaches the device. False while a detach is under way.
    pub fn attach(&self) -> bool {
        let may = !self.detaching.get();
        if may {
            self.attached.set(true);
        }
        may
    }

    fn look_for_users(&self) {
        let unwanted = self.leases() == 0 && self.attached.get();
        if unwanted && !self.is_off() && self.going.get() == Going::No {
            self.tear_down();
        }
    }

    // What tells them apart.

    /// To be called once in each pass of the kernel loop.
    pub fn sweep(&self) {
        if self.policy.sweeps() {
            self.look_for_users();
        }
    }

    /// Nobody uses the device any more, or it is detached.
    fn tear_down(&self) {
        match self.policy {
            Policy::AtOnce | Policy::Ours => self.disable(),
            Policy::FlagAndSleep => {
                self.going.set(Going::Asleep);
                self.set_alarm(SLEEP_MS);
            }
            Policy::CountAndWait => {
                let until_ns = self.machine.now_ns() + PATIENCE_NS;
                self.going.set(Going::Watching { until_ns });
                self.watch();
            }
            Policy::Lazy => {
                if self.flash.is_controller_idle() {
                    self.disable();
                } else {
                    self.going.set(Going::AfterCallback);
                }
            }
        }
    }

    /// (c): whether it has waited long enough.
    fn watch(&self) {
        let Going::Watching { until_ns } = self.going.get() else {
            return;
        };
        let in_flight = self.is_busy() || self.flash.step() == Step::Activating;
        let timed_out = self.machine.now_ns() >= until_ns;
        if !in_flight || self.flash.is_controller_idle() || timed_out {
            self.disable();
        } else {
            self.set_alarm(LOOK_MS);
        }
    }

    fn set_alarm(&self, ms: u32) {
        let dt = self.alarm.ticks_from_ms(ms);
        self.alarm.set_alarm(self.alarm.now(), dt);
    }

    /// (d): whether it was waited for this callback.
    fn was_awaited(&self) -> bool {
        let awaited = self.going.get() == Going::AfterCallback;
        if awaited {
            self.disable();
        }
        awaited
    }
}

impl Client for NaiveDriver {
    fn powered(&self) {
        if !self.was_awaited() {
            self.watch();
            self.serve();
        }
    }

    fn task_done(&self) -> bool {
        self.was_awaited()
    }

    fn done(&self, buffer: Option<&'static mut [u8]>) {
        let Some(id) = self.serving.get() else {
            return;
        };
        let more = if self.policy == Policy::Lazy {
            self.apps.enter(id, move |app, kernel| {
                let more = advance(app, kernel, buffer.as_deref());
                if let Some(buffer) = buffer {
                    self.buffer.replace(buffer);
                }
                more
            })
        } else {
            let data = buffer.as_deref();
            let more = self
                .apps
                .enter(id, |app, kernel| advance(app, kernel, data));
            if let Some(buffer) = buffer {
                self.buffer.replace(buffer);
            }
            more
        };
        if more != Ok(true) {
            self.serving.clear();
        }
        if self.was_awaited() {
            return;
        }
        match more {
            Ok(true) => self.begin(id),
            Ok(false) => self.look_for_users(),
            Err(_) => {}
        }
        self.watch();
        self.serve();
    }
}

impl AlarmClient for NaiveDriver {
    fn alarm(&self) {
        match self.going.get() {
            Going::Asleep => self.disable(),
            Going::Watching { .. } => self.watch(),
            Going::No | Going::AfterCallback => {}
        }
    }
}

impl SyscallDriver for NaiveDriver {
    fn command(&self, number: usize, r2: usize, r3: usize, id: ProcessId) -> CommandReturn {
        let result = match number {
            0 => Ok(()),
            1 => {
                let region = region::of(self.regions, id.short_app_id());
                let (length, access) = region.map_or((0, 0), |region| match region.access {
                    Access::ReadOnly => (region.length, 1),
                    Access::ReadWrite | Access::ReadWriteAnd(_) => (region.length, 2),
                });
                return CommandReturn::success_u32_u32(length, access);
            }
            2 => {
                let size = self.machine.with_qspi(|qspi| qspi.flash().part().size);
                return CommandReturn::success_u32_u32_u32(SECTOR, PAGE, size);
            }
            3 => self.accept(id, Kind::Open, 0, 0),
            4 => self.close(id),
            5 => self.accept(id, Kind::Read, r2, r3),
            6 => self.accept(id, Kind::Program, r2, r3),
            7 => self.accept(id, Kind::Erase, r2, r3),
            _ => Err(ErrorCode::NOSUPPORT),
        };
        result.into()
    }

    fn allocate_grant(&self, id: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(id, |_, _| {})
    }
}

/// A piece was done: whether there are more.
fn advance(app: &mut App, kernel: &GrantKernelData<'_>, data: Option<&[u8]>) -> bool {
    let Some(mut work) = app.work else {
        return false;
    };
    let piece = work.piece();
    if let (Kind::Read, Some(data)) = (work.kind, data)
        && !hand_over(kernel, work.done, &data[..piece as usize])
    {
        finish(app, kernel, work, Err(ErrorCode::SIZE));
        return false;
    }
    work.done += piece;
    app.work = Some(work);
    let more = work.done < work.length;
    if !more {
        finish(app, kernel, work, Ok(()));
    }
    more
}

fn finish(app: &mut App, kernel: &GrantKernelData<'_>, work: Work, status: Result<(), ErrorCode>) {
    app.work = None;
    app.lease &= !std::mem::take(&mut app.closing);
    let values = (into_statuscode(status), work.done as usize, 0);
    let _ = kernel.schedule_upcall(work.kind as usize, values);
}

fn cancel(app: &mut App, kernel: &GrantKernelData<'_>) {
    if let Some(work) = app.work {
        finish(app, kernel, work, Err(ErrorCode::CANCEL));
    }
}

fn hand_over(kernel: &GrantKernelData<'_>, done: u32, data: &[u8]) -> bool {
    let start = done as usize;
    let copied = kernel.get_readwrite_processbuffer(0).and_then(|shared| {
        shared.mut_enter(|shared| {
            let part = shared.get(start..start + data.len());
            part.is_some_and(|part| part.copy_from_slice_or_err(data).is_ok())
        })
    });
    copied.unwrap_or(false)
}

fn fill(kernel: &GrantKernelData<'_>, done: u32, buffer: &mut [u8]) -> bool {
    let start = done as usize;
    let copied = kernel.get_readonly_processbuffer(0).and_then(|shared| {
        shared.enter(|shared| {
            let part = shared.get(start..start + buffer.len());
            part.is_some_and(|part| part.copy_to_slice_or_err(buffer).is_ok())
        })
    });
    copied.unwrap_or(false)
}

/// The app's fixed number, 0 if it has none.
fn number(id: ProcessId) -> u32 {
    match id.short_app_id() {
        kernel::process::ShortId::Fixed(number) => number.get(),
        kernel::process::ShortId::LocallyUnique => 0,
    }
}
