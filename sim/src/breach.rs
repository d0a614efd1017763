// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Breaches of the contract.

use qspi_models::Violation;
use std::cell::RefCell;
use std::fmt;

/// What must not happen. The letter is the contract's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// C1: an accepted operation ended in no callback.
    LostCallback {
        /// Whose.
        process: String,
        /// Which.
        what: String,
    },
    /// C1: a callback came that nobody was owed.
    StrayCallback {
        /// To whom.
        process: String,
        /// Which.
        upcall: usize,
    },
    /// C1: an operation was accepted while as many were outstanding as there can be upcalls
    /// that the process has not taken.
    TwoOutstanding {
        /// From whom.
        process: String,
    },
    /// C1: a success that did not do all.
    ShortSuccess {
        /// Whose.
        process: String,
        /// Bytes done.
        done: u32,
        /// Bytes asked for.
        length: u32,
    },
    /// C1: operations ended in an error although nothing was wrong and nothing detached.
    NeedlessFailure {
        /// How many.
        count: u64,
    },
    /// C2: the device's buffer is not where it belongs.
    LostBuffer,
    /// C2, C8: content is not what was acknowledged.
    WrongContent {
        /// Whose region.
        process: String,
        /// Byte address in it.
        address: u32,
        /// What was acknowledged.
        expected: u8,
        /// What is there.
        found: u8,
    },
    /// C3: after a detach something was begun on the array.
    BegunAfterRevoke,
    /// C6: the hardware works again, and the stack does not.
    NotRecovered {
        /// The breach that shows it.
        what: String,
    },
    /// C7: leases and living processes don't agree.
    WrongLeases {
        /// Leases counted by the driver.
        held: usize,
        /// Processes that could hold one.
        living: usize,
    },
    /// C7: the last lease is gone, and the next pass of the kernel loop did not begin
    /// to power the part down.
    HeldForTheDead,
    /// C9: no lease is left and nothing outstanding, but the controller is on.
    StillOn,
    /// C9: the controller is off, but the part is not in deep power-down.
    PartAwake,
    /// C10: somebody detached the device and was never told of the end.
    LostDetach,
    /// C12: nothing will ever happen again, and the teardown has not ended.
    Stuck {
        /// What is waited for.
        what: String,
    },
    /// The device counted an event that can't happen.
    Impossible {
        /// How many.
        count: u32,
    },
    /// C4 and the hardware's rules: the model of the hardware objects.
    Hardware(Violation),
}

impl Breach {
    /// The rule of the contract.
    pub fn rule(&self) -> &'static str {
        match self {
            Breach::LostCallback { .. }
            | Breach::StrayCallback { .. }
            | Breach::TwoOutstanding { .. }
            | Breach::ShortSuccess { .. }
            | Breach::NeedlessFailure { .. } => "C1",
            Breach::BegunAfterRevoke => "C3",
            Breach::LostBuffer | Breach::WrongContent { .. } => "C2",
            Breach::NotRecovered { .. } => "C6",
            Breach::WrongLeases { .. } | Breach::HeldForTheDead => "C7",
            Breach::StillOn | Breach::PartAwake => "C9",
            Breach::LostDetach => "C10",
            Breach::Stuck { .. } | Breach::Impossible { .. } => "C12",
            Breach::Hardware(_) => "C4",
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {self:?}", self.rule())
    }
}

/// All breaches so far, with the time in ns.
#[derive(Default)]
pub struct Breaches {
    list: RefCell<Vec<(u64, Breach)>>,
}

impl Breaches {
    /// One more.
    pub fn report(&self, at_ns: u64, breach: Breach) {
        self.list.borrow_mut().push((at_ns, breach));
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.list.borrow().len()
    }

    /// All of them, which are forgotten.
    pub fn take(&self) -> Vec<(u64, Breach)> {
        self.list.take()
    }

    /// All of them.
    pub fn all(&self) -> Vec<(u64, Breach)> {
        self.list.borrow().clone()
    }
}
