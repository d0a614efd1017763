// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The split-phase interface between a SPI-NOR flash stack and a QSPI controller.
//!
//! A flash driver that frees its hardware while a read still runs is a driver
//! that crashes. Asking at run time whether something is in flight is how that
//! bug is usually fought. Here it can't be written down.
//!
//! # The proofs
//!
//! A controller that is powered and has nothing in flight is represented by a
//! value, its [`Controller::Idle`]; a controller that is switched off by another,
//! its [`Controller::Off`]. Both are zero-sized, neither can be cloned, and only
//! the chip crate can make one. At every instant at most one of the two exists:
//!
//! ```text
//!           enable(Off) ──────► enabled(Idle)         start(Idle) ─► done(Idle)
//!   Off ═════════════════════════════════════► Idle ═══════════════════► Idle
//!    ▲                                          │                  │
//!    ╚═══════════════ disable(Idle) ════════════╝                  │
//!    ╚═══════════════ force_stop() ◄──── only while in flight ─────┘
//! ```
//!
//! [`Controller::start`] and [`Controller::disable`] consume the `Idle`. While an
//! operation is in flight nobody has one, so neither a second operation nor a
//! disable is a program that compiles:
//!
//! ```compile_fail,E0382
//! use kernel::utilities::leasable_buffer::SubSliceMut;
//! use qspi_hil::{Controller, Operation};
//!
//! fn two_at_once<'a, C: Controller<'a>>(c: &C, idle: C::Idle, op: Operation) {
//!     let _ = c.start(idle, op, None);
//!     let _ = c.start(idle, op, None); // the proof is spent
//! }
//! ```
//!
//! ```compile_fail,E0382
//! use qspi_hil::{Controller, Operation};
//!
//! fn disable_in_flight<'a, C: Controller<'a>>(c: &C, idle: C::Idle, op: Operation) {
//!     let _ = c.start(idle, op, None);
//!     c.disable(idle); // the proof is spent
//! }
//! ```
//!
//! A proof can't be copied to be used twice, either:
//!
//! ```compile_fail,E0599
//! use qspi_hil::Controller;
//!
//! fn keep_one<'a, C: Controller<'a>>(c: &C, idle: C::Idle) {
//!     let spare = idle.clone();
//!     c.disable(idle);
//!     c.disable(spare);
//! }
//! ```
//!
//! And what is switched off can't be asked to work:
//!
//! ```compile_fail,E0308
//! use qspi_hil::{Controller, Operation};
//!
//! fn start_when_off<'a, C: Controller<'a>>(c: &C, idle: C::Idle, op: Operation) {
//!     let off = c.disable(idle);
//!     let _ = c.start(off, op, None);
//! }
//! ```
//!
//! What does compile is the intended order:
//!
//! ```
//! use qspi_hil::{Controller, Error, Operation};
//!
//! fn start_or_switch_off<'a, C: Controller<'a>>(c: &C, idle: C::Idle, op: Operation) -> Option<C::Off> {
//!     match c.start(idle, op, None) {
//!         Ok(()) => None,                                // Idle comes with the completion
//!         Err(refused) => Some(c.disable(refused.idle)), // a refusal gives it back at once
//!     }
//! }
//! ```
//!
//! The proofs of two controllers of the same type are of the same type. A chip
//! that has several of them gives each its own type, or hands out one only.
//!
//! # The contract
//!
//! 1. An accepted [`start`](Controller::start) or [`enable`](Controller::enable)
//!    ends in exactly one callback of the [`Client`], or in a
//!    [`force_stop`](Controller::force_stop) that returns a [`Stopped`]. A refused
//!    one ends in none, and proof and buffer come back with the refusal.
//! 2. No callback comes from inside a call of this interface.
//! 3. From `start` to the completion the buffer belongs to the controller. A
//!    completion means that the controller will not touch the buffer again, and
//!    that a register has shown so. It says nothing about the flash: after a
//!    program or an erase the array may still be working (WIP = 1).
//! 4. A controller never waits for the flash in a loop, and it keeps no time. Hardware
//!    may [wait](Controller::waits_for_quiet). The client bounds every operation with an
//!    alarm of its own, at no less than [`longest_us`](Controller::longest_us) and what
//!    the hardware may have to wait for, and ends one that is overdue with `force_stop`.
//! 5. Hardware that was stopped by force has not shown that it is done with the
//!    buffer. Unless it does, the buffer stays in *quarantine*: with the
//!    controller, out of everybody's reach. It comes back with the next
//!    [`Client::enabled`], since a controller that answers after a full
//!    re-initialisation has no old transfer left.
//!
//! # Templates
//!
//! Controllers differ in what they can put on the wires: some take any command,
//! some have engines for a fixed set. An [`Operation`] therefore says what the wires
//! shall show (a [`Template`] and an address), and
//! [`supports`](Controller::supports) says whether this controller can. Which
//! engine does it is the controller's own business.

#![no_std]
#![forbid(unsafe_code)]

pub mod controller;
pub mod error;
pub mod template;

pub use controller::{Client, Controller, Granularity, Refused, Stopped};
pub use error::Error;
pub use template::{AddressWidth, Data, Lines, Operation, Template};
