// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How each kind of line is worded.

use super::names::Names;
use core::fmt::{self, Write};
use kernel::ErrorCode;
use kernel::process::{FunctionCall, FunctionCallSource, Process, State, StoppedState};
use kernel::syscall::{ContextSwitchReason, Syscall, SyscallReturn, YieldVariant};
use kernel::upcall::UpcallId;

/// How a number is told.
type Name = fn(&mut Names, &mut String, usize, usize) -> fmt::Result;

/// A call or a return: who, what, and numbers that may be addresses, told by `name`.
fn row(
    line: &mut String,
    (names, name): (&mut Names, Name),
    memory: usize,
    what: fmt::Arguments<'_>,
    values: &[usize],
) -> fmt::Result {
    names.process(line, memory)?;
    line.write_fmt(what)?;
    for value in values {
        line.write_char(' ')?;
        name(names, line, memory, *value)?;
    }
    Ok(())
}

pub(super) fn reason(
    line: &mut String,
    names: &mut Names,
    memory: usize,
    reason: &ContextSwitchReason,
) -> fmt::Result {
    let syscall = match reason {
        ContextSwitchReason::SyscallFired { syscall } => syscall,
        ContextSwitchReason::Fault => {
            return row(
                line,
                (names, Names::passed),
                memory,
                format_args!(" faults"),
                &[],
            );
        }
        ContextSwitchReason::Interrupted => {
            return row(
                line,
                (names, Names::passed),
                memory,
                format_args!(" is interrupted"),
                &[],
            );
        }
    };
    let mut row = |what: fmt::Arguments<'_>, values: &[usize]| {
        row(line, (names, Names::passed), memory, what, values)
    };
    match *syscall {
        Syscall::Yield { yield_type } => match yield_type {
            YieldVariant::NoWait { ptr } => row(format_args!(" > yield-no-wait"), &[ptr.addr()]),
            YieldVariant::Wait => row(format_args!(" > yield-wait"), &[]),
            YieldVariant::WaitFor {
                driver_number,
                subdriver_number,
            } => row(
                format_args!(" > yield-wait-for {driver_number:#x}/{subdriver_number}"),
                &[],
            ),
        },
        Syscall::Subscribe {
            driver_number,
            subdriver_number,
            upcall_ptr,
            appdata,
        } => row(
            format_args!(" > subscribe {driver_number:#x}/{subdriver_number}"),
            &[upcall_ptr.addr(), appdata.as_usize()],
        ),
        Syscall::Command {
            driver_number,
            subdriver_number,
            arg0,
            arg1,
        } => row(
            format_args!(" > command {driver_number:#x}/{subdriver_number}"),
            &[arg0, arg1],
        ),
        Syscall::ReadWriteAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => row(
            format_args!(" > allow-rw {driver_number:#x}/{subdriver_number}"),
            &[allow_address.addr(), allow_size],
        ),
        Syscall::ReadOnlyAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => row(
            format_args!(" > allow-ro {driver_number:#x}/{subdriver_number}"),
            &[allow_address.addr(), allow_size],
        ),
        Syscall::UserspaceReadableAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => row(
            format_args!(" > allow-readable {driver_number:#x}/{subdriver_number}"),
            &[allow_address.addr(), allow_size],
        ),
        Syscall::Memop { operand, arg0 } => row(format_args!(" > memop {operand}"), &[arg0]),
        Syscall::Exit {
            which,
            completion_code,
        } => row(format_args!(" > exit {which}"), &[completion_code]),
    }
}

