// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory of a process that holds a driver's state for it.
//!
//! A grant is set aside from the top of the process's memory, downwards, when it is first entered
//! for that process. Besides the driver's own type it holds what only the kernel may exchange: the
//! subscribed upcalls and the shared buffers. It is never freed singly; when the process ends it is
//! forgotten without running a destructor.
//!
//! ```text
//! low address                                                        high address
//! | counts | upcalls ... | read-only buffers ... | read-write buffers ... | T |
//! ```

use core::marker::PhantomData;
use core::mem::{align_of, size_of};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::ErrorCode;
use crate::kernel::Kernel;
use crate::process::{Error, Process, ProcessCustomGrantIdentifier, ProcessId, ProcessSlot, Task};
use crate::processbuffer::{
    ReadOnlyProcessBuffer, ReadOnlyProcessBufferRef, ReadWriteProcessBuffer,
    ReadWriteProcessBufferRef,
};
use crate::upcall::{Upcall, UpcallError, UpcallId};
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

/// How many upcalls a grant has.
pub trait UpcallSize {
    /// The number.
    const COUNT: u8;
}

/// `NUM` upcalls.
pub struct UpcallCount<const NUM: u8>;

impl<const NUM: u8> UpcallSize for UpcallCount<NUM> {
    const COUNT: u8 = NUM;
}

/// How many read-only buffers a grant has room for.
pub trait AllowRoSize {
    /// The number.
    const COUNT: u8;
}

/// `NUM` read-only buffers.
pub struct AllowRoCount<const NUM: u8>;

impl<const NUM: u8> AllowRoSize for AllowRoCount<NUM> {
    const COUNT: u8 = NUM;
}

/// How many read-write buffers a grant has room for.
pub trait AllowRwSize {
    /// The number.
    const COUNT: u8;
}

/// `NUM` read-write buffers.
pub struct AllowRwCount<const NUM: u8>;

impl<const NUM: u8> AllowRwSize for AllowRwCount<NUM> {
    const COUNT: u8 = NUM;
}

/// What a grant holds for the kernel, counted. Stands at its start, one word long.
#[derive(Clone, Copy)]
#[repr(C)]
#[cfg_attr(target_pointer_width = "64", repr(align(8)))]
#[cfg_attr(target_pointer_width = "32", repr(align(4)))]
struct Counts {
    upcalls: u8,
    allow_ro: u8,
    allow_rw: u8,
}

/// Where the parts of a grant begin, in bytes from its start.
struct Parts {
    upcalls: usize,
    allow_ro: usize,
    allow_rw: usize,
    /// End of the kernel's part.
    end: usize,
}

impl Counts {
    fn of<Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>() -> Self {
        Counts {
            upcalls: Upcalls::COUNT,
            allow_ro: AllowROs::COUNT,
            allow_rw: AllowRWs::COUNT,
        }
    }

    fn parts(self) -> Parts {
        // All three are word-aligned and a whole number of words long: no gaps.
        let upcalls = size_of::<Counts>();
        let allow_ro = upcalls + usize::from(self.upcalls) * size_of::<SavedUpcall>();
        let allow_rw = allow_ro + usize::from(self.allow_ro) * size_of::<SavedBuffer>();
        let end = allow_rw + usize::from(self.allow_rw) * size_of::<SavedBuffer>();
        Parts {
            upcalls,
            allow_ro,
            allow_rw,
            end,
        }
    }

    /// Where the driver's type begins.
    fn data_offset<T>(self) -> usize {
        self.parts().end.next_multiple_of(align_of::<T>())
    }

    fn grant_size<T>(self) -> usize {
        self.data_offset::<T>() + size_of::<T>()
    }

    fn grant_align<T>() -> usize {
        align_of::<T>().max(align_of::<Counts>())
    }
}

/// A subscription. All zeros is none.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct SavedUpcall {
    pub(crate) appdata: MachineRegister,
    pub(crate) fn_ptr: CapabilityPtr,
}

/// A shared buffer of either kind. Null and zero is none.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct SavedBuffer {
    pub(crate) ptr: *mut u8,
    pub(crate) len: usize,
}

impl Default for SavedBuffer {
    fn default() -> Self {
        SavedBuffer {
            ptr: core::ptr::null_mut(),
            len: 0,
        }
    }
}

/// The kernel's part of a grant, by its start.
///
/// Whoever makes one promises that the part is initialized and that no unique reference into it
/// exists while this one is used.
#[derive(Clone, Copy)]
struct KernelPart(NonNull<u8>);

