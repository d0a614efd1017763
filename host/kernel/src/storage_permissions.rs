// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which stored objects an application may read, change and create.

use core::num::NonZeroU32;

use crate::capabilities::{ApplicationStorageCapability, KerneluserStorageCapability};

/// One application's, or the kernel's, rights to persistent storage. An object bears the
/// identifier of whoever wrote it; the kernel's is zero.
#[derive(Clone, Copy)]
pub struct StoragePermissions(Rights);

#[derive(Clone, Copy)]
enum Rights {
    Null,
    Kernel,
    SelfOnly(NonZeroU32),
    FixedSize(FixedSizePermissions),
    Listed(ListedPermissions),
}

/// Rights with up to eight identifiers to read and eight to change.
#[derive(Clone, Copy)]
pub struct FixedSizePermissions {
    own: OwnRights,
    read_count: usize,
    read_permissions: [u32; 8],
    modify_count: usize,
    modify_permissions: [u32; 8],
}

/// Rights with lists of any length.
#[derive(Clone, Copy)]
pub struct ListedPermissions {
    own: OwnRights,
    read_permissions: &'static [u32],
    modify_permissions: &'static [u32],
}

/// What an application may do with objects that bear its own identifier.
#[derive(Clone, Copy)]
struct OwnRights {
    app_id: NonZeroU32,
    write: bool,
    read_modify: bool,
}

impl OwnRights {
    /// Zero is the kernel's identifier and never granted by a list.
    fn allow(&self, stored_id: u32, list: &[u32]) -> bool {
        (self.read_modify && stored_id == self.app_id.get())
            || (stored_id != 0 && list.contains(&stored_id))
    }

    fn write_id(&self) -> Option<u32> {
        self.write.then_some(self.app_id.get())
    }
}

impl FixedSizePermissions {
    fn readable(&self) -> &[u32] {
        self.read_permissions
            .get(..self.read_count)
            .unwrap_or_default()
    }

    fn modifiable(&self) -> &[u32] {
        self.modify_permissions
            .get(..self.modify_count)
            .unwrap_or_default()
    }
}

impl StoragePermissions {
    /// An application with full rights to what it wrote and to nothing else.
    pub fn new_self_only(
        short_id_fixed: NonZeroU32,
        _cap: &dyn ApplicationStorageCapability,
    ) -> Self {
        Self(Rights::SelfOnly(short_id_fixed))
    }

    /// An application with a few identifiers to read and change.
    #[allow(clippy::too_many_arguments)]
    pub fn new_fixed_size(
        app_id: NonZeroU32,
        write_permission: bool,
        read_modify_self: bool,
        read_count: usize,
        read_permissions: [u32; 8],
        modify_count: usize,
        modify_permissions: [u32; 8],
        _cap: &dyn ApplicationStorageCapability,
    ) -> Self {
        Self(Rights::FixedSize(FixedSizePermissions {
            own: OwnRights {
                app_id,
                write: write_permission,
                read_modify: read_modify_self,
            },
            read_count,
            read_permissions,
            modify_count,
            modify_permissions,
        }))
    }

    /// An application with lists of identifiers to read and change.
    pub fn new_listed(
        app_id: NonZeroU32,
        write_permission: bool,
        read_modify_self: bool,
        read_permissions: &'static [u32],
        modify_permissions: &'static [u32],
        _cap: &dyn ApplicationStorageCapability,
    ) -> Self {
        Self(Rights::Listed(ListedPermissions {
            own: OwnRights {
                app_id,
                write: write_permission,
                read_modify: read_modify_self,
            },
            read_permissions,
            modify_permissions,
        }))
    }

    /// The kernel's own objects and nothing else.
    pub fn new_kernel(_cap: &dyn KerneluserStorageCapability) -> Self {
        Self(Rights::Kernel)
    }

    /// Nothing at all.
    pub fn new_null() -> Self {
        Self(Rights::Null)
    }

    /// Whether an object with that identifier may be read.
    pub fn check_read_permission(&self, stored_id: u32) -> bool {
        match &self.0 {
            Rights::Null => false,
            Rights::Kernel => stored_id == 0,
            Rights::SelfOnly(id) => stored_id == id.get(),
            Rights::FixedSize(rights) => rights.own.allow(stored_id, rights.readable()),
            Rights::Listed(rights) => rights.own.allow(stored_id, rights.read_permissions),
        }
    }

    /// Whether an object with that identifier may be changed.
    pub fn check_modify_permission(&self, stored_id: u32) -> bool {
        match &self.0 {
            Rights::Null => false,
            Rights::Kernel => stored_id == 0,
            Rights::SelfOnly(id) => stored_id == id.get(),
            Rights::FixedSize(rights) => rights.own.allow(stored_id, rights.modifiable()),
            Rights::Listed(rights) => rights.own.allow(stored_id, rights.modify_permissions),
        }
    }

    /// The identifier new objects get, or `None` if none may be created.
    pub fn get_write_id(&self) -> Option<u32> {
        match &self.0 {
            Rights::Null => None,
            Rights::Kernel => Some(0),
            Rights::SelfOnly(id) => Some(id.get()),
            Rights::FixedSize(rights) => rights.own.write_id(),
            Rights::Listed(rights) => rights.own.write_id(),
        }
    }
}
