// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Driver for the QSPI peripheral of Nordic's nRF52840, under the interface of
//! [`qspi_hil`].
//!
//! # What a board does
//!
//! ```
//! use kernel::platform::dma_fence::DmaFence;
//! use nrf52840_qspi::{Clock, Config, Mmio, Pads, Pins, Qspi};
//!
//! fn controller<'a, F: DmaFence>(
//!     pins: Pins,
//!     pads: &'a dyn Pads,
//!     hfxo: &'a dyn Clock,
//!     fence: F,
//! ) -> Qspi<'a, Mmio, F> {
//!     // SAFETY: this is an nRF52840, and nobody else asks for the registers.
//!     let registers = unsafe { Mmio::new() };
//!     // 32 MHz, mode 0, 24-bit addresses, pages of 256 bytes.
//!     Qspi::new(registers, fence, Config::new(pins), pads, hfxo)
//! }
//! ```
//!
//! - It implements [`Pads`]: drive strength, and CSN high whenever the peripheral
//!   does not own it. It parks the pads once at boot, before the first enable.
//! - It implements [`Clock`] on top of whatever shares the crystal oscillator with the
//!   radio and USB, and makes the [`Qspi`] its [`ClockClient`].
//! - It calls [`Qspi::handle_interrupt`] for interrupt 41.
//!
//! A buffer for [reads](transfer) by DMA lies in [`RAM`]. Its address, its length and
//! the address in the flash are multiples of 4.
//!
//! # How it works
//!
//! One register tells the driver anything: EVENTS_READY. A second one, STATUS.READY,
//! tells whether to believe it: READY while STATUS.READY is 0 is early, late, or a
//! duplicate, so it is counted and waited out. Only both together end an operation, free a
//! buffer, or make an [`Idle`]. See [`Counters`] for what was seen.
//!
//! ```text
//!  Off ─► WaitingForClock ─► Activating ─► Idle ─► Reading ─────────────┐
//!   │            (HFXO)    ▲  (no pin       ▲ ├──► Programming ─────────┤ READY
//!   └──────────────────────┘   connected)   │ ├──► Erasing ─────────────┤
//!                                           │ └─►(Detouring)► Instructing ⟲ chunks
//!                                           └───────────────────────────┘
//! ```
//!
//! All states, events and actions are in `doc/state-machines.md`.
//!
//! - **enable** ends whatever the flash does. ACTIVATE asks the flash whether it is busy,
//!   and a flash that is asleep or absent answers "busy" for ever. So ACTIVATE runs with
//!   no pin connected, and the pins are connected at its READY.
//! - **start** picks the engine by the [template](transfer). Commands that no engine has go as
//!   custom instructions, longer ones as a long frame of 8 bytes per interrupt. Nothing
//!   is waited for in a loop.
//! - **READY of a program or an erase** means that the command was sent. The flash may be
//!   busy; asking it is the client's business. The engines send WREN by themselves; an extra one does no harm.
//! - **disable** is DEACTIVATE, anomaly 122's write, ENABLE = 0, in this order. Then the pads are
//!   parked and the clock released.
//! - **force_stop** looks at the two registers once more. If they prove that the
//!   transfer is over, the buffer comes back. If not, it stays in the driver until the
//!   READY of the next enable.
//!
//! # Unsafe code
//!
//! One module has it: volatile access to registers, and the hand-over of memory to and from
//! the DMA. Memory can be taken back only with a witness that is made by reading the
//! two registers, and that can't be kept for later.
//!
//! # Unverified on silicon
//!
//! No chip was at hand. These are read from documents and other drivers, or inferred:
//!
//! - STATUS.READY is 1 when READY is raised, in every case: after ACTIVATE, each task, a
//!   custom instruction, and each chunk of a long frame. The register description says
//!   so by its meaning: while it is 0 no new task or custom instruction is allowed. Were it
//!   otherwise, operations would end in a forced stop.
//! - ACTIVATE with all of PSEL disconnected raises READY in well under a millisecond, and
//!   PSEL may be connected while the peripheral is enabled. Nordic's own driver does both
//!   (anomaly 215).
//! - READOC and WRITEOC may change while the peripheral is enabled and at rest.
//! - READY of WRITESTART comes before the flash has programmed the page. [`longest_us`]
//!   allows for the opposite.
//! - WRITESTART that comes while the flash programs waits until WIP is 0 before it sends WREN, as it has
//!   to between two pages of its own ([`waits_for_quiet`]). The capsule finds a page that the flash did
//!   not hear, and does not rely on it any more.
//! - The byte that a custom instruction receives takes the place of the byte it sent, so
//!   that header and data may share a chunk.
//! - What DEACTIVATE and ENABLE = 0 do to a transfer that runs. The driver assumes
//!   nothing, hence the quarantine; that the next ACTIVATE's READY with STATUS.READY = 1 ends
//!   it is an inference.
//! - The mode byte of 0xBB and 0xEB reads is one that keeps no part in continuous-read
//!   mode.
//! - CINSTRCONF.WREN sends WREN with a CSN cycle of its own before the instruction, and a flash that
//!   is busy delays neither. Other drivers set it for every instruction.
//! - DEACTIVATE raises no READY. If it does, it is masked and ignored.
//! - The times that [`longest_us`] adds to those of the bus.
//!
//! [`longest_us`]: qspi_hil::Controller::longest_us
//! [`waits_for_quiet`]: qspi_hil::Controller::waits_for_quiet

#![no_std]
#![deny(unsafe_code)]

pub mod anomalies;
pub mod clock;
pub mod config;
pub mod counters;
mod custom_instruction;
// Volatile register accesses, and taking memory back from the DMA.
#[allow(unsafe_code)]
mod hardware;
pub mod pins;
pub mod proof;
pub mod qspi;
mod registers;
mod state;
pub mod transfer;

pub use clock::{Clock, ClockClient, Request};
pub use config::{AddressMode, Config, Divider, Mode, PageSize, RxDelay};
pub use counters::Counters;
pub use hardware::{Mmio, Port, RAM};
pub use pins::{Pads, Pin, Pins};
pub use proof::{Idle, Off};
pub use qspi::Qspi;
pub use state::State;
