// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A pointer to memory that is there for good, such as a register block.

use core::ops::Deref;
use core::ptr::NonNull;

/// Dereferences to a `T` at a fixed address.
///
/// Unlike a `&'static T` made from an address it can be a `const`, since the
/// pointer is not followed before it is used.
#[derive(Debug)]
pub struct StaticRef<T> {
    ptr: NonNull<T>,
}

impl<T> StaticRef<T> {
    /// Wraps `ptr`.
    ///
    /// # Safety
    ///
    /// `ptr` must not be null, must be aligned, and what it points to must be a
    /// `T` that can be read through a shared reference from now until the
    /// program ends.
    pub const unsafe fn new(ptr: *const T) -> StaticRef<T> {
        StaticRef {
            // SAFETY: the caller vouches for it.
            ptr: unsafe { NonNull::new_unchecked(ptr.cast_mut()) },
        }
    }
}

impl<T> Clone for StaticRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StaticRef<T> {}

impl<T> Deref for StaticRef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the caller of `new` vouches for the pointer.
        unsafe { self.ptr.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn copies_reach_the_same_memory() {
        let target: &'static Cell<u32> = Box::leak(Box::new(Cell::new(1)));
        // SAFETY: `target` is leaked, so it outlives every use.
        let first = unsafe { StaticRef::new(target) };
        let second = first;
        second.set(2);
        assert_eq!(first.get(), 2);
        assert_eq!(target.get(), 2);
        // SAFETY: as above.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(target).cast_mut()) });
    }
}
