// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory for the objects a board is made of.
//!
//! On a board each [`static_buf!`](crate::static_buf) is a place of its own in
//! RAM, which a second use of the same `static_buf!` would alias; that panics.
//! On the host it is the same, but for each board: boards may run in several
//! threads, and [`reset_static_memory`] makes room for the next board in the
//! same thread. [`set_static_memory`] says where the memory comes from, for
//! machines whose DMA reaches only part of the address space.

use core::cell::{Cell, RefCell};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::alloc::Layout;
use std::collections::HashSet;

/// Makes an object that lives as long as the board, and returns a
/// `&'static mut` reference to it.
///
/// `static_init!(Type, value)`. The type must not depend on a generic parameter
/// of the function around it.
///
/// # Safety
///
/// The expansion must be in an `unsafe` block, for on a board it uses a
/// `static mut`. It must not run twice; if it does, it panics.
///
/// ```
/// // SAFETY: runs once.
/// let number: &'static mut u32 = unsafe { kernel::static_init!(u32, 7) };
/// ```
///
/// ```compile_fail,E0133
/// let number: &'static mut u32 = kernel::static_init!(u32, 7);
/// ```
///
/// ```compile_fail,E0401
/// fn make<T>(value: T) -> &'static mut T {
///     // SAFETY: runs once.
///     unsafe { kernel::static_init!(T, value) }
/// }
/// ```
#[macro_export]
macro_rules! static_init {
    ($T:ty, $e:expr $(,)?) => {{
        let buf = $crate::static_buf!($T);
        buf.write($e)
    }};
}

/// Makes room for an object that lives as long as the board, and returns a
/// `&'static mut MaybeUninit` reference to it.
///
/// `static_buf!(Type)`. Components' `*_component_static!` macros are made of
/// these.
///
/// # Safety
///
/// As for [`static_init!`](crate::static_init).
#[macro_export]
macro_rules! static_buf {
    ($T:ty $(,)?) => {{
        // A static of that type, so that the host refuses what a board would.
        static SITE: $crate::utilities::static_init::Site<$T> =
            $crate::utilities::static_init::Site::new();
        SITE.allocate()
    }};
}

/// [`static_buf!`](crate::static_buf) for a buffer with a name that debuggers
/// can find on a board. The host has no use for the name.
///
/// # Safety
///
/// As for [`static_init!`](crate::static_init).
#[macro_export]
macro_rules! static_named_buf {
    ($T:ty, $N:literal $(,)?) => {{
        const _: &str = $N;
        $crate::static_buf!($T)
    }};
}

/// Panics if `used` is set, and sets it.
#[inline(never)]
pub fn static_buf_check_used(used: &mut bool) {
    if core::mem::replace(used, true) {
        panic!("Error! Single static_buf!() called twice.");
    }
}

/// Host only: where the memory of a board comes from.
#[derive(Clone, Copy, Debug)]
pub struct StaticMemory {
    /// Returns memory for the layout, which never has size zero, or null.
    pub allocate: unsafe fn(Layout) -> *mut u8,
    /// Takes back memory that `allocate` returned for the same layout.
    pub release: unsafe fn(*mut u8, Layout),
}

impl StaticMemory {
    /// The program's heap.
    pub const HEAP: StaticMemory = StaticMemory {
        allocate: std::alloc::alloc,
        release: std::alloc::dealloc,
    };
}

struct Allocation {
    memory: NonNull<u8>,
    layout: Layout,
    release: unsafe fn(*mut u8, Layout),
}

thread_local! {
    static SOURCE: Cell<StaticMemory> = const { Cell::new(StaticMemory::HEAP) };
    static ALLOCATIONS: RefCell<Vec<Allocation>> = const { RefCell::new(Vec::new()) };
    static USED_SITES: RefCell<HashSet<usize>> = RefCell::new(HashSet::new());
}

/// Host only: takes the memory for this thread's boards from `source` from now
/// on. What was allocated before goes back where it came from.
///
/// # Safety
///
/// `source.allocate` must return memory that is valid for the layout, apart from
/// all other memory in use, until it is given to `source.release`.
pub unsafe fn set_static_memory(source: StaticMemory) {
    SOURCE.set(source);
}

/// Host only: gives back the memory of this thread's board. No destructor runs,
/// as none would on a board.
///
/// # Safety
///
/// Nothing that `static_init!` or `static_buf!` made in this thread since the
/// last reset may be used any more.
pub unsafe fn reset_static_memory() {
    USED_SITES.with_borrow_mut(HashSet::clear);
    // Newest first, which suits a source that only moves a mark.
    while let Some(allocation) = ALLOCATIONS.with_borrow_mut(Vec::pop) {
        // SAFETY: `allocate` returned the memory for this layout, and the
        // caller vouches that it is no longer in use.
        unsafe { (allocation.release)(allocation.memory.as_ptr(), allocation.layout) };
    }
}

