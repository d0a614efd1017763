// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Results, through semihosting (Arm IHI 0100): lines of text and an exit code.

use core::arch::asm;
use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU32, Ordering};

const WRITE0: u32 = 0x04;
const EXIT_EXTENDED: u32 = 0x20;
const APPLICATION_EXIT: u32 = 0x2_0026;

static FAILURES: AtomicU32 = AtomicU32::new(0);

fn call(operation: u32, argument: u32) {
    // SAFETY: the host reads memory that the argument names, and changes r0 only.
    unsafe {
        asm!("bkpt 0xAB", inout("r0") operation => _, in("r1") argument);
    }
}

struct Line {
    text: [u8; 200],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        // The last byte stays 0: it ends the string.
        let room = self.text.len() - 1 - self.length;
        let bytes = &s.as_bytes()[..s.len().min(room)];
        self.text[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        Ok(())
    }
}

pub fn print(arguments: fmt::Arguments) {
    let mut line = Line {
        text: [0; 200],
        length: 0,
    };
    // Too long a line is cut, which is no error.
    let _ = line.write_fmt(arguments);
    let _ = line.write_str("\n");
    call(WRITE0, line.text.as_ptr() as u32);
}

macro_rules! say {
    ($($part:tt)*) => { $crate::host::print(format_args!($($part)*)) };
}
pub(crate) use say;

/// Says how a check ended.
pub fn check(name: &str, held: bool) {
    if held {
        say!("ok {name}");
    } else {
        FAILURES.fetch_add(1, Ordering::Relaxed);
        say!("FAIL {name}");
    }
}

/// Tells what the array must hold from here on, for those who can look at it past the bus.
pub fn holds(address: u32, length: usize, seed: u32) {
    say!("array {address:#x} {length} {seed}");
}

/// Tells that this range must be erased.
pub fn erased(address: u32, length: usize) {
    say!("erased {address:#x} {length}");
}

pub fn failures() -> u32 {
    FAILURES.load(Ordering::Relaxed)
}

pub fn exit(well: bool) -> ! {
    let block = [APPLICATION_EXIT, u32::from(!well)];
    loop {
        call(EXIT_EXTENDED, block.as_ptr() as u32);
    }
}