impl KernelPart {
    /// Write a fresh part: no subscriptions, no buffers.
    ///
    /// # Safety
    ///
    /// `base` must be aligned and point to at least [`Parts::end`] bytes nobody else uses.
    unsafe fn initialize(base: NonNull<u8>, counts: Counts) -> Self {
        let parts = counts.parts();
        // SAFETY: all offsets lie below `end`, and each element type is word-aligned.
        unsafe {
            base.cast::<Counts>().write(counts);
            let upcalls = base.add(parts.upcalls).cast::<SavedUpcall>();
            for index in 0..usize::from(counts.upcalls) {
                upcalls.add(index).write(SavedUpcall::default());
            }
            let buffers = base.add(parts.allow_ro).cast::<SavedBuffer>();
            for index in 0..usize::from(counts.allow_ro) + usize::from(counts.allow_rw) {
                buffers.add(index).write(SavedBuffer::default());
            }
        }
        KernelPart(base)
    }

    fn counts(self) -> Counts {
        // SAFETY: the counts stand at the start of every initialized part.
        unsafe { self.0.cast::<Counts>().read() }
    }

    /// The element of an array in the part, or `None` beyond its end.
    fn element<E>(self, offset: usize, count: u8, index: usize) -> Option<NonNull<E>> {
        if index >= usize::from(count) {
            return None;
        }
        // SAFETY: offset and count come from `Counts`, so the element lies in the part.
        Some(unsafe { self.0.add(offset).cast::<E>().add(index) })
    }

    fn upcall(self, index: usize) -> Option<NonNull<SavedUpcall>> {
        let counts = self.counts();
        self.element(counts.parts().upcalls, counts.upcalls, index)
    }

    fn allow_ro(self, index: usize) -> Option<NonNull<SavedBuffer>> {
        let counts = self.counts();
        self.element(counts.parts().allow_ro, counts.allow_ro, index)
    }

    fn allow_rw(self, index: usize) -> Option<NonNull<SavedBuffer>> {
        let counts = self.counts();
        self.element(counts.parts().allow_rw, counts.allow_rw, index)
    }
}

/// Everything the kernel's part of a grant holds, copied out.
pub(crate) struct KernelPartCopy {
    pub(crate) upcalls: Vec<SavedUpcall>,
    pub(crate) allow_ro: Vec<SavedBuffer>,
    pub(crate) allow_rw: Vec<SavedBuffer>,
}

/// Copy the kernel's part of a grant out.
///
/// # Safety
///
/// `base` must be the start of an allocated grant of a live process.
pub(crate) unsafe fn copy_kernel_part(base: NonNull<u8>) -> KernelPartCopy {
    let part = KernelPart(base);
    // SAFETY: the elements are initialized since the grant was allocated.
    let copied = |element: NonNull<SavedBuffer>| unsafe { element.read() };
    KernelPartCopy {
        upcalls: (0..)
            .map_while(|index| part.upcall(index))
            // SAFETY: as above.
            .map(|element| unsafe { element.read() })
            .collect(),
        allow_ro: (0..)
            .map_while(|index| part.allow_ro(index))
            .map(copied)
            .collect(),
        allow_rw: (0..)
            .map_while(|index| part.allow_rw(index))
            .map(copied)
            .collect(),
    }
}

/// A grant marked as in use; leaves it when dropped, in a panic too.
struct Entered<'a> {
    process: &'a dyn Process,
    grant_num: usize,
    base: NonNull<u8>,
}

impl<'a> Entered<'a> {
    fn enter(process: &'a dyn Process, grant_num: usize) -> Result<Self, Error> {
        let base = process.enter_grant(grant_num)?;
        Ok(Entered {
            process,
            grant_num,
            base,
        })
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // SAFETY: references into the grant live no longer than this guard.
        unsafe { self.process.leave_grant(self.grant_num) }
    }
}

/// Enter the grant a driver allocated in a process. `NOMEM` means "allocate it first".
fn enter_driver_grant(process: &dyn Process, driver_num: usize) -> Result<Entered<'_>, ErrorCode> {
    let grant_num = process.lookup_grant_from_driver_num(driver_num)?;
    match process.grant_is_allocated(grant_num) {
        Some(true) => Entered::enter(process, grant_num).or(Err(ErrorCode::NOMEM)),
        Some(false) => Err(ErrorCode::NOMEM),
        None => Err(ErrorCode::FAIL),
    }
}

