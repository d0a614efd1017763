// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a queue can do.

/// A queue: what went in first comes out first.
#[allow(clippy::len_without_is_empty)]
pub trait Queue<T> {
    /// Whether there are any elements.
    fn has_elements(&self) -> bool;

    /// Whether there is no room.
    fn is_full(&self) -> bool;

    /// How many elements there are.
    fn len(&self) -> usize;

    /// Adds `val` at the back, and returns whether there was room for it.
    fn enqueue(&mut self, val: T) -> bool;

    /// Adds `val` at the back. If there is no room the element at the front
    /// makes some, and is returned.
    fn push(&mut self, val: T) -> Option<T>;

    /// Removes the element at the front.
    fn dequeue(&mut self) -> Option<T>;

    /// The first element for which `f` holds.
    fn find_first_matching<F>(&mut self, f: F) -> Option<&T>
    where
        F: Fn(&T) -> bool;

    /// Removes the first element for which `f` holds.
    fn remove_first_matching<F>(&mut self, f: F) -> Option<T>
    where
        F: Fn(&T) -> bool;

    /// Removes all elements.
    fn empty(&mut self);

    /// Removes the elements for which `f` does not hold. It asks about each in
    /// turn, from the front.
    fn retain<F>(&mut self, f: F)
    where
        F: FnMut(&T) -> bool;
}
