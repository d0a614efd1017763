// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock's console, the writing half.

use super::process::Process;
use super::registers::{BUSY, NOSUPPORT, failure, success};

pub const DRIVER: usize = 0x1;

pub struct Console {
    burst: usize,
    output: Vec<u8>,
    written: Option<usize>,
}

impl Console {
    pub fn new(burst: usize) -> Console {
        Console {
            burst,
            output: Vec::new(),
            written: None,
        }
    }

    pub fn command(&mut self, number: usize, length: usize, process: &mut Process) -> [usize; 4] {
        match number {
            0 => success(),
            1 => {
                let buffer = process.read_only(DRIVER, 1);
                if buffer.length == 0 {
                    return failure(BUSY);
                }
                let count = buffer.length.min(length).min(self.burst);
                self.output.extend(buffer.read(0, count));
                self.written = Some(count);
                success()
            }
            _ => failure(NOSUPPORT),
        }
    }

    pub fn step(&mut self, process: &mut Process) -> bool {
        match self.written.take() {
            Some(written) => {
                process.schedule(DRIVER, 1, [written, 0, 0]);
                true
            }
            None => false,
        }
    }

    pub fn into_output(self) -> Vec<u8> {
        self.output
    }
}
