// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The driver.

use crate::anomalies;
use crate::clock::{Clock, ClockClient, Request};
use crate::config::{Config, Divider};
use crate::counters::{Counters, Tally, count};
use crate::custom_instruction::Exchange;
use crate::hardware::{AtRest, Lent, Port, Ready, clear_ready};
use crate::pins::{Pads, Pins};
use crate::proof::{Idle, Off};
use crate::registers::{COUNT, ENABLE, ERASE_LEN, IFCONFIG0, INTERRUPT, Registers, TASK};
use crate::state::{Action, Event, State, transition};
use crate::transfer::{self, ACTIVATION_US, Engine, Task};
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::{Client, Controller, Error, Granularity, Operation, Refused, Stopped, Template};
use tock_registers::fields::FieldValue;
use tock_registers::interfaces::{Readable, Writeable};

/// The QSPI peripheral.
///
/// The board calls [`handle_interrupt`](Self::handle_interrupt) on interrupt 41 and
/// makes this the client of its [`Clock`].
pub struct Qspi<'a, P: Port, F: DmaFence> {
    registers: Registers<P>,
    fence: F,
    config: Config,
    /// As the last `enable` chose it.
    divider: Cell<Divider>,
    pads: &'a dyn Pads,
    clock: &'a dyn Clock,
    client: OptionalCell<&'a dyn Client<Idle>>,
    /// The first `Off`, until it is taken.
    off: OptionalCell<Off>,
    state: Cell<State>,
    /// Memory that the DMA works on. If the driver is off, memory in quarantine.
    lent: OptionalCell<Lent>,
    /// The custom instruction that is on its way.
    instruction: Cell<Option<Exchange>>,
    /// Its buffer. Copied from and to by the driver: the hardware never sees it.
    borrowed: OptionalCell<SubSliceMut<'static, u8>>,
    tally: Tally,
    answers: Cell<u32>,
}

