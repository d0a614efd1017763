// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Buffers that a DMA engine works on.
//!
//! While DMA writes to memory, no Rust reference to that memory may exist. The
//! mutable types here take a reference in, keep only a pointer, and give the
//! reference back when the driver vouches that the DMA has ended. The immutable
//! ones keep the reference, since DMA only reads. All of them run the chip's
//! [`DmaFence`] at the hand-over.
//!
//! ```
//! use kernel::platform::dma_fence::DmaFence;
//! use kernel::utilities::dma_slice::DmaSliceMut;
//!
//! #[derive(Debug, Clone, Copy)]
//! struct Fence;
//! // SAFETY: there is no DMA in this example.
//! unsafe impl DmaFence for Fence {
//!     fn release<T>(self, _buf: *mut [T]) {}
//!     fn acquire<T>(self, _buf: *mut [T]) {}
//! }
//!
//! let mut memory = [0u8; 4];
//! // SAFETY: `memory` outlives the transfer, and `take` ends it.
//! let dma = unsafe { DmaSliceMut::new(&mut memory, Fence) };
//! // ... the address goes into a register, an event says that DMA has ended ...
//! unsafe { dma.as_mut_ptr().write(7) };
//! // SAFETY: the DMA has ended.
//! assert_eq!(unsafe { dma.take(Fence) }, [7, 0, 0, 0]);
//! ```

use core::marker::PhantomData;
use core::ops::Range;
use core::ptr::{self, NonNull};

use self::immutable_from_into_bytes::ImmutableFromIntoBytes;
use super::leasable_buffer::{SubSlice, SubSliceMut, SubSliceMutImmut};
use crate::platform::dma_fence::DmaFence;

/// A slice for DMA that reads memory.
#[derive(Debug)]
pub struct DmaSlice<'a, T: ImmutableFromIntoBytes> {
    slice: &'a [T],
}

impl<'a, T: ImmutableFromIntoBytes> DmaSlice<'a, T> {
    /// Hands `slice` to the DMA engine.
    pub fn new(slice: &[T], fence: impl DmaFence) -> DmaSlice<'_, T> {
        fence.release::<T>(ptr::from_ref(slice).cast_mut());
        DmaSlice { slice }
    }

    /// Where the DMA is to start.
    pub fn as_ptr(&self) -> *const T {
        self.slice.as_ptr()
    }

    /// The address of [`as_ptr`](Self::as_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_ptr().addr()
    }

    /// The length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.slice.len()
    }

    /// The slice.
    pub fn get(&self) -> &'a [T] {
        self.slice
    }
}

/// A slice for DMA that writes memory.
///
/// Dropping it loses the slice; it does not end the DMA.
#[derive(Debug)]
pub struct DmaSliceMut<'a, T: ImmutableFromIntoBytes> {
    slice_ptr: NonNull<[T]>,
    _lt: PhantomData<&'a mut [T]>,
}

impl<'a, T: ImmutableFromIntoBytes> DmaSliceMut<'a, T> {
    /// Hands `slice` to the DMA engine. As it is never freed, nothing can go
    /// wrong if the result is dropped.
    pub fn new_static(slice: &'static mut [T], fence: impl DmaFence) -> DmaSliceMut<'static, T> {
        // SAFETY: a static slice outlives every DMA.
        unsafe { DmaSliceMut::new(slice, fence) }
    }

    /// Hands `slice` to the DMA engine.
    ///
    /// # Safety
    ///
    /// No DMA may touch the slice after the lifetime of the reference ends, not
    /// even if the result is dropped or forgotten.
    #[must_use]
    pub unsafe fn new(slice: &mut [T], fence: impl DmaFence) -> DmaSliceMut<'_, T> {
        let slice_ptr = NonNull::from_mut(slice);
        fence.release::<T>(slice_ptr.as_ptr());
        DmaSliceMut {
            slice_ptr,
            _lt: PhantomData,
        }
    }

    /// Where the DMA is to start.
    pub fn as_mut_ptr(&self) -> *mut T {
        self.slice_ptr.as_ptr().cast()
    }

