// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Every schedule within bounds, tried on the shipped drivers.
//!
//! A *schedule* is the list of what was chosen wherever things could go one way or the
//! other: [`dice`]. A [`world`] runs one schedule on a board, from a device that is off
//! to one that is off again, with all [checks](crate::breach) on. The [`search`] runs
//! one schedule after the other: each alternative that a run passed by is a schedule of
//! its own. No state is ever copied; a schedule is always run from its beginning.
//!
//! # What can be chosen
//!
//! - Between two passes of the kernel loop: make the next pass, or let time pass until the
//!   next interrupt although a process could run; terminate, stop or resume a process;
//!   detach or attach the device; arm a fault of the hardware. With a stall in the
//!   bounds time may also pass with an interrupt or a deferred call pending.
//! - Which of several pending interrupts is served first, and which process runs.
//! - Before each system call of a process: it goes on, exits, exits to be restarted, or
//!   faults.
//!
//! # Why states that were seen before need not be looked at again
//!
//! Before each pass the board's state is reduced to a fingerprint: driver, capsule, chip
//! driver, peripheral, flash, processes with their queues, content of the regions, time
//! until what is to come, and how many deaths, detaches and so on are left. What happens
//! from there on depends on nothing else, so what can be reached from an equal state was,
//! or will be, reached from the first one. A run goes on to its end all the same, and is
//! checked, but what it passes by from there on is not tried.
//!
//! Three things make states equal that would differ by nothing but time. The CPU wakes at
//! whole ticks of the alarm only; it works infinitely fast; and times ahead are compared
//! to the µs. Apps depend on nothing but what the kernel told them, so the sequence of that
//! stands for their state.
//!
//! Fingerprints have 64 bits: with ten million states the chance that any two differ and
//! look equal is below one in a hundred thousand. `--no-prune` turns all this off.

pub mod apps;
pub mod bounds;
mod crew;
pub mod dice;
pub mod fault;
pub mod random;
pub mod replay;
pub mod schedule;
pub mod search;
pub mod seen;
pub mod shrink;
pub mod subject;
pub mod traced;
pub mod workload;
pub mod world;
