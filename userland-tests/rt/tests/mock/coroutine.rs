// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The app as a coroutine, so that the fake kernel can end it anywhere.

use super::{Answer, Outcome};
use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::Cell;
use std::ops::Range;

type Call = (usize, [usize; 4]);
type Suspended = Yielder<Answer, Call>;

thread_local! {
    static RUNNING: Cell<*const Suspended> = const { Cell::new(std::ptr::null()) };
    static UNWINDING: Cell<bool> = const { Cell::new(false) };
}

/// Apps have little stack, but those of a debug build need a lot.
const STACK_BYTES: usize = 64 * 1024;

fn system_call(class: usize, arguments: [usize; 4]) -> [usize; 4] {
    if UNWINDING.get() {
        return super::registers::failure(super::registers::FAIL);
    }
    let suspended = RUNNING.get();
    assert!(!suspended.is_null(), "a system call outside of an app");
    // SAFETY: `run` sets the pointer inside the coroutine that it belongs to, and
    // resets it when that coroutine has ended.
    let suspended = unsafe { &*suspended };
    match suspended.suspend((class, arguments)) {
        Answer::Return(registers) => registers,
        Answer::Run(function, [a, b, c, data]) => {
            let function = std::ptr::with_exposed_provenance::<()>(function);
            // SAFETY: the address was subscribed, as a function of this type.
            let function = unsafe {
                std::mem::transmute::<*const (), userland_rt::system_call::Upcall>(function)
            };
            function(a, b, c, data);
            // TRD104 section 3.5: after an upcall the registers are undefined.
            [0xdead_beef; 4]
        }
        Answer::End(outcome) => unreachable!("resumed after {outcome:?}"),
    }
}

/// Memory for an app: its stack is all that it has.
pub fn memory() -> (DefaultStack, Range<usize>) {
    let stack = DefaultStack::new(STACK_BYTES).expect("memory for a stack");
    let range = stack.limit().get()..stack.base().get();
    (stack, range)
}

/// Runs `app`, and asks `kernel` what follows from each of its system calls. When
/// it ends it is left as it is, or unwound, with system calls that all fail.
pub fn run(
    stack: DefaultStack,
    unwinds: bool,
    app: impl FnOnce() + 'static,
    mut kernel: impl FnMut(usize, [usize; 4]) -> Answer,
) -> Outcome {
    userland_rt::host::install(system_call).expect("no other fake in this program");
    let mut coroutine = Coroutine::with_stack(stack, |suspended: &Suspended, _: Answer| {
        RUNNING.set(suspended);
        app();
    });
    let mut input = Answer::Return([0; 4]);
    let outcome = loop {
        match coroutine.resume(input) {
            CoroutineResult::Return(()) => break Outcome::Returned,
            CoroutineResult::Yield((class, arguments)) => match kernel(class, arguments) {
                Answer::End(outcome) if unwinds => {
                    UNWINDING.set(true);
                    coroutine.force_unwind();
                    UNWINDING.set(false);
                    break outcome;
                }
                Answer::End(outcome) => {
                    // SAFETY: a dead process runs no destructor, and what its stack
                    // held is never used again: the kernel's side forgets all
                    // addresses of it when `run` returns.
                    unsafe { coroutine.force_reset() };
                    break outcome;
                }
                answer => input = answer,
            },
        }
    };
    RUNNING.set(std::ptr::null());
    outcome
}
