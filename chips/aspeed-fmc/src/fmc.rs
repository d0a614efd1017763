// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver.

use crate::config::{Config, Divider};
use crate::counters::Counters;
use crate::hardware::{Done, Lent, Port, check_memory};
use crate::proof::{Idle, Off};
use crate::registers::{
    CE_CTRL, CONF, CTRL, DISCARD_GRANT, DMA_CTRL, REQUEST_GRANT, Registers, SEG,
};
use crate::state::{Action, Event, State, transition};
use crate::transfer::{self, Engine};
use core::cell::Cell;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::{Alarm, AlarmClient, ConvertTicks};
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{
    AddressWidth, Client, Controller, Data, Error, Granularity, Lines, Operation, Refused, Stopped,
    Template,
};
use tock_registers::fields::FieldValue;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// Time from enable to the callback, in µs: a deferred call.
const ENABLE_US: u32 = 1000;
/// From one look for the grant to the next, in µs.
const LOOK_US: u32 = 20;

/// An operation whose memory is the driver's.
struct Held {
    engine: Engine,
    operation: Operation,
    buffer: Option<SubSliceMut<'static, u8>>,
}

/// The controller, with the flash at chip select 0.
///
/// The board calls [`handle_interrupt`](Self::handle_interrupt) on interrupt 39, and
/// registers the deferred call. The alarm is the driver's own.
pub struct Fmc<'a, P: Port, F: DmaFence, A: Alarm<'a>> {
    registers: Registers<P>,
    fence: F,
    alarm: &'a A,
    config: Config,
    /// As the last `enable` chose it.
    divider: Cell<Divider>,
    deferred_call: DeferredCall,
    client: OptionalCell<&'a dyn Client<Idle>>,
    /// The first `Off`, until it is taken.
    off: OptionalCell<Off>,
    state: Cell<State>,
    /// Memory that the DMA works on. If the driver is off, memory in quarantine.
    lent: OptionalCell<Lent>,
    /// Memory that was in quarantine.
    reclaimed: OptionalCell<SubSliceMut<'static, u8>>,
    /// What the DMA does not have, or not yet.
    held: OptionalCell<Held>,
    counters: Cell<Counters>,
    answers: Cell<u32>,
}

