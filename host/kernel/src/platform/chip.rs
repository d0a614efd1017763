// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel asks of a chip.

use core::fmt::Write;

use crate::platform::mpu;
use crate::syscall;
use crate::utilities::io_write::IoWrite;

/// A chip: its interrupts, its sleep, its memory protection, and its way into
/// and out of processes.
pub trait Chip {
    /// The memory protection unit.
    type MPU: mpu::MPU;

    /// Tells which thread is running.
    type ThreadIdProvider: ThreadIdProvider;

    /// How the chip switches between kernel and process.
    type UserspaceKernelBoundary: syscall::UserspaceKernelBoundary;

    /// The first thing a board calls: errata and whatever else must be done
    /// before there is a chip object.
    fn init();

    /// Handles interrupts until none is pending.
    fn service_pending_interrupts(&self);

    /// Whether an interrupt is pending.
    fn has_pending_interrupts(&self) -> bool;

    /// The memory protection unit.
    fn mpu(&self) -> &Self::MPU;

    /// The switch between kernel and process.
    fn userspace_kernel_boundary(&self) -> &Self::UserspaceKernelBoundary;

    /// Waits for an interrupt in a state that saves power.
    fn sleep(&self);

    /// Runs `f` with interrupts off.
    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R;

    /// Writes the chip's state for people to read, less whatever needs `this`
    /// if that is `None`.
    ///
    /// # Safety
    ///
    /// For use after a panic: it may read registers and memory that others are
    /// using.
    unsafe fn print_state(this: Option<&Self>, writer: &mut dyn Write);
}

/// Tells threads apart. Interrupt handlers count as threads of their own.
///
/// # Safety
///
/// The number must differ between any two threads of execution that can run at
/// once, and never change for one of them.
pub unsafe trait ThreadIdProvider {
    /// The number of the thread that calls this.
    fn running_thread_id() -> usize;
}

/// Dispatches interrupts to peripherals.
pub trait InterruptService {
    /// Handles `interrupt`; `false` means that this chip has no such interrupt.
    fn service_interrupt(&self, interrupt: u32) -> bool;
}

impl InterruptService for () {
    fn service_interrupt(&self, _interrupt: u32) -> bool {
        false
    }
}

/// The clock of a peripheral.
pub trait ClockInterface {
    /// Whether the clock runs.
    fn is_enabled(&self) -> bool;
    /// Starts the clock.
    fn enable(&self);
    /// Stops the clock.
    fn disable(&self);
}

/// A clock that always runs.
pub struct NoClockControl {}

impl ClockInterface for NoClockControl {
    fn is_enabled(&self) -> bool {
        true
    }
    fn enable(&self) {}
    fn disable(&self) {}
}

/// The one clock that always runs, to borrow.
pub const NO_CLOCK_CONTROL: NoClockControl = NoClockControl {};

/// Makes a writer that works after a panic.
pub trait PanicWriter {
    /// What the writer needs to be told.
    type Config;

    /// Makes the writer. It must send without interrupts.
    ///
    /// # Safety
    ///
    /// For use after a panic: it may take hardware that others are using.
    unsafe fn create_panic_writer(config: Self::Config) -> impl IoWrite + core::fmt::Write;
}
