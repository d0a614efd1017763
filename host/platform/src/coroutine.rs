// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Processes as stackful coroutines.
//!
//! An app is ordinary code of the host program. It runs on a stack at the low end of its own
//! process memory, so that a buffer on its stack is app memory as on the chip:
//!
//! ```text
//! start                         start + stack            break
//! | stack, growing downwards <- | heap, by brk or sbrk   | ... | grants |
//! ```
//!
//! A system call suspends the coroutine; an upcall is a call of the function on the same stack
//! before the yield returns. A process that dies stays suspended where it was: nothing of it runs
//! again until it is restarted on a fresh coroutine or dropped. Static variables of the host
//! program are shared by all apps and survive restarts, so apps keep their state in their memory.

use core::cell::Cell;
use core::fmt;
use core::mem;
use core::num::NonZeroUsize;
use core::ptr::NonNull;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use corosensei::stack::{MIN_STACK_SIZE, STACK_ALIGNMENT, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::{abi, trace};
use kernel::ErrorCode;
use kernel::process::FunctionCall;
use kernel::syscall::{ContextSwitchReason, SyscallReturn, UserspaceKernelBoundary};

/// The type of an app's first function and of its upcalls.
///
/// The first function gets start of flash, start of memory, length of memory and the break. If it
/// returns, the process faults: an app ends by the exit system call.
pub type AppFunction = extern "C-unwind" fn(usize, usize, usize, usize);

/// What happens to the frames on the stack of a process that is restarted or dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Teardown {
    /// They are forgotten, as on the chip. An app that owns heap memory of the host program leaks
    /// it.
    #[default]
    Forget,
    /// They are unwound, so that destructors run. System calls made by destructors do not reach the
    /// kernel: they return `FAIL` at once. For apps that own things of the host program.
    Unwind,
}

/// What the kernel hands a coroutine as it switches to it.
enum Resume {
    /// Go on where it was interrupted, or return from a system call without a value.
    Continue,
    /// Return these registers from the system call.
    Return([usize; 4]),
    /// Call this function, then go on.
    Call(FunctionCall),
}

/// Why a coroutine switches to the kernel.
enum Suspend {
    Syscall { class: u8, registers: [usize; 4] },
    Fault,
    Interrupted,
}

/// How a coroutine ends: it returned or panicked. Either is a fault.
struct Ended;

type AppYielder = Yielder<Resume, Suspended>;
type AppCoroutine = Coroutine<Resume, Suspended, Ended, ProcessStack>;

/// A reason and the stack pointer it was given at.
struct Suspended {
    reason: Suspend,
    stack_pointer: usize,
}

/// The stack at the low end of a process's memory.
struct ProcessStack {
    base: NonZeroUsize,
    limit: NonZeroUsize,
}

// SAFETY: `initialize_process` checks size and alignment; `load_process` has its caller promise a
// guard page below the memory.
unsafe impl Stack for ProcessStack {
    fn base(&self) -> NonZeroUsize {
        self.base
    }

    fn limit(&self) -> NonZeroUsize {
        self.limit
    }
}

thread_local! {
    /// The way back to the kernel of the app that runs on this thread.
    static RUNNING: Cell<Option<NonNull<AppYielder>>> = const { Cell::new(None) };
    /// Set while a dead app's frames are unwound on this thread.
    static UNWINDING: Cell<bool> = const { Cell::new(false) };
}

/// Stack bytes below which an app counts as having overflowed, although it has not yet.
const STACK_RESERVE: usize = 256;

/// Switch to the kernel and come back.
fn suspend(reason: Suspend) -> Resume {
    let yielder = RUNNING.get().expect(
        "a system call was made outside an app: run this code as a process's first function or \
         upcall",
    );
    let marker = 0u8;
    let suspended = Suspended {
        reason,
        stack_pointer: (&raw const marker).addr(),
    };
    // SAFETY: `switch_to_process` sets it to the yielder of the coroutine that runs now, which
    // lives on this very stack.
    unsafe { yielder.as_ref() }.suspend(suspended)
}

/// Make a system call. For apps.
///
/// `class` and the registers are those of TRD104 with registers as wide as a pointer; the result is
/// encoded as [`abi`] says. A yield that runs an upcall returns after it, with zeros. A class or
/// yield that does not exist faults.
///
/// # Panics
///
/// Outside an app.
pub fn syscall(class: u8, registers: [usize; 4]) -> [usize; 4] {
    if UNWINDING.get() {
        return abi::encode(SyscallReturn::Failure(ErrorCode::FAIL));
    }
    match suspend(Suspend::Syscall { class, registers }) {
        Resume::Return(registers) => registers,
        Resume::Call(call) => {
            run(call);
            [0; 4]
        }
        Resume::Continue => [0; 4],
    }
}

