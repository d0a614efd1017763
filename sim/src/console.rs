// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What apps print: Tock's console driver (0x1), as far as printing goes.

use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::processbuffer::ReadableProcessBuffer;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::{ErrorCode, ProcessId};
use std::cell::RefCell;
use std::rc::Rc;
use tock_host_platform::trace_line;

/// Tock's number for the console.
pub const DRIVER_NUM: usize = 0x1;

/// The grant's type.
pub type ConsoleGrant = Grant<(), UpcallCount<2>, AllowRoCount<2>, AllowRwCount<0>>;

/// Where the bytes go.
pub trait Sink {
    /// `bytes` were printed by `process`.
    fn print(&self, process: ProcessId, bytes: &[u8]);
}

/// Keeps what each process printed, for tests.
#[derive(Default)]
pub struct Recorder {
    printed: RefCell<Vec<(ProcessId, Vec<u8>)>>,
}

impl Recorder {
    /// All that `process` printed.
    pub fn of(&self, process: ProcessId) -> Vec<u8> {
        self.printed
            .borrow()
            .iter()
            .filter(|(printer, _)| *printer == process)
            .flat_map(|(_, bytes)| bytes.iter().copied())
            .collect()
    }

    /// All that was printed, in order.
    pub fn all(&self) -> Vec<u8> {
        self.printed
            .borrow()
            .iter()
            .flat_map(|(_, bytes)| bytes.iter().copied())
            .collect()
    }
}

impl Sink for Recorder {
    fn print(&self, process: ProcessId, bytes: &[u8]) {
        self.printed.borrow_mut().push((process, bytes.to_vec()));
    }
}

/// The driver.
pub struct Console {
    apps: ConsoleGrant,
    sink: Rc<dyn Sink>,
}

impl Console {
    /// Printing into `sink`.
    pub fn new(apps: ConsoleGrant, sink: Rc<dyn Sink>) -> Console {
        Console { apps, sink }
    }

    fn write(&self, process: ProcessId, length: usize) -> Result<(), ErrorCode> {
        self.apps
            .enter(process, |_, kernel| {
                let printed = kernel
                    .get_readonly_processbuffer(1)
                    .and_then(|shared| {
                        shared.enter(|shared| {
                            let mut bytes = vec![0; length.min(shared.len())];
                            let part = shared.get(..bytes.len())?;
                            part.copy_to_slice_or_err(&mut bytes).ok()?;
                            trace_line!("printed: {}", bytes.escape_ascii());
                            self.sink.print(process, &bytes);
                            Some(bytes.len())
                        })
                    })
                    .ok()
                    .flatten()
                    .unwrap_or(0);
                kernel
                    .schedule_upcall(1, (printed, 0, 0))
                    .map_err(|_| ErrorCode::BUSY)
            })
            .map_err(ErrorCode::from)?
    }
}

impl SyscallDriver for Console {
    fn command(&self, number: usize, length: usize, _: usize, process: ProcessId) -> CommandReturn {
        match number {
            0 => CommandReturn::success(),
            1 => self.write(process, length).into(),
            _ => CommandReturn::failure(ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process: ProcessId) -> Result<(), kernel::process::Error> {
        self.apps.enter(process, |_, _| {})
    }
}
