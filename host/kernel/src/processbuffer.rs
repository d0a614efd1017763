// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory a process shares with the kernel.
//!
//! A buffer is looked up at every access: it is there only while the incarnation that shared it is
//! (terminated counts as there, restarted does not). The process may share one byte twice, so
//! nothing here hands out `&[u8]`; slices are of cells.

use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::{Deref, Index, Range, RangeFrom, RangeTo};

use crate::ErrorCode;
use crate::capabilities;
use crate::process::{self, ProcessId};

/// Memory of a process the kernel may read.
///
/// # Safety
///
/// An implementor must only hand out memory of a process that is there, and for as long.
#[allow(clippy::len_without_is_empty)]
pub unsafe trait ReadableProcessBuffer {
    /// Length in bytes; zero once the process is gone.
    fn len(&self) -> usize;

    /// Start of the buffer, null if its length is zero. For identification, not for access.
    fn ptr(&self) -> *const u8;

    /// Read the buffer.
    ///
    /// # Errors
    ///
    /// [`process::Error::NoSuchApp`] if the process is gone; `fun` is then not called.
    fn enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&ReadableProcessSlice) -> R;
}

/// Memory of a process the kernel may read and write.
///
/// # Safety
///
/// As for [`ReadableProcessBuffer`].
pub unsafe trait WriteableProcessBuffer: ReadableProcessBuffer {
    /// Start of the buffer, null if its length is zero. For identification, not for access.
    fn mut_ptr(&self) -> *mut u8 {
        self.ptr().cast_mut()
    }

    /// Read and write the buffer.
    ///
    /// # Errors
    ///
    /// [`process::Error::NoSuchApp`] if the process is gone; `fun` is then not called.
    fn mut_enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&WriteableProcessSlice) -> R;
}

/// Whether the process that shared a buffer is still there.
fn is_there(owner: Option<ProcessId>) -> bool {
    owner.is_some_and(|id| id.kernel.get_process(id).is_some())
}

/// # Safety
///
/// Unless `len` is zero, `ptr` must be valid for reads of `len` bytes, which nobody but the kernel
/// touches while the slice lives.
unsafe fn readable_slice<'a>(ptr: *const u8, len: usize) -> &'a ReadableProcessSlice {
    if len == 0 {
        return ReadableProcessSlice::from_bytes(&[]);
    }
    // SAFETY: the caller's promise; the cell type has the layout of a byte.
    ReadableProcessSlice::from_bytes(unsafe {
        core::slice::from_raw_parts(ptr.cast::<ReadableProcessByte>(), len)
    })
}

/// # Safety
///
/// As for [`readable_slice`], and for writes.
unsafe fn writeable_slice<'a>(ptr: *mut u8, len: usize) -> &'a WriteableProcessSlice {
    if len == 0 {
        return WriteableProcessSlice::from_cells(&[]);
    }
    // SAFETY: the caller's promise; `Cell<u8>` has the layout of a byte.
    WriteableProcessSlice::from_cells(unsafe {
        core::slice::from_raw_parts(ptr.cast::<Cell<u8>>().cast_const(), len)
    })
}

/// A buffer shared for reading.
pub struct ReadOnlyProcessBuffer {
    ptr: *const u8,
    len: usize,
    process_id: Option<ProcessId>,
}

impl ReadOnlyProcessBuffer {
    /// # Safety
    ///
    /// Unless `len` is zero, the bytes must be readable memory of that process for as long as this
    /// incarnation exists.
    pub(crate) unsafe fn new(ptr: *const u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            ptr,
            len,
            process_id: Some(process_id),
        }
    }

    /// For an implementation of [`process::Process`] outside this crate.
    ///
    /// # Safety
    ///
    /// Unless `len` is zero, the bytes must be readable memory of that process for as long as this
    /// incarnation exists.
    pub unsafe fn new_external(
        ptr: *const u8,
        len: usize,
        process_id: ProcessId,
        _cap: &dyn capabilities::ExternalProcessCapability,
    ) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::new(ptr, len, process_id) }
    }

    pub(crate) fn consume(self) -> (*const u8, usize) {
        (self.ptr, self.len)
    }
}

impl Default for ReadOnlyProcessBuffer {
    /// No buffer of no process.
    fn default() -> Self {
        Self {
            ptr: core::ptr::null(),
            len: 0,
            process_id: None,
        }
    }
}

