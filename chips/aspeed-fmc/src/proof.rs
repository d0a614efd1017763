// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The two proofs of `qspi-hil`. The chip has one FMC and the driver is created with the
//! only [`Off`], so at most one of the two exists at any time.

/// The controller is on and nothing is in flight.
///
/// Only the driver can make one:
///
/// ```compile_fail,E0423
/// let idle = aspeed_fmc::Idle(());
/// ```
#[derive(Debug)]
pub struct Idle(pub(crate) ());

/// The controller is off.
///
/// ```compile_fail,E0423
/// let off = aspeed_fmc::Off(());
/// ```
#[derive(Debug)]
pub struct Off(pub(crate) ());

// A proof costs nothing at run time.
const _: () = assert!(size_of::<Idle>() == 0 && size_of::<Off>() == 0);