/// Exchange a subscription; what was there comes back, or the new one with the reason.
pub(crate) fn subscribe(
    process: &dyn Process,
    upcall: Upcall,
) -> Result<Upcall, (Upcall, ErrorCode)> {
    let entered = match enter_driver_grant(process, upcall.upcall_id.driver_num) {
        Ok(entered) => entered,
        Err(error) => return Err((upcall, error)),
    };
    let Some(saved) = KernelPart(entered.base).upcall(upcall.upcall_id.subscribe_num) else {
        return Err((upcall, ErrorCode::NOSUPPORT));
    };
    let new = SavedUpcall {
        appdata: upcall.appdata,
        fn_ptr: upcall.fn_ptr,
    };
    // SAFETY: an initialized element of an entered grant; no reference to it is alive.
    let old = unsafe { saved.replace(new) };
    Ok(Upcall::new(
        process.processid(),
        upcall.upcall_id,
        old.appdata,
        old.fn_ptr,
    ))
}

/// Exchange a read-only buffer; what was there comes back, or the new one with the reason.
pub(crate) fn allow_ro(
    process: &dyn Process,
    driver_num: usize,
    allow_num: usize,
    buffer: ReadOnlyProcessBuffer,
) -> Result<ReadOnlyProcessBuffer, (ReadOnlyProcessBuffer, ErrorCode)> {
    let entered = match enter_driver_grant(process, driver_num) {
        Ok(entered) => entered,
        Err(error) => return Err((buffer, error)),
    };
    let Some(saved) = KernelPart(entered.base).allow_ro(allow_num) else {
        return Err((buffer, ErrorCode::NOSUPPORT));
    };
    let (ptr, len) = buffer.consume();
    let new = SavedBuffer {
        ptr: ptr.cast_mut(),
        len,
    };
    // SAFETY: an initialized element of an entered grant; no reference to it is alive. What it
    // held was checked when it was stored.
    unsafe {
        let old = saved.replace(new);
        Ok(ReadOnlyProcessBuffer::new(
            old.ptr,
            old.len,
            process.processid(),
        ))
    }
}

/// Exchange a read-write buffer; what was there comes back, or the new one with the reason.
pub(crate) fn allow_rw(
    process: &dyn Process,
    driver_num: usize,
    allow_num: usize,
    buffer: ReadWriteProcessBuffer,
) -> Result<ReadWriteProcessBuffer, (ReadWriteProcessBuffer, ErrorCode)> {
    let entered = match enter_driver_grant(process, driver_num) {
        Ok(entered) => entered,
        Err(error) => return Err((buffer, error)),
    };
    let Some(saved) = KernelPart(entered.base).allow_rw(allow_num) else {
        return Err((buffer, ErrorCode::NOSUPPORT));
    };
    let (ptr, len) = buffer.consume();
    // SAFETY: an initialized element of an entered grant; no reference to it is alive. What it
    // held was checked when it was stored.
    unsafe {
        let old = saved.replace(SavedBuffer { ptr, len });
        Ok(ReadWriteProcessBuffer::new(
            old.ptr,
            old.len,
            process.processid(),
        ))
    }
}

/// A driver's own part of an entered grant.
pub struct GrantData<'a, T: 'a + ?Sized> {
    data: &'a mut T,
}

impl<'a, T: 'a + ?Sized> Deref for GrantData<'a, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.data
    }
}

impl<'a, T: 'a + ?Sized> DerefMut for GrantData<'a, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.data
    }
}

/// The kernel's part of an entered grant, as the driver may use it.
pub struct GrantKernelData<'a> {
    part: KernelPart,
    driver_num: usize,
    process: &'a dyn Process,
}

