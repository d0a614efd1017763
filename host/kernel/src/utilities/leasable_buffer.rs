// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Windows on a buffer that keep hold of the whole of it.
//!
//! A split-phase call takes a `&'static mut [u8]` away from the caller until
//! its callback. If only part of the buffer is meant, a plain sub-slice would
//! lose the rest for good. These types carry the whole buffer and the part that
//! is meant, so that the callback gives everything back.
//!
//! ```
//! use kernel::utilities::leasable_buffer::SubSliceMut;
//!
//! let mut memory = [0u8, 1, 2, 3, 4, 5, 6, 7];
//! let mut buffer = SubSliceMut::new(&mut memory);
//! buffer.slice(2..6);
//! buffer.slice(1..); // counted from the window's start
//! assert_eq!(buffer.as_slice(), [3, 4, 5]);
//!
//! // A window survives taking the buffer apart.
//! let window = buffer.active_range();
//! let mut again = SubSliceMut::new(buffer.take());
//! again.slice(window);
//! assert_eq!(again[0], 3);
//!
//! again.reset();
//! assert_eq!(again.len(), 8);
//! ```

use core::ops::{Bound, Index, IndexMut, Range, RangeBounds};
use core::slice::SliceIndex;

use super::copy_range::CopyRange;

/// The part of `window` that `range`, counted from the window's start, selects.
///
/// What lies beyond the window's end is cut off. A range that ends before it
/// starts is the caller's arithmetic mistake and panics where overflow checks
/// are on.
fn narrow(window: Range<usize>, range: impl RangeBounds<usize>) -> Range<usize> {
    let from = match range.start_bound() {
        Bound::Included(first) => *first,
        Bound::Excluded(before) => *before + 1,
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(last) => *last + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => window.end - window.start,
    };
    let start = window.end.min(window.start + from);
    let end = window.end.min(start + (to - from));
    start..end
}

/// A window on a mutable buffer.
#[derive(Debug, PartialEq)]
pub struct SubSliceMut<'a, T> {
    internal: &'a mut [T],
    active_range: Range<usize>,
}

/// A window on an immutable buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct SubSlice<'a, T> {
    internal: &'a [T],
    active_range: CopyRange<usize>,
}

/// A window on a buffer of either kind.
#[derive(Debug)]
pub enum SubSliceMutImmut<'a, T> {
    /// The buffer can only be read.
    Immutable(SubSlice<'a, T>),
    /// The buffer can be written.
    Mutable(SubSliceMut<'a, T>),
}

// Derived, these two would ask the same of `T`.
impl<T> Clone for SubSlice<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SubSlice<'_, T> {}

impl<'a, T> From<&'a mut [T]> for SubSliceMut<'a, T> {
    fn from(internal: &'a mut [T]) -> Self {
        Self::new(internal)
    }
}

impl<'a, T> From<&'a [T]> for SubSlice<'a, T> {
    fn from(internal: &'a [T]) -> Self {
        Self::new(internal)
    }
}

impl<'a, T> From<&'a [T]> for SubSliceMutImmut<'a, T> {
    fn from(value: &'a [T]) -> Self {
        Self::Immutable(SubSlice::new(value))
    }
}

impl<'a, T> From<&'a mut [T]> for SubSliceMutImmut<'a, T> {
    fn from(value: &'a mut [T]) -> Self {
        Self::Mutable(SubSliceMut::new(value))
    }
}

impl<'a, T> SubSliceMut<'a, T> {
    /// A window on all of `buffer`.
    pub fn new(buffer: &'a mut [T]) -> Self {
        let active_range = 0..buffer.len();
        SubSliceMut {
            internal: buffer,
            active_range,
        }
    }

