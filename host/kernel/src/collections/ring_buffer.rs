// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A queue in a slice.

use crate::collections::queue::Queue;
use core::mem::MaybeUninit;

/// A queue that goes round in a slice. One place stays free, to tell full from
/// empty.
pub struct RingBuffer<'a, T: Copy + 'a> {
    // Initialised are the places from `head` on, up to but not including
    // `tail`, going round at the end. Both are below the length, unless that is
    // zero.
    ring: &'a mut [MaybeUninit<T>],
    head: usize,
    tail: usize,
}

/// # Safety
///
/// All of `slice` must be initialised.
unsafe fn assume_init<T>(slice: &[MaybeUninit<T>]) -> &[T] {
    // SAFETY: `MaybeUninit<T>` has the layout of `T`; the caller vouches for
    // the contents.
    unsafe { &*(core::ptr::from_ref(slice) as *const [T]) }
}

impl<'a, T: Copy> RingBuffer<'a, T> {
    /// An empty queue in `ring`.
    pub fn new(ring: &'a mut [MaybeUninit<T>]) -> RingBuffer<'a, T> {
        RingBuffer {
            ring,
            head: 0,
            tail: 0,
        }
    }

    /// How many more elements there is room for.
    pub fn available_len(&self) -> usize {
        self.ring.len().saturating_sub(self.len() + 1)
    }

    /// The elements, as up to two slices. The second, if there is one, follows
    /// the first in the queue.
    pub fn as_slices(&'a self) -> (Option<&'a [T]>, Option<&'a [T]>) {
        let (first, second) = if self.head <= self.tail {
            (self.head..self.tail, 0..0)
        } else {
            (self.head..self.ring.len(), 0..self.tail)
        };
        let slice = |places: core::ops::Range<usize>| {
            // SAFETY: by the invariant, these places are initialised.
            (!places.is_empty()).then(|| unsafe { assume_init(&self.ring[places]) })
        };
        (slice(first), slice(second))
    }

    /// The place `offset` places after `place`.
    fn after(&self, place: usize, offset: usize) -> usize {
        (place + offset) % self.ring.len()
    }

    /// The element `position` places behind the front.
    fn get(&self, position: usize) -> Option<&T> {
        (position < self.len()).then(|| {
            // SAFETY: by the invariant, the place is initialised.
            unsafe { self.ring[self.after(self.head, position)].assume_init_ref() }
        })
    }

    fn position(&self, f: impl Fn(&T) -> bool) -> Option<usize> {
        (0..self.len()).find(|position| self.get(*position).is_some_and(&f))
    }
}

impl<T: Copy> Queue<T> for RingBuffer<'_, T> {
    fn has_elements(&self) -> bool {
        self.head != self.tail
    }

    fn is_full(&self) -> bool {
        self.head == self.after(self.tail, 1)
    }

    fn len(&self) -> usize {
        if self.head <= self.tail {
            self.tail - self.head
        } else {
            self.ring.len() - self.head + self.tail
        }
    }

    fn enqueue(&mut self, val: T) -> bool {
        if self.is_full() {
            return false;
        }
        self.ring[self.tail].write(val);
        self.tail = self.after(self.tail, 1);
        true
    }

    fn push(&mut self, val: T) -> Option<T> {
        let displaced = if self.is_full() { self.dequeue() } else { None };
        self.ring[self.tail].write(val);
        self.tail = self.after(self.tail, 1);
        displaced
    }

    fn dequeue(&mut self) -> Option<T> {
        let val = *self.get(0)?;
        self.head = self.after(self.head, 1);
        Some(val)
    }

    fn find_first_matching<F>(&mut self, f: F) -> Option<&T>
    where
        F: Fn(&T) -> bool,
    {
        self.get(self.position(f)?)
    }

    fn remove_first_matching<F>(&mut self, f: F) -> Option<T>
    where
        F: Fn(&T) -> bool,
    {
        let position = self.position(f)?;
        let val = *self.get(position)?;
        for hole in position..self.len() - 1 {
            let (to, from) = (self.after(self.head, hole), self.after(self.head, hole + 1));
            self.ring[to] = self.ring[from];
        }
        self.tail = self.after(self.head, self.len() - 1);
        Some(val)
    }

