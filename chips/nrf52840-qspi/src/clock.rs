// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The hook for the high-frequency crystal oscillator (HFXO).
//!
//! Anomaly 244: data is corrupted if the high-frequency clock switches between the
//! internal oscillator and the crystal during a transfer. So the driver asks for the
//! crystal before it enables the peripheral and releases it after it has
//! disabled it. The board shares the oscillator with the radio and USB, so it is the board
//! that counts who needs it.

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The crystal runs, and will until it is released.
    Running,
    /// It is starting. [`ClockClient::clock_runs`] tells when it runs.
    Starting,
    /// It can't be had.
    Unavailable,
}

/// The crystal oscillator, as the board shares it.
pub trait Clock {
    /// Asks that the crystal runs until [`release`](Self::release).
    ///
    /// The client must not be called from inside this.
    fn request(&self) -> Request;

    /// Takes a request back that was answered with anything but
    /// [`Request::Unavailable`]. A callback that was still to come must not come.
    fn release(&self);

    /// The longest time in µs from a request until the crystal runs.
    fn longest_us(&self) -> u32;
}

/// Who is told by a [`Clock`].
pub trait ClockClient {
    /// The crystal runs that was answered [`Request::Starting`].
    fn clock_runs(&self);
}
