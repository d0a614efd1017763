// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was done altogether.

use std::fmt;
use std::sync::Mutex;

/// The sums.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Times that the machine was started.
    pub boots: u64,
    /// Apps that were in it, in all boots together.
    pub apps: u64,
    /// Kills of the emulator after which all was there.
    pub kills: u64,
    /// Lives of apps that ended in mid-operation.
    pub deaths: u64,
    /// Detaches.
    pub detaches: u64,
    /// Operations that the kernel accepted.
    pub operations: u64,
    /// Bytes of the array compared from outside.
    pub bytes: u64,
    /// The least of the kernel's stack that was never used, in bytes.
    pub spare_stack: u64,
}

static SUMS: Mutex<Figures> = Mutex::new(Figures {
    boots: 0,
    apps: 0,
    kills: 0,
    deaths: 0,
    detaches: 0,
    operations: 0,
    bytes: 0,
    spare_stack: u64::MAX,
});

/// Adds to the sums.
pub fn add(change: impl FnOnce(&mut Figures)) {
    // A scenario that failed meanwhile leaves sums as good as before.
    let mut sums = SUMS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    change(&mut sums);
}

/// The sums.
pub fn sums() -> Figures {
    *SUMS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} boots, {} apps run, {} operations, {} deaths in mid-operation, {} detaches, \
             {} kills survived, {} bytes of the array compared from outside",
            self.boots,
            self.apps,
            self.operations,
            self.deaths,
            self.detaches,
            self.kills,
            self.bytes
        )?;
        match self.spare_stack {
            u64::MAX => Ok(()),
            bytes => write!(f, ", {bytes} bytes of stack to spare"),
        }
    }
}