/// Fault without unwinding. For apps. Returns only if the board's fault hook says so.
///
/// # Panics
///
/// Outside an app.
pub fn fault() {
    if !UNWINDING.get() {
        suspend(Suspend::Fault);
    }
}

/// Give an interrupt the chance to come in here. For apps that compute without system calls: the
/// kernel gets the processor and decides, by its timer, whether the slice is over.
///
/// # Panics
///
/// Outside an app.
pub fn interruption_point() {
    if !UNWINDING.get() {
        suspend(Suspend::Interrupted);
    }
}

/// Whether the calling code belongs to an app that runs on this thread.
pub fn in_app() -> bool {
    RUNNING.get().is_some()
}

/// Print nothing when an app panics; the kernel sees a fault. Other panics are reported as before.
/// Affects the whole program, once.
pub fn silence_app_panics() {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !in_app() {
                report(info);
            }
        }));
    });
}

/// Call a function of the app on its own stack.
fn run(call: FunctionCall) {
    // SAFETY: `load_process` has its caller promise the type of the first function, and the kernel
    // only passes on upcalls that lie in the app's flash or memory. That such an address really is
    // a function of this type is the app's business, as on the chip; apps are trusted code here.
    let function = unsafe { mem::transmute::<*const (), AppFunction>(call.pc.as_ptr()) };
    function(
        call.argument0,
        call.argument1,
        call.argument2,
        call.argument3.as_usize(),
    );
}

/// The body of every coroutine.
fn body(yielder: &AppYielder, first: Resume) -> Ended {
    RUNNING.set(Some(NonNull::from(yielder)));
    if let Resume::Call(call) = first {
        // A panic must not cross into the kernel. A forced unwind ends here as well.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| run(call)));
    }
    Ended
}

/// What is kept of a process that is not running.
#[derive(Default)]
pub struct AppContext {
    coroutine: Option<AppCoroutine>,
    /// Where the app left its way back, once it has started.
    yielder: Option<NonNull<AppYielder>>,
    next: Next,
    stack_limit: usize,
    teardown: Teardown,
}

/// What the app finds when it is switched to.
#[derive(Default)]
enum Next {
    #[default]
    Nothing,
    Return([usize; 4]),
    Call(FunctionCall),
}

impl AppContext {
    fn discard(&mut self) {
        let Some(mut coroutine) = self.coroutine.take() else {
            return;
        };
        match self.teardown {
            // SAFETY: the frames are never used again, and nothing outside the process's memory
            // points into them: the kernel forgets shared buffers with the incarnation.
            Teardown::Forget => unsafe { coroutine.force_reset() },
            Teardown::Unwind => {
                let outer = UNWINDING.replace(true);
                coroutine.force_unwind();
                UNWINDING.set(outer);
            }
        }
    }
}

impl Drop for AppContext {
    fn drop(&mut self) {
        self.discard();
    }
}

/// A boundary between the kernel and apps that are coroutines.
pub struct CoroutineBoundary {
    stack_size: usize,
    teardown: Teardown,
    interrupt_next: Cell<bool>,
}

impl CoroutineBoundary {
    /// Each app gets a stack of `stack_size` bytes, rounded up to a multiple of 16.
    ///
    /// A debug build of an app needs some 16 KiB; to print a panic with a backtrace it needs
    /// hundreds.
    ///
    /// # Panics
    ///
    /// If `stack_size` is below 4096.
    pub fn new(stack_size: usize, teardown: Teardown) -> Self {
        assert!(
            stack_size >= MIN_STACK_SIZE,
            "an app's stack needs at least {MIN_STACK_SIZE} bytes"
        );
        CoroutineBoundary {
            stack_size: stack_size.next_multiple_of(STACK_ALIGNMENT),
            teardown,
            interrupt_next: Cell::new(false),
        }
    }

    /// Let the next switch be interrupted before the app does anything: as if the time slice ended,
    /// or an interrupt came in, between two system calls.
    pub fn interrupt_next_switch(&self) {
        self.interrupt_next.set(true);
    }