    /// The whole buffer.
    pub fn take(self) -> &'a mut [T] {
        self.internal
    }

    /// Widens the window to the whole buffer. For the layer that made the
    /// window, once the buffer is back.
    pub fn reset(&mut self) {
        self.active_range = 0..self.internal.len();
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// A pointer to the window's first element.
    pub fn as_ptr(&self) -> *const T {
        self.as_slice().as_ptr()
    }

    /// A pointer to the window's first element, to write through.
    pub fn as_mut_ptr(&mut self) -> *mut T {
        self.as_mut_slice().as_mut_ptr()
    }

    /// Where the window lies in the whole buffer.
    pub fn active_range(&self) -> Range<usize> {
        self.active_range.clone()
    }

    /// What is in the window.
    pub fn as_slice(&self) -> &[T] {
        &self.internal[self.active_range()]
    }

    /// What is in the window, to write to.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        let window = self.active_range();
        &mut self.internal[window]
    }

    /// Whether the window is smaller than the buffer.
    pub fn is_sliced(&self) -> bool {
        self.len() != self.internal.len()
    }

    /// Narrows the window to `range`, counted from the window's start and cut
    /// off at its end.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        self.active_range = narrow(self.active_range(), range);
    }
}

impl<'a, T> SubSlice<'a, T> {
    /// A window on all of `buffer`.
    pub fn new(buffer: &'a [T]) -> Self {
        SubSlice {
            internal: buffer,
            active_range: (0..buffer.len()).into(),
        }
    }

    /// The whole buffer.
    pub fn take(self) -> &'a [T] {
        self.internal
    }

    /// Widens the window to the whole buffer. For the layer that made the
    /// window, once the buffer is back.
    pub fn reset(&mut self) {
        self.active_range = (0..self.internal.len()).into();
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// A pointer to the window's first element.
    pub fn as_ptr(&self) -> *const T {
        self.as_slice().as_ptr()
    }

    /// What is in the window.
    pub fn as_slice(&self) -> &[T] {
        &self.internal[self.active_range()]
    }

    /// Whether the window is smaller than the buffer.
    pub fn is_sliced(&self) -> bool {
        self.len() != self.internal.len()
    }

    /// Where the window lies in the whole buffer.
    pub fn active_range(&self) -> Range<usize> {
        self.active_range.into()
    }

    /// Narrows the window to `range`, counted from the window's start and cut
    /// off at its end.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        self.active_range = narrow(self.active_range(), range).into();
    }
}

impl<'a, T> SubSliceMutImmut<'a, T> {
    /// Widens the window to the whole buffer.
    pub fn reset(&mut self) {
        match self {
            Self::Immutable(buffer) => buffer.reset(),
            Self::Mutable(buffer) => buffer.reset(),
        }
    }

    fn window(&self) -> &[T] {
        match self {
            Self::Immutable(buffer) => buffer.as_slice(),
            Self::Mutable(buffer) => buffer.as_slice(),
        }
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.window().len()
    }

    /// Narrows the window to `range`, counted from the window's start and cut
    /// off at its end.
    pub fn slice<R: RangeBounds<usize>>(&mut self, range: R) {
        match self {
            Self::Immutable(buffer) => buffer.slice(range),
            Self::Mutable(buffer) => buffer.slice(range),
        }
    }

    /// A pointer to the window's first element.
    pub fn as_ptr(&self) -> *const T {
        self.window().as_ptr()
    }

    /// Runs `f` if the buffer can be written.
    pub fn map_mut(&mut self, f: impl Fn(&mut SubSliceMut<'a, T>)) {
        if let Self::Mutable(buffer) = self {
            f(buffer);
        }
    }
}

impl<T, I> Index<I> for SubSliceMut<'_, T>
where
    I: SliceIndex<[T]>,
{
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, idx: I) -> &Self::Output {
        &self.as_slice()[idx]
    }
}

impl<T, I> IndexMut<I> for SubSliceMut<'_, T>
where
    I: SliceIndex<[T]>,
{
    fn index_mut(&mut self, idx: I) -> &mut Self::Output {
        &mut self.as_mut_slice()[idx]
    }
}

impl<T, I> Index<I> for SubSlice<'_, T>
where
    I: SliceIndex<[T]>,
{
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, idx: I) -> &Self::Output {
        &self.as_slice()[idx]
    }
}

