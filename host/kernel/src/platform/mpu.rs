// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The memory protection unit as the kernel drives it.

use core::fmt::{self, Display};

/// What a process may do with a region of memory.
#[derive(Copy, Clone, Debug)]
pub enum Permissions {
    /// Anything.
    ReadWriteExecute,
    /// Read and write.
    ReadWriteOnly,
    /// Read and execute.
    ReadExecuteOnly,
    /// Read.
    ReadOnly,
    /// Execute.
    ExecuteOnly,
}

/// A stretch of memory.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Region {
    start_address: *const u8,
    size: usize,
}

impl Region {
    /// The `size` bytes from `start_address` on.
    pub fn new(start_address: *const u8, size: usize) -> Region {
        Region {
            start_address,
            size,
        }
    }

    /// Where the region starts.
    pub fn start_address(&self) -> *const u8 {
        self.start_address
    }

    /// How many bytes the region has.
    pub fn size(&self) -> usize {
        self.size
    }
}

/// A configuration with nothing in it, for chips without an MPU.
pub struct MpuConfigDefault;

impl Display for MpuConfigDefault {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A memory protection unit.
///
/// # Safety
///
/// The kernel's isolation rests on it: with protection enabled, a process can
/// reach the regions of the configuration in force and nothing else.
pub unsafe trait MPU {
    /// The regions of one process.
    type MpuConfig: Display;

    /// Enforces the configuration in force.
    fn enable_app_mpu(&self);

    /// Lets the kernel reach all memory again.
    ///
    /// # Safety
    ///
    /// Protection must be enabled again before a process runs.
    unsafe fn disable_app_mpu(&self);

    /// How many regions the unit has.
    fn number_total_regions(&self) -> usize;

    /// A configuration without regions, or `None` if there can be no more
    /// configurations.
    fn new_config(&self) -> Option<Self::MpuConfig>;

    /// Removes all regions from `config`.
    fn reset_config(&self, config: &mut Self::MpuConfig);

    /// Adds a region of at least `min_region_size` bytes within the memory
    /// given and apart from the other regions; `None` if that cannot be.
    fn allocate_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_region_size: usize,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Option<Region>;

    /// Removes a region that [`allocate_region`](MPU::allocate_region) added.
    /// Fails if there is no such region.
    #[allow(clippy::result_unit_err)]
    fn remove_memory_region(&self, region: Region, config: &mut Self::MpuConfig) -> Result<(), ()>;

    /// Places a process's memory, of at least `min_memory_size` bytes, within
    /// the memory given, and adds the region for the part the process may reach:
    /// at least the first `initial_app_memory_size` bytes, none of the last
    /// `initial_kernel_memory_size`. Returns where the memory starts and how
    /// many bytes it has, or `None` if that cannot be or was done before.
    #[allow(clippy::too_many_arguments)]
    fn allocate_app_memory_region(
        &self,
        unallocated_memory_start: *const u8,
        unallocated_memory_size: usize,
        min_memory_size: usize,
        initial_app_memory_size: usize,
        initial_kernel_memory_size: usize,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Option<(*const u8, usize)>;

    /// Moves the end of the part the process may reach to `app_memory_break`,
    /// below `kernel_memory_break`. Fails, with `config` unchanged, if that
    /// cannot be.
    #[allow(clippy::result_unit_err)]
    fn update_app_memory_region(
        &self,
        app_memory_break: *const u8,
        kernel_memory_break: *const u8,
        permissions: Permissions,
        config: &mut Self::MpuConfig,
    ) -> Result<(), ()>;

    /// Puts `config` in force for when protection is next enabled.
    ///
    /// # Safety
    ///
    /// `config` must not let the process reach memory of the kernel, nor a
    /// peripheral that could reach it.
    unsafe fn configure_mpu(&self, config: &Self::MpuConfig);
}