// SAFETY: memory is only handed out after the process was found.
unsafe impl ReadableProcessBuffer for ReadOnlyProcessBuffer {
    fn len(&self) -> usize {
        if is_there(self.process_id) {
            self.len
        } else {
            0
        }
    }

    fn ptr(&self) -> *const u8 {
        if self.len == 0 {
            core::ptr::null()
        } else {
            self.ptr
        }
    }

    fn enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&ReadableProcessSlice) -> R,
    {
        if !is_there(self.process_id) {
            return Err(process::Error::NoSuchApp);
        }
        // SAFETY: `new` promises the memory while this incarnation exists, and it does. The app
        // does not run while the kernel does.
        Ok(fun(unsafe { readable_slice(self.ptr, self.len) }))
    }
}

/// A [`ReadOnlyProcessBuffer`] that cannot be stored beyond the grant it comes from.
pub struct ReadOnlyProcessBufferRef<'a> {
    buffer: ReadOnlyProcessBuffer,
    _grant: PhantomData<&'a ()>,
}

impl ReadOnlyProcessBufferRef<'_> {
    /// # Safety
    ///
    /// As for [`ReadOnlyProcessBuffer::new`].
    pub(crate) unsafe fn new(ptr: *const u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            // SAFETY: the caller's promise.
            buffer: unsafe { ReadOnlyProcessBuffer::new(ptr, len, process_id) },
            _grant: PhantomData,
        }
    }
}

impl Deref for ReadOnlyProcessBufferRef<'_> {
    type Target = ReadOnlyProcessBuffer;

    fn deref(&self) -> &Self::Target {
        &self.buffer
    }
}

/// A buffer shared for reading and writing.
pub struct ReadWriteProcessBuffer {
    ptr: *mut u8,
    len: usize,
    process_id: Option<ProcessId>,
}

impl ReadWriteProcessBuffer {
    /// # Safety
    ///
    /// Unless `len` is zero, the bytes must be writeable memory of that process for as long as this
    /// incarnation exists.
    pub(crate) unsafe fn new(ptr: *mut u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            ptr,
            len,
            process_id: Some(process_id),
        }
    }

    /// For an implementation of [`process::Process`] outside this crate.
    ///
    /// # Safety
    ///
    /// Unless `len` is zero, the bytes must be writeable memory of that process for as long as this
    /// incarnation exists.
    pub unsafe fn new_external(
        ptr: *mut u8,
        len: usize,
        process_id: ProcessId,
        _cap: &dyn capabilities::ExternalProcessCapability,
    ) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::new(ptr, len, process_id) }
    }

    pub(crate) fn consume(self) -> (*mut u8, usize) {
        (self.ptr, self.len)
    }

    /// [`Default::default`] as a constant.
    pub const fn const_default() -> Self {
        Self {
            ptr: core::ptr::null_mut(),
            len: 0,
            process_id: None,
        }
    }
}

impl Default for ReadWriteProcessBuffer {
    /// No buffer of no process.
    fn default() -> Self {
        Self::const_default()
    }
}

// SAFETY: memory is only handed out after the process was found.
unsafe impl ReadableProcessBuffer for ReadWriteProcessBuffer {
    fn len(&self) -> usize {
        if is_there(self.process_id) {
            self.len
        } else {
            0
        }
    }

    fn ptr(&self) -> *const u8 {
        if self.len == 0 {
            core::ptr::null()
        } else {
            self.ptr.cast_const()
        }
    }

    fn enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&ReadableProcessSlice) -> R,
    {
        if !is_there(self.process_id) {
            return Err(process::Error::NoSuchApp);
        }
        // SAFETY: `new` promises the memory while this incarnation exists, and it does. The app
        // does not run while the kernel does.
        Ok(fun(unsafe { readable_slice(self.ptr, self.len) }))
    }
}

// SAFETY: memory is only handed out after the process was found.
unsafe impl WriteableProcessBuffer for ReadWriteProcessBuffer {
    fn mut_enter<F, R>(&self, fun: F) -> Result<R, process::Error>
    where
        F: FnOnce(&WriteableProcessSlice) -> R,
    {
        if !is_there(self.process_id) {
            return Err(process::Error::NoSuchApp);
        }
        // SAFETY: `new` promises the memory while this incarnation exists, and it does. The app
        // does not run while the kernel does; cells let the kernel hold the slice twice.
        Ok(fun(unsafe { writeable_slice(self.ptr, self.len) }))
    }
}

