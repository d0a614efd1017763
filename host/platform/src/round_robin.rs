// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Round-robin scheduling: upstream's own with upstream's kernel, which keeps it in a capsule; else
//! one that does the same.

#[cfg(not(feature = "upstream"))]
mod host;
#[cfg(feature = "upstream")]
mod upstream;

#[cfg(not(feature = "upstream"))]
pub use host::RoundRobin;
#[cfg(feature = "upstream")]
pub use upstream::RoundRobin;
