// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board does, line by line, so that the same board can be compared on two kernels.
//!
//! System calls, their results, upcalls and states of processes are written by this crate; the
//! program adds what it likes with [`line!`](crate::trace_line). A trace holds nothing that
//! differs from one build of a program to another: an address is told as the place it lies in and
//! the number of addresses there that were told before.
//!
//! A trace belongs to a thread. None is written unless somebody asks: by [`begin`], or from outside
//! by the environment variable [`VARIABLE`], which names a file.

mod names;
mod sink;
mod words;

pub use sink::{Digest, Sink};

use crate::ProcessSpec;
use core::cell::{Cell, RefCell};
use core::fmt::{self, Write};
use kernel::platform::chip::Chip;
use kernel::process::{FunctionCall, Process, ProcessStandardDebug};
use kernel::syscall::{ContextSwitchReason, SyscallReturn};
use names::Names;
use std::fs::File;
use std::io::BufWriter;

/// The environment variable that names the file to write a trace to.
pub const VARIABLE: &str = "TOCK_TRACE";

/// A trace that is being written.
struct Trace {
    sink: Sink,
    line: String,
}

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) };
    /// Known of all processes, since a trace may begin after they were loaded.
    static NAMES: RefCell<Names> = const { RefCell::new(Names::new()) };
}

/// Whether this thread writes a trace.
pub fn is_on() -> bool {
    IS_ON.get()
}

/// From here on, lines go to `sink`. Addresses are numbered anew.
pub fn begin(sink: Sink) {
    NAMES.with_borrow_mut(Names::forget);
    TRACE.set(Some(Trace {
        sink,
        line: String::new(),
    }));
    IS_ON.set(true);
}

/// Ends the trace, if there is one, and returns where it went.
pub fn end() -> Option<Sink> {
    IS_ON.set(false);
    TRACE.take().map(|trace| trace.sink)
}

/// Begins a trace if the environment says so and there is none.
///
/// # Panics
///
/// If the file can't be written.
pub fn begin_as_told() {
    if let Some(path) = std::env::var_os(VARIABLE)
        && !is_on()
    {
        let file = File::create(path).expect("the trace can be written");
        begin(Sink::File(BufWriter::new(file)));
    }
}

/// Writes one line.
pub fn line(content: fmt::Arguments<'_>) {
    write(|line, _| line.write_fmt(content));
}

/// Writes one line, formatted as by `format!`, if there is a trace.
#[macro_export]
macro_rules! trace_line {
    ($($content:tt)*) => {
        if $crate::trace::is_on() {
            $crate::trace::line(::core::format_args!($($content)*));
        }
    };
}

fn write(content: impl FnOnce(&mut String, &mut Names) -> fmt::Result) {
    TRACE.with_borrow_mut(|trace| {
        if let Some(trace) = trace {
            trace.line.clear();
            NAMES
                .with_borrow_mut(|names| content(&mut trace.line, names))
                .expect("a string takes everything");
            trace.sink.write(&trace.line);
        }
    });
}

/// A process is loaded.
pub(crate) fn loads<C: Chip, D: ProcessStandardDebug>(spec: &ProcessSpec<C, D>) {
    NAMES.with_borrow_mut(|names| names.add(spec.memory, spec.flash));
    crate::trace_line!("load {}", spec.name);
}

/// A life begins in this memory, with the break there.
pub(crate) fn begins(memory: *const u8, app_break: *const u8) {
    NAMES.with_borrow_mut(|names| names.set_stack_end(memory.addr(), app_break.addr()));
    if is_on() {
        write(|line, names| {
            names.process(line, memory.addr())?;
            line.write_str(" begins")
        });
    }
}

/// The process in this memory gives the processor back.
pub(crate) fn leaves(memory: *const u8, reason: &ContextSwitchReason) {
    if is_on() {
        write(|line, names| words::reason(line, names, memory.addr(), reason));
    }
}

/// A system call of the process in this memory returns.
pub(crate) fn returns(memory: *const u8, value: &SyscallReturn) {
    if is_on() {
        write(|line, names| words::value(line, names, memory.addr(), value));
    }
}

/// The process in this memory is to call a function.
pub(crate) fn calls(memory: *const u8, call: &FunctionCall) {
    if is_on() {
        write(|line, names| words::call(line, names, memory.addr(), call));
    }
}

/// How a process is now, if that is not how it was when this was last asked.
pub fn look(process: &dyn Process) {
    if !is_on() {
        return;
    }
    let memory = process.get_addresses().sram_start;
    let mut state = String::new();
    words::state(&mut state, process).expect("a string takes everything");
    if NAMES.with_borrow_mut(|names| names.is_new(memory, &state)) {
        write(|line, names| {
            names.process(line, memory)?;
            line.write_str(&state)
        });
    }
}
