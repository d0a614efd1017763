// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `'static` that ends.

use core::cell::RefCell;
use core::ptr::NonNull;

/// Owns what lives for ever on a real board, and frees it after all.
///
/// The kernel's signatures ask for `&'static`: boards are built once and never torn down. A program
/// that builds boards by the million takes its references from here and drops the arena with the
/// board. Values are dropped in reverse order of allocation, so that a value may use older ones
/// while it is dropped.
pub struct Arena {
    values: RefCell<Vec<Owned>>,
}

/// A value on the heap whose type only `free` knows.
struct Owned {
    value: NonNull<()>,
    free: unsafe fn(NonNull<()>),
}

/// # Safety
///
/// `value` must come from `Box::<T>::into_raw` and not be used afterwards.
unsafe fn free<T>(value: NonNull<()>) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(value.cast::<T>().as_ptr()) });
}

impl Arena {
    /// An empty arena.
    ///
    /// # Safety
    ///
    /// No reference an arena gave out may be used after it is dropped, copies within other values,
    /// grants, ids and the thread's kernel state ([`reset_thread`](crate::reset_thread)) included.
    /// Only the destructors of its own values may, for values older than themselves.
    #[allow(clippy::new_without_default)]
    pub unsafe fn new() -> Self {
        Arena {
            values: RefCell::new(Vec::new()),
        }
    }

    /// Keep `value` until the arena is dropped.
    // The reference is the only one to its value, which is no part of the arena.
    #[allow(clippy::mut_from_ref)]
    pub fn alloc<T: 'static>(&self, value: T) -> &'static mut T {
        let value = NonNull::from(Box::leak(Box::new(value)));
        self.values.borrow_mut().push(Owned {
            value: value.cast(),
            free: free::<T>,
        });
        // SAFETY: freshly made, and freed only with the arena, after which `new`'s caller promised
        // not to use it.
        unsafe { &mut *value.as_ptr() }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // One at a time: a destructor may look at the arena.
        loop {
            let last = self.values.borrow_mut().pop();
            let Some(Owned { value, free }) = last else {
                break;
            };
            // SAFETY: `alloc` made the pair, and each is popped once.
            unsafe { free(value) };
        }
    }
}
