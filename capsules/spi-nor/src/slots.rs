// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Small sets of processes, for which finding the next member takes no longer the more there are.

use core::cell::Cell;

/// How many processes there can be in a set.
pub const SLOTS: usize = 32;

/// A process's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The first one.
    pub const FIRST: Slot = Slot(0);

    /// Number `index`, if there is one.
    pub const fn new(index: usize) -> Option<Slot> {
        if index < SLOTS {
            Some(Slot(index as u8))
        } else {
            None
        }
    }

    /// Its number, less than [`SLOTS`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The only bit of a set with nobody else in it.
    pub const fn bit(self) -> u32 {
        1u32.wrapping_shl(self.0 as u32)
    }

    /// The one after it; after the last comes the first.
    pub const fn next(self) -> Slot {
        Slot((self.0 + 1) % SLOTS as u8)
    }

    /// The first of `members` from this one on, round to the one before it.
    pub const fn next_in(self, members: u32) -> Option<Slot> {
        if members == 0 {
            return None;
        }
        let ahead = members.rotate_right(self.0 as u32).trailing_zeros();
        Some(Slot((self.0 + ahead as u8) % SLOTS as u8))
    }
}

/// A set.
#[derive(Debug, Default)]
pub struct Set(Cell<u32>);

impl Set {
    /// The empty one.
    pub const fn new() -> Set {
        Set(Cell::new(0))
    }

    /// One bit for each member.
    pub const fn members(&self) -> u32 {
        self.0.get()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.members() == 0
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.members().count_ones() as usize
    }

    /// Whether it is a member.
    pub const fn contains(&self, slot: Slot) -> bool {
        self.members() & slot.bit() != 0
    }

    /// Adds one.
    pub fn insert(&self, slot: Slot) {
        self.0.set(self.members() | slot.bit());
    }

    /// Removes one.
    pub fn remove(&self, slot: Slot) {
        self.0.set(self.members() & !slot.bit());
    }

    /// Adds or removes one.
    pub fn put(&self, slot: Slot, is_member: bool) {
        if is_member {
            self.insert(slot);
        } else {
            self.remove(slot);
        }
    }

    /// The lowest one.
    pub const fn first(&self) -> Option<Slot> {
        Slot::FIRST.next_in(self.members())
    }

    /// Those that are in it now.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + use<> {
        let mut left = self.members();
        core::iter::from_fn(move || {
            let slot = Slot::FIRST.next_in(left)?;
            left &= !slot.bit();
            Some(slot)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_slots_as_bits() {
        assert!(Slot::new(SLOTS).is_none());
        let bits = (0..SLOTS).filter_map(Slot::new).map(Slot::bit);
        assert_eq!(bits.fold(0, |all, bit| all ^ bit), u32::MAX);
    }

    #[test]
    fn from_every_turn_every_member_comes_once_before_any_comes_twice() {
        for members in [0, 1, 0x8000_0000, 0x8000_0001, 0x00F0_0F00, u32::MAX] {
            for start in (0..SLOTS).filter_map(Slot::new) {
                let mut turn = start;
                let mut seen = 0;
                for _ in 0..members.count_ones() {
                    let slot = turn.next_in(members).unwrap();
                    assert_eq!(seen & slot.bit(), 0, "{members:x} {start:?}");
                    seen |= slot.bit();
                    turn = slot.next();
                }
                assert_eq!(seen, members);
            }
        }
    }

    #[test]
    fn a_set_iterates_over_what_was_in_it_at_first() {
        let set = Set::new();
        for index in [0, 7, 31] {
            set.insert(Slot::new(index).unwrap());
        }
        let mut seen = 0;
        for slot in set.iter() {
            set.remove(slot);
            seen |= slot.bit();
        }
        assert!(set.is_empty());
        assert_eq!(seen, 0x8000_0081);
    }
}