/// A [`ReadWriteProcessBuffer`] that cannot be stored beyond the grant it comes from.
pub struct ReadWriteProcessBufferRef<'a> {
    buffer: ReadWriteProcessBuffer,
    _grant: PhantomData<&'a ()>,
}

impl ReadWriteProcessBufferRef<'_> {
    /// # Safety
    ///
    /// As for [`ReadWriteProcessBuffer::new`].
    pub(crate) unsafe fn new(ptr: *mut u8, len: usize, process_id: ProcessId) -> Self {
        Self {
            // SAFETY: the caller's promise.
            buffer: unsafe { ReadWriteProcessBuffer::new(ptr, len, process_id) },
            _grant: PhantomData,
        }
    }
}

impl Deref for ReadWriteProcessBufferRef<'_> {
    type Target = ReadWriteProcessBuffer;

    fn deref(&self) -> &Self::Target {
        &self.buffer
    }
}

/// A buffer the process goes on reading while the kernel has it.
pub type UserspaceReadableProcessBuffer = ReadWriteProcessBuffer;

mod sealed {
    use core::ops::{Range, RangeFrom, RangeTo};

    pub trait Sealed {}

    impl Sealed for usize {}
    impl Sealed for Range<usize> {}
    impl Sealed for RangeFrom<usize> {}
    impl Sealed for RangeTo<usize> {}
}

/// What process slices can be indexed with: a number, or a range with a start, an end or both.
pub trait ProcessSliceIndex<PB: ?Sized>: sealed::Sealed {
    /// A byte for a number, a slice for a range.
    type Output: ?Sized;

    /// The part of `slice`, or `None` if it reaches beyond the end.
    fn get(self, slice: &PB) -> Option<&Self::Output>;

    /// The part of `slice`.
    ///
    /// # Panics
    ///
    /// If it reaches beyond the end.
    fn index(self, slice: &PB) -> &Self::Output;
}

/// One byte of process memory the kernel may read.
#[repr(transparent)]
pub struct ReadableProcessByte {
    cell: Cell<u8>,
}

impl ReadableProcessByte {
    /// The byte.
    #[inline]
    pub fn get(&self) -> u8 {
        self.cell.get()
    }
}

/// Process memory the kernel may read.
#[repr(transparent)]
pub struct ReadableProcessSlice {
    slice: [ReadableProcessByte],
}

/// Process memory the kernel may read and write.
#[repr(transparent)]
pub struct WriteableProcessSlice {
    slice: [Cell<u8>],
}

impl ReadableProcessSlice {
    fn from_bytes(bytes: &[ReadableProcessByte]) -> &Self {
        // SAFETY: `repr(transparent)` over exactly this slice type.
        unsafe { &*(core::ptr::from_ref(bytes) as *const ReadableProcessSlice) }
    }
}

impl WriteableProcessSlice {
    fn from_cells(cells: &[Cell<u8>]) -> &Self {
        // SAFETY: `repr(transparent)` over exactly this slice type.
        unsafe { &*(core::ptr::from_ref(cells) as *const WriteableProcessSlice) }
    }
}

impl<'a> From<&'a [u8]> for &'a ReadableProcessSlice {
    fn from(bytes: &'a [u8]) -> Self {
        // SAFETY: the bytes are readable for the lifetime, and a readable slice is never written.
        unsafe { readable_slice(bytes.as_ptr(), bytes.len()) }
    }
}

impl<'a> From<&'a mut [u8]> for &'a ReadableProcessSlice {
    fn from(bytes: &'a mut [u8]) -> Self {
        // SAFETY: the bytes are readable and nobody else's for the lifetime.
        unsafe { readable_slice(bytes.as_ptr(), bytes.len()) }
    }
}

impl<'a> From<&'a mut [u8]> for &'a WriteableProcessSlice {
    fn from(bytes: &'a mut [u8]) -> Self {
        WriteableProcessSlice::from_cells(Cell::from_mut(bytes).as_slice_of_cells())
    }
}

