// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Fault policies: upstream's own with upstream's kernel, which keeps them in a capsule; else policies
//! under the same names that do the same.

#[cfg(not(feature = "upstream"))]
mod host;

#[cfg(feature = "upstream")]
pub use capsules_system::process_policies::{
    PanicFaultPolicy, RestartFaultPolicy, RestartWithDebugFaultPolicy, StopFaultPolicy,
    StopWithDebugFaultPolicy, ThresholdRestartFaultPolicy, ThresholdRestartThenPanicFaultPolicy,
};
#[cfg(not(feature = "upstream"))]
pub use host::{
    PanicFaultPolicy, RestartFaultPolicy, RestartWithDebugFaultPolicy, StopFaultPolicy,
    StopWithDebugFaultPolicy, ThresholdRestartFaultPolicy, ThresholdRestartThenPanicFaultPolicy,
};
