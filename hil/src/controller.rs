// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The controller, its client, and what passes between them.

use crate::error::Error;
use crate::template::{Operation, Template};
use kernel::utilities::leasable_buffer::SubSliceMut;

/// What a refused [`Controller::start`] gives back: everything.
#[derive(Debug)]
pub struct Refused<Idle> {
    /// Why.
    pub error: Error,
    /// The proof that was passed in: nothing was started.
    pub idle: Idle,
    /// The buffer that was passed in, its active range unchanged.
    pub buffer: Option<SubSliceMut<'static, u8>>,
}

/// What is left after [`Controller::force_stop`].
#[derive(Debug)]
pub struct Stopped<Off> {
    /// The controller is off.
    pub off: Off,
    /// The buffer, if a register showed that the controller is done with it.
    pub buffer: Option<SubSliceMut<'static, u8>>,
    /// True if a buffer stays with the controller, because nothing has shown that
    /// the hardware is done with it. It comes back with the next
    /// [`Client::enabled`].
    pub quarantined: bool,
}

/// What addresses, lengths and buffers of an operation must be multiples of, in
/// bytes. 1 means no demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granularity {
    /// Of the address in the flash.
    pub address: u32,
    /// Of the length.
    pub length: usize,
    /// Of the buffer's address in memory.
    pub buffer: usize,
}

impl Granularity {
    /// No demands.
    pub const BYTE: Granularity = Granularity {
        address: 1,
        length: 1,
        buffer: 1,
    };
}

/// A QSPI controller with one flash behind it.
///
/// See the [crate's documentation](crate) for the contract.
pub trait Controller<'a> {
    /// Proof that the controller is on and nothing is in flight.
    /// Zero-sized, not `Clone`, made by the chip crate only.
    type Idle;
    /// Proof that the controller is off. As `Idle`.
    type Off;

    /// Whom to tell. To be called once, before the first `enable`; without a client the
    /// proofs of completions are lost.
    fn set_client(&self, client: &'a dyn Client<Self::Idle>);

    /// The first `Off`. `None` from the second call on: there is only one.
    fn take_off(&self) -> Option<Self::Off>;

    /// Starts to power the controller up, with the fastest bus clock that is neither
    /// above `clock_limit_hz` nor above [`fastest_clock_hz`](Self::fastest_clock_hz);
    /// if even the slowest is above the limit, with that. It does not touch the flash,
    /// so it ends whatever state the flash is in.
    ///
    /// # Errors
    /// [`Error::ClockUnavailable`] at once, with the proof. An accepted enable ends in
    /// [`Client::enabled`].
    fn enable(&self, off: Self::Off, clock_limit_hz: u32) -> Result<(), (Error, Self::Off)>;

    /// Whether the wires can show this template.
    fn supports(&self, template: &Template) -> bool;

    /// What `template` demands of address, length and buffer.
    fn granularity(&self, template: &Template) -> Granularity;

    /// The most data bytes that one operation of `template` can carry.
    fn longest_data(&self, template: &Template) -> usize;

    /// The longest time in µs until the callback of an operation with `length` bytes
    /// of data, on hardware that works and with a flash that is not busy.
    fn longest_us(&self, template: &Template, length: usize) -> u32;

    /// The longest time in µs until [`Client::enabled`] on hardware that works.
    fn longest_enable_us(&self) -> u32;

    /// Changes each time the hardware answers, in the middle of an operation too. A controller that
    /// answers is late and not hung, whatever kept the CPU from listening.
    fn answers(&self) -> u32;

    /// The bus clock in Hz, as the last `enable` chose it.
    fn clock_hz(&self) -> u32;

    /// The fastest bus clock in Hz that the board allows.
    fn fastest_clock_hz(&self) -> u32;

    /// Starts an operation. The data phase moves the buffer's active range.
    ///
    /// # Errors
    /// A refusal carries the reason, the proof and the buffer; see [`Error`] for the
    /// reasons. An accepted operation ends in [`Client::done`].
    fn start(
        &self,
        idle: Self::Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Self::Idle>>;

    /// Whether [`start_after_write_enable`](Self::start_after_write_enable) works with this template.
    fn enables_write(&self, template: &Template) -> bool {
        let _unused = template;
        false
    }

    /// As [`start`](Self::start), but the controller sends WREN (06h, JESD216) by itself
    /// first, with a chip select of its own. One operation, and one [`Client::done`].
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`Error::Unsupported`] unless
    /// [`enables_write`](Self::enables_write).
    fn start_after_write_enable(
        &self,
        idle: Self::Idle,
        operation: Operation,
        buffer: Option<SubSliceMut<'static, u8>>,
    ) -> Result<(), Refused<Self::Idle>> {
        let _unused = operation;
        Err(Refused {
            error: Error::Unsupported,
            idle,
            buffer,
        })
    }

    /// Whether an operation of this template that is started while the flash programs or erases is
    /// put on the wires as soon as the flash is quiet, after a WREN: the controller looks at the
    /// status register (05h, JESD216) by itself. The wait comes on top of
    /// [`longest_us`](Self::longest_us), and nobody but the caller bounds it.
    fn waits_for_quiet(&self, template: &Template) -> bool {
        let _unused = template;
        false
    }

    /// Switches the controller off and parks its pins. The proof says that nothing
    /// is in flight; whether the *flash* is quiet is for the caller to know.
    fn disable(&self, idle: Self::Idle) -> Self::Off;

    /// Stops hardware that did not answer in time and switches it off. No callback
    /// of the stopped operation comes any more.
    ///
    /// This is for hardware that broke its promise. It proves nothing about the
    /// transfer it ends, see [`Stopped`].
    ///
    /// Returns `None` if nothing is in flight: there is nothing to stop then, and
    /// somebody holds a proof.
    fn force_stop(&self) -> Option<Stopped<Self::Off>>;
}

/// Who is told by a [`Controller`].
pub trait Client<Idle> {
    /// The controller is on. Hardware that can't be brought up stays silent, and the
    /// client's deadline ends it. `released` is a buffer that a forced stop had put in
    /// quarantine.
    fn enabled(&self, idle: Idle, released: Option<SubSliceMut<'static, u8>>);

    /// The operation has ended and its buffer is the client's again, its active
    /// range unchanged.
    fn done(&self, idle: Idle, result: Result<(), Error>, buffer: Option<SubSliceMut<'static, u8>>);
}
