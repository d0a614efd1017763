// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Loading into the host implementation, which has a function for it.

use super::{LoadError, LoadedAs, ProcessSpec, Standard};
use crate::Arena;
use core::hash::Hasher;
use kernel::Kernel;
use kernel::host;
use kernel::platform::chip::Chip;
use kernel::process::{ProcessSlot, ProcessStandard, ProcessStandardDebug};

impl<C: Chip + 'static, D: ProcessStandardDebug + 'static> LoadedAs for Standard<C, D> {
    type Process = ProcessStandard<'static, C, D>;

    fn queue_fingerprint(process: &Self::Process, hasher: &mut impl Hasher) {
        process.queue_fingerprint(hasher);
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
) -> Result<&'static ProcessStandard<'static, C, D>, LoadError> {
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
    unsafe { host::load_process(kernel, chip, &spec, |process| arena.alloc(process)) }.map_err(
        |error| match error {
            host::LoadError::NoSlot => LoadError::NoSlot,
            host::LoadError::NotEnoughMemory { .. } => LoadError::NotEnoughMemory,
            host::LoadError::Misaligned => LoadError::Misaligned,
            host::LoadError::Mpu | host::LoadError::Context => LoadError::Refused,
        },
    )
}