/// A refusal from inside the driver: why, and the buffer back.
type Refusal = (Error, Option<SubSliceMut<'static, u8>>);

impl<'a, P: Port, F: DmaFence> Qspi<'a, P, F> {
    /// The driver of the peripheral behind `port`, which has to be in its reset state or
    /// disabled in order. It is not touched yet.
    pub fn new(
        port: P,
        fence: F,
        config: Config,
        pads: &'a dyn Pads,
        clock: &'a dyn Clock,
    ) -> Qspi<'a, P, F> {
        Qspi {
            registers: Registers::new(port),
            fence,
            divider: Cell::new(config.divider),
            config,
            pads,
            clock,
            client: OptionalCell::empty(),
            off: OptionalCell::new(Off(())),
            state: Cell::new(State::Off),
            lent: OptionalCell::empty(),
            instruction: Cell::new(None),
            borrowed: OptionalCell::empty(),
            tally: Tally::default(),
            answers: Cell::new(0),
        }
    }

    /// Where the driver is.
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Whether memory is in quarantine: the peripheral was stopped with no proof that its DMA was
    /// over. It comes back with the next `enabled`.
    pub fn has_quarantine(&self) -> bool {
        self.state.get() == State::Off && self.lent.is_some()
    }

    /// What it has seen.
    pub fn counters(&self) -> Counters {
        self.tally.counters()
    }

    /// To be called when the peripheral's interrupt is pending.
    pub fn handle_interrupt(&self) {
        let Some(ready) = Ready::catch(&self.registers) else {
            count(&self.tally.spurious);
            return;
        };
        if !self.state.get().awaits_ready() {
            count(&self.tally.spurious);
            return;
        }
        let Some(at_rest) = ready.confirm(&self.registers) else {
            count(&self.tally.premature);
            return;
        };
        self.answers.set(self.answers.get().wrapping_add(1));
        match self.step(Event::Ready) {
            Action::Announce => self.announce(at_rest),
            Action::EndDetour => {
                self.config.pins.connect(&self.registers);
                self.send_frame();
            }
            Action::Collect => self.collect(at_rest),
            Action::Complete => self.complete(at_rest),
            Action::Nothing
            | Action::AwaitClock
            | Action::Activate
            | Action::Trigger(_)
            | Action::Detour
            | Action::SwitchOff
            | Action::Stop
            | Action::CancelClock
            | Action::LateClock
            | Action::Impossible => {}
        }
    }

    /// All that decides what the driver does next, apart from the peripheral's registers,
    /// for those who enumerate states. Counters are not in it.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.state.get().hash(hasher);
        self.divider.get().hash(hasher);
        (self.off.is_some(), self.lent.is_some()).hash(hasher);
        if let Some(exchange) = self.instruction.get() {
            (exchange, self.borrowed.is_some()).hash(hasher);
        }
    }

    /// The one place that sets the state.
    // Inlined: nearly everybody who calls it knows the event, and little is left of the table then.
    #[inline(always)]
    fn step(&self, event: Event) -> Action {
        let (next, action) = transition(self.state.get(), event);
        self.state.set(next);
        match action {
            Action::LateClock => count(&self.tally.late_clock),
            Action::Impossible => count(&self.tally.impossible),
            Action::Nothing
            | Action::AwaitClock
            | Action::Activate
            | Action::Announce
            | Action::Trigger(_)
            | Action::Detour
            | Action::EndDetour
            | Action::Collect
            | Action::Complete
            | Action::SwitchOff
            | Action::Stop
            | Action::CancelClock => {}
        }
        action
    }

    /// Configures and enables. READY comes whatever the flash does.
    fn activate(&self) {
        self.pads.configure();
        Pins::disconnect(&self.registers);
        let present = Config {
            divider: self.divider.get(),
            ..self.config
        };
        present.apply(&self.registers);
        self.registers.enable().write(ENABLE::ENABLE::SET);
        // An event from before must not look like ACTIVATE's.
        clear_ready(&self.registers);
        self.registers.intenset().write(INTERRUPT::READY::SET);
        anomalies::activate(&self.registers);
    }

    /// Enabling has ended.
    fn announce(&self, at_rest: AtRest<'_>) {
        self.config.pins.connect(&self.registers);
        count(&self.tally.enabled);
        let released = self.reclaim(at_rest);
        if released.is_some() {
            count(&self.tally.released);
        }
        self.client.map(|client| client.enabled(Idle(()), released));
    }

    /// An operation has ended.
    fn complete(&self, at_rest: AtRest<'_>) {
        count(&self.tally.completed);
        let buffer = self.reclaim(at_rest).or_else(|| self.end_instruction());
        // The peripheral has no error flags: READY is all that it says.
        self.client
            .map(|client| client.done(Idle(()), Ok(()), buffer));
    }

    /// Takes back what is lent.
    fn reclaim(&self, at_rest: AtRest<'_>) -> Option<SubSliceMut<'static, u8>> {
        let lent = self.lent.take()?;
        Some(lent.take_back(at_rest, self.fence))
    }

    /// Forgets the custom instruction, if there is one, but for its buffer.
    fn end_instruction(&self) -> Option<SubSliceMut<'static, u8>> {
        self.instruction.set(None);
        self.borrowed.take()
    }

    /// Sends what is next of the custom instruction.
    fn send_frame(&self) {
        let Some(exchange) = self.instruction.get() else {
            count(&self.tally.impossible);
            return;
        };
        let mut buffer = None;
        let mut data: &[u8] = &[];
        if exchange.sends_data() {
            buffer = self.borrowed.take();
            data = buffer.as_ref().map_or(&[], SubSliceMut::as_slice);
        }
        match exchange.frame(data) {
            Some(frame) => exchange.send(&self.registers, &frame),
            None => count(&self.tally.impossible),
        }
        if buffer.is_some() {
            self.borrowed.insert(buffer);
        }
    }

    /// A frame of the custom instruction is through.
    fn collect(&self, at_rest: AtRest<'_>) {
        let Some(mut exchange) = self.instruction.get() else {
            count(&self.tally.impossible);
            return;
        };
        let received = exchange.receive(&self.registers);
        let mut buffer = self.borrowed.take();
        let data = buffer
            .as_mut()
            .map_or(&mut [][..], SubSliceMut::as_mut_slice);
        exchange.collect(received, data);
        self.borrowed.insert(buffer);
        self.instruction.set(Some(exchange));
        if !exchange.is_over() {
            self.send_frame();
        } else if self.step(Event::InstructionOver) == Action::Complete {
            self.complete(at_rest);
        }
    }

    /// Checks, prepares and triggers.
    fn begin(
        &self,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
        after_write_enable: bool,
    ) -> Result<(), Refusal> {
        if self.state.get() != State::Idle {
            // Unreachable with a proof in hand.
            count(&self.tally.impossible);
            return Err((Error::Hardware, buffer));
        }
        let Some(engine) = transfer::engine(&operation.template, &self.config) else {
            return Err((Error::Unsupported, buffer));
        };
        if after_write_enable && engine != Engine::Instruct {
            return Err((Error::Unsupported, buffer));
        }
        let length = buffer.as_ref().map(SubSliceMut::len);
        if let Err(error) = engine.check(&operation, length, &self.config) {
            return Err((error, buffer));
        }
        let event = self.prepare(engine, &operation, buffer, after_write_enable)?;
        count(&self.tally.started);
        match self.step(event) {
            Action::Trigger(task) => self.trigger(task),
            Action::Detour => anomalies::detour(&self.registers),
            Action::Nothing
            | Action::AwaitClock
            | Action::Activate
            | Action::Announce
            | Action::EndDetour
            | Action::Collect
            | Action::Complete
            | Action::SwitchOff
            | Action::Stop
            | Action::CancelClock
            | Action::LateClock
            | Action::Impossible => {}
        }
        Ok(())
    }

    /// Sets the engine up and takes the buffer over.
    fn prepare(
        &self,
        engine: Engine,
        operation: &Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
        after_write_enable: bool,
    ) -> Result<Event, Refusal> {
        let registers = &self.registers;
        let address = operation.address;
        match engine {
            Engine::Read(readoc) => {
                let lent = self.lend(buffer)?;
                self.select_opcode(IFCONFIG0::READOC.val(readoc));
                registers.read_src().set(address);
                registers.read_dst().set(lent.address());
                registers.read_cnt().write(COUNT::BYTES.val(lent.length()));
                self.lent.set(lent);
                Ok(Event::Start(Task::Read))
            }
            Engine::Program(writeoc) => {
                let lent = self.lend(buffer)?;
                self.select_opcode(IFCONFIG0::WRITEOC.val(writeoc));
                registers.write_dst().set(address);
                registers.write_src().set(lent.address());
                registers.write_cnt().write(COUNT::BYTES.val(lent.length()));
                self.lent.set(lent);
                Ok(Event::Start(Task::Program))
            }
            Engine::EraseSector => {
                registers.erase_ptr().set(address);
                registers.erase_len().write(ERASE_LEN::LEN::Sector4K);
                Ok(Event::Start(Task::Erase))
            }
            Engine::EraseBlock => {
                registers.erase_ptr().set(address);
                registers.erase_len().write(ERASE_LEN::LEN::Block64K);
                Ok(Event::Start(Task::Erase))
            }
            Engine::Instruct => {
                let length = buffer.as_ref().map_or(0, SubSliceMut::len);
                let exchange = Exchange::new(*operation, length, after_write_enable);
                self.instruction.set(Some(exchange));
                self.borrowed.insert(buffer);
                Ok(if self.config.xip_used {
                    Event::StartByDetour
                } else {
                    Event::Start(Task::Instruct)
                })
            }
        }
    }

    #[inline(always)]
    fn lend(&self, buffer: Option<SubSliceMut<'static, u8>>) -> Result<Lent, Refusal> {
        let Some(buffer) = buffer else {
            return Err((Error::Empty, None));
        };
        Lent::lend(buffer, self.fence).map_err(|(error, buffer)| (error, Some(buffer)))
    }

    /// Sets an opcode field of IFCONFIG0, if it is not set already.
    fn select_opcode(&self, opcode: FieldValue<u32, IFCONFIG0::Register>) {
        let now = self.registers.ifconfig0().get();
        let then = opcode.modify(now);
        if then != now {
            self.registers.ifconfig0().set(then);
        }
    }

    fn trigger(&self, task: Task) {
        let registers = &self.registers;
        match task {
            Task::Read => {
                clear_ready(registers);
                registers.tasks_readstart().write(TASK::TRIGGER::SET);
            }
            Task::Program => {
                clear_ready(registers);
                registers.tasks_writestart().write(TASK::TRIGGER::SET);
            }
            Task::Erase => {
                clear_ready(registers);
                registers.tasks_erasestart().write(TASK::TRIGGER::SET);
            }
            Task::Instruct => self.send_frame(),
        }
    }

    /// Disables the peripheral and gives up what it needed.
    fn power_down(&self) {
        anomalies::switch_off(&self.registers);
        self.pads.park();
        self.clock.release();
    }

    /// Stops what runs, and returns the buffer if it is nobody else's.
    fn stop(&self) -> Option<SubSliceMut<'static, u8>> {
        let buffer = Ready::catch(&self.registers)
            .and_then(|ready| ready.confirm(&self.registers))
            .and_then(|at_rest| self.reclaim(at_rest))
            // The buffer of a custom instruction never was the hardware's.
            .or_else(|| self.end_instruction());
        self.power_down();
        buffer
    }
}

