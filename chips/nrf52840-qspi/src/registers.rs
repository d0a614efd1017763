// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The registers that the driver uses, with types, on top of a [`Port`].
//!
//! Source: Nordic's register description of the nRF52840 and its Product
//! Specification, chapter QSPI. Offsets without a register are never accessed: on
//! early silicon a read of one of them blocks the chip (anomaly 127).

use crate::hardware::Port;
use core::marker::PhantomData;
use tock_registers::RegisterLongName;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::register_bitfields;

register_bitfields![u32,
    pub TASK [
        /// Starts the task.
        TRIGGER OFFSET(0) NUMBITS(1) []
    ],
    pub INTERRUPT [
        /// Of EVENTS_READY.
        READY OFFSET(0) NUMBITS(1) []
    ],
    pub ENABLE [
        /// The peripheral is on and owns the pins that PSEL selects.
        ENABLE OFFSET(0) NUMBITS(1) []
    ],
    pub COUNT [
        /// In bytes, a multiple of 4.
        BYTES OFFSET(0) NUMBITS(18) []
    ],
    pub ERASE_LEN [
        LEN OFFSET(0) NUMBITS(2) [
            /// Opcode 0x20.
            Sector4K = 0,
            /// Opcode 0xD8.
            Block64K = 1
        ]
    ],
    pub IFCONFIG0 [
        /// Opcode of READSTART.
        READOC OFFSET(0) NUMBITS(3) [],
        /// Opcode of WRITESTART.
        WRITEOC OFFSET(3) NUMBITS(3) [],
        /// Four address bytes instead of three.
        ADDRMODE OFFSET(6) NUMBITS(1) [],
        /// Deep power-down by the peripheral.
        DPMENABLE OFFSET(7) NUMBITS(1) [],
        /// Pages of 512 bytes instead of 256.
        PPSIZE OFFSET(12) NUMBITS(1) []
    ],
    pub IFCONFIG1 [
        /// The shortest time between two CSN low phases, in 62.5 ns.
        SCKDELAY OFFSET(0) NUMBITS(8) [],
        /// Not described, not zero after reset. Must be kept.
        RESERVED OFFSET(8) NUMBITS(16) [],
        /// Puts the flash into deep power-down.
        DPMEN OFFSET(24) NUMBITS(1) [],
        /// SPI mode 3 instead of 0.
        SPIMODE OFFSET(25) NUMBITS(1) [],
        /// SCK is 32 MHz / (SCKFREQ + 1).
        SCKFREQ OFFSET(28) NUMBITS(4) []
    ],
    pub STATUS [
        /// Nothing runs: a task or a custom instruction may be started.
        READY OFFSET(3) NUMBITS(1) []
    ],
    pub CINSTRCONF [
        OPCODE OFFSET(0) NUMBITS(8) [],
        /// Bytes with the opcode: 1 to 9.
        LENGTH OFFSET(8) NUMBITS(4) [],
        /// Level of IO2, the write protect of many parts.
        LIO2 OFFSET(12) NUMBITS(1) [],
        /// Level of IO3, the hold or reset of many parts.
        LIO3 OFFSET(13) NUMBITS(1) [],
        /// Wait for WIP = 0 first.
        WIPWAIT OFFSET(14) NUMBITS(1) [],
        /// Send WREN first.
        WREN OFFSET(15) NUMBITS(1) [],
        /// Long frame mode: CSN stays low.
        LFEN OFFSET(16) NUMBITS(1) [],
        /// The long frame ends with this instruction.
        LFSTOP OFFSET(17) NUMBITS(1) []
    ],
    pub IFTIMING [
        /// Sampling point after SCK's rising edge, in 15.625 ns.
        RXDELAY OFFSET(8) NUMBITS(3) []
    ],
];

/// What software may do with a register.
pub mod access {
    /// May be read.
    pub trait Read {}
    /// May be written.
    pub trait Write {}
    /// Read only.
    pub enum R {}
    /// Write only.
    pub enum W {}
    /// Both.
    pub enum RW {}
    impl Read for R {}
    impl Write for W {}
    impl Read for RW {}
    impl Write for RW {}
}
use access::{R, RW, W};

/// The register at `OFFSET` with the fields `L`.
pub struct Register<'p, P, L, A, const OFFSET: usize> {
    port: &'p P,
    kind: PhantomData<(L, A)>,
}

impl<P: Port, L: RegisterLongName, A: access::Read, const OFFSET: usize> Readable
    for Register<'_, P, L, A, OFFSET>
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

/// All of them.
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
    0x000 tasks_activate: W, TASK::Register;
    0x004 tasks_readstart: W, TASK::Register;
    0x008 tasks_writestart: W, TASK::Register;
    0x00C tasks_erasestart: W, TASK::Register;
    0x010 tasks_deactivate: W, TASK::Register;
    /// Not in the register description; named by anomaly 122.
    0x054 anomaly_122: W, ();
    0x100 events_ready: RW, ();
    0x304 intenset: W, INTERRUPT::Register;
    0x308 intenclr: W, INTERRUPT::Register;
    0x500 enable: W, ENABLE::Register;
    /// In the flash.
    0x504 read_src: W, ();
    /// In RAM.
    0x508 read_dst: W, ();
    0x50C read_cnt: W, COUNT::Register;
    /// In the flash.
    0x510 write_dst: W, ();
    /// In RAM.
    0x514 write_src: W, ();
    0x518 write_cnt: W, COUNT::Register;
    0x51C erase_ptr: W, ();
    0x520 erase_len: W, ERASE_LEN::Register;
    0x524 psel_sck: W, ();
    0x528 psel_csn: W, ();
    0x530 psel_io0: W, ();
    0x534 psel_io1: W, ();
    0x538 psel_io2: W, ();
    0x53C psel_io3: W, ();
    0x544 ifconfig0: RW, IFCONFIG0::Register;
    0x600 ifconfig1: RW, IFCONFIG1::Register;
    0x604 status: R, STATUS::Register;
    0x634 cinstrconf: W, CINSTRCONF::Register;
    /// Bytes 0 to 3 after the opcode, little endian.
    0x638 cinstrdat0: RW, ();
    /// Bytes 4 to 7 after the opcode, little endian.
    0x63C cinstrdat1: RW, ();
    0x640 iftiming: RW, IFTIMING::Register;
}
