// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel asks of a chip and of a board.

pub mod chip;
pub mod dma_fence;
pub mod mpu;
pub mod scheduler_timer;
pub mod watchdog;

// Upstream names it so.
#[allow(clippy::module_inception)]
pub(crate) mod platform;

pub use self::platform::ContextSwitchCallback;
pub use self::platform::KernelResources;
pub use self::platform::ProcessFault;
pub use self::platform::SyscallDriverLookup;
pub use self::platform::SyscallFilter;
