// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Arithmetic on the number in a [`Cell`].

use core::cell::Cell;
use core::ops::{Add, Sub};

/// Arithmetic in place. It overflows as the plain operators do: with a panic
/// where overflow checks are on, else by wrapping.
pub trait NumericCellExt<T>
where
    T: Copy + Add + Sub,
{
    /// Adds `val`.
    fn add(&self, val: T);

    /// Subtracts `val`.
    fn subtract(&self, val: T);

    /// Adds one.
    fn increment(&self);

    /// Subtracts one.
    fn decrement(&self);

    /// Adds one and returns the number from before.
    fn get_and_increment(&self) -> T;

    /// Subtracts one and returns the number from before.
    fn get_and_decrement(&self) -> T;
}

impl<T> NumericCellExt<T> for Cell<T>
where
    T: Add<Output = T> + Sub<Output = T> + Copy + From<usize>,
{
    fn add(&self, val: T) {
        self.set(self.get() + val);
    }

    fn subtract(&self, val: T) {
        self.set(self.get() - val);
    }

    fn increment(&self) {
        self.add(T::from(1));
    }

    fn decrement(&self) {
        self.subtract(T::from(1));
    }

    fn get_and_increment(&self) -> T {
        let before = self.get();
        self.increment();
        before
    }

    fn get_and_decrement(&self) -> T {
        let before = self.get();
        self.decrement();
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_up_and_down() {
        let cell = Cell::new(10usize);
        cell.add(5);
        cell.subtract(1);
        cell.increment();
        assert_eq!(cell.get(), 15);
        cell.decrement();
        assert_eq!(cell.get_and_increment(), 14);
        assert_eq!(cell.get_and_decrement(), 15);
        assert_eq!(cell.get(), 14);
    }
}