    /// Run the app until it gives the processor back.
    fn switch(&self, state: &mut AppContext) -> (ContextSwitchReason, Option<*const u8>) {
        if self.interrupt_next.take() {
            return (ContextSwitchReason::Interrupted, None);
        }
        let Some(coroutine) = &mut state.coroutine else {
            return (ContextSwitchReason::Fault, None);
        };
        if coroutine.done() {
            return (ContextSwitchReason::Fault, None);
        }
        let resume = match mem::take(&mut state.next) {
            Next::Call(call) => Resume::Call(call),
            // A context that was never given its first function cannot run (row B3).
            _ if !coroutine.started() => return (ContextSwitchReason::Fault, None),
            Next::Return(registers) => Resume::Return(registers),
            Next::Nothing => Resume::Continue,
        };

        let outer = RUNNING.replace(state.yielder);
        let result = coroutine.resume(resume);
        state.yielder = RUNNING.replace(outer);

        match result {
            CoroutineResult::Yield(suspended) => {
                assert!(
                    suspended.stack_pointer >= state.stack_limit + STACK_RESERVE,
                    "an app overflowed its stack of {} bytes: give CoroutineBoundary::new more",
                    self.stack_size
                );
                let reason = match suspended.reason {
                    Suspend::Syscall { class, registers } => match abi::decode(class, registers) {
                        Some(syscall) => ContextSwitchReason::SyscallFired { syscall },
                        None => ContextSwitchReason::Fault,
                    },
                    Suspend::Fault => ContextSwitchReason::Fault,
                    Suspend::Interrupted => ContextSwitchReason::Interrupted,
                };
                (reason, Some(suspended.stack_pointer as *const u8))
            }
            CoroutineResult::Return(Ended) => (ContextSwitchReason::Fault, None),
        }
    }
}

impl UserspaceKernelBoundary for CoroutineBoundary {
    type StoredState = AppContext;

    fn initial_process_app_brk_size(&self) -> usize {
        self.stack_size
    }

    unsafe fn initialize_process(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &mut AppContext,
    ) -> Result<(), ()> {
        let room = app_brk
            .addr()
            .checked_sub(accessible_memory_start.addr())
            .ok_or(())?;
        // Code that runs on this stack makes pointers into it of its own.
        let limit = accessible_memory_start.expose_provenance();
        if room < self.stack_size || !limit.is_multiple_of(STACK_ALIGNMENT) {
            return Err(());
        }
        let stack = ProcessStack {
            base: NonZeroUsize::new(limit + self.stack_size).ok_or(())?,
            limit: NonZeroUsize::new(limit).ok_or(())?,
        };
        trace::begins(accessible_memory_start, app_brk);
        state.discard();
        *state = AppContext {
            coroutine: Some(Coroutine::with_stack(stack, body)),
            yielder: None,
            next: Next::Nothing,
            stack_limit: limit,
            teardown: self.teardown,
        };
        Ok(())
    }

    unsafe fn set_syscall_return_value(
        &self,
        accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &mut AppContext,
        return_value: SyscallReturn,
    ) -> Result<(), ()> {
        trace::returns(accessible_memory_start, &return_value);
        state.next = Next::Return(abi::encode(return_value));
        Ok(())
    }

    unsafe fn set_process_function(
        &self,
        accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &mut AppContext,
        upcall: FunctionCall,
    ) -> Result<(), ()> {
        trace::calls(accessible_memory_start, &upcall);
        state.next = Next::Call(upcall);
        Ok(())
    }

    unsafe fn switch_to_process(
        &self,
        accessible_memory_start: *const u8,
        _app_brk: *const u8,
        state: &mut AppContext,
    ) -> (ContextSwitchReason, Option<*const u8>) {
        let (reason, stack_pointer) = self.switch(state);
        trace::leaves(accessible_memory_start, &reason);
        (reason, stack_pointer)
    }

    unsafe fn print_context(
        &self,
        accessible_memory_start: *const u8,
        app_brk: *const u8,
        state: &AppContext,
        writer: &mut dyn fmt::Write,
    ) {
        let condition = match &state.coroutine {
            None => "never initialized",
            Some(coroutine) if coroutine.done() => "ended",
            Some(coroutine) if coroutine.started() => "suspended",
            Some(_) => "not started",
        };
        // A writer that fails has nowhere to report it.
        let _ = writeln!(
            writer,
            "coroutine {condition}, memory {accessible_memory_start:p}..{app_brk:p}\r"
        );
    }

    /// A suspended coroutine has no representation as bytes: nothing is written.
    fn store_context(&self, _state: &AppContext, _out: &mut [u8]) -> Result<usize, ErrorCode> {
        Ok(0)
    }
}
