// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What each process is owed, seen from outside the kernel.
//!
//! The ledger listens at the boundary between apps and kernel. It knows the driver's
//! documented interface and nothing of the driver: a command that returns success is
//! one operation accepted, an upcall is one delivered. It also keeps, byte by byte,
//! what each app may expect to find in its region, and compares every acknowledged
//! read, and in the end the array itself, with that.

use crate::asked::{Asked, DRIVER, upcall_of};
use crate::breach::{Breach, Breaches};
use crate::chip::Probe;
use crate::machine::Machine;
use kernel::process::{FunctionCall, FunctionCallSource};
use kernel::syscall::{Syscall, SyscallReturn, YieldVariant};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The most upcalls that an app may not have taken yet: nine fit into a process's queue, and
/// one is owed. From outside of the kernel they look like operations outstanding.
const MOST_UNTAKEN: usize = 10;

/// One byte of a region, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Exactly this.
    Byte(u8),
    /// Nothing is known: an operation over it was cut short.
    Unknown,
}

/// The region that the board gave an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// First byte in the part.
    pub start: u32,
    /// Bytes.
    pub length: u32,
}

#[derive(Clone, Debug)]
enum Operation {
    Open,
    Read {
        address: u32,
        length: u32,
    },
    Program {
        address: u32,
        data: Vec<u8>,
    },
    Erase {
        address: u32,
        length: u32,
    },
    /// Of what is not in the app's region.
    Beside {
        kind: Kind,
        length: u32,
    },
}

impl Operation {
    fn kind(&self) -> Kind {
        match self {
            Operation::Open => Kind::Open,
            Operation::Read { .. } => Kind::Read,
            Operation::Program { .. } => Kind::Program,
            Operation::Erase { .. } => Kind::Erase,
            Operation::Beside { kind, .. } => *kind,
        }
    }

    /// Where in the app's region.
    fn address(&self) -> u32 {
        match self {
            Operation::Open | Operation::Beside { .. } => 0,
            Operation::Read { address, .. }
            | Operation::Program { address, .. }
            | Operation::Erase { address, .. } => *address,
        }
    }

    fn length(&self) -> u32 {
        match self {
            Operation::Open => 0,
            Operation::Read { length, .. }
            | Operation::Erase { length, .. }
            | Operation::Beside { length, .. } => *length,
            Operation::Program { data, .. } => data.len() as u32,
        }
    }
}

/// What kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Open.
    Open,
    /// Read.
    Read,
    /// Program.
    Program,
    /// Erase.
    Erase,
}

/// An operation that a process waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// What.
    pub kind: Kind,
    /// Where in the app's region, in bytes.
    pub address: u32,
    /// How much, in bytes.
    pub length: u32,
}

/// A buffer that an app shares with the driver.
#[derive(Clone, Copy, Debug, Default)]
struct Shared {
    address: usize,
    length: usize,
}

/// A system call that has not returned yet.
enum Pending {
    Command(Operation),
    Close,
    ShareReadOnly(Shared),
    ShareReadWrite(Shared),
    WaitFor(usize),
    Other,
}

/// Numbers of one process, over all its lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations accepted.
    pub accepted: u64,
    /// Upcalls delivered.
    pub delivered: u64,
    /// Operations whose owner died before the upcall.
    pub died: u64,
    /// Operations that ended in an error.
    pub failed: u64,
    /// Bytes read.
    pub read: u64,
    /// Bytes programmed.
    pub programmed: u64,
    /// Bytes erased.
    pub erased: u64,
    /// Lives after the first.
    pub restarts: u64,
}

struct Account {
    name: String,
    region: Option<Owned>,
    /// Oldest first.
    outstanding: VecDeque<Operation>,
    pending: Option<Pending>,
    read_only: Shared,
    read_write: Shared,
    expected: Vec<Expected>,
    counts: Counts,
    lives: u64,
}

/// All accounts.
pub struct Ledger {
    machine: Rc<Machine>,
    breaches: Rc<Breaches>,
    accounts: RefCell<BTreeMap<usize, Account>>,
}

