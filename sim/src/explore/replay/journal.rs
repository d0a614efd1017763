// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Everything that happens in a run, in order.
//!
//! The journal listens where drivers, apps and models are told things anyway: at the boundary
//! between apps and kernel, at the device's lifecycle, at the models' observations. Whenever
//! one of them speaks, what the models did up to then is written down first, so that entries
//! of one and the same ns stay in the order in which they came about.

use super::super::apps::region_start;
use super::super::world::Move;
use crate::asked::{Asked, DRIVER, upcall_of};
use crate::board::Board;
use crate::chip::Probe;
use crate::ledger::{Ledger, Outstanding};
use crate::machine::Machine;
use kernel::ErrorCode;
use kernel::process::{FunctionCall, FunctionCallSource};
use kernel::syscall::{Syscall, SyscallReturn, YieldVariant};
use qspi_models::nor::{WEL, WIP};
use qspi_models::{Observation, PowerState, Task};
use spi_nor::device::Observer;
use spi_nor::lifecycle;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// How a process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It exited with this code.
    Exit(usize),
    /// It exited to be restarted.
    ExitRestart,
    /// It faulted.
    Fault,
    /// Somebody terminated it.
    Terminated,
}

/// The peripheral and the part, as they can be looked at at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardware {
    /// ENABLE.
    pub enabled: bool,
    /// Level of the interrupt line.
    pub irq: bool,
    /// The task under way.
    pub task: Option<Task>,
    /// WIP of the part.
    pub wip: bool,
    /// WEL of the part.
    pub wel: bool,
    /// Power state of the part.
    pub power: PowerState,
}

/// The drivers and the processes after a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// The device accepts work.
    pub attached: bool,
    /// A detach has begun and not ended.
    pub detaching: bool,
    /// Leases of the living.
    pub leases: usize,
    /// Operations that ended after their owner.
    pub orphaned: u32,
    /// Which processes can still run.
    pub alive: Vec<bool>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The schedule's next move is made.
    Move(Move),
    /// A model did something.
    Model(Observation),
    /// The hardware was looked at.
    Hardware(Hardware),
    /// Drivers and processes were looked at.
    Software(Software),
    /// The device's lifecycle went on.
    Lifecycle(lifecycle::State, lifecycle::Event, lifecycle::State),
    /// A process began a life.
    Begun(usize),
    /// A process's operation was accepted.
    Accepted(usize, Outstanding),
    /// A process's operation was refused.
    Refused(usize, Outstanding, ErrorCode),
    /// A process got its upcall: which operation, status code, bytes done.
    Answered(usize, Outstanding, usize, u32),
    /// A process died, and left these operations.
    Died(usize, Death, Vec<Outstanding>),
}

/// When, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Simulated time, in ns.
    pub at_ns: u64,
    /// What happened.
    pub what: What,
}

/// A process as the journal knows it.
#[derive(Default)]
struct Account {
    /// The command that has not returned yet.
    asked: Option<Outstanding>,
    /// The upcall that it waits for.
    expects: Option<usize>,
    waiting: Vec<Outstanding>,
}

/// The journal.
pub struct Journal {
    machine: Rc<Machine>,
    ledger: Rc<Ledger>,
    entries: RefCell<Vec<Entry>>,
    accounts: RefCell<Vec<Account>>,
}

impl Journal {
    /// Listens to `board` from now on.
    pub fn listening(board: &Board) -> Rc<Journal> {
        let journal = Rc::new(Journal {
            machine: Rc::clone(&board.machine),
            ledger: Rc::clone(&board.ledger),
            entries: RefCell::default(),
            accounts: RefCell::new(board.apps().iter().map(|_| Account::default()).collect()),
        });
        board.machine.with_qspi(|qspi| qspi.set_observing(true));
        board
            .boundary()
            .set_probe(Rc::clone(&journal) as Rc<dyn Probe>);
        // What the board keeps is never dropped: it must not keep the journal.
        let watch = board.keep(Watch(Rc::downgrade(&journal)));
        board.device().set_observer(watch);
        journal
    }

