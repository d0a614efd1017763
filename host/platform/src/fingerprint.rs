// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What upcalls a process has queued, for those who enumerate states.

use crate::{Loaded, LoadedAs, Standard};
use core::hash::Hasher;
use kernel::platform::chip::Chip;
use kernel::process::ProcessStandardDebug;

/// Whether [`queue_fingerprint`] sees all of the queue. Upstream's kernel shows no more than how many
/// entries it has: runs can be compared by it, and states can't be told apart.
pub const QUEUES_ARE_SEEN: bool = cfg!(not(feature = "upstream"));

/// A digest of the queue of `process`.
pub fn queue_fingerprint<C, D>(process: &Loaded<C, D>, hasher: &mut impl Hasher)
where
    C: Chip + 'static,
    D: ProcessStandardDebug + 'static,
    Standard<C, D>: LoadedAs,
{
    Standard::<C, D>::queue_fingerprint(process, hasher);
}