pub(super) fn value(
    line: &mut String,
    names: &mut Names,
    memory: usize,
    value: &SyscallReturn,
) -> fmt::Result {
    use SyscallReturn as R;
    let mut row = |what: fmt::Arguments<'_>, values: &[usize]| {
        row(line, (names, Names::value), memory, what, values)
    };
    let wide = |value: u32| value as usize;
    let split = |value: u64| [value as u32 as usize, (value >> 32) as usize];
    let failed = |error: ErrorCode| usize::from(error);
    match *value {
        R::Failure(error) => row(format_args!(" < failure {}", failed(error)), &[]),
        R::FailureU32(error, value) => {
            row(format_args!(" < failure {}", failed(error)), &[wide(value)])
        }
        R::FailureU32U32(error, value0, value1) => row(
            format_args!(" < failure {}", failed(error)),
            &[wide(value0), wide(value1)],
        ),
        R::FailureU64(error, value) => row(
            format_args!(" < failure {} u64", failed(error)),
            &split(value),
        ),
        R::Success => row(format_args!(" < success"), &[]),
        R::SuccessU32(value) => row(format_args!(" < success"), &[wide(value)]),
        R::SuccessU32U32(value0, value1) => {
            row(format_args!(" < success"), &[wide(value0), wide(value1)])
        }
        R::SuccessU32U32U32(value0, value1, value2) => row(
            format_args!(" < success"),
            &[wide(value0), wide(value1), wide(value2)],
        ),
        R::SuccessU64(value) => row(format_args!(" < success u64"), &split(value)),
        R::SuccessU32U64(value0, value1) => {
            let [low, high] = split(value1);
            row(
                format_args!(" < success u32 u64"),
                &[wide(value0), low, high],
            )
        }
        R::SuccessAddr(address) => row(format_args!(" < success address"), &[address]),
        R::SuccessPtr(pointer) => row(format_args!(" < success pointer"), &[pointer.addr()]),
        R::AllowReadWriteSuccess(address, length) => {
            row(format_args!(" < allowed rw"), &[address.addr(), length])
        }
        R::AllowReadWriteFailure(error, address, length) => row(
            format_args!(" < not allowed rw {}", failed(error)),
            &[address.addr(), length],
        ),
        R::UserspaceReadableAllowSuccess(address, length) => row(
            format_args!(" < allowed readable"),
            &[address.addr(), length],
        ),
        R::UserspaceReadableAllowFailure(error, address, length) => row(
            format_args!(" < not allowed readable {}", failed(error)),
            &[address.addr(), length],
        ),
        R::AllowReadOnlySuccess(address, length) => {
            row(format_args!(" < allowed ro"), &[address.addr(), length])
        }
        R::AllowReadOnlyFailure(error, address, length) => row(
            format_args!(" < not allowed ro {}", failed(error)),
            &[address.addr(), length],
        ),
        R::SubscribeSuccess(function, data) => {
            row(format_args!(" < subscribed"), &[function.addr(), data])
        }
        R::SubscribeFailure(error, function, data) => row(
            format_args!(" < not subscribed {}", failed(error)),
            &[function.addr(), data],
        ),
        R::YieldWaitFor(value0, value1, value2) => {
            row(format_args!(" < waited for"), &[value0, value1, value2])
        }
    }
}

pub(super) fn call(
    line: &mut String,
    names: &mut Names,
    memory: usize,
    call: &FunctionCall,
) -> fmt::Result {
    let what = match call.source {
        FunctionCallSource::Kernel => {
            names.process(line, memory)?;
            line.write_str(" calls first")?;
            names.first_call(line, memory, call)?;
            return Ok(());
        }
        FunctionCallSource::Driver(id) => Number(id),
    };
    let values = [
        call.pc.addr(),
        call.argument0,
        call.argument1,
        call.argument2,
        call.argument3.as_usize(),
    ];
    row(
        line,
        (names, Names::value),
        memory,
        format_args!(" calls {what}"),
        &values,
    )
}

/// How a process is.
pub(super) fn state(line: &mut String, process: &dyn Process) -> fmt::Result {
    line.write_str(" is ")?;
    match process.get_state() {
        State::Running => line.write_str("running"),
        State::Yielded => line.write_str("yielded"),
        State::YieldedFor(id) => write!(line, "yielded for {}", Number(id)),
        State::Stopped(StoppedState::Running) => line.write_str("stopped, was running"),
        State::Stopped(StoppedState::Yielded) => line.write_str("stopped, was yielded"),
        State::Stopped(StoppedState::YieldedFor(id)) => {
            write!(line, "stopped, was yielded for {}", Number(id))
        }
        State::Faulted => line.write_str("faulted"),
        State::Terminated => line.write_str("terminated"),
    }?;
    write!(
        line,
        ": id {}, ready {}, queued {}, restarts {}, completion {:?}, grants {:?}, calls {}, dropped {}, \
         slices {}",
        process.processid().id(),
        process.ready(),
        process.pending_tasks(),
        process.get_restart_count(),
        process.get_completion_code(),
        process.grant_allocated_count(),
        process.debug_syscall_count(),
        process.debug_dropped_upcall_count(),
        process.debug_timeslice_expiration_count(),
    )
}

/// The number of an upcall.
struct Number(UpcallId);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}/{}", self.0.driver_num, self.0.subscribe_num)
    }
}
