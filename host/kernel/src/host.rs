// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! **Host only**: what a program that holds a kernel needs and only this crate can give. Upstream
//! has none of this, and nothing a chip or a capsule does may depend on it.
//!
//! A board comes to life in this order:
//!
//! 1. [`reset_thread`], then `initialize_deferred_call_state`.
//! 2. The slots, the [`Kernel`](crate::Kernel), the chip and the capsules with their grants.
//! 3. Memory for each process and [`load_process`].
//! 4. `kernel_loop_operation`, as often as the program likes.
//! 5. [`reset_thread`], then everything may be freed.
//!
//! What runs apps on it, on this kernel and on upstream's, is the crate `tock-host-platform`.

mod flash;
mod inspect;
mod load;

pub use flash::Flash;
pub use inspect::{BufferView, GrantView, ProcessView, SubscriptionView};
pub use load::{LoadError, ProcessSpec, load_process, unload_process};

/// Forget what the kernel keeps per thread: deferred calls and the debug writer. For use before
/// a board is built and before what it is made of is freed.
pub fn reset_thread() {
    crate::deferred_call::reset_deferred_call_state();
    crate::debug::reset_debug_writer();
}
