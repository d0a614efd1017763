// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What processes and addresses are called, whatever build of the program they are of.

use crate::Flash;
use core::fmt::{self, Write};
use core::ptr::NonNull;
use kernel::process::FunctionCall;

/// The end of a process's memory where grants may lie, in bytes. How large they are differs from
/// kernel to kernel.
const TOP: usize = 8 * 1024;

/// An address that misses a process's memory by less is told with the distance, in bytes.
const NEAR: usize = 4 * 1024;

struct Process {
    start: usize,
    end: usize,
    stack_end: usize,
    flash: Flash,
    /// As it was told last.
    state: String,
    stack: Vec<usize>,
    top: Vec<usize>,
}

/// Names for what is in the memory and flash of processes.
pub(super) struct Names {
    processes: Vec<Process>,
    flash: Vec<usize>,
    elsewhere: Vec<usize>,
}

/// Addresses that were told, in this order. Of those that were more than once, the last time counts.
fn number(known: &mut Vec<usize>, address: usize) -> usize {
    known
        .iter()
        .rposition(|other| *other == address)
        .unwrap_or_else(|| {
            known.push(address);
            known.len() - 1
        })
}

impl Names {
    pub(super) const fn new() -> Names {
        Names {
            processes: Vec::new(),
            flash: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// Numbers addresses anew, and has all states told again.
    pub(super) fn forget(&mut self) {
        self.flash.clear();
        self.elsewhere.clear();
        for process in &mut self.processes {
            process.state.clear();
            process.stack.clear();
            process.top.clear();
        }
    }

    /// A process of this memory and flash, in the place of one whose memory this was.
    pub(super) fn add(&mut self, memory: NonNull<[u8]>, flash: Flash) {
        let start = memory.addr().get();
        let process = Process {
            start,
            end: start + memory.len(),
            stack_end: start,
            flash,
            state: String::new(),
            stack: Vec::new(),
            top: Vec::new(),
        };
        match self.index(start) {
            Some(index) => self.processes[index] = process,
            None => self.processes.push(process),
        }
    }

    pub(super) fn set_stack_end(&mut self, start: usize, stack_end: usize) {
        if let Some(index) = self.index(start) {
            self.processes[index].stack_end = stack_end;
        }
    }

    /// Whether the process was not like this when it was last told.
    pub(super) fn is_new(&mut self, start: usize, state: &str) -> bool {
        let Some(index) = self.index(start) else {
            return true;
        };
        let known = &mut self.processes[index].state;
        let is_new = known != state;
        if is_new {
            known.clear();
            known.push_str(state);
        }
        is_new
    }

    fn index(&self, start: usize) -> Option<usize> {
        self.processes
            .iter()
            .position(|process| process.start == start)
    }

    /// The process whose memory starts there.
    pub(super) fn process(&self, line: &mut String, start: usize) -> fmt::Result {
        match self.index(start) {
            Some(index) => write!(line, "P{index}"),
            None => line.write_str("P?"),
        }
    }

    /// What the first function is told: its own address, flash, memory, how much memory that is
    /// (which a kernel that wants more for itself may be given), the break.
    pub(super) fn first_call(
        &mut self,
        line: &mut String,
        start: usize,
        call: &FunctionCall,
    ) -> fmt::Result {
        let length = self
            .index(start)
            .map(|index| self.processes[index].end - start);
        for (index, value) in [
            call.pc.addr(),
            call.argument0,
            call.argument1,
            call.argument2,
            call.argument3.as_usize(),
        ]
        .into_iter()
        .enumerate()
        {
            line.write_char(' ')?;
            match length {
                Some(length) if index == 3 && value == length => line.write_str("length")?,
                _ => self.value(line, start, value)?,
            }
        }
        Ok(())
    }

    /// The same, which the process passes to the kernel. One in its stack is another one each time: what
    /// shares a place with what was there before is the compiler's affair, and differs between builds.
    pub(super) fn passed(&mut self, line: &mut String, start: usize, value: usize) -> fmt::Result {
        if let Some(index) = self.index(start) {
            let process = &mut self.processes[index];
            if value != process.start && (process.start..process.stack_end).contains(&value) {
                process.stack.push(value);
            }
        }
        self.value(line, start, value)
    }

    /// A number that may be an address of the process whose memory starts there.
    pub(super) fn value(&mut self, line: &mut String, start: usize, value: usize) -> fmt::Result {
        let Some(index) = self.index(start) else {
            return write!(line, "{value:#x}");
        };
        let process = &mut self.processes[index];
        if value == process.start {
            line.write_str("start")
        } else if value == process.end {
            line.write_str("end")
        } else if (process.start..process.stack_end).contains(&value) {
            write!(line, "stack#{}", number(&mut process.stack, value))
        } else if (process.start..process.end.saturating_sub(TOP)).contains(&value) {
            write!(line, "ram+{:#x}", value - process.stack_end)
        } else if (process.start..process.end).contains(&value) {
            write!(line, "top#{}", number(&mut process.top, value))
        } else if (process.flash.visible_start()..=process.flash.end()).contains(&value) {
            write!(line, "flash#{}", number(&mut self.flash, value))
        } else if process.flash.header_may_be_at(value) {
            line.write_str("header")
        } else if (process.start.saturating_sub(NEAR)..process.start).contains(&value) {
            write!(line, "start-{:#x}", process.start - value)
        } else if (process.end..process.end.saturating_add(NEAR)).contains(&value) {
            write!(line, "end+{:#x}", value - process.end)
        } else if u32::try_from(value).is_err() {
            write!(line, "elsewhere#{}", number(&mut self.elsewhere, value))
        } else {
            write!(line, "{value:#x}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: usize = 0x7000_0000_0000;

    fn names() -> Names {
        let mut names = Names::new();
        let start = core::ptr::without_provenance_mut(START);
        let memory = NonNull::slice_from_raw_parts(NonNull::new(start).unwrap(), 0x1_0000);
        names.add(memory, Flash::program_image());
        names.set_stack_end(START, START + 0x8000);
        names
    }

    fn value(names: &mut Names, value: usize) -> String {
        let mut line = String::new();
        names.value(&mut line, START, value).unwrap();
        line
    }

    #[test]
    fn addresses_are_told_as_places() {
        let mut names = names();
        let image = Flash::program_image();
        for (address, told) in [
            (0, "0x0"),
            (4096, "0x1000"),
            (u32::MAX as usize, "0xffffffff"),
            (START - 1, "start-0x1"),
            (START, "start"),
            (START + 0x4000, "stack#0"),
            (START + 0x3000, "stack#1"),
            (START + 0x4000, "stack#0"),
            (START + 0x8000, "ram+0x0"),
            (START + 0x8040, "ram+0x40"),
            (START + 0xFF00, "top#0"),
            (START + 0x1_0000, "end"),
            (START + 0x1_0001, "end+0x1"),
            (usize::MAX, "elsewhere#0"),
            (START + 0x10_0000, "elsewhere#1"),
            (usize::MAX, "elsewhere#0"),
            (image.visible_start(), "flash#0"),
            (image.end(), "flash#1"),
            (image.start(), "header"),
        ] {
            assert_eq!(value(&mut names, address), told, "{address:#x}");
        }
        names.forget();
        assert_eq!(value(&mut names, START + 0x3000), "stack#0");
        assert_eq!(value(&mut names, image.end()), "flash#0");
    }

    #[test]
    fn what_is_passed_from_the_stack_is_another_one_each_time() {
        let mut names = names();
        let mut passed = |value| {
            let mut line = String::new();
            names.passed(&mut line, START, value).unwrap();
            line
        };
        assert_eq!(passed(START + 0x4000), "stack#0");
        assert_eq!(passed(START + 0x3000), "stack#1");
        assert_eq!(passed(START + 0x4000), "stack#2");
        assert_eq!(passed(START), "start");
        assert_eq!(passed(START + 0x8000), "ram+0x0");
        assert_eq!(passed(usize::MAX), "elsewhere#0");
        assert_eq!(value(&mut names, START + 0x4000), "stack#2");
        assert_eq!(value(&mut names, START + 0x3000), "stack#1");
        assert_eq!(value(&mut names, START + 0x2000), "stack#3");
    }

    #[test]
    fn a_state_is_told_when_it_is_new() {
        let mut names = names();
        assert!(names.is_new(START, "a"));
        assert!(!names.is_new(START, "a"));
        assert!(names.is_new(START, "b"));
        names.forget();
        assert!(names.is_new(START, "b"));
    }

    #[test]
    fn processes_are_numbered_and_memory_can_be_used_again() {
        let mut names = names();
        let other = core::ptr::without_provenance_mut(START + 0x10_0000);
        let other = NonNull::slice_from_raw_parts(NonNull::new(other).unwrap(), 0x1_0000);
        names.add(other, Flash::program_image());
        names.add(other, Flash::program_image());
        let mut line = String::new();
        names.process(&mut line, START).unwrap();
        names.process(&mut line, START + 0x10_0000).unwrap();
        names.process(&mut line, 5).unwrap();
        assert_eq!(line, "P0P1P?");
    }
}