impl Ledger {
    /// Nobody has an account yet.
    pub fn new(machine: &Rc<Machine>, breaches: &Rc<Breaches>) -> Ledger {
        Ledger {
            machine: Rc::clone(machine),
            breaches: Rc::clone(breaches),
            accounts: RefCell::new(BTreeMap::new()),
        }
    }

    /// A process whose memory starts at `memory`. `content` is what its region holds.
    pub fn open(&self, memory: usize, name: &str, region: Option<Owned>, content: &[u8]) {
        self.accounts.borrow_mut().insert(
            memory,
            Account {
                name: name.to_owned(),
                region,
                outstanding: VecDeque::new(),
                pending: None,
                read_only: Shared::default(),
                read_write: Shared::default(),
                expected: content.iter().map(|byte| Expected::Byte(*byte)).collect(),
                counts: Counts::default(),
                lives: 0,
            },
        );
    }

    /// The region of the process.
    pub fn region(&self, memory: usize) -> Option<Owned> {
        self.with(memory, |account| account.region).flatten()
    }

    /// As if the process had never run, and `content` were in its region.
    pub fn reopen(&self, memory: usize, content: &[u8]) {
        self.with(memory, |account| {
            account.die();
            account.counts = Counts::default();
            account.lives = 0;
            account.expected.clear();
            account
                .expected
                .extend(content.iter().map(|byte| Expected::Byte(*byte)));
        });
    }

    /// The process has died.
    pub fn died(&self, memory: usize) {
        self.with(memory, Account::die);
    }

    /// What was counted for the process.
    pub fn counts(&self, memory: usize) -> Counts {
        self.accounts
            .borrow()
            .get(&memory)
            .map_or_else(Counts::default, |account| account.counts)
    }

    /// What was counted for all of them.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for account in self.accounts.borrow().values() {
            let counts = &account.counts;
            total.accepted += counts.accepted;
            total.delivered += counts.delivered;
            total.died += counts.died;
            total.failed += counts.failed;
            total.read += counts.read;
            total.programmed += counts.programmed;
            total.erased += counts.erased;
            total.restarts += counts.restarts;
        }
        total
    }

    /// What the process waits for, if it waits for anything.
    pub fn outstanding(&self, memory: usize) -> Option<Outstanding> {
        let accounts = self.accounts.borrow();
        let operation = accounts.get(&memory)?.outstanding.front()?;
        Some(Outstanding {
            kind: operation.kind(),
            address: operation.address(),
            length: operation.length(),
        })
    }

    /// Name and operation of everyone who waits for an upcall.
    pub fn waiting(&self) -> Vec<String> {
        self.accounts
            .borrow()
            .values()
            .flat_map(|account| {
                account
                    .outstanding
                    .iter()
                    .map(|operation| format!("{} waits for {operation:?}", account.name))
            })
            .collect()
    }

    /// At the end, with nothing running: nobody is owed anything, and the array holds
    /// what was acknowledged.
    pub fn settle(&self, mut array: impl FnMut(u32, usize) -> Vec<u8>) {
        for account in self.accounts.borrow().values() {
            for operation in &account.outstanding {
                self.breach(Breach::LostCallback {
                    process: account.name.clone(),
                    what: format!("{operation:?}"),
                });
            }
            let Some(region) = account.region else {
                continue;
            };
            let found = array(region.start, account.expected.len());
            for (offset, (expected, found)) in account.expected.iter().zip(&found).enumerate() {
                if let Expected::Byte(expected) = expected
                    && expected != found
                {
                    self.breach(Breach::WrongContent {
                        process: account.name.clone(),
                        address: offset as u32,
                        expected: *expected,
                        found: *found,
                    });
                    break;
                }
            }
        }
    }

    fn with<R>(&self, memory: usize, work: impl FnOnce(&mut Account) -> R) -> Option<R> {
        self.accounts.borrow_mut().get_mut(&memory).map(work)
    }

    fn breach(&self, breach: Breach) {
        self.breaches.report(self.machine.now_ns(), breach);
    }
}

