// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board decides about its processes: faults and storage permissions.
//!
//! Ready-made fault policies are in `kernel::host::policies`; upstream keeps them in a capsule
//! crate.

use crate::platform::chip::Chip;
use crate::process::{FaultAction, Process};
use crate::process_standard::{ProcessStandard, ProcessStandardDebug};
use crate::storage_permissions::StoragePermissions;

/// Decides what follows a fault.
pub trait ProcessFaultPolicy {
    /// Asked while the process is still as it was when it faulted.
    fn action(&self, process: &dyn Process) -> FaultAction;
}

/// Decides what a process may do with persistent storage.
pub trait ProcessStandardStoragePermissionsPolicy<C: Chip, D: ProcessStandardDebug> {
    /// Asked once, at load.
    fn get_permissions(&self, process: &ProcessStandard<C, D>) -> StoragePermissions;
}

/// No storage for anyone.
impl<C: Chip, D: ProcessStandardDebug> ProcessStandardStoragePermissionsPolicy<C, D> for () {
    fn get_permissions(&self, _process: &ProcessStandard<C, D>) -> StoragePermissions {
        StoragePermissions::new_null()
    }
}
