// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A fake of the kernel's side of the system calls, for one app.
//!
//! Written from the documents alone (TRD104, `doc/syscalls/50005_spi_nor.md`,
//! Tock's console and alarm documents) and from no kernel or capsule source, so
//! that an agreement with those means something. It can be told to misbehave
//! ([`Flaw`]), to show that what is run on it notices.

// Each test program uses its own part of this.
#![allow(dead_code)]

mod alarm;
mod console;
mod coroutine;
mod flash;
mod process;

pub use flash::{Command, Flaw, SECTOR};
pub use process::Process;

use alarm::Alarm;
use console::Console;
use flash::Flash;

/// What the fake board has.
#[derive(Clone)]
pub struct Board {
    /// Content of the app's region.
    pub region: Vec<u8>,
    /// 0 none, 1 read only, 2 read, program and erase.
    pub access: usize,
    /// Whether the flash driver is there at all.
    pub has_flash: bool,
    /// What is wrong with the flash driver.
    pub flaws: Vec<Flaw>,
    /// In which order the flash driver makes its checks: the document does not
    /// say, so an app must get the same answer in any.
    pub checks_reversed: bool,
    /// Most bytes that the console writes at once.
    pub console_burst: usize,
    /// Whether operations go on with every system call, not only when the app
    /// waits.
    pub runs_by_itself: bool,
    /// Whether an app that has ended is unwound.
    pub unwinds: bool,
    /// System calls after which the app is cut off.
    pub patience: u32,
}

impl Default for Board {
    fn default() -> Board {
        Board {
            // Not a multiple of the 64 KiB block, and not all ones.
            region: (0..24 * SECTOR).map(|n| (n % 251) as u8).collect(),
            access: 2,
            has_flash: true,
            flaws: Vec::new(),
            checks_reversed: false,
            console_burst: usize::MAX,
            runs_by_itself: false,
            unwinds: false,
            patience: 2_000_000,
        }
    }
}

/// How an app ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// exit-terminate with a code.
    Terminated(usize),
    /// exit-restart with a code.
    Restarted(usize),
    /// A system call class that does not exist.
    Faulted,
    /// Its main function returned.
    Returned,
    /// It waits for an upcall, and nothing is under way that could send one.
    Blocked,
    /// It made more system calls than [`Board::patience`].
    CutOff,
}

/// What is left when an app has ended.
pub struct Left {
    /// How it ended.
    pub outcome: Outcome,
    /// Content of the region.
    pub region: Vec<u8>,
    /// What it wrote to the console.
    pub console: Vec<u8>,
    /// Which command's operation was outstanding.
    pub outstanding: Option<Command>,
    /// Whether it still held a lease.
    pub leased: bool,
    /// Whether any buffer was still shared.
    pub sharing: bool,
    /// Whether any upcall was still subscribed.
    pub subscribed: bool,
    /// Upcalls that it never took.
    pub queued: usize,
    /// Operations that the flash driver accepted.
    pub accepted: u32,
}

impl Left {
    /// What it wrote to the console, as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.console.clone()).expect("the console's output is text")
    }
}

/// Runs `app` on `board` until it ends.
pub fn run(board: Board, app: impl FnOnce() + 'static) -> Left {
    let (stack, memory) = coroutine::memory();
    let mut machine = Machine {
        process: Process::new(memory),
        flash: Flash::new(&board),
        console: Console::new(board.console_burst),
        alarm: Alarm::default(),
        runs_by_itself: board.runs_by_itself,
        calls_left: board.patience,
    };
    let outcome = coroutine::run(stack, board.unwinds, app, |class, arguments| {
        machine.call(class, arguments)
    });
    Left {
        outcome,
        outstanding: machine.flash.outstanding(),
        leased: machine.flash.leased(),
        accepted: machine.flash.accepted(),
        region: machine.flash.into_region(),
        console: machine.console.into_output(),
        sharing: machine.process.is_sharing(),
        subscribed: machine.process.is_subscribed(),
        queued: machine.process.queued(),
    }
}

/// What follows from a system call.
pub enum Answer {
    /// It returns these registers.
    Return([usize; 4]),
    /// The function at the address runs with these values, then it returns.
    Run(usize, [usize; 4]),
    /// The app has ended.
    End(Outcome),
}

struct Machine {
    process: Process,
    flash: Flash,
    console: Console,
    alarm: Alarm,
    runs_by_itself: bool,
    calls_left: u32,
}

/// Return values by TRD104 section 3.3.
pub mod registers {
    pub const FAIL: usize = 1;
    pub const BUSY: usize = 2;
    pub const ALREADY: usize = 3;
    pub const OFF: usize = 4;
    pub const RESERVE: usize = 5;
    pub const INVAL: usize = 6;
    pub const SIZE: usize = 7;
    pub const NOMEM: usize = 9;
    pub const NOSUPPORT: usize = 10;
    pub const NODEVICE: usize = 11;

    pub fn failure(code: usize) -> [usize; 4] {
        [0, code, 0, 0]
    }

    pub fn failure_2(code: usize, first: usize, second: usize) -> [usize; 4] {
        [2, code, first, second]
    }