    /// The address of [`as_mut_ptr`](Self::as_mut_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_mut_ptr().addr()
    }

    /// The length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.slice_ptr.len()
    }

    /// Takes the slice back.
    ///
    /// # Safety
    ///
    /// The DMA must have ended, and must be known to have: the program has read
    /// so from a register or from memory.
    pub unsafe fn take(mut self, fence: impl DmaFence) -> &'a mut [T] {
        fence.acquire::<T>(self.slice_ptr.as_ptr());
        // SAFETY: the pointer comes from an exclusive reference of lifetime
        // `'a`, and the caller vouches that nothing else uses the memory now.
        unsafe { self.slice_ptr.as_mut() }
    }
}

/// A slice of either kind, for DMA that only reads memory.
#[derive(Debug)]
pub enum DmaSliceMutImmut<'a, T: ImmutableFromIntoBytes> {
    /// Made from a shared reference.
    Immutable(DmaSlice<'a, T>),
    /// Made from an exclusive reference.
    Mutable(DmaSliceMut<'a, T>),
}

impl<'a, T: ImmutableFromIntoBytes> DmaSliceMutImmut<'a, T> {
    /// Hands `slice` to the DMA engine.
    pub fn new(slice: &[T], fence: impl DmaFence) -> DmaSliceMutImmut<'_, T> {
        DmaSliceMutImmut::Immutable(DmaSlice::new(slice, fence))
    }

    /// Hands `slice` to the DMA engine, which must not write to it.
    pub fn new_mut(slice: &mut [T], fence: impl DmaFence) -> DmaSliceMutImmut<'_, T> {
        // SAFETY: by this type's purpose the DMA only reads, and reading memory
        // that has been reused harms no Rust invariant.
        DmaSliceMutImmut::Mutable(unsafe { DmaSliceMut::new(slice, fence) })
    }

    /// Where the DMA is to start.
    pub fn as_ptr(&self) -> *const T {
        match self {
            Self::Immutable(slice) => slice.as_ptr(),
            Self::Mutable(slice) => slice.as_mut_ptr().cast_const(),
        }
    }

    /// The address of [`as_ptr`](Self::as_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_ptr().addr()
    }

    /// The length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Immutable(slice) => slice.len(),
            Self::Mutable(slice) => slice.len(),
        }
    }

    /// The slice, to read.
    pub fn get(&self) -> &'a [T] {
        match self {
            Self::Immutable(slice) => slice.get(),
            // SAFETY: pointer and length come from a reference of lifetime `'a`
            // that is never given back as exclusive, and the DMA only reads.
            Self::Mutable(slice) => unsafe {
                core::slice::from_raw_parts(slice.as_mut_ptr().cast_const(), slice.len())
            },
        }
    }
}

/// A window on a buffer for DMA that reads memory.
#[derive(Debug)]
pub struct DmaSubSlice<'a, T: ImmutableFromIntoBytes> {
    sub_slice: SubSlice<'a, T>,
}

impl<'a, T: ImmutableFromIntoBytes> DmaSubSlice<'a, T> {
    /// Hands the window to the DMA engine.
    pub fn new(sub_slice: SubSlice<'_, T>, fence: impl DmaFence) -> DmaSubSlice<'_, T> {
        fence.release::<T>(ptr::from_ref(sub_slice.as_slice()).cast_mut());
        DmaSubSlice { sub_slice }
    }

    /// Where the DMA is to start.
    pub fn as_ptr(&self) -> *const T {
        self.sub_slice.as_ptr()
    }

    /// The address of [`as_ptr`](Self::as_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_ptr().addr()
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.sub_slice.len()
    }

    /// The window.
    pub fn as_sub_slice(&self) -> SubSlice<'a, T> {
        self.sub_slice
    }
}

/// A window on a buffer for DMA that writes memory.
///
/// Dropping it loses the buffer; it does not end the DMA.
#[derive(Debug)]
pub struct DmaSubSliceMut<'a, T: ImmutableFromIntoBytes> {
    whole: NonNull<[T]>,
    window: Range<usize>,
    _lt: PhantomData<&'a mut [T]>,
}

