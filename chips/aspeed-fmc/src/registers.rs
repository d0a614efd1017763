// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The registers that the driver uses, with types, on top of a [`Port`].
//!
//! Source: Aspeed's own drivers for this family (Linux's `spi-aspeed-smc`, Zephyr's
//! `spi_aspeed`), which agree, and QEMU's model of the AST1030.

use crate::hardware::Port;
use core::marker::PhantomData;
use tock_registers::RegisterLongName;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_bitfields;

register_bitfields![u32,
    pub CONF [
        /// The flash at chip select 0 may be written to, commands in user mode included.
        WRITE_ENABLE0 OFFSET(16) NUMBITS(1) []
    ],
    pub CE_CTRL [
        /// Four address bytes at chip select 0.
        FOUR_BYTES0 OFFSET(0) NUMBITS(1) [],
        /// The same for the second kind of command. Aspeed's driver sets both.
        FOUR_BYTES0_ALSO OFFSET(4) NUMBITS(1) []
    ],
    pub INTR [
        DMA_ENABLE OFFSET(3) NUMBITS(1) [],
        /// The DMA has ended. Goes with writing 0 to DMA_CTRL.
        DMA_DONE OFFSET(11) NUMBITS(1) []
    ],
    pub CTRL [
        MODE OFFSET(0) NUMBITS(2) [
            /// Opcode 03h, whatever `COMMAND` says.
            PlainRead = 0,
            Read = 1,
            Program = 2,
            /// Bytes to and from the window are shifted out and in as they are.
            User = 3
        ],
        /// Chip select is high.
        DESELECT OFFSET(2) NUMBITS(1) [],
        /// Dummy bytes between address and data, bits 0 and 1.
        DUMMY_LOW OFFSET(6) NUMBITS(2) [],
        /// Of the divider, see `config`.
        DIVIDER_LOW OFFSET(8) NUMBITS(4) [],
        /// Dummy bytes, bit 2.
        DUMMY_HIGH OFFSET(14) NUMBITS(1) [],
        COMMAND OFFSET(16) NUMBITS(8) [],
        /// Of the divider.
        DIVIDER_HIGH OFFSET(24) NUMBITS(4) [],
        LINES OFFSET(28) NUMBITS(4) [
            Single = 0,
            DualOutput = 2,
            DualIo = 3,
            QuadOutput = 4,
            QuadIo = 5
        ]
    ],
    pub SEG [
        /// First 512 KiB unit of the window.
        START OFFSET(3) NUMBITS(9) [],
        /// Last 512 KiB unit of the window.
        END OFFSET(19) NUMBITS(9) []
    ],
    pub DMA_CTRL [
        ENABLE OFFSET(0) NUMBITS(1) [],
        /// Memory to flash.
        WRITE OFFSET(1) NUMBITS(1) [],
        GRANTED OFFSET(30) NUMBITS(1) [],
        REQUESTED OFFSET(31) NUMBITS(1) []
    ],
];

/// Written to DMA_CTRL: asks for the DMA.
pub const REQUEST_GRANT: u32 = 0xAEED_0000;
/// Written to DMA_CTRL: gives the DMA back.
pub const DISCARD_GRANT: u32 = 0xDEEA_0000;

/// What software may do with a register.
pub mod access {
    /// May be written.
    pub trait Write {}
    /// Write only.
    pub enum W {}
    /// Both.
    pub enum RW {}
    impl Write for W {}
    impl Write for RW {}
}
use access::{RW, W};

/// The register at `OFFSET` with the fields `L`.
pub struct Register<'p, P, L, A, const OFFSET: usize> {
    port: &'p P,
    kind: PhantomData<(L, A)>,
}

impl<P: Port, L: RegisterLongName, const OFFSET: usize> Readable
    for Register<'_, P, L, RW, OFFSET>
{
    type T = u32;
    type R = L;

    #[inline]
    fn get(&self) -> u32 {
        self.port.read(OFFSET)
    }
}

impl<P: Port, L: RegisterLongName, A: access::Write, const OFFSET: usize> Writeable
    for Register<'_, P, L, A, OFFSET>
{
    type T = u32;
    type R = L;

    #[inline]
    fn set(&self, value: u32) {
        self.port.write(OFFSET, value);
    }
}

/// All of them, and the window.
pub struct Registers<P> {
    port: P,
}

impl<P: Port> Registers<P> {
    pub const fn new(port: P) -> Registers<P> {
        Registers { port }
    }

    #[inline]
    fn at<L, A, const OFFSET: usize>(&self) -> Register<'_, P, L, A, OFFSET> {
        Register {
            port: &self.port,
            kind: PhantomData,
        }
    }

    /// In user mode: shifts a byte out.
    pub fn shift_out(&self, byte: u8) {
        self.port.shift_out(byte);
    }

    /// In user mode: shifts a byte in.
    pub fn shift_in(&self) -> u8 {
        self.port.shift_in()
    }
}

macro_rules! registers {
    ($($(#[$doc:meta])* $offset:literal $name:ident: $access:ty, $fields:ty;)*) => {
        impl<P: Port> Registers<P> {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name(&self) -> Register<'_, P, $fields, $access, $offset> {
                    self.at()
                }
            )*
        }
    };
}

registers! {
    0x00 conf: RW, CONF::Register;
    0x04 ce_ctrl: RW, CE_CTRL::Register;
    0x08 intr: RW, INTR::Register;
    0x10 ctrl0: W, CTRL::Register;
    0x30 seg0: W, SEG::Register;
    /// The byte sent in the place of dummies.
    0x54 dummy_data: W, ();
    0x80 dma_ctrl: RW, DMA_CTRL::Register;
    /// Flash side.
    0x84 dma_flash: W, ();
    /// Memory side.
    0x88 dma_ram: W, ();
    /// See `config::LengthRegister`.
    0x8C dma_len: RW, ();
}
