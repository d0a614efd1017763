// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where the driver meets the hardware: the port, and memory that is lent to the DMA.
//! The only module with `unsafe` in it.
//!
//! # Who may touch a buffer
//!
//! Memory goes to the DMA by becoming a [`Lent`], and comes back by
//! [`Lent::take_back`], which wants a [`Done`]. A `Done` can be had in one way:
//! [`Done::catch`] sees INTR.DMA_DONE read 1. It borrows the port, so the driver, which
//! owns the port, can't keep one for later. The bit goes with writing 0 to DMA_CTRL, and
//! [`Lent::trigger`] starts nothing while it is set, so it never is that of another
//! transfer. A buffer that is lent and never shown to be free stays lent.

use crate::config::LengthRegister;
use crate::registers::{DMA_CTRL, INTR, Registers};
use core::marker::PhantomData;
use core::ptr;
use kernel::platform::dma_fence::DmaFence;
use kernel::utilities::dma_slice::DmaSubSliceMut;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_hil::Error;
use tock_registers::fields::FieldValue;
use tock_registers::interfaces::{Readable, Writeable};

/// Access to the controller: registers of 32 bits, and chip select 0's window.
///
/// The chip implements it by [`Mmio`], a test by a mock, which so sees every access in its
/// order.
///
/// # Safety
///
/// The driver lends memory to whatever is behind the port, and takes it back when
/// INTR.DMA_DONE, read through the port, is 1. So an implementation has to pass accesses on
/// as they are and in their order, and what is behind it must not touch lent memory after
/// that bit has been read as 1.
pub unsafe trait Port {
    /// Reads the register at `offset` bytes from the controller's base.
    fn read(&self, offset: usize) -> u32;

    /// Writes the register at `offset` bytes from the controller's base.
    fn write(&self, offset: usize, value: u32);

    /// Reads a byte of the window, which in user mode shifts one in.
    fn shift_in(&self) -> u8;

    /// Writes a byte to the window, which in user mode shifts it out.
    fn shift_out(&self, byte: u8);
}

// SAFETY: passes every access on, unchanged and in its order.
unsafe impl<P: Port + ?Sized> Port for &P {
    fn read(&self, offset: usize) -> u32 {
        (**self).read(offset)
    }

    fn write(&self, offset: usize, value: u32) {
        (**self).write(offset, value);
    }

    fn shift_in(&self) -> u8 {
        (**self).shift_in()
    }

    fn shift_out(&self, byte: u8) {
        (**self).shift_out(byte);
    }
}

/// The AST1030's FMC: registers at 0x7E62_0000, window at 0x8000_0000.
#[derive(Debug)]
pub struct Mmio(());

impl Mmio {
    const BASE: usize = 0x7E62_0000;
    /// Word-aligned offsets inside the controller's registers.
    const REGISTERS: usize = 0xFC;
    const WINDOW: usize = 0x8000_0000;

    /// The controller.
    ///
    /// # Safety
    ///
    /// To be called once, on an AST1030, and to be given to an [`Fmc`](crate::Fmc) and
    /// nothing else: the registers include DMA pointers, so whoever has them can write to
    /// all of the RAM. The code that runs must not be fetched through the window.
    pub const unsafe fn new() -> Mmio {
        Mmio(())
    }
}

// SAFETY: volatile accesses are carried out as they are and in program order, and
// INTR.DMA_DONE says that the transfer is over: Aspeed's own drivers end transfers by it
// alone.
unsafe impl Port for Mmio {
    #[inline(always)]
    fn read(&self, offset: usize) -> u32 {
        let register = ptr::with_exposed_provenance::<u32>(Self::BASE + (offset & Self::REGISTERS));
        // SAFETY: by the contract of `new` this is the AST1030, where the registers are the
        // FMC's. Reads of them have no effect on memory.
        unsafe { register.read_volatile() }
    }

    #[inline(always)]
    fn write(&self, offset: usize, value: u32) {
        let register =
            ptr::with_exposed_provenance_mut::<u32>(Self::BASE + (offset & Self::REGISTERS));
        // SAFETY: as for reads. What the controller does to memory in consequence is what
        // the driver lent it: by the contract of `new` nobody else has the port.
        unsafe { register.write_volatile(value) }
    }

    #[inline(always)]
    fn shift_in(&self) -> u8 {
        // SAFETY: the window is the flash's, which is no memory of the program.
        unsafe { ptr::with_exposed_provenance::<u8>(Self::WINDOW).read_volatile() }
    }

    #[inline(always)]
    fn shift_out(&self, byte: u8) {
        // SAFETY: as for `shift_in`.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(Self::WINDOW).write_volatile(byte) }
    }
}

