// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Driver for the firmware flash controller (FMC) of Aspeed's AST1030, under the interface
//! of [`qspi_hil`].
//!
//! # What a board does
//!
//! ```
//! use aspeed_fmc::{Config, Fmc, Mmio};
//! use kernel::hil::time::Alarm;
//! use kernel::platform::dma_fence::DmaFence;
//!
//! fn controller<'a, F: DmaFence, A: Alarm<'a>>(fence: F, alarm: &'a A) -> Fmc<'a, Mmio, F, A> {
//!     // SAFETY: this is an AST1030 that runs from RAM, and nobody else asks for the
//!     // registers.
//!     let registers = unsafe { Mmio::new() };
//!     // 32 MiB at chip select 0, one data line, 50 MHz.
//!     Fmc::new(registers, fence, alarm, Config::new())
//! }
//! ```
//!
//! - It calls [`Fmc::handle_interrupt`] for interrupt 39.
//! - It registers the [`Fmc`]'s deferred call, and makes it the client of its alarm.
//! - The data cache over the RAM is off, or the fence sees to it: the DMA knows no cache.
//!
//! A buffer for reads and programs lies in [`RAM`] where no address has
//! [`UNREACHABLE_BIT`]. Its address, its length and the address in the flash are multiples
//! of 4.
//!
//! # How it works
//!
//! [Array reads and page programs](transfer) go by DMA, whose end is an interrupt. On QEMU
//! the transfer is over when the register write that starts it returns, on the chip it takes
//! its time; the driver can't tell, since it looks at INTR.DMA_DONE in the interrupt only.
//! Everything else goes in user mode: bytes shifted by the CPU, a few µs for a command, and
//! the client hears of it from a deferred call.
//!
//! ```text
//!  Off ─► Enabling ──────────► Idle ─► Commanding ──────────────┐ deferred call
//!   └───► AwaitingOld ────────► ▲ └──► Asking ─► Moving ────────┤ DMA_DONE
//!         (quarantine) DMA_DONE └───────────────────────────────┘
//! ```
//!
//! - **enable** sets the segment and allows writes. It does not touch the flash.
//! - The DMA is asked for (a magic number), granted, used and given back for each transfer,
//!   as Aspeed's driver does. If the grant does not come at once, the driver looks again by its
//!   alarm, and the client's deadline ends that.
//! - A program is a page at most: the flash needs WREN before the next one and has to be
//!   asked whether it is ready, which is the client's business. (QEMU would let one go on.)
//! - **disable** deselects, forbids writes and switches the interrupt off. The controller has
//!   no clock or power of its own to switch.
//! - **force_stop** looks at INTR.DMA_DONE once more. If it proves that the transfer is over,
//!   the buffer comes back. If not, it stays in the driver, and no register is written: 0 to
//!   DMA_CTRL probably aborts the DMA, but nothing says so, and it would take the proof away
//!   with it. When the DMA ends it interrupts, and all is switched off that disable switches
//!   off. The next enable waits for that, and returns the buffer; a DMA that hangs for ever
//!   leaves a device that has failed, and a buffer that nobody has.
//!
//! # Unverified on silicon
//!
//! No chip was at hand. These are read from Aspeed's drivers, or inferred:
//!
//! - INTR.DMA_DONE is raised after the last byte is in memory.
//! - Writing 0 to DMA_CTRL clears INTR.DMA_DONE, and then the grant is given back by its
//!   magic number.
//! - The grant comes within a few looks.
//! - What CONF's type bits select after a reset is SPI: the driver leaves them.
//! - Which of the chip's caches covers the RAM that the DMA works on.
//! - DMA_RAM: QEMU's model has no bit 18. If the chip has, buffers may lie anywhere in the
//!   RAM.
//! - CE_CTRL's bit 4 belongs to bit 0: Aspeed's driver sets both.
//! - A program in command mode by DMA ends with chip select high, so that the flash begins to
//!   program.
//! - More than one data line: QEMU's model of the flash does not check them.
//! - The times that `longest_us` adds to those of the bus.

#![no_std]
#![deny(unsafe_code)]

pub mod config;
pub mod counters;
pub mod fmc;
// Volatile register accesses, and taking memory back from the DMA.
#[allow(unsafe_code)]
mod hardware;
pub mod proof;
mod registers;
mod state;
pub mod transfer;

pub use config::{Config, DataLines, Divider, LengthRegister};
pub use counters::Counters;
pub use fmc::Fmc;
pub use hardware::{Mmio, Port, RAM, UNREACHABLE_BIT};
pub use proof::{Idle, Off};
pub use state::State;
