// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A [`Cell`] for a value that may be absent.

use core::cell::Cell;

/// A `Cell<Option<T>>` with the methods of an option.
pub struct OptionalCell<T> {
    value: Cell<Option<T>>,
}

impl<T> OptionalCell<T> {
    /// A cell that holds `val`.
    pub const fn new(val: T) -> OptionalCell<T> {
        OptionalCell {
            value: Cell::new(Some(val)),
        }
    }

    /// A cell without a value.
    pub const fn empty() -> OptionalCell<T> {
        OptionalCell {
            value: Cell::new(None),
        }
    }

    // Looks at a value that need not be `Copy`: it is out of the cell while
    // `look` runs.
    fn peek<R>(&self, look: impl FnOnce(Option<&T>) -> R) -> R {
        let value = self.value.take();
        let result = look(value.as_ref());
        self.value.set(value);
        result
    }

    /// Puts `val` in.
    pub fn set(&self, val: T) {
        self.insert(Some(val));
    }

    /// Puts in the value of `opt`, or empties the cell if it has none.
    pub fn insert(&self, opt: Option<T>) {
        self.value.set(opt);
    }

    /// Puts `val` in and returns the value it replaces.
    pub fn replace(&self, val: T) -> Option<T> {
        self.value.replace(Some(val))
    }

    /// Empties the cell.
    pub fn clear(&self) {
        self.insert(None);
    }

    /// Whether there is a value.
    pub fn is_some(&self) -> bool {
        self.peek(|value| value.is_some())
    }

    /// Whether there is no value.
    pub fn is_none(&self) -> bool {
        self.peek(|value| value.is_none())
    }

    /// Whether there is a value and it equals `x`.
    pub fn contains(&self, x: &T) -> bool
    where
        T: PartialEq,
    {
        self.peek(|value| value == Some(x))
    }

    /// The value, or `err` for an empty cell.
    pub fn ok_or<E>(self, err: E) -> Result<T, E> {
        self.value.into_inner().ok_or(err)
    }

    /// The value, or what `err` returns for an empty cell.
    pub fn ok_or_else<E, F>(self, err: F) -> Result<T, E>
    where
        F: FnOnce() -> E,
    {
        self.value.into_inner().ok_or_else(err)
    }

    /// `optb` if there is a value, else `None`.
    pub fn and<U>(self, optb: Option<U>) -> Option<U> {
        self.value.into_inner().and(optb)
    }

    /// The value if there is one and `predicate` holds for it.
    pub fn filter<P>(self, predicate: P) -> Option<T>
    where
        P: FnOnce(&T) -> bool,
    {
        self.value.into_inner().filter(predicate)
    }

    /// The value, or `optb` for an empty cell.
    pub fn or(self, optb: Option<T>) -> Option<T> {
        self.value.into_inner().or(optb)
    }

    /// The value, or what `f` returns for an empty cell.
    pub fn or_else<F>(self, f: F) -> Option<T>
    where
        F: FnOnce() -> Option<T>,
    {
        self.value.into_inner().or_else(f)
    }

    /// Moves the value out.
    pub fn take(&self) -> Option<T> {
        self.value.take()
    }

    /// The value, or the type's default for an empty cell.
    pub fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.value.into_inner().unwrap_or_default()
    }
}

impl<T: Copy> OptionalCell<T> {
    /// A copy of the value.
    pub fn get(&self) -> Option<T> {
        self.value.get()
    }

    /// A copy of the value; panics for an empty cell.
    #[track_caller]
    pub fn unwrap_or_panic(&self) -> T {
        self.get().unwrap()
    }

    /// A copy of the value, or `default`.
    pub fn unwrap_or(&self, default: T) -> T {
        self.get().unwrap_or(default)
    }

    /// A copy of the value, or what `default` returns.
    pub fn unwrap_or_else<F>(&self, default: F) -> T
    where
        F: FnOnce() -> T,
    {
        self.get().unwrap_or_else(default)
    }

    /// What `closure` makes of a copy of the value, if there is one.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(T) -> R,
    {
        self.get().map(closure)
    }

    /// What `closure` makes of a copy of the value, or `default`.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(T) -> R,
    {
        self.get().map_or(default, closure)
    }

    /// What `closure` makes of a copy of the value, or what `default` returns.
    pub fn map_or_else<U, D, F>(&self, default: D, closure: F) -> U
    where
        D: FnOnce() -> U,
        F: FnOnce(T) -> U,
    {
        self.get().map_or_else(default, closure)
    }

    /// As [`map`](OptionalCell::map) for a closure that itself may have no
    /// result.
    pub fn and_then<U, F: FnOnce(T) -> Option<U>>(&self, f: F) -> Option<U> {
        self.get().and_then(f)
    }
}

// Derived, this would ask for `T: Default`.
impl<T> Default for OptionalCell<T> {
    fn default() -> Self {
        OptionalCell::empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_take_replace() {
        let cell = OptionalCell::empty();
        assert!(cell.is_none() && !cell.is_some());
        cell.set(String::from("a"));
        assert!(cell.is_some() && !cell.is_none());
        assert!(cell.contains(&String::from("a")));
        assert!(!cell.contains(&String::from("b")));
        assert_eq!(cell.replace(String::from("b")).as_deref(), Some("a"));
        assert_eq!(cell.take().as_deref(), Some("b"));
        assert!(!cell.contains(&String::from("b")));
        assert_eq!(cell.take(), None);
        cell.insert(Some(String::from("c")));
        cell.clear();
        assert!(cell.is_none());
    }

    #[test]
    fn copies_leave_the_value_in_place() {
        let cell = OptionalCell::new(3);
        assert_eq!(cell.get(), Some(3));
        assert_eq!(cell.unwrap_or(9), 3);
        assert_eq!(cell.unwrap_or_else(|| 9), 3);
        assert_eq!(cell.map(|v| v + 1), Some(4));
        assert_eq!(cell.map_or(9, |v| v + 1), 4);
        assert_eq!(cell.map_or_else(|| 9, |v| v + 1), 4);
        assert_eq!(cell.and_then(|v| (v > 3).then_some(v)), None);
        assert_eq!(cell.unwrap_or_panic(), 3);
        assert!(cell.is_some());
    }

    #[test]
    fn the_empty_cell_gives_the_alternatives() {
        let cell = OptionalCell::<u8>::default();
        assert_eq!(cell.get(), None);
        assert_eq!(cell.unwrap_or(9), 9);
        assert_eq!(cell.unwrap_or_else(|| 9), 9);
        assert_eq!(cell.map(|v| v), None);
        assert_eq!(cell.map_or(9, |v| v), 9);
        assert_eq!(cell.map_or_else(|| 9, |v| v), 9);
        assert_eq!(cell.ok_or("no"), Err("no"));
        assert_eq!(OptionalCell::<u8>::empty().ok_or_else(|| "no"), Err("no"));
        assert_eq!(OptionalCell::<u8>::empty().or(Some(1)), Some(1));
        assert_eq!(OptionalCell::<u8>::empty().or_else(|| Some(1)), Some(1));
        assert_eq!(OptionalCell::<u8>::empty().and(Some(1)), None);
        assert_eq!(OptionalCell::new(2).and(Some(1)), Some(1));
        assert_eq!(OptionalCell::new(2).filter(|v| *v == 1), None);
        assert_eq!(OptionalCell::<u8>::empty().unwrap_or_default(), 0);
    }

    #[test]
    #[should_panic]
    fn unwrap_or_panic_panics_when_empty() {
        OptionalCell::<u8>::empty().unwrap_or_panic();
    }
}