impl GrantKernelData<'_> {
    fn upcall_id(&self, subscribe_num: usize) -> UpcallId {
        UpcallId {
            driver_num: self.driver_num,
            subscribe_num,
        }
    }

    /// Queue an upcall with these three values.
    ///
    /// # Errors
    ///
    /// [`UpcallError::InvalidSubscribeNum`] before anything else, then
    /// [`UpcallError::KernelError`] for a process that is dead, [`UpcallError::QueueFull`].
    pub fn schedule_upcall(
        &self,
        subscribe_num: usize,
        r: (usize, usize, usize),
    ) -> Result<(), UpcallError> {
        let saved = self
            .part
            .upcall(subscribe_num)
            .ok_or(UpcallError::InvalidSubscribeNum)?;
        // SAFETY: an initialized element of an entered grant.
        let saved = unsafe { saved.read() };
        Upcall::new(
            self.process.processid(),
            self.upcall_id(subscribe_num),
            saved.appdata,
            saved.fn_ptr,
        )
        .schedule(self.process, r.0, r.1, r.2)
    }

    /// Take the oldest queued upcall of that number, function or none.
    pub fn remove_upcall(&self, subscribe_num: usize) -> Option<Task> {
        self.process.remove_upcall(self.upcall_id(subscribe_num))
    }

    /// Drop the queued upcalls of that number that have a function; their count is returned.
    pub fn remove_pending_upcalls(&self, subscribe_num: usize) -> usize {
        self.process
            .remove_pending_upcalls(self.upcall_id(subscribe_num))
    }

    /// A read-only buffer the process shares; empty if it never shared one.
    ///
    /// # Errors
    ///
    /// [`Error::AddressOutOfBounds`] if the grant has no such number.
    pub fn get_readonly_processbuffer(
        &self,
        allow_ro_num: usize,
    ) -> Result<ReadOnlyProcessBufferRef<'_>, Error> {
        let saved = self
            .part
            .allow_ro(allow_ro_num)
            .ok_or(Error::AddressOutOfBounds)?;
        // SAFETY: an initialized element of an entered grant; what it holds was checked when it
        // was stored.
        unsafe {
            let saved = saved.read();
            Ok(ReadOnlyProcessBufferRef::new(
                saved.ptr,
                saved.len,
                self.process.processid(),
            ))
        }
    }

    /// A read-write buffer the process shares; empty if it never shared one.
    ///
    /// # Errors
    ///
    /// [`Error::AddressOutOfBounds`] if the grant has no such number.
    pub fn get_readwrite_processbuffer(
        &self,
        allow_rw_num: usize,
    ) -> Result<ReadWriteProcessBufferRef<'_>, Error> {
        let saved = self
            .part
            .allow_rw(allow_rw_num)
            .ok_or(Error::AddressOutOfBounds)?;
        // SAFETY: an initialized element of an entered grant; what it holds was checked when it
        // was stored.
        unsafe {
            let saved = saved.read();
            Ok(ReadWriteProcessBufferRef::new(
                saved.ptr,
                saved.len,
                self.process.processid(),
            ))
        }
    }
}

/// A grant that has memory in one process. Cannot be stored.
pub struct ProcessGrant<
    'a,
    T: 'a,
    Upcalls: UpcallSize,
    AllowROs: AllowRoSize,
    AllowRWs: AllowRwSize,
> {
    process: &'a dyn Process,
    driver_num: usize,
    grant_num: usize,
    _types: PhantomData<(T, Upcalls, AllowROs, AllowRWs)>,
}

