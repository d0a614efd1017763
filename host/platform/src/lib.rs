// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a program needs to run a Tock kernel and apps on a PC, apart from chip and drivers.
//!
//! It asks of the `kernel` crate nothing but what upstream's has, with one exception: how a process
//! is put into a kernel, which `load` does in two ways. With the feature `upstream` the crate is
//! upstream's; else it is the host implementation of its interface.
//!
//! A board comes to life in this order:
//!
//! 1. [`reset_thread`], then `initialize_deferred_call_state` with [`Threads`].
//! 2. An [`Arena`] for everything that is `'static` on a real board, and in it the slots
//!    ([`process_slots`]), the kernel, the chip and the capsules with their grants.
//! 3. Memory for each process ([`ProcessMemory`], or any region with a guard page below it) and
//!    [`load_process`].
//! 4. `kernel_loop_operation`, as often as the program likes.
//! 5. [`reset_thread`], then drop the arena: everything is freed.
//!
//! Upstream keeps its deferred calls in static variables that are never reset: a program gets **one**
//! board out of it, and a program that wants more of them forks.
//!
//! Apps run as coroutines on their own memory; see [`coroutine`].

pub mod abi;
mod arena;
pub mod coroutine;
mod flash;
mod load;
mod memory;
mod no_mpu;
pub mod policies;
mod reset;
pub mod round_robin;
mod threads;
pub mod trace;

pub use arena::Arena;
pub use flash::Flash;
pub use load::{LoadError, Loaded, ProcessSpec, load_process, process_slots};
pub use memory::ProcessMemory;
pub use no_mpu::NoMpu;
pub use reset::reset_thread;
pub use threads::Threads;

/// Which kernel this is: "host" or "upstream".
pub const KERNEL: &str = if cfg!(feature = "upstream") {
    "upstream"
} else {
    "host"
};

/// Whether [`Loaded::queue_fingerprint`] sees all of the queue. Upstream's kernel shows no more than
/// how many entries it has: runs can be compared by it, and states can't be told apart.
pub const QUEUES_ARE_SEEN: bool = cfg!(not(feature = "upstream"));

/// Whether there can be one board after the other, in any thread. With upstream's kernel there is one
/// in a program.
pub const BOARDS_CAN_FOLLOW: bool = cfg!(not(feature = "upstream"));