    fn empty(&mut self) {
        self.head = 0;
        self.tail = 0;
    }

    fn retain<F>(&mut self, mut f: F)
    where
        F: FnMut(&T) -> bool,
    {
        let mut kept = 0;
        for position in 0..self.len() {
            if self.get(position).is_some_and(&mut f) {
                let (to, from) = (self.after(self.head, kept), self.after(self.head, position));
                self.ring[to] = self.ring[from];
                kept += 1;
            }
        }
        if self.has_elements() {
            self.tail = self.after(self.head, kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(ring: &RingBuffer<'_, u8>) -> Vec<u8> {
        let (first, second) = ring.as_slices();
        [first.unwrap_or(&[]), second.unwrap_or(&[])].concat()
    }

    /// Runs `test` on a queue of capacity 4 that holds 1, 2, 3, once for each
    /// place the queue can start at.
    fn at_every_start(test: impl Fn(&mut RingBuffer<'_, u8>)) {
        for start in 0..5 {
            let mut memory = [MaybeUninit::uninit(); 5];
            let mut ring = RingBuffer::new(&mut memory);
            for _ in 0..start {
                assert!(ring.enqueue(0));
                assert_eq!(ring.dequeue(), Some(0));
            }
            for val in [1, 2, 3] {
                assert!(ring.enqueue(val));
            }
            test(&mut ring);
        }
    }

    #[test]
    fn one_place_stays_free() {
        at_every_start(|ring| {
            assert_eq!((ring.len(), ring.available_len()), (3, 1));
            assert!(!ring.is_full());
            assert!(ring.enqueue(4));
            assert!(ring.is_full());
            assert!(!ring.enqueue(5));
            assert_eq!((ring.len(), ring.available_len()), (4, 0));
            assert_eq!(contents(ring), [1, 2, 3, 4]);
        });
    }

    #[test]
    fn push_displaces_the_oldest() {
        at_every_start(|ring| {
            assert_eq!(ring.push(4), None);
            assert_eq!(ring.push(5), Some(1));
            assert_eq!(contents(ring), [2, 3, 4, 5]);
        });
    }

    #[test]
    fn first_in_first_out() {
        at_every_start(|ring| {
            assert!(ring.has_elements());
            assert_eq!(
                [ring.dequeue(), ring.dequeue(), ring.dequeue()],
                [Some(1), Some(2), Some(3)]
            );
            assert!(!ring.has_elements());
            assert_eq!(ring.dequeue(), None);
            assert_eq!(ring.as_slices(), (None, None));
        });
    }

    #[test]
    fn the_first_match_is_found_and_removed() {
        at_every_start(|ring| {
            assert_eq!(ring.find_first_matching(|v| *v >= 2), Some(&2));
            assert_eq!(ring.find_first_matching(|v| *v > 3), None);
            assert_eq!(ring.remove_first_matching(|v| *v > 3), None);
            assert_eq!(ring.remove_first_matching(|v| *v >= 2), Some(2));
            assert_eq!(contents(ring), [1, 3]);
            assert_eq!(ring.remove_first_matching(|v| *v >= 2), Some(3));
            assert_eq!(ring.remove_first_matching(|_| true), Some(1));
            assert_eq!(ring.remove_first_matching(|_| true), None);
        });
    }

    #[test]
    fn retain_keeps_the_order() {
        at_every_start(|ring| {
            let mut asked = Vec::new();
            ring.retain(|v| {
                asked.push(*v);
                *v != 2
            });
            assert_eq!(asked, [1, 2, 3]);
            assert_eq!(contents(ring), [1, 3]);
            ring.retain(|_| false);
            assert_eq!(ring.len(), 0);
            ring.retain(|_| true);
            assert_eq!(ring.len(), 0);
        });
    }

    #[test]
    fn empty_removes_all() {
        at_every_start(|ring| {
            ring.empty();
            assert_eq!((ring.len(), ring.available_len()), (0, 4));
        });
    }

    #[test]
    fn a_ring_without_places_is_empty() {
        let ring = RingBuffer::<u8>::new(&mut []);
        assert_eq!((ring.len(), ring.available_len()), (0, 0));
        assert_eq!(ring.as_slices(), (None, None));
    }
}
