// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How much may happen in one schedule.

use std::fmt;
use std::str::FromStr;

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Processes, 1 to 4.
    pub processes: u8,
    /// Operations of each process in its first life. In a later one it does a single one.
    pub operations: u8,
    /// Processes that die before they have come to their end.
    pub deaths: u8,
    /// Detaches, each with an attach at any time after it.
    pub detaches: u8,
    /// Processes that are stopped, and resumed at any time after it.
    pub stops: u8,
    /// Times that the CPU is late: time passes although there is work for the kernel.
    pub stalls: u8,
    /// Faults of the hardware.
    pub faults: u8,
}

impl Bounds {
    /// Two processes, three operations each, one death, one detach.
    pub const DEFAULT: Bounds = Bounds {
        processes: 2,
        operations: 3,
        deaths: 1,
        detaches: 1,
        stops: 0,
        stalls: 0,
        faults: 0,
    };

    const LETTERS: [char; 7] = ['p', 'o', 'd', 't', 's', 'l', 'f'];

    fn numbers(&self) -> [u8; 7] {
        [
            self.processes,
            self.operations,
            self.deaths,
            self.detaches,
            self.stops,
            self.stalls,
            self.faults,
        ]
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, number) in Self::LETTERS.iter().zip(self.numbers()) {
            write!(f, "{letter}{number}")?;
        }
        Ok(())
    }
}

impl FromStr for Bounds {
    type Err = String;

    /// As [`fmt::Display`] writes them, such as `p2o3d1t1s0l0f0`.
    fn from_str(text: &str) -> Result<Bounds, String> {
        let wrong = || format!("{text:?} are no bounds; they look like {}", Bounds::DEFAULT);
        let mut rest = text;
        let mut numbers = [0; 7];
        for (letter, number) in Self::LETTERS.iter().zip(&mut numbers) {
            rest = rest.strip_prefix(*letter).ok_or_else(wrong)?;
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            *number = rest[..digits].parse().map_err(|_| wrong())?;
            rest = &rest[digits..];
        }
        if !rest.is_empty() {
            return Err(wrong());
        }
        let [
            processes,
            operations,
            deaths,
            detaches,
            stops,
            stalls,
            faults,
        ] = numbers;
        if !(1..=4).contains(&processes) {
            return Err(format!("{processes} processes: there can be 1 to 4"));
        }
        Ok(Bounds {
            processes,
            operations,
            deaths,
            detaches,
            stops,
            stalls,
            faults,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_they_are_written() {
        let bounds = Bounds {
            processes: 3,
            operations: 12,
            deaths: 2,
            detaches: 0,
            stops: 1,
            stalls: 4,
            faults: 5,
        };
        assert_eq!(bounds.to_string(), "p3o12d2t0s1l4f5");
        assert_eq!(bounds.to_string().parse(), Ok(bounds));
    }

    #[test]
    fn what_is_no_bounds_is_told_how_they_look() {
        for wrong in [
            "",
            "p2",
            "p2o3d1t1s0l0f",
            "p2o3d1t1s0l0f0x",
            "p9o3d1t1s0l0f0",
            "p300o3d1t1s0l0f0",
        ] {
            assert!(wrong.parse::<Bounds>().is_err(), "{wrong}");
        }
    }
}
