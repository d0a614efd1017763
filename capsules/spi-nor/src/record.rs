// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What was done for one client, and what went wrong last.
//!
//! Each client keeps its own: a process in its grant, where it begins anew with each life, and a
//! kernel client in its face. Numbers wrap.

use crate::client::Host;
use crate::error::Error;
use core::cell::Cell;

/// What a client can ask for. The discriminant is what apps are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The part powered and identified.
    Open = 0,
    /// Bytes read.
    Read = 1,
    /// Bytes programmed.
    Program = 2,
    /// Sectors erased.
    Erase = 3,
}

impl Kind {
    /// Whether it leaves other bytes behind than there were.
    pub const fn changes(self) -> bool {
        match self {
            Kind::Open | Kind::Read => false,
            Kind::Program | Kind::Erase => true,
        }
    }
}

/// An operation that ended in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<E> {
    /// What it ended in.
    pub error: E,
    /// What it was.
    pub kind: Kind,
    /// Where it stopped: the client's address of the first byte that was not done.
    pub address: u32,
    /// When, in ticks of the device's alarm, left-justified as apps are told the time.
    pub at: u32,
}

/// What was done for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<E> {
    /// Operations that ended, well or not.
    pub ended: u32,
    /// Those that ended in an error.
    pub failed: u32,
    /// Bytes handed over.
    pub read_bytes: u32,
    /// Bytes programmed.
    pub programmed_bytes: u32,
    /// Bytes erased.
    pub erased_bytes: u32,
    /// The last one that failed.
    pub last: Option<Failure<E>>,
}

impl<E> Record<E> {
    /// Nothing was done yet.
    pub const fn new() -> Record<E> {
        Record {
            ended: 0,
            failed: 0,
            read_bytes: 0,
            programmed_bytes: 0,
            erased_bytes: 0,
            last: None,
        }
    }

    /// So many bytes were done.
    pub fn did(&mut self, kind: Kind, bytes: u32) {
        let counter = match kind {
            Kind::Open => return,
            Kind::Read => &mut self.read_bytes,
            Kind::Program => &mut self.programmed_bytes,
            Kind::Erase => &mut self.erased_bytes,
        };
        *counter = counter.wrapping_add(bytes);
    }

    /// An operation ended.
    pub fn ended(&mut self, failure: Option<Failure<E>>) {
        self.ended = self.ended.wrapping_add(1);
        if failure.is_some() {
            self.failed = self.failed.wrapping_add(1);
            self.last = failure;
        }
    }
}

impl<E> Default for Record<E> {
    fn default() -> Record<E> {
        Record::new()
    }
}

/// The record of a kernel client, in its face.
pub struct Ledger(Cell<Record<Error>>);

impl Ledger {
    /// Nothing was done yet.
    pub const fn new() -> Ledger {
        Ledger(Cell::new(Record::new()))
    }

    /// What was done so far.
    pub fn record(&self) -> Record<Error> {
        self.0.get()
    }

    /// So many bytes were done.
    pub fn did(&self, kind: Kind, bytes: u32) {
        let mut record = self.0.get();
        record.did(kind, bytes);
        self.0.set(record);
    }

    /// An operation ended: `address` is the client's, of the first byte that was not done.
    pub fn ended(&self, host: &dyn Host, kind: Kind, address: u32, result: Result<(), Error>) {
        let mut record = self.0.get();
        record.ended(result.err().map(|error| Failure {
            error,
            kind,
            address,
            at: host.now(),
        }));
        self.0.set(record);
    }
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_after_a_failure_keeps_the_failure() {
        let mut record = Record::new();
        let failure = Failure {
            error: 7,
            kind: Kind::Program,
            address: 0x100,
            at: 3,
        };
        record.did(Kind::Program, 256);
        record.ended(Some(failure));
        record.did(Kind::Read, u32::MAX);
        record.did(Kind::Read, 2);
        record.did(Kind::Open, 9);
        record.did(Kind::Erase, 4096);
        record.ended(None);
        let expected = Record {
            ended: 2,
            failed: 1,
            read_bytes: 1,
            programmed_bytes: 256,
            erased_bytes: 4096,
            last: Some(failure),
        };
        assert_eq!(record, expected);
    }
}