impl Account {
    fn die(&mut self) {
        for operation in std::mem::take(&mut self.outstanding) {
            self.counts.died += 1;
            self.forget(&operation);
        }
        self.pending = None;
        self.read_only = Shared::default();
        self.read_write = Shared::default();
    }

    fn range(&mut self, address: u32, length: u32) -> &mut [Expected] {
        let start = (address as usize).min(self.expected.len());
        let end = (start + length as usize).min(self.expected.len());
        &mut self.expected[start..end]
    }

    /// The operation was begun, and nobody will say how it ended.
    fn forget(&mut self, operation: &Operation) {
        match operation {
            Operation::Open | Operation::Read { .. } | Operation::Beside { .. } => {}
            Operation::Program { address, data } => {
                // A bit that was to stay as it is did.
                let range = self.range(*address, data.len() as u32);
                for (expected, new) in range.iter_mut().zip(data) {
                    match *expected {
                        Expected::Byte(old) if old & new == old => {}
                        Expected::Byte(_) | Expected::Unknown => *expected = Expected::Unknown,
                    }
                }
            }
            Operation::Erase { address, length } => {
                self.range(*address, *length).fill(Expected::Unknown);
            }
        }
    }

    /// The first `done` bytes of the operation were done.
    fn settle(&mut self, operation: &Operation, done: u32) {
        match operation {
            Operation::Open | Operation::Read { .. } | Operation::Beside { .. } => {}
            Operation::Program { address, data } => {
                let range = self.range(*address, done);
                for (expected, new) in range.iter_mut().zip(data) {
                    *expected = match *expected {
                        Expected::Byte(old) => Expected::Byte(old & new),
                        Expected::Unknown if *new == 0 => Expected::Byte(0),
                        Expected::Unknown => Expected::Unknown,
                    };
                }
            }
            Operation::Erase { address, .. } => {
                self.range(*address, done).fill(Expected::Byte(0xFF));
            }
        }
    }

    /// Where a finished read differs from what is known.
    fn mismatch(&mut self, address: u32, data: &[u8]) -> Option<(u32, u8, u8)> {
        let range = self.range(address, data.len() as u32);
        range
            .iter()
            .zip(data)
            .enumerate()
            .find_map(|(offset, (expected, found))| match expected {
                Expected::Byte(byte) if byte != found => {
                    Some((address + offset as u32, *byte, *found))
                }
                Expected::Byte(_) | Expected::Unknown => None,
            })
    }
}

/// The bytes of a buffer that an app shares.
fn peek(shared: Shared, length: u32) -> Vec<u8> {
    let length = (length as usize).min(shared.length);
    if length == 0 {
        return Vec::new();
    }
    // SAFETY: the kernel accepted the buffer as memory of a process that is suspended.
    unsafe { std::slice::from_raw_parts(shared.address as *const u8, length) }.to_vec()
}

impl Probe for Ledger {
    fn system_call(&self, memory: usize, syscall: &Syscall) {
        if let Syscall::Exit { which: 0 | 1, .. } = syscall {
            self.died(memory);
            return;
        }
        self.with(memory, |account| {
            account.pending = Some(match *syscall {
                Syscall::Command {
                    driver_number: DRIVER,
                    subdriver_number,
                    arg0,
                    arg1,
                } => match Asked::by(subdriver_number, arg0, arg1) {
                    Asked::Operation {
                        kind,
                        address,
                        length,
                        is_beside,
                    } => Pending::Command(match kind {
                        _ if is_beside => Operation::Beside { kind, length },
                        Kind::Open => Operation::Open,
                        Kind::Read => Operation::Read { address, length },
                        Kind::Program => Operation::Program {
                            address,
                            data: peek(account.read_only, length),
                        },
                        Kind::Erase => Operation::Erase { address, length },
                    }),
                    Asked::Close => Pending::Close,
                    Asked::Other => Pending::Other,
                },
                Syscall::ReadOnlyAllow {
                    driver_number: DRIVER,
                    subdriver_number: 0,
                    allow_address,
                    allow_size,
                } => Pending::ShareReadOnly(Shared {
                    address: allow_address.addr(),
                    length: allow_size,
                }),
                Syscall::ReadWriteAllow {
                    driver_number: DRIVER,
                    subdriver_number: 0,
                    allow_address,
                    allow_size,
                } => Pending::ShareReadWrite(Shared {
                    address: allow_address.addr(),
                    length: allow_size,
                }),
                Syscall::Yield {
                    yield_type:
                        YieldVariant::WaitFor {
                            driver_number: DRIVER,
                            subdriver_number,
                        },
                } => Pending::WaitFor(subdriver_number),
                _ => Pending::Other,
            });
        });
    }

