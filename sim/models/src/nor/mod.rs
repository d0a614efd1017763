// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SPI-NOR parts, driven frame by frame from CSN low to CSN high.

mod array;
mod backing;
mod command;
mod execute;
mod faults;
mod fingerprint;
mod frame;
mod operation;
mod otp;
mod part;
mod parts;
mod power;
mod sfdp_image;
mod status;
mod timing;

pub use backing::{Backing, InFile, InMemory, SECTOR, Sector};
pub use faults::{FlashFault, FlashFaults, Lines, Times as FaultTimes};
pub use part::{
    DeepPowerDown, Family, FourByte, LowPower, PartSpec, QuadEnable, Sfdp, ShortStatusWrite,
    Suspend, Times,
};
pub use parts::{part, parts};
pub use sfdp_image::SfdpImage;
pub use status::{WEL, WIP};
pub use timing::{BusyTime, Erase, Span, Timing};

use crate::log::Log;
use crate::{FlashOperation, Observation, Outcome, PowerState, Timed, Violation};
use array::Array;
use command::CommandSet;
use frame::Frame;
use operation::{Effect, Operation};
use otp::Otp;
use power::Power;
use status::Registers;

/// A time in which WIP is 1 for no reason of the array's.
#[derive(Clone, Copy, Debug)]
struct Phantom {
    from: u64,
    until: Option<u64>,
    started: bool,
}

/// Failures since the part last did something of the kind well.
#[derive(Clone, Copy, Debug, Default)]
struct FailFlags {
    program: bool,
    erase: bool,
    protection: bool,
}

/// One part.
pub struct Nor {
    part: PartSpec,
    sfdp: SfdpImage,
    commands: CommandSet,
    timing: Timing,
    low_power_timing: Option<Timing>,
    array: Array,
    registers: Registers,
    now: u64,
    power: Power,
    write_enabled: bool,
    volatile_write_enabled: bool,
    reset_enabled: bool,
    four_byte: bool,
    continuous_read: bool,
    four_line_commands: bool,
    unlocked: bool,
    otp: Otp,
    failed: FailFlags,
    operation: Option<Operation>,
    suspended: Option<Operation>,
    phantom: Option<Phantom>,
    frame: Option<Frame>,
    busy_time: BusyTime,
    operations: u64,
    seed: u64,
    /// Faults to come.
    pub faults: FlashFaults,
    pub(crate) log: Log,
}

impl Nor {
    /// A part as delivered, powered and erased, with typical busy times.
    #[must_use]
    pub fn new(part: &PartSpec) -> Self {
        Self::with_backing(part, Box::new(InMemory))
    }

    /// A part whose contents come from `backing`.
    #[must_use]
    pub fn with_backing(part: &PartSpec, backing: Box<dyn Backing>) -> Self {
        let sfdp = part.sfdp_image();
        let timing = part.timing();
        Self {
            commands: CommandSet::new(part, &sfdp, &timing),
            low_power_timing: part.low_power.map(|low| (low.timing)()),
            array: Array::new(part.size, backing),
            registers: Registers::new(part),
            part: *part,
            sfdp,
            timing,
            now: 0,
            power: Power::Awake,
            write_enabled: false,
            volatile_write_enabled: false,
            reset_enabled: false,
            four_byte: false,
            continuous_read: false,
            four_line_commands: false,
            unlocked: false,
            otp: Otp::new(part),
            failed: FailFlags::default(),
            operation: None,
            suspended: None,
            phantom: None,
            frame: None,
            busy_time: BusyTime::Typical,
            operations: 0,
            seed: 0,
            faults: FlashFaults::default(),
            log: Log::new(),
        }
    }

    /// The part's table entry.
    #[must_use]
    pub fn part(&self) -> &PartSpec {
        &self.part
    }

    /// Sets how busy times are drawn from here on.
    pub fn set_busy_time(&mut self, busy_time: BusyTime) {
        self.busy_time = busy_time;
    }