fn refused(idle: Idle, (error, buffer): Refusal) -> Refused<Idle> {
    Refused {
        error,
        idle,
        buffer,
    }
}

impl<'a, P: Port, F: DmaFence> Controller<'a> for Qspi<'a, P, F> {
    type Idle = Idle;
    type Off = Off;

    fn set_client(&self, client: &'a dyn Client<Idle>) {
        self.client.set(client);
    }

    fn take_off(&self) -> Option<Off> {
        self.off.take()
    }

    fn enable(&self, off: Off, clock_limit_hz: u32) -> Result<(), (Error, Off)> {
        let event = match self.clock.request() {
            Request::Running => Event::EnableWithClock,
            Request::Starting => Event::EnableBeforeClock,
            Request::Unavailable => return Err((Error::ClockUnavailable, off)),
        };
        self.divider
            .set(self.config.divider.limited_to(clock_limit_hz));
        if self.step(event) == Action::Activate {
            self.activate();
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
        transfer::engine(template, &self.config)
            .map_or(0, |engine| engine.longest_data(template, &self.config))
    }

    /// 0 if the template isn't supported.
    fn longest_us(&self, template: &Template, length: usize) -> u32 {
        transfer::engine(template, &self.config).map_or(0, |engine| {
            engine.longest_us(template, length, &self.config, self.divider.get())
        })
    }

    fn answers(&self) -> u32 {
        self.answers.get()
    }

    fn longest_enable_us(&self) -> u32 {
        self.clock.longest_us().saturating_add(ACTIVATION_US)
    }

    fn clock_hz(&self) -> u32 {
        self.divider.get().hz()
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.config.divider.hz()
    }

    fn start(
        &self,
        idle: Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Idle>> {
        self.begin(operation, buffer, false)
            .map_err(|refusal| refused(idle, refusal))
    }

    fn enables_write(&self, template: &Template) -> bool {
        // The engines send a WREN of their own, after a wait that nobody bounds.
        transfer::engine(template, &self.config) == Some(Engine::Instruct)
    }

    fn start_after_write_enable(
        &self,
        idle: Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Idle>> {
        self.begin(operation, buffer, true)
            .map_err(|refusal| refused(idle, refusal))
    }

    fn waits_for_quiet(&self, template: &Template) -> bool {
        // Between two pages of one WRITESTART it has to. That it does before the first one, too, is
        // unverified on silicon.
        let engine = transfer::engine(template, &self.config);
        self.config.queues_pages && matches!(engine, Some(Engine::Program(_)))
    }

    fn disable(&self, _idle: Idle) -> Off {
        if self.step(Event::Disable) == Action::SwitchOff {
            self.power_down();
        }
        Off(())
    }

    fn force_stop(&self) -> Option<Stopped<Off>> {
        let action = self.step(Event::ForceStop);
        let buffer = if action == Action::Stop {
            self.stop()
        } else if action == Action::CancelClock {
            self.clock.release();
            None
        } else {
            return None;
        };
        count(&self.tally.forced_stops);
        Some(Stopped {
            off: Off(()),
            buffer,
            quarantined: self.lent.is_some(),
        })
    }
}

impl<P: Port, F: DmaFence> ClockClient for Qspi<'_, P, F> {
    fn clock_runs(&self) {
        if self.step(Event::ClockRuns) == Action::Activate {
            self.activate();
        }
    }
}