/// Host only: one `static_buf!` in the program's text. What the macro expands
/// to; of no use by itself.
#[doc(hidden)]
pub struct Site<T> {
    /// 0 until the site is first used.
    number: AtomicUsize,
    _makes: core::marker::PhantomData<fn() -> T>,
}

impl<T> Site<T> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Site {
            number: AtomicUsize::new(0),
            _makes: core::marker::PhantomData,
        }
    }

    fn number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);

        match self.number.load(Ordering::Relaxed) {
            0 => {
                let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
                // Another thread may have been faster; its number holds then.
                self.number
                    .compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed)
                    .map_or_else(|theirs| theirs, |_| fresh)
            }
            number => number,
        }
    }

    /// # Safety
    ///
    /// The memory must not be used after the next [`reset_static_memory`].
    pub unsafe fn allocate(&self) -> &'static mut MaybeUninit<T> {
        let mut used = USED_SITES.with_borrow_mut(|sites| !sites.insert(self.number()));
        static_buf_check_used(&mut used);

        let layout = Layout::new::<T>();
        let mut memory: NonNull<MaybeUninit<T>> = if layout.size() == 0 {
            NonNull::dangling()
        } else {
            let source = SOURCE.get();
            // SAFETY: the size is not zero; who set the source vouches for it.
            let memory = unsafe { (source.allocate)(layout) };
            let memory = NonNull::new(memory)
                .unwrap_or_else(|| panic!("no static memory left for {layout:?}"));
            ALLOCATIONS.with_borrow_mut(|allocations| {
                allocations.push(Allocation {
                    memory,
                    layout,
                    release: source.release,
                });
            });
            memory.cast()
        };
        // SAFETY: the memory is fresh and fits a `T`, and a `MaybeUninit` needs
        // no more. It stays until the reset, after which nobody uses it.
        unsafe { memory.as_mut() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(64))]
    struct Aligned([u8; 3]);

    fn board() -> (&'static mut u32, &'static mut Aligned, &'static mut ()) {
        // SAFETY: each test resets only after its last use of these.
        unsafe {
            (
                static_init!(u32, 7),
                static_init!(Aligned, Aligned([1, 2, 3])),
                static_named_buf!((), "nothing").write(()),
            )
        }
    }

    #[test]
    fn objects_are_initialised_and_aligned() {
        let (number, aligned, ()) = board();
        *number += 1;
        assert_eq!(*number, 8);
        assert_eq!(std::ptr::from_ref(aligned).addr() % 64, 0);
        assert_eq!(aligned.0, [1, 2, 3]);
        // SAFETY: the board is not used below.
        unsafe { reset_static_memory() };
    }

    #[test]
    fn the_same_board_is_built_again_after_a_reset() {
        for _ in 0..1000 {
            let (number, ..) = board();
            assert_eq!(*number, 7);
            // SAFETY: the board is not used below.
            unsafe { reset_static_memory() };
        }
        assert!(ALLOCATIONS.with_borrow(Vec::is_empty));
    }

    #[test]
    #[should_panic = "Error! Single static_buf!() called twice."]
    fn a_place_is_used_once() {
        board();
        board();
    }

    #[test]
    fn boards_in_several_threads_have_memory_of_their_own() {
        let (number, ..) = board();
        std::thread::spawn(|| {
            let (number, ..) = board();
            *number = 100;
            // SAFETY: the board is not used below.
            unsafe { reset_static_memory() };
        })
        .join()
        .unwrap();
        assert_eq!(*number, 7);
        // SAFETY: the board is not used below.
        unsafe { reset_static_memory() };
    }

    #[test]
    fn memory_comes_from_the_source_and_goes_back_to_it() {
        thread_local!(static HELD: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) });

        unsafe fn allocate(layout: Layout) -> *mut u8 {
            // SAFETY: as for this function.
            let memory = unsafe { std::alloc::alloc(layout) };
            HELD.with_borrow_mut(|held| held.push((memory.addr(), layout.size())));
            memory
        }
        unsafe fn release(memory: *mut u8, layout: Layout) {
            let last = HELD.with_borrow_mut(Vec::pop);
            assert_eq!(last, Some((memory.addr(), layout.size())));
            // SAFETY: as for this function.
            unsafe { std::alloc::dealloc(memory, layout) };
        }

        // SAFETY: both do what the heap does.
        unsafe { set_static_memory(StaticMemory { allocate, release }) };
        let (number, ..) = board();
        let address = std::ptr::from_mut(number).addr();
        // The object without size takes no memory.
        assert_eq!(HELD.with_borrow(Vec::len), 2);
        assert_eq!(HELD.with_borrow(|held| held[0]), (address, 4));
        // SAFETY: the board is not used below.
        unsafe { reset_static_memory() };
        assert!(HELD.with_borrow(Vec::is_empty));
        // SAFETY: the heap is a valid source.
        unsafe { set_static_memory(StaticMemory::HEAP) };
    }
}
