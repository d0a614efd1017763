// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! SPI-NOR flash for Tock: the part, its lifecycle, and its faces.
//!
//! ```text
//!  apps ──► driver ─┐
//!          region ──┤
//!           flash ──┼─► device ─► qspi_hil::Controller
//!         storage ──┘      │
//!                          ├─ lifecycle   when the part is powered (pure)
//!                          ├─ bring_up    from unknown to ready (pure)
//!                          ├─ operation   read, program, erase (pure)
//!                          └─ shut_down   to sleep (pure)
//! ```
//!
//! The contract of teardown, and how it is kept, is in `doc/teardown.md`.

#![no_std]
#![forbid(unsafe_code)]

pub mod aside;
pub mod bite;
pub mod bring_up;
pub mod client;
mod copying;
pub mod device;
pub mod discovery;
pub mod driver;
pub mod errand;
pub mod error;
pub mod facts;
pub mod features;
pub mod fixed_parts;
pub mod flash;
pub mod geometry;
pub mod identity;
pub mod kernel_face;
pub mod lease;
pub mod lifecycle;
pub mod maintenance;
pub mod opcode;
pub mod operation;
pub mod otp;
pub mod pace;
pub mod part;
pub mod parts_by_id;
pub mod plan;
pub mod profile;
pub mod protection;
pub mod record;
pub mod region;
pub mod region_face;
pub mod script;
pub mod sfdp;
pub mod shut_down;
pub mod slots;
pub mod status_register;
pub mod storage;
pub mod stream;
pub mod suspension;
pub mod sweeping_scheduler;
pub mod unlock;
pub mod window;
pub mod work;
