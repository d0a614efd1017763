// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! **Host only**: how a program holds a kernel. Upstream has none of this, and nothing a chip or a
//! capsule does may depend on it.
//!
//! A board comes to life in this order:
//!
//! 1. [`reset_thread`], then `initialize_deferred_call_state`.
//! 2. An [`Arena`] for everything that is `'static` on a real board, and in it the slots
//!    ([`process_slots`]), the [`Kernel`](crate::Kernel), the chip and the capsules with their
//!    grants.
//! 3. Memory for each process ([`ProcessMemory`], or any region with a guard page below it) and
//!    [`load_process`].
//! 4. `kernel_loop_operation`, as often as the program likes.
//! 5. [`reset_thread`], then drop the arena: everything is freed.
//!
//! Apps run as coroutines on their own memory; see [`coroutine`].

pub mod abi;
mod arena;
pub mod coroutine;
mod flash;
mod inspect;
mod load;
mod memory;
mod no_mpu;
pub mod policies;
pub mod round_robin;

pub use arena::Arena;
pub use flash::Flash;
pub use inspect::{BufferView, GrantView, ProcessView, SubscriptionView};
pub use load::{LoadError, ProcessSpec, load_process, process_slots, unload_process};
pub use memory::ProcessMemory;
pub use no_mpu::NoMpu;

/// Forget what the kernel keeps per thread: deferred calls and the debug writer. For use before
/// a board is built and before its arena is dropped.
pub fn reset_thread() {
    crate::deferred_call::reset_deferred_call_state();
    crate::debug::reset_debug_writer();
}
