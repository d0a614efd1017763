// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where the driver meets the hardware: the register port, and memory that is lent
//! to the DMA. The only module with `unsafe` in it.
//!
//! # Who may touch a buffer
//!
//! Memory goes to the DMA by becoming a [`Lent`], and comes back by
//! [`Lent::take_back`], which wants an [`AtRest`]. An `AtRest` can be had in one way:
//! [`Ready::catch`] sees EVENTS_READY set, and then [`Ready::confirm`] sees
//! STATUS.READY read 1. Both types borrow the port, so the driver, which owns the
//! port, can't keep one for later; a witness lives within the call that saw the
//! registers. A buffer that is lent and never proven to be free stays lent.

use crate::registers::{Registers, STATUS};
use core::marker::PhantomData;
use core::ptr;
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::dma_slice::DmaSubSliceMut;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::Error;
use tock_registers::interfaces::{Readable, Writeable};

/// Access to the peripheral's registers, 32 bits each.
///
/// The chip implements it by [`Mmio`], a simulated chip by its model, which so sees
/// every access in its order.
///
/// # Safety
///
/// The driver lends memory to whatever is behind the port, and takes it back when
/// EVENTS_READY and STATUS.READY, read through the port, say that the transfer is over.
/// So an implementation has to pass accesses on as they are and in their order, and what is
/// behind it must not touch lent memory after both have been read as 1.
pub unsafe trait Port {
    /// Reads the register at `offset` bytes from the peripheral's base.
    fn read(&self, offset: usize) -> u32;

    /// Writes the register at `offset` bytes from the peripheral's base.
    fn write(&self, offset: usize, value: u32);
}

// SAFETY: passes every access on, unchanged and in its order.
unsafe impl<P: Port + ?Sized> Port for &P {
    fn read(&self, offset: usize) -> u32 {
        (**self).read(offset)
    }

    fn write(&self, offset: usize, value: u32) {
        (**self).write(offset, value);
    }
}

/// The peripheral of the chip, at 0x4002_9000.
#[derive(Debug)]
pub struct Mmio(());

impl Mmio {
    const BASE: usize = 0x4002_9000;
    /// Word-aligned offsets inside the peripheral's 4 KiB.
    const WINDOW: usize = 0xFFC;

    /// The peripheral's registers.
    ///
    /// # Safety
    ///
    /// To be called once, on an nRF52840, and to be given to a
    /// [`Qspi`](crate::Qspi) and nothing else: the registers include DMA pointers,
    /// so whoever has them can write to all of the RAM.
    pub const unsafe fn new() -> Mmio {
        Mmio(())
    }
}

// SAFETY: volatile accesses are carried out as they are and in program order, and
// the peripheral's READY says that its transfer is over (Product Specification,
// QSPI, "Reading data"; STATUS.READY as in the register description: 0 while busy).
unsafe impl Port for Mmio {
    #[inline(always)]
    fn read(&self, offset: usize) -> u32 {
        let register = ptr::with_exposed_provenance::<u32>(Self::BASE + (offset & Self::WINDOW));
        // SAFETY: by the contract of `new` this is the nRF52840, where the window is
        // the QSPI peripheral's. Reads in it have no effect on memory.
        unsafe { register.read_volatile() }
    }

    #[inline(always)]
    fn write(&self, offset: usize, value: u32) {
        let register =
            ptr::with_exposed_provenance_mut::<u32>(Self::BASE + (offset & Self::WINDOW));
        // SAFETY: as for reads. What the peripheral does to memory in consequence is
        // what the driver lent it: by the contract of `new` nobody else has the
        // port.
        unsafe { register.write_volatile(value) }
    }
}

/// RAM that EasyDMA reaches: 256 KiB from 0x2000_0000 on. The alias in the code
/// region and the flash are out of reach.
pub const RAM: core::ops::Range<usize> = 0x2000_0000..0x2004_0000;

