// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What on real hardware is left to chance, and here to whoever asks for it.

use crate::chip::Sabotage;

/// Decides what could go either way. Without one a board decides by itself, always alike.
pub trait Chance {
    /// Which of so many pending interrupts is served next; there is more than one.
    fn interrupt(&self, pending: usize) -> usize;
    /// Which of so many processes that could run does so; there is more than one.
    fn process(&self, ready: usize) -> usize;
    /// What the process does instead of its next step, whose memory starts at `memory`.
    fn sabotage(&self, memory: usize) -> Option<Sabotage>;
}
