// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock's kernel interface, implemented for the host.

/// Major version of the kernel interface this crate implements.
pub const KERNEL_MAJOR_VERSION: u16 = 2;
/// Minor version of the kernel interface this crate implements.
pub const KERNEL_MINOR_VERSION: u16 = 3;
/// Patch version of the kernel interface this crate implements.
pub const KERNEL_PATCH_VERSION: u16 = 0;
/// Pre-release counter of the kernel interface; zero stands for a release.
pub const KERNEL_PRERELEASE_VERSION: u16 = 1;

pub mod capabilities;
pub mod collections;
pub mod component;
pub mod debug;
pub mod deferred_call;
pub mod errorcode;
pub mod grant;
pub mod hil;
pub mod host;
pub mod ipc;
pub mod platform;
pub mod process;
pub mod processbuffer;
pub mod scheduler;
pub mod storage_permissions;
pub mod syscall;
pub mod upcall;
pub mod utilities;

mod kernel;
mod memop;
mod process_policies;
mod process_standard;
mod syscall_driver;

pub use crate::errorcode::ErrorCode;
pub use crate::kernel::Kernel;
pub use crate::process::ProcessId;
pub use crate::scheduler::Scheduler;
