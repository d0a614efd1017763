// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Loading into the host implementation, which has a function for it.

use super::{LoadError, ProcessSpec};
use crate::Arena;
use core::hash::Hasher;
use core::ops::Deref;
use kernel::Kernel;
use kernel::host;
use kernel::platform::chip::Chip;
use kernel::process::{Process, ProcessSlot, ProcessStandard, ProcessStandardDebug};

/// A loaded process on chip `C` that keeps debug records of type `D`.
pub struct Loaded<C: Chip + 'static, D: ProcessStandardDebug + 'static> {
    process: &'static ProcessStandard<'static, C, D>,
}

impl<C: Chip, D: ProcessStandardDebug> Loaded<C, D> {
    /// **Not with upstream's kernel**: all of the process.
    pub fn standard(&self) -> &'static ProcessStandard<'static, C, D> {
        self.process
    }

    /// A digest of what is in its queue, for those who enumerate states. See
    /// [`QUEUES_ARE_SEEN`](crate::QUEUES_ARE_SEEN).
    pub fn queue_fingerprint(&self, hasher: &mut impl Hasher) {
        self.process.queue_fingerprint(hasher);
    }
}

impl<C: Chip, D: ProcessStandardDebug> Deref for Loaded<C, D> {
    type Target = dyn Process;

    fn deref(&self) -> &Self::Target {
        self.process
    }
}

/// # Safety
///
/// That of [`super::load_process`].
pub(super) unsafe fn load<C: Chip, D: ProcessStandardDebug>(
    arena: &Arena,
    kernel: &'static Kernel,
    _slots: &'static [ProcessSlot],
    chip: &'static C,
    spec: &ProcessSpec<C, D>,
) -> Result<Loaded<C, D>, LoadError> {
    let flash = spec.flash;
    let spec = host::ProcessSpec {
        name: spec.name,
        short_id: spec.short_id,
        memory: spec.memory,
        flash: host::Flash::new(
            core::ptr::with_exposed_provenance(flash.start()),
            flash.visible_start() - flash.start(),
            flash.len(),
        ),
        init_fn: spec.init_fn,
        minimum_ram: spec.minimum_ram,
        fault_policy: spec.fault_policy,
        storage_permissions: spec.storage_permissions,
    };
    // SAFETY: the caller's promise.
    let loaded = unsafe { host::load_process(kernel, chip, &spec, |process| arena.alloc(process)) };
    match loaded {
        Ok(process) => Ok(Loaded { process }),
        Err(host::LoadError::NoSlot) => Err(LoadError::NoSlot),
        Err(host::LoadError::NotEnoughMemory { .. }) => Err(LoadError::NotEnoughMemory),
        Err(host::LoadError::Misaligned) => Err(LoadError::Misaligned),
        Err(host::LoadError::Mpu | host::LoadError::Context) => Err(LoadError::Refused),
    }
}