impl<'a, T: ImmutableFromIntoBytes> DmaSubSliceMut<'a, T> {
    /// Hands the window to the DMA engine. As the buffer is never freed,
    /// nothing can go wrong if the result is dropped.
    pub fn new_static(
        sub_slice: SubSliceMut<'static, T>,
        fence: impl DmaFence,
    ) -> DmaSubSliceMut<'static, T> {
        // SAFETY: a static buffer outlives every DMA.
        unsafe { DmaSubSliceMut::new(sub_slice, fence) }
    }

    /// Hands the window to the DMA engine.
    ///
    /// # Safety
    ///
    /// No DMA may touch the window after the lifetime of the reference ends,
    /// not even if the result is dropped or forgotten.
    #[must_use]
    pub unsafe fn new(
        sub_slice_mut: SubSliceMut<'_, T>,
        fence: impl DmaFence,
    ) -> DmaSubSliceMut<'_, T> {
        let window = sub_slice_mut.active_range();
        let dma = DmaSubSliceMut {
            whole: NonNull::from_mut(sub_slice_mut.take()),
            window,
            _lt: PhantomData,
        };
        fence.release::<T>(dma.as_mut_slice_ptr());
        dma
    }

    fn as_mut_slice_ptr(&self) -> *mut [T] {
        ptr::slice_from_raw_parts_mut(self.as_mut_ptr(), self.len())
    }

    /// Where the DMA is to start.
    pub fn as_mut_ptr(&self) -> *mut T {
        let start = self.window.start.min(self.whole.len());
        self.whole.as_ptr().cast::<T>().wrapping_add(start)
    }

    /// The address of [`as_mut_ptr`](Self::as_mut_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_mut_ptr().addr()
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.window.len().min(self.whole.len())
    }

    /// Takes the buffer back, with the same window.
    ///
    /// # Safety
    ///
    /// The DMA must have ended, and must be known to have: the program has read
    /// so from a register or from memory.
    pub unsafe fn take(self, fence: impl DmaFence) -> SubSliceMut<'a, T> {
        fence.acquire::<T>(self.as_mut_slice_ptr());
        // SAFETY: the caller vouches that the DMA has ended, and its writes are
        // visible as of the fence.
        unsafe { self.take_no_acquire() }
    }

    /// Takes the buffer back without a fence.
    ///
    /// # Safety
    ///
    /// No DMA may have written, or be able to write, to the buffer unless it has
    /// ended and a fence has run since.
    unsafe fn take_no_acquire(mut self) -> SubSliceMut<'a, T> {
        // SAFETY: the pointer comes from an exclusive reference of lifetime
        // `'a`, and the caller vouches that nothing else uses the memory now.
        let mut buffer = SubSliceMut::new(unsafe { self.whole.as_mut() });
        buffer.slice(self.window);
        buffer
    }
}

/// A window on a buffer of either kind, for DMA that only reads memory.
#[derive(Debug)]
pub enum DmaSubSliceMutImmut<'a, T: ImmutableFromIntoBytes> {
    /// Made from an immutable buffer.
    Immutable(DmaSubSlice<'a, T>),
    /// Made from a mutable buffer.
    Mutable(DmaSubSliceMut<'a, T>),
}

impl<'a, T: ImmutableFromIntoBytes> DmaSubSliceMutImmut<'a, T> {
    /// Hands the window to the DMA engine, which must not write to it.
    pub fn new(
        sub_slice: SubSliceMutImmut<'_, T>,
        fence: impl DmaFence,
    ) -> DmaSubSliceMutImmut<'_, T> {
        match sub_slice {
            SubSliceMutImmut::Immutable(buffer) => {
                DmaSubSliceMutImmut::Immutable(DmaSubSlice::new(buffer, fence))
            }
            SubSliceMutImmut::Mutable(buffer) => {
                // SAFETY: by this type's purpose the DMA only reads, and reading
                // memory that has been reused harms no Rust invariant.
                DmaSubSliceMutImmut::Mutable(unsafe { DmaSubSliceMut::new(buffer, fence) })
            }
        }
    }

    /// Where the DMA is to start.
    pub fn as_ptr(&self) -> *const T {
        match self {
            Self::Immutable(buffer) => buffer.as_ptr(),
            Self::Mutable(buffer) => buffer.as_mut_ptr().cast_const(),
        }
    }

    /// The address of [`as_ptr`](Self::as_ptr).
    pub fn ptr_addr(&self) -> usize {
        self.as_ptr().addr()
    }

    /// The window's length, in elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self {
            Self::Immutable(buffer) => buffer.len(),
            Self::Mutable(buffer) => buffer.len(),
        }
    }

    /// Takes the buffer back, with the same window.
    pub fn take(self) -> SubSliceMutImmut<'a, T> {
        match self {
            Self::Immutable(buffer) => SubSliceMutImmut::Immutable(buffer.as_sub_slice()),
            Self::Mutable(buffer) => {
                // SAFETY: by this type's purpose the DMA only reads.
                SubSliceMutImmut::Mutable(unsafe { buffer.take_no_acquire() })
            }
        }
    }
}