    pub fn success() -> [usize; 4] {
        [128, 0, 0, 0]
    }

    pub fn success_1(first: usize) -> [usize; 4] {
        [129, first, 0, 0]
    }

    pub fn success_2(first: usize, second: usize) -> [usize; 4] {
        [130, first, second, 0]
    }

    pub fn success_3(first: usize, second: usize, third: usize) -> [usize; 4] {
        [132, first, second, third]
    }
}

impl Machine {
    fn call(&mut self, class: usize, arguments: [usize; 4]) -> Answer {
        match self.calls_left.checked_sub(1) {
            Some(left) => self.calls_left = left,
            None => return Answer::End(Outcome::CutOff),
        }
        // Every call takes a little time, so that an app can wait by counting.
        self.alarm.pass(1, &mut self.process);
        if self.runs_by_itself {
            self.flash.step(&mut self.process);
        }
        let [r0, r1, r2, r3] = arguments;
        match class {
            0 => self.wait(arguments),
            1 => Answer::Return(match self.numbers(r0) {
                None => registers::failure_2(registers::NODEVICE, r2, r3),
                Some(n) if r1 >= n.upcalls => registers::failure_2(registers::NOSUPPORT, r2, r3),
                Some(_) => self.process.subscribe(r0, r1, r2, r3),
            }),
            2 => Answer::Return(self.command(r0, r1, r2, r3)),
            3 => Answer::Return(match self.numbers(r0) {
                None => registers::failure_2(registers::NODEVICE, r2, r3),
                Some(n) if r1 >= n.read_write => registers::failure_2(registers::NOSUPPORT, r2, r3),
                Some(_) => self.process.allow_read_write(r0, r1, r2, r3),
            }),
            4 => Answer::Return(match self.numbers(r0) {
                None => registers::failure_2(registers::NODEVICE, r2, r3),
                Some(n) if r1 >= n.read_only => registers::failure_2(registers::NOSUPPORT, r2, r3),
                Some(_) => self.process.allow_read_only(r0, r1, r2, r3),
            }),
            5 => Answer::Return(match r0 {
                2 => registers::success_1(0x2000_0000),
                _ => registers::failure(registers::NOSUPPORT),
            }),
            6 => match r0 {
                0 => Answer::End(Outcome::Terminated(r1)),
                1 => Answer::End(Outcome::Restarted(r1)),
                _ => Answer::Return(registers::failure(registers::NOSUPPORT)),
            },
            _ => Answer::End(Outcome::Faulted),
        }
    }

    fn command(&mut self, driver: usize, number: usize, a: usize, b: usize) -> [usize; 4] {
        match driver {
            alarm::DRIVER => self.alarm.command(number, a),
            console::DRIVER => self.console.command(number, a, &mut self.process),
            flash::DRIVER if self.flash.exists() => {
                self.flash.command(number, a, b, &mut self.process)
            }
            _ => registers::failure(registers::NODEVICE),
        }
    }

    fn numbers(&self, driver: usize) -> Option<Numbers> {
        match driver {
            alarm::DRIVER => Some(Numbers {
                upcalls: 1,
                read_only: 0,
                read_write: 0,
            }),
            console::DRIVER => Some(Numbers {
                upcalls: 3,
                read_only: 2,
                read_write: 2,
            }),
            flash::DRIVER if self.flash.exists() && self.flash.numbers_unbounded() => {
                Some(Numbers {
                    upcalls: usize::MAX,
                    read_only: usize::MAX,
                    read_write: usize::MAX,
                })
            }
            flash::DRIVER if self.flash.exists() => Some(Numbers {
                upcalls: 4,
                read_only: 1,
                read_write: 1,
            }),
            _ => None,
        }
    }

    fn wait(&mut self, arguments: [usize; 4]) -> Answer {
        match arguments[0] {
            0 => {
                self.advance();
                let next = self.process.take_next();
                self.process.write_flag(arguments[1], next.is_some());
                match next {
                    Some((function, values)) => Answer::Run(function, values),
                    None => Answer::Return([0; 4]),
                }
            }
            1 => loop {
                if let Some((function, values)) = self.process.take_next() {
                    break Answer::Run(function, values);
                }
                if !self.advance() {
                    break Answer::End(Outcome::Blocked);
                }
            },
            2 => loop {
                if let Some([a, b, c]) = self.process.take(arguments[1], arguments[2]) {
                    break Answer::Return([a, b, c, 0]);
                }
                if !self.advance() {
                    break Answer::End(Outcome::Blocked);
                }
            },
            // TRD104: an unknown yield number returns at once.
            _ => Answer::Return([0; 4]),
        }
    }

    /// Lets the hardware do its next step. False if it has nothing to do.
    fn advance(&mut self) -> bool {
        if self.flash.step(&mut self.process) {
            self.alarm.pass(10, &mut self.process);
            true
        } else {
            self.console.step(&mut self.process) || self.alarm.skip(&mut self.process)
        }
    }
}

/// How many of each a driver has.
struct Numbers {
    upcalls: usize,
    read_only: usize,
    read_write: usize,
}
