// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The silicon's anomalies, by their numbers in Nordic's errata sheet.
//!
//! | number | what | where it is heeded |
//! |---|---|---|
//! | 122 | draws current after it was disabled | `switch_off` |
//! | 127 | reading a hole in the register map blocks early silicon | only registers with a name are accessed |
//! | 215 | accessing a register above 0x600 after execute-in-place may halt the CPU | `detour`, before a custom instruction, where the board declares execute-in-place |
//! | 216 | execute-in-place is not safe to use at all | the driver does not use it |
//! | 244 | data is corrupted if the clock source switches in a transfer | [`clock`](crate::clock) |
//!
//! # What 215 leaves to those who use execute-in-place
//!
//! Best is not to. Whoever does, with
//! [`Config::xip_used`](crate::Config::xip_used):
//!
//! - must not access the window while an operation is in flight. The driver reads STATUS after
//!   each READY; the task that raised READY has cleared the way for that;
//! - must let the driver do something between the last access and `disable`, for which a read of
//!   the status register is enough: a DEACTIVATE right after an access was seen to hang
//!   the CPU at the next one. `disable` can't do it, as it does not wait;
//! - must not have accessed the window before the first `enable`, which writes IFCONFIG1.

use crate::hardware::{Port, clear_ready};
use crate::pins::Pins;
use crate::registers::{ENABLE, INTERRUPT, Registers, TASK};
use tock_registers::interfaces::Writeable;

/// Disables the peripheral so that it draws no current (anomaly 122). The order is
/// Nordic's.
pub(crate) fn switch_off<P: Port>(registers: &Registers<P>) {
    // Whatever DEACTIVATE raises, nobody wants to hear of it.
    registers.intenclr().write(INTERRUPT::READY::SET);
    registers.tasks_deactivate().write(TASK::TRIGGER::SET);
    registers.anomaly_122().set(1);
    registers.enable().write(ENABLE::ENABLE::CLEAR);
    clear_ready(registers);
}

/// Runs ACTIVATE with no pin connected. It reads the flash's status as 0, so its
/// READY comes whatever state the flash is in: absent, asleep, or busy.
///
/// Used to enable, where a flash that sleeps would otherwise keep READY away for
/// ever, and as the way round anomaly 215. The pins are to be connected at READY.
pub(crate) fn detour<P: Port>(registers: &Registers<P>) {
    Pins::disconnect(registers);
    activate(registers);
}

/// Triggers ACTIVATE.
pub(crate) fn activate<P: Port>(registers: &Registers<P>) {
    clear_ready(registers);
    registers.tasks_activate().write(TASK::TRIGGER::SET);
}