/// Which element types a DMA buffer may have.
pub mod immutable_from_into_bytes {
    mod private {
        pub trait Sealed {}
    }

    /// A type any bytes of the right number make a value of, and whose values
    /// are bytes. Sealed: the unsigned integers are all there are.
    ///
    /// # Safety
    ///
    /// The type has no padding, no interior mutability, and no invalid bit
    /// pattern.
    pub unsafe trait ImmutableFromIntoBytes: private::Sealed {}

    macro_rules! unsigned {
        ($($T:ty),+) => {
            $(
                impl private::Sealed for $T {}
                // SAFETY: so it is for every unsigned integer.
                unsafe impl ImmutableFromIntoBytes for $T {}
            )+
        };
    }

    unsigned!(u8, u16, u32, u64, u128);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static CALLS: RefCell<Vec<(&'static str, usize, usize)>> = const { RefCell::new(Vec::new()) };
    }

    /// Notes each fence and the bytes it covers. A test's memory is coherent,
    /// so noting is all there is to do.
    #[derive(Debug, Clone, Copy)]
    struct Fence;

    // SAFETY: only the test itself plays the DMA engine, on the same thread.
    unsafe impl DmaFence for Fence {
        fn release<T>(self, buf: *mut [T]) {
            CALLS.with_borrow_mut(|calls| {
                calls.push(("release", buf.cast::<u8>().addr(), buf.len()))
            });
        }

        fn acquire<T>(self, buf: *mut [T]) {
            CALLS.with_borrow_mut(|calls| {
                calls.push(("acquire", buf.cast::<u8>().addr(), buf.len()))
            });
        }
    }

    fn fences() -> Vec<(&'static str, usize, usize)> {
        CALLS.take()
    }

    #[test]
    fn a_written_slice_comes_back_with_what_dma_wrote() {
        let mut memory = [0u32; 4];
        let address = memory.as_ptr().addr();
        // SAFETY: `take` is called below, while `memory` lives.
        let dma = unsafe { DmaSliceMut::new(&mut memory, Fence) };
        assert_eq!((dma.ptr_addr(), dma.len()), (address, 4));
        assert_eq!(fences(), [("release", address, 4)]);
        // SAFETY: in bounds, and no reference to `memory` is in use.
        unsafe { dma.as_mut_ptr().add(2).write(9) };
        // SAFETY: the write above is all the DMA there is.
        assert_eq!(unsafe { dma.take(Fence) }, [0, 0, 9, 0]);
        assert_eq!(fences(), [("acquire", address, 4)]);
    }

    #[test]
    fn a_static_slice_needs_no_promise() {
        let memory: &'static mut [u8] = Box::leak(Box::new([1u8, 2]));
        let dma = DmaSliceMut::new_static(memory, Fence);
        // SAFETY: there is no DMA.
        let memory = unsafe { dma.take(Fence) };
        assert_eq!(memory, [1, 2]);
        // SAFETY: it came from the box leaked above.
        drop(unsafe { Box::from_raw(memory) });
        assert_eq!(fences().len(), 2);
    }

    #[test]
    fn a_read_slice_stays_readable() {
        let memory = [1u16, 2, 3];
        let dma = DmaSlice::new(&memory, Fence);
        assert_eq!(dma.ptr_addr(), memory.as_ptr().addr());
        assert_eq!((dma.len(), dma.get()), (3, &memory[..]));
        assert_eq!(fences(), [("release", memory.as_ptr().addr(), 3)]);
    }

