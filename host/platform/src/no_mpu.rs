// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory protection for a machine that has none.

use kernel::platform::mpu::{MPU, MpuConfigDefault, Permissions, Region};

/// Says yes to everything and protects nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMpu;

// SAFETY: nothing is protected, which the host program accepts: apps are part of it.
unsafe impl MPU for NoMpu {
    type MpuConfig = MpuConfigDefault;

    fn enable_app_mpu(&self) {}

    unsafe fn disable_app_mpu(&self) {}

    fn number_total_regions(&self) -> usize {
        0
    }

    fn new_config(&self) -> Option<MpuConfigDefault> {
        Some(MpuConfigDefault)
    }

    fn reset_config(&self, _config: &mut MpuConfigDefault) {}

    fn allocate_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
        _permissions: Permissions,
        _config: &mut MpuConfigDefault,
    ) -> Option<Region> {
        (min_region_size <= unallocated_memory_size)
            .then(|| Region::new(unallocated_memory_start, min_region_size))
    }

    fn remove_memory_region(
        &self,
        _region: Region,
        _config: &mut MpuConfigDefault,
    ) -> Result<(), ()> {
        Ok(())
    }

    fn allocate_app_memory_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        _permissions: Permissions,
        _config: &mut MpuConfigDefault,
    ) -> Option<(*const u8, usize)> {
        // Whoever asks gets all there is: a process has its memory to itself.
        let needed = min_memory_size.max(initial_app_memory_size + initial_kernel_memory_size);
        (needed <= unallocated_memory_size)
            .then_some((unallocated_memory_start, unallocated_memory_size))
    }

    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        _permissions: Permissions,
        _config: &mut MpuConfigDefault,
    ) -> Result<(), ()> {
        if app_memory_break <= kernel_memory_break {
            Ok(())
        } else {
            Err(())
        }
    }

    unsafe fn configure_mpu(&self, _config: &MpuConfigDefault) {}
}
