// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A driver with three upcalls, one read-only and two read-write buffers and a number per process.

use std::cell::{Cell, RefCell};

use kernel::ProcessId;
use kernel::grant::{AllowRoCount, AllowRwCount, Grant, UpcallCount};
use kernel::process::Error;
use kernel::syscall::{CommandReturn, SyscallDriver};
use kernel::upcall::UpcallError;

#[derive(Default)]
pub struct State {
    pub value: u32,
}

pub type DriverGrant = Grant<State, UpcallCount<3>, AllowRoCount<1>, AllowRwCount<2>>;

/// How a driver answers when the kernel asks for its grant.
#[derive(Clone, Copy, Default)]
pub enum Allocate {
    #[default]
    Really,
    /// Say that it failed.
    Refuse,
    /// Say that it worked.
    Lie,
}

type Command = dyn Fn(&Driver, usize, usize, usize, ProcessId) -> CommandReturn;

pub struct Driver {
    pub number: usize,
    pub grant: DriverGrant,
    pub on_command: RefCell<Option<Box<Command>>>,
    pub allocate: Cell<Allocate>,
}

impl Driver {
    pub fn new(number: usize, grant: DriverGrant) -> Self {
        Driver {
            number,
            grant,
            on_command: RefCell::new(None),
            allocate: Cell::default(),
        }
    }

    pub fn on_command(
        &self,
        command: impl Fn(&Driver, usize, usize, usize, ProcessId) -> CommandReturn + 'static,
    ) {
        *self.on_command.borrow_mut() = Some(Box::new(command));
    }

    /// Schedule upcall `number` with `value` as its first value.
    pub fn schedule(&self, id: ProcessId, number: usize, value: usize) -> Result<(), UpcallError> {
        self.grant
            .enter(id, |_, kernel_data| {
                kernel_data.schedule_upcall(number, (value, value + 1, value + 2))
            })
            .expect("the process is alive")
    }

    pub fn remove_pending(&self, id: ProcessId, number: usize) -> usize {
        self.grant
            .enter(id, |_, kernel_data| {
                kernel_data.remove_pending_upcalls(number)
            })
            .expect("the process is alive")
    }
}

impl SyscallDriver for Driver {
    fn command(
        &self,
        command_num: usize,
        r2: usize,
        r3: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        if command_num == 0 {
            return CommandReturn::success();
        }
        match &*self.on_command.borrow() {
            Some(command) => command(self, command_num, r2, r3, process_id),
            None => CommandReturn::failure(kernel::ErrorCode::NOSUPPORT),
        }
    }

    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), Error> {
        match self.allocate.get() {
            Allocate::Really => self.grant.enter(process_id, |_, _| {}),
            Allocate::Refuse => Err(Error::OutOfMemory),
            Allocate::Lie => Ok(()),
        }
    }
}