/// A refusal from inside the driver: why, and the buffer back.
type Refusal = (Error, Option<SubSliceMut<'static, u8>>);

impl<'a, P: Port, F: DmaFence, A: Alarm<'a>> Fmc<'a, P, F, A> {
    /// The driver of the controller behind `port`. It is not touched yet.
    pub fn new(port: P, fence: F, alarm: &'a A, config: Config) -> Fmc<'a, P, F, A> {
        Fmc {
            registers: Registers::new(port),
            fence,
            alarm,
            divider: Cell::new(Divider::limited_to(config.bus_hz, config.fastest_hz)),
            config,
            deferred_call: DeferredCall::new(),
            client: OptionalCell::empty(),
            off: OptionalCell::new(Off(())),
            state: Cell::new(State::Off),
            lent: OptionalCell::empty(),
            reclaimed: OptionalCell::empty(),
            held: OptionalCell::empty(),
            counters: Cell::new(Counters::default()),
            answers: Cell::new(0),
        }
    }

    /// Where the driver is.
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Whether memory is in quarantine: the DMA was given up with no proof that it was
    /// over. When it ends it interrupts, and the next `enabled` brings the memory.
    pub fn has_quarantine(&self) -> bool {
        self.state.get() == State::Off && self.lent.is_some()
    }

    /// What it has seen.
    pub fn counters(&self) -> Counters {
        self.counters.get()
    }

    /// CONF, INTR and DMA_CTRL as they read now, for those who want to see that the
    /// controller is off.
    pub fn read_back(&self) -> [u32; 3] {
        [
            self.registers.conf().get(),
            self.registers.intr().get(),
            self.registers.dma_ctrl().get(),
        ]
    }

    /// To be called when the controller's interrupt is pending.
    pub fn handle_interrupt(&self) {
        if !self.state.get().awaits_done() || self.lent.is_none() {
            self.count(|counters| &mut counters.spurious);
            // The line is a level: it would be pending for ever. With nothing lent to the DMA no
            // proof gets lost.
            self.registers.intr().set(0);
            return;
        }
        let Some(done) = Done::catch(&self.registers) else {
            self.count(|counters| &mut counters.spurious);
            return;
        };
        self.answered();
        let action = self.step(Event::Done);
        let buffer = self
            .lent
            .take()
            .map(|lent| lent.take_back(done, self.fence));
        self.end_dma();
        match action {
            Action::SetUpAndAnnounce => {
                self.set_up();
                self.announce(buffer);
            }
            Action::Reclaim => {
                self.protect();
                self.reclaimed.insert(buffer);
            }
            _ => self.complete(Ok(()), buffer),
        }
    }

    fn answered(&self) {
        self.answers.set(self.answers.get().wrapping_add(1));
    }

    fn count(&self, field: impl Fn(&mut Counters) -> &mut u32) {
        let mut counters = self.counters.get();
        let number = field(&mut counters);
        *number = number.wrapping_add(1);
        self.counters.set(counters);
    }

    /// The one place that sets the state.
    fn step(&self, event: Event) -> Action {
        let (next, action) = transition(self.state.get(), event);
        self.state.set(next);
        match action {
            Action::Late => self.count(|counters| &mut counters.late),
            Action::Impossible => self.count(|counters| &mut counters.impossible),
            _ => {}
        }
        action
    }

    // --- the controller ---

    /// CTRL with the clock and `more`.
    fn control(&self, more: FieldValue<u32, CTRL::Register>) {
        self.registers
            .ctrl0()
            .write(self.divider.get().fields() + more);
    }

    /// Nothing is selected.
    fn deselect(&self) {
        self.control(CTRL::MODE::User + CTRL::DESELECT::SET);
    }

    /// The chip select's own settings, whatever was there before.
    fn set_up(&self) {
        self.end_dma();
        // What goes out in the place of dummies is no mode of continuous reads.
        self.registers.dummy_data().set(0);
        self.registers
            .seg0()
            .write(SEG::START.val(0) + SEG::END.val(self.config.last_unit()));
        self.registers.conf().modify(CONF::WRITE_ENABLE0::SET);
    }

    /// The DMA is given back, nothing interrupts, nothing is selected. Not while it runs.
    fn end_dma(&self) {
        self.registers.intr().set(0);
        self.registers.dma_ctrl().set(0);
        self.registers.dma_ctrl().set(DISCARD_GRANT);
        self.deselect();
    }

    /// The flash can't be written to.
    fn protect(&self) {
        self.registers.conf().modify(CONF::WRITE_ENABLE0::CLEAR);
    }

    // --- the ends ---

    fn announce(&self, released: Option<SubSliceMut<'static, u8>>) {
        self.count(|counters| &mut counters.enabled);
        if released.is_some() {
            self.count(|counters| &mut counters.released);
        }
        self.client.map(|client| client.enabled(Idle(()), released));
    }

    fn complete(&self, result: Result<(), Error>, buffer: Option<SubSliceMut<'static, u8>>) {
        self.count(|counters| &mut counters.completed);
        self.client
            .map(|client| client.done(Idle(()), result, buffer));
    }

    /// Forgets what is held, but for its buffer.
    fn let_go(&self) -> Option<SubSliceMut<'static, u8>> {
        self.held.take()?.buffer
    }

    // --- operations ---

    /// Checks and starts.
    fn begin(
        &self,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refusal> {
        if self.state.get() != State::Idle {
            // Unreachable with a proof in hand.
            self.count(|counters| &mut counters.impossible);
            return Err((Error::Hardware, buffer));
        }
        let Some(engine) = transfer::engine(&operation.template, &self.config) else {
            return Err((Error::Unsupported, buffer));
        };
        let length = buffer.as_ref().map(SubSliceMut::len);
        if let Err(error) = engine.check(&operation, length, &self.config) {
            return Err((error, buffer));
        }
        let event = match engine {
            Engine::Command => Event::Command,
            Engine::Read(_) | Engine::Program => {
                if let Some(Err(error)) = buffer.as_ref().map(check_memory) {
                    return Err((error, buffer));
                }
                Event::Ask
            }
        };
        self.count(|counters| &mut counters.started);
        self.held.set(Held {
            engine,
            operation,
            buffer,
        });
        match self.step(event) {
            Action::Exchange => {
                self.exchange();
                self.deferred_call.set();
            }
            Action::RequestGrant => {
                self.registers.dma_ctrl().set(REQUEST_GRANT);
                self.look_for_grant();
            }
            _ => {}
        }
        Ok(())
    }

    /// A command in user mode: all its bytes, at once.
    fn exchange(&self) {
        let Some(mut held) = self.held.take() else {
            self.count(|counters| &mut counters.impossible);
            return;
        };
        let Operation { template, address } = held.operation;
        self.deselect();
        self.control(CTRL::MODE::User);
        self.registers.shift_out(template.opcode);
        let [a, b, c, d] = address.to_be_bytes();
        let address: &[u8] = match template.address {
            AddressWidth::None => &[],
            AddressWidth::Three => &[b, c, d],
            AddressWidth::Four => &[a, b, c, d],
        };
        for byte in address {
            self.registers.shift_out(*byte);
        }
        for _ in 0..template.dummy_clocks / 8 {
            self.registers.shift_out(0);
        }
        if let Some(buffer) = &mut held.buffer {
            for byte in buffer.as_mut_slice() {
                match template.data {
                    Data::In => *byte = self.registers.shift_in(),
                    Data::Out => self.registers.shift_out(*byte),
                    Data::None => {}
                }
            }
        }
        self.deselect();
        self.held.set(held);
    }

    /// Starts the DMA, or looks again later. The client bounds how long.
    fn look_for_grant(&self) {
        if !self.registers.dma_ctrl().is_set(DMA_CTRL::GRANTED) {
            self.count(|counters| &mut counters.waits_for_grant);
            self.alarm
                .set_alarm(self.alarm.now(), self.alarm.ticks_from_us(LOOK_US));
        } else if self.step(Event::Granted) == Action::Trigger && !self.trigger() {
            self.registers.dma_ctrl().set(DISCARD_GRANT);
            self.deselect();
            if self.step(Event::NotStarted) == Action::Defer {
                self.deferred_call.set();
            }
        }
    }

    /// Starts the DMA. If that is not possible, what is held stays held.
    fn trigger(&self) -> bool {
        let Some(mut held) = self.held.take() else {
            self.count(|counters| &mut counters.impossible);
            return false;
        };
        let (mode, dummies, direction) = match held.engine {
            Engine::Read(dummies) => (CTRL::MODE::Read, dummies, DMA_CTRL::WRITE::CLEAR),
            Engine::Program => (CTRL::MODE::Program, 0, DMA_CTRL::WRITE::SET),
            Engine::Command => {
                self.count(|counters| &mut counters.impossible);
                self.held.set(held);
                return false;
            }
        };
        let Operation { template, address } = held.operation;
        let width = match template.address {
            AddressWidth::Four => CE_CTRL::FOUR_BYTES0::SET + CE_CTRL::FOUR_BYTES0_ALSO::SET,
            AddressWidth::Three | AddressWidth::None => {
                CE_CTRL::FOUR_BYTES0::CLEAR + CE_CTRL::FOUR_BYTES0_ALSO::CLEAR
            }
        };
        self.registers.ce_ctrl().modify(width);
        let lines = match template.lines {
            Lines::Single => CTRL::LINES::Single,
            Lines::DualOutput => CTRL::LINES::DualOutput,
            Lines::DualIo => CTRL::LINES::DualIo,
            Lines::QuadOutput => CTRL::LINES::QuadOutput,
            Lines::QuadIo => CTRL::LINES::QuadIo,
        };
        self.control(
            mode + lines
                + CTRL::COMMAND.val(template.opcode.into())
                + CTRL::DUMMY_LOW.val((dummies & 3).into())
                + CTRL::DUMMY_HIGH.val((dummies >> 2).into()),
        );
        let Some(buffer) = held.buffer.take() else {
            self.count(|counters| &mut counters.impossible);
            self.held.set(held);
            return false;
        };
        match Lent::trigger(
            &self.registers,
            self.fence,
            direction,
            self.config.length,
            address,
            buffer,
        ) {
            Ok(lent) => {
                self.count(|counters| &mut counters.by_dma);
                self.lent.set(lent);
                true
            }
            Err((_, buffer)) => {
                held.buffer = Some(buffer);
                self.held.set(held);
                false
            }
        }
    }

    /// Gives up what runs, and returns the buffer if it is nobody else's.
    fn stop(&self) -> Option<SubSliceMut<'static, u8>> {
        // An alarm that can't be disarmed is late.
        let _unused = self.alarm.disarm();
        let returned = match self.lent.take() {
            Some(lent) => match Done::catch(&self.registers) {
                Some(done) => Some(lent.take_back(done, self.fence)),
                None => {
                    // It goes on, and all its registers stay as they are: its end, which
                    // interrupts, is the only proof there is.
                    self.lent.set(lent);
                    return None;
                }
            },
            // What the DMA never had.
            None => self.let_go(),
        };
        self.end_dma();
        self.protect();
        returned
    }
}

