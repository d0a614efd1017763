// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A cell for a buffer that moves between owners.

use core::cell::Cell;

/// Holds a `&mut T`, or nothing while someone else holds it.
///
/// Inside the closure of [`map`](TakeCell::map) and its like the cell is empty:
/// re-entrant code sees `None`, and what it puts in is replaced when the closure
/// returns. A closure that panics takes the reference with it.
pub struct TakeCell<'a, T: 'a + ?Sized> {
    val: Cell<Option<&'a mut T>>,
}

impl<'a, T: ?Sized> TakeCell<'a, T> {
    /// A cell that holds nothing.
    pub const fn empty() -> TakeCell<'a, T> {
        TakeCell {
            val: Cell::new(None),
        }
    }

    /// A cell that holds `value`.
    pub fn new(value: &'a mut T) -> TakeCell<'a, T> {
        TakeCell {
            val: Cell::new(Some(value)),
        }
    }

    /// Whether the cell holds nothing.
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// Whether the cell holds a reference.
    pub fn is_some(&self) -> bool {
        let val = self.take();
        let some = val.is_some();
        self.put(val);
        some
    }

    /// Moves the reference out.
    pub fn take(&self) -> Option<&'a mut T> {
        self.val.take()
    }

    /// Puts `val` in, or empties the cell.
    pub fn put(&self, val: Option<&'a mut T>) {
        self.val.set(val);
    }

    /// Puts `val` in and returns the reference it replaces.
    pub fn replace(&self, val: &'a mut T) -> Option<&'a mut T> {
        self.val.replace(Some(val))
    }

    /// Lends the value for as long as the cell itself is lent exclusively.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.val.get_mut().as_deref_mut()
    }

    /// Runs `closure` on the value and returns its result, or `None` if the
    /// cell holds nothing.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> R,
    {
        let val = self.take()?;
        let result = closure(val);
        self.put(Some(val));
        Some(result)
    }

    /// As [`map`](TakeCell::map), with `default` for an empty cell.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.map(closure).unwrap_or(default)
    }

    /// As [`map`](TakeCell::map), with the result of `default` for an empty
    /// cell.
    pub fn map_or_else<U, D, F>(&self, default: D, f: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(&mut T) -> U,
    {
        self.map(f).unwrap_or_else(default)
    }

    /// As [`map`](TakeCell::map) for a closure that itself may have no result.
    pub fn and_then<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> Option<R>,
    {
        self.map(closure).flatten()
    }

    /// Changes the value with `modify`, or puts in what `mkval` makes if the
    /// cell holds nothing.
    pub fn modify_or_replace<F, G>(&self, modify: F, mkval: G)
    where
        F: FnOnce(&mut T),
        G: FnOnce() -> &'a mut T,
    {
        if self.map(modify).is_none() {
            self.put(Some(mkval()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_has_one_holder() {
        let mut buffer = [1u8, 2, 3];
        let cell = TakeCell::new(&mut buffer[..]);
        assert!(cell.is_some());
        let taken = cell.take().unwrap();
        assert!(cell.is_none());
        assert_eq!(cell.take(), None);
        assert_eq!(cell.map(|b| b.len()), None);
        assert_eq!(cell.replace(taken), None);
        assert_eq!(cell.map_or(0, |b| b.len()), 3);
        assert_eq!(cell.map_or_else(|| 0, |b| b.len()), 3);
        assert_eq!(cell.and_then(|b| b.first().copied()), Some(1));
        cell.put(None);
        assert!(cell.is_none());
        assert_eq!(cell.map_or(0, |b| b.len()), 0);
        assert_eq!(cell.map_or_else(|| 0, |b| b.len()), 0);
    }

    #[test]
    fn the_cell_is_empty_inside_map_and_full_after() {
        let (mut a, mut b) = (1u8, 2u8);
        let cell = TakeCell::new(&mut a);
        cell.map(|v| {
            assert!(cell.is_none());
            *v = 5;
        });
        assert_eq!(cell.map(|v| *v), Some(5));
        cell.modify_or_replace(|v| *v += 1, || &mut b);
        assert_eq!(cell.take(), Some(&mut 6));
    }

    #[test]
    fn modify_or_replace_fills_an_empty_cell() {
        let mut b = 2u8;
        let mut cell = TakeCell::empty();
        cell.modify_or_replace(|_| unreachable!(), || &mut b);
        assert_eq!(cell.get_mut(), Some(&mut 2));
    }
}
