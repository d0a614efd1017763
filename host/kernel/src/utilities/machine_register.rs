// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What one register of the processor holds.

use core::fmt::{self, Formatter, LowerHex, UpperHex};

use super::capability_ptr::CapabilityPtr;

/// An argument or result of a system call: a number, or a pointer of the
/// process.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct MachineRegister {
    value: CapabilityPtr,
}

impl From<CapabilityPtr> for MachineRegister {
    /// A register that holds that pointer.
    fn from(from: CapabilityPtr) -> Self {
        Self { value: from }
    }
}

impl UpperHex for MachineRegister {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        UpperHex::fmt(&self.value, f)
    }
}

impl LowerHex for MachineRegister {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        LowerHex::fmt(&self.value, f)
    }
}

impl MachineRegister {
    /// The register as a pointer.
    pub fn as_capability_ptr(self) -> CapabilityPtr {
        self.value
    }

    /// The register as a number; for a pointer, its address.
    pub fn as_usize(self) -> usize {
        self.value.addr()
    }

    /// The lower 32 bits of the register as a number.
    pub fn as_usize_32bit(self) -> usize {
        self.as_usize() & 0xFFFF_FFFF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_in_and_comes_out() {
        assert_eq!(MachineRegister::default().as_usize(), 0);
        assert_eq!(MachineRegister::from(usize::MAX).as_usize(), usize::MAX);
        assert_eq!(
            MachineRegister::from(usize::MAX).as_usize_32bit(),
            0xFFFF_FFFF
        );
    }
}
