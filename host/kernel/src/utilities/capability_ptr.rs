// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A pointer into a process's memory.

use core::fmt::{self, Formatter, LowerHex, UpperHex};
use core::ops::AddAssign;
use core::ptr;

use super::machine_register::MachineRegister;

/// A pointer as a process holds it. On hardware with capabilities it carries
/// what it may be used for; on the host, as on all chips so far, it is an
/// address with provenance.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct CapabilityPtr {
    ptr: *const (),
}

/// What a [`CapabilityPtr`] may be used for.
#[derive(Copy, Clone, PartialEq)]
pub enum CapabilityPtrPermissions {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Write.
    Write,
    /// Read and write.
    ReadWrite,
    /// Execute.
    Execute,
}

/// The null pointer.
impl Default for CapabilityPtr {
    fn default() -> Self {
        Self::from(0)
    }
}

impl From<usize> for CapabilityPtr {
    /// A pointer to that address that must not be followed.
    fn from(from: usize) -> Self {
        Self {
            ptr: ptr::without_provenance(from),
        }
    }
}

// Beside `CapabilityPtr`, because on other architectures a register need not be
// made by way of one.
impl From<usize> for MachineRegister {
    /// A register that holds that number.
    fn from(from: usize) -> Self {
        Self::from(CapabilityPtr::from(from))
    }
}

impl UpperHex for CapabilityPtr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        UpperHex::fmt(&self.addr(), f)
    }
}

impl LowerHex for CapabilityPtr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        LowerHex::fmt(&self.addr(), f)
    }
}

impl AddAssign<usize> for CapabilityPtr {
    /// Moves the pointer up by that many bytes, wrapping.
    fn add_assign(&mut self, rhs: usize) {
        self.ptr = self.ptr.wrapping_byte_add(rhs);
    }
}

impl CapabilityPtr {
    /// The address.
    pub fn addr(self) -> usize {
        self.ptr.addr()
    }

    /// The pointer, without what it may be used for.
    pub fn as_ptr<T>(&self) -> *const T {
        self.ptr.cast()
    }

    /// A pointer that may be used for `_perms` within the `_length` bytes from
    /// `_base` on.
    ///
    /// # Safety
    ///
    /// The process that gets the pointer must be allowed all of that.
    pub unsafe fn new_with_authority(
        ptr: *const (),
        _base: usize,
        _length: usize,
        _perms: CapabilityPtrPermissions,
    ) -> Self {
        Self { ptr }
    }

    /// `default` if the pointer is null, else what `f` makes of it.
    pub fn map_or<U, F>(&self, default: U, f: F) -> U
    where
        F: FnOnce(&Self) -> U,
    {
        self.map_or_else(|| default, f)
    }

    /// What `default` returns if the pointer is null, else what `f` makes of it.
    pub fn map_or_else<U, D, F>(&self, default: D, f: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(&Self) -> U,
    {
        if self.ptr.is_null() {
            default()
        } else {
            f(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_the_default_and_maps_to_the_default() {
        let null = CapabilityPtr::default();
        assert_eq!(null.addr(), 0);
        assert_eq!(null.map_or(5, |p| p.addr()), 5);
        assert_eq!(null.map_or_else(|| 6, |p| p.addr()), 6);
        let some = CapabilityPtr::from(16);
        assert_eq!(some.map_or(5, |p| p.addr()), 16);
        assert_eq!(some.map_or_else(|| 6, |p| p.addr()), 16);
    }

    #[test]
    fn provenance_survives() {
        let bytes = [1u8, 2, 3];
        // SAFETY: authority over memory of this test, for this test.
        let mut ptr = unsafe {
            CapabilityPtr::new_with_authority(
                bytes.as_ptr().cast(),
                bytes.as_ptr().addr(),
                bytes.len(),
                CapabilityPtrPermissions::Read,
            )
        };
        ptr += 2;
        let register = MachineRegister::from(ptr);
        let back: *const u8 = register.as_capability_ptr().as_ptr();
        // SAFETY: it points to the last of `bytes`.
        assert_eq!(unsafe { back.read() }, 3);
        assert_eq!(register.as_usize(), bytes.as_ptr().addr() + 2);
    }

    #[test]
    fn hexadecimal() {
        assert_eq!(format!("{:#x}", CapabilityPtr::from(0xAB)), "0xab");
        assert_eq!(format!("{:04X}", MachineRegister::from(0xAB)), "00AB");
    }
}
