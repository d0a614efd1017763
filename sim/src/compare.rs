// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Other ways to switch off a flash, in the same world as ours.
//!
//! Why not a flag and a sleep, or a count? Here is what becomes of them: the same apps, flash,
//! peripheral, kernel, ledger and explorer as for the shipped drivers, with a small driver
//! instead that works well until somebody dies in mid-operation or the device is detached, and
//! then does what its authors would do. See `doc/compare.md`.
//!
//! [`policy`] is all that tells the baselines apart; [`driver`] and [`flash`] are what they
//! have in common; [`cases`] are the workloads; [`trial`] tries them out; [`story`] tells a
//! single schedule.

pub mod board;
pub mod cases;
pub mod driver;
pub mod flash;
pub mod policy;
pub mod story;
pub mod trial;
