// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls as they happen.

use crate::chip::Probe;
use kernel::process::FunctionCall;
use kernel::syscall::{Syscall, SyscallReturn};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;

/// Writes a line for each call, result, upcall and fault.
pub struct Strace {
    names: HashMap<usize, String>,
    to: RefCell<Box<dyn Write>>,
}

impl Strace {
    /// Of processes with these names, by where their memory starts.
    pub fn new(names: HashMap<usize, String>, to: Box<dyn Write>) -> Self {
        Self {
            names,
            to: RefCell::new(to),
        }
    }

    fn line(&self, memory: usize, text: &str) {
        let name = self.names.get(&memory).map_or("?", String::as_str);
        // Who can't be told is not kept from running.
        let _ = writeln!(self.to.borrow_mut(), "{name}: {text}");
    }
}

/// A call as its caller would write it.
fn call(syscall: &Syscall) -> String {
    match *syscall {
        Syscall::Yield { yield_type } => match yield_type {
            kernel::syscall::YieldVariant::NoWait { .. } => "yield-no-wait()".to_owned(),
            kernel::syscall::YieldVariant::Wait => "yield-wait()".to_owned(),
            kernel::syscall::YieldVariant::WaitFor {
                driver_number,
                subdriver_number,
            } => format!("yield-wait-for({driver_number:#x}, {subdriver_number})"),
        },
        Syscall::Subscribe {
            driver_number,
            subdriver_number,
            upcall_ptr,
            ..
        } => format!(
            "subscribe({driver_number:#x}, {subdriver_number}, {:#x})",
            upcall_ptr.addr()
        ),
        Syscall::Command {
            driver_number,
            subdriver_number,
            arg0,
            arg1,
        } => format!("command({driver_number:#x}, {subdriver_number}, {arg0:#x}, {arg1:#x})"),
        Syscall::ReadWriteAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => format!(
            "allow-read-write({driver_number:#x}, {subdriver_number}, {:#x}, {allow_size})",
            allow_address.addr()
        ),
        Syscall::UserspaceReadableAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => format!(
            "allow-userspace-readable({driver_number:#x}, {subdriver_number}, {:#x}, {allow_size})",
            allow_address.addr()
        ),
        Syscall::ReadOnlyAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => format!(
            "allow-read-only({driver_number:#x}, {subdriver_number}, {:#x}, {allow_size})",
            allow_address.addr()
        ),
        Syscall::Memop { operand, arg0 } => format!("memop({operand}, {arg0:#x})"),
        Syscall::Exit {
            which,
            completion_code,
        } => match which {
            0 => format!("exit-terminate({completion_code})"),
            1 => format!("exit-restart({completion_code})"),
            other => format!("exit({other}, {completion_code})"),
        },
    }
}

impl Probe for Strace {
    fn system_call(&self, memory: usize, syscall: &Syscall) {
        self.line(memory, &call(syscall));
    }

    fn returns(&self, memory: usize, value: &SyscallReturn) {
        self.line(memory, &format!("  = {value:?}"));
    }

    fn calls(&self, memory: usize, call: &FunctionCall) {
        let text = format!(
            "  upcall {:#x}({:#x}, {:#x}, {:#x})",
            call.pc.addr(),
            call.argument0,
            call.argument1,
            call.argument2
        );
        self.line(memory, &text);
    }

    fn faults(&self, memory: usize) {
        self.line(memory, "faults");
    }
}
