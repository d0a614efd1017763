// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Inter-process communication: the names only.
//!
//! The kernel loop takes an `Option<&IPC<_>>`. On the host it is always `None`, and the type has no
//! value, so that nothing can pretend otherwise.

use core::convert::Infallible;

/// The service that would carry messages between processes.
pub struct IPC<const NUM_PROCS: u8>(Infallible);

impl<const NUM_PROCS: u8> IPC<NUM_PROCS> {
    pub(crate) fn never(&self) -> ! {
        match self.0 {}
    }
}

/// Which side of a message an upcall is for.
#[derive(Copy, Clone, Debug)]
pub enum IPCUpcallType {
    /// For the side that offers the service.
    Service,
    /// For the side that uses it.
    Client,
}