impl<'a, P: Port, F: DmaFence, A: Alarm<'a>> Controller<'a> for Fmc<'a, P, F, A> {
    type Idle = Idle;
    type Off = Off;

    fn set_client(&self, client: &'a dyn Client<Idle>) {
        self.client.set(client);
    }

    fn take_off(&self) -> Option<Off> {
        self.off.take()
    }

    fn enable(&self, _off: Off, clock_limit_hz: u32) -> Result<(), (Error, Off)> {
        self.divider.set(Divider::limited_to(
            self.config.bus_hz,
            self.config.fastest_hz.min(clock_limit_hz),
        ));
        let event = if self.lent.is_some() {
            Event::EnableInQuarantine
        } else {
            Event::Enable
        };
        if self.step(event) == Action::SetUp {
            self.set_up();
            self.deferred_call.set();
        }
        Ok(())
    }

    fn supports(&self, template: &Template) -> bool {
        transfer::engine(template, &self.config).is_some()
    }

    /// As for a supported template of no demands, if the template isn't supported.
    fn granularity(&self, template: &Template) -> Granularity {
        transfer::engine(template, &self.config).map_or(Granularity::BYTE, Engine::granularity)
    }

    /// 0 if the template isn't supported.
    fn longest_data(&self, template: &Template) -> usize {
        transfer::engine(template, &self.config).map_or(0, |engine| engine.longest_data(template))
    }