/// What EasyDMA transfers are multiples of, in bytes.
pub const WORD: usize = 4;

/// READY was raised since it was cleared last. Says nothing yet about the transfer.
#[derive(Debug)]
pub struct Ready<'p>(PhantomData<&'p ()>);

/// EVENTS_READY was set and STATUS.READY read 1 after that: nothing runs in the
/// peripheral, and its DMA touches no memory.
#[derive(Debug)]
pub struct AtRest<'p>(PhantomData<&'p ()>);

impl<'p> Ready<'p> {
    /// Looks for the event and clears it.
    pub fn catch<P: Port>(registers: &'p Registers<P>) -> Option<Ready<'p>> {
        if registers.events_ready().get() == 0 {
            return None;
        }
        clear_ready(registers);
        Some(Ready(PhantomData))
    }

    /// Looks whether the peripheral is at rest. `None` means that the event came
    /// before its time, or belongs to something that ended long ago.
    ///
    /// The event alone is no proof: it may be a late one of a transfer before. While
    /// STATUS.READY is 0 the peripheral must not be given a new task anyway
    /// (register description, STATUS.READY).
    pub fn confirm<P: Port>(self, registers: &'p Registers<P>) -> Option<AtRest<'p>> {
        registers
            .status()
            .is_set(STATUS::READY)
            .then_some(AtRest(PhantomData))
    }
}

/// Clears EVENTS_READY. Belongs before every task.
pub fn clear_ready<P: Port>(registers: &Registers<P>) {
    registers.events_ready().set(0);
    // Writes to peripherals are buffered on this bus: without reading back, the
    // interrupt line may still be up when the handler returns.
    registers.events_ready().get();
}

/// Memory that the DMA may be working on.
#[derive(Debug)]
pub struct Lent {
    memory: DmaSubSliceMut<'static, u8>,
    address: u32,
    length: u32,
}

impl Lent {
    /// Lends the active range of `buffer`.
    ///
    /// # Errors
    /// [`Error::OutOfReach`] if it is not in [`RAM`], [`Error::Misaligned`] if its
    /// address or length is no multiple of [`WORD`]. The buffer comes back with either.
    #[inline(always)]
    pub fn lend<F: DmaFence>(
        buffer: SubSliceMut<'static, u8>,
        fence: F,
    ) -> Result<Lent, (Error, SubSliceMut<'static, u8>)> {
        let start = buffer.as_ptr().addr();
        let length = buffer.len();
        if !start.is_multiple_of(WORD) || !length.is_multiple_of(WORD) {
            return Err((Error::Misaligned, buffer));
        }
        let inside = RAM.contains(&start) && length <= RAM.end - start;
        let (true, Ok(address), Ok(length)) = (inside, start.try_into(), length.try_into()) else {
            return Err((Error::OutOfReach, buffer));
        };
        Ok(Lent {
            memory: DmaSubSliceMut::new_static(buffer, fence),
            address,
            length,
        })
    }

    /// Where the memory is.
    pub fn address(&self) -> u32 {
        self.address
    }

    /// How many bytes are lent.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Gives the buffer back to who lent it, its active range unchanged.
    pub fn take_back<F: DmaFence>(
        self,
        _witness: AtRest<'_>,
        fence: F,
    ) -> SubSliceMut<'static, u8> {
        // SAFETY: the witness was made by reading EVENTS_READY as set and, after
        // that, STATUS.READY as 1, within the call of the driver that we are in.
        // The driver clears the event before each task and starts no task between the
        // witness and this, so the peripheral has ended the task that the memory was
        // lent to, and runs no other one. The next task gets other memory. If the task
        // was stopped by force, the one that ended is the ACTIVATE of the next enable,
        // which followed DEACTIVATE and ENABLE = 0; a transfer that had survived those
        // would show as STATUS.READY = 0.
        unsafe { self.memory.take(fence) }
    }
}
