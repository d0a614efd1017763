// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Putting processes into a kernel and taking them out.

use core::fmt;
use core::ptr::NonNull;

use crate::Kernel;
use crate::host::Flash;
use crate::platform::chip::Chip;
use crate::process::{
    ProcessFaultPolicy, ProcessId, ProcessStandard, ProcessStandardDebug,
    ProcessStandardStoragePermissionsPolicy, ShortId,
};

/// Everything a process is made of.
pub struct ProcessSpec<'a, C: 'static + Chip, D: 'static + ProcessStandardDebug> {
    /// Its name.
    pub name: &'static str,
    /// Its short application id.
    pub short_id: ShortId,
    /// Its memory: app first, grants from the end downwards. Start and length must be multiples of
    /// 16. It is not cleared.
    pub memory: NonNull<[u8]>,
    /// Where its code and constants lie.
    pub flash: Flash,
    /// Its first function, of the type that the chip's boundary calls. It is given start of flash,
    /// start of memory, length of memory and the break.
    pub init_fn: *const (),
    /// How many bytes of its memory the app claims for itself at least; only checked.
    pub minimum_ram: usize,
    /// What follows a fault.
    pub fault_policy: &'a dyn ProcessFaultPolicy,
    /// What it may do with persistent storage; `&()` for nothing.
    pub storage_permissions: &'a dyn ProcessStandardStoragePermissionsPolicy<C, D>,
}

/// Why a process could not be loaded. No id was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// All slots are taken.
    NoSlot,
    /// Its memory must have so many bytes.
    NotEnoughMemory {
        /// Bytes.
        needed: usize,
    },
    /// Start or length of its memory is no multiple of 16.
    Misaligned,
    /// The memory protection unit cannot express it.
    Mpu,
    /// The boundary could not make a context in its memory.
    Context,
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NoSlot => formatter.write_str("no free process slot"),
            LoadError::NotEnoughMemory { needed } => {
                write!(formatter, "the process needs {needed} bytes of memory")
            }
            LoadError::Misaligned => formatter.write_str("process memory must be 16-byte aligned"),
            LoadError::Mpu => formatter.write_str("memory protection refused"),
            LoadError::Context => formatter.write_str("no context could be made"),
        }
    }
}

impl std::error::Error for LoadError {}

/// Make a process, have it kept, and put it into the first free slot. From then on the kernel makes
/// no more grants.
///
/// # Errors
///
/// See [`LoadError`].
///
/// # Safety
///
/// The memory must belong to this process alone until it is unloaded or dropped, and nothing but the
/// app and this kernel may access it. The flash must be readable as long and the first function of
/// the type the chip's boundary calls. What else the boundary asks for must hold.
pub unsafe fn load_process<C: Chip, D: ProcessStandardDebug>(
    kernel: &'static Kernel,
    chip: &'static C,
    spec: &ProcessSpec<'static, C, D>,
    keep: impl FnOnce(ProcessStandard<'static, C, D>) -> &'static ProcessStandard<'static, C, D>,
) -> Result<&'static ProcessStandard<'static, C, D>, LoadError> {
    let (index, slot) = kernel
        .next_available_process_slot()
        .ok_or(LoadError::NoSlot)?;
    let process = keep(ProcessStandard::new(kernel, chip, index, spec)?);
    slot.set(process);
    Ok(process)
}

/// Terminate the first process with that application id and empty its slot; its id is returned.
/// No driver is told. The process object stays where it is kept.
pub fn unload_process(kernel: &Kernel, short_id: ShortId) -> Option<ProcessId> {
    kernel
        .remove_process(short_id)
        .map(|process| process.processid())
}