    fn returns(&self, memory: usize, value: &SyscallReturn) {
        if let SyscallReturn::YieldWaitFor(status, done, _) = *value {
            let upcall = self.with(memory, |account| match account.pending.take() {
                Some(Pending::WaitFor(upcall)) => Some(upcall),
                _ => None,
            });
            if let Some(upcall) = upcall.flatten() {
                self.delivered(memory, upcall, status, done as u32);
            }
            return;
        }
        let overlap = self.with(memory, |account| match (account.pending.take(), value) {
            (Some(Pending::Command(operation)), SyscallReturn::Success) => {
                account.counts.accepted += 1;
                account.outstanding.push_back(operation);
                let overlap = account.outstanding.len() > MOST_UNTAKEN;
                overlap.then(|| account.name.clone())
            }
            (Some(Pending::ShareReadOnly(shared)), SyscallReturn::AllowReadOnlySuccess(_, _)) => {
                account.read_only = shared;
                None
            }
            (Some(Pending::ShareReadWrite(shared)), SyscallReturn::AllowReadWriteSuccess(_, _)) => {
                account.read_write = shared;
                None
            }
            _ => None,
        });
        if let Some(process) = overlap.flatten() {
            self.breach(Breach::TwoOutstanding { process });
        }
    }

    fn calls(&self, memory: usize, call: &FunctionCall) {
        match call.source {
            FunctionCallSource::Kernel => {
                self.with(memory, |account| {
                    account.die();
                    account.lives += 1;
                    account.counts.restarts = account.lives - 1;
                });
            }
            FunctionCallSource::Driver(id) if id.driver_num == DRIVER => {
                let done = call.argument1 as u32;
                self.delivered(memory, id.subscribe_num, call.argument0, done);
            }
            FunctionCallSource::Driver(_) => {}
        }
    }

    fn faults(&self, memory: usize) {
        self.died(memory);
    }
}

impl Ledger {
    /// An upcall has reached its process.
    fn delivered(&self, memory: usize, upcall: usize, status: usize, done: u32) {
        let breach = self.with(memory, |account| {
            // A process may wait for one kind of upcall, and leave older ones of another.
            let index = account
                .outstanding
                .iter()
                .position(|operation| upcall_of(operation.kind()) == upcall);
            let Some(operation) = index.and_then(|index| account.outstanding.remove(index)) else {
                return Some(Breach::StrayCallback {
                    process: account.name.clone(),
                    upcall,
                });
            };
            account.counts.delivered += 1;
            if status == 0 && done != operation.length() {
                return Some(Breach::ShortSuccess {
                    process: account.name.clone(),
                    done,
                    length: operation.length(),
                });
            }
            if status != 0 {
                account.counts.failed += 1;
                account.forget(&operation);
            }
            account.settle(&operation, done);
            match &operation {
                Operation::Open | Operation::Beside { .. } => None,
                Operation::Program { .. } => {
                    account.counts.programmed += u64::from(done);
                    None
                }
                Operation::Erase { .. } => {
                    account.counts.erased += u64::from(done);
                    None
                }
                Operation::Read { address, .. } => {
                    account.counts.read += u64::from(done);
                    let data = peek(account.read_write, done);
                    account
                        .mismatch(*address, &data)
                        .map(|(address, expected, found)| Breach::WrongContent {
                            process: account.name.clone(),
                            address,
                            expected,
                            found,
                        })
                }
            }
        });
        if let Some(breach) = breach.flatten() {
            self.breach(breach);
        }
    }
}
