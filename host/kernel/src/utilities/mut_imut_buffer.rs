// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A slice of either kind.

/// A buffer that may or may not be written to.
pub enum MutImutBuffer<'a, T> {
    /// May be written to.
    Mutable(&'a mut [T]),
    /// May not.
    Immutable(&'a [T]),
}

impl<T> MutImutBuffer<'_, T> {
    /// The length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Mutable(buffer) => buffer.len(),
            Self::Immutable(buffer) => buffer.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_a_length() {
        assert_eq!(MutImutBuffer::Mutable(&mut [1, 2]).len(), 2);
        assert_eq!(MutImutBuffer::Immutable(&[1, 2, 3]).len(), 3);
    }
}
