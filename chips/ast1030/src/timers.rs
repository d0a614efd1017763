// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The timers' registers.

use kernel::utilities::registers::{ReadWrite, WriteOnly, register_bitfields, register_structs};

register_structs! {
    /// One timer.
    pub Timer {
        (0x0 => pub(crate) count: ReadWrite<u32>),
        (0x4 => pub(crate) reload: ReadWrite<u32>),
        (0x8 => pub(crate) first_match: ReadWrite<u32>),
        (0xC => pub(crate) second_match: ReadWrite<u32>),
        (0x10 => @END),
    },
    /// The first three timers and what all share.
    pub TimerRegisters {
        (0x00 => pub(crate) timers: [Timer; 3]),
        (0x30 => pub(crate) control: ReadWrite<u32, CONTROL::Register>),
        /// Write 1 to clear.
        (0x34 => pub(crate) interrupt_status: ReadWrite<u32, STATUS::Register>),
        (0x38 => _reserved),
        /// Ones clear bits of `control`.
        (0x3C => pub(crate) control_clear: WriteOnly<u32, CONTROL::Register>),
        (0x40 => @END),
    }
}

register_bitfields![u32,
    pub CONTROL [
        ENABLE1 OFFSET(0) NUMBITS(1) [],
        /// 1 MHz.
        EXTERNAL_CLOCK1 OFFSET(1) NUMBITS(1) [],
        OVERFLOW_INTERRUPT1 OFFSET(2) NUMBITS(1) [],
        ENABLE2 OFFSET(4) NUMBITS(1) [],
        /// 1 MHz.
        EXTERNAL_CLOCK2 OFFSET(5) NUMBITS(1) [],
        OVERFLOW_INTERRUPT2 OFFSET(6) NUMBITS(1) [],
        ENABLE3 OFFSET(8) NUMBITS(1) [],
        /// 1 MHz. Else the peripherals' clock.
        EXTERNAL_CLOCK3 OFFSET(9) NUMBITS(1) [],
        OVERFLOW_INTERRUPT3 OFFSET(10) NUMBITS(1) []
    ],
    pub STATUS [
        TIMER2 OFFSET(1) NUMBITS(1) []
    ]
];

/// A match that never happens: it is not below any reload value.
pub(crate) const NEVER: u32 = u32::MAX;
