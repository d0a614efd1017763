// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What no correct driver does.

use crate::Task;

/// A use of the hardware that a correct driver avoids.
///
/// Nothing here stops the model: it goes on as the hardware would, or as the
/// [`Silicon`](crate::Silicon) switches say it might.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// An access where no register is.
    RegisterHole {
        /// Offset from the peripheral's base.
        offset: u32,
        /// Whether it was a write.
        write: bool,
    },
    /// A write to a read-only register.
    ReadOnlyRegister {
        /// Offset from the peripheral's base.
        offset: u32,
    },
    /// A field was written with a value that its register does not define.
    ReservedValue {
        /// Offset from the peripheral's base.
        offset: u32,
        /// Value written.
        value: u32,
    },
    /// Interface configuration changed under a running task.
    ConfigurationWhileBusy {
        /// Offset from the peripheral's base.
        offset: u32,
    },
    /// A task while ENABLE is 0.
    TaskWhileDisabled {
        /// Which.
        task: Task,
    },
    /// A task that needs an active interface before ACTIVATE has completed.
    TaskBeforeActive {
        /// Which.
        task: Task,
    },
    /// A task while another runs.
    TaskWhileBusy {
        /// The one refused.
        task: Task,
        /// The one running.
        running: Task,
    },
    /// A task while EVENTS_READY was still set by an earlier one.
    TaskWithReadyPending {
        /// Which.
        task: Task,
    },
    /// READ.CNT or WRITE.CNT is 0: READY never comes.
    ZeroCount {
        /// Which.
        task: Task,
    },
    /// READ.CNT or WRITE.CNT was written with its low bits set: they are ignored.
    UnalignedCount {
        /// Value written.
        value: u32,
    },
    /// A RAM pointer that is no multiple of 4.
    UnalignedPointer {
        /// Which.
        task: Task,
        /// The pointer.
        address: u32,
    },
    /// A flash address that is no multiple of 4.
    UnalignedFlashAddress {
        /// Which.
        task: Task,
        /// The address.
        address: u32,
    },
    /// DMA to or from something that is not RAM.
    DmaOutsideRam {
        /// First address out of reach.
        address: u32,
    },
    /// A flash address beyond the end of the part: it wraps.
    BeyondEnd {
        /// The address, after the last byte of the transfer.
        end: u64,
    },
    /// A transfer with no pin, or not all pins, connected.
    PinsDisconnected {
        /// Which.
        task: Task,
    },
    /// ACTIVATE with some pins connected and others not.
    PinsPartlyConnected,
    /// A transfer while the crystal oscillator is not the clock (anomaly 244).
    HfxoNotRunning {
        /// Which.
        task: Task,
    },
    /// The clock source was switched during a transfer (anomaly 244).
    ClockSwitchedDuringTransfer {
        /// The task running.
        task: Task,
    },
    /// DEACTIVATE while a task runs.
    DeactivateWhileBusy {
        /// The task running.
        running: Task,
    },
    /// ENABLE = 0 while a task runs.
    DisableWhileBusy {
        /// The task running.
        running: Task,
    },
    /// ENABLE = 0 while the part has WIP = 1.
    DisableWhileFlashBusy,
    /// ENABLE = 0 without DEACTIVATE before it.
    DisableWithoutDeactivate,
    /// ENABLE = 0 without the write that anomaly 122 asks for.
    DisableWithoutAnomaly122,
    /// ENABLE = 0 or DEACTIVATE with a long frame still open.
    LongFrameOpen,
    /// A register above 0x600 touched after execute-in-place with no ACTIVATE
    /// in between (anomaly 215): the core may hang.
    RegisterAfterXip {
        /// Offset from the peripheral's base.
        offset: u32,
    },
    /// DEACTIVATE after execute-in-place with no custom instruction in between.
    DeactivateAfterXip,
    /// An execute-in-place access while the interface is not active.
    XipWhileInactive {
        /// Address within the window.
        address: u32,
    },
    /// A custom instruction with LIO3 = 0: HOLD# or RESET# low.
    Lio3Low,
    /// CINSTRCONF.LENGTH outside 1..=9.
    CustomLength {
        /// Value written.
        length: u32,
    },
    /// IFCONFIG1.DPMEN toggled while IFCONFIG0.DPMENABLE is 0.
    DeepPowerDownNotEnabled,
    /// SCKFREQ gives a clock above what the part takes now.
    ClockTooFast {
        /// Opcode of the frame.
        opcode: u8,
        /// Clock used, Hz.
        sck_hz: u32,
        /// Limit, Hz.
        limit_hz: u32,
    },
    /// An opcode that the part does not know.
    UnknownOpcode {
        /// The opcode.
        opcode: u8,
    },
    /// A frame ended before the command was complete, or went on after it.
    MalformedCommand {
        /// Opcode of the frame.
        opcode: u8,
    },
    /// A four-line command while the quad enable bit is 0.
    QuadWithoutQuadEnable {
        /// The opcode.
        opcode: u8,
    },
    /// Lines or dummy clocks are not those of the command: the data is noise.
    WrongFraming {
        /// The opcode.
        opcode: u8,
    },
    /// A command that the part ignores since it is busy.
    CommandWhileBusy {
        /// The opcode.
        opcode: u8,
    },
    /// A command that the part ignores since it sleeps, or is on its way in or out.
    CommandInDeepPowerDown {
        /// The opcode.
        opcode: u8,
    },
    /// A command within the recovery time of a reset or of power-up.
    CommandDuringReset {
        /// The opcode.
        opcode: u8,
    },
    /// A frame that a part in continuous-read mode took for an address.
    CommandInContinuousRead {
        /// First byte of the frame.
        opcode: u8,
    },
    /// A read's mode bits switched the part to continuous-read mode.
    ContinuousReadEntered,
    /// A program, erase or register write without WREN before it.
    NotWriteEnabled {
        /// The opcode.
        opcode: u8,
    },
    /// A program or erase of a protected range: it does nothing.
    Protected {
        /// The opcode.
        opcode: u8,
        /// First address asked for.
        address: u32,
    },
    /// An address that no security register, or no byte of secured OTP, has.
    OutsideSecurityArea {
        /// The opcode.
        opcode: u8,
        /// The address.
        address: u32,
    },
    /// A program or erase of a locked security register, or of locked OTP: it does nothing.
    SecurityAreaLocked {
        /// The opcode.
        opcode: u8,
    },
    /// A command that makes no sense while secured OTP is in the array's place: it does nothing.
    CommandInSecuredMode {
        /// The opcode.
        opcode: u8,
    },
    /// A program that wraps to the start of its page.
    ProgramWrapsInPage {
        /// First address of the program.
        address: u32,
    },
    /// A program that asks a 0 to become a 1: it stays 0.
    ProgramSetsBits {
        /// First such address.
        address: u32,
    },
    /// A command that is not allowed while an operation is suspended.
    CommandWhileSuspended {
        /// The opcode.
        opcode: u8,
    },
    /// A read of the range whose program or erase is suspended: the data is noise.
    ReadOfSuspendedRange {
        /// First address read.
        address: u32,
    },
    /// Suspend with nothing to suspend, or resume with nothing suspended.
    NothingToSuspend {
        /// The opcode.
        opcode: u8,
    },
    /// The file behind the array could not be read or written.
    Backing,
}
