// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the policies have to stand.

use super::policy::Policy;
use crate::explore::apps::{LONG, Task};
use crate::explore::bounds::Bounds;
use crate::explore::workload::Workload;
use nrf52840_qspi::Divider;
use qspi_models::nor::BusyTime;

/// A workload and how much may happen.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// What is special about it.
    pub what: &'static str,
    /// The work.
    pub workload: Workload,
    /// How much may happen.
    pub bounds: Bounds,
    /// The baselines that get through.
    pub spares: &'static [Policy],
}

/// Two apps, of which one may die early, and a detach.
const TWO_APPS: Bounds = Bounds {
    processes: 2,
    operations: 2,
    deaths: 1,
    detaches: 1,
    stops: 0,
    stalls: 0,
    faults: 0,
};

/// Small reads, programs and erases, and apps that close the device before they exit.
const TYPICAL: Workload = Workload {
    closes: true,
    ..Workload::DEFAULT
};

/// The cases.
pub const CASES: [Case; 3] = [
    Case {
        name: "typical",
        what: "reads, programs and erases, each of which takes its typical time: a sector erase 48 ms",
        workload: TYPICAL,
        bounds: TWO_APPS,
        // 48 ms are less than 300 ms.
        spares: &[Policy::FlagAndSleep],
    },
    Case {
        name: "slow-erase",
        what: "one app erases a sector, which takes its maximum, 384 ms; the other one reads",
        workload: Workload {
            tasks: &[Task::Erase, Task::Read],
            busy_time: BusyTime::Maximum,
            ..TYPICAL
        },
        bounds: Bounds {
            operations: 1,
            ..TWO_APPS
        },
        spares: &[],
    },
    Case {
        name: "slow-read",
        what: "one app reads 320 KiB at 2 MHz",
        workload: Workload {
            tasks: &[Task::ReadLong],
            region: LONG as u32,
            divider: Divider::MHZ_2,
            ..TYPICAL
        },
        bounds: Bounds {
            processes: 1,
            operations: 1,
            ..TWO_APPS
        },
        spares: &[],
    },
];

/// The case that has these bounds.
///
/// # Errors
/// None has.
pub fn with_bounds(bounds: Bounds) -> Result<Case, String> {
    CASES
        .into_iter()
        .find(|case| case.bounds == bounds)
        .ok_or_else(|| format!("{bounds}: no workload has these bounds; say --workload"))
}

/// The case called `name`.
///
/// # Errors
/// None is.
pub fn find(name: &str) -> Result<Case, String> {
    let known = || CASES.map(|case| case.name).join(", ");
    CASES
        .into_iter()
        .find(|case| case.name == name)
        .ok_or_else(|| format!("no workload is called {name:?}; there are {}", known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_tell_the_case() {
        for case in CASES {
            assert_eq!(with_bounds(case.bounds).unwrap().name, case.name);
            assert_eq!(find(case.name).unwrap().bounds, case.bounds);
        }
        assert!(find("none").is_err());
    }
}