    /// 0 if the template isn't supported.
    fn longest_us(&self, template: &Template, length: usize) -> u32 {
        transfer::engine(template, &self.config).map_or(0, |engine| {
            engine.longest_us(template, length, self.clock_hz())
        })
    }

    fn longest_enable_us(&self) -> u32 {
        ENABLE_US
    }

    fn answers(&self) -> u32 {
        self.answers.get()
    }

    fn clock_hz(&self) -> u32 {
        self.divider.get().hz(self.config.bus_hz)
    }

    fn fastest_clock_hz(&self) -> u32 {
        Divider::limited_to(self.config.bus_hz, self.config.fastest_hz).hz(self.config.bus_hz)
    }

    fn start(
        &self,
        idle: Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Idle>> {
        self.begin(operation, buffer)
            .map_err(|(error, buffer)| Refused {
                error,
                idle,
                buffer,
            })
    }

    fn disable(&self, _idle: Idle) -> Off {
        if self.step(Event::Disable) == Action::SwitchOff {
            self.deselect();
            self.protect();
        }
        Off(())
    }

    fn force_stop(&self) -> Option<Stopped<Off>> {
        if self.step(Event::ForceStop) != Action::Stop {
            return None;
        }
        let buffer = self.stop();
        self.count(|counters| &mut counters.forced_stops);
        Some(Stopped {
            off: Off(()),
            buffer,
            quarantined: self.lent.is_some(),
        })
    }
}

impl<'a, P: Port, F: DmaFence, A: Alarm<'a>> DeferredCallClient for Fmc<'a, P, F, A> {
    fn handle_deferred_call(&self) {
        let action = self.step(Event::Deferred);
        if action != Action::Late {
            self.answered();
        }
        match action {
            Action::Announce => self.announce(self.reclaimed.take()),
            Action::Complete => {
                let buffer = self.let_go();
                self.complete(Ok(()), buffer);
            }
            Action::Fail => {
                let buffer = self.let_go();
                self.complete(Err(Error::Hardware), buffer);
            }
            _ => {}
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

impl<'a, P: Port, F: DmaFence, A: Alarm<'a>> AlarmClient for Fmc<'a, P, F, A> {
    fn alarm(&self) {
        if self.step(Event::Alarm) == Action::LookForGrant {
            self.look_for_grant();
        }
    }
}
