// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How the baselines switch off.
//!
//! This is all that tells them apart. What they have in common works, as long as nobody
//! dies and nothing is detached.

use std::fmt;
use std::str::FromStr;

/// What is done when the device is detached, or nobody uses it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// (a) Disables the controller at once.
    AtOnce,
    /// (b) Sets a flag that has new work refused, sleeps 300 ms, and disables the controller.
    /// The repair that was proposed for Linux' cadence-quadspi first.
    FlagAndSleep,
    /// (c) Counts operations in flight. With none it disables at once; else it waits for the
    /// controller's idle bit, at most 500 ms, and disables whatever came of it. The
    /// repair that Linux' cadence-quadspi got (7446284023e8).
    CountAndWait,
    /// (d) As Tock's storage capsules do: nobody looks for the dead, and the buffer comes back
    /// in the closure that enters the owner's grant. A detach waits for the callback of the
    /// controller's present task.
    Lazy,
    /// (e) The shipped drivers.
    Ours,
}

/// All of them.
pub const POLICIES: [Policy; 5] = [
    Policy::AtOnce,
    Policy::FlagAndSleep,
    Policy::CountAndWait,
    Policy::Lazy,
    Policy::Ours,
];

impl Policy {
    /// The letter on the command line.
    pub const fn letter(self) -> char {
        match self {
            Policy::AtOnce => 'a',
            Policy::FlagAndSleep => 'b',
            Policy::CountAndWait => 'c',
            Policy::Lazy => 'd',
            Policy::Ours => 'e',
        }
    }

    /// In a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Policy::AtOnce => "disable at once",
            Policy::FlagAndSleep => "flag, sleep 300 ms",
            Policy::CountAndWait => "count, idle bit, 500 ms",
            Policy::Lazy => "as Tock today",
            Policy::Ours => "this project",
        }
    }

    /// Whether somebody looks in each pass of the kernel loop whether a user has died.
    pub const fn sweeps(self) -> bool {
        match self {
            Policy::AtOnce | Policy::FlagAndSleep | Policy::CountAndWait | Policy::Ours => true,
            Policy::Lazy => false,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.letter(), self.name())
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Policy, String> {
        POLICIES
            .into_iter()
            .find(|policy| text.chars().eq([policy.letter()]))
            .ok_or_else(|| format!("no policy is called {text:?}; there are a, b, c, d and e"))
    }
}

/// Chooses a baseline's policy where a type is asked for.
pub trait Baseline {
    /// The policy.
    const POLICY: Policy;
}

macro_rules! baselines {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("[`Policy::", stringify!($name), "`].")]
            pub struct $name;
            impl Baseline for $name {
                const POLICY: Policy = Policy::$name;
            }
        )*
    };
}

baselines!(AtOnce FlagAndSleep CountAndWait Lazy);
