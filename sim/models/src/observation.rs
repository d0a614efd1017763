// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the models do, for checkers and timelines.

/// A task of the peripheral, or what acts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// TASKS_ACTIVATE.
    Activate,
    /// TASKS_READSTART.
    Read,
    /// TASKS_WRITESTART.
    Write,
    /// TASKS_ERASESTART.
    Erase,
    /// TASKS_DEACTIVATE.
    Deactivate,
    /// A write to CINSTRCONF.
    CustomInstruction,
    /// IFCONFIG1.DPMEN changed from 0 to 1.
    DeepPowerDownEnter,
    /// IFCONFIG1.DPMEN changed from 1 to 0.
    DeepPowerDownExit,
}

/// Which way a DMA moves bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the flash into memory.
    ToMemory,
    /// From memory to the flash.
    FromMemory,
}

/// What keeps a part busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlashOperation {
    /// A page program.
    Program,
    /// A sector or block erase.
    Erase,
    /// A whole-array erase.
    ChipErase,
    /// A write to non-volatile status or configuration registers.
    StatusWrite,
    /// Busy for a reason of the fault injection, with no effect on the array.
    Phantom,
}

/// How a busy period of a part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// All of it took effect.
    Done,
    /// It ended with nothing, or only a part, changed.
    Failed,
    /// It stands still until it is resumed.
    Suspended,
    /// A reset or a loss of power ended it part-way.
    Interrupted,
}

/// The power state of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerState {
    /// No supply.
    Off,
    /// Supply back, commands not yet accepted.
    PoweringUp,
    /// Waiting for a command.
    Standby,
    /// Programming, erasing or writing registers.
    Active,
    /// On the way into deep power-down: nothing is accepted.
    EnteringDeepPowerDown,
    /// Only the release command is accepted.
    DeepPowerDown,
    /// On the way out of deep power-down: nothing is accepted.
    LeavingDeepPowerDown,
    /// Recovering from a software reset: nothing is accepted.
    Resetting,
}

/// Something that a model did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observation {
    /// A task register was written; `accepted` is false if it had no effect.
    TaskTriggered {
        /// Which.
        task: Task,
        /// Whether it started anything.
        accepted: bool,
    },
    /// From here on the memory range belongs to the DMA.
    DmaStarted {
        /// Which way.
        direction: Direction,
        /// First memory address.
        address: u32,
        /// Length in bytes.
        length: u32,
    },
    /// The memory range is free again.
    DmaEnded {
        /// Which way.
        direction: Direction,
        /// First memory address.
        address: u32,
        /// Length asked for, bytes.
        length: u32,
        /// Bytes that were moved.
        moved: u32,
    },
    /// EVENTS_READY went from 0 to 1 or was set again.
    ReadySet {
        /// Set by fault injection rather than by a task.
        injected: bool,
    },
    /// EVENTS_READY was written 0.
    ReadyCleared,
    /// The interrupt line changed.
    IrqLine {
        /// New level.
        high: bool,
    },
    /// ENABLE changed.
    Enable {
        /// New value.
        on: bool,
    },
    /// The interface became active (ACTIVATE ended) or inactive.
    Active {
        /// New state.
        active: bool,
    },
    /// One frame from CSN low to CSN high, logged at its end.
    Bus {
        /// First byte sent, if one was.
        opcode: Option<u8>,
        /// Address sent, if the command has one.
        address: Option<u32>,
        /// Data bytes after opcode, address and dummies, either way.
        bytes: u32,
        /// CSN low time, ns.
        duration_ns: u64,
    },
    /// The controller read the status register over and over, of which only the
    /// first and last time are logged as frames.
    Polled {
        /// Number of reads in between.
        polls: u64,
        /// Time that they took, ns.
        duration_ns: u64,
    },
    /// The part became busy.
    BusyStarted {
        /// With what.
        operation: FlashOperation,
        /// First address concerned.
        address: u32,
        /// Bytes concerned.
        length: u32,
    },
    /// The part is no longer busy.
    BusyEnded {
        /// With what.
        operation: FlashOperation,
        /// How it ended.
        outcome: Outcome,
    },
    /// The part's power state changed.
    Power {
        /// New state.
        state: PowerState,
    },
    /// The high-frequency clock source was switched.
    HfxoStable {
        /// Whether the crystal oscillator is now the source.
        stable: bool,
    },
}