    /// Seeds what an interrupted operation or a wrong frame leaves to chance.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Answers SFDP reads from another image than the part's own. Commands and
    /// times stay the part's.
    pub fn set_sfdp(&mut self, image: SfdpImage) {
        self.sfdp = image;
    }

    /// Array contents from `address` on, past the bus.
    pub fn peek(&mut self, address: u32, into: &mut [u8]) {
        self.array.read(address, into);
        self.report_backing();
    }

    /// Replaces array contents, past the bus.
    pub fn poke(&mut self, address: u32, bytes: &[u8]) {
        self.array.replace(address, bytes);
        self.report_backing();
    }

    /// Erase cycles of the sector with `address` in it.
    #[must_use]
    pub fn wear(&self, address: u32) -> u32 {
        self.array.wear(address)
    }

    /// Status register 1 as the part would answer, past the bus.
    #[must_use]
    pub fn status(&self) -> u8 {
        self.status_register(0)
    }

    /// The three status or configuration registers in force, without WIP and WEL.
    #[must_use]
    pub fn registers(&self) -> [u8; 3] {
        self.registers.live()
    }

    /// Puts a value into register `index` (0 to 2), both in force and stored.
    ///
    /// # Panics
    /// If `index` is above 2.
    pub fn set_register(&mut self, index: usize, value: u8) {
        self.registers.force(index, value);
    }

