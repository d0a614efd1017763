// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Upstream's isolated storage for apps (driver 0x50004) on whatever is a
//! [`NonvolatileStorage`].
//!
//! Upstream's component of that name puts it on a [`kernel::hil::flash::Flash`], with a layer in
//! between that rewrites a page for each write. [`crate::storage`] needs no such layer.

use capsules_extra::isolated_nonvolatile_storage_driver::{BUF_LEN, IsolatedNonvolatileStorage};
use core::mem::MaybeUninit;
use kernel::Kernel;
use kernel::capabilities::MemoryAllocationCapability;
use kernel::component::Component;
use kernel::hil::nonvolatile_storage::NonvolatileStorage;

/// Memory for an [`IsolatedStorageComponent`] with regions of this many bytes.
#[macro_export]
macro_rules! isolated_storage_component_static {
    ($APP_REGION_SIZE:expr $(,)?) => {{
        let capsule = kernel::static_buf!(
            capsules_extra::isolated_nonvolatile_storage_driver::IsolatedNonvolatileStorage<
                'static,
                { $APP_REGION_SIZE },
            >
        );
        let buffer =
            kernel::static_buf!([u8; capsules_extra::isolated_nonvolatile_storage_driver::BUF_LEN]);
        (capsule, buffer)
    }};
}

/// What the component makes.
pub type IsolatedStorage<const APP_REGION_SIZE: usize> =
    IsolatedNonvolatileStorage<'static, APP_REGION_SIZE>;

/// Regions of `APP_REGION_SIZE` bytes for the apps that ask for one.
pub struct IsolatedStorageComponent<
    S: NonvolatileStorage<'static> + 'static,
    CAP: MemoryAllocationCapability,
    const APP_REGION_SIZE: usize,
> {
    board_kernel: &'static Kernel,
    driver_num: usize,
    storage: &'static S,
    length: usize,
    capability: CAP,
}

impl<S: NonvolatileStorage<'static>, CAP: MemoryAllocationCapability, const APP_REGION_SIZE: usize>
    IsolatedStorageComponent<S, CAP, APP_REGION_SIZE>
{
    /// On the first `length` bytes of `storage`.
    pub fn new(
        board_kernel: &'static Kernel,
        driver_num: usize,
        storage: &'static S,
        length: usize,
        capability: CAP,
    ) -> Self {
        IsolatedStorageComponent {
            board_kernel,
            driver_num,
            storage,
            length,
            capability,
        }
    }
}

impl<S: NonvolatileStorage<'static>, CAP: MemoryAllocationCapability, const APP_REGION_SIZE: usize>
    Component for IsolatedStorageComponent<S, CAP, APP_REGION_SIZE>
{
    type StaticInput = (
        &'static mut MaybeUninit<IsolatedNonvolatileStorage<'static, APP_REGION_SIZE>>,
        &'static mut MaybeUninit<[u8; BUF_LEN]>,
    );
    type Output = &'static IsolatedStorage<APP_REGION_SIZE>;

    fn finalize(self, (capsule, buffer): Self::StaticInput) -> Self::Output {
        let grant = self
            .board_kernel
            .create_grant(self.driver_num, &self.capability);
        let capsule: &'static IsolatedStorage<APP_REGION_SIZE> =
            capsule.write(IsolatedNonvolatileStorage::new(
                self.storage,
                grant,
                0,
                self.length,
                buffer.write([0; BUF_LEN]),
            ));
        self.storage.set_client(capsule);
        capsule
    }
}