impl<T, I> Index<I> for SubSliceMutImmut<'_, T>
where
    I: SliceIndex<[T]>,
{
    type Output = <I as SliceIndex<[T]>>::Output;

    fn index(&self, idx: I) -> &Self::Output {
        &self.window()[idx]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    /// Applies the windows to each of the four kinds of buffer in turn and
    /// checks what is left.
    fn check(slice: impl Fn(&mut SubSliceMutImmut<u8>), expected: &[u8]) {
        let mut memory = BYTES;
        for mut buffer in [
            SubSliceMutImmut::from(&BYTES[..]),
            SubSliceMutImmut::from(&mut memory[..]),
        ] {
            slice(&mut buffer);
            assert_eq!(buffer.len(), expected.len());
            assert_eq!(&buffer[..], expected);
            buffer.reset();
            assert_eq!(buffer[..], BYTES);
        }
    }

    #[test]
    fn windows_nest_and_are_cut_off() {
        check(|b| b.slice(..), &BYTES);
        check(|b| b.slice(3..), &BYTES[3..]);
        check(|b| b.slice(..3), &BYTES[..3]);
        check(|b| b.slice(3..=5), &[3, 4, 5]);
        check(
            |b| b.slice((Bound::Excluded(3), Bound::Unbounded)),
            &BYTES[4..],
        );
        check(|b| b.slice(4..4), &[]);
        check(|b| b.slice(8..100), &[8, 9]);
        check(|b| b.slice(20..30), &[]);
        check(
            |b| {
                b.slice(2..8);
                b.slice(1..3);
            },
            &[3, 4],
        );
        check(
            |b| {
                b.slice(2..8);
                b.slice(4..20);
            },
            &[6, 7],
        );
        check(
            |b| {
                b.slice(4..8);
                b.slice(4..);
            },
            &[],
        );
    }

    #[test]
    fn a_write_goes_to_the_window() {
        let mut memory = BYTES;
        let mut buffer = SubSliceMut::from(&mut memory[..]);
        assert!(!buffer.is_sliced());
        buffer.slice(6..8);
        assert!(buffer.is_sliced());
        assert_eq!(buffer.active_range(), 6..8);
        buffer[1] = 70;
        buffer.as_mut_slice()[0] = 60;
        assert_eq!(buffer.as_mut_ptr().cast_const(), buffer.as_ptr());
        assert_eq!(buffer.take(), [0, 1, 2, 3, 4, 5, 60, 70, 8, 9]);
    }

    #[test]
    fn a_read_only_window_is_copied() {
        let memory = BYTES;
        let mut buffer = SubSlice::from(&memory[..]);
        let whole = buffer;
        buffer.slice(1..3);
        assert!(buffer.is_sliced() && !whole.is_sliced());
        assert_eq!(buffer.active_range(), 1..3);
        assert_eq!(buffer.as_ptr(), &raw const memory[1]);
        assert_eq!(buffer[0], 1);
        assert_ne!(buffer, whole);
        assert_eq!(buffer.take(), BYTES);
    }

    #[test]
    fn map_mut_runs_for_a_mutable_buffer_only() {
        let mut memory = BYTES;
        let mut buffer = SubSliceMutImmut::from(&mut memory[..]);
        buffer.map_mut(|b| b[0] = 99);
        assert_eq!(buffer[0], 99);
        let mut buffer = SubSliceMutImmut::from(&BYTES[..]);
        buffer.map_mut(|_| unreachable!());
    }

    #[test]
    #[should_panic]
    fn an_index_beyond_the_window_panics() {
        let mut buffer = SubSlice::new(&BYTES[..]);
        buffer.slice(..3);
        let _ = buffer[3];
    }

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic]
    fn starting_past_an_open_end_panics_in_debug_builds() {
        let mut buffer = SubSlice::new(&BYTES[..]);
        buffer.slice(11..);
    }
}
