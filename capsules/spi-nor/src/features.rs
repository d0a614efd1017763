// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What of the device a board has.
//!
//! What a board leaves out is neither linked nor does it take memory. Nothing of the teardown can be
//! left out: deadlines, looks at WIP, drains and sweeps are in every build.

use crate::identity::{ByTables, Fixed, FixedPart, Identity};
use core::cell::Cell;
use core::marker::PhantomData;
use kernel::utilities::cells::MapCell;

/// Where a feature keeps something, if the board has that feature.
pub trait Place<T: Copy> {
    /// With nothing in it.
    const EMPTY: Self;
    /// Whether anything can ever be in it.
    const IS_THERE: bool;

    /// A copy of what is in it.
    fn get(&self) -> Option<T>;

    /// Puts this in.
    fn put(&self, value: T);

    /// Puts this in, or nothing.
    fn set(&self, value: Option<T>) {
        match value {
            Some(value) => self.put(value),
            None => {
                let _left = self.take();
            }
        }
    }

    /// Takes out what is in it.
    fn take(&self) -> Option<T>;

    /// Whether there is anything in it.
    fn is_some(&self) -> bool;

    /// Changes what is in it, if there is anything. It is not copied.
    fn map<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R>;
}

impl<T: Copy> Place<T> for MapCell<T> {
    const EMPTY: Self = MapCell::empty();
    const IS_THERE: bool = true;

    fn get(&self) -> Option<T> {
        MapCell::map(self, |value| *value)
    }

    fn put(&self, value: T) {
        MapCell::put(self, value);
    }

    fn take(&self) -> Option<T> {
        MapCell::take(self)
    }

    fn is_some(&self) -> bool {
        MapCell::is_some(self)
    }

    fn map<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        MapCell::map(self, change)
    }
}

/// For what is small, and seldom changed.
impl<T: Copy> Place<T> for Cell<Option<T>> {
    const EMPTY: Self = Cell::new(None);
    const IS_THERE: bool = true;

    fn get(&self) -> Option<T> {
        Cell::get(self)
    }

    fn put(&self, value: T) {
        Cell::set(self, Some(value));
    }

    fn take(&self) -> Option<T> {
        Cell::take(self)
    }

    fn is_some(&self) -> bool {
        Cell::get(self).is_some()
    }

    fn map<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut value = Cell::get(self)?;
        let result = change(&mut value);
        Cell::set(self, Some(value));
        Some(result)
    }
}

/// A place whose owner can get at what is in it.
pub trait Owned<T: Copy>: Place<T> {
    /// What is in it.
    fn get_mut(&mut self) -> Option<&mut T>;
}

impl<T: Copy> Owned<T> for Cell<Option<T>> {
    fn get_mut(&mut self) -> Option<&mut T> {
        Cell::get_mut(self).as_mut()
    }
}

impl<T: Copy> Owned<T> for Nothing<T> {
    fn get_mut(&mut self) -> Option<&mut T> {
        None
    }
}

/// The place of a feature that the board does not have.
pub struct Nothing<T>(PhantomData<T>);

impl<T: Copy> Place<T> for Nothing<T> {
    const EMPTY: Self = Nothing(PhantomData);
    const IS_THERE: bool = false;

    fn get(&self) -> Option<T> {
        None
    }

    fn put(&self, _value: T) {}

    fn take(&self) -> Option<T> {
        None
    }

    fn is_some(&self) -> bool {
        false
    }

    fn map<R>(&self, _change: impl FnOnce(&mut T) -> R) -> Option<R> {
        None
    }
}

/// What a board has. A board may implement this for a type of its own.
pub trait Features {
    /// Where it takes the facts about its part from.
    type Identity: Identity;

    /// Reads ahead, and the next page made ready while one is programmed: [`MapCell`] or [`Nothing`].
    /// Both need a second buffer, which is of no use without.
    type Ahead<T: Copy>: Place<T>;

    /// Programs and erases that are [suspended](crate::suspension) for reads: [`MapCell`] or
    /// [`Nothing`].
    type Standstill<T: Copy>: Place<T>;

    /// What the part is asked for [beside its array](crate::aside): unlocking, security registers,
    /// the unique id, a chip erase. `Cell<Option<T>>` or [`Nothing`]: then all of that is refused as
    /// what the part does not have; what is write-protected is known all the same.
    type Asides<T: Copy>: Place<T>;

    /// How long programs and erases take, [learned](crate::pace): `Cell<Option<T>>` or [`Nothing`]:
    /// then the tables' times are what pauses begin with.
    type Lessons<T: Copy>: Place<T>;

    /// What was done for each app, [told](crate::record) to it and to the board's console:
    /// `Cell<Option<T>>` or [`Nothing`].
    type Records<T: Copy>: Owned<T>;

    /// Whether apps can have their operations [verified, and what is blank not
    /// erased](crate::work::Options). If not, a region of which the board wants that
    /// ([`VERIFIED`](crate::region::Grants::VERIFIED)) can only be read.
    const OPTIONS: bool;

    /// Whether code is shared that would be somewhat quicker if it were not.
    const COMPACT: bool;

    /// Whether there are any [`Asides`](Features::Asides). Not to be given.
    const ASIDES: bool = <Self::Asides<()> as Place<()>>::IS_THERE;

    /// Whether there are any [`Records`](Features::Records). Not to be given.
    const RECORDS: bool = <Self::Records<()> as Place<()>>::IS_THERE;

    /// Whether anything of an app can be in flight while something else of it is. Not to be given.
    const PIPELINES: bool = <Self::Ahead<()> as Place<()>>::IS_THERE;

    /// Whether a part may have to be put into 4-byte mode. Not to be given.
    const BY_MODE: bool = match <Self::Identity as Identity>::ONLY {
        Some(profile) => profile.four_byte_mode.is_some(),
        None => true,
    };

    /// Whether anything is [suspended](Features::Standstill). Not to be given.
    const SUSPENDS: bool = <Self::Standstill<()> as Place<()>>::IS_THERE;
}

/// All there is, for any part.
pub struct Full;

impl Features for Full {
    type Identity = ByTables;
    type Ahead<T: Copy> = MapCell<T>;
    type Standstill<T: Copy> = MapCell<T>;
    type Asides<T: Copy> = Cell<Option<T>>;
    type Lessons<T: Copy> = Cell<Option<T>>;
    type Records<T: Copy> = Cell<Option<T>>;
    const OPTIONS: bool = true;
    const COMPACT: bool = false;
}

/// As little as there can be: one part, which the board knows, and one buffer.
pub struct Minimal<P>(PhantomData<P>);

impl<P: FixedPart> Features for Minimal<P> {
    type Identity = Fixed<P>;
    type Ahead<T: Copy> = Nothing<T>;
    type Standstill<T: Copy> = Nothing<T>;
    type Asides<T: Copy> = Nothing<T>;
    type Lessons<T: Copy> = Nothing<T>;
    type Records<T: Copy> = Nothing<T>;
    const OPTIONS: bool = false;
    const COMPACT: bool = true;
}