impl<'a, T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>
    ProcessGrant<'a, T, Upcalls, AllowROs, AllowRWs>
{
    fn new(
        grant: &Grant<T, Upcalls, AllowROs, AllowRWs>,
        processid: ProcessId,
    ) -> Result<Self, Error> {
        let process = processid
            .kernel
            .get_process(processid)
            .ok_or(Error::NoSuchApp)?;
        match process.grant_is_allocated(grant.grant_num) {
            None => return Err(Error::InactiveApp),
            Some(true) => {}
            Some(false) => Self::allocate(grant, process)?,
        }
        Ok(Self::of(grant, process))
    }

    fn of(grant: &Grant<T, Upcalls, AllowROs, AllowRWs>, process: &'a dyn Process) -> Self {
        ProcessGrant {
            process,
            driver_num: grant.driver_num,
            grant_num: grant.grant_num,
            _types: PhantomData,
        }
    }

    fn allocate(
        grant: &Grant<T, Upcalls, AllowROs, AllowRWs>,
        process: &dyn Process,
    ) -> Result<(), Error> {
        let counts = Counts::of::<Upcalls, AllowROs, AllowRWs>();
        process
            .allocate_grant(
                grant.grant_num,
                grant.driver_num,
                counts.grant_size::<T>(),
                Counts::grant_align::<T>(),
            )
            .or(Err(Error::OutOfMemory))?;
        let entered = Entered::enter(process, grant.grant_num)?;
        // SAFETY: the memory was just set aside with this size and alignment.
        let data = unsafe {
            KernelPart::initialize(entered.base, counts);
            entered.base.add(counts.data_offset::<T>()).cast::<T>()
        };
        drop(entered);
        // SAFETY: as above; the kernel part ends before it.
        unsafe { data.write(T::default()) };
        Ok(())
    }

    fn new_if_allocated(
        grant: &Grant<T, Upcalls, AllowROs, AllowRWs>,
        process: &'a dyn Process,
    ) -> Option<Self> {
        (process.grant_is_allocated(grant.grant_num) == Some(true))
            .then(|| Self::of(grant, process))
    }

    /// The process.
    pub fn processid(&self) -> ProcessId {
        self.process.processid()
    }

    /// Work on the grant.
    ///
    /// # Panics
    ///
    /// If it is entered already: that would give out its data twice.
    pub fn enter<F, R>(self, fun: F) -> R
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        self.enter_with_allocator(|data, kernel_data, _| fun(data, kernel_data))
    }

    /// Work on the grant unless it is entered already; then `fun` is dropped and `None` returned.
    pub fn try_enter<F, R>(self, fun: F) -> Option<R>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        let entered = Entered::enter(self.process, self.grant_num).ok()?;
        Some(self.with_entered(entered, |data, kernel_data, _| fun(data, kernel_data)))
    }

    /// Work on the grant, with the means to set more memory of the process aside.
    ///
    /// # Panics
    ///
    /// If it is entered already: that would give out its data twice.
    pub fn enter_with_allocator<F, R>(self, fun: F) -> R
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData, &mut GrantRegionAllocator) -> R,
    {
        match Entered::enter(self.process, self.grant_num) {
            Ok(entered) => self.with_entered(entered, fun),
            Err(_) => panic!("Attempted to re-enter a grant region."),
        }
    }

    fn with_entered<F, R>(&self, entered: Entered<'_>, fun: F) -> R
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData, &mut GrantRegionAllocator) -> R,
    {
        let counts = Counts::of::<Upcalls, AllowROs, AllowRWs>();
        // SAFETY: the grant was allocated with this type, `entered` makes the reference unique, and
        // it ends before `entered` is dropped.
        let data = unsafe {
            entered
                .base
                .add(counts.data_offset::<T>())
                .cast::<T>()
                .as_mut()
        };
        let kernel_data = GrantKernelData {
            part: KernelPart(entered.base),
            driver_num: self.driver_num,
            process: self.process,
        };
        let mut allocator = GrantRegionAllocator {
            processid: self.process.processid(),
        };
        fun(&mut GrantData { data }, &kernel_data, &mut allocator)
    }
}

/// Memory of a process beside its grants, with a value in it.
pub struct CustomGrant<T> {
    identifier: ProcessCustomGrantIdentifier,
    processid: ProcessId,
    _type: PhantomData<T>,
}

impl<T> CustomGrant<T> {
    /// The process.
    pub fn processid(&self) -> ProcessId {
        self.processid
    }

    /// Work on the value.
    ///
    /// Upstream's signature takes `&self`, so it does not stop a caller from entering twice; don't.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchApp`] after a restart, [`Error::InactiveApp`] on a dead process.
    pub fn enter<F, R>(&self, fun: F) -> Result<R, Error>
    where
        F: FnOnce(GrantData<'_, T>) -> R,
    {
        let process = self
            .processid
            .kernel
            .get_process(self.processid)
            .ok_or(Error::NoSuchApp)?;
        let value = process.enter_custom_grant(self.identifier)?.cast::<T>();
        // SAFETY: this incarnation set the memory aside for a `T` and it was written before this
        // handle existed; the caller does not enter twice.
        let data = unsafe { &mut *value };
        Ok(fun(GrantData { data }))
    }
}

/// Sets memory of one process aside.
pub struct GrantRegionAllocator {
    processid: ProcessId,
}

impl GrantRegionAllocator {
    /// One value.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::NoSuchApp`]; `init` is then not called.
    pub fn alloc_with<T, F>(&self, init: F) -> Result<CustomGrant<T>, Error>
    where
        F: FnOnce() -> T,
    {
        let (identifier, memory) = self.set_aside(1, size_of::<T>(), align_of::<T>())?;
        // SAFETY: set aside with this size and alignment.
        unsafe { memory.cast::<T>().write(init()) };
        Ok(self.custom_grant(identifier))
    }

    /// `NUM_ITEMS` values; `init` is called with each index.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::NoSuchApp`]; `init` is then not called.
    pub fn alloc_n_with<T, F, const NUM_ITEMS: usize>(
        &self,
        mut init: F,
    ) -> Result<CustomGrant<[T; NUM_ITEMS]>, Error>
    where
        F: FnMut(usize) -> T,
    {
        let (identifier, memory) = self.set_aside(NUM_ITEMS, size_of::<T>(), align_of::<T>())?;
        let items = memory.cast::<T>();
        for index in 0..NUM_ITEMS {
            // SAFETY: set aside for so many items.
            unsafe { items.add(index).write(init(index)) };
        }
        Ok(self.custom_grant(identifier))
    }