    /// Whether WIP is 1.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.operation.is_some() || self.phantom_now()
    }

    /// Whether an operation stands suspended.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspended.is_some()
    }

    /// Whether addresses have four bytes by default.
    #[must_use]
    pub fn is_four_byte(&self) -> bool {
        self.four_byte
    }

    /// Whether the part is in continuous-read mode.
    #[must_use]
    pub fn is_continuous_read(&self) -> bool {
        self.continuous_read
    }

    /// Whether the part takes its commands on four lines only.
    #[must_use]
    pub fn takes_commands_on_four_lines(&self) -> bool {
        self.four_line_commands
    }

    /// Leaves the part in four-byte mode, as a warm restart may find it.
    pub fn set_four_byte(&mut self, on: bool) {
        self.four_byte = on;
    }

    /// Leaves the part in continuous-read mode, as a warm restart may find it.
    pub fn set_continuous_read(&mut self, on: bool) {
        self.continuous_read = on;
    }

    /// Leaves the part taking commands on four lines, as a warm restart may find it.
    pub fn set_four_line_commands(&mut self, on: bool) {
        self.four_line_commands = on;
    }

    /// Makes the part busy from `now` on for `for_ns`, or for ever, with no effect on the array.
    pub fn set_busy(&mut self, now: u64, for_ns: Option<u64>) {
        self.advance(now);
        self.start_phantom(now, for_ns.map(|ns| now + ns));
    }

    /// Ends a busy time set by [`set_busy`](Self::set_busy) or a fault.
    pub fn clear_busy(&mut self, now: u64) {
        self.advance(now);
        if self.phantom.take().is_some() {
            self.busy_ended(FlashOperation::Phantom, Outcome::Done);
        }
    }

    /// Violations so far.
    #[must_use]
    pub fn violations(&self) -> &[Timed<Violation>] {
        self.log.violations()
    }

    /// Takes the violations out.
    pub fn take_violations(&mut self) -> Vec<Timed<Violation>> {
        self.log.take_violations()
    }

    /// Takes the observations out.
    pub fn take_observations(&mut self) -> Vec<Timed<Observation>> {
        self.log.take_observations()
    }

    /// Switches the observation stream on or off. It starts on.
    pub fn set_observing(&mut self, observing: bool) {
        self.log.set_observing(observing);
    }

    /// The earliest time after now at which the part changes by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<u64> {
        let operation = self.operation.as_ref().map(|operation| {
            let end = operation.ends_at();
            let cut = operation.cut().map_or(u64::MAX, |(at, _)| at);
            let suspend = operation.suspends_at.unwrap_or(u64::MAX);
            end.min(cut).min(suspend)
        });
        let phantom = self.phantom.and_then(|phantom| {
            if phantom.started {
                phantom.until
            } else {
                Some(phantom.from)
            }
        });
        [operation, phantom, self.power.until()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: u64) {
        while let Some(at) = self.next_event().filter(|&at| at <= now) {
            self.now = self.now.max(at);
            self.event();
        }
        self.now = self.now.max(now);
    }

    fn event(&mut self) {
        let now = self.now;
        if let Some(operation) = self.operation.take() {
            // A cut at the very end comes before the end.
            if let Some((_, bytes)) = operation.cut().filter(|&(at, _)| at <= now) {
                self.interrupt(operation, bytes);
                self.lose_power();
                return;
            }
            if operation.ends_at() <= now {
                self.finish(operation);
            } else if operation.suspends_at.is_some_and(|at| at <= now) {
                self.suspended_now(operation);
            } else {
                self.operation = Some(operation);
            }
        }
        if let Some(phantom) = &mut self.phantom {
            if !phantom.started {
                if phantom.from <= now {
                    phantom.started = true;
                    self.busy_started(FlashOperation::Phantom, 0, 0);
                }
            } else if phantom.until.is_some_and(|until| until <= now) {
                self.phantom = None;
                self.busy_ended(FlashOperation::Phantom, Outcome::Done);
            }
        }
        self.power_event();
    }

    fn phantom_now(&self) -> bool {
        self.phantom.is_some_and(|phantom| phantom.started)
    }

    fn start_phantom(&mut self, from: u64, until: Option<u64>) {
        let started = from <= self.now;
        self.phantom = Some(Phantom {
            from,
            until,
            started,
        });
        if started {
            self.busy_started(FlashOperation::Phantom, 0, 0);
        }
    }

    fn finish(&mut self, operation: Operation) {
        let outcome = match operation.effect {
            Effect::Whole => {
                self.apply(&operation, operation.length, false);
                Outcome::Done
            }
            Effect::None => Outcome::Failed,
            Effect::Half => {
                self.apply(&operation, operation.length / 2, false);
                Outcome::Failed
            }
        };
        let failed = operation.effect == Effect::Half;
        match operation.kind {
            FlashOperation::Program => self.failed.program = failed,
            FlashOperation::Erase | FlashOperation::ChipErase => self.failed.erase = failed,
            FlashOperation::StatusWrite | FlashOperation::Phantom => {}
        }
        self.write_enabled = false;
        self.busy_ended(operation.kind, outcome);
        self.busy_faults();
    }

    fn busy_faults(&mut self) {
        let stuck = self.faults.take(|fault| match fault {
            FlashFault::WipStuck { for_ns } => Some(for_ns),
            _ => None,
        });
        if let Some(for_ns) = stuck {
            let until = for_ns.map(|ns| self.now + ns);
            self.start_phantom(self.now, until);
            return;
        }
        let returns = self.faults.take(|fault| match fault {
            FlashFault::WipReturns { after_ns, for_ns } => Some((after_ns, for_ns)),
            _ => None,
        });
        if let Some((after_ns, for_ns)) = returns {
            let from = self.now + after_ns;
            self.start_phantom(from, Some(from + for_ns));
        }
    }

    fn suspended_now(&mut self, mut operation: Operation) {
        operation.stand_still();
        self.write_enabled = false;
        self.busy_ended(operation.kind, Outcome::Suspended);
        self.suspended = Some(operation);
    }

    /// Breaks an operation off with `bytes` of it done.
    fn interrupt(&mut self, operation: Operation, bytes: u32) {
        if operation.effect == Effect::Whole {
            self.apply(&operation, bytes, true);
        }
        self.busy_ended(operation.kind, Outcome::Interrupted);
    }

    /// Breaks off whatever runs or stands suspended.
    fn interrupt_all(&mut self) {
        if let Some(operation) = self.operation.take() {
            let bytes = operation.bytes_done(self.now, true);
            self.interrupt(operation, bytes);
        }
        if let Some(operation) = self.suspended.take() {
            let bytes = operation.bytes_done(self.now, false);
            self.interrupt(operation, bytes);
        }
    }

    fn apply(&mut self, operation: &Operation, bytes: u32, broken_off: bool) {
        let seed = broken_off.then(|| crate::noise::noise(self.seed, self.operations));
        let array = if operation.beside {
            self.otp.array()
        } else {
            &mut self.array
        };
        operation.apply(array, bytes, seed);
        if let Some(values) = operation.registers_after(self.registers.live(), bytes, seed) {
            self.registers.write(&self.part, values);
        }
        self.report_backing();
    }

    fn busy_started(&mut self, operation: FlashOperation, address: u32, length: u32) {
        let what = Observation::BusyStarted {
            operation,
            address,
            length,
        };
        self.log.observe(self.now, what);
        self.observe_power();
    }

    fn busy_ended(&mut self, operation: FlashOperation, outcome: Outcome) {
        let what = Observation::BusyEnded { operation, outcome };
        self.log.observe(self.now, what);
        self.observe_power();
    }

    fn observe_power(&mut self) {
        let state = self.power_state();
        self.log.observe(self.now, Observation::Power { state });
    }

    /// The power state that the part is in.
    #[must_use]
    pub fn power_state(&self) -> PowerState {
        match self.power {
            Power::Awake if self.is_busy() => PowerState::Active,
            Power::Awake => PowerState::Standby,
            Power::Off => PowerState::Off,
            Power::PoweringUp { .. } => PowerState::PoweringUp,
            Power::Entering { .. } => PowerState::EnteringDeepPowerDown,
            Power::Asleep => PowerState::DeepPowerDown,
            Power::Leaving { .. } => PowerState::LeavingDeepPowerDown,
            Power::Resetting { .. } => PowerState::Resetting,
        }
    }

    fn report_backing(&mut self) {
        if self.array.take_error().is_some() {
            self.log.violation(self.now, Violation::Backing);
        }
    }

    fn status_register(&self, index: usize) -> u8 {
        let live = self.registers.live();
        let value = live.get(index).copied().unwrap_or(0);
        let suspended = self.suspended.as_ref().map(|operation| operation.kind);
        match (index, self.part.family) {
            (0, family) => {
                let busy = u8::from(self.is_busy());
                let mut value = (value & !(WIP | WEL)) | busy | (u8::from(self.write_enabled) << 1);
                if family == Family::Sst {
                    value |= busy << 7;
                    value |= u8::from(suspended == Some(FlashOperation::Erase)) << 2;
                    value |= u8::from(suspended == Some(FlashOperation::Program)) << 3;
                }
                value
            }
            (1, Family::Winbond | Family::GigaDevice | Family::Puya) => {
                value | (u8::from(suspended.is_some()) << 7)
            }
            (2, Family::Winbond) => (value & !1) | u8::from(self.four_byte),
            _ => value,
        }
    }

    /// Macronix security register: suspend and fail bits.
    fn security_register(&self) -> u8 {
        let suspended = self.suspended.as_ref().map(|operation| operation.kind);
        u8::from(suspended == Some(FlashOperation::Program)) << 2
            | u8::from(suspended == Some(FlashOperation::Erase)) << 3
            | u8::from(self.failed.program) << 5
            | u8::from(self.failed.erase) << 6
            | self.otp.lock_bits()
    }

    /// Micron flag status register: bit 7 is 1 when ready.
    fn flag_register(&self) -> u8 {
        let suspended = self.suspended.as_ref().map(|operation| operation.kind);
        u8::from(!self.is_busy()) << 7
            | u8::from(suspended == Some(FlashOperation::Erase)) << 6
            | u8::from(self.failed.erase) << 5
            | u8::from(self.failed.program) << 4
            | u8::from(suspended == Some(FlashOperation::Program)) << 2
            | u8::from(self.failed.protection) << 1
            | u8::from(self.four_byte)
    }
}