/// The DMA reaches addresses in [`RAM`] without this bit.
///
/// QEMU's model of DMA_RAM has no such bit; whether the chip has is unverified on silicon. An
/// address with it would come out as another one.
pub const UNREACHABLE_BIT: usize = 1 << 18;

/// The SRAM: 768 KiB from 0 on.
pub const RAM: core::ops::Range<usize> = 0..0xC_0000;

/// What the DMA's transfers are multiples of, in bytes.
pub const WORD: usize = 4;

/// Where the DMA sees the memory, as Aspeed's driver has it.
const RAM_MAP: u32 = 0x8000_0000;

/// Where the DMA sees the window, as Aspeed's driver has it.
const FLASH_MAP: u32 = 0x2000_0000;

/// INTR.DMA_DONE was read as 1: the DMA touches no memory.
#[derive(Debug)]
pub struct Done<'p>(PhantomData<&'p ()>);

impl<'p> Done<'p> {
    /// Looks whether the DMA has ended.
    pub fn catch<P: Port>(registers: &'p Registers<P>) -> Option<Done<'p>> {
        registers
            .intr()
            .is_set(INTR::DMA_DONE)
            .then_some(Done(PhantomData))
    }
}

/// Memory that the DMA may be working on.
#[derive(Debug)]
pub struct Lent {
    memory: DmaSubSliceMut<'static, u8>,
}

/// Whether the DMA can work on this memory.
///
/// # Errors
/// [`Error::Misaligned`] if its address or length is no multiple of [`WORD`],
/// [`Error::OutOfReach`] if the DMA can't address it.
pub fn check_memory(buffer: &SubSliceMut<'static, u8>) -> Result<(), Error> {
    let start = buffer.as_ptr().addr();
    let length = buffer.len();
    if !start.is_multiple_of(WORD) || !length.is_multiple_of(WORD) {
        return Err(Error::Misaligned);
    }
    // Below the bit's first address and from twice that on, nothing has it set.
    let reachable = |range: core::ops::Range<usize>| {
        range.contains(&start) && length <= range.end.saturating_sub(start)
    };
    if reachable(RAM.start..UNREACHABLE_BIT) || reachable(2 * UNREACHABLE_BIT..RAM.end) {
        Ok(())
    } else {
        Err(Error::OutOfReach)
    }
}

impl Lent {
    /// Lends the active range of `buffer` and starts the DMA between it and `flash_address`.
    /// The DMA has to be granted.
    ///
    /// # Errors
    /// Those of [`check_memory`]; [`Error::Hardware`] if the end of another transfer has
    /// not been cleared. The buffer comes back.
    pub fn trigger<P: Port, F: DmaFence>(
        registers: &Registers<P>,
        fence: F,
        direction: FieldValue<u32, DMA_CTRL::Register>,
        counts: LengthRegister,
        flash_address: u32,
        buffer: SubSliceMut<'static, u8>,
    ) -> Result<Lent, (Error, SubSliceMut<'static, u8>)> {
        if let Err(error) = check_memory(&buffer) {
            return Err((error, buffer));
        }
        if Done::catch(registers).is_some() {
            return Err((Error::Hardware, buffer));
        }
        let Some((address, last)) = u32::try_from(buffer.as_ptr().addr()).ok().zip(
            u32::try_from(buffer.len())
                .ok()
                .and_then(|length| length.checked_sub(1)),
        ) else {
            return Err((Error::OutOfReach, buffer));
        };
        let memory = DmaSubSliceMut::new_static(buffer, fence);
        registers
            .dma_flash()
            .set(FLASH_MAP.wrapping_add(flash_address));
        registers.dma_ram().set(RAM_MAP | address);
        registers.dma_len().set(last);
        // Lengths are whole words, so `last` has both low bits set.
        if counts == LengthRegister::ByReadingBack && registers.dma_len().get() & 3 == 0 {
            registers.dma_len().set(last.wrapping_add(1));
        }
        registers.intr().write(INTR::DMA_ENABLE::SET);
        registers
            .dma_ctrl()
            .write(DMA_CTRL::ENABLE::SET + direction);
        Ok(Lent { memory })
    }

    /// Gives the buffer back to who lent it, its active range unchanged.
    pub fn take_back<F: DmaFence>(self, _witness: Done<'_>, fence: F) -> SubSliceMut<'static, u8> {
        // SAFETY: the witness was made by reading INTR.DMA_DONE as 1 within the call of the
        // driver that we are in. The bit was read as 0 before the transfer that this memory
        // was lent to was triggered, nothing was triggered since, because the driver holds one
        // `Lent` at most and triggers nothing while it does, and what sets the bit is the end
        // of a transfer. So that transfer has ended.
        unsafe { self.memory.take(fence) }
    }
}
