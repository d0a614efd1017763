// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A cell whose value is lent out as `&mut` to one closure at a time.

use core::cell::{RefCell, RefMut};

#[cold]
#[inline(never)]
fn borrowed() {
    // A driver that gets here has re-entered itself. Upstream reports it only
    // in debug builds; a release build carries on with an empty answer.
    if cfg!(debug_assertions) {
        panic!("`MapCell` accessed while borrowed");
    }
}

/// A place for one value that may be absent.
///
/// [`map`](MapCell::map) lends the value to a closure. Until the closure
/// returns, any other use of the cell except [`is_some`](MapCell::is_some) and
/// [`is_none`](MapCell::is_none) is a mistake: it panics with debug assertions
/// on, and without them it has no effect and returns `None`.
pub struct MapCell<T> {
    value: RefCell<Option<T>>,
}

impl<T> Drop for MapCell<T> {
    // Upstream's cell has a destructor, which the borrow checker takes into
    // account. Without one here, code could compile on the host only.
    fn drop(&mut self) {}
}

impl<T> MapCell<T> {
    /// A cell without a value.
    pub const fn empty() -> MapCell<T> {
        MapCell {
            value: RefCell::new(None),
        }
    }

    /// A cell that holds `value`.
    pub const fn new(value: T) -> MapCell<T> {
        MapCell {
            value: RefCell::new(Some(value)),
        }
    }

    fn lend(&self) -> Option<RefMut<'_, Option<T>>> {
        let guard = self.value.try_borrow_mut();
        if guard.is_err() {
            borrowed();
        }
        guard.ok()
    }

    /// Whether there is no value.
    pub fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// Whether there is a value. A value lent to a closure is still there.
    pub fn is_some(&self) -> bool {
        self.value
            .try_borrow()
            .map_or(true, |value| value.is_some())
    }

    /// Moves the value out.
    pub fn take(&self) -> Option<T> {
        self.lend()?.take()
    }

    /// Puts `val` in, dropping the value it replaces.
    pub fn put(&self, val: T) {
        drop(self.replace(val));
    }

    /// Puts `val` in and returns the value it replaces.
    pub fn replace(&self, val: T) -> Option<T> {
        self.lend()?.replace(val)
    }

    /// Runs `closure` on the value and returns its result, or `None` if there
    /// is no value.
    pub fn map<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> R,
    {
        self.lend()?.as_mut().map(closure)
    }

    /// As [`map`](MapCell::map), with `default` for an empty cell.
    pub fn map_or<F, R>(&self, default: R, closure: F) -> R
    where
        F: FnOnce(&mut T) -> R,
    {
        self.map(closure).unwrap_or(default)
    }

    /// As [`map`](MapCell::map) for a closure that itself may have no result.
    pub fn and_then<F, R>(&self, closure: F) -> Option<R>
    where
        F: FnOnce(&mut T) -> Option<R>,
    {
        self.map(closure).flatten()
    }

    /// Changes the value with `modify`, or puts in what `mkval` makes if there
    /// is none.
    pub fn modify_or_replace<F, G>(&self, modify: F, mkval: G)
    where
        F: FnOnce(&mut T),
        G: FnOnce() -> T,
    {
        if self.map(modify).is_none() {
            self.put(mkval());
        }
    }
}

impl<T: Copy> MapCell<T> {
    /// A copy of the value.
    pub fn get(&self) -> Option<T> {
        *self.lend()?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn holds_takes_and_replaces() {
        let cell = MapCell::empty();
        assert!(cell.is_none());
        assert_eq!(cell.map(|_: &mut u8| ()), None);
        cell.put(1u8);
        assert!(cell.is_some());
        assert_eq!(cell.get(), Some(1));
        assert_eq!(cell.replace(2), Some(1));
        assert_eq!(cell.map_or(9, |v| *v), 2);
        assert_eq!(cell.and_then(|_| None::<()>), None);
        cell.modify_or_replace(|v| *v += 1, || 50);
        assert_eq!(cell.take(), Some(3));
        cell.modify_or_replace(|v| *v += 1, || 50);
        assert_eq!(cell.take(), Some(50));
        assert_eq!(cell.take(), None);
    }

    #[test]
    fn a_lent_value_is_still_there() {
        let cell = MapCell::new(1);
        assert_eq!(
            cell.map(|_| (cell.is_some(), cell.is_none())),
            Some((true, false))
        );
    }

    #[test]
    fn the_value_stays_after_a_panic_in_the_closure() {
        let cell = MapCell::new(7);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            cell.map(|_| panic!("on purpose"));
        }));
        assert!(caught.is_err());
        assert_eq!(cell.take(), Some(7));
    }

    #[test]
    fn the_old_value_is_dropped_when_the_new_one_is_in_place() {
        // What a value finds in the cell while it is dropped.
        struct Looks(Rc<(MapCell<Looks>, Cell<usize>)>);
        impl Drop for Looks {
            fn drop(&mut self) {
                let (cell, found) = &*self.0;
                cell.map(|_| found.set(found.get() + 1));
            }
        }
        let shared = Rc::new((MapCell::empty(), Cell::new(0)));
        shared.0.put(Looks(Rc::clone(&shared)));
        assert_eq!(shared.1.get(), 0);
        shared.0.put(Looks(Rc::clone(&shared)));
        assert_eq!(shared.1.get(), 1);
        drop(shared.0.replace(Looks(Rc::clone(&shared))));
        assert_eq!(shared.1.get(), 2);
        // Ends the cycle; nothing is left for the last one to find.
        drop(shared.0.take());
        assert_eq!(shared.1.get(), 2);
    }

    #[cfg(debug_assertions)]
    #[test]
    fn re_entry_panics_in_debug_builds() {
        type Reentry = fn(&MapCell<u8>);
        let reentries: [Reentry; 5] = [
            |c| {
                c.take();
            },
            |c| c.put(1),
            |c| {
                c.replace(1);
            },
            |c| {
                c.get();
            },
            |c| {
                c.map(|_| ());
            },
        ];
        for reentry in reentries {
            let cell = MapCell::new(0u8);
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                cell.map(|_| reentry(&cell));
            }));
            let message = caught.unwrap_err();
            assert_eq!(
                message.downcast_ref::<&str>(),
                Some(&"`MapCell` accessed while borrowed")
            );
        }
    }

    #[cfg(not(debug_assertions))]
    #[test]
    fn re_entry_has_no_effect_in_release_builds() {
        let cell = MapCell::new(3u8);
        cell.map(|_| {
            assert_eq!(cell.take(), None);
            assert_eq!(cell.replace(4), None);
            assert_eq!(cell.get(), None);
            assert_eq!(cell.map(|_| ()), None);
        });
        assert_eq!(cell.take(), Some(3));
    }
}
