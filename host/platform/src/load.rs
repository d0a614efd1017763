// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Putting processes into a kernel.

#[cfg(not(feature = "upstream"))]
mod host;
#[cfg(feature = "upstream")]
mod tbf;
#[cfg(feature = "upstream")]
mod upstream;

#[cfg(not(feature = "upstream"))]
use host as kernels;
#[cfg(feature = "upstream")]
use upstream as kernels;

pub use kernels::Loaded;

use crate::{Arena, Flash, trace};
use core::fmt;
use core::ptr::NonNull;
use kernel::Kernel;
use kernel::platform::chip::Chip;
use kernel::process::{
    ProcessArray, ProcessFaultPolicy, ProcessSlot, ProcessStandardDebug,
    ProcessStandardStoragePermissionsPolicy, ShortId,
};

/// Everything a process is made of.
pub struct ProcessSpec<C: 'static + Chip, D: 'static + ProcessStandardDebug> {
    /// Its name.
    pub name: &'static str,
    /// Its short application id.
    pub short_id: ShortId,
    /// Its memory: app first, grants from the end downwards. Start and length must be multiples of
    /// 16. It may be cleared.
    pub memory: NonNull<[u8]>,
    /// Where its code and constants lie.
    pub flash: Flash,
    /// Its first function: of type [`AppFunction`](super::coroutine::AppFunction) under
    /// [`CoroutineBoundary`](super::coroutine::CoroutineBoundary). Called with start of flash,
    /// start of memory, length of memory and the break.
    pub init_fn: *const (),
    /// How many bytes of its memory the app claims for itself at least; only checked.
    pub minimum_ram: usize,
    /// What follows a fault.
    pub fault_policy: &'static dyn ProcessFaultPolicy,
    /// What it may do with persistent storage; `&()` for nothing.
    pub storage_permissions: &'static dyn ProcessStandardStoragePermissionsPolicy<C, D>,
}

/// Why a process could not be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// All slots are taken.
    NoSlot,
    /// Its memory is too small.
    NotEnoughMemory,
    /// Start or length of its memory is no multiple of 16.
    Misaligned,
    /// The kernel refused it for another reason.
    Refused,
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            LoadError::NoSlot => "no free process slot",
            LoadError::NotEnoughMemory => "the process needs more memory",
            LoadError::Misaligned => "process memory must be 16-byte aligned",
            LoadError::Refused => "the kernel refused the process",
        })
    }
}

impl std::error::Error for LoadError {}

/// A table of `count` empty slots for [`Kernel::new`].
pub fn process_slots(arena: &Arena, count: usize) -> &'static [ProcessSlot] {
    let one = ProcessArray::<1>::new();
    arena.alloc(vec![one[0].clone(); count])
}

/// Make a process and put it into the first free slot. From then on the kernel makes no more
/// grants.
///
/// # Errors
///
/// See [`LoadError`].
///
/// # Safety
///
/// The memory must belong to this process alone until the arena is dropped, and nothing but the app
/// and this kernel may access it. The flash must be readable as long and the first function of the
/// type the chip's boundary calls. With coroutines a guard page must lie below the memory.
pub unsafe fn load_process<C: Chip, D: ProcessStandardDebug>(
    arena: &Arena,
    kernel: &'static Kernel,
    slots: &'static [ProcessSlot],
    chip: &'static C,
    spec: &ProcessSpec<C, D>,
) -> Result<Loaded<C, D>, LoadError> {
    let aligned = |value: usize| value.is_multiple_of(align_of::<u128>());
    if !aligned(spec.memory.addr().get()) || !aligned(spec.memory.len()) {
        return Err(LoadError::Misaligned);
    }
    trace::loads(spec);
    // SAFETY: the caller's promise.
    unsafe { kernels::load(arena, kernel, slots, chip, spec) }
}