    #[test]
    fn either_kind_of_slice_reads_alike() {
        let mut memory = [4u8, 5];
        let address = memory.as_ptr().addr();
        let dma = DmaSliceMutImmut::new(&memory, Fence);
        assert_eq!(
            (dma.ptr_addr(), dma.len(), dma.get()),
            (address, 2, &[4u8, 5][..])
        );
        let dma = DmaSliceMutImmut::new_mut(&mut memory, Fence);
        assert_eq!(
            (dma.ptr_addr(), dma.len(), dma.get()),
            (address, 2, &[4u8, 5][..])
        );
        assert_eq!(fences(), [("release", address, 2), ("release", address, 2)]);
    }

    #[test]
    fn a_window_is_fenced_written_and_given_back_as_such() {
        let mut memory = [0u64, 1, 2, 3, 4];
        let address = (&raw const memory[2]).addr();
        let mut buffer = SubSliceMut::new(&mut memory);
        buffer.slice(2..4);
        // SAFETY: `take` is called below, while `memory` lives.
        let dma = unsafe { DmaSubSliceMut::new(buffer, Fence) };
        assert_eq!((dma.ptr_addr(), dma.len()), (address, 2));
        // SAFETY: in bounds, and no reference to `memory` is in use.
        unsafe { dma.as_mut_ptr().add(1).write(33) };
        // SAFETY: the write above is all the DMA there is.
        let buffer = unsafe { dma.take(Fence) };
        assert_eq!(buffer.active_range(), 2..4);
        assert_eq!(buffer.take(), [0, 1, 2, 33, 4]);
        assert_eq!(fences(), [("release", address, 2), ("acquire", address, 2)]);
    }

    #[test]
    fn an_empty_window_at_the_end_stays_in_the_buffer() {
        let mut memory = [0u8; 3];
        let end = memory.as_ptr_range().end;
        let mut buffer = SubSliceMut::new(&mut memory);
        buffer.slice(3..);
        // SAFETY: `take` is called below, while `memory` lives.
        let dma = unsafe { DmaSubSliceMut::new(buffer, Fence) };
        assert_eq!(dma.as_mut_ptr().cast_const(), end);
        assert_eq!(dma.len(), 0);
        // SAFETY: there is no DMA.
        assert_eq!(unsafe { dma.take(Fence) }.take(), [0; 3]);
        fences();
    }

    #[test]
    fn a_static_window_needs_no_promise() {
        let memory: &'static mut [u8] = Box::leak(Box::new([1u8, 2]));
        let mut buffer = SubSliceMut::new(memory);
        buffer.slice(1..);
        let dma = DmaSubSliceMut::new_static(buffer, Fence);
        // SAFETY: there is no DMA.
        let buffer = unsafe { dma.take(Fence) };
        assert_eq!(buffer.as_slice(), [2]);
        // SAFETY: it came from the box leaked above.
        drop(unsafe { Box::from_raw(buffer.take()) });
        fences();
    }

    #[test]
    fn either_kind_of_window_comes_back_without_a_second_fence() {
        let mut memory = [0u8, 1, 2, 3];
        for mutable in [false, true] {
            let address = (&raw const memory[1]).addr();
            let mut buffer = if mutable {
                SubSliceMutImmut::from(&mut memory[..])
            } else {
                SubSliceMutImmut::from(&memory[..])
            };
            buffer.slice(1..3);
            let dma = DmaSubSliceMutImmut::new(buffer, Fence);
            assert_eq!((dma.ptr_addr(), dma.len()), (address, 2));
            let back = dma.take();
            assert_eq!(back[..], [1, 2]);
            assert_eq!(matches!(back, SubSliceMutImmut::Mutable(_)), mutable);
            assert_eq!(fences(), [("release", address, 2)]);
        }
    }

    #[test]
    fn a_read_window_gives_its_sub_slice() {
        let memory = [0u8, 1, 2, 3];
        let mut buffer = SubSlice::new(&memory);
        buffer.slice(1..=2);
        let dma = DmaSubSlice::new(buffer, Fence);
        assert_eq!(dma.ptr_addr(), (&raw const memory[1]).addr());
        assert_eq!((dma.len(), dma.as_sub_slice()), (2, buffer));
        fences();
    }
}
