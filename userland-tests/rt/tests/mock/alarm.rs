// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tock's alarm.

use super::process::Process;
use super::registers::{ALREADY, NOSUPPORT, failure, success, success_1};

pub const DRIVER: usize = 0x0;
/// A frequency that makes milliseconds come out uneven.
pub const FREQUENCY_HZ: usize = 32_768;

#[derive(Default)]
pub struct Alarm {
    now: u32,
    set: Option<(u32, u32)>,
}

impl Alarm {
    pub fn command(&mut self, number: usize, argument: usize) -> [usize; 4] {
        match number {
            0 => success(),
            1 => success_1(FREQUENCY_HZ),
            2 => success_1(self.now as usize),
            3 => match self.set.take() {
                Some(_) => success(),
                None => failure(ALREADY),
            },
            5 => {
                self.set = Some((self.now, argument as u32));
                success_1(self.now.wrapping_add(argument as u32) as usize)
            }
            _ => failure(NOSUPPORT),
        }
    }

    /// Lets `ticks` pass.
    pub fn pass(&mut self, ticks: u32, process: &mut Process) {
        self.now = self.now.wrapping_add(ticks);
        if let Some((reference, after)) = self.set
            && self.now.wrapping_sub(reference) >= after
        {
            self.set = None;
            process.schedule(DRIVER, 0, [self.now as usize, reference as usize, 0]);
        }
    }

    /// Lets the time until the alarm pass. False if none is set.
    pub fn skip(&mut self, process: &mut Process) -> bool {
        match self.set {
            Some((reference, after)) => {
                self.now = reference.wrapping_add(after);
                self.pass(0, process);
                true
            }
            None => false,
        }
    }
}