#[cold]
#[track_caller]
fn length_mismatch(source: usize, destination: usize) -> ! {
    panic!(
        "cannot copy {source} bytes into {destination}: take a part of equal length first, or use \
         the variant that returns an error"
    );
}

/// What both kinds of slice offer.
macro_rules! process_slice {
    ($slice:ident, $element:ty, $wrap:path) => {
        #[allow(clippy::len_without_is_empty)]
        impl $slice {
            /// Copy everything out.
            ///
            /// # Panics
            ///
            /// If the lengths differ.
            #[track_caller]
            pub fn copy_to_slice(&self, dest: &mut [u8]) {
                if self.copy_to_slice_or_err(dest).is_err() {
                    length_mismatch(self.len(), dest.len());
                }
            }

            /// Copy everything out.
            ///
            /// # Errors
            ///
            /// `SIZE` if the lengths differ; nothing is copied.
            pub fn copy_to_slice_or_err(&self, dest: &mut [u8]) -> Result<(), ErrorCode> {
                if self.len() != dest.len() {
                    return Err(ErrorCode::SIZE);
                }
                for (to, from) in dest.iter_mut().zip(self.iter()) {
                    *to = from.get();
                }
                Ok(())
            }

            /// Length in bytes.
            pub fn len(&self) -> usize {
                self.slice.len()
            }

            /// Byte by byte.
            pub fn iter(&self) -> core::slice::Iter<'_, $element> {
                self.slice.iter()
            }

            /// Piece by piece; the last may be shorter.
            pub fn chunks(&self, chunk_size: usize) -> impl Iterator<Item = &$slice> {
                self.slice.chunks(chunk_size).map($wrap)
            }

            /// A part, or `None` if it reaches beyond the end.
            pub fn get<I: ProcessSliceIndex<Self>>(&self, index: I) -> Option<&I::Output> {
                index.get(self)
            }

            /// Everything from a position on.
            #[deprecated = "use `get`"]
            pub fn get_from(&self, range: RangeFrom<usize>) -> Option<&$slice> {
                range.get(self)
            }

            /// Everything before a position.
            #[deprecated = "use `get`"]
            pub fn get_to(&self, range: RangeTo<usize>) -> Option<&$slice> {
                range.get(self)
            }
        }

        impl ProcessSliceIndex<$slice> for usize {
            type Output = $element;

            fn get(self, slice: &$slice) -> Option<&Self::Output> {
                slice.slice.get(self)
            }

            fn index(self, slice: &$slice) -> &Self::Output {
                &slice.slice[self]
            }
        }

        process_slice!(@range $slice, $wrap, Range<usize>);
        process_slice!(@range $slice, $wrap, RangeFrom<usize>);
        process_slice!(@range $slice, $wrap, RangeTo<usize>);

        impl<I: ProcessSliceIndex<Self>> Index<I> for $slice {
            type Output = I::Output;

            fn index(&self, index: I) -> &Self::Output {
                index.index(self)
            }
        }
    };
    (@range $slice:ident, $wrap:path, $range:ty) => {
        impl ProcessSliceIndex<$slice> for $range {
            type Output = $slice;

            fn get(self, slice: &$slice) -> Option<&Self::Output> {
                slice.slice.get(self).map($wrap)
            }

            fn index(self, slice: &$slice) -> &Self::Output {
                $wrap(&slice.slice[self])
            }
        }
    };
}

process_slice!(
    ReadableProcessSlice,
    ReadableProcessByte,
    ReadableProcessSlice::from_bytes
);
process_slice!(
    WriteableProcessSlice,
    Cell<u8>,
    WriteableProcessSlice::from_cells
);

impl WriteableProcessSlice {
    /// Copy `src` in.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn copy_from_slice(&self, src: &[u8]) {
        if self.copy_from_slice_or_err(src).is_err() {
            length_mismatch(src.len(), self.len());
        }
    }

    /// Copy `src` in.
    ///
    /// # Errors
    ///
    /// `SIZE` if the lengths differ; nothing is copied.
    pub fn copy_from_slice_or_err(&self, src: &[u8]) -> Result<(), ErrorCode> {
        if self.len() != src.len() {
            return Err(ErrorCode::SIZE);
        }
        for (to, from) in self.iter().zip(src) {
            to.set(*from);
        }
        Ok(())
    }
}