    /// Listens no more.
    pub fn close(&self, board: &Board) {
        board.machine.with_qspi(|qspi| qspi.set_observing(false));
        board
            .boundary()
            .set_probe(Rc::clone(&self.ledger) as Rc<dyn Probe>);
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// All entries, which are forgotten.
    pub fn take(&self) -> Vec<Entry> {
        self.entries.take()
    }

    /// The hardware as it is.
    pub fn hardware(&self) -> Hardware {
        self.machine.with_qspi(|qspi| Hardware {
            enabled: qspi.is_enabled(),
            irq: qspi.irq(),
            task: qspi.running(),
            wip: qspi.flash().status() & WIP != 0,
            wel: qspi.flash().status() & WEL != 0,
            power: qspi.flash().power_state(),
        })
    }

    /// Writes down what the models did up to now, and how the hardware is.
    pub fn catch_up(&self) {
        let observed = self.machine.with_qspi(qspi_models::Qspi::take_observations);
        let mut entries = self.entries.borrow_mut();
        entries.extend(observed.into_iter().map(|observation| Entry {
            at_ns: observation.at,
            what: What::Model(observation.what),
        }));
        entries.push(Entry {
            at_ns: self.machine.now_ns(),
            what: What::Hardware(self.hardware()),
        });
    }

    /// An entry at the end.
    pub fn add(&self, at_ns: u64, what: What) {
        self.entries.borrow_mut().push(Entry { at_ns, what });
    }

    /// An entry before the one that is number `index`.
    pub fn insert(&self, index: usize, at_ns: u64, what: What) {
        self.entries
            .borrow_mut()
            .insert(index, Entry { at_ns, what });
    }

    /// The process dies: what it leaves.
    pub fn bury(&self, who: usize) -> Vec<Outstanding> {
        self.with_account(who, |account| std::mem::take(account).waiting)
            .unwrap_or_default()
    }

    fn happens(&self, what: What) {
        self.catch_up();
        self.add(self.machine.now_ns(), what);
    }

    /// Which app has its memory there. Each has the region of its number.
    fn who(&self, memory: usize) -> Option<usize> {
        let start = self.ledger.region(memory)?.start;
        let count = self.accounts.borrow().len();
        (0..count).find(|index| region_start(*index) == start)
    }

    fn with_account<R>(&self, who: usize, work: impl FnOnce(&mut Account) -> R) -> Option<R> {
        self.accounts.borrow_mut().get_mut(who).map(work)
    }

    fn answered(&self, who: usize, upcall: usize, status: usize, done: usize) {
        let operation = self.with_account(who, |account| {
            let index = account
                .waiting
                .iter()
                .position(|operation| upcall_of(operation.kind) == upcall)?;
            Some(account.waiting.remove(index))
        });
        if let Some(operation) = operation.flatten() {
            self.happens(What::Answered(who, operation, status, done as u32));
        }
    }

    fn died(&self, who: usize, how: Death) {
        let left = self.bury(who);
        self.happens(What::Died(who, how, left));
    }
}

/// The operation that a command of the driver asks for.
fn operation(command: usize, arg0: usize, arg1: usize) -> Option<Outstanding> {
    match Asked::by(command, arg0, arg1) {
        Asked::Operation {
            kind,
            address,
            length,
            ..
        } => Some(Outstanding {
            kind,
            address,
            length,
        }),
        Asked::Close | Asked::Other => None,
    }
}

impl Probe for Journal {
    fn system_call(&self, memory: usize, syscall: &Syscall) {
        self.ledger.system_call(memory, syscall);
        let Some(who) = self.who(memory) else { return };
        match *syscall {
            Syscall::Exit {
                which: 0,
                completion_code,
            } => self.died(who, Death::Exit(completion_code)),
            Syscall::Exit { which: 1, .. } => self.died(who, Death::ExitRestart),
            Syscall::Command {
                driver_number: DRIVER,
                subdriver_number,
                arg0,
                arg1,
            } => {
                self.with_account(who, |account| {
                    account.asked = operation(subdriver_number, arg0, arg1);
                });
            }
            Syscall::Yield {
                yield_type:
                    YieldVariant::WaitFor {
                        driver_number: DRIVER,
                        subdriver_number,
                    },
            } => {
                self.with_account(who, |account| account.expects = Some(subdriver_number));
            }
            _ => {}
        }
    }

    fn returns(&self, memory: usize, value: &SyscallReturn) {
        self.ledger.returns(memory, value);
        let Some(who) = self.who(memory) else { return };
        if let SyscallReturn::YieldWaitFor(status, done, _) = *value {
            if let Some(Some(upcall)) = self.with_account(who, |account| account.expects.take()) {
                self.answered(who, upcall, status, done);
            }
            return;
        }
        let Some(Some(operation)) = self.with_account(who, |account| account.asked.take()) else {
            return;
        };
        match *value {
            SyscallReturn::Success => {
                self.with_account(who, |account| account.waiting.push(operation));
                self.happens(What::Accepted(who, operation));
            }
            SyscallReturn::Failure(error) => {
                self.happens(What::Refused(who, operation, error));
            }
            _ => {}
        }
    }

    fn calls(&self, memory: usize, call: &FunctionCall) {
        self.ledger.calls(memory, call);
        let Some(who) = self.who(memory) else { return };
        match call.source {
            FunctionCallSource::Kernel => self.happens(What::Begun(who)),
            FunctionCallSource::Driver(id) if id.driver_num == DRIVER => {
                self.answered(who, id.subscribe_num, call.argument0, call.argument1);
            }
            FunctionCallSource::Driver(_) => {}
        }
    }

    fn faults(&self, memory: usize) {
        self.ledger.faults(memory);
        if let Some(who) = self.who(memory) {
            self.died(who, Death::Fault);
        }
    }
}

struct Watch(Weak<Journal>);

impl Observer for Watch {
    fn transition(&self, from: lifecycle::State, event: lifecycle::Event, to: lifecycle::State) {
        if let Some(journal) = self.0.upgrade() {
            journal.happens(What::Lifecycle(from, event, to));
        }
    }
}