    fn set_aside(
        &self,
        count: usize,
        size: usize,
        align: usize,
    ) -> Result<(ProcessCustomGrantIdentifier, NonNull<u8>), Error> {
        let size = size.checked_mul(count).ok_or(Error::OutOfMemory)?;
        self.processid
            .kernel
            .get_process(self.processid)
            .ok_or(Error::NoSuchApp)?
            .allocate_custom_grant(size, align)
            .or(Err(Error::OutOfMemory))
    }

    fn custom_grant<T>(&self, identifier: ProcessCustomGrantIdentifier) -> CustomGrant<T> {
        CustomGrant {
            identifier,
            processid: self.processid,
            _type: PhantomData,
        }
    }
}

/// A driver's right to hold a `T` in every process.
pub struct Grant<T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize> {
    pub(crate) kernel: &'static Kernel,
    driver_num: usize,
    grant_num: usize,
    _types: PhantomData<(T, Upcalls, AllowROs, AllowRWs)>,
}

impl<T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize>
    Grant<T, Upcalls, AllowROs, AllowRWs>
{
    pub(crate) fn new(kernel: &'static Kernel, driver_num: usize, grant_num: usize) -> Self {
        Grant {
            kernel,
            driver_num,
            grant_num,
            _types: PhantomData,
        }
    }

    /// Work on the grant in one process; it is allocated first if need be.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchApp`] if that incarnation is gone, [`Error::InactiveApp`] if it is dead,
    /// [`Error::OutOfMemory`] if there is no room. In each case `fun` is dropped, with everything
    /// it captured, and not called.
    ///
    /// # Panics
    ///
    /// If it is entered already in that process.
    pub fn enter<F, R>(&self, processid: ProcessId, fun: F) -> Result<R, Error>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData) -> R,
    {
        Ok(ProcessGrant::new(self, processid)?.enter(fun))
    }

    /// As [`Grant::enter`], with the means to set more memory of the process aside.
    ///
    /// # Errors
    ///
    /// As [`Grant::enter`].
    ///
    /// # Panics
    ///
    /// As [`Grant::enter`].
    pub fn enter_with_allocator<F, R>(&self, processid: ProcessId, fun: F) -> Result<R, Error>
    where
        F: FnOnce(&mut GrantData<T>, &GrantKernelData, &mut GrantRegionAllocator) -> R,
    {
        Ok(ProcessGrant::new(self, processid)?.enter_with_allocator(fun))
    }

    /// Work on the grant in every live process that has it, in slot order.
    ///
    /// # Panics
    ///
    /// If it is entered already in one of them.
    pub fn each<F>(&self, mut fun: F)
    where
        F: FnMut(ProcessId, &mut GrantData<T>, &GrantKernelData),
    {
        for grant in self.iter() {
            let processid = grant.processid();
            grant.enter(|data, kernel_data| fun(processid, data, kernel_data));
        }
    }

    /// The grant in every live process that has it, in slot order.
    pub fn iter(&self) -> Iter<'_, T, Upcalls, AllowROs, AllowRWs> {
        Iter {
            grant: self,
            slots: self.kernel.slots().iter(),
        }
    }
}

/// Iterator of [`Grant::iter`]. Whether a process is visited is decided when its turn comes.
pub struct Iter<
    'a,
    T: 'a + Default,
    Upcalls: UpcallSize,
    AllowROs: AllowRoSize,
    AllowRWs: AllowRwSize,
> {
    grant: &'a Grant<T, Upcalls, AllowROs, AllowRWs>,
    slots: core::slice::Iter<'a, ProcessSlot>,
}

impl<'a, T: Default, Upcalls: UpcallSize, AllowROs: AllowRoSize, AllowRWs: AllowRwSize> Iterator
    for Iter<'a, T, Upcalls, AllowROs, AllowRWs>
{
    type Item = ProcessGrant<'a, T, Upcalls, AllowROs, AllowRWs>;

    fn next(&mut self) -> Option<Self::Item> {
        let grant = self.grant;
        self.slots
            .find_map(|slot| ProcessGrant::new_if_allocated(grant, slot.get()?))
    }
}
